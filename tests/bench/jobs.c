/* The catalogues of the benchmarks and a driver of the core in virtual time. Must cost little itself: what it does is measured with the
 * core. */
#include "jobs.h"

#include "bench.h"

#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 8192, OUTBOX_EVENTS = 256, OUTBOX_ORDERS = 128 };

static const struct sb_wall start_of_time = { 1764806400000000000 }; /* 2025-12-04T00:00:00Z */

/* A row of a real installation: interval, first offset, seconds a run takes, steps, category, priority. */
static const struct real_job {
    uint32_t every_s, offset_s, lasts_s;
    uint8_t steps, category, priority;
} real_jobs[] = {
    { 300, 0, 40, 12, SB_CATEGORY_POSTING, 0 },        { 3600, 120, 60, 10, SB_CATEGORY_NONE, 0 },
    { 1800, 60, 90, 14, SB_CATEGORY_POSTING, 0 },      { 1200, 300, 75, 7, SB_CATEGORY_METRICS, 1 },
    { 1800, 600, 150, 5, SB_CATEGORY_METRICS, 1 },     { 7200, 600, 175, 8, SB_CATEGORY_HARVESTING, 1 },
    { 5400, 1500, 200, 6, SB_CATEGORY_HARVESTING, 4 }, { 900, 180, 5, 11, SB_CATEGORY_NONE, 2 },
    { 600, 240, 4, 8, SB_CATEGORY_METRICS, 2 },        { 7200, 13200, 600, 5, SB_CATEGORY_METRICS, 3 },
    { 21600, 3600, 700, 5, SB_CATEGORY_BACKGROUND, 8 }, { 21600, 14400, 450, 6, SB_CATEGORY_NONE, 6 },
    { 43200, 16200, 800, 5, SB_CATEGORY_BACKGROUND, 7 }, { 21600, 10800, 100, 4, SB_CATEGORY_METRICS, 3 },
    { 1800, 1200, 20, 5, SB_CATEGORY_METRICS, 3 },     { 3600, 2700, 8, 5, SB_CATEGORY_NONE, 4 },
    { 7200, 5400, 5, 6, SB_CATEGORY_NONE, 5 },         { 5400, 5700, 5, 4, SB_CATEGORY_NONE, 5 },
    { 7200, 4200, 10, 3, SB_CATEGORY_NONE, 5 },        { 7200, 6000, 10, 3, SB_CATEGORY_NONE, 5 },
    { 21600, 12000, 60, 5, SB_CATEGORY_NONE, 6 },      { 21600, 13800, 5, 4, SB_CATEGORY_NONE, 6 },
    { 86400, 18000, 20, 4, SB_CATEGORY_NONE, 4 },      { 600, 900, 1, 4, SB_CATEGORY_NONE, 2 },
    { 86400, 7200, 35, 5, SB_CATEGORY_METRICS, 4 },    { 86400, 7200, 1, 3, SB_CATEGORY_NONE, 7 },
    { 300, 120, 3, 6, SB_CATEGORY_BACKGROUND, 1 },     { 600, 120, 8, 4, SB_CATEGORY_BACKGROUND, 5 },
    { 60, 60, 1, 4, SB_CATEGORY_NONE, 9 },             { 900, 450, 10, 3, SB_CATEGORY_NONE, 6 },
};

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count, size);
    if (room == NULL)
        give_up("no memory");
    return room;
}

static void jobs_init(struct jobs *jobs, uint32_t job_count, uint32_t step_count)
{
    struct sb_catalogue *catalogue = &jobs->catalogue;

    memset(jobs, 0, sizeof(*jobs));
    sb_zone_init_utc(&jobs->zone);
    jobs->lasts = room_for(step_count, sizeof(*jobs->lasts));
    catalogue->name = "bench";
    catalogue->jobs = room_for(job_count, sizeof(*catalogue->jobs));
    catalogue->steps = room_for(step_count, sizeof(*catalogue->steps));
    catalogue->params = room_for(step_count, sizeof(*catalogue->params));
    catalogue->zones = &jobs->zone;
    catalogue->zone_count = 1;
    catalogue->pool = (struct sb_pool_def){
        .workers = 64, .policy = SB_LANE_POLICY_RECLAIM, .ageing = SB_S(60), .reclaim_grace = SB_S(5), .stop_grace = SB_S(5),
        .stuck_grace = SB_S(10), .max_uses = 25, .max_age = SB_MIN(30), .saturated_after = SB_S(30),
    };
    catalogue->budget = (struct sb_budget_def){ .limit = { 5 * SB_USD_NANO }, .high_above_pm = 800, .medium_above_pm = 400, .low_above_pm = 100 };
    catalogue->settings.drain = SB_S(5);
}

