/* Channels that post, against a real receiver on loopback which answers as receivers do: well, too often, not at all, elsewhere, without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/net/server.h"

#include "notify_bench.h"

#define SECRET "xyzzy-4711"
#define WELL "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct bench {
    struct server server;
    struct sb_http *http;
    struct sb_notify *notify;
    struct sb_channel_def def;
    struct sb_notify_answer answer;
    struct sb_error err;
};

static void begin(struct bench *bench, const char *answer)
{
    memset(bench, 0, sizeof *bench);
    server_start(&bench->server, answer, true);
    assert_int_equal(setenv("SB_TEST_NOTIFY_KEY", SECRET, 1), 0);
    assert_int_equal(setenv("SB_TEST_NOTIFY_URL", bench->server.url, 1), 0);
    assert_int_equal(sb_http_create(&bench->http, NULL), SB_OK);
    bench->def = (struct sb_channel_def){ .name = "ops", .kind = SB_CHANNEL_WEBHOOK, .url = "env:SB_TEST_NOTIFY_URL",
                                          .secret = "env:SB_TEST_NOTIFY_KEY", .allows_private = true, .timeout = SB_S(20) };
    assert_int_equal(sb_notify_create(&bench->notify, bench->http, &bench->def, 1, NULL), SB_OK);
}

static void end(struct bench *bench)
{
    sb_notify_destroy(bench->notify);
    sb_http_destroy(bench->http);
    server_stop(&bench->server);
    assert_null(strstr(bench->err.text, SECRET));
    assert_null(strstr(bench->err.text, "token="));
}

static enum sb_err send_kind(struct bench *bench, enum sb_notice_kind kind)
{
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct sb_notice notice = notice_of(kind, SB_SEVERITY_PAGE);
    return sb_notify_send(bench->notify, 0, &notice, &op, &bench->answer, &bench->err);
}

/* One attempt against a receiver with this answer. */
static enum sb_err attempt(struct bench *bench, const char *answer)
{
    begin(bench, answer);
    const enum sb_err code = send_kind(bench, SB_NOTICE_FIRING);
    end(bench);
    return code;
}

static void webhook__is_accepted_and_openssl_agrees_with_its_signature(void **state)
{
    (void)state;
    struct bench bench;
    char timestamp[32] = "", signature[80] = "", said[128] = "", path[] = "/tmp/sb-notify-XXXXXX";
    assert_int_equal(attempt(&bench, WELL), SB_OK);
    assert_int_equal(bench.answer.status, 200);
    const char *last = bench.server.last, *body = strstr(last, "\r\n\r\n");
    assert_non_null(strstr(last, "POST /x?token=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(last, "\r\nIdempotency-Key: a17.ops.1\r\n"));
    assert_null(strstr(last, SECRET));
    assert_int_equal(sscanf(strstr(last, "X-Signalbox-Timestamp:"), "X-Signalbox-Timestamp: %31s", timestamp), 1);
    assert_int_equal(sscanf(strstr(last, "X-Signalbox-Signature:"), "X-Signalbox-Signature: v1=%79s", signature), 1);
    assert_in_range(strtoll(timestamp, NULL, 10), sb_wall_now().ns / SB_S(1) - 30, sb_wall_now().ns / SB_S(1));
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "%s.%s", timestamp, body + 4), (int)(strlen(timestamp) + 1 + strlen(body + 4)));
    close(fd);
    const char *const argv[] = { "openssl", "dgst", "-sha256", "-hmac", SECRET, "-r", path, NULL };
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const struct sb_child_spec spec = { .path = "openssl", .argv = argv, .stdin_fd = -1, .stdout_fd = pipes[1], .stderr_fd = 2 };
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(20)) };
    struct sb_child child;
    int status = -1;
    struct sb_error err = { 0 };
    if (sb_child_start(&child, &spec, &err) != SB_OK)
        fail_msg("%s", err.text);
    close(pipes[1]);
    assert_int_equal(sb_child_wait(&child, &op, &status, NULL), SB_OK);
    assert_true(read(pipes[0], said, 64) == 64);
    close(pipes[0]);
    unlink(path);
    assert_int_equal(status, 0);
    assert_string_equal(signature, said);
}

static void webhook__obeys_retry_after(void **state)
{
    (void)state;
    struct bench bench;
    assert_int_equal(attempt(&bench, "HTTP/1.1 429 Slow\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"), SB_ERR_RATE_LIMITED);
    assert_int_equal(bench.answer.retry_after, SB_S(30));
    assert_int_equal(bench.answer.status, 429);
    assert_false(bench.answer.is_permanent);
}

