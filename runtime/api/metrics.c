/* The fold: one function per kind of event that counts for something. Observer's thread, under its lock. */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

const sb_ns metric_bounds_run[METRICS_BUCKETS] = {
    SB_MS(100), SB_MS(500), SB_S(1), SB_MS(2500), SB_S(5), SB_S(10), SB_S(30), SB_S(60), SB_S(120), SB_S(300), SB_S(600), SB_S(1800), SB_S(3600),
};
const sb_ns metric_bounds_wait[METRICS_BUCKETS] = {
    SB_MS(5), SB_MS(10), SB_MS(25), SB_MS(50), SB_MS(100), SB_MS(250), SB_MS(500), SB_S(1), SB_MS(2500), SB_S(5), SB_S(10), SB_S(30), SB_S(60),
};
const sb_ns metric_bounds_core[METRICS_BUCKETS] = {
    SB_US(1),   SB_US(5),   SB_US(10), SB_US(25), SB_US(50),  SB_US(100), SB_US(250),
    SB_US(500), SB_MS(1),   SB_MS(5),  SB_MS(10), SB_MS(100), SB_S(1),
};

enum sb_err metrics_init(struct metrics *metrics, const struct sb_catalogue *catalogue, struct sb_error *err)
{
    memset(metrics, 0, sizeof(*metrics));
    metrics->catalogue = catalogue;
    metrics->jobs = calloc(METRICS_JOBS, sizeof(*metrics->jobs)); /* a page is committed when a job on it has run */
    metrics->steps = calloc(METRICS_STEPS, sizeof(*metrics->steps));
    metrics->started = sb_wall_now();
    if (metrics->jobs != NULL && metrics->steps != NULL)
        return SB_OK;
    metrics_deinit(metrics);
    return sb_error_set(err, SB_ERR_NOMEM, "no memory for metrics");
}

void metrics_deinit(struct metrics *metrics)
{
    free(metrics->jobs);
    free(metrics->steps);
    metrics->jobs = NULL;
    metrics->steps = NULL;
}

void metric_hist_add(struct metric_hist *hist, const sb_ns bounds[METRICS_BUCKETS], sb_ns value)
{
    size_t i = 0;
    while (i < METRICS_BUCKETS && value > bounds[i])
        i++;
    if (i < METRICS_BUCKETS)
        hist->buckets[i]++;
    hist->count++;
    hist->sum = sb_ns_add(hist->sum, value > 0 ? value : 0);
}

size_t metrics_alias(const struct sb_catalogue *catalogue, const char *alias)
{
    size_t i = 0;
    while (i < catalogue->llm.alias_count && i < METRICS_ALIASES - 1 && !sb_streq(catalogue->llm.aliases[i].alias, alias))
        i++;
    return i < catalogue->llm.alias_count && i < METRICS_ALIASES - 1 ? i : METRICS_ALIASES - 1;
}

static struct metric_job *job_of(struct metrics *metrics, uint16_t job)
{
    return &metrics->jobs[job < METRICS_JOBS - 1 ? job : METRICS_JOBS - 1];
}

static struct metric_step *step_of(struct metrics *metrics, uint16_t job, uint8_t step)
{
    const struct sb_catalogue *catalogue = metrics->catalogue;
    const bool is_known = job < catalogue->job_count && step < catalogue->jobs[job].step_count;
    const uint32_t place = is_known ? catalogue->jobs[job].first_step + step : METRICS_STEPS;
    return &metrics->steps[place < METRICS_STEPS - 1 ? place : METRICS_STEPS - 1];
}

typedef void fold(struct metrics *metrics, const struct sb_event *event);

static void run_queued(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.run_queued.job)->queued++;
}

static void run_started(struct metrics *metrics, const struct sb_event *event)
{
    const uint16_t job = event->as.run_started.job;
    if (job < metrics->catalogue->job_count)
        metric_hist_add(&metrics->waited[metrics->catalogue->jobs[job].category], metric_bounds_wait, event->as.run_started.waited);
}

static void run_retrying(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.run_retrying.job)->retries[event->as.run_retrying.class]++;
}

static void run_late(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.run_late.job)->late++;
}

static void run_stuck(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.run_stuck.job)->stuck++;
}

static void run_interrupted(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.run_interrupted.job)->interrupted++;
}

