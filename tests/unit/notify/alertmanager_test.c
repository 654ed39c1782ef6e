/* Alertmanager's form. */
#include "letters.h"

static const struct sb_channel_def channel = { .name = "am", .kind = SB_CHANNEL_ALERTMANAGER, .url = "http://127.0.0.1:9093", .labels = labels,
                                               .label_count = 1, .every = SB_MIN(1), .allows_private = true };

#define ALERT(severity, title, ends)                                                                                              \
    "{\"labels\":{\"alertname\":\"job_failed\",\"severity\":\"" severity "\",\"subject\":\"posting\",\"environment\":\"growth\","       \
    "\"host\":\"alpha\"},\"annotations\":{\"summary\":\"" title " job_failed: posting (growth)\",\"description\":\"3 attempts failed: " \
    "no answer within 30s\\nlast step: publish\",\"remedy\":\"signalbox run show 4711\",\"key\":\"a17.ops.1\"},"                      \
    "\"startsAt\":\"2026-11-27T20:00:00.000Z\",\"endsAt\":\"" ends "\"}"

static void expect(enum sb_notice_kind kind, enum sb_severity severity, const char *body)
{
    struct sb_notice notice = golden(kind);
    notice.severity = (uint8_t)severity;
    struct letter letter = write_letter(sb_channel_write_alertmanager, &channel, &notice);
    assert_string_equal(letter.body, body);
    assert_string_equal(letter.path, "/api/v2/alerts");
    free(letter.body);
}

static void alertmanager__ends_a_firing_alert_three_repetitions_ahead(void **state)
{
    (void)state;
    expect(SB_NOTICE_FIRING, SB_SEVERITY_PAGE, "[" ALERT("page", "[PAGE]", "2026-11-27T20:08:10.000Z") "]");
    expect(SB_NOTICE_REPEAT, SB_SEVERITY_WARN, "[" ALERT("warn", "[WARN, still firing]", "2026-11-27T20:08:10.000Z") "]");
}

static void alertmanager__ends_a_resolved_alert_when_it_was_resolved(void **state)
{
    (void)state;
    expect(SB_NOTICE_RESOLVED, SB_SEVERITY_PAGE, "[" ALERT("page", "[RESOLVED]", "2026-11-27T20:04:10.000Z") "]");
}

static void alertmanager__ends_the_lower_severities_of_an_alert_that_rose(void **state)
{
    (void)state;
    expect(SB_NOTICE_ESCALATED, SB_SEVERITY_WARN,
           "[" ALERT("warn", "[WARN, escalated]", "2026-11-27T20:08:10.000Z") "," ALERT("debug", "[WARN, escalated]", "2026-11-27T20:04:10.000Z") ","
           ALERT("info", "[WARN, escalated]", "2026-11-27T20:04:10.000Z") "]");
}

static void alertmanager__has_a_test_end_by_itself(void **state)
{
    (void)state;
    expect(SB_NOTICE_TEST, SB_SEVERITY_INFO, "[" ALERT("info", "[TEST INFO]", "2026-11-27T20:06:10.000Z") "]");
}

static void alertmanager__keeps_hostile_text_inside_its_values(void **state)
{
    (void)state;
    const struct sb_notice notice = hostile();
    struct sb_channel_def linked = channel;
    linked.link = "https://ops.example.net/";
    linked.secret = "env:TOKEN";
    struct letter letter = write_letter(sb_channel_write_alertmanager, &linked, &notice);
    char *name = text_at(&letter, "0.labels.alertname"), *text = text_at(&letter, "0.annotations.description");
    char *link = text_at(&letter, "0.generatorURL");
    assert_string_equal(name, "job\xef\xbf\xbd[31m\"},{\"x");
    assert_plain(text, "\n");
    assert_string_equal(link, "https://ops.example.net/");
    assert_int_equal(letter.secret, LETTER_SECRET_BEARER);
    free(name);
    free(text);
    free(link);
    free(letter.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alertmanager__ends_a_firing_alert_three_repetitions_ahead),
        cmocka_unit_test(alertmanager__ends_a_resolved_alert_when_it_was_resolved),
        cmocka_unit_test(alertmanager__ends_the_lower_severities_of_an_alert_that_rose),
        cmocka_unit_test(alertmanager__has_a_test_end_by_itself),
        cmocka_unit_test(alertmanager__keeps_hostile_text_inside_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
