/* The simulator on workloads small enough to know the answer. */
#include "signalbox/sim/sim.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { JOBS = 8, STEPS = 16 };

/* A catalogue made by hand. */
struct bench {
    struct sb_catalogue catalogue;
    struct sb_job_def jobs[JOBS];
    struct sb_step_def steps[STEPS];
    struct sb_duration_def durations[JOBS];
    struct sb_zone zone;
};

static void bench_init(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    sb_zone_init_utc(&bench->zone);
    bench->catalogue = (struct sb_catalogue){
        .name = "bench", .jobs = bench->jobs, .steps = bench->steps, .durations = bench->durations, .zones = &bench->zone, .zone_count = 1,
    };
    bench->catalogue.pool = (struct sb_pool_def){
        .lane_contexts = { 1, 1, 1 }, .workers = 4, .policy = SB_LANE_POLICY_STRICT, .ageing = SB_S(60), .reclaim_grace = SB_S(5),
        .stop_grace = SB_S(5), .stuck_grace = SB_S(10), .max_uses = 1000, .max_age = SB_DAY(7), .saturated_after = SB_S(30),
    };
    bench->catalogue.budget.limit.nano = 5 * SB_USD_NANO;
    for (int i = 0; i < SB_COMPONENT_COUNT; i++)
        bench->catalogue.components[i] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true };
}

/* A job that works exactly `lasts` on a context; more steps share that time by their limits. */
static struct sb_job_def *add_job(struct bench *bench, const char *name, enum sb_category category, sb_ns every, sb_ns offset, sb_ns lasts)
{
    uint32_t index = bench->catalogue.job_count++;
    struct sb_job_def *job = &bench->jobs[index];
    struct sb_step_def *step = &bench->steps[bench->catalogue.step_count];
    (void)sb_copy(job->name, sizeof(job->name), name);
    job->category = (uint8_t)category;
    job->is_enabled = true;
    job->schedule = SB_SCHEDULE_EVERY;
    job->every = every;
    job->offset = offset;
    job->misfire = SB_MISFIRE_ONCE;
    job->misfire_window = every;
    job->late_after = SB_MIN(2);
    job->queue_timeout = SB_S(60);
    job->priority = 5;
    job->retry = (struct sb_retry){ .attempts = 1, .factor_pct = 200, .base = SB_S(1), .max = SB_S(30) };
    job->first_step = bench->catalogue.step_count++;
    job->step_count = 1;
    (void)sb_copy(step->name, sizeof(step->name), "work");
    step->kind = SB_STEP_KIND_EXEC;
    step->needs_context = category != SB_CATEGORY_NONE;
    step->timeout = SB_HOUR(1);
    bench->durations[index] = (struct sb_duration_def){ lasts, lasts };
    return job;
}

static struct sb_sim_report run(const struct bench *bench, struct sb_sim_setup setup)
{
    struct sb_sim_report report;
    struct sb_error error = { 0 };
    setup.catalogue = &bench->catalogue;
    setup.has_checks = true;
    if (setup.policy == 0)
        setup.policy = SB_LANE_POLICY_COUNT;
    if (setup.lasts == 0)
        setup.lasts = SB_HOUR(1);
    if (setup.seed == 0)
        setup.seed = 1;
    assert_int_equal(sb_sim_run(&setup, &report, &error), SB_OK);
    return report;
}

static void sim__a_known_workload_has_the_known_waits(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "one", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(10));
    add_job(&bench, "two", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(12), SB_S(10));
    add_job(&bench, "three", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(15), SB_S(10));
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ 0 });
    const struct sb_sim_category *background = &report.categories[SB_CATEGORY_BACKGROUND];
    assert_int_equal(background->wanted, 3);
    assert_int_equal(background->granted, 3);
    assert_int_equal(background->wait_max, SB_S(15));
    assert_int_equal(report.contention, SB_S(0 + 8 + 15));
    assert_int_equal(report.held, SB_S(30));
    assert_int_equal(sb_sim_utilisation_pm(&report, SB_HOUR(1)), 3); /* 30 of 10,800 s */
    assert_int_equal(report.succeeded, 3);
    assert_int_equal(report.jobs_starved, 0);
    assert_true(report.hash != 0);
}

static void sim__lending_takes_the_same_waits_away(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "one", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(10));
    add_job(&bench, "two", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(12), SB_S(10));
    add_job(&bench, "three", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(15), SB_S(10));
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ .policy = SB_LANE_POLICY_RECLAIM });
    assert_int_equal(report.contention, 0);
    assert_int_equal(report.borrowed, 2);
    assert_int_equal(report.held, SB_S(30));
}

static void sim__a_batch_of_the_legacy_policy_holds_up_everybody(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "long", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(40));
    add_job(&bench, "posting", SB_CATEGORY_POSTING, SB_HOUR(2), SB_S(12), SB_S(1));
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ .policy = SB_LANE_POLICY_LEGACY });
    assert_int_equal(report.categories[SB_CATEGORY_POSTING].wait_max, SB_S(38));
    assert_int_equal(report.contention, SB_S(38));
}

