/* Time as integers: saturating sums and the Gregorian calendar. Pure. */
#include "signalbox/base/units.h"

#include "signalbox/base/assert.h"

sb_ns sb_ns_add(sb_ns a, sb_ns b)
{
    sb_ns sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? SB_NEVER : INT64_MIN;
    return sum;
}

sb_ns sb_ns_sub(sb_ns a, sb_ns b)
{
    sb_ns difference;
    if (__builtin_sub_overflow(a, b, &difference))
        return b < 0 ? SB_NEVER : INT64_MIN;
    return difference;
}

struct sb_usd sb_usd_add(struct sb_usd a, struct sb_usd b)
{
    return (struct sb_usd){sb_ns_add(a.nano, b.nano)};
}

struct sb_usd sb_usd_sub(struct sb_usd a, struct sb_usd b)
{
    return (struct sb_usd){sb_ns_sub(a.nano, b.nano)};
}

/* Years are counted from March, so that the leap day is the last of its year; 400 years are one era of 146,097 days. */
int64_t sb_civil_days(int32_t year, uint32_t month, uint32_t day)
{
    SB_ASSERT(month >= 1 && month <= 12);
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct sb_civil sb_wall_civil(struct sb_wall wall)
{
    int64_t seconds = wall.ns / 1000000000;
    int64_t nanos = wall.ns % 1000000000;
    if (nanos < 0) {
        nanos += 1000000000;
        seconds--;
    }
    int64_t days = seconds / 86400;
    int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t weekday = (days % 7 + 7 + 4) % 7; /* 1970-01-01 was a Thursday */

    return (struct sb_civil){
        .year = (int32_t)(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
        .month = (uint8_t)month,
        .day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = (uint8_t)(rest / 3600),
        .minute = (uint8_t)(rest / 60 % 60),
        .second = (uint8_t)(rest % 60),
        .weekday = (uint8_t)weekday,
        .nanos = (uint32_t)nanos,
    };
}

struct sb_wall sb_civil_wall(struct sb_civil civil)
{
    int64_t days = sb_civil_days(civil.year, civil.month, civil.day);
    int64_t seconds = days * 86400 + civil.hour * 3600 + civil.minute * 60 + civil.second;
    return (struct sb_wall){ .ns = seconds * 1000000000 + civil.nanos };
}
