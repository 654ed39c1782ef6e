/* The channel `smtp` against a real mail server of its own, which reads each mail as a mail program does. TLS with a throw-away certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_bench.h"

#include "signalbox/codec/codec.h"

static const char *const to[] = { "ops@example.net", "team@example.net" };

struct bench {
    struct daemon daemon;
    char url[64];
    char cert[160];
    struct sb_channel_def def;
};

static struct bench bench; /* of the test that runs */

/* A server of this mode and a channel that leads to it. */
static void begin(const char *mode)
{
    memset(&bench, 0, sizeof bench);
    daemon_folder(&bench.daemon);
    daemon_certificate(&bench.daemon);
    const char *const argv[] = { "/usr/bin/python3", SB_SOURCE_DIR "/tests/support/mail_server.py", bench.daemon.folder, mode, NULL };
    daemon_start(&bench.daemon, argv);
    const char *port = daemon_await(&bench.daemon, "listening ");
    (void)snprintf(bench.url, sizeof bench.url, "%s://127.0.0.1:%.6s", strcmp(mode, "smtps") == 0 ? "smtps" : "smtp", port);
    (void)sb_copy(bench.cert, sizeof bench.cert, daemon_file(&bench.daemon, "cert.pem"));
    bench.def = (struct sb_channel_def){ .name = "mail", .kind = SB_CHANNEL_SMTP, .url = bench.url, .ca_file = bench.cert,
                                          .from = "signalbox@example.org", .to = to, .to_count = SB_LEN(to), .timeout = SB_S(30) };
    assert_int_equal(setenv("SB_TEST_MAIL_PASSWORD", "xyzzy", 1), 0);
}

/* Also after a failed test, so that no server stays behind. */
static int end(void **state)
{
    (void)state;
    daemon_end(&bench.daemon);
    return 0;
}

static struct attempt attempt(const struct sb_notice *notice)
{
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct attempt attempt = attempt_of(&bench.def, notice, &op);
    assert_null(strstr(attempt.err.text, "xyzzy"));
    return attempt;
}

static void deliver(const struct sb_notice *notice)
{
    const struct attempt result = attempt(notice);
    if (result.code != SB_OK)
        fail_msg("%s", result.err.text);
}

/* What the server made of mail number `n`; NULL when there is none. */
static struct sb_json *mail(unsigned n)
{
    char name[32], *text = NULL;
    size_t size = 0;
    struct sb_json *json = NULL;
    (void)snprintf(name, sizeof name, "mail-%u.json", n);
    if (sb_file_read(daemon_file(&bench.daemon, name), 1 << 20, &text, &size, NULL) != SB_OK)
        return NULL;
    assert_int_equal(sb_json_parse(&json, text, size, NULL), SB_OK);
    free(text);
    return json;
}

