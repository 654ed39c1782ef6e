/* The keys of the past: what they ask for, what is refused there, and the way back. */
#include "tests/unit/tui_panes/desk.h"

#include "signalbox/tui/model.h"

static struct sb_model *past;

static int open_desk(void **state)
{
    past = sb_model_create();
    return past == NULL || setup(state) != 0;
}

static int close_desk(void **state)
{
    const int rc = teardown(state);
    sb_model_destroy(past);
    return rc;
}

/* Shows a past of ten minutes ago. */
static void rewind_to(sb_ns ago)
{
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(past, &scene.events[i]);
    sb_screen_show_past(screen, past, (struct sb_now){.mono = now.mono - ago, .wall = {now.wall.ns - ago}}, 0);
    assert_shows(" PAST ");
}

static void open_recording(void)
{
    const struct sb_screen_setup with = {.actor = "nobody", .environment = "recording", .is_ascii = true, .is_read_only = true, .is_recording = true};
    sb_screen_destroy(screen);
    screen = sb_screen_create(&with, NULL);
    assert_non_null(screen);
    folded = scene.count;
    is_runtime_silent = true;
}

static void assert_wish(enum sb_screen_past wish)
{
    assert_int_equal(answer.past, wish);
    assert_false(answer.has_command);
}

static void ask(const char *text)
{
    press('@');
    assert_wish(SB_SCREEN_PAST_NONE);
    type(text);
    press(SB_KEY_ENTER);
}

static void brackets__lead_back_and_only_from_the_past_forward(void **state)
{
    (void)state;
    press('[');
    assert_wish(SB_SCREEN_PAST_BACK);
    press('{');
    assert_wish(SB_SCREEN_PAST_CHANGE_BEFORE);
    press(']');
    assert_wish(SB_SCREEN_PAST_NONE);
    assert_shows("this is the present; [ goes back");
    rewind_to(SB_MIN(10));
    press(']');
    assert_wish(SB_SCREEN_PAST_FORWARD);
    press('}');
    assert_wish(SB_SCREEN_PAST_CHANGE_AFTER);
}

static void prompt__takes_times_and_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sb_screen_past wish;
        int64_t at; /* from the second of 14:41:07Z, the scene's begin, on */
    } asked[] = {
        {"14:02", SB_SCREEN_PAST_GO, -2347},   {"14:02:10Z", SB_SCREEN_PAST_GO, -2337}, {"2026-11-22T14:41:07", SB_SCREEN_PAST_GO, -86400},
        {"23:00", SB_SCREEN_PAST_GO, 29933 - 86400}, /* yesterday's: today's has not come yet */
        {"2026-11-23 14:41", SB_SCREEN_PAST_GO, -7}, {"alert", SB_SCREEN_PAST_ALERT, 0}, {"begin", SB_SCREEN_PAST_BEGIN, 0},
        {"end", SB_SCREEN_PAST_END, 0},
    };
    for (unsigned i = 0; i < SB_LEN(asked); i++) {
        ask(asked[i].text);
        assert_wish(asked[i].wish);
        if (asked[i].wish == SB_SCREEN_PAST_GO)
            assert_int_equal(answer.past_at.ns / SB_S(1) - SCENE_WALL / SB_S(1), asked[i].at);
    }
    ask("-1h30m");
    assert_wish(SB_SCREEN_PAST_GO);
    assert_int_equal(answer.past_at.ns, now.wall.ns - SB_MIN(90));
    rewind_to(SB_MIN(10));
    ask("+5m"); /* from the time that is shown */
    assert_true(answer.past_at.ns < now.wall.ns - SB_MIN(4) && answer.past_at.ns > now.wall.ns - SB_MIN(6));
    ask("x60");
    assert_wish(SB_SCREEN_PAST_SPEED);
    assert_int_equal(answer.past_speed, 60);
    ask("x0");
    assert_wish(SB_SCREEN_PAST_SPEED);
    assert_int_equal(answer.past_speed, 0);
    ask("live");
    assert_wish(SB_SCREEN_PAST_LIVE);
}

static void prompt__repeats_what_was_asked_before(void **state)
{
    (void)state;
    ask("");
    assert_wish(SB_SCREEN_PAST_NONE);
    ask("-1m");
    rewind_to(SB_MIN(10));
    press('@');
    assert_shows("Enter: again -1m");
    press(SB_KEY_ENTER);
    assert_wish(SB_SCREEN_PAST_GO);
    assert_true(answer.past_at.ns < now.wall.ns - SB_MIN(10) && answer.past_at.ns > now.wall.ns - SB_MIN(12));
}

