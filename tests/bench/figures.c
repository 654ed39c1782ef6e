/* Rows of figures: written by a section as one line of text each, read by the parent, printed as a table. Main thread of its process. */
#include "figures.h"

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 128, ROUNDS_MAX = 9, MEASURE_MAX = 80, DIGITS_MAX = 24, VALUE_MAX = 32, CELL_MAX = 40 };

struct row {
    char measure[MEASURE_MAX];
    struct figure figures[2];          /* `value` is computed at the end */
    double values[2][ROUNDS_MAX];
    size_t rounds;
};

struct table {
    struct row rows[ROWS_MAX];
    size_t count;
};

void figures_row(const char *measure, struct figure first, struct figure second)
{
    (void)printf("row\t%s", measure);
    const struct figure both[] = { first, second };
    for (size_t i = 0; i < 2; i++)
        (void)printf("\t%d\t%d\t%.17g\t%.17g", (int)both[i].unit, (int)both[i].bound, both[i].value, both[i].limit);
    (void)printf("\n");
    (void)fflush(stdout);
}

void samples_init(struct samples *samples, size_t cap)
{
    *samples = (struct samples){ .values = calloc(cap, sizeof(*samples->values)), .cap = cap };
    if (samples->values == NULL)
        give_up("no memory for %zu samples", cap);
}

void samples_deinit(struct samples *samples)
{
    free(samples->values);
    *samples = (struct samples){ .values = NULL };
}

void samples_add(struct samples *samples, sb_ns value)
{
    if (samples->count < samples->cap)
        samples->values[samples->count++] = value;
}

static int compare_ns(const void *left, const void *right)
{
    sb_ns a = *(const sb_ns *)left, b = *(const sb_ns *)right;
    return (a > b) - (a < b);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double samples_permille(struct samples *samples, unsigned permille)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof(*samples->values), compare_ns);
    size_t at = samples->count * permille / 1000;
    return (double)samples->values[at < samples->count ? at : samples->count - 1];
}

/* ---- the parent's side ---- */

struct table *table_create(void)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        give_up("no memory for the table");
    return table;
}

void table_destroy(struct table *table)
{
    free(table);
}

static struct row *row_of(struct table *table, const char *measure)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].measure, measure) == 0)
            return &table->rows[i];
    if (table->count == ROWS_MAX)
        give_up("more than %d rows", (int)ROWS_MAX);
    struct row *row = &table->rows[table->count++];
    (void)snprintf(row->measure, sizeof(row->measure), "%s", measure);
    return row;
}

static bool read_figure(char **at, struct figure *figure)
{
    double parts[4];
    for (size_t i = 0; i < SB_LEN(parts); i++) {
        char *end = NULL;
        parts[i] = strtod(*at, &end);
        if (end == *at)
            return false;
        *at = *end == '\t' ? end + 1 : end;
    }
    *figure = (struct figure){ .unit = (enum unit)parts[0], .bound = (enum bound)parts[1], .value = parts[2], .limit = parts[3] };
    return figure->unit < UNIT_TOTAL;
}

bool table_take(struct table *table, const char *line)
{
    char measure[MEASURE_MAX], copy[512];
    struct figure figures[2];
    const char *tab = strncmp(line, "row\t", 4) == 0 ? strchr(line + 4, '\t') : NULL;

    if (tab == NULL)
        return false;
    (void)snprintf(measure, sizeof(measure), "%.*s", (int)(tab - line - 4), line + 4);
    (void)snprintf(copy, sizeof(copy), "%s", tab + 1);
    char *at = copy;
    if (!read_figure(&at, &figures[0]) || !read_figure(&at, &figures[1]))
        return false;
    struct row *row = row_of(table, measure);
    if (row->rounds == ROUNDS_MAX)
        give_up("more than %d rounds", (int)ROUNDS_MAX);
    for (size_t i = 0; i < 2; i++) {
        row->figures[i] = figures[i];
        row->values[i][row->rounds] = figures[i].value;
    }
    row->rounds++;
    return true;
}

