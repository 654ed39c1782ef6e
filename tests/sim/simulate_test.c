/* The claims about lanes, proven in virtual time on the shipped workloads: a week each; where a promise is looked at, every invariant of the
 * core after every step. */
#include "signalbox/config/config.h"
#include "signalbox/sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct sb_catalogue *growth, *legacy;

static struct sb_catalogue *load(const char *path)
{
    struct sb_catalogue *catalogue = NULL;
    struct sb_error error = { 0 };
    struct sb_config_source source = { .catalogue_path = path, .site_dirs = { SB_SOURCE_DIR "/runtime/catalog/sites" } };
    if (sb_config_load(&catalogue, &source, NULL, &error) != SB_OK)
        fail_msg("%s", error.text);
    return catalogue;
}

static int load_both(void **state)
{
    (void)state;
    growth = load(SB_SOURCE_DIR "/runtime/catalog/growth.yaml");
    legacy = load(SB_SOURCE_DIR "/runtime/catalog/legacy.yaml");
    return 0;
}

static int destroy_both(void **state)
{
    (void)state;
    sb_catalogue_destroy(growth);
    sb_catalogue_destroy(legacy);
    return 0;
}

/* A week of `catalogue`; zeros in `setup` mean what they mean there, the catalogue's own policy is SB_LANE_POLICY_COUNT. */
static struct sb_sim_report week(const struct sb_catalogue *catalogue, enum sb_lane_policy policy, struct sb_sim_setup setup)
{
    struct sb_sim_report report;
    struct sb_error error = { 0 };
    setup.catalogue = catalogue;
    setup.policy = (uint8_t)policy;
    setup.lasts = SB_DAY(7);
    setup.seed = setup.seed > 0 ? setup.seed : 1;
    if (sb_sim_run(&setup, &report, &error) != SB_OK)
        fail_msg("%s", error.text);
    return report;
}

static void shipped_workloads__are_the_data_they_stand_for(void **state)
{
    (void)state;
    assert_int_equal(growth->job_count, 29);
    assert_int_equal(legacy->job_count, 45);
    assert_true(legacy->settings.is_simulation_only);
    assert_int_equal(legacy->pool.policy, SB_LANE_POLICY_LEGACY);
    for (uint32_t i = 0; i < growth->job_count; i++)
        assert_true(growth->durations[i].p50 > 0 && growth->durations[i].p95 >= growth->durations[i].p50);
    for (uint32_t i = 0; i < legacy->job_count; i++)
        assert_true(legacy->durations[i].p50 > 0 && legacy->durations[i].p95 >= legacy->durations[i].p50);
}

static void growth_week__has_a_tenth_of_the_contention_of_the_legacy_week_at_most(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sb_sim_setup setup = { .seed = seed };
        struct sb_sim_report now = week(growth, SB_LANE_POLICY_COUNT, setup), before = week(legacy, SB_LANE_POLICY_COUNT, setup);
        assert_int_equal(before.policy, SB_LANE_POLICY_LEGACY);
        assert_true(before.contention > SB_HOUR(24));
        assert_true(now.contention * 10 <= before.contention);
        assert_true(now.timeouts * 10 <= before.timeouts);
        assert_true(now.late * 10 <= before.late);
    }
}

/* The same jobs on the same contexts: what the policy alone is worth. */
static void lanes__alone_take_most_of_the_contention_from_the_legacy_workload(void **state)
{
    (void)state;
    struct sb_sim_report lanes = week(legacy, SB_LANE_POLICY_RECLAIM, (struct sb_sim_setup){ 0 });
    struct sb_sim_report batches = week(legacy, SB_LANE_POLICY_LEGACY, (struct sb_sim_setup){ .has_checks = true });
    assert_true(lanes.contention * 5 < batches.contention);
    assert_true(lanes.held > batches.held); /* and more work is done */
    assert_true(lanes.failed * 5 < batches.failed);
}

/* Grace, the time a step needs to notice, and opening a context. */
static sb_ns posting_wait_limit(void)
{
    return growth->pool.reclaim_grace + SB_MS(20) + SB_MS(50);
}

