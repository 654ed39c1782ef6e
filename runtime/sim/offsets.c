/* Where the due times of a catalogue are best placed. Coordinate descent: one job after another, the heaviest first, is moved to the best
 * of PLACES places of its interval while the others stay; the simulator judges each place by the contention over WINDOW. Then again,
 * until a whole round improves nothing. Bounded by SIMULATIONS_MAX. One thread. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 10, ROUNDS_MAX = 3, SEEDS = 2, SIMULATIONS_MAX = 640, JUDGES = 3 };
#define WINDOW SB_DAY(1)

struct search {
    struct sb_sim_setup setup;
    sb_ns *offsets;
    uint32_t simulations;
    uint64_t first_seed;
};

/* Mean contention over `seeds` seeds. */
static enum sb_err judge(struct search *search, uint64_t first_seed, uint32_t seeds, sb_ns *contention, struct sb_error *err)
{
    struct sb_sim_report report;
    sb_ns sum = 0;
    for (uint32_t i = 0; i < seeds; i++) {
        search->setup.seed = first_seed + i;
        enum sb_err rc = sb_sim_run(&search->setup, &report, err);
        if (rc != SB_OK)
            return rc;
        search->simulations++;
        sum += report.contention;
    }
    *contention = sum / seeds;
    return SB_OK;
}

static bool is_movable(const struct sb_catalogue *catalogue, uint32_t index)
{
    const struct sb_job_def *job = &catalogue->jobs[index];
    for (uint8_t s = 0; s < job->step_count; s++)
        if (catalogue->steps[job->first_step + s].needs_context)
            return job->schedule == SB_SCHEDULE_EVERY && job->is_enabled;
    return false;
}

/* How much of its interval a job works. */
static double load_of(const struct sb_catalogue *catalogue, uint32_t index)
{
    return (double)catalogue->durations[index].p50 / (double)catalogue->jobs[index].every;
}

/* Indices of the movable jobs, the heaviest first. */
static uint32_t order_jobs(const struct sb_catalogue *catalogue, uint32_t *order)
{
    uint32_t count = 0;
    for (uint32_t j = 0; j < catalogue->job_count; j++) {
        if (!is_movable(catalogue, j))
            continue;
        uint32_t at = count++;
        for (; at > 0 && load_of(catalogue, order[at - 1]) < load_of(catalogue, j); at--)
            order[at] = order[at - 1];
        order[at] = j;
    }
    return count;
}

/* Moves one job to its best place. */
static enum sb_err place(struct search *search, uint32_t job, sb_ns *best, struct sb_error *err)
{
    sb_ns every = search->setup.catalogue->jobs[job].every, kept = search->offsets[job];
    for (uint32_t i = 0; i < PLACES; i++) {
        sb_ns contention = 0;
        sb_ns offset = every / PLACES * i / SB_S(1) * SB_S(1);
        if (offset == kept || search->simulations + SEEDS > SIMULATIONS_MAX)
            continue;
        search->offsets[job] = offset;
        enum sb_err rc = judge(search, search->first_seed, SEEDS, &contention, err);
        if (rc != SB_OK)
            return rc;
        if (contention < *best) {
            *best = contention;
            kept = offset;
        }
    }
    search->offsets[job] = kept;
    return SB_OK;
}

static enum sb_err descend(struct search *search, const uint32_t *order, uint32_t count, struct sb_error *err)
{
    sb_ns best = 0;
    enum sb_err rc = judge(search, search->first_seed, SEEDS, &best, err);
    for (int round = 0; rc == SB_OK && round < ROUNDS_MAX; round++) {
        sb_ns before = best;
        for (uint32_t i = 0; rc == SB_OK && i < count; i++)
            rc = place(search, order[i], &best, err);
        if (best >= before)
            break;
    }
    return rc;
}

/* The whole time, every job, seeds that were not searched with. */
static enum sb_err judge_fairly(struct search *search, const struct sb_sim_setup *setup, const sb_ns *offsets, sb_ns *contention,
                                struct sb_error *err)
{
    search->setup = *setup;
    search->setup.timeline = NULL;
    search->setup.offsets = offsets;
    return judge(search, search->first_seed + SEEDS, JUDGES, contention, err);
}

enum sb_err sb_sim_optimise(const struct sb_sim_setup *setup, sb_ns *offsets, struct sb_sim_offsets *result, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = setup->catalogue;
    struct search search = { .setup = *setup, .offsets = offsets, .first_seed = setup->seed };
    struct sb_sim_offsets made = { 0 };
    uint32_t *order = calloc((size_t)catalogue->job_count + 1, sizeof(*order));
    if (order == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to place %u jobs", catalogue->job_count);
    for (uint32_t j = 0; j < catalogue->job_count; j++)
        offsets[j] = catalogue->jobs[j].offset;
    search.setup.offsets = offsets;
    search.setup.timeline = NULL;
    search.setup.is_contexts_only = true;
    search.setup.has_checks = false;
    search.setup.lasts = setup->lasts < WINDOW ? setup->lasts : WINDOW;
    enum sb_err rc = descend(&search, order, order_jobs(catalogue, order), err);
    if (rc == SB_OK)
        rc = judge_fairly(&search, setup, NULL, &made.before, err);
    if (rc == SB_OK)
        rc = judge_fairly(&search, setup, offsets, &made.after, err);
    free(order);
    if (rc != SB_OK)
        return rc;
    if (made.after >= made.before) { /* what helped the searched seeds helps no others: leave everything where it is */
        made.after = made.before;
        for (uint32_t j = 0; j < catalogue->job_count; j++)
            offsets[j] = catalogue->jobs[j].offset;
    }
    for (uint32_t j = 0; j < catalogue->job_count; j++)
        made.moved += offsets[j] != catalogue->jobs[j].offset ? 1u : 0u;
    made.simulations = search.simulations;
    *result = made;
    return SB_OK;
}
