/* Owns the screen: its life, folding, and drawing a frame from the panes' table. Pure after create: no clock, no I/O, no allocation.
 * Thread: one at a time. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

const struct sb_pane_info sb_pane_infos[SB_PANE_COUNT] = {
#define X(code, name_, number_, title_, area_) \
    [SB_PANE_##code] = {.name = #name_, .title = title_, .number = number_, .area = SB_AREA_##area_, .where = SB_WHERE_##code, \
                        .draw = sb_pane_draw_##name_, .rows = sb_pane_rows_##name_},
#include "panes.def"
#undef X
};

struct sb_screen *sb_screen_create(const struct sb_screen_setup *setup, struct sb_error *err)
{
    struct sb_screen *const screen = calloc(1, sizeof *screen);
    if (screen == NULL)
        goto out;
    screen->live = sb_model_create();
    screen->frozen = sb_model_create();
    screen->order = calloc(SB_JOBS_MAX, sizeof *screen->order);
    screen->order_scratch = calloc(SB_JOBS_MAX, sizeof *screen->order_scratch);
    screen->order_keys = calloc(SB_JOBS_MAX, sizeof *screen->order_keys);
    screen->find.scratch = calloc((size_t)SB_FIND_ROWS * SB_FIND_COLS, sizeof *screen->find.scratch);
    if (screen->live == NULL || screen->frozen == NULL || screen->order == NULL || screen->order_scratch == NULL ||
        screen->order_keys == NULL || screen->find.scratch == NULL || !sb_wants_create(&screen->wants) || !sb_audit_create(screen))
        goto out;
    sb_copy(screen->actor, sizeof screen->actor, setup->actor == NULL ? "" : setup->actor);
    sb_copy(screen->environment, sizeof screen->environment, setup->environment == NULL ? "" : setup->environment);
    screen->is_read_only = setup->is_read_only;
    screen->is_recording = setup->is_recording;
    screen->is_ascii = setup->is_ascii;
    if (setup->keys != NULL)
        screen->keys = *setup->keys;
    else
        sb_keys_init(&screen->keys);
    screen->model = screen->live;
    screen->selected_job = SB_NO_JOB;
    screen->is_following = true;
    screen->timeline_range = 1;
    for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++)
        screen->find.line[pane] = SB_NO_LINE;
    sb_copy(screen->palette.themes, sizeof screen->palette.themes, setup->themes == NULL ? "" : setup->themes);
    return screen;
out:
    if (err != NULL) {
        err->code = SB_ERR_NOMEM;
        sb_copy(err->text, sizeof err->text, "console: no memory for its model");
    }
    sb_screen_destroy(screen);
    return NULL;
}

void sb_screen_destroy(struct sb_screen *screen)
{
    if (screen == NULL)
        return;
    sb_audit_destroy(screen);
    sb_wants_destroy(&screen->wants);
    free(screen->find.scratch);
    free(screen->order_keys);
    free(screen->order_scratch);
    free(screen->order);
    sb_model_destroy(screen->frozen);
    sb_model_destroy(screen->live);
    free(screen);
}

void sb_screen_node(struct sb_screen *screen, const char *text)
{
    sb_copy(screen->node, sizeof screen->node, text);
}

void sb_screen_reset(struct sb_screen *screen)
{
    sb_model_reset(screen->live);
    /* Outcomes may have been lost in the gap; a pending line that never ends would be a lie. */
    memset(screen->pending, 0, sizeof screen->pending);
    screen->undo.is_armed = false;
    screen->dialog.is_open = false;
    sb_bulk_lose(screen);
    screen->palette.is_open = false; /* its entries name jobs by their number */
    screen->log_marks.count = 0;
    for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++)
        screen->find.line[pane] = SB_NO_LINE;
    sb_order_invalidate(screen);
}

static void resolve_pending(struct sb_screen *screen, uint64_t id, bool is_done)
{
    for (unsigned i = 0; i < SB_PENDING_MAX; i++) {
        if (screen->pending[i].is_used && screen->pending[i].id == id)
            screen->pending[i].is_used = false;
    }
    if (!is_done && screen->undo.is_armed && screen->undo.of == id)
        screen->undo.is_armed = false; /* what was refused needs no undo */
}

void sb_screen_fold(struct sb_screen *screen, const struct sb_event *event)
{
    sb_model_fold(screen->live, event);
    sb_bulk_fold(screen, event);
    if (event->kind == SB_EVENT_DESCRIBED)
        sb_marks_follow(screen);
    if (event->kind == SB_EVENT_COMMAND_DONE)
        resolve_pending(screen, event->as.command_done.command, true);
    else if (event->kind == SB_EVENT_COMMAND_REFUSED)
        resolve_pending(screen, event->as.command_refused.command, false);
}

