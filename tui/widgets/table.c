/* Owns tables: which columns fit, which rows are visible, drawing them. Only visible rows are built. Pure. */
#include "signalbox/tui/widgets.h"

#include <string.h>

static unsigned width_of(const struct sb_column *columns, const bool *is_out, unsigned count)
{
    unsigned width = 1; /* the selection mark */
    for (unsigned i = 0; i < count; i++) {
        if (!is_out[i])
            width += columns[i].width + 1U;
    }
    return width > 1 ? width - 1 : width;
}

void sb_table_plan(struct sb_table_plan *plan, const struct sb_column *columns, unsigned count, unsigned cols)
{
    bool is_out[SB_COLUMNS_MAX] = {false};
    if (count > SB_COLUMNS_MAX)
        count = SB_COLUMNS_MAX;
    while (width_of(columns, is_out, count) > cols) {
        unsigned worst = count;
        for (unsigned i = 0; i < count; i++) {
            if (!is_out[i] && columns[i].drop > 0 && (worst == count || columns[i].drop >= columns[worst].drop))
                worst = i;
        }
        if (worst == count)
            break;
        is_out[worst] = true;
    }
    const unsigned used = width_of(columns, is_out, count);
    unsigned spare = cols > used ? cols - used : 0;
    unsigned at = 1;
    memset(plan, 0, sizeof *plan);
    for (unsigned i = 0; i < count && at < cols; i++) {
        if (is_out[i])
            continue;
        unsigned width = columns[i].width;
        if (columns[i].is_flex) {
            width += spare;
            spare = 0;
        }
        if (width > cols - at)
            width = cols - at;
        plan->column[plan->count] = (uint8_t)i;
        plan->start[plan->count] = (uint16_t)at;
        plan->width[plan->count] = (uint16_t)width;
        plan->count++;
        at += width + 1;
    }
}

void sb_scroll_move(struct sb_scroll *scroll, int64_t delta, uint32_t total)
{
    if (total == 0)
        return;
    int64_t at = (int64_t)scroll->selected;
    if (at >= (int64_t)total)
        at = (int64_t)total - 1;
    if (delta > (int64_t)total)
        delta = (int64_t)total;
    if (delta < -(int64_t)total)
        delta = -(int64_t)total;
    at += delta;
    scroll->selected = at < 0 ? 0 : at >= (int64_t)total ? total - 1 : (uint32_t)at;
}

void sb_scroll_fit(struct sb_scroll *scroll, uint32_t total, uint32_t visible)
{
    if (total == 0 || visible == 0) {
        scroll->top = 0;
        if (total == 0)
            scroll->selected = 0;
        return;
    }
    if (scroll->selected >= total)
        scroll->selected = total - 1;
    if (scroll->top > scroll->selected)
        scroll->top = scroll->selected;
    if (scroll->selected - scroll->top >= visible)
        scroll->top = scroll->selected - visible + 1;
    if (scroll->top + visible > total)
        scroll->top = total > visible ? total - visible : 0;
}

static void draw_header(const struct sb_view *view, const struct sb_table *table, const struct sb_table_plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct sb_column *const column = &table->columns[plan->column[i]];
        sb_view_field(view, 0, plan->start[i], plan->width[i], column->is_right, SB_SLOT_HEADER, column->title);
    }
}

static void draw_row(const struct sb_view *view, const struct sb_table *table, const struct sb_table_plan *plan, unsigned at, uint32_t row,
                     bool is_selected)
{
    const bool is_lit = is_selected && table->has_focus;
    const bool is_marked = table->is_marked != NULL && table->is_marked(table->context, row);
    if (is_selected || is_marked) {
        const char mark = !is_marked ? '>' : is_selected ? '+' : '*';
        sb_view_paint(view, at, 0, view->box.cols, is_lit ? SB_SLOT_SELECTED : SB_SLOT_TEXT);
        sb_view_fill(view, at, 0, 1, (uint32_t)mark, mark, is_lit ? SB_SLOT_SELECTED : SB_SLOT_MARKED);
    }
    for (unsigned i = 0; i < plan->count; i++) {
        char buffer[256];
        struct sb_text text;
        enum sb_slot slot = SB_SLOT_TEXT;
        sb_text_init(&text, buffer, sizeof buffer);
        table->cell(table->context, row, plan->column[i], &text, &slot);
        if (is_lit && (slot == SB_SLOT_TEXT || slot == SB_SLOT_DIM))
            slot = SB_SLOT_SELECTED; /* states keep their colour inside the selection */
        else if (is_marked && slot == SB_SLOT_TEXT)
            slot = SB_SLOT_MARKED;
        sb_view_field(view, at, plan->start[i], plan->width[i], table->columns[plan->column[i]].is_right, slot, buffer);
        if (is_lit)
            sb_view_paint_padding(view, at, plan->start[i], plan->width[i], SB_SLOT_SELECTED); /* no holes in the bar */
    }
}

uint32_t sb_table_draw(const struct sb_view *view, const struct sb_table *table, struct sb_scroll *scroll)
{
    struct sb_table_plan plan;
    sb_table_plan(&plan, table->columns, table->column_count, view->box.cols);
    unsigned first = 0;
    if (table->has_header && view->box.rows > 1) {
        draw_header(view, table, &plan);
        first = 1;
    }
    const unsigned visible = view->box.rows - first;
    sb_scroll_fit(scroll, table->total, visible);
    uint32_t shown = 0;
    for (unsigned i = 0; i < visible && scroll->top + i < table->total; i++) {
        const uint32_t row = scroll->top + i;
        const bool is_selected = table->has_selection && row == scroll->selected;
        draw_row(view, table, &plan, first + i, row, is_selected);
        if (is_selected && table->has_focus) {
            view->grid->cursor_row = (uint16_t)(view->box.row + first + i);
            view->grid->cursor_col = view->box.col;
        }
        shown++;
    }
    return shown;
}
