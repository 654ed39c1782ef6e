/* The log: events worth telling, newest at the bottom. Follows until the operator scrolls up. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { LINE_MAX_BYTES = 512 };

uint32_t sb_pane_rows_log(const struct sb_screen *screen)
{
    return (uint32_t)(screen->model->log_total < SB_MODEL_LOG ? screen->model->log_total : SB_MODEL_LOG);
}

static bool line_of(const struct sb_screen *screen, uint64_t number, const struct sb_event **event, struct sb_text *text)
{
    *event = sb_model_log_at(screen->model, screen->model->log_total - 1 - number);
    if (*event == NULL)
        return false;
    const struct sb_event_names names = sb_model_names(screen->model);
    sb_event_text(*event, &names, text);
    return true;
}

static bool is_shown(const struct sb_screen *screen, uint64_t number)
{
    char buffer[LINE_MAX_BYTES];
    struct sb_text text;
    const struct sb_event *event = NULL;
    const char *const filter = screen->filters[SB_PANE_LOG];
    if (filter[0] == '\0')
        return true;
    sb_text_init(&text, buffer, sizeof buffer);
    return line_of(screen, number, &event, &text) && sb_filter_matches_text(filter, buffer);
}

static uint64_t oldest(const struct sb_model *model)
{
    return model->log_total < SB_MODEL_LOG ? 0 : model->log_total - SB_MODEL_LOG;
}

static uint64_t end_of(const struct sb_screen *screen)
{
    const struct sb_model *const model = screen->model;
    if (screen->is_following || screen->log_end > model->log_total)
        return model->log_total;
    return screen->log_end < oldest(model) ? oldest(model) : screen->log_end;
}

void sb_log_move(struct sb_screen *screen, int64_t delta)
{
    const struct sb_model *const model = screen->model;
    const uint64_t low = oldest(model);
    uint64_t end = end_of(screen);
    for (; delta < 0 && end > low + 1; delta++) {
        do
            end--;
        while (end > low + 1 && !is_shown(screen, end - 1));
    }
    for (; delta > 0 && end < model->log_total; delta--) {
        do
            end++;
        while (end < model->log_total && !is_shown(screen, end - 1));
    }
    screen->is_following = false; /* only `f` and End follow again */
    screen->log_end = end;
}

static void draw_line(const struct sb_view *view, unsigned row, const struct sb_event *event, const char *line)
{
    static const char letters[SB_SEVERITY_COUNT] = {'D', 'I', 'W', 'E', 'P'};
    static const uint8_t slots[SB_SEVERITY_COUNT] = {SB_SLOT_DIM, SB_SLOT_TEXT, SB_SLOT_WARN, SB_SLOT_BAD, SB_SLOT_BAD};
    const unsigned severity = sb_event_severity(event) < SB_SEVERITY_COUNT ? sb_event_severity(event) : SB_SEVERITY_ERROR;
    char buffer[64];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_wall(&text, event->wall, true);
    const char *clock = strchr(buffer, 'T');
    clock = clock == NULL ? buffer : clock + 1;
    unsigned at = 0;
    if (view->box.cols >= 100) {
        at = sb_view_text(view, row, 0, view->box.cols, SB_SLOT_DIM, clock) + 1;
    } else {
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add_clock(&text, event->wall);
        at = sb_view_text(view, row, 0, view->box.cols, SB_SLOT_DIM, buffer) + 1;
    }
    sb_view_fill(view, row, at, 1, (uint32_t)(unsigned char)letters[severity], letters[severity], (enum sb_slot)slots[severity]);
    if (view->box.cols > at + 2)
        sb_view_field(view, row, at + 2, view->box.cols - at - 2, false, (enum sb_slot)slots[severity], line);
}

void sb_pane_draw_log(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_model *const model = screen->model;
    const uint64_t low = oldest(model);
    const unsigned rows = view->box.rows;
    unsigned row = rows;
    uint64_t number = end_of(screen);
    while (row > 0 && number > low) {
        char buffer[LINE_MAX_BYTES];
        struct sb_text line;
        const struct sb_event *event = NULL;
        sb_text_init(&line, buffer, sizeof buffer);
        number--;
        if (line_of(screen, number, &event, &line) && sb_filter_matches_text(screen->filters[SB_PANE_LOG], buffer))
            draw_line(view, --row, event, buffer);
    }
    screen->visible[SB_PANE_LOG] = rows;
    sb_text_add(text, "level>=info");
    if (screen->filters[SB_PANE_LOG][0] != '\0') {
        sb_text_add(text, " filter:");
        sb_text_add(text, screen->filters[SB_PANE_LOG]);
    }
    if (screen->is_following) {
        sb_text_add(text, " FOLLOW");
    } else {
        sb_text_add(text, " HELD, newer: ");
        sb_text_add_u64(text, model->log_total - end_of(screen));
    }
    sb_text_add_u64(right, model->log_total);
    sb_text_add(right, " lines");
}
