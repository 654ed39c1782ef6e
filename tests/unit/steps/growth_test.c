/* The shipped catalogue: the 29 jobs as they were promised, and nothing in it that the program or the schema does not know. */
#include "fakes.h"

#include "signalbox/config/config.h"

static struct sb_catalogue *catalogue;

static int set_up(void **state)
{
    static struct sb_config_errors errors;
    struct sb_config_source source = { .catalogue_path = SB_SOURCE_DIR "/runtime/catalog/growth.yaml",
                                       .site_dirs = { SB_SOURCE_DIR "/runtime/catalog/sites" } };
    struct sb_error err = { 0 };
    (void)state;
    if (sb_config_load(&catalogue, &source, &errors, &err) == SB_OK)
        return 0;
    static char text[65536];
    struct sb_text out;
    sb_text_init(&out, text, sizeof text);
    sb_config_errors_print(&errors, &out);
    (void)fprintf(stderr, "%s\n%s\n", err.text, text); /* cmocka would cut it */
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    sb_catalogue_destroy(catalogue);
    return 0;
}

static void growth__holds_the_working_jobs_at_their_intervals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t priority;
        enum sb_category category;
        bool is_critical;
        sb_ns every, offset, timeout;
    } jobs[] = {
        { "posting", 0, SB_CATEGORY_POSTING, true, SB_S(300), SB_S(0), SB_S(270) },
        { "plan", 0, SB_CATEGORY_NONE, true, SB_S(3600), SB_S(120), SB_S(300) },
        { "reply_posting", 0, SB_CATEGORY_POSTING, false, SB_S(1800), SB_S(60), SB_S(420) },
        { "metrics_scraper", 1, SB_CATEGORY_METRICS, false, SB_S(1200), SB_S(300), SB_S(300) },
        { "reply_metrics_scraper", 1, SB_CATEGORY_METRICS, false, SB_S(1800), SB_S(600), SB_S(480) },
        { "mega_viral_harvester", 1, SB_CATEGORY_HARVESTING, false, SB_S(7200), SB_S(600), SB_S(900) },
        { "account_discovery", 4, SB_CATEGORY_HARVESTING, false, SB_S(5400), SB_S(1500), SB_S(420) },
        { "unified_health_monitor", 2, SB_CATEGORY_NONE, false, SB_S(900), SB_S(180), SB_S(60) },
        { "unified_id_recovery", 2, SB_CATEGORY_METRICS, false, SB_S(600), SB_S(240), SB_S(300) },
        { "high_priority_scraper", 3, SB_CATEGORY_METRICS, false, SB_S(7200), SB_S(13200), SB_S(1800) },
        { "low_priority_scraper", 8, SB_CATEGORY_BACKGROUND, false, SB_S(21600), SB_S(3600), SB_S(1800) },
        { "expert_analysis_unified", 6, SB_CATEGORY_NONE, false, SB_S(21600), SB_S(14400), SB_S(1200) },
        { "competitive_analysis_unified", 7, SB_CATEGORY_BACKGROUND, false, SB_S(43200), SB_S(16200), SB_S(1800) },
        { "analytics", 3, SB_CATEGORY_METRICS, false, SB_S(21600), SB_S(10800), SB_S(420) },
        { "follower_snapshot", 3, SB_CATEGORY_METRICS, false, SB_S(1800), SB_S(1200), SB_S(120) },
        { "learn", 4, SB_CATEGORY_NONE, false, SB_S(3600), SB_S(2700), SB_S(120) },
        { "reply_learning", 5, SB_CATEGORY_NONE, false, SB_S(7200), SB_S(5400), SB_S(60) },
        { "reply_conversion_tracking", 5, SB_CATEGORY_NONE, false, SB_S(5400), SB_S(5700), SB_S(60) },
        { "attribution", 5, SB_CATEGORY_NONE, false, SB_S(7200), SB_S(4200), SB_S(120) },
        { "outcomes_real", 5, SB_CATEGORY_NONE, false, SB_S(7200), SB_S(6000), SB_S(120) },
        { "ai_orchestration", 6, SB_CATEGORY_NONE, false, SB_S(21600), SB_S(12000), SB_S(300) },
        { "autonomous_optimization", 6, SB_CATEGORY_NONE, false, SB_S(21600), SB_S(13800), SB_S(60) },
        { "viral_thread", 4, SB_CATEGORY_NONE, false, SB_S(86400), SB_S(18000), SB_S(120) },
        { "db_retry_queue", 2, SB_CATEGORY_NONE, false, SB_S(600), SB_S(900), SB_S(120) },
        { "tweet_reconciliation", 4, SB_CATEGORY_METRICS, false, SB_S(86400), SB_S(7200), SB_S(180) },
        { "backup_cleanup", 7, SB_CATEGORY_NONE, false, SB_S(86400), SB_S(7200), SB_S(30) },
        { "job_watchdog", 1, SB_CATEGORY_BACKGROUND, false, SB_S(300), SB_S(120), SB_S(60) },
        { "session_monitor", 5, SB_CATEGORY_BACKGROUND, false, SB_S(600), SB_S(120), SB_S(45) },
        { "runtime_housekeeping", 9, SB_CATEGORY_NONE, false, SB_S(60), SB_S(60), SB_S(20) }
    };
    assert_int_equal(catalogue->job_count, SB_LEN(jobs));
    for (size_t i = 0; i < SB_LEN(jobs); i++) {
        uint16_t index = sb_catalogue_job(catalogue, jobs[i].name);
        assert_int_not_equal(index, SB_NO_JOB);
        const struct sb_job_def *job = &catalogue->jobs[index];
        assert_int_equal(job->priority, jobs[i].priority);
        assert_int_equal(job->category, jobs[i].category);
        assert_int_equal(job->is_critical, jobs[i].is_critical);
        assert_int_equal(job->every, jobs[i].every);
        assert_int_equal(job->offset, jobs[i].offset);
        assert_int_equal(job->timeout, jobs[i].timeout);
        assert_true(job->is_enabled);
    }
    assert_int_equal(catalogue->jobs[sb_catalogue_job(catalogue, "plan")].retry.attempts, 3);
    assert_int_equal(catalogue->jobs[sb_catalogue_job(catalogue, "posting")].retry.attempts, 3);
}

