/* What the files of the way back share. Private to the room. */
#ifndef SB_TUI_MODEL_DESCRIBE_H
#define SB_TUI_MODEL_DESCRIBE_H

#include "signalbox/base/text.h"
#include "signalbox/tui/model.h"

#include <string.h>

struct telling {
    const struct sb_model *model;
    sb_model_teller *tell;
    void *arg;
};

/* An event of now, or of when it began; 0 = of now. */
static inline struct sb_event make(const struct telling *t, enum sb_event_kind kind, sb_ns since)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.kind = (uint16_t)kind;
    event.now = since > 0 && since < t->model->now ? since : t->model->now;
    event.wall.ns = t->model->wall.ns - (t->model->now - event.now);
    return event;
}

static inline void say(const struct telling *t, const struct sb_event *event)
{
    t->tell(t->arg, event);
}

static inline void name_copy(char dst[SB_NAME_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NAME_MAX, src);
}

static inline void note_copy(char dst[SB_NOTE_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NOTE_MAX, src);
}

/* describe_runs.c: pauses, due times and outcomes of a job; its shown run with its steps. */
void sb_say_job_state(const struct telling *t, uint16_t id);
void sb_say_run(const struct telling *t, uint16_t id);

#endif
