/* The describe stream: definitions, then state, one event at a time from a cursor. A new listener folds it and knows everything; at
 * start the definitions alone are announced as facts. Events carry the time at which their fact began. Reads only. */
#include "announce.h"

enum section {
    SECTION_RUNTIME,
    SECTION_POOL,
    SECTION_COMPONENTS,
    SECTION_CONTEXTS,
    SECTION_JOBS,
    SECTION_CHANNELS,
    SECTION_RULES,
    SECTION_STATE, /* definitions end here */
    SECTION_COMPONENT_STATES = SECTION_STATE,
    SECTION_BREAKERS,
    SECTION_BUDGET,
    SECTION_PAUSES,
    SECTION_INCIDENT,
    SECTION_JOB_STATES,
    SECTION_RUNS,
    SECTION_CONTEXT_STATES,
    SECTION_PRESSURE,
    SECTION_CHANNEL_STATES,
    SECTION_SILENCES,
    SECTION_ALERTS,
    SECTION_DRAIN,
    SECTION_END,
    SECTION_DONE,
};

/* Cursor: section, item within it, part of the item. */
struct place {
    unsigned section;
    uint32_t item;
    unsigned part;
};

static struct place unpack(uint64_t cursor)
{
    return (struct place){ (unsigned)(cursor >> 48), (uint32_t)(cursor >> 16), (unsigned)(cursor & 0xffff) };
}

static uint64_t pack(struct place place)
{
    return (uint64_t)place.section << 48 | (uint64_t)place.item << 16 | place.part;
}

static struct sb_event make_at(const struct sb_core *core, enum sb_event_kind kind, sb_ns at)
{
    struct sb_event event = sb_event_make(core, kind);
    if (at != 0) {
        event.now = at;
        event.wall.ns = core->wall.ns - (core->now - at);
    }
    return event;
}

/* What an item function says about its part (enum said). */
typedef enum said item_fn(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);

static enum said say_runtime(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    (void)part;
    if (item > 0)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_RUNTIME_STARTED, 0);
    struct sb_ev_runtime_started *started = &event->as.runtime_started;
    started->boot = core->begin.boot;
    memcpy(started->version, core->begin.version, sizeof(started->version));
    memcpy(started->host, core->begin.host, sizeof(started->host));
    memcpy(started->config_hash, core->begin.config_hash, sizeof(started->config_hash));
    started->jobs = core->setup.job_count;
    started->is_practice = core->begin.is_practice;
    started->genesis = core->genesis;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_pool(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > 0)
        return SAID_SECTION_OVER;
    if (part == 1 && core->policy != core->setup.pool->policy) {
        *event = sb_lanes_policy_event(core);
        return SAID_EVENT;
    }
    *event = make_at(core, SB_EVENT_POOL_DEFINED, 0);
    struct sb_ev_pool_defined *pool = &event->as.pool_defined;
    pool->contexts = (uint16_t)core->burst_first;
    pool->burst = (uint16_t)(core->ctx_count - core->burst_first);
    pool->policy = core->setup.pool->policy;
    pool->workers = core->setup.pool->workers;
    pool->ageing = core->setup.pool->ageing;
    pool->grace = core->setup.pool->reclaim_grace;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_component(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= SB_COMPONENT_COUNT)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_COMPONENT_DEFINED, 0);
    event->as.component_defined.component = (uint8_t)item;
    event->as.component_defined.class = core->setup.components[item].class;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_context(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->ctx_count)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_CONTEXT_DEFINED, 0);
    event->as.context_defined.ctx = (uint16_t)item;
    event->as.context_defined.lane = core->ctxs[item].lane;
    event->as.context_defined.is_burst = core->ctxs[item].is_burst;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static void fill_step(const struct sb_core *core, uint16_t job, uint8_t step, struct sb_event *event)
{
    const struct sb_step_def *def = step_def(core, job, step);
    *event = make_at(core, SB_EVENT_STEP_DEFINED, 0);
    struct sb_ev_step_defined *out = &event->as.step_defined;
    out->job = job;
    out->step = step;
    out->kind = def->kind;
    out->needs_context = def->needs_context;
    out->is_effect = def->is_effect;
    out->timeout = def->timeout;
    out->every = def->every;
    memcpy(out->name, def->name, sizeof(out->name));
}

