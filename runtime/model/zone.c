/* Time zones as values: reads the bytes of a TZif file (RFC 8536, "TZif"), answers offsets and local times.
 *
 * Owns no memory and no file: the caller brings the bytes. Any thread, no state. Must never read a file, an environment
 * variable or a clock. Bytes may be hostile: every count is checked against the size before anything is read. */
#include "signalbox/model/zone.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <string.h>

enum { DAY_S = 86400, HEADER_SIZE = 44, TYPE_SIZE = 6, TYPES_MAX = 256, COUNT_MAX = 1 << 16 };

/* Local times are at most so far from UTC (Manila before 1845 was 15:56 behind); bounds the search for a local time. */
enum { OFFSET_MAX_S = 26 * 3600, SEARCH_S = 16 * 3600 };

/* ------------------------------------------------------------------------------------------------ calendar */

static bool is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t floor_div(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0 ? 1 : 0);
}

/* Year of a day number; the inverse of sb_civil_days, for a wider range than sb_wall has. */
static int64_t year_of_day(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    return year_of_era + era * 400 + (day_of_year >= 306 ? 1 : 0);
}

static int64_t month_rule_day(const struct sb_zone_rule *rule, int32_t year)
{
    int64_t first = sb_civil_days(year, rule->month, 1);
    int64_t next_first = rule->month == 12 ? sb_civil_days(year + 1, 1, 1) : sb_civil_days(year, rule->month + 1u, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (rule->weekday - weekday + 7) % 7 + 7 * (rule->week - 1);
    while (day >= next_first) {
        day -= 7; /* week 5 means the last one */
    }
    return day;
}

/* Seconds of that rule's moment in the year, as if the local clock were UTC. */
static int64_t rule_local_s(const struct sb_zone_rule *rule, int32_t year)
{
    int64_t day = 0;
    if (rule->kind == 'M') {
        day = month_rule_day(rule, year);
    } else if (rule->kind == 'J') {
        day = sb_civil_days(year, 1, 1) + rule->day - 1 + (is_leap_year(year) && rule->day >= 60 ? 1 : 0);
    } else {
        day = sb_civil_days(year, 1, 1) + rule->day;
    }
    return day * DAY_S + rule->time_s;
}

/* ------------------------------------------------------------------------------------------------ questions */

void sb_zone_init_utc(struct sb_zone *zone)
{
    memset(zone, 0, sizeof *zone);
    (void)sb_copy(zone->name, sizeof zone->name, "UTC");
}

/* Years outside of this are answered by the nearest one inside: sb_wall ends in 2262. */
static int32_t rule_year(const struct sb_zone *zone, int64_t utc_s)
{
    int64_t year = year_of_day(floor_div(utc_s + zone->std_offset_s, DAY_S));
    return (int32_t)(year < 1 ? 1 : year > 9998 ? 9998 : year);
}

static int32_t rule_offset(const struct sb_zone *zone, int64_t utc_s)
{
    if (!zone->has_dst) {
        return zone->std_offset_s;
    }
    int32_t year = rule_year(zone, utc_s);
    int64_t newest = INT64_MIN;
    int32_t offset = zone->std_offset_s;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t end = rule_local_s(&zone->dst_end, y) - zone->dst_offset_s;
        int64_t start = rule_local_s(&zone->dst_start, y) - zone->std_offset_s;
        if (end <= utc_s && end > newest) {
            newest = end;
            offset = zone->std_offset_s;
        }
        if (start <= utc_s && start >= newest) { /* an end which meets the next start is no change: daylight time all year */
            newest = start;
            offset = zone->dst_offset_s;
        }
    }
    return offset;
}

