#include "engine_rig.h"

#include "runtime/engine/parts.h"

static struct sb_input note(uint64_t run)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);

    input.as.note.run = run;
    return input;
}

static void inbox__gives_back_in_order_of_posting(void **state)
{
    struct sb_inbox *inbox = sb_inbox_create(NULL);
    struct sb_input batch[8], input;
    uint64_t next = 1, posted = 1;

    (void)state;
    assert_non_null(inbox);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 5; i++) {
            input = note(posted++);
            if (i % 2 == 0)
                assert_int_equal(sb_inbox_post(inbox, &input, NULL), SB_OK);
            else
                sb_inbox_post_result(inbox, &input);
        }
        struct sb_taken taken = sb_inbox_take(inbox, batch, round % 2 == 0 ? 2 : 8, SB_NEVER);
        for (size_t i = 0; i < taken.count; i++)
            assert_true(batch[i].as.note.run == next++);
    }
    sb_inbox_destroy(inbox);
}

static void inbox__full_refuses_outsiders_but_no_results(void **state)
{
    struct sb_inbox *inbox = sb_inbox_create(NULL);
    struct sb_input batch[64], input = note(1);
    struct sb_error error;
    size_t total = 0;

    (void)state;
    for (int i = 0; i < SB_INBOX_OUTSIDE_MAX; i++)
        assert_int_equal(sb_inbox_post(inbox, &input, NULL), SB_OK);
    assert_int_equal(sb_inbox_post(inbox, &input, &error), SB_ERR_FULL);
    for (int i = 0; i < SB_INBOX_RESULTS_MAX - SB_INBOX_OWN_MAX; i++)
        sb_inbox_post_result(inbox, &input);
    for (int i = 0; i < SB_INBOX_OWN_MAX; i++)
        sb_inbox_post_own(inbox, &input);
    struct sb_taken taken = sb_inbox_take(inbox, batch, 64, SB_NEVER);
    total += taken.count;
    assert_int_equal(sb_inbox_post(inbox, &input, NULL), SB_OK); /* room again */
    sb_inbox_stop(inbox);
    do {
        taken = sb_inbox_take(inbox, batch, 64, SB_NEVER);
        total += taken.count;
    } while (!taken.is_over);
    assert_int_equal(total, SB_INBOX_OUTSIDE_MAX + SB_INBOX_RESULTS_MAX + 1);
    sb_inbox_destroy(inbox);
}

struct flood {
    struct sb_inbox *inbox;
    int done_fd;
};

static void flood_results(void *argument)
{
    const struct flood *flood = argument;

    for (int i = 0; i < 2 * SB_INBOX_RESULTS_MAX; i++) {
        struct sb_input input = note((uint64_t)i);
        sb_inbox_post_result(flood->inbox, &input);
    }
    sb_wake_post(flood->done_fd);
}

static void inbox__a_result_waits_for_room_and_is_not_lost(void **state)
{
    struct flood flood = { .inbox = sb_inbox_create(NULL) };
    struct sb_input batch[32];
    struct sb_thread *thread = NULL;
    uint64_t next = 0;

    (void)state;
    assert_int_equal(sb_wake_open(&flood.done_fd, NULL), SB_OK);
    assert_int_equal(sb_thread_start(&thread, "flood", flood_results, &flood, NULL), SB_OK);
    while (next < 2 * SB_INBOX_RESULTS_MAX) {
        struct sb_taken taken = sb_inbox_take(flood.inbox, batch, 32, sb_now() + SB_S(30));
        assert_true(taken.count > 0);
        for (size_t i = 0; i < taken.count; i++)
            assert_true(batch[i].as.note.run == next++);
    }
    sb_thread_join(thread);
    sb_fd_close(&flood.done_fd);
    sb_inbox_destroy(flood.inbox);
}

static void inbox__wakes_at_the_deadline_and_says_so(void **state)
{
    struct sb_inbox *inbox = sb_inbox_create(NULL);
    struct sb_input batch[4], input = note(1);

    (void)state;
    struct sb_taken taken = sb_inbox_take(inbox, batch, 4, sb_now() + SB_MS(1));
    assert_true(taken.is_late && taken.count == 0 && !taken.is_over);
    sb_inbox_kick(inbox);
    taken = sb_inbox_take(inbox, batch, 4, SB_NEVER);
    assert_true(taken.is_kicked && !taken.is_late);
    assert_int_equal(sb_inbox_post(inbox, &input, NULL), SB_OK);
    taken = sb_inbox_take(inbox, batch, 4, 0); /* long past, but there is something */
    assert_true(taken.count == 1 && !taken.is_late && !taken.is_kicked);
    sb_inbox_destroy(inbox);
}

