/* Sections dispatch and throughput: the real engine with the real core, its threads and a step kind that does nothing. */
#include "bench.h"
#include "figures.h"
#include "jobs.h"

#include "signalbox/engine/engine.h"
#include "signalbox/os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    DUE_JOBS = 20, DUE_EVERY_MS = 40, DUE_SAMPLES = 1500,
    RUN_JOBS = 1000, RUNS_AHEAD = 900, RUNS_ALONE = 60000, RUNS_STORED = 20000, TELL_EVERY = 64,
    PATIENCE_S = 20,
};

/* What the workers share with the section. */
static struct {
    int wake_fd;
    atomic_uint_fast64_t done;
    uint64_t wanted;                     /* wakes the section when so many are done, and at every TELL_EVERY-th */
    struct arrival {
        sb_ns at;
        uint16_t job;
    } arrivals[DUE_SAMPLES];
} shared;

static void run_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    sb_ns at = sb_now();
    uint64_t number = atomic_fetch_add(&shared.done, 1);

    if (number < DUE_SAMPLES)
        shared.arrivals[number] = (struct arrival){ at, env->job_id };
    if (number + 1 == shared.wanted || number % TELL_EVERY == 0)
        sb_wake_post(shared.wake_fd);
    result->state = SB_STEP_STATE_SUCCEEDED;
}

/* The engine asks the steps room for this; here there is one kind. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    static const struct sb_step_kind_ops ops = { .name = "nothing", .run = run_step };
    (void)kind;
    return &ops;
}

static enum sb_component_state probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    (void)component;
    return sb_op_check(op, "probe", err) == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

/* Until `done` has reached `wanted`. */
static void wait_done(uint64_t wanted)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(PATIENCE_S) };
    struct sb_error error = { 0 };
    size_t ready;

    while (atomic_load(&shared.done) < wanted) {
        must(sb_poll_readable(&shared.wake_fd, 1, &op, &ready, &error), "waiting for steps", &error);
        sb_wake_clear(shared.wake_fd);
    }
}

static struct sb_engine *start(struct jobs *jobs, struct sb_store *store)
{
    struct sb_engine_setup setup = {
        .catalogue = &jobs->catalogue, .services = { .store = store }, .probe = probe, .version = "bench", .host = "bench",
    };
    struct sb_engine *engine = NULL;
    struct sb_error error = { 0 };

    atomic_store(&shared.done, 0);
    must(sb_wake_open(&shared.wake_fd, &error), "wake", &error);
    must(sb_engine_start(&engine, &setup, &error), "engine", &error);
    return engine;
}

static void stop(struct sb_engine *engine)
{
    sb_engine_stop(engine, true);
    sb_fd_close(&shared.wake_fd);
}

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
        const struct arrival *arrival = &shared.arrivals[i];
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
    struct sb_engine *engine = start(&jobs, store);
    sb_ns begun = grid_start(engine);
    shared.wanted = DUE_SAMPLES;
    wait_done(DUE_SAMPLES);
    report_dispatch(engine, &jobs, begun, with);
    stop(engine);
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

static void force_run(struct sb_control *control, uint16_t job)
{
    struct sb_command command = sb_command_make(SB_COMMAND_RUN_JOB, 0, "bench");
    struct sb_error error = { 0 };

    command.job = job;
    command.confirmed = true;
    must(sb_control_command(control, command, NULL, &error), "force-run", &error);
}

/* Everything that was decided is on disk. */
static void wait_durable(struct sb_store *store, struct sb_engine *engine)
{
    const int none = -1;
    sb_ns patience = sb_now() + SB_S(PATIENCE_S);
    struct sb_engine_stats decided;
    struct sb_store_stats kept;
    size_t ready;

    for (;;) {
        const struct sb_op op = { .deadline = sb_now() + SB_MS(1) };
        sb_engine_stats(engine, &decided);
        store->ops->stats(store, &kept);
        if (kept.events_durable >= decided.events)
            return;
        if (sb_now() > patience)
            give_up("the store does not keep up: %llu of %llu events", (unsigned long long)kept.events_durable, (unsigned long long)decided.events);
        (void)!sb_poll_readable(&none, 1, &op, &ready, NULL);
    }
}

/* Commands are refused until the catalogue is announced: asks until one is carried out. */
static void wait_begun(struct sb_engine *engine)
{
    struct sb_error error = { 0 };
    size_t ready;
    for (sb_ns patience = sb_now() + SB_S(PATIENCE_S); atomic_load(&shared.done) == 0;) {
        const struct sb_op op = { .deadline = sb_now() + SB_MS(20) };
        if (sb_now() > patience)
            give_up("the engine carries nothing out");
        force_run(sb_engine_control(engine), 0);
        (void)!sb_poll_readable(&shared.wake_fd, 1, &op, &ready, &error);
    }
}

static void measure_throughput(struct sb_store *store, uint64_t runs, const char *row, double limit)
{
    struct jobs jobs;

    jobs_init_even(&jobs, RUN_JOBS, SB_HOUR(1), 0);
    for (uint32_t i = 0; i < RUN_JOBS; i++)
        jobs.catalogue.jobs[i].schedule = SB_SCHEDULE_NONE;
    jobs.catalogue.pool.workers = 2;
    struct sb_engine *engine = start(&jobs, store);
    wait_begun(engine);
    const uint64_t before = atomic_load(&shared.done);
    shared.wanted = before + runs;
    sb_ns began = sb_now();
    for (uint64_t sent = 0; sent < runs; sent++) {
        if (sent >= RUNS_AHEAD)
            wait_done(before + sent - RUNS_AHEAD + 1);
        force_run(sb_engine_control(engine), (uint16_t)((sent + 1) % RUN_JOBS)); /* job 0 may still be busy */
    }
    wait_done(before + runs);
    if (store != NULL)
        wait_durable(store, engine);
    double rate = (double)runs / (double)(sb_now() - began) * 1e9;
    struct sb_engine_stats stats;
    sb_engine_stats(engine, &stats);
    figures_row(row, figure_at_least(UNIT_PER_SECOND, rate, limit), figure(UNIT_PER_SECOND, rate * (double)stats.events / (double)runs));
    stop(engine);
    jobs_deinit(&jobs);
}

void bench_throughput(const struct bench *bench)
{
    measure_throughput(NULL, RUNS_ALONE, "no-op runs, 2 workers, no store: runs, events", 200e3);
    struct sb_store *store = open_store(bench, "throughput");
    measure_throughput(store, RUNS_STORED, "no-op runs, 2 workers, durable in SQLite: runs, events", 10e3);
    store->ops->close(store);
}
