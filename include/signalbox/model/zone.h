/* Time zones as values: the transitions of a TZif file (RFC 8536) plus its POSIX rule for later years. Reading the file is the
 * config room's work; the arithmetic is here, pure. */
#ifndef SIGNALBOX_MODEL_ZONE_H
#define SIGNALBOX_MODEL_ZONE_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"
#include "signalbox/model/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SB_ZONE_TRANSITIONS_MAX = 320 };

/* One side of a POSIX TZ rule. kind: 'M' month/week/weekday, 'J' day 1..365 without 29 February, 'D' day 0..365. */
struct sb_zone_rule {
    uint8_t kind;
    uint8_t month, week, weekday;
    uint16_t day;
    int32_t time_s; /* seconds after local midnight; may be negative or above a day */
};

struct sb_zone {
    char name[SB_NAME_MAX];
    uint32_t transition_count;
    int64_t at_s[SB_ZONE_TRANSITIONS_MAX];        /* UTC seconds, ascending */
    int32_t offset_s[SB_ZONE_TRANSITIONS_MAX];    /* local - UTC from at_s[i] on */
    int32_t first_offset_s;                       /* before at_s[0] */
    bool has_rule;                                /* rule for times after the last transition */
    bool has_dst;
    int32_t std_offset_s, dst_offset_s;
    struct sb_zone_rule dst_start, dst_end;
};

/* Coordinated universal time. */
void sb_zone_init_utc(struct sb_zone *zone);
/* Parses the bytes of a TZif version 1..4 file. Keeps the newest transitions when there are more than fit. */
enum sb_err sb_zone_parse(struct sb_zone *zone, const char *name, const void *bytes, size_t count,
                          struct sb_error *err) SB_MUST_USE;
/* local - UTC in seconds at that instant. */
int32_t sb_zone_offset(const struct sb_zone *zone, int64_t utc_s);
/* The first instant after utc_s at which the offset changes; false (out untouched) when it never does again. */
bool sb_zone_next_change(const struct sb_zone *zone, int64_t utc_s, int64_t *at_s);

/* What a local time means. count 0: in a gap (then utc_s[0] is the instant right after the gap); 1: plain; 2: in an
 * overlap, utc_s[0] < utc_s[1]. */
struct sb_zone_local {
    int count;
    int64_t utc_s[2];
};
struct sb_zone_local sb_zone_from_local(const struct sb_zone *zone, int64_t local_s);

#endif
