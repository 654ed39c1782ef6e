/* Steps that speak to the store: sql, the checks of jobs and content, metrics, watchdog, housekeeping, snapshots. Over the real store. */
#include "fakes.h"

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    fixture_open(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

static int64_t now_ms(void)
{
    return fake_wall.ns / SB_MS(1);
}

/* Writes directly, as the engine's journal would. */
static void write_sql(struct fixture *f, const char *sql)
{
    struct sb_statement statement = { sql, NULL, 0, -1 };
    struct sb_error err = { 0 };
    if (f->services.store->ops->write(f->services.store, &statement, 1, NULL, &f->env.op, &err) != SB_OK)
        fail_msg("%s: %s", sql, err.text);
}

static int64_t number_of(struct fixture *f, const char *sql)
{
    struct sb_statement statement = { sql, NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    if (f->services.store->ops->query(f->services.store, &statement, &f->env.op, &rows, &err) != SB_OK)
        fail_msg("%s: %s", sql, err.text);
    assert_int_equal(sb_rows_count(rows), 1);
    int64_t number = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    return number;
}

static void post_row(struct fixture *f, const char *id, const char *text, const char *post)
{
    struct sb_content_new row = { .decision_id = id, .kind = "single", .account = "me", .text = text, .scheduled_at_ms = now_ms() };
    struct sb_content_row claimed;
    struct sb_error err = { 0 };
    char effect[32];
    (void)snprintf(effect, sizeof effect, "e-%s", id);
    if (sb_content_queue(f->services.store, &row, 1, now_ms(), &f->env.op, &err) != SB_OK ||
        sb_content_claim(f->services.store, "me", SB_CLAIM_POST, 1, 1, now_ms(), &f->env.op, &claimed, &err) != SB_OK ||
        sb_content_save_posted(f->services.store, id, post, effect, now_ms(), &f->env.op, &err) != SB_OK)
        fail_msg("%s", err.text);
}

/* ---- sql */

static void sql(struct fixture *f, struct sb_sql_params params)
{
    f->params.as.sql = params;
    fixture_run(f, SB_STEP_KIND_SQL);
}

static void sql__gives_rows_as_objects_with_their_types(void **state)
{
    struct fixture *f = *state;
    static const char *const params[] = { "{{account}}", "{{now}}", "x{{run}}" };
    sql(f, (struct sb_sql_params){ .statement = "SELECT $1 AS who, $2 AS at, $3 AS mixed, NULL AS none", .params = params, .param_count = 3 });
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"rows\":[{\"who\":\"me\",\"at\":1800000000000,\"mixed\":\"x17\",\"none\":null}],\"count\":1}");
}

static void sql__binds_values_and_never_reads_them_as_sql(void **state)
{
    struct fixture *f = *state;
    static const char *const params[] = { "{{steps.a.t}}" };
    f->env.outputs = "{\"a\":{\"t\":\"x'); DROP TABLE meta; --\"}}";
    sql(f, (struct sb_sql_params){ .statement = "INSERT INTO meta (key, value) VALUES ('test', $1)", .params = params, .param_count = 1,
                                   .is_write = true });
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"changed\":1}");
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM meta WHERE key = 'test' AND value LIKE 'x''); DROP%'"), 1);
}

static void sql__ends_the_run_when_nothing_is_found_and_told_so(void **state)
{
    struct fixture *f = *state;
    sql(f, (struct sb_sql_params){ .statement = "SELECT 1 AS one WHERE 1 = 0" });
    assert_succeeded(f);
    sql(f, (struct sb_sql_params){ .statement = "SELECT 1 AS one WHERE 1 = 0", .stop_when = "empty" });
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
}

static void sql__writes_all_elements_in_one_transaction_or_none(void **state)
{
    struct fixture *f = *state;
    static const char *const params[] = { "{{item.k}}", "{{item.v}}" };
    struct sb_sql_params write = { .statement = "INSERT INTO meta (key, value) VALUES ($1, $2)", .params = params, .param_count = 2,
                                   .is_write = true, .for_each = "steps.a.list" };
    f->env.outputs = "{\"a\":{\"list\":[{\"k\":\"t1\",\"v\":\"1\"},{\"k\":\"t2\",\"v\":\"2\"},{\"k\":\"t1\",\"v\":\"3\"}]}}";
    sql(f, write);
    assert_int_equal(f->result.state, SB_STEP_STATE_FAILED);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM meta WHERE key IN ('t1', 't2')"), 0);
    f->env.outputs = "{\"a\":{\"list\":[{\"k\":\"t1\",\"v\":\"1\"},{\"k\":\"t2\",\"v\":\"2\"}]}}";
    sql(f, write);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    f->env.outputs = "{\"a\":{\"list\":[]}}";
    sql(f, write);
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"changed\":0}");
}

