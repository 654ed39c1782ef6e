/* Drawing on a cell grid. Every byte that comes from outside becomes safe here and nowhere else: control characters, bidi and format
 * controls, variation selectors and invalid UTF-8 turn into a visible mark, combining marks are dropped, width comes from utf8proc, and
 * nothing is ever written outside the view. Pure. */
#ifndef SIGNALBOX_TUI_VIEW_H
#define SIGNALBOX_TUI_VIEW_H

#include "signalbox/tui/grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rectangle of cells; empty when rows or cols is 0. */
struct sb_box {
    uint16_t row, col, rows, cols;
};

/* A clipped window on a grid; coordinates of the functions below are relative to it. */
struct sb_view {
    struct sb_grid *grid;
    struct sb_box box;
    bool is_ascii;
};

/* A view on the whole grid. */
struct sb_view sb_view_whole(struct sb_grid *grid, bool is_ascii);
/* The part of `view` that lies in the rectangle; may be empty. */
struct sb_view sb_view_part(const struct sb_view *view, unsigned row, unsigned col, unsigned rows, unsigned cols);
/* The part of the grid that lies in the box. */
struct sb_view sb_view_box(const struct sb_view *view, struct sb_box box);

/* Fills every cell with blanks of that slot. */
void sb_view_clear(const struct sb_view *view, enum sb_slot slot);
/* Changes the slot of cells and leaves their text. */
void sb_view_paint(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, enum sb_slot slot);
/* The same for the blanks at both ends. */
void sb_view_paint_padding(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, enum sb_slot slot);
/* One trusted printable code point of width 1, `count` times; `ascii` replaces it on ASCII screens. */
void sb_view_fill(const struct sb_view *view, unsigned row, unsigned col, unsigned count, uint32_t code_point, char ascii, enum sb_slot slot);
/* Text of `size` bytes in at most `cols_max` columns; returns the columns used. A wide character that does not fit is left out whole. */
unsigned sb_view_text_n(const struct sb_view *view, unsigned row, unsigned col, unsigned cols_max, enum sb_slot slot, const char *text, size_t size);
unsigned sb_view_text(const struct sb_view *view, unsigned row, unsigned col, unsigned cols_max, enum sb_slot slot, const char *text);
/* A field of exactly `cols` columns, padded; text that does not fit ends in a mark ('~' or an ellipsis) so that a cut shows. */
void sb_view_field(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, bool is_right, enum sb_slot slot, const char *text);

/* Columns the text would take, at most `max`. */
unsigned sb_view_width(const char *text, size_t size, bool is_ascii, unsigned max);

/* A title line with a rule: "-1 Jobs- text ----- right -". `number` 0: none. */
void sb_view_title(const struct sb_view *view, unsigned row, char number, const char *name, const char *text, const char *right, bool has_focus);
/* A vertical rule in column 0 over all rows. */
void sb_view_rule(const struct sb_view *view, unsigned col);
/* Joins the rules of the whole grid where they meet. */
void sb_view_join(const struct sb_view *view);

/* What enters a cell for a code point; exported for tests. width 0: dropped. */
struct sb_view_glyph {
    uint32_t code_point;
    unsigned width;
};
struct sb_view_glyph sb_view_glyph(uint32_t code_point, bool is_ascii);

#endif
