/* The console as lines, for screen readers and logs: one line per change, states as words, nothing drawn. Folds the same model as the
 * screen. Pure; one thread at a time. */
#ifndef SIGNALBOX_TUI_PLAIN_H
#define SIGNALBOX_TUI_PLAIN_H

#include "signalbox/tui/model.h"

struct sb_plain {
    struct sb_model *model;      /* borrowed; only sb_plain_fold folds into it */
    uint8_t told[SB_JOBS_MAX];   /* enum sb_job_state that was last told of each job */
    sb_ns waits_since[SB_JOBS_MAX]; /* untold yet; 0 = it does not wait. Waiting for a moment is not worth a line */
    bool is_described;
    /* A line without its end. It may hold untrusted text, line breaks included: whoever prints it makes it safe. */
    void (*line)(void *arg, const char *text, size_t size);
    void *arg;
};

void sb_plain_init(struct sb_plain *plain, struct sb_model *model, void (*line)(void *arg, const char *text, size_t size), void *arg);
/* Folds an event and tells what it changed. When everything has been described: how things stand, what is not well, and which alerts
 * there are; then only changes. A job is told when its state changes (that it waits, when it has
 * for a second); what happens inside runs only when it is a warning. Heartbeats keep the time. */
void sb_plain_fold(struct sb_plain *plain, const struct sb_event *event);
/* After a gap: forgets, and tells how things stand when they are described again. */
void sb_plain_reset(struct sb_plain *plain);

#endif
