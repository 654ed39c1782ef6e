/* From grid to ncurses: tells it only the cells that differ from the last picture, so that a quiet screen costs nothing and a busy
 * one little. ncurses then sends the shortest sequence it knows.
 *
 * Thread: the one that opened the terminal. Must never send a control character, a byte above 0x7e outside UTF-8, or a code point
 * whose width the C library and the grid see differently. */
#include "term_private.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { GAP_MAX = 10 }; /* spaces between two words of which ncurses is not told that they are plain */

static attr_t attrs_of(uint8_t attrs)
{
    static const struct {
        uint8_t bit;
        attr_t attr;
    } map[] = {
        { SB_ATTR_BOLD, WA_BOLD },           { SB_ATTR_DIM, WA_DIM },         { SB_ATTR_ITALIC, WA_ITALIC },
        { SB_ATTR_UNDERLINE, WA_UNDERLINE }, { SB_ATTR_REVERSE, WA_REVERSE }, { SB_ATTR_BLINK, WA_BLINK },
    };
    attr_t out = WA_NORMAL;
    for (size_t i = 0; i < SB_LEN(map); i++) {
        out |= attrs & map[i].bit ? map[i].attr : WA_NORMAL;
    }
    return out;
}

void term_forget_shown(struct sb_term *term)
{
    term->shown.rows = 0;
    term->shown.cols = 0;
}

void term_use_theme(struct sb_term *term, const struct sb_theme *theme)
{
    for (int slot = 0; slot < SB_SLOT_COUNT; slot++) {
        struct sb_style_shown shown = sb_style_show(theme->styles[slot], term->ability);
        struct term_style style = { attrs_of(shown.attrs), 0 };
        if (shown.fg != -1 || shown.bg != -1) {
            int fg = shown.fg == -1 && !term->has_default_colours ? COLOR_WHITE : shown.fg;
            int bg = shown.bg == -1 && !term->has_default_colours ? COLOR_BLACK : shown.bg;
            style.pair = init_extended_pair(slot + 1, fg, bg) == OK ? slot + 1 : 0;
        }
        /* A space shows no foreground: sent plain it lets ncurses erase to the end of a line instead of writing spaces. */
        bool is_visible = shown.bg != -1 || (shown.attrs & (SB_ATTR_REVERSE | SB_ATTR_UNDERLINE | SB_ATTR_BLINK)) != 0;
        term->styles[slot] = style;
        term->blanks[slot] = is_visible ? style : (struct term_style){ WA_NORMAL, 0 };
    }
    term_forget_shown(term);
}

/* What is really sent for a cell. wcwidth is what ncurses counts with; where it disagrees with the grid the cursor would drift. */
static wchar_t glyph(const struct sb_term *term, const struct sb_grid_cell *cell)
{
    if (cell->code_point >= ' ' && cell->code_point <= '~') {
        return (wchar_t)cell->code_point;
    }
    if (!term->is_utf8 || cell->code_point > 0x10ffff || wcwidth((wchar_t)cell->code_point) != cell->width) {
        return L'?';
    }
    return (wchar_t)cell->code_point;
}

static void put_glyph(int row, int col, wchar_t character, struct term_style style)
{
    wchar_t text[2] = { character, L'\0' };
    cchar_t out;
    if (setcchar(&out, text, style.attrs, (short)style.pair, NULL) == OK) {
        (void)mvadd_wch(row, col, &out); /* ERR in the last corner is only about the cursor: the cell is set */
    }
}

static size_t slot_of(const struct sb_grid_cell *cell)
{
    return cell->slot < SB_SLOT_COUNT ? cell->slot : SB_SLOT_TEXT;
}

/* Whether a space of the slot looks like nothing. */
static bool is_plain(const struct sb_term *term, size_t slot)
{
    return term->blanks[slot].pair == 0 && term->blanks[slot].attrs == WA_NORMAL;
}

/* A narrow gap between two words keeps the style of the first where that cannot be seen in a space: switching it off and on again takes
 * twenty bytes. A wide one is left plain, so that ncurses can jump over it. */
