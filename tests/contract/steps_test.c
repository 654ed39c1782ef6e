/* The shipped catalogue against the real thing: its jobs' steps run in order, on real Chromium, over the real store and receipts, against the
 * practice world. Only the engine is played by this file: it hands the outputs on, lends the context and keeps time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stores.h"

#include "signalbox/codec/codec.h"
#include "signalbox/config/config.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/cache.h"
#include "signalbox/ports/content.h"
#include "signalbox/ports/step.h"
#include "signalbox/practice/practice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS_MAX = 256 * 1024 };

static struct world {
    char folder[64], location[TEST_LOCATION_MAX];
    struct sb_practice *practice;
    struct sb_catalogue *catalogue;
    struct sb_services services;
    struct sb_context *context;
    char *outputs;
    uint64_t run, fence;
    struct sb_step_result result; /* of the last step that ran */
    char step[SB_NAME_MAX];
    int64_t spent_nano;
    sb_ns ahead;                  /* the wall clock of the steps runs so far ahead */
} world;

bool sb_fence_holds(const struct sb_fence *fence)
{
    return fence != NULL;
}

enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err)
{
    (void)control;
    (void)err;
    if (input->kind == SB_INPUT_SPENT)
        world.spent_nano += input->as.spent.cost;
    if (input->kind == SB_INPUT_NOTE)
        print_message("  note: %s\n", input->as.note.text);
    return SB_OK;
}

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)control;
    (void)command;
    (void)id;
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "no engine here");
}

static struct sb_wall wall_ahead(void)
{
    return (struct sb_wall){ sb_wall_now().ns + world.ahead };
}

/* ---- the world of one test */

static enum sb_err load_catalogue(struct sb_error *err)
{
    static struct sb_config_errors errors;
    char host[40];
    (void)snprintf(host, sizeof host, "127.0.0.1:%u", (unsigned)sb_practice_port(world.practice));
    struct sb_config_override overrides[] = { { "settings.practice", "true", "test" },
                                              { "settings.state_dir", world.folder, "test" },
                                              { "sites.practice.base_url", sb_practice_site_url(world.practice), "test" },
                                              { "sites.practice.allowed_hosts", host, "test" },
                                              { "llm.base_url", sb_practice_llm_url(world.practice), "test" },
                                              { "content.spacing", "0s", "test" },
                                              { "content.posts_per_hour", "4", "test" } };
    struct sb_config_source source = { .catalogue_path = SB_SOURCE_DIR "/runtime/catalog/growth.yaml",
                                       .site_dirs = { SB_SOURCE_DIR "/runtime/catalog/sites" },
                                       .overrides = overrides, .override_count = SB_LEN(overrides) };
    return sb_config_load(&world.catalogue, &source, &errors, err);
}

static enum sb_err open_world(struct sb_error *err)
{
    struct sb_practice_setup site = { .seed = 7 };
    struct sb_browser_setup browser = { .profile_root = world.folder };
    char path[128];
    enum sb_err code = sb_practice_start(&world.practice, &site, err);
    if (code == SB_OK)
        code = load_catalogue(err);
    test_store_create(world.location);
    if (code == SB_OK)
        code = sb_store_open(&world.services.store, world.location, err);
    const struct sb_cache_setup cache = { .location = "memory" };
    if (code == SB_OK)
        code = sb_cache_open(&world.services.cache, &cache, err);
    (void)snprintf(path, sizeof path, "%s/receipts", world.folder);
    if (code == SB_OK)
        code = sb_receipts_open(&world.services.receipts, path, err);
    if (code == SB_OK)
        code = sb_http_create(&world.services.http, err);
    if (code == SB_OK)
        code = sb_llm_create(&world.services.llm, world.services.http, &world.catalogue->llm, err);
    if (code == SB_OK)
        code = sb_browser_create(&world.services.browser, &browser, err);
    world.services.catalogue = world.catalogue;
    world.services.control = (struct sb_control *)&world;
    return code;
}

static int set_up(void **state)
{
    struct sb_error err = { 0 };
    (void)state;
    memset(&world, 0, sizeof world);
    (void)sb_copy(world.folder, sizeof world.folder, "/tmp/sb-contract-XXXXXX");
    world.outputs = malloc(OUTPUTS_MAX);
    if (world.outputs == NULL || mkdtemp(world.folder) == NULL || setenv("SIGNALBOX_PRACTICE_PASSWORD", SB_PRACTICE_PASSWORD, 1) != 0 ||
        setenv("SIGNALBOX_PRACTICE_KEY", SB_PRACTICE_KEY, 1) != 0)
        return -1;
    if (open_world(&err) == SB_OK)
        return 0;
    (void)fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (world.services.browser != NULL) {
        world.services.browser->ops->close_context(world.services.browser, world.context);
        world.services.browser->ops->close(world.services.browser);
    }
    sb_llm_destroy(world.services.llm);
    sb_http_destroy(world.services.http);
    sb_receipts_close(world.services.receipts);
    sb_cache_close(world.services.cache);
    if (world.services.store != NULL)
        world.services.store->ops->close(world.services.store);
    sb_catalogue_destroy(world.catalogue);
    sb_practice_stop(world.practice);
    free(world.result.output);
    free(world.outputs);
    test_store_destroy(world.location);
    return sb_dir_remove(world.folder, NULL) == SB_OK ? 0 : -1;
}

