/* Folds runs and steps. A job shows one run in full: the active one that came first, else the last one that ended; the ids of
 * further active runs are kept, and the oldest of them takes the place when the shown run ends. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static uint8_t clamp_u8(unsigned value)
{
    return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

static void note_copy(char *to, size_t cap, const char *from)
{
    sb_copy_n(to, cap, from, strnlen(from, SB_NOTE_MAX));
}

static bool others_take(struct sb_model_job *job, uint64_t run)
{
    for (unsigned i = 0; i < SB_MODEL_OTHERS; i++) {
        if (run == 0 || job->others[i] != run)
            continue;
        memmove(&job->others[i], &job->others[i + 1], (SB_MODEL_OTHERS - 1 - i) * sizeof job->others[0]);
        job->others[SB_MODEL_OTHERS - 1] = 0;
        return true;
    }
    return false;
}

static void others_put(struct sb_model_job *job, uint64_t run)
{
    for (unsigned i = 0; i < SB_MODEL_OTHERS; i++) {
        if (job->others[i] == run)
            return;
        if (job->others[i] == 0) {
            job->others[i] = run;
            return;
        }
    }
}

static void steps_clear(struct sb_model *model, const struct sb_model_job *job, unsigned from)
{
    for (unsigned i = from; i < job->step_count; i++) {
        struct sb_model_step *const step = &model->steps[job->first_step + i];
        step->state = SB_STEP_STATE_PENDING;
        step->attempt = 0;
        step->class = 0;
        step->ctx = SB_NO_CTX;
        step->started = 0;
        step->duration = 0;
        step->rows = 0;
        memset(step->text, 0, sizeof step->text);
    }
}

static void run_begin(struct sb_model *model, struct sb_model_job *job, uint64_t run, unsigned keep_steps)
{
    others_take(job, run);
    memset(&job->run, 0, sizeof job->run);
    job->run.id = run;
    job->run.attempts_max = job->attempts_max;
    job->run.ctx = SB_NO_CTX;
    job->run.queued = model->now;
    steps_clear(model, job, keep_steps);
}

/* The shown run when it is this one or when this one may take its place; NULL when the event is about another run. */
static struct sb_model_run *run_of(struct sb_model *model, struct sb_model_job *job, uint64_t run)
{
    if (run == 0)
        return NULL;
    if (job->run.id == run)
        return &job->run;
    if (sb_model_run_is_active(&job->run)) {
        others_put(job, run);
        return NULL;
    }
    if (run < job->run.id)
        return NULL;
    run_begin(model, job, run, 0);
    return &job->run;
}

static struct sb_model_try *try_last(struct sb_model_run *run)
{
    return run->try_count == 0 ? NULL : &run->tries[run->try_count - 1];
}

static void try_open(struct sb_model_run *run, const struct sb_event *event, uint8_t attempt)
{
    struct sb_model_try *last = try_last(run);
    if (last != NULL && last->attempt == attempt && !last->is_over)
        return;
    if (run->try_count == SB_MODEL_TRIES) {
        memmove(&run->tries[0], &run->tries[1], (SB_MODEL_TRIES - 1) * sizeof run->tries[0]);
        run->try_count--;
    }
    last = &run->tries[run->try_count++];
    memset(last, 0, sizeof *last);
    last->attempt = attempt;
    last->started = event->wall;
    last->ctx = run->ctx;
}

static void try_close(struct sb_model_run *run, const struct sb_event *event, bool is_failed, uint8_t class, const char *error)
{
    struct sb_model_try *const last = try_last(run);
    if (last == NULL || last->is_over)
        return;
    last->is_over = true;
    last->is_failed = is_failed;
    last->class = class;
    last->step = run->step;
    last->duration = run->started == 0 ? 0 : event->now - run->started;
    note_copy(last->error, sizeof last->error, error);
}

