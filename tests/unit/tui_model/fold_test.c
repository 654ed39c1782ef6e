/* What events of jobs, runs and steps do to the model. */
#include "folding.h"

static void definitions__describe_the_runtime(void **state)
{
    (void)state;
    fold();
    assert_string_equal(model->version, "0.1.0");
    assert_string_equal(model->host, "ops1");
    assert_string_equal(model->config_hash, "9f3a61c0aa");
    assert_int_equal(model->pool_contexts, 3);
    assert_int_equal(model->job_count, 3);
    assert_true(model->is_described);
    assert_int_equal(sb_model_find(model, "plan"), 2);
    assert_int_equal(sb_model_find(model, "nothing"), SB_NO_JOB);
    assert_string_equal(sb_model_step(model, 0, 1)->name, "login");
    assert_null(sb_model_step(model, 0, 5));
    assert_null(sb_model_job(model, 3));
    assert_state(0, SB_JOB_STATE_NONE);
}

static void run_queued__makes_a_job_wait(void **state)
{
    (void)state;
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    assert_state(0, SB_JOB_STATE_WAIT);
    assert_int_equal(model->jobs[0].run.id, 7);
}

static void run_started__makes_a_job_run_and_opens_an_attempt(void **state)
{
    (void)state;
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1, .waited = SB_S(2));
    assert_state(0, SB_JOB_STATE_RUN);
    assert_int_equal(model->jobs[0].run.waited, SB_S(2));
    assert_int_equal(model->jobs[0].run.try_count, 1);
    assert_false(model->jobs[0].run.tries[0].is_over);
}

static void run_ended__keeps_outcome_duration_and_failures(void **state)
{
    (void)state;
    run_job(1, 0, SB_RUN_STATE_SUCCEEDED, SB_S(4));
    assert_state(0, SB_JOB_STATE_OK);
    run_job(2, 0, SB_RUN_STATE_FAILED, SB_S(6));
    run_job(3, 0, SB_RUN_STATE_FAILED, SB_S(8));
    assert_state(0, SB_JOB_STATE_FAIL);
    assert_int_equal(model->jobs[0].failures, 2);
    assert_int_equal(model->jobs[0].last_duration, SB_S(8));
    assert_int_equal(sb_model_recent_ok(&model->jobs[0]), 33);
    assert_int_equal(sb_model_recent_permille(&model->jobs[0], 500), SB_S(6));
    assert_int_equal(sb_model_recent_permille(&model->jobs[0], 950), SB_S(8));
    run_job(4, 0, SB_RUN_STATE_SUCCEEDED, SB_S(1));
    assert_state(0, SB_JOB_STATE_OK);
    assert_int_equal(model->jobs[0].failures, 0);
}

static void percentiles__leave_out_runs_of_before_a_restart(void **state)
{
    (void)state;
    run_job(1, 0, SB_RUN_STATE_SUCCEEDED, 0); /* as a runtime tells the last run of the one before */
    fold();
    assert_int_equal(model->jobs[0].recent_count, 1);
    assert_int_equal(sb_model_recent_permille(&model->jobs[0], 500), 0);
    run_job(2, 0, SB_RUN_STATE_SUCCEEDED, SB_S(4));
    fold();
    assert_int_equal(sb_model_recent_permille(&model->jobs[0], 500), SB_S(4));
}

static void run_ended__keeps_the_last_twenty_only(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 45; i++)
        run_job(i + 1, 0, i < 30 ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED, SB_S(1));
    fold();
    assert_int_equal(model->jobs[0].recent_count, 20);
    assert_int_equal(sb_model_recent_ok(&model->jobs[0]), 75);
    assert_int_equal(model->jobs[0].runs_ended, 45);
    /* oldest first: five failures, then fifteen good ones */
    assert_int_equal(model->jobs[0].recent_outcome[sb_model_recent_at(&model->jobs[0], 4)], SB_RUN_STATE_FAILED);
    assert_int_equal(model->jobs[0].recent_outcome[sb_model_recent_at(&model->jobs[0], 5)], SB_RUN_STATE_SUCCEEDED);
}

