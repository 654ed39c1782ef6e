/* The command palette: what it offers, in which order, and that what it does is what the key does. */
#include "signalbox/tui/keys.h"
#include "tests/unit/tui_panes/desk.h"

static void command(const char *text)
{
    press(':');
    type(text);
}

static void run(const char *text)
{
    command(text);
    press(SB_KEY_ENTER);
}

static void palette__offers_every_action_of_the_keymap(void **state)
{
    (void)state;
    grid.rows = 40;
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        char name[48];
        struct sb_text text;
        if (action == SB_KEY_ACTION_PALETTE)
            continue;
        sb_text_init(&text, name, sizeof name);
        for (const char *at = sb_keymap[action].name; *at != '\0'; at++)
            sb_text_add_char(&text, *at == '_' ? '-' : (char)(*at | 0x20));
        command(name);
        sb_text_init(&text, name + 1, sizeof name - 1);
        name[0] = '>';
        assert_shows(" action ");
        press(SB_KEY_ESCAPE);
    }
}

static void palette__puts_the_best_name_first(void **state)
{
    (void)state;
    command("mscr");
    assert_shows("> metrics_scraper              job");
    press(SB_KEY_ESCAPE);
    command("pause");
    assert_shows("> pause                        action   R p");
    press(SB_KEY_ESCAPE);
    command("drain"); /* no name, but what it does */
    assert_shows("> leave                        action   G Q");
    press(SB_KEY_ESCAPE);
    command("xyzzy");
    assert_shows("nothing is called that");
    press(SB_KEY_ENTER);
    assert_none();
}

static void palette__jumps_to_anything_by_name(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN,
        .subject = "plan", .text = "broke");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .subject = "llm", .text = "down");
    run("anal");
    assert_shows(">1 Jobs<");
    assert_shows(">-     analytics");
    run("ctx2");
    assert_shows(">2 Contexts & lanes<");
    assert_shows(">#2");
    run("dep_down");
    assert_shows(">4 Alerts<");
    assert_shows(">!WARN");
    run("goto browser");
    assert_shows(">5 Services<");
    assert_shows(">browser");
    run("budget");
    assert_shows(">3 Budget<");
}

static void palette__clears_a_filter_that_hides_what_is_gone_to(void **state)
{
    (void)state;
    select_job("plan");
    run("analytics");
    assert_shows("the filter hid it and was cleared");
    assert_shows(">-     analytics");
}

static void palette__pauses_the_job_that_is_named(void **state)
{
    (void)state;
    run("pause metr");
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "bo");
    run("pause metr"); /* the key would resume it, the word must not */
    assert_none();
    assert_shows("metrics_scraper is paused already");
    run("resume metr");
    assert_command(SB_COMMAND_RESUME_JOB, METRICS, 0);
    SAY(&scene, JOB_RESUMED, job_resumed, .job = METRICS, .actor = "bo");
    run("resume metr");
    assert_none();
    assert_shows("metrics_scraper is not paused");
}

static void palette__asks_as_the_key_does(void **state)
{
    (void)state;
    start_run(41, METRICS);
    run("force plan");
    assert_none();
    assert_shows("Force-run plan");
    press('y');
    assert_command(SB_COMMAND_RUN_JOB, PLAN, 0);
    run("kill metrics");
    assert_none();
    assert_shows("type metrics_scraper in full");
    press('y');
    assert_none();
    press(SB_KEY_ESCAPE);
    run("cancel plan");
    assert_none();
    assert_shows("plan has no active run");
    run("recycle ctx1");
    assert_shows("Recycle ctx1");
    press(SB_KEY_ESCAPE);
    run("probe llm");
    assert_int_equal(answer.command.kind, SB_COMMAND_PROBE_COMPONENT);
    assert_int_equal(answer.command.component, SB_COMPONENT_LLM);
}

static void palette__acknowledges_the_alert_that_is_named(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN,
        .subject = "plan", .text = "broke");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .subject = "llm", .text = "down");
    run("ack dep_down");
    assert_int_equal(answer.command.kind, SB_COMMAND_ACK_ALERT);
    assert_int_equal(answer.command.alert, 6);
}

static void palette__acts_from_any_pane_or_says_why_not(void **state)
{
    (void)state;
    select_job("metrics");
    press('3');
    run("pause");
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    run("approve"); /* nobody sees which row that would be */
    assert_none();
    assert_int_equal(answer.verdict, SB_SCREEN_VERDICT_NONE);
    assert_shows("not here: it works in content");
    run("range-less");
    assert_shows("not here: it works in timeline");
    run("sort");
    assert_shows("Budget has one order");
}

