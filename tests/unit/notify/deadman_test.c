/* The ping of a dead man's switch. */
#include "letters.h"

static const struct sb_channel_def channel = { .name = "heart", .kind = SB_CHANNEL_DEADMAN, .url = "env:PING" };

static void deadman__writes_the_golden_ping_byte_for_byte(void **state)
{
    (void)state;
    struct sb_notice notice = golden(SB_NOTICE_ALIVE);
    notice.severity = SB_SEVERITY_WARN;
    (void)sb_copy(notice.text, sizeof notice.text, "29 jobs, 2 alerts");
    struct letter letter = write_letter(sb_channel_write_deadman, &channel, &notice);
    assert_string_equal(letter.body, "signalbox growth alive at 2026-11-27T20:05:10Z, worst alert: warn\n29 jobs, 2 alerts");
    assert_string_equal(letter.path, "");
    free(letter.body);
}

static void deadman__stays_plain_and_short(void **state)
{
    (void)state;
    const struct sb_notice notices[] = { hostile(), endless() };
    for (size_t i = 0; i < SB_LEN(notices); i++) {
        struct letter letter = write_letter(sb_channel_write_deadman, &channel, &notices[i]);
        assert_plain(letter.body, "\n");
        assert_true(letter.body_size < 4096);
        free(letter.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadman__writes_the_golden_ping_byte_for_byte),
        cmocka_unit_test(deadman__stays_plain_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
