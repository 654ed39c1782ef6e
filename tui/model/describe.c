/* The way back: a model as the events that give it again. What a describe stream of the core says too, said by a picture: of now, of a frozen
 * moment, of the past. Pure.
 *
 * Not said, because no event can: attempts before the last one, spending by alias, the log. Folding what this says and saying it again gives
 * the same events (a test holds it to that). */
#include "describe.h"

/* ---- definitions ---- */

static void say_runtime(const struct telling *t)
{
    const struct sb_model *const model = t->model;
    struct sb_event event = make(t, SB_EVENT_RUNTIME_STARTED, 0);
    event.as.runtime_started.boot = model->boot;
    name_copy(event.as.runtime_started.version, model->version);
    name_copy(event.as.runtime_started.host, model->host);
    name_copy(event.as.runtime_started.config_hash, model->config_hash);
    event.as.runtime_started.jobs = model->job_count;
    event.as.runtime_started.is_practice = model->is_practice;
    say(t, &event);
    event = make(t, SB_EVENT_POOL_DEFINED, 0);
    event.as.pool_defined.contexts = model->pool_contexts;
    event.as.pool_defined.burst = model->pool_burst;
    event.as.pool_defined.policy = model->lane_policy_defined;
    event.as.pool_defined.workers = model->pool_workers;
    say(t, &event);
    if (model->lane_policy == model->lane_policy_defined)
        return;
    event = make(t, SB_EVENT_LANE_POLICY_SET, 0);
    event.as.lane_policy_set.policy = model->lane_policy;
    event.as.lane_policy_set.lasts = model->lane_policy_until > model->now ? model->lane_policy_until - model->now : 0;
    say(t, &event);
}

static void say_parts(const struct telling *t)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        struct sb_event event = make(t, SB_EVENT_COMPONENT_DEFINED, 0);
        event.as.component_defined.component = (uint8_t)i;
        event.as.component_defined.class = t->model->components[i].class;
        if (t->model->components[i].is_defined)
            say(t, &event);
    }
    for (unsigned i = 0; i < SB_CONTEXTS_MAX; i++) {
        struct sb_event event = make(t, SB_EVENT_CONTEXT_DEFINED, t->model->contexts[i].since);
        event.as.context_defined.ctx = (uint16_t)i;
        event.as.context_defined.lane = t->model->contexts[i].lane;
        event.as.context_defined.is_burst = t->model->contexts[i].is_burst_slot;
        if (t->model->contexts[i].is_defined)
            say(t, &event);
    }
}

static void say_job(const struct telling *t, uint16_t id)
{
    const struct sb_model_job *const job = &t->model->jobs[id];
    struct sb_event event = make(t, SB_EVENT_JOB_DEFINED, job->state == SB_JOB_STATE_NONE ? job->since : 0);
    struct sb_ev_job_defined *const out = &event.as.job_defined;
    out->job = id;
    name_copy(out->name, job->name);
    out->category = job->category;
    out->priority = job->priority;
    out->steps = job->step_count;
    out->is_critical = job->is_critical;
    out->needs_browser = job->needs_browser;
    out->needs_llm = job->needs_llm;
    out->attempts_max = job->attempts_max;
    out->timeout = job->timeout;
    out->every = job->every;
    name_copy(out->schedule, job->schedule);
    say(t, &event);
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_model_step *const step = &t->model->steps[job->first_step + i];
        event = make(t, SB_EVENT_STEP_DEFINED, 0);
        event.as.step_defined.job = id;
        event.as.step_defined.step = i;
        event.as.step_defined.kind = step->kind;
        event.as.step_defined.needs_context = step->needs_context;
        event.as.step_defined.is_effect = step->is_effect;
        event.as.step_defined.timeout = step->timeout;
        name_copy(event.as.step_defined.name, step->name);
        say(t, &event);
    }
}

