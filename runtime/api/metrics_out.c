/* The exposition formats. What differs: in OpenMetrics a counter's family has no suffix in its head, units are told, and an end is marked. */
#include "metrics_out.h"

const struct metric_def metric_defs[METRIC_COUNT] = {
#define X(id, family, type, unit, labels, help) [METRIC_##id] = { family, METRIC_##type, unit, labels, help },
#include "metrics.def"
#undef X
};

static void add_name(struct metrics_out *out, const char *suffix)
{
    sb_text_add(out->text, metric_defs[out->family].family);
    sb_text_add(out->text, suffix);
}

static void add_head(struct metrics_out *out, const char *word, const char *rest)
{
    const bool has_suffix = metric_defs[out->family].type == METRIC_COUNTER && !out->is_openmetrics;
    sb_text_add(out->text, "# ");
    sb_text_add(out->text, word);
    sb_text_add_char(out->text, ' ');
    add_name(out, has_suffix ? "_total" : "");
    sb_text_add_char(out->text, ' ');
    sb_text_add(out->text, rest);
    sb_text_add_char(out->text, '\n');
}

void out_family(struct metrics_out *out, enum metric_id id)
{
    static const char *const types[] = { "gauge", "counter", "histogram", "summary" };
    const struct metric_def *def = &metric_defs[id];
    out->family = id;
    add_head(out, "HELP", def->help);
    add_head(out, "TYPE", types[def->type]);
    if (out->is_openmetrics && def->unit[0] != '\0')
        add_head(out, "UNIT", def->unit);
}

/* Whether so many series have room; else they are counted. */
static bool has_room(struct metrics_out *out, uint32_t count)
{
    if (out->series + count > METRICS_SERIES_MAX) {
        out->dropped += count;
        return false;
    }
    out->series += count;
    return true;
}

static void add_value(struct sb_text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            sb_text_add_char(text, '\\');
        if (*value == '\n')
            sb_text_add(text, "\\n");
        else
            sb_text_add_char(text, *value);
    }
}

static void add_labels(struct metrics_out *out, const struct metric_labels *labels, const char *bound)
{
    const struct metric_label more = { bound != NULL ? "le" : NULL, bound };
    char before = '{';
    for (size_t i = 0; i <= SB_LEN(labels->of); i++) {
        const struct metric_label *label = i < SB_LEN(labels->of) ? &labels->of[i] : &more;
        if (label->name == NULL)
            continue;
        sb_text_add_char(out->text, before);
        sb_text_add(out->text, label->name);
        sb_text_add(out->text, "=\"");
        add_value(out->text, label->value);
        sb_text_add_char(out->text, '"');
        before = ',';
    }
    if (before == ',')
        sb_text_add_char(out->text, '}');
    sb_text_add_char(out->text, ' ');
}

/* "0.0025", "3.0": with a point always, so that the same bound is the same text in both formats. */
static void add_nano(struct sb_text *text, int64_t nano)
{
    const uint64_t size = nano < 0 ? 0 - (uint64_t)nano : (uint64_t)nano;
    uint64_t part = size % SB_USD_NANO;
    unsigned digits = 9;
    if (nano < 0)
        sb_text_add_char(text, '-');
    sb_text_add_u64(text, size / SB_USD_NANO);
    sb_text_add_char(text, '.');
    for (; digits > 1 && part % 10 == 0; digits--)
        part /= 10;
    sb_text_add_padded(text, part, digits);
}

static void add_count(struct metrics_out *out, const char *suffix, const struct metric_labels *labels, const char *bound, uint64_t value)
{
    add_name(out, suffix);
    add_labels(out, labels, bound);
    sb_text_add_u64(out->text, value);
    sb_text_add_char(out->text, '\n');
}

static const char *suffix_of(const struct metrics_out *out)
{
    return metric_defs[out->family].type == METRIC_COUNTER ? "_total" : "";
}

void out_count(struct metrics_out *out, const struct metric_labels *labels, uint64_t value)
{
    if (has_room(out, 1))
        add_count(out, suffix_of(out), labels, NULL, value);
}

static void add_nano_line(struct metrics_out *out, const char *suffix, const struct metric_labels *labels, int64_t nano)
{
    add_name(out, suffix);
    add_labels(out, labels, NULL);
    add_nano(out->text, nano);
    sb_text_add_char(out->text, '\n');
}

void out_nano(struct metrics_out *out, const struct metric_labels *labels, int64_t nano)
{
    if (has_room(out, 1))
        add_nano_line(out, suffix_of(out), labels, nano);
}

void out_hist(struct metrics_out *out, const struct metric_labels *labels, const struct metric_hist *hist, const sb_ns bounds[METRICS_BUCKETS])
{
    uint64_t so_far = 0;
    if (!has_room(out, METRICS_BUCKETS + 3))
        return;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        char bound[32];
        struct sb_text text;
        sb_text_init(&text, bound, sizeof(bound));
        add_nano(&text, bounds[i]);
        so_far += hist->buckets[i];
        add_count(out, "_bucket", labels, bound, so_far);
    }
    add_count(out, "_bucket", labels, "+Inf", hist->count);
    add_nano_line(out, "_sum", labels, hist->sum);
    add_count(out, "_count", labels, NULL, hist->count);
}

void out_one(struct metrics_out *out, enum metric_id id, uint64_t value)
{
    out_family(out, id);
    out_count(out, NO_LABELS, value);
}

void out_one_nano(struct metrics_out *out, enum metric_id id, int64_t nano)
{
    out_family(out, id);
    out_nano(out, NO_LABELS, nano);
}
