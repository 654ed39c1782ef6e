/* The job table: state, attempts, last and next time, context, and what is wrong or going on. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { STATE, JOB, SCHEDULE, ATTEMPT, LAST, P50, P95, NEXT, CONTEXT, GOOD, RECENT, TREND, SPENT, BRIEF, COLUMNS };

enum { TREND_SHOWN = 6 }; /* of the durations, the newest: longer and longer shows before it fails */

static const struct sb_column columns[COLUMNS] = {
    [STATE] = {.title = "STATE", .width = 5},
    [JOB] = {.title = "JOB", .width = 12}, /* as wide as the longest name */
    [SCHEDULE] = {.title = "SCHEDULE", .width = 12, .drop = 10},
    [ATTEMPT] = {.title = "ATT", .width = 3, .drop = 3},
    [LAST] = {.title = "LAST", .width = 6, .drop = 2, .is_right = true},
    [P50] = {.title = "P50", .width = 6, .drop = 9, .is_right = true},
    [P95] = {.title = "P95", .width = 6, .drop = 7, .is_right = true},
    [NEXT] = {.title = "NEXT", .width = 7, .drop = 1, .is_right = true},
    [CONTEXT] = {.title = "CX", .width = 3, .drop = 4, .is_right = true},
    [GOOD] = {.title = "OK%", .width = 3, .drop = 6, .is_right = true},
    [RECENT] = {.title = "LAST 20 RUNS", .width = SB_MODEL_RECENT, .drop = 8},
    [TREND] = {.title = "TOOK", .width = TREND_SHOWN, .drop = 12},
    [SPENT] = {.title = "USD", .width = 6, .drop = 11, .is_right = true},
    [BRIEF] = {.title = "ERROR / STEP", .width = 13, .is_flex = true},
};

uint32_t sb_pane_rows_jobs(const struct sb_screen *screen)
{
    return screen->order_count;
}

static void add_or_dash(struct sb_text *text, sb_ns duration, enum sb_slot *slot)
{
    if (duration > 0) {
        sb_text_add_duration(text, duration);
    } else {
        sb_text_add(text, "-");
        *slot = SB_SLOT_DIM;
    }
}

static void cell_state(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    sb_text_add(text, sb_job_state_mark((enum sb_job_state)job->state));
    *slot = sb_slot_of_state(job->state);
}

static void cell_name(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    (void)slot;
    sb_text_add(text, job->name);
}

static void cell_schedule(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    *slot = SB_SLOT_DIM;
    sb_text_add(text, job->schedule);
}

static void cell_attempt(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    if (job->run.id == 0 || job->run.attempt == 0) {
        sb_text_add(text, "-");
        *slot = SB_SLOT_DIM;
        return;
    }
    sb_text_add_u64(text, job->run.attempt);
    sb_text_add(text, "/");
    sb_text_add_u64(text, job->run.attempts_max);
}

static void cell_last(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    if (job->state == SB_JOB_STATE_RUN && job->run.started != 0)
        sb_model_add_age(text, screen->now.mono > job->run.started ? screen->now.mono - job->run.started : 0);
    else
        add_or_dash(text, job->last_duration, slot);
}

static void cell_p50(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    add_or_dash(text, sb_model_recent_permille(job, 500), slot);
}

static void cell_p95(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    add_or_dash(text, sb_model_recent_permille(job, 950), slot);
}

static void add_until(const struct sb_screen *screen, struct sb_text *text, sb_ns left)
{
    if (screen->is_absolute_time) {
        sb_text_add_clock(text, (struct sb_wall){sb_ns_add(screen->now.wall.ns, left)});
    } else {
        sb_text_add(text, "+");
        sb_model_add_until(text, left);
    }
}

