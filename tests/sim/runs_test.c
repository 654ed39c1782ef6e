/* Stories of runs: schedule, retry, pause, cancel, time limits, drain, recovery. */
#include "world.h"

static void listen_to_runs(struct world *w)
{
    world_listen(w, SB_EVENT_RUN_STARTED);
    world_listen(w, SB_EVENT_RUN_RETRYING);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_NOMINAL_SKIPPED);
}

static const struct outcome fails = { .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "boom" };
static const struct outcome works = { .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED };

static void schedule__fires_on_its_grid_and_not_after_the_last_end(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), SB_S(2));
    world_step(w, "work", false, SB_S(3));
    listen_to_runs(w);
    world_begin(w);
    world_run(w, SB_S(25));
    world_expect(w, "[   2000] a run 1 attempt 1 started after 0.0s\n"
                    "[   5000] a run 1 succeeded after 3.0s\n"
                    "[  12000] a run 2 attempt 1 started after 0.0s\n"
                    "[  15000] a run 2 succeeded after 3.0s\n"
                    "[  22000] a run 3 attempt 1 started after 0.0s\n"
                    "[  25000] a run 3 succeeded after 3.0s\n");
    world_destroy(w);
}

static void overlap__a_long_run_skips_due_times_and_says_so(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0);
    world_step(w, "work", false, SB_S(15));
    listen_to_runs(w);
    world_begin(w);
    world_run(w, SB_S(21));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[  10000] a: 1 due time(s) skipped, previous run still active\n"
                    "[  15000] a run 1 succeeded after 15s\n"
                    "[  20000] a run 2 attempt 1 started after 0.0s\n");
    world_destroy(w);
}

static void overlap__queue_one_starts_when_the_first_has_ended(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0)->overlap = SB_OVERLAP_QUEUE_ONE;
    world_step(w, "work", false, SB_S(25));
    listen_to_runs(w);
    world_begin(w);
    world_run(w, SB_S(26));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[  20000] a: 1 due time(s) skipped, previous run still active\n"
                    "[  25000] a run 1 succeeded after 25s\n"
                    "[  25000] a run 2 attempt 1 started after 0.0s\n");
    world_destroy(w);
}

static void retry__waits_1_2_4_seconds_without_jitter_and_then_fails(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0)->retry.attempts = 4;
    world_outcome(w, world_step(w, "work", false, SB_S(1)), 0, fails);
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(20));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   1000] a run 1 attempt 2 of 4 in 1.0s: retryable, boom\n"
                    "[   3000] a run 1 attempt 3 of 4 in 2.0s: retryable, boom\n"
                    "[   6000] a run 1 attempt 4 of 4 in 4.0s: retryable, boom\n"
                    "[  11000] a run 1 failed after 11s boom\n");
    world_destroy(w);
}

static void retry__resumes_at_the_failed_step_with_the_same_run(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0)->retry.attempts = 2;
    world_step(w, "first", false, SB_S(1));
    world_outcome(w, world_step(w, "second", false, SB_S(1)), 0, fails);
    world_outcome(w, &w->steps[1], 1, works);
    world_listen(w, SB_EVENT_STEP_ENDED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] a run 1 step first succeeded in 1.0s\n"
                    "[   2000] a run 1 step second failed in 1.0s boom\n"
                    "[   4000] a run 1 step second succeeded in 1.0s\n");
    world_destroy(w);
}

static void retry__a_fatal_error_is_not_tried_again(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0)->retry.attempts = 3;
    struct outcome fatal = fails;
    fatal.class = SB_CLASS_FATAL;
    world_outcome(w, world_step(w, "work", false, SB_S(1)), 0, fatal);
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(20));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n[   1000] a run 1 failed after 1.0s boom\n");
    world_destroy(w);
}

static void retry__a_rate_limit_waits_as_told_and_spends_no_attempt(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    struct outcome limited = { .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RATE_LIMITED,
                               .retry_after = SB_S(7), .text = "slow down" };
    world_outcome(w, world_step(w, "work", false, SB_S(1)), 0, limited);
    world_outcome(w, &w->steps[0], 1, works);
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(20));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   1000] a run 1 attempt 1 of 1 in 7.0s: rate_limited, slow down\n"
                    "[   9000] a run 1 succeeded after 9.0s\n");
    world_destroy(w);
}

