/* Cron expressions: 5 fields (minute hour day-of-month month day-of-week) or 6 with seconds first. Lists, ranges, steps, names
 * (jan..dec, sun..sat; 7 is Sunday), L as day of month (last day), and @hourly @daily @midnight @weekly @monthly @yearly
 * @annually. When both day fields are restricted either may match (as Vixie cron does). Pure. */
#ifndef SIGNALBOX_MODEL_CRON_H
#define SIGNALBOX_MODEL_CRON_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/zone.h"

#include <stdbool.h>
#include <stdint.h>

struct sb_cron {
    uint64_t seconds, minutes; /* bit n = value n */
    uint32_t hours, month_days; /* month_days bit 1..31 */
    uint16_t months;            /* bit 1..12 */
    uint8_t week_days;          /* bit 0..6, 0 = Sunday */
    bool is_last_day;           /* L */
    bool month_day_is_star, week_day_is_star;
    bool hour_is_free;          /* hour field is * or a step: runs by elapsed time through DST changes */
};

/* Errors name the field, its text and what is allowed; `column` (may be NULL) receives the 0-based offset of the mistake. */
enum sb_err sb_cron_parse(struct sb_cron *cron, const char *text, size_t *column, struct sb_error *err) SB_MUST_USE;

/* The first nominal time strictly after `after`, or ns = INT64_MAX when there is none within five years.
 * gap: a local time that does not exist runs right after the gap, or is skipped. overlap: a local time that exists twice runs
 * at the first, or at both. Schedules with hour_is_free ignore both: each real hour has its runs. */
struct sb_wall sb_cron_next(const struct sb_cron *cron, const struct sb_zone *zone, enum sb_gap gap,
                            enum sb_overlap_hour overlap_hour, struct sb_wall after);

#endif
