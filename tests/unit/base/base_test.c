/* Containers and words: each promise of the base headers. */
#include "signalbox/base/arena.h"
#include "signalbox/base/err.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/heap.h"
#include "signalbox/base/hist.h"
#include "signalbox/base/text.h"
#include "signalbox/base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void text__never_cuts_inside_a_utf8_sequence_and_says_that_it_cut(void **state)
{
    (void)state;
    char buf[6];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof(buf));
    sb_text_add(&text, "abc\xe2\x82\xac"); /* the euro sign needs three bytes, two are left */
    assert_string_equal(buf, "abc");
    assert_true(text.is_cut);
    char name[5];
    assert_false(sb_copy(name, sizeof(name), "ab\xe2\x82\xac"));
    assert_string_equal(name, "ab");
    assert_int_equal(name[3], 0);
}

static void text__durations_stay_short_and_keep_two_units(void **state)
{
    (void)state;
    static const struct {
        sb_ns duration;
        const char *text;
    } cases[] = {
        { 0, "0.0s" },           { SB_US(7), "7us" },       { SB_MS(42), "42ms" },       { SB_MS(450), "0.4s" },
        { SB_S(41), "41s" },     { SB_S(250), "4m10s" },    { SB_S(11100), "3h05m" },    { SB_DAY(12) + SB_HOUR(3), "12d03h" },
        { -SB_S(15), "-15s" },   { SB_NEVER, "never" },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        char buf[32];
        struct sb_text text;
        sb_text_init(&text, buf, sizeof(buf));
        sb_text_add_duration(&text, cases[i].duration);
        assert_string_equal(buf, cases[i].text);
    }
}

static void text__money_is_rounded_for_display_only(void **state)
{
    (void)state;
    char buf[64];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof(buf));
    sb_text_add_usd(&text, (struct sb_usd){ 3124999999 }, 2);
    sb_text_add_char(&text, ' ');
    sb_text_add_usd(&text, (struct sb_usd){ 995000000 }, 2);
    sb_text_add_char(&text, ' ');
    sb_text_add_usd(&text, (struct sb_usd){ -1 }, 9);
    sb_text_add_char(&text, ' ');
    sb_text_add_usd(&text, (struct sb_usd){ 4600000000 }, 0);
    assert_string_equal(buf, "3.12 1.00 -0.000000001 5");
}

static void text__walls_agree_with_the_c_library_over_four_centuries(void **state)
{
    (void)state;
    for (int64_t seconds = -5000000000; seconds < 8000000000; seconds += 86399 * 37) {
        time_t t = (time_t)seconds;
        struct tm tm;
        char expected[32], got[40];
        assert_non_null(gmtime_r(&t, &tm));
        if (tm.tm_year + 1900 < 1000)
            continue;
        assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        struct sb_text text;
        sb_text_init(&text, got, sizeof(got));
        sb_text_add_wall(&text, (struct sb_wall){ seconds * 1000000000 }, false);
        assert_string_equal(got, expected);
        struct sb_civil civil = sb_wall_civil((struct sb_wall){ seconds * 1000000000 });
        assert_int_equal(civil.weekday, tm.tm_wday);
        assert_true(sb_civil_wall(civil).ns == seconds * 1000000000);
    }
}

static void numbers__parse_whole_texts_only(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_true(sb_parse_i64("-9223372036854775808", &value));
    assert_true(value == INT64_MIN);
    assert_true(sb_parse_i64("9223372036854775807", &value));
    static const char *const bad[] = { "", "-", "1x", " 1", "1 ", "9223372036854775808", "--1", "+1", "0x10" };
    value = 7;
    for (size_t i = 0; i < SB_LEN(bad); i++)
        assert_false(sb_parse_i64(bad[i], &value));
    assert_true(value == 7);
}