/* ---- the same through the engine ---- */

static int let_fd;

static void until_let(const struct sb_step_env *env, struct sb_step_result *result)
{
    const struct sb_op op = test_op();
    size_t ready;

    (void)env;
    (void)result;
    sb_wake_post(*(int *)rig.arg);
    assert_int_equal(sb_poll_readable(&let_fd, 1, &op, &ready, NULL), SB_OK);
}

static void engine__a_full_inbox_refuses_commands_but_hears_the_result(void **state)
{
    int runs_fd = -1;
    const struct sb_op op = test_op();
    struct sb_error error;
    size_t ready, accepted = 0;

    (void)state;
    rig_init();
    rig.setup.checks_core = false;
    rig.arg = &runs_fd;
    assert_int_equal(sb_wake_open(&runs_fd, NULL), SB_OK);
    assert_int_equal(sb_wake_open(&let_fd, NULL), SB_OK);
    rig_job("waits");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = until_let;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    assert_int_equal(sb_poll_readable(&runs_fd, 1, &op, &ready, NULL), SB_OK);
    fake_store_block_append(rig.store, true); /* the core hangs at its next event */
    const struct sb_input input = note(run);
    struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_ALL, 0, "test");
    do { /* the core may still take what it found before it hangs, and make room once more */
        while (sb_control_input(sb_engine_control(rig.engine), &input, &error) == SB_OK)
            accepted++;
        assert_int_equal(error.code, SB_ERR_FULL);
    } while (sb_control_command(sb_engine_control(rig.engine), command, NULL, &error) == SB_OK);
    assert_int_equal(error.code, SB_ERR_FULL);
    assert_true(accepted >= SB_INBOX_OUTSIDE_MAX);
    struct sb_health health;
    sb_control_health(sb_engine_control(rig.engine), &health);
    assert_true(health.lost >= 1); /* lines that nobody will see */
    sb_wake_post(let_fd);
    fake_store_block_append(rig.store, false);
    assert_true(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.run == run);
    rig_stop(false);
    rig_deinit();
    sb_fd_close(&runs_fd);
    sb_fd_close(&let_fd);
}

static void control__refuses_what_only_the_engine_may_say(void **state)
{
    struct sb_error error;

    (void)state;
    rig_init();
    rig_job("any");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_start();
    for (unsigned kind = 0; kind < SB_INPUT_COUNT; kind++) {
        struct sb_input input = sb_input_make((enum sb_input_kind)kind);
        bool is_allowed = kind == SB_INPUT_NOTE || kind == SB_INPUT_COMPONENT || kind == SB_INPUT_SPENT ||
                          kind == SB_INPUT_LEDGER || kind == SB_INPUT_LLM_FAILED || kind == SB_INPUT_BILL || kind == SB_INPUT_VITALS ||
                          kind == SB_INPUT_MODEL_END;
        if (!is_allowed)
            assert_int_equal(sb_control_input(sb_engine_control(rig.engine), &input, &error), SB_ERR_REFUSED);
    }
    struct sb_command nonsense = { .kind = SB_COMMAND_COUNT };
    assert_int_equal(sb_control_command(sb_engine_control(rig.engine), nonsense, NULL, &error), SB_ERR_INVALID);
    rig_stop(false);
    rig_deinit();
}

static void control__gives_each_command_an_id_and_an_answer(void **state)
{
    (void)state;
    rig_init();
    rig_job("any");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    uint64_t first = rig_command(SB_COMMAND_PAUSE_JOB, 0, 0);
    uint64_t second = rig_command(SB_COMMAND_RESUME_JOB, 0, 0);
    assert_true(first != 0 && second != 0 && first != second && first < 1ULL << 53);
    assert_true(rig_wait(SB_EVENT_COMMAND_DONE)->as.command_done.command == first);
    assert_true(rig_wait(SB_EVENT_COMMAND_DONE)->as.command_done.command == second);
    rig_stop(false);
    rig_deinit();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inbox__gives_back_in_order_of_posting),
        cmocka_unit_test(inbox__full_refuses_outsiders_but_no_results),
        cmocka_unit_test(inbox__a_result_waits_for_room_and_is_not_lost),
        cmocka_unit_test(inbox__wakes_at_the_deadline_and_says_so),
        cmocka_unit_test(engine__a_full_inbox_refuses_commands_but_hears_the_result),
        cmocka_unit_test(control__refuses_what_only_the_engine_may_say),
        cmocka_unit_test(control__gives_each_command_an_id_and_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
