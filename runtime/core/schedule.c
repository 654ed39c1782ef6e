/* Due times: the grid of nominal times, misfires, overlap. For one (job, nominal time) at most one run exists, because the watermark
 * of decided nominal times only grows and every decision leaves an event. Core thread only. */
#include "state.h"

enum { NOMINALS_COUNTED_MAX = 4096 }; /* a cron schedule's missed times are counted up to here, then passed over */

/* The first nominal time after `after` (wall ns), or INT64_MAX. */
static int64_t next_nominal(const struct sb_core *core, const struct sb_job_def *def, int64_t after)
{
    if (def->schedule == SB_SCHEDULE_EVERY) {
        int64_t base = core->genesis + def->offset;
        if (after < base)
            return base;
        return base + ((after - base) / def->every + 1) * def->every;
    }
    if (def->schedule == SB_SCHEDULE_CRON)
        return sb_cron_next(&def->cron, &core->setup.zones[def->zone], (enum sb_gap)def->gap,
                            (enum sb_overlap_hour)def->overlap_hour, (struct sb_wall){ after }).ns;
    return INT64_MAX;
}

/* A stable share of the jitter: the same nominal time always fires at the same instant, over restarts too. */
static int64_t fire_time(const struct sb_core *core, uint16_t job, int64_t nominal)
{
    const struct sb_job_def *def = job_def(core, job);
    if (def->jitter <= 0)
        return nominal;
    uint64_t hash = sb_hash_fold(sb_hash_fold(core->setup.seed, sb_hash_bytes(def->name, strlen(def->name))), (uint64_t)nominal);
    return nominal + (int64_t)(hash % (uint64_t)def->jitter);
}

static void arm(struct sb_core *core, uint16_t job)
{
    int64_t due = core->jobs[job].due;
    sb_ns at = SB_NEVER;
    if (due != INT64_MAX)
        at = fire_time(core, job, due) - core->wall_offset;
    sb_timer_set(core, job, at);
}

static void plan_next(struct sb_core *core, uint16_t job)
{
    const struct sb_job_def *def = job_def(core, job);
    int64_t due = def->is_enabled ? next_nominal(core, def, core->jobs[job].watermark) : INT64_MAX;
    bool is_new = due != core->jobs[job].due;
    core->jobs[job].due = due;
    arm(core, job);
    if (is_new)
        sb_schedule_say(core, job);
}

/* Whether that nominal time is one of those that run while the budget stretches the job. Counted on the grid, so that it is always the same. */
static bool is_stretched_away(const struct sb_core *core, uint16_t job, int64_t nominal)
{
    uint32_t stretch = sb_budget_stretch(core, job);
    const struct sb_job_def *def = job_def(core, job);
    return stretch > 1 && (nominal - core->genesis - def->offset) / def->every % stretch != 0;
}

int64_t sb_schedule_due_shown(const struct sb_core *core, uint16_t job)
{
    int64_t due = core->jobs[job].due;
    while (due != INT64_MAX && is_stretched_away(core, job, due))
        due += job_def(core, job)->every;
    return due;
}

void sb_schedule_say(struct sb_core *core, uint16_t job)
{
    int64_t due = sb_schedule_due_shown(core, job);
    if (due == INT64_MAX)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_JOB_SCHEDULED);
    event.as.job_scheduled.job = job;
    event.as.job_scheduled.due = due;
    sb_core_emit(core, &event);
}

static void skip(struct sb_core *core, uint16_t job, enum sb_skip reason, uint32_t count, int64_t first, int64_t last)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_NOMINAL_SKIPPED);
    event.as.nominal_skipped.job = job;
    event.as.nominal_skipped.reason = (uint8_t)reason;
    event.as.nominal_skipped.count = count;
    event.as.nominal_skipped.first = first;
    event.as.nominal_skipped.last = last;
    sb_core_emit(core, &event);
}

static void start_run(struct sb_core *core, uint16_t job, enum sb_cause cause, int64_t nominal)
{
    struct run *run = sb_run_create(core, job, 0, cause, nominal, 0, 1);
    if (run == NULL) {
        skip(core, job, SB_SKIP_FULL, 1, nominal, nominal);
        return;
    }
    sb_advance_place(core, run);
}

static void wait_behind(struct sb_core *core, uint16_t job, int64_t nominal)
{
    struct job *state = &core->jobs[job];
    if (state->has_pending) {
        skip(core, job, SB_SKIP_OVERLAP, 1, nominal, nominal);
        return;
    }
    state->has_pending = true;
    state->pending_nominal = nominal;
}

