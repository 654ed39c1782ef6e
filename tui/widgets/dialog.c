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
    for (unsigned i = 0; i < dialog->field_count; i++) {
        const struct sb_dialog_field *const field = &dialog->fields[i];
        const unsigned label = field->label == NULL ? 0 : (unsigned)strlen(field->label) + 2;
        const unsigned line = label + sb_view_width(field->text, strlen(field->text), is_ascii, max);
        width = line > width ? line : width;
    }
    const unsigned question = sb_view_width(dialog->question, strlen(dialog->question), is_ascii, max);
    return question > width ? question : width;
}

/* "why: text_": of a text that is too long the end is seen, because that is where it goes on. */
static void draw_field(const struct sb_view *view, unsigned row, unsigned room, const struct sb_dialog_field *field)
{
    if (field->label == NULL) {
        sb_view_field(view, row, 2, room, false, SB_SLOT_KEY, field->text);
        return;
    }
    const unsigned label = 3 + sb_view_text(view, row, 2, room, SB_SLOT_PROMPT, field->label);
    sb_view_fill(view, row, label - 1, 1, ' ', ' ', SB_SLOT_PROMPT);
    const char *text = field->text;
    const unsigned left = room + 2 > label + 1 ? room + 2 - label - 1 : 0;
    while (*text != '\0' && sb_view_width(text, strlen(text), view->is_ascii, left + 1) > left) {
        do
            text++;
        while (((unsigned char)*text & 0xc0U) == 0x80);
    }
    const unsigned used = sb_view_text(view, row, label, left, SB_SLOT_PROMPT, text);
    if (!field->has_focus)
        return;
    sb_view_fill(view, row, label + used, 1, '_', '_', SB_SLOT_PROMPT);
    view->grid->cursor_row = (uint16_t)(view->box.row + row);
    const unsigned col = view->box.col + label + used;
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
    /* title, lines, fields, question: what has no room goes from the top, the question stays */
    const unsigned wanted = 1 + dialog->line_count + dialog->field_count + 1;
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
    view->grid->cursor_row = (uint16_t)(box.box.row + last);
    view->grid->cursor_col = box.box.col;
    for (unsigned i = 0; i < dialog->field_count; i++, at++) {
        if (at >= skip && at - skip < last)
            draw_field(&box, at - skip, room, &dialog->fields[i]);
    }
    sb_view_text(&box, last, left, room, SB_SLOT_PROMPT, dialog->question);
}