void sb_fold_run_queued(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_queued *const ev = &event->as.run_queued;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    if (job == NULL)
        return;
    /* A retry or a recovery goes on at its step: what was done before it is still true and stays shown. */
    const bool goes_on = (ev->cause == SB_CAUSE_OPERATOR_RETRY || ev->cause == SB_CAUSE_RECOVERY) && ev->step > 0;
    const bool is_shown = job->run.id == ev->run;
    if (!is_shown && sb_model_run_is_active(&job->run)) {
        others_put(job, ev->run);
        return;
    }
    if (!is_shown)
        run_begin(model, job, ev->run, goes_on ? ev->step : 0);
    else
        steps_clear(model, job, ev->step);
    struct sb_model_run *const run = &job->run;
    run->state = SB_RUN_STATE_QUEUED;
    run->hold = SB_HOLD_NONE;
    run->cause = ev->cause;
    run->attempt = ev->attempt;
    /* An operator's retry starts the count of tries again; a describe stream tells the attempt under way. */
    run->attempts_max = ev->cause == SB_CAUSE_OPERATOR_RETRY && event->seq != 0 && ev->attempt > 0
                            ? clamp_u8(ev->attempt - 1U + job->attempts_max)
                            : ev->attempt > job->attempts_max ? ev->attempt : job->attempts_max;
    run->step = ev->step;
    run->nominal = (struct sb_wall){ev->nominal};
    run->queued = event->now;
    run->ended = 0;
    run->retry_at = 0;
    run->is_stuck = false;
    sb_model_derive(model, job);
}

void sb_fold_run_held(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_held *const ev = &event->as.run_held;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->state = SB_RUN_STATE_HELD;
    run->hold = ev->hold;
    run->component = ev->component;
    note_copy(run->detail, sizeof run->detail, ev->detail);
    sb_model_derive(model, job);
}

void sb_fold_run_released(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_released *const ev = &event->as.run_released;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    if (run->state == SB_RUN_STATE_HELD || run->state == SB_RUN_STATE_BACKOFF)
        run->state = SB_RUN_STATE_QUEUED;
    run->hold = SB_HOLD_NONE;
    run->retry_at = 0;
    memset(run->detail, 0, sizeof run->detail);
    sb_model_derive(model, job);
}

void sb_fold_run_started(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_started *const ev = &event->as.run_started;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->state = SB_RUN_STATE_RUNNING;
    run->hold = SB_HOLD_NONE;
    run->attempt = ev->attempt;
    run->started = event->now;
    run->started_wall = event->wall;
    run->waited = ev->waited;
    run->retry_at = 0;
    memset(run->detail, 0, sizeof run->detail);
    try_open(run, event, ev->attempt);
    sb_model_derive(model, job);
}

void sb_fold_run_late(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_late *const ev = &event->as.run_late;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->is_late = true;
    run->late = ev->late;
}

void sb_fold_run_overrun(struct sb_model *model, const struct sb_event *event)
{
    (void)model, (void)event; /* its alert says it */
}

void sb_fold_run_stuck(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_stuck *const ev = &event->as.run_stuck;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->is_stuck = true;
    run->step = ev->step;
    sb_model_derive(model, job);
}

void sb_fold_run_yielded(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_yielded *const ev = &event->as.run_yielded;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->state = SB_RUN_STATE_QUEUED;
    run->step = ev->step;
    run->ctx = SB_NO_CTX;
    sb_model_derive(model, job);
}

void sb_fold_run_retrying(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_retrying *const ev = &event->as.run_retrying;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    sb_model_forget_waiter(model, ev->run);
    run->step = ev->step;
    try_close(run, event, true, ev->class, ev->error);
    run->state = SB_RUN_STATE_BACKOFF;
    run->hold = SB_HOLD_BACKOFF;
    run->is_waiting_context = false;
    run->is_stuck = false;
    run->attempt = ev->attempt;
    run->attempts_max = ev->attempts_max;
    run->class = ev->class;
    run->retry_at = sb_ns_add(event->now, ev->delay);
    note_copy(run->error, sizeof run->error, ev->error);
    sb_model_derive(model, job);
}

void sb_fold_run_stopping(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_stopping *const ev = &event->as.run_stopping;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->state = SB_RUN_STATE_STOPPING;
    run->is_hard_stop = ev->hard;
    note_copy(run->detail, sizeof run->detail, ev->reason);
    sb_model_derive(model, job);
}

void sb_fold_run_interrupted(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_interrupted *const ev = &event->as.run_interrupted;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    run->state = SB_RUN_STATE_INTERRUPTED;
    run->step = ev->step;
    run->attempt = ev->attempt;
    run->ctx = SB_NO_CTX;
    run->class = ev->was_effect ? SB_CLASS_UNCERTAIN : SB_CLASS_RETRYABLE;
    note_copy(run->error, sizeof run->error, "the process ended while it ran");
    try_close(run, event, true, run->class, run->error);
    job->last_outcome = SB_RUN_STATE_INTERRUPTED;
    sb_model_derive(model, job);
}

