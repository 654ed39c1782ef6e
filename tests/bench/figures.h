/* Figures of the benchmarks: samples, rows, and the table they end in. A section of the benchmark runs in a process of its own and hands
 * its rows over a pipe; the parent takes the median of each figure over the rounds and prints one table. */
#ifndef SIGNALBOX_BENCH_FIGURES_H
#define SIGNALBOX_BENCH_FIGURES_H

#include "signalbox/base/units.h"

#include <stdbool.h>
#include <stddef.h>

/* What a number counts; decides how it is printed. */
enum unit { UNIT_NONE, UNIT_NS, UNIT_PER_SECOND, UNIT_BYTES, UNIT_TIMES, UNIT_COUNT, UNIT_TOTAL };
enum bound { BOUND_NONE, BOUND_AT_MOST, BOUND_AT_LEAST };

struct figure {
    enum unit unit;
    enum bound bound;
    double value, limit;
};

static inline struct figure figure(enum unit unit, double value)
{
    return (struct figure){ .unit = unit, .value = value };
}
static inline struct figure figure_at_most(enum unit unit, double value, double limit)
{
    return (struct figure){ .unit = unit, .bound = BOUND_AT_MOST, .value = value, .limit = limit };
}
static inline struct figure figure_at_least(enum unit unit, double value, double limit)
{
    return (struct figure){ .unit = unit, .bound = BOUND_AT_LEAST, .value = value, .limit = limit };
}
static inline struct figure figure_none(void)
{
    return (struct figure){ .unit = UNIT_NONE };
}

/* Tells one row to the parent. `measure` names it; rows of the same name from several rounds become one. */
void figures_row(const char *measure, struct figure first, struct figure second);

/* Durations, kept one by one, so that a percentile is a measured value. */
struct samples {
    sb_ns *values;
    size_t count, cap;
};
/* Ends the process when there is no memory. */
void samples_init(struct samples *samples, size_t cap);
void samples_deinit(struct samples *samples);
/* Beyond the capacity nothing is kept. */
void samples_add(struct samples *samples, sb_ns value);
/* Sorts. `permille` 500 is the median; 0 when empty. */
double samples_permille(struct samples *samples, unsigned permille);

/* The parent's side: collects lines of rows, then prints the table. */
struct table;
struct table *table_create(void);
void table_destroy(struct table *table);
/* A line from a section; false when it is none of a row. */
bool table_take(struct table *table, const char *line);
/* Returns how many figures miss their targets. */
unsigned table_print(const struct table *table);

#endif
