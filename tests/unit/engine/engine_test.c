#include "engine_rig.h"

#include <unistd.h>

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

/* ---- steps ---- */

static void until_cancelled(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error error;
    size_t ready;

    sb_wake_post(*(int *)rig.arg); /* tells that it runs */
    result->state = SB_STEP_STATE_FAILED;
    result->class = sb_poll_readable(NULL, 0, &env->op, &ready, &error) == SB_ERR_CANCELLED ? SB_CLASS_CANCELLED : SB_CLASS_FATAL;
    (void)sb_copy(result->text, sizeof(result->text), sb_fence_holds(env->fence) ? "fence holds" : "fence is over");
}

/* Runs on until the test lets it, whoever cancels. */
static void until_let(const struct sb_step_env *env, struct sb_step_result *result)
{
    const struct sb_op op = test_op();
    const int *fds = rig.arg; /* [0] says that it runs, [1] lets it end */
    size_t ready;

    sb_wake_post(fds[0]);
    assert_int_equal(sb_poll_readable(&fds[1], 1, &op, &ready, NULL), SB_OK);
    (void)sb_copy(result->text, sizeof(result->text), sb_fence_holds(env->fence) ? "fence holds" : "fence is over");
}

static void await(int fd)
{
    const struct sb_op op = test_op();
    size_t ready;

    assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
}

struct gate {
    int fds[2];
};

static void gate_open(struct gate *gate)
{
    assert_int_equal(sb_wake_open(&gate->fds[0], NULL), SB_OK);
    assert_int_equal(sb_wake_open(&gate->fds[1], NULL), SB_OK);
    rig.arg = gate->fds;
}

static void gate_close(struct gate *gate)
{
    sb_fd_close(&gate->fds[0]);
    sb_fd_close(&gate->fds[1]);
}

/* ---- tests ---- */

static void says_five_rows(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)env;
    result->rows = 5;
    (void)sb_copy(result->text, sizeof(result->text), "five rows");
}

static void engine__a_due_job_runs_and_its_result_ends_the_run(void **state)
{
    (void)state;
    struct sb_job_def *job = rig_job("due");
    job->schedule = SB_SCHEDULE_EVERY;
    job->every = SB_HOUR(1);
    job->offset = SB_MS(5);
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = says_five_rows;
    rig_start();
    assert_int_equal(rig_wait(SB_EVENT_RUN_QUEUED)->as.run_queued.cause, SB_CAUSE_SCHEDULE);
    const struct sb_event *step = rig_wait(SB_EVENT_STEP_ENDED);
    assert_int_equal(step->as.step_ended.state, SB_STEP_STATE_SUCCEEDED);
    assert_int_equal(step->as.step_ended.rows, 5);
    assert_string_equal(step->as.step_ended.text, "five rows");
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
}

static void engine__a_durable_order_waits_for_the_journal(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("effect");
    rig_step("submit", SB_STEP_KIND_HTTP)->is_effect = true;
    rig_job("plain");
    rig_step("read", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_HTTP] = until_let;
    rig_start();
    rig_wait_begun();
    fake_store_hold(rig.store, true, false);
    rig_run_job(0);
    (void)rig_wait(SB_EVENT_STEP_STARTED);
    /* A plain step overtakes it: the effect has really been held back, not just been slow. */
    uint64_t plain = rig_run_job(1);
    assert_true(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.run == plain);
    const struct sb_op now = { .deadline = 0 };
    size_t ready;
    assert_int_equal(sb_poll_readable(&gate.fds[0], 1, &now, &ready, NULL), SB_ERR_TIMEOUT);
    fake_store_hold(rig.store, false, false);
    await(gate.fds[0]);
    sb_wake_post(gate.fds[1]);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
    gate_close(&gate);
}

static sb_ns no_time_passes(void)
{
    return SB_S(5);
}

