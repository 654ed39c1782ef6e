/* The core's frame: memory, the input table, and the pump that carries out due work in bounded units. Core thread only. No clock,
 * no I/O, no allocation after init. */
#include "notices.h"

#include "signalbox/base/arena.h"

static uint32_t run_capacity(const struct sb_core_setup *setup)
{
    uint32_t wanted = setup->job_count + setup->job_count / 4 + 64;
    return wanted < NO_RUN ? wanted : NO_RUN - 1;
}

static void heap_carve(struct sb_arena *arena, struct sb_heap *heap, uint32_t cap)
{
    struct sb_heap_item *items = sb_arena_take(arena, cap, sizeof(*items));
    uint32_t *pos = sb_arena_take(arena, cap, sizeof(*pos));
    if (items != NULL)
        sb_heap_init(heap, items, pos, cap);
}

/* Lays the core out; with a measuring arena only the sizes count. */
static struct sb_core *carve(struct sb_arena *arena, const struct sb_core_setup *setup)
{
    uint32_t run_cap = run_capacity(setup);
    uint32_t timer_cap = setup->job_count + run_cap + SB_CONTEXTS_MAX + SB_COMPONENT_COUNT + TIMER_SINGLE_COUNT + SB_SITES_MAX;
    struct sb_core *core = sb_arena_take(arena, 1, sizeof(*core));
    struct sb_core scratch = { .run_cap = run_cap };
    struct sb_core *to = core != NULL ? core : &scratch;

    to->run_cap = run_cap;
    to->jobs = sb_arena_take(arena, setup->job_count, sizeof(*to->jobs));
    to->runs = sb_arena_take(arena, run_cap, sizeof(*to->runs));
    to->free_runs = sb_arena_take(arena, run_cap, sizeof(*to->free_runs));
    to->step_done = sb_arena_take(arena, setup->step_count, sizeof(*to->step_done));
    heap_carve(arena, &to->timers, timer_cap);
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        heap_carve(arena, &to->lanes[lane], run_cap);
    heap_carve(arena, &to->workers, run_cap);
    heap_carve(arena, &to->waiting, run_cap);
    return core;
}

size_t sb_core_size(const struct sb_core_setup *setup)
{
    struct sb_arena arena;
    sb_arena_init(&arena, NULL, 0);
    (void)carve(&arena, setup);
    return arena.used + 16;
}

static void init_contexts(struct sb_core *core)
{
    const struct sb_pool_def *pool = core->setup.pool;
    static const enum sb_lane order[] = { SB_LANE_POSTING, SB_LANE_HIGH, SB_LANE_LOW };

    for (size_t i = 0; i < SB_LEN(order); i++)
        for (uint16_t n = 0; n < pool->lane_contexts[order[i]]; n++) {
            SB_ASSERT(core->ctx_count < SB_CONTEXTS_MAX);
            core->ctxs[core->ctx_count++] = (struct ctx){ .lane = (uint8_t)order[i], .run = NO_RUN };
        }
    core->burst_first = core->ctx_count;
    for (uint16_t n = 0; n < pool->burst; n++) {
        SB_ASSERT(core->ctx_count < SB_CONTEXTS_MAX);
        core->ctxs[core->ctx_count++] = (struct ctx){ .lane = SB_LANE_POSTING, .is_burst = true, .run = NO_RUN };
    }
}

struct sb_core *sb_core_init(void *memory, size_t size, const struct sb_core_setup *setup)
{
    struct sb_arena arena;

    SB_ASSERT(setup->job_count <= SB_JOBS_MAX);
    sb_arena_init(&arena, memory, size);
    struct sb_core *core = carve(&arena, setup);
    core->setup = *setup;
    core->next_seq = core->next_run = core->next_fence = 1;
    core->next_alert = core->next_silence = 1;
    sb_alerts_def_init(&core->shipped_alerts);
    core->alert_defs = setup->alerts != NULL ? setup->alerts : &core->shipped_alerts;
    SB_ASSERT(setup->channel_count <= SB_CHANNELS_MAX);
    core->policy = setup->pool->policy;
    SB_ASSERT(setup->site_count <= SB_SITES_MAX);
    sb_pace_init(&core->pace, setup->budget);
    for (uint32_t i = 0; i < SB_SITES_MAX; i++)
        sb_breaker_init(&core->breakers[i].breaker);
    core->stretch_told = 1;
    core->stretch_at = setup->job_count;
    core->now = INT64_MIN;
    for (uint32_t i = 0; i < core->run_cap; i++) {
        core->runs[i].ctx = SB_NO_CTX;
        core->free_runs[i] = (uint16_t)(core->run_cap - 1 - i);
    }
    core->free_count = core->run_cap;
    core->idle_jobs = setup->job_count;
    for (uint32_t i = 0; i < setup->job_count; i++) {
        core->jobs[i].due = INT64_MAX;
        core->jobs[i].latest_slot = NO_RUN;
        core->jobs[i].last_state = SB_RUN_STATE_COUNT; /* never ran */
    }
    init_contexts(core);
    return core;
}

