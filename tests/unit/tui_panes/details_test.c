/* Views of one thing: the way in and back, what they say, and questions about the past that are answered late, wrongly or never. */
#include "tests/unit/tui_panes/desk.h"

static struct sb_findings found;

/* The question the screen has; the answer to it is begun in `found`. */
static struct sb_lookup asked(enum sb_lookup_kind kind)
{
    struct sb_lookup lookup;
    if (!sb_screen_wants(screen, now, &lookup))
        fail_msg("nothing is asked");
    assert_int_equal(lookup.kind, kind);
    memset(&found, 0, sizeof found);
    found.number = lookup.number;
    found.kind = lookup.kind;
    return lookup;
}

static void assert_asks_nothing(void)
{
    struct sb_lookup lookup;
    assert_false(sb_screen_wants(screen, now, &lookup));
}

static void answer_with(void)
{
    sb_screen_found(screen, &found, now);
}

/* A page of runs, the newest first, from `first` down. */
static void answer_runs(uint64_t first, uint32_t count, bool is_newest, bool is_oldest)
{
    found.run_count = count;
    found.is_newest = is_newest;
    found.is_oldest = is_oldest;
    for (uint32_t i = 0; i < count; i++) {
        found.runs[i] = (struct sb_past_run){.id = first - i, .state = SB_RUN_STATE_SUCCEEDED, .queued = now.wall, .started = now.wall,
                                             .ended = now.wall, .duration = SB_S(2), .attempt = 1};
        sb_copy(found.runs[i].job, SB_NAME_MAX, "metrics_scraper");
    }
    answer_with();
}

static void open_history(void)
{
    select_job("metrics");
    press(SB_KEY_ENTER);
    (void)asked(SB_LOOKUP_JOB);
    answer_with();
    press(SB_KEY_ENTER);
}

/* ---- questions ---- */

static void question__is_asked_once_and_its_waiting_is_shown(void **state)
{
    (void)state;
    open_history();
    const struct sb_lookup lookup = asked(SB_LOOKUP_RUNS);
    assert_string_equal(lookup.name, "metrics_scraper");
    assert_asks_nothing();
    assert_shows("asking the store...");
    assert_hides("asking the store... 2s");
    wait_for(SB_S(2));
    assert_shows("asking the store... 2s");
    answer_runs(41, 3, true, true);
    assert_hides("asking the store");
    assert_shows("41 succeeded");
}

static void question__that_failed_says_why_and_f5_asks_again(void **state)
{
    (void)state;
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    found.code = SB_ERR_TIMEOUT;
    sb_copy(found.text, sizeof found.text, "the store did not answer within 5s");
    answer_with();
    assert_shows("the store did not answer within 5s; F5 asks again");
    assert_asks_nothing();
    press(SB_KEY_F5);
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(41, 1, true, true);
    assert_hides("did not answer");
}

static void question__an_answer_to_an_older_one_is_passed_over(void **state)
{
    (void)state;
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    const struct sb_findings late = found;
    press('q');
    press('q');
    select_job("posting");
    press(SB_KEY_ENTER);
    press(SB_KEY_ENTER);
    (void)asked(SB_LOOKUP_RUNS);
    found = late;
    answer_runs(41, 3, true, true); /* of the other job */
    assert_hides("41 succeeded");
    assert_shows("asking the store");
}

static void question__called_off_is_asked_again_by_who_comes_back(void **state)
{
    (void)state;
    select_job("metrics");
    press(SB_KEY_ENTER);
    (void)asked(SB_LOOKUP_JOB);
    press(SB_KEY_ENTER);
    (void)asked(SB_LOOKUP_RUNS); /* it takes the place of the first */
    answer_runs(41, 1, true, true);
    press('q');
    (void)asked(SB_LOOKUP_JOB);
    sb_copy(found.text, sizeof found.text, "= as it is defined\npriority 4\n");
    answer_with();
    press('G');
    assert_shows("priority 4");
}

