/* The mouse selects and moves; it never acts, and it is off at the start. */
#include "tests/unit/tui_panes/desk.h"

static void click(unsigned row, unsigned col)
{
    press(SB_KEY_CLICK + row * SB_KEY_CLICK_COLS + col);
}

/* Row of the picture that begins with the text behind its first column. */
static unsigned row_of(const char *text)
{
    draw();
    for (unsigned row = 0; row < grid.rows; row++) {
        if (strncmp(picture + (size_t)row * (grid.cols + 1U) + 1, text, strlen(text)) == 0)
            return row;
    }
    fail_msg("no row begins with %s:\n%s", text, picture);
    return 0;
}

static void turn_on(void)
{
    press('M');
    assert_true(answer.wants_mouse);
    sb_screen_mouse(screen, true, now);
    assert_shows("mouse on");
}

static void mouse__is_off_at_the_start(void **state)
{
    (void)state;
    const unsigned row = row_of("-     plan");
    click(row, 10);
    assert_shows(">-     posting");
}

static void click__selects_the_row_and_gives_the_focus(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = 0, .subject = "posting");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB, .subject = "llm");
    turn_on();
    click(row_of("-     plan"), 10);
    assert_shows(">-     plan");
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, PLAN, 0);
    click(row_of("!WARN") + 1, 3);
    assert_shows(">4 Alerts<");
    press('a');
    assert_int_equal(answer.command.alert, 6);
    click(row_of("2 Contexts"), 3); /* a title gives the focus and selects nothing */
    assert_shows(">2 Contexts");
    click(0, 0);
    assert_shows(">2 Contexts");
    click(1000, 1000);
    assert_shows(">2 Contexts");
}

static void wheel__moves_the_selection(void **state)
{
    (void)state;
    turn_on();
    press(SB_KEY_WHEEL_DOWN);
    assert_shows(">-     analytics");
    press(SB_KEY_WHEEL_UP);
    assert_shows(">-     posting");
}

static void click__answers_no_question_and_ends_no_prompt(void **state)
{
    (void)state;
    turn_on();
    press('!');
    draw();
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned col = 0; col < COLS; col += 5) {
            click(row, col);
            assert_none();
        }
    }
    assert_shows("Force-run");
    press('n');
    press('/');
    click(row_of("-     plan"), 10);
    assert_shows(">-     posting");
}

static void mouse__that_is_not_there_says_so(void **state)
{
    (void)state;
    press('M');
    sb_screen_mouse(screen, false, now);
    assert_shows("this terminal reports no mouse");
    turn_on();
    press('M');
    assert_true(answer.wants_no_mouse);
    sb_screen_mouse(screen, false, now);
    assert_shows("mouse off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mouse__is_off_at_the_start),   TEST(click__selects_the_row_and_gives_the_focus), TEST(wheel__moves_the_selection),
        TEST(click__answers_no_question_and_ends_no_prompt), TEST(mouse__that_is_not_there_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
