/* The timeline: what its marks say, how far back it looks, and where its selection leads. */
#include "tests/unit/tui_panes/desk.h"

static void lease(uint64_t run, uint16_t job, uint16_t ctx)
{
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = ctx, .run = run, .job = job, .fence = run, .deadline = SB_MIN(5));
    SAY(&scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
}

static void end(uint64_t run, uint16_t job, uint16_t ctx, enum sb_run_state state)
{
    SAY(&scene, LEASE_ENDED, lease_ended, .ctx = ctx, .run = run, .job = job);
    SAY(&scene, RUN_ENDED, run_ended, .run = run, .job = job, .attempt = 1, .state = (uint8_t)state);
}

/* Five minutes ago posting failed on context 2, which died; metrics_scraper waited and runs. */
static void play(void)
{
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1);
    wait_for(SB_MIN(5));
    lease(7, POSTING, 2);
    wait_for(SB_S(60));
    end(7, POSTING, 2, SB_RUN_STATE_FAILED);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_CLOSING, .generation = 1);
    wait_for(SB_S(30));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_IDLE, .generation = 2);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 8, .job = METRICS, .lane = SB_LANE_HIGH);
    wait_for(SB_S(90));
    lease(8, METRICS, 1);
    wait_for(SB_S(60));
}

static void timeline__reads_without_colour(void **state)
{
    (void)state;
    play();
    press('8');
    press('+'); /* ten minutes: 10 s a column */
    assert_shows(">8 Timeline< last 10 min, 1 col = 10s");
    assert_shows("  ctx #2 posting        ..............................ppppppXXXX...............");
    assert_shows("p posting                                             ======x   ");
    assert_shows("m metrics_scraper                                              ~~~~~~~~~~=====>");
    assert_hides("analytics"); /* it did not run */
}

static void timeline__looks_back_for_ten_minutes_an_hour_or_six(void **state)
{
    (void)state;
    play();
    press('8');
    assert_shows("last 60 min");
    press('-');
    assert_shows("last 6 h");
    press('-');
    assert_shows("last 6 h");
    press('+');
    press('+');
    press('+');
    assert_shows("last 10 min");
    wait_for(SB_MIN(20));
    assert_hides("p posting");
    press('-');
    assert_shows("p posting");
}

static void timeline__selection_stays_on_its_job_and_enter_opens_it(void **state)
{
    (void)state;
    play();
    press('8');
    type("jjjj"); /* three contexts, the failed job, the running one */
    assert_shows(">m metrics_scraper");
    fail_run(9, ANALYTICS); /* another one comes above it */
    assert_shows(">m metrics_scraper");
    press(SB_KEY_ENTER);
    assert_shows("Detail< metrics_scraper");
    press('q');
    assert_shows(">8 Timeline<");
}

static void timeline__of_a_context_leads_to_its_holder_or_to_it(void **state)
{
    (void)state;
    play();
    press('2');
    press('8');
    type("jg");
    press('j');
    assert_shows(">  ctx #1 high");
    press(SB_KEY_ENTER);
    assert_shows("Detail< metrics_scraper");
    press('q');
    press('j');
    assert_shows(">  ctx #2 posting");
    press(SB_KEY_ENTER);
    assert_shows(">2 Contexts & lanes<");
    assert_shows(">#2  IDLE");
}

static void timeline__q_goes_back_to_where_it_was_opened(void **state)
{
    (void)state;
    press('4');
    press('8');
    press('q');
    assert_shows(">4 Alerts<");
}

/* What the console cannot know is not drawn as an idle context. */
static void timeline__says_nothing_of_the_time_before_it_was_told(void **state)
{
    (void)state;
    play();
    press('8');
    assert_shows("  ctx #0 low        "); /* blank, then ... */
    assert_hides("ctx #0 low     ....");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timeline__reads_without_colour),
        TEST(timeline__looks_back_for_ten_minutes_an_hour_or_six),
        TEST(timeline__selection_stays_on_its_job_and_enter_opens_it),
        TEST(timeline__of_a_context_leads_to_its_holder_or_to_it),
        TEST(timeline__q_goes_back_to_where_it_was_opened),
        TEST(timeline__says_nothing_of_the_time_before_it_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
