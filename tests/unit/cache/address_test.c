/* Addresses of Redis. */
#include "runtime/services/cache/wire.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void address__is_read_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *user;
        int port, database;
        const char *shown;
    } cases[] = {
        { "redis://cache", "cache", "", 6379, 0, "redis cache:6379/0" },
        { "redis://cache/", "cache", "", 6379, 0, "redis cache:6379/0" },
        { "redis://10.0.0.7:7000/15", "10.0.0.7", "", 7000, 15, "redis 10.0.0.7:7000/15" },
        { "redis://box@cache:1/2", "cache", "box", 1, 2, "redis cache:1/2" },
        { "redis://[::1]:7000/1", "::1", "", 7000, 1, "redis ::1:7000/1" },
        { "redis://[::1]", "::1", "", 6379, 0, "redis ::1:6379/0" },
        { "redis+unix:///run/redis/s", "/run/redis/s", "", 0, 0, "redis /run/redis/s" },
        { "redis+unix:///run/redis/s?db=4", "/run/redis/s", "", 0, 4, "redis /run/redis/s" },
        { "redis+unix://box@/run/a:b@c?db=4", "/run/a:b@c", "box", 0, 4, "redis /run/a:b@c" },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct sb_redis_address address;
        struct sb_error err = { 0 };
        if (sb_redis_address_read(&address, cases[i].text, &err) != SB_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_string_equal(address.host, cases[i].host);
        assert_string_equal(address.user, cases[i].user);
        assert_int_equal(address.port, cases[i].port);
        assert_int_equal(address.database, cases[i].database);
        assert_string_equal(address.shown, cases[i].shown);
    }
}

static void address__that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "redis", "redis:", "redis://", "redis:///0", "redis://:6379", "redis://host:0", "redis://host:65536", "redis://host:x",
        "redis://host:", "redis://host/x", "redis://host/1/2", "redis://host/-1", "redis://host/99999", "redis://[::1",
        "redis://[::1]x", "redis://u@", "rediss://host",
        "redis+unix://s", "redis+unix://", "redis+unix:///s?db=", "redis+unix:///s?db=x", "redis+unix:///s?x=1", "http://host",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        struct sb_redis_address address;
        struct sb_error err = { 0 };
        if (sb_redis_address_read(&address, texts[i], &err) != SB_ERR_CONFIG)
            fail_msg("\"%s\" was taken", texts[i]);
        assert_true(strlen(err.text) > 20);
    }
}

static void address__with_a_password_is_refused_without_showing_it(void **state)
{
    (void)state;
    struct sb_redis_address address;
    struct sb_error err = { 0 };
    assert_int_equal(sb_redis_address_read(&address, "redis://box:hunter2@host", &err), SB_ERR_CONFIG);
    assert_null(strstr(err.text, "hunter2"));
    assert_non_null(strstr(err.text, "cache_password"));
    assert_int_equal(sb_redis_address_read(&address, "redis+unix://box:hunter2@/s", &err), SB_ERR_CONFIG);
    assert_null(strstr(err.text, "hunter2"));
    assert_int_equal(sb_redis_address_read(&address, "redis://:hunter2@host", &err), SB_ERR_CONFIG);
    assert_null(strstr(err.text, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address__is_read_in_every_form),
        cmocka_unit_test(address__that_makes_no_sense_is_refused),
        cmocka_unit_test(address__with_a_password_is_refused_without_showing_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