static void sql__names_the_path_that_leads_nowhere(void **state)
{
    struct fixture *f = *state;
    static const char *const params[] = { "{{steps.nobody.id}}" };
    sql(f, (struct sb_sql_params){ .statement = "SELECT $1", .params = params, .param_count = 1 });
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "{{steps.nobody.id}}"));
}

/* ---- checks */

static void check_run(struct fixture *f, const char *what, int64_t warn, int64_t fail)
{
    f->params.as.check = (struct sb_check_params){ what, warn, fail };
    fixture_run(f, SB_STEP_KIND_CHECK);
}

static void check__exercises_the_database(void **state)
{
    struct fixture *f = *state;
    check_run(f, "database", INT64_MIN, 60000);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "unit"), "ms");
}

static void check__counts_failed_and_hung_runs_of_other_jobs(void **state)
{
    struct fixture *f = *state;
    char text[400];
    (void)sb_copy(f->job.name, sizeof f->job.name, "monitor");
    int64_t now = now_ms();
    (void)snprintf(text, sizeof text,
                   "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms, started_at_ms, ended_at_ms) VALUES "
                   "(1, 'a', 'schedule', 'failed', 0, 0, %lld), (2, 'a', 'schedule', 'failed', 0, 0, %lld), "
                   "(3, 'b', 'schedule', 'running', 0, %lld, NULL), (4, 'b', 'schedule', 'running', 0, %lld, NULL), "
                   "(5, 'monitor', 'schedule', 'failed', 0, 0, %lld)",
                   (long long)now - 60000, (long long)now - 7200000, (long long)now - 7200000, (long long)now - 60000, (long long)now - 1000);
    write_sql(f, text);
    check_run(f, "jobs", 0, 20);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "value"), "2");
    assert_string_equal(fixture_value(f, "verdict"), "warn");
    assert_string_equal(fixture_value(f, "detail"), "1 failed, 1 hung, 2 open");
    check_run(f, "jobs", 0, 1);
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void check__tells_how_long_the_oldest_due_row_waits(void **state)
{
    struct fixture *f = *state;
    check_run(f, "content", 60, 240);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "value"), "0");
    struct sb_content_new row = { .decision_id = "a", .kind = "single", .account = "me", .text = "t", .scheduled_at_ms = now_ms() - 5400000 };
    assert_int_equal(sb_content_queue(f->services.store, &row, 1, now_ms(), &f->env.op, NULL), SB_OK);
    check_run(f, "content", 60, 240);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "value"), "90");
    assert_string_equal(fixture_value(f, "verdict"), "warn");
    assert_string_equal(fixture_value(f, "detail"), "1 queued, 0 uncertain");
}

static void snapshot__keeps_the_findings_and_the_worst_verdict(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "checks", "database, jobs" } };
    f->env.outputs = "{\"database\":{\"verdict\":\"ok\",\"value\":1},\"jobs\":{\"verdict\":\"warn\",\"value\":3}}";
    fixture_native(f, "health_snapshot", with, 1);
    assert_succeeded(f);
    assert_string_equal(f->result.text, "degraded");
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM health_snapshots WHERE kind = 'posting' AND verdict = 'degraded' "
                                  "AND body LIKE '%\"value\":3%'"),
                     1);
    fake_pass(SB_MS(5));
    f->env.outputs = "{\"database\":{\"verdict\":\"ok\"}}"; /* the other check failed and left no result */
    fixture_native(f, "health_snapshot", with, 1);
    assert_string_equal(f->result.text, "failed");
}

static void recovery__is_asked_for_what_the_checks_found_and_for_nothing_else(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "checks", "base: store, page:browser, kept: cache" } };
    f->env.outputs = "{\"base\":{\"verdict\":\"ok\"},\"kept\":{\"verdict\":\"warn\"}}"; /* page failed and left no result */
    fixture_native(f, "attempt_recovery", with, 1);
    assert_succeeded(f);
    assert_string_equal(f->result.text, "asked to bring back: browser, cache");
    assert_int_equal(fake_command_count, 2);
    assert_int_equal(fake_commands[0].kind, SB_COMMAND_RECOVER_COMPONENT);
    assert_int_equal(fake_commands[0].component, SB_COMPONENT_BROWSER);
    assert_string_equal(fake_commands[0].actor, "health_monitor");
    assert_string_equal(fake_commands[0].reason, "page found trouble");
    assert_false(fake_commands[0].confirmed); /* the limits hold */
    assert_int_equal(fake_commands[1].component, SB_COMPONENT_CACHE);
    f->env.outputs = "{\"base\":{\"verdict\":\"ok\"},\"page\":{\"verdict\":\"ok\"},\"kept\":{\"verdict\":\"ok\"}}";
    fixture_native(f, "attempt_recovery", with, 1);
    assert_string_equal(f->result.text, "nothing to bring back");
    assert_int_equal(fake_command_count, 2);
}