static void question__a_run_that_goes_on_is_read_again_when_something_happened(void **state)
{
    (void)state;
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(41, 2, true, true);
    press(SB_KEY_ENTER);
    assert_true(asked(SB_LOOKUP_RUN).id == 41);
    found.run_count = 1;
    found.runs[0] = (struct sb_past_run){.id = 41, .state = SB_RUN_STATE_RUNNING, .queued = now.wall};
    answer_with();
    wait_for(SB_S(3));
    assert_asks_nothing(); /* nothing happened */
    start_run(50, PLAN);
    (void)asked(SB_LOOKUP_RUN);
    found.run_count = 1;
    found.runs[0] = (struct sb_past_run){.id = 41, .state = SB_RUN_STATE_SUCCEEDED, .queued = now.wall, .ended = now.wall};
    answer_with();
    wait_for(SB_S(3));
    fail_run(50, PLAN);
    assert_asks_nothing(); /* it is over */
}

/* ---- pages ---- */

static void history__moving_beyond_a_page_asks_for_the_next_and_back(void **state)
{
    (void)state;
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(100, SB_LOOKUP_PAGE, true, false);
    for (unsigned i = 1; i < SB_LOOKUP_PAGE; i++)
        press('j');
    assert_asks_nothing();
    press('j');
    struct sb_lookup lookup = asked(SB_LOOKUP_RUNS);
    assert_true(lookup.before == 81 && lookup.after == 0);
    assert_shows("81 succeeded"); /* the page stays until the next one is here */
    answer_runs(80, SB_LOOKUP_PAGE, false, true);
    assert_shows(">      80 succeeded");
    assert_hides("81 succeeded");
    assert_shows("the oldest");
    press('k');
    lookup = asked(SB_LOOKUP_RUNS);
    assert_true(lookup.after == 80 && lookup.before == 0);
    answer_runs(100, SB_LOOKUP_PAGE, true, false);
    assert_shows(">      81 succeeded");
    press('G');
    assert_true(asked(SB_LOOKUP_RUNS).from_oldest);
    answer_runs(80, SB_LOOKUP_PAGE, false, true);
    assert_shows(">      61 succeeded");
    press('g');
    lookup = asked(SB_LOOKUP_RUNS);
    assert_true(lookup.before == 0 && lookup.after == 0 && !lookup.from_oldest);
}

static void history__a_newer_run_does_not_move_the_selection(void **state)
{
    (void)state;
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(100, 5, true, true);
    press('j');
    assert_shows(">      99 succeeded");
    wait_for(SB_S(3));
    start_run(101, METRICS);
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(101, 6, true, true);
    assert_shows(">      99 succeeded");
}

/* ---- the way in and back ---- */

static void views__enter_goes_in_and_q_comes_back_to_the_same_selection(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN, .subject = "plan");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .component = SB_COMPONENT_LLM, .subject = "llm", .text = "llm failed");
    select_job("analytics");
    press('4');
    press('j');
    press(SB_KEY_ENTER);
    assert_shows(">Alert< 6 dep_down");
    press(SB_KEY_ENTER);
    assert_shows(">Service< llm");
    press(7); /* C-g */
    assert_shows(">Alert< 6 dep_down");
    press('q');
    assert_shows(">4 Alerts<");
    press('k');
    press(SB_KEY_ENTER);
    press(SB_KEY_ENTER);
    assert_shows(">Detail< plan");
    press('?');
    assert_shows(">Help<");
    press('q');
    assert_shows(">Detail< plan");
    press(SB_KEY_ESCAPE);
    press('q');
    assert_shows(">4 Alerts<");
    press('1');
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, ANALYTICS, 0); /* looking at plan chose nothing in the list */
    press('5');
    press(SB_KEY_ENTER);
    assert_shows(">Service< llm");
    press('4'); /* a jump forgets the way */
    press('q');
    assert_shows("nothing to go back to");
}