static void palette__completes_and_previews(void **state)
{
    (void)state;
    command("retry-w");
    press(SB_KEY_TAB);
    assert_shows(":retry-whole_");
    press(' ');
    press('m');
    assert_shows("R  G asks first  metrics_scraper: retry ");
    press(SB_KEY_TAB);
    assert_shows(":retry-whole metrics_scraper_");
    press(SB_KEY_ESCAPE);
    command("goto");
    assert_shows("Tab, then a name");
    press(SB_KEY_ENTER); /* a name is still missing: completes */
    assert_shows(":goto _");
    press(SB_KEY_ESCAPE);
    assert_hides(":goto");
}

/* ---- what stands behind the name ---- */

static void open_day(void)
{
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_HIGH, .day_start = 1);
}

static void args__of_a_tier_fill_its_question_and_answer_nothing(void **state)
{
    (void)state;
    open_day();
    command("tier lo");
    assert_shows("> low                          tier");
    press(SB_KEY_TAB);
    assert_shows(":tier low_");
    type(" 2h cheap day until the bill is paid");
    assert_shows("O  T wants it typed  low: until 16:41:");
    assert_hides("ZZ");
    assert_shows(", because cheap day");
    press(SB_KEY_ENTER);
    assert_none();
    assert_shows("FORCE the tier to low");
    assert_shows("cheap day until the bill is paid");
    press('y');
    assert_none(); /* the name is still to be typed */
    type("low");
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_FORCE_TIER);
    assert_int_equal(answer.command.tier, SB_TIER_LOW);
    assert_true(answer.command.lasts == SB_HOUR(2));
    assert_string_equal(answer.command.reason, "cheap day until the bill is paid");
    command("tier free");
    assert_shows("nothing is called that"); /* it is not forced */
}

static void args__of_a_silence_are_its_time_and_its_reason(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN,
        .subject = "plan", .text = "broke");
    run("silence job_failed:plan 90m being mended");
    assert_none();
    assert_shows("Silence job_failed of plan");
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_SILENCE);
    assert_true(answer.command.lasts == SB_MIN(90));
    assert_string_equal(answer.command.reason, "being mended");
}

static void args__are_the_reason_of_what_asks_nothing(void **state)
{
    (void)state;
    run("pause metr the site changed its login");
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    assert_string_equal(answer.command.reason, "the site changed its login");
    run("force plan 2h is no time here"); /* where no time is taken, a time is a word */
    assert_shows("Force-run plan");
    press('y');
    assert_command(SB_COMMAND_RUN_JOB, PLAN, 0);
    assert_string_equal(answer.command.reason, "2h is no time here");
    run("pause plan");
    assert_command(SB_COMMAND_PAUSE_JOB, PLAN, 0);
    assert_string_equal(answer.command.reason, "");
    press(':');
    press(SB_KEY_UP);
    press(SB_KEY_UP); /* the history has the whole line */
    assert_shows(":force plan 2h is no time here_");
}

static void args__choose_a_policy_by_name(void **state)
{
    (void)state;
    run("policy strict the site counts sessions");
    assert_none();
    assert_shows("Lane policy reclaim -> strict");
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_SET_LANE_POLICY);
    assert_int_equal(answer.command.policy, SB_LANE_POLICY_STRICT);
    assert_string_equal(answer.command.reason, "the site counts sessions");
    run("policy reclaim");
    assert_none();
    assert_shows("that policy is in force already");
}

static void args__of_any_length_are_cut_to_the_line(void **state)
{
    (void)state;
    command("pause metr ");
    for (unsigned i = 0; i < 400; i++)
        press('w');
    press(SB_KEY_ENTER);
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    assert_int_equal(strlen(answer.command.reason), SB_NOTE_MAX - 1);
}

static void name__and_marks_are_two_targets(void **state)
{
    (void)state;
    press(' ');
    run("pause metr");
    assert_none();
    assert_shows("refused: rows are marked");
    press('X');
    run("pause metr");
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
}

static void palette__chooses_with_arrows(void **state)
{
    (void)state;
    command("p");
    const char *const first = strstr(draw(), "\n> ");
    assert_non_null(first);
    char before[40];
    sb_copy_n(before, sizeof before, first, 30);
    press(SB_KEY_DOWN);
    assert_true(strncmp(strstr(draw(), "\n> "), before, 30) != 0);
    press(SB_KEY_UP);
    assert_int_equal(strncmp(strstr(draw(), "\n> "), before, 30), 0);
    press(SB_KEY_UP); /* from the first to the last */
    press(SB_KEY_PAGE_UP);
    press(SB_KEY_PAGE_DOWN);
    draw();
    press(SB_KEY_BACKSPACE);
    press(SB_KEY_BACKSPACE);
    assert_hides("an action, a name, or both");
}

