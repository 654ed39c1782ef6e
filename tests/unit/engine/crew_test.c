/* The crew of a waiting node: which steps it runs, and that it stops what is not its own any more. The test is the active node. */
#include "signalbox/engine/crew.h"
#include "signalbox/model/catalogue.h"
#include "signalbox/ports/step.h"

#include <stdatomic.h>

#include "fake_hands.h"

static atomic_uint begun, stopped;
static bool ends_at_once;
static char output[] = "{\"sum\":6}";

/* Runs until it is called off, unless it is to end at once. */
static void run_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    size_t ready;
    assert_string_equal(env->outputs, "{\"read\":1}");
    assert_string_equal(env->job->name, "report");
    assert_int_equal(env->attempt, 2);
    atomic_fetch_add(&begun, 1);
    if (ends_at_once) {
        *result = (struct sb_step_result){ .state = SB_STEP_STATE_SUCCEEDED, .rows = 3, .text = "well", .output = strdup(output) };
        return;
    }
    const bool is_called_off = sb_poll_readable(NULL, 0, &env->op, &ready, NULL) == SB_ERR_CANCELLED;
    *result = (struct sb_step_result){ .state = SB_STEP_STATE_FAILED, .class = is_called_off ? SB_CLASS_CANCELLED : SB_CLASS_RETRYABLE };
    sb_mutex_lock(board.mutex);
    atomic_fetch_add(&stopped, 1);
    sb_cond_broadcast(board.changed);
    sb_mutex_unlock(board.mutex);
}

const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    static const struct sb_step_kind_ops ops = { .name = "test", .run = run_step };
    (void)kind;
    return &ops;
}

/* ---- a catalogue with one job, and what lends its step ---- */

static const char *argv[] = { "crunch", "{{run}}" };
static struct sb_job_def job = { .name = "report", .step_count = 2 };
static struct sb_step_def steps[] = { { .name = "read", .kind = SB_STEP_KIND_EXEC }, { .name = "crunch", .kind = SB_STEP_KIND_EXEC } };
static struct sb_step_params params[2];
static struct sb_catalogue catalogue = { .jobs = &job, .job_count = 1, .steps = steps, .params = params, .step_count = 2 };
static struct sb_crew *crew;
static char outputs[] = "{\"read\":1}";

uint64_t sb_step_recipe(const struct sb_step_params *params); /* runtime/engine/parts.h */

static void put_row(void)
{
    board.has_row = true;
    board.work = (struct sb_work){ .fence = 5, .run = 41, .term = 7, .recipe = sb_step_recipe(&params[1]), .job = "report", .step = "crunch",
                                   .attempt = 2, .left = SB_MIN(5), .outputs = outputs };
    free(board.row.answer.output);
    board.row = (struct sb_work_look){ .state = SB_WORK_WAITING };
}

static void put_unlent(void)
{
    put_row();
    (void)sb_copy(board.work.step, sizeof board.work.step, "read");
    board.work.recipe = sb_step_recipe(&params[0]);
}

static void put_unknown(void)
{
    put_row();
    (void)sb_copy(board.work.job, sizeof board.work.job, "none");
}

/* For a node that sleeps for longer than its lease before it answers. */
static void put_too_long(void)
{
    put_row();
    board.is_late = true;
}

static void start_crew(sb_ns lease)
{
    const struct sb_crew_setup setup = { .catalogue = &catalogue, .open = fake_hands_open, .hands = { .name = "b", .lease = lease }, .count = 2 };
    struct sb_error err = { 0 };
    if (sb_crew_start(&crew, &setup, &err) != SB_OK)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    (void)state;
    fake_board_init();
    atomic_store(&begun, 0);
    atomic_store(&stopped, 0);
    ends_at_once = false;
    crew = NULL;
    params[0] = (struct sb_step_params){ .kind = SB_STEP_KIND_EXEC };
    params[1] = (struct sb_step_params){ .kind = SB_STEP_KIND_EXEC, .is_lent = true, .as.exec = { .argv = argv, .argc = SB_LEN(argv) } };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_crew_stop(crew);
    fake_board_deinit();
    return 0;
}

static bool is_begun(void)
{
    return board.row.state == SB_WORK_CLAIMED && board.renewals > 0;
}

static bool is_claimed(void)
{
    return board.row.state == SB_WORK_CLAIMED;
}

static bool is_offered(void)
{
    return board.offers > 0;
}

static bool is_done(void)
{
    return board.row.state == SB_WORK_DONE;
}

static bool is_counted(void)
{
    return board.done == 1;
}