/* ---- the engine's part */

static void lend_context(struct sb_step_env *env)
{
    const struct sb_site *site = sb_catalogue_site(world.catalogue, "practice");
    struct sb_error err = { 0 };
    if (world.context == NULL && world.services.browser->ops->open(world.services.browser, site->allowed_hosts, site->allowed_host_count,
                                                                  &env->op, &world.context, &err) != SB_OK)
        fail_msg("context: %s", err.text);
    env->context = world.context;
}

/* Runs one step with the outputs so far and adds its own. */
static void run_step(const struct sb_job_def *job, uint8_t index)
{
    const struct sb_step_def *step = &world.catalogue->steps[job->first_step + index];
    struct sb_step_env env = { .services = &world.services,
                               .job = job,
                               .step = step,
                               .params = &world.catalogue->params[job->first_step + index],
                               .run = world.run,
                               .fence_number = ++world.fence,
                               .step_id = index,
                               .attempt = 1,
                               .op = { .deadline = sb_ns_add(sb_now(), step->timeout) },
                               .fence = (const struct sb_fence *)&world,
                               .outputs = world.outputs,
                               .wall_now = wall_ahead,
                               .now = sb_now };
    if (step->needs_context)
        lend_context(&env);
    free(world.result.output);
    world.result = (struct sb_step_result){ .state = SB_STEP_STATE_PENDING };
    (void)sb_copy(world.step, sizeof world.step, step->name);
    sb_step_kind_ops((enum sb_step_kind)step->kind)->run(&env, &world.result);
    print_message("%s.%s: %s, %s\n", job->name, step->name, sb_step_state_text(world.result.state), world.result.text);
    if (world.result.output == NULL)
        return;
    size_t used = strlen(world.outputs);
    int added = snprintf(world.outputs + used - 1, OUTPUTS_MAX - used, "%s\"%s\":%s}", used > 2 ? "," : "", step->name, world.result.output);
    assert_true(added > 0 && (size_t)added < OUTPUTS_MAX - used);
}

/* Runs a job until a step ends it; whether a failure goes on is the step's to say. */
static void run_job(const char *name)
{
    const struct sb_job_def *job = &world.catalogue->jobs[sb_catalogue_job(world.catalogue, name)];
    world.run++;
    (void)sb_copy(world.outputs, OUTPUTS_MAX, "{}");
    for (uint8_t i = 0; i < job->step_count; i++) {
        run_step(job, i);
        bool is_failed = world.result.state == SB_STEP_STATE_FAILED;
        if (world.result.state == SB_STEP_STATE_NOTHING_TO_DO || (is_failed && !world.catalogue->steps[job->first_step + i].goes_on))
            return;
    }
}

static void assert_ended(enum sb_step_state state, const char *step)
{
    if (world.result.state != state || strcmp(world.step, step) != 0)
        fail_msg("step %s is %s: %s", world.step, sb_step_state_text(world.result.state), world.result.text);
}

static int64_t count_rows(const char *sql)
{
    struct sb_statement statement = { sql, NULL, 0, -1 };
    struct sb_op op = { .deadline = SB_NEVER };
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    if (world.services.store->ops->query(world.services.store, &statement, &op, &rows, &err) != SB_OK)
        fail_msg("%s: %s", sql, err.text);
    int64_t count = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    return count;
}

static uint64_t created(void)
{
    struct sb_practice_stats stats;
    sb_practice_stats(world.practice, &stats);
    return stats.posts_created;
}

static void set_fault(enum sb_practice_fault_kind kind, const char *path)
{
    struct sb_practice_fault fault = { .target = SB_PRACTICE_SITE, .kind = (uint8_t)kind, .probability_pm = 1000, .count = 1 };
    struct sb_error err = { 0 };
    (void)sb_copy(fault.path, sizeof fault.path, path);
    if (sb_practice_fault_add(world.practice, &fault, NULL, &err) != SB_OK)
        fail_msg("fault: %s", err.text);
}

/* ---- the stories */