static void cell_next(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    const struct sb_model_run *const run = &job->run;
    *slot = SB_SLOT_DIM;
    if (sb_model_run_is_active(run) && run->state == SB_RUN_STATE_BACKOFF) {
        *slot = SB_SLOT_TEXT;
        add_until(screen, text, run->retry_at > screen->now.mono ? run->retry_at - screen->now.mono : 0);
    } else if (job->state == SB_JOB_STATE_RUN) {
        sb_text_add(text, "-");
    } else if (sb_model_is_paused(screen->model, job)) {
        sb_text_add(text, "paused");
        *slot = SB_SLOT_PAUSED;
    } else if (job->state == SB_JOB_STATE_HELD) {
        sb_text_add(text, "held");
        *slot = SB_SLOT_WARN;
    } else if (job->state == SB_JOB_STATE_WAIT) {
        sb_text_add(text, "q ");
        sb_model_add_age(text, screen->now.mono > job->run.queued ? screen->now.mono - job->run.queued : 0);
        *slot = SB_SLOT_WAIT;
    } else if (screen->model->is_draining) {
        sb_text_add(text, "drain");
    } else if (job->next_due.ns == 0) {
        sb_text_add(text, "-");
    } else if (job->next_due.ns <= screen->now.wall.ns) {
        sb_text_add(text, "due");
        *slot = SB_SLOT_TEXT;
    } else {
        *slot = SB_SLOT_TEXT;
        add_until(screen, text, job->next_due.ns - screen->now.wall.ns);
    }
}

static void cell_context(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    if (job->run.id == 0 || job->run.ctx == SB_NO_CTX) {
        sb_text_add(text, "-");
        *slot = SB_SLOT_DIM;
        return;
    }
    sb_text_add(text, "#");
    sb_text_add_u64(text, job->run.ctx);
}

static void cell_good(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    const int good = sb_model_recent_ok(job);
    if (good < 0) {
        sb_text_add(text, "-");
        *slot = SB_SLOT_DIM;
        return;
    }
    sb_text_add_u64(text, (uint64_t)good);
    *slot = good < 90 ? SB_SLOT_WARN : SB_SLOT_TEXT;
}

static void cell_recent(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    for (unsigned i = 0; i < job->recent_count; i++) {
        const unsigned at = sb_model_recent_at(job, i);
        const uint8_t outcome = job->recent_outcome[at];
        sb_text_add_char(text, outcome == SB_RUN_STATE_SUCCEEDED ? '.' : outcome == SB_RUN_STATE_CANCELLED ? 'c' : 'x');
        if (outcome != SB_RUN_STATE_SUCCEEDED && outcome != SB_RUN_STATE_CANCELLED)
            *slot = SB_SLOT_WARN;
    }
}

static void cell_trend(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    int64_t values[TREND_SHOWN];
    const unsigned count = job->recent_count < TREND_SHOWN ? job->recent_count : TREND_SHOWN;
    for (unsigned i = 0; i < count; i++)
        values[i] = job->recent_duration[sb_model_recent_at(job, job->recent_count - count + i)];
    sb_spark_add(text, values, count, screen->is_ascii);
    *slot = SB_SLOT_GAUGE;
}

static void cell_spent(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    (void)screen;
    if (job->spent.nano == 0) {
        sb_text_add(text, "-");
        *slot = SB_SLOT_DIM;
    } else {
        sb_text_add_usd(text, job->spent, 3);
    }
}

static void cell_brief(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot)
{
    sb_model_brief(screen->model, (uint16_t)(job - screen->model->jobs), screen->now.mono, text);
    *slot = job->state == SB_JOB_STATE_FAIL ? SB_SLOT_BAD : SB_SLOT_TEXT;
}

typedef void cell_of(const struct sb_screen *screen, const struct sb_model_job *job, struct sb_text *text, enum sb_slot *slot);
static cell_of *const cells[COLUMNS] = {
    [STATE] = cell_state, [JOB] = cell_name, [SCHEDULE] = cell_schedule, [ATTEMPT] = cell_attempt, [LAST] = cell_last, [P50] = cell_p50,
    [P95] = cell_p95,     [NEXT] = cell_next, [CONTEXT] = cell_context,  [GOOD] = cell_good,       [RECENT] = cell_recent,
    [TREND] = cell_trend, [SPENT] = cell_spent, [BRIEF] = cell_brief,
};