static enum said say_job(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->setup.job_count)
        return SAID_SECTION_OVER;
    const struct sb_job_def *def = &core->setup.jobs[item];
    if (part > def->step_count)
        return SAID_ITEM_OVER;
    if (part > 0) {
        fill_step(core, (uint16_t)item, (uint8_t)(part - 1), event);
        return SAID_EVENT;
    }
    *event = make_at(core, SB_EVENT_JOB_DEFINED, 0);
    struct sb_ev_job_defined *out = &event->as.job_defined;
    out->job = (uint16_t)item;
    memcpy(out->name, def->name, sizeof(out->name));
    out->category = def->category;
    out->priority = def->priority;
    out->steps = def->step_count;
    out->is_critical = def->is_critical;
    for (uint8_t i = 0; i < def->step_count; i++) {
        out->needs_browser |= step_def(core, (uint16_t)item, i)->needs_context;
        out->needs_llm |= step_def(core, (uint16_t)item, i)->uses_llm;
    }
    out->attempts_max = def->retry.attempts;
    out->timeout = def->timeout;
    out->every = def->every;
    memcpy(out->schedule, def->schedule_text, sizeof(out->schedule));
    return SAID_EVENT;
}

static enum said say_component_state(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= SB_COMPONENT_COUNT)
        return SAID_SECTION_OVER;
    const struct component *c = &core->components[item];
    *event = make_at(core, SB_EVENT_COMPONENT_CHANGED, c->since);
    event->as.component_changed.component = (uint8_t)item;
    event->as.component_changed.state = c->state;
    event->as.component_changed.latency = c->latency;
    memcpy(event->as.component_changed.reason, c->reason, SB_NOTE_MAX);
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_breaker(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->setup.site_count)
        return SAID_SECTION_OVER;
    *event = sb_breakers_event(core, item);
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_budget(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > 0)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_BUDGET_WINDOW, 0);
    event->as.budget_window.day_start = core->day_start;
    event->as.budget_window.day_end = core->day_end;
    event->as.budget_window.limit = core->setup.budget->limit.nano;
    event->as.budget_window.spent = core->spent;
    event->as.budget_window.tier = core->tier;
    event->as.budget_window.policy = core->setup.budget->policy;
    if (part == 1)
        *event = sb_budget_ledger_event(core);
    if (part == 2)
        *event = sb_budget_forced_event(core);
    if (part == 2 && !core->is_tier_forced)
        return SAID_SKIP;
    if (part >= 3 && part < 3 + SB_LLM_CATEGORY_COUNT) {
        *event = sb_budget_failed_event(core, (enum sb_llm_category)(part - 3));
        return core->failures[part - 3].count > 0 ? SAID_EVENT : SAID_SKIP;
    }
    return part < 3 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_pause(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > SB_CATEGORY_COUNT)
        return SAID_SECTION_OVER;
    if (part > 0)
        return SAID_ITEM_OVER;
    if (item == SB_CATEGORY_COUNT) {
        *event = make_at(core, SB_EVENT_ALL_PAUSED, 0);
        sb_pauses_tell(core, PAUSE_ALL, event, event->as.all_paused.actor, event->as.all_paused.reason);
        return core->is_all_paused ? SAID_EVENT : SAID_ITEM_OVER;
    }
    *event = make_at(core, SB_EVENT_CATEGORY_PAUSED, 0);
    event->as.category_paused.category = (uint8_t)item;
    sb_pauses_tell(core, PAUSE_CATEGORY + item, event, event->as.category_paused.actor, event->as.category_paused.reason);
    return core->category_paused[item] ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_incident(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > 0 || !core->incident.is_open)
        return SAID_SECTION_OVER;
    *event = sb_incident_event(core);
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_job_state(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->setup.job_count)
        return SAID_SECTION_OVER;
    const struct job *job = &core->jobs[item];
    if (part == 0) {
        *event = make_at(core, SB_EVENT_JOB_PAUSED, 0);
        event->as.job_paused.job = (uint16_t)item;
        if (job->is_paused)
            sb_pauses_tell(core, item, event, event->as.job_paused.actor, event->as.job_paused.reason);
        return job->is_paused ? SAID_EVENT : SAID_SKIP;
    }
    if (part == 1) {
        *event = make_at(core, SB_EVENT_JOB_SCHEDULED, 0);
        event->as.job_scheduled.job = (uint16_t)item;
        event->as.job_scheduled.due = sb_schedule_due_shown(core, (uint16_t)item);
        return job->due != INT64_MAX ? SAID_EVENT : SAID_SKIP;
    }
    if (part == 2) {
        *event = sb_budget_stretched_event(core, (uint16_t)item);
        return sb_budget_stretch(core, (uint16_t)item) > 1 ? SAID_EVENT : SAID_SKIP;
    }
    if (part > 3 || job->last_run == 0 || job->last_state >= SB_RUN_STATE_COUNT)
        return SAID_ITEM_OVER;
    *event = make_at(core, SB_EVENT_RUN_ENDED, job->last_ended_at);
    struct sb_ev_run_ended *ended = &event->as.run_ended;
    ended->run = job->last_run;
    ended->job = (uint16_t)item;
    ended->step = job->last_step;
    ended->attempt = job->last_attempt;
    ended->state = job->last_state;
    ended->class = job->last_class;
    ended->duration = job->last_duration;
    memcpy(ended->error, job->last_error, SB_NOTE_MAX);
    return SAID_EVENT;
}

