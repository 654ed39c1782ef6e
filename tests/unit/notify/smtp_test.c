/* Mails, byte for byte. */
#include "letters.h"

static const char *const to[] = { "ops@example.net", "team@example.net" };
static const struct sb_channel_def channel = { .name = "mail", .kind = SB_CHANNEL_SMTP, .url = "smtp://mail.example.net:587", .labels = labels,
                                               .label_count = 1, .link = "https://ops.example.net/?a=b", .from = "signalbox@example.org",
                                               .to = to, .to_count = SB_LEN(to) };

static void smtp__writes_the_golden_notice_byte_for_byte(void **state)
{
    (void)state;
    const struct sb_notice notice = golden(SB_NOTICE_FIRING);
    struct letter letter = write_letter(sb_channel_write_smtp, &channel, &notice);
    assert_string_equal(letter.body,
                        "From: signalbox <signalbox@example.org>\r\n"
                        "To: ops@example.net,\r\n"
                        " team@example.net\r\n"
                        "Subject: [PAGE] job_failed: posting (growth)\r\n"
                        "Date: Fri, 27 Nov 2026 20:05:10 +0000\r\n"
                        "Message-ID: <a17.ops.1.signalbox@example.org>\r\n"
                        "In-Reply-To: <a17.incident.signalbox@example.org>\r\n"
                        "References: <a17.incident.signalbox@example.org>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "Importance: high\r\n"
                        "X-Priority: 1\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "3 attempts failed: no answer within 30s\r\n"
                        "last step: publish\r\n"
                        "\r\n"
                        "What to do: signalbox run show 4711\r\n"
                        "Since 2026-11-27T20:00:00Z, for 4m10s; alert 17\r\n"
                        "host=3Dalpha\r\n"
                        "https://ops.example.net/?a=3Db\r\n");
    free(letter.body);
}

/* The subject's header of a letter, with its folded lines. */
static void expect_subject(const char *subject, const char *header)
{
    struct sb_notice notice = golden(SB_NOTICE_RESOLVED);
    notice.environment[0] = '\0';
    (void)sb_copy(notice.subject, sizeof notice.subject, subject);
    struct letter letter = write_letter(sb_channel_write_smtp, &channel, &notice);
    char *start = strstr(letter.body, "Subject: "), *end = strstr(start, "\r\nDate: ");
    *end = '\0';
    assert_string_equal(start, header);
    free(letter.body);
}

static void smtp__folds_a_subject_between_its_words(void **state)
{
    (void)state;
    expect_subject("one two three four five six seven eight nine ten eleven twelve",
                   "Subject: [RESOLVED] job_failed: one two three four five six seven eight nine\r\n ten eleven twelve");
}

static void smtp__encodes_a_subject_that_is_more_than_plain_words(void **state)
{
    (void)state;
    expect_subject("gr\xc3\xbc\xc3\x9f dich", "Subject: =?UTF-8?B?W1JFU09MVkVEXSBqb2JfZmFpbGVkOiBncsO8w58gZGljaA==?=");
    expect_subject("=?utf-8?q?x?=", "Subject: =?UTF-8?B?W1JFU09MVkVEXSBqb2JfZmFpbGVkOiA9P3V0Zi04P3E/eD89?=");
    /* 36 bytes a word, and never half of a character: the second word would begin with the second half of one */
    expect_subject("xxxxx\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5",
                   "Subject: =?UTF-8?B?W1JFU09MVkVEXSBqb2JfZmFpbGVkOiB4eHh4eOaXpeacrA==?=\r\n =?UTF-8?B?6Kqe5pel?=");
}

static void smtp__has_lines_that_every_server_takes(void **state)
{
    (void)state;
    struct sb_notice notices[] = { hostile(), endless(), golden(SB_NOTICE_DIGEST) };
    memset(notices[2].text, '.', sizeof notices[2].text - 1);
    memset(notices[2].subject, 'x', sizeof notices[2].subject - 1);
    (void)sb_copy(notices[2].key, sizeof notices[2].key, "a>\r\nBcc: x@evil.example");
    for (size_t i = 0; i < SB_LEN(notices); i++) {
        struct letter letter = write_letter(sb_channel_write_smtp, &channel, &notices[i]);
        const char *line = letter.body, *end;
        for (; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
            assert_true(end - line <= 78);
            assert_int_not_equal(line[0], '.');
            for (const char *at = line; at < end; at++)
                assert_true(*at >= 0x20 && *at <= 0x7e);
        }
        assert_int_equal(*line, '\0');
        assert_null(strstr(letter.body, "\r\nBcc"));
        free(letter.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtp__writes_the_golden_notice_byte_for_byte),
        cmocka_unit_test(smtp__folds_a_subject_between_its_words),
        cmocka_unit_test(smtp__encodes_a_subject_that_is_more_than_plain_words),
        cmocka_unit_test(smtp__has_lines_that_every_server_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
