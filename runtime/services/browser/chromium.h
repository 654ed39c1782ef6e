/* What the files of this room share: the service, the connection to one browser process, and an open context.
 *
 * One mutex of rank SB_RANK_BROWSER guards every field marked "guarded" of all three. It is held for table look-ups and non-blocking
 * writes only. Whoever waits does so on an event descriptor, so that cancellation, deadline and news wake it alike. */
#ifndef SIGNALBOX_BROWSER_CHROMIUM_H
#define SIGNALBOX_BROWSER_CHROMIUM_H

#include "signalbox/os/os.h"
#include "signalbox/ports/browser.h"

#include "frames.h"
#include "remote.h"

#include <jansson.h>
#include <stdatomic.h>

enum {
    SB_CDP_ID_MAX = 64,              /* ids of targets, sessions, contexts, loaders, requests; NUL included */
    SB_CDP_REASON_MAX = 160,
    SB_CDP_OUT_MAX = 4 * 1024 * 1024,/* bytes waiting for a browser that reads slowly */
    SB_CDP_MESSAGE_MAX = 64 * 1024 * 1024,
    SB_CDP_ORPHANS_MAX = 16,
    SB_BODY_MAX = 1024 * 1024,       /* of a captured response */
    SB_CLOSED_KEPT = 64,             /* closed handles which still answer "gone" */
    SB_POPUPS_MAX = 4,
    SB_LOST_MAX = 8,
    SB_FRAMES_MAX = 32,              /* frames of other sites in one page, when a list of hosts must hold for them */
};
#define SB_CLOSE_TIMEOUT SB_S(5)
/* Parameters of two commands which pages and their frames get alike. */
#define SB_DOCUMENT_PATTERN "{\"urlPattern\":\"*\",\"resourceType\":\"Document\"}"
#define SB_DOCUMENTS_ONLY "{\"patterns\":[" SB_DOCUMENT_PATTERN "]}"
#define SB_FRAMES_ATTACH \
    "{\"autoAttach\":true,\"waitForDebuggerOnStart\":true,\"flatten\":true,\"filter\":[{\"type\":\"iframe\"}]}"

struct sb_chromium;
struct sb_cdp;

/* A command under way. Lives with the one who waits for it; registered from begin until its end or drop. */
struct sb_call {
    uint64_t id;
    struct sb_chromium *chromium;
    struct sb_cdp *cdp;              /* NULL when not registered; guarded */
    struct sb_context *context;      /* whose loss ends the call; NULL for none */
    int wake_fd;                     /* posted when done */
    bool is_done, is_error;          /* guarded */
    bool is_for_browser;             /* set by the caller: on behalf of a context, but not to its page */
    bool is_capture;                 /* its end, whatever it is, lets the held response go to the page */
    bool makes_context;              /* set by the caller: its late reply names a context that nobody wants any more */
    enum sb_err code;                /* guarded; not OK: ended by us with `reason` */
    char reason[SB_CDP_REASON_MAX];  /* guarded */
    const char *method;
    char *body;                      /* guarded; result or error as JSON text */
    size_t body_size;
    struct sb_call *next;            /* guarded */
};

/* One browser process and the pipe to it. Its thread reads, and writes what did not fit at once. */
struct sb_cdp {
    struct sb_chromium *chromium;
    struct sb_remote *remote;        /* the bridge to a browser elsewhere: then there is no child, group or profile; never changes */
    struct sb_child child;           /* I/O thread once it runs */
    pid_t group;                     /* its process group; never changes */
    int pipe_fd_in, pipe_fd_out, stderr_fd, wake_fd;
    struct sb_thread *thread;
    struct sb_frames frames;         /* I/O thread */
    char *out;                       /* [SB_CDP_OUT_MAX]; guarded */
    size_t out_start, out_len;       /* guarded */
    struct sb_call *calls;           /* guarded */
    uint64_t orphans[SB_CDP_ORPHANS_MAX]; /* ids of abandoned createBrowserContext calls; guarded */
    size_t orphan_count;             /* guarded */
    bool is_dead;                    /* no further command; guarded */
    bool is_over;                    /* the thread does nothing more; guarded */
    bool must_end;                   /* asks the thread to kill the browser; guarded */
    bool is_expected;                /* its end is ours: no on_exit; guarded */
    char reason[SB_CDP_REASON_MAX];  /* why it is dead; guarded */
    pid_t browser_pid;               /* of the browser itself, which may be a child of a wrapper script; guarded */
    sb_ns started_at;
    unsigned served;                 /* contexts it has opened and closed; guarded */
    char profile[512];
    char last_words[256];            /* end of what it wrote to stderr; I/O thread, read after its end */
    struct sb_cdp *next;             /* in `retired`; guarded */
};