static enum said say_run_queued(const struct sb_core *core, const struct run *run, struct sb_event *event)
{
    *event = make_at(core, SB_EVENT_RUN_QUEUED, run->queued_at);
    event->as.run_queued.run = run->id;
    event->as.run_queued.job = run->job;
    event->as.run_queued.step = run->step;
    event->as.run_queued.attempt = run->attempt;
    event->as.run_queued.cause = run->cause;
    event->as.run_queued.nominal = run->nominal;
    return SAID_EVENT;
}

static enum said say_run_started(const struct sb_core *core, const struct run *run, struct sb_event *event)
{
    *event = make_at(core, SB_EVENT_RUN_STARTED, run->started_at);
    event->as.run_started.run = run->id;
    event->as.run_started.job = run->job;
    event->as.run_started.attempt = run->attempt;
    event->as.run_started.waited = run->started_at - run->queued_at;
    return run->is_started ? SAID_EVENT : SAID_SKIP;
}

static enum said say_run_wait(const struct sb_core *core, const struct run *run, struct sb_event *event)
{
    if (run->state == SB_RUN_STATE_HELD) {
        *event = make_at(core, SB_EVENT_RUN_HELD, run->hold_since);
        event->as.run_held.run = run->id;
        event->as.run_held.job = run->job;
        event->as.run_held.hold = run->hold;
        event->as.run_held.component = run->hold_component;
        return SAID_EVENT;
    }
    if (run->state == SB_RUN_STATE_BACKOFF) {
        *event = make_at(core, SB_EVENT_RUN_RETRYING, 0);
        event->as.run_retrying.run = run->id;
        event->as.run_retrying.job = run->job;
        event->as.run_retrying.step = run->step;
        event->as.run_retrying.attempt = run->attempt;
        event->as.run_retrying.attempts_max = job_def(core, run->job)->retry.attempts;
        event->as.run_retrying.delay = run->wake - core->now;
        return SAID_EVENT;
    }
    if (run->state == SB_RUN_STATE_QUEUED && run->hold == SB_HOLD_CONTEXT) {
        *event = make_at(core, SB_EVENT_LEASE_WANTED, run->wait_since);
        event->as.lease_wanted.run = run->id;
        event->as.lease_wanted.job = run->job;
        event->as.lease_wanted.category = job_def(core, run->job)->category;
        event->as.lease_wanted.lane = (uint8_t)sb_category_lane((enum sb_category)job_def(core, run->job)->category);
        event->as.lease_wanted.rank = sb_queue_key(core, run);
        return SAID_EVENT;
    }
    return SAID_SKIP;
}

static enum said say_run_step(const struct sb_core *core, const struct run *run, struct sb_event *event)
{
    *event = make_at(core, SB_EVENT_STEP_STARTED, run->step_at);
    event->as.step_started.run = run->id;
    event->as.step_started.job = run->job;
    event->as.step_started.step = run->step;
    event->as.step_started.attempt = run->attempt;
    event->as.step_started.ctx = run->ctx;
    event->as.step_started.fence = run->fence;
    event->as.step_started.timeout = run->soft - run->step_at;
    return run->fence != 0 ? SAID_EVENT : SAID_SKIP;
}

static enum said say_run_stopping(const struct sb_core *core, const struct run *run, struct sb_event *event)
{
    *event = make_at(core, SB_EVENT_RUN_STOPPING, 0);
    event->as.run_stopping.run = run->id;
    event->as.run_stopping.job = run->job;
    event->as.run_stopping.hard = run->is_hard_stopped;
    return run->state == SB_RUN_STATE_STOPPING ? SAID_EVENT : SAID_SKIP;
}

static enum said say_run(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    static enum said (*const parts[])(const struct sb_core *, const struct run *, struct sb_event *) = {
        say_run_queued, say_run_started, say_run_wait, say_run_step, say_run_stopping,
    };
    if (item >= core->run_cap)
        return SAID_SECTION_OVER;
    if (!core->runs[item].is_used || core->runs[item].is_restored || part >= SB_LEN(parts))
        return SAID_ITEM_OVER;
    return parts[part](core, &core->runs[item], event);
}

static enum said say_usage(const struct sb_core *core, uint32_t item, struct sb_event *event)
{
    const struct ctx *ctx = &core->ctxs[item];
    *event = make_at(core, SB_EVENT_CONTEXT_MEASURED, 0);
    event->as.context_measured.ctx = (uint16_t)item;
    event->as.context_measured.generation = ctx->generation;
    event->as.context_measured.heap_kib = ctx->heap_kib;
    event->as.context_measured.is_cpu_known = ctx->is_cpu_known;
    event->as.context_measured.cpu_permille = ctx->cpu_permille;
    return ctx->heap_kib > 0 && ctx->state != SB_CTX_STATE_DOWN ? SAID_EVENT : SAID_SKIP;
}