static void retry__a_dependency_that_stays_down_spends_attempts_after_five_free_waits(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_outcome(w, world_step(w, "call", false, SB_S(1)), 0,
                  (struct outcome){ .lasts = SB_MS(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_DEPENDENCY_DOWN, .text = "503" });
    world_listen(w, SB_EVENT_RUN_RETRYING);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(100));
    world_expect(w, "[      1] a run 1 attempt 1 of 1 in 1.0s: dependency_down, 503\n"
                    "[   1002] a run 1 attempt 1 of 1 in 2.0s: dependency_down, 503\n"
                    "[   3003] a run 1 attempt 1 of 1 in 4.0s: dependency_down, 503\n"
                    "[   7004] a run 1 attempt 1 of 1 in 8.0s: dependency_down, 503\n"
                    "[  15005] a run 1 attempt 1 of 1 in 16s: dependency_down, 503\n"
                    "[  31006] alert 1 job_failed: a dependency_down at call: 503\n");
    world_destroy(w);
}

static void retry__an_operator_retries_a_failed_run_from_its_failed_step(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "first", false, SB_S(1));
    world_outcome(w, world_step(w, "second", false, SB_S(1)), 0, fails);
    world_outcome(w, &w->steps[1], 1, works);
    listen_to_runs(w);
    world_listen(w, SB_EVENT_COMMAND_DONE);
    world_listen(w, SB_EVENT_COMMAND_REFUSED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(5));
    world_command(w, SB_COMMAND_RETRY_RUN, 0);
    world_run(w, SB_S(10));
    world_command(w, SB_COMMAND_RETRY_RUN, 0);
    world_expect(w, "[      0] ana: started a run 1\n"
                    "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   2000] a run 1 failed after 2.0s boom\n"
                    "[   5000] ana: retrying a run 1 at second\n"
                    "[   5000] a run 1 attempt 2 started after 0.0s\n"
                    "[   6000] a run 1 succeeded after 1.0s\n"
                    "[  10000] ana: refused, its last run did not fail\n");
    assert_int_equal(w->executed[0], 1);
    world_destroy(w);
}

static void retry__an_operator_retries_from_a_step_that_was_passed(void **state)
{
    static const char *const names[] = { "third", "nowhere", "", "first" };
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "zeroth", false, SB_S(1));
    world_step(w, "first", false, SB_S(1));
    const struct sb_step_def *second = world_step(w, "second", false, SB_S(1));
    world_outcome(w, second, 0, fails);
    world_outcome(w, second, 1, works);
    world_step(w, "third", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_COMMAND_DONE);
    world_listen(w, SB_EVENT_COMMAND_REFUSED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(5));
    for (size_t i = 0; i < SB_LEN(names); i++) {
        struct sb_input input = world_command_input(w, SB_COMMAND_RETRY_RUN_FROM, 0);
        (void)sb_copy(input.as.command.subject, sizeof(input.as.command.subject), names[i]);
        world_input(w, input);
    }
    world_run(w, SB_S(10));
    world_expect(w, "[      0] ana: started a run 1\n"
                    "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   3000] a run 1 failed after 3.0s boom\n"
                    "[   5000] ana: refused, the run did not come as far as third\n"
                    "[   5000] ana: refused, the job has no step nowhere\n"
                    "[   5000] ana: refused, subject must name a step\n"
                    "[   5000] ana: retrying a run 1 at first\n"
                    "[   5000] a run 1 attempt 2 started after 0.0s\n"
                    "[   8000] a run 1 succeeded after 3.0s\n");
    assert_int_equal(w->executed[0], 1);
    assert_int_equal(w->executed[1], 2);
    world_destroy(w);
}

static void goes_on__a_failed_step_does_not_stop_the_later_ones_but_fails_the_run(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    struct sb_step_def *first = world_step(w, "first", false, SB_S(1));
    first->goes_on = true;
    world_outcome(w, first, 0, fails);
    world_step(w, "second", false, SB_S(1));
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n[   2000] a run 1 failed after 2.0s boom\n");
    assert_int_equal(w->executed[1], 1);
    world_destroy(w);
}

static void nothing_to_do__ends_the_run_as_succeeded(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_outcome(w, world_step(w, "claim", false, SB_S(1)), 0,
                  (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_NOTHING_TO_DO, .text = "nothing due" });
    world_step(w, "publish", false, SB_S(1));
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n[   1000] a run 1 succeeded after 1.0s\n");
    assert_int_equal(w->executed[1], 0);
    world_destroy(w);
}

