/* Folds the announcements: runtime, pool, jobs, steps, contexts, components, budget. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

/* Contexts and queues die with their process and nothing says goodbye for them. */
static void forget_process(struct sb_model *model)
{
    memset(model->contexts, 0, sizeof model->contexts);
    memset(model->waiters, 0, model->waiter_count * sizeof *model->waiters);
    model->waiter_count = 0;
    model->is_saturated = false;
    model->memory_level = 0;
}

void sb_fold_runtime_started(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_runtime_started *const ev = &event->as.runtime_started;
    if (model->is_started && model->boot != ev->boot)
        forget_process(model);
    model->boot = ev->boot;
    sb_copy_n(model->version, sizeof model->version, ev->version, strnlen(ev->version, sizeof ev->version));
    sb_copy_n(model->host, sizeof model->host, ev->host, strnlen(ev->host, sizeof ev->host));
    sb_copy_n(model->config_hash, sizeof model->config_hash, ev->config_hash, strnlen(ev->config_hash, sizeof ev->config_hash));
    model->is_practice = ev->is_practice;
    model->is_started = true;
    model->is_draining = false;
    model->is_drained = false;
}

void sb_fold_pool_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_pool_defined *const ev = &event->as.pool_defined;
    model->pool_contexts = ev->contexts;
    model->pool_burst = ev->burst;
    model->pool_workers = ev->workers;
    model->lane_policy = model->lane_policy_defined = ev->policy;
    model->lane_policy_until = 0;
}

/* Steps get a place once; a job that is announced again with more steps gets a new one. When the room is used up the job keeps its
 * counters and shows no steps. */
static void place_steps(struct sb_model *model, struct sb_model_job *job, uint8_t count)
{
    if (count > SB_JOB_STEPS_MAX)
        count = SB_JOB_STEPS_MAX;
    if (count > job->step_room) {
        if (model->step_used + count > SB_MODEL_STEPS_MAX)
            count = job->step_room;
        else {
            job->first_step = model->step_used;
            job->step_room = count;
            model->step_used += count;
        }
    }
    job->step_count = count;
}

void sb_fold_job_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_job_defined *const ev = &event->as.job_defined;
    if (ev->job >= SB_JOBS_MAX)
        return;
    struct sb_model_job *const job = &model->jobs[ev->job];
    if (!job->is_defined) {
        job->is_defined = true;
        job->state = SB_JOB_STATE_NONE;
        job->since = event->now;
        job->run.ctx = SB_NO_CTX;
        model->jobs_in_state[SB_JOB_STATE_NONE]++;
        model->job_count++;
        if (ev->job >= model->job_high)
            model->job_high = ev->job + 1U;
    }
    sb_copy_n(job->name, sizeof job->name, ev->name, strnlen(ev->name, sizeof ev->name));
    sb_copy_n(job->schedule, sizeof job->schedule, ev->schedule, strnlen(ev->schedule, sizeof ev->schedule));
    job->category = ev->category;
    job->priority = ev->priority;
    job->is_critical = ev->is_critical;
    job->needs_browser = ev->needs_browser;
    job->needs_llm = ev->needs_llm;
    job->attempts_max = ev->attempts_max;
    job->timeout = ev->timeout;
    job->every = ev->every;
    place_steps(model, job, ev->steps);
    sb_model_derive(model, job);
}

void sb_fold_step_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_step_defined *const ev = &event->as.step_defined;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    struct sb_model_step *const step = job == NULL ? NULL : sb_model_step_mutable(model, job, ev->step);
    if (step == NULL)
        return;
    sb_copy_n(step->name, sizeof step->name, ev->name, strnlen(ev->name, sizeof ev->name));
    step->kind = ev->kind;
    step->needs_context = ev->needs_context;
    step->is_effect = ev->is_effect;
    step->timeout = ev->timeout;
    if (step->state == SB_STEP_STATE_PENDING)
        step->ctx = SB_NO_CTX;
}

void sb_fold_context_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_context_defined *const ev = &event->as.context_defined;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL)
        return;
    if (!ctx->is_defined) {
        ctx->job = SB_NO_JOB;
        ctx->since = event->now;
    }
    ctx->is_defined = true;
    ctx->lane = ev->lane;
    ctx->is_burst_slot = ev->is_burst;
}

void sb_fold_component_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_component_defined *const ev = &event->as.component_defined;
    if (ev->component >= SB_COMPONENT_COUNT)
        return;
    struct sb_model_component *const component = &model->components[ev->component];
    if (!component->is_defined)
        component->since = event->now;
    component->is_defined = true;
    component->class = ev->class;
}

void sb_fold_component_changed(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_component_changed *const ev = &event->as.component_changed;
    if (ev->component >= SB_COMPONENT_COUNT)
        return;
    struct sb_model_component *const component = &model->components[ev->component];
    if (!component->is_defined || component->state != ev->state)
        component->since = event->now;
    if (component->state != ev->state || model->component_history[ev->component].total == 0)
        sb_history_put(&model->component_history[ev->component], event, ev->state, 0, ev->reason);
    component->is_defined = true;
    component->state = ev->state;
    component->latency = ev->latency;
    sb_copy_n(component->reason, sizeof component->reason, ev->reason, strnlen(ev->reason, sizeof ev->reason));
}

void sb_fold_component_slow(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_component_slow *const ev = &event->as.component_slow;
    if (ev->component < SB_COMPONENT_COUNT)
        model->components[ev->component].latency = ev->latency;
}

void sb_fold_described(struct sb_model *model, const struct sb_event *event)
{
    (void)event;
    model->is_described = true;
}

/* Its time is all it says; sb_model_fold has taken that. */
void sb_fold_heartbeat(struct sb_model *model, const struct sb_event *event)
{
    (void)model;
    (void)event;
}

void sb_fold_job_scheduled(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_job *const job = sb_model_job_mutable(model, event->as.job_scheduled.job);
    if (job != NULL)
        job->next_due = (struct sb_wall){event->as.job_scheduled.due};
}

void sb_fold_nominal_skipped(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_job *const job = sb_model_job_mutable(model, event->as.nominal_skipped.job);
    if (job == NULL)
        return;
    job->skipped += event->as.nominal_skipped.count;
    job->last_skip = event->as.nominal_skipped.reason;
}

void sb_fold_lane_policy_set(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lane_policy_set *const ev = &event->as.lane_policy_set;
    model->lane_policy = ev->policy;
    model->lane_policy_until = ev->lasts > 0 ? sb_ns_add(event->now, ev->lasts) : 0;
}
