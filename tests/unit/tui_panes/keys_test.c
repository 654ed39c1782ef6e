/* What action keys do: latching, commands and their outcome, questions, undo. */
#include "tests/unit/tui_panes/desk.h"

/* ---- reversible actions ---- */

static void p__pauses_the_selected_job_at_once(void **state)
{
    (void)state;
    select_job("metrics");
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    assert_shows("pause_job metrics_scraper -> sent");
}

static void p__resumes_a_paused_job(void **state)
{
    (void)state;
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "bo");
    select_job("metrics");
    press('p');
    assert_command(SB_COMMAND_RESUME_JOB, METRICS, 0);
}

static void command__is_shown_until_its_outcome_comes(void **state)
{
    (void)state;
    press('p');
    sb_screen_posted(screen, 77, SB_OK);
    wait_for(SB_S(3));
    assert_shows("-> sent, no answer for 3.0s");
    SAY(&scene, COMMAND_DONE, command_done, .command = 77, .kind = SB_COMMAND_PAUSE_JOB, .job = POSTING, .actor = "ana", .outcome = "paused posting");
    assert_shows("ana pause_job posting -> ok: paused posting");
    assert_hides("sent");
}

static void command__that_is_refused_says_so(void **state)
{
    (void)state;
    press('p');
    sb_screen_posted(screen, 77, SB_OK);
    SAY(&scene, COMMAND_REFUSED, command_refused, .command = 77, .kind = SB_COMMAND_PAUSE_JOB, .job = POSTING, .actor = "ana", .outcome = "draining");
    assert_shows("REFUSED: draining");
    press('u');
    assert_none(); /* nothing happened, nothing to undo */
}

static void command__that_the_inbox_refuses_says_so(void **state)
{
    (void)state;
    press('p');
    sb_screen_posted(screen, 0, SB_ERR_FULL);
    assert_shows("not sent: pause_job posting, a bounded queue or buffer is full");
}

static void u__takes_a_pause_back_within_five_seconds(void **state)
{
    (void)state;
    press('p');
    sb_screen_posted(screen, 77, SB_OK);
    wait_for(SB_S(3));
    press('u');
    assert_command(SB_COMMAND_RESUME_JOB, POSTING, 0);
    press('u');
    assert_none();
}

static void u__does_nothing_after_five_seconds(void **state)
{
    (void)state;
    press('p');
    wait_for(SB_S(5));
    press('u');
    assert_none();
    assert_shows("nothing to undo");
}

static void r__retries_the_failed_run_it_shows(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    press('r');
    assert_command(SB_COMMAND_RETRY_RUN, METRICS, 41);
}

static void r__says_when_there_is_nothing_to_retry(void **state)
{
    (void)state;
    press('r');
    assert_none();
    assert_shows("nothing to retry: posting has not run yet");
}

static void a__leads_to_the_alerts_first_and_acknowledges_there(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = 0, .subject = "posting");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = SB_NO_JOB, .subject = "llm");
    press('a');
    assert_none();
    press('a');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_ACK_ALERT);
    assert_int_equal(answer.command.alert, 6); /* the worst stands first */
}

static void alert_selection__stays_on_its_alert(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = 0, .subject = "posting");
    press('4');
    press('j');
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = SB_NO_JOB, .subject = "llm");
    press('a');
    assert_int_equal(answer.command.alert, 5);
}

static void r_on_services__probes_the_selected_component(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED);
    press('5');
    press('r');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_PROBE_COMPONENT);
    assert_int_equal(answer.command.component, SB_COMPONENT_BROWSER);
}

/* ---- questions ---- */

static void force_run__asks_and_y_confirms(void **state)
{
    (void)state;
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "bo");
    select_job("metrics");
    press('!');
    assert_none();
    assert_shows("Force-run metrics_scraper");
    assert_shows("overrides the schedule");
    assert_shows("overrides the pause of the job by bo");
    press('y');
    assert_command(SB_COMMAND_RUN_JOB, METRICS, 0);
    assert_true(answer.command.confirmed);
    assert_hides("Force-run metrics_scraper");
}

static void question__is_not_confirmed_by_enter_nor_by_its_own_key(void **state)
{
    (void)state;
    press('!');
    press(SB_KEY_ENTER);
    assert_none();
    press('!');
    assert_none();
    assert_shows("Force-run");
}

