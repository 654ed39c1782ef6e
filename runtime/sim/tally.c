/* What the events of a simulation add up to. Allocates nothing. */
#include "world.h"

#include <string.h>

void sim_tally_init(struct sim *sim)
{
    for (int i = 0; i < SB_CATEGORY_COUNT; i++)
        sb_hist_init(&sim->tally.waits[i]);
}

static struct waiter *find(struct sim *sim, uint64_t run)
{
    struct tally *tally = &sim->tally;
    for (uint32_t i = 0; i < tally->waiter_count; i++)
        if (tally->waiters[i].run == run)
            return &tally->waiters[i];
    return NULL;
}

static void wanted(struct sim *sim, const struct sb_ev_lease_wanted *event)
{
    struct tally *tally = &sim->tally;
    SB_ASSERT(tally->waiter_count < tally->waiter_cap);
    tally->waiters[tally->waiter_count++] = (struct waiter){ event->run, sim->now, event->category };
    tally->has_asked[event->job] = true;
    sim->report->categories[event->category].wanted++;
}

/* The wait of that run is over; NULL when it did not wait. */
static struct sb_sim_category *wait_over(struct sim *sim, uint64_t run)
{
    struct waiter *waiter = find(sim, run);
    if (waiter == NULL)
        return NULL;
    struct sb_sim_category *category = &sim->report->categories[waiter->category];
    sb_ns waited = sim->now - waiter->since;
    category->waited += waited;
    category->wait_max = waited > category->wait_max ? waited : category->wait_max;
    sb_hist_add(&sim->tally.waits[waiter->category], waited);
    *waiter = sim->tally.waiters[--sim->tally.waiter_count];
    return category;
}

static void granted(struct sim *sim, const struct sb_ev_lease_granted *event)
{
    struct sb_sim_category *category = wait_over(sim, event->run);
    SB_ASSERT(category != NULL);
    category->granted++;
    sim->tally.has_got[event->job] = true;
    sim->report->borrowed += event->is_borrowed ? 1u : 0u;
    sim->report->bursts += event->is_burst ? 1u : 0u;
    sim->tally.leases[event->ctx] = (struct lease){
        .from = sim->now,
        .job = event->job,
        .category = sim->jobs[event->job].category,
        .is_held = true,
        .is_borrowed = event->is_borrowed,
        .is_burst = event->is_burst,
    };
}

static void lease_over(struct sim *sim, uint16_t ctx)
{
    struct lease *lease = &sim->tally.leases[ctx];
    struct sb_sim_timeline *timeline = sim->setup->timeline;
    if (!lease->is_held)
        return;
    sb_ns held = sim->now - lease->from;
    lease->is_held = false;
    sim->report->held += held;
    sim->report->burst_held += lease->is_burst ? held : 0;
    sim->report->categories[lease->category].held += held;
    if (timeline == NULL)
        return;
    if (timeline->count == timeline->cap) {
        timeline->is_cut = true;
        return;
    }
    timeline->leases[timeline->count++] = (struct sb_sim_lease){
        .from = lease->from, .to = sim->now, .ctx = ctx, .job = lease->job, .category = lease->category,
        .is_borrowed = lease->is_borrowed, .is_burst = lease->is_burst,
    };
}

/* A run stopped waiting without a context. */
static void gave_up(struct sim *sim, uint64_t run, enum sb_class class)
{
    struct sb_sim_category *category = wait_over(sim, run);
    if (category == NULL)
        return;
    if (class == SB_CLASS_NO_CONTEXT) {
        category->timeouts++;
        sim->report->timeouts++;
    } else {
        category->dropped++;
    }
}

static void ended(struct sim *sim, const struct sb_ev_run_ended *event)
{
    struct sb_sim_report *report = sim->report;
    gave_up(sim, event->run, (enum sb_class)event->class);
    report->succeeded += event->state == SB_RUN_STATE_SUCCEEDED ? 1u : 0u;
    report->failed += event->state == SB_RUN_STATE_FAILED || event->state == SB_RUN_STATE_QUARANTINED ? 1u : 0u;
    report->skipped += event->state == SB_RUN_STATE_SKIPPED ? 1u : 0u;
}

static void queued(struct sim *sim, const struct sb_ev_run_queued *event)
{
    sim->report->runs++;
    sim->latest_run[event->job] = event->run;
    sim->latest_nominal[event->job] = event->nominal;
}

void sim_tally_event(struct sim *sim, const struct sb_event *event)
{
    struct sb_sim_report *report = sim->report;
    uint16_t kind = event->kind;
    report->events++;
    if (kind == SB_EVENT_LEASE_WANTED)
        wanted(sim, &event->as.lease_wanted);
    else if (kind == SB_EVENT_LEASE_GRANTED)
        granted(sim, &event->as.lease_granted);
    else if (kind == SB_EVENT_LEASE_ENDED)
        lease_over(sim, event->as.lease_ended.ctx);
    else if (kind == SB_EVENT_LEASE_REVOKED)
        report->revoked++;
    else if (kind == SB_EVENT_RUN_YIELDED)
        report->yields++;
    else if (kind == SB_EVENT_RUN_QUEUED)
        queued(sim, &event->as.run_queued);
    else if (kind == SB_EVENT_RUN_HELD)
        gave_up(sim, event->as.run_held.run, SB_CLASS_NONE);
    else if (kind == SB_EVENT_RUN_RETRYING)
        gave_up(sim, event->as.run_retrying.run, (enum sb_class)event->as.run_retrying.class);
    else if (kind == SB_EVENT_RUN_ENDED)
        ended(sim, &event->as.run_ended);
    else if (kind == SB_EVENT_RUN_LATE)
        report->late++;
    else if (kind == SB_EVENT_NOMINAL_SKIPPED)
        report->skipped += event->as.nominal_skipped.count;
}

static sb_ns least(sb_ns a, sb_ns b)
{
    return a < b ? a : b;
}

void sim_tally_finish(struct sim *sim)
{
    struct sb_sim_report *report = sim->report;
    while (sim->tally.waiter_count > 0)
        wait_over(sim, sim->tally.waiters[0].run)->waiting++;
    for (uint16_t ctx = 0; ctx < SB_CONTEXTS_MAX; ctx++)
        lease_over(sim, ctx);
    for (uint32_t job = 0; job < sim->core_setup.job_count; job++)
        report->jobs_starved += sim->tally.has_asked[job] && !sim->tally.has_got[job] ? 1u : 0u;
    for (int i = 0; i < SB_CATEGORY_COUNT; i++) {
        struct sb_sim_category *category = &report->categories[i];
        const struct sb_hist *waits = &sim->tally.waits[i];
        report->contention += category->waited;
        category->wait_p50 = least(sb_hist_permille(waits, 500), category->wait_max);
        category->wait_p95 = least(sb_hist_permille(waits, 950), category->wait_max);
        category->wait_p99 = least(sb_hist_permille(waits, 990), category->wait_max);
    }
}
