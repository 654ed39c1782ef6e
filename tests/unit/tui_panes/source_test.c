/* What the screen says of its source: live, lost, watched by others; and what a viewer may do. */
#include "tests/unit/tui_panes/desk.h"

static struct sb_source_status status;

static int setup_source(void **state)
{
    memset(&status, 0, sizeof status);
    return setup(state);
}

static void tell(void)
{
    sb_screen_source(screen, &status, now);
}

/* Another console writes. */
static void become_viewer(void)
{
    status.is_viewer = true;
    (void)sb_copy(status.writer, sizeof status.writer, "bo pid 7");
    tell();
}

static void lose(void)
{
    status.state = SB_SOURCE_LOST;
    status.since = now.mono;
    (void)sb_copy(status.text, sizeof status.text, "the runtime closed the connection");
    is_runtime_silent = true;
    tell();
}

static void source__that_is_lost_is_said_in_line_one_with_the_age_of_the_picture(void **state)
{
    (void)state;
    assert_shows("LIVE 0s");
    lose();
    wait_for(SB_S(12));
    assert_shows("LOST 12s");
    assert_shows("the runtime closed the connection");
    assert_shows("metrics_scraper"); /* the picture stays */
    status.state = SB_SOURCE_LIVE;
    status.text[0] = '\0';
    is_runtime_silent = false;
    tell();
    assert_shows("LIVE 0s");
    assert_hides("closed the connection");
}

static void source__that_is_lost_is_said_while_frozen_too(void **state)
{
    (void)state;
    press('F');
    lose();
    wait_for(SB_S(61));
    assert_shows("FROZEN -01:01");
    assert_shows("LOST");
}

static void source__that_never_came_says_why(void **state)
{
    (void)state;
    sb_screen_reset(screen);
    folded = scene.count;
    is_runtime_silent = true;
    status.state = SB_SOURCE_CONNECTING;
    (void)sb_copy(status.text, sizeof status.text, "node a is active");
    tell();
    assert_shows("CONNECTING");
    assert_shows("node a is active");
}

static void source__of_a_running_runtime_brings_the_log_that_was(void **state)
{
    struct sb_event event = {.kind = SB_EVENT_RUN_ENDED, .seq = 5, .wall = {SCENE_WALL - SB_S(90)}};
    (void)state;
    sb_screen_reset(screen);
    event.as.run_ended =
        (struct sb_ev_run_ended){.run = 3, .job = METRICS, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL, .error = "long ago"};
    sb_screen_recall(screen, &event);
    folded = 0; /* the description comes after it */
    (void)draw();
    press('6');
    press('z');
    assert_shows("14:39:37");
    assert_shows("metrics_scraper run 3");
    press('z');
    press('1');
    assert_hides("FAIL!"); /* the log alone */
    assert_shows("FAIL 0");
}

static void command__that_no_event_will_answer_leaves_the_line_with_its_reason(void **state)
{
    struct sb_source_failure failure = {.id = 77, .text = "the runtime does not answer"};
    (void)state;
    press('p');
    sb_screen_posted(screen, 77, SB_OK);
    assert_shows("pause_job posting -> sent");
    sb_screen_failed(screen, &failure, now);
    assert_shows("pause_job posting: the runtime does not answer");
    wait_for(SB_S(6));
    assert_hides("sent");
    press('u');
    assert_none();
    assert_shows("nothing to undo");
}

static void viewer__is_told_who_writes_and_acts_on_nothing(void **state)
{
    (void)state;
    assert_shows("op ana W ");
    become_viewer();
    assert_shows("this console is a viewer: bo pid 7 writes; W takes over");
    assert_shows("op ana V ");
    assert_shows("W write");
    assert_hides("p pause");
    press('p');
    assert_none();
    press('P');
    assert_none();
    assert_hides("[y] yes");
}

static void viewer__takes_over_after_a_question_that_names_the_writer(void **state)
{
    (void)state;
    become_viewer();
    press('W');
    assert_none();
    assert_shows("Write from this console");
    assert_shows("now: bo pid 7 writes");
    press('n');
    assert_false(answer.wants_take_over);
    press('W');
    press('y');
    assert_true(answer.wants_take_over);
    assert_false(answer.has_command);
    status.is_viewer = false;
    tell();
    assert_shows("this console writes now");
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, POSTING, 0);
    press('W');
    assert_shows("this console writes already");
}

static void viewer__of_a_readonly_console_takes_nothing_over(void **state)
{
    (void)state;
    open_screen(true);
    become_viewer();
    press('W');
    assert_hides("Write from this console");
    assert_shows("this console is a viewer: actions are off");
}

static void question__is_closed_when_another_console_takes_over(void **state)
{
    (void)state;
    press('P');
    assert_shows("Pause everything");
    become_viewer();
    assert_hides("Pause everything");
    press('y');
    assert_none();
}

static void leave__of_an_attached_console_detaches_without_a_question(void **state)
{
    (void)state;
    status.is_attached = true;
    tell();
    assert_shows("Q detach");
    press('Q');
    assert_true(answer.wants_leave);
    assert_hides("[y] yes");
    press('?');
    type("/detach");
    assert_shows("detach: leave this console");
}

static void name_of_a_writer__cannot_move_the_cursor(void **state)
{
    (void)state;
    status.is_viewer = true;
    (void)sb_copy(status.writer, sizeof status.writer, "bo\x1b[2J\xe2\x80\xae");
    tell();
    (void)draw();
    for (unsigned i = 0; i < ROWS * COLS; i++)
        assert_true(cells[i].code_point >= 0x20 && cells[i].code_point != 0x202e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SOURCE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_source, teardown)
        SOURCE_TEST(source__that_is_lost_is_said_in_line_one_with_the_age_of_the_picture),
        SOURCE_TEST(source__that_is_lost_is_said_while_frozen_too),
        SOURCE_TEST(source__that_never_came_says_why),
        SOURCE_TEST(source__of_a_running_runtime_brings_the_log_that_was),
        SOURCE_TEST(command__that_no_event_will_answer_leaves_the_line_with_its_reason),
        SOURCE_TEST(viewer__is_told_who_writes_and_acts_on_nothing),
        SOURCE_TEST(viewer__takes_over_after_a_question_that_names_the_writer),
        SOURCE_TEST(viewer__of_a_readonly_console_takes_nothing_over),
        SOURCE_TEST(question__is_closed_when_another_console_takes_over),
        SOURCE_TEST(leave__of_an_attached_console_detaches_without_a_question),
        SOURCE_TEST(name_of_a_writer__cannot_move_the_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
