/* The core: the one place that decides. Pure: no clock, no I/O, no thread, no randomness of its own, no allocation after
 * sb_core_init. Given the same definitions and the same inputs it emits the same bytes.
 *
 * Thread: one at a time; in the engine the core thread. */
#ifndef SIGNALBOX_CORE_CORE_H
#define SIGNALBOX_CORE_CORE_H

#include "signalbox/model/alert.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"
#include "signalbox/model/job.h"
#include "signalbox/model/order.h"

struct sb_core;

/* Definitions are borrowed for the life of the core and never change. */
struct sb_core_setup {
    const struct sb_job_def *jobs;
    uint32_t job_count;
    const struct sb_step_def *steps;
    uint32_t step_count;
    const struct sb_zone *zones;
    uint32_t zone_count;
    const struct sb_pool_def *pool;
    const struct sb_budget_def *budget;
    const struct sb_component_def *components; /* [SB_COMPONENT_COUNT] */
    const char *const *sites;                  /* [site_count] names, at most SB_SITES_MAX */
    uint32_t site_count;
    const struct sb_alerts_def *alerts;        /* NULL = as shipped */
    const struct sb_channel_rule *channels;    /* [channel_count], at most SB_CHANNELS_MAX */
    uint32_t channel_count;
    uint64_t seed;                             /* jitter */
    sb_ns drain_grace;
};

/* Room for what one step may emit. A step never emits more than fits: what is left over waits, and
 * sb_core_next_deadline() is then "now", so the caller ticks again. Capacities must be at least
 * SB_OUTBOX_EVENTS_MIN and SB_OUTBOX_ORDERS_MIN. */
enum { SB_OUTBOX_EVENTS_MIN = 64, SB_OUTBOX_ORDERS_MIN = 64 };
struct sb_outbox {
    struct sb_event *events;
    uint32_t event_cap, event_count;
    struct sb_order *orders;
    uint32_t order_cap, order_count;
};

/* Bytes of memory a core with this setup needs; constant for equal counts. */
size_t sb_core_size(const struct sb_core_setup *setup);
/* Builds a core in `memory` (at least sb_core_size bytes, aligned for any type). The caller frees the memory. */
struct sb_core *sb_core_init(void *memory, size_t size, const struct sb_core_setup *setup);

/* Applies one input. The outbox counts are reset first. */
void sb_core_step(struct sb_core *core, const struct sb_input *input, struct sb_outbox *out);

/* Monotonic time at which the core wants a tick at the latest; SB_NEVER when nothing is due. */
sb_ns sb_core_next_deadline(const struct sb_core *core);

/* The whole state as a stream of events with seq 0, ending in `described`: what a new listener folds first. Start with
 * *cursor = 0 and call until it returns true (complete); no step may come between. */
bool sb_core_describe(const struct sb_core *core, uint64_t *cursor, struct sb_outbox *out);

/* Asserts every invariant of the state. O(size); runs after each step in debug builds, tests, simulation and fuzzing. */
void sb_core_check(const struct sb_core *core);

/* Rehearsal: what the alert rules of this setup make of events recorded earlier. For a core that never begins and gets nothing else; jobs and steps
 * of the event are of this setup (a step it does not have is SB_NO_STEP). Time is the events' wall time and never goes back; what is due before the
 * event comes first, so an event that no rule looks at (a heartbeat) lets time pass. Every notice arrives at once, nobody silences or acknowledges
 * anything. The outbox gets the events of alerts and notices, and no order. True: the event has been taken; false: call again with the same one. */
bool sb_core_rehearse(struct sb_core *core, const struct sb_event *event, struct sb_outbox *out);

/* A hash over all decisions so far (events and orders); equal for equal histories. */
uint64_t sb_core_hash(const struct sb_core *core);

#endif