static void growth__sets_pool_budget_and_posts_per_tier(void **state)
{
    (void)state;
    for (unsigned lane = 0; lane < SB_LANE_COUNT; lane++)
        assert_int_equal(catalogue->pool.lane_contexts[lane], 1);
    assert_int_equal(catalogue->pool.burst, 1);
    assert_int_equal(catalogue->pool.policy, SB_LANE_POLICY_RECLAIM);
    assert_int_equal(catalogue->budget.limit.nano, 5 * SB_USD_NANO);
    static const uint16_t posts[SB_TIER_COUNT] = { 2, 1, 1, 0, 0 };
    assert_memory_equal(catalogue->content.posts_per_run, posts, sizeof posts);
    assert_int_equal(catalogue->llm.alias_count, 2);
}

static void growth__publishes_as_an_effect_on_its_own_context(void **state)
{
    (void)state;
    const struct sb_job_def *job = &catalogue->jobs[sb_catalogue_job(catalogue, "posting")];
    const struct sb_step_def *publish = NULL;
    for (size_t i = 0; i < job->step_count; i++)
        if (sb_streq(catalogue->steps[job->first_step + i].name, "publish"))
            publish = &catalogue->steps[job->first_step + i];
    assert_non_null(publish);
    assert_true(publish->is_effect);
    assert_true(publish->needs_context);
    assert_true(publish->restarts_job);
    /* A row may be called stuck only when no run can be working on it any more. */
    assert_true(catalogue->content.stuck_after > job->timeout + catalogue->pool.stop_grace + catalogue->pool.stuck_grace);
}

static void growth__names_only_functions_checks_and_flows_that_exist(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < catalogue->step_count; i++) {
        const struct sb_step_params *params = &catalogue->params[i];
        struct sb_services none = { .catalogue = catalogue };
        struct sb_step_env env = { .services = &none, .job = &catalogue->jobs[0], .step = &catalogue->steps[i], .params = params,
                                   .op = { .deadline = SB_NEVER }, .wall_now = fake_wall_now, .now = fake_now };
        struct sb_step_result result = { .state = SB_STEP_STATE_PENDING };
        if (params->kind == SB_STEP_KIND_BROWSE) {
            const struct sb_site *site = sb_catalogue_site(catalogue, params->as.browse.site);
            assert_non_null(site);
            assert_non_null(sb_site_flow(site, params->as.browse.flow));
            continue;
        }
        if (params->kind != SB_STEP_KIND_NATIVE && params->kind != SB_STEP_KIND_CHECK)
            continue;
        sb_step_kind_ops((enum sb_step_kind)params->kind)->run(&env, &result);
        if (strstr(result.text, "there is no native function") != NULL || strstr(result.text, "there is no check") != NULL)
            fail_msg("%s: %s", params->place, result.text);
        free(result.output);
    }
}

