#include "engine_rig.h"

#include "runtime/engine/parts.h"

static int setup(void **state)
{
    (void)state;
    rig_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    return 0;
}

/* What the later step was given; written by the worker, read after the run's end. */
static char seen[4096];

static void gives_output(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)env;
    result->output = strdup(rig.arg);
}

static void sees_outputs(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)result;
    (void)sb_copy(seen, sizeof(seen), env->outputs);
}

static void fails_once(const struct sb_step_env *env, struct sb_step_result *result)
{
    sees_outputs(env, result);
    if (env->attempt > 1)
        return;
    result->state = SB_STEP_STATE_FAILED;
    result->class = SB_CLASS_RETRYABLE;
}

static struct sb_job_def *two_steps(const char *output)
{
    static char text[512];

    (void)sb_copy(text, sizeof(text), output);
    rig.arg = text;
    struct sb_job_def *job = rig_job("pipeline");
    rig_step("fetch", SB_STEP_KIND_HTTP);
    rig_step("store", SB_STEP_KIND_SQL);
    rig.on_step[SB_STEP_KIND_HTTP] = gives_output;
    rig.on_step[SB_STEP_KIND_SQL] = sees_outputs;
    seen[0] = '\0';
    return job;
}

static const struct sb_ev_run_ended *run_once(void)
{
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    return &rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended;
}

static void outputs__of_a_step_reach_the_next_one(void **state)
{
    (void)state;
    two_steps("{\"id\":7}");
    assert_int_equal(run_once()->state, SB_RUN_STATE_SUCCEEDED);
    assert_string_equal(seen, "{\"fetch\":{\"id\":7}}");
    assert_int_equal(rig.store->output_count, 1); /* and were saved before */
    assert_int_equal(rig.store->query_count, 0);  /* but not read back */
    rig_stop(false);
}

static void outputs__are_there_again_for_a_retry(void **state)
{
    (void)state;
    two_steps("[1]")->retry.attempts = 2;
    rig.on_step[SB_STEP_KIND_SQL] = fails_once;
    assert_int_equal(run_once()->state, SB_RUN_STATE_SUCCEEDED);
    assert_string_equal(seen, "{\"fetch\":[1]}");
    rig_stop(false);
}

static int running_fd;

static void until_cancelled(const struct sb_step_env *env, struct sb_step_result *result)
{
    size_t ready;

    sb_wake_post(running_fd);
    assert_int_equal(sb_poll_readable(NULL, 0, &env->op, &ready, NULL), SB_ERR_CANCELLED);
    result->state = SB_STEP_STATE_FAILED;
    result->class = SB_CLASS_CANCELLED;
}

static void outputs__come_from_the_store_after_a_restart(void **state)
{
    const struct sb_op op = test_op();
    size_t ready;

    (void)state;
    assert_int_equal(sb_wake_open(&running_fd, NULL), SB_OK);
    two_steps("{\"id\":7}")->retry.attempts = 3;
    rig.on_step[SB_STEP_KIND_SQL] = until_cancelled;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    assert_int_equal(sb_poll_readable(&running_fd, 1, &op, &ready, NULL), SB_OK);
    rig_stop(true);
    rig.on_step[SB_STEP_KIND_SQL] = sees_outputs;
    rig.on_step[SB_STEP_KIND_HTTP] = until_cancelled; /* is not run again */
    rig_start();
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    assert_string_equal(seen, "{\"fetch\":{\"id\":7}}");
    assert_int_equal(rig.store->query_count, 1);
    rig_stop(false);
    sb_fd_close(&running_fd);
}

static void outputs__that_are_not_json_fail_their_step(void **state)
{
    (void)state;
    two_steps("{\"id\":");
    const struct sb_ev_run_ended *ended = run_once();
    assert_int_equal(ended->state, SB_RUN_STATE_FAILED);
    assert_int_equal(ended->step, 0);
    assert_non_null(strstr(ended->error, "output is not JSON"));
    assert_int_equal(rig.store->output_count, 0);
    rig_stop(false);
}

static void outputs__that_cannot_be_saved_fail_their_step_retryable(void **state)
{
    (void)state;
    two_steps("{}");
    rig.store->writes_fail = true;
    const struct sb_ev_run_ended *ended = run_once();
    assert_int_equal(ended->class, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(ended->error, "disk is full"));
    rig_stop(false);
}

