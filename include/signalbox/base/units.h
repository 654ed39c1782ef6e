/* Units: time and money as integers. Pure.
 *
 * `sb_ns` is monotonic time or a duration in nanoseconds; it never means a date. `struct sb_wall` is a
 * date: nanoseconds since 1970-01-01T00:00:00Z (UTC, leap seconds not counted). `struct sb_usd` is
 * money in nano-dollars; it is rounded up when charged and never a floating-point number. */
#ifndef SIGNALBOX_BASE_UNITS_H
#define SIGNALBOX_BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t sb_ns;

#define SB_US(n) ((sb_ns)(n) * 1000)
#define SB_MS(n) ((sb_ns)(n) * 1000000)
#define SB_S(n) ((sb_ns)(n) * 1000000000)
#define SB_MIN(n) (SB_S(60) * (n))
#define SB_HOUR(n) (SB_S(3600) * (n))
#define SB_DAY(n) (SB_S(86400) * (n))

/* "Never": larger than any deadline. */
#define SB_NEVER INT64_MAX

struct sb_wall {
    int64_t ns;
};

struct sb_usd {
    int64_t nano;
};
#define SB_USD_NANO 1000000000LL

/* a + b without overflow: saturates at SB_NEVER and INT64_MIN. */
sb_ns sb_ns_add(sb_ns a, sb_ns b);
/* a - b, and sums of money, the same way. */
sb_ns sb_ns_sub(sb_ns a, sb_ns b);
struct sb_usd sb_usd_add(struct sb_usd a, struct sb_usd b);
struct sb_usd sb_usd_sub(struct sb_usd a, struct sb_usd b);

/* A calendar date and time in UTC. month 1..12, day 1..31, weekday 0 = Sunday. */
struct sb_civil {
    int32_t year;
    uint8_t month, day, hour, minute, second, weekday;
    uint32_t nanos;
};

/* Days since 1970-01-01 of a proleptic Gregorian date (algorithm: era of 400 years). */
int64_t sb_civil_days(int32_t year, uint32_t month, uint32_t day);
struct sb_civil sb_wall_civil(struct sb_wall wall);
/* Inverse of sb_wall_civil; fields must be in range. */
struct sb_wall sb_civil_wall(struct sb_civil civil);

#endif
