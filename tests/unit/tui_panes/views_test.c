/* Guards against text that was not meant as keys, viewers, selection, filter, freezing, panes. */
#include "tests/unit/tui_panes/desk.h"

/* ---- guards ---- */

static void send(const char *text, bool is_paste, struct sb_screen_answer *answers)
{
    struct sb_key keys[64];
    const size_t count = strlen(text);
    for (size_t i = 0; i < count; i++)
        keys[i].code = (uint32_t)(unsigned char)text[i];
    wait_for(SB_S(1));
    draw();
    sb_screen_keys(screen, keys, count, is_paste, now, answers);
}

static unsigned commands_in(const struct sb_screen_answer *answers, size_t count)
{
    unsigned commands = 0;
    for (size_t i = 0; i < count; i++)
        commands += answers[i].has_command;
    return commands;
}

static void paste__loses_its_action_keys_with_a_notice(void **state)
{
    (void)state;
    struct sb_screen_answer answers[8];
    send("p", true, answers);
    assert_int_equal(commands_in(answers, 1), 0);
    assert_shows("pasted text: its action keys were ignored");
}

static void burst_of_mixed_keys__loses_its_action_keys(void **state)
{
    (void)state;
    struct sb_screen_answer answers[16];
    send("drop prod", false, answers);
    assert_int_equal(commands_in(answers, 9), 0);
    assert_shows("action keys were ignored");
}

static void burst__is_noticed_across_reads(void **state)
{
    (void)state;
    struct sb_screen_answer answers[8];
    send("jkjk", false, answers);
    now.mono += SB_MS(10);
    for (const char *key = "jkp"; *key != '\0'; key++) {
        sb_screen_key(screen, (struct sb_key){(uint32_t)*key}, now, &answer);
        assert_none();
    }
    now.mono += SB_MS(50); /* the tail still belongs to it */
    sb_screen_key(screen, (struct sb_key){'p'}, now, &answer);
    assert_none();
    now.mono += SB_MS(200);
    sb_screen_key(screen, (struct sb_key){'p'}, now, &answer);
    assert_true(answer.has_command);
}

static void repeated_movement__always_counts(void **state)
{
    (void)state;
    struct sb_screen_answer answers[16];
    for (uint16_t i = 4; i < 30; i++) {
        char name[SB_NAME_MAX] = "job_x";
        name[4] = (char)('a' + i - 4);
        scene_job(&scene, i, name, SB_CATEGORY_NONE, 5, 1);
    }
    draw();
    send("jjjjjjjjjj", false, answers);
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, 10, 0);
}

static void question__is_not_answered_by_pasted_text(void **state)
{
    (void)state;
    struct sb_screen_answer answers[8];
    press('!');
    send("y", true, answers);
    assert_int_equal(commands_in(answers, 1), 0);
    assert_shows("Force-run");
}

static void prompt__takes_pasted_text(void **state)
{
    (void)state;
    struct sb_screen_answer answers[16];
    press('/');
    send("analytics", true, answers);
    press(SB_KEY_ENTER);
    assert_shows("filter:analytics");
    assert_hides("metrics_scraper");
}

static void viewer__can_look_but_not_act(void **state)
{
    (void)state;
    open_screen(true);
    draw();
    now.mono += SB_S(1);
    press('p');
    assert_none();
    assert_shows("viewer: actions are off");
    press('!');
    assert_hides("Force-run");
    assert_shows("op ana V ");
    press('?');
    assert_hides("kill");
    press('q');
    press('Q');
    press('y');
    assert_true(answer.wants_leave);
}

/* ---- selection ---- */

static void selection__stays_on_its_job_when_the_list_moves(void **state)
{
    (void)state;
    press('j');
    press('j'); /* plan */
    fail_run(41, ANALYTICS);
    fail_run(42, METRICS);
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, PLAN, 0);
}

static void selection__is_the_worst_job_until_one_is_chosen(void **state)
{
    (void)state;
    fail_run(41, ANALYTICS);
    wait_for(SB_S(1));
    assert_shows(">FAIL! analytics");
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, ANALYTICS, 0);
}