static double median(const struct row *row, size_t which)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, row->values[which], sizeof(sorted));
    qsort(sorted, row->rounds, sizeof(sorted[0]), compare_doubles);
    return sorted[row->rounds / 2];
}

/* "1,234,567" without a decimal point. */
static void print_whole(char *out, size_t cap, double value)
{
    char digits[DIGITS_MAX];
    size_t at = 0;
    int count = snprintf(digits, sizeof(digits), "%.0f", value);
    for (int i = 0; i < count && at + 2 < cap; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

static void print_scaled(char *out, size_t cap, double value, const char *const *names, size_t count, double step)
{
    size_t i = 0;
    for (; i + 1 < count && value >= step; i++)
        value /= step;
    int digits = i == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    (void)snprintf(out, cap, "%.*f %s", digits, value, names[i]);
}

static void print_value(char *out, size_t cap, enum unit unit, double value)
{
    static const char *const durations[] = { "ns", "us", "ms", "s" }, *const sizes[] = { "B", "KiB", "MiB", "GiB" };
    char whole[DIGITS_MAX];

    out[0] = '\0';
    switch (unit) {
    case UNIT_NS:
        print_scaled(out, cap, value, durations, SB_LEN(durations), 1000);
        break;
    case UNIT_BYTES:
        print_scaled(out, cap, value, sizes, SB_LEN(sizes), 1024);
        break;
    case UNIT_PER_SECOND:
        if (value < 10)
            (void)snprintf(whole, sizeof(whole), "%.1f", value);
        else
            print_whole(whole, sizeof(whole), value);
        (void)snprintf(out, cap, "%s/s", whole);
        break;
    case UNIT_TIMES:
        (void)snprintf(out, cap, "%.2fx", value);
        break;
    case UNIT_COUNT:
        print_whole(out, cap, value);
        break;
    case UNIT_NONE:
    case UNIT_TOTAL:
        break;
    }
}

static void print_limit(char *out, size_t cap, const struct figure *figure)
{
    char value[VALUE_MAX];
    out[0] = '\0';
    if (figure->bound == BOUND_NONE)
        return;
    print_value(value, sizeof(value), figure->unit, figure->limit);
    (void)snprintf(out, cap, "%s %s", figure->bound == BOUND_AT_MOST ? "<=" : ">=", value);
}

static bool is_missed(const struct figure *figure)
{
    return (figure->bound == BOUND_AT_MOST && figure->value > figure->limit) ||
           (figure->bound == BOUND_AT_LEAST && figure->value < figure->limit);
}

static unsigned print_row(const struct row *row)
{
    struct figure figures[2] = { row->figures[0], row->figures[1] };
    char cells[2][CELL_MAX], limits[2][CELL_MAX], target[2 * CELL_MAX + 4] = "";
    unsigned missed = 0;
    bool has_target = false;

    for (size_t i = 0; i < 2; i++) {
        figures[i].value = median(row, i);
        print_value(cells[i], sizeof(cells[i]), figures[i].unit, figures[i].value);
        print_limit(limits[i], sizeof(limits[i]), &figures[i]);
        missed += is_missed(&figures[i]) ? 1u : 0u;
        has_target = has_target || figures[i].bound != BOUND_NONE;
    }
    bool has_both = limits[0][0] != '\0' && limits[1][0] != '\0';
    (void)snprintf(target, sizeof(target), "%s%s%s", limits[0], has_both ? ", " : "", limits[1]);
    (void)printf("| %-58s | %14s | %14s | %-26s | %-4s |\n", row->measure, cells[0], cells[1], target,
                 !has_target ? "" : missed > 0 ? "OVER" : "ok");
    return missed;
}

unsigned table_print(const struct table *table)
{
    unsigned missed = 0;
    (void)printf("| %-58s | %14s | %14s | %-26s | %-4s |\n", "measure", "p50 / value", "p99 / other", "target", "");
    (void)printf("| %.58s | %.13s: | %.13s: | %.26s | %.4s |\n", "-----------------------------------------------------------------",
                 "--------------", "--------------", "--------------------------", "----");
    for (size_t i = 0; i < table->count; i++)
        missed += print_row(&table->rows[i]);
    return missed;
}
