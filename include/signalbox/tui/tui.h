/* The console: folds events into a model, draws it, posts commands. It holds no lock of the runtime and cannot stall it.
 *
 * Thread: sb_tui_run owns its calling thread and every terminal call until it returns. */
#ifndef SIGNALBOX_TUI_TUI_H
#define SIGNALBOX_TUI_TUI_H

#include "signalbox/model/catalogue.h"
#include "signalbox/tui/screen.h"
#include "signalbox/ports/source.h"

/* What a capture is made of; copies, for the thread that writes it. */
enum { SB_TUI_PATH_MAX = 1300 };
struct sb_tui_picture {
    struct sb_grid grid;
    struct sb_screen_stamp stamp;
};

struct sb_rewind;
/* What the loop needs of the past; tui/rewind.h has it. */
struct sb_tui_past {
    /* Goes where the answer wants, and shows it or says why not. */
    void (*obey)(struct sb_rewind *rewind, struct sb_screen *screen, const struct sb_screen_answer *answer, struct sb_now now);
    /* Lets time pass while it plays. Whether the picture has changed. */
    bool (*turn)(struct sb_rewind *rewind, struct sb_screen *screen, struct sb_now now);
    /* Monotonic time of its next turn; SB_NEVER = it needs none. */
    sb_ns (*next)(const struct sb_rewind *rewind);
};

struct sb_tui_setup {
    struct sb_source *source;     /* where commands go and events come from; borrowed */
    const char *theme_dir;        /* folder of NAME.theme */
    const char *theme;            /* NULL = "dark"; NO_COLOR and monochrome terminals choose "mono" */
    const char *actor;            /* operator's name, stamped on commands */
    const char *environment;      /* "prod", "practice" ... shown in line 1 */
    bool is_read_only;
    enum sb_bell bell;            /* how an alert that begins to page is told */
    const struct sb_keys *keys;   /* which keys do what; NULL = the built-in ones */
    bool is_ascii;                /* force ASCII marks; also chosen by the locale */
    /* A text that the screen asks for, for free(); NULL = there is none. Called on the console's thread, must be quick: what takes time is read
     * elsewhere, and an error says that there is nothing newer yet. CONTENT and NODES are asked for every SB_SCREEN_POLL while they are shown. */
    enum sb_err (*page)(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err);
    /* Carries out a verdict on a content row and says in one line what became of it; NULL = there is no content. Like `page`; for EDIT the
     * terminal is the operator's until it returns. */
    enum sb_err (*judge)(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err);
    /* Which of several nodes this is, in a few words; "" when it is the only one. As `page`, once a second. NULL = it is. */
    void (*node)(const void *self, char *out, size_t cap);
    /* Asks about the past, into zeroed findings; the error's text says why there is no answer. Called on a thread of its own, one question at a
     * time, and must obey `op`: the console goes on meanwhile. NULL = nothing is known of the past. */
    enum sb_err (*lookup)(const void *self, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                          struct sb_error *err);
    const void *lookup_self;
    /* Writes an incident bundle and gives its path. On a thread of its own, one at a time; NULL = there is no place for one. */
    enum sb_err (*capture)(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err);
    const void *page_self;
    const struct sb_tui_past *past; /* NULL: there is no past */
    struct sb_rewind *rewind;     /* of `past`; borrowed */
    bool is_recording;            /* the source gives nothing: the past is all there is */
    int finished_fd;              /* readable when the runtime has drained: leave; -1 = none */
    int signal_fd;                /* readable when SIGTERM, SIGINT or SIGHUP came: drain and leave; -1 = none */
};

enum sb_tui_end {
    SB_TUI_LEFT,       /* the operator asked to leave: an embedded runtime has been asked to drain, an attached one goes on */
    SB_TUI_FINISHED,   /* the runtime finished by itself */
    SB_TUI_SIGNALLED,  /* signal_fd */
};

/* Runs the console until it ends; the terminal is restored on every way out, crash included. Fails when standard output is no terminal. */
enum sb_err sb_tui_run(const struct sb_tui_setup *setup, enum sb_tui_end *end, struct sb_error *err) SB_MUST_USE;

#endif
