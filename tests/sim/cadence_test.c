/* Stories of steps with a cadence of their own and of steps that need the results of others. */
#include "world.h"

static void listen(struct world *w)
{
    world_listen(w, SB_EVENT_STEP_ENDED);
    world_listen(w, SB_EVENT_RUN_ENDED);
}

/* A job every 15 minutes; its second step is due every hour. */
static struct world *hourly_world(void)
{
    struct world *w = world_create();
    world_job(w, "health", SB_MIN(15), 0);
    world_step(w, "look", false, SB_S(1));
    world_step(w, "sum_up", false, SB_S(1))->every = SB_HOUR(1);
    world_step(w, "save", false, SB_S(1));
    return w;
}

static size_t count_of(const struct world *w, const char *needle)
{
    size_t count = 0;
    for (const char *at = strstr(w->story, needle); at != NULL; at = strstr(at + 1, needle))
        count++;
    return count;
}

static void step__with_its_own_cadence_runs_as_often_as_that_and_the_others_every_time(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    listen(w);
    world_begin(w);
    world_run(w, SB_HOUR(4) - SB_MIN(1));
    assert_int_equal(16, count_of(w, "look succeeded"));
    assert_int_equal(16, count_of(w, "save succeeded"));
    assert_int_equal(4, count_of(w, "sum_up succeeded"));
    assert_int_equal(12, count_of(w, "sum_up skipped"));
    assert_int_equal(16, count_of(w, "succeeded after"));
    world_destroy(w);
}

static void step__skipped_for_its_cadence_says_when_it_is_due(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(16));
    assert_non_null(strstr(w->story, "sum_up skipped"));
    assert_non_null(strstr(w->story, "due again in 39m"));
    world_destroy(w);
}

static void force_run__does_every_step(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(20));
    assert_int_equal(1, count_of(w, "sum_up succeeded"));
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_MIN(21));
    assert_int_equal(2, count_of(w, "sum_up succeeded"));
    world_destroy(w);
}

static void step__that_failed_is_due_again_in_the_next_run(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    w->steps[1].goes_on = true;
    world_outcome(w, &w->steps[1], 0, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "x" });
    world_outcome(w, &w->steps[1], 1, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED });
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(16));
    assert_int_equal(1, count_of(w, "sum_up failed"));
    assert_int_equal(1, count_of(w, "sum_up succeeded"));
    world_destroy(w);
}

static void cadence__is_kept_over_a_restart(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    world_init_core(w);
    struct sb_input done = sb_input_make(SB_INPUT_RESTORE_STEP);
    done.as.restore_step.job = 0;
    done.as.restore_step.done = w->now + w->wall_offset - SB_MIN(10);
    (void)sb_copy(done.as.restore_step.step_name, SB_NAME_MAX, "sum_up");
    world_input(w, done);
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(61));
    assert_int_equal(1, count_of(w, "sum_up succeeded")); /* at 45 minutes: an hour, less its slack, after the remembered one */
    world_destroy(w);
}

static void step__that_uses_a_failed_one_is_skipped_and_the_others_go_on(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "scrape", SB_HOUR(1), 0);
    world_step(w, "peers", false, SB_S(1))->goes_on = true;
    world_step(w, "store", false, SB_S(1))->uses = 1u << 0;
    world_step(w, "report", false, SB_S(1))->uses = 1u << 1;
    world_step(w, "news", false, SB_S(1));
    world_outcome(w, &w->steps[0], 0, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "x" });
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(5));
    assert_non_null(strstr(w->story, "store skipped"));
    assert_non_null(strstr(w->story, "needs peers, which has no result in this run"));
    assert_non_null(strstr(w->story, "report skipped"));
    assert_non_null(strstr(w->story, "needs store"));
    assert_non_null(strstr(w->story, "news succeeded"));
    assert_non_null(strstr(w->story, "scrape run 1 failed"));
    world_destroy(w);
}

static void step__that_uses_one_that_was_not_due_is_skipped_and_the_run_succeeds(void **state)
{
    (void)state;
    struct world *w = hourly_world();
    w->steps[2].uses = 1u << 1;
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(16));
    assert_int_equal(1, count_of(w, "save succeeded"));
    assert_int_equal(1, count_of(w, "save skipped"));
    assert_int_equal(2, count_of(w, "succeeded after"));
    world_destroy(w);
}

static void retry__of_the_whole_job_forgets_what_was_missing(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "scrape", SB_HOUR(1), 0)->retry.attempts = 2;
    world_step(w, "peers", false, SB_S(1))->goes_on = true;
    world_step(w, "store", false, SB_S(1))->uses = 1u << 0;
    world_step(w, "send", false, SB_S(1))->restarts_job = true;
    world_outcome(w, &w->steps[0], 0, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "x" });
    world_outcome(w, &w->steps[0], 1, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED });
    world_outcome(w, &w->steps[2], 0, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "y" });
    world_outcome(w, &w->steps[2], 1, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED });
    listen(w);
    world_begin(w);
    world_run(w, SB_MIN(5));
    assert_non_null(strstr(w->story, "store succeeded"));
    assert_non_null(strstr(w->story, "scrape run 1 succeeded"));
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step__with_its_own_cadence_runs_as_often_as_that_and_the_others_every_time),
        cmocka_unit_test(step__skipped_for_its_cadence_says_when_it_is_due),
        cmocka_unit_test(force_run__does_every_step),
        cmocka_unit_test(step__that_failed_is_due_again_in_the_next_run),
        cmocka_unit_test(cadence__is_kept_over_a_restart),
        cmocka_unit_test(step__that_uses_a_failed_one_is_skipped_and_the_others_go_on),
        cmocka_unit_test(step__that_uses_one_that_was_not_due_is_skipped_and_the_run_succeeds),
        cmocka_unit_test(retry__of_the_whole_job_forgets_what_was_missing),
    };
    return cmocka_run_group_tests_name("sim_cadence", tests, NULL, NULL);
}