static void pause__holds_the_next_step_and_skips_due_times_until_resumed(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0);
    world_step(w, "first", false, SB_S(2));
    world_step(w, "second", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_HELD);
    world_listen(w, SB_EVENT_RUN_RELEASED);
    world_begin(w);
    world_run(w, SB_S(1));
    world_command(w, SB_COMMAND_PAUSE_JOB, 0);
    world_run(w, SB_S(15));
    world_command(w, SB_COMMAND_RESUME_JOB, 0);
    world_run(w, SB_S(17));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   2000] a run 1 held: job paused\n"
                    "[  10000] a: 1 due time(s) skipped, paused\n"
                    "[  15000] a run 1 released: job paused is over\n"
                    "[  16000] a run 1 succeeded after 16s\n");
    world_destroy(w);
}

static void force_run__passes_a_pause(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(100), SB_S(50));
    world_step(w, "work", false, SB_S(1));
    listen_to_runs(w);
    world_begin(w);
    world_command(w, SB_COMMAND_PAUSE_JOB, 0);
    world_command(w, SB_COMMAND_PAUSE_ALL, SB_NO_JOB);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(2));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n[   1000] a run 1 succeeded after 1.0s\n");
    world_destroy(w);
}

static void force_run__never_starts_a_second_instance(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(100), 0);
    world_step(w, "work", false, SB_S(10));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_COMMAND_REFUSED);
    world_begin(w);
    world_run(w, SB_S(1));
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n[   1000] ana: refused, already active: a run 1\n");
    world_destroy(w);
}

static void command__a_repeated_id_answers_the_same_without_acting(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "work", false, SB_S(1));
    world_listen(w, SB_EVENT_COMMAND_DONE);
    world_begin(w);
    struct sb_input run = world_command_input(w, SB_COMMAND_RUN_JOB, 0);
    world_input(w, run);
    world_run(w, SB_S(5));
    world_input(w, run);
    world_run(w, SB_S(9));
    world_expect(w, "[      0] ana: started a run 1\n[   5000] ana: started a run 1\n");
    assert_int_equal(w->steps_total, 1);
    world_destroy(w);
}

static void cancel__asks_the_step_then_ends_the_run(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "work", false, SB_S(30));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_STOPPING);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(2));
    world_command(w, SB_COMMAND_CANCEL_RUN, 0);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   2000] a run 1 stopping: cancelled by operator\n"
                    "[   2001] a run 1 cancelled after 2.0s cancelled\n");
    world_destroy(w);
}

static void time_limit__stops_hard_after_grace_and_gives_up_a_step_that_never_answers(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "work", false, SB_S(500))->timeout = SB_S(10);
    w->ignores_stop[0] = true;
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_STOPPING);
    world_listen(w, SB_EVENT_RUN_STUCK);
    world_listen(w, SB_EVENT_STEP_STALE);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(501));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[  10000] a run 1 stopping: time limit of the step\n"
                    "[  15000] a run 1 stopping: did not stop in time\n"
                    "[  25000] a run 1 does not stop: step work is 15s over its limit\n"
                    "[  25000] a run 1 failed after 25s the step did not stop and was given up\n"
                    "[ 500000] run 1 step #0: late result refused, fence 65536 is over\n");
    world_destroy(w);
}

static void drain__lets_the_running_step_finish_and_then_stops(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(100), 0);
    world_step(w, "first", false, SB_S(5));
    world_step(w, "second", false, SB_S(5));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_DRAINED);
    world_listen(w, SB_EVENT_STEP_ENDED);
    world_begin(w);
    world_run(w, SB_S(1));
    world_command(w, SB_COMMAND_DRAIN, SB_NO_JOB);
    world_run(w, SB_S(200));
    assert_true(w->is_finished);
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   5000] a run 1 step first succeeded in 5.0s\n"
                    "[   5000] drained, 0 runs cancelled\n"
                    "[ 100000] a: 1 due time(s) skipped, shutting down\n"
                    "[ 200000] a: 1 due time(s) skipped, shutting down\n");
    world_destroy(w);
}

static void drain__cancels_what_does_not_finish_within_the_grace(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "work", false, SB_S(55));
    world_listen(w, SB_EVENT_DRAINED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_DRAIN, SB_NO_JOB);
    world_run(w, SB_S(60));
    assert_true(w->is_finished);
    world_expect(w, "[  30001] drained, 1 runs cancelled\n");
    world_destroy(w);
}