static void prompt__tells_what_it_expects(void **state)
{
    (void)state;
    static const char *const wrong[] = {"noon", "25:00", "14:60", "14", "-10", "-", "x601", "x", "2026-02-31 10:00", "14:02:10ZZ"};
    for (unsigned i = 0; i < SB_LEN(wrong); i++) {
        ask(wrong[i]);
        assert_wish(SB_SCREEN_PAST_NONE);
        assert_shows(": expected 14:02, 14:02:10,");
    }
    press('@');
    type("14:0");
    assert_shows("@14:0_");
    press(SB_KEY_BACKSPACE);
    assert_shows("@14:_");
    press(SB_KEY_ESCAPE);
    assert_wish(SB_SCREEN_PAST_NONE);
    assert_hides("@14");
}

static void past__refuses_every_action_that_changes_something(void **state)
{
    (void)state;
    fail_run(7, POSTING);
    rewind_to(SB_MIN(10));
    static const uint32_t keys[] = {'p', 'r', 'R', '!', 'x', 'K', 'P', 'Q', 'u'};
    for (unsigned i = 0; i < SB_LEN(keys); i++) {
        press(keys[i]);
        assert_wish(SB_SCREEN_PAST_NONE);
        assert_false(answer.wants_leave);
        assert_shows("refused: ");
        assert_shows(" changes nothing in the past, 14:3");
    }
    press(SB_KEY_ENTER); /* what only shows works */
    assert_shows("Detail");
}

static void f_and_q__return_to_live(void **state)
{
    (void)state;
    rewind_to(SB_MIN(10));
    press('F');
    assert_wish(SB_SCREEN_PAST_LIVE);
    sb_screen_show_past(screen, NULL, now, 0);
    assert_shows(" LIVE ");
    assert_hides("FROZEN");
    rewind_to(SB_MIN(10));
    press(SB_KEY_ENTER);
    press('q'); /* first the detail closes */
    assert_wish(SB_SCREEN_PAST_NONE);
    press('q');
    assert_wish(SB_SCREEN_PAST_LIVE);
}

static void past__of_a_frozen_picture_ends_live(void **state)
{
    (void)state;
    press('F');
    assert_shows("FROZEN");
    rewind_to(SB_MIN(10));
    assert_hides("FROZEN");
    press('F');
    sb_screen_show_past(screen, NULL, now, 0);
    assert_shows(" LIVE ");
}

static void live_model__goes_on_behind_the_past(void **state)
{
    (void)state;
    rewind_to(SB_MIN(10));
    fail_run(7, POSTING);
    assert_shows("4 jobs FAIL 0");
    sb_screen_show_past(screen, NULL, now, 0);
    assert_shows("4 jobs FAIL 1");
}

/* Panes whose text others read are of now, and say so. */
static void content__is_not_recorded(void **state)
{
    (void)state;
    rewind_to(SB_MIN(10));
    press('7');
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, "2 drafts\nrow\n", "", now);
    assert_shows(">7 Content< not recorded");
    assert_shows("not recorded: nothing is known of ");
    assert_hides("2 drafts");
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_NONE);
    press('9');
    assert_shows(">9 Nodes< not recorded");
    press('7');
    sb_screen_show_past(screen, NULL, now, 0);
    assert_hides("not recorded");
}

static void recording__has_no_present_and_is_left_at_once(void **state)
{
    (void)state;
    open_recording();
    rewind_to(SB_DAY(2));
    assert_shows("PAST 2026-11-21T14:41:0");
    press('p');
    assert_shows("refused: PAUSE changes nothing in a recording");
    press('F');
    assert_wish(SB_SCREEN_PAST_NONE);
    assert_shows("this is a recording: there is no present");
    ask("23:00"); /* of the day that is shown, whatever the clock on the wall says */
    assert_int_equal(answer.past_at.ns / SB_S(1) - SCENE_WALL / SB_S(1), 29933 - 2 * 86400);
    press('Q');
    assert_true(answer.wants_leave);
}

#define PAST_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(brackets__lead_back_and_only_from_the_past_forward),
        PAST_TEST(prompt__takes_times_and_words),
        PAST_TEST(prompt__repeats_what_was_asked_before),
        PAST_TEST(prompt__tells_what_it_expects),
        PAST_TEST(past__refuses_every_action_that_changes_something),
        PAST_TEST(f_and_q__return_to_live),
        PAST_TEST(past__of_a_frozen_picture_ends_live),
        PAST_TEST(live_model__goes_on_behind_the_past),
        PAST_TEST(content__is_not_recorded),
        PAST_TEST(recording__has_no_present_and_is_left_at_once),
    };
    return cmocka_run_group_tests_name("panes_past", tests, NULL, NULL);
}