static void question__is_deaf_for_its_first_quarter_second(void **state)
{
    (void)state;
    press('!');
    now.mono += SB_MS(249);
    sb_screen_key(screen, (struct sb_key){'y'}, now, &answer);
    assert_none();
    assert_shows("Force-run");
    now.mono += SB_MS(1);
    sb_screen_key(screen, (struct sb_key){'y'}, now, &answer);
    assert_true(answer.has_command);
}

static void question__is_closed_by_n_q_escape_and_control_g(void **state)
{
    (void)state;
    const uint32_t keys[] = {'n', 'q', SB_KEY_ESCAPE, 7};
    for (unsigned i = 0; i < SB_LEN(keys); i++) {
        press('!');
        press(keys[i]);
        assert_none();
        assert_hides("Force-run");
        press('y');
        assert_none();
    }
}

static void force_run__wants_the_name_when_the_budget_denies(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .spent = 4900000000, .tier = SB_TIER_CRITICAL, .day_start = 1);
    select_job("plan");
    press('!');
    assert_shows("overrides the budget: tier critical, 4.90 of 5.00 USD spent");
    press('y');
    assert_none();
    press(SB_KEY_BACKSPACE);
    type("plan");
    assert_none();
    press('y');
    assert_command(SB_COMMAND_RUN_JOB, PLAN, 0);
}

static void cancel__latches_the_run_of_the_key_press(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('x');
    assert_shows("Cancel metrics_scraper run 41");
    press('y');
    assert_command(SB_COMMAND_CANCEL_RUN, METRICS, 41);
}

static void cancel__is_refused_when_the_run_has_moved(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('x');
    SAY(&scene, RUN_ENDED, run_ended, .run = 41, .job = METRICS, .state = SB_RUN_STATE_SUCCEEDED);
    SAY(&scene, RUN_STARTED, run_started, .run = 42, .job = METRICS, .attempt = 1);
    press('y');
    assert_none();
    assert_shows("refused: the job has another run by now");
}

static void cancel__is_refused_when_the_run_has_ended(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('x');
    SAY(&scene, RUN_ENDED, run_ended, .run = 41, .job = METRICS, .state = SB_RUN_STATE_SUCCEEDED);
    press('y');
    assert_none();
    assert_shows("refused: the run has ended or started meanwhile");
}

static void cancel__needs_an_active_run(void **state)
{
    (void)state;
    press('x');
    assert_none();
    assert_shows("posting has no active run");
}

static void kill__wants_the_name_in_full(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('K');
    type("metrics_scrape");
    press('y'); /* typed, because the name is not complete */
    assert_none();
    press(SB_KEY_BACKSPACE);
    press('r');
    assert_shows("now press y");
    press(SB_KEY_ENTER);
    assert_none();
    press('y');
    assert_command(SB_COMMAND_KILL_RUN, METRICS, 41);
}

static void retry_whole__asks_and_latches(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    press('R');
    assert_shows("Retry from the first step: metrics_scraper run 41");
    press('y');
    assert_command(SB_COMMAND_RETRY_RUN_WHOLE, METRICS, 41);
}

static void recycle__wants_the_name_and_an_unchanged_context(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 3);
    press('2');
    press('K');
    type("ctx0");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 4);
    press('y');
    assert_none();
    assert_shows("refused: the context has another holder or generation by now");
    press('K');
    type("ctx0");
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_RECYCLE_CONTEXT);
    assert_int_equal(answer.command.ctx, 0);
}

static void enter__in_a_detail_shows_what_was_kept_of_the_failed_page(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    press(SB_KEY_ENTER);
    press(SB_KEY_ENTER);
    assert_int_equal(answer.wants_page, SB_SCREEN_PAGE_KEPT);
    assert_true(answer.page_run == 41);
    sb_screen_show_page(screen, SB_SCREEN_PAGE_KEPT, 41,
                        "==> failures/41-read-1/console.txt\nerror: \x1b]0;owned\x07 no button\nlast line\n", "", now);
    assert_shows("what was kept");
    assert_shows("run 41");
    assert_shows("no button");
    assert_shows("last line");
    assert_hides("\x1b");
    press('q');
    assert_shows("Detail");
    press('q');
    assert_hides("no button");
}

static void enter__in_a_detail_says_when_nothing_was_kept(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    press(SB_KEY_ENTER);
    press(SB_KEY_ENTER);
    sb_screen_show_page(screen, SB_SCREEN_PAGE_KEPT, 41, NULL, "nothing of a page is kept of run 41", now);
    assert_shows("nothing of a page is kept of run 41");
    assert_shows("Detail");
}

