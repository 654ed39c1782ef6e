/* Cron expressions: text to bit masks, and the next nominal time in a time zone.
 *
 * Owns nothing; any thread; no state. sb_cron_next must never allocate, format or read a clock: the core calls it.
 *
 * A zone is a sequence of stretches with one offset each. Within a stretch local time runs evenly, so the search looks for the
 * next matching local second and stops at the stretch's end; what happens at the seams is the schedule's DST rule:
 *
 *      gap      01:59:59 | 03:00:00     a matching time between them runs at the seam (run_after) or not at all (skip)
 *      overlap  02:59:59 | 02:00:00     a matching time after the seam that existed before it runs again (both) or not (first)
 */
#include "signalbox/model/cron.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { DAY_S = 86400, FIELD_TEXT_MAX = 64, HORIZON_DAYS = 5 * 366, STRETCHES_MAX = 64 };

#define NS_PER_S 1000000000LL

/* ------------------------------------------------------------------------------------------------ parsing */

enum field { FIELD_SECOND, FIELD_MINUTE, FIELD_HOUR, FIELD_MONTH_DAY, FIELD_MONTH, FIELD_WEEK_DAY, FIELD_COUNT };

static const struct field_row {
    const char *name, *allowed;
    uint8_t low, high;
} FIELDS[FIELD_COUNT] = {
    [FIELD_SECOND] = {"second", "0-59", 0, 59},
    [FIELD_MINUTE] = {"minute", "0-59", 0, 59},
    [FIELD_HOUR] = {"hour", "0-23", 0, 23},
    [FIELD_MONTH_DAY] = {"day of month", "1-31 or L", 1, 31},
    [FIELD_MONTH] = {"month", "1-12 or jan-dec", 1, 12},
    [FIELD_WEEK_DAY] = {"day of week", "0-7 or sun-sat", 0, 7},
};