static struct sb_job_def *add_job(struct jobs *jobs, sb_ns every, sb_ns offset)
{
    struct sb_catalogue *catalogue = &jobs->catalogue;
    struct sb_job_def *job = &catalogue->jobs[catalogue->job_count];
    struct sb_text name;

    sb_text_init(&name, job->name, sizeof(job->name));
    sb_text_add(&name, "job_");
    sb_text_add_padded(&name, catalogue->job_count++, 5);
    (void)sb_copy(job->schedule_text, sizeof(job->schedule_text), "every");
    job->is_enabled = true;
    job->schedule = SB_SCHEDULE_EVERY;
    job->every = every;
    job->offset = offset;
    job->misfire = SB_MISFIRE_ONCE;
    job->misfire_window = every;
    job->late_after = SB_HOUR(1);
    job->queue_timeout = SB_HOUR(1);
    job->first_step = catalogue->step_count;
    job->retry = (struct sb_retry){ .attempts = 1, .factor_pct = 200, .base = SB_S(1), .max = SB_S(30) };
    return job;
}

static void add_step(struct jobs *jobs, bool needs_context, sb_ns lasts)
{
    struct sb_catalogue *catalogue = &jobs->catalogue;
    struct sb_step_def *step = &catalogue->steps[catalogue->step_count];

    (void)sb_copy(step->name, sizeof(step->name), "step");
    step->kind = SB_STEP_KIND_NATIVE;
    step->needs_context = needs_context;
    step->timeout = SB_HOUR(1);
    jobs->lasts[catalogue->step_count++] = lasts;
    catalogue->jobs[catalogue->job_count - 1].step_count++;
}

void jobs_init_even(struct jobs *jobs, uint32_t count, sb_ns every, sb_ns lasts)
{
    jobs_init(jobs, count, count);
    for (uint32_t i = 0; i < count; i++) {
        add_job(jobs, every, every / count * i)->priority = (uint8_t)(i % 11);
        add_step(jobs, false, lasts);
    }
}

void jobs_init_real(struct jobs *jobs)
{
    uint32_t steps = 0;
    for (size_t i = 0; i < SB_LEN(real_jobs); i++)
        steps += real_jobs[i].steps;
    jobs_init(jobs, SB_LEN(real_jobs), steps);
    jobs->catalogue.pool.workers = 4;
    jobs->catalogue.pool.burst = 1;
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        jobs->catalogue.pool.lane_contexts[lane] = 1;
    jobs->catalogue.components[SB_COMPONENT_BROWSER] =
        (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true, .probe_every = SB_S(30) };
    for (size_t i = 0; i < SB_LEN(real_jobs); i++) {
        const struct real_job *row = &real_jobs[i];
        struct sb_job_def *job = add_job(jobs, SB_S(row->every_s), SB_S(row->offset_s));
        job->category = row->category;
        job->priority = row->priority;
        for (uint8_t step = 0; step < row->steps; step++)
            add_step(jobs, row->category != SB_CATEGORY_NONE, SB_S(row->lasts_s) / row->steps);
    }
}

void jobs_deinit(struct jobs *jobs)
{
    free(jobs->catalogue.jobs);
    free(jobs->catalogue.steps);
    free((void *)(uintptr_t)jobs->catalogue.params); /* const for its readers */
    free(jobs->lasts);
}

/* ---- virtual time ---- */

void virtual_init(struct virtual *world, const struct jobs *jobs)
{
    const struct sb_catalogue *catalogue = &jobs->catalogue;
    const struct sb_core_setup setup = {
        .jobs = catalogue->jobs, .job_count = catalogue->job_count, .steps = catalogue->steps, .step_count = catalogue->step_count,
        .zones = catalogue->zones, .zone_count = catalogue->zone_count, .pool = &catalogue->pool, .budget = &catalogue->budget,
        .components = catalogue->components, .seed = 1, .drain_grace = catalogue->settings.drain,
    };

    memset(world, 0, sizeof(*world));
    world->jobs = jobs;
    world->cap = PENDING_MAX;
    world->inputs = room_for(world->cap, sizeof(*world->inputs));
    world->free_slots = room_for(world->cap, sizeof(*world->free_slots));
    world->items = room_for(world->cap, sizeof(*world->items));
    world->places = room_for(world->cap, sizeof(*world->places));
    sb_heap_init(&world->pending, world->items, world->places, world->cap);
    for (uint32_t i = 0; i < world->cap; i++)
        world->free_slots[world->free_count++] = i;
    world->out = (struct sb_outbox){ .events = room_for(OUTBOX_EVENTS, sizeof(struct sb_event)), .event_cap = OUTBOX_EVENTS,
                                     .orders = room_for(OUTBOX_ORDERS, sizeof(struct sb_order)), .order_cap = OUTBOX_ORDERS };
    world->memory_size = sb_core_size(&setup);
    world->memory = room_for(1, world->memory_size);
    world->core = sb_core_init(world->memory, world->memory_size, &setup);
}

