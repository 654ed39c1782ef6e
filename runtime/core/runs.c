/* The table of live runs: creation, state changes, the one timer each run has, and the end. Core thread only. */
#include "state.h"

void sb_run_move(struct sb_core *core, struct run *run, enum sb_run_state to)
{
    (void)core;
    SB_ASSERT(run->is_used);
    if (run->state != to)
        SB_ASSERT(sb_run_move_is_legal((enum sb_run_state)run->state, to));
    run->state = (uint8_t)to;
}

struct run *sb_run_of_job(struct sb_core *core, uint16_t job)
{
    uint16_t slot = core->jobs[job].latest_slot;
    return slot != NO_RUN ? &core->runs[slot] : NULL;
}

struct run *sb_run_find(struct sb_core *core, uint64_t id)
{
    for (uint32_t i = 0; i < core->run_cap; i++)
        if (core->runs[i].is_used && core->runs[i].id == id)
            return &core->runs[i];
    return NULL;
}

struct run *sb_run_take(struct sb_core *core, uint16_t job, uint64_t id, enum sb_cause cause, int64_t nominal, uint8_t step,
                        uint8_t attempt)
{
    if (core->free_count == 0)
        return NULL;
    uint16_t slot = core->free_runs[--core->free_count];
    struct run *run = &core->runs[slot];
    SB_ASSERT(!run->is_used);
    *run = (struct run){
        .is_used = true,
        .is_forced = cause == SB_CAUSE_FORCE,
        .state = SB_RUN_STATE_QUEUED,
        .cause = (uint8_t)cause,
        .step = step,
        .attempt = attempt,
        .tries = 1,
        .job = job,
        .ctx = SB_NO_CTX,
        .id = id != 0 ? id : core->next_run++,
        .queued_at = core->now,
        .ready_at = core->now,
        .nominal = nominal,
    };
    core->idle_jobs -= core->jobs[job].live == 0 ? 1 : 0;
    core->jobs[job].live++;
    core->jobs[job].latest_slot = slot;
    return run;
}

void sb_run_say_queued(struct sb_core *core, const struct run *run)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_QUEUED);
    event.as.run_queued.run = run->id;
    event.as.run_queued.job = run->job;
    event.as.run_queued.step = run->step;
    event.as.run_queued.attempt = run->attempt;
    event.as.run_queued.cause = run->cause;
    event.as.run_queued.nominal = run->nominal;
    sb_core_emit(core, &event);
}

struct run *sb_run_create(struct sb_core *core, uint16_t job, uint64_t id, enum sb_cause cause, int64_t nominal, uint8_t step,
                          uint8_t attempt)
{
    const bool is_first = core->jobs[job].live == 0;
    struct run *run = is_first || core->free_count > core->idle_jobs ? sb_run_take(core, job, id, cause, nominal, step, attempt) : NULL;
    if (run != NULL)
        sb_run_say_queued(core, run);
    return run;
}

/* When a run that has not started counts as late; pauses are wanted waits and do not count. */
static sb_ns late_deadline(const struct sb_core *core, const struct run *run)
{
    bool is_paused = run->state == SB_RUN_STATE_HELD &&
                     (run->hold == SB_HOLD_JOB_PAUSED || run->hold == SB_HOLD_CATEGORY_PAUSED || run->hold == SB_HOLD_ALL_PAUSED);
    if (run->is_started || run->is_late_told || is_paused)
        return SB_NEVER;
    return sb_ns_add(run->queued_at, job_def(core, run->job)->late_after);
}

static sb_ns start_deadline(const struct sb_core *core, const struct run *run)
{
    const struct sb_job_def *def = job_def(core, run->job);
    if (run->is_started || def->start_deadline == 0 || run->nominal == 0)
        return SB_NEVER;
    return sb_ns_add(run->nominal - core->wall_offset, def->start_deadline);
}

static bool waits_for_context(const struct run *run)
{
    return run->state == SB_RUN_STATE_QUEUED && run->hold == SB_HOLD_CONTEXT;
}

static sb_ns queue_deadline(const struct sb_core *core, const struct run *run)
{
    sb_ns limit = job_def(core, run->job)->queue_timeout;
    return waits_for_context(run) && limit > 0 ? sb_ns_add(run->wait_since, limit) : SB_NEVER;
}

