/* A scrape: every family once, in the order of metrics.def. Under the observer's lock; asks nobody. */
#include "metrics_out.h"

#include "call.h"

#include <string.h>

/* Jobs of the catalogue with figures of their own, and the shared place when there are more. */
static uint16_t job_count(const struct metrics *metrics)
{
    uint32_t count = metrics->catalogue->job_count;
    return (uint16_t)(count < METRICS_JOBS ? count : METRICS_JOBS);
}

static const char *job_name(const struct metrics *metrics, uint16_t job)
{
    const bool is_shared = job == METRICS_JOBS - 1 && metrics->catalogue->job_count > METRICS_JOBS;
    return is_shared ? "other" : metrics->catalogue->jobs[job].name;
}

static const struct sb_model_job *known_job(const struct metrics *metrics, const struct sb_model *model, uint16_t job)
{
    const bool is_shared = job == METRICS_JOBS - 1 && metrics->catalogue->job_count > METRICS_JOBS;
    return is_shared ? NULL : sb_model_job(model, job);
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------- */

static void write_whole(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    static const char *const verdicts[] = { "ready", "degraded", "not_ready" };
    out_family(out, METRIC_BUILD);
    out_count(out, LABELS({ "version", model->version }), 1);
    out_one_nano(out, METRIC_START, metrics->started.ns);
    out_family(out, METRIC_VERDICT);
    for (size_t i = 0; i < SB_LEN(verdicts); i++)
        out_count(out, LABELS({ "verdict", verdicts[i] }), sb_streq(picture_verdict(model), verdicts[i]));
    out_one(out, METRIC_STARTED, picture_unchecked(model) == NULL);
    out_family(out, METRIC_PAUSED);
    out_count(out, LABELS({ "category", "all" }), model->all_paused.is_on);
    for (unsigned i = 0; i < SB_CATEGORY_COUNT; i++)
        out_count(out, LABELS({ "category", sb_category_text(i) }), model->category_paused[i].is_on);
    out_one(out, METRIC_DRAINING, model->is_draining);
}

/* --- jobs --------------------------------------------------------------------------------------------------------------------- */

static void write_job_states(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model, sb_ns now)
{
    const struct sb_model_job *job;
    const uint16_t count = job_count(metrics);
    out_family(out, METRIC_JOB_INFO);
    for (uint16_t i = 0; i < count; i++)
        if ((job = known_job(metrics, model, i)) != NULL)
            out_count(out, LABELS({ "job", job->name }, { "category", sb_category_text(job->category) },
                                  { "critical", job->is_critical ? "true" : "false" }), 1);
    out_family(out, METRIC_JOB_STATE);
    for (uint16_t i = 0; i < count; i++)
        for (unsigned s = 0; (job = known_job(metrics, model, i)) != NULL && s < SB_JOB_STATE_COUNT; s++)
            out_count(out, LABELS({ "job", job->name }, { "state", sb_job_state_word((enum sb_job_state)s) }), job->state == s);
    out_family(out, METRIC_JOB_FAILURES);
    for (uint16_t i = 0; i < count; i++)
        if ((job = known_job(metrics, model, i)) != NULL)
            out_count(out, LABELS({ "job", job->name }), job->failures);
    out_family(out, METRIC_JOB_SUCCESS);
    for (uint16_t i = 0; i < count; i++)
        if (metrics->jobs[i].succeeded.ns > 0)
            out_nano(out, LABELS({ "job", job_name(metrics, i) }), metrics->jobs[i].succeeded.ns);
    out_family(out, METRIC_JOB_DUE);
    for (uint16_t i = 0; i < count; i++)
        if ((job = known_job(metrics, model, i)) != NULL && job->next_due.ns > 0)
            out_nano(out, LABELS({ "job", job->name }), job->next_due.ns);
    out_family(out, METRIC_JOB_RUNNING);
    for (uint16_t i = 0; i < count; i++)
        if ((job = known_job(metrics, model, i)) != NULL) {
            const bool is_running = job->run.state == SB_RUN_STATE_RUNNING || job->run.state == SB_RUN_STATE_STOPPING;
            out_nano(out, LABELS({ "job", job->name }), is_running && now > job->run.started ? now - job->run.started : 0);
        }
}

/* A counter of one number per job, at that place in its figures. */
static void write_job_counter(struct metrics_out *out, const struct metrics *metrics, enum metric_id id, size_t offset)
{
    out_family(out, id);
    for (uint16_t i = 0; i < job_count(metrics); i++) {
        uint64_t value;
        memcpy(&value, (const char *)&metrics->jobs[i] + offset, sizeof(value));
        out_count(out, LABELS({ "job", job_name(metrics, i) }), value);
    }
}

static void write_runs(struct metrics_out *out, const struct metrics *metrics)
{
    const uint16_t count = job_count(metrics);
    write_job_counter(out, metrics, METRIC_RUNS_QUEUED, offsetof(struct metric_job, queued));
    out_family(out, METRIC_RUNS);
    for (uint16_t i = 0; i < count; i++)
        for (unsigned s = SB_RUN_STATE_SUCCEEDED; s < SB_RUN_STATE_COUNT; s++) /* the states in which a run can end */
            out_count(out, LABELS({ "job", job_name(metrics, i) }, { "outcome", sb_run_state_text(s) }), metrics->jobs[i].ended[s]);
    out_family(out, METRIC_RUN_DURATION);
    for (uint16_t i = 0; i < count; i++)
        out_hist(out, LABELS({ "job", job_name(metrics, i) }), &metrics->jobs[i].duration, metric_bounds_run);
    out_family(out, METRIC_RUN_RETRIES);
    for (uint16_t i = 0; i < count; i++)
        for (unsigned c = 0; c < SB_CLASS_COUNT; c++)
            if (c == SB_CLASS_RETRYABLE || metrics->jobs[i].retries[c] > 0)
                out_count(out, LABELS({ "job", job_name(metrics, i) }, { "class", sb_class_text(c) }), metrics->jobs[i].retries[c]);
    write_job_counter(out, metrics, METRIC_RUNS_LATE, offsetof(struct metric_job, late));
    write_job_counter(out, metrics, METRIC_RUNS_STUCK, offsetof(struct metric_job, stuck));
    write_job_counter(out, metrics, METRIC_RUNS_INTERRUPTED, offsetof(struct metric_job, interrupted));
    out_family(out, METRIC_NOMINAL_SKIPPED);
    for (uint16_t i = 0; i < count; i++)
        for (unsigned s = 0; s < SB_SKIP_COUNT; s++)
            if (metrics->jobs[i].skipped[s] > 0)
                out_count(out, LABELS({ "job", job_name(metrics, i) }, { "reason", sb_skip_text(s) }), metrics->jobs[i].skipped[s]);
    out_family(out, METRIC_RUN_WAIT);
    for (unsigned i = 0; i < SB_CATEGORY_COUNT; i++)
        out_hist(out, LABELS({ "category", sb_category_text(i) }), &metrics->waited[i], metric_bounds_wait);
}

static void write_steps(struct metrics_out *out, const struct metrics *metrics)
{
    const struct sb_catalogue *catalogue = metrics->catalogue;
    out_family(out, METRIC_STEPS);
    for (uint16_t j = 0; j < job_count(metrics); j++)
        for (uint32_t s = 0, place = catalogue->jobs[j].first_step; s < catalogue->jobs[j].step_count && place + s < METRICS_STEPS - 1; s++)
            for (unsigned o = SB_STEP_STATE_SUCCEEDED; o < SB_STEP_STATE_COUNT; o++)
                if (o == SB_STEP_STATE_SUCCEEDED || o == SB_STEP_STATE_FAILED || metrics->steps[place + s].ended[o] > 0)
                    out_count(out, LABELS({ "job", job_name(metrics, j) }, { "step", catalogue->steps[place + s].name },
                                          { "outcome", sb_step_state_text(o) }), metrics->steps[place + s].ended[o]);
    out_family(out, METRIC_STEP_SECONDS);
    for (uint16_t j = 0; j < job_count(metrics); j++)
        for (uint32_t s = 0, place = catalogue->jobs[j].first_step; s < catalogue->jobs[j].step_count && place + s < METRICS_STEPS - 1; s++)
            out_nano(out, LABELS({ "job", job_name(metrics, j) }, { "step", catalogue->steps[place + s].name }), metrics->steps[place + s].sum);
    out_family(out, METRIC_STEP_DURATION);
    for (unsigned i = 0; i < SB_STEP_KIND_COUNT; i++)
        out_hist(out, LABELS({ "kind", sb_step_kind_text(i) }), &metrics->kinds[i], metric_bounds_run);
    out_one(out, METRIC_STEPS_STALE, metrics->stale);
}

/* --- contexts ----------------------------------------------------------------------------------------------------------------- */

static void write_context_gauges(struct metrics_out *out, const struct sb_model *model, sb_ns now)
{
    uint32_t in_state[SB_LANE_COUNT][SB_CTX_STATE_COUNT] = { 0 }, waiting[SB_LANE_COUNT] = { 0 };
    sb_ns oldest[SB_LANE_COUNT] = { 0 };
    for (size_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (model->contexts[i].is_defined)
            in_state[model->contexts[i].lane][model->contexts[i].state]++;
    for (uint32_t i = 0; i < model->waiter_count; i++) {
        const struct sb_model_waiter *waiter = &model->waiters[i];
        waiting[waiter->lane]++;
        if (now - waiter->since > oldest[waiter->lane])
            oldest[waiter->lane] = now - waiter->since;
    }
    out_family(out, METRIC_CONTEXTS);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        for (unsigned s = 0; s < SB_CTX_STATE_COUNT; s++)
            out_count(out, LABELS({ "lane", sb_lane_text(l) }, { "state", sb_ctx_state_text(s) }), in_state[l][s]);
    out_family(out, METRIC_WAITING);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        out_count(out, LABELS({ "lane", sb_lane_text(l) }), waiting[l]);
    out_family(out, METRIC_OLDEST_WAIT);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        out_nano(out, LABELS({ "lane", sb_lane_text(l) }), oldest[l]);
}

static void write_contexts(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    static const char *const kinds[] = { "own", "borrowed", "burst" };
    out_family(out, METRIC_LEASES);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        for (unsigned k = 0; k < SB_LEN(kinds); k++)
            out_count(out, LABELS({ "lane", sb_lane_text(l) }, { "kind", kinds[k] }), metrics->leases[l][k]);
    out_family(out, METRIC_CONTEXT_WAIT);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        out_hist(out, LABELS({ "lane", sb_lane_text(l) }), &metrics->lease_wait[l], metric_bounds_wait);
    out_family(out, METRIC_CONTEXT_HELD);
    for (unsigned l = 0; l < SB_LANE_COUNT; l++)
        out_hist(out, LABELS({ "lane", sb_lane_text(l) }), &metrics->lease_held[l], metric_bounds_run);
    out_one(out, METRIC_YIELDS, metrics->yields);
    out_one(out, METRIC_REVOKED, metrics->revoked);
    out_family(out, METRIC_CONTEXT_CHANGES);
    for (unsigned s = 0; s < SB_CTX_STATE_COUNT; s++)
        out_count(out, LABELS({ "state", sb_ctx_state_text(s) }), metrics->context_changes[s]);
    out_one(out, METRIC_SATURATED, model->is_saturated);
    out_one(out, METRIC_GUARD, model->memory_level);
}

/* --- components, breakers, alerts ------------------------------------------------------------------------------------------------ */

static bool is_used(const struct sb_model *model, unsigned component)
{
    return model->components[component].is_defined && model->components[component].state != SB_COMPONENT_STATE_DISABLED;
}

static void write_components(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    out_family(out, METRIC_COMPONENT_INFO);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        if (is_used(model, i))
            out_count(out, LABELS({ "component", sb_component_text(i) }, { "class", sb_component_class_text(model->components[i].class) }), 1);
    out_family(out, METRIC_COMPONENT_STATE);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        for (unsigned s = 0; is_used(model, i) && s < SB_COMPONENT_STATE_DISABLED; s++)
            out_count(out, LABELS({ "component", sb_component_text(i) }, { "state", sb_component_state_text(s) }), model->components[i].state == s);
    out_family(out, METRIC_COMPONENT_LATENCY);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        if (is_used(model, i))
            out_nano(out, LABELS({ "component", sb_component_text(i) }), model->components[i].latency);
    out_family(out, METRIC_COMPONENT_CHANGES);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        for (unsigned s = 0; is_used(model, i) && s < SB_COMPONENT_STATE_DISABLED; s++)
            out_count(out, LABELS({ "component", sb_component_text(i) }, { "state", sb_component_state_text(s) }), metrics->component_changes[i][s]);
}

static void write_recoveries(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    out_family(out, METRIC_RECOVERIES);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        for (unsigned s = SB_COMPONENT_STATE_OK; s < SB_COMPONENT_STATE_DISABLED; s++)
            if (is_used(model, i) || metrics->recoveries[i][s] > 0)
                out_count(out, LABELS({ "component", sb_component_text(i) }, { "state", sb_component_state_text(s) }), metrics->recoveries[i][s]);
}

/* A breaker of which nothing was heard is closed. */
static void write_breakers(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    const struct sb_catalogue *catalogue = metrics->catalogue;
    out_family(out, METRIC_BREAKER_STATE);
    for (size_t i = 0; sb_catalogue_guarded(catalogue, i) != NULL; i++) {
        const unsigned state = model->breakers[i].is_defined ? model->breakers[i].state : SB_BREAKER_STATE_CLOSED;
        for (unsigned s = 0; s < SB_BREAKER_STATE_COUNT; s++)
            out_count(out, LABELS({ "site", sb_catalogue_guarded(catalogue, i) }, { "state", sb_breaker_state_text(s) }), state == s);
    }
    out_family(out, METRIC_BREAKER_CHANGES);
    for (size_t i = 0; sb_catalogue_guarded(catalogue, i) != NULL; i++)
        for (unsigned s = 0; s < SB_BREAKER_STATE_COUNT; s++)
            out_count(out, LABELS({ "site", sb_catalogue_guarded(catalogue, i) }, { "state", sb_breaker_state_text(s) }),
                      metrics->breaker_changes[i][s]);
}

static void write_alerts(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    uint32_t active[SB_RULE_COUNT][SB_SEVERITY_COUNT] = { 0 };
    for (uint32_t i = 0; i < model->alert_count; i++)
        active[model->alerts[i].rule][model->alerts[i].severity]++;
    out_family(out, METRIC_ALERTS);
    for (unsigned r = 0; r < SB_RULE_COUNT; r++)
        for (unsigned s = SB_SEVERITY_INFO; s < SB_SEVERITY_COUNT; s++)
            out_count(out, LABELS({ "rule", sb_rule_text(r) }, { "severity", sb_severity_text(s) }), active[r][s]);
    out_one(out, METRIC_ALERTS_UNACKED, sb_model_alerts_unacked(model));
    out_family(out, METRIC_ALERTS_RAISED);
    for (unsigned r = 0; r < SB_RULE_COUNT; r++)
        out_count(out, LABELS({ "rule", sb_rule_text(r) }), metrics->raised[r]);
    out_family(out, METRIC_ALERTS_CLEARED);
    for (unsigned r = 0; r < SB_RULE_COUNT; r++)
        out_count(out, LABELS({ "rule", sb_rule_text(r) }), metrics->cleared[r]);
}

static void write_channels(struct metrics_out *out, const struct metrics *metrics, const struct sb_model *model)
{
    const struct sb_catalogue *catalogue = metrics->catalogue;
    out_family(out, METRIC_NOTICES);
    for (size_t i = 0; i < catalogue->channel_count && i < SB_CHANNELS_MAX; i++) {
        out_count(out, LABELS({ "channel", catalogue->channels[i].name }, { "outcome", "sent" }), metrics->notices[i][0]);
        out_count(out, LABELS({ "channel", catalogue->channels[i].name }, { "outcome", "failed" }), metrics->notices[i][1]);
    }
    out_family(out, METRIC_CHANNEL_FAILING);
    for (size_t i = 0; i < catalogue->channel_count && i < SB_CHANNELS_MAX; i++)
        out_count(out, LABELS({ "channel", catalogue->channels[i].name }), model->channels[i].failing);
}

/* --- money -------------------------------------------------------------------------------------------------------------------- */

static const char *alias_name(const struct metrics *metrics, size_t place)
{
    return place < METRICS_ALIASES - 1 && place < metrics->catalogue->llm.alias_count ? metrics->catalogue->llm.aliases[place].alias : "other";
}

/* The tokens of all calls of an alias, once per alias. */
static void write_tokens(struct metrics_out *out, const struct metrics *metrics)
{
    for (size_t i = 0; i < METRICS_CALLS && metrics->calls[i].alias[0] != '\0'; i++) {
        uint64_t in = 0, given = 0;
        bool is_first = true;
        for (size_t k = 0; k < METRICS_CALLS && metrics->calls[k].alias[0] != '\0'; k++) {
            if (!sb_streq(metrics->calls[k].alias, metrics->calls[i].alias))
                continue;
            is_first = is_first && k >= i;
            in += metrics->calls[k].tokens_in;
            given += metrics->calls[k].tokens_out;
        }
        if (is_first) {
            out_count(out, LABELS({ "alias", metrics->calls[i].alias }, { "direction", "in" }), in);
            out_count(out, LABELS({ "alias", metrics->calls[i].alias }, { "direction", "out" }), given);
        }
    }
}

static void write_llm(struct metrics_out *out, const struct metrics *metrics)
{
    out_family(out, METRIC_LLM_CALLS);
    for (size_t i = 0; i < METRICS_CALLS && metrics->calls[i].alias[0] != '\0'; i++)
        out_count(out, LABELS({ "alias", metrics->calls[i].alias }, { "intent", metrics->calls[i].intent }), metrics->calls[i].calls);
    out_family(out, METRIC_LLM_TOKENS);
    write_tokens(out, metrics);
    out_family(out, METRIC_LLM_SPEND);
    for (size_t i = 0; i < METRICS_CALLS && metrics->calls[i].alias[0] != '\0'; i++)
        out_nano(out, LABELS({ "alias", metrics->calls[i].alias }, { "intent", metrics->calls[i].intent }), metrics->calls[i].cost.nano);
    out_family(out, METRIC_LLM_FAILURES);
    for (size_t i = 0; i < METRICS_ALIASES; i++)
        for (unsigned c = 0; c < SB_LLM_CATEGORY_COUNT; c++)
            if (metrics->failures[i][c] > 0 || (i < METRICS_ALIASES - 1 && i < metrics->catalogue->llm.alias_count))
                out_count(out, LABELS({ "alias", alias_name(metrics, i) }, { "category", sb_llm_category_text(c) }), metrics->failures[i][c]);
}

static void write_budget(struct metrics_out *out, const struct sb_model *model)
{
    const struct sb_model_budget *budget = &model->budget;
    out_one_nano(out, METRIC_BUDGET_LIMIT, budget->limit.nano);
    out_one_nano(out, METRIC_BUDGET_SPENT, budget->spent.nano);
    out_one_nano(out, METRIC_BUDGET_HELD, budget->held.nano);
    out_one_nano(out, METRIC_BUDGET_UNCERTAIN, budget->uncertain.nano);
    out_one_nano(out, METRIC_BUDGET_FORECAST, budget->forecast.nano);
    out_one_nano(out, METRIC_BUDGET_FLOOR, budget->floor.nano);
    out_family(out, METRIC_BUDGET_TIER);
    for (unsigned i = 0; i < SB_TIER_COUNT; i++)
        out_count(out, LABELS({ "tier", sb_tier_text(i) }), budget->is_known && budget->tier == i);
    out_one(out, METRIC_BUDGET_CLOSED, budget->is_closed);
    out_one(out, METRIC_BUDGET_FORCED, budget->is_forced);
    out_one_nano(out, METRIC_BUDGET_DAY_END, budget->day_end.ns);
}

/* --- the machinery ---------------------------------------------------------------------------------------------------------------- */

static void write_core_hist(struct metrics_out *out, enum metric_id id, const struct sb_hist *hist, const sb_ns bounds[METRICS_BUCKETS])
{
    struct metric_hist made = { .count = hist->count, .sum = hist->sum };
    uint64_t before = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        const uint64_t up_to = sb_hist_up_to(hist, bounds[i]);
        made.buckets[i] = up_to - before;
        before = up_to;
    }
    out_family(out, id);
    out_hist(out, NO_LABELS, &made, bounds);
}

static void write_engine(struct metrics_out *out, const struct metrics *metrics, const struct metrics_look *look)
{
    out_family(out, METRIC_COMMANDS);
    for (unsigned i = 0; i < SB_COMMAND_COUNT; i++)
        for (unsigned k = 0; k < 2; k++)
            if (metrics->commands[i][k] > 0)
                out_count(out, LABELS({ "command", sb_command_infos[i].name }, { "outcome", k == 0 ? "done" : "refused" }), metrics->commands[i][k]);
    out_family(out, METRIC_EVENTS);
    for (unsigned s = 0; s < SB_SEVERITY_COUNT; s++)
        out_count(out, LABELS({ "severity", sb_severity_text(s) }), metrics->severities[s]);
    out_one(out, METRIC_CLOCK_STEPS, metrics->clock_steps);
    out_one(out, METRIC_CORE_INPUTS, look->vitals.inputs);
    out_one(out, METRIC_CORE_ORDERS, look->vitals.orders);
    write_core_hist(out, METRIC_CORE_STEP, &look->vitals.step, metric_bounds_core);
    write_core_hist(out, METRIC_CORE_LATE, &look->vitals.lateness, metric_bounds_core);
    write_core_hist(out, METRIC_DISPATCH, &look->vitals.dispatch, metric_bounds_core);
    out_one(out, METRIC_INBOX, look->vitals.inbox_depth);
    out_one(out, METRIC_WORKERS, look->vitals.workers);
    out_one(out, METRIC_WORKERS_BUSY, look->vitals.workers_busy);
    out_family(out, METRIC_LOOP_SILENCE);
    for (size_t i = 0; i < look->loop_count; i++)
        out_nano(out, LABELS({ "loop", look->loops[i].name }), look->loops[i].silence);
}

static void write_store(struct metrics_out *out, const struct metrics_look *look)
{
    const struct sb_store_stats *store = &look->store;
    if (!look->has_store)
        return;
    out_one(out, METRIC_STORE_EVENTS, store->events_durable);
    out_one(out, METRIC_STORE_TRANSACTIONS, store->transactions);
    out_one(out, METRIC_STORE_WRITES, store->writes);
    out_one(out, METRIC_STORE_QUERIES, store->queries);
    out_one(out, METRIC_STORE_QUEUE, store->queue_count);
    out_family(out, METRIC_STORE_COMMIT);
    out_nano(out, LABELS({ "quantile", "0.5" }), store->commit_p50);
    out_nano(out, LABELS({ "quantile", "0.99" }), store->commit_p99);
    write_core_hist(out, METRIC_STORE_QUERY, &store->query, metric_bounds_core);
    write_core_hist(out, METRIC_STORE_WRITE, &store->write, metric_bounds_core);
    out_family(out, METRIC_STORE_CONNECTIONS);
    out_count(out, LABELS({ "state", "in_use" }), store->readers_leased);
    out_count(out, LABELS({ "state", "idle" }), store->readers_open - store->readers_leased);
    out_one(out, METRIC_STORE_CONNECTIONS_MAX, store->readers_max);
    out_one(out, METRIC_STORE_WAITERS, store->reader_waiters);
    write_core_hist(out, METRIC_STORE_WAIT, &store->reader_wait, metric_bounds_core);
}

static void write_node(struct metrics_out *out, const struct metrics_look *look)
{
    if (!look->has_node)
        return;
    out_one(out, METRIC_NODE_ACTIVE, look->node.state == SB_NODE_ACTIVE);
    out_one(out, METRIC_NODES, look->node.count);
    if (look->node.heard_ms >= 0)
        out_one_nano(out, METRIC_NODE_HEARD, SB_MS(look->node.heard_ms));
}

static void write_cache(struct metrics_out *out, const struct metrics_look *look)
{
    const struct sb_cache_stats *cache = &look->cache;
    if (!look->has_cache)
        return;
    out_family(out, METRIC_CACHE_LOOKUPS);
    out_count(out, LABELS({ "outcome", "hit" }), cache->hits);
    out_count(out, LABELS({ "outcome", "miss" }), cache->misses);
    out_one(out, METRIC_CACHE_ERRORS, cache->errors);
    out_one(out, METRIC_CACHE_SWITCHES, cache->switches);
    out_family(out, METRIC_CACHE_CONNECTIONS);
    out_count(out, LABELS({ "state", "in_use" }), cache->in_use);
    out_count(out, LABELS({ "state", "idle" }), cache->idle);
    out_one(out, METRIC_CACHE_WAITERS, cache->waiters);
}

/* Last, and written however many series were dropped before. */
static void write_self(struct metrics_out *out, struct metrics *metrics, const struct metrics_look *look)
{
    metrics->dropped += out->dropped;
    out->series = 0;
    out_one(out, METRIC_RSS, look->process.memory);
    out_one_nano(out, METRIC_CPU, look->process.cpu);
    out_one(out, METRIC_FDS, look->process.fds);
    out_one(out, METRIC_FDS_MAX, look->process.fds_max);
    out_one(out, METRIC_THREADS, look->process.threads);
    out_one_nano(out, METRIC_FEED_LAG, metrics->lag);
    out_one(out, METRIC_FEED_GAPS, metrics->gaps);
    out_one(out, METRIC_SERIES_DROPPED, metrics->dropped);
}

void metrics_write(struct metrics *metrics, const struct sb_model *model, const struct metrics_look *look, bool is_openmetrics, struct sb_text *text)
{
    struct metrics_out out = { .text = text, .is_openmetrics = is_openmetrics };
    write_whole(&out, metrics, model);
    write_job_states(&out, metrics, model, look->now);
    write_runs(&out, metrics);
    write_steps(&out, metrics);
    write_context_gauges(&out, model, look->now);
    write_contexts(&out, metrics, model);
    write_components(&out, metrics, model);
    write_recoveries(&out, metrics, model);
    write_breakers(&out, metrics, model);
    write_alerts(&out, metrics, model);
    write_channels(&out, metrics, model);
    write_llm(&out, metrics);
    write_budget(&out, model);
    write_engine(&out, metrics, look);
    write_store(&out, look);
    write_node(&out, look);
    write_cache(&out, look);
    write_self(&out, metrics, look);
    if (is_openmetrics)
        sb_text_add(text, "# EOF\n");
}
