/* Questions with choices, an end and a reason: silences, the tier, breakers, recoveries, categories, retries. */
#include "tests/unit/tui_panes/desk.h"

static void raise(uint32_t id, enum sb_rule rule, const char *subject)
{
    struct sb_event event = {.kind = SB_EVENT_ALERT_RAISED};
    event.as.alert_raised.alert = id;
    event.as.alert_raised.rule = (uint8_t)rule;
    event.as.alert_raised.severity = SB_SEVERITY_WARN;
    event.as.alert_raised.job = SB_NO_JOB;
    sb_copy(event.as.alert_raised.subject, SB_NAME_MAX, subject);
    scene_push(&scene, &event);
}

static void silenced(uint32_t id, enum sb_rule rule, const char *subject, const char *actor, sb_ns lasts)
{
    struct sb_event event = {.kind = SB_EVENT_SILENCE_SET};
    event.as.silence_set.silence = id;
    event.as.silence_set.rule = (uint8_t)rule;
    event.as.silence_set.lasts = lasts;
    sb_copy(event.as.silence_set.subject, SB_NAME_MAX, subject);
    sb_copy(event.as.silence_set.actor, SB_NAME_MAX, actor);
    scene_push(&scene, &event);
}

/* ---- silences ---- */

static void s__shows_what_it_matches_and_needs_a_reason(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    raise(6, SB_RULE_LLM_FAILURES, "llm");
    press('4');
    press('s');
    assert_shows("Silence dep_down of llm");
    assert_shows("for 1h00m, until 2026-11-23T15:41:08Z; nobody is told, it is still shown");
    assert_shows("matches now: 1 alert");
    press('y'); /* no reason yet: the field for it */
    assert_none();
    assert_shows("a reason is needed");
    type("disk swap y");
    press(SB_KEY_ENTER);
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_SILENCE);
    assert_int_equal(answer.command.rule, SB_RULE_DEP_DOWN);
    assert_string_equal(answer.command.subject, "llm");
    assert_string_equal(answer.command.reason, "disk swap y");
    assert_true(answer.command.lasts == SB_HOUR(1));
}

static void silence__is_chosen_by_digit_and_made_wider(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    raise(6, SB_RULE_LLM_FAILURES, "llm");
    raise(7, SB_RULE_DEP_DOWN, "browser");
    press('4');
    press('s');
    press('1');
    press('w');
    assert_shows("Silence every rule of llm");
    assert_shows("matches now: 2 alerts");
    assert_shows("  llm_failures llm");
    press('w');
    assert_shows("Silence dep_down of anything");
    assert_shows("matches now: 2 alerts");
    assert_shows("  dep_down browser");
    press('w');
    assert_shows("Silence dep_down of llm");
    press('w');
    press(SB_KEY_TAB);
    type("x");
    press(SB_KEY_ENTER);
    press('y');
    assert_int_equal(answer.command.rule, SB_RULE_COUNT);
    assert_true(answer.command.lasts == SB_MIN(15));
}

static void silence__until_takes_a_clock_or_a_span(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    press('4');
    press('s');
    press('4');
    assert_shows("until when? a time within seven days");
    press('y');
    assert_none();
    type("99:99");
    press(SB_KEY_ENTER);
    type("why");
    press(SB_KEY_ENTER);
    press('y'); /* that is no time: back to it */
    assert_none();
    press(21);
    type("15:00");
    assert_shows("until 2026-11-23T15:00:0");
    press(SB_KEY_ENTER);
    press(SB_KEY_ENTER);
    press('y');
    assert_true(answer.has_command);
    const sb_ns end = now.wall.ns + answer.command.lasts;
    assert_true(end % SB_DAY(1) == SB_HOUR(15));
}

static void silence__is_undone_by_its_number(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    press('4');
    press('s');
    press(SB_KEY_TAB);
    type("x");
    press(SB_KEY_ENTER);
    press('y');
    sb_screen_posted(screen, 77, SB_OK);
    silenced(3, SB_RULE_DEP_DOWN, "llm", "bo", SB_HOUR(1)); /* somebody else's */
    silenced(4, SB_RULE_DEP_DOWN, "llm", "ana", SB_HOUR(1));
    press('u');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_UNSILENCE);
    assert_int_equal(answer.command.alert, 4);
}

