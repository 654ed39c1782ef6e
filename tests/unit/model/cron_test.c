/* Cron against a second, slow implementation that steps through real time and reads expressions in another way; around the
 * clock changes of several zones. */
#include "signalbox/model/cron.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NS 1000000000LL

static void load(struct sb_zone *zone, const char *name)
{
    static unsigned char bytes[65536];
    char path[200];
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_int_equal(SB_OK, sb_zone_parse(zone, name, bytes, count, NULL));
}

static struct sb_cron parse(const char *text)
{
    struct sb_cron cron;
    struct sb_error err = {0};
    if (sb_cron_parse(&cron, text, NULL, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
    return cron;
}

static struct sb_wall utc(int32_t year, unsigned month, unsigned day, unsigned hour, unsigned minute)
{
    return sb_civil_wall((struct sb_civil){
        .year = year, .month = (uint8_t)month, .day = (uint8_t)day, .hour = (uint8_t)hour, .minute = (uint8_t)minute});
}

static void expect_next(const char *expression, const struct sb_zone *zone, enum sb_gap gap, enum sb_overlap_hour overlap,
                        struct sb_wall after, struct sb_wall want)
{
    struct sb_cron cron = parse(expression);
    struct sb_wall got = sb_cron_next(&cron, zone, gap, overlap, after);
    if (got.ns != want.ns) {
        char text[64];
        struct sb_text out;
        sb_text_init(&out, text, sizeof text);
        sb_text_add_wall(&out, got, false);
        sb_text_add(&out, " instead of ");
        sb_text_add_wall(&out, want, false);
        fail_msg("%s: %s", expression, text);
    }
}

/* ------------------------------------------------------------------------------------------------ the second implementation */

/* Whether a field's text contains the value: every term is tried on its own. */
static bool naive_field(const char *text, int value, int low, int high)
{
    char copy[64];
    char *rest = copy;
    char *term = NULL;
    (void)sb_copy(copy, sizeof copy, text);
    while ((term = strsep(&rest, ",")) != NULL) {
        int a = low;
        int b = high;
        int step = 1;
        char *slash = strchr(term, '/');
        if (slash != NULL) {
            step = (int)strtol(slash + 1, NULL, 10);
            *slash = '\0';
        }
        if (term[0] != '*') {
            char *dash = strchr(term, '-');
            a = (int)strtol(term, NULL, 10);
            b = dash != NULL ? (int)strtol(dash + 1, NULL, 10) : slash != NULL ? high : a;
        }
        if (value >= a && value <= b && (value - a) % step == 0) {
            return true;
        }
    }
    return false;
}

struct naive {
    char field[6][40]; /* second minute hour day month weekday */
};

static bool naive_matches(const struct naive *naive, int64_t local_s)
{
    struct sb_civil c = sb_wall_civil((struct sb_wall){local_s * NS});
    bool time = naive_field(naive->field[0], c.second, 0, 59) && naive_field(naive->field[1], c.minute, 0, 59) &&
                naive_field(naive->field[2], c.hour, 0, 23) && naive_field(naive->field[4], c.month, 1, 12);
    bool month_day = naive_field(naive->field[3], c.day, 1, 31);
    bool week_day = naive_field(naive->field[5], c.weekday, 0, 6);
    bool is_and = naive->field[3][0] == '*' || naive->field[5][0] == '*';
    return time && (is_and ? month_day && week_day : month_day || week_day);
}

enum { WINDOW = 8 * 1440 };

/* Local times of a window, one entry per step of UTC. */
struct window {
    int64_t start, step;
    int64_t local[WINDOW];
};

static void fill_window(struct window *window, const struct sb_zone *zone, int64_t start, int64_t step)
{
    window->start = start;
    window->step = step;
    for (int i = 0; i < WINDOW; i++) {
        int64_t t = start + i * step;
        window->local[i] = t + sb_zone_offset(zone, t);
    }
}

static bool naive_runs(const struct naive *naive, const struct window *window, int i, int64_t newest_local, enum sb_gap gap,
                       enum sb_overlap_hour overlap)
{
    bool is_free = naive->field[2][0] == '*' && strchr(naive->field[2], ',') == NULL;
    int64_t local = window->local[i];
    if (!is_free && gap == SB_GAP_RUN_AFTER) {
        for (int64_t skipped = window->local[i - 1] + window->step; skipped < local; skipped += window->step) {
            if (naive_matches(naive, skipped)) {
                return true;
            }
        }
    }
    if (!is_free && overlap == SB_OVERLAP_HOUR_FIRST && local <= newest_local) {
        return false;
    }
    return naive_matches(naive, local);
}

static void compare(const struct naive *naive, const char *expression, const struct window *window, const struct sb_zone *zone,
                    enum sb_gap gap, enum sb_overlap_hour overlap, int *runs)
{
    struct sb_cron cron = parse(expression);
    int64_t newest = window->local[0];
    struct sb_wall next = sb_cron_next(&cron, zone, gap, overlap, (struct sb_wall){window->start * NS});
    for (int i = 1; i < WINDOW; i++) {
        int64_t t = window->start + i * window->step;
        bool is_expected = naive_runs(naive, window, i, newest, gap, overlap);
        if (is_expected != (next.ns == t * NS)) {
            fail_msg("\"%s\" in %s, gap %s, overlap %s: at %lld %s", expression, zone->name, sb_gap_text(gap),
                     sb_overlap_hour_text(overlap), (long long)t, is_expected ? "no run" : "a run too many");
        }
        if (is_expected) {
            (*runs)++;
            next = sb_cron_next(&cron, zone, gap, overlap, next);
        }
        newest = window->local[i] > newest ? window->local[i] : newest;
    }
    assert_true(next.ns >= (window->start + WINDOW * window->step) * NS);
}

static void random_field(struct sb_rng *rng, char *out, size_t cap, unsigned low, unsigned high, unsigned star_percent)
{
    struct sb_text text;
    sb_text_init(&text, out, cap);
    if (sb_rng_below(rng, 100) < star_percent) {
        sb_text_add(&text, "*");
        if (sb_rng_below(rng, 3) == 0) {
            sb_text_addf(&text, "/%u", 2 + (unsigned)sb_rng_below(rng, high / 2 + 1));
        }
        return;
    }
    unsigned terms = 1 + (unsigned)sb_rng_below(rng, 3);
    for (unsigned i = 0; i < terms; i++) {
        unsigned a = low + (unsigned)sb_rng_below(rng, high - low + 1);
        unsigned b = a + (unsigned)sb_rng_below(rng, high - a + 1);
        sb_text_addf(&text, "%s%u", i > 0 ? "," : "", a);
        if (sb_rng_below(rng, 3) == 0) {
            sb_text_addf(&text, "-%u", b);
        }
        if (sb_rng_below(rng, 4) == 0) {
            sb_text_addf(&text, "/%u", 1 + (unsigned)sb_rng_below(rng, high / 2 + 1));
        }
    }
    assert_false(text.is_cut);
}

static void random_naive(struct sb_rng *rng, struct naive *naive, bool has_seconds)
{
    (void)sb_copy(naive->field[0], sizeof naive->field[0], "0");
    if (has_seconds) {
        random_field(rng, naive->field[0], sizeof naive->field[0], 0, 59, 20);
    }
    random_field(rng, naive->field[1], sizeof naive->field[1], 0, 59, 20);
    random_field(rng, naive->field[2], sizeof naive->field[2], 0, 4, 30); /* where clocks change */
    random_field(rng, naive->field[3], sizeof naive->field[3], 1, 28, 70);
    (void)sb_copy(naive->field[4], sizeof naive->field[4], "*");
    random_field(rng, naive->field[5], sizeof naive->field[5], 0, 6, 70);
}

static const char *const ZONES[] = {"Europe/Riga",       "America/New_York",  "Australia/Lord_Howe", "Asia/Kathmandu",
                                    "America/Sao_Paulo", "Africa/Casablanca", "Europe/Dublin",       "Antarctica/Troll"};

static void compare_around_changes(int64_t step, unsigned expressions, bool has_seconds, int *runs)
{
    static struct window window;
    struct sb_rng rng = {20261123};
    for (size_t i = 0; i < SB_LEN(ZONES); i++) {
        struct sb_zone zone;
        int64_t change = sb_civil_days(2017, 3, 1) * 86400;
        load(&zone, ZONES[i]);
        for (int c = 0; c < 3; c++) {
            (void)sb_zone_next_change(&zone, change, &change);
            fill_window(&window, &zone, change - WINDOW / 3 * step - (int64_t)sb_rng_below(&rng, 100) * step, step);
            for (unsigned n = 0; n < expressions; n++) {
                struct naive naive;
                char expression[256];
                random_naive(&rng, &naive, has_seconds);
                (void)snprintf(expression, sizeof expression, "%s %s %s %s %s %s", naive.field[0], naive.field[1], naive.field[2],
                               naive.field[3], naive.field[4], naive.field[5]);
                compare(&naive, expression, &window, &zone, n % 2 == 0 ? SB_GAP_RUN_AFTER : SB_GAP_SKIP,
                        n % 4 < 2 ? SB_OVERLAP_HOUR_FIRST : SB_OVERLAP_HOUR_BOTH, runs);
            }
        }
    }
}

static void cron__equals_stepping_minute_by_minute_around_clock_changes(void **state)
{
    (void)state;
    int runs = 0;
    compare_around_changes(60, 24, false, &runs);
    assert_true(runs > 10000);
}

static void cron__equals_stepping_second_by_second_around_clock_changes(void **state)
{
    (void)state;
    int runs = 0;
    compare_around_changes(1, 12, true, &runs);
    assert_true(runs > 10000);
}

/* ------------------------------------------------------------------------------------------------ stated behaviour */

static void cron__a_time_in_the_gap_runs_right_after_it_or_not_at_all(void **state)
{
    (void)state;
    struct sb_zone zone;
    load(&zone, "America/New_York"); /* 2026-03-08 02:00 EST -> 03:00 EDT, at 07:00 UTC */
    struct sb_wall after = utc(2026, 3, 7, 12, 0);
    expect_next("30 2 * * *", &zone, SB_GAP_RUN_AFTER, SB_OVERLAP_HOUR_FIRST, after, utc(2026, 3, 8, 7, 0));
    expect_next("30 2 * * *", &zone, SB_GAP_RUN_AFTER, SB_OVERLAP_HOUR_FIRST, utc(2026, 3, 8, 7, 0), utc(2026, 3, 9, 6, 30));
    expect_next("30 2 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, after, utc(2026, 3, 9, 6, 30));
}

static void cron__a_time_that_exists_twice_runs_once_or_twice(void **state)
{
    (void)state;
    struct sb_zone zone;
    load(&zone, "America/New_York"); /* 2026-11-01 02:00 EDT -> 01:00 EST, at 06:00 UTC */
    struct sb_wall first = utc(2026, 11, 1, 5, 30);
    expect_next("30 1 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2026, 10, 31, 12, 0), first);
    expect_next("30 1 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, first, utc(2026, 11, 2, 6, 30));
    expect_next("30 1 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_BOTH, first, utc(2026, 11, 1, 6, 30));
}

static void cron__a_free_hour_runs_in_each_real_hour(void **state)
{
    (void)state;
    struct sb_zone zone;
    load(&zone, "America/New_York");
    struct sb_wall at = utc(2026, 11, 1, 3, 30);
    for (unsigned hour = 4; hour < 10; hour++) {
        expect_next("30 * * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, at, utc(2026, 11, 1, hour, 30));
        at = utc(2026, 11, 1, hour, 30);
    }
    expect_next("30 * * * *", &zone, SB_GAP_RUN_AFTER, SB_OVERLAP_HOUR_FIRST, utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 30));
}

static void cron__several_times_in_one_gap_make_one_run(void **state)
{
    (void)state;
    struct sb_zone zone;
    load(&zone, "Europe/Riga"); /* 2026-03-29 03:00 EET -> 04:00 EEST, at 01:00 UTC */
    expect_next("*/10 3 * * *", &zone, SB_GAP_RUN_AFTER, SB_OVERLAP_HOUR_FIRST, utc(2026, 3, 28, 12, 0), utc(2026, 3, 29, 1, 0));
    expect_next("*/10 3 * * *", &zone, SB_GAP_RUN_AFTER, SB_OVERLAP_HOUR_FIRST, utc(2026, 3, 29, 1, 0), utc(2026, 3, 30, 0, 0));
}

static void cron__next_is_strictly_after_even_by_a_nanosecond(void **state)
{
    (void)state;
    struct sb_zone zone;
    sb_zone_init_utc(&zone);
    struct sb_wall noon = utc(2026, 1, 1, 12, 0);
    expect_next("0 12 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, (struct sb_wall){noon.ns - 1}, noon);
    expect_next("0 12 * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, noon, utc(2026, 1, 2, 12, 0));
    expect_next("* * * * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, noon, (struct sb_wall){noon.ns + NS});
    expect_next("0 0 1 1 *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, (struct sb_wall){-1}, (struct sb_wall){0});
}

static void cron__last_day_follows_the_month(void **state)
{
    (void)state;
    struct sb_zone zone;
    sb_zone_init_utc(&zone);
    expect_next("0 0 L * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2028, 2, 1, 0, 0), utc(2028, 2, 29, 0, 0));
    expect_next("0 0 L * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2027, 2, 1, 0, 0), utc(2027, 2, 28, 0, 0));
    expect_next("0 0 15,l 4 *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2027, 4, 15, 0, 0), utc(2027, 4, 30, 0, 0));
}

static void cron__two_restricted_day_fields_mean_either(void **state)
{
    (void)state;
    struct sb_zone zone;
    sb_zone_init_utc(&zone);
    /* 2026-11-13 is a Friday; the 13th or any Monday. */
    expect_next("0 0 13 * mon", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2026, 11, 10, 0, 0), utc(2026, 11, 13, 0, 0));
    expect_next("0 0 13 * mon", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2026, 11, 13, 0, 0), utc(2026, 11, 16, 0, 0));
    expect_next("0 0 * * fri", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2026, 11, 14, 0, 0), utc(2026, 11, 20, 0, 0));
}

static void cron__names_nicknames_and_sunday_as_seven_are_the_same_as_numbers(void **state)
{
    (void)state;
    static const char *const SAME[][2] = {
        {"@hourly", "0 * * * *"},         {"@Midnight", "0 0 * * *"},           {"@annually", "0 0 1 1 *"},
        {"0 0 * * 7", "0 0 * * 0"},       {"0 0 * * 5-7", "0 0 * * 0,5,6"},     {"0 0 * JAN-mar Sun", "0 0 * 1-3 0"},
        {"0 0 * * sat-sun", "0 0 * * 6,0"}, {"0 5 10 * * *", "5 10 * * *"},     {"5/20 * * * *", "5,25,45 * * * *"},
    };
    for (size_t i = 0; i < SB_LEN(SAME); i++) {
        struct sb_cron a = parse(SAME[i][0]);
        struct sb_cron b = parse(SAME[i][1]);
        assert_int_equal(a.seconds, b.seconds);
        assert_int_equal(a.minutes, b.minutes);
        assert_int_equal(a.hours, b.hours);
        assert_int_equal(a.month_days, b.month_days);
        assert_int_equal(a.months, b.months);
        assert_int_equal(a.week_days, b.week_days);
        assert_int_equal(a.hour_is_free, b.hour_is_free);
    }
}

static void cron__none_within_five_years_is_said(void **state)
{
    (void)state;
    struct sb_zone zone;
    sb_zone_init_utc(&zone);
    expect_next("0 0 29 2 *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2096, 3, 1, 0, 0), (struct sb_wall){INT64_MAX});
    expect_next("0 0 29 2 *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, utc(2024, 3, 1, 0, 0), utc(2028, 2, 29, 0, 0));
    expect_next("* * * * *", &zone, SB_GAP_SKIP, SB_OVERLAP_HOUR_FIRST, (struct sb_wall){INT64_MAX - 1},
                (struct sb_wall){INT64_MAX});
}

static void cron__mistakes_name_the_field_and_point_at_the_character(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
        size_t column;
    } MISTAKES[] = {
        {"", "0 fields", 0},
        {"* * *", "3 fields", 0},
        {"* * * * * * *", "7 fields", 0},
        {"60 * * * *", "minute \"60\"", 0},
        {"5 24 * * *", "hour \"24\": allowed are 0-23", 2},
        {"5 3 0 * *", "day of month", 4},
        {"5 3 * 13 *", "month", 6},
        {"5 3 * * 8", "day of week", 8},
        {"5 3 * * mon,foo", "day of week \"mon,foo\"", 12},
        {"*/0 * * * *", "minute", 2},
        {"*/x * * * *", "minute", 2},
        {"30-10 * * * *", "minute", 0},
        {"1,,2 * * * *", "minute", 2},
        {"1- * * * *", "minute", 2},
        {"61 0 0 * * *", "second", 0},
        {"0 0 30 2 *", "never comes", 4},
        {"@noon", "@hourly", 0},
        {"0 0 L-3 * *", "day of month", 5},
        {"99999999999999999999 * * * *", "minute", 0},
    };
    for (size_t i = 0; i < SB_LEN(MISTAKES); i++) {
        struct sb_cron cron;
        struct sb_error err = {0};
        size_t column = 99;
        memset(&cron, 5, sizeof cron);
        assert_int_equal(SB_ERR_INVALID, sb_cron_parse(&cron, MISTAKES[i].text, &column, &err));
        if (strstr(err.text, MISTAKES[i].word) == NULL || column != MISTAKES[i].column) {
            fail_msg("\"%s\": column %zu, %s", MISTAKES[i].text, column, err.text);
        }
        assert_int_equal(5, cron.week_days); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cron__equals_stepping_minute_by_minute_around_clock_changes),
        cmocka_unit_test(cron__equals_stepping_second_by_second_around_clock_changes),
        cmocka_unit_test(cron__a_time_in_the_gap_runs_right_after_it_or_not_at_all),
        cmocka_unit_test(cron__a_time_that_exists_twice_runs_once_or_twice),
        cmocka_unit_test(cron__a_free_hour_runs_in_each_real_hour),
        cmocka_unit_test(cron__several_times_in_one_gap_make_one_run),
        cmocka_unit_test(cron__next_is_strictly_after_even_by_a_nanosecond),
        cmocka_unit_test(cron__last_day_follows_the_month),
        cmocka_unit_test(cron__two_restricted_day_fields_mean_either),
        cmocka_unit_test(cron__names_nicknames_and_sunday_as_seven_are_the_same_as_numbers),
        cmocka_unit_test(cron__none_within_five_years_is_said),
        cmocka_unit_test(cron__mistakes_name_the_field_and_point_at_the_character),
    };
    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