static void actions__in_a_view_are_about_what_it_shows(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN, .subject = "plan");
    press('4');
    press(SB_KEY_ENTER);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 4, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = SB_NO_JOB, .subject = "llm");
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 5, .actor = "bob");
    press('a');
    assert_false(answer.has_command);
    assert_shows("already acknowledged by bob");
    SAY(&scene, ALERT_CLEARED, alert_cleared, .alert = 5, .rule = SB_RULE_JOB_FAILED);
    press('a');
    assert_false(answer.has_command);
    assert_shows("it has cleared");
    press('5');
    press('j');
    press(SB_KEY_ENTER);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_STORE, .state = SB_COMPONENT_STATE_FAILED); /* the list moves */
    press('r');
    assert_true(answer.has_command);
    assert_int_equal(answer.command.kind, SB_COMMAND_PROBE_COMPONENT);
    assert_int_equal(answer.command.component, SB_COMPONENT_BROWSER);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 3);
    press('2');
    press('j');
    press(SB_KEY_ENTER);
    press('K');
    assert_shows("Recycle ctx1");
}

static void run__that_is_over_is_not_acted_on_in_place_of_a_newer_one(void **state)
{
    (void)state;
    fail_run(60, METRICS);
    open_history();
    (void)asked(SB_LOOKUP_RUNS);
    answer_runs(60, 2, true, true);
    press('j');
    press(SB_KEY_ENTER);
    assert_shows(">Run< 59 of metrics_scraper");
    press('r');
    assert_none();
    assert_shows("run 59 is over and metrics_scraper has gone on");
    press('q');
    press('k');
    press(SB_KEY_ENTER);
    press('r');
    assert_command(SB_COMMAND_RETRY_RUN, METRICS, 60);
}

/* ---- what they say ---- */

static void alert__says_bounds_runbook_and_what_kept_it_from_people(void **state)
{
    (void)state;
    SAY(&scene, CHANNEL_DEFINED, channel_defined, .channel = 0, .min_severity = SB_SEVERITY_PAGE, .name = "oncall", .kind = "webhook");
    SAY(&scene, CHANNEL_DEFINED, channel_defined, .channel = 1, .min_severity = SB_SEVERITY_INFO, .name = "team", .kind = "slack");
    SAY(&scene, RULE_DEFINED, rule_defined, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_COUNT, .raise_n = 2, .raise_of = 3, .clear_n = 1,
        .clear_of = 1, .hold = SB_MIN(5), .runbook = "wiki/jobs: ask the team first");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 9, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = SB_NO_JOB,
        .component = SB_COMPONENT_LLM, .subject = "llm", .text = "llm failed");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN, .subject = "plan",
        .text = "plan failed: no such selector");
    SAY(&scene, NOTICE_HELD, notice_held, .alert = 5, .channel = 0, .why = SB_TOLD_INHIBITED, .notice = SB_NOTICE_KIND_COUNT, .by = "llm");
    SAY(&scene, NOTICE_HELD, notice_held, .alert = 5, .channel = 1, .why = SB_TOLD_SILENCED, .notice = SB_NOTICE_KIND_COUNT, .by = "bob",
        .lasts = SB_HOUR(1));
    SAY(&scene, SILENCE_SET, silence_set, .silence = 3, .rule = SB_RULE_JOB_FAILED, .lasts = SB_HOUR(1), .subject = "pl*", .actor = "bob",
        .reason = "being rebuilt");
    grid.rows = 40;
    press('4');
    press('j');
    press(SB_KEY_ENTER);
    assert_shows(">Alert< 5 job_failed");
    assert_shows("fires when 2 of the last 3 looks are bad and so for 5m00s");
    assert_shows("(as the catalogue has it)");
    assert_shows("wiki/jobs: ask the team first");
    assert_hides("docs/OPERATIONS.md");
    assert_shows("oncall (webhook): follows from another alert: llm");
    assert_shows("follows alert 9 dep_down: llm failed");
    assert_shows("team (slack): silenced by bob, for 59m");
    assert_shows("silence 3 by bob, for 59m");
    assert_shows("being rebuilt");
    assert_shows("P alert 5 job_failed: plan failed: no such selector"); /* what happened */
    press('q');
    press('k');
    press(SB_KEY_ENTER);
    assert_shows("docs/OPERATIONS.md, Recovery");
}

