/* Sections core and week: the pure core alone, in virtual time. A decision is an event or an order that the core emits. */
#include "bench.h"
#include "figures.h"
#include "jobs.h"

#include "signalbox/os/os.h"

#include <stdio.h>

enum { RUNS = 60000, SAMPLES_MAX = 400000, CLOCK_SAMPLES = 100000 };

static void keep_duration(void *arg, const struct virtual *world, sb_ns began)
{
    (void)world;
    samples_add(arg, sb_now() - began);
}

/* Virtual time in which about `runs` runs end. */
static sb_ns time_for(uint32_t jobs, sb_ns every, uint64_t runs)
{
    return every / jobs * (sb_ns)runs;
}

/* Seconds of real time for RUNS runs of the world that has begun. */
static double timed_run(struct virtual *world, uint32_t jobs, sb_ns every)
{
    sb_ns from = world->now, began = sb_now();
    virtual_run(world, from + time_for(jobs, every, RUNS));
    return (double)(sb_now() - began) / 1e9;
}

/* Steps one by one, then decisions per second without a clock call between them. */
static double measure(uint32_t job_count, const char *name)
{
    const sb_ns every = SB_S(60);
    char row[80];
    struct jobs jobs;
    struct virtual world;
    struct samples samples;

    samples_init(&samples, SAMPLES_MAX);
    jobs_init_even(&jobs, job_count, every, SB_MS(10));
    virtual_init(&world, &jobs);
    virtual_begin(&world);
    virtual_run(&world, every * 2);
    world.on_step = keep_duration;
    world.arg = &samples;
    world.is_timed = true;
    (void)timed_run(&world, job_count, every);
    world.on_step = NULL;
    world.is_timed = false;
    (void)snprintf(row, sizeof(row), "core step, %s jobs: p50, p99", name);
    figures_row(row, figure(UNIT_NS, samples_permille(&samples, 500)), figure(UNIT_NS, samples_permille(&samples, 990)));

    uint64_t decisions = world.events + world.orders, runs = world.runs;
    double seconds = timed_run(&world, job_count, every);
    double rate = (double)(world.events + world.orders - decisions) / seconds;
    (void)snprintf(row, sizeof(row), "core decisions, %s jobs: all, runs", name);
    figures_row(row, figure_at_least(UNIT_PER_SECOND, rate, 2e6), figure(UNIT_PER_SECOND, (double)(world.runs - runs) / seconds));
    (void)snprintf(row, sizeof(row), "core memory, %s jobs: per job, all", name);
    double size = (double)world.memory_size;
    struct figure per_job = figure(UNIT_BYTES, size / job_count);
    if (job_count >= 1000)
        per_job = figure_at_most(UNIT_BYTES, size / job_count, 2048);
    figures_row(row, per_job, figure(UNIT_BYTES, size));
    virtual_deinit(&world);
    jobs_deinit(&jobs);
    samples_deinit(&samples);
    return rate;
}

static void measure_clock(void)
{
    struct samples samples;
    samples_init(&samples, CLOCK_SAMPLES);
    for (size_t i = 0; i < CLOCK_SAMPLES; i++) {
        sb_ns began = sb_now();
        samples_add(&samples, sb_now() - began);
    }
    figures_row("(floor of the next rows: two clock calls) p50, p99", figure(UNIT_NS, samples_permille(&samples, 500)),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
}

void bench_core(const struct bench *bench)
{
    (void)bench;
    measure_clock();
    double few = measure(30, "30"), many = measure(10000, "10,000");
    figures_row("core decisions, 10,000 jobs against 30", figure_at_least(UNIT_TIMES, many / few, 0.5), figure_none());
}

static void simulate(bool checks, const char *row, sb_ns span, double limit_ns)
{
    struct jobs jobs;
    struct virtual world;

    jobs_init_real(&jobs);
    virtual_init(&world, &jobs);
    world.checks = checks;
    sb_ns began = sb_now();
    virtual_begin(&world);
    virtual_run(&world, span);
    double took = (double)(sb_now() - began);
    if (world.runs < 1000)
        give_up("the simulated week had %llu runs only", (unsigned long long)world.runs);
    figures_row(row, figure_at_most(UNIT_NS, took, limit_ns),
                figure_at_least(UNIT_PER_SECOND, (double)world.events / took * 1e9, 1e6));
    virtual_deinit(&world);
    jobs_deinit(&jobs);
}

void bench_week(const struct bench *bench)
{
    (void)bench;
    simulate(false, "simulated week of 30 jobs: wall, events", SB_DAY(7), 200e6);
    simulate(true, "the same, invariants checked at every step", SB_DAY(7), 200e6);
}
