/* The browser port: one shared headless Chromium, isolated contexts, one page per context.
 *
 * Threads: contexts may be used by one thread at a time (the worker that holds the lease); `open`, `close_context` and `check`
 * may be called from any thread and `close_context` ends any call under way on that context with SB_ERR_GONE.
 * Every call returns within its op's deadline, whatever the page or the browser does. */
#ifndef SIGNALBOX_PORTS_BROWSER_H
#define SIGNALBOX_PORTS_BROWSER_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/op.h"

#include <stddef.h>

struct sb_context; /* an open browser context with its page */

struct sb_navigation {
    int status;          /* HTTP status of the document, 0 when unknown */
    char url[512];       /* where it ended, cut */
};

struct sb_browser_stats {
    uint64_t launches, crashes, contexts_opened, contexts_closed, commands, navigations;
    uint32_t contexts_open;
    int pid;             /* of the browser, 0 when none runs */
    uint64_t pss_bytes;  /* of the browser's processes, 0 when unknown */
};

/* What the page of a context uses. */
struct sb_page_usage {
    uint64_t heap_bytes; /* of its scripts; 0 = not known */
    sb_ns cpu;           /* processor time of the process that shows it, since that began; -1 = not known */
};

struct sb_browser {
    const struct sb_browser_ops *ops;
};

struct sb_browser_ops {
    /* Closes everything and ends the browser process, group included. */
    void (*close)(struct sb_browser *browser);
    /* Real check: the browser answers; starts it when it is not running. One that does not answer within 5 s is killed. Of several
     * processes all are asked, and one good answer is enough: what the others said is in the log. */
    enum sb_err (*check)(struct sb_browser *browser, const struct sb_op *op, struct sb_error *err);
    /* `on_exit(arg, reason)` is called once per browser death, on an internal thread; with several processes `is_gone` tells which contexts
     * it took along. Set before the first open. */
    void (*set_callback)(struct sb_browser *browser, void *arg, void (*on_exit)(void *arg, const char *reason));
    /* Opens an isolated context with a blank page; starts the browser when needed. `allowed_hosts`: requests of documents elsewhere are
     * refused (NULL, 0 = everything). */
    enum sb_err (*open)(struct sb_browser *browser, const char *const *allowed_hosts, size_t allowed_host_count,
                        const struct sb_op *op, struct sb_context **context, struct sb_error *err);
    /* Ends the context and its pages; calls under way on it fail. Never hangs longer than 5 s: then the browser is killed. The handle
     * is freed when its last user is out. NULL is fine. */
    void (*close_context)(struct sb_browser *browser, struct sb_context *context);

    enum sb_err (*go)(struct sb_context *context, const char *url, const struct sb_op *op,
                      struct sb_navigation *navigation, struct sb_error *err);
    /* Until an element that matches is visible. */
    enum sb_err (*wait)(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err);
    /* Real mouse events at the middle of the element, after scrolling it into view and a hit test. */
    enum sb_err (*click)(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err);
    /* Focuses the element, selects what is there, inserts the text as input events. */
    enum sb_err (*type)(struct sb_context *context, const char *selector, const char *text, const struct sb_op *op,
                        struct sb_error *err);
    enum sb_err (*press)(struct sb_context *context, const char *key, const struct sb_op *op, struct sb_error *err);
    enum sb_err (*scroll)(struct sb_context *context, int pixels, const struct sb_op *op, struct sb_error *err);
    /* JSON of the items: an array of objects when is_many, else one object. Untyped page text is bounded (64 KiB a value, 4 MiB in
     * all); a missing field that is not optional is SB_ERR_NOT_FOUND naming it. `*json` is the caller's to free(). */
    enum sb_err (*extract)(struct sb_context *context, const char *selector, const struct sb_extract_field *fields,
                           size_t field_count, bool is_many, uint32_t max_items, const struct sb_op *op, char **json,
                           struct sb_error *err);
    /* Arms the capture of the next response whose URL contains `url_part`; replaces an earlier arming. */
    enum sb_err (*capture)(struct sb_context *context, const char *url_part, const struct sb_op *op, struct sb_error *err);
    /* Waits for the armed response: status and body (at most 1 MiB, NUL-terminated, the caller's to free()). */
    enum sb_err (*receive)(struct sb_context *context, const struct sb_op *op, int *status, char **body, struct sb_error *err);
    /* PNG bytes, the caller's to free(). At most 5 s whatever the op says. */
    enum sb_err (*screenshot)(struct sb_context *context, const struct sb_op *op, unsigned char **png, size_t *size,
                              struct sb_error *err);
    /* Page source, cut at `max` bytes, the caller's to free(). */
    enum sb_err (*source)(struct sb_context *context, size_t max, const struct sb_op *op, char **html, struct sb_error *err);
    void (*stats)(struct sb_browser *browser, struct sb_browser_stats *stats);