static void kept_page__is_folded_and_scrolled_to_its_end(void **state)
{
    (void)state;
    static char text[300 * 12 + 8];
    for (unsigned i = 0; i < 300; i++)
        memcpy(text + (size_t)i * 12, "0123456789a\n", 12);
    memcpy(text + sizeof text - 8, "the end", 8);
    sb_screen_show_page(screen, SB_SCREEN_PAGE_KEPT, 41, text, "", now);
    assert_hides("the end");
    press('G');
    assert_shows("the end");
    assert_shows("/301");
}

static void policy__is_offered_one_by_one_and_ends_by_itself(void **state)
{
    (void)state;
    SAY(&scene, POOL_DEFINED, pool_defined, .contexts = 3, .burst = 1, .policy = SB_LANE_POLICY_RECLAIM, .workers = 4);
    press('2');
    press('e');
    assert_shows("Lane policy reclaim -> strict");
    press('e');
    assert_shows("Lane policy reclaim -> lend");
    assert_shows("for 1h00m, then reclaim returns");
    press('y');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_SET_LANE_POLICY);
    assert_int_equal(answer.command.policy, SB_LANE_POLICY_LEND);
    assert_true(answer.command.lasts == SB_HOUR(1));
}

static void pause_all__asks_and_resume_wants_the_word(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('P');
    assert_shows("stops all dispatch: 4 jobs start nothing new");
    press('y');
    assert_command(SB_COMMAND_PAUSE_ALL, SB_NO_JOB, 0);
    sb_screen_posted(screen, 9, SB_OK);
    SAY(&scene, ALL_PAUSED, all_paused, .actor = "ana");
    SAY(&scene, COMMAND_DONE, command_done, .command = 9, .kind = SB_COMMAND_PAUSE_ALL, .job = SB_NO_JOB, .actor = "ana", .outcome = "ok");
    assert_shows("ALL PAUSED");
    press('P');
    assert_shows("Start dispatch again");
    press('y');
    assert_none();
    press(21); /* C-u clears what was typed */
    type("resume");
    press('y');
    assert_command(SB_COMMAND_RESUME_ALL, SB_NO_JOB, 0);
}

static void leave__names_what_is_running_and_asks(void **state)
{
    (void)state;
    start_run(41, METRICS);
    press('Q');
    assert_shows("1 running, their steps may finish first");
    assert_shows("metrics_scraper run 41");
    assert_none();
    press('y');
    assert_true(answer.wants_leave);
    assert_false(answer.has_command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(p__pauses_the_selected_job_at_once),
        TEST(p__resumes_a_paused_job),
        TEST(command__is_shown_until_its_outcome_comes),
        TEST(command__that_is_refused_says_so),
        TEST(command__that_the_inbox_refuses_says_so),
        TEST(u__takes_a_pause_back_within_five_seconds),
        TEST(u__does_nothing_after_five_seconds),
        TEST(r__retries_the_failed_run_it_shows),
        TEST(r__says_when_there_is_nothing_to_retry),
        TEST(a__leads_to_the_alerts_first_and_acknowledges_there),
        TEST(alert_selection__stays_on_its_alert),
        TEST(r_on_services__probes_the_selected_component),
        TEST(force_run__asks_and_y_confirms),
        TEST(question__is_not_confirmed_by_enter_nor_by_its_own_key),
        TEST(question__is_deaf_for_its_first_quarter_second),
        TEST(question__is_closed_by_n_q_escape_and_control_g),
        TEST(force_run__wants_the_name_when_the_budget_denies),
        TEST(cancel__latches_the_run_of_the_key_press),
        TEST(cancel__is_refused_when_the_run_has_moved),
        TEST(cancel__is_refused_when_the_run_has_ended),
        TEST(cancel__needs_an_active_run),
        TEST(kill__wants_the_name_in_full),
        TEST(retry_whole__asks_and_latches),
        TEST(recycle__wants_the_name_and_an_unchanged_context),
        TEST(enter__in_a_detail_shows_what_was_kept_of_the_failed_page),
        TEST(enter__in_a_detail_says_when_nothing_was_kept),
        TEST(kept_page__is_folded_and_scrolled_to_its_end),
        TEST(policy__is_offered_one_by_one_and_ends_by_itself),
        TEST(pause_all__asks_and_resume_wants_the_word),
        TEST(leave__names_what_is_running_and_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