static void engine__without_the_lease_effects_do_not_begin_and_the_rest_goes_on(void **state)
{
    struct gate gate;
    struct sb_lease lease = { .until = SB_S(5), .now = no_time_passes }; /* over at this very moment */

    (void)state;
    gate_open(&gate);
    rig_job("effect");
    rig_step("submit", SB_STEP_KIND_HTTP)->is_effect = true;
    rig_job("plain");
    rig_step("read", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_HTTP] = until_let;
    rig.setup.services.lease = &lease;
    rig_start();
    rig_wait_begun();
    rig_run_job(1);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_run_job(0);
    const struct sb_event *ended = rig_wait(SB_EVENT_STEP_ENDED);
    assert_int_equal(ended->as.step_ended.class, SB_CLASS_DEPENDENCY_DOWN);
    assert_non_null(strstr(ended->as.step_ended.text, "lease"));
    const struct sb_op now = { .deadline = 0 };
    size_t ready;
    assert_int_equal(sb_poll_readable(&gate.fds[0], 1, &now, &ready, NULL), SB_ERR_TIMEOUT); /* it has never run */
    rig_stop(true);
    gate_close(&gate);
}

static void engine__a_cancelled_durable_order_never_starts(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("effect");
    rig_step("submit", SB_STEP_KIND_HTTP)->is_effect = true;
    rig.on_step[SB_STEP_KIND_HTTP] = until_let;
    rig_start();
    rig_wait_begun();
    fake_store_hold(rig.store, true, false);
    uint64_t run = rig_run_job(0);
    (void)rig_wait(SB_EVENT_STEP_STARTED);
    rig_command(SB_COMMAND_CANCEL_RUN, 0, run);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_CANCELLED);
    fake_store_hold(rig.store, false, false);
    struct sb_engine_stats stats;
    sb_engine_stats(rig.engine, &stats);
    assert_int_equal(stats.steps_run, 0);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__cancel_makes_a_blocked_step_return(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("blocked");
    rig_step("waits", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_cancelled;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    await(gate.fds[0]);
    rig_command(SB_COMMAND_CANCEL_RUN, 0, run);
    const struct sb_event *step = rig_wait(SB_EVENT_STEP_ENDED);
    assert_int_equal(step->as.step_ended.class, SB_CLASS_CANCELLED);
    assert_string_equal(step->as.step_ended.text, "fence holds"); /* asked, not forced: what it did still counts */
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_CANCELLED);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__kill_revokes_the_fence_before_the_step_returns(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("blocked");
    rig_step("waits", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_cancelled;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    await(gate.fds[0]);
    rig_command(SB_COMMAND_KILL_RUN, 0, run);
    assert_string_equal(rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text, "fence is over");
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_CANCELLED);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__a_time_limit_ends_a_step_that_obeys(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("slow");
    rig_step("waits", SB_STEP_KIND_NATIVE)->timeout = SB_MS(2);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_cancelled;
    rig_start();
    assert_int_equal(rig_wait(SB_EVENT_DESCRIBED)->kind, SB_EVENT_DESCRIBED);
    rig_run_job(0);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_FAILED);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__a_late_result_after_a_hard_stop_is_refused(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig.catalogue.pool.stop_grace = SB_MS(1);
    rig.catalogue.pool.stuck_grace = SB_MS(1);
    rig_job("stubborn");
    rig_step("ignores", SB_STEP_KIND_NATIVE)->timeout = SB_MS(300); /* a worker that is late would find its step called off */
    rig.on_step[SB_STEP_KIND_NATIVE] = until_let;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    await(gate.fds[0]);
    assert_true(rig_wait(SB_EVENT_RUN_STUCK)->as.run_stuck.run == run);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_FAILED);
    sb_wake_post(gate.fds[1]);
    assert_true(rig_wait(SB_EVENT_STEP_STALE)->as.step_stale.run == run);
    assert_int_equal(rig_count(SB_EVENT_RUN_ENDED), 1);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__all_results_of_a_thousand_runs_arrive(void **state)
{
    enum { RUNS = 1000 };

    (void)state;
    rig.setup.checks_core = false; /* its cost grows with the runs; the other tests check */
    for (int i = 0; i < RIG_JOBS_MAX; i++) {
        char name[SB_NAME_MAX];
        snprintf(name, sizeof(name), "job%d", i);
        rig_job(name);
        rig_step("nothing", SB_STEP_KIND_NATIVE);
    }
    rig_start();
    rig_wait_begun();
    for (int i = 0; i < RUNS; i++) {
        rig_command(SB_COMMAND_RUN_JOB, (uint16_t)(i % RIG_JOBS_MAX), 0);
        if (i % 8 == 7) /* the run table of a small catalogue is small */
            for (int ended = 0; ended < 8; ended++)
                assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    }
    assert_int_equal(rig_count(SB_EVENT_RUN_ENDED), RUNS);
    struct sb_engine_stats stats;
    sb_engine_stats(rig.engine, &stats);
    assert_int_equal(stats.steps_run, RUNS);
    assert_true(stats.step_p50 > 0 && stats.dispatch_p50 > 0 && stats.dispatch_p50 <= stats.dispatch_p99);
    print_message("core step p50 %lld us, p99 %lld us; dispatch p50 %lld us, p99 %lld us\n", (long long)stats.step_p50 / 1000,
                  (long long)stats.step_p99 / 1000, (long long)stats.dispatch_p50 / 1000, (long long)stats.dispatch_p99 / 1000);
    rig_stop(false);
}

static void engine__a_store_that_fails_is_reported_once_and_again_when_it_is_well(void **state)
{
    (void)state;
    rig.catalogue.components[SB_COMPONENT_STORE] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_REQUIRED, .is_used = true };
    rig_job("any");
    rig_step("nothing", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    (void)rig_wait_component(SB_COMPONENT_STORE, SB_COMPONENT_STATE_OK);
    fake_store_hold(rig.store, false, true);
    rig_run_job(0);
    const struct sb_event *failed = rig_wait_component(SB_COMPONENT_STORE, SB_COMPONENT_STATE_FAILED);
    assert_non_null(strstr(failed->as.component_changed.reason, "disk is full"));
    size_t told = rig_count(SB_EVENT_COMPONENT_CHANGED);
    fake_store_hold(rig.store, false, true); /* a second failure is no news */
    uint64_t run = rig_run_job(0);
    while (rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.run != run)
        ;
    assert_int_equal(rig_count(SB_EVENT_COMPONENT_CHANGED), told);
    fake_store_hold(rig.store, false, false);
    (void)rig_wait_component(SB_COMPONENT_STORE, SB_COMPONENT_STATE_OK);
    rig_stop(false);
}

/* The only worker is held by a step that never answers; a thread takes its place, and the late answer does no harm. */
static void engine__a_worker_that_never_answers_is_replaced(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig.catalogue.pool.workers = 1;
    rig.catalogue.pool.stop_grace = rig.catalogue.pool.stuck_grace = SB_MS(10);
    rig.catalogue.components[SB_COMPONENT_ENGINE] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_REQUIRED, .is_used = true,
                                                                              .recover_every = SB_MIN(10), .recoveries_a_day = 3 };
    rig_job("hangs");
    rig_step("ask", SB_STEP_KIND_HTTP)->timeout = SB_MS(10);
    rig_job("goes_on");
    rig_step("read", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_HTTP] = until_let;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    const struct sb_event *ended = rig_wait(SB_EVENT_RECOVERY_ENDED);
    assert_int_equal(ended->as.recovery_ended.component, SB_COMPONENT_ENGINE);
    assert_int_equal(ended->as.recovery_ended.state, SB_COMPONENT_STATE_OK);
    uint64_t run = rig_run_job(1);
    const struct sb_event *other = rig_wait(SB_EVENT_RUN_ENDED);
    assert_true(other->as.run_ended.run == run);
    assert_int_equal(other->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    sb_wake_post(gate.fds[1]);
    (void)rig_wait(SB_EVENT_STEP_STALE);
    rig_stop(false);
    gate_close(&gate);
}

/* ---- the end ---- */

static void engine__drain_waits_for_the_running_step(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("running");
    rig_step("long", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_let;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    await(gate.fds[0]);
    struct sb_command drain = sb_command_make(SB_COMMAND_DRAIN, 0, "test");
    assert_int_equal(sb_control_command(sb_engine_control(rig.engine), drain, NULL, NULL), SB_OK);
    assert_int_equal(rig_wait(SB_EVENT_DRAIN_STARTED)->as.drain_started.running, 1);
    sb_wake_post(gate.fds[1]);
    const struct sb_event *step = rig_wait(SB_EVENT_STEP_ENDED);
    assert_int_equal(step->as.step_ended.state, SB_STEP_STATE_SUCCEEDED);
    assert_string_equal(step->as.step_ended.text, "fence holds");
    assert_int_equal(rig_wait(SB_EVENT_DRAINED)->as.drained.cancelled, 0);
    await(sb_engine_finished_fd(rig.engine));
    rig_stop(false);
    gate_close(&gate);
}

static void engine__hurry_ends_what_runs_at_once(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("running");
    rig_step("long", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_cancelled;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    await(gate.fds[0]);
    sb_ns begun = sb_now();
    rig_stop(true);
    assert_true(sb_now() - begun < SB_S(20)); /* the drain's own grace is 20 s */
    /* It stays unfinished in the journal, for the next start. */
    bool is_drained = false;
    for (size_t i = 0; i < rig.store->count; i++) {
        is_drained = is_drained || rig.store->events[i].kind == SB_EVENT_DRAINED;
        assert_false(rig.store->events[i].kind == SB_EVENT_RUN_ENDED && rig.store->events[i].as.run_ended.run == run);
    }
    assert_true(is_drained);
    assert_int_equal(rig.store->durable, rig.store->count);
    gate_close(&gate);
}

static void engine__the_next_start_goes_on_with_what_was_interrupted(void **state)
{
    struct gate gate;

    (void)state;
    gate_open(&gate);
    rig_job("running")->retry.attempts = 3;
    rig_step("long", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_cancelled;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    await(gate.fds[0]);
    rig_stop(true);
    rig.on_step[SB_STEP_KIND_NATIVE] = NULL;
    rig_start();
    const struct sb_event *ended = rig_wait(SB_EVENT_RUN_ENDED);
    assert_true(ended->as.run_ended.run == run);
    assert_int_equal(ended->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
    gate_close(&gate);
}

static void engine__leaves_no_thread_and_no_descriptor_behind(void **state)
{
    (void)state;
    rig_use_browser();
    rig_job("any");
    rig_step("nothing", SB_STEP_KIND_NATIVE);
    for (int round = 0; round < 2; round++) {
        unsigned fds = test_count("/proc/self/fd"), threads = test_count("/proc/self/task");
        unsigned contexts = rig.browser.opened;
        rig_start();
        rig_wait_begun();
        rig_run_job(0);
        (void)rig_wait(SB_EVENT_RUN_ENDED);
        rig_stop(round == 1);
        contexts = rig.browser.opened - contexts;
        assert_int_equal(rig.browser.open, 0);
        assert_int_equal(test_count("/proc/self/fd"), fds + contexts); /* the fake's own, closed by the rig */
        assert_int_equal(test_count("/proc/self/task"), threads);
    }
}

static void engine__null_is_fine_to_stop(void **state)
{
    (void)state;
    sb_engine_stop(NULL, false);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void ping__is_answered_by_the_core_thread_in_the_feed_that_asked(void **state)
{
    (void)state;
    rig_job("quiet");
    (void)rig_step("works", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    assert_int_equal(rig_count(SB_EVENT_HEARTBEAT), 0);
    sb_feed_ping(rig.feed);
    const struct sb_event *heartbeat = rig_wait(SB_EVENT_HEARTBEAT);
    assert_int_equal(heartbeat->seq, 0);
    assert_true(heartbeat->as.heartbeat.inputs > 0);
    rig_stop(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(engine__a_due_job_runs_and_its_result_ends_the_run),
        RIGGED(engine__a_durable_order_waits_for_the_journal),
        RIGGED(engine__without_the_lease_effects_do_not_begin_and_the_rest_goes_on),
        RIGGED(engine__a_cancelled_durable_order_never_starts),
        RIGGED(engine__cancel_makes_a_blocked_step_return),
        RIGGED(engine__kill_revokes_the_fence_before_the_step_returns),
        RIGGED(engine__a_time_limit_ends_a_step_that_obeys),
        RIGGED(engine__a_late_result_after_a_hard_stop_is_refused),
        RIGGED(engine__all_results_of_a_thousand_runs_arrive),
        RIGGED(engine__a_store_that_fails_is_reported_once_and_again_when_it_is_well),
        RIGGED(engine__a_worker_that_never_answers_is_replaced),
        RIGGED(engine__drain_waits_for_the_running_step),
        RIGGED(engine__hurry_ends_what_runs_at_once),
        RIGGED(engine__the_next_start_goes_on_with_what_was_interrupted),
        RIGGED(engine__leaves_no_thread_and_no_descriptor_behind),
        RIGGED(ping__is_answered_by_the_core_thread_in_the_feed_that_asked),
        RIGGED(engine__null_is_fine_to_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
