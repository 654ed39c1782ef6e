/* The JSON that programs are given, its signature, and the words all channels share. */
#include "letters.h"

static const struct sb_channel_def channel = { .name = "ops", .kind = SB_CHANNEL_WEBHOOK, .url = "https://ops.example.net/hook", .labels = labels,
                                               .label_count = 1, .link = "https://ops.example.net/signalbox" };

static void webhook__writes_the_golden_notice_byte_for_byte(void **state)
{
    (void)state;
    const struct sb_notice notice = golden(SB_NOTICE_FIRING);
    struct letter letter = write_letter(sb_channel_write_webhook, &channel, &notice);
    assert_string_equal(letter.body,
                        "{\"version\":1,\"key\":\"a17.ops.1\",\"incident\":\"a17\",\"kind\":\"firing\",\"severity\":\"page\",\"rule\":\"job_failed\","
                        "\"subject\":\"posting\",\"title\":\"[PAGE] job_failed: posting (growth)\","
                        "\"text\":\"3 attempts failed: no answer within 30s\\nlast step: publish\",\"remedy\":\"signalbox run show 4711\","
                        "\"environment\":\"growth\",\"alert\":17,\"count\":1,"
                        "\"since\":\"2026-11-27T20:00:00.000Z\",\"at\":\"2026-11-27T20:04:10.000Z\","
                        "\"link\":\"https://ops.example.net/signalbox\",\"labels\":{\"host\":\"alpha\"}}");
    assert_int_equal(letter.header_count, 2);
    assert_string_equal(letter.headers[0].name, "Idempotency-Key");
    assert_string_equal(letter.headers[0].value, "a17.ops.1");
    assert_int_equal(letter.secret, LETTER_SECRET_NONE);
    free(letter.body);
}

static void webhook__is_signed_when_it_has_a_secret(void **state)
{
    (void)state;
    const struct sb_notice notice = golden(SB_NOTICE_FIRING);
    struct sb_channel_def secret = channel;
    secret.secret = "env:KEY";
    struct letter letter = write_letter(sb_channel_write_webhook, &secret, &notice);
    assert_int_equal(letter.secret, LETTER_SECRET_SIGNATURE);
    free(letter.body);
}

