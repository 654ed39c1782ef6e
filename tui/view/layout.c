/* Owns where the areas stand. Pure: the same size and wish give the same boxes, and the boxes tile the grid for every size. */
#include "signalbox/tui/layout.h"

#include <string.h>

enum {
    TINY_COLS = 60, TINY_ROWS = 12,      /* below: lines 1-2, failing jobs, alerts */
    TWO_COLS = 110, TWO_ROWS = 30,       /* from here on two columns */
    WIDE_COLS = 170, WIDE_ROWS = 44,     /* from here on the run detail and the timeline too */
    ALERTS_MIN = 3,                      /* title and two rows, kept at any height */
    DETAIL_MIN = 8,                      /* rows that the jobs leave: worth showing the detail of the selected one */
    DETAIL_MAX = 24,
    TIMELINE_MIN = 8,                    /* title, hours, five rows, legend */
    BESIDE_MIN = 32,                     /* of the right column of a wide screen */
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

/* What the timeline would fill: a title, the hours, its rows, the legend. */
static unsigned timeline_wanted(const struct sb_layout_wish *wish)
{
    return wish->contexts + wish->jobs + 3;
}

/* Rows that the jobs leave below them: the detail first, then the timeline, and what is too little for either stays with the jobs. */
static void put_below_jobs(struct sb_layout *layout, unsigned row, unsigned rows, unsigned cols, const struct sb_layout_wish *wish)
{
    unsigned detail = 0, timeline = 0;
    const unsigned unused = wish->jobs > 0 && rows > wish->jobs + 2 ? rows - wish->jobs - 2 : 0;
    if (unused >= DETAIL_MIN + TIMELINE_MIN) {
        timeline = clamp(unused - clamp(unused / 2, DETAIL_MIN, DETAIL_MAX), TIMELINE_MIN, timeline_wanted(wish));
        detail = unused - timeline;
    } else if (unused >= DETAIL_MIN) {
        detail = unused;
    }
    const unsigned jobs = rows - detail - timeline;
    put(layout, SB_AREA_JOBS, row, 0, jobs, cols);
    put(layout, SB_AREA_DETAIL, row + jobs, 0, detail, cols);
    put(layout, SB_AREA_TIMELINE, row + jobs + detail, 0, timeline, cols);
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
    const unsigned unused = jobs > wish->jobs + 2 && wish->jobs > 0 ? jobs - wish->jobs - 2 : 0;
    if (unused < DETAIL_MIN && log > 0)
        log += unused;
    jobs = body - pools - log - alerts;
    put_below_jobs(layout, top, jobs, cols, wish);
    unsigned row = top + jobs;
    if (pools > 0)
        put_pair(layout, SB_AREA_CONTEXTS, SB_AREA_BUDGET, row, pools, cols, split);
    row += pools;
    if (has_services)
        put_pair(layout, SB_AREA_ALERTS, SB_AREA_SERVICES, row, alerts, cols, split);
    else
        put(layout, SB_AREA_ALERTS, row, 0, alerts, cols);
    put(layout, SB_AREA_LOG, row + alerts, 0, log, cols);
}

/* From 110x30: jobs left, contexts, budget and services right, alerts and log below. */
static void make_columns(struct sb_layout *layout, unsigned top, unsigned body, unsigned cols, const struct sb_layout_wish *wish)
{
    const unsigned right = clamp(cols * 3 / 8, 40, 60), left = cols - right;
    const unsigned log = clamp(body / 6, 4, 12);
    const unsigned upper = body - log;
    const unsigned contexts = clamp(wish->contexts + 5, 6, upper / 3), budget = 8; /* title, columns, three that wait */
    const unsigned alerts = clamp(wish->alerts + 1, ALERTS_MIN, upper / 4);
    put(layout, SB_AREA_CONTEXTS, top, left, contexts, right);
    put(layout, SB_AREA_BUDGET, top + contexts, left, budget, right);
    put(layout, SB_AREA_SERVICES, top + contexts + budget, left, upper - contexts - budget, right);
    layout->has_left_rule[SB_AREA_CONTEXTS] = layout->has_left_rule[SB_AREA_BUDGET] = layout->has_left_rule[SB_AREA_SERVICES] = true;
    put_below_jobs(layout, top, upper - alerts, left, wish);
    put(layout, SB_AREA_ALERTS, top + upper - alerts, 0, alerts, left);
    put(layout, SB_AREA_LOG, top + upper, 0, log, cols);
}

/* From 170x44: jobs with all their columns and the timeline left, everything else beside them, the log below. What is left over goes to the
 * timeline until every row of it has its place, then to the log; beside, to the detail. */
static void make_wide(struct sb_layout *layout, unsigned top, unsigned body, unsigned cols, const struct sb_layout_wish *wish)
{
    const unsigned right = clamp(cols * 3 / 10, 60, 130), left = cols - right;
    const unsigned log_min = clamp(body / 10, 4, 12);
    unsigned jobs = clamp(wish->jobs + 2, 6, body - log_min - TIMELINE_MIN);
    const unsigned wanted = timeline_wanted(wish) < TIMELINE_MIN ? TIMELINE_MIN : timeline_wanted(wish);
    const unsigned timeline = clamp(body - log_min - jobs, TIMELINE_MIN, wanted);
    if (jobs + timeline < BESIDE_MIN) /* few jobs: what stands beside them needs its rows too */
        jobs = BESIDE_MIN - timeline;
    const unsigned upper = jobs + timeline;
    put(layout, SB_AREA_JOBS, top, 0, jobs, left);
    put(layout, SB_AREA_TIMELINE, top + jobs, 0, timeline, left);
    put(layout, SB_AREA_LOG, top + upper, 0, body - upper, cols);

    const unsigned contexts = clamp(wish->contexts + 5, 6, upper / 4), budget = clamp(upper / 4, 6, 10);
    const unsigned alerts = clamp(wish->alerts + 1, ALERTS_MIN + 1, upper / 6 < ALERTS_MIN + 1 ? ALERTS_MIN + 1 : upper / 6);
    const unsigned services = clamp(upper / 4, 4, 10);
    const struct {
        enum sb_area area;
        unsigned rows;
    } beside[] = {{SB_AREA_CONTEXTS, contexts},   {SB_AREA_BUDGET, budget},     {SB_AREA_DETAIL, upper - contexts - budget - services - alerts},
                  {SB_AREA_SERVICES, services}, {SB_AREA_ALERTS, alerts}};
    unsigned row = top;
    for (unsigned i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        put(layout, beside[i].area, row, left, beside[i].rows, right);
        layout->has_left_rule[beside[i].area] = true;
        row += beside[i].rows;
    }
}

/* Who has no place of its own takes the timeline's, which is the widest, or the detail's; where these are not or small, everything. */
static enum sb_area lent(const struct sb_layout *layout)
{
    if (layout->boxes[SB_AREA_TIMELINE].rows >= TIMELINE_MIN)
        return SB_AREA_TIMELINE;
    return layout->boxes[SB_AREA_DETAIL].rows >= DETAIL_MIN ? SB_AREA_DETAIL : SB_AREA_NONE;
}

void sb_layout_make(struct sb_layout *layout, unsigned rows, unsigned cols, const struct sb_layout_wish *wish)
{
    memset(layout, 0, sizeof *layout);
    layout->lent = SB_AREA_NONE;
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
        make_wide(layout, top, body, cols, wish);
    else if (cols >= TWO_COLS && rows >= TWO_ROWS)
        make_columns(layout, top, body, cols, wish);
    else
        make_stacked(layout, top, body, cols, wish);
    layout->lent = is_zoomed ? wish->zoom : lent(layout);
}
