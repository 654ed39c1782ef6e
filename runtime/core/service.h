/* What the alert rules compare with: how long runs take, and how many are as promised. Core thread only. */
#ifndef SB_CORE_SERVICE_H
#define SB_CORE_SERVICE_H

#include "signalbox/core/core.h"

enum { DURATIONS_KNOWN_FROM = 8 }; /* fewer say nothing of what is usual */

/* Runs of a span of time, and those that were not as promised. */
struct service_count {
    int64_t number;             /* of the span since time zero */
    uint32_t all, bad;
};
#define SERVICE_FINE SB_MIN(5)
#define SERVICE_COARSE SB_HOUR(1)
struct service {
    struct service_count fine[73], coarse[73]; /* six hours and three days, and the one that is being filled */
    int64_t judged;             /* the five minutes in which the rule looked last */
    bool is_fresh;              /* the event at hand is a reason to look again */
};

/* What an event says of the objectives; before the rules look at it. */
void sb_service_event(struct sb_core *core, const struct sb_event *event);
/* After they have looked: how long it took belongs to what is usual. */
void sb_service_ended(struct sb_core *core, const struct sb_ev_run_ended *ended);
/* The longest of the job's last successes; 0 = too few to say. */
sb_ns sb_service_longest(const struct sb_core *core, uint16_t job);
/* The middle one of `count` figures, the upper one of two; sorts them. 0 of none. */
sb_ns sb_service_median(sb_ns *values, uint8_t count);
struct service_count sb_service_within(const struct sb_core *core, enum sb_objective objective, sb_ns window);

#endif
