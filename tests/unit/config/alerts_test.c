/* Rules of the catalogue: a runbook of one's own. */
#include "mistakes.h"

#define HEAD "catalogue: t\njobs: {}\nalerts:\n  rules:\n"

static void runbook__of_the_catalogue_takes_the_place_of_the_shipped_one(void **state)
{
    (void)state;
    struct sb_catalogue *catalogue = load_right(HEAD "    job_failed: {runbook: \"https://wiki.example/jobs\"}\n", NULL);
    assert_string_equal(catalogue->alerts.rules[SB_RULE_JOB_FAILED].runbook, "https://wiki.example/jobs");
    assert_string_equal(catalogue->alerts.rules[SB_RULE_DEP_DOWN].runbook, "");
    assert_true(sb_alert_def_is_changed(&catalogue->alerts.rules[SB_RULE_JOB_FAILED], SB_RULE_JOB_FAILED));
    sb_catalogue_destroy(catalogue);
}

static void runbook__that_is_too_long_is_refused_with_its_place(void **state)
{
    static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                                    "0123456789012345678901234567890123456789";
    char yaml[512];
    (void)state;
    (void)snprintf(yaml, sizeof yaml, HEAD "    job_failed:\n      runbook: \"%s\"\n", long_text);
    const struct mistake mistakes[] = {
        {yaml, 6, 16, "runbook is longer than 127 bytes", "name the page"},
        {HEAD "    job_failed:\n      runbook: \"\"\n", 6, 16, "runbook", NULL},
    };
    expect_one(&mistakes[0], NULL);
    const struct sb_config_errors *errors = load_wrong(mistakes[1].yaml, NULL);
    assert_int_equal(errors->total, 1);
    assert_int_equal(errors->items[0].line, 6);
}

static void resources__take_bounds_of_the_catalogue_and_refuse_a_warning_behind_its_error(void **state)
{
    (void)state;
    struct sb_catalogue *catalogue = load_right("catalogue: t\njobs: {}\nalerts:\n  queue_wait: 90s\n"
                                                "  resources: {memory_warn_mib: 300, threads_error: 0}\n  rules: {queue_wait: {for: 1m}}\n", NULL);
    assert_int_equal(catalogue->alerts.queue_wait, SB_S(90));
    assert_int_equal(catalogue->alerts.rules[SB_RULE_QUEUE_WAIT].hold, SB_MIN(1));
    assert_int_equal(catalogue->alerts.bounds[SB_GAUGE_MEMORY].warn, 300);
    assert_int_equal(catalogue->alerts.bounds[SB_GAUGE_MEMORY].error, 2048);
    assert_int_equal(catalogue->alerts.bounds[SB_GAUGE_THREADS].error, 0);
    sb_catalogue_destroy(catalogue);
    const struct mistake mistakes[] = {
        {"catalogue: t\njobs: {}\nalerts:\n  resources:\n    memory_warn_mib: 4000\n", 5, 22,
         "memory_warn_mib 4000 would come after the error, 2048", "the warning comes first"},
        {"catalogue: t\njobs: {}\nalerts:\n  resources:\n    disk_warn_mib: 100\n", 5, 20,
         "disk_warn_mib 100 would come after the error, 512", "the warning comes first"},
    };
    expect_one(&mistakes[0], NULL);
    expect_one(&mistakes[1], NULL);
}

static void origin__of_a_value_is_known_for_the_catalogue_that_has_it(void **state)
{
    (void)state;
    char first[256], second[256];
    struct sb_catalogue *a = load_right("catalogue: t\njobs:\n  plan:\n    every: 10m\n    steps: [{name: s, exec: {argv: [\"true\"]}}]\n", NULL);
    struct sb_catalogue *b = load_right("catalogue: t\njobs:\n  plan:\n    priority: 3\n    every: 10m\n"
                                        "    steps: [{name: s, exec: {argv: [\"true\"]}}]\n", NULL);
    assert_true(sb_config_origin(a, "jobs.plan.every", first, sizeof first)); /* although b was loaded since */
    assert_true(sb_config_origin(b, "jobs.plan.every", second, sizeof second));
    assert_non_null(strstr(first, ":4:"));
    assert_non_null(strstr(second, ":5:"));
    assert_true(sb_config_origin(a, "jobs.plan.priority", first, sizeof first));
    assert_string_equal(first, "default");
    assert_false(sb_config_origin(a, "jobs.plan.nonsense", first, sizeof first));
    assert_string_equal(first, "");
    sb_catalogue_destroy(b);
    sb_catalogue_destroy(a);
}

static void alerts__without_a_word_are_as_shipped(void **state)
{
    (void)state;
    struct sb_alerts_def shipped;
    struct sb_catalogue *catalogue = load_right("catalogue: t\njobs: {}\n", NULL);
    sb_alerts_def_init(&shipped);
    assert_int_equal(catalogue->alerts.rules[SB_RULE_JOB_FAILING_STREAK].raise_n, 3);
    assert_int_equal(catalogue->alerts.rules[SB_RULE_DEP_DOWN].recover, SB_S(30));
    assert_memory_equal(&catalogue->alerts, &shipped, sizeof shipped);
    for (int rule = 0; rule < SB_RULE_COUNT; rule++)
        assert_false(sb_alert_def_is_changed(&catalogue->alerts.rules[rule], (enum sb_rule)rule));
    sb_catalogue_destroy(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts__without_a_word_are_as_shipped),
        cmocka_unit_test(runbook__of_the_catalogue_takes_the_place_of_the_shipped_one),
        cmocka_unit_test(runbook__that_is_too_long_is_refused_with_its_place),
        cmocka_unit_test(resources__take_bounds_of_the_catalogue_and_refuse_a_warning_behind_its_error),
        cmocka_unit_test(origin__of_a_value_is_known_for_the_catalogue_that_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
