/* Channels that post over TLS, against a real HTTPS receiver with an authority of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_bench.h"

static struct daemon server;
static struct sb_channel_def def;
static char url[64], cert[160];

static int begin(void **state)
{
    (void)state;
    daemon_folder(&server);
    daemon_certificate(&server);
    const char *const argv[] = { "/usr/bin/python3", SB_SOURCE_DIR "/tests/support/https_server.py", server.folder, NULL };
    daemon_start(&server, argv);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%.6s/hook", daemon_await(&server, "listening "));
    (void)sb_copy(cert, sizeof cert, daemon_file(&server, "cert.pem"));
    def = (struct sb_channel_def){ .name = "ops", .kind = SB_CHANNEL_WEBHOOK, .url = url, .ca_file = cert, .allows_private = true,
                                   .timeout = SB_S(30) };
    return 0;
}

static int end(void **state)
{
    (void)state;
    daemon_end(&server);
    return 0;
}

static bool has_arrived(void)
{
    char *text = NULL;
    size_t size = 0;
    const bool is_there = sb_file_read(daemon_file(&server, "got"), 1 << 20, &text, &size, NULL) == SB_OK;
    assert_true(!is_there || strstr(text, "\"key\":\"a17.ops.1\"") != NULL);
    free(text);
    return is_there;
}

static void webhook__trusts_the_authority_that_it_is_given(void **state)
{
    (void)state;
    const struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    must_deliver(&def, &notice);
    assert_true(has_arrived());
}

static void expect_distrust(void)
{
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    const struct attempt attempt = attempt_of(&def, &notice, &op);
    assert_int_equal(attempt.code, SB_ERR_UNAVAILABLE);
    assert_false(attempt.answer.is_permanent); /* it may be renewed without us */
    if (strcasestr(attempt.err.text, "certificate") == NULL)
        fail_msg("%s", attempt.err.text);
    assert_false(has_arrived());
}

static void webhook__trusts_no_authority_that_the_system_does_not_know(void **state)
{
    (void)state;
    def.ca_file = NULL;
    expect_distrust();
}

/* The certificate names 127.0.0.1 alone. */
static void webhook__trusts_no_certificate_of_another_name(void **state)
{
    (void)state;
    char other[64];
    (void)snprintf(other, sizeof other, "https://localhost%s", strrchr(url, ':'));
    def.url = other;
    expect_distrust();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(webhook__trusts_the_authority_that_it_is_given, begin, end),
        cmocka_unit_test_setup_teardown(webhook__trusts_no_authority_that_the_system_does_not_know, begin, end),
        cmocka_unit_test_setup_teardown(webhook__trusts_no_certificate_of_another_name, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