static void alert__its_story_goes_on_where_the_journal_was_read(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = PLAN, .subject = "plan",
        .text = "first");
    const uint64_t seq = scene.seq;
    press('4');
    press(SB_KEY_ENTER);
    assert_shows("W alert 5 job_failed: first");
    assert_true(asked(SB_LOOKUP_ALERT).id == 5);
    found.event_count = 2;
    found.events[0].event = (struct sb_event){.seq = seq - 1, .kind = SB_EVENT_ALERT_RAISED, .wall = now.wall,
                                              .as.alert_raised = {.alert = 5, .rule = SB_RULE_JOB_FAILED, .text = "before this console"}};
    found.events[1].event = (struct sb_event){.seq = seq, .kind = SB_EVENT_ALERT_RAISED, .wall = now.wall,
                                              .as.alert_raised = {.alert = 5, .rule = SB_RULE_JOB_FAILED, .text = "first"}};
    answer_with();
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 5, .actor = "bob", .note = "on it");
    assert_shows("before this console");
    assert_shows("acknowledged by bob on it");
    const char *const first = strstr(draw(), "job_failed: first");
    assert_non_null(first);
    assert_null(strstr(first + 1, "job_failed: first")); /* told once */
}

static void context__says_who_holds_it_who_waits_and_why_it_was_opened_anew(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_CLOSING, .generation = 3, .reason = "used 50 times");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 4);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 41, .job = METRICS, .attempt = 1);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 0, .run = 41, .job = METRICS, .deadline = SB_S(90), .lane = SB_LANE_LOW, .is_borrowed = true);
    SAY(&scene, STEP_STARTED, step_started, .run = 41, .job = METRICS, .step = 1, .attempt = 1, .ctx = 0, .timeout = SB_S(30));
    SAY(&scene, RUN_QUEUED, run_queued, .run = 42, .job = POSTING, .attempt = 1);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 42, .job = POSTING, .lane = SB_LANE_POSTING);
    SAY(&scene, LEASE_YIELD_ASKED, lease_yield_asked, .ctx = 0, .run = 41, .for_run = 42);
    grid.rows = 40;
    press('2');
    press(SB_KEY_ENTER);
    assert_shows("generation 4");
    assert_shows("metrics_scraper run 41 for 2.0s, deadline in 28s");
    assert_shows("2/3 login for 2.0s of 30s");
    assert_shows("from lane low by a job of category metrics; asked to yield to run 42");
    assert_shows("1 posting run 42 lane posting for 2.0s: another lane");
    assert_shows("closing, generation 3: used 50 times");
}

static void service__says_who_needs_it_who_waits_and_how_it_changed(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK, .latency = SB_MS(812));
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503",
        .latency = SB_S(2));
    SAY(&scene, RUN_QUEUED, run_queued, .run = 42, .job = PLAN, .attempt = 1);
    SAY(&scene, RUN_HELD, run_held, .run = 42, .job = PLAN, .hold = SB_HOLD_DEPENDENCY, .component = SB_COMPONENT_LLM);
    press('5');
    press(SB_KEY_ENTER);
    assert_shows("failed for 2.0s | important | its last check took 2.0s");
    assert_shows("jobs    plan analytics");
    assert_shows("held    plan");
    assert_shows("failed: HTTP 503");
    assert_shows("ok");
}