    /* From here on an implementation may leave a call out (NULL): who uses it looks first. */

    /* Requests of these kinds (bits 1 << enum sb_resource) are refused from now on, in the page and its frames; 0 = none. */
    enum sb_err (*block)(struct sb_context *context, uint32_t kinds, const struct sb_op *op, struct sb_error *err);
    /* What the context remembers of the hosts, as JSON in one fixed order, so that equal memories are equal texts: all their cookies, and the
     * localStorage of the page's own origin; that of other origins is taken over from `before`, an earlier text or NULL. At most
     * SB_MEMORY_MAX bytes; holds secrets; the caller's to wipe and free(). */
    enum sb_err (*remember)(struct sb_context *context, const char *const *hosts, size_t host_count, const char *before, const struct sb_op *op,
                            char **memory, struct sb_error *err);
    /* Puts such a memory into the context. The page shows about:blank afterwards when there was localStorage in it; no request goes out. */
    enum sb_err (*recall)(struct sb_context *context, const char *memory, const struct sb_op *op, struct sb_error *err);
    /* What the page and its scripts complained about since the document began: one line each, the newest 200, each cut at 500 bytes. The
     * caller's to free(). */
    enum sb_err (*console)(struct sb_context *context, const struct sb_op *op, char **lines, struct sb_error *err);
    /* `open` with all its network traffic through a proxy ("http://host:port", "socks5://host:port"), loopback included; NULL = none. */
    enum sb_err (*open_through)(struct sb_browser *browser, const char *proxy, const char *const *allowed_hosts, size_t allowed_host_count,
                                const struct sb_op *op, struct sb_context **context, struct sb_error *err);
    /* Ends the browser's processes, as if they had died: the callback tells, and who needs a browser next starts another, without the delay after
     * earlier failures. Does not wait. A remote browser goes on; the connection to it is made anew. */
    void (*restart)(struct sb_browser *browser);
    /* Whether the context is gone for good: closed, crashed, or its browser has died. Cheap; any thread. */
    bool (*is_gone)(struct sb_context *context);
    /* Figures of the page, without touching it; may be called beside the thread that uses the context. A page that is busy answers
     * when it has been asked before. */
    enum sb_err (*measure)(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err);
};

enum { SB_MEMORY_MAX = 1024 * 1024, SB_BROWSER_PROCESSES_MAX = 8 };

struct sb_browser_setup {
    const char *executable;   /* NULL: chromium-headless-shell, then chromium, found in PATH */
    const char *profile_root; /* folder for the temporary profile; NULL: $TMPDIR or /tmp */
    const char *pid_file;     /* where pid and process group are kept to end an orphan at the next start, or NULL; with several processes
                               * ".1", ".2" ... for the further ones */
    const char *remote_url;   /* ws://, wss://, http:// or https:// of a browser that somebody else runs, or NULL; may hold a token, is never shown
                               * beyond host and port. Closing leaves that browser running, without our contexts. Needs a build with libwebsockets */
    unsigned processes;       /* browsers to spread the contexts over, at most SB_BROWSER_PROCESSES_MAX; 0 counts as 1 */
};

/* Creates the service without starting a browser: a missing Chromium is found by check() and open(). Ends an orphan found through
 * pid_file (after making sure that the process is the one which was written there). */
enum sb_err sb_browser_create(struct sb_browser **browser, const struct sb_browser_setup *setup,
                              struct sb_error *err) SB_MUST_USE;

#endif