static void say_channel(const struct telling *t, uint8_t id, bool is_state)
{
    const struct sb_model_channel *const channel = &t->model->channels[id];
    struct sb_event event = make(t, is_state ? SB_EVENT_CHANNEL_STATE : SB_EVENT_CHANNEL_DEFINED, 0);
    if (!channel->is_defined)
        return;
    if (is_state) {
        event.as.channel_state.channel = id;
        event.as.channel_state.sent = channel->sent;
        event.as.channel_state.failed = channel->failed;
        event.as.channel_state.failing = channel->failing;
        event.as.channel_state.sent_at = channel->sent_at.ns;
        event.as.channel_state.failed_at = channel->failed_at.ns;
        note_copy(event.as.channel_state.reason, channel->reason);
    } else {
        event.as.channel_defined.channel = id;
        event.as.channel_defined.min_severity = channel->min_severity;
        name_copy(event.as.channel_defined.name, channel->name);
        name_copy(event.as.channel_defined.kind, channel->kind);
    }
    say(t, &event);
}

/* ---- states ---- */

static void say_components(const struct telling *t)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_model_component *const component = &t->model->components[i];
        struct sb_event event = make(t, SB_EVENT_COMPONENT_CHANGED, component->since);
        event.as.component_changed.component = (uint8_t)i;
        event.as.component_changed.state = component->state;
        event.as.component_changed.latency = component->latency;
        note_copy(event.as.component_changed.reason, component->reason);
        if (component->is_defined)
            say(t, &event);
    }
    for (unsigned i = 0; i < SB_SITES_MAX; i++) {
        const struct sb_model_breaker *const breaker = &t->model->breakers[i];
        struct sb_event event = make(t, SB_EVENT_BREAKER_CHANGED, breaker->since);
        event.as.breaker_changed.site = (uint8_t)i;
        event.as.breaker_changed.state = breaker->state;
        event.as.breaker_changed.lasts = breaker->until > event.now ? breaker->until - event.now : 0;
        name_copy(event.as.breaker_changed.name, breaker->name);
        name_copy(event.as.breaker_changed.actor, breaker->actor);
        note_copy(event.as.breaker_changed.reason, breaker->reason);
        if (breaker->is_defined)
            say(t, &event);
    }
}

static void say_budget_figures(const struct telling *t, const struct sb_model_budget *budget)
{
    struct sb_event event = make(t, SB_EVENT_BUDGET_WINDOW, 0);
    event.as.budget_window.day_start = budget->day_start.ns;
    event.as.budget_window.day_end = budget->day_end.ns;
    event.as.budget_window.limit = budget->limit.nano;
    event.as.budget_window.spent = budget->spent.nano;
    event.as.budget_window.tier = budget->tier;
    event.as.budget_window.policy = budget->policy;
    say(t, &event);
    if (budget->tier_since.ns != 0) {
        event = make(t, SB_EVENT_BUDGET_TIER, 0);
        event.now = t->model->now;
        event.wall = budget->tier_since;
        event.as.budget_tier.from = event.as.budget_tier.to = budget->tier;
        event.as.budget_tier.limit = budget->limit.nano;
        event.as.budget_tier.remaining = budget->limit.nano - budget->spent.nano;
        name_copy(event.as.budget_tier.why, budget->tier_why);
        say(t, &event);
    }
    event = make(t, SB_EVENT_BUDGET_LEDGER, 0);
    struct sb_ev_budget_ledger *const out = &event.as.budget_ledger;
    out->spent = budget->spent.nano;
    out->held = budget->held.nano;
    out->uncertain = budget->uncertain.nano;
    out->floor = budget->floor.nano;
    out->forecast = budget->forecast.nano;
    out->calls_left = budget->calls_left;
    out->q_permille = budget->q_permille;
    out->is_closed = budget->is_closed;
    say(t, &event);
}

