/* A text, such as what was kept of a page: folded at the width, scrolled by the line. What it says is untrusted and cleaned by the view. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

size_t sb_page_row_length(const char *at, size_t cols)
{
    size_t length = strcspn(at, "\n");
    if (length <= cols)
        return length;
    length = cols;
    while (length > 1 && ((unsigned char)at[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void sb_page_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    const unsigned width = screen->find.cols[SB_PANE_PAGE];
    const size_t cols = width > 2 ? width - 2U : 1;
    int64_t number = 0;
    for (const char *at = screen->page == NULL ? "" : screen->page; *at != '\0'; number++) {
        const size_t length = sb_page_row_length(at, cols);
        char line[1024]; /* a row of a screen */
        (void)sb_copy_n(line, sizeof line, at, length);
        if (sb_match_fits(seek->match, line, NULL, NULL))
            sb_seek_offer(seek, number);
        at += length + (at[length] == '\n');
    }
}

uint32_t sb_pane_rows_page(const struct sb_screen *screen)
{
    return screen->page_lines;
}

void sb_pane_draw_page(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_PAGE];
    const uint32_t rows = view->box.rows;
    if (scroll->selected + rows > screen->page_lines && screen->page_lines > 0)
        scroll->selected = screen->page_lines > rows ? screen->page_lines - rows : 0;
    const uint32_t first = scroll->selected;
    const size_t cols = view->box.cols > 2 ? view->box.cols - 2U : 1;
    uint32_t number = 0;
    for (const char *at = screen->page == NULL ? "" : screen->page; *at != '\0'; number++) {
        const size_t length = sb_page_row_length(at, cols);
        if (number >= first && number - first < rows)
            sb_view_text_n(view, number - first, 1, view->box.cols, at[0] == '=' ? SB_SLOT_HEADER : SB_SLOT_TEXT, at, length);
        at += length + (at[length] == '\n');
    }
    sb_find_paint_all(screen, SB_PANE_PAGE, view);
    screen->page_lines = number;
    screen->visible[SB_PANE_PAGE] = rows;
    sb_text_add(text, "what was kept of run ");
    sb_text_add_u64(text, screen->page_run);
    sb_find_title(screen, SB_PANE_PAGE, text);
    sb_text_add_u64(right, first + 1U);
    sb_text_add(right, "-");
    sb_text_add_u64(right, first + rows < number ? first + rows : number);
    sb_text_add(right, "/");
    sb_text_add_u64(right, number);
}