static void action__is_refused_when_the_selection_has_just_moved_by_itself(void **state)
{
    (void)state;
    fail_run(41, ANALYTICS);
    now.mono += SB_MS(100); /* no hand is that quick */
    sb_screen_key(screen, (struct sb_key){'p'}, now, &answer);
    assert_none();
    assert_shows("the selection has just moved to analytics");
}

static void selection__is_found_by_name_after_a_gap(void **state)
{
    (void)state;
    select_job("plan");
    press('\\');
    sb_screen_reset(screen);
    scene_init(&scene);
    folded = 0;
    scene_start(&scene);
    scene_job(&scene, 0, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_job(&scene, 1, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_described(&scene);
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, 0, 0);
}

static void filter__finds_by_words_and_state(void **state)
{
    (void)state;
    fail_run(41, ANALYTICS);
    press('/');
    type("state:fail");
    assert_shows("analytics");
    assert_hides("metrics_scraper");
    press(SB_KEY_ESCAPE); /* as before: none */
    assert_shows("metrics_scraper");
    select_job("METRICS scr");
    assert_hides("FAIL! analytics");
    press('\\');
    assert_shows("FAIL! analytics");
}

/* ---- views ---- */

static void silence__of_the_runtime_shows_as_stale_with_its_age(void **state)
{
    (void)state;
    assert_shows("LIVE");
    is_runtime_silent = true;
    now.mono += SB_S(14);
    now.wall.ns += SB_S(14);
    assert_hides("LIVE");
    assert_shows("STALE 14s");
    is_runtime_silent = false;
    assert_shows("LIVE");
}

static void freeze__keeps_the_picture_and_counts_what_it_misses(void **state)
{
    (void)state;
    press('F');
    fail_run(41, METRICS);
    wait_for(SB_S(72));
    assert_shows("FROZEN -01:12");
    assert_shows("+2 unseen");
    assert_hides("FAIL! metrics_scraper");
    press('F');
    assert_shows("FAIL! metrics_scraper");
    assert_shows("LIVE");
}

static void frozen_action__is_refused_when_the_live_state_moved(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('j');
    press('k');
    press('F');
    SAY(&scene, RUN_ENDED, run_ended, .run = 41, .job = METRICS, .state = SB_RUN_STATE_SUCCEEDED);
    SAY(&scene, RUN_STARTED, run_started, .run = 42, .job = METRICS, .attempt = 1);
    press('x');
    assert_none();
    assert_shows("refused: metrics_scraper moved since the picture was frozen");
}

static void detail__opens_from_job_alert_and_context(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press(SB_KEY_ENTER);
    assert_shows(">Detail< metrics_scraper");
    press('q');
    assert_shows(">1 Jobs<");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = PLAN, .subject = "plan");
    press('4');
    press(SB_KEY_ENTER);
    assert_shows(">Alert< 5 job_failed");
    press(SB_KEY_ENTER);
    assert_shows(">Detail< plan");
    press(SB_KEY_ESCAPE);
    assert_shows(">Alert< 5 job_failed");
    press(SB_KEY_ESCAPE);
    assert_shows(">4 Alerts<");
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 41, .job = METRICS, .deadline = SB_S(30));
    press('2');
    press('j');
    press(SB_KEY_ENTER);
    assert_shows(">Context< #1");
    press(SB_KEY_ENTER);
    assert_shows(">Detail< metrics_scraper");
}

static void panes__are_reached_by_tab_and_digit_and_zoomed(void **state)
{
    (void)state;
    press(SB_KEY_TAB);
    assert_shows(">2 Contexts & lanes<");
    press(SB_KEY_BACKTAB);
    press(SB_KEY_BACKTAB);
    assert_shows(">9 Nodes<");
    press(SB_KEY_BACKTAB);
    assert_shows(">8 Timeline<");
    press(SB_KEY_BACKTAB);
    assert_shows(">7 Content<");
    press(SB_KEY_BACKTAB);
    assert_shows(">6 Log<");
    press('z');
    assert_hides("1 Jobs");
    press('0');
    assert_shows(">1 Jobs<");
    press('3');
    assert_shows(">3 Budget<");
}

