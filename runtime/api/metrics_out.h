/* Writing Prometheus' text format 0.0.4 and OpenMetrics 1.0: families, series, the bound on their number. Numbers are written from integers.
 * Private to the room. */
#ifndef SIGNALBOX_API_METRICS_OUT_H
#define SIGNALBOX_API_METRICS_OUT_H

#include "metrics.h"

enum metric_id {
#define X(id, family, type, unit, labels, help) METRIC_##id,
#include "metrics.def"
#undef X
    METRIC_COUNT
};
enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_SUMMARY };

struct metric_def {
    const char *family;
    enum metric_type type;
    const char *unit, *labels, *help;
};
extern const struct metric_def metric_defs[METRIC_COUNT];

struct metrics_out {
    struct sb_text *text;
    bool is_openmetrics;
    enum metric_id family;  /* under way */
    uint32_t series;
    uint64_t dropped;
};

struct metric_label {
    const char *name, *value;
};
/* Up to three labels; those without a name are left out. */
struct metric_labels {
    struct metric_label of[3];
};
#define LABELS(...) (&(const struct metric_labels){ .of = { __VA_ARGS__ } })
#define NO_LABELS (&(const struct metric_labels){ 0 })

/* Starts the family; its series follow, one call each. */
void out_family(struct metrics_out *out, enum metric_id id);
void out_count(struct metrics_out *out, const struct metric_labels *labels, uint64_t value);
/* A billionth part of the unit: seconds from nanoseconds, dollars from nano-dollars. */
void out_nano(struct metrics_out *out, const struct metric_labels *labels, int64_t nano);
void out_hist(struct metrics_out *out, const struct metric_labels *labels, const struct metric_hist *hist, const sb_ns bounds[METRICS_BUCKETS]);
/* A family of one series without labels. */
void out_one(struct metrics_out *out, enum metric_id id, uint64_t value);
void out_one_nano(struct metrics_out *out, enum metric_id id, int64_t nano);

#endif
