/* Marks, and one action on everything that is marked: what is asked, what is sent, what is said of each. */
#include "tests/unit/tui_panes/desk.h"

#define NOTICE_OVER SB_S(6)

static struct sb_command taken[300];

/* Takes every command of an action on many and answers for the inbox: ids from 100 on; the one at `full` does not fit. */
static unsigned take_all(unsigned full)
{
    unsigned count = 0;
    while (sb_screen_take_command(screen, &taken[count])) {
        sb_screen_posted(screen, 100 + count, count == full ? SB_ERR_FULL : SB_OK);
        count++;
    }
    return count;
}

static void done(uint64_t id, enum sb_command_kind kind)
{
    SAY(&scene, COMMAND_DONE, command_done, .command = id, .kind = (uint8_t)kind, .job = SB_NO_JOB, .actor = "ana", .outcome = "ok");
}

static void refused(uint64_t id, enum sb_command_kind kind, const char *why)
{
    struct sb_event event = {.kind = SB_EVENT_COMMAND_REFUSED};
    event.as.command_refused.command = id;
    event.as.command_refused.kind = (uint8_t)kind;
    event.as.command_refused.job = SB_NO_JOB;
    sb_copy(event.as.command_refused.actor, SB_NAME_MAX, "ana");
    sb_copy(event.as.command_refused.outcome, SB_NOTE_MAX, why);
    scene_push(&scene, &event);
}

/* Jobs stand as posting, metrics_scraper, plan, analytics. */
static void mark_first(unsigned count)
{
    press('g');
    for (unsigned i = 0; i < count; i++)
        press(' ');
}

static void space__marks_the_row_and_goes_on_and_takes_the_mark_away(void **state)
{
    (void)state;
    mark_first(2);
    assert_shows("marked:2");
    assert_shows("*-     posting");
    press('k');
    press(' '); /* metrics_scraper again */
    assert_shows("marked:1");
    press('g');
    assert_shows("+-     posting"); /* selected and marked */
}

static void marks__stay_on_their_jobs_when_the_list_is_sorted_anew(void **state)
{
    (void)state;
    mark_first(1);
    fail_run(41, ANALYTICS); /* now analytics stands first */
    const char *shown = draw();
    assert_true(strstr(shown, "analytics") < strstr(shown, "posting  "));
    assert_shows("*-     posting");
    press('p');
    assert_shows("Pause 1 jobs"); /* it is not the selected one: asked, not done */
    press('y');
    assert_int_equal(take_all(99), 1);
    assert_int_equal(taken[0].job, POSTING);
}

static void marks__hidden_by_a_filter_are_counted_in_the_question(void **state)
{
    (void)state;
    mark_first(3);
    select_job("analytics");
    assert_shows("marked:3 (3 hidden)");
    press('p');
    assert_none();
    assert_shows("Pause 3 jobs");
    assert_shows("posting, metrics_scraper, plan");
    assert_shows("3 of the marked are hidden by the filter");
    press(SB_KEY_ENTER);
    press('p');
    assert_int_equal(take_all(99), 0); /* neither Enter nor the key that asked */
    press('n');
    assert_int_equal(take_all(99), 0);
    assert_shows("not done");
}

static void star__marks_what_the_filter_shows_and_X_clears(void **state)
{
    (void)state;
    press('/');
    type("p");
    press(SB_KEY_ENTER); /* posting, metrics_scraper, plan */
    press('*');
    press('\\');
    assert_shows("marked:3");
    press('X');
    assert_hides("marked:");
    press('X');
    assert_shows("nothing is marked here");
}

static void range__marks_from_v_to_v(void **state)
{
    (void)state;
    press('g');
    press('j');
    press('v');
    press('j');
    press('j');
    assert_shows("filter:none range");
    assert_shows("*-     metrics_scraper");
    press('v');
    assert_hides("filter:none range");
    assert_shows("marked:3");
    press('g');
    assert_hides("+-     posting");
}

static void range__that_is_under_way_counts_for_the_action(void **state)
{
    (void)state;
    press('g');
    press('v');
    press('j');
    press('p');
    assert_shows("Pause 2 jobs");
}

