/* Numbers as pages write them, base64, and the list of hosts. */
#include "runtime/services/browser/hosts.h"
#include "runtime/services/browser/values.h"

#include "signalbox/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void number__counts_written_for_people_are_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        { "0", 0 }, { "12", 12 }, { " 7 ", 7 }, { "-3", -3 }, { "+4", 4 }, { "1,234", 1234 }, { "1,234,567", 1234567 }, { "1.2K", 1200 },
        { "1.25k", 1250 }, { "3M", 3000000 }, { "2B", 2000000000 }, { "1.5 M", 1500000 }, { "12 likes", 12 }, { "3.0", 3 }, { "40%", 40 },
        { "1,234 replies", 1234 }, { "007", 7 }, { "12.", 12 },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct sb_number number = { 0 };
        if (!sb_page_number(cases[i].text, &number) || !number.is_integer || number.integer != cases[i].value)
            fail_msg("%s is %lld", cases[i].text, (long long)number.integer);
    }
}

static void number__a_fraction_stays_one(void **state)
{
    (void)state;
    struct sb_number number;
    assert_true(sb_page_number("-2.5", &number));
    assert_false(number.is_integer);
    assert_true(number.real < -2.4999 && number.real > -2.5001);
    assert_true(sb_page_number("1.2345K", &number));
    assert_false(number.is_integer);
    assert_true(number.real > 1234.4 && number.real < 1234.6);
}

static void number__what_only_looks_like_one_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "likes", "-", ".5", "1.2.3", "12:30", "2026-11-23", "3rd", "1,23", "12x", "99999999999999999999",
                                         "999999999999999999B", "1/2" };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        struct sb_number number;
        if (sb_page_number(texts[i], &number))
            fail_msg("accepted: %s", texts[i]);
    }
}

static void base64__bytes_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t size;
    } cases[] = { { "", "", 0 }, { "Zg==", "f", 1 }, { "Zm8=", "fo", 2 }, { "Zm9v", "foo", 3 }, { "AP8Q", "\x00\xff\x10", 3 } };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        size_t size = 99;
        unsigned char *bytes = sb_page_base64(cases[i].text, strlen(cases[i].text), &size);
        assert_non_null(bytes);
        assert_int_equal(size, cases[i].size);
        if (size > 0)
            assert_memory_equal(bytes, cases[i].bytes, size);
        free(bytes);
    }
    size_t size;
    assert_null(sb_page_base64("Zm9v!", 5, &size));
}

static void utf8__a_cut_never_splits_a_character(void **state)
{
    (void)state;
    assert_int_equal(sb_page_utf8_cut("abc", 3, 10), 3);
    assert_int_equal(sb_page_utf8_cut("abc", 3, 2), 2);
    assert_int_equal(sb_page_utf8_cut("a\xc3\xa4", 3, 2), 1);
    assert_int_equal(sb_page_utf8_cut("\xf0\x9f\x98\x80", 4, 3), 0);
}

static void hosts__only_listed_hosts_pass(void **state)
{
    (void)state;
    static const char *const hosts[] = { "127.0.0.1:8080", "example.com", "[::1]:9", "secure.test:443" };
    static const struct {
        const char *url;
        bool is_allowed;
    } cases[] = {
        { "http://127.0.0.1:8080/x", true }, { "http://127.0.0.1:8081/x", false }, { "http://127.0.0.1/", false },
        { "https://example.com/a?b#c", true }, { "http://EXAMPLE.com:1234", true }, { "http://sub.example.com/", false },
        { "http://example.com.evil.test/", false }, { "http://example.com@evil.test/", false }, { "http://u:p@example.com/", true },
        { "http://evil.test/example.com", false }, { "http://evil.test#@example.com/", false }, { "http://evil.test\\@example.com/", false },
        { "http://[::1]:9/", true }, { "http://[::1]:8/", false }, { "https://secure.test/", true }, { "http://secure.test/", false },
        { "about:blank", true }, { "about:blank#x", false }, { "file:///etc/passwd", false }, { "data:text/html,x", false },
        { "javascript:alert(1)", false }, { "chrome://version", false }, { "", false }, { "http://", false },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++)
        if (sb_hosts_allow(hosts, SB_LEN(hosts), cases[i].url) != cases[i].is_allowed)
            fail_msg("%s", cases[i].url);
}

static void hosts__without_a_list_everything_but_local_files_passes(void **state)
{
    (void)state;
    assert_true(sb_hosts_allow(NULL, 0, "http://anything.test/"));
    assert_true(sb_hosts_allow(NULL, 0, "data:text/html,x"));
    assert_false(sb_hosts_allow(NULL, 0, "file:///etc/passwd"));
    assert_false(sb_hosts_allow(NULL, 0, "FILE:///etc/passwd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number__counts_written_for_people_are_whole_numbers),
        cmocka_unit_test(number__a_fraction_stays_one),
        cmocka_unit_test(number__what_only_looks_like_one_is_none),
        cmocka_unit_test(base64__bytes_come_back),
        cmocka_unit_test(utf8__a_cut_never_splits_a_character),
        cmocka_unit_test(hosts__only_listed_hosts_pass),
        cmocka_unit_test(hosts__without_a_list_everything_but_local_files_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
