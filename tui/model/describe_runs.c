/* The part of the way back that tells of jobs and their runs. Pure. */
#include "describe.h"

enum { RECENT_JOBS_MAX = 256 }; /* with more jobs only the last outcome of each is told: the rest would be most of the stream */

static void say_outcomes(const struct telling *t, uint16_t id, const struct sb_model_job *job)
{
    const bool is_shown = job->run.id != 0 && !sb_model_run_is_active(&job->run) && job->run.state != SB_RUN_STATE_SKIPPED;
    const unsigned last = job->recent_count - (is_shown && job->recent_count > 0 ? 1U : 0U);
    const unsigned first = t->model->job_count > RECENT_JOBS_MAX && last > 0 ? last - 1 : 0;
    for (unsigned i = first; i < last; i++) {
        struct sb_event event = make(t, SB_EVENT_RUN_ENDED, 0);
        event.as.run_ended.job = id;
        event.as.run_ended.state = job->recent_outcome[sb_model_recent_at(job, i)];
        event.as.run_ended.duration = job->recent_duration[sb_model_recent_at(job, i)];
        say(t, &event);
    }
}

void sb_say_job_state(const struct telling *t, uint16_t id)
{
    const struct sb_model_job *const job = &t->model->jobs[id];
    say_outcomes(t, id, job);
    if (job->is_paused) {
        struct sb_event event = make(t, SB_EVENT_JOB_PAUSED, t->model->now - (t->model->wall.ns - job->paused_at.ns));
        event.wall = job->paused_at;
        event.as.job_paused.job = id;
        name_copy(event.as.job_paused.actor, job->pause_actor);
        note_copy(event.as.job_paused.reason, job->pause_reason);
        say(t, &event);
    }
    if (job->next_due.ns != 0) {
        struct sb_event event = make(t, SB_EVENT_JOB_SCHEDULED, 0);
        event.as.job_scheduled.job = id;
        event.as.job_scheduled.due = job->next_due.ns;
        say(t, &event);
    }
    if (job->stretched > 0) {
        struct sb_event event = make(t, SB_EVENT_JOB_STRETCHED, 0);
        event.as.job_stretched.job = id;
        event.as.job_stretched.from = job->every;
        event.as.job_stretched.to = job->stretched;
        event.as.job_stretched.tier = t->model->budget.tier;
        say(t, &event);
    }
    if (job->skipped > 0) {
        struct sb_event event = make(t, SB_EVENT_NOMINAL_SKIPPED, 0);
        event.as.nominal_skipped.job = id;
        event.as.nominal_skipped.count = job->skipped;
        event.as.nominal_skipped.reason = job->last_skip;
        say(t, &event);
    }
}

/* ---- runs ---- */

static void say_steps(const struct telling *t, uint16_t id, const struct sb_model_job *job)
{
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_model_step *const step = &t->model->steps[job->first_step + i];
        if (step->state == SB_STEP_STATE_PENDING)
            continue;
        struct sb_event event = make(t, SB_EVENT_STEP_STARTED, step->started);
        event.as.step_started.run = job->run.id;
        event.as.step_started.job = id;
        event.as.step_started.step = i;
        event.as.step_started.attempt = step->attempt;
        event.as.step_started.ctx = step->ctx;
        event.as.step_started.timeout = step->timeout;
        if (step->started != 0)
            say(t, &event);
        if (step->state == SB_STEP_STATE_RUNNING)
            continue;
        event = make(t, SB_EVENT_STEP_ENDED, sb_ns_add(step->started, step->duration));
        event.as.step_ended.run = job->run.id;
        event.as.step_ended.job = id;
        event.as.step_ended.step = i;
        event.as.step_ended.attempt = step->attempt;
        event.as.step_ended.state = step->state;
        event.as.step_ended.class = step->class;
        event.as.step_ended.duration = step->duration;
        event.as.step_ended.rows = step->rows;
        note_copy(event.as.step_ended.text, step->text);
        say(t, &event);
    }
}