static void restore(struct world *w, bool was_running, uint8_t recoveries)
{
    struct sb_input base = sb_input_make(SB_INPUT_RESTORE_BASE);
    base.as.restore_base.genesis = world_start.ns - SB_S(1000);
    base.as.restore_base.next_run = 18;
    base.as.restore_base.next_seq = 500;
    base.as.restore_base.next_fence = 70000;
    struct sb_input run = sb_input_make(SB_INPUT_RESTORE_RUN);
    run.as.restore_run.run = 17;
    run.as.restore_run.step = 1;
    run.as.restore_run.attempt = 1;
    run.as.restore_run.was_running = was_running;
    run.as.restore_run.recoveries = recoveries;
    world_init_core(w);
    world_input(w, base);
    world_input(w, run);
    world_begin(w);
}

static void recovery__a_run_cut_by_the_end_of_the_process_follows_its_retry_policy(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0)->retry.attempts = 3;
    world_step(w, "first", false, SB_S(1));
    world_step(w, "second", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_INTERRUPTED);
    restore(w, true, 0);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 17 was interrupted at step second by the end of the process\n"
                    "[      0] a run 17 attempt 2 started after 0.0s\n"
                    "[   1000] a run 17 succeeded after 1.0s\n");
    assert_int_equal(w->executed[0], 0);
    world_destroy(w);
}

static void recovery__without_attempts_left_the_run_ends_interrupted(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "first", false, SB_S(1));
    world_step(w, "second", false, SB_S(1));
    listen_to_runs(w);
    restore(w, true, 0);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 17 interrupted after 0.0s interrupted by the end of the process\n");
    world_destroy(w);
}

static void recovery__the_third_interruption_quarantines_and_alerts(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0)->retry.attempts = 9;
    world_step(w, "first", false, SB_S(1));
    world_step(w, "second", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    restore(w, true, 2);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] a run 17 quarantined after 0.0s the process ended three times during this run\n"
                    "[      0] alert 1 job_failed: a fatal at second: the process ended three times during this run; fix, then press r\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedule__fires_on_its_grid_and_not_after_the_last_end),
        cmocka_unit_test(overlap__a_long_run_skips_due_times_and_says_so),
        cmocka_unit_test(overlap__queue_one_starts_when_the_first_has_ended),
        cmocka_unit_test(retry__waits_1_2_4_seconds_without_jitter_and_then_fails),
        cmocka_unit_test(retry__resumes_at_the_failed_step_with_the_same_run),
        cmocka_unit_test(retry__a_fatal_error_is_not_tried_again),
        cmocka_unit_test(retry__a_rate_limit_waits_as_told_and_spends_no_attempt),
        cmocka_unit_test(retry__a_dependency_that_stays_down_spends_attempts_after_five_free_waits),
        cmocka_unit_test(retry__an_operator_retries_a_failed_run_from_its_failed_step),
        cmocka_unit_test(retry__an_operator_retries_from_a_step_that_was_passed),
        cmocka_unit_test(goes_on__a_failed_step_does_not_stop_the_later_ones_but_fails_the_run),
        cmocka_unit_test(nothing_to_do__ends_the_run_as_succeeded),
        cmocka_unit_test(pause__holds_the_next_step_and_skips_due_times_until_resumed),
        cmocka_unit_test(force_run__passes_a_pause),
        cmocka_unit_test(force_run__never_starts_a_second_instance),
        cmocka_unit_test(command__a_repeated_id_answers_the_same_without_acting),
        cmocka_unit_test(cancel__asks_the_step_then_ends_the_run),
        cmocka_unit_test(time_limit__stops_hard_after_grace_and_gives_up_a_step_that_never_answers),
        cmocka_unit_test(drain__lets_the_running_step_finish_and_then_stops),
        cmocka_unit_test(drain__cancels_what_does_not_finish_within_the_grace),
        cmocka_unit_test(recovery__a_run_cut_by_the_end_of_the_process_follows_its_retry_policy),
        cmocka_unit_test(recovery__without_attempts_left_the_run_ends_interrupted),
        cmocka_unit_test(recovery__the_third_interruption_quarantines_and_alerts),
    };
    return cmocka_run_group_tests_name("sim_runs", tests, NULL, NULL);
}