static void webhook__is_tried_again_after_a_failure_of_the_receiver(void **state)
{
    (void)state;
    struct bench bench;
    assert_int_equal(attempt(&bench, "HTTP/1.1 500 No\r\nContent-Length: 11\r\n\r\nout of disk"), SB_ERR_UNAVAILABLE);
    assert_false(bench.answer.is_permanent);
    assert_string_equal(bench.err.text, "channel ops: it answers 500: out of disk");
    assert_int_equal(attempt(&bench, "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"), SB_ERR_UNAVAILABLE);
    assert_false(bench.answer.is_permanent);
}

static void webhook__is_given_up_when_it_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    assert_int_equal(attempt(&bench, "HTTP/1.1 404 No\r\nContent-Length: 10\r\n\r\nno_service"), SB_ERR_REFUSED);
    assert_true(bench.answer.is_permanent);
    assert_int_equal(attempt(&bench, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), SB_ERR_PERMISSION);
    assert_true(bench.answer.is_permanent);
}

static void webhook__shows_no_answer_that_repeats_its_secret(void **state)
{
    (void)state;
    struct bench bench; /* end() looks for it */
    assert_int_equal(attempt(&bench, "HTTP/1.1 400 No\r\nContent-Length: 16\r\n\r\nbad " SECRET "\x1b["), SB_ERR_REFUSED);
    assert_string_equal(bench.err.text, "channel ops: it answers 400");
}

static void webhook__makes_an_answer_plain_before_it_is_shown(void **state)
{
    (void)state;
    struct bench bench;
    assert_int_equal(attempt(&bench, "HTTP/1.1 400 No\r\nContent-Length: 11\r\n\r\na\x1b]0;x\x07\nb\xff."), SB_ERR_REFUSED);
    assert_string_equal(bench.err.text, "channel ops: it answers 400: a\xef\xbf\xbd]0;x\xef\xbf\xbd b\xef\xbf\xbd.");
}

static void webhook__never_follows_a_redirect(void **state)
{
    (void)state;
    struct bench bench;
    static const char answer[] = "HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(attempt(&bench, answer), SB_ERR_REFUSED);
    assert_int_equal(bench.server.requests, 1);
    assert_true(bench.answer.is_permanent);
}

static void webhook__is_delivered_when_the_answer_has_no_end(void **state)
{
    (void)state;
    struct bench bench;
    char answer[64 * 1024];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 202 Accepted\r\nContent-Length: 4000000000\r\n\r\n%*s", (int)sizeof answer - 200, "x");
    assert_int_equal(attempt(&bench, answer), SB_OK);
    assert_int_equal(bench.answer.status, 202);
}

static void webhook__gives_up_waiting_at_its_timeout(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, NULL);
    bench.def.timeout = SB_MS(200);
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_TIMEOUT);
    assert_false(bench.answer.is_permanent);
    assert_int_equal(bench.answer.status, 0);
    assert_null(strstr(bench.err.text, "/x")); /* the path is a secret with many receivers */
    end(&bench);
}

static void webhook__refuses_a_private_address_unless_allowed(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, WELL);
    bench.def.allows_private = false;
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_REFUSED);
    assert_true(bench.answer.is_permanent);
    assert_int_equal(bench.server.connections, 0);
    assert_non_null(strstr(bench.err.text, "allow_private: true"));
    end(&bench);
}

static void webhook__sends_nothing_without_its_secret(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, WELL);
    assert_int_equal(unsetenv("SB_TEST_NOTIFY_KEY"), 0);
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_NOT_FOUND);
    assert_true(bench.answer.is_permanent);
    assert_int_equal(bench.server.connections, 0);
    end(&bench);
}

static void webhook__has_no_message_for_a_heartbeat(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, WELL);
    assert_int_equal(send_kind(&bench, SB_NOTICE_ALIVE), SB_ERR_UNSUPPORTED);
    assert_true(bench.answer.is_permanent);
    assert_int_equal(bench.server.connections, 0);
    end(&bench);
}

static void slack__posts_its_form(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, WELL);
    bench.def.kind = SB_CHANNEL_SLACK;
    bench.def.secret = NULL;
    assert_int_equal(send_kind(&bench, SB_NOTICE_RESOLVED), SB_OK);
    end(&bench);
    assert_non_null(strstr(bench.server.last, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(bench.server.last, "{\"text\":\"*[RESOLVED] job_failed: posting (growth)*\\n"));
}