static struct term_style style_of_space(const struct sb_term *term, const struct sb_grid_cell *row, int col, int cols)
{
    int left = col, right = col;
    while (left > 0 && col - left < GAP_MAX && row[left].code_point == ' ')
        left--;
    while (right < cols - 1 && right - left <= GAP_MAX && row[right].code_point == ' ')
        right++;
    const size_t own = slot_of(&row[col]), before = slot_of(&row[left]);
    const bool is_gap = row[left].code_point != ' ' && row[right].code_point != ' ' && right - left <= GAP_MAX + 1;
    return is_gap && is_plain(term, own) && is_plain(term, before) ? term->styles[before] : term->blanks[own];
}

static void put_cell(const struct sb_term *term, int row, int col, int cols, const struct sb_grid_cell *cells)
{
    const struct sb_grid_cell *cell = &cells[col];
    wchar_t character = glyph(term, cell);

    if (cell->width == 0) {
        return; /* came with the cell before it */
    }
    if (cell->width == 2 && col + 1 >= cols) {
        character = L' '; /* half a character cannot be shown */
    }
    put_glyph(row, col, character, character == L' ' ? style_of_space(term, cells, col, cols) : term->styles[slot_of(cell)]);
    if (cell->width == 2 && character == L'?' && col + 1 < cols) {
        put_glyph(row, col + 1, L' ', term->blanks[slot_of(cell)]);
    }
}

static bool cell_equals(const struct sb_grid_cell *a, const struct sb_grid_cell *b)
{
    return a->code_point == b->code_point && a->slot == b->slot && a->width == b->width;
}

/* Makes room to remember a picture. Without memory nothing is remembered and every cell is told again: slower, not wrong. */
static void remember(struct sb_term *term, const struct sb_grid *grid)
{
    size_t count = (size_t)grid->rows * grid->cols;
    if (count > term->shown_cap) {
        struct sb_grid_cell *cells = realloc(term->shown.cells, count * sizeof *cells);
        if (cells == NULL) {
            term_forget_shown(term);
            return;
        }
        term->shown.cells = cells;
        term->shown_cap = count;
    }
    memcpy(term->shown.cells, grid->cells, count * sizeof *grid->cells);
    struct sb_grid_cell *cells = term->shown.cells;
    term->shown = *grid;
    term->shown.cells = cells;
}

static bool put_changes(struct sb_term *term, const struct sb_grid *grid, int rows, int cols)
{
    const struct sb_grid *shown = &term->shown;
    bool is_known = shown->cells != NULL && shown->rows == grid->rows && shown->cols == grid->cols;
    bool has_changed = !is_known;

    if (!is_known) {
        (void)erase();
    }
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            size_t at = (size_t)row * grid->cols + (size_t)col;
            if (is_known && cell_equals(&grid->cells[at], &shown->cells[at])) {
                continue;
            }
            put_cell(term, row, col, cols, &grid->cells[(size_t)row * grid->cols]);
            has_changed = true;
        }
    }
    return has_changed || shown->cursor_row != grid->cursor_row || shown->cursor_col != grid->cursor_col;
}

bool sb_term_paint(struct sb_term *term, const struct sb_grid *grid)
{
    int rows = 0, cols = 0;

    getmaxyx(stdscr, rows, cols);
    rows = grid->rows < rows ? grid->rows : rows;
    cols = grid->cols < cols ? grid->cols : cols;
    bool has_changed = put_changes(term, grid, rows, cols);
    if (!has_changed && !term->wants_redraw) {
        return false;
    }
    if (term->wants_redraw) {
        (void)clearok(curscr, TRUE);
        term->wants_redraw = false;
    }
    if (grid->cursor_row < rows && grid->cursor_col < cols) {
        (void)move(grid->cursor_row, grid->cursor_col);
    }
    (void)refresh();
    remember(term, grid);
    return true;
}

void sb_term_redraw(struct sb_term *term)
{
    term->wants_redraw = true;
}