static void run_cancelled__is_neither_failure_nor_success(void **state)
{
    (void)state;
    run_job(1, 0, SB_RUN_STATE_CANCELLED, SB_S(4));
    assert_state(0, SB_JOB_STATE_NONE);
    assert_int_equal(model->jobs[0].failures, 0);
    assert_true(sb_model_run_is_retryable(&model->jobs[0].run));
}

static void run_retrying__fails_the_job_until_the_next_attempt(void **state)
{
    (void)state;
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    scene_wait(&scene, SB_S(30));
    SAY(&scene, RUN_RETRYING, run_retrying, .run = 7, .job = 0, .step = 1, .attempt = 2, .attempts_max = 3,
        .class = SB_CLASS_RETRYABLE, .delay = SB_S(4), .error = "no such selector");
    assert_state(0, SB_JOB_STATE_FAIL);
    assert_int_equal(model->jobs[0].run.retry_at, scene.now + SB_S(4));
    assert_true(model->jobs[0].run.tries[0].is_failed);
    assert_int_equal(model->jobs[0].run.tries[0].duration, SB_S(30));
    assert_string_equal(why(0), "attempt 2 in 4.0s: the last one failed, retryable");
    scene_wait(&scene, SB_S(4));
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 2);
    assert_state(0, SB_JOB_STATE_RUN);
    assert_int_equal(model->jobs[0].run.try_count, 2);
}

static void run_held__names_the_dependency(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED,
        .reason = "no Chromium found");
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_HELD, run_held, .run = 7, .job = 0, .hold = SB_HOLD_DEPENDENCY, .component = SB_COMPONENT_BROWSER);
    assert_state(0, SB_JOB_STATE_HELD);
    assert_string_equal(why(0), "held: dependency down: browser is failed no Chromium found");
    SAY(&scene, RUN_RELEASED, run_released, .run = 7, .job = 0, .hold = SB_HOLD_DEPENDENCY);
    assert_state(0, SB_JOB_STATE_WAIT);
}

static void run_stuck__fails_a_running_job(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_STUCK, run_stuck, .run = 7, .job = 0, .step = 2, .over = SB_S(20));
    assert_state(0, SB_JOB_STATE_FAIL);
    assert_true(model->jobs[0].run.is_stuck);
}

static void run_late__is_noted(void **state)
{
    (void)state;
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_LATE, run_late, .run = 7, .job = 0, .late = SB_S(90));
    fold();
    assert_true(model->jobs[0].run.is_late);
    assert_int_equal(model->jobs[0].run.late, SB_S(90));
}

static void run_stopping_and_yielded__change_the_run(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 1, .attempt = 1);
    SAY(&scene, RUN_YIELDED, run_yielded, .run = 7, .job = 1, .step = 1, .ctx = 2);
    assert_state(1, SB_JOB_STATE_WAIT);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 1, .attempt = 1);
    SAY(&scene, RUN_STOPPING, run_stopping, .run = 7, .job = 1, .hard = true, .reason = "killed by ana");
    assert_state(1, SB_JOB_STATE_RUN);
    assert_true(model->jobs[1].run.is_hard_stop);
    assert_string_equal(why(1), "being killed for 0.0s: step 2/3 login, killed by ana");
}

static void run_interrupted__is_a_failure_until_it_recovers(void **state)
{
    (void)state;
    SAY(&scene, RUN_INTERRUPTED, run_interrupted, .run = 7, .job = 0, .step = 4, .attempt = 1, .was_effect = true);
    assert_state(0, SB_JOB_STATE_FAIL);
    assert_int_equal(model->jobs[0].run.class, SB_CLASS_UNCERTAIN);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .step = 4, .attempt = 2, .cause = SB_CAUSE_RECOVERY);
    assert_state(0, SB_JOB_STATE_WAIT);
}

