/* How long runs wait for a context or a worker before they start, and who waits so long that its next due times pass. From events alone, so that a
 * recorded journal gives the same; a wait for what an operator paused, a dependency, money or a site is none. Core thread only. */
#ifndef SB_CORE_WAITS_H
#define SB_CORE_WAITS_H

#include "signalbox/core/core.h"

enum {
    WAITS_KEPT = 64,
    WAITS_BEHIND = 2,           /* due times that passed */
    WAITS_MIN = 20,             /* fewer starts say nothing of one in: */
    WAITS_PART = 20,
};
#define WAITS_BEHIND_FROM SB_MIN(1) /* and so long at least: two due times of a job that runs every few seconds are nothing */
#define WAITS_LATELY SB_HOUR(1)
/* A queue under load is bad and good by turns: once bad it counts as that for as long as it was, within these. The lower one is shorter than what the
 * rule waits for, so that a moment is no alert. */
#define WAITS_TRUST_MIN SB_MIN(4)
#define WAITS_TRUST_MAX SB_MIN(10)

/* Of a job: its run that waits. */
struct job_wait {
    uint64_t run;               /* 0 = none */
    sb_ns since;
    uint32_t passed;            /* due times of the job that were skipped meanwhile */
};

struct waits {
    struct {
        sb_ns at, lasted;
    } starts[WAITS_KEPT];       /* a ring */
    uint8_t next, count;
    bool is_fresh;              /* the event at hand is a reason to look */
    uint16_t behind_job;
    uint64_t behind_run;        /* one that is behind, the first that was found; 0 = none */
    bool is_bad, was_bad;       /* at the last look; and not long enough ago to be over */
    sb_ns bad_since, bad_at;    /* was_bad */
};

struct waits_count {
    uint32_t all, over;
    sb_ns longest;
};

/* What an event says of waiting; before the rules look at it. */
void sb_waits_event(struct sb_core *core, const struct sb_event *event);
/* The starts of the last hour, of the last 64 at most, and those that waited longer than `limit`. */
struct waits_count sb_waits_within(const struct sb_core *core, sb_ns limit);

#endif
