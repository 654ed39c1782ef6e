/* Filters and searches in the panes: what they take, what they refuse, where n and N go, what is painted. */
#include "tests/unit/tui_panes/desk.h"

static const char *row_with(const char *needle)
{
    const char *const at = strstr(draw(), needle);
    if (at == NULL)
        fail_msg("the screen does not show \"%s\":\n%s", needle, picture);
    return at;
}

/* Slots of the text where it stands first in a pane. */
static void assert_painted(const char *needle, bool is_painted)
{
    (void)draw();
    const size_t width = (size_t)grid.cols + 1;
    const char *const found = strstr(picture + 3 * width, needle); /* below the header and the title, which says it too */
    if (found == NULL)
        fail_msg("no row shows \"%s\":\n%s", needle, picture);
    const size_t at = (size_t)(found - picture);
    for (size_t i = 0; i < strlen(needle); i++) {
        const struct sb_grid_cell *const cell = &grid.cells[at / width * grid.cols + at % width + i];
        if ((cell->slot == SB_SLOT_MATCH) != is_painted)
            fail_msg("\"%s\": %s is %spainted:\n%s", needle, needle + i, is_painted ? "not " : "", picture);
    }
}

static void filter(const char *text)
{
    press('/');
    type(text);
}

static void filter__by_letters(void **state)
{
    (void)state;
    filter("~mscr");
    assert_shows("metrics_scraper");
    assert_hides(" analytics ");
    assert_hides("-     posting");
    press(SB_KEY_ENTER);
    assert_painted("scr", true);
    assert_painted("etrics_", false);
}

static void filter__by_pattern(void **state)
{
    (void)state;
    filter("=^(plan|post)");
    press(SB_KEY_ENTER);
    assert_shows("1-2/2 of 4");
    assert_painted("plan", true);
    assert_shows(" posting ");
    press('\\');
    assert_shows("1-4/4");
    assert_painted("plan", false);
}

static void filter__that_is_no_pattern_changes_nothing_and_says_why(void **state)
{
    (void)state;
    filter("=pl");
    assert_shows("1-1/1 of 4");
    type("(");
    assert_shows("/=pl(_  ( without its )");
    assert_shows("1-1/1 of 4"); /* the last good one stays */
    press(SB_KEY_ENTER);
    assert_shows("/=pl(_"); /* and is not left behind unseen */
    press(SB_KEY_BACKSPACE);
    press(SB_KEY_ENTER);
    assert_hides("without its");
    assert_shows("filter:=pl");
    filter("=((a{200}){200}");
    assert_shows("1-4/4");
    press(SB_KEY_ESCAPE);
    assert_shows("filter:=pl");
    assert_shows("1-1/1 of 4");
}

static void filter__by_keys(void **state)
{
    (void)state;
    start_run(41, METRICS);
    SAY(&scene, STEP_STARTED, step_started, .run = 41, .job = METRICS, .step = 1, .ctx = 2);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 2, .run = 41, .job = METRICS, .deadline = SB_HOUR(11));
    fail_run(42, ANALYTICS);
    SAY(&scene, JOB_PAUSED, job_paused, .job = PLAN, .actor = "bo");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = ANALYTICS,
        .subject = "analytics");
    static const struct {
        const char *text, *only;
    } cases[] = {
        {"state:run", "metrics_scraper"}, {"job:pla", "plan"},     {"category:posting", "posting"}, {"ctx:2", "metrics_scraper"},
        {"step:login state:run", "metrics_scraper"}, {"error:brok", "analytics"}, {"error:fatal", "analytics"},     {"alert:job_failed", "analytics"},
        {"alert:yes", "analytics"},       {"paused:yes", "plan"},  {"state:fail ~nlt", "analytics"}, {"critical:no state:run", "metrics_scraper"},
    };
    for (unsigned i = 0; i < SB_LEN(cases); i++) {
        char title[64];
        struct sb_text text;
        filter(cases[i].text);
        press(SB_KEY_ENTER);
        sb_text_init(&text, title, sizeof title);
        sb_text_add(&text, "1-1/1 of 4");
        if (strstr(draw(), title) == NULL || strstr(picture, cases[i].only) == NULL)
            fail_msg("%s does not leave %s:\n%s", cases[i].text, cases[i].only, picture);
    }
    filter("critical:yes");
    assert_shows("0-0/0 of 4");
}

static void filter__names_the_keys_when_one_is_unknown(void **state)
{
    (void)state;
    filter("sate:fail");
    grid.cols = 200;
    grid.rows = 50;
    assert_shows("no key sate: here; there are state: job: category: ctx: step: error: alert: paused: critical:");
    press(21);
    type("paused:maybe");
    assert_shows("paused: wants yes or no");
}