/* Every statement of the catalogue is prepared by the real store over the real schema, with as many parameters as it is given. */
static void growth__asks_only_what_the_schema_answers(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_open(&f);
    for (uint32_t i = 0; i < catalogue->step_count; i++) {
        const struct sb_step_params *params = &catalogue->params[i];
        struct sb_cell cells[16];
        struct sb_error err = { 0 };
        if (params->kind != SB_STEP_KIND_SQL)
            continue;
        for (size_t p = 0; p < params->as.sql.param_count; p++)
            cells[p] = sb_cell_int(1);
        struct sb_statement statement = { params->as.sql.statement, cells, params->as.sql.param_count, -1 };
        struct sb_rows *rows = NULL;
        struct sb_store *store = f.services.store;
        enum sb_err code = params->as.sql.is_write ? store->ops->write(store, &statement, 1, NULL, &f.env.op, &err)
                                                   : store->ops->query(store, &statement, &f.env.op, &rows, &err);
        sb_rows_destroy(rows);
        bool is_refused_value = code == SB_ERR_EXISTS || code == SB_ERR_CONFLICT || strstr(err.text, "constraint") != NULL;
        if (code != SB_OK && !is_refused_value)
            fail_msg("%s: %s", params->place, err.text);
    }
    fixture_deinit(&f);
}

/* The incident was a list of tiers in the schema which refused what the harvester makes: every tier and every relevance it can make is stored. */
static void growth__stores_every_tier_and_relevance_the_harvester_can_make(void **state)
{
    static const struct {
        int64_t likes, relevance;
        const char *tier, *status;
    } cases[] = { { 5, 4, "low", "pending" }, { 10, 7, "medium", "pending" }, { 100, 10, "high", "pending" }, { 1000, 11, "mega", "pending" },
                  { 2, 3, "low", "skipped" }, { 50, -1, "medium", "skipped" } };
    const struct sb_job_def *job = &catalogue->jobs[sb_catalogue_job(catalogue, "mega_viral_harvester")];
    const char *statement = NULL;
    struct fixture f;
    (void)state;
    for (size_t i = 0; i < job->step_count; i++)
        if (sb_streq(catalogue->steps[job->first_step + i].name, "store"))
            statement = catalogue->params[job->first_step + i].as.sql.statement;
    assert_non_null(statement);
    fixture_init(&f);
    fixture_open(&f);
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        char id[8] = { (char)('a' + i), '\0' };
        struct sb_cell cells[] = { sb_cell_text(id), sb_cell_text("her"), sb_cell_text("t"), sb_cell_int(cases[i].likes),
                                   sb_cell_int(cases[i].relevance), sb_cell_int(1000), sb_cell_int(3600000) };
        struct sb_statement write = { statement, cells, SB_LEN(cells), 1 };
        struct sb_error err = { 0 };
        if (f.services.store->ops->write(f.services.store, &write, 1, NULL, &f.env.op, &err) != SB_OK)
            fail_msg("%s: %s", cases[i].tier, err.text);
        struct sb_statement read = { "SELECT tier, status FROM reply_opportunities WHERE target_post_id = $1", cells, 1, -1 };
        struct sb_rows *rows = NULL;
        assert_int_equal(f.services.store->ops->query(f.services.store, &read, &f.env.op, &rows, NULL), SB_OK);
        assert_string_equal(sb_rows_words(rows, 0, "tier"), cases[i].tier);
        assert_string_equal(sb_rows_words(rows, 0, "status"), cases[i].status);
        sb_rows_destroy(rows);
    }
    fixture_deinit(&f);
}

static void growth__gives_its_site_the_flows_of_publishing(void **state)
{
    (void)state;
    static const char *const flows[] = { "check", "login", "post", "reply", "profile", "item", "search", "account", "home" };
    const struct sb_site *site = sb_catalogue_site(catalogue, "practice");
    assert_non_null(site);
    for (size_t i = 0; i < SB_LEN(flows); i++)
        assert_non_null(sb_site_flow(site, flows[i]));
    const struct sb_flow *post = sb_site_flow(site, "post");
    size_t submits = 0;
    for (size_t i = 0; i < post->action_count; i++)
        submits += post->actions[i].is_submit;
    assert_int_equal(submits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth__holds_the_working_jobs_at_their_intervals),
        cmocka_unit_test(growth__sets_pool_budget_and_posts_per_tier),
        cmocka_unit_test(growth__publishes_as_an_effect_on_its_own_context),
        cmocka_unit_test(growth__names_only_functions_checks_and_flows_that_exist),
        cmocka_unit_test(growth__asks_only_what_the_schema_answers),
        cmocka_unit_test(growth__stores_every_tier_and_relevance_the_harvester_can_make),
        cmocka_unit_test(growth__gives_its_site_the_flows_of_publishing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