static void many__are_sent_one_by_one_and_each_result_is_told(void **state)
{
    (void)state;
    mark_first(4);
    press('p');
    press('y');
    assert_int_equal(take_all(3), 4); /* the inbox has no room for the last one */
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(taken[i].kind, SB_COMMAND_PAUSE_JOB);
        assert_int_equal(taken[i].job, i);
        assert_true(taken[i].confirmed);
        assert_string_equal(taken[i].actor, "ana");
    }
    assert_shows("pause_job of 4, under way: 0 done");
    done(100, SB_COMMAND_PAUSE_JOB);
    done(102, SB_COMMAND_PAUSE_JOB);
    refused(101, SB_COMMAND_PAUSE_JOB, "is drained");
    grid.cols = 160;
    assert_shows("pause_job of 4: 2 done, 1 refused, 1 failed; metrics_scraper is drained; analytics a bounded queue");
    assert_shows("marked:2"); /* what was not done is still marked */
    grid.cols = COLS;
    SAY(&scene, COMMAND_DONE, command_done, .command = 7, .kind = SB_COMMAND_RUN_JOB, .job = PLAN, .actor = "bo", .outcome = "started plan run 9");
    assert_shows("bo run_job plan -> ok"); /* news */
}

static void many__that_moved_before_the_answer_are_skipped(void **state)
{
    (void)state;
    start_run(41, POSTING);
    start_run(42, METRICS);
    mark_first(2);
    press('X');
    press('*');
    press('x');
    assert_shows("Cancel 2 jobs");
    assert_shows("skipped: plan has no active run, analytics has no active run");
    SAY(&scene, RUN_ENDED, run_ended, .run = 42, .job = METRICS, .state = SB_RUN_STATE_SUCCEEDED);
    SAY(&scene, RUN_STARTED, run_started, .run = 43, .job = METRICS, .attempt = 1);
    draw();
    press('y');
    assert_int_equal(take_all(99), 1);
    assert_int_equal(taken[0].run, 41);
    done(100, SB_COMMAND_CANCEL_RUN);
    grid.cols = 160;
    assert_shows("1 done, 0 refused, 0 failed, 3 skipped; metrics_scraper has another run by now ...");
    grid.cols = COLS;
}

static void marks__follow_the_name_over_a_reload_and_what_has_vanished_is_skipped(void **state)
{
    (void)state;
    mark_first(2);
    sb_screen_reset(screen);
    scene_start(&scene);
    scene_job(&scene, 7, "posting", SB_CATEGORY_POSTING, 0, 5); /* the same job, another id */
    scene_job(&scene, METRICS, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_described(&scene);
    draw();
    press('p');
    assert_shows("Pause 1 jobs");
    assert_shows("skipped: metrics_scraper has vanished");
    press('y');
    assert_int_equal(take_all(99), 1);
    assert_int_equal(taken[0].job, 7);
}

static void p__on_marks_pauses_before_it_resumes(void **state)
{
    (void)state;
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "bo");
    draw();
    press('*');
    press('p');
    assert_shows("Pause 3 jobs");
    assert_shows("skipped: metrics_scraper is paused already");
    press('n');
    press('X');
    select_job("metrics");
    press(' ');
    press('p'); /* one, and it is the selected one: at once */
    assert_int_equal(take_all(99), 1);
    assert_int_equal(taken[0].kind, SB_COMMAND_RESUME_JOB);
}

static void undo__takes_many_back_as_one(void **state)
{
    (void)state;
    mark_first(3);
    press('p');
    press('y');
    assert_int_equal(take_all(99), 3);
    SAY(&scene, JOB_PAUSED, job_paused, .job = POSTING, .actor = "ana");
    done(100, SB_COMMAND_PAUSE_JOB);
    refused(101, SB_COMMAND_PAUSE_JOB, "no");
    SAY(&scene, JOB_PAUSED, job_paused, .job = PLAN, .actor = "ana");
    done(102, SB_COMMAND_PAUSE_JOB);
    press('u');
    assert_int_equal(take_all(99), 2); /* what was refused is not taken back */
    assert_int_equal(taken[0].kind, SB_COMMAND_RESUME_JOB);
    assert_int_equal(taken[0].job, POSTING);
    assert_int_equal(taken[1].job, PLAN);
    press('u');
    assert_int_equal(take_all(99), 0);
}