static void silences__are_shown_with_their_end_and_author_and_S_ends_the_selected_one(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    silenced(3, SB_RULE_JOB_FAILED, "plan", "bo", SB_HOUR(2));
    silenced(4, SB_RULE_DEP_DOWN, "llm", "eva", SB_MIN(30));
    press('4');
    press('z');
    assert_shows("silences:2");
    assert_shows("[silent] llm");
    assert_shows("until 15:11:06Z by eva: dep_down of llm");
    assert_shows("until 16:41:06Z by bo: job_failed of plan");
    press('S'); /* on an alert: the one that keeps it quiet */
    assert_int_equal(answer.command.kind, SB_COMMAND_UNSILENCE);
    assert_int_equal(answer.command.alert, 4);
    press('j');
    press('j');
    press('S');
    assert_int_equal(answer.command.alert, 3);
    press('a');
    assert_none();
    assert_shows("that is a silence; S ends it");
    SAY(&scene, SILENCE_ENDED, silence_ended, .silence = 3);
    SAY(&scene, SILENCE_ENDED, silence_ended, .silence = 4);
    press('S');
    assert_none();
    assert_shows("no silence is in force");
    assert_hides("[silent]");
}

static void silence__of_marks_is_one_for_each(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    raise(6, SB_RULE_JOB_FAILED, "plan");
    press('4');
    press('*');
    press('s');
    assert_shows("Silence 2 alerts");
    press('3');
    press('y');
    type("night work");
    press(SB_KEY_ENTER);
    press('y');
    struct sb_command command;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(sb_screen_take_command(screen, &command));
        assert_int_equal(command.kind, SB_COMMAND_SILENCE);
        assert_string_equal(command.subject, i == 0 ? "llm" : "plan");
        assert_string_equal(command.reason, "night work");
        assert_true(command.lasts == SB_HOUR(4));
        sb_screen_posted(screen, 100 + i, SB_OK);
    }
    assert_false(sb_screen_take_command(screen, &command));
}

static void a__is_undone(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    press('4');
    press('a');
    assert_int_equal(answer.command.kind, SB_COMMAND_ACK_ALERT);
    press('u');
    assert_int_equal(answer.command.kind, SB_COMMAND_UNACK_ALERT);
    assert_int_equal(answer.command.alert, 5);
}

/* ---- the tier ---- */

static void tier__wants_an_end_a_reason_and_its_name(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .spent = 1250000000, .tier = SB_TIER_MEDIUM, .day_start = 1);
    press('3');
    press('O');
    assert_shows("FORCE the tier to low");
    assert_shows("now tier medium; 1.25 of 5.00 USD spent");
    press('4');
    assert_shows("FORCE the tier to critical");
    assert_shows("generation is skipped; everything else goes on");
    press('y');
    assert_none();
    type("campaign ends");
    press(SB_KEY_ENTER);
    type("critical");
    assert_none();
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_FORCE_TIER);
    assert_int_equal(answer.command.tier, SB_TIER_CRITICAL);
    assert_true(answer.command.lasts == SB_HOUR(1));
    assert_string_equal(answer.command.reason, "campaign ends");
    sb_screen_posted(screen, 77, SB_OK);
    press('u');
    assert_int_equal(answer.command.kind, SB_COMMAND_FREE_TIER);
}

static void tier__the_word_of_another_choice_is_no_answer(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_MEDIUM, .day_start = 1);
    press('3');
    press('O');
    press(SB_KEY_TAB);
    press(SB_KEY_TAB);
    type("x");
    press(SB_KEY_ENTER);
    type("low");
    press(SB_KEY_TAB); /* back to the answer */
    press('1');
    press('y');
    assert_none();
    assert_shows("type high in full");
}

static void tier__that_is_forced_is_freed_by_y(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_LOW, .day_start = 1);
    SAY(&scene, BUDGET_FORCED, budget_forced, .tier = SB_TIER_LOW, .is_on = true, .actor = "bo", .lasts = SB_HOUR(2), .reason = "why not");
    press('3');
    press('O');
    assert_shows("The policy decides the tier again");
    assert_shows("forced by bo until");
    press('y');
    assert_int_equal(answer.command.kind, SB_COMMAND_FREE_TIER);
}

static void tier__is_refused_when_somebody_forced_it_meanwhile(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_LOW, .day_start = 1);
    press('3');
    press('O');
    SAY(&scene, BUDGET_FORCED, budget_forced, .tier = SB_TIER_LOW, .is_on = true, .actor = "bo", .lasts = SB_HOUR(2), .reason = "mine");
    draw();
    press('y');
    type("x");
    press(SB_KEY_ENTER);
    type("low");
    press('y');
    assert_none();
    assert_shows("refused: the tier was forced or freed meanwhile");
}

/* ---- services ---- */