static void recovery__refuses_a_list_that_makes_no_sense(void **state)
{
    struct fixture *f = *state;
    static const char *const lists[] = { "page", "page: ", "page: brows", ": browser,", "a, b: store" };
    for (size_t i = 0; i < SB_LEN(lists); i++) {
        const struct sb_pair with[] = { { "checks", lists[i] } };
        f->env.outputs = "{}";
        fixture_native(f, "attempt_recovery", with, 1);
        if (f->result.state != SB_STEP_STATE_FAILED)
            fail_msg("\"%s\" was taken: %s", lists[i], f->result.text);
        assert_failed(f, SB_CLASS_FATAL);
    }
}

/* ---- metrics */

static const struct sb_pair metrics_with[] = { { "site", "practice" }, { "items", "{{steps.read.items}}" }, { "found", "item" } };

static void metrics__stores_counters_of_the_right_post_in_both_tables(void **state)
{
    struct fixture *f = *state;
    post_row(f, "a", "First text", "p1");
    f->env.outputs = "{\"read\":{\"items\":[{\"item\":{\"decision_id\":\"a\",\"post_id\":\"p1\",\"text\":\"First text\"},"
                     "\"found\":{\"item\":{\"author\":\"@me\",\"text\":\" first  TEXT\","
                     "\"likes\":7,\"reposts\":null,\"replies\":1,\"views\":90}}}]}}";
    fixture_native(f, "metrics_store", metrics_with, 3);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 1);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM outcomes WHERE decision_id = 'a' AND likes = 7 AND reposts IS NULL AND views = 90 "
                                  "AND collected_at_ms = 1800000000000"),
                     1);
    fake_pass(SB_MIN(20));
    fixture_native(f, "metrics_store", metrics_with, 3);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM post_metrics WHERE post_id = 'p1'"), 2); /* every reading */
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM outcomes"), 1);                          /* the latest one */
}

static void metrics__rejects_another_author_or_text(void **state)
{
    struct fixture *f = *state;
    post_row(f, "a", "First text", "p1");
    f->env.outputs = "{\"read\":{\"items\":[{\"item\":{\"decision_id\":\"a\",\"post_id\":\"p1\",\"text\":\"First text\"},"
                     "\"found\":{\"item\":{\"author\":\"stranger\",\"text\":\"First text\",\"likes\":20643}}},"
                     "{\"item\":{\"decision_id\":\"a\",\"post_id\":\"p1\",\"text\":\"First text\"},"
                     "\"found\":{\"item\":{\"author\":\"me\",\"text\":\"quite another thing\",\"likes\":20643}}}]}}";
    fixture_native(f, "metrics_store", metrics_with, 3);
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM post_metrics"), 0);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM outcomes WHERE likes IS NOT NULL"), 0);
    assert_true(fake_was_noted("another author"));
    assert_true(fake_was_noted("another text"));
}

/* ---- watchdog and housekeeping */

static struct sb_job_def watched[3];

static void watch_jobs(struct fixture *f)
{
    memset(watched, 0, sizeof watched);
    static const char *const names[] = { "job_watchdog", "posting", "lazy" };
    for (size_t i = 0; i < SB_LEN(watched); i++) {
        (void)sb_copy(watched[i].name, sizeof watched[i].name, names[i]);
        watched[i].is_enabled = true;
        watched[i].schedule = SB_SCHEDULE_EVERY;
        watched[i].every = SB_MIN(5);
        watched[i].timeout = SB_MIN(4);
    }
    watched[1].is_critical = true;
    f->catalogue.jobs = watched;
    f->catalogue.job_count = 3;
    f->env.job = &watched[0];
    f->env.job_id = 0;
    write_sql(f, "INSERT INTO meta (key, value) VALUES ('genesis_ns', '1800000000000000000') ON CONFLICT (key) DO UPDATE SET value = excluded.value");
}