void sb_timer_set(struct sb_core *core, uint32_t id, sb_ns at)
{
    if (at == SB_NEVER)
        sb_heap_remove(&core->timers, id);
    else
        sb_heap_set(&core->timers, id, at, id);
}

static void on_tick(struct sb_core *core, const struct sb_input *input)
{
    (void)core;
    (void)input;
}

static void on_restore_base(struct sb_core *core, const struct sb_input *input)
{
    const struct sb_in_restore_base *base = &input->as.restore_base;
    core->genesis = base->genesis;
    core->next_run = base->next_run > 0 ? base->next_run : 1;
    core->next_seq = base->next_seq > 0 ? base->next_seq : 1;
    core->next_alert = base->next_alert > 0 ? base->next_alert : 1;
    core->next_fence = (base->next_fence >> FENCE_SLOT_BITS) + 1;
}

static void on_restore_job(struct sb_core *core, const struct sb_input *input)
{
    const struct sb_in_restore_job *restored = &input->as.restore_job;
    if (restored->job >= core->setup.job_count)
        return;
    struct job *job = &core->jobs[restored->job];
    job->watermark = restored->watermark;
    job->is_paused = restored->is_paused;
    job->last_run = restored->last_run;
    if (restored->last_run != 0)
        job->last_state = restored->last_state;
    job->last_step = restored->failed_step;
    job->last_attempt = restored->last_attempt;
    job->failures = restored->failures;
}

static void on_restore_step(struct sb_core *core, const struct sb_input *input)
{
    const struct sb_in_restore_step *restored = &input->as.restore_step;
    if (restored->job >= core->setup.job_count)
        return;
    const struct sb_job_def *def = &core->setup.jobs[restored->job];
    for (uint8_t i = 0; i < def->step_count; i++)
        if (sb_streq(step_def(core, restored->job, i)->name, restored->step_name))
            core->step_done[def->first_step + i] = restored->done;
}

static void on_restore_run(struct sb_core *core, const struct sb_input *input)
{
    sb_restore_run(core, &input->as.restore_run);
}

static void on_restore_pause(struct sb_core *core, const struct sb_input *input)
{
    const struct sb_in_restore_pause *pause = &input->as.restore_pause;
    uint32_t target = PAUSE_ALL;
    if (pause->job < core->setup.job_count) {
        target = pause->job;
    } else if (pause->all) {
        core->is_all_paused = true;
    } else if (pause->category < SB_CATEGORY_COUNT) {
        core->category_paused[pause->category] = true;
        target = PAUSE_CATEGORY + pause->category;
    } else {
        return;
    }
    sb_pauses_note(core, target, pause->actor, pause->reason, pause->at > 0 && pause->at < core->wall.ns ? core->wall.ns - pause->at : 0);
}

static void on_restore_incident(struct sb_core *core, const struct sb_input *input)
{
    sb_incident_restore(core, &input->as.restore_incident);
}

static void on_restore_budget(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_restore(core, &input->as.restore_budget);
}

static void on_restore_hour(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_restore_hour(core, &input->as.restore_hour);
}

static void on_restore_calls(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_restore_calls(core, &input->as.restore_calls);
}

static void on_restore_recovery(struct sb_core *core, const struct sb_input *input)
{
    sb_recover_restore(core, &input->as.restore_recovery);
}

static void on_restore_trip(struct sb_core *core, const struct sb_input *input)
{
    sb_breakers_restore(core, &input->as.restore_trip);
}

static void on_restore_alert(struct sb_core *core, const struct sb_input *input)
{
    sb_alerts_restore(core, &input->as.restore_alert);
}

static void on_restore_ack(struct sb_core *core, const struct sb_input *input)
{
    sb_alerts_restore_ack(core, &input->as.restore_ack);
}

static void on_restore_silence(struct sb_core *core, const struct sb_input *input)
{
    sb_silence_restore(core, &input->as.restore_silence);
}

