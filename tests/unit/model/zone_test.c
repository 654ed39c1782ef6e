/* The zone reader against the C library's own, under TZ set in this process, and against hostile bytes. */
#include "signalbox/model/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { FILE_MAX = 65536, CHANGES_MAX = 400 };

static const char *const ZONES[] = {"Europe/Riga",       "America/New_York",  "Australia/Lord_Howe", "Asia/Kathmandu",
                                    "America/Sao_Paulo", "Africa/Casablanca", "Europe/Dublin",       "Pacific/Apia",
                                    "Asia/Gaza",         "Antarctica/Troll",  "America/Nuuk",        "UTC"};

static size_t read_zone_file(const char *name, unsigned char *bytes)
{
    char path[200];
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return count;
}

static void load(struct sb_zone *zone, const char *name)
{
    static unsigned char bytes[FILE_MAX];
    struct sb_error err = {0};
    size_t count = read_zone_file(name, bytes);
    if (sb_zone_parse(zone, name, bytes, count, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(0, setenv("TZ", name, 1));
    tzset();
}

static int32_t system_offset(int64_t utc_s)
{
    struct tm tm;
    time_t when = (time_t)utc_s;
    assert_non_null(localtime_r(&when, &tm));
    return (int32_t)tm.tm_gmtoff;
}

static int64_t at(int32_t year)
{
    return sb_civil_days(year, 1, 1) * 86400;
}

static void check_offset(const struct sb_zone *zone, int64_t utc_s)
{
    if (sb_zone_offset(zone, utc_s) != system_offset(utc_s)) {
        fail_msg("%s at %lld: %d, the system says %d", zone->name, (long long)utc_s, sb_zone_offset(zone, utc_s),
                 system_offset(utc_s));
    }
}

static void zone__offsets_equal_those_of_the_system(void **state)
{
    (void)state;
    for (size_t i = 0; i < SB_LEN(ZONES); i++) {
        struct sb_zone zone;
        load(&zone, ZONES[i]);
        for (int64_t t = at(1880); t < at(2200); t += 36 * 3600 + 7) {
            check_offset(&zone, t);
        }
    }
}

static void zone__changes_are_exactly_those_of_the_system(void **state)
{
    (void)state;
    for (size_t i = 0; i < SB_LEN(ZONES); i++) {
        struct sb_zone zone;
        load(&zone, ZONES[i]);
        int64_t t = at(1950);
        int64_t end = at(2090);
        int64_t change = 0;
        while (t < end && sb_zone_next_change(&zone, t, &change)) {
            assert_true(change > t);
            check_offset(&zone, change - 1);
            check_offset(&zone, change);
            assert_int_not_equal(system_offset(change - 1), system_offset(change));
            for (int64_t inside = t + 1; inside < change && inside < end; inside += 5 * 86400) {
                assert_int_equal(system_offset(t), system_offset(inside)); /* none was missed */
            }
            t = change;
        }
    }
}

/* By definition: every offset the zone ever has is tried. */
static struct sb_zone_local naive_local(const int32_t *offsets, size_t count, int64_t local_s)
{
    struct sb_zone_local found = {0};
    for (size_t i = 0; i < count; i++) {
        int64_t utc = local_s - offsets[i];
        if (system_offset(utc) != offsets[i]) {
            continue;
        }
        assert_true(found.count < 2);
        if (found.count == 1 && utc < found.utc_s[0]) {
            found.utc_s[1] = found.utc_s[0];
            found.utc_s[0] = utc;
        } else {
            found.utc_s[found.count] = utc;
        }
        found.count++;
    }
    return found;
}

static size_t collect_changes(const struct sb_zone *zone, int64_t *changes, int32_t *offsets, size_t *offset_count)
{
    size_t count = 0;
    int64_t t = at(1970);
    offsets[(*offset_count)++] = system_offset(t);
    while (count < CHANGES_MAX && t < at(2060) && sb_zone_next_change(zone, t, &t)) {
        changes[count++] = t;
        size_t k = 0;
        while (k < *offset_count && offsets[k] != system_offset(t)) {
            k++;
        }
        if (k == *offset_count) {
            assert_true(k < 32);
            offsets[(*offset_count)++] = system_offset(t);
        }
    }
    return count;
}

static void check_local(const struct sb_zone *zone, const int32_t *offsets, size_t offset_count, int64_t local_s)
{
    struct sb_zone_local want = naive_local(offsets, offset_count, local_s);
    struct sb_zone_local got = sb_zone_from_local(zone, local_s);
    assert_int_equal(want.count, got.count);
    for (int i = 0; i < got.count; i++) {
        assert_int_equal(want.utc_s[i], got.utc_s[i]);
    }
    if (got.count == 0) { /* the instant right after the gap around local_s */
        int64_t edge = got.utc_s[0];
        assert_true(edge - 1 + system_offset(edge - 1) < local_s);
        assert_true(edge + system_offset(edge) > local_s);
    }
}

static void zone__local_times_in_gaps_and_overlaps_are_told_apart(void **state)
{
    (void)state;
    int gaps = 0;
    int overlaps = 0;
    for (size_t i = 0; i < SB_LEN(ZONES); i++) {
        struct sb_zone zone;
        int64_t changes[CHANGES_MAX];
        int32_t offsets[33];
        size_t offset_count = 0;
        load(&zone, ZONES[i]);
        size_t count = collect_changes(&zone, changes, offsets, &offset_count);
        for (size_t c = 0; c < count; c++) {
            int64_t seam = changes[c] + sb_zone_offset(&zone, changes[c]);
            for (int64_t shift = -26 * 3600; shift <= 26 * 3600; shift += 900) {
                check_local(&zone, offsets, offset_count, seam + shift - 1);
                check_local(&zone, offsets, offset_count, seam + shift);
                gaps += sb_zone_from_local(&zone, seam + shift).count == 0;
                overlaps += sb_zone_from_local(&zone, seam + shift).count == 2;
            }
        }
    }
    assert_true(gaps > 1000);
    assert_true(overlaps > 1000);
}

static void zone__utc_never_changes(void **state)
{
    (void)state;
    struct sb_zone zone;
    int64_t change = 77;
    sb_zone_init_utc(&zone);
    assert_string_equal("UTC", zone.name);
    assert_int_equal(0, sb_zone_offset(&zone, at(2026)));
    assert_false(sb_zone_next_change(&zone, at(1900), &change));
    assert_int_equal(77, change);
    assert_int_equal(1, sb_zone_from_local(&zone, 12345).count);
    assert_int_equal(12345, sb_zone_from_local(&zone, 12345).utc_s[0]);
}

/* A version 2 file without transitions and with that footer. */
static size_t make_file(unsigned char *bytes, const char *footer)
{
    unsigned char header[44] = {'T', 'Z', 'i', 'f', '2'};
    unsigned char block[44 + 6 + 4];
    header[39] = 1; /* one type */
    header[43] = 4; /* its name */
    memcpy(block, header, 44);
    memset(block + 44, 0, sizeof block - 44);
    memcpy(bytes, block, sizeof block);
    memcpy(bytes + sizeof block, block, sizeof block);
    size_t size = 2 * sizeof block;
    int written = snprintf((char *)bytes + size, 100, "\n%s\n", footer);
    return size + (size_t)written;
}

static void zone__posix_rules_of_every_kind_equal_the_system(void **state)
{
    (void)state;
    static const char *const RULES[] = {"EST5EDT,M3.2.0,M11.1.0", "XXX3YYY,J60/1:30,J300/-1",      "XXX-3:30YYY,59,364/25",
                                        "<+0330>-3:30",           "IST-1GMT0,M10.5.0,M3.5.0/1",   "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"};
    for (size_t i = 0; i < SB_LEN(RULES); i++) {
        unsigned char bytes[400];
        struct sb_zone zone;
        struct sb_error err = {0};
        size_t size = make_file(bytes, RULES[i]);
        assert_int_equal(SB_OK, sb_zone_parse(&zone, "rule", bytes, size, &err));
        assert_int_equal(0, setenv("TZ", RULES[i], 1));
        tzset();
        for (int64_t t = at(1995); t < at(2060); t += 3599) {
            check_offset(&zone, t);
        }
    }
}

static void zone__daylight_time_all_year_has_no_change(void **state)
{
    (void)state;
    unsigned char bytes[400];
    struct sb_zone zone;
    int64_t change = 0;
    size_t size = make_file(bytes, "XXX3EDT4,0/0,J365/23");
    assert_int_equal(SB_OK, sb_zone_parse(&zone, "always", bytes, size, NULL));
    for (int64_t t = at(2020); t < at(2030); t += 1800) {
        assert_int_equal(-4 * 3600, sb_zone_offset(&zone, t));
    }
    assert_false(sb_zone_next_change(&zone, at(2020), &change));
}

static void zone__refuses_every_cut_of_a_file_without_reading_beyond_it(void **state)
{
    (void)state;
    static unsigned char bytes[FILE_MAX];
    struct sb_zone zone;
    struct sb_zone before;
    size_t count = read_zone_file("Europe/Riga", bytes);
    memset(&zone, 7, sizeof zone);
    memcpy(&before, &zone, sizeof zone);
    for (size_t cut = 0; cut < count; cut++) {
        unsigned char *copy = malloc(cut + 1); /* exact size, so that a sanitizer sees a read beyond it */
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        assert_int_equal(SB_ERR_CORRUPT, sb_zone_parse(&zone, "cut", copy, cut, NULL));
        free(copy);
    }
    assert_memory_equal(&before, &zone, sizeof zone);
}

static void zone__survives_every_flipped_byte(void **state)
{
    (void)state;
    static unsigned char bytes[FILE_MAX];
    size_t count = read_zone_file("Africa/Casablanca", bytes);
    int accepted = 0;
    for (size_t i = 0; i < count; i++) {
        struct sb_zone zone;
        bytes[i] ^= 0xff;
        if (sb_zone_parse(&zone, "flipped", bytes, count, NULL) == SB_OK) {
            int64_t change = 0;
            (void)sb_zone_next_change(&zone, at(2030), &change);
            assert_true(sb_zone_from_local(&zone, at(2040)).count <= 2);
            accepted++;
        }
        bytes[i] ^= 0xff;
    }
    assert_in_range(accepted, 1, count - 1);
}

static void zone__refuses_a_name_that_does_not_fit(void **state)
{
    (void)state;
    unsigned char bytes[400];
    struct sb_zone zone;
    struct sb_error err = {0};
    size_t size = make_file(bytes, "UTC0");
    assert_int_equal(SB_ERR_TOO_LARGE,
                     sb_zone_parse(&zone, "A/very/long/name/of/a/place/that/no/atlas/knows", bytes, size, &err));
    assert_non_null(strstr(err.text, "39"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zone__offsets_equal_those_of_the_system),
        cmocka_unit_test(zone__changes_are_exactly_those_of_the_system),
        cmocka_unit_test(zone__local_times_in_gaps_and_overlaps_are_told_apart),
        cmocka_unit_test(zone__utc_never_changes),
        cmocka_unit_test(zone__posix_rules_of_every_kind_equal_the_system),
        cmocka_unit_test(zone__daylight_time_all_year_has_no_change),
        cmocka_unit_test(zone__refuses_every_cut_of_a_file_without_reading_beyond_it),
        cmocka_unit_test(zone__survives_every_flipped_byte),
        cmocka_unit_test(zone__refuses_a_name_that_does_not_fit),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
