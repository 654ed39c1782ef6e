/* Addresses that are no public ones, and what a request may say about its receiver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/services/net/transfer.h"

#include "server.h"

static bool is_special(const char *text)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return sb_net_is_special((struct sockaddr *)&in);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return sb_net_is_special((struct sockaddr *)&in6);
}

static void special__are_the_networks_that_nobody_reaches_from_outside(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0.0.0.0",       "10.0.0.1",    "10.255.255.255", "100.64.0.1",     "100.127.255.255",    "127.0.0.1",        "127.255.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1",    "198.18.0.1",         "198.19.255.255",   "224.0.0.1",
        "240.0.0.1",     "255.255.255.255", "::",         "::1",            "::127.0.0.1",        "::ffff:127.0.0.1", "::ffff:10.1.2.3",
        "64:ff9b::a00:1", "2002:a00:1::1", "fc00::1",     "fdff:ffff::1",   "fe80::1",            "fec0::1",          "ff02::1",
        "2001:db8::1",   "2001::1",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        if (!is_special(texts[i])) {
            fail_msg("%s counts as public", texts[i]);
        }
    }
}

static void special__are_no_public_addresses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1.1.1.1",     "9.255.255.255", "11.0.0.0",  "100.63.255.255", "100.128.0.0",      "128.0.0.1",            "172.15.255.255",
        "172.32.0.0",  "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",    "223.255.255.255",      "2606:4700::1111",
        "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        if (is_special(texts[i])) {
            fail_msg("%s counts as special", texts[i]);
        }
    }
}

static void special__is_what_is_no_internet_address(void **state)
{
    (void)state;
    const struct sockaddr local = { .sa_family = AF_UNIX };
    assert_true(sb_net_is_special(&local));
}

struct bench {
    struct server server;
    struct sb_http *http;
    struct sb_http_response response;
    struct sb_error err;
};

static enum sb_err ask(struct bench *bench, const char *answer, struct sb_http_request request, const char *url)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(20)) };
    memset(bench, 0, sizeof *bench);
    server_start(&bench->server, answer, true);
    assert_int_equal(sb_http_create(&bench->http, NULL), SB_OK);
    request.method = "GET";
    request.url = url ? url : bench->server.url;
    const enum sb_err code = sb_http_send(bench->http, &request, &op, &bench->response, &bench->err);
    sb_http_destroy(bench->http);
    server_stop(&bench->server);
    return code;
}

static void http__connects_to_no_special_address_for_a_public_receiver(void **state)
{
    (void)state;
    struct bench bench;
    const struct sb_http_request request = { .is_public_only = true, .response_max = 9 };
    assert_int_equal(ask(&bench, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", request, NULL), SB_ERR_REFUSED);
    assert_int_equal(bench.server.connections, 0);
    assert_false(bench.response.was_sent);
    assert_non_null(strstr(bench.err.text, "127.0.0.1 is not a public address"));
}

static void http__cuts_an_answer_that_is_asked_for_its_status_alone(void **state)
{
    (void)state;
    struct bench bench;
    char answer[20000];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 19000\r\n\r\n%*s", 19000, "x");
    assert_int_equal(ask(&bench, answer, (struct sb_http_request){ .response_max = 64, .cuts_body = true }, NULL), SB_OK);
    assert_int_equal(bench.response.status, 503);
    assert_int_equal(bench.response.retry_after, SB_S(7));
    assert_true(bench.response.body_size <= 64);
    free(bench.response.body);
}

static void http__keeps_a_secret_path_out_of_its_messages(void **state)
{
    (void)state;
    struct bench bench;
    const struct sb_http_request request = { .hides_path = true, .response_max = 9 };
    assert_int_equal(ask(&bench, NULL, request, "http://127.0.0.1:1/services/T0/B0/xyzzy?a=b"), SB_ERR_UNAVAILABLE);
    assert_non_null(strstr(bench.err.text, "http://127.0.0.1:1"));
    assert_null(strstr(bench.err.text, "services"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special__are_the_networks_that_nobody_reaches_from_outside),
        cmocka_unit_test(special__are_no_public_addresses),
        cmocka_unit_test(special__is_what_is_no_internet_address),
        cmocka_unit_test(http__connects_to_no_special_address_for_a_public_receiver),
        cmocka_unit_test(http__cuts_an_answer_that_is_asked_for_its_status_alone),
        cmocka_unit_test(http__keeps_a_secret_path_out_of_its_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