static void say_budget(const struct telling *t)
{
    const struct sb_model_budget *const budget = &t->model->budget;
    if (!budget->is_known)
        return;
    say_budget_figures(t, budget);
    if (budget->is_forced) {
        struct sb_event event = make(t, SB_EVENT_BUDGET_FORCED, 0);
        event.as.budget_forced.is_on = true;
        event.as.budget_forced.tier = budget->tier;
        event.as.budget_forced.lasts = budget->forced_until.ns - event.wall.ns;
        name_copy(event.as.budget_forced.actor, budget->forced_by);
        note_copy(event.as.budget_forced.reason, budget->forced_reason);
        say(t, &event);
    }
    for (unsigned i = 0; i < SB_LLM_CATEGORY_COUNT; i++) {
        const struct sb_model_llm_failures *const failures = &budget->failures[i];
        struct sb_event event = make(t, SB_EVENT_LLM_FAILED, 0);
        event.wall = failures->last;
        event.as.llm_failed.job = SB_NO_JOB;
        event.as.llm_failed.category = (uint8_t)i;
        event.as.llm_failed.count = failures->count;
        event.as.llm_failed.first = failures->first.ns;
        name_copy(event.as.llm_failed.alias, failures->alias);
        note_copy(event.as.llm_failed.reason, failures->reason);
        if (failures->count > 0)
            say(t, &event);
    }
}

static void say_pauses(const struct telling *t)
{
    for (unsigned i = 0; i <= SB_CATEGORY_COUNT; i++) {
        const bool is_all = i == SB_CATEGORY_COUNT;
        const struct sb_model_pause *const pause = is_all ? &t->model->all_paused : &t->model->category_paused[i];
        struct sb_event event = make(t, is_all ? SB_EVENT_ALL_PAUSED : SB_EVENT_CATEGORY_PAUSED, 0);
        event.wall = pause->since;
        if (is_all) {
            name_copy(event.as.all_paused.actor, pause->actor);
            note_copy(event.as.all_paused.reason, pause->reason);
        } else {
            event.as.category_paused.category = (uint8_t)i;
            name_copy(event.as.category_paused.actor, pause->actor);
            note_copy(event.as.category_paused.reason, pause->reason);
        }
        if (pause->is_on)
            say(t, &event);
    }
}

static void say_incident(const struct telling *t)
{
    const struct sb_model_incident *const incident = &t->model->incident;
    struct sb_event event = make(t, SB_EVENT_INCIDENT_OPENED, incident->since);
    event.wall = incident->since_wall;
    name_copy(event.as.incident_opened.incident, incident->id);
    name_copy(event.as.incident_opened.actor, incident->actor);
    note_copy(event.as.incident_opened.reason, incident->reason);
    if (incident->is_open)
        say(t, &event);
}

/* ---- pool, alerts, the end ---- */

static void say_context(const struct telling *t, uint16_t id)
{
    const struct sb_model_ctx *const ctx = &t->model->contexts[id];
    struct sb_event event = make(t, SB_EVENT_CONTEXT_CHANGED, ctx->since);
    if (!ctx->is_defined)
        return;
    event.as.context_changed.ctx = id;
    event.as.context_changed.state = ctx->run != 0 ? (uint8_t)SB_CTX_STATE_IDLE : ctx->state;
    event.as.context_changed.generation = ctx->generation;
    event.as.context_changed.uses = ctx->uses;
    note_copy(event.as.context_changed.reason, ctx->reason);
    say(t, &event);
    event = make(t, SB_EVENT_CONTEXT_MEASURED, 0);
    event.as.context_measured.ctx = id;
    event.as.context_measured.generation = ctx->generation;
    event.as.context_measured.heap_kib = ctx->heap_kib;
    event.as.context_measured.is_cpu_known = ctx->is_cpu_known;
    event.as.context_measured.cpu_permille = ctx->cpu_permille;
    if (ctx->heap_kib > 0)
        say(t, &event);
    if (ctx->run == 0)
        return;
    event = make(t, SB_EVENT_LEASE_GRANTED, ctx->leased_at);
    event.as.lease_granted.ctx = id;
    event.as.lease_granted.run = ctx->run;
    event.as.lease_granted.job = ctx->job;
    event.as.lease_granted.fence = ctx->fence;
    event.as.lease_granted.lane = ctx->lane;
    event.as.lease_granted.is_borrowed = ctx->is_borrowed;
    event.as.lease_granted.is_burst = ctx->is_burst;
    event.as.lease_granted.deadline = ctx->deadline - event.now;
    say(t, &event);
    event = make(t, SB_EVENT_LEASE_YIELD_ASKED, 0);
    event.as.lease_yield_asked.ctx = id;
    event.as.lease_yield_asked.run = ctx->run;
    event.as.lease_yield_asked.for_run = ctx->yield_for;
    if (ctx->yield_for != 0)
        say(t, &event);
    event = make(t, SB_EVENT_LEASE_REVOKED, 0);
    event.as.lease_revoked.ctx = id;
    event.as.lease_revoked.run = ctx->run;
    note_copy(event.as.lease_revoked.reason, ctx->reason);
    if (ctx->is_revoked)
        say(t, &event);
}

