/* The HTTP client against a scripted loopback server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server.h"

#include "signalbox/ports/http.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"

static struct sb_op soon(void)
{
    return (struct sb_op){ .deadline = sb_ns_add(sb_now(), SB_S(20)) };
}

static struct sb_http *client(void)
{
    struct sb_http *http = NULL;
    assert_int_equal(sb_http_create(&http, NULL), SB_OK);
    return http;
}

static enum sb_err get(struct sb_http *http, const char *url, const struct sb_op *op, struct sb_http_response *response,
                       struct sb_error *err)
{
    const struct sb_http_request request = { .method = "GET", .url = url, .response_max = 1024 };
    return sb_http_send(http, &request, op, response, err);
}

static void http__gives_status_body_and_type(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    server_start(&server, OK_ANSWER, false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body_size, 5);
    assert_string_equal(response.body, "hello");
    assert_string_equal(response.content_type, "text/plain; charset=utf-8");
    assert_int_equal(response.retry_after, 0);
    assert_true(response.was_sent);
    free(response.body);
    sb_http_destroy(http);
    server_stop(&server);
}

static void http__sends_method_headers_and_body(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    const struct sb_http_header headers[] = { { "Content-Type", "application/json" }, { "X-Run", "17" } };
    server_start(&server, OK_ANSWER, false);
    const struct sb_http_request request = { .method = "PUT", .url = server.url, .headers = headers, .header_count = 2,
                                             .body = "{\"a\":1}", .body_size = 7, .response_max = 100 };
    assert_int_equal(sb_http_send(http, &request, &op, &response, NULL), SB_OK);
    sb_http_destroy(http);
    server_stop(&server);
    assert_non_null(strstr(server.last, "PUT /x?token=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(server.last, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.last, "\r\nX-Run: 17\r\n"));
    assert_non_null(strstr(server.last, "\r\n\r\n{\"a\":1}"));
    assert_null(strcasestr(server.last, "Expect:"));
    free(response.body);
}

static void http__does_not_follow_redirects(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    server_start(&server, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
    assert_int_equal(response.status, 302);
    sb_http_destroy(http);
    server_stop(&server);
    assert_int_equal(server.requests, 1);
    free(response.body);
}

static void http__refuses_an_answer_over_its_limit(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    struct sb_error err = { 0 };
    const struct sb_op op = soon();
    server_start(&server, OK_ANSWER, false);
    const struct sb_http_request request = { .method = "GET", .url = server.url, .response_max = 4 };
    assert_int_equal(sb_http_send(http, &request, &op, &response, &err), SB_ERR_TOO_LARGE);
    assert_null(response.body);
    assert_true(response.was_sent);
    assert_non_null(strstr(err.text, "larger than 4 bytes"));
    sb_http_destroy(http);
    server_stop(&server);
}

static sb_ns retry_after_of(const char *answer)
{
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    server_start(&server, answer, false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
    sb_http_destroy(http);
    server_stop(&server);
    free(response.body);
    return response.retry_after;
}

static void http__reads_retry_after_in_seconds(void **state)
{
    (void)state;
    assert_int_equal(retry_after_of("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n"), SB_S(17));
}

static void http__reads_retry_after_as_a_date_and_bounds_it(void **state)
{
    (void)state;
    assert_int_equal(retry_after_of("HTTP/1.1 503 Busy\r\nRetry-After: Tue, 01 Jan 2199 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"),
                     SB_DAY(1));
    assert_int_equal(retry_after_of("HTTP/1.1 503 Busy\r\nRetry-After: Tue, 01 Jan 2019 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"),
                     0);
}

static void http__times_out_and_says_that_the_request_left(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    struct sb_error err = { 0 };
    server_start(&server, NULL, false);
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_MS(200)) };
    assert_int_equal(get(http, server.url, &op, &response, &err), SB_ERR_TIMEOUT);
    assert_true(response.was_sent);
    assert_null(strstr(err.text, "token"));
    sb_http_destroy(http);
    server_stop(&server);
}

struct call {
    struct sb_http *http;
    const char *url;
    struct sb_op op;
    enum sb_err code;
    struct sb_http_response response;
};

static void call_main(void *arg)
{
    struct call *call = arg;
    call->code = get(call->http, call->url, &call->op, &call->response, NULL);
}

static void http__is_cancelled_from_another_thread(void **state)
{
    (void)state;
    struct server server;
    struct sb_thread *thread = NULL;
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    server_start(&server, NULL, false);
    struct call call = { .http = client(), .url = server.url, .op = { .deadline = SB_NEVER, .cancel = cancel } };
    assert_int_equal(sb_thread_start(&thread, "test-caller", call_main, &call, NULL), SB_OK);
    server_await(&server, 1);
    sb_cancel_ask(cancel);
    sb_thread_join(thread);
    assert_int_equal(call.code, SB_ERR_CANCELLED);
    assert_true(call.response.was_sent);
    sb_http_destroy(call.http);
    server_stop(&server);
    sb_cancel_destroy(cancel);
}

static void http__destroy_ends_requests_under_way(void **state)
{
    (void)state;
    struct server server;
    struct sb_thread *thread = NULL;
    server_start(&server, NULL, false);
    struct call call = { .http = client(), .url = server.url, .op = { .deadline = SB_NEVER } };
    assert_int_equal(sb_thread_start(&thread, "test-caller", call_main, &call, NULL), SB_OK);
    server_await(&server, 1);
    sb_http_destroy(call.http);
    sb_thread_join(thread);
    assert_int_equal(call.code, SB_ERR_CANCELLED);
    server_stop(&server);
}

static void http__says_that_nothing_was_sent_when_nobody_listens(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { .was_sent = true };
    const struct sb_op op = soon();
    server_start(&server, OK_ANSWER, false);
    server_stop(&server); /* its port is free again, nothing answers there */
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_ERR_UNAVAILABLE);
    assert_false(response.was_sent);
    sb_http_destroy(http);
}