/* One nominal time is due now: run it, or say why not. */
static void decide(struct sb_core *core, uint16_t job, enum sb_cause cause, int64_t nominal)
{
    const struct sb_job_def *def = job_def(core, job);
    struct job *state = &core->jobs[job];

    if (core->is_draining) {
        skip(core, job, SB_SKIP_DRAINING, 1, nominal, nominal);
    } else if (state->is_paused) {
        skip(core, job, SB_SKIP_PAUSED, 1, nominal, nominal);
    } else if (cause == SB_CAUSE_SCHEDULE && is_stretched_away(core, job, nominal)) {
        skip(core, job, SB_SKIP_STRETCHED, 1, nominal, nominal);
    } else if (state->live == 0) {
        start_run(core, job, cause, nominal);
    } else if (def->overlap == SB_OVERLAP_ALLOW && state->live < def->overlap_max) {
        start_run(core, job, cause, nominal);
    } else if (def->overlap == SB_OVERLAP_QUEUE_ONE) {
        wait_behind(core, job, nominal);
    } else if (def->overlap == SB_OVERLAP_REPLACE) {
        wait_behind(core, job, nominal);
        struct run *run = sb_run_of_job(core, job);
        if (run->fence == 0)
            sb_run_end(core, run, SB_RUN_STATE_CANCELLED, SB_CLASS_CANCELLED, run->step, "replaced by the next due time");
        else
            sb_stop_soft(core, run, STOP_CANCEL, "replaced by the next due time");
    } else {
        skip(core, job, SB_SKIP_OVERLAP, 1, nominal, nominal);
    }
}

/* Nominal times up to now: how many, the first and the last. */
struct missed {
    uint32_t count;
    int64_t first, last;
};

static struct missed count_missed(struct sb_core *core, uint16_t job)
{
    const struct sb_job_def *def = job_def(core, job);
    struct missed missed = { .first = core->jobs[job].due, .last = core->jobs[job].due };
    int64_t now = wall_believed(core);

    if (def->schedule == SB_SCHEDULE_EVERY) {
        int64_t more = (now - missed.first) / def->every;
        missed.count = more < UINT32_MAX ? (uint32_t)more + 1 : UINT32_MAX;
        missed.last = missed.first + more * def->every;
        return missed;
    }
    int64_t at = missed.first;
    while (at <= now && missed.count < NOMINALS_COUNTED_MAX) {
        missed.count++;
        missed.last = at;
        at = next_nominal(core, def, at);
    }
    return missed;
}

/* How many of the missed times may still run: the policy's number of the newest ones, inside the window. */
static uint32_t catch_up_count(const struct sb_core *core, const struct sb_job_def *def, const struct missed *missed)
{
    if (def->misfire == SB_MISFIRE_SKIP || wall_believed(core) - missed->last > def->misfire_window)
        return 0;
    if (def->misfire == SB_MISFIRE_ONCE)
        return 1;
    return missed->count < def->misfire_max ? missed->count : def->misfire_max;
}

/* Several nominal times passed while nobody decided them (process down, machine asleep, clock set forward). The newest may run; the others leave
 * one row with their count. More than one catch-up run starts one after another, each when the one before has ended. */
static void decide_missed(struct sb_core *core, uint16_t job)
{
    const struct sb_job_def *def = job_def(core, job);
    struct missed missed = count_missed(core, job);
    uint32_t runs = core->is_draining || core->jobs[job].is_paused ? 0 : catch_up_count(core, def, &missed);

    core->jobs[job].watermark = missed.last > wall_believed(core) ? missed.last : wall_believed(core);
    if (missed.count > runs)
        skip(core, job, core->jobs[job].is_paused ? SB_SKIP_PAUSED : SB_SKIP_MISFIRE, missed.count - runs, missed.first,
             missed.last);
    if (runs > 0) {
        core->jobs[job].catch_up_left = runs - 1;
        decide(core, job, SB_CAUSE_CATCH_UP, missed.last);
    }
}

void sb_schedule_due(struct sb_core *core, uint16_t job)
{
    const struct sb_job_def *def = job_def(core, job);
    int64_t due = core->jobs[job].due;

    int64_t next = next_nominal(core, def, due);
    bool is_late = wall_believed(core) - due > def->misfire_window && wall_believed(core) - due > SB_S(1) + def->jitter;
    if (next <= wall_believed(core) || is_late) {
        decide_missed(core, job);
    } else {
        core->jobs[job].watermark = due;
        decide(core, job, SB_CAUSE_SCHEDULE, due);
    }
    plan_next(core, job);
}

void sb_schedule_begin(struct sb_core *core, uint16_t job)
{
    struct job *state = &core->jobs[job];
    if (state->watermark == 0) /* never decided before: no catch-up for times before it existed */
        state->watermark = core->begun_at - 1;
    plan_next(core, job);
}

void sb_schedule_rearm_all(struct sb_core *core)
{
    for (uint32_t job = 0; job < core->setup.job_count; job++)
        arm(core, (uint16_t)job);
}

void sb_schedule_run_ended(struct sb_core *core, uint16_t job)
{
    struct job *state = &core->jobs[job];

    if (core->is_draining || state->live > 0)
        return;
    if (state->has_pending) {
        int64_t nominal = state->pending_nominal;
        state->has_pending = false;
        start_run(core, job, SB_CAUSE_SCHEDULE, nominal);
    } else if (state->catch_up_left > 0) {
        state->catch_up_left--;
        start_run(core, job, SB_CAUSE_CATCH_UP, state->watermark);
    }
}
