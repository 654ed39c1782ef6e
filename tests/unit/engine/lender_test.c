/* Lending a step: who answers for it, and that it is run here when nobody else does. The test is the other node. */
#include "engine_rig.h"

#include "fake_hands.h"

static atomic_uint runs_here;

static void run_here(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)env, (void)result;
    atomic_fetch_add(&runs_here, 1);
}

static int setup(void **state)
{
    (void)state;
    rig_init();
    fake_board_init();
    board.has_hands = true;
    atomic_store(&runs_here, 0);
    rig_job("report");
    rig_step("crunch", SB_STEP_KIND_EXEC);
    rig.params[0] = (struct sb_step_params){ .kind = SB_STEP_KIND_EXEC, .is_lent = true };
    rig.on_step[SB_STEP_KIND_EXEC] = run_here;
    rig.setup.open_hands = fake_hands_open;
    rig.setup.hands = (struct sb_hands_setup){ .name = "a", .lease = SB_S(30) };
    rig_start();
    rig_wait_begun();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    fake_board_deinit();
    return 0;
}

static bool is_called_off(void)
{
    return board.is_called_off;
}

static void claim_it(void)
{
    board.row.state = SB_WORK_CLAIMED;
    board.is_over = false;
    board.row.token++;
    (void)sb_copy(board.row.node, sizeof board.row.node, board.row.token == 1 ? "b" : "c");
}

static void end_its_lease(void)
{
    board.is_over = true;
}

static void nobody_else(void)
{
    board.is_over = true;
    board.on_waiting = NULL;
}

static void answer_well(void)
{
    board.row.state = SB_WORK_DONE;
    board.row.answer = (struct sb_work_answer){ .state = SB_STEP_STATE_SUCCEEDED, .rows = 7, .text = "done there", .output = strdup("{\"sum\":6}") };
}

static void answer_stopped(void)
{
    board.row.state = SB_WORK_DONE;
    board.row.answer = (struct sb_work_answer){ .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_CANCELLED, .text = "stopped there" };
}

static void refuse_it(void)
{
    board.row.state = SB_WORK_REFUSED;
}

static void wait_note(const char *words)
{
    const struct sb_event *event;
    do
        event = rig_wait(SB_EVENT_NOTE);
    while (strstr(event->as.note.text, words) == NULL);
}

/* The end of the run, after whatever has been waited for; `here`: how often this node ran the step. */
static void assert_ends(enum sb_run_state state, unsigned here)
{
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, state);
    assert_int_equal(rig_count(SB_EVENT_STEP_ENDED), 1);
    assert_int_equal(atomic_load(&runs_here), here);
    assert_false(board.has_row);
}

/* ---- */

static void lender__what_another_node_answers_is_the_steps_result(void **state)
{
    (void)state;
    board.on_waiting = claim_it;
    const uint64_t run = rig_run_job(0);
    wait_note("runs on node b");
    assert_int_equal(board.work.run, run);
    assert_string_equal(board.work.job, "report");
    assert_string_equal(board.work.step, "crunch");
    assert_string_equal(board.work.outputs, "{}");
    fake_do(answer_well);
    const struct sb_event *ended = rig_wait(SB_EVENT_STEP_ENDED);
    assert_int_equal(ended->as.step_ended.state, SB_STEP_STATE_SUCCEEDED);
    assert_string_equal(ended->as.step_ended.text, "done there");
    assert_int_equal(ended->as.step_ended.rows, 7);
    assert_ends(SB_RUN_STATE_SUCCEEDED, 0);
}

static void take_and_answer(void)
{
    claim_it();
    answer_well();
}

static void lender__a_step_that_is_done_at_the_first_look_names_its_node_too(void **state)
{
    (void)state;
    board.on_waiting = take_and_answer;
    rig_run_job(0);
    wait_note("runs on node b");
    assert_ends(SB_RUN_STATE_SUCCEEDED, 0);
}

static void lender__without_free_hands_or_a_database_the_step_runs_here(void **state)
{
    (void)state;
    board.has_hands = false;
    rig_run_job(0);
    assert_ends(SB_RUN_STATE_SUCCEEDED, 1);
    assert_int_equal(board.puts, 1);
    sb_mutex_lock(board.mutex);
    board.is_away = true;
    sb_mutex_unlock(board.mutex);
    rig_run_job(0);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    assert_int_equal(atomic_load(&runs_here), 2);
}

static void lender__what_nobody_takes_is_taken_back(void **state)
{
    (void)state;
    rig_run_job(0);
    assert_ends(SB_RUN_STATE_SUCCEEDED, 1);
    assert_int_equal(board.puts, 1);
}

static void lender__what_a_lost_node_had_begun_runs_on_the_next_or_here(void **state)
{
    (void)state;
    board.on_waiting = claim_it;
    rig_run_job(0);
    wait_note("runs on node b");
    fake_do(end_its_lease);
    wait_note("node b was silent");
    wait_note("runs on node c");
    fake_do(nobody_else);
    wait_note("node c was silent");
    wait_note("no other node takes it: runs here");
    assert_ends(SB_RUN_STATE_SUCCEEDED, 1);
}

static void lender__a_refused_step_runs_here(void **state)
{
    (void)state;
    board.on_waiting = refuse_it;
    rig_run_job(0);
    wait_note("has another step of this name");
    assert_ends(SB_RUN_STATE_SUCCEEDED, 1);
}

static void lender__cancelling_calls_it_off_and_waits_for_its_end(void **state)
{
    (void)state;
    board.on_waiting = claim_it;
    const uint64_t run = rig_run_job(0);
    wait_note("runs on node b");
    rig_command(SB_COMMAND_CANCEL_RUN, 0, run);
    fake_when(is_called_off, answer_stopped);
    assert_string_equal(rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text, "stopped there");
    assert_ends(SB_RUN_STATE_CANCELLED, 0);
}

static void lender__only_steps_that_may_be_lent_are(void **state)
{
    (void)state;
    rig.params[0].is_lent = false;
    rig_run_job(0);
    assert_ends(SB_RUN_STATE_SUCCEEDED, 1);
    assert_int_equal(board.puts, 0);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lender__what_another_node_answers_is_the_steps_result),
        TEST(lender__a_step_that_is_done_at_the_first_look_names_its_node_too),
        TEST(lender__without_free_hands_or_a_database_the_step_runs_here),
        TEST(lender__what_nobody_takes_is_taken_back),
        TEST(lender__what_a_lost_node_had_begun_runs_on_the_next_or_here),
        TEST(lender__a_refused_step_runs_here),
        TEST(lender__cancelling_calls_it_off_and_waits_for_its_end),
        TEST(lender__only_steps_that_may_be_lent_are),
    };
    return cmocka_run_group_tests_name("lender", tests, NULL, NULL);
}
