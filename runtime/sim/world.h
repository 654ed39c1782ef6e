/* The parts of one simulation. One thread, owned by one call of sb_sim_run. */
#ifndef SB_SIM_WORLD_H
#define SB_SIM_WORLD_H

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/heap.h"
#include "signalbox/base/hist.h"
#include "signalbox/core/core.h"
#include "signalbox/sim/sim.h"

enum { OUTBOX_EVENTS = 128, OUTBOX_ORDERS = 128, NO_ENTRY = 0x7fffffff };

/* durations.c: how long a run lasts, and which share of it each step has. */
struct draw {
    double median_ns, sigma;   /* log-normal */
    sb_ns p95;
};

/* What is going to happen. */
enum what { STEP_ENDS, CONTEXT_OPENS, CONTEXT_FAILS, PROBE_ANSWERS, CONTEXT_CRASHES, BROWSER_GOES, BROWSER_COMES };
struct entry {
    uint8_t what, step, state, class, component;
    bool is_hung, is_deaf;     /* ignores being asked; ignores even the end of its context */
    uint16_t ctx;
    uint32_t generation, next_free;
    uint64_t run, fence;
    sb_ns retry_after;
};

/* A run that waits for a context. */
struct waiter {
    uint64_t run;
    sb_ns since;
    uint8_t category;
};

struct lease {
    sb_ns from;
    uint16_t job;
    uint8_t category;
    bool is_held, is_borrowed, is_burst;
};

struct tally {
    struct sb_hist waits[SB_CATEGORY_COUNT];
    struct waiter *waiters;    /* [run_cap] */
    uint32_t waiter_count, waiter_cap;
    struct lease leases[SB_CONTEXTS_MAX];
    bool *has_asked, *has_got; /* [job_count] */
};

struct sim {
    const struct sb_sim_setup *setup;
    struct sb_sim_report *report;
    struct sb_core_setup core_setup;
    struct sb_job_def *jobs;   /* the catalogue's, with load and offsets applied */
    struct sb_pool_def pool;
    struct sb_core *core;
    void *core_memory;
    sb_ns now;
    sb_ns described_at;        /* to who hears the events */
    bool has_described;

    struct draw *draws;        /* [job_count] */
    double *shares;            /* [step_count] of the job's duration */
    uint64_t *latest_run;      /* [job_count] and its nominal time: durations belong to due times, not to numbers of runs */
    int64_t *latest_nominal;

    struct entry *entries;     /* [entry_cap]: what is going to happen, by time in `due` */
    struct sb_heap due;
    struct sb_heap_item *due_items;
    uint32_t *due_pos;
    uint32_t entry_cap, first_free;
    uint64_t tie;
    uint32_t *entry_of_slot;   /* [65536 >= run slots] the step in flight of a run */

    struct {
        uint32_t generation, entry; /* entry of the step on it */
        bool is_open;
    } ctxs[SB_CONTEXTS_MAX];
    bool is_browser_gone;
    struct sb_rng rng;         /* of faults that come by themselves */

    struct tally tally;
    struct sb_event events[OUTBOX_EVENTS];
    struct sb_order orders[OUTBOX_ORDERS];
};

/* durations.c */
void sim_durations_init(struct sim *sim);
sb_ns sim_step_lasts(const struct sim *sim, const struct sb_or_start_step *start);
/* A number in (0, 1] that belongs to that step of that due time. */
double sim_chance(const struct sim *sim, const struct sb_or_start_step *start, uint64_t use);
double sim_chance_next(struct sb_rng *rng);

/* world.c */
void sim_world_init(struct sim *sim);
void sim_world_order(struct sim *sim, const struct sb_order *order);
/* Makes the input of the next thing that happens and forgets it; a tick when it concerns nobody any more. */
struct sb_input sim_world_next(struct sim *sim);

/* tally.c */
void sim_tally_init(struct sim *sim);
void sim_tally_event(struct sim *sim, const struct sb_event *event);
void sim_tally_finish(struct sim *sim);

#endif