const struct sb_column *sb_job_columns(unsigned *count)
{
    *count = COLUMNS;
    return columns;
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const struct sb_screen *const screen = context;
    cells[screen->columns.map[column]](screen, &screen->model->jobs[screen->order[row]], text, slot);
}

static bool is_marked(const void *context, uint32_t row)
{
    const struct sb_screen *const screen = context;
    return sb_mark_is_shown(screen, SB_PANE_JOBS, row, screen->order[row]);
}

/* Job names are shown whole: the column is as wide as the longest one of the catalogue, and never jumps with the filter. */
static uint8_t name_width(const struct sb_model *model)
{
    size_t widest = 12;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const size_t size = strlen(model->jobs[i].name);
        widest = size > widest ? size : widest;
    }
    return (uint8_t)(widest < SB_NAME_MAX ? widest : SB_NAME_MAX - 1);
}

static void say_title(const struct sb_screen *screen, uint32_t shown, struct sb_text *text, struct sb_text *right)
{
    const uint32_t top = screen->scrolls[SB_PANE_JOBS].top;
    sb_sort_title(screen, SB_PANE_JOBS, text);
    sb_columns_title(screen, text);
    sb_text_add(text, " filter:");
    sb_text_add(text, screen->filters[SB_PANE_JOBS][0] == '\0' ? "none" : screen->filters[SB_PANE_JOBS]);
    sb_marks_say(screen, SB_PANE_JOBS, text);
    uint32_t failing = 0;
    for (uint32_t i = 0; i < top && i < screen->order_count; i++)
        failing += screen->model->jobs[screen->order[i]].state == SB_JOB_STATE_FAIL;
    if (failing > 0) { /* scrolled away from the trouble: say so */
        sb_text_add(text, " ^FAIL! ");
        sb_text_add_u64(text, failing);
        sb_text_add(text, " above");
    }
    sb_text_add_u64(right, shown == 0 ? 0 : top + 1U);
    sb_text_add(right, "-");
    sb_text_add_u64(right, top + shown);
    sb_text_add(right, "/");
    sb_text_add_u64(right, screen->order_count);
    if (screen->order_count != screen->model->job_count) {
        sb_text_add(right, " of ");
        sb_text_add_u64(right, screen->model->job_count);
    }
}

void sb_pane_draw_jobs(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_column all[COLUMNS], own[COLUMNS];
    memcpy(all, columns, sizeof all);
    all[JOB].width = name_width(screen->model);
    if (screen->is_absolute_time)
        all[NEXT].width = 9;
    const unsigned chosen = sb_columns_choose(screen, all, COLUMNS, own);
    struct sb_table_plan plan;
    sb_table_plan(&plan, own, chosen, view->box.cols);
    sb_columns_planned(screen, chosen, plan.count);
    const struct sb_table table = {
        .columns = own, .column_count = chosen, .cell = cell, .context = screen, .total = screen->order_count,
        .has_header = !screen->is_tiny, .has_selection = true, .has_focus = screen->focus == SB_PANE_JOBS,
        .is_marked = is_marked,
    };
    const uint32_t shown = sb_table_draw(view, &table, &screen->scrolls[SB_PANE_JOBS]);
    for (uint32_t row = 0; row < shown; row++) /* the name, which stands second */
        sb_find_paint(screen, SB_PANE_JOBS, view, row + (!screen->is_tiny && view->box.rows > 1), 7, all[JOB].width);
    screen->visible[SB_PANE_JOBS] = view->box.rows > 1 ? view->box.rows - 1U : 1U;
    if (screen->order_count == 0) {
        const char *why = "no job is known yet";
        if (screen->is_tiny && screen->model->job_count > 0)
            why = "nothing fails";
        else if (screen->model->job_count > 0)
            why = "no job matches the filter; {FILTER_CLEAR} clears it";
        char buffer[80];
        struct sb_text words;
        sb_text_init(&words, buffer, sizeof buffer);
        sb_add_keys(screen, &words, why);
        sb_view_text(view, screen->is_tiny ? 0 : 1, 1, view->box.cols, SB_SLOT_DIM, buffer);
    }
    say_title(screen, shown, text, right);
}
