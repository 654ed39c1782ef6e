/* What stories of contexts share. */
#ifndef SB_TEST_SIM_LANES_H
#define SB_TEST_SIM_LANES_H

#include "world.h"

static inline struct sb_job_def *browser_job(struct world *w, const char *name, enum sb_category category, uint8_t priority)
{
    struct sb_job_def *job = world_job(w, name, 0, 0);
    job->category = (uint8_t)category;
    job->priority = priority;
    return job;
}

static inline void listen_to_leases(struct world *w)
{
    world_listen(w, SB_EVENT_LEASE_GRANTED);
    world_listen(w, SB_EVENT_LEASE_YIELD_ASKED);
    world_listen(w, SB_EVENT_LEASE_REVOKED);
    world_listen(w, SB_EVENT_RUN_YIELDED);
    world_listen(w, SB_EVENT_RUN_ENDED);
}

/* Starts with every context open and idle at 1 s. */
static inline void begin(struct world *w)
{
    world_begin(w);
    world_run(w, SB_S(1));
}

#endif