/* Number of stored transitions at or before the instant. */
static uint32_t transitions_until(const struct sb_zone *zone, int64_t utc_s)
{
    uint32_t low = 0;
    uint32_t high = zone->transition_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= utc_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int32_t sb_zone_offset(const struct sb_zone *zone, int64_t utc_s)
{
    uint32_t passed = transitions_until(zone, utc_s);
    if (passed == zone->transition_count && zone->has_rule) {
        return rule_offset(zone, utc_s);
    }
    return passed == 0 ? zone->first_offset_s : zone->offset_s[passed - 1];
}

/* The first moment of the rule after the instant; it may turn out to change nothing. */
static bool next_rule_moment(const struct sb_zone *zone, int64_t utc_s, int64_t *at_s)
{
    if (!zone->has_rule || !zone->has_dst) {
        return false;
    }
    int32_t year = rule_year(zone, utc_s);
    int64_t best = INT64_MAX;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t moments[2] = {rule_local_s(&zone->dst_start, y) - zone->std_offset_s,
                              rule_local_s(&zone->dst_end, y) - zone->dst_offset_s};
        for (size_t i = 0; i < SB_LEN(moments); i++) {
            if (moments[i] > utc_s && moments[i] < best) {
                best = moments[i];
            }
        }
    }
    *at_s = best;
    return best != INT64_MAX;
}

bool sb_zone_next_change(const struct sb_zone *zone, int64_t utc_s, int64_t *at_s)
{
    int64_t from = utc_s;
    /* Bounded: every round passes a stored transition or a moment of the rule; a rule whose moments never change anything
     * (daylight time all year) ends after a few years' worth of them. */
    for (uint32_t round = 0; round < zone->transition_count + 8; round++) {
        uint32_t passed = transitions_until(zone, from);
        int64_t next = 0;
        if (passed < zone->transition_count) {
            next = zone->at_s[passed];
        } else if (!next_rule_moment(zone, from, &next)) {
            return false;
        }
        if (sb_zone_offset(zone, next - 1) != sb_zone_offset(zone, next)) {
            *at_s = next;
            return true;
        }
        from = next;
    }
    return false;
}

static void add_local(struct sb_zone_local *result, int64_t utc_s)
{
    for (int i = 0; i < result->count; i++) {
        if (result->utc_s[i] == utc_s) {
            return;
        }
    }
    if (result->count < 2) {
        result->utc_s[result->count++] = utc_s;
    }
}

struct sb_zone_local sb_zone_from_local(const struct sb_zone *zone, int64_t local_s)
{
    struct sb_zone_local result = {0};
    int64_t gap_end = 0;
    int64_t from = local_s - SEARCH_S;
    int32_t offset = sb_zone_offset(zone, from);
    for (;;) {
        int64_t at = 0;
        bool has_change = sb_zone_next_change(zone, from, &at) && at <= local_s + SEARCH_S;
        int64_t utc = local_s - offset;
        if (utc >= from && (!has_change || utc < at)) {
            add_local(&result, utc);
        }
        if (!has_change) {
            break;
        }
        int32_t next_offset = sb_zone_offset(zone, at);
        if (local_s >= at + offset && local_s < at + next_offset) {
            gap_end = at;
        }
        from = at;
        offset = next_offset;
    }
    if (result.count == 0) {
        result.utc_s[0] = gap_end;
    }
    return result;
}

/* ------------------------------------------------------------------------------------------------ POSIX rule */

/* A cursor over the footer; `at` never passes `end`. */
struct reader {
    const char *at, *end;
};

static bool take_char(struct reader *in, char c)
{
    if (in->at < in->end && *in->at == c) {
        in->at++;
        return true;
    }
    return false;
}

static bool read_number(struct reader *in, int32_t low, int32_t high, int32_t *out)
{
    int32_t value = 0;
    const char *start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - start < 4) {
        value = value * 10 + (*in->at - '0');
        in->at++;
    }
    if (in->at == start || value < low || value > high) {
        return false;
    }
    *out = value;
    return true;
}

