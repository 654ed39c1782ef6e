/* ntfy's form. */
#include "letters.h"

static const struct sb_channel_def channel = { .name = "phone", .kind = SB_CHANNEL_NTFY, .url = "https://ntfy.sh", .topic = "ops", .labels = labels,
                                               .label_count = 1, .secret = "env:TOKEN", .link = "https://ops.example.net/" };

static void ntfy__writes_the_golden_notice_byte_for_byte(void **state)
{
    (void)state;
    const struct sb_notice notice = golden(SB_NOTICE_FIRING);
    struct letter letter = write_letter(sb_channel_write_ntfy, &channel, &notice);
    assert_string_equal(letter.body,
                        "{\"topic\":\"ops\",\"title\":\"[PAGE] job_failed: posting (growth)\","
                        "\"message\":\"3 attempts failed: no answer within 30s\\nlast step: publish\\nWhat to do: signalbox run show 4711\\n"
                        "Since 2026-11-27T20:00:00Z, for 4m10s; alert 17\\nhost=alpha\\n\",\"priority\":5,\"tags\":[\"rotating_light\"],"
                        "\"click\":\"https://ops.example.net/\"}");
    assert_int_equal(letter.secret, LETTER_SECRET_BEARER);
    free(letter.body);
}

static void expect(enum sb_notice_kind kind, enum sb_severity severity, const char *priority, const char *tag)
{
    struct sb_notice notice = golden(kind);
    notice.severity = (uint8_t)severity;
    struct letter letter = write_letter(sb_channel_write_ntfy, &channel, &notice);
    char *got = text_at(&letter, "priority"), *got_tag = text_at(&letter, "tags.0");
    assert_string_equal(got, priority);
    assert_string_equal(got_tag, tag);
    free(got);
    free(got_tag);
    free(letter.body);
}

static void ntfy__rings_by_severity(void **state)
{
    (void)state;
    expect(SB_NOTICE_FIRING, SB_SEVERITY_PAGE, "5", "rotating_light");
    expect(SB_NOTICE_ESCALATED, SB_SEVERITY_WARN, "3", "warning");
    expect(SB_NOTICE_FIRING, SB_SEVERITY_INFO, "2", "information_source");
    expect(SB_NOTICE_RESOLVED, SB_SEVERITY_PAGE, "3", "white_check_mark");
    expect(SB_NOTICE_RESOLVED, SB_SEVERITY_INFO, "2", "white_check_mark");
}

static void ntfy__stays_a_message_when_texts_are_long_or_hostile(void **state)
{
    (void)state;
    const struct sb_notice notices[] = { endless(), hostile() };
    for (size_t i = 0; i < SB_LEN(notices); i++) {
        struct letter letter = write_letter(sb_channel_write_ntfy, &channel, &notices[i]);
        char *message = text_at(&letter, "message"), *title = text_at(&letter, "title");
        assert_plain(message, "\n");
        assert_plain(title, "");
        assert_true(strlen(message) < 4096);
        assert_true(strlen(title) < 256);
        free(message);
        free(title);
        free(letter.body);
    }
}

static void cut__leaves_whole_characters_and_says_so(void **state)
{
    (void)state;
    char buf[32];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    sb_words_cut(&text, "\xc3\xa9\xc3\xa9\xc3\xa9", 5);
    assert_string_equal(buf, "\xc3\xa9\xc3\xa9 \xe2\x80\xa6");
    sb_text_init(&text, buf, sizeof buf);
    sb_words_cut(&text, "\xc3\xa9\xc3\xa9", 4);
    assert_string_equal(buf, "\xc3\xa9\xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ntfy__writes_the_golden_notice_byte_for_byte),
        cmocka_unit_test(ntfy__rings_by_severity),
        cmocka_unit_test(ntfy__stays_a_message_when_texts_are_long_or_hostile),
        cmocka_unit_test(cut__leaves_whole_characters_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