static enum said say_context_state(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->ctx_count)
        return SAID_SECTION_OVER;
    const struct ctx *ctx = &core->ctxs[item];
    const struct run *run = ctx->run != NO_RUN ? &core->runs[ctx->run] : NULL;
    if (part == 0) {
        *event = make_at(core, SB_EVENT_CONTEXT_CHANGED, ctx->opened_at);
        event->as.context_changed.ctx = (uint16_t)item;
        event->as.context_changed.state = run != NULL ? SB_CTX_STATE_IDLE : ctx->state;
        event->as.context_changed.generation = ctx->generation;
        event->as.context_changed.uses = ctx->uses;
        return SAID_EVENT;
    }
    if (part == 1)
        return say_usage(core, item, event);
    if (run == NULL || part > 3)
        return SAID_ITEM_OVER;
    if (part == 2) {
        *event = make_at(core, SB_EVENT_LEASE_GRANTED, ctx->leased_at);
        event->as.lease_granted.ctx = (uint16_t)item;
        event->as.lease_granted.run = run->id;
        event->as.lease_granted.job = run->job;
        event->as.lease_granted.fence = run->fence;
        event->as.lease_granted.lane = ctx->lane;
        event->as.lease_granted.is_burst = ctx->is_burst;
        event->as.lease_granted.is_borrowed =
            ctx->lane != sb_category_lane((enum sb_category)job_def(core, run->job)->category);
        event->as.lease_granted.deadline = ctx->deadline - ctx->leased_at;
        return SAID_EVENT;
    }
    *event = make_at(core, SB_EVENT_LEASE_YIELD_ASKED, 0);
    event->as.lease_yield_asked.ctx = (uint16_t)item;
    event->as.lease_yield_asked.run = run->id;
    event->as.lease_yield_asked.for_run = ctx->for_run;
    return ctx->is_yield_asked ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_pressure(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > 0 || core->memory_level == 0)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_POOL_PRESSURE, 0);
    event->as.pool_pressure.level = core->memory_level;
    event->as.pool_pressure.used_mib = core->memory_used_mib;
    event->as.pool_pressure.limit_mib = core->setup.pool->memory_max_mib;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_drain(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    (void)part;
    if (item > 0 || !core->is_draining)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_DRAIN_STARTED, 0);
    event->as.drain_started.grace = core->drain_at > core->now ? core->drain_at - core->now : 0;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static enum said say_end(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item > 0)
        return SAID_SECTION_OVER;
    *event = make_at(core, SB_EVENT_DESCRIBED, 0);
    event->as.described.jobs = core->setup.job_count;
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

static item_fn *const sections[SECTION_DONE] = {
    [SECTION_RUNTIME] = say_runtime,
    [SECTION_POOL] = say_pool,
    [SECTION_COMPONENTS] = say_component,
    [SECTION_CONTEXTS] = say_context,
    [SECTION_JOBS] = say_job,
    [SECTION_CHANNELS] = sb_say_channel,
    [SECTION_RULES] = sb_say_rule,
    [SECTION_COMPONENT_STATES] = say_component_state,
    [SECTION_BREAKERS] = say_breaker,
    [SECTION_BUDGET] = say_budget,
    [SECTION_PAUSES] = say_pause,
    [SECTION_INCIDENT] = say_incident,
    [SECTION_JOB_STATES] = say_job_state,
    [SECTION_RUNS] = say_run,
    [SECTION_CONTEXT_STATES] = say_context_state,
    [SECTION_PRESSURE] = say_pressure,
    [SECTION_CHANNEL_STATES] = sb_say_channel_state,
    [SECTION_SILENCES] = sb_say_silence,
    [SECTION_ALERTS] = sb_say_alert,
    [SECTION_DRAIN] = say_drain,
    [SECTION_END] = say_end,
};

bool sb_announce_next(const struct sb_core *core, uint64_t *cursor, bool is_definition_only, struct sb_event *event)
{
    struct place place = unpack(*cursor);
    while (place.section < SECTION_DONE) {
        switch (sections[place.section](core, place.item, place.part, event)) {
        case SAID_EVENT:
            place.part++;
            *cursor = pack(place);
            return true;
        case SAID_SKIP:
            place.part++;
            break;
        case SAID_ITEM_OVER:
            place.item++;
            place.part = 0;
            break;
        case SAID_SECTION_OVER:
            place = (struct place){ .section = place.section + 1 };
            if (is_definition_only && place.section == SECTION_STATE)
                place.section = SECTION_END;
            break;
        }
    }
    *cursor = pack(place);
    return false;
}