/* RFC 4231, test case 7: the data has one full stop in its middle, which here stands between timestamp and body. */
static void signature__is_that_of_the_published_vector(void **state)
{
    (void)state;
    char key[132], signature[LETTER_SIGNATURE_SIZE];
    const char *body = " The key needs to be hashed before being used by the HMAC algorithm.";
    memset(key, 0xaa, sizeof key - 1);
    key[sizeof key - 1] = '\0';
    assert_int_equal(SB_OK, sb_letter_sign(key, "This is a test using a larger than block-size key and a larger than block-size data", body,
                                           strlen(body), signature, NULL));
    assert_string_equal(signature, "v1=9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void webhook__carries_hostile_text_as_text_alone(void **state)
{
    (void)state;
    const struct sb_notice notice = hostile();
    struct letter letter = write_letter(sb_channel_write_webhook, &channel, &notice);
    static const char *const lines[] = { "subject", "title", "rule", "remedy", "key" };
    for (size_t i = 0; i < SB_LEN(lines); i++) {
        char *text = text_at(&letter, lines[i]);
        assert_plain(text, "");
        free(text);
    }
    char *text = text_at(&letter, "text");
    assert_plain(text, "\n");
    assert_non_null(strstr(text, "<script>"));
    free(text);
    char *rule = text_at(&letter, "rule");
    assert_string_equal(rule, "job\xef\xbf\xbd[31m\"},{\"x");
    free(rule);
    free(letter.body);
}

static void webhook__takes_the_longest_notice(void **state)
{
    (void)state;
    const struct sb_notice notice = endless();
    struct letter letter = write_letter(sb_channel_write_webhook, &channel, &notice);
    char *text = text_at(&letter, "text");
    assert_string_equal(text, notice.text);
    free(text);
    free(letter.body);
}

static const char *title_of(enum sb_notice_kind kind, uint32_t count)
{
    static char buf[512];
    struct sb_text text;
    struct sb_notice notice = golden(kind);
    notice.count = count;
    sb_text_init(&text, buf, sizeof buf);
    sb_words_title(&text, &notice);
    return buf;
}

static void title__says_what_kind_of_news_it_is(void **state)
{
    (void)state;
    assert_string_equal(title_of(SB_NOTICE_FIRING, 1), "[PAGE] job_failed: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_REPEAT, 1), "[PAGE, still firing] job_failed: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_ESCALATED, 1), "[PAGE, escalated] job_failed: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_FLAPPING, 1), "[PAGE, comes and goes] job_failed: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_RESOLVED, 1), "[RESOLVED] job_failed: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_DIGEST, 12), "[PAGE] 12 alerts: posting (growth)");
    assert_string_equal(title_of(SB_NOTICE_TEST, 1), "[TEST PAGE] job_failed: posting (growth)");
}

static void facts__say_how_long_it_lasted_or_what_to_do(void **state)
{
    (void)state;
    char buf[512];
    struct sb_text text;
    struct sb_notice notice = golden(SB_NOTICE_RESOLVED);
    notice.count = 3;
    sb_text_init(&text, buf, sizeof buf);
    sb_words_facts(&text, &channel, &notice);
    assert_string_equal(buf, "Since 2026-11-27T20:00:00Z, lasted 4m10s; alert 17; stands for 3\nhost=alpha\n");
    notice = golden(SB_NOTICE_FIRING);
    sb_text_init(&text, buf, sizeof buf);
    sb_words_facts(&text, &channel, &notice);
    assert_string_equal(buf, "What to do: signalbox run show 4711\nSince 2026-11-27T20:00:00Z, for 4m10s; alert 17\nhost=alpha\n");
}

static void clean__keeps_words_of_every_language(void **state)
{
    (void)state;
    char buf[256];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    sb_words_clean(&text, "gr\xc3\xbc\xc3\x9f dich \xd0\x9f\xd1\x80\xd0\xb8 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\ta\r\nb\rc", true);
    assert_string_equal(buf, "gr\xc3\xbc\xc3\x9f dich \xd0\x9f\xd1\x80\xd0\xb8 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 a\nb\nc");
}

static void address__is_shown_without_what_may_be_secret(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } rows[] = {
        { "https://ops.example.net/hooks/T0/B0/secret", "https://ops.example.net/..." },
        { "https://ops.example.net:8443", "https://ops.example.net:8443" },
        { "https://ops.example.net/", "https://ops.example.net" },
        { "cred:ops-url", "(cred:ops-url)" },
    };
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        char buf[128];
        struct sb_text text;
        struct sb_channel_def def = channel;
        def.url = rows[i].url;
        sb_text_init(&text, buf, sizeof buf);
        sb_notify_target(&def, &text);
        assert_string_equal(buf, rows[i].shown);
    }
}

static void address__has_the_letters_path_before_its_query(void **state)
{
    (void)state;
    struct sb_channel_def def = channel;
    char *url = NULL;
    def.url = "env:SB_TEST_URL";
    assert_int_equal(setenv("SB_TEST_URL", "https://ping.example.net/abc/?x=1", 1), 0);
    assert_int_equal(SB_OK, sb_letter_url(&def, "/fail", &url, NULL));
    assert_string_equal(url, "https://ping.example.net/abc/fail?x=1");
    free(url);
    assert_int_equal(setenv("SB_TEST_URL", "http://ping.example.net/abc", 1), 0);
    assert_int_equal(SB_ERR_CONFIG, sb_letter_url(&def, "", &url, NULL));
    assert_int_equal(setenv("SB_TEST_URL", "file:///etc/passwd", 1), 0);
    assert_int_equal(SB_ERR_CONFIG, sb_letter_url(&def, "", &url, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webhook__writes_the_golden_notice_byte_for_byte), cmocka_unit_test(webhook__is_signed_when_it_has_a_secret),
        cmocka_unit_test(signature__is_that_of_the_published_vector),      cmocka_unit_test(webhook__carries_hostile_text_as_text_alone),
        cmocka_unit_test(webhook__takes_the_longest_notice),               cmocka_unit_test(title__says_what_kind_of_news_it_is),
        cmocka_unit_test(facts__say_how_long_it_lasted_or_what_to_do),                   cmocka_unit_test(clean__keeps_words_of_every_language),
        cmocka_unit_test(address__is_shown_without_what_may_be_secret),    cmocka_unit_test(address__has_the_letters_path_before_its_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