static void log__stops_following_when_scrolled_and_follows_again(void **state)
{
    (void)state;
    SAY(&scene, NOTE, note, .severity = SB_SEVERITY_INFO, .text = "one");
    SAY(&scene, NOTE, note, .severity = SB_SEVERITY_INFO, .text = "two");
    press('6');
    press('k');
    assert_shows("HELD, newer: 1");
    SAY(&scene, NOTE, note, .severity = SB_SEVERITY_INFO, .text = "brand new");
    assert_hides("brand new");
    press('G');
    assert_shows("brand new");
    assert_shows("FOLLOW");
    press('f');
    assert_hides("FOLLOW");
}

static void times__switch_between_age_and_utc(void **state)
{
    (void)state;
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = METRICS, .due = SCENE_WALL + SB_MIN(30));
    assert_shows("+30m");
    press('T');
    assert_shows("15:11:07Z");
}

static void c_l__asks_for_a_repaint(void **state)
{
    (void)state;
    press(12);
    assert_true(answer.wants_redraw);
    press(SB_KEY_F5);
    assert_true(answer.wants_redraw);
}

static void unbound_key__is_explained(void **state)
{
    (void)state;
    press('Z');
    assert_none();
    assert_shows("Z does nothing in Jobs; ? lists the keys");
}

static void help__lists_every_action_and_filters(void **state)
{
    (void)state;
    grid.rows = 60;
    press('?');
    assert_shows("pause the selected job, or resume it");
    assert_shows("drain the runtime and leave");
    press('/');
    type("freeze");
    press(SB_KEY_ENTER);
    assert_shows("freeze the picture");
    assert_hides("drain the runtime and leave");
}

static void practice__is_marked_in_line_one(void **state)
{
    (void)state;
    assert_hides("PRACTICE");
    SAY(&scene, RUNTIME_STARTED, runtime_started, .boot = 3, .version = "0.1.0", .host = "ops1", .is_practice = true);
    assert_shows("PRACTICE LIVE");
}

static void job_text__cannot_move_the_cursor(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 41, .job = POSTING, .attempt = 1);
    SAY(&scene, RUN_ENDED, run_ended, .run = 41, .job = POSTING, .state = SB_RUN_STATE_FAILED, .error = "\x1b[2J\x1b]0;pwn\x07\r\n\xe2\x80\xae");
    draw();
    for (unsigned i = 0; i < (unsigned)grid.rows * grid.cols; i++)
        assert_in_range(grid.cells[i].code_point, 0x20, 0x7e);
    assert_shows("?[2J?]0;pwn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paste__loses_its_action_keys_with_a_notice),
        TEST(burst_of_mixed_keys__loses_its_action_keys),
        TEST(burst__is_noticed_across_reads),
        TEST(repeated_movement__always_counts),
        TEST(question__is_not_answered_by_pasted_text),
        TEST(prompt__takes_pasted_text),
        TEST(viewer__can_look_but_not_act),
        TEST(selection__stays_on_its_job_when_the_list_moves),
        TEST(selection__is_the_worst_job_until_one_is_chosen),
        TEST(action__is_refused_when_the_selection_has_just_moved_by_itself),
        TEST(selection__is_found_by_name_after_a_gap),
        TEST(filter__finds_by_words_and_state),
        TEST(silence__of_the_runtime_shows_as_stale_with_its_age),
        TEST(freeze__keeps_the_picture_and_counts_what_it_misses),
        TEST(frozen_action__is_refused_when_the_live_state_moved),
        TEST(detail__opens_from_job_alert_and_context),
        TEST(panes__are_reached_by_tab_and_digit_and_zoomed),
        TEST(log__stops_following_when_scrolled_and_follows_again),
        TEST(times__switch_between_age_and_utc),
        TEST(c_l__asks_for_a_repaint),
        TEST(unbound_key__is_explained),
        TEST(help__lists_every_action_and_filters),
        TEST(practice__is_marked_in_line_one),
        TEST(job_text__cannot_move_the_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