static void expect_posting_and_background_served(struct sb_sim_setup setup)
{
    setup.has_checks = true;
    struct sb_sim_report report = week(growth, SB_LANE_POLICY_COUNT, setup);
    const struct sb_sim_category *posting = &report.categories[SB_CATEGORY_POSTING];
    const struct sb_sim_category *background = &report.categories[SB_CATEGORY_BACKGROUND];
    assert_true(posting->granted > 2000);
    assert_int_equal(posting->timeouts, 0);
    assert_true(posting->wait_p99 < SB_S(1));
    assert_true(posting->wait_max <= posting_wait_limit());
    assert_true(background->granted > 1000);
    assert_int_equal(background->timeouts, 0);
    assert_int_equal(background->granted + background->dropped + background->waiting, background->wanted);
    assert_int_equal(report.jobs_starved, 0);
}

static void posting__waits_below_a_second_at_p99_and_background_is_served(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        expect_posting_and_background_served((struct sb_sim_setup){ .seed = seed });
}

static void posting__waits_below_a_second_at_p99_with_three_times_the_load(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++)
        expect_posting_and_background_served((struct sb_sim_setup){ .seed = seed, .load_pct = 300 });
}

static void posting__waits_below_a_second_at_p99_when_every_run_takes_its_p95(void **state)
{
    (void)state;
    expect_posting_and_background_served((struct sb_sim_setup){ .is_p95 = true });
}

/* 1.7 times what the pool can do, posting alone more than one context: background gives way. With one burst context two posts at once may wait
 * for the grace; with the two of the growth catalogue they do not. */
static void posting__keeps_its_promise_when_the_pool_is_overloaded(void **state)
{
    (void)state;
    struct sb_catalogue less = *growth;
    less.pool.burst = 1;
    const struct sb_catalogue *const catalogues[] = { growth, &less };
    for (size_t i = 0; i < SB_LEN(catalogues); i++) {
        struct sb_sim_report report = week(catalogues[i], SB_LANE_POLICY_COUNT, (struct sb_sim_setup){ .is_p95 = true, .load_pct = 300 });
        const struct sb_sim_category *posting = &report.categories[SB_CATEGORY_POSTING];
        assert_int_equal(posting->timeouts, 0);
        assert_true(posting->wait_p99 < SB_S(1) || catalogues[i] == &less);
        assert_true(posting->wait_max <= posting_wait_limit());
        assert_int_equal(report.jobs_starved, 0);
    }
}

static void reclaim__uses_the_contexts_at_least_as_much_as_strict_and_waits_less(void **state)
{
    (void)state;
    for (uint32_t load = 100; load <= 300; load += 100) {
        struct sb_sim_setup setup = { .load_pct = load };
        struct sb_sim_report reclaim = week(growth, SB_LANE_POLICY_RECLAIM, setup), strict = week(growth, SB_LANE_POLICY_STRICT, setup);
        assert_true(sb_sim_utilisation_pm(&reclaim, SB_DAY(7)) >= sb_sim_utilisation_pm(&strict, SB_DAY(7)));
        assert_true(reclaim.succeeded >= strict.succeeded);
        assert_true(reclaim.contention < strict.contention);
    }
}

static void faults__do_not_make_posting_wait_longer_than_the_promise(void **state)
{
    (void)state;
    struct sb_sim_report report = week(growth, SB_LANE_POLICY_COUNT, (struct sb_sim_setup){ .faults = SB_SIM_FAULTS_HEAVY, .has_checks = true });
    const struct sb_sim_category *posting = &report.categories[SB_CATEGORY_POSTING];
    assert_true(report.failed > 500);
    assert_true(posting->wait_p99 < SB_S(1));
    assert_int_equal(posting->timeouts, 0);
    assert_int_equal(report.jobs_starved, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_workloads__are_the_data_they_stand_for),
        cmocka_unit_test(growth_week__has_a_tenth_of_the_contention_of_the_legacy_week_at_most),
        cmocka_unit_test(lanes__alone_take_most_of_the_contention_from_the_legacy_workload),
        cmocka_unit_test(posting__waits_below_a_second_at_p99_and_background_is_served),
        cmocka_unit_test(posting__waits_below_a_second_at_p99_with_three_times_the_load),
        cmocka_unit_test(posting__waits_below_a_second_at_p99_when_every_run_takes_its_p95),
        cmocka_unit_test(posting__keeps_its_promise_when_the_pool_is_overloaded),
        cmocka_unit_test(reclaim__uses_the_contexts_at_least_as_much_as_strict_and_waits_less),
        cmocka_unit_test(faults__do_not_make_posting_wait_longer_than_the_promise),
    };
    return cmocka_run_group_tests_name("simulate", tests, load_both, destroy_both);
}