void sb_screen_posted(struct sb_screen *screen, uint64_t command_id, enum sb_err result)
{
    struct sb_pending *oldest = NULL;
    if (sb_bulk_posted(screen, command_id, result))
        return;
    for (unsigned i = 0; i < SB_PENDING_MAX; i++) {
        struct sb_pending *const pending = &screen->pending[i];
        if (pending->is_used && pending->id == 0 && (oldest == NULL || pending->number < oldest->number))
            oldest = pending;
    }
    if (oldest == NULL)
        return;
    const bool is_undoable = screen->undo.is_armed && screen->undo.number == oldest->number;
    if (result == SB_OK) {
        oldest->id = command_id;
        if (is_undoable)
            screen->undo.of = command_id;
        return;
    }
    struct sb_text text = sb_notice(screen, (struct sb_now){.mono = oldest->since}, true);
    sb_text_add(&text, "not sent: ");
    sb_text_add(&text, oldest->text);
    sb_text_add(&text, ", ");
    sb_text_add(&text, sb_err_text(result));
    oldest->is_used = false;
    if (is_undoable)
        screen->undo.is_armed = false;
}

void sb_screen_show_page(struct sb_screen *screen, enum sb_screen_page page, uint64_t run, const char *text, const char *why,
                         struct sb_now now)
{
    if (page == SB_SCREEN_PAGE_CONTENT || page == SB_SCREEN_PAGE_NODES) {
        struct sb_polled *const polled = &screen->polled[page];
        sb_copy(polled->trouble, sizeof polled->trouble, text == NULL ? why : "");
        if (text == NULL)
            return;
        polled->text = text;
        polled->at = now.mono;
        screen->content.is_new = screen->content.is_new || page == SB_SCREEN_PAGE_CONTENT;
        return;
    }
    screen->page = text;
    if (text == NULL) {
        if (screen->focus == SB_PANE_PAGE)
            (void)sb_nav_back(screen);
        sb_notice_say(screen, now, false, why);
        return;
    }
    screen->page_run = run;
    if (screen->focus != SB_PANE_PAGE)
        sb_nav_open(screen, SB_PANE_PAGE);
    screen->scrolls[SB_PANE_PAGE].selected = 0;
}

enum sb_screen_page sb_screen_polls(const struct sb_screen *screen)
{
    const enum sb_screen_page page = screen->focus == SB_PANE_CONTENT ? SB_SCREEN_PAGE_CONTENT
                                     : screen->focus == SB_PANE_NODES ? SB_SCREEN_PAGE_NODES : SB_SCREEN_PAGE_NONE;
    if (screen->past != NULL)
        return SB_SCREEN_PAGE_NONE; /* there it is not shown */
    return screen->is_frozen && screen->polled[page].text != NULL ? SB_SCREEN_PAGE_NONE : page;
}

void sb_screen_say(struct sb_screen *screen, bool is_bad, const char *text, struct sb_now now)
{
    sb_notice_say(screen, now, is_bad, text);
}

static void draw_pane(struct sb_screen *screen, const struct sb_view *whole, const struct sb_layout *layout, enum sb_pane pane,
                      enum sb_area place)
{
    const struct sb_pane_info *const info = &sb_pane_infos[pane];
    const struct sb_box box = layout->boxes[place];
    if (box.rows == 0 || box.cols == 0)
        return;
    const bool has_rule = layout->has_left_rule[place];
    const struct sb_view frame = sb_view_box(whole, box);
    if (has_rule)
        sb_view_rule(&frame, 0);
    const unsigned left = has_rule ? 1 : 0;
    const struct sb_view content = sb_view_part(&frame, 1, left, box.rows - 1U, box.cols - left);
    const struct sb_view title = sb_view_part(&frame, 0, left, 1, box.cols - left);
    char text_buffer[SB_TITLE_MAX], right_buffer[SB_TITLE_MAX];
    struct sb_text text, right;
    sb_text_init(&text, text_buffer, sizeof text_buffer);
    sb_text_init(&right, right_buffer, sizeof right_buffer);
    screen->places[pane] = content.box;
    screen->find.cols[pane] = content.box.cols;
    if (screen->focus == pane)
        screen->focus_box = box;
    info->draw(screen, &content, &text, &right);
    if (sb_find_is_painted((enum sb_pane)pane)) {
        sb_find_paint_all(screen, (enum sb_pane)pane, &content);
        sb_find_title(screen, (enum sb_pane)pane, &text);
    }
    sb_view_title(&title, 0, info->number, info->title, text_buffer, right_buffer, screen->focus == pane);
}

