/* Sections dispatch and throughput: the real engine with the real core, its threads and a step kind that does nothing. */
#include "bench.h"
#include "figures.h"
#include "noop.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <string.h>

enum { DUE_JOBS = 20, DUE_EVERY_MS = 40, DUE_SAMPLES = 1500, RUNS_ALONE = 60000, RUNS_STORED = 20000, PATIENCE_S = 20 };

static struct sb_store *open_store(const struct bench *bench, const char *name)
{
    char location[512];
    struct sb_store *store = NULL;
    struct sb_error error = { 0 };

    (void)snprintf(location, sizeof(location), "sqlite:%s/%s-%lld.db", bench->scratch, name, (long long)sb_now());
    must(sb_store_open(&store, location, &error), "store", &error);
    return store;
}

/* ---- dispatch ---- */

/* Monotonic time of the start of all grids, from the first events a listener gets. */
static sb_ns grid_start(struct sb_engine *engine)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(PATIENCE_S) };
    struct sb_event events[64];
    struct sb_feed *feed = NULL;
    struct sb_error error = { 0 };
    sb_ns start = SB_NEVER;

    must(sb_feed_open(sb_engine_control(engine), &feed, &error), "feed", &error);
    while (start == SB_NEVER) {
        const int fd = sb_feed_fd(feed);
        size_t ready;
        bool is_gap = false;
        must(sb_poll_readable(&fd, 1, &op, &ready, &error), "waiting for the first events", &error);
        size_t count = sb_feed_take(feed, events, SB_LEN(events), &is_gap);
        for (size_t i = 0; i < count; i++)
            if (events[i].kind == SB_EVENT_RUNTIME_STARTED)
                start = events[i].as.runtime_started.genesis - (events[i].wall.ns - events[i].now);
    }
    sb_feed_close(feed);
    return start;
}

static void report_dispatch(struct sb_engine *engine, const struct jobs *jobs, sb_ns start, const char *with)
{
    const sb_ns every = SB_MS(DUE_EVERY_MS);
    char row[80];
    struct samples samples;
    struct sb_engine_stats stats;

    samples_init(&samples, DUE_SAMPLES);
    for (size_t i = 0; i < DUE_SAMPLES; i++) {
        const struct noop_arrival *arrival = &noop_arrivals()[i];
        samples_add(&samples, (arrival->at - start - jobs->catalogue.jobs[arrival->job].offset) % every);
    }
    sb_engine_stats(engine, &stats);
    (void)snprintf(row, sizeof(row), "due -> worker code, %s: p50, p99", with);
    figures_row(row, figure(UNIT_NS, samples_permille(&samples, 500)), figure(UNIT_NS, samples_permille(&samples, 990)));
    (void)snprintf(row, sizeof(row), "  order -> worker code, %s: p50, p99", with);
    figures_row(row, figure_at_most(UNIT_NS, (double)stats.dispatch_p50, 60e3), figure_at_most(UNIT_NS, (double)stats.dispatch_p99, 1e6));
    (void)snprintf(row, sizeof(row), "  lateness of a due time, %s: p50, p99", with);
    figures_row(row, figure_at_most(UNIT_NS, (double)stats.lateness_p50, 300e3), figure_at_most(UNIT_NS, (double)stats.lateness_p99, 5e6));
    (void)snprintf(row, sizeof(row), "  core step inside the engine, %s: p50, p99", with);
    figures_row(row, figure(UNIT_NS, (double)stats.step_p50), figure(UNIT_NS, (double)stats.step_p99));
    samples_deinit(&samples);
}

static void measure_dispatch(struct sb_store *store, const char *with)
{
    struct jobs jobs;

    jobs_init_even(&jobs, DUE_JOBS, SB_MS(DUE_EVERY_MS), 0);
    jobs.catalogue.pool.workers = 2;
    struct sb_engine *engine = noop_start(&jobs, store);
    sb_ns begun = grid_start(engine);
    noop_wait(DUE_SAMPLES);
    report_dispatch(engine, &jobs, begun, with);
    noop_stop(engine);
    jobs_deinit(&jobs);
}

void bench_dispatch(const struct bench *bench)
{
    measure_dispatch(NULL, "no store");
    struct sb_store *store = open_store(bench, "dispatch");
    measure_dispatch(store, "SQLite");
    store->ops->close(store);
}

/* ---- throughput ---- */

static void measure_throughput(struct sb_store *store, uint64_t runs, const char *row, double limit)
{
    const struct noop_load load = { .store = store, .workers = 2, .runs = runs };
    const struct noop_rates rates = noop_throughput(&load);

    figures_row(row, figure_at_least(UNIT_PER_SECOND, rates.runs, limit), figure(UNIT_PER_SECOND, rates.events));
}

void bench_throughput(const struct bench *bench)
{
    measure_throughput(NULL, RUNS_ALONE, "no-op runs, 2 workers, no store: runs, events", 200e3);
    struct sb_store *store = open_store(bench, "throughput");
    measure_throughput(store, RUNS_STORED, "no-op runs, 2 workers, durable in SQLite: runs, events", 10e3);
    store->ops->close(store);
}