static sb_ns stop_deadline(const struct sb_core *core, const struct run *run)
{
    if (run->state == SB_RUN_STATE_RUNNING)
        return run->soft;
    if (run->state != SB_RUN_STATE_STOPPING)
        return SB_NEVER;
    return run->is_hard_stopped ? sb_ns_add(run->hard, core->setup.pool->stuck_grace) : run->hard;
}

#define LEASE_SLACK SB_S(1) /* at its deadline a step is stopped and its context taken: that is not beyond it */

/* Between two steps that share a page nothing limits the lease: it is only told. */
static sb_ns lease_deadline(const struct sb_core *core, const struct run *run)
{
    if (run->ctx == SB_NO_CTX || run->is_lease_told || core->ctxs[run->ctx].deadline == 0)
        return SB_NEVER;
    return sb_ns_add(core->ctxs[run->ctx].deadline, LEASE_SLACK);
}

#define OVERRUN_FROM SB_S(30) /* longer than ever by less hurts nobody */

/* Four fifths of its time, or twice as long as it has lately taken at most, whichever is later. */
static sb_ns overrun_deadline(const struct sb_core *core, const struct run *run)
{
    const sb_ns whole = job_def(core, run->job)->timeout / 5 * 4, longest = sb_service_longest(core, run->job);
    const sb_ns usual = longest == 0 ? 0 : longest > OVERRUN_FROM ? 2 * longest : longest + OVERRUN_FROM;
    if (run->state != SB_RUN_STATE_RUNNING || run->is_overrun_told || (whole == 0 && usual == 0))
        return SB_NEVER;
    return sb_ns_add(run->started_at, whole > usual ? whole : usual);
}

static sb_ns earliest(sb_ns a, sb_ns b)
{
    return a < b ? a : b;
}

void sb_run_arm(struct sb_core *core, struct run *run)
{
    sb_ns at = earliest(late_deadline(core, run), start_deadline(core, run));
    at = earliest(at, queue_deadline(core, run));
    at = earliest(at, stop_deadline(core, run));
    at = earliest(at, overrun_deadline(core, run));
    at = earliest(at, lease_deadline(core, run));
    if (run->state == SB_RUN_STATE_BACKOFF)
        at = earliest(at, run->wake);
    if (run->needs_place)
        at = core->now;
    sb_timer_set(core, timer_run(core, slot_of(core, run)), at);
}

static void tell_late(struct sb_core *core, struct run *run)
{
    run->is_late_told = true;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_LATE);
    event.as.run_late.run = run->id;
    event.as.run_late.job = run->job;
    event.as.run_late.late = core->now - run->queued_at;
    sb_core_emit(core, &event);
}

static void tell_overrun(struct sb_core *core, struct run *run)
{
    run->is_overrun_told = true;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_OVERRUN);
    event.as.run_overrun.run = run->id;
    event.as.run_overrun.job = run->job;
    event.as.run_overrun.step = run->step;
    event.as.run_overrun.lasted = core->now - run->started_at;
    event.as.run_overrun.usual = sb_service_longest(core, run->job);
    sb_core_emit(core, &event);
}

static void tell_lease(struct sb_core *core, struct run *run)
{
    run->is_lease_told = true;
    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_OVERDUE);
    event.as.lease_overdue.ctx = run->ctx;
    event.as.lease_overdue.run = run->id;
    event.as.lease_overdue.job = run->job;
    event.as.lease_overdue.over = core->now - core->ctxs[run->ctx].deadline;
    sb_core_emit(core, &event);
}

static void queue_timed_out(struct sb_core *core, struct run *run)
{
    const struct sb_job_def *def = job_def(core, run->job);
    char note[SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, note, sizeof(note));
    sb_text_add(&text, "no context of lane ");
    sb_text_add(&text, sb_lane_text(sb_category_lane((enum sb_category)def->category)));
    sb_text_add(&text, " within ");
    sb_text_add_duration(&text, def->queue_timeout);
    sb_lanes_forget(core, run);
    sb_advance_failed(core, run, run->step, SB_CLASS_NO_CONTEXT, 0, note);
}

