/* The channel `alertmanager` against a real Alertmanager of its own: loopback, own folder, no cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_bench.h"

#include "signalbox/codec/codec.h"

struct bench {
    struct daemon daemon;
    char url[160];
    struct sb_channel_def def;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    char config[192], storage[192];
    assert_non_null(bench);
    daemon_folder(&bench->daemon);
    daemon_write(&bench->daemon, "am.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    (void)snprintf(config, sizeof config, "--config.file=%s", daemon_file(&bench->daemon, "am.yml"));
    (void)snprintf(storage, sizeof storage, "--storage.path=%s", bench->daemon.folder);
    const char *const argv[] = { "prometheus-alertmanager", config, storage, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", NULL };
    daemon_start(&bench->daemon, argv);
    (void)snprintf(bench->url, sizeof bench->url, "http://%s", daemon_await(&bench->daemon, "\"Listening on\" address="));
    bench->def = (struct sb_channel_def){ .name = "am", .kind = SB_CHANNEL_ALERTMANAGER, .url = bench->url, .every = SB_MIN(1),
                                          .allows_private = true, .timeout = SB_S(20) };
    *state = bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;
    daemon_end(&bench->daemon);
    free(bench);
    return 0;
}

/* The alerts it lists as active. */
static struct sb_json *alerts(const struct bench *bench)
{
    char url[192];
    struct sb_http *http = NULL;
    struct sb_http_response response = { 0 };
    struct sb_json *json = NULL;
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(20)) };
    (void)snprintf(url, sizeof url, "%s/api/v2/alerts", bench->url);
    const struct sb_http_request request = { .method = "GET", .url = url, .response_max = 1 << 20 };
    assert_int_equal(sb_http_create(&http, NULL), SB_OK);
    assert_int_equal(sb_http_send(http, &request, &op, &response, NULL), SB_OK);
    assert_int_equal(response.status, 200);
    assert_int_equal(sb_json_parse(&json, response.body, response.body_size, NULL), SB_OK);
    free(response.body);
    sb_http_destroy(http);
    return json;
}

static void expect_text(const struct sb_json *json, const char *path, const char *text)
{
    char *got = sb_json_text(json, path);
    assert_non_null(got);
    assert_string_equal(got, text);
    free(got);
}

static void alertmanager__lists_what_fires_until_it_is_resolved(void **state)
{
    struct bench *bench = *state;
    struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    must_deliver(&bench->def, &notice);
    notice.kind = SB_NOTICE_REPEAT;
    must_deliver(&bench->def, &notice);
    struct sb_json *json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), 1);
    expect_text(json, "0.labels.alertname", "job_failed");
    expect_text(json, "0.labels.severity", "page");
    expect_text(json, "0.labels.subject", "posting");
    expect_text(json, "0.annotations.description", "3 attempts failed");
    expect_text(json, "0.status.state", "active");
    sb_json_destroy(json);
    notice.kind = SB_NOTICE_RESOLVED;
    notice.at = sb_wall_now();
    must_deliver(&bench->def, &notice);
    json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), 0);
    sb_json_destroy(json);
}

static void alertmanager__has_one_alert_when_its_severity_rises(void **state)
{
    struct bench *bench = *state;
    struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_WARN);
    must_deliver(&bench->def, &notice);
    notice.kind = SB_NOTICE_ESCALATED;
    notice.severity = SB_SEVERITY_PAGE;
    notice.at = sb_wall_now();
    must_deliver(&bench->def, &notice);
    struct sb_json *json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), 1);
    expect_text(json, "0.labels.severity", "page");
    sb_json_destroy(json);
    notice.kind = SB_NOTICE_RESOLVED;
    notice.at = sb_wall_now();
    must_deliver(&bench->def, &notice);
    json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), 0);
    sb_json_destroy(json);
}

static void alertmanager__takes_texts_of_any_kind(void **state)
{
    struct bench *bench = *state;
    const struct sb_pair label = { "host", "al\"pha" };
    struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_INFO);
    bench->def.labels = &label;
    bench->def.label_count = 1;
    bench->def.link = "https://ops.example.net/";
    (void)sb_copy(notice.subject, sizeof notice.subject, "\x1b]0;x\x07 \"}]\xff\r\n");
    memset(notice.text, 'x', sizeof notice.text - 1);
    must_deliver(&bench->def, &notice);
    struct sb_json *json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), 1);
    expect_text(json, "0.labels.subject", "\xef\xbf\xbd]0;x\xef\xbf\xbd \"}]\xef\xbf\xbd ");
    expect_text(json, "0.generatorURL", "https://ops.example.net/");
    sb_json_destroy(json);
}

static void alertmanager__that_refuses_is_not_asked_again(void **state)
{
    struct bench *bench = *state;
    struct sb_notice notice = notice_of(SB_NOTICE_RESOLVED, SB_SEVERITY_PAGE);
    const struct sb_op op = { .deadline = SB_NEVER };
    notice.at.ns = notice.since.ns - SB_S(10); /* it ends before it began: 400 */
    const struct attempt attempt = attempt_of(&bench->def, &notice, &op);
    assert_int_equal(attempt.code, SB_ERR_REFUSED);
    assert_int_equal(attempt.answer.status, 400);
    assert_true(attempt.answer.is_permanent);
}

enum { SENDERS = 6, EACH = 20 };

struct sender {
    struct sb_notify *notify;
    struct sb_thread *thread;
    unsigned number, delivered;
    struct sb_error err;
};

static void send_some(void *arg)
{
    struct sender *sender = arg;
    const struct sb_op op = { .deadline = SB_NEVER };
    struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    for (unsigned i = 0; i < EACH; i++) {
        struct sb_notify_answer answer;
        (void)snprintf(notice.subject, sizeof notice.subject, "job %u.%u", sender->number, i);
        if (sb_notify_send(sender->notify, 0, &notice, &op, &answer, &sender->err) == SB_OK)
            sender->delivered++;
    }
}

static void notify__sends_from_several_threads_at_once(void **state)
{
    struct bench *bench = *state;
    struct sb_http *http = NULL;
    struct sb_notify *notify = NULL;
    static struct sender senders[SENDERS];
    assert_int_equal(sb_http_create(&http, NULL), SB_OK);
    assert_int_equal(sb_notify_create(&notify, http, &bench->def, 1, NULL), SB_OK);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .notify = notify, .number = i };
        assert_int_equal(sb_thread_start(&senders[i].thread, "test-sender", send_some, &senders[i], NULL), SB_OK);
    }
    for (size_t i = 0; i < SENDERS; i++)
        sb_thread_join(senders[i].thread);
    for (size_t i = 0; i < SENDERS; i++)
        if (senders[i].delivered != EACH)
            fail_msg("%u of %d: %s", senders[i].delivered, (int)EACH, senders[i].err.text);
    sb_notify_destroy(notify);
    sb_http_destroy(http);
    struct sb_json *json = alerts(bench);
    assert_int_equal(sb_json_count(json, ""), SENDERS * EACH);
    sb_json_destroy(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alertmanager__lists_what_fires_until_it_is_resolved, begin, end),
        cmocka_unit_test_setup_teardown(alertmanager__has_one_alert_when_its_severity_rises, begin, end),
        cmocka_unit_test_setup_teardown(alertmanager__takes_texts_of_any_kind, begin, end),
        cmocka_unit_test_setup_teardown(alertmanager__that_refuses_is_not_asked_again, begin, end),
        cmocka_unit_test_setup_teardown(notify__sends_from_several_threads_at_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
