/* Owns the way of an event into the model: clock, sequence, dispatch, log, and the derived state of jobs. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static sb_fold *const folds[SB_EVENT_COUNT] = {
#define X(code, name, severity, text) [SB_EVENT_##code] = sb_fold_##name,
    SB_EVENTS(X)
#undef X
};

struct sb_model_job *sb_model_job_mutable(struct sb_model *model, uint16_t job)
{
    if (job >= SB_JOBS_MAX || !model->jobs[job].is_defined)
        return NULL;
    return &model->jobs[job];
}

struct sb_model_step *sb_model_step_mutable(struct sb_model *model, const struct sb_model_job *job, uint8_t step)
{
    return step < job->step_count ? &model->steps[job->first_step + step] : NULL;
}

struct sb_model_ctx *sb_model_ctx_mutable(struct sb_model *model, uint16_t ctx)
{
    return ctx < SB_CONTEXTS_MAX ? &model->contexts[ctx] : NULL;
}

static enum sb_job_state state_of_hold(const struct sb_model_run *run)
{
    static const uint8_t states[SB_HOLD_COUNT] = {
        [SB_HOLD_NONE] = SB_JOB_STATE_HELD,         [SB_HOLD_JOB_PAUSED] = SB_JOB_STATE_PAUSED,
        [SB_HOLD_CATEGORY_PAUSED] = SB_JOB_STATE_PAUSED, [SB_HOLD_ALL_PAUSED] = SB_JOB_STATE_PAUSED,
        [SB_HOLD_DEPENDENCY] = SB_JOB_STATE_HELD,   [SB_HOLD_BUDGET] = SB_JOB_STATE_HELD,
        [SB_HOLD_CONTEXT] = SB_JOB_STATE_WAIT,      [SB_HOLD_WORKER] = SB_JOB_STATE_WAIT,
        [SB_HOLD_BACKOFF] = SB_JOB_STATE_FAIL,      [SB_HOLD_DRAINING] = SB_JOB_STATE_HELD,
        [SB_HOLD_BREAKER] = SB_JOB_STATE_HELD,
    };
    return run->hold < SB_HOLD_COUNT ? (enum sb_job_state)states[run->hold] : SB_JOB_STATE_HELD;
}

/* A finished job: its last outcome speaks before a pause, because a failure under a pause is still a failure. */
static enum sb_job_state state_at_rest(const struct sb_model *model, const struct sb_model_job *job)
{
    if (job->last_outcome == SB_RUN_STATE_FAILED || job->last_outcome == SB_RUN_STATE_QUARANTINED ||
        job->last_outcome == SB_RUN_STATE_INTERRUPTED)
        return SB_JOB_STATE_FAIL;
    if (sb_model_is_paused(model, job))
        return SB_JOB_STATE_PAUSED;
    return job->last_outcome == SB_RUN_STATE_SUCCEEDED ? SB_JOB_STATE_OK : SB_JOB_STATE_NONE;
}

static enum sb_job_state state_of(const struct sb_model *model, const struct sb_model_job *job)
{
    const struct sb_model_run *const run = &job->run;
    if (!sb_model_run_is_active(run))
        return state_at_rest(model, job);
    if (run->state == SB_RUN_STATE_RUNNING || run->state == SB_RUN_STATE_STOPPING)
        return run->is_stuck ? SB_JOB_STATE_FAIL : SB_JOB_STATE_RUN;
    if (run->state == SB_RUN_STATE_BACKOFF)
        return SB_JOB_STATE_FAIL;
    if (run->state == SB_RUN_STATE_HELD)
        return state_of_hold(run);
    /* A forced run is queued although its job is paused. */
    return sb_model_is_paused(model, job) && run->cause != SB_CAUSE_FORCE ? SB_JOB_STATE_PAUSED : SB_JOB_STATE_WAIT;
}

void sb_model_derive(struct sb_model *model, struct sb_model_job *job)
{
    const enum sb_job_state state = state_of(model, job);
    if (state == (enum sb_job_state)job->state)
        return;
    model->jobs_in_state[job->state]--;
    model->jobs_in_state[state]++;
    job->state = (uint8_t)state;
    job->since = model->now;
}

void sb_model_derive_all(struct sb_model *model)
{
    for (uint32_t i = 0; i < model->job_high; i++) {
        if (model->jobs[i].is_defined)
            sb_model_derive(model, &model->jobs[i]);
    }
}

void sb_model_forget_waiter(struct sb_model *model, uint64_t run)
{
    for (uint32_t i = 0; i < model->waiter_count; i++) {
        if (model->waiters[i].run != run)
            continue;
        model->waiter_count--;
        memmove(&model->waiters[i], &model->waiters[i + 1], (model->waiter_count - i) * sizeof *model->waiters);
        memset(&model->waiters[model->waiter_count], 0, sizeof *model->waiters);
        return;
    }
}

/* A describe stream (seq 0) says how things are, not what happened; debug facts would wash the log out. */
static void note(struct sb_model *model, const struct sb_event *event)
{
    if (event->seq != 0 && sb_event_severity(event) >= SB_SEVERITY_INFO) {
        model->log[model->log_total % SB_MODEL_LOG] = *event;
        model->log_total++;
    }
}

void sb_model_recall(struct sb_model *model, const struct sb_event *event)
{
    if (event->kind >= SB_EVENT_COUNT)
        return;
    model->changes++;
    note(model, event);
}

void sb_model_fold(struct sb_model *model, const struct sb_event *event)
{
    if (event->kind >= SB_EVENT_COUNT)
        return;
    if (event->kind != SB_EVENT_HEARTBEAT) /* a sign of life, not a change */
        model->changes++;
    model->now = event->now;
    model->wall = event->wall;
    if (event->seq > model->seq)
        model->seq = event->seq;
    sb_model_note_spans(model, event); /* sees what was before the event */
    folds[event->kind](model, event);
    note(model, event);
}