static void stop_timer(struct sb_core *core, struct run *run)
{
    if (run->state == SB_RUN_STATE_RUNNING)
        sb_stop_soft(core, run, STOP_TIMEOUT, "time limit of the step");
    else if (!run->is_hard_stopped)
        sb_stop_hard(core, run, "did not stop in time");
    else
        sb_stop_lost(core, run);
}

/* The run's timer fired: exactly one of its reasons is handled, then it is armed for the next one. */
void sb_run_timer(struct sb_core *core, struct run *run)
{
    SB_ASSERT(run->is_used);
    uint64_t id = run->id;
    if (run->is_restored) {
        sb_restore_decide(core, run);
    } else if (late_deadline(core, run) <= core->now) {
        tell_late(core, run);
    } else if (start_deadline(core, run) <= core->now) {
        sb_run_end(core, run, SB_RUN_STATE_SKIPPED, SB_CLASS_NONE, run->step, "start deadline passed");
    } else if (queue_deadline(core, run) <= core->now) {
        queue_timed_out(core, run);
    } else if (stop_deadline(core, run) <= core->now) {
        stop_timer(core, run);
    } else if (overrun_deadline(core, run) <= core->now) {
        tell_overrun(core, run);
    } else if (lease_deadline(core, run) <= core->now) {
        tell_lease(core, run);
    } else if (run->state == SB_RUN_STATE_BACKOFF && run->wake <= core->now) {
        sb_run_move(core, run, SB_RUN_STATE_QUEUED);
        run->ready_at = core->now;
        sb_advance_place(core, run);
    } else if (run->needs_place) {
        sb_advance_place(core, run);
    }
    if (run->is_used && run->id == id)
        sb_run_arm(core, run);
}

static void remember_end(struct sb_core *core, const struct run *run, enum sb_run_state state, enum sb_class class,
                         uint8_t step, const char *error)
{
    struct job *job = &core->jobs[run->job];
    job->last_run = run->id;
    job->last_state = (uint8_t)state;
    job->last_class = (uint8_t)class;
    job->last_step = step;
    job->last_attempt = run->attempt;
    job->last_duration = core->now - (run->is_started ? run->started_at : run->queued_at);
    job->last_ended_at = core->now;
    note_copy(job->last_error, error);
    if (state == SB_RUN_STATE_SUCCEEDED)
        job->failures = 0;
    else if (state == SB_RUN_STATE_FAILED || state == SB_RUN_STATE_QUARANTINED)
        job->failures++;
}

static void forget_slot(struct sb_core *core, struct run *run)
{
    uint16_t slot = slot_of(core, run);
    struct job *job = &core->jobs[run->job];

    run->is_used = false;
    core->free_runs[core->free_count++] = slot;
    SB_ASSERT(job->live > 0);
    job->live--;
    core->idle_jobs += job->live == 0 ? 1 : 0;
    if (job->latest_slot != slot)
        return;
    job->latest_slot = NO_RUN;
    if (job->live == 0)
        return;
    for (uint32_t i = 0; i < core->run_cap; i++) /* only jobs that allow several runs come here */
        if (core->runs[i].is_used && core->runs[i].job == run->job)
            job->latest_slot = (uint16_t)i;
}

void sb_run_end(struct sb_core *core, struct run *run, enum sb_run_state state, enum sb_class class, uint8_t step,
                const char *error)
{
    SB_ASSERT(sb_run_state_is_end(state));
    SB_ASSERT(run->fence == 0);
    uint16_t job = run->job;
    if (run->state == SB_RUN_STATE_QUEUED)
        sb_lanes_forget(core, run);
    sb_heap_remove(&core->workers, slot_of(core, run));
    if (run->ctx != SB_NO_CTX)
        sb_lanes_release(core, run);
    sb_run_move(core, run, state);
    remember_end(core, run, state, class, step, error);
    sb_timer_set(core, timer_run(core, slot_of(core, run)), SB_NEVER);

    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_ENDED);
    struct sb_ev_run_ended *ended = &event.as.run_ended;
    ended->run = run->id;
    ended->job = job;
    ended->step = step;
    ended->attempt = run->attempt;
    ended->state = (uint8_t)state;
    ended->class = (uint8_t)class;
    ended->duration = core->jobs[job].last_duration;
    note_copy(ended->error, error);
    forget_slot(core, run);
    sb_core_emit(core, &event);
    sb_schedule_run_ended(core, job);
}
