/* Owns writing into cells: clipping, width, cutting. Never writes outside its view. Pure. */
#include "signalbox/tui/view.h"

#include "signalbox/base/text.h"

#include <string.h>

struct sb_view sb_view_whole(struct sb_grid *grid, bool is_ascii)
{
    return (struct sb_view){.grid = grid, .box = {0, 0, grid->rows, grid->cols}, .is_ascii = is_ascii};
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

struct sb_view sb_view_part(const struct sb_view *view, unsigned row, unsigned col, unsigned rows, unsigned cols)
{
    row = least(row, view->box.rows);
    col = least(col, view->box.cols);
    rows = least(rows, view->box.rows - row);
    cols = least(cols, view->box.cols - col);
    struct sb_view part = *view;
    part.box = (struct sb_box){(uint16_t)(view->box.row + row), (uint16_t)(view->box.col + col), (uint16_t)rows, (uint16_t)cols};
    return part;
}

struct sb_view sb_view_box(const struct sb_view *view, struct sb_box box)
{
    const struct sb_view whole = sb_view_whole(view->grid, view->is_ascii);
    return sb_view_part(&whole, box.row, box.col, box.rows, box.cols);
}

static struct sb_grid_cell *cell_at(const struct sb_view *view, unsigned row, unsigned col)
{
    return &view->grid->cells[(size_t)(view->box.row + row) * view->grid->cols + view->box.col + col];
}

static void cell_blank(struct sb_grid_cell *cell, enum sb_slot slot)
{
    *cell = (struct sb_grid_cell){.code_point = ' ', .slot = (uint8_t)slot, .width = 1};
}

/* Writing over one half of a wide character leaves a blank where its other half stood, also outside the view: the other half would have
 * been ours to break, not its owner's. */
static void cell_set(const struct sb_view *view, unsigned row, unsigned col, uint32_t code_point, unsigned width, enum sb_slot slot)
{
    struct sb_grid_cell *const cell = cell_at(view, row, col);
    const unsigned grid_col = view->box.col + col;
    if (cell->width == 0 && grid_col > 0)
        cell_blank(cell - 1, (enum sb_slot)cell[-1].slot);
    struct sb_grid_cell *const last = cell + (width - 1);
    const unsigned last_col = grid_col + width - 1;
    if (last->width == 2 && last_col + 1U < view->grid->cols)
        cell_blank(last + 1, (enum sb_slot)last[1].slot);
    *cell = (struct sb_grid_cell){.code_point = code_point, .slot = (uint8_t)slot, .width = (uint8_t)width};
    if (width == 2)
        cell[1] = (struct sb_grid_cell){.code_point = ' ', .slot = (uint8_t)slot, .width = 0};
}

void sb_view_clear(const struct sb_view *view, enum sb_slot slot)
{
    for (unsigned row = 0; row < view->box.rows; row++) {
        for (unsigned col = 0; col < view->box.cols; col++)
            cell_set(view, row, col, ' ', 1, slot);
    }
}

void sb_view_paint(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, enum sb_slot slot)
{
    if (row >= view->box.rows)
        return;
    for (unsigned i = 0; i < cols && col + i < view->box.cols; i++)
        cell_at(view, row, col + i)->slot = (uint8_t)slot;
}

void sb_view_paint_padding(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, enum sb_slot slot)
{
    if (row >= view->box.rows || col >= view->box.cols)
        return;
    unsigned left = 0, right = least(cols, view->box.cols - col);
    for (; left < right && cell_at(view, row, col + left)->code_point == ' '; left++)
        cell_at(view, row, col + left)->slot = (uint8_t)slot;
    for (; right > left && cell_at(view, row, col + right - 1)->code_point == ' '; right--)
        cell_at(view, row, col + right - 1)->slot = (uint8_t)slot;
}

void sb_view_fill(const struct sb_view *view, unsigned row, unsigned col, unsigned count, uint32_t code_point, char ascii, enum sb_slot slot)
{
    if (row >= view->box.rows)
        return;
    const uint32_t glyph = view->is_ascii ? (uint32_t)(unsigned char)ascii : code_point;
    for (unsigned i = 0; i < count && col + i < view->box.cols; i++)
        cell_set(view, row, col + i, glyph, 1, slot);
}

/* Takes the next glyph of the text; false at its end. */
static bool glyph_next(const char *text, size_t size, size_t *at, bool is_ascii, struct sb_view_glyph *glyph)
{
    if (*at >= size)
        return false;
    uint32_t code_point = 0;
    const unsigned taken = sb_utf8_decode(text + *at, size - *at, &code_point);
    *glyph = sb_view_glyph(taken == 0 ? 0 : code_point, is_ascii); /* NUL is as bad as an invalid byte */
    *at += taken == 0 ? 1 : taken;
    return true;
}

unsigned sb_view_width(const char *text, size_t size, bool is_ascii, unsigned max)
{
    unsigned width = 0;
    size_t at = 0;
    struct sb_view_glyph glyph;
    while (width < max && glyph_next(text, size, &at, is_ascii, &glyph))
        width += glyph.width;
    return least(width, max);
}

unsigned sb_view_text_n(const struct sb_view *view, unsigned row, unsigned col, unsigned cols_max, enum sb_slot slot, const char *text, size_t size)
{
    if (row >= view->box.rows || col >= view->box.cols)
        return 0;
    const unsigned room = least(cols_max, view->box.cols - col);
    unsigned used = 0;
    size_t at = 0;
    struct sb_view_glyph glyph;
    while (used < room && glyph_next(text, size, &at, view->is_ascii, &glyph)) {
        if (glyph.width == 0)
            continue;
        if (glyph.width > room - used)
            break;
        cell_set(view, row, col + used, glyph.code_point, glyph.width, slot);
        used += glyph.width;
    }
    return used;
}

unsigned sb_view_text(const struct sb_view *view, unsigned row, unsigned col, unsigned cols_max, enum sb_slot slot, const char *text)
{
    return sb_view_text_n(view, row, col, cols_max, slot, text, strlen(text));
}

void sb_view_field(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, bool is_right, enum sb_slot slot, const char *text)
{
    if (row >= view->box.rows || col >= view->box.cols)
        return;
    cols = least(cols, view->box.cols - col);
    if (cols == 0)
        return;
    const size_t size = strlen(text);
    const unsigned width = sb_view_width(text, size, view->is_ascii, cols + 1);
    sb_view_fill(view, row, col, cols, ' ', ' ', slot);
    if (width <= cols) {
        sb_view_text_n(view, row, col + (is_right ? cols - width : 0), cols, slot, text, size);
        return;
    }
    sb_view_text_n(view, row, col, cols - 1, slot, text, size);
    sb_view_fill(view, row, col + cols - 1, 1, 0x2026, '~', slot);
}
