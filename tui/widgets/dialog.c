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

void sb_dialog_draw(const struct sb_view *view, const struct sb_dialog_text *dialog)
{
    const unsigned rows = view->box.rows, cols = view->box.cols;
    if (rows == 0 || cols == 0)
        return;
    /* title, lines, what is typed, question: what has no room goes from the top, the question stays */
    const unsigned typed_rows = dialog->typed != NULL ? 1 : 0;
    const unsigned wanted = 1 + dialog->line_count + typed_rows + 1;
    const unsigned height = wanted < rows ? wanted : rows;
    const unsigned inner = widest(dialog, view->is_ascii, cols) + 4;
    const unsigned width = inner < cols ? inner : cols;
    const struct sb_view box = sb_view_part(view, (rows - height) / 2, (cols - width) / 2, height, width);
    sb_view_clear(&box, SB_SLOT_DIALOG);
    const unsigned skip = wanted - height;
    unsigned at = 0; /* place in the wanted list */
    if (at++ >= skip) {
        sb_view_fill(&box, 0, 0, width, 0x2500, '-', SB_SLOT_DIALOG);
        sb_view_text(&box, 0, 2, width > 3 ? width - 3 : width, SB_SLOT_TITLE_FOCUS, dialog->title);
    }
    for (unsigned i = 0; i < dialog->line_count; i++, at++) {
        if (at >= skip)
            sb_view_field(&box, at - skip, 2, width > 4 ? width - 4 : width, false, SB_SLOT_DIALOG, dialog->lines[i]);
    }
    if (typed_rows > 0) {
        if (at >= skip)
            draw_typed(&box, at - skip, dialog->typed);
        at++;
    }
    sb_view_text(&box, height - 1, width > inner - 1 ? 2 : 0, width, SB_SLOT_PROMPT, dialog->question);
    if (dialog->typed == NULL) {
        view->grid->cursor_row = (uint16_t)(box.box.row + height - 1);
        view->grid->cursor_col = box.box.col;
    }
}