static void watchdog__asks_for_a_late_critical_job_at_most_every_ten_minutes(void **state)
{
    struct fixture *f = *state;
    watch_jobs(f);
    fake_pass(SB_MIN(2));
    fixture_native(f, "watchdog", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(fake_command_count, 0);
    fake_pass(SB_MIN(6));
    fixture_native(f, "watchdog", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(fake_command_count, 1);
    assert_int_equal(fake_commands[0].kind, SB_COMMAND_RUN_JOB);
    assert_int_equal(fake_commands[0].job, 1);
    assert_string_equal(fake_commands[0].actor, "job_watchdog");
    assert_true(fake_was_noted("posting is late"));
    fake_pass(SB_MIN(5));
    fixture_native(f, "watchdog", NULL, 0);
    assert_int_equal(fake_command_count, 1);
    fake_pass(SB_MIN(6));
    fixture_native(f, "watchdog", NULL, 0);
    assert_int_equal(fake_command_count, 2);
}

static void watchdog__does_not_ask_for_a_job_that_is_under_way_or_paused(void **state)
{
    struct fixture *f = *state;
    watch_jobs(f);
    fake_pass(SB_HOUR(1));
    write_sql(f, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms) VALUES (1, 'posting', 'schedule', 'held', 1800000000000)");
    fixture_native(f, "watchdog", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(fake_command_count, 0);
    write_sql(f, "UPDATE job_runs SET state = 'succeeded', ended_at_ms = 1800000000001");
    write_sql(f, "INSERT INTO jobs (name, is_paused, updated_at_ms) VALUES ('posting', 1, 0) ON CONFLICT (name) DO UPDATE SET is_paused = 1");
    fixture_native(f, "watchdog", NULL, 0);
    assert_int_equal(fake_command_count, 0);
    write_sql(f, "UPDATE jobs SET is_paused = 0");
    write_sql(f, "INSERT INTO pauses (scope, name, actor, reason, at_ms) VALUES ('all', '', 'op', 'r', 0)");
    fixture_native(f, "watchdog", NULL, 0);
    assert_int_equal(fake_command_count, 0);
    write_sql(f, "DELETE FROM pauses");
    fixture_native(f, "watchdog", NULL, 0);
    assert_int_equal(fake_command_count, 1);
}

static void watchdog__notes_a_run_that_is_over_its_limit(void **state)
{
    struct fixture *f = *state;
    watch_jobs(f);
    write_sql(f, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms, started_at_ms) VALUES "
                 "(1, 'lazy', 'schedule', 'running', 1800000000000, 1800000000000)");
    fake_pass(SB_MIN(5));
    fixture_native(f, "watchdog", NULL, 0);
    assert_false(fake_was_noted("lazy hangs"));
    fake_pass(SB_MIN(2));
    fixture_native(f, "watchdog", NULL, 0);
    assert_true(fake_was_noted("lazy hangs"));
}

static void housekeeping__forgets_what_is_older_than_thirty_days(void **state)
{
    struct fixture *f = *state;
    write_sql(f, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms, started_at_ms, ended_at_ms) VALUES "
                 "(1, 'a', 'schedule', 'succeeded', 1, 1, 1), "
                 "(2, 'a', 'schedule', 'succeeded', 1799999999000, 1799999999000, 1799999999000)");
    fixture_native(f, "housekeeping", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(number_of(f, "SELECT COUNT(*) FROM job_runs"), 1);
    assert_int_equal(number_of(f, "SELECT run FROM job_runs"), 2);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        test(sql__gives_rows_as_objects_with_their_types),
        test(sql__binds_values_and_never_reads_them_as_sql),
        test(sql__ends_the_run_when_nothing_is_found_and_told_so),
        test(sql__writes_all_elements_in_one_transaction_or_none),
        test(sql__names_the_path_that_leads_nowhere),
        test(check__exercises_the_database),
        test(check__counts_failed_and_hung_runs_of_other_jobs),
        test(check__tells_how_long_the_oldest_due_row_waits),
        test(snapshot__keeps_the_findings_and_the_worst_verdict),
        test(recovery__is_asked_for_what_the_checks_found_and_for_nothing_else),
        test(recovery__refuses_a_list_that_makes_no_sense),
        test(metrics__stores_counters_of_the_right_post_in_both_tables),
        test(metrics__rejects_another_author_or_text),
        test(watchdog__asks_for_a_late_critical_job_at_most_every_ten_minutes),
        test(watchdog__does_not_ask_for_a_job_that_is_under_way_or_paused),
        test(watchdog__notes_a_run_that_is_over_its_limit),
        test(housekeeping__forgets_what_is_older_than_thirty_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
