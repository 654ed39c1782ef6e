/* The invariants of the state, asserted after every step in debug builds, tests and simulation. Reads only; O(size). */
#include "state.h"

/* As sb_heap_has, without the call: this is asked some hundred times per step. */
static inline bool is_in(const struct sb_heap *heap, uint32_t id)
{
    return heap->pos[id] != 0;
}

static void check_run(const struct sb_core *core, uint32_t slot)
{
    const struct run *run = &core->runs[slot];
    bool is_in_lane = is_in(&core->waiting, slot);
    bool is_in_workers = is_in(&core->workers, slot);

    if (!run->is_used) {
        SB_ASSERT(!is_in_lane && !is_in_workers);
        SB_ASSERT(!is_in(&core->timers, timer_run(core, slot)));
        return;
    }
    const struct sb_job_def *def = job_def(core, run->job);
    SB_ASSERT(!sb_run_state_is_end((enum sb_run_state)run->state));
    SB_ASSERT(run->id > 0 && run->id < core->next_run);
    SB_ASSERT(run->step < def->step_count);
    SB_ASSERT(core->jobs[run->job].live > 0);
    /* A step is in flight exactly while the run is running or stopping. */
    bool is_in_flight = run->state == SB_RUN_STATE_RUNNING || run->state == SB_RUN_STATE_STOPPING;
    SB_ASSERT(is_in_flight == (run->fence != 0));
    SB_ASSERT(run->fence >> FENCE_SLOT_BITS < core->next_fence);
    if (run->fence != 0)
        SB_ASSERT((run->fence & ((1u << FENCE_SLOT_BITS) - 1)) == slot);
    /* Nothing is lost: every run is in exactly one place that will wake it. */
    SB_ASSERT(!(is_in_lane && is_in_workers));
    if (run->state != SB_RUN_STATE_QUEUED)
        SB_ASSERT(!is_in_lane && !is_in_workers);
    if (run->state == SB_RUN_STATE_QUEUED)
        SB_ASSERT(is_in_lane || is_in_workers || run->needs_place || run->is_restored);
    if (run->state == SB_RUN_STATE_BACKOFF || is_in_flight)
        SB_ASSERT(is_in(&core->timers, timer_run(core, slot)));
    if (run->ctx != SB_NO_CTX) {
        SB_ASSERT(run->ctx < core->ctx_count && core->ctxs[run->ctx].run == slot);
        SB_ASSERT(!is_in_lane);
        SB_ASSERT(run->state != SB_RUN_STATE_BACKOFF && run->state != SB_RUN_STATE_HELD);
        /* What may not be interrupted never runs on a borrowed context. */
        if (run->fence != 0 && sb_lanes_needs_own(core, run))
            SB_ASSERT(core->ctxs[run->ctx].batch != 0 ||
                      core->ctxs[run->ctx].lane == sb_category_lane((enum sb_category)def->category));
    }
}

static void check_contexts(const struct sb_core *core)
{
    for (uint32_t i = 0; i < core->ctx_count; i++) {
        const struct ctx *ctx = &core->ctxs[i];
        SB_ASSERT((ctx->state == SB_CTX_STATE_LEASED) == (ctx->run != NO_RUN));
        /* A batch of the legacy policy ends as a whole before the next one starts. */
        SB_ASSERT(ctx->batch == 0 || (ctx->batch == core->batch && ctx->run != NO_RUN && !ctx->is_burst));
        if (ctx->run == NO_RUN) {
            SB_ASSERT(!ctx->is_yield_asked);
            continue;
        }
        /* No lease without a live run that knows of it. */
        SB_ASSERT(core->runs[ctx->run].is_used && core->runs[ctx->run].ctx == i);
        if (core->policy == SB_LANE_POLICY_STRICT && !ctx->is_yield_asked)
            SB_ASSERT(ctx->uses > 0);
    }
}

static void check_counts(const struct sb_core *core)
{
    uint32_t used = 0, on_workers = 0, waiting = 0;
    for (uint32_t i = 0; i < core->run_cap; i++) {
        const struct run *run = &core->runs[i];
        used += run->is_used ? 1u : 0u;
        if (run->is_used && run->fence != 0 && !step_def(core, run->job, run->step)->needs_context)
            on_workers++;
    }
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        waiting += core->lanes[lane].count;
    SB_ASSERT(used + core->free_count == core->run_cap);
    SB_ASSERT(on_workers == core->workers_busy);
    SB_ASSERT(core->workers_busy <= core->setup.pool->workers);
    SB_ASSERT(waiting == core->waiting.count);
}

static void check_jobs(const struct sb_core *core)
{
    uint32_t live = 0, idle = 0;
    for (uint32_t i = 0; i < core->setup.job_count; i++) {
        const struct job *job = &core->jobs[i];
        live += job->live;
        idle += job->live == 0 ? 1u : 0u;
        SB_ASSERT((job->live > 0) == (job->latest_slot != NO_RUN));
        if (job->latest_slot != NO_RUN)
            SB_ASSERT(core->runs[job->latest_slot].is_used && core->runs[job->latest_slot].job == i);
        if (core->is_begun && !core->is_announcing && job->due != INT64_MAX) {
            SB_ASSERT(job->due > job->watermark);
            SB_ASSERT(is_in(&core->timers, i));
        }
    }
    SB_ASSERT(live + core->free_count == core->run_cap);
    SB_ASSERT(idle == core->idle_jobs);
}

static void check_alerts(const struct sb_core *core)
{
    for (size_t i = 0; i < SB_ALERTS_MAX; i++) {
        const struct alert *alert = &core->alerts[i];
        if (!alert->is_used)
            continue;
        SB_ASSERT(alert->state != SB_ALERT_STATE_PENDING || alert->until != SB_NEVER);
        SB_ASSERT(alert->state != SB_ALERT_STATE_RECOVERING || alert->until != SB_NEVER);
        SB_ASSERT(sb_alert_is_open(alert) || (!alert->is_acked && !alert->is_stale));
        SB_ASSERT(!alert->is_flapping || alert->until != SB_NEVER);
        for (size_t k = i + 1; k < SB_ALERTS_MAX; k++)
            if (core->alerts[k].is_used && core->alerts[k].rule == alert->rule)
                SB_ASSERT(!sb_streq(core->alerts[k].subject, alert->subject));
    }
}

/* Of one channel at most one notice is in flight, and none is older. */
static void check_notices(const struct sb_core *core)
{
    for (size_t i = 0; i < SB_NOTICES_MAX; i++)
        for (size_t k = 0; k < SB_NOTICES_MAX && core->notices[i].is_used && core->notices[i].is_in_flight; k++)
            if (k != i && core->notices[k].is_used && core->notices[k].channel == core->notices[i].channel)
                SB_ASSERT(!core->notices[k].is_in_flight && core->notices[k].id > core->notices[i].id);
}

void sb_core_check(const struct sb_core *core)
{
    for (uint32_t i = 0; i < core->run_cap; i++)
        check_run(core, i);
    check_contexts(core);
    check_counts(core);
    check_jobs(core);
    check_alerts(core);
    check_notices(core);
    sb_heap_check(&core->timers);
    sb_heap_check(&core->workers);
    sb_heap_check(&core->waiting);
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        sb_heap_check(&core->lanes[lane]);
    if (core->is_begun && !core->is_announcing)
        SB_ASSERT(core->tier < SB_TIER_COUNT && core->day_end > core->day_start);
}