static void audit__says_who_why_and_what_became_of_it(void **state)
{
    (void)state;
    SAY(&scene, COMMAND_ASKED, command_asked, .command = 70, .kind = SB_COMMAND_PAUSE_JOB, .ctx = SB_NO_CTX, .component = SB_COMPONENT_COUNT,
        .reason = "rate limit");
    SAY(&scene, COMMAND_DONE, command_done, .command = 70, .kind = SB_COMMAND_PAUSE_JOB, .job = PLAN, .actor = "bob", .outcome = "paused plan");
    SAY(&scene, COMMAND_ASKED, command_asked, .command = 71, .kind = SB_COMMAND_RECYCLE_CONTEXT, .ctx = 2, .component = SB_COMPONENT_COUNT);
    SAY(&scene, COMMAND_REFUSED, command_refused, .command = 71, .kind = SB_COMMAND_RECYCLE_CONTEXT, .job = SB_NO_JOB, .actor = "ana",
        .outcome = "that context is not open");
    press('L');
    assert_shows(">Audit<");
    assert_shows("recycle_context   ctx2               REFUSED!");
    assert_shows("pause_job         plan               ok");
    (void)asked(SB_LOOKUP_AUDIT);
    found.is_newest = found.is_oldest = true;
    found.event_count = 2;
    found.events[0] = (struct sb_past_event){.job = "plan", .event = scene.events[scene.count - 3]}; /* known already */
    found.events[1] = (struct sb_past_event){.job = "gone_job", .event = {.seq = 1, .kind = SB_EVENT_COMMAND_DONE, .wall = {SCENE_WALL - SB_DAY(2)},
        .as.command_done = {.command = 5, .kind = SB_COMMAND_RESUME_JOB, .job = 77, .actor = "eve", .outcome = "resumed gone_job"}}};
    answer_with();
    assert_shows("26-11-21  eve");
    assert_shows("resume_job        gone_job");
    const char *const plan = strstr(draw(), "pause_job ");
    assert_null(strstr(plan + 1, "pause_job "));
    press('j');
    assert_shows("why     rate limit");
    press(SB_KEY_ENTER);
    assert_shows(">Detail< plan");
    press('q');
    assert_shows(">Audit<");
}

static void content_row__is_opened_from_the_row_under_the_cursor(void **state)
{
    (void)state;
    press('7');
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, "content of me\n= drafts: 1\n7f3a-1  single of me\n", "", now);
    assert_shows("= drafts: 1");
    press(SB_KEY_ENTER);
    assert_shows("no content row is under the cursor");
    press('j');
    press(SB_KEY_ENTER);
    const struct sb_lookup lookup = asked(SB_LOOKUP_CONTENT);
    assert_string_equal(lookup.name, "7f3a-1");
    sb_copy(found.text, sizeof found.text, "status     draft\ntext       hi \x1b[2J there\n= attempts: none yet\n");
    answer_with();
    assert_shows(">Content row< 7f3a-1");
    assert_shows("status     draft");
    assert_hides("\x1b");
    press('q');
    assert_shows(">7f3a-1  single of me");
}

static void viewer__opens_every_view(void **state)
{
    (void)state;
    open_screen(true);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN, .subject = "plan");
    press('4');
    press(SB_KEY_ENTER);
    assert_shows(">Alert< 5");
    press('a');
    assert_none();
    press('L');
    assert_shows(">Audit<");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(question__is_asked_once_and_its_waiting_is_shown),
        TEST(question__that_failed_says_why_and_f5_asks_again),
        TEST(question__an_answer_to_an_older_one_is_passed_over),
        TEST(question__called_off_is_asked_again_by_who_comes_back),
        TEST(question__a_run_that_goes_on_is_read_again_when_something_happened),
        TEST(history__moving_beyond_a_page_asks_for_the_next_and_back),
        TEST(history__a_newer_run_does_not_move_the_selection),
        TEST(views__enter_goes_in_and_q_comes_back_to_the_same_selection),
        TEST(actions__in_a_view_are_about_what_it_shows),
        TEST(run__that_is_over_is_not_acted_on_in_place_of_a_newer_one),
        TEST(alert__says_bounds_runbook_and_what_kept_it_from_people),
        TEST(alert__its_story_goes_on_where_the_journal_was_read),
        TEST(context__says_who_holds_it_who_waits_and_why_it_was_opened_anew),
        TEST(service__says_who_needs_it_who_waits_and_how_it_changed),
        TEST(audit__says_who_why_and_what_became_of_it),
        TEST(content_row__is_opened_from_the_row_under_the_cursor),
        TEST(viewer__opens_every_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
