/* Owns titles and rules, and the joints where rules meet. Pure. */
#include "signalbox/tui/view.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { RULE_H = 0x2500, RULE_V = 0x2502 };

void sb_view_title(const struct sb_view *view, unsigned row, char number, const char *name, const char *text, const char *right, bool has_focus)
{
    if (row >= view->box.rows || view->box.cols == 0)
        return;
    const unsigned cols = view->box.cols;
    const enum sb_slot slot = has_focus ? SB_SLOT_TITLE_FOCUS : SB_SLOT_TITLE;
    sb_view_fill(view, row, 0, cols, RULE_H, '-', SB_SLOT_FRAME);
    unsigned at = 0;
    /* The focus is a mark as well as a colour: ">1 Jobs<" against "-1 Jobs-". */
    if (has_focus)
        sb_view_fill(view, row, 0, 1, '>', '>', slot);
    at = 1;
    if (number != '\0') {
        sb_view_fill(view, row, at, 1, (uint32_t)(unsigned char)number, number, slot);
        at += 2;
        sb_view_fill(view, row, 2, 1, ' ', ' ', slot);
    }
    at += sb_view_text(view, row, at, cols - (at < cols ? at : cols), slot, name);
    if (has_focus)
        sb_view_fill(view, row, at, 1, '<', '<', slot);
    at++;
    if (text[0] != '\0' && at + 2 < cols) {
        sb_view_fill(view, row, at, 1, ' ', ' ', SB_SLOT_DIM);
        at += 1 + sb_view_text(view, row, at + 1, cols - at - 2, SB_SLOT_DIM, text);
        sb_view_fill(view, row, at++, 1, ' ', ' ', SB_SLOT_DIM);
    }
    const unsigned right_width = sb_view_width(right, strlen(right), view->is_ascii, cols);
    if (right_width > 0 && at + right_width + 3 < cols) {
        const unsigned start = cols - right_width - 3;
        sb_view_fill(view, row, start, 1, ' ', ' ', SB_SLOT_DIM);
        sb_view_text(view, row, start + 1, right_width, SB_SLOT_DIM, right);
        sb_view_fill(view, row, start + 1 + right_width, 1, ' ', ' ', SB_SLOT_DIM);
    }
}

void sb_view_rule(const struct sb_view *view, unsigned col)
{
    for (unsigned row = 0; row < view->box.rows; row++)
        sb_view_fill(view, row, col, 1, RULE_V, '|', SB_SLOT_FRAME);
}

/* What a cell is to its neighbours while joints are made; kept in `reserved` for the time of one call. */
enum { MARK_NONE, MARK_HORIZONTAL, MARK_VERTICAL };

static unsigned mark_of(const struct sb_grid_cell *cell)
{
    if (cell->slot != SB_SLOT_FRAME)
        return MARK_NONE;
    if (cell->code_point == RULE_V || cell->code_point == '|')
        return MARK_VERTICAL;
    return cell->code_point == RULE_H || cell->code_point == '-' ? MARK_HORIZONTAL : MARK_NONE;
}

/* A rule meets rules of the other direction: the joint depends on which neighbours are rules too. */
static void join_cell(const struct sb_view *view, unsigned row, unsigned col)
{
    static const uint16_t joints[16] = {/* bits: up 1, down 2, left 4, right 8 */
        0, 0x2502, 0x2502, 0x2502, 0x2500, 0x2518, 0x2510, 0x2524, 0x2500, 0x2514, 0x250c, 0x251c, 0x2500, 0x2534, 0x252c, 0x253c};
    const struct sb_grid *const grid = view->grid;
    struct sb_grid_cell *const cell = &grid->cells[(size_t)row * grid->cols + col];
    const unsigned up = row > 0 ? cell[-(ptrdiff_t)grid->cols].reserved : MARK_NONE;
    const unsigned down = row + 1U < grid->rows ? cell[grid->cols].reserved : MARK_NONE;
    const unsigned left = col > 0 ? cell[-1].reserved : MARK_NONE;
    const unsigned right = col + 1U < grid->cols ? cell[1].reserved : MARK_NONE;
    const unsigned vertical = (up == MARK_VERTICAL ? 1U : 0) | (down == MARK_VERTICAL ? 2U : 0);
    const unsigned horizontal = (left == MARK_HORIZONTAL ? 4U : 0) | (right == MARK_HORIZONTAL ? 8U : 0);
    if ((vertical != 0 || cell->reserved == MARK_VERTICAL) && (horizontal != 0 || cell->reserved == MARK_HORIZONTAL))
        cell->code_point = view->is_ascii ? '+' : joints[vertical | horizontal];
}

void sb_view_join(const struct sb_view *view)
{
    const struct sb_grid *const grid = view->grid;
    const size_t count = (size_t)grid->rows * grid->cols;
    for (size_t i = 0; i < count; i++)
        grid->cells[i].reserved = (uint16_t)mark_of(&grid->cells[i]);
    for (unsigned row = 0; row < grid->rows; row++) {
        for (unsigned col = 0; col < grid->cols; col++) {
            if (grid->cells[(size_t)row * grid->cols + col].reserved != MARK_NONE)
                join_cell(view, row, col);
        }
    }
    for (size_t i = 0; i < count; i++)
        grid->cells[i].reserved = 0;
}
