/* The title and the call: numbers of the model, nothing that came from outside, and no call for what somebody knows already. */
#include "desk.h"

static struct sb_screen_attention look(void)
{
    struct sb_screen_attention attention;
    draw();
    sb_screen_attention(screen, &attention);
    return attention;
}

static void raise_alert(uint32_t id, enum sb_severity severity, const char *subject)
{
    struct sb_event event = {.kind = SB_EVENT_ALERT_RAISED};
    event.as.alert_raised.alert = id;
    event.as.alert_raised.rule = SB_RULE_JOB_FAILED;
    event.as.alert_raised.severity = (uint8_t)severity;
    event.as.alert_raised.job = SB_NO_JOB;
    sb_copy(event.as.alert_raised.subject, SB_NAME_MAX, subject);
    scene_push(&scene, &event);
}

static void title__counts_what_failed_is_paused_and_alarms(void **state)
{
    (void)state;
    assert_string_equal(look().title, "signalbox");
    fail_run(7, POSTING);
    fail_run(8, PLAN);
    SAY(&scene, JOB_PAUSED, job_paused, .job = METRICS, .actor = "ana");
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_LOW);
    raise_alert(5, SB_SEVERITY_WARN, "posting");
    raise_alert(6, SB_SEVERITY_PAGE, "plan");
    assert_string_equal(look().title, "signalbox 2F 1P T2 !2");
}

static void title__says_nothing_before_the_picture_is_known(void **state)
{
    (void)state;
    struct sb_screen_attention attention;
    sb_screen_reset(screen);
    sb_screen_attention(screen, &attention);
    assert_string_equal(attention.title, "signalbox");
    assert_false(attention.is_known);
}

static void title__holds_nothing_that_came_from_outside(void **state)
{
    (void)state;
    scene_job(&scene, 4, "\033]2;owned\a", SB_CATEGORY_NONE, 0, 1);
    raise_alert(9, SB_SEVERITY_PAGE, "\033]2;owned\a");
    fail_run(7, 4);
    assert_string_equal(look().title, "signalbox 1F !1");
}

static void page__is_counted_until_somebody_knows_of_it(void **state)
{
    (void)state;
    assert_true(look().is_known);
    assert_int_equal(look().newest_page, 0);
    raise_alert(11, SB_SEVERITY_WARN, "warns");
    assert_int_equal(look().newest_page, 0);
    raise_alert(12, SB_SEVERITY_PAGE, "posting");
    raise_alert(13, SB_SEVERITY_PAGE, "plan");
    assert_int_equal(look().newest_page, 13);
    assert_int_equal(look().pages, 2);
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 13, .actor = "ana", .lasts = SB_HOUR(1));
    assert_int_equal(look().newest_page, 12);
    SAY(&scene, SILENCE_SET, silence_set, .silence = 1, .rule = SB_RULE_JOB_FAILED, .lasts = SB_HOUR(1), .subject = "post*", .actor = "ana");
    assert_int_equal(look().newest_page, 0);
    assert_int_equal(look().pages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(title__counts_what_failed_is_paused_and_alarms),
        TEST(title__says_nothing_before_the_picture_is_known),
        TEST(title__holds_nothing_that_came_from_outside),
        TEST(page__is_counted_until_somebody_knows_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