static void breaker__is_tripped_with_a_reason_and_reset(void **state)
{
    (void)state;
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 2, .state = SB_BREAKER_STATE_CLOSED, .name = "fixture");
    press('5');
    press('b');
    assert_none();
    assert_shows("that is a component; breakers have a %");
    press('G');
    assert_shows(">%fixture");
    press('r');
    assert_none();
    assert_shows("that is a breaker, not a component");
    press('b');
    assert_shows("Trip the breaker of fixture");
    press('y');
    assert_none();
    type("they asked us");
    press(SB_KEY_ENTER);
    press('y');
    assert_int_equal(answer.command.kind, SB_COMMAND_TRIP_BREAKER);
    assert_int_equal(answer.command.site, 2);
    assert_string_equal(answer.command.reason, "they asked us");
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 2, .state = SB_BREAKER_STATE_TRIPPED, .name = "fixture", .actor = "ana",
        .reason = "they asked us");
    press('b');
    assert_shows("Reset the breaker of fixture");
    assert_shows("by ana: they asked us");
    press('y');
    assert_int_equal(answer.command.kind, SB_COMMAND_RESET_BREAKER);
}

static void breaker__that_moved_is_left_alone(void **state)
{
    (void)state;
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 2, .state = SB_BREAKER_STATE_OPEN, .name = "fixture");
    press('5');
    press('g');
    press('b');
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 2, .state = SB_BREAKER_STATE_HALF_OPEN, .name = "fixture");
    press('y');
    assert_none();
    assert_shows("refused: the breaker has moved meanwhile");
}

static void service__selection_stays_on_its_service(void **state)
{
    (void)state;
    press('5');
    press('j'); /* the second one: browser */
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED);
    draw();
    press('r');
    assert_int_equal(answer.command.component, SB_COMPONENT_BROWSER);
}

static void recover__wants_the_name(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED, .reason = "gone");
    press('5');
    press('K');
    assert_shows("RECOVER browser");
    assert_shows("now failed: gone");
    assert_shows("contexts in use are lost");
    press('y');
    assert_none();
    press(21);
    type("browser");
    press('y');
    assert_int_equal(answer.command.kind, SB_COMMAND_RECOVER_COMPONENT);
    assert_int_equal(answer.command.component, SB_COMPONENT_BROWSER);
    assert_true(answer.command.confirmed);
}

/* ---- categories and retries ---- */

static void P__pauses_a_category_and_u_resumes_it(void **state)
{
    (void)state;
    press('P');
    assert_shows("[a]*everything  [1] posting  [2] metrics");
    press('2');
    assert_shows("Pause category metrics");
    assert_shows("1 jobs start nothing new");
    press('y');
    assert_int_equal(answer.command.kind, SB_COMMAND_PAUSE_CATEGORY);
    assert_int_equal(answer.command.category, SB_CATEGORY_METRICS);
    press('u');
    assert_int_equal(answer.command.kind, SB_COMMAND_RESUME_CATEGORY);
    assert_int_equal(answer.command.category, SB_CATEGORY_METRICS);
}

static void P__resumes_a_category_that_is_paused(void **state)
{
    (void)state;
    SAY(&scene, CATEGORY_PAUSED, category_paused, .category = SB_CATEGORY_METRICS, .actor = "bo", .reason = "site is slow");
    press('P');
    assert_shows("metrics=");
    press('2');
    assert_shows("Resume category metrics");
    assert_shows("paused by bo at 14:41:07Z: site is slow");
    SAY(&scene, CATEGORY_RESUMED, category_resumed, .category = SB_CATEGORY_METRICS, .actor = "bo");
    press('y');
    assert_none();
    assert_shows("refused: somebody else did it first");
}

static void R__offers_the_failed_step_too(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    press('R');
    assert_shows("[1]*whole run  [2] failed step");
    assert_shows("all 3 steps run again");
    assert_hides("[3]"); /* between the first step and the failed one is none */
    press('2');
    assert_shows("Retry from the failed step: metrics_scraper run 41");
    assert_shows("runs login and downstream of it 1 step; what was before it stays");
    press('y');
    assert_command(SB_COMMAND_RETRY_RUN, METRICS, 41);
}