void virtual_deinit(struct virtual *world)
{
    free(world->inputs);
    free(world->free_slots);
    free(world->items);
    free(world->places);
    free(world->out.events);
    free(world->out.orders);
    free(world->memory);
}

static void post(struct virtual *world, sb_ns at, const struct sb_input *input)
{
    if (world->free_count == 0)
        give_up("more than %d inputs are on their way", (int)PENDING_MAX);
    uint32_t slot = world->free_slots[--world->free_count];
    world->inputs[slot] = *input;
    sb_heap_set(&world->pending, slot, at, world->sent++);
}

static void obey(struct virtual *world, const struct sb_order *order)
{
    struct sb_input input;

    if (order->kind == SB_ORDER_START_STEP) {
        const struct sb_or_start_step *start = &order->as.start_step;
        input = sb_input_make(SB_INPUT_STEP_DONE);
        input.as.step_done.run = start->run;
        input.as.step_done.fence = start->fence;
        input.as.step_done.step = start->step;
        input.as.step_done.state = SB_STEP_STATE_SUCCEEDED;
        post(world, world->now + world->jobs->lasts[world->jobs->catalogue.jobs[start->job].first_step + start->step], &input);
    } else if (order->kind == SB_ORDER_OPEN_CONTEXT) {
        input = sb_input_make(SB_INPUT_CONTEXT_UP);
        input.as.context_up.ctx = order->as.open_context.ctx;
        input.as.context_up.generation = order->as.open_context.generation;
        post(world, world->now + SB_MS(100), &input);
    } else if (order->kind == SB_ORDER_PROBE) {
        input = sb_input_make(SB_INPUT_COMPONENT);
        input.as.component.component = order->as.probe.component;
        input.as.component.state = SB_COMPONENT_STATE_OK;
        post(world, world->now + SB_MS(1), &input);
    }
}

static void step(struct virtual *world, struct sb_input *input)
{
    sb_ns began = world->is_timed ? sb_now() : 0;

    input->now = world->now;
    input->wall.ns = world->now + start_of_time.ns;
    sb_core_step(world->core, input, &world->out);
    if (world->on_step != NULL)
        world->on_step(world->arg, world, began);
    if (world->checks)
        sb_core_check(world->core);
    world->steps++;
    world->events += world->out.event_count;
    world->orders += world->out.order_count;
    for (uint32_t i = 0; i < world->out.event_count; i++)
        world->runs += world->out.events[i].kind == SB_EVENT_RUN_ENDED ? 1u : 0u;
    for (uint32_t i = 0; i < world->out.order_count; i++)
        obey(world, &world->out.orders[i]);
}

static void tick_all(struct virtual *world)
{
    while (sb_core_next_deadline(world->core) <= world->now) {
        struct sb_input tick = sb_input_make(SB_INPUT_TICK);
        step(world, &tick);
    }
}

void virtual_begin(struct virtual *world)
{
    struct sb_input begin = sb_input_make(SB_INPUT_BEGIN);
    step(world, &begin);
    tick_all(world);
}

void virtual_run(struct virtual *world, sb_ns until)
{
    for (;;) {
        const struct sb_heap_item *top = sb_heap_top(&world->pending);
        sb_ns deadline = sb_core_next_deadline(world->core);
        bool is_input = top != NULL && top->key <= deadline;
        sb_ns at = is_input ? top->key : deadline;
        if (at > until)
            break;
        world->now = at > world->now ? at : world->now;
        if (is_input) {
            uint32_t slot = top->id;
            sb_heap_remove(&world->pending, slot);
            world->free_slots[world->free_count++] = slot;
            step(world, &world->inputs[slot]); /* nothing is posted before the core has read it */
        }
        tick_all(world);
    }
    world->now = until;
}