static void on_restore_notice(struct sb_core *core, const struct sb_input *input)
{
    sb_notices_restore(core, &input->as.restore_notice);
}

static void on_restore_told(struct sb_core *core, const struct sb_input *input)
{
    sb_notices_restore_told(core, &input->as.restore_told);
}

static void on_begin(struct sb_core *core, const struct sb_input *input)
{
    SB_ASSERT(!core->is_begun);
    core->is_begun = true;
    core->begin = input->as.begin;
    core->begun_at = core->wall.ns;
    if (core->genesis == 0)
        core->genesis = core->wall.ns;
    core->is_announcing = true;
}

static void on_command(struct sb_core *core, const struct sb_input *input)
{
    sb_commands_input(core, &input->as.command);
}

static void on_step_done(struct sb_core *core, const struct sb_input *input)
{
    sb_advance_step_done(core, &input->as.step_done);
}

static void on_note(struct sb_core *core, const struct sb_input *input)
{
    const struct sb_in_note *note = &input->as.note;
    struct sb_event event = sb_event_make(core, SB_EVENT_NOTE);
    event.as.note.run = note->run;
    event.as.note.job = note->job;
    event.as.note.step = note->step;
    event.as.note.severity = note->severity < SB_SEVERITY_COUNT ? note->severity : SB_SEVERITY_INFO;
    note_copy(event.as.note.text, note->text);
    sb_core_emit(core, &event);
}

static void on_context_up(struct sb_core *core, const struct sb_input *input)
{
    sb_lanes_context_up(core, &input->as.context_up);
}

static void on_context_down(struct sb_core *core, const struct sb_input *input)
{
    sb_lanes_context_down(core, &input->as.context_down);
}

static void on_component(struct sb_core *core, const struct sb_input *input)
{
    sb_components_input(core, &input->as.component);
}

static void on_spent(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_spent(core, &input->as.spent);
}

static void on_ledger(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_ledger(core, &input->as.ledger);
}

static void on_llm_failed(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_llm_failed(core, &input->as.llm_failed);
}

static void on_breaker_probed(struct sb_core *core, const struct sb_input *input)
{
    sb_breakers_probed(core, &input->as.breaker_probed);
}

static void on_notice_done(struct sb_core *core, const struct sb_input *input)
{
    sb_notices_done(core, &input->as.notice_done);
}

static void on_memory(struct sb_core *core, const struct sb_input *input)
{
    sb_memory_input(core, &input->as.memory);
}

static void on_vitals(struct sb_core *core, const struct sb_input *input)
{
    sb_gauges_input(core, &input->as.vitals);
}

static void on_model_end(struct sb_core *core, const struct sb_input *input)
{
    sb_endings_input(core, &input->as.model_end);
}

static void on_bill(struct sb_core *core, const struct sb_input *input)
{
    sb_budget_bill(core, &input->as.bill);
}

static void on_usage(struct sb_core *core, const struct sb_input *input)
{
    sb_usage_input(core, &input->as.usage);
}

typedef void input_handler(struct sb_core *core, const struct sb_input *input);
static input_handler *const handlers[SB_INPUT_COUNT] = {
#define HANDLER(code, name) [SB_INPUT_##code] = on_##name,
    SB_INPUTS(HANDLER)
#undef HANDLER
};

/* The catalogue is announced before the first decision, so that every listener and the store know the names. */
static void announce_unit(struct sb_core *core)
{
    struct sb_event event;
    for (int i = 0; i < UNIT_EVENTS_MAX - 2; i++) {
        if (!sb_announce_next(core, &core->announce_cursor, true, &event)) {
            core->is_announced = true;
            return;
        }
        sb_core_emit(core, &event);
    }
}

/* After the definitions: what follows from them. Each job tells its due time, so they begin as many to a unit as a unit may tell. */
static void begin_unit(struct sb_core *core)
{
    if (core->jobs_begun == 0) {
        sb_budget_begin(core);
        sb_components_begin(core);
        sb_alerts_begin(core);
        sb_breakers_begin(core);
        sb_lanes_begin(core);
    }
    for (int i = 0; i < UNIT_EVENTS_MAX - 2 && core->jobs_begun < core->setup.job_count; i++)
        sb_schedule_begin(core, (uint16_t)core->jobs_begun++);
    if (core->jobs_begun < core->setup.job_count)
        return;
    core->is_announcing = false;
    sb_schedule_rearm_all(core); /* the clock may have been stepped since the first of them began */
    sb_budget_rearm(core);
    sb_advance_all(core);
}

