/* The runs of a job as the store has them, a page at a time, the newest first. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

enum { RUN, STATE, TRY, CAUSE, QUEUED, WAITED, TOOK, ERROR, COLUMNS };

static const struct sb_column columns[COLUMNS] = {
    [RUN] = {.title = "RUN", .width = 8, .is_right = true},
    [STATE] = {.title = "STATE", .width = 11},
    [TRY] = {.title = "TRY", .width = 3, .drop = 4, .is_right = true},
    [CAUSE] = {.title = "CAUSE", .width = 14, .drop = 3},
    [QUEUED] = {.title = "QUEUED", .width = 20},
    [WAITED] = {.title = "WAITED", .width = 6, .drop = 2, .is_right = true},
    [TOOK] = {.title = "TOOK", .width = 6, .is_right = true},
    [ERROR] = {.title = "ERROR", .width = 10, .is_flex = true},
};

enum sb_slot sb_slot_of_run(unsigned state)
{
    switch ((enum sb_run_state)state) {
    case SB_RUN_STATE_SUCCEEDED:
        return SB_SLOT_OK;
    case SB_RUN_STATE_FAILED:
    case SB_RUN_STATE_QUARANTINED:
    case SB_RUN_STATE_INTERRUPTED:
        return SB_SLOT_BAD;
    case SB_RUN_STATE_RUNNING:
    case SB_RUN_STATE_STOPPING:
        return SB_SLOT_RUN;
    case SB_RUN_STATE_QUEUED:
    case SB_RUN_STATE_HELD:
    case SB_RUN_STATE_BACKOFF:
        return SB_SLOT_WAIT;
    case SB_RUN_STATE_CANCELLED:
    case SB_RUN_STATE_SKIPPED:
    case SB_RUN_STATE_COUNT:
        break;
    }
    return SB_SLOT_DIM;
}

static const struct sb_findings *found_of(const struct sb_screen *screen)
{
    return sb_wants_found(screen, SB_LOOKUP_RUNS, screen->shown.job, 0);
}

uint32_t sb_pane_rows_history(const struct sb_screen *screen)
{
    const struct sb_findings *const found = found_of(screen);
    return found == NULL ? 0 : found->run_count;
}

const struct sb_past_run *sb_history_selected(const struct sb_screen *screen)
{
    const struct sb_findings *const found = found_of(screen);
    const uint32_t row = screen->scrolls[SB_PANE_HISTORY].selected;
    return found == NULL || row >= found->run_count ? NULL : &found->runs[row];
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const struct sb_screen *const screen = context;
    const struct sb_findings *const found = found_of(screen);
    if (found == NULL || row >= found->run_count)
        return;
    const struct sb_past_run *const run = &found->runs[row];
    if (column == RUN) {
        sb_text_add_u64(text, run->id);
    } else if (column == STATE) {
        sb_text_add(text, sb_run_state_text(run->state));
        *slot = sb_slot_of_run(run->state);
    } else if (column == TRY) {
        sb_text_add_u64(text, run->attempt);
    } else if (column == CAUSE) {
        sb_text_add(text, sb_cause_text(run->cause));
    } else if (column == QUEUED) {
        sb_add_when(screen, text, run->queued);
    } else if (column == WAITED) {
        if (run->started.ns > 0)
            sb_model_add_age(text, sb_time_between(run->queued.ns, run->started.ns));
        else
            sb_text_add(text, "-");
    } else if (column == TOOK) {
        if (run->ended.ns > 0)
            sb_text_add_duration(text, run->duration);
        else
            sb_text_add(text, "-");
    } else if (run->error[0] != '\0' && run->state != SB_RUN_STATE_SUCCEEDED) {
        sb_text_add(text, sb_class_text(run->class));
        sb_text_add(text, ": ");
        sb_text_add(text, run->error);
        *slot = SB_SLOT_BAD;
    }
}

/* A clock is enough when all of them are of today. */
static bool is_of_today(const struct sb_screen *screen, const struct sb_findings *found)
{
    for (uint32_t i = 0; found != NULL && i < found->run_count; i++) {
        if (found->runs[i].queued.ns / SB_DAY(1) != screen->now.wall.ns / SB_DAY(1))
            return false;
    }
    return true;
}

void sb_pane_draw_history(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_findings *const found = found_of(screen);
    const bool has_focus = screen->focus == SB_PANE_HISTORY;
    struct sb_column own[COLUMNS];
    for (unsigned i = 0; i < COLUMNS; i++)
        own[i] = columns[i];
    if (is_of_today(screen, found))
        own[QUEUED].width = 9;
    const struct sb_table table = {.columns = own, .column_count = COLUMNS, .cell = cell, .context = screen,
                                   .total = sb_pane_rows_history(screen), .has_header = true, .has_selection = has_focus, .has_focus = has_focus};
    (void)sb_table_draw(view, &table, &screen->scrolls[SB_PANE_HISTORY]);
    screen->visible[SB_PANE_HISTORY] = view->box.rows > 1 ? view->box.rows - 1U : 1;
    char line[256];
    struct sb_text said;
    sb_text_init(&said, line, sizeof line);
    const bool is_bad = sb_wants_say(screen, SB_LOOKUP_RUNS, &said);
    if (table.total == 0 && view->box.rows > 1)
        sb_view_text(view, 1, 1, view->box.cols, is_bad ? SB_SLOT_WARN : SB_SLOT_DIM,
                     said.len > 0 ? line : "the store has no run of it");
    const struct sb_past_run *const selected = sb_history_selected(screen);
    screen->history_run = selected == NULL ? 0 : selected->id;
    sb_text_add(text, "runs of ");
    sb_text_add(text, screen->shown.job);
    if (table.total > 0 && said.len > 0) {
        sb_text_add(right, line);
    } else if (found != NULL && table.total > 0) {
        sb_text_add(right, found->is_newest ? "newest " : "");
        sb_text_add_u64(right, table.total);
        sb_text_add(right, found->is_oldest ? ", the oldest" : ", older below");
    }
}
