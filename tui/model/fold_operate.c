/* Folds what operators and the watchers do: pauses, commands, budget, alerts, drain. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static void name_copy(char *to, const char *from)
{
    sb_copy_n(to, SB_NAME_MAX, from, strnlen(from, SB_NAME_MAX));
}

static void note_copy(char *to, const char *from)
{
    sb_copy_n(to, SB_NOTE_MAX, from, strnlen(from, SB_NOTE_MAX));
}

static void pause_on(struct sb_model_pause *pause, const struct sb_event *event, const char *actor, const char *reason)
{
    pause->is_on = true;
    pause->since = event->wall;
    name_copy(pause->actor, actor);
    note_copy(pause->reason, reason);
}

void sb_fold_job_paused(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_job_paused *const ev = &event->as.job_paused;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    if (job == NULL)
        return;
    job->is_paused = true;
    job->paused_at = event->wall;
    name_copy(job->pause_actor, ev->actor);
    note_copy(job->pause_reason, ev->reason);
    sb_model_derive(model, job);
}

void sb_fold_job_resumed(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_job *const job = sb_model_job_mutable(model, event->as.job_resumed.job);
    if (job == NULL)
        return;
    job->is_paused = false;
    sb_model_derive(model, job);
}

void sb_fold_category_paused(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_category_paused *const ev = &event->as.category_paused;
    if (ev->category >= SB_CATEGORY_COUNT)
        return;
    pause_on(&model->category_paused[ev->category], event, ev->actor, ev->reason);
    sb_model_derive_all(model);
}

void sb_fold_category_resumed(struct sb_model *model, const struct sb_event *event)
{
    if (event->as.category_resumed.category >= SB_CATEGORY_COUNT)
        return;
    model->category_paused[event->as.category_resumed.category].is_on = false;
    sb_model_derive_all(model);
}

void sb_fold_all_paused(struct sb_model *model, const struct sb_event *event)
{
    pause_on(&model->all_paused, event, event->as.all_paused.actor, event->as.all_paused.reason);
    sb_model_derive_all(model);
}

void sb_fold_all_resumed(struct sb_model *model, const struct sb_event *event)
{
    (void)event;
    model->all_paused.is_on = false;
    sb_model_derive_all(model);
}

void sb_fold_command_done(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_command_done *const ev = &event->as.command_done;
    struct sb_model_command *const last = &model->last_command;
    last->id = ev->command;
    last->kind = ev->kind;
    last->is_known = true;
    last->is_done = true;
    last->job = ev->job;
    last->run = ev->run;
    last->at = event->wall;
    name_copy(last->actor, ev->actor);
    note_copy(last->outcome, ev->outcome);
    sb_audit_take(&model->audit, event);
}

void sb_fold_command_refused(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_command_refused *const ev = &event->as.command_refused;
    struct sb_model_command *const last = &model->last_command;
    last->id = ev->command;
    last->kind = ev->kind;
    last->is_known = true;
    last->is_done = false;
    last->job = ev->job;
    last->run = ev->run;
    last->at = event->wall;
    name_copy(last->actor, ev->actor);
    note_copy(last->outcome, ev->outcome);
    sb_audit_take(&model->audit, event);
}

void sb_fold_note(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* told by the log */
    (void)event;
}

void sb_fold_clock_stepped(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* due times follow as job_scheduled */
    (void)event;
}

void sb_fold_recovery_ended(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* what it came to is the component's state, and the line in the log */
    (void)event;
}

void sb_fold_model_ending(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* an alert, and a line in the log */
    (void)event;
}

void sb_fold_gauge_changed(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* what lasts becomes an alert; the line in the log */
    (void)event;
}

void sb_fold_lease_overdue(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* the lease is still shown, and its alert */
    (void)event;
}

void sb_fold_budget_compared(struct sb_model *model, const struct sb_event *event)
{
    (void)model; /* the figures are in the log, and in the alert while they differ */
    (void)event;
}

void sb_fold_drain_started(struct sb_model *model, const struct sb_event *event)
{
    model->is_draining = true;
    model->drain_since = event->now;
    model->drain_grace = event->as.drain_started.grace;
    name_copy(model->drain_actor, event->as.drain_started.actor);
}

void sb_fold_drained(struct sb_model *model, const struct sb_event *event)
{
    (void)event;
    model->is_drained = true;
}

void sb_fold_breaker_changed(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_breaker_changed *const ev = &event->as.breaker_changed;
    if (ev->site >= SB_SITES_MAX || ev->state >= SB_BREAKER_STATE_COUNT)
        return;
    struct sb_model_breaker *const breaker = &model->breakers[ev->site];
    breaker->is_defined = true;
    breaker->state = ev->state;
    breaker->since = event->now;
    breaker->until = ev->lasts > 0 ? sb_ns_add(event->now, ev->lasts) : 0;
    name_copy(breaker->name, ev->name);
    name_copy(breaker->actor, ev->actor);
    note_copy(breaker->reason, ev->reason);
}