static void slack__obeys_retry_after(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
    bench.def.kind = SB_CHANNEL_SLACK;
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_RATE_LIMITED);
    assert_int_equal(bench.answer.retry_after, SB_S(1));
    end(&bench);
}

static void ntfy__brings_its_token_and_reports_a_wrong_one(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    bench.def.kind = SB_CHANNEL_NTFY;
    bench.def.topic = "ops";
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_PERMISSION);
    end(&bench);
    assert_non_null(strstr(bench.server.last, "\r\nAuthorization: Bearer " SECRET "\r\n"));
    assert_non_null(strstr(bench.server.last, "{\"topic\":\"ops\",\"title\":\"[PAGE] job_failed: posting (growth)\""));
    assert_string_equal(bench.err.text, "channel ops: it answers 401; is its secret right?");
}

/* The ping of a kind and severity, and the path it was posted to. */
static void expect_ping(enum sb_notice_kind kind, enum sb_severity severity, const char *line, const char *body)
{
    struct bench bench;
    begin(&bench, WELL);
    bench.def.kind = SB_CHANNEL_DEADMAN;
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct sb_notice notice = notice_of(kind, severity);
    assert_int_equal(sb_notify_send(bench.notify, 0, &notice, &op, &bench.answer, &bench.err), SB_OK);
    end(&bench);
    assert_non_null(strstr(bench.server.last, line));
    assert_non_null(strstr(bench.server.last, body));
}

static void deadman__pings_that_we_begin_live_fail_and_stop(void **state)
{
    (void)state;
    expect_ping(SB_NOTICE_STARTING, SB_SEVERITY_DEBUG, "POST /x/start?token=1 HTTP/1.1\r\n", "signalbox growth starting at 20");
    expect_ping(SB_NOTICE_ALIVE, SB_SEVERITY_DEBUG, "POST /x?token=1 HTTP/1.1\r\n", "worst alert: none\n");
    expect_ping(SB_NOTICE_ALIVE, SB_SEVERITY_WARN, "POST /x?token=1 HTTP/1.1\r\n", "worst alert: warn\n");
    expect_ping(SB_NOTICE_ALIVE, SB_SEVERITY_PAGE, "POST /x/fail?token=1 HTTP/1.1\r\n", "worst alert: page\n");
    expect_ping(SB_NOTICE_STOPPING, SB_SEVERITY_PAGE, "POST /x?token=1 HTTP/1.1\r\n", "signalbox growth stopping at 20");
    expect_ping(SB_NOTICE_TEST, SB_SEVERITY_INFO, "POST /x?token=1 HTTP/1.1\r\n", "signalbox growth test at 20");
}

static void deadman__has_no_message_for_an_alert(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, WELL);
    bench.def.kind = SB_CHANNEL_DEADMAN;
    assert_int_equal(send_kind(&bench, SB_NOTICE_FIRING), SB_ERR_UNSUPPORTED);
    assert_int_equal(bench.server.connections, 0);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webhook__is_accepted_and_openssl_agrees_with_its_signature),
        cmocka_unit_test(webhook__obeys_retry_after),
        cmocka_unit_test(webhook__is_tried_again_after_a_failure_of_the_receiver),
        cmocka_unit_test(webhook__is_given_up_when_it_is_refused),
        cmocka_unit_test(webhook__shows_no_answer_that_repeats_its_secret),
        cmocka_unit_test(webhook__makes_an_answer_plain_before_it_is_shown),
        cmocka_unit_test(webhook__never_follows_a_redirect),
        cmocka_unit_test(webhook__is_delivered_when_the_answer_has_no_end),
        cmocka_unit_test(webhook__gives_up_waiting_at_its_timeout),
        cmocka_unit_test(webhook__refuses_a_private_address_unless_allowed),
        cmocka_unit_test(webhook__sends_nothing_without_its_secret),
        cmocka_unit_test(webhook__has_no_message_for_a_heartbeat),
        cmocka_unit_test(slack__posts_its_form),
        cmocka_unit_test(slack__obeys_retry_after),
        cmocka_unit_test(deadman__pings_that_we_begin_live_fail_and_stop),
        cmocka_unit_test(deadman__has_no_message_for_an_alert),
        cmocka_unit_test(ntfy__brings_its_token_and_reports_a_wrong_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
