/* The keys of an incident: capture, copying, the id, and the reason that guarded actions are asked for. */
#include "signalbox/tui/model.h"
#include "tests/unit/tui_panes/desk.h"

static void open_incident(void)
{
    SAY(&scene, INCIDENT_OPENED, incident_opened, .incident = "INC-20261123-1", .actor = "bob", .reason = "posts fail");
    draw();
}

static void C__asks_for_a_capture_of_what_is_shown(void **state)
{
    (void)state;
    const char before[] = "last op none";
    assert_shows(before);
    press('C');
    assert_true(answer.wants_capture);
    assert_none();
    assert_shows(before); /* no notice stands on the picture */
}

static void stamp__names_the_moment_that_is_shown(void **state)
{
    (void)state;
    struct sb_screen_stamp stamp;
    draw();
    sb_screen_stamp(screen, now, &stamp);
    assert_string_equal(stamp.state, "LIVE");
    assert_string_equal(stamp.actor, "ana");
    assert_string_equal(stamp.environment, "prod");
    assert_false(stamp.is_frozen);
    const struct sb_model *const live = stamp.model;
    press('F');
    const struct sb_now frozen = now;
    wait_for(SB_S(72));
    start_run(7, METRICS);
    draw();
    sb_screen_stamp(screen, now, &stamp);
    assert_string_equal(stamp.state, "FROZEN -01:12");
    assert_int_equal(stamp.at.mono, frozen.mono);
    assert_true(stamp.model != live);
    assert_int_equal(sb_model_job(stamp.model, METRICS)->run.id, 0); /* what has come since is not in it */
    assert_int_equal(sb_model_job(live, METRICS)->run.id, 7);
    press('F');
    is_runtime_silent = true;
    wait_for(SB_S(9));
    draw();
    sb_screen_stamp(screen, now, &stamp);
    assert_string_equal(stamp.state, "STALE");
    assert_true(stamp.data_age >= SB_S(9));
}

static void y__copies_what_the_command_line_takes(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_DEFINED, component_defined, .component = SB_COMPONENT_STORE);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 17, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = METRICS,
        .subject = "metrics_scraper");
    fail_run(41, METRICS);
    select_job("metrics");
    static const struct {
        uint32_t pane;
        const char *text;
    } cases[] = {{'1', "metrics_scraper"}, {'2', "ctx0"}, {'4', "17"}, {'5', "store"}};
    for (unsigned i = 0; i < SB_LEN(cases); i++) {
        press(cases[i].pane);
        press('y');
        assert_int_equal(answer.copy, SB_SCREEN_COPY_TEXT);
        assert_string_equal(answer.copy_text, cases[i].text);
    }
    press('6');
    press('y');
    assert_non_null(strstr(answer.copy_text, "metrics_scraper run 41 failed"));
    press('1');
    press(SB_KEY_ENTER);
    press('y');
    assert_string_equal(answer.copy_text, "41");
    press('3');
    press('y');
    assert_int_equal(answer.copy, SB_SCREEN_COPY_NONE);
    assert_shows("Y copies the pane's text");
}

static void Y__copies_the_pane_where_it_stands(void **state)
{
    (void)state;
    uint16_t box[4];
    press('4');
    draw();
    press('Y');
    assert_int_equal(answer.copy, SB_SCREEN_COPY_PANE);
    sb_screen_pane_box(screen, box);
    const struct sb_grid_cell *const first = &grid.cells[box[0] * grid.cols + box[1]];
    char title[12];
    for (unsigned i = 0; i < sizeof title - 1; i++)
        title[i] = (char)first[i].code_point;
    title[sizeof title - 1] = '\0';
    assert_non_null(strstr(title, "Alerts"));
    assert_true(box[2] >= 2 && box[3] > 20 && box[0] + box[2] <= grid.rows && box[1] + box[3] <= grid.cols);
}

static void viewer__may_capture_and_copy_but_not_open(void **state)
{
    (void)state;
    open_screen(true);
    draw();
    press('C');
    assert_true(answer.wants_capture);
    press('y');
    assert_int_equal(answer.copy, SB_SCREEN_COPY_TEXT);
    press('i');
    assert_shows("viewer");
    press(SB_KEY_ENTER);
    assert_none();
}