static bool skip_zone_name(struct reader *in)
{
    const char *start = in->at;
    if (take_char(in, '<')) {
        while (in->at < in->end && *in->at != '>') {
            in->at++;
        }
        return take_char(in, '>') && in->at - start > 2;
    }
    while (in->at < in->end && ((*in->at >= 'A' && *in->at <= 'Z') || (*in->at >= 'a' && *in->at <= 'z'))) {
        in->at++;
    }
    return in->at - start >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_time(struct reader *in, int32_t hours_max, int32_t *out)
{
    bool is_negative = take_char(in, '-');
    if (!is_negative) {
        (void)take_char(in, '+');
    }
    int32_t hours = 0;
    int32_t minutes = 0;
    int32_t seconds = 0;
    if (!read_number(in, 0, hours_max, &hours)) {
        return false;
    }
    if (take_char(in, ':') && !read_number(in, 0, 59, &minutes)) {
        return false;
    }
    if (take_char(in, ':') && !read_number(in, 0, 59, &seconds)) {
        return false;
    }
    int32_t total = hours * 3600 + minutes * 60 + seconds;
    *out = is_negative ? -total : total;
    return true;
}

static bool read_rule(struct reader *in, struct sb_zone_rule *rule)
{
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    if (!take_char(in, ',')) {
        return false;
    }
    if (take_char(in, 'M')) {
        if (!read_number(in, 1, 12, &a) || !take_char(in, '.') || !read_number(in, 1, 5, &b) || !take_char(in, '.') ||
            !read_number(in, 0, 6, &c)) {
            return false;
        }
        *rule = (struct sb_zone_rule){.kind = 'M', .month = (uint8_t)a, .week = (uint8_t)b, .weekday = (uint8_t)c};
    } else {
        bool is_julian = take_char(in, 'J');
        if (!read_number(in, is_julian ? 1 : 0, 365, &a)) {
            return false;
        }
        *rule = (struct sb_zone_rule){.kind = is_julian ? 'J' : 'D', .day = (uint16_t)a};
    }
    rule->time_s = 7200;
    return !take_char(in, '/') || read_time(in, 167, &rule->time_s);
}

/* POSIX.1-2017, 8.3 "TZ", with the hours of RFC 8536 3.3.1. Its offsets are positive west of Greenwich. */
static bool read_footer(struct sb_zone *zone, const char *text, size_t size)
{
    struct reader in = {text, text + size};
    int32_t west = 0;
    if (size == 0) {
        return true; /* no rule: the last transition holds for ever */
    }
    if (!skip_zone_name(&in) || !read_time(&in, 24, &west)) {
        return false;
    }
    zone->has_rule = true;
    zone->std_offset_s = -west;
    zone->dst_offset_s = -west;
    if (in.at == in.end) {
        return true;
    }
    zone->has_dst = true;
    zone->dst_offset_s = zone->std_offset_s + 3600;
    if (!skip_zone_name(&in)) {
        return false;
    }
    if (in.at < in.end && *in.at != ',') {
        if (!read_time(&in, 24, &west)) {
            return false;
        }
        zone->dst_offset_s = -west;
    }
    return read_rule(&in, &zone->dst_start) && read_rule(&in, &zone->dst_end) && in.at == in.end;
}

/* ------------------------------------------------------------------------------------------------ TZif */

struct block {
    uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
    size_t time_size; /* 4 in version 1, 8 later */
};

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

static int64_t read_i64(const unsigned char *bytes, size_t size)
{
    uint64_t high = size == 8 ? read_u32(bytes) : 0;
    uint32_t low = read_u32(size == 8 ? bytes + 4 : bytes);
    return size == 8 ? (int64_t)(high << 32 | low) : (int64_t)(int32_t)low;
}

/* False when there is no sane header at the start of these bytes. */
static bool read_header(const unsigned char *bytes, size_t count, size_t time_size, struct block *block)
{
    if (count < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0) {
        return false;
    }
    *block = (struct block){
        .utc_count = read_u32(bytes + 20),
        .std_count = read_u32(bytes + 24),
        .leap_count = read_u32(bytes + 28),
        .time_count = read_u32(bytes + 32),
        .type_count = read_u32(bytes + 36),
        .char_count = read_u32(bytes + 40),
        .time_size = time_size,
    };
    return block->utc_count <= TYPES_MAX && block->std_count <= TYPES_MAX && block->leap_count <= COUNT_MAX &&
           block->time_count <= COUNT_MAX && block->type_count >= 1 && block->type_count <= TYPES_MAX &&
           block->char_count <= COUNT_MAX;
}

static size_t block_size(const struct block *block)
{
    return (size_t)block->time_count * (block->time_size + 1) + (size_t)block->type_count * TYPE_SIZE + block->char_count +
           (size_t)block->leap_count * (block->time_size + 4) + block->std_count + block->utc_count;
}

/* Data follow the header; the caller has checked that all of it is there. */
static bool read_block(struct sb_zone *zone, const unsigned char *data, const struct block *block)
{
    const unsigned char *times = data;
    const unsigned char *indices = times + (size_t)block->time_count * block->time_size;
    const unsigned char *types = indices + block->time_count;
    uint32_t dropped = block->time_count > SB_ZONE_TRANSITIONS_MAX ? block->time_count - SB_ZONE_TRANSITIONS_MAX : 0;
    zone->first_offset_s = (int32_t)read_u32(types);
    for (uint32_t i = 0; i < block->time_count; i++) {
        int64_t at = read_i64(times + (size_t)i * block->time_size, block->time_size);
        if (indices[i] >= block->type_count || (i > 0 && at <= read_i64(times + (size_t)(i - 1) * block->time_size, block->time_size))) {
            return false;
        }
        int32_t offset = (int32_t)read_u32(types + (size_t)indices[i] * TYPE_SIZE);
        if (i < dropped) {
            zone->first_offset_s = offset;
        } else {
            zone->at_s[zone->transition_count] = at;
            zone->offset_s[zone->transition_count++] = offset;
        }
        if (offset < -OFFSET_MAX_S || offset > OFFSET_MAX_S) {
            return false;
        }
    }
    return zone->first_offset_s >= -OFFSET_MAX_S && zone->first_offset_s <= OFFSET_MAX_S;
}

static bool read_tzif(struct sb_zone *zone, const unsigned char *bytes, size_t count, bool *has_leaps)
{
    struct block block;
    if (!read_header(bytes, count, 4, &block) || count - HEADER_SIZE < block_size(&block)) {
        return false;
    }
    bool is_long = bytes[4] >= '2';
    if (is_long) {
        size_t skip = HEADER_SIZE + block_size(&block);
        bytes += skip;
        count -= skip;
        if (!read_header(bytes, count, 8, &block) || count - HEADER_SIZE < block_size(&block)) {
            return false;
        }
    }
    *has_leaps = block.leap_count > 0;
    if (!read_block(zone, bytes + HEADER_SIZE, &block)) {
        return false;
    }
    if (!is_long) {
        return true;
    }
    const char *footer = (const char *)bytes + HEADER_SIZE + block_size(&block);
    size_t left = count - HEADER_SIZE - block_size(&block);
    if (left < 2 || footer[0] != '\n') {
        return false;
    }
    const char *newline = memchr(footer + 1, '\n', left - 1);
    return newline != NULL && read_footer(zone, footer + 1, (size_t)(newline - footer - 1));
}

enum sb_err sb_zone_parse(struct sb_zone *zone, const char *name, const void *bytes, size_t count, struct sb_error *err)
{
    struct sb_zone parsed;
    bool has_leaps = false;
    memset(&parsed, 0, sizeof parsed);
    if (!sb_copy(parsed.name, sizeof parsed.name, name)) {
        return sb_error_set(err, SB_ERR_TOO_LARGE, "time zone name \"%s\" is longer than %d bytes", name, SB_NAME_MAX - 1);
    }
    if (!read_tzif(&parsed, bytes, count, &has_leaps)) {
        return sb_error_set(err, SB_ERR_CORRUPT, "time zone %s: its file is not valid TZif data (%zu bytes)", name, count);
    }
    if (has_leaps) {
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "time zone %s counts leap seconds (a \"right/\" zone); use the plain one", name);
    }
    *zone = parsed;
    return SB_OK;
}