enum sb_capture_state { SB_CAPTURE_IDLE, SB_CAPTURE_ARMED, SB_CAPTURE_SEEN, SB_CAPTURE_FAILED };

/* What the events of the page say about its main frame. All guarded. */
struct sb_frame_state {
    char newest[SB_CDP_ID_MAX];      /* loader of the newest navigation that began */
    char lost[SB_LOST_MAX][SB_CDP_ID_MAX]; /* loaders of navigations which another overtook before their document came; a ring */
    size_t lost_count;
    char committed[SB_CDP_ID_MAX];   /* loader of the document that is shown */
    char loaded[SB_CDP_ID_MAX];      /* loader of the newest document whose load event came */
    bool is_stopped;                 /* nothing loads since the newest navigation began or its document came */
    bool is_redirect_due;            /* the document has asked for another one */
    char refused[256];               /* address which the list of hosts refused last */
};

struct sb_capture {
    enum sb_capture_state state;     /* guarded */
    char part[256];                  /* guarded */
    char request[SB_CDP_ID_MAX];     /* guarded */
    char failure[96];                /* guarded */
    int status;                      /* guarded */
    struct sb_call call;             /* for the body, sent by the I/O thread while the response is held back */
};

struct sb_popup {
    char session[SB_CDP_ID_MAX];     /* "" = free */
    char target[SB_CDP_ID_MAX];
};

struct sb_context {
    struct sb_chromium *chromium;
    struct sb_cdp *cdp;              /* NULL once the browser is dead; guarded */
    struct sb_context *next;         /* guarded */
    char id[SB_CDP_ID_MAX], target[SB_CDP_ID_MAX], session[SB_CDP_ID_MAX]; /* guarded */
    char frames[SB_FRAMES_MAX][SB_CDP_ID_MAX]; /* sessions of frames of other sites, "" = free; guarded */
    struct sb_popup popups[SB_POPUPS_MAX]; /* pages it opened, until their first request is refused; guarded */
    bool opens_blank;                /* the next of them has no address; guarded */
    char **hosts;                    /* never changes while the context has users */
    size_t host_count;
    int wake_fd;                     /* posted at every news of the page */
    uint32_t blocked;                /* bits 1 << enum sb_resource; guarded */
    bool is_furnished;               /* documents are answered by us, empty, while storage is put into them; guarded */
    bool has_figures;                /* the page keeps what it uses; guarded */
    struct sb_console *console;      /* what the page said, NULL unless somebody collects it; guarded */
    unsigned users;                  /* calls under way; guarded */
    bool is_gone;                    /* no call any more, `reason` says why; guarded */
    bool is_closed;                  /* close_context was called; guarded */
    bool is_open;                    /* counted as opened; guarded */
    bool is_released;                /* only the answer "gone" is left of it; guarded */
    bool has_unanswered;             /* a call was given up: the page may hang; guarded */
    char reason[SB_CDP_REASON_MAX];  /* guarded */
    char url[512];                   /* where the last navigation ended, for messages; the user's thread */
    struct sb_frame_state frame;
    struct sb_capture capture;
};

struct sb_chromium {
    struct sb_browser port;          /* first: the port's pointer is ours */
    struct sb_mutex *mutex;
    struct sb_cond *news;            /* a connection died or finished */
    char *executable, *profile_root, *pid_file;
    char *remote_url;                /* NULL: browsers are our own processes; may hold a token */
    struct sb_cdp *cdp;              /* the running one, or NULL; guarded */
    struct sb_cdp *retired;          /* dead, thread not yet joined; guarded */
    bool is_launching;               /* guarded */
    bool is_closing;                 /* guarded */
    int launch_fd;                   /* readable while nobody launches */
    sb_ns launch_not_before;         /* guarded */
    unsigned failures;               /* launches or short lives in a row; guarded */
    struct sb_error launch_error;    /* of the last failed launch; guarded */
    struct sb_context *contexts;     /* open ones; guarded */
    struct sb_context *closed;       /* newest first; guarded */
    atomic_uint_fast64_t next_id;
    struct sb_browser_stats stats;   /* guarded */
    uint64_t pss_bytes;              /* guarded */
    sb_ns pss_at;                    /* guarded */
    void *callback_arg;              /* guarded */
    void (*on_exit)(void *arg, const char *reason); /* guarded */
};