static void utf8__refuses_overlong_surrogate_and_cut_sequences(void **state)
{
    (void)state;
    static const char *const bad[] = { "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\x80", "\xe2\x82", "\xf0\x9f\x98" };
    uint32_t c = 0;
    for (size_t i = 0; i < SB_LEN(bad); i++)
        assert_int_equal(sb_utf8_decode(bad[i], strlen(bad[i]), &c), 0);
    for (uint32_t code = 1; code <= 0x10ffff; code += code < 0x3000 ? 1 : 97) {
        char bytes[4];
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        unsigned size = sb_utf8_encode(code, bytes);
        assert_int_equal(sb_utf8_decode(bytes, size, &c), size);
        assert_int_equal(c, code);
    }
}

static void heap__leaves_in_order_of_key_then_tie_whatever_moved_inside(void **state)
{
    (void)state;
    enum { N = 200 };
    struct sb_heap_item items[N];
    uint32_t pos[N];
    struct sb_heap heap;
    struct sb_rng rng = { 3 };
    sb_heap_init(&heap, items, pos, N);
    for (int round = 0; round < 5000; round++) {
        uint32_t id = (uint32_t)sb_rng_below(&rng, N);
        if (sb_rng_below(&rng, 3) == 0)
            sb_heap_remove(&heap, id);
        else
            sb_heap_set(&heap, id, (int64_t)sb_rng_below(&rng, 50), id);
        sb_heap_check(&heap);
    }
    int64_t key = INT64_MIN;
    uint64_t tie = 0;
    while (heap.count > 0) {
        struct sb_heap_item top = *sb_heap_top(&heap);
        assert_true(top.key > key || (top.key == key && top.tie > tie));
        key = top.key;
        tie = top.tie;
        sb_heap_remove(&heap, top.id);
        assert_false(sb_heap_has(&heap, top.id));
    }
    assert_null(sb_heap_top(&heap));
}

