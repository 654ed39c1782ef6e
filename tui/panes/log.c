/* The log: events worth telling, newest at the bottom. Follows until the operator scrolls up. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { LINE_MAX_BYTES = 512, PIECES_MAX = 16 };

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

static bool passes(const struct sb_screen *screen, const struct sb_event *event, const char *line)
{
    return sb_tail_shows(screen, event) && sb_match_event(sb_find_filter(screen, SB_PANE_LOG), screen->model, event, line);
}

static bool is_shown(const struct sb_screen *screen, uint64_t number)
{
    char buffer[LINE_MAX_BYTES];
    struct sb_text text;
    const struct sb_event *event = NULL;
    if (!screen->tail.is_on && sb_find_filter(screen, SB_PANE_LOG)->term_count == 0)
        return true;
    sb_text_init(&text, buffer, sizeof buffer);
    return line_of(screen, number, &event, &text) && passes(screen, event, buffer);
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
    /* Going down at the end is no reason to let go; once let go, only `f` and End follow again. */
    screen->is_following = screen->is_following && end == model->log_total;
    screen->log_end = end;
}

void sb_log_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    for (uint64_t number = oldest(screen->model); number < screen->model->log_total; number++) {
        char buffer[LINE_MAX_BYTES];
        struct sb_text text;
        const struct sb_event *event = NULL;
        sb_text_init(&text, buffer, sizeof buffer);
        if (line_of(screen, number, &event, &text) && passes(screen, event, buffer) &&
            sb_match_event(seek->match, screen->model, event, buffer))
            sb_seek_offer(seek, (int64_t)number);
    }
}

/* Bytes of the text that fit into that many columns, at least one character. */
static size_t piece_of(const struct sb_view *view, const char *text, size_t size, unsigned cols)
{
    size_t at = 0;
    for (unsigned used = 0; at < size;) {
        uint32_t code_point = 0;
        const unsigned taken = sb_utf8_decode(text + at, size - at, &code_point), bytes = taken == 0 ? 1 : taken;
        used += sb_view_width(text + at, bytes, view->is_ascii, 2);
        if (used > cols && at > 0)
            break;
        at += bytes;
    }
    return at;
}

/* Time and severity; returns the column where the text begins. */
static unsigned draw_stamp(const struct sb_view *view, unsigned row, const struct sb_event *event, enum sb_slot slot, bool is_found)
{
    static const char letters[SB_SEVERITY_COUNT] = {'D', 'I', 'W', 'E', 'P'};
    const unsigned severity = sb_event_severity(event) < SB_SEVERITY_COUNT ? sb_event_severity(event) : SB_SEVERITY_ERROR;
    const enum sb_slot clock_slot = is_found ? SB_SLOT_SELECTED : SB_SLOT_DIM; /* where a search stands */
    char buffer[64];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_wall(&text, event->wall, true);
    const char *clock = strchr(buffer, 'T');
    clock = clock == NULL ? buffer : clock + 1;
    unsigned at = 0;
    if (view->box.cols >= 100) {
        at = sb_view_text(view, row, 0, view->box.cols, clock_slot, clock) + 1;
    } else {
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add_clock(&text, event->wall);
        at = sb_view_text(view, row, 0, view->box.cols, clock_slot, buffer) + 1;
    }
    sb_view_fill(view, row, at, 1, (uint32_t)(unsigned char)letters[severity], letters[severity], slot);
    return at + 2;
}

/* One line, over as many rows as it takes when lines are wrapped; ends above `bottom`, returns the row it begins in. */
static unsigned draw_line(const struct sb_screen *screen, const struct sb_view *view, unsigned bottom, uint64_t number, const struct sb_event *event,
                          const char *line)
{
    static const uint8_t slots[SB_SEVERITY_COUNT] = {SB_SLOT_DIM, SB_SLOT_TEXT, SB_SLOT_WARN, SB_SLOT_BAD, SB_SLOT_BAD};
    const unsigned severity = sb_event_severity(event) < SB_SEVERITY_COUNT ? sb_event_severity(event) : SB_SEVERITY_ERROR;
    const enum sb_slot slot = (enum sb_slot)slots[severity];
    const unsigned left = view->box.cols >= 100 ? 16 : 12, room = view->box.cols > left ? view->box.cols - left : 0;
    const size_t size = strlen(line);
    size_t begins[PIECES_MAX] = {0};
    unsigned pieces = 1;
    if (screen->is_wrapping && room > 0) {
        for (size_t at = piece_of(view, line, size, room); at < size && pieces < PIECES_MAX; at += piece_of(view, line + at, size - at, room))
            begins[pieces++] = at;
    } else if (room > 0 && screen->log_side > 0) {
        begins[0] = piece_of(view, line, size, screen->log_side);
    }
    unsigned row = bottom;
    for (unsigned piece = pieces; piece-- > 0 && row > 0;) {
        row--;
        if (piece == 0)
            (void)draw_stamp(view, row, event, slot, screen->find.line[SB_PANE_LOG] == number);
        if (room == 0)
            continue;
        if (piece + 1 < pieces)
            sb_view_text_n(view, row, left, room, slot, line + begins[piece], begins[piece + 1] - begins[piece]);
        else
            sb_view_field(view, row, left, room, false, slot, line + begins[piece]);
        sb_find_paint(screen, SB_PANE_LOG, view, row, left, room);
    }
    return row;
}

static void say_title(const struct sb_screen *screen, struct sb_text *text)
{
    sb_text_add(text, "level>=info");
    if (screen->tail.is_on) {
        sb_text_add(text, " tail:");
        sb_text_add(text, screen->tail.name);
    }
    sb_find_title(screen, SB_PANE_LOG, text);
    if (screen->is_wrapping)
        sb_text_add(text, " wrap");
    if (screen->log_side > 0) {
        sb_text_add(text, " from column ");
        sb_text_add_u64(text, screen->log_side + 1U);
    }
    if (screen->is_following) {
        sb_text_add(text, " FOLLOW");
    } else {
        sb_text_add(text, " HELD, newer: ");
        sb_text_add_u64(text, screen->model->log_total - end_of(screen));
    }
}

void sb_pane_draw_log(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_model *const model = screen->model;
    const uint64_t low = oldest(model);
    unsigned row = view->box.rows;
    sb_tail_settle(screen);
    for (uint64_t number = end_of(screen);; number--) {
        uint32_t mark = 0;
        for (uint32_t skip = 0; row > 0 && (mark = sb_log_mark_above(screen, number, skip)) != 0; skip++)
            sb_log_mark_draw(screen, view, --row, mark);
        if (row == 0 || number <= low)
            break;
        char buffer[LINE_MAX_BYTES];
        struct sb_text line;
        const struct sb_event *event = NULL;
        sb_text_init(&line, buffer, sizeof buffer);
        if (line_of(screen, number - 1, &event, &line) && passes(screen, event, buffer))
            row = draw_line(screen, view, row, number - 1, event, buffer);
    }
    screen->visible[SB_PANE_LOG] = view->box.rows;
    say_title(screen, text);
    sb_text_add_u64(right, model->log_total);
    sb_text_add(right, " lines");
}