static void expect(const struct sb_json *json, const char *path, const char *text)
{
    char *got = sb_json_text(json, path);
    if (got == NULL || strcmp(got, text) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", path, got != NULL ? got : "(missing)", text);
    free(got);
}

static struct sb_notice firing(void)
{
    return notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
}

static void smtp__is_read_by_a_mail_program_as_it_was_meant(void **state)
{
    (void)state;
    struct sb_notice notice = firing();
    begin("starttls");
    notice.since.ns = 1795809600LL * 1000000000;
    notice.at.ns = notice.since.ns + SB_S(250);
    deliver(&notice);
    struct sb_json *json = mail(1);
    assert_non_null(json);
    expect(json, "from", "signalbox@example.org");
    expect(json, "to.0", "ops@example.net");
    expect(json, "to.1", "team@example.net");
    expect(json, "header_to.1", "team@example.net");
    expect(json, "tls", "true");
    expect(json, "subject", "[PAGE] job_failed: posting (growth)");
    expect(json, "body", "3 attempts failed\n\nWhat to do: look at it\nSince 2026-11-27T20:00:00Z, for 4m10s; alert 17\n");
    expect(json, "id", "<a17.ops.1.signalbox@example.org>");
    expect(json, "parent", "<a17.incident.signalbox@example.org>");
    expect(json, "references", "<a17.incident.signalbox@example.org>");
    assert_int_equal(sb_json_count(json, "defects"), 0);
    sb_json_destroy(json);
}

static void smtp__sends_nothing_to_a_server_without_tls(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("plain");
    const struct attempt result = attempt(&notice);
    assert_int_equal(result.code, SB_ERR_REFUSED);
    assert_true(result.answer.is_permanent);
    assert_non_null(strstr(result.err.text, "channel mail: the mail server offers no TLS"));
    assert_null(mail(1));
}

static void smtp__goes_on_without_tls_only_where_it_is_allowed(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("plain");
    bench.def.allows_insecure = true;
    deliver(&notice);
    struct sb_json *json = mail(1);
    expect(json, "tls", "false");
    sb_json_destroy(json);
    (void)end(NULL);
    begin("starttls"); /* and takes TLS where there is some */
    bench.def.allows_insecure = true;
    deliver(&notice);
    json = mail(1);
    expect(json, "tls", "true");
    sb_json_destroy(json);
}

static void smtp__gives_no_password_to_a_server_without_tls(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("plain");
    bench.def.user = "ops";
    bench.def.secret = "env:SB_TEST_MAIL_PASSWORD";
    bench.def.allows_insecure = true; /* the configuration refuses this; so does the client */
    assert_int_equal(attempt(&notice).code, SB_ERR_REFUSED);
    assert_null(mail(1));
}

static void smtp__trusts_no_certificate_of_a_stranger(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("starttls");
    bench.def.ca_file = NULL; /* the system's authorities do not know ours */
    const struct attempt result = attempt(&notice);
    assert_int_equal(result.code, SB_ERR_UNAVAILABLE);
    assert_non_null(strstr(result.err.text, "certificate"));
    assert_null(mail(1));
}

static void smtp__speaks_tls_from_the_start(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("smtps");
    deliver(&notice);
    struct sb_json *json = mail(1);
    expect(json, "tls", "true");
    sb_json_destroy(json);
}

static void smtp__logs_in(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("login");
    bench.def.user = "ops";
    bench.def.secret = "env:SB_TEST_MAIL_PASSWORD";
    deliver(&notice);
    struct sb_json *json = mail(1);
    expect(json, "login", "true");
    sb_json_destroy(json);
    assert_int_equal(setenv("SB_TEST_MAIL_PASSWORD", "xyzzy2", 1), 0);
    const struct attempt result = attempt(&notice);
    assert_int_equal(result.code, SB_ERR_PERMISSION);
    assert_int_equal(result.answer.status, 535);
    assert_true(result.answer.is_permanent);
}

static void smtp__one_wrong_recipient_does_not_keep_it_from_the_others(void **state)
{
    (void)state;
    static const char *const some[] = { "ops@example.net", "gone@example.net" };
    const struct sb_notice notice = firing();
    begin("picky");
    bench.def.allows_insecure = true;
    bench.def.to = some;
    deliver(&notice);
    struct sb_json *json = mail(1);
    assert_int_equal(sb_json_count(json, "to"), 1);
    expect(json, "to.0", "ops@example.net");
    sb_json_destroy(json);
    assert_null(mail(2));
    bench.def.to = some + 1;
    bench.def.to_count = 1;
    const struct attempt result = attempt(&notice);
    assert_int_equal(result.code, SB_ERR_REFUSED);
    assert_int_equal(result.answer.status, 550);
    assert_true(result.answer.is_permanent);
}

static void smtp__is_tried_again_when_the_server_is_busy(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("busy");
    bench.def.allows_insecure = true;
    const struct attempt result = attempt(&notice);
    assert_int_equal(result.code, SB_ERR_UNAVAILABLE);
    assert_int_equal(result.answer.status, 451);
    assert_false(result.answer.is_permanent);
}

static void smtp__is_delivered_by_a_server_that_does_not_say_goodbye(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    begin("mute");
    bench.def.allows_insecure = true;
    bench.def.timeout = SB_S(3);
    deliver(&notice);
    struct sb_json *json = mail(1);
    assert_non_null(json);
    sb_json_destroy(json);
}

static void smtp__can_be_called_off(void **state)
{
    (void)state;
    const struct sb_notice notice = firing();
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    const struct sb_op op = { .deadline = SB_NEVER, .cancel = cancel };
    begin("plain");
    sb_cancel_ask(cancel);
    const struct attempt result = attempt_of(&bench.def, &notice, &op);
    assert_int_equal(result.code, SB_ERR_CANCELLED);
    assert_false(result.answer.is_permanent);
    sb_cancel_destroy(cancel);
}

/* The subject tries to become headers and a body, the text to end the mail; both are longer than a line. */
static void smtp__no_text_becomes_a_header_or_ends_the_mail(void **state)
{
    (void)state;
    struct sb_notice notice = firing();
    begin("starttls");
    (void)sb_copy(notice.subject, sizeof notice.subject,
                  "a\r\nBcc: x@evil.example\r\n\r\nbody =?utf-8?q?x?= gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80\xf0\x9f\x98\x80 \xff");
    (void)sb_copy(notice.text, sizeof notice.text, "one\r\n.\r\nMAIL FROM:<x@evil.example>\n..\n.two \n\xd0\x9f\xd1\x80\xd0\xb8 = \x1b[31m\n");
    const size_t used = strlen(notice.text);
    memset(notice.text + used, 'x', 1500);
    deliver(&notice);
    struct sb_json *json = mail(1);
    assert_non_null(json);
    expect(json, "subject",
           "[PAGE] job_failed: a Bcc: x@evil.example  body =?utf-8?q?x?= gr\xc3\xbc\xc3\x9f dich "
           "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 \xef\xbf\xbd (growth)");
    expect(json, "headers", "[\"auto-submitted\",\"content-transfer-encoding\",\"content-type\",\"date\",\"from\",\"importance\",\"in-reply-to\","
                            "\"message-id\",\"mime-version\",\"references\",\"subject\",\"to\",\"x-priority\"]");
    char *body = sb_json_text(json, "body");
    static const char begins[] = "one\n.\nMAIL FROM:<x@evil.example>\n..\n.two \n\xd0\x9f\xd1\x80\xd0\xb8 = \xef\xbf\xbd[31m\nxxxx";
    assert_memory_equal(body, begins, sizeof begins - 1);
    assert_non_null(strstr(body, "xxxx\n\nWhat to do: look at it\n"));
    free(body);
    int64_t longest = 0, bare = -1, eight_bit = -1;
    assert_true(sb_json_i64(json, "longest", &longest) && sb_json_i64(json, "bare", &bare) && sb_json_i64(json, "eight_bit", &eight_bit));
    assert_in_range(longest, 1, 78);
    assert_int_equal(bare, 0);
    assert_int_equal(eight_bit, 0);
    assert_int_equal(sb_json_count(json, "defects"), 0);
    assert_null(mail(2));
    sb_json_destroy(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(smtp__is_read_by_a_mail_program_as_it_was_meant, end),
        cmocka_unit_test_teardown(smtp__sends_nothing_to_a_server_without_tls, end),
        cmocka_unit_test_teardown(smtp__goes_on_without_tls_only_where_it_is_allowed, end),
        cmocka_unit_test_teardown(smtp__gives_no_password_to_a_server_without_tls, end),
        cmocka_unit_test_teardown(smtp__trusts_no_certificate_of_a_stranger, end),
        cmocka_unit_test_teardown(smtp__speaks_tls_from_the_start, end),
        cmocka_unit_test_teardown(smtp__logs_in, end),
        cmocka_unit_test_teardown(smtp__one_wrong_recipient_does_not_keep_it_from_the_others, end),
        cmocka_unit_test_teardown(smtp__is_tried_again_when_the_server_is_busy, end),
        cmocka_unit_test_teardown(smtp__is_delivered_by_a_server_that_does_not_say_goodbye, end),
        cmocka_unit_test_teardown(smtp__can_be_called_off, end),
        cmocka_unit_test_teardown(smtp__no_text_becomes_a_header_or_ends_the_mail, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