static void filter__takes_ten_thousand_characters_and_bad_bytes(void **state)
{
    (void)state;
    static struct sb_key keys[10000];
    static struct sb_screen_answer answers[10000];
    for (unsigned i = 0; i < SB_LEN(keys); i++)
        keys[i].code = i % 3 == 0 ? 0x110000 - 1 - i : i % 3 == 1 ? 0xd800 + i % 2048 : '(';
    press('/');
    press('=');
    sb_screen_keys(screen, keys, SB_LEN(keys), true, now, answers);
    assert_shows("/=");
    press(SB_KEY_ESCAPE);
    assert_shows("filter:none");
}

static void alerts__are_filtered_and_sorted(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN,
        .subject = "plan", .text = "broke");
    scene_wait(&scene, SB_S(1));
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .subject = "llm", .text = "down");
    press('4');
    press('z');
    filter("severity:warn");
    press(SB_KEY_ENTER);
    assert_shows("llm: down");
    assert_hides("plan: broke");
    press('a');
    assert_int_equal(answer.command.alert, 6); /* what is shown is what is meant */
    press('\\');
    press('>');
    assert_shows("sort:age");
    assert_true(row_with("llm: down") < strstr(picture, "plan: broke"));
    press('I');
    assert_shows("sort:age inverted");
    assert_true(row_with("plan: broke") < strstr(picture, "llm: down"));
}

static void services__are_filtered(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_STORE, .state = SB_COMPONENT_STATE_OK);
    press('5');
    press('z');
    filter("state:ok");
    press(SB_KEY_ENTER);
    assert_shows("store     OK");
    assert_hides("llm       FAIL!");
    press('r');
    assert_int_equal(answer.command.component, SB_COMPONENT_STORE);
}

static void contexts__are_filtered_and_what_is_selected_is_a_row_that_is_shown(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 9, .job = METRICS, .deadline = SB_S(60));
    press('2');
    press('z');
    assert_shows("#0");
    filter("metrics");
    press(SB_KEY_ENTER);
    assert_shows("filter:metrics");
    assert_shows(">#1");
    assert_hides("#0");
    press('K');
    assert_shows("Recycle ctx1");
    press(SB_KEY_ESCAPE);
    press('\\');
    assert_shows("#0");
    filter("state:down");
    press(SB_KEY_ENTER);
    assert_hides("#0 ");
    assert_hides("#1 ");
    assert_shows(">#2");
    press('\\');
    filter("lane:hi");
    press(SB_KEY_ENTER);
    assert_shows(" high ");
    assert_hides(" low ");
    press('\\');
    filter("ctx:#2");
    press(SB_KEY_ENTER);
    assert_shows(">#2");
    press('\\');
    filter("nowhere");
    press(SB_KEY_ENTER);
    assert_shows("no context fits the filter");
    press('K');
    assert_shows("no context is selected");
    press('\\');
    press('g');
    press('n');
    assert_shows("nothing here matches nowhere");
}

static void budget__is_filtered_by_who_spends(void **state)
{
    (void)state;
    grid.rows = 40;
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_HIGH, .day_start = 1);
    SAY(&scene, BUDGET_SPENT, budget_spent, .job = PLAN, .run = 1, .alias = "premium", .intent = "draft", .cost = SB_USD_NANO);
    SAY(&scene, BUDGET_SPENT, budget_spent, .job = ANALYTICS, .run = 2, .alias = "cheap", .intent = "digest", .cost = SB_USD_NANO / 2);
    press('3');
    press('z');
    assert_shows("1.000 plan");
    assert_shows("0.500 analytics");
    filter("plan");
    press(SB_KEY_ENTER);
    assert_shows("1.000 plan");
    assert_hides("analytics");
    assert_hides("cheap 0.500");
    assert_shows("filter:plan");
}

/* Every view of one thing, and lists of which a page is here: the words are found below what is seen. */
static void views__are_searched(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = PLAN, .subject = "plan",
        .text = "broke");
    static const struct {
        uint32_t pane;
        const char *word;
    } views[] = {{'2', "waits"}, {'4', "Reading"}, {'5', "press"}};
    for (unsigned i = 0; i < SB_LEN(views); i++) {
        grid.rows = 24;
        press(views[i].pane);
        press(SB_KEY_ENTER);
        assert_shows(views[i].word);
        filter(views[i].word);
        press(SB_KEY_ENTER);
        assert_painted(views[i].word, true);
        assert_shows("search:");
        press('\\');
        assert_painted(views[i].word, false);
        filter("zebra");
        press(SB_KEY_ENTER);
        press('n');
        assert_shows("nothing here matches");
        press('\\');
        press('\\');
        press('q');
    }
    for (unsigned i = 0; i < 12; i++) {
        if (i == 3)
            SAY(&scene, COMMAND_DONE, command_done, .command = 103, .kind = SB_COMMAND_PAUSE_JOB, .job = ANALYTICS, .actor = "bo",
                .outcome = "needle");
        else
            SAY(&scene, COMMAND_DONE, command_done, .command = 100 + i, .kind = SB_COMMAND_PAUSE_JOB, .job = PLAN, .actor = "bo", .outcome = "hay");
    }
    grid.rows = 12;
    press('L');
    assert_hides("needle");
    filter("needle");
    press(SB_KEY_ENTER);
    assert_shows("needle");
    assert_painted("needle", true);
    press(SB_KEY_ENTER); /* the row that was found is the one that is open */
    assert_shows("analytics");
}