static void crc32c__knows_the_check_value_of_its_polynomial(void **state)
{
    (void)state;
    assert_int_equal(sb_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(sb_crc32c(sb_crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

static void hist__counts_what_is_at_most_a_bound(void **state)
{
    static struct sb_hist hist;
    (void)state;
    sb_hist_init(&hist);
    assert_int_equal(sb_hist_up_to(&hist, SB_S(1)), 0);
    for (sb_ns v = 1; v <= 1000; v++)
        sb_hist_add(&hist, SB_MS(v));
    assert_int_equal(hist.sum, SB_MS(500500));
    assert_int_equal(sb_hist_up_to(&hist, -1), 0);
    assert_int_equal(sb_hist_up_to(&hist, SB_S(1)), 1000);
    assert_int_equal(sb_hist_up_to(&hist, SB_HOUR(1)), 1000);
    uint64_t half = sb_hist_up_to(&hist, SB_MS(500));
    assert_true(half <= 500 && half >= 500 - 500 / 16 - 1);
}

static void hist__percentiles_are_exact_to_a_sixteenth(void **state)
{
    (void)state;
    static struct sb_hist hist;
    sb_hist_init(&hist);
    assert_int_equal(sb_hist_permille(&hist, 500), 0);
    for (int64_t v = 1; v <= 10000; v++)
        sb_hist_add(&hist, v * 1000);
    static const unsigned permilles[] = { 10, 500, 950, 990, 1000 };
    for (size_t i = 0; i < SB_LEN(permilles); i++) {
        sb_ns exact = (sb_ns)permilles[i] * 10000;
        sb_ns got = sb_hist_permille(&hist, permilles[i]);
        assert_true(got >= exact && got <= exact + exact / 15);
    }
    sb_hist_add(&hist, -5);
    sb_hist_add(&hist, INT64_MAX);
    assert_true(sb_hist_permille(&hist, 1000) == INT64_MAX);
}

static void rng__same_seed_same_numbers_and_every_value_comes(void **state)
{
    (void)state;
    struct sb_rng a = { 9 }, b = { 9 };
    unsigned seen[10] = { 0 };
    for (int i = 0; i < 2000; i++) {
        assert_true(sb_rng_next(&a) == sb_rng_next(&b));
        seen[sb_rng_below(&a, 10)]++;
        (void)sb_rng_below(&b, 10);
    }
    for (size_t i = 0; i < SB_LEN(seen); i++)
        assert_in_range(seen[i], 120, 290);
}

static void arena__measures_what_it_later_needs_and_zeroes(void **state)
{
    (void)state;
    struct sb_arena measure, real;
    sb_arena_init(&measure, NULL, 0);
    assert_null(sb_arena_take(&measure, 3, 5));
    assert_null(sb_arena_take(&measure, 1, 8));
    unsigned char *memory = malloc(measure.used);
    assert_non_null(memory);
    memset(memory, 0xaa, measure.used);
    sb_arena_init(&real, memory, measure.used);
    unsigned char *first = sb_arena_take(&real, 3, 5);
    uint64_t *second = sb_arena_take(&real, 1, 8);
    for (int i = 0; i < 15; i++)
        assert_int_equal(first[i], 0);
    assert_true(*second == 0);
    assert_int_equal(real.used, measure.used);
    free(memory);
}

static void ns__sums_saturate(void **state)
{
    (void)state;
    assert_true(sb_ns_add(SB_NEVER, 1) == SB_NEVER);
    assert_true(sb_ns_add(INT64_MIN, -1) == INT64_MIN);
    assert_true(sb_ns_sub(1, INT64_MIN) == SB_NEVER);
    assert_true(sb_ns_sub(-2, SB_NEVER) == INT64_MIN);
    assert_true(sb_ns_sub(7, 5) == 2);
    assert_true(sb_usd_add((struct sb_usd){INT64_MAX}, (struct sb_usd){1}).nano == INT64_MAX);
    assert_true(sb_usd_sub((struct sb_usd){3}, (struct sb_usd){4}).nano == -1);
    assert_true(sb_ns_add(SB_S(1), -SB_MS(1)) == SB_MS(999));
}

static void error__wraps_without_losing_the_reason(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    assert_int_equal(sb_error_set(&error, SB_ERR_IO, "disk %d", 7), SB_ERR_IO);
    assert_int_equal(sb_error_wrap(&error, "store %s", "x.db"), SB_ERR_IO);
    assert_string_equal(error.text, "store x.db: disk 7");
    assert_int_equal(sb_error_set(NULL, SB_ERR_FULL, "x"), SB_ERR_FULL);
    assert_true(sb_err_is_retryable(SB_ERR_TIMEOUT));
    assert_false(sb_err_is_retryable(SB_ERR_CONFIG));
    assert_string_equal(sb_err_text((enum sb_err)999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__never_cuts_inside_a_utf8_sequence_and_says_that_it_cut),
        cmocka_unit_test(text__durations_stay_short_and_keep_two_units),
        cmocka_unit_test(text__money_is_rounded_for_display_only),
        cmocka_unit_test(text__walls_agree_with_the_c_library_over_four_centuries),
        cmocka_unit_test(numbers__parse_whole_texts_only),
        cmocka_unit_test(utf8__refuses_overlong_surrogate_and_cut_sequences),
        cmocka_unit_test(heap__leaves_in_order_of_key_then_tie_whatever_moved_inside),
        cmocka_unit_test(crc32c__knows_the_check_value_of_its_polynomial),
        cmocka_unit_test(hist__counts_what_is_at_most_a_bound),
        cmocka_unit_test(hist__percentiles_are_exact_to_a_sixteenth),
        cmocka_unit_test(rng__same_seed_same_numbers_and_every_value_comes),
        cmocka_unit_test(arena__measures_what_it_later_needs_and_zeroes),
        cmocka_unit_test(ns__sums_saturate),
        cmocka_unit_test(error__wraps_without_losing_the_reason),
    };
    return cmocka_run_group_tests_name("unit_base", tests, NULL, NULL);
}
