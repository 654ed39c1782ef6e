/* Times as people write them: UTC, spoken of from another time. Pure. */
#ifndef SIGNALBOX_BASE_WHEN_H
#define SIGNALBOX_BASE_WHEN_H

#include "signalbox/base/units.h"

/* "14:02" or "14:02:10" of the day of `from`; with a date before it, "2026-11-27T14:02:10" or "2026-11-27 14:02"; a Z may follow. "-10m", "+1h30m":
 * from `from` on, in s, m, h and d. A clock means the end of that second. `*is_clock`: it was one without a date, so another day may be meant. False,
 * nothing touched: it is none of these. */
bool sb_when_parse(const char *text, struct sb_wall from, struct sb_wall *to, bool *is_clock);

#endif