/* One due timer, if there is one. */
static bool timer_unit(struct sb_core *core)
{
    const struct sb_heap_item *top = sb_heap_top(&core->timers);
    if (top == NULL || top->key > core->now)
        return false;
    uint32_t id = top->id;
    sb_heap_remove(&core->timers, id);
    if (id < core->setup.job_count)
        sb_schedule_due(core, (uint16_t)id);
    else if (id < timer_ctx(core, 0))
        sb_run_timer(core, &core->runs[id - core->setup.job_count]);
    else if (id < timer_component(core, 0))
        sb_lanes_timer(core, (uint16_t)(id - timer_ctx(core, 0)));
    else if (id < timer_single(core, TIMER_BUDGET))
        sb_components_timer(core, (enum sb_component)(id - timer_component(core, 0)));
    else if (id == timer_single(core, TIMER_BUDGET))
        sb_budget_timer(core);
    else if (id == timer_single(core, TIMER_SATURATION))
        sb_lanes_saturation(core);
    else if (id == timer_single(core, TIMER_POLICY))
        sb_lanes_policy_over(core);
    else if (id == timer_single(core, TIMER_DRAIN))
        sb_drain_timer(core);
    else if (id == timer_single(core, TIMER_ALERTS))
        sb_alerts_timer(core);
    else if (id == timer_single(core, TIMER_NOTICES))
        sb_notices_timer(core);
    else
        sb_breakers_timer(core, id - timer_site(core, 0));
    return true;
}

static bool unit(struct sb_core *core)
{
    if (core->is_announcing) {
        if (core->is_announced)
            begin_unit(core);
        else
            announce_unit(core);
        return true;
    }
    if (!core->is_begun)
        return false;
    if (timer_unit(core) || sb_budget_stretch_unit(core))
        return true;
    if (sb_lanes_dispatch(core) || sb_advance_workers(core))
        return true;
    return false;
}

/* The wall clock moved against the monotonic one: due times are wall times, so they are armed again. Small drift is followed silently. */
static void follow_clock(struct sb_core *core)
{
    int64_t offset = core->wall.ns - core->now;
    int64_t delta = offset - core->wall_offset;
    if (core->is_begun && (delta > SB_MS(20) || delta < -SB_MS(20))) {
        core->wall_offset = offset;
        if (delta > SB_MS(500) || delta < -SB_MS(500)) {
            struct sb_event event = sb_event_make(core, SB_EVENT_CLOCK_STEPPED);
            event.as.clock_stepped.delta = delta;
            sb_core_emit(core, &event);
        }
        if (!core->is_announcing) {
            sb_schedule_rearm_all(core);
            sb_budget_rearm(core);
        }
    } else if (!core->is_begun) {
        core->wall_offset = offset;
    }
}

void sb_core_step(struct sb_core *core, const struct sb_input *input, struct sb_outbox *out)
{
    SB_ASSERT(out->event_cap >= SB_OUTBOX_EVENTS_MIN && out->order_cap >= SB_OUTBOX_ORDERS_MIN);
    SB_ASSERT(input->kind < SB_INPUT_COUNT);
    SB_ASSERT(input->now >= core->now);
    out->event_count = out->order_count = 0;
    core->out = out;
    core->now = input->now;
    core->wall = input->wall;
    follow_clock(core);
    handlers[input->kind](core, input);
    core->has_leftover = false;
    while (sb_has_room(core))
        if (!unit(core))
            goto idle;
    core->has_leftover = true;
idle:
    if (core->is_draining && !core->has_leftover && sb_has_room(core))
        sb_drain_progress(core);
    core->out = NULL;
}

sb_ns sb_core_next_deadline(const struct sb_core *core)
{
    const struct sb_heap_item *top = sb_heap_top(&core->timers);
    if (core->has_leftover)
        return core->now;
    return top != NULL && core->is_begun ? top->key : SB_NEVER;
}

bool sb_core_describe(const struct sb_core *core, uint64_t *cursor, struct sb_outbox *out)
{
    out->event_count = out->order_count = 0;
    while (out->event_count < out->event_cap) {
        struct sb_event event;
        if (!sb_announce_next(core, cursor, false, &event))
            return true;
        out->events[out->event_count++] = event;
    }
    return false;
}

uint64_t sb_core_hash(const struct sb_core *core)
{
    return core->hash;
}
