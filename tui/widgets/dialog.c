/* Owns dialogs: a box over the screen that asks one question. Pure. */
#include "signalbox/tui/widgets.h"

#include <string.h>

static unsigned widest(const struct sb_dialog_text *dialog, bool is_ascii, unsigned max)
{
    unsigned width = sb_view_width(dialog->title, strlen(dialog->title), is_ascii, max);
    for (unsigned i = 0; i < dialog->line_count; i++) {
        const unsigned line = sb_view_width(dialog->lines[i], strlen(dialog->lines[i]), is_ascii, max);
        width = line > width ? line : width;
    }
    const unsigned question = sb_view_width(dialog->question, strlen(dialog->question), is_ascii, max);
    return question > width ? question : width;
}

static void draw_typed(const struct sb_view *view, unsigned row, const char *typed)
{
    sb_view_fill(view, row, 2, 2, '>', '>', SB_SLOT_PROMPT);
    sb_view_fill(view, row, 3, 1, ' ', ' ', SB_SLOT_PROMPT);
    const unsigned used = sb_view_text(view, row, 4, view->box.cols, SB_SLOT_PROMPT, typed);
    sb_view_fill(view, row, 4 + used, 1, '_', '_', SB_SLOT_PROMPT);
    view->grid->cursor_row = (uint16_t)(view->box.row + row);
    const unsigned col = view->box.col + 4U + used;
    view->grid->cursor_col = (uint16_t)(col < view->grid->cols ? col : view->grid->cols - 1U);
}

/* The sides are drawn, not only coloured: a monochrome screen shows where the question ends. */
static void draw_frame(const struct sb_view *box, bool has_title, bool has_bottom)
{
    const unsigned width = box->box.cols, height = box->box.rows;
    if (width < 5)
        return;
    for (unsigned row = 0; row < height; row++) {
        sb_view_fill(box, row, 0, 1, 0x2502, '|', SB_SLOT_DIALOG);
        sb_view_fill(box, row, width - 1, 1, 0x2502, '|', SB_SLOT_DIALOG);
    }
    if (has_title) {
        sb_view_fill(box, 0, 0, 1, 0x250c, '+', SB_SLOT_DIALOG);
        sb_view_fill(box, 0, 1, width - 2, 0x2500, '-', SB_SLOT_DIALOG);
        sb_view_fill(box, 0, width - 1, 1, 0x2510, '+', SB_SLOT_DIALOG);
    }
    if (has_bottom) {
        sb_view_fill(box, height - 1, 0, 1, 0x2514, '+', SB_SLOT_DIALOG);
        sb_view_fill(box, height - 1, 1, width - 2, 0x2500, '-', SB_SLOT_DIALOG);
        sb_view_fill(box, height - 1, width - 1, 1, 0x2518, '+', SB_SLOT_DIALOG);
    }
}

void sb_dialog_draw(const struct sb_view *view, const struct sb_dialog_text *dialog)
{
    const unsigned rows = view->box.rows, cols = view->box.cols;
    if (rows == 0 || cols == 0)
        return;
    /* title, lines, what is typed, question: what has no room goes from the top, the question stays */
    const unsigned typed_rows = dialog->typed != NULL ? 1 : 0;
    const unsigned wanted = 1 + dialog->line_count + typed_rows + 1;
    const bool has_bottom = rows > wanted;
    const unsigned height = (wanted < rows ? wanted : rows) + (has_bottom ? 1U : 0U);
    const unsigned last = height - (has_bottom ? 2U : 1U);
    const unsigned inner = widest(dialog, view->is_ascii, cols) + 4;
    const unsigned width = inner < cols ? inner : cols;
    const unsigned left = width < 5 ? 0 : 2;
    const unsigned room = width < 5 ? width : width - 4;
    const struct sb_view box = sb_view_part(view, (rows - height) / 2, (cols - width) / 2, height, width);
    const unsigned skip = wanted > rows ? wanted - rows : 0;
    sb_view_clear(&box, SB_SLOT_DIALOG);
    draw_frame(&box, skip == 0 && last > 0, has_bottom);
    if (skip == 0 && last > 0)
        sb_view_text(&box, 0, left, room, SB_SLOT_TITLE_FOCUS, dialog->title);
    unsigned at = 1; /* place in the wanted list */
    for (unsigned i = 0; i < dialog->line_count; i++, at++) {
        if (at >= skip)
            sb_view_field(&box, at - skip, left, room, false, SB_SLOT_DIALOG, dialog->lines[i]);
    }
    if (typed_rows > 0 && at >= skip && last > 0)
        draw_typed(&box, at - skip, dialog->typed);
    sb_view_text(&box, last, left, room, SB_SLOT_PROMPT, dialog->question);
    if (dialog->typed == NULL || last == 0) {
        view->grid->cursor_row = (uint16_t)(box.box.row + last);
        view->grid->cursor_col = box.box.col;
    }
}
