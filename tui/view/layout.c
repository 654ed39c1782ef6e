/* Owns where the areas stand. Pure: the same size and wish give the same boxes, and the boxes tile the grid for every size. */
#include "signalbox/tui/layout.h"

#include <string.h>

enum {
    TINY_COLS = 60, TINY_ROWS = 12,      /* below: lines 1-2, failing jobs, alerts */
    TWO_COLS = 110, TWO_ROWS = 30,       /* from here on two columns */
    WIDE_COLS = 170, WIDE_ROWS = 44,     /* from here on the run detail too */
    ALERTS_MIN = 3,                      /* title and two rows, kept at any height */
    DETAIL_MIN = 8,                      /* rows that the jobs leave: worth showing the detail of the selected one */
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned clamp(unsigned value, unsigned low, unsigned high)
{
    return value < low ? low : value > high ? high : value;
}

static void put(struct sb_layout *layout, enum sb_area area, unsigned row, unsigned col, unsigned rows, unsigned cols)
{
    if (rows == 0 || cols == 0)
        return;
    layout->boxes[area] = (struct sb_box){(uint16_t)row, (uint16_t)col, (uint16_t)rows, (uint16_t)cols};
}

/* Below 60x12 nothing is explained any more: what fails and what alarms. */
static void make_tiny(struct sb_layout *layout, unsigned rows, unsigned cols)
{
    layout->is_tiny = true;
    const unsigned header = least(rows, 2);
    const unsigned body = rows - header;
    const unsigned alerts = body >= 4 ? clamp(body / 3, 2, ALERTS_MIN) : 0;
    put(layout, SB_AREA_HEADER, 0, 0, header, cols);
    put(layout, SB_AREA_JOBS, header, 0, body - alerts, cols);
    put(layout, SB_AREA_ALERTS, rows - alerts, 0, alerts, cols);
}

/* Two areas side by side; the right one starts with a rule. */
static void put_pair(struct sb_layout *layout, enum sb_area left, enum sb_area right, unsigned row, unsigned rows, unsigned cols, unsigned left_cols)
{
    put(layout, left, row, 0, rows, left_cols);
    put(layout, right, row, left_cols, rows, cols - left_cols);
    layout->has_left_rule[right] = true;
}

/* 80x24 and what is near: one above the other, as in the mock-up. */
static void make_stacked(struct sb_layout *layout, unsigned top, unsigned body, unsigned cols, const struct sb_layout_wish *wish)
{
    const unsigned split = cols / 2;
    const bool has_services = body >= 12; /* height drops the log first, then contexts and services */
    unsigned pools = 0, log = 0;
    unsigned alerts = ALERTS_MIN;
    if (has_services)
        pools = clamp(wish->contexts + 1, 4, body >= 24 ? 6 : body >= 20 ? 5 : 4);
    if (body >= 16)
        log = clamp(body / 7, 2, 8);
    const unsigned spare = body - pools - log - alerts;
    if (spare > wish->jobs + 2) /* jobs need no more: alerts and log may grow */
        alerts += least(spare - wish->jobs - 2, wish->alerts > 2 ? wish->alerts - 2 : 0);
    unsigned jobs = body - pools - log - alerts;
    unsigned detail = 0;
    const unsigned unused = jobs > wish->jobs + 2 && wish->jobs > 0 ? jobs - wish->jobs - 2 : 0;
    if (unused >= DETAIL_MIN)
        detail = unused;
    else if (log > 0)
        log += unused;
    jobs = body - pools - log - alerts - detail;
    unsigned row = top;
    put(layout, SB_AREA_JOBS, row, 0, jobs, cols);
    put(layout, SB_AREA_DETAIL, row + jobs, 0, detail, cols);
    row += jobs + detail;
    if (pools > 0)
        put_pair(layout, SB_AREA_CONTEXTS, SB_AREA_BUDGET, row, pools, cols, split);
    row += pools;
    if (has_services)
        put_pair(layout, SB_AREA_ALERTS, SB_AREA_SERVICES, row, alerts, cols, split);
    else
        put(layout, SB_AREA_ALERTS, row, 0, alerts, cols);
    put(layout, SB_AREA_LOG, row + alerts, 0, log, cols);
}

static void make_columns(struct sb_layout *layout, unsigned top, unsigned body, unsigned cols, const struct sb_layout_wish *wish, bool is_wide)
{
    const unsigned right = is_wide ? clamp(cols * 2 / 5, 60, 90) : clamp(cols * 3 / 8, 40, 60);
    const unsigned left = cols - right;
    const unsigned log = clamp(body / (is_wide ? 7 : 6), 4, 12);
    const unsigned upper = body - log;
    const unsigned contexts = clamp(wish->contexts + 2, 6, upper / 3);
    const unsigned budget = is_wide ? 9 : 8;
    put(layout, SB_AREA_CONTEXTS, top, left, contexts, right);
    put(layout, SB_AREA_BUDGET, top + contexts, left, budget, right);
    layout->has_left_rule[SB_AREA_CONTEXTS] = layout->has_left_rule[SB_AREA_BUDGET] = layout->has_left_rule[SB_AREA_SERVICES] = true;
    const unsigned rest = upper - contexts - budget;
    if (is_wide) {
        const unsigned services = clamp(9, 4, rest - ALERTS_MIN);
        const unsigned jobs = clamp(wish->jobs + 2, 6, upper - 8);
        put(layout, SB_AREA_SERVICES, top + contexts + budget, left, services, right);
        put(layout, SB_AREA_ALERTS, top + contexts + budget + services, left, rest - services, right);
        layout->has_left_rule[SB_AREA_ALERTS] = true;
        put(layout, SB_AREA_JOBS, top, 0, jobs, left);
        put(layout, SB_AREA_DETAIL, top + jobs, 0, upper - jobs, left);
    } else {
        const unsigned alerts = clamp(wish->alerts + 1, ALERTS_MIN, upper / 4);
        put(layout, SB_AREA_SERVICES, top + contexts + budget, left, rest, right);
        const unsigned above = upper - alerts;
        const unsigned jobs = wish->jobs > 0 && above >= wish->jobs + 2 + DETAIL_MIN ? wish->jobs + 2 : above;
        put(layout, SB_AREA_JOBS, top, 0, jobs, left);
        put(layout, SB_AREA_DETAIL, top + jobs, 0, above - jobs, left);
        put(layout, SB_AREA_ALERTS, top + upper - alerts, 0, alerts, left);
    }
    put(layout, SB_AREA_LOG, top + upper, 0, log, cols);
}

void sb_layout_make(struct sb_layout *layout, unsigned rows, unsigned cols, const struct sb_layout_wish *wish)
{
    memset(layout, 0, sizeof *layout);
    const bool is_zoomed = wish->zoom < SB_AREA_COUNT;
    if ((rows < TINY_ROWS || cols < TINY_COLS) && (!is_zoomed || rows < 5)) {
        make_tiny(layout, rows, cols);
        return;
    }
    const unsigned top = 2, body = rows - 4;
    put(layout, SB_AREA_HEADER, 0, 0, 2, cols);
    put(layout, SB_AREA_FOOTER, rows - 2, 0, 2, cols);
    if (is_zoomed)
        put(layout, wish->zoom, top, 0, body, cols);
    else if (cols >= WIDE_COLS && rows >= WIDE_ROWS)
        make_columns(layout, top, body, cols, wish, true);
    else if (cols >= TWO_COLS && rows >= TWO_ROWS)
        make_columns(layout, top, body, cols, wish, false);
    else
        make_stacked(layout, top, body, cols, wish);
}
