/* The order of the jobs, the menus that choose it and the columns, and that the selection stays on its job meanwhile. */
#include "tests/unit/tui_panes/desk.h"

static void assert_order(const char *const *names, unsigned count)
{
    const char *before = draw();
    for (unsigned i = 0; i < count; i++) {
        const char *const at = strstr(before, names[i]);
        if (at == NULL)
            fail_msg("%s is not there, or not in its place:\n%s", names[i], picture);
        before = at;
    }
}
#define ORDER(...) assert_order((const char *const[]){__VA_ARGS__}, SB_LEN(((const char *const[]){__VA_ARGS__})))

static void end_run(uint64_t run, uint16_t job, sb_ns duration)
{
    SAY(&scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
    SAY(&scene, RUN_ENDED, run_ended, .run = run, .job = job, .state = SB_RUN_STATE_SUCCEEDED, .attempt = 1, .duration = duration);
}

static void sort__by_the_next_column_and_back(void **state)
{
    (void)state;
    fail_run(41, METRICS);
    assert_shows("sort:severity ");
    press('>');
    assert_shows("sort:name ");
    ORDER("analytics", "metrics_scraper", "plan", "posting");
    press('I');
    assert_shows("sort:name inverted ");
    ORDER("posting", "plan", "metrics_scraper", "analytics");
    press('<');
    assert_shows("sort:severity ");
    ORDER("metrics_scraper", "analytics");
    press('<'); /* round to the last */
    assert_shows("sort:priority ");
    ORDER("posting", "plan", "metrics_scraper", "analytics");
}

static void sort__by_duration_puts_what_has_none_last_both_ways(void **state)
{
    (void)state;
    end_run(41, METRICS, SB_S(3));
    end_run(42, PLAN, SB_S(30));
    press('>');
    press('>');
    press('>');
    assert_shows("sort:last ");
    ORDER("plan", "metrics_scraper", "posting");
    press('I');
    ORDER("metrics_scraper", "plan", "posting");
}

static void sort__by_when_a_job_is_due(void **state)
{
    (void)state;
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = PLAN, .due = SCENE_WALL + SB_MIN(3));
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = ANALYTICS, .due = SCENE_WALL + SB_MIN(1));
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = POSTING, .due = SCENE_WALL + SB_MIN(2));
    press('o');
    for (unsigned i = 0; i < 6; i++)
        press('j');
    press(SB_KEY_ENTER);
    assert_shows("sort:next ");
    ORDER("analytics", "posting", "plan", "metrics_scraper");
}

static void sort__keeps_long_names_apart(void **state)
{
    (void)state;
    scene_job(&scene, 4, "metrics_scraper_b", SB_CATEGORY_NONE, 5, 1);
    scene_job(&scene, 5, "metrics_scraper_a", SB_CATEGORY_NONE, 5, 1);
    press('>');
    ORDER("metrics_scraper ", "metrics_scraper_a", "metrics_scraper_b");
    press('I');
    ORDER("metrics_scraper_b", "metrics_scraper_a", "metrics_scraper ");
}

static void selection__stays_on_its_job_when_the_order_changes(void **state)
{
    (void)state;
    select_job("plan");
    press('\\');
    press('>');
    assert_shows(">-     plan");
    press('I');
    assert_shows(">-     plan");
    press('p');
    assert_command(SB_COMMAND_PAUSE_JOB, PLAN, 0);
}

static void sort_menu__chooses_inverts_and_goes(void **state)
{
    (void)state;
    press('o');
    assert_shows("Sort by");
    assert_shows("> (x) severity");
    press('p'); /* keys belong to the menu */
    assert_none();
    press('j');
    press(' ');
    assert_shows("(x) name");
    assert_shows("sort:name");
    press('I');
    assert_shows("sort:name inverted");
    press('q');
    assert_hides("Sort by");
    press('o');
    press('G');
    press('g');
    press(SB_KEY_ENTER);
    assert_hides("Sort by");
    assert_shows("sort:severity ");
}

static void sort__says_where_there_is_nothing_to_sort(void **state)
{
    (void)state;
    press('2');
    press('o');
    assert_hides("Sort by");
    assert_shows("o does nothing in Contexts");
}

static void columns__are_shown_and_hidden(void **state)
{
    (void)state;
    assert_shows(" ATT ");
    assert_hides("USD");
    press('c');
    assert_shows("[x] SCHEDULE");
    press('j');
    press(' ');
    assert_shows("[ ] ATT");
    press(SB_KEY_ESCAPE);
    assert_hides("Columns");
    assert_hides(" ATT ");
    assert_shows("LAST");
    press('c');
    press('j');
    press(' ');
    press('q');
    assert_shows(" ATT ");
}

static void columns__scroll_to_those_that_do_not_fit(void **state)
{
    (void)state;
    assert_hides("SCHEDULE");
    press('l');
    assert_shows("columns:+1");
    assert_shows("P50");
    for (unsigned i = 0; i < 12; i++)
        press(SB_KEY_RIGHT);
    assert_shows("USD");
    assert_shows("every further column is shown");
    assert_shows("posting");
    for (unsigned i = 0; i < 12; i++)
        press('h');
    assert_hides("columns:+");
    assert_shows("the first column is shown");
    assert_shows(" ATT ");
}

static void columns__all_hidden_leaves_state_and_name(void **state)
{
    (void)state;
    press('c');
    while (strstr(draw(), "[x]") != NULL) {
        press(' ');
        press('j');
    }
    press(SB_KEY_ESCAPE);
    assert_hides("ATT");
    assert_hides("ERROR / STEP");
    assert_shows("STATE JOB");
    assert_shows("metrics_scraper");
}

static void menus__fit_any_size(void **state)
{
    (void)state;
    static const uint32_t keys[] = {'o', 'c'};
    for (unsigned i = 0; i < SB_LEN(keys); i++) {
        press(keys[i]);
        press('G');
        for (uint16_t rows = 1; rows < 30; rows++) {
            for (uint16_t cols = 1; cols < 90; cols += 7) {
                grid.rows = rows;
                grid.cols = cols;
                draw();
                assert_true(grid.cursor_row < rows && grid.cursor_col < cols);
            }
        }
        press(SB_KEY_ESCAPE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sort__by_the_next_column_and_back),
        TEST(sort__by_duration_puts_what_has_none_last_both_ways),
        TEST(sort__by_when_a_job_is_due),
        TEST(sort__keeps_long_names_apart),
        TEST(selection__stays_on_its_job_when_the_order_changes),
        TEST(sort_menu__chooses_inverts_and_goes),
        TEST(sort__says_where_there_is_nothing_to_sort),
        TEST(columns__are_shown_and_hidden),
        TEST(columns__scroll_to_those_that_do_not_fit),
        TEST(columns__all_hidden_leaves_state_and_name),
        TEST(menus__fit_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
