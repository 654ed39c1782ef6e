/* One simulation: memory, the loop between the core and its world, and the report. Everything is allocated before the loop. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_SLOTS = 65536, ENTRIES_SPARE = 4096 };
#define DESCRIBE_EVERY SB_MIN(10)

static const struct sb_wall START = { 1767571200000000000 }; /* Monday, 2026-01-05T00:00:00Z: any fixed time does */

static bool wants_contexts(const struct sb_catalogue *catalogue, const struct sb_job_def *job)
{
    for (uint8_t s = 0; s < job->step_count; s++)
        if (catalogue->steps[job->first_step + s].needs_context)
            return true;
    return false;
}

static void make_jobs(struct sim *sim)
{
    const struct sb_sim_setup *setup = sim->setup;
    uint32_t load = setup->load_pct > 0 ? setup->load_pct : 100;
    for (uint32_t j = 0; j < setup->catalogue->job_count; j++) {
        struct sb_job_def *job = &sim->jobs[j];
        *job = setup->catalogue->jobs[j];
        if (setup->offsets != NULL)
            job->offset = setup->offsets[j];
        job->every = job->every / load * 100 + job->every % load * 100 / load;
        job->offset = job->offset / load * 100 + job->offset % load * 100 / load;
        if (job->schedule == SB_SCHEDULE_EVERY && job->every < SB_S(1))
            job->every = SB_S(1);
        if (setup->is_contexts_only && !wants_contexts(setup->catalogue, job))
            job->is_enabled = false;
    }
}

static bool allocate(struct sim *sim)
{
    const struct sb_catalogue *catalogue = sim->setup->catalogue;
    uint32_t jobs = catalogue->job_count > 0 ? catalogue->job_count : 1, steps = catalogue->step_count > 0 ? catalogue->step_count : 1;
    sim->entry_cap = jobs * 4 + ENTRIES_SPARE;
    sim->tally.waiter_cap = jobs * 2 + 128; /* more than the core has runs */
    sim->jobs = calloc(jobs, sizeof(*sim->jobs));
    sim->draws = calloc(jobs, sizeof(*sim->draws));
    sim->shares = calloc(steps, sizeof(*sim->shares));
    sim->latest_run = calloc(jobs, sizeof(*sim->latest_run));
    sim->latest_nominal = calloc(jobs, sizeof(*sim->latest_nominal));
    sim->entries = calloc(sim->entry_cap, sizeof(*sim->entries));
    sim->due_items = calloc(sim->entry_cap, sizeof(*sim->due_items));
    sim->due_pos = calloc(sim->entry_cap, sizeof(*sim->due_pos));
    sim->entry_of_slot = calloc(RUN_SLOTS, sizeof(*sim->entry_of_slot));
    sim->tally.waiters = calloc(sim->tally.waiter_cap, sizeof(*sim->tally.waiters));
    sim->tally.has_asked = calloc(jobs, sizeof(*sim->tally.has_asked));
    sim->tally.has_got = calloc(jobs, sizeof(*sim->tally.has_got));
    return sim->jobs != NULL && sim->draws != NULL && sim->shares != NULL && sim->latest_run != NULL && sim->latest_nominal != NULL &&
           sim->entries != NULL && sim->due_items != NULL && sim->due_pos != NULL && sim->entry_of_slot != NULL &&
           sim->tally.waiters != NULL && sim->tally.has_asked != NULL && sim->tally.has_got != NULL;
}

static void release(struct sim *sim)
{
    if (sim == NULL)
        return;
    free(sim->core_memory);
    free(sim->tally.has_got);
    free(sim->tally.has_asked);
    free(sim->tally.waiters);
    free(sim->entry_of_slot);
    free(sim->due_pos);
    free(sim->due_items);
    free(sim->entries);
    free(sim->latest_nominal);
    free(sim->latest_run);
    free(sim->shares);
    free(sim->draws);
    free(sim->jobs);
    free(sim);
}

static bool make_core(struct sim *sim)
{
    const struct sb_catalogue *catalogue = sim->setup->catalogue;
    sim->pool = catalogue->pool;
    if (sim->setup->policy < SB_LANE_POLICY_COUNT)
        sim->pool.policy = sim->setup->policy;
    sim->core_setup = (struct sb_core_setup){
        .jobs = sim->jobs,
        .job_count = catalogue->job_count,
        .steps = catalogue->steps,
        .step_count = catalogue->step_count,
        .zones = catalogue->zones,
        .zone_count = catalogue->zone_count,
        .pool = &sim->pool,
        .budget = &catalogue->budget,
        .components = catalogue->components,
        .seed = sim->setup->seed,
        .drain_grace = SB_S(30),
    };
    size_t size = sb_core_size(&sim->core_setup);
    sim->core_memory = malloc(size);
    if (sim->core_memory == NULL)
        return false;
    sim->core = sb_core_init(sim->core_memory, size, &sim->core_setup);
    sim->report->policy = sim->pool.policy;
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        sim->report->contexts = (uint16_t)(sim->report->contexts + sim->pool.lane_contexts[lane]);
    return true;
}