static void sim__a_wait_that_ends_in_no_context_counts_with_its_whole_length(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "long", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(200));
    add_job(&bench, "short", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(20), SB_S(1));
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ 0 });
    assert_int_equal(report.timeouts, 1);
    assert_int_equal(report.categories[SB_CATEGORY_BACKGROUND].timeouts, 1);
    assert_int_equal(report.contention, SB_S(60));
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.jobs_starved, 1);
}

static void sim__who_still_waits_at_the_end_counts(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "long", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(200));
    add_job(&bench, "short", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(20), SB_S(1));
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ .lasts = SB_S(50) });
    assert_int_equal(report.categories[SB_CATEGORY_BACKGROUND].waiting, 1);
    assert_int_equal(report.contention, SB_S(30));
    assert_int_equal(report.held, SB_S(40)); /* the lease that has not ended */
}

static void sim__steps_share_the_duration_of_the_run_by_their_limits(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    struct sb_job_def *job = add_job(&bench, "two_steps", SB_CATEGORY_BACKGROUND, SB_HOUR(2), SB_S(10), SB_S(40));
    struct sb_step_def *second = &bench.steps[bench.catalogue.step_count++];
    bench.steps[0].timeout = SB_S(90);
    second->timeout = SB_S(30);
    second->kind = SB_STEP_KIND_EXEC;
    job->step_count = 2;
    struct sb_sim_report report = run(&bench, (struct sb_sim_setup){ 0 });
    assert_int_equal(report.held, SB_S(30)); /* only the first is on a context */
    assert_int_equal(report.succeeded, 1);
}

static void add_crowd(struct bench *bench)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
    for (int i = 0; i < 6; i++) {
        struct sb_job_def *job = add_job(bench, names[i], i == 0 ? SB_CATEGORY_POSTING : i < 3 ? SB_CATEGORY_METRICS : SB_CATEGORY_BACKGROUND,
                                         SB_S(60 + 30 * i), SB_S(7 * i), SB_S(12));
        bench->durations[i].p95 = SB_S(45);
        job->queue_timeout = SB_MIN(10);
    }
    bench->catalogue.pool.policy = SB_LANE_POLICY_RECLAIM;
    bench->catalogue.pool.burst = 1;
}

static void sim__the_same_seed_gives_the_same_history_and_another_seed_another(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_crowd(&bench);
    for (uint8_t faults = 0; faults < SB_SIM_FAULTS_COUNT; faults++) {
        struct sb_sim_setup setup = { .faults = faults, .lasts = SB_HOUR(12), .seed = 7 };
        struct sb_sim_report first = run(&bench, setup), second = run(&bench, setup);
        assert_memory_equal(&first, &second, sizeof(first));
        setup.seed = 8;
        struct sb_sim_report third = run(&bench, setup);
        assert_true(first.hash != third.hash);
    }
}

static void sim__twice_the_duration_or_twice_the_runs_is_more_contention(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_crowd(&bench);
    sb_ns normal = run(&bench, (struct sb_sim_setup){ .lasts = SB_DAY(1) }).contention;
    sb_ns longer = run(&bench, (struct sb_sim_setup){ .lasts = SB_DAY(1), .duration_pct = 200 }).contention;
    sb_ns oftener = run(&bench, (struct sb_sim_setup){ .lasts = SB_DAY(1), .load_pct = 200 }).contention;
    assert_true(normal > 0);
    assert_true(longer > 2 * normal);
    assert_true(oftener > 2 * normal);
}

/* 45 s at the 95th percentile around a median of 12 s: the drawn durations have to show both. */
static void sim__drawn_durations_have_the_median_and_percentile_of_the_catalogue(void **state)
{
    (void)state;
    enum { LEASES = 4000 };
    struct bench bench;
    bench_init(&bench);
    add_job(&bench, "only", SB_CATEGORY_BACKGROUND, SB_HOUR(4), 0, SB_S(12));
    bench.durations[0].p95 = SB_S(45);
    struct sb_sim_timeline timeline = { .leases = calloc(LEASES, sizeof(*timeline.leases)), .cap = LEASES };
    assert_non_null(timeline.leases);
    (void)run(&bench, (struct sb_sim_setup){ .lasts = SB_HOUR(4) * LEASES, .timeline = &timeline });
    size_t below_median = 0, below_p95 = 0;
    for (size_t i = 0; i < timeline.count; i++) {
        sb_ns held = timeline.leases[i].to - timeline.leases[i].from;
        below_median += held <= SB_S(12) ? 1u : 0u;
        below_p95 += held <= SB_S(45) ? 1u : 0u;
    }
    assert_true(timeline.count > LEASES - 5);
    assert_true(below_median > timeline.count * 47 / 100 && below_median < timeline.count * 53 / 100);
    assert_true(below_p95 > timeline.count * 94 / 100 && below_p95 < timeline.count * 96 / 100);
    free(timeline.leases);
}

