#include "runtime/services/browser/remote.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void url__is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *path, *shown;
        int port;
        bool is_secure, is_discovery;
    } cases[] = {
        { "ws://h:9222/devtools/browser/1", "h", "/devtools/browser/1", "ws://h:9222", 9222, false, false },
        { "wss://h/x?token=s", "h", "/x?token=s", "wss://h:443", 443, true, false },
        { "http://127.0.0.1:1", "127.0.0.1", "/", "http://127.0.0.1:1", 1, false, true },
        { "https://h?token=s", "h", "/?token=s", "https://h:443", 443, true, true },
        { "ws://[::1]:80/a", "::1", "/a", "ws://[::1]:80", 80, false, false },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct sb_remote_url url;
        char shown[300];
        assert_int_equal(sb_remote_url_parse(&url, cases[i].text, NULL), SB_OK);
        assert_string_equal(url.host, cases[i].host);
        assert_string_equal(url.path, cases[i].path);
        assert_int_equal(url.port, cases[i].port);
        assert_true(url.is_secure == cases[i].is_secure && url.is_discovery == cases[i].is_discovery);
        sb_remote_url_show(&url, shown, sizeof(shown));
        assert_string_equal(shown, cases[i].shown);
    }
}

static void url__that_is_none_is_refused_without_showing_its_secrets(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "ftp://h",          "ws://",         "ws://:80/",       "ws://h:0",         "ws://h:65536", "ws://h:8o",
        "ws://[::1", "ws://[::1]x:80/a", "ws://u:s3cret@h/", "ws://h/a b?s3cret", "ws://h/\r\nX: s3cret",
    };
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        struct sb_remote_url url = { .port = 7 };
        struct sb_error err = { 0 };
        assert_int_equal(sb_remote_url_parse(&url, wrong[i], &err), SB_ERR_INVALID);
        assert_int_equal(url.port, 7);
        assert_null(strstr(err.text, "s3cret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url__is_taken_apart),
        cmocka_unit_test(url__that_is_none_is_refused_without_showing_its_secrets),
    };
    return cmocka_run_group_tests_name("browser_remote_url", tests, NULL, NULL);
}