static void catalogue__plans_publishes_and_measures(void **state)
{
    struct sb_practice_stats stats;
    (void)state;
    run_job("plan");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "queue");
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status = 'queued'"), 2); /* tier high */
    sb_practice_stats(world.practice, &stats);
    assert_int_equal(stats.llm_calls, 2);
    assert_int_equal(stats.llm_cost.nano, world.spent_nano);
    assert_int_equal(count_rows("SELECT SUM(cost_nano) FROM content_metadata"), world.spent_nano);
    run_job("posting");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "save");
    assert_int_equal(created(), 1); /* at most one per run */
    run_job("posting");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "save");
    assert_int_equal(created(), 2);
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified') AND post_id IS NOT NULL"), 2);
    assert_int_equal(count_rows("SELECT COUNT(*) FROM posted_decisions"), 2);
    run_job("posting");
    assert_ended(SB_STEP_STATE_NOTHING_TO_DO, "claim");
    assert_int_equal(created(), 2);
    run_job("metrics_scraper");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "store");
    assert_int_equal(count_rows("SELECT COUNT(*) FROM outcomes WHERE collected_at_ms IS NOT NULL AND likes IS NOT NULL"), 2);
    sb_practice_stats(world.practice, &stats);
    assert_int_equal(stats.logins, 1); /* the context stays logged in */
}

static void catalogue__watches_its_own_health(void **state)
{
    (void)state;
    run_job("unified_health_monitor");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "write_snapshot");
    assert_int_equal(count_rows("SELECT COUNT(*) FROM health_snapshots WHERE verdict IN ('ok', 'degraded')"), 1);
    run_job("job_watchdog");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "watch");
    run_job("runtime_housekeeping");
    assert_ended(SB_STEP_STATE_SUCCEEDED, "tidy");
}

static void posting__adopts_the_post_whose_confirmation_was_lost(void **state)
{
    (void)state;
    run_job("plan");
    set_fault(SB_PRACTICE_FAULT_LOST_CONFIRMATION, "/api/posts");
    run_job("posting");
    assert_ended(SB_STEP_STATE_FAILED, "publish");
    assert_int_equal(world.result.class, SB_CLASS_UNCERTAIN);
    assert_int_equal(created(), 1); /* it is on the site, and only the site knows */
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status = 'uncertain'"), 1);
    run_job("posting"); /* recovery comes first, then the second text */
    assert_ended(SB_STEP_STATE_SUCCEEDED, "save");
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')"), 2);
    assert_int_equal(count_rows("SELECT COUNT(DISTINCT post_id) FROM posted_decisions"), 2);
    assert_int_equal(created(), 2); /* exactly one post per text */
}

static void posting__publishes_once_after_a_proven_absence(void **state)
{
    (void)state;
    run_job("plan");
    world.catalogue->content.posts_per_hour = 1; /* the uncertain row holds the others back */
    set_fault(SB_PRACTICE_FAULT_ERROR500, "/api/posts");
    run_job("posting");
    assert_ended(SB_STEP_STATE_FAILED, "publish");
    assert_int_equal(world.result.class, SB_CLASS_UNCERTAIN);
    assert_int_equal(created(), 0);
    run_job("posting"); /* before the horizon nothing is proven */
    assert_ended(SB_STEP_STATE_NOTHING_TO_DO, "claim");
    world.ahead += SB_MIN(3);
    run_job("posting"); /* the first complete reading */
    assert_ended(SB_STEP_STATE_NOTHING_TO_DO, "claim");
    world.ahead += SB_S(31);
    run_job("posting"); /* the second: absent, queued, published */
    assert_ended(SB_STEP_STATE_SUCCEEDED, "save");
    assert_int_equal(created(), 1);
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status IN ('posted', 'verified')"), 1);
}

static void posting__puts_the_text_back_when_the_site_fails_before_the_click(void **state)
{
    (void)state;
    run_job("plan");
    set_fault(SB_PRACTICE_FAULT_ERROR500, "/compose");
    run_job("posting");
    assert_ended(SB_STEP_STATE_FAILED, "publish");
    assert_int_equal(world.result.class, SB_CLASS_RETRYABLE);
    assert_int_equal(count_rows("SELECT COUNT(*) FROM content_metadata WHERE status = 'queued'"), 2);
    run_job("posting"); /* the run's retry */
    assert_ended(SB_STEP_STATE_SUCCEEDED, "save");
    assert_int_equal(created(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(catalogue__plans_publishes_and_measures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(catalogue__watches_its_own_health, set_up, tear_down),
        cmocka_unit_test_setup_teardown(posting__adopts_the_post_whose_confirmation_was_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(posting__publishes_once_after_a_proven_absence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(posting__puts_the_text_back_when_the_site_fails_before_the_click, set_up, tear_down),
    };
    return cmocka_run_group_tests_name(test_store_suite("steps contract"), tests, NULL, NULL);
}