static void steps__show_state_duration_and_text(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, STEP_STARTED, step_started, .run = 7, .job = 0, .step = 0, .attempt = 1, .ctx = 2, .timeout = SB_S(30));
    fold();
    assert_int_equal(sb_model_step(model, 0, 0)->state, SB_STEP_STATE_RUNNING);
    assert_int_equal(model->jobs[0].run.ctx, 2);
    SAY(&scene, STEP_ENDED, step_ended, .run = 7, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED,
        .duration = SB_MS(1200), .rows = 12, .text = "12 rows read");
    fold();
    assert_int_equal(sb_model_step(model, 0, 0)->duration, SB_MS(1200));
    assert_int_equal(sb_model_step(model, 0, 0)->rows, 12);
    assert_string_equal(sb_model_step(model, 0, 0)->text, "12 rows read");
    SAY(&scene, STEP_STALE, step_stale, .run = 7, .step = 0, .fence = 9);
    fold();
    assert_int_equal(sb_model_step(model, 0, 0)->state, SB_STEP_STATE_SUCCEEDED);
}

static void operator_retry__keeps_what_was_done_before_its_step(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, STEP_ENDED, step_ended, .run = 7, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED);
    SAY(&scene, STEP_ENDED, step_ended, .run = 7, .job = 0, .step = 1, .attempt = 1, .state = SB_STEP_STATE_FAILED);
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 0, .step = 1, .attempt = 3, .state = SB_RUN_STATE_FAILED);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .step = 1, .attempt = 4, .cause = SB_CAUSE_OPERATOR_RETRY);
    fold();
    assert_int_equal(sb_model_step(model, 0, 0)->state, SB_STEP_STATE_SUCCEEDED);
    assert_int_equal(sb_model_step(model, 0, 1)->state, SB_STEP_STATE_PENDING);
    assert_int_equal(model->jobs[0].run.attempts_max, 6);
}

static void next_run__starts_with_clean_steps(void **state)
{
    (void)state;
    SAY(&scene, STEP_ENDED, step_ended, .run = 7, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_FAILED, .text = "old");
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 0, .attempt = 1, .state = SB_RUN_STATE_FAILED, .error = "old");
    SAY(&scene, RUN_QUEUED, run_queued, .run = 8, .job = 0, .attempt = 1);
    fold();
    assert_int_equal(sb_model_step(model, 0, 0)->state, SB_STEP_STATE_PENDING);
    assert_string_equal(sb_model_step(model, 0, 0)->text, "");
    assert_string_equal(model->jobs[0].run.error, "");
}

static void second_active_run__waits_behind_the_shown_one(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 8, .job = 0, .attempt = 1);
    fold();
    assert_int_equal(model->jobs[0].run.id, 7);
    assert_int_equal(model->jobs[0].others[0], 8);
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 0, .attempt = 1, .state = SB_RUN_STATE_SUCCEEDED);
    assert_state(0, SB_JOB_STATE_WAIT);
    assert_int_equal(model->jobs[0].run.id, 8);
    assert_int_equal(model->jobs[0].others[0], 0);
}

static void late_end_of_another_run__leaves_the_shown_one_alone(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    SAY(&scene, RUN_ENDED, run_ended, .run = 5, .job = 0, .attempt = 1, .state = SB_RUN_STATE_FAILED);
    assert_state(0, SB_JOB_STATE_RUN);
    assert_int_equal(model->jobs[0].others[0], 0);
    assert_int_equal(model->jobs[0].failures, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(definitions__describe_the_runtime),
        TEST(run_queued__makes_a_job_wait),
        TEST(run_started__makes_a_job_run_and_opens_an_attempt),
        TEST(run_ended__keeps_outcome_duration_and_failures),
        TEST(percentiles__leave_out_runs_of_before_a_restart),
        TEST(run_ended__keeps_the_last_twenty_only),
        TEST(run_cancelled__is_neither_failure_nor_success),
        TEST(run_retrying__fails_the_job_until_the_next_attempt),
        TEST(run_held__names_the_dependency),
        TEST(run_stuck__fails_a_running_job),
        TEST(run_late__is_noted),
        TEST(run_stopping_and_yielded__change_the_run),
        TEST(run_interrupted__is_a_failure_until_it_recovers),
        TEST(steps__show_state_duration_and_text),
        TEST(operator_retry__keeps_what_was_done_before_its_step),
        TEST(next_run__starts_with_clean_steps),
        TEST(second_active_run__waits_behind_the_shown_one),
        TEST(late_end_of_another_run__leaves_the_shown_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