static void sim__heavy_faults_cost_runs_and_every_invariant_holds(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    add_crowd(&bench);
    struct sb_sim_report calm = run(&bench, (struct sb_sim_setup){ .lasts = SB_DAY(3) });
    struct sb_sim_report heavy = run(&bench, (struct sb_sim_setup){ .lasts = SB_DAY(3), .faults = SB_SIM_FAULTS_HEAVY });
    assert_int_equal(calm.failed, 0);
    assert_true(heavy.failed > 100);
    assert_true(heavy.succeeded > calm.succeeded / 2);
    assert_int_equal(heavy.jobs_starved, 0);
}

static void timeline__leases_that_do_not_fit_are_told(void **state)
{
    (void)state;
    struct bench bench;
    struct sb_sim_lease leases[2];
    struct sb_sim_timeline timeline = { .leases = leases, .cap = 2 };
    bench_init(&bench);
    add_crowd(&bench);
    (void)run(&bench, (struct sb_sim_setup){ .timeline = &timeline });
    assert_int_equal(timeline.count, 2);
    assert_true(timeline.is_cut);
}

static void svg__names_are_escaped_and_every_lease_is_a_bar(void **state)
{
    (void)state;
    struct bench bench;
    struct sb_sim_lease leases[] = {
        { .from = SB_S(10), .to = SB_S(20), .ctx = 2, .job = 0, .category = SB_CATEGORY_BACKGROUND },
        { .from = SB_S(15), .to = SB_S(40), .ctx = 3, .job = 0, .category = SB_CATEGORY_POSTING, .is_burst = true },
    };
    struct sb_sim_timeline timeline = { .leases = leases, .cap = 2, .count = 2 };
    bench_init(&bench);
    add_job(&bench, "<script>&\"x\"", SB_CATEGORY_BACKGROUND, SB_HOUR(1), 0, SB_S(1));
    struct sb_sim_picture picture = { .title = "a <b> & c", .timeline = &timeline, .catalogue = &bench.catalogue, .contexts = 3 };
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    assert_true(sb_sim_svg(to, &picture, 1, SB_MIN(1)));
    assert_int_equal(fclose(to), 0);
    assert_null(strstr(text, "<script>"));
    assert_non_null(strstr(text, "&lt;script&gt;&amp;&quot;x&quot; 10s</title>"));
    assert_non_null(strstr(text, ", burst</title>"));
    assert_non_null(strstr(text, "a &lt;b&gt; &amp; c"));
    assert_null(strstr(text, "href"));
    free(text);
}

static void offsets__jobs_due_at_one_moment_are_taken_apart(void **state)
{
    (void)state;
    struct bench bench;
    sb_ns offsets[JOBS];
    struct sb_sim_offsets result;
    struct sb_error error = { 0 };
    bench_init(&bench);
    add_job(&bench, "one", SB_CATEGORY_BACKGROUND, SB_MIN(10), 0, SB_S(20));
    add_job(&bench, "two", SB_CATEGORY_BACKGROUND, SB_MIN(10), 0, SB_S(20));
    add_job(&bench, "three", SB_CATEGORY_BACKGROUND, SB_MIN(10), 0, SB_S(20));
    add_job(&bench, "elsewhere", SB_CATEGORY_NONE, SB_MIN(10), SB_S(3), SB_S(20));
    struct sb_sim_setup setup = { .catalogue = &bench.catalogue, .policy = SB_LANE_POLICY_COUNT, .lasts = SB_HOUR(6), .seed = 1 };
    assert_int_equal(sb_sim_optimise(&setup, offsets, &result, &error), SB_OK);
    assert_true(result.before > SB_MIN(30));
    assert_true(result.after < SB_S(1)); /* only the opening of the first context */
    assert_true(result.moved >= 2);
    assert_true(offsets[0] != offsets[1] && offsets[1] != offsets[2] && offsets[0] != offsets[2]);
    assert_int_equal(offsets[3], SB_S(3)); /* wants no context: stays where it is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sim__a_known_workload_has_the_known_waits),
        cmocka_unit_test(sim__lending_takes_the_same_waits_away),
        cmocka_unit_test(sim__a_batch_of_the_legacy_policy_holds_up_everybody),
        cmocka_unit_test(sim__a_wait_that_ends_in_no_context_counts_with_its_whole_length),
        cmocka_unit_test(sim__who_still_waits_at_the_end_counts),
        cmocka_unit_test(sim__steps_share_the_duration_of_the_run_by_their_limits),
        cmocka_unit_test(sim__the_same_seed_gives_the_same_history_and_another_seed_another),
        cmocka_unit_test(sim__twice_the_duration_or_twice_the_runs_is_more_contention),
        cmocka_unit_test(sim__drawn_durations_have_the_median_and_percentile_of_the_catalogue),
        cmocka_unit_test(sim__heavy_faults_cost_runs_and_every_invariant_holds),
        cmocka_unit_test(timeline__leases_that_do_not_fit_are_told),
        cmocka_unit_test(svg__names_are_escaped_and_every_lease_is_a_bar),
        cmocka_unit_test(offsets__jobs_due_at_one_moment_are_taken_apart),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