static void http__reports_a_connection_closed_without_an_answer(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    server_start(&server, "", true);
    const struct sb_http_request request = { .method = "POST", .url = server.url, .body = "x", .body_size = 1, .response_max = 9 };
    assert_int_equal(sb_http_send(http, &request, &op, &response, NULL), SB_ERR_UNAVAILABLE);
    assert_true(response.was_sent);
    sb_http_destroy(http);
    server_stop(&server);
    assert_int_equal(server.requests, 1);
}

static void http__keeps_the_connection_for_the_next_read(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    const struct sb_op op = soon();
    server_start(&server, OK_ANSWER, false);
    for (int i = 0; i < 2; i++) {
        struct sb_http_response response = { 0 };
        assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
        free(response.body);
    }
    sb_http_destroy(http);
    server_stop(&server);
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 1);
}

/* libcurl repeats a request by itself when a kept connection turns out to be dead. With an effect that would be a second effect. */
static void http__never_sends_an_effect_over_a_kept_connection(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    const struct sb_op op = soon();
    struct sb_http_response response = { 0 };
    server_start(&server, OK_ANSWER, false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
    free(response.body);
    const struct sb_http_request request = { .method = "POST", .url = server.url, .body = "x", .body_size = 1, .response_max = 9 };
    assert_int_equal(sb_http_send(http, &request, &op, &response, NULL), SB_OK);
    free(response.body);
    sb_http_destroy(http);
    server_stop(&server);
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 2);
}

static void http__ignores_the_proxy_of_the_environment(void **state)
{
    (void)state;
    struct server server;
    const struct sb_op op = soon();
    struct sb_http_response response = { 0 };
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:9", 1), 0);
    struct sb_http *http = client();
    server_start(&server, OK_ANSWER, false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_OK);
    assert_int_equal(response.status, 200);
    sb_http_destroy(http);
    server_stop(&server);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    free(response.body);
}

static void http__refuses_other_schemes_and_hidden_passwords(void **state)
{
    (void)state;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = soon();
    assert_int_equal(get(http, "file:///etc/passwd", &op, &response, NULL), SB_ERR_INVALID);
    assert_int_equal(get(http, "gopher://127.0.0.1:1/", &op, &response, NULL), SB_ERR_INVALID);
    assert_int_equal(get(http, "http://user:secret@127.0.0.1:1/", &op, &response, NULL), SB_ERR_INVALID);
    sb_http_destroy(http);
}

static void http__refuses_a_header_that_carries_a_line_break(void **state)
{
    (void)state;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    struct sb_error err = { 0 };
    const struct sb_op op = soon();
    const struct sb_http_header header = { "X-Name", "secret\r\nX-Other: 1" };
    const struct sb_http_request request = { .method = "GET", .url = "http://127.0.0.1:1/", .headers = &header, .header_count = 1 };
    assert_int_equal(sb_http_send(http, &request, &op, &response, &err), SB_ERR_INVALID);
    assert_null(strstr(err.text, "secret"));
    sb_http_destroy(http);
}

static void http__does_not_start_after_its_deadline(void **state)
{
    (void)state;
    struct server server;
    struct sb_http *http = client();
    struct sb_http_response response = { 0 };
    const struct sb_op op = { .deadline = 0 };
    server_start(&server, OK_ANSWER, false);
    assert_int_equal(get(http, server.url, &op, &response, NULL), SB_ERR_TIMEOUT);
    assert_false(response.was_sent);
    sb_http_destroy(http);
    server_stop(&server);
    assert_int_equal(server.connections, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http__gives_status_body_and_type),
        cmocka_unit_test(http__sends_method_headers_and_body),
        cmocka_unit_test(http__does_not_follow_redirects),
        cmocka_unit_test(http__refuses_an_answer_over_its_limit),
        cmocka_unit_test(http__reads_retry_after_in_seconds),
        cmocka_unit_test(http__reads_retry_after_as_a_date_and_bounds_it),
        cmocka_unit_test(http__times_out_and_says_that_the_request_left),
        cmocka_unit_test(http__is_cancelled_from_another_thread),
        cmocka_unit_test(http__destroy_ends_requests_under_way),
        cmocka_unit_test(http__says_that_nothing_was_sent_when_nobody_listens),
        cmocka_unit_test(http__reports_a_connection_closed_without_an_answer),
        cmocka_unit_test(http__keeps_the_connection_for_the_next_read),
        cmocka_unit_test(http__never_sends_an_effect_over_a_kept_connection),
        cmocka_unit_test(http__ignores_the_proxy_of_the_environment),
        cmocka_unit_test(http__refuses_other_schemes_and_hidden_passwords),
        cmocka_unit_test(http__refuses_a_header_that_carries_a_line_break),
        cmocka_unit_test(http__does_not_start_after_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