/* Everything as it is, and `last` after it: who listens from there on can tell that nothing is missing. */
static void describe(struct sim *sim, const struct sb_event *last)
{
    const struct sb_event repeated = *last;
    uint64_t cursor = 0;
    bool is_complete = false;
    while (!is_complete) {
        struct sb_outbox out = { .events = sim->events, .event_cap = OUTBOX_EVENTS, .orders = sim->orders, .order_cap = OUTBOX_ORDERS };
        is_complete = sb_core_describe(sim->core, &cursor, &out);
        sim->setup->hear(sim->setup->hear_arg, sim->events, out.event_count);
    }
    sim->setup->hear(sim->setup->hear_arg, &repeated, 1);
    sim->described_at = sim->now;
    sim->has_described = true;
}

static void tell(struct sim *sim, uint32_t event_count)
{
    if (sim->setup->hear == NULL || event_count == 0)
        return;
    if (sim->has_described) /* what the start announces is in the first description */
        sim->setup->hear(sim->setup->hear_arg, sim->events, event_count);
    const bool is_settled = sb_core_next_deadline(sim->core) > sim->now; /* else what the description has would be told once more */
    if (is_settled && (!sim->has_described || sim->now - sim->described_at >= DESCRIBE_EVERY))
        describe(sim, &sim->events[event_count - 1]);
}

static void step(struct sim *sim, struct sb_input *input)
{
    struct sb_outbox out = { .events = sim->events, .event_cap = OUTBOX_EVENTS, .orders = sim->orders, .order_cap = OUTBOX_ORDERS };
    input->now = sim->now;
    input->wall.ns = START.ns + sim->now;
    sb_core_step(sim->core, input, &out);
    sim->report->inputs++;
    if (sim->setup->has_checks)
        sb_core_check(sim->core);
    for (uint32_t i = 0; i < out.event_count; i++) /* before the orders: a run's due time names its durations */
        sim_tally_event(sim, &sim->events[i]);
    for (uint32_t i = 0; i < out.order_count; i++)
        sim_world_order(sim, &sim->orders[i]);
    tell(sim, out.event_count);
}

static void loop(struct sim *sim)
{
    struct sb_input input = sb_input_make(SB_INPUT_BEGIN);
    step(sim, &input);
    for (;;) {
        const struct sb_heap_item *next = sb_heap_top(&sim->due);
        sb_ns happens = next != NULL ? next->key : SB_NEVER, deadline = sb_core_next_deadline(sim->core);
        sb_ns at = happens <= deadline ? happens : deadline;
        if (at > sim->setup->lasts)
            break;
        sim->now = at > sim->now ? at : sim->now;
        input = happens <= deadline ? sim_world_next(sim) : sb_input_make(SB_INPUT_TICK);
        step(sim, &input);
    }
    sim->now = sim->setup->lasts;
}

enum sb_err sb_sim_run(const struct sb_sim_setup *setup, struct sb_sim_report *report, struct sb_error *err)
{
    struct sb_sim_report made;
    struct sim *sim = calloc(1, sizeof(*sim));
    memset(&made, 0, sizeof(made));
    if (sim != NULL) {
        sim->setup = setup;
        sim->report = &made;
    }
    if (sim == NULL || !allocate(sim)) {
        release(sim);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to simulate %u jobs", setup->catalogue->job_count);
    }
    make_jobs(sim);
    if (!make_core(sim)) {
        release(sim);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to simulate %u jobs", setup->catalogue->job_count);
    }
    for (uint32_t i = 0; i < RUN_SLOTS; i++)
        sim->entry_of_slot[i] = NO_ENTRY;
    sim_durations_init(sim);
    sim_tally_init(sim);
    sim_world_init(sim);
    loop(sim);
    sim_tally_finish(sim);
    made.hash = sb_core_hash(sim->core);
    *report = made;
    release(sim);
    return SB_OK;
}

uint32_t sb_sim_utilisation_pm(const struct sb_sim_report *report, sb_ns lasts)
{
    double possible = (double)report->contexts * (double)lasts;
    return possible > 0 ? (uint32_t)((double)report->held / possible * 1000.0 + 0.5) : 0;
}