static void outputs__of_an_effect_that_cannot_be_saved_are_uncertain(void **state)
{
    (void)state;
    two_steps("{}")->retry.attempts = 3;
    rig.steps[0].is_effect = true;
    rig.store->writes_fail = true;
    const struct sb_ev_run_ended *ended = run_once();
    assert_int_equal(ended->class, SB_CLASS_UNCERTAIN);
    assert_int_equal(ended->attempt, 1); /* never tried again blindly */
    rig_stop(false);
}

static char *spaces(size_t size)
{
    char *text = malloc(size + 1);

    assert_non_null(text);
    memset(text, ' ', size);
    text[0] = '[';
    text[size - 1] = ']';
    text[size] = '\0';
    return text;
}

static void outputs__are_bounded_per_step_and_per_run(void **state)
{
    const struct sb_op op = test_op();
    struct sb_error error;

    (void)state;
    rig_job("many");
    char name[SB_NAME_MAX];
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "step%d", i);
        rig_step(name, SB_STEP_KIND_NATIVE);
    }
    struct sb_outputs *outputs = sb_outputs_create(&rig.catalogue, NULL, NULL);
    assert_non_null(outputs);
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 0, spaces(SB_OUTPUT_MAX + 1), &op, &error), SB_ERR_TOO_LARGE);
    for (uint8_t step = 0; step < 4; step++)
        assert_int_equal(sb_outputs_put(outputs, 1, 0, step, spaces(SB_OUTPUT_MAX), &op, &error), SB_OK);
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 4, spaces(2), &op, &error), SB_ERR_TOO_LARGE);
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 3, spaces(SB_OUTPUT_MAX - 2), &op, &error), SB_OK); /* replaced, not added */
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 4, spaces(2), &op, &error), SB_OK);
    char *json = NULL;
    assert_int_equal(sb_outputs_get(outputs, 1, 0, 5, &op, &json, &error), SB_OK);
    assert_true(strlen(json) > SB_OUTPUTS_MAX);
    free(json);
    sb_outputs_destroy(outputs);
}

static void outputs__of_a_run_that_begins_again_are_gone(void **state)
{
    const struct sb_op op = test_op();
    char *json = NULL;

    (void)state;
    two_steps("1");
    struct sb_outputs *outputs = sb_outputs_create(&rig.catalogue, NULL, NULL);
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 0, strdup("1"), &op, NULL), SB_OK);
    assert_int_equal(sb_outputs_get(outputs, 1, 0, 0, &op, &json, NULL), SB_OK);
    assert_string_equal(json, "{}");
    free(json);
    assert_int_equal(sb_outputs_get(outputs, 1, 0, 1, &op, &json, NULL), SB_OK);
    assert_string_equal(json, "{}");
    free(json);
    sb_outputs_destroy(outputs);
}

static void outputs__of_more_runs_than_are_cached_come_from_the_store(void **state)
{
    const struct sb_op op = test_op();
    char *json = NULL;

    (void)state;
    two_steps("1");
    struct sb_outputs *outputs = sb_outputs_create(&rig.catalogue, &rig.store->port, NULL);
    assert_int_equal(sb_outputs_get(outputs, 1, 0, 0, &op, &json, NULL), SB_OK);
    free(json);
    assert_int_equal(sb_outputs_put(outputs, 1, 0, 0, strdup("41"), &op, NULL), SB_OK);
    for (uint64_t run = 2; run < 400; run++) {
        assert_int_equal(sb_outputs_get(outputs, run, 0, 0, &op, &json, NULL), SB_OK);
        free(json);
    }
    assert_int_equal(sb_outputs_get(outputs, 1, 0, 1, &op, &json, NULL), SB_OK);
    assert_string_equal(json, "{\"fetch\":41}");
    assert_int_equal(rig.store->query_count, 1);
    free(json);
    sb_outputs_destroy(outputs);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(outputs__of_a_step_reach_the_next_one),
        RIGGED(outputs__are_there_again_for_a_retry),
        RIGGED(outputs__come_from_the_store_after_a_restart),
        RIGGED(outputs__that_are_not_json_fail_their_step),
        RIGGED(outputs__that_cannot_be_saved_fail_their_step_retryable),
        RIGGED(outputs__of_an_effect_that_cannot_be_saved_are_uncertain),
        RIGGED(outputs__are_bounded_per_step_and_per_run),
        RIGGED(outputs__of_a_run_that_begins_again_are_gone),
        RIGGED(outputs__of_more_runs_than_are_cached_come_from_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