static void say(const char *text)
{
    struct sb_event event = {.kind = SB_EVENT_NOTE};
    event.as.note.job = SB_NO_JOB;
    event.as.note.severity = SB_SEVERITY_INFO;
    sb_copy(event.as.note.text, sizeof event.as.note.text, text);
    scene_push(&scene, &event);
}

static void log__is_filtered_by_fields(void **state)
{
    (void)state;
    start_run(41, METRICS);
    start_run(42, PLAN);
    press('6');
    press('z');
    filter("run:42");
    assert_shows("plan run 42");
    assert_hides("metrics_scraper run 41");
    press(21);
    type("job:metrics event:started");
    assert_shows("metrics_scraper run 41");
    assert_hides("plan run 42");
}

static void log__n_goes_on_with_the_search_when_the_filter_is_cleared(void **state)
{
    (void)state;
    grid.rows = 14;
    for (unsigned i = 0; i < 60; i++)
        say(i == 10 ? "needle one" : i == 40 ? "needle two" : "hay");
    press('6');
    press('z');
    filter("needle");
    press(SB_KEY_ENTER);
    assert_shows("needle one");
    assert_shows("needle two");
    assert_hides("hay");
    press('\\');
    assert_hides("needle");
    assert_shows("FOLLOW");
    press('N');
    assert_shows("needle two");
    assert_painted("needle", true);
    assert_shows("HELD");
    assert_shows("search:needle");
    press('N');
    assert_shows("needle one");
    assert_hides("needle two");
    press('N');
    assert_shows("the search goes on from the end");
    assert_shows("needle two");
    press('n');
    assert_shows("the search goes on from the beginning");
    assert_shows("needle one");
    press('\\');
    assert_painted("needle", false);
}

static void n__says_when_there_is_nothing_to_search_for(void **state)
{
    (void)state;
    press('n');
    assert_shows("nothing to search for yet");
}

static void jobs__n_goes_to_the_next_that_matches(void **state)
{
    (void)state;
    select_job("a");
    press('\\');
    press('g');
    press('n');
    assert_shows(">-     metrics_scraper");
    press('n');
    assert_shows(">-     plan");
    press('n');
    assert_shows(">-     analytics");
    press('n');
    assert_shows(">-     metrics_scraper");
    press('N');
    assert_shows(">-     analytics");
}

static void detail__is_searched_and_nothing_of_it_is_hidden(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    grid.rows = 10;
    select_job("metrics");
    press(SB_KEY_ENTER);
    assert_hides("attempts_mark");
    filter("~prio");
    press(SB_KEY_ENTER);
    assert_shows("priority");
    assert_painted("prio", true);
    assert_shows("search:~prio");
    filter("in a row");
    assert_shows("failed 1 in a row");
    assert_painted("row", true);
    press(SB_KEY_ENTER);
    assert_hides("priority");
    press('\\');
    assert_painted("row", false);
}

static void page__is_searched_line_by_line(void **state)
{
    (void)state;
    static char text[200 * 6 + 8];
    for (unsigned i = 0; i < 200; i++)
        memcpy(text + (size_t)i * 6, i == 50 || i == 150 ? "=fish\n" : "=soup\n", 6);
    sb_screen_show_page(screen, SB_SCREEN_PAGE_KEPT, 41, text, "", now);
    draw();
    filter("fish");
    press(SB_KEY_ENTER);
    assert_shows("51-");
    press('n');
    assert_shows("151-");
    press('N');
    assert_shows("51-");
    assert_painted("fish", true);
}

static void content__is_searched_and_the_cursor_goes_there(void **state)
{
    (void)state;
    press('7');
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0,
                        "2 drafts\n= drafts: 2\n7f3a-1  single of me\n    \"soup\"\n7f3a-2  single of me\n    \"fish\"\n", "", now);
    draw();
    filter("fish");
    press(SB_KEY_ENTER);
    assert_painted("fish", true);
    draw();
    press('A');
    assert_int_equal(answer.verdict, SB_SCREEN_APPROVE);
    assert_string_equal(answer.content_id, "7f3a-2");
}

