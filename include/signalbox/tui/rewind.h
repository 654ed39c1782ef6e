/* The way into the past for a console: opens the recording when it is asked for, walks in it, plays it. Given to sb_tui_run as a table, so that a
 * console without recordings links none of it.
 *
 * Thread: the console's. Every operation reads a few files at most. */
#ifndef SIGNALBOX_TUI_REWIND_H
#define SIGNALBOX_TUI_REWIND_H

#include "signalbox/ports/history.h"
#include "signalbox/tui/tui.h"

struct sb_rewind_setup {
    /* Opens the recording: at the first key that wants it, and again until there is one. */
    enum sb_err (*open)(const void *self, struct sb_history **history, struct sb_error *err);
    const void *self;
    bool is_recording;        /* there is no present: it begins in the past */
    bool has_start;
    struct sb_wall start;     /* where, in a recording; without it at its end */
};

/* NULL when memory is short. The setup is copied. */
struct sb_rewind *sb_rewind_create(const struct sb_rewind_setup *setup);
void sb_rewind_destroy(struct sb_rewind *rewind); /* NULL is fine */
/* What sb_tui_run needs of it. */
extern const struct sb_tui_past sb_rewind_past;

#endif