static bool has_place(const struct sb_layout *layout, enum sb_pane pane)
{
    const enum sb_area area = sb_pane_infos[pane].area;
    return area < SB_AREA_COUNT && layout->boxes[area].rows > 0;
}

/* The pane with the focus takes the body when it is zoomed, or when there is no place for it: neither its own nor, from the content on, one that
 * is lent. */
static enum sb_area zoom_of(const struct sb_screen *screen, const struct sb_layout_wish *wish, unsigned rows, unsigned cols)
{
    const enum sb_area area = sb_pane_infos[screen->focus].area, body = area == SB_AREA_NONE ? SB_AREA_DETAIL : area;
    struct sb_layout layout;
    if (screen->is_zoomed)
        return body;
    sb_layout_make(&layout, rows, cols, wish);
    const bool may_borrow = screen->focus >= SB_PANE_CONTENT && screen->focus < SB_PANE_NUMBERED && layout.lent != SB_AREA_NONE;
    return has_place(&layout, screen->focus) || may_borrow ? SB_AREA_NONE : body;
}

static void draw_body(struct sb_screen *screen, const struct sb_view *whole, const struct sb_layout *layout)
{
    const enum sb_area taken = has_place(layout, screen->focus) ? SB_AREA_NONE : layout->lent;
    for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++) {
        if (has_place(layout, (enum sb_pane)pane) && sb_pane_infos[pane].area != taken)
            draw_pane(screen, whole, layout, (enum sb_pane)pane, sb_pane_infos[pane].area);
    }
    if (taken != SB_AREA_NONE)
        draw_pane(screen, whole, layout, screen->focus, taken);
}

void sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid)
{
    if (grid->rows == 0 || grid->cols == 0)
        return;
    sb_past_choose_model(screen);
    screen->now = screen->past != NULL ? screen->past_at : screen->is_frozen ? screen->frozen_at : now;
    uint16_t contexts[SB_CONTEXTS_MAX];
    uint8_t silences[SB_SILENCES_MAX];
    const struct sb_layout_wish wish = {
        .jobs = screen->model->job_count,
        .contexts = sb_context_list(screen->model, contexts),
        .alerts = screen->model->alert_count + sb_silence_list(screen->model, silences),
        .zoom = SB_AREA_NONE,
    };
    struct sb_layout_wish zoomed = wish;
    zoomed.zoom = zoom_of(screen, &wish, grid->rows, grid->cols);
    struct sb_layout layout;
    sb_layout_make(&layout, grid->rows, grid->cols, &zoomed);
    if (layout.is_tiny != screen->is_tiny)
        sb_order_invalidate(screen);
    screen->is_tiny = layout.is_tiny;
    sb_selection_settle(screen, now.mono);

    const struct sb_view whole = sb_view_whole(grid, screen->is_ascii);
    memset(grid->cells, 0, (size_t)grid->rows * grid->cols * sizeof *grid->cells);
    sb_view_clear(&whole, SB_SLOT_TEXT);
    grid->cursor_row = (uint16_t)(grid->rows - 1U);
    grid->cursor_col = 0;
    memset(screen->places, 0, sizeof screen->places);
    draw_body(screen, &whole, &layout);
    sb_view_join(&whole);
    const struct sb_view header = sb_view_box(&whole, layout.boxes[SB_AREA_HEADER]);
    sb_header_draw(screen, &header, now);
    if (layout.boxes[SB_AREA_FOOTER].rows > 0) {
        const struct sb_view footer = sb_view_box(&whole, layout.boxes[SB_AREA_FOOTER]);
        sb_footer_draw(screen, &footer, now);
    } else if (screen->is_prompting || screen->is_asking_time || (screen->notice.text[0] != '\0' && now.mono < screen->notice.until)) {
        const struct sb_view last = sb_view_part(&whole, grid->rows - 1U, 0, 1, grid->cols); /* what must be said even here */
        sb_footer_draw(screen, &last, now);
    }
    if (screen->menu.kind != SB_MENU_NONE)
        sb_menu_draw(screen, &whole);
    if (screen->palette.is_open)
        sb_palette_draw(screen, &whole);
    if (screen->dialog.is_open)
        sb_dialog_show(screen, &whole);
}