static void timeline__is_searched_by_name(void **state)
{
    (void)state;
    start_run(41, METRICS);
    start_run(42, PLAN);
    press('8');
    filter("plan");
    press(SB_KEY_ENTER);
    assert_painted("plan", true);
    press(SB_KEY_ENTER);
    assert_shows(">Detail< plan");
    press('q');
    filter("ctx #1");
    press(SB_KEY_ENTER);
    press('n');
    assert_painted("#1", true);
}

static void help__is_searched_by_class_and_key(void **state)
{
    (void)state;
    grid.rows = 60;
    press('?');
    filter("class:t");
    assert_shows("kill the active run");
    assert_hides("pause the selected job");
    press(21);
    type("key:C-l");
    assert_shows("paint everything again");
    assert_hides("kill the active run");
}

/* ---- the log of one thing ---- */

static void tail__shows_the_log_of_the_selected_job(void **state)
{
    (void)state;
    start_run(41, METRICS);
    start_run(42, PLAN);
    SAY(&scene, STEP_STALE, step_stale, .run = 41, .step = 1);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .component = SB_COMPONENT_LLM, .subject = "llm", .text = "down");
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    select_job("metrics");
    press('t');
    press('z');
    assert_shows("tail:metrics_scraper");
    assert_shows("metrics_scraper run 41");
    assert_hides("plan run 42");
    press('t');
    assert_shows("plan run 42");
    press('4');
    press('t');
    press('z');
    assert_shows("tail:alert 6");
    assert_shows("llm is failed");
    assert_hides("run 41");
    press('\\');
    assert_shows("run 41");
}

static void tail__finds_its_job_after_a_gap(void **state)
{
    (void)state;
    select_job("plan");
    press('t');
    press('z');
    sb_screen_reset(screen);
    scene_init(&scene);
    folded = 0;
    scene_start(&scene);
    scene_job(&scene, 0, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_job(&scene, 2, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_described(&scene);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 2, .attempt = 1);
    SAY(&scene, RUN_STARTED, run_started, .run = 8, .job = 0, .attempt = 1);
    assert_shows("plan run 8");
    assert_hides("posting run 7");
}

static void mark__stands_between_what_was_and_what_comes(void **state)
{
    (void)state;
    say("before");
    press('6');
    press('z');
    press('m');
    say("after");
    assert_shows("mark 1 2026-11-23T14:4");
    assert_true(row_with("before") < strstr(picture, "mark 1"));
    assert_true(strstr(picture, "mark 1") < strstr(picture, "after"));
    for (unsigned i = 0; i < 20; i++)
        press('m');
    assert_shows("mark 21");
    sb_screen_reset(screen);
    assert_hides("mark 21");
}

static void wrap__shows_the_whole_line(void **state)
{
    (void)state;
    say("a long line that goes on and on and on, past the edge of a screen of eighty columns, and has an end");
    press('6');
    press('z');
    assert_hides("has an end");
    press('w');
    assert_shows("has an end");
    press('w');
    assert_hides("has an end");
    press('l');
    press('l');
    press('l');
    assert_shows("has an end");
    assert_shows("from column 49");
    press('h');
    press('h');
    press('h');
    assert_shows("a long line");
    press('h');
    assert_shows("shown from their beginning");
}

static void log__goes_on_following_when_down_is_pressed_at_its_end(void **state)
{
    (void)state;
    say("one");
    say("two");
    press('6');
    press('j');
    assert_shows("FOLLOW");
    press('k');
    assert_shows("HELD");
    press(SB_KEY_END);
    assert_shows("FOLLOW");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(filter__by_letters),
        TEST(filter__by_pattern),
        TEST(filter__that_is_no_pattern_changes_nothing_and_says_why),
        TEST(filter__by_keys),
        TEST(filter__names_the_keys_when_one_is_unknown),
        TEST(filter__takes_ten_thousand_characters_and_bad_bytes),
        TEST(alerts__are_filtered_and_sorted),
        TEST(services__are_filtered),
        TEST(contexts__are_filtered_and_what_is_selected_is_a_row_that_is_shown),
        TEST(budget__is_filtered_by_who_spends),
        TEST(views__are_searched),
        TEST(log__is_filtered_by_fields),
        TEST(log__n_goes_on_with_the_search_when_the_filter_is_cleared),
        TEST(n__says_when_there_is_nothing_to_search_for),
        TEST(jobs__n_goes_to_the_next_that_matches),
        TEST(detail__is_searched_and_nothing_of_it_is_hidden),
        TEST(page__is_searched_line_by_line),
        TEST(content__is_searched_and_the_cursor_goes_there),
        TEST(timeline__is_searched_by_name),
        TEST(help__is_searched_by_class_and_key),
        TEST(tail__shows_the_log_of_the_selected_job),
        TEST(tail__finds_its_job_after_a_gap),
        TEST(mark__stands_between_what_was_and_what_comes),
        TEST(wrap__shows_the_whole_line),
        TEST(log__goes_on_following_when_down_is_pressed_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