static void say_pool(const struct telling *t)
{
    const struct sb_model *const model = t->model;
    for (uint32_t i = 0; i < model->waiter_count; i++) {
        const struct sb_model_waiter *const waiter = &model->waiters[i];
        const struct sb_model_job *const job = sb_model_job(model, waiter->job);
        struct sb_event event = make(t, SB_EVENT_LEASE_WANTED, waiter->since);
        event.as.lease_wanted.run = waiter->run;
        event.as.lease_wanted.job = waiter->job;
        event.as.lease_wanted.category = waiter->category;
        event.as.lease_wanted.lane = waiter->lane;
        event.as.lease_wanted.rank = waiter->rank;
        event.as.lease_wanted.ahead = job != NULL && job->run.id == waiter->run ? job->run.ahead : 0;
        say(t, &event);
    }
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++)
        say_context(t, i);
    struct sb_event event = make(t, SB_EVENT_POOL_PRESSURE, 0);
    event.as.pool_pressure.level = model->memory_level;
    event.as.pool_pressure.used_mib = model->memory_used_mib;
    event.as.pool_pressure.limit_mib = model->memory_limit_mib;
    if (model->memory_level > 0)
        say(t, &event);
    event = make(t, SB_EVENT_POOL_SATURATED, model->saturated_since);
    event.as.pool_saturated.waiting = model->waiter_count;
    if (model->is_saturated)
        say(t, &event);
}

static void say_alert(const struct telling *t, const struct sb_model_alert *alert)
{
    struct sb_event event = make(t, SB_EVENT_ALERT_RAISED, alert->since);
    event.wall = alert->since_wall;
    event.as.alert_raised.alert = alert->id;
    event.as.alert_raised.rule = alert->rule;
    event.as.alert_raised.severity = alert->severity;
    event.as.alert_raised.job = alert->job;
    event.as.alert_raised.component = alert->component;
    name_copy(event.as.alert_raised.subject, alert->subject);
    note_copy(event.as.alert_raised.text, alert->text);
    say(t, &event);
    event = make(t, SB_EVENT_ALERT_MOVED, 0);
    event.as.alert_moved.alert = alert->id;
    event.as.alert_moved.rule = alert->rule;
    event.as.alert_moved.state = alert->state;
    event.as.alert_moved.is_flapping = alert->is_flapping;
    event.as.alert_moved.is_stale = alert->is_stale;
    event.as.alert_moved.lasts = alert->until > event.now ? alert->until - event.now : 0;
    name_copy(event.as.alert_moved.subject, alert->subject);
    if (alert->state != SB_ALERT_STATE_FIRING || alert->is_flapping || alert->is_stale)
        say(t, &event);
    event = make(t, SB_EVENT_ALERT_ACKED, 0);
    event.wall = alert->acked_at;
    event.as.alert_acked.alert = alert->id;
    event.as.alert_acked.lasts = alert->acked_until > event.now ? alert->acked_until - event.now : 0;
    name_copy(event.as.alert_acked.actor, alert->acked_by);
    if (alert->is_acked)
        say(t, &event);
    for (uint8_t c = 0; c < SB_CHANNELS_MAX; c++) {
        const struct sb_model_told *const told = &alert->told[c];
        event = make(t, SB_EVENT_NOTICE_HELD, told->at);
        event.as.notice_held.alert = alert->id;
        event.as.notice_held.channel = c;
        event.as.notice_held.why = told->why;
        event.as.notice_held.notice = told->notice;
        event.as.notice_held.lasts = told->until > event.now ? told->until - event.now : 0;
        name_copy(event.as.notice_held.by, told->by);
        if (t->model->channels[c].is_defined && told->at != 0)
            say(t, &event);
    }
}

