/* Figures of the process against their bounds. Who measures says them every few seconds; here a level becomes an event when it changes, so that the
 * rules (resource, loop_stall, log_drop, db_pool_exhausted) see what lasts and no figure that trembles at its bound. Core thread only.
 *
 *   memory, descriptors, threads rise to a bound, disk falls to it; back from a level is a tenth further
 *   lateness: a core that came late is not trusted for as long as it was late, and a while at least: looks are ten seconds apart
 *   lost, queries: for a while after the last one; that of queries is shorter than its rule waits, so that a busy moment is no alert */
#include "state.h"

#define LATE_FROM SB_S(1)
#define LATE_KEPT SB_S(15)
#define LOST_KEPT SB_MIN(1)
#define QUERIES_KEPT SB_S(45)

static void set(struct sb_core *core, enum sb_gauge gauge, uint8_t level, uint64_t value, uint64_t bound)
{
    if (core->gauges[gauge].level == level)
        return;
    core->gauges[gauge].level = level;
    struct sb_event event = sb_event_make(core, SB_EVENT_GAUGE_CHANGED);
    event.as.gauge_changed.gauge = (uint8_t)gauge;
    event.as.gauge_changed.level = level;
    event.as.gauge_changed.value = value;
    event.as.gauge_changed.bound = bound;
    sb_core_emit(core, &event);
}

static bool is_beyond(enum sb_gauge gauge, uint64_t value, uint64_t bound, bool was_beyond)
{
    const uint64_t margin = was_beyond ? bound / 10 : 0;
    if (bound == 0)
        return false;
    return gauge == SB_GAUGE_DISK ? value <= bound + margin : value >= bound - margin;
}

static void judge(struct sb_core *core, enum sb_gauge gauge, uint64_t value)
{
    const struct sb_bounds *bounds = &core->alert_defs->bounds[gauge];
    const uint8_t before = core->gauges[gauge].level;
    uint8_t level = is_beyond(gauge, value, bounds->warn, before >= 1) ? 1 : 0;
    if (is_beyond(gauge, value, bounds->error, before >= 2))
        level = 2;
    set(core, gauge, level, value, level > 1 || bounds->warn == 0 ? bounds->error : bounds->warn);
}

static void judge_lateness(struct sb_core *core, sb_ns late)
{
    struct gauge *gauge = &core->gauges[SB_GAUGE_LATENESS];
    const sb_ns until = sb_ns_add(core->now, late > LATE_KEPT ? late : LATE_KEPT);
    if (late > LATE_FROM && until > gauge->until)
        gauge->until = until;
    set(core, SB_GAUGE_LATENESS, gauge->until > core->now ? 1 : 0, late > 0 ? (uint64_t)(late / SB_MS(1)) : 0, LATE_FROM / SB_MS(1));
}

/* One that counts what should not be. */
static void judge_count(struct sb_core *core, enum sb_gauge which, uint64_t count, sb_ns kept)
{
    struct gauge *gauge = &core->gauges[which];
    if (count > gauge->seen)
        gauge->until = sb_ns_add(core->now, kept);
    gauge->seen = count;
    set(core, which, gauge->until > core->now ? 1 : 0, count, 0);
}

void sb_gauges_input(struct sb_core *core, const struct sb_in_vitals *vitals)
{
    if (!core->is_begun)
        return;
    if (vitals->memory > 0)
        judge(core, SB_GAUGE_MEMORY, vitals->memory >> 20);
    judge(core, SB_GAUGE_DISK, vitals->disk >> 20);
    if (vitals->fds_max > 0)
        judge(core, SB_GAUGE_DESCRIPTORS, (uint64_t)vitals->fds * 100 / vitals->fds_max);
    if (vitals->threads > 0)
        judge(core, SB_GAUGE_THREADS, vitals->threads);
    judge_lateness(core, vitals->late);
    judge_count(core, SB_GAUGE_LOST, vitals->lost, LOST_KEPT);
    judge_count(core, SB_GAUGE_QUERIES, vitals->queries, QUERIES_KEPT);
}