static void i__opens_the_next_number_or_an_id_of_ones_own(void **state)
{
    (void)state;
    press('i');
    assert_shows("Open an incident");
    press(SB_KEY_ENTER);
    assert_command(SB_COMMAND_INCIDENT_OPEN, SB_NO_JOB, 0);
    assert_string_equal(answer.command.subject, "");
    press('i');
    type("OPS-71");
    press(SB_KEY_BACKSPACE);
    assert_shows("OPS-7");
    assert_none();
    press(SB_KEY_ENTER);
    assert_command(SB_COMMAND_INCIDENT_OPEN, SB_NO_JOB, 0);
    assert_string_equal(answer.command.subject, "OPS-7");
    assert_hides("Open an incident");
    sb_screen_posted(screen, 5, SB_OK);
    press('u');
    assert_command(SB_COMMAND_INCIDENT_CLOSE, SB_NO_JOB, 0);
    assert_string_equal(answer.command.subject, "OPS-7");
    press('i');
    press(SB_KEY_ESCAPE);
    assert_none();
}

static void i__joins_or_closes_the_one_that_is_open(void **state)
{
    (void)state;
    open_incident();
    assert_shows("INC-20261123-1");
    press('i');
    assert_shows("opened by bob");
    assert_shows("posts fail");
    press('y'); /* nothing is meant by it here */
    assert_none();
    press('j');
    assert_command(SB_COMMAND_INCIDENT_OPEN, SB_NO_JOB, 0);
    assert_string_equal(answer.command.subject, "INC-20261123-1");
    press('i');
    press('c');
    assert_command(SB_COMMAND_INCIDENT_CLOSE, SB_NO_JOB, 0);
    assert_string_equal(answer.command.subject, "INC-20261123-1");
    SAY(&scene, INCIDENT_CLOSED, incident_closed, .incident = "INC-20261123-1", .actor = "ana");
    assert_hides("INC-20261123-1 op ana"); /* line 1; the last operation still names it */
}

static void i__acts_on_the_incident_that_was_asked_about(void **state)
{
    (void)state;
    open_incident();
    press('i');
    SAY(&scene, INCIDENT_CLOSED, incident_closed, .incident = "INC-20261123-1", .actor = "bob");
    SAY(&scene, INCIDENT_OPENED, incident_opened, .incident = "INC-20261123-2", .actor = "bob");
    press('c');
    assert_none();
    assert_shows("refused: the incident is another one by now");
}

static void guarded_action__says_why_while_an_incident_is_open(void **state)
{
    (void)state;
    open_incident();
    start_run(9, METRICS);
    select_job("metrics");
    press('x');
    assert_shows("why? for INC-20261123-1");
    press(SB_KEY_ENTER); /* not without a reason */
    type("y it loops");
    assert_none();
    assert_shows("y it loops");
    press(SB_KEY_ENTER);
    assert_none();
    assert_shows("[y] yes");
    press(SB_KEY_ENTER); /* Enter never confirms */
    assert_none();
    press('y');
    assert_command(SB_COMMAND_CANCEL_RUN, METRICS, 9);
    assert_string_equal(answer.command.reason, "y it loops");
    press('x');
    type("no");
    press(SB_KEY_ESCAPE);
    assert_none();
    assert_hides("why?");
}

static void typed_action__wants_reason_and_word(void **state)
{
    (void)state;
    open_incident();
    start_run(9, METRICS);
    select_job("metrics");
    press('K');
    type("hangs");
    press(SB_KEY_ENTER);
    type("metrics_scraper");
    press('y');
    assert_command(SB_COMMAND_KILL_RUN, METRICS, 9);
    assert_string_equal(answer.command.reason, "hangs");
}

static void guarded_action__asks_no_reason_without_an_incident(void **state)
{
    (void)state;
    start_run(9, METRICS);
    select_job("metrics");
    press('x');
    assert_shows("[y] yes");
    press('y');
    assert_command(SB_COMMAND_CANCEL_RUN, METRICS, 9);
    assert_string_equal(answer.command.reason, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(C__asks_for_a_capture_of_what_is_shown),
        TEST(stamp__names_the_moment_that_is_shown),
        TEST(y__copies_what_the_command_line_takes),
        TEST(Y__copies_the_pane_where_it_stands),
        TEST(viewer__may_capture_and_copy_but_not_open),
        TEST(i__opens_the_next_number_or_an_id_of_ones_own),
        TEST(i__joins_or_closes_the_one_that_is_open),
        TEST(i__acts_on_the_incident_that_was_asked_about),
        TEST(guarded_action__says_why_while_an_incident_is_open),
        TEST(typed_action__wants_reason_and_word),
        TEST(guarded_action__asks_no_reason_without_an_incident),
    };
    return cmocka_run_group_tests_name("tui_panes_incident", tests, NULL, NULL);
}
