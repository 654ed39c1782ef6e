/* The metrics: counters and histograms folded from events, and the text of a scrape. Private to the room.
 *
 * Everything here belongs to the observer (observer.h), under its lock. The fold allocates nothing and asks nobody. What it counts begins with
 * the process and ends with it: a counter that starts anew is what Prometheus expects of a restart. */
#ifndef SIGNALBOX_API_METRICS_H
#define SIGNALBOX_API_METRICS_H

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/model.h"

enum {
    METRICS_JOBS = 1024,       /* jobs with figures of their own; the last place is shared by those beyond */
    METRICS_STEPS = 8192,
    METRICS_BUCKETS = 13,
    METRICS_CALLS = 64,        /* alias and intent; the last place is shared */
    METRICS_ALIASES = 17,
    METRICS_SERIES_MAX = 20000,
};

/* Upper bounds of buckets. */
extern const sb_ns metric_bounds_run[METRICS_BUCKETS], metric_bounds_wait[METRICS_BUCKETS], metric_bounds_core[METRICS_BUCKETS];

struct metric_hist {
    uint64_t count, buckets[METRICS_BUCKETS]; /* each value in the first bucket that holds it */
    sb_ns sum;
};

struct metric_job {
    uint64_t queued, late, stuck, interrupted;
    uint64_t ended[SB_RUN_STATE_COUNT], retries[SB_CLASS_COUNT], skipped[SB_SKIP_COUNT];
    struct metric_hist duration;
    struct sb_wall succeeded;
};

struct metric_step {
    uint64_t ended[SB_STEP_STATE_COUNT];
    sb_ns sum;
};

struct metric_call {
    char alias[SB_NAME_MAX], intent[SB_NAME_MAX]; /* "" = free place */
    uint64_t calls, tokens_in, tokens_out;
    struct sb_usd cost;
};

struct metrics {
    const struct sb_catalogue *catalogue;
    struct metric_job *jobs;   /* [METRICS_JOBS] */
    struct metric_step *steps; /* [METRICS_STEPS] by place in the catalogue */
    struct metric_hist kinds[SB_STEP_KIND_COUNT], waited[SB_CATEGORY_COUNT], lease_wait[SB_LANE_COUNT], lease_held[SB_LANE_COUNT];
    uint8_t ctx_lanes[SB_CONTEXTS_MAX];
    uint64_t leases[SB_LANE_COUNT][3], yields, revoked, stale, context_changes[SB_CTX_STATE_COUNT];
    uint64_t component_changes[SB_COMPONENT_COUNT][SB_COMPONENT_STATE_COUNT], breaker_changes[SB_SITES_MAX][SB_BREAKER_STATE_COUNT];
    uint64_t recoveries[SB_COMPONENT_COUNT][SB_COMPONENT_STATE_COUNT], notices[SB_CHANNELS_MAX][2];
    uint64_t raised[SB_RULE_COUNT], cleared[SB_RULE_COUNT], commands[SB_COMMAND_COUNT][2], severities[SB_SEVERITY_COUNT], clock_steps;
    struct metric_call calls[METRICS_CALLS];
    uint64_t failures[METRICS_ALIASES][SB_LLM_CATEGORY_COUNT]; /* by place in the catalogue; the last is of any other */
    uint64_t gaps, dropped;
    sb_ns lag;
    struct sb_wall started;
};

enum sb_err metrics_init(struct metrics *metrics, const struct sb_catalogue *catalogue, struct sb_error *err) SB_MUST_USE;
void metrics_deinit(struct metrics *metrics);
/* Counts what is in the journal; descriptions (seq 0) count nothing. */
void metrics_fold(struct metrics *metrics, const struct sb_event *event);
void metric_hist_add(struct metric_hist *hist, const sb_ns bounds[METRICS_BUCKETS], sb_ns value);
/* Where the calls of that alias fail, in `failures`; and its name. */
size_t metrics_alias(const struct sb_catalogue *catalogue, const char *alias);

/* What is looked at once per scrape, before any lock is taken. */
struct metrics_look {
    struct sb_vitals vitals;
    struct sb_loop loops[SB_LOOPS_MAX];
    size_t loop_count;
    struct sb_store_stats store;
    bool has_store;
    struct sb_node_picture node;
    bool has_node;
    struct sb_cache_stats cache;
    bool has_cache;
    struct sb_process process;
    sb_ns now;
};
/* The text of a scrape; `out` has room for METRICS_TEXT_MAX. */
enum { METRICS_TEXT_MAX = 8 << 20 };
void metrics_write(struct metrics *metrics, const struct sb_model *model, const struct metrics_look *look, bool is_openmetrics, struct sb_text *out);

#endif