static void say_silences(const struct telling *t)
{
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        const struct sb_model_silence *const silence = &t->model->silences[i];
        struct sb_event event = make(t, SB_EVENT_SILENCE_SET, 0);
        event.as.silence_set.silence = silence->id;
        event.as.silence_set.rule = silence->rule;
        event.as.silence_set.lasts = silence->until > event.now ? silence->until - event.now : 0;
        name_copy(event.as.silence_set.subject, silence->subject);
        name_copy(event.as.silence_set.actor, silence->actor);
        note_copy(event.as.silence_set.reason, silence->reason);
        if (silence->id != 0)
            say(t, &event);
    }
}

static void say_end(const struct telling *t)
{
    const struct sb_model *const model = t->model;
    const struct sb_model_command *const last = &model->last_command;
    struct sb_event event = make(t, last->is_done ? SB_EVENT_COMMAND_DONE : SB_EVENT_COMMAND_REFUSED, 0);
    event.wall = last->at;
    event.as.command_done.command = last->id; /* both answers have the same fields */
    event.as.command_done.kind = last->kind;
    event.as.command_done.job = last->job;
    event.as.command_done.run = last->run;
    name_copy(event.as.command_done.actor, last->actor);
    note_copy(event.as.command_done.outcome, last->outcome);
    if (last->is_known)
        say(t, &event);
    event = make(t, SB_EVENT_DRAIN_STARTED, model->drain_since);
    event.as.drain_started.grace = model->drain_grace;
    name_copy(event.as.drain_started.actor, model->drain_actor);
    if (model->is_draining)
        say(t, &event);
    event = make(t, SB_EVENT_DRAINED, 0);
    if (model->is_drained)
        say(t, &event);
    event = make(t, SB_EVENT_DESCRIBED, 0);
    event.as.described.jobs = model->job_count;
    say(t, &event);
}

void sb_model_describe(const struct sb_model *model, sb_model_teller *tell, void *arg)
{
    const struct telling t = {.model = model, .tell = tell, .arg = arg};
    say_runtime(&t);
    say_parts(&t);
    for (uint32_t i = 0; i < model->job_high; i++)
        if (model->jobs[i].is_defined)
            say_job(&t, (uint16_t)i);
    for (uint8_t i = 0; i < SB_CHANNELS_MAX; i++)
        say_channel(&t, i, false);
    say_components(&t);
    say_budget(&t);
    say_pauses(&t);
    say_incident(&t);
    for (uint32_t i = 0; i < model->job_high; i++)
        if (model->jobs[i].is_defined)
            sb_say_job_state(&t, (uint16_t)i);
    for (uint32_t i = 0; i < model->job_high; i++)
        if (model->jobs[i].is_defined)
            sb_say_run(&t, (uint16_t)i);
    say_pool(&t);
    for (uint8_t i = 0; i < SB_CHANNELS_MAX; i++)
        say_channel(&t, i, true);
    say_silences(&t);
    for (uint32_t i = 0; i < model->alert_count; i++)
        say_alert(&t, &model->alerts[i]);
    say_end(&t);
}
