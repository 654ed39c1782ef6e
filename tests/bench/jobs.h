/* Catalogues made in memory, and the real core in virtual time around them: no store, no thread, no clock. Steps last as long as their
 * definition says and succeed; contexts open after 100 ms. */
#ifndef SIGNALBOX_BENCH_JOBS_H
#define SIGNALBOX_BENCH_JOBS_H

#include "signalbox/base/heap.h"
#include "signalbox/core/core.h"
#include "signalbox/model/catalogue.h"

/* Arrays of a catalogue, owned. */
struct jobs {
    struct sb_catalogue catalogue;
    struct sb_zone zone;
    sb_ns *lasts; /* [step_count] */
};

/* `count` jobs of one step without a context, due every `every`, evenly spread over it. */
void jobs_init_even(struct jobs *jobs, uint32_t count, sb_ns every, sb_ns lasts);
/* Thirty jobs with the intervals, durations, categories and numbers of steps of a real installation. */
void jobs_init_real(struct jobs *jobs);
void jobs_deinit(struct jobs *jobs);

struct virtual {
    const struct jobs *jobs;
    struct sb_core *core;
    void *memory;
    size_t memory_size;
    sb_ns now;
    struct sb_input *inputs;   /* [cap] what is on its way to the core, by slot of the heap */
    uint32_t *free_slots, free_count, cap;
    struct sb_heap pending;
    struct sb_heap_item *items;
    uint32_t *places;
    uint64_t sent;             /* breaks ties */
    struct sb_outbox out;
    bool checks;               /* sb_core_check after every step */
    uint64_t steps, events, orders, runs;
    /* Called after each step of the core when not NULL. */
    void (*on_step)(void *arg, const struct virtual *world, sb_ns began);
    void *arg;
    bool is_timed;             /* on_step learns when the step began */
};

/* Builds the core and lets it begin. */
void virtual_init(struct virtual *world, const struct jobs *jobs);
void virtual_begin(struct virtual *world);
void virtual_run(struct virtual *world, sb_ns until);
void virtual_deinit(struct virtual *world);

#endif