static void run_ended(struct metrics *metrics, const struct sb_event *event)
{
    const struct sb_ev_run_ended *ended = &event->as.run_ended;
    struct metric_job *job = job_of(metrics, ended->job);
    job->ended[ended->state]++;
    metric_hist_add(&job->duration, metric_bounds_run, ended->duration);
    if (ended->state == SB_RUN_STATE_SUCCEEDED)
        job->succeeded = event->wall;
}

static void nominal_skipped(struct metrics *metrics, const struct sb_event *event)
{
    job_of(metrics, event->as.nominal_skipped.job)->skipped[event->as.nominal_skipped.reason] += event->as.nominal_skipped.count;
}

static void step_ended(struct metrics *metrics, const struct sb_event *event)
{
    const struct sb_ev_step_ended *ended = &event->as.step_ended;
    const struct sb_catalogue *catalogue = metrics->catalogue;
    const bool is_known = ended->job < catalogue->job_count && ended->step < catalogue->jobs[ended->job].step_count;
    struct metric_step *step = step_of(metrics, ended->job, ended->step);
    step->ended[ended->state]++;
    step->sum = sb_ns_add(step->sum, ended->duration);
    if (is_known && ended->state != SB_STEP_STATE_SKIPPED)
        metric_hist_add(&metrics->kinds[catalogue->steps[catalogue->jobs[ended->job].first_step + ended->step].kind], metric_bounds_run,
                        ended->duration);
}

static void step_stale(struct metrics *metrics, const struct sb_event *event)
{
    (void)event;
    metrics->stale++;
}

static void context_defined(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.context_defined.ctx < SB_CONTEXTS_MAX)
        metrics->ctx_lanes[event->as.context_defined.ctx] = event->as.context_defined.lane;
}

static void lease_granted(struct metrics *metrics, const struct sb_event *event)
{
    const struct sb_ev_lease_granted *granted = &event->as.lease_granted;
    metrics->leases[granted->lane][granted->is_burst ? 2 : granted->is_borrowed ? 1 : 0]++;
    metric_hist_add(&metrics->lease_wait[granted->lane], metric_bounds_wait, granted->waited);
}

static void lease_yield_asked(struct metrics *metrics, const struct sb_event *event)
{
    (void)event;
    metrics->yields++;
}

static void lease_revoked(struct metrics *metrics, const struct sb_event *event)
{
    (void)event;
    metrics->revoked++;
}

static void lease_ended(struct metrics *metrics, const struct sb_event *event)
{
    uint16_t ctx = event->as.lease_ended.ctx;
    if (ctx < SB_CONTEXTS_MAX)
        metric_hist_add(&metrics->lease_held[metrics->ctx_lanes[ctx]], metric_bounds_run, event->as.lease_ended.held);
}

static void context_changed(struct metrics *metrics, const struct sb_event *event)
{
    metrics->context_changes[event->as.context_changed.state]++;
}

static void component_changed(struct metrics *metrics, const struct sb_event *event)
{
    metrics->component_changes[event->as.component_changed.component][event->as.component_changed.state]++;
}

static void breaker_changed(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.breaker_changed.site < SB_SITES_MAX)
        metrics->breaker_changes[event->as.breaker_changed.site][event->as.breaker_changed.state]++;
}

static void recovery_ended(struct metrics *metrics, const struct sb_event *event)
{
    metrics->recoveries[event->as.recovery_ended.component][event->as.recovery_ended.state]++;
}

static void notice_sent(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.notice_sent.channel < SB_CHANNELS_MAX)
        metrics->notices[event->as.notice_sent.channel][0]++;
}

static void notice_failed(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.notice_failed.channel < SB_CHANNELS_MAX)
        metrics->notices[event->as.notice_failed.channel][1]++;
}

static void alert_raised(struct metrics *metrics, const struct sb_event *event)
{
    metrics->raised[event->as.alert_raised.rule]++;
}

static void alert_cleared(struct metrics *metrics, const struct sb_event *event)
{
    metrics->cleared[event->as.alert_cleared.rule]++;
}

static void command_done(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.command_done.kind < SB_COMMAND_COUNT)
        metrics->commands[event->as.command_done.kind][0]++;
}