/* What the run waits for, or how it ended: after its steps, because they would say that it runs. */
static void say_run_end(const struct telling *t, uint16_t id, const struct sb_model_job *job)
{
    const struct sb_model_run *const run = &job->run;
    struct sb_event event;
    if (!sb_model_run_is_active(run)) {
        event = make(t, SB_EVENT_RUN_ENDED, run->ended);
        event.wall = run->ended_wall.ns != 0 ? run->ended_wall : event.wall;
        event.as.run_ended.run = run->id;
        event.as.run_ended.job = id;
        event.as.run_ended.step = run->step;
        event.as.run_ended.attempt = run->attempt;
        event.as.run_ended.state = run->state;
        event.as.run_ended.class = run->class;
        event.as.run_ended.duration = run->duration;
        note_copy(event.as.run_ended.error, run->error);
    } else if (run->state == SB_RUN_STATE_HELD) {
        event = make(t, SB_EVENT_RUN_HELD, job->since);
        event.as.run_held.run = run->id;
        event.as.run_held.job = id;
        event.as.run_held.hold = run->hold;
        event.as.run_held.component = run->component;
        note_copy(event.as.run_held.detail, run->detail);
    } else if (run->state == SB_RUN_STATE_BACKOFF) {
        event = make(t, SB_EVENT_RUN_RETRYING, job->since);
        event.as.run_retrying.run = run->id;
        event.as.run_retrying.job = id;
        event.as.run_retrying.step = run->step;
        event.as.run_retrying.attempt = run->attempt;
        event.as.run_retrying.attempts_max = run->attempts_max;
        event.as.run_retrying.class = run->class;
        event.as.run_retrying.delay = run->retry_at > event.now ? run->retry_at - event.now : 0;
        note_copy(event.as.run_retrying.error, run->error);
    } else if (run->state == SB_RUN_STATE_STOPPING) {
        event = make(t, SB_EVENT_RUN_STOPPING, job->since);
        event.as.run_stopping.run = run->id;
        event.as.run_stopping.job = id;
        event.as.run_stopping.hard = run->is_hard_stop;
        note_copy(event.as.run_stopping.reason, run->detail);
    } else if (run->state == SB_RUN_STATE_QUEUED && run->started != 0) {
        event = make(t, SB_EVENT_RUN_YIELDED, job->since);
        event.as.run_yielded.run = run->id;
        event.as.run_yielded.job = id;
        event.as.run_yielded.step = run->step;
        event.as.run_yielded.ctx = SB_NO_CTX;
    } else {
        return;
    }
    say(t, &event);
}

static void say_run_marks(const struct telling *t, uint16_t id, const struct sb_model_run *run)
{
    struct sb_event event = make(t, SB_EVENT_RUN_LATE, 0);
    event.as.run_late.run = run->id;
    event.as.run_late.job = id;
    event.as.run_late.late = run->late;
    if (run->is_late && sb_model_run_is_active(run))
        say(t, &event);
    event = make(t, SB_EVENT_RUN_STUCK, 0);
    event.as.run_stuck.run = run->id;
    event.as.run_stuck.job = id;
    event.as.run_stuck.step = run->step;
    if (run->is_stuck)
        say(t, &event);
}

void sb_say_run(const struct telling *t, uint16_t id)
{
    const struct sb_model_job *const job = &t->model->jobs[id];
    const struct sb_model_run *const run = &job->run;
    if (run->id == 0)
        return;
    struct sb_event event = make(t, SB_EVENT_RUN_QUEUED, run->queued);
    event.as.run_queued.run = run->id;
    event.as.run_queued.job = id;
    event.as.run_queued.step = run->step;
    event.as.run_queued.attempt = run->attempt;
    event.as.run_queued.cause = run->cause;
    event.as.run_queued.nominal = run->nominal.ns;
    say(t, &event);
    if (run->started != 0) {
        event = make(t, SB_EVENT_RUN_STARTED, run->started);
        event.wall = run->started_wall.ns != 0 ? run->started_wall : event.wall;
        event.as.run_started.run = run->id;
        event.as.run_started.job = id;
        event.as.run_started.attempt = run->attempt;
        event.as.run_started.waited = run->waited;
        say(t, &event);
    }
    say_steps(t, id, job);
    say_run_end(t, id, job);
    say_run_marks(t, id, run);
    for (unsigned i = 0; i < SB_MODEL_OTHERS && job->others[i] != 0; i++) {
        event = make(t, SB_EVENT_RUN_QUEUED, 0);
        event.as.run_queued.run = job->others[i];
        event.as.run_queued.job = id;
        say(t, &event);
    }
}
