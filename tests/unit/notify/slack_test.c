/* Slack's form: what a notice says stays words in every receiver that reads it. */
#include "letters.h"

#define NOTHING "\xe2\x80\x8b"

static const struct sb_channel_def channel = { .name = "chat", .kind = SB_CHANNEL_SLACK, .url = "env:SLACK", .labels = labels, .label_count = 1,
                                               .link = "https://ops.example.net/signalbox" };

static void slack__writes_the_golden_notice_byte_for_byte(void **state)
{
    (void)state;
    const struct sb_notice notice = golden(SB_NOTICE_REPEAT);
    struct letter letter = write_letter(sb_channel_write_slack, &channel, &notice);
    assert_string_equal(letter.body,
                        "{\"text\":\"*[PAGE, still firing] job_failed: posting (growth)*\\n"
                        "3 attempts failed: no answer within 30s\\nlast step: publish\\n"
                        "What to do: signalbox run show 4711\\nSince 2026-11-27T20:00:00Z, for 4m10s; alert 17\\nhost=alpha\\n"
                        "<https://ops.example.net/signalbox|details>\\n\",\"unfurl_links\":false,\"unfurl_media\":false}");
    free(letter.body);
}

static void slack__lets_no_text_call_anybody_or_lead_anywhere(void **state)
{
    (void)state;
    const struct sb_notice notice = hostile();
    struct sb_channel_def bare = channel;
    bare.link = NULL;
    struct letter letter = write_letter(sb_channel_write_slack, &bare, &notice);
    char *text = text_at(&letter, "text");
    assert_plain(text, "\n");
    assert_null(strpbrk(text, "<>`"));
    assert_null(strstr(text, "://"));
    assert_null(strstr(text, "]("));
    assert_null(strstr(text, "@e"));
    assert_null(strstr(text, "@U"));
    assert_non_null(strstr(text, "&lt;!channel&gt; @" NOTHING "everyone [x]" NOTHING "(http:" NOTHING "//evil.example)"));
    assert_non_null(strstr(text, "&lt;script&gt;&amp;amp;&lt;/script&gt;"));
    assert_null(strstr(text, "\nBcc"));
    free(text);
    free(letter.body);
}

static void slack__stays_within_what_every_receiver_takes(void **state)
{
    (void)state;
    const struct sb_notice notice = endless();
    struct letter letter = write_letter(sb_channel_write_slack, &channel, &notice);
    char *text = text_at(&letter, "text");
    assert_true(strlen(text) < 2000);
    assert_plain(text, "\n");
    assert_non_null(strstr(text, "\xe2\x80\xa6")); /* it says that something is missing */
    assert_non_null(strstr(text, "|details>"));
    free(text);
    free(letter.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack__writes_the_golden_notice_byte_for_byte),
        cmocka_unit_test(slack__lets_no_text_call_anybody_or_lead_anywhere),
        cmocka_unit_test(slack__stays_within_what_every_receiver_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