static void undo__of_many_ends_after_five_seconds(void **state)
{
    (void)state;
    mark_first(2);
    press('p');
    press('y');
    assert_int_equal(take_all(99), 2);
    done(100, SB_COMMAND_PAUSE_JOB);
    done(101, SB_COMMAND_PAUSE_JOB);
    wait_for(SB_S(5));
    press('u');
    assert_int_equal(take_all(99), 0);
    assert_shows("nothing to undo");
}

static void force_run__of_many_says_what_it_overrides_and_wants_a_word_when_the_budget_denies(void **state)
{
    (void)state;
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "bo");
    mark_first(2);
    press('!');
    assert_shows("overrides the schedule of all; a pause: 1; the budget: 0; active already: 0");
    press('n');
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .spent = 4900000000, .tier = SB_TIER_CRITICAL, .day_start = 1);
    press('*');
    press('!');
    assert_shows("the budget: 2");
    assert_shows("type run 4 in full");
    type("run 4");
    assert_int_equal(take_all(99), 0);
    press('y');
    assert_int_equal(take_all(99), 4);
    assert_int_equal(taken[0].kind, SB_COMMAND_RUN_JOB);
}

static void kill__of_many_wants_the_word(void **state)
{
    (void)state;
    start_run(41, POSTING);
    start_run(42, METRICS);
    press('*');
    press('K');
    type("kill 2");
    press('y');
    assert_int_equal(take_all(99), 2);
    assert_int_equal(taken[0].kind, SB_COMMAND_KILL_RUN);
    assert_int_equal(taken[1].run, 42);
}

static void recycle__of_many_skips_a_context_that_has_moved(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 3);
    press('2');
    press('*');
    press('K');
    type("recycle 3");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 4);
    press('y');
    assert_int_equal(take_all(99), 2);
    assert_int_equal(taken[0].ctx, 0);
    assert_int_equal(taken[1].ctx, 2);
}

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

static void ack__takes_marks_and_A_all_that_are_shown(void **state)
{
    (void)state;
    raise(5, SB_RULE_JOB_FAILED, "posting");
    raise(6, SB_RULE_JOB_FAILED, "plan");
    raise(7, SB_RULE_DEP_DOWN, "llm");
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 6, .actor = "bo", .lasts = SB_HOUR(8));
    press('4');
    press('A');
    assert_shows("Acknowledge 2 alerts");
    assert_shows("posting, llm");
    press('y');
    assert_int_equal(take_all(99), 2);
    assert_int_equal(taken[0].kind, SB_COMMAND_ACK_ALERT);
    assert_int_equal(taken[0].alert, 5);
    assert_int_equal(taken[1].alert, 7);
    done(100, SB_COMMAND_ACK_ALERT);
    done(101, SB_COMMAND_ACK_ALERT);
    press('u');
    assert_int_equal(take_all(99), 2);
    assert_int_equal(taken[1].kind, SB_COMMAND_UNACK_ALERT);
    done(100, SB_COMMAND_UNACK_ALERT);
    done(101, SB_COMMAND_UNACK_ALERT);
    press('*');
    press('a');
    assert_shows("Acknowledge 2 alerts");
    assert_shows("skipped: plan is acknowledged already");
}

static void mark__of_an_alert_does_not_go_to_another_one_with_its_number(void **state)
{
    (void)state;
    raise(5, SB_RULE_JOB_FAILED, "posting");
    raise(6, SB_RULE_JOB_FAILED, "plan");
    press('4');
    press('*');
    sb_screen_reset(screen);
    scene_start(&scene);
    scene_described(&scene);
    raise(5, SB_RULE_DEP_DOWN, "llm");
    raise(6, SB_RULE_JOB_FAILED, "plan");
    press('a');
    assert_shows("Acknowledge 1 alerts");
    assert_shows("skipped: posting has cleared");
    press('y');
    assert_int_equal(take_all(99), 1);
    assert_int_equal(taken[0].alert, 6);
}

