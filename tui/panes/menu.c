/* Owns small menus over the screen: the sort order, and the columns. While one is open, keys belong to it. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static uint32_t count_of(const struct sb_screen *screen)
{
    unsigned columns = 0;
    if (screen->menu.kind == SB_MENU_SORT)
        return sb_sort_count((enum sb_pane)screen->menu.pane);
    (void)sb_job_columns(&columns);
    return columns - SB_COLUMNS_FIXED;
}

void sb_menu_open(struct sb_screen *screen, enum sb_menu_kind kind)
{
    screen->menu = (struct sb_menu){.kind = (uint8_t)kind, .pane = (uint8_t)screen->focus};
    if (kind == SB_MENU_SORT)
        screen->menu.selected = screen->sort.by[screen->focus];
}

static void move(struct sb_menu *menu, uint32_t count, int delta)
{
    menu->selected = (menu->selected + count + (uint32_t)delta) % count;
}

static void choose(struct sb_screen *screen)
{
    const struct sb_menu *const menu = &screen->menu;
    if (menu->kind == SB_MENU_COLUMNS) {
        sb_columns_toggle(screen, menu->selected + SB_COLUMNS_FIXED);
        return;
    }
    sb_sort_set(screen, (enum sb_pane)menu->pane, menu->selected, false);
}

void sb_menu_key(struct sb_screen *screen, uint32_t key)
{
    struct sb_menu *const menu = &screen->menu;
    const uint32_t count = count_of(screen);
    const enum sb_pane pane = (enum sb_pane)menu->pane;
    if (key == SB_KEY_ESCAPE || key == 7 || key == 'q' || (key == SB_KEY_ENTER && menu->kind == SB_MENU_COLUMNS)) {
        menu->kind = SB_MENU_NONE;
    } else if (key == 'j' || key == SB_KEY_DOWN || key == SB_KEY_TAB) {
        move(menu, count, 1);
    } else if (key == 'k' || key == SB_KEY_UP || key == SB_KEY_BACKTAB) {
        move(menu, count, -1);
    } else if (key == 'g' || key == SB_KEY_HOME) {
        menu->selected = 0;
    } else if (key == 'G' || key == SB_KEY_END) {
        menu->selected = count - 1;
    } else if (key == ' ') {
        choose(screen);
    } else if (key == SB_KEY_ENTER) {
        choose(screen);
        menu->kind = SB_MENU_NONE;
    } else if (key == 'I' && menu->kind == SB_MENU_SORT) {
        sb_sort_set(screen, pane, screen->sort.by[pane], !screen->sort.is_inverted[pane]);
    }
}

/* ---- drawing ---- */

static void say_row(const struct sb_screen *screen, uint32_t row, struct sb_text *text)
{
    const struct sb_menu *const menu = &screen->menu;
    const enum sb_pane pane = (enum sb_pane)menu->pane;
    if (menu->kind == SB_MENU_SORT) {
        const bool is_on = screen->sort.by[pane] == row;
        const char *const word = sb_sort_word(pane, row);
        sb_text_add(text, is_on ? "(x) " : "( ) ");
        sb_text_add(text, word);
        for (size_t size = strlen(word); size < 10; size++)
            sb_text_add(text, " ");
        sb_text_add(text, sb_sort_help(pane, row));
        if (is_on && screen->sort.is_inverted[pane])
            sb_text_add(text, ", inverted");
        return;
    }
    unsigned count = 0;
    const struct sb_column *const columns = sb_job_columns(&count);
    sb_text_add(text, (screen->columns.hidden & (1U << (row + SB_COLUMNS_FIXED))) != 0 ? "[ ] " : "[x] ");
    sb_text_add(text, columns[row + SB_COLUMNS_FIXED].title);
}

static void draw_frame(const struct sb_view *box)
{
    const unsigned cols = box->box.cols, last = box->box.rows - 1U;
    for (unsigned row = 0; row <= last; row++) {
        sb_view_fill(box, row, 0, 1, 0x2502, '|', SB_SLOT_DIALOG);
        sb_view_fill(box, row, cols - 1, 1, 0x2502, '|', SB_SLOT_DIALOG);
    }
    sb_view_fill(box, 0, 0, cols, 0x2500, '-', SB_SLOT_DIALOG);
    sb_view_fill(box, last, 0, cols, 0x2500, '-', SB_SLOT_DIALOG);
    sb_view_fill(box, 0, 0, 1, 0x250c, '+', SB_SLOT_DIALOG);
    sb_view_fill(box, 0, cols - 1, 1, 0x2510, '+', SB_SLOT_DIALOG);
    sb_view_fill(box, last, 0, 1, 0x2514, '+', SB_SLOT_DIALOG);
    sb_view_fill(box, last, cols - 1, 1, 0x2518, '+', SB_SLOT_DIALOG);
}

static void draw_rows(const struct sb_screen *screen, const struct sb_view *inner, uint32_t count)
{
    const uint32_t selected = screen->menu.selected, rows = inner->box.rows;
    const uint32_t first = selected >= rows ? selected - rows + 1 : 0; /* the selected one is always seen */
    for (uint32_t i = first; i < count && i - first < rows; i++) {
        char buffer[120];
        struct sb_text text;
        const bool is_selected = i == selected;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, is_selected ? "> " : "  ");
        say_row(screen, i, &text);
        sb_view_field(inner, i - first, 0, inner->box.cols, false, is_selected ? SB_SLOT_SELECTED : SB_SLOT_DIALOG, buffer);
        if (is_selected) {
            inner->grid->cursor_row = (uint16_t)(inner->box.row + i - first);
            inner->grid->cursor_col = inner->box.col;
        }
    }
}

void sb_menu_draw(const struct sb_screen *screen, const struct sb_view *view)
{
    const bool is_sort = screen->menu.kind == SB_MENU_SORT;
    const char *const title = is_sort ? " Sort by " : " Columns ";
    const char *const hint = is_sort ? " Enter sorts  I inverts  Esc back " : " Space shows or hides  Esc back ";
    const uint32_t count = count_of(screen);
    const unsigned wanted = is_sort ? 60 : 36, cols = wanted < view->box.cols ? wanted : view->box.cols;
    const unsigned rows = count + 2 < view->box.rows ? count + 2U : view->box.rows;
    const struct sb_view box = sb_view_part(view, (view->box.rows - rows) / 2, (view->box.cols - cols) / 2, rows, cols);
    sb_view_clear(&box, SB_SLOT_DIALOG);
    if (rows < 4 || cols < 8) { /* no room for a frame */
        draw_rows(screen, &box, count);
        return;
    }
    draw_frame(&box);
    sb_view_text(&box, 0, 2, cols - 4, SB_SLOT_TITLE_FOCUS, title);
    sb_view_text(&box, rows - 1, 2, cols - 4, SB_SLOT_KEY, hint);
    const struct sb_view inner = sb_view_part(&box, 1, 1, rows - 2, cols - 2);
    draw_rows(screen, &inner, count);
}