static bool is_refused(void)
{
    return board.row.state == SB_WORK_REFUSED;
}

static bool is_stopped(void)
{
    return atomic_load(&stopped) == 1;
}

static bool tells_late(void)
{
    return board.refused_late > 0;
}

static void take_away(void)
{
    board.has_row = false;
}

static void call_off(void)
{
    board.is_called_off = true;
}

static void go_away(void)
{
    board.is_away = true;
}

static void come_back(void)
{
    board.is_away = false;
}

/* ---- */

static void crew__runs_its_own_step_and_answers(void **state)
{
    (void)state;
    ends_at_once = true;
    start_crew(SB_S(30));
    fake_when(is_offered, put_row); /* it hears of it: a third of the lease would be ten seconds */
    fake_when(is_done, NULL);
    assert_int_equal(board.row.answer.state, SB_STEP_STATE_SUCCEEDED);
    assert_int_equal(board.row.answer.rows, 3);
    assert_string_equal(board.row.answer.text, "well");
    assert_string_equal(board.row.answer.output, output);
    fake_when(is_counted, NULL);
    assert_int_equal(atomic_load(&begun), 1);
}

static void crew__refuses_a_step_that_is_another_one_here(void **state)
{
    static const char *other[] = { "crunch", "--harder" };
    (void)state;
    fake_do(put_row);
    params[1].as.exec.argv = other; /* an override: the hash of the catalogue is the same */
    start_crew(SB_S(30));
    fake_when(is_refused, NULL);
    assert_int_equal(atomic_load(&begun), 0);
}

static void crew__refuses_what_it_must_not_run_whoever_asks(void **state)
{
    (void)state;
    fake_do(put_unlent);
    start_crew(SB_S(30));
    fake_when(is_refused, put_unknown);
    fake_when(is_refused, NULL);
    assert_int_equal(atomic_load(&begun), 0);
}

static void crew__stops_a_step_that_was_taken_from_it(void **state)
{
    (void)state;
    fake_do(put_row);
    start_crew(SB_S(30));
    fake_when(is_begun, take_away);
    fake_when(is_stopped, NULL);
    sb_crew_stop(crew);
    crew = NULL;
    assert_int_equal(board.refused_late, 0); /* it does not even try to answer */
    assert_int_equal(board.given_back, 0);
    assert_int_equal(board.done, 0);
}

static void crew__stops_what_is_called_off_and_says_so(void **state)
{
    (void)state;
    fake_do(put_row);
    start_crew(SB_S(30));
    fake_when(is_begun, call_off);
    fake_when(is_done, NULL);
    assert_int_equal(board.row.answer.state, SB_STEP_STATE_FAILED);
    assert_int_equal(board.row.answer.class, SB_CLASS_CANCELLED);
}

static void crew__stops_by_its_own_clock_when_it_cannot_renew(void **state)
{
    (void)state;
    fake_do(put_row);
    start_crew(SB_MS(300));
    fake_when(is_claimed, go_away);
    fake_when(is_stopped, come_back);
    sb_crew_stop(crew);
    crew = NULL;
    assert_int_equal(board.row.state, SB_WORK_CLAIMED); /* whose lease the active node sees end */
}

static void crew__a_late_answer_is_refused_and_does_not_count(void **state)
{
    (void)state;
    ends_at_once = true;
    fake_do(put_row);
    start_crew(SB_S(30));
    fake_when(is_counted, put_too_long); /* the first one counts */
    fake_when(tells_late, NULL);
    sb_crew_stop(crew);
    crew = NULL;
    assert_int_equal(board.done, 1);
}

static void crew__gives_back_what_it_has_not_done_when_it_ends(void **state)
{
    (void)state;
    fake_do(put_row);
    start_crew(SB_S(30));
    fake_when(is_begun, NULL);
    sb_crew_stop(crew);
    crew = NULL;
    assert_int_equal(board.given_back, 1);
    assert_int_equal(board.row.state, SB_WORK_WAITING);
    assert_true(board.has_left);
    assert_int_equal(atomic_load(&stopped), 1);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crew__runs_its_own_step_and_answers),
        TEST(crew__refuses_a_step_that_is_another_one_here),
        TEST(crew__refuses_what_it_must_not_run_whoever_asks),
        TEST(crew__stops_a_step_that_was_taken_from_it),
        TEST(crew__stops_what_is_called_off_and_says_so),
        TEST(crew__stops_by_its_own_clock_when_it_cannot_renew),
        TEST(crew__a_late_answer_is_refused_and_does_not_count),
        TEST(crew__gives_back_what_it_has_not_done_when_it_ends),
    };
    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