static void an_action_on_many__waits_for_the_one_before(void **state)
{
    (void)state;
    mark_first(2);
    press('p');
    press('y');
    assert_int_equal(take_all(99), 2);
    press('p');
    assert_shows("not answered in full yet");
    sb_screen_reset(screen); /* a gap: the answers may have been in it */
    grid.cols = 160;
    wait_for(NOTICE_OVER);
    assert_shows("0 done, 0 refused, 2 failed; posting its answer was passed over; look at the log");
    grid.cols = COLS;
}

static void many__that_no_event_will_answer_are_told_as_failed(void **state)
{
    (void)state;
    mark_first(2);
    press('p');
    press('y');
    assert_int_equal(take_all(99), 2);
    done(100, SB_COMMAND_PAUSE_JOB);
    sb_screen_failed(screen, &(struct sb_source_failure){.id = 101, .text = "the runtime has gone"}, now);
    wait_for(NOTICE_OVER);
    grid.cols = 160;
    assert_shows("pause_job of 2: 1 done, 0 refused, 1 failed; metrics_scraper the runtime has gone");
    grid.cols = COLS;
}

static void viewer__marks_and_does_nothing(void **state)
{
    (void)state;
    open_screen(true);
    draw();
    mark_first(2);
    assert_shows("marked:2");
    press('p');
    assert_shows("this console is a viewer: actions are off");
    assert_int_equal(take_all(99), 0);
}

static void paste__marks_nothing_and_starts_nothing(void **state)
{
    (void)state;
    mark_first(2);
    press('p');
    const struct sb_key keys[] = {{'y'}, {'p'}, {'y'}};
    struct sb_screen_answer answers[3];
    wait_for(SB_S(1));
    sb_screen_keys(screen, keys, 3, true, now, answers);
    assert_int_equal(take_all(99), 0);
    assert_shows("does not answer a question");
}

static void marks__have_a_bound_that_is_said(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 300; i++) {
        char name[16];
        struct sb_text text;
        sb_text_init(&text, name, sizeof name);
        sb_text_add(&text, "job");
        sb_text_add_padded(&text, i, 4);
        scene_job(&scene, (uint16_t)(10 + i), name, SB_CATEGORY_NONE, 0, 1);
    }
    draw();
    press('*');
    assert_shows("256 are marked: that is as many as one action takes");
    press('p');
    assert_shows("Pause 256 jobs");
    press('y');
    unsigned sent = 0;
    for (unsigned i = 0; i < 64 && sent < 256; i++) { /* eight at a time: no way to the runtime holds 256 */
        const unsigned count = take_all(999);
        assert_int_equal(count, 8);
        sent += count;
        for (unsigned k = 0; k < count; k++)
            sb_screen_fold(screen, &(struct sb_event){.kind = SB_EVENT_COMMAND_DONE, .as.command_done = {.command = 100 + k}});
    }
    assert_int_equal(sent, 256);
    assert_shows("pause_job of 256: 256 done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(space__marks_the_row_and_goes_on_and_takes_the_mark_away),
        TEST(marks__stay_on_their_jobs_when_the_list_is_sorted_anew),
        TEST(marks__hidden_by_a_filter_are_counted_in_the_question),
        TEST(star__marks_what_the_filter_shows_and_X_clears),
        TEST(range__marks_from_v_to_v),
        TEST(range__that_is_under_way_counts_for_the_action),
        TEST(many__are_sent_one_by_one_and_each_result_is_told),
        TEST(many__that_moved_before_the_answer_are_skipped),
        TEST(marks__follow_the_name_over_a_reload_and_what_has_vanished_is_skipped),
        TEST(p__on_marks_pauses_before_it_resumes),
        TEST(undo__takes_many_back_as_one),
        TEST(undo__of_many_ends_after_five_seconds),
        TEST(force_run__of_many_says_what_it_overrides_and_wants_a_word_when_the_budget_denies),
        TEST(kill__of_many_wants_the_word),
        TEST(recycle__of_many_skips_a_context_that_has_moved),
        TEST(ack__takes_marks_and_A_all_that_are_shown),
        TEST(mark__of_an_alert_does_not_go_to_another_one_with_its_number),
        TEST(an_action_on_many__waits_for_the_one_before),
        TEST(many__that_no_event_will_answer_are_told_as_failed),
        TEST(viewer__marks_and_does_nothing),
        TEST(paste__marks_nothing_and_starts_nothing),
        TEST(marks__have_a_bound_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