static void R__offers_the_steps_that_were_passed_and_names_what_is_done_again_outside(void **state)
{
    enum { SENDER = 4 };
    (void)state;
    scene_job(&scene, SENDER, "sender", SB_CATEGORY_POSTING, 0, 7); /* open login read check submit save archive */
    SAY(&scene, RUN_STARTED, run_started, .run = 51, .job = SENDER, .attempt = 1);
    SAY(&scene, STEP_STARTED, step_started, .run = 51, .job = SENDER, .step = 4, .attempt = 1, .timeout = SB_S(30));
    SAY(&scene, STEP_ENDED, step_ended, .run = 51, .job = SENDER, .step = 4, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED);
    SAY(&scene, RUN_ENDED, run_ended, .run = 51, .job = SENDER, .step = 6, .attempt = 1, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL,
        .error = "disk full");
    draw();
    select_job("sender");
    press('R');
    assert_shows("acts on the outside AGAIN: submit");
    press('3');
    assert_shows("Retry from a step that was passed: sender run 51");
    assert_shows("runs save and downstream of it 1 step");
    assert_hides("AGAIN");
    press('3');
    assert_shows("runs submit and downstream of it 2 steps");
    assert_shows("acts on the outside AGAIN: submit");
    for (unsigned i = 0; i < 3; i++)
        press('3');
    assert_shows("runs login and downstream of it 5 steps"); /* the first one is the whole run */
    press('3');
    assert_shows("runs save");
    press('2');
    assert_shows("runs archive; what was before it stays");
    press('3'); /* where it was left */
    assert_shows("runs save");
    press('y');
    assert_command(SB_COMMAND_RETRY_RUN_FROM, SENDER, 51);
    assert_string_equal(answer.command.subject, "save");
    SAY(&scene, COMMAND_DONE, command_done, .command = answer.command.id, .kind = SB_COMMAND_RETRY_RUN_FROM, .job = SENDER, .run = 51, .actor = "ana",
        .outcome = "retrying sender run 51 at save");
    press('R');
    press('2');
    press('y');
    assert_string_equal(answer.command.subject, "");
}

/* ---- fields ---- */

static void field__takes_a_paste_as_text_and_never_as_an_answer(void **state)
{
    (void)state;
    static const struct sb_key keys[] = {{'o'}, {'k'}, {SB_KEY_ENTER}, {'y'}, {0xe9}};
    struct sb_screen_answer answers[5];
    raise(5, SB_RULE_DEP_DOWN, "llm");
    press('4');
    press('s');
    press(SB_KEY_TAB);
    wait_for(SB_S(1));
    sb_screen_keys(screen, keys, 5, true, now, answers);
    for (unsigned i = 0; i < 5; i++)
        assert_false(answers[i].has_command);
    press(SB_KEY_BACKSPACE); /* the e with its accent, whole */
    press(SB_KEY_ENTER);
    press('y');
    assert_string_equal(answer.command.reason, "oky");
}

static void field__shows_the_end_of_a_long_reason(void **state)
{
    (void)state;
    raise(5, SB_RULE_DEP_DOWN, "llm");
    press('4');
    press('s');
    press(SB_KEY_TAB);
    for (unsigned i = 0; i < 20; i++)
        type("words ");
    type("END");
    assert_shows("words END_");
    grid.cols = 20;
    assert_shows("END_");
    grid.cols = COLS;
    for (unsigned i = 0; i < 20; i++)
        type("more "); /* it is bounded */
    press(SB_KEY_ENTER);
    press('y');
    assert_int_equal(strlen(answer.command.reason), SB_NOTE_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(s__shows_what_it_matches_and_needs_a_reason),
        TEST(silence__is_chosen_by_digit_and_made_wider),
        TEST(silence__until_takes_a_clock_or_a_span),
        TEST(silence__is_undone_by_its_number),
        TEST(silences__are_shown_with_their_end_and_author_and_S_ends_the_selected_one),
        TEST(silence__of_marks_is_one_for_each),
        TEST(a__is_undone),
        TEST(tier__wants_an_end_a_reason_and_its_name),
        TEST(tier__the_word_of_another_choice_is_no_answer),
        TEST(tier__that_is_forced_is_freed_by_y),
        TEST(tier__is_refused_when_somebody_forced_it_meanwhile),
        TEST(breaker__is_tripped_with_a_reason_and_reset),
        TEST(breaker__that_moved_is_left_alone),
        TEST(service__selection_stays_on_its_service),
        TEST(recover__wants_the_name),
        TEST(P__pauses_a_category_and_u_resumes_it),
        TEST(P__resumes_a_category_that_is_paused),
        TEST(R__offers_the_steps_that_were_passed_and_names_what_is_done_again_outside),
        TEST(R__offers_the_failed_step_too),
        TEST(field__takes_a_paste_as_text_and_never_as_an_answer),
        TEST(field__shows_the_end_of_a_long_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