static const char *const MONTHS[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const WEEK_DAYS[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct nickname {
    const char *name, *expression;
} NICKNAMES[] = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"},
};

/* What one field said. */
struct set {
    uint64_t bits;
    bool is_star;      /* begins with *: does not restrict the days */
    bool is_whole;     /* one term over the whole range, possibly with a step */
    bool is_last_day;
};

/* A cursor over one field's text. */
struct field_reader {
    enum field field;
    const char *start, *at, *end;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool take_char(struct field_reader *in, char c)
{
    if (in->at < in->end && lower(*in->at) == c) {
        in->at++;
        return true;
    }
    return false;
}

static bool take_name(struct field_reader *in, const char *const *names, size_t count, unsigned base, unsigned *out)
{
    for (size_t i = 0; i < count; i++) {
        if (in->end - in->at >= 3 && lower(in->at[0]) == names[i][0] && lower(in->at[1]) == names[i][1] &&
            lower(in->at[2]) == names[i][2]) {
            in->at += 3;
            *out = (unsigned)i + base;
            return true;
        }
    }
    return false;
}

static bool take_number(struct field_reader *in, unsigned *out)
{
    const char *start = in->at;
    unsigned value = 0;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && value < 1000) {
        value = value * 10 + (unsigned)(*in->at - '0');
        in->at++;
    }
    *out = value;
    return in->at > start;
}

static bool take_value(struct field_reader *in, unsigned *out)
{
    const struct field_row *row = &FIELDS[in->field];
    if (in->field == FIELD_MONTH && take_name(in, MONTHS, SB_LEN(MONTHS), 1, out)) {
        return true;
    }
    if (in->field == FIELD_WEEK_DAY && take_name(in, WEEK_DAYS, SB_LEN(WEEK_DAYS), 0, out)) {
        return true;
    }
    const char *start = in->at;
    if (take_number(in, out) && *out >= row->low && *out <= row->high) {
        return true;
    }
    in->at = start;
    return false;
}

/* One term of a list: *, value, a-b, each with an optional /step. On failure the cursor stands at the mistake. */
static bool read_term(struct field_reader *in, struct set *set)
{
    const struct field_row *row = &FIELDS[in->field];
    unsigned low = row->low;
    unsigned high = in->field == FIELD_WEEK_DAY ? 6 : row->high;
    bool is_range = true;
    unsigned step = 1;
    if (in->field == FIELD_MONTH_DAY && take_char(in, 'l')) {
        set->is_last_day = true;
        return true;
    }
    if (take_char(in, '*')) {
        set->is_star = set->is_star || in->at - 1 == in->start;
    } else {
        const char *start = in->at;
        if (!take_value(in, &low)) {
            return false;
        }
        is_range = take_char(in, '-');
        if (is_range && !take_value(in, &high)) {
            return false;
        }
        if (is_range && in->field == FIELD_WEEK_DAY && high == 0 && low > 0) {
            high = 7; /* sat-sun */
        }
        if (is_range && high < low) {
            in->at = start;
            return false;
        }
    }
    bool has_step = take_char(in, '/');
    const char *step_start = in->at;
    if (has_step && (!take_number(in, &step) || step == 0 || step > row->high)) {
        in->at = step_start;
        return false;
    }
    if (!is_range && !has_step) {
        high = low;
    }
    for (unsigned value = low; value <= high; value += step) {
        set->bits |= 1ull << value;
    }
    set->is_whole = low == row->low && high >= (in->field == FIELD_WEEK_DAY ? 6u : row->high) && is_range;
    return true;
}

static bool read_field(struct field_reader *in, struct set *set)
{
    unsigned terms = 0;
    memset(set, 0, sizeof *set);
    do {
        if (!read_term(in, set)) {
            return false;
        }
        terms++;
    } while (take_char(in, ','));
    set->is_whole = set->is_whole && terms == 1;
    return in->at == in->end;
}

static enum sb_err field_error(const struct field_reader *in, const char *text, size_t *column, struct sb_error *err)
{
    const struct field_row *row = &FIELDS[in->field];
    char field[FIELD_TEXT_MAX];
    (void)sb_copy_n(field, sizeof field, in->start, (size_t)(in->end - in->start));
    if (column != NULL) {
        *column = (size_t)(in->at - text);
    }
    return sb_error_set(err, SB_ERR_INVALID, "cron: %s \"%s\": allowed are %s, *, lists a,b, ranges a-b and steps */n", row->name,
                        field, row->allowed);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits at blanks; more than FIELD_COUNT fields are counted, not kept. */
static size_t split_fields(const char *text, struct field_reader fields[FIELD_COUNT])
{
    size_t count = 0;
    const char *at = text;
    for (;;) {
        while (is_blank(*at)) {
            at++;
        }
        if (*at == '\0') {
            return count;
        }
        const char *start = at;
        while (*at != '\0' && !is_blank(*at)) {
            at++;
        }
        if (count < FIELD_COUNT) {
            fields[count] = (struct field_reader){.start = start, .at = start, .end = at};
        }
        count++;
    }
}

static unsigned month_length_max(unsigned month)
{
    return month == 2 ? 29 : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* "0 0 30 2 *" would wait for ever. */
static bool has_any_day(const struct sb_cron *cron)
{
    if (cron->is_last_day || !cron->week_day_is_star) {
        return true;
    }
    for (unsigned month = 1; month <= 12; month++) {
        uint32_t days = (uint32_t)((1ull << (month_length_max(month) + 1)) - 1);
        if ((cron->months >> month & 1u) != 0 && (cron->month_days & days) != 0) {
            return true;
        }
    }
    return false;
}

static void fill(struct sb_cron *cron, const struct set sets[FIELD_COUNT])
{
    uint64_t week = sets[FIELD_WEEK_DAY].bits;
    *cron = (struct sb_cron){
        .seconds = sets[FIELD_SECOND].bits,
        .minutes = sets[FIELD_MINUTE].bits,
        .hours = (uint32_t)sets[FIELD_HOUR].bits,
        .month_days = (uint32_t)sets[FIELD_MONTH_DAY].bits,
        .months = (uint16_t)sets[FIELD_MONTH].bits,
        .week_days = (uint8_t)((week | week >> 7) & 0x7f), /* 7 is Sunday too */
        .is_last_day = sets[FIELD_MONTH_DAY].is_last_day,
        .month_day_is_star = sets[FIELD_MONTH_DAY].is_star,
        .week_day_is_star = sets[FIELD_WEEK_DAY].is_star,
        .hour_is_free = sets[FIELD_HOUR].is_whole,
    };
}

static enum sb_err parse_fields(struct sb_cron *cron, const char *text, size_t *column, struct sb_error *err)
{
    struct field_reader fields[FIELD_COUNT];
    struct set sets[FIELD_COUNT] = {[FIELD_SECOND] = {.bits = 1}};
    size_t count = split_fields(text, fields);
    if (count != 5 && count != 6) {
        if (column != NULL) {
            *column = 0;
        }
        return sb_error_set(err, SB_ERR_INVALID,
                            "cron: \"%.60s\" has %zu fields: it takes 5 (minute hour day-of-month month day-of-week) or 6 (second first)",
                            text, count);
    }
    for (size_t i = 0; i < count; i++) {
        fields[i].field = (enum field)(i + FIELD_COUNT - count);
        if (!read_field(&fields[i], &sets[fields[i].field])) {
            return field_error(&fields[i], text, column, err);
        }
    }
    struct sb_cron parsed;
    fill(&parsed, sets);
    if (!has_any_day(&parsed)) {
        const struct field_reader *days = &fields[count - 3];
        if (column != NULL) {
            *column = (size_t)(days->start - text);
        }
        return sb_error_set(err, SB_ERR_INVALID, "cron: day of month \"%.*s\" never comes in the months of \"%.60s\"",
                            (int)(days->end - days->start < 40 ? days->end - days->start : 40), days->start, text);
    }
    *cron = parsed;
    return SB_OK;
}

static bool is_nickname(const char *text, const char *name)
{
    size_t i = 0;
    while (name[i] != '\0' && lower(text[i]) == name[i]) {
        i++;
    }
    return name[i] == '\0' && text[i] == '\0';
}

enum sb_err sb_cron_parse(struct sb_cron *cron, const char *text, size_t *column, struct sb_error *err)
{
    if (text[0] != '@') {
        return parse_fields(cron, text, column, err);
    }
    for (size_t i = 0; i < SB_LEN(NICKNAMES); i++) {
        if (is_nickname(text, NICKNAMES[i].name)) {
            return parse_fields(cron, NICKNAMES[i].expression, column, err);
        }
    }
    if (column != NULL) {
        *column = 0;
    }
    return sb_error_set(err, SB_ERR_INVALID,
                        "cron: \"%.60s\" is not one of @hourly @daily @midnight @weekly @monthly @yearly @annually", text);
}

/* ------------------------------------------------------------------------------------------------ matching */

static int64_t floor_div(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

static unsigned month_length(struct sb_civil date)
{
    bool is_leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    return date.month == 2 && !is_leap ? 28 : month_length_max(date.month);
}

static bool day_matches(const struct sb_cron *cron, struct sb_civil date)
{
    if ((cron->months >> date.month & 1u) == 0) {
        return false;
    }
    bool month_day = (cron->month_days >> date.day & 1u) != 0 || (cron->is_last_day && date.day == month_length(date));
    bool week_day = (cron->week_days >> date.weekday & 1u) != 0;
    if (cron->month_day_is_star || cron->week_day_is_star) {
        return month_day && week_day;
    }
    return month_day || week_day;
}

/* The lowest set bit at or above `from`, or 64. */
static unsigned next_bit(uint64_t bits, unsigned from)
{
    uint64_t rest = from < 64 ? bits >> from << from : 0;
    return rest == 0 ? 64 : (unsigned)__builtin_ctzll(rest);
}

/* The first matching second of a day at or after `from`, or DAY_S. */
static int32_t next_second_of_day(const struct sb_cron *cron, int32_t from)
{
    unsigned hour = (unsigned)(from / 3600);
    unsigned minute = (unsigned)(from / 60 % 60);
    unsigned second = next_bit(cron->seconds, (unsigned)(from % 60));
    if ((cron->hours >> hour & 1u) == 0) {
        minute = second = 64;
    } else if ((cron->minutes >> minute & 1u) == 0) {
        second = 64;
    }
    if (second == 64 && minute < 64) {
        minute = next_bit(cron->minutes, minute + 1);
        second = next_bit(cron->seconds, 0);
    }
    if (minute == 64) {
        hour = next_bit(cron->hours, hour + 1);
        minute = next_bit(cron->minutes, 0);
        second = next_bit(cron->seconds, 0);
    }
    return hour == 64 ? DAY_S : (int32_t)(hour * 3600 + minute * 60 + second);
}

/* The first matching local second in [from, end), or `end`. */
static int64_t next_local(const struct sb_cron *cron, int64_t from, int64_t end)
{
    int64_t day = floor_div(from, DAY_S);
    int32_t second = (int32_t)(from - day * DAY_S);
    while (day * DAY_S < end) {
        if (day_matches(cron, sb_wall_civil((struct sb_wall){day * DAY_S * NS_PER_S}))) {
            second = next_second_of_day(cron, second);
            if (second < DAY_S) {
                int64_t found = day * DAY_S + second;
                return found < end ? found : end;
            }
        }
        day++;
        second = 0;
    }
    return end;
}

/* ------------------------------------------------------------------------------------------------ seams */

/* The repeat of a local time that ran before the clocks went back. */
static bool is_repeat(const struct sb_zone *zone, int64_t utc_s, int32_t offset)
{
    struct sb_zone_local local = sb_zone_from_local(zone, utc_s + offset);
    return local.count == 2 && utc_s == local.utc_s[1];
}

/* First nominal instant in [from, end), a stretch of one offset; `end` when there is none. */
static int64_t next_in_stretch(const struct sb_cron *cron, const struct sb_zone *zone, bool is_first_only, int64_t from,
                               int64_t end, int32_t offset)
{
    while (from < end) {
        int64_t found = next_local(cron, from + offset, end + offset) - offset;
        if (found >= end || !is_first_only || !is_repeat(zone, found, offset)) {
            return found;
        }
        from = found + 1;
    }
    return end;
}

/* Whether a nominal time lies in the gap that the change at `at_s` makes. */
static bool gap_has_match(const struct sb_cron *cron, int64_t at_s, int32_t offset, int32_t next_offset)
{
    return next_offset > offset && next_local(cron, at_s + offset, at_s + next_offset) < at_s + next_offset;
}

static struct sb_wall wall_of(int64_t utc_s)
{
    return (struct sb_wall){utc_s > INT64_MAX / NS_PER_S ? INT64_MAX : utc_s * NS_PER_S};
}

struct sb_wall sb_cron_next(const struct sb_cron *cron, const struct sb_zone *zone, enum sb_gap gap,
                            enum sb_overlap_hour overlap_hour, struct sb_wall after)
{
    int64_t from = floor_div(after.ns, NS_PER_S) + 1;
    int64_t limit = from + (int64_t)HORIZON_DAYS * DAY_S;
    bool is_first_only = !cron->hour_is_free && overlap_hour == SB_OVERLAP_HOUR_FIRST;
    bool runs_after_gap = !cron->hour_is_free && gap == SB_GAP_RUN_AFTER;
    if (limit > INT64_MAX / NS_PER_S - 2 * DAY_S) {
        limit = INT64_MAX / NS_PER_S - 2 * DAY_S; /* the calendar of sb_wall ends there */
    }
    /* `from` itself may be the first instant after a gap. */
    int32_t before = sb_zone_offset(zone, from - 1);
    for (int stretch = 0; stretch < STRETCHES_MAX && from < limit; stretch++) {
        int32_t offset = sb_zone_offset(zone, from);
        if (runs_after_gap && gap_has_match(cron, from, before, offset)) {
            return wall_of(from);
        }
        int64_t end = limit;
        if (!sb_zone_next_change(zone, from, &end) || end > limit) {
            end = limit;
        }
        int64_t found = next_in_stretch(cron, zone, is_first_only, from, end, offset);
        if (found < end) {
            return wall_of(found);
        }
        before = offset;
        from = end;
    }
    return (struct sb_wall){INT64_MAX};
}
