/* Times as people write them. */
#include "signalbox/base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signalbox/base/err.h"

/* 2026-11-27T12:00:00Z */
static const struct sb_wall from = { INT64_C(1795780800000000000) };

static void times__are_read_from_another_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t after; /* seconds after `from` */
        bool is_clock;
    } times[] = {
        { "14:02", 7320, true },  { "14:02:10", 7330, true },   { "00:00Z", -43200, true }, { "2026-11-27T14:02:10Z", 7330, false },
        { "2026-11-27 14:02", 7320, false }, { "1970-01-01T00:00", -1795780800, false }, { "-10m", -600, false }, { "+1h30m", 5400, false },
        { "-2d", -172800, false }, { "+0s", 0, false }, { "2024-02-29T12:00", 1709208000 - 1795780800, false },
    };
    for (size_t i = 0; i < SB_LEN(times); i++) {
        struct sb_wall to = { -1 };
        bool is_clock = !times[i].is_clock;
        assert_true(sb_when_parse(times[i].text, from, &to, &is_clock));
        const bool is_span = times[i].text[0] == '-' || times[i].text[0] == '+';
        assert_true(to.ns == from.ns + SB_S(times[i].after) + (is_span ? 0 : SB_S(1) - 1)); /* a clock is the end of its second */
        assert_true(is_clock == times[i].is_clock);
    }
}

static void nonsense__is_no_time(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", " ", "14", "14:", ":02", "24:00", "12:60", "12:00:60", "12:00:00:00", "12:00z!", "123:00", "2026-13-01T00:00", "2026-02-29T00:00",
        "2026-04-31 00:00", "2026-11-27", "2026-11-27T", "2026-11-27_12:00", "99999-01-01T00:00", "-", "+", "-m", "-10", "-10x", "10m", "-99999m",
        "-1h-1m", "now", "0x1:00",
    };
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        struct sb_wall to = { 42 };
        bool is_clock = false;
        assert_false(sb_when_parse(wrong[i], from, &to, &is_clock));
        assert_true(to.ns == 42);
    }
}

static void distances__have_an_end(void **state)
{
    (void)state;
    struct sb_wall to = { 0 };
    bool is_clock = false;
    assert_true(sb_when_parse("+9999d9999d9999d9999d9999d9999d9999d9999d9999d9999d9999d", from, &to, &is_clock));
    assert_true(to.ns == SB_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times__are_read_from_another_one),
        cmocka_unit_test(nonsense__is_no_time),
        cmocka_unit_test(distances__have_an_end),
    };
    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