static void palette__remembers_what_was_run(void **state)
{
    (void)state;
    run("goto analytics");
    run("budget");
    press(':');
    press(SB_KEY_UP);
    assert_shows(":budget_");
    press(SB_KEY_UP);
    assert_shows(":goto analytics_");
    press(SB_KEY_UP);
    assert_shows(":goto analytics_");
    press(SB_KEY_DOWN);
    assert_shows(":budget_");
    press(SB_KEY_DOWN);
    assert_shows(":_");
    press(SB_KEY_UP);
    press(SB_KEY_UP);
    press(SB_KEY_ENTER);
    assert_shows(">-     analytics");
    for (unsigned i = 0; i < 40; i++)
        run(i % 2 == 0 ? "budget" : "goto plan");
    press(':');
    for (unsigned i = 0; i < 40; i++)
        press(SB_KEY_UP);
    assert_shows(":budget_");
}

static void palette__runs_nothing_that_was_pasted(void **state)
{
    (void)state;
    struct sb_key keys[] = {{'p'}, {'a'}, {'u'}, {'s'}, {'e'}, {SB_KEY_ENTER}};
    struct sb_screen_answer answers[SB_LEN(keys)];
    press(':');
    sb_screen_keys(screen, keys, SB_LEN(keys), true, now, answers);
    for (unsigned i = 0; i < SB_LEN(keys); i++)
        assert_false(answers[i].has_command);
    assert_shows(":pause_");
    press(SB_KEY_ENTER);
    assert_true(answer.has_command);
}

static void palette__shows_a_viewer_no_actions(void **state)
{
    (void)state;
    open_screen(true);
    draw();
    now.mono += SB_S(1);
    command("pause");
    assert_hides("action   R");
    press(21);
    type("pause metr");
    assert_shows("nothing is called that");
    press(SB_KEY_ENTER);
    assert_none();
}

static void palette__acts_no_more_when_another_console_took_over(void **state)
{
    (void)state;
    const struct sb_source_status viewer = {.state = SB_SOURCE_LIVE, .is_attached = true, .is_viewer = true, .writer = "bo"};
    static const char *const lines[] = {"pause", "pause metr", "probe llm", "force plan"};
    for (unsigned i = 0; i < SB_LEN(lines); i++) {
        const struct sb_source_status writer = {.state = SB_SOURCE_LIVE, .is_attached = true};
        sb_screen_source(screen, &writer, now);
        command(lines[i]);
        sb_screen_source(screen, &viewer, now); /* the list was made before */
        press(SB_KEY_ENTER);
        assert_none();
        assert_shows("this console is a viewer: bo writes");
        assert_hides("Force-run");
    }
}

static void palette__chooses_themes_and_orders(void **state)
{
    (void)state;
    const struct sb_screen_setup with = {.actor = "ana", .environment = "prod", .is_ascii = true, .themes = "dark light amber"};
    sb_screen_destroy(screen);
    screen = sb_screen_create(&with, NULL);
    folded = 0;
    draw();
    now.mono += SB_S(1);
    run("theme amb");
    assert_string_equal(answer.theme, "amber");
    run("light");
    assert_string_equal(answer.theme, "light");
    run("sort name");
    assert_shows("sort:name");
    assert_string_equal(answer.theme, "");
}

static void palette__is_closed_by_a_gap(void **state)
{
    (void)state;
    command("goto met");
    sb_screen_reset(screen); /* its entries name jobs by numbers that may mean others now */
    press(SB_KEY_ENTER);
    assert_hides("an action, a name, or both");
}

static void palette__fits_any_size(void **state)
{
    (void)state;
    command("p");
    for (uint16_t rows = 1; rows < 30; rows++) {
        for (uint16_t cols = 1; cols < 90; cols += 7) {
            grid.rows = rows;
            grid.cols = cols;
            assert_shows(":");
            assert_true(grid.cursor_row < rows && grid.cursor_col < cols);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(palette__offers_every_action_of_the_keymap),
        TEST(palette__puts_the_best_name_first),
        TEST(palette__jumps_to_anything_by_name),
        TEST(palette__clears_a_filter_that_hides_what_is_gone_to),
        TEST(palette__pauses_the_job_that_is_named),
        TEST(palette__asks_as_the_key_does),
        TEST(palette__acknowledges_the_alert_that_is_named),
        TEST(palette__acts_from_any_pane_or_says_why_not),
        TEST(palette__completes_and_previews),
        TEST(args__of_a_tier_fill_its_question_and_answer_nothing),
        TEST(args__of_a_silence_are_its_time_and_its_reason),
        TEST(args__are_the_reason_of_what_asks_nothing),
        TEST(args__choose_a_policy_by_name),
        TEST(args__of_any_length_are_cut_to_the_line),
        TEST(name__and_marks_are_two_targets),
        TEST(palette__chooses_with_arrows),
        TEST(palette__remembers_what_was_run),
        TEST(palette__runs_nothing_that_was_pasted),
        TEST(palette__shows_a_viewer_no_actions),
        TEST(palette__acts_no_more_when_another_console_took_over),
        TEST(palette__chooses_themes_and_orders),
        TEST(palette__is_closed_by_a_gap),
        TEST(palette__fits_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