static void outcome_put(struct sb_model_job *job, uint8_t state, sb_ns duration)
{
    job->last_outcome = state;
    job->last_duration = duration;
    job->runs_ended++;
    if (state == SB_RUN_STATE_SUCCEEDED) {
        job->failures = 0;
        job->runs_ok++;
    } else if (state != SB_RUN_STATE_CANCELLED) {
        job->failures++;
    }
    job->recent_outcome[job->recent_next] = state;
    job->recent_duration[job->recent_next] = duration;
    job->recent_next = (uint8_t)((job->recent_next + 1U) % SB_MODEL_RECENT);
    if (job->recent_count < SB_MODEL_RECENT)
        job->recent_count++;
}

static void run_close(struct sb_model *model, struct sb_model_job *job, const struct sb_event *event)
{
    const struct sb_ev_run_ended *const ev = &event->as.run_ended;
    struct sb_model_run *const run = &job->run;
    run->step = ev->step;
    try_close(run, event, ev->state != SB_RUN_STATE_SUCCEEDED && ev->state != SB_RUN_STATE_SKIPPED, ev->class, ev->error);
    run->state = ev->state;
    run->hold = SB_HOLD_NONE;
    run->attempt = ev->attempt;
    run->class = ev->class;
    run->duration = ev->duration;
    run->ended = event->now;
    run->ended_wall = event->wall;
    run->ctx = SB_NO_CTX;
    run->is_waiting_context = false;
    run->is_stuck = false;
    note_copy(run->error, sizeof run->error, ev->error);
    if (job->others[0] != 0) {
        run_begin(model, job, job->others[0], 0);
        job->run.state = SB_RUN_STATE_QUEUED;
    }
}

void sb_fold_run_ended(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_run_ended *const ev = &event->as.run_ended;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    if (job == NULL)
        return;
    sb_model_forget_waiter(model, ev->run);
    if (ev->state <= SB_RUN_STATE_BACKOFF || ev->state >= SB_RUN_STATE_COUNT)
        return; /* not an end */
    if (ev->state != SB_RUN_STATE_SKIPPED)
        outcome_put(job, ev->state, ev->duration);
    const bool was_other = others_take(job, ev->run);
    if (!was_other && run_of(model, job, ev->run) != NULL)
        run_close(model, job, event);
    else
        others_take(job, ev->run); /* run_of noted an unknown run as active; it has just ended */
    sb_model_derive(model, job);
}

void sb_fold_step_started(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_step_started *const ev = &event->as.step_started;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    if (run == NULL)
        return;
    if (run->state != SB_RUN_STATE_STOPPING)
        run->state = SB_RUN_STATE_RUNNING;
    if (run->started == 0)
        run->started = event->now;
    run->hold = SB_HOLD_NONE;
    run->step = ev->step;
    run->attempt = ev->attempt;
    if (ev->ctx != SB_NO_CTX)
        run->ctx = ev->ctx;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx != NULL && ctx->run == ev->run)
        ctx->deadline = sb_ns_add(event->now, ev->timeout);
    struct sb_model_try *const last = try_last(run);
    if (last != NULL && last->ctx == SB_NO_CTX)
        last->ctx = ev->ctx;
    struct sb_model_step *const step = sb_model_step_mutable(model, job, ev->step);
    if (step != NULL) {
        step->state = SB_STEP_STATE_RUNNING;
        step->attempt = ev->attempt;
        step->class = SB_CLASS_NONE;
        step->started = event->now;
        step->duration = 0;
        step->rows = 0;
        step->ctx = ev->ctx;
        memset(step->text, 0, sizeof step->text);
    }
    sb_model_derive(model, job);
}

void sb_fold_step_ended(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_step_ended *const ev = &event->as.step_ended;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_run *const run = job == NULL ? NULL : run_of(model, job, ev->run);
    struct sb_model_step *const step = run == NULL ? NULL : sb_model_step_mutable(model, job, ev->step);
    if (step == NULL)
        return;
    step->state = ev->state;
    step->attempt = ev->attempt;
    step->class = ev->class;
    step->duration = ev->duration;
    step->rows = ev->rows;
    note_copy(step->text, sizeof step->text, ev->text);
}

void sb_fold_step_stale(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* refused results change nothing; the log tells them */
    (void)event;
}