static void command_refused(struct metrics *metrics, const struct sb_event *event)
{
    if (event->as.command_refused.kind < SB_COMMAND_COUNT)
        metrics->commands[event->as.command_refused.kind][1]++;
}

/* The place of that pair, a free one for a new pair, or the last, which is shared. */
static struct metric_call *call_of(struct metrics *metrics, const char *alias, const char *intent)
{
    size_t i = 0;
    while (i < METRICS_CALLS - 1 && metrics->calls[i].alias[0] != '\0' &&
           !(sb_streq(metrics->calls[i].alias, alias) && sb_streq(metrics->calls[i].intent, intent)))
        i++;
    struct metric_call *call = &metrics->calls[i];
    if (call->alias[0] == '\0') {
        (void)sb_copy(call->alias, sizeof(call->alias), i < METRICS_CALLS - 1 && alias[0] != '\0' ? alias : "other"); /* same capacity */
        (void)sb_copy(call->intent, sizeof(call->intent), i < METRICS_CALLS - 1 ? intent : "other");
    }
    return call;
}

static void budget_spent(struct metrics *metrics, const struct sb_event *event)
{
    const struct sb_ev_budget_spent *spent = &event->as.budget_spent;
    struct metric_call *call = call_of(metrics, spent->alias, spent->intent);
    call->calls++;
    call->tokens_in += spent->tokens_in;
    call->tokens_out += spent->tokens_out;
    call->cost = sb_usd_add(call->cost, (struct sb_usd){ spent->cost });
}

static void llm_failed(struct metrics *metrics, const struct sb_event *event)
{
    metrics->failures[metrics_alias(metrics->catalogue, event->as.llm_failed.alias)][event->as.llm_failed.category]++;
}

static void clock_stepped(struct metrics *metrics, const struct sb_event *event)
{
    (void)event;
    metrics->clock_steps++;
}

static fold *const folds[SB_EVENT_COUNT] = {
    [SB_EVENT_RUN_QUEUED] = run_queued,
    [SB_EVENT_RUN_STARTED] = run_started,
    [SB_EVENT_RUN_RETRYING] = run_retrying,
    [SB_EVENT_RUN_LATE] = run_late,
    [SB_EVENT_RUN_STUCK] = run_stuck,
    [SB_EVENT_RUN_INTERRUPTED] = run_interrupted,
    [SB_EVENT_RUN_ENDED] = run_ended,
    [SB_EVENT_NOMINAL_SKIPPED] = nominal_skipped,
    [SB_EVENT_STEP_ENDED] = step_ended,
    [SB_EVENT_STEP_STALE] = step_stale,
    [SB_EVENT_LEASE_GRANTED] = lease_granted,
    [SB_EVENT_LEASE_YIELD_ASKED] = lease_yield_asked,
    [SB_EVENT_LEASE_REVOKED] = lease_revoked,
    [SB_EVENT_LEASE_ENDED] = lease_ended,
    [SB_EVENT_CONTEXT_CHANGED] = context_changed,
    [SB_EVENT_COMPONENT_CHANGED] = component_changed,
    [SB_EVENT_BREAKER_CHANGED] = breaker_changed,
    [SB_EVENT_RECOVERY_ENDED] = recovery_ended,
    [SB_EVENT_NOTICE_SENT] = notice_sent,
    [SB_EVENT_NOTICE_FAILED] = notice_failed,
    [SB_EVENT_ALERT_RAISED] = alert_raised,
    [SB_EVENT_ALERT_CLEARED] = alert_cleared,
    [SB_EVENT_COMMAND_DONE] = command_done,
    [SB_EVENT_COMMAND_REFUSED] = command_refused,
    [SB_EVENT_BUDGET_SPENT] = budget_spent,
    [SB_EVENT_LLM_FAILED] = llm_failed,
    [SB_EVENT_CLOCK_STEPPED] = clock_stepped,
};

void metrics_fold(struct metrics *metrics, const struct sb_event *event)
{
    if (event->kind == SB_EVENT_CONTEXT_DEFINED)
        context_defined(metrics, event);
    if (event->seq == 0 || event->kind >= SB_EVENT_COUNT)
        return;
    metrics->severities[sb_event_severity(event)]++;
    if (folds[event->kind] != NULL)
        folds[event->kind](metrics, event);
}