/* ---- browser.c: one browser process ---- */
extern const struct sb_browser_ops sb_chromium_ops;
enum sb_err sb_chromium_create(struct sb_browser **browser, const struct sb_browser_setup *setup, struct sb_error *err) SB_MUST_USE;

/* ---- launch.c: when to start a browser ---- */
/* Makes sure that a browser runs. It may be gone again when this returns: the next command tells. */
enum sb_err sb_chromium_ensure(struct sb_chromium *chromium, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* Under the mutex: a browser that served has died; counts for the delay before the next launch. */
void sb_chromium_note_death(struct sb_chromium *chromium, const struct sb_cdp *cdp);
/* Under the mutex: lets those who wait in ensure look again, when nothing is under way any more. */
void sb_chromium_note_change(struct sb_chromium *chromium);

/* ---- process.c: executable, flags, profile, pid file, /proc ---- */
enum sb_err sb_chromium_find(const char *wanted, char *path, size_t cap, struct sb_error *err) SB_MUST_USE;
/* Makes the profile and starts the process with the far ends of the pipes. Fills in child and profile. */
enum sb_err sb_chromium_start(struct sb_cdp *cdp, const char *path, int commands_fd, int replies_fd, int stderr_fd,
                              struct sb_error *err) SB_MUST_USE;
void sb_chromium_remove_profile(const char *profile);
/* Remembers process group and browser for the next start. Failing is only logged: the browser serves without. */
void sb_chromium_note_process(const struct sb_chromium *chromium, pid_t group, pid_t browser, const char *profile);
/* Ends what the pid file names, when it is still the same process; removes its profile and the file. */
void sb_chromium_end_orphan(const char *pid_file);
/* Proportional memory of a process group; 0 when unknown. */
uint64_t sb_chromium_group_pss(pid_t group);

/* ---- connection.c: the pipe ---- */
/* Starts a browser, or connects to the remote one (then `path` is NULL), and the thread of its pipe. It is not published: `chromium->cdp` is
 * untouched. */
enum sb_err sb_cdp_open(struct sb_cdp **cdp, struct sb_chromium *chromium, const char *path, const struct sb_op *op,
                        struct sb_error *err) SB_MUST_USE;
/* Ends the browser if it still runs, joins the thread and frees. */
void sb_cdp_close(struct sb_cdp *cdp);
/* Asks the thread to kill the browser. Under the mutex. The first reason counts. */
void sb_cdp_kill(struct sb_cdp *cdp, bool is_expected, const char *reason);
/* Under the mutex: writes what the pipe takes now and leaves the rest to the thread. */
void sb_cdp_flush(struct sb_cdp *cdp);

/* ---- calls.c ---- */
/* Sends a command; takes `params` (NULL = none). With `context` it goes to its page, else to `cdp`, else (both NULL) to the browser that
 * runs now. The caller has set `wake_fd` and the fields which say so; the rest is filled in. On failure nothing is registered. */
enum sb_err sb_call_begin(struct sb_call *call, struct sb_chromium *chromium, struct sb_cdp *cdp, struct sb_context *context,
                          const char *method, json_t *params, struct sb_error *err) SB_MUST_USE;
/* Waits for its reply within the op. *result (when wanted) is the caller's reference. The call is over afterwards, whatever happened. */
enum sb_err sb_call_end(struct sb_call *call, const struct sb_op *op, json_t **result, struct sb_error *err) SB_MUST_USE;
/* Gives a call up; also frees a reply nobody took. Safe on one that is over or was never begun (zeroed). */
void sb_call_drop(struct sb_call *call);
/* begin and end of one command to a page. */
enum sb_err sb_context_call(struct sb_context *context, const char *method, json_t *params, const struct sb_op *op, json_t **result,
                            struct sb_error *err) SB_MUST_USE;
/* The same to the browser: `cdp`, or NULL for the one that runs now. */
enum sb_err sb_browser_call(struct sb_chromium *chromium, struct sb_cdp *cdp, const char *method, json_t *params, const struct sb_op *op,
                            json_t **result, struct sb_error *err) SB_MUST_USE;
/* Under the mutex: ends every call of the context (NULL = all of the connection) with `code` and wakes its waiter. */
void sb_calls_fail(struct sb_cdp *cdp, const struct sb_context *context, enum sb_err code, const char *reason);
/* Under the mutex: hands a reply to its call; false when nobody waits. Takes `body` when true. */
bool sb_call_complete(struct sb_cdp *cdp, uint64_t id, bool is_error, char *body, size_t size);
/* Under the mutex: a command whose reply nobody reads, or which `call` (registered by this) waits for. `params` is JSON text of ours. */
void sb_cdp_fire(struct sb_cdp *cdp, const char *session, const char *method, const char *params, struct sb_call *call);

/* ---- events.c: I/O thread ---- */
void sb_cdp_on_message(struct sb_cdp *cdp, const char *text, size_t size);
/* Under the mutex: no call on the context any more. The first reason counts. */
void sb_context_lose(struct sb_context *context, enum sb_err code, const char *reason);

/* ---- console.c ---- */
/* Under the mutex, I/O thread: keeps a line when somebody collects. */
void sb_console_add(struct sb_context *context, const char *source, const char *level, const char *text, const char *where);

/* ---- context.c ---- */
enum sb_err sb_context_open(struct sb_browser *browser, const char *const *hosts, size_t host_count, const struct sb_op *op,
                            struct sb_context **context, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_context_open_through(struct sb_browser *browser, const char *proxy, const char *const *hosts, size_t host_count,
                                    const struct sb_op *op, struct sb_context **context, struct sb_error *err) SB_MUST_USE;
void sb_context_close(struct sb_browser *browser, struct sb_context *context);
/* Brackets every call of a user: counts it, or refuses when the context is gone or the op is over. */
enum sb_err sb_context_enter(struct sb_context *context, const char *what, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
void sb_context_leave(struct sb_context *context);
/* Waits for the next news of the page. SB_ERR_GONE when there will be none. */
enum sb_err sb_context_wait_news(struct sb_context *context, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
void sb_context_free_all(struct sb_chromium *chromium);

/* ---- intercept.c ---- */
/* Parameters of Fetch.enable for the context: documents that are guarded, kinds that are blocked, and responses whose address has `url_part`
 * (NULL = none). NULL when the part is not valid UTF-8 or memory ended. Under the mutex, or on the thread that changes what it reads. */
json_t *sb_context_patterns(const struct sb_context *context, const char *url_part);

/* ---- page.c: scripts in the page ---- */
/* Calls the JavaScript function with `args` (an array, taken) and gives its value. Starts again in the new document when the page moves on
 * meanwhile. */
enum sb_err sb_page_call(struct sb_context *context, const char *function, json_t *args, const struct sb_op *op, json_t **value,
                         struct sb_error *err) SB_MUST_USE;
/* Milliseconds left, at least 0, at most `max`. */
int sb_page_ms_left(const struct sb_op *op, int max);
/* Copies an id of the protocol; false when it is not one. */
bool sb_cdp_id_copy(char id[static SB_CDP_ID_MAX], const char *text);
/* json_string_value of a member, or "". */
const char *sb_cdp_text(const json_t *object, const char *key);

/* ---- the port's calls ---- */
enum sb_err sb_page_go(struct sb_context *context, const char *url, const struct sb_op *op, struct sb_navigation *navigation,
                       struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_wait(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_click(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_type(struct sb_context *context, const char *selector, const char *text, const struct sb_op *op,
                         struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_press(struct sb_context *context, const char *key, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_scroll(struct sb_context *context, int pixels, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_extract(struct sb_context *context, const char *selector, const struct sb_extract_field *fields, size_t field_count,
                            bool is_many, uint32_t max_items, const struct sb_op *op, char **json, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_capture(struct sb_context *context, const char *url_part, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_receive(struct sb_context *context, const struct sb_op *op, int *status, char **body, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_screenshot(struct sb_context *context, const struct sb_op *op, unsigned char **png, size_t *size,
                               struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_source(struct sb_context *context, size_t max, const struct sb_op *op, char **html, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_block(struct sb_context *context, uint32_t kinds, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_remember(struct sb_context *context, const char *const *hosts, size_t host_count, const char *before,
                             const struct sb_op *op, char **memory, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_recall(struct sb_context *context, const char *memory, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_measure(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_page_console(struct sb_context *context, const struct sb_op *op, char **lines, struct sb_error *err) SB_MUST_USE;

#endif
