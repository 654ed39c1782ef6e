/* A text, such as what was kept of a page, or the content queue: folded at the width, scrolled like a list. What it says is untrusted and
 * cleaned by the view. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

/* Bytes of the next row: up to a line's end, else as many whole characters as surely fit. */
static size_t row_length(const char *at, size_t cols)
{
    size_t length = strcspn(at, "\n");
    if (length <= cols)
        return length;
    length = cols;
    while (length > 1 && ((unsigned char)at[length] & 0xc0) == 0x80)
        length--;
    return length;
}

uint32_t sb_pane_rows_page(const struct sb_screen *screen)
{
    return screen->page_lines;
}

void sb_pane_draw_page(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_PAGE];
    const uint32_t rows = view->box.rows;
    const size_t cols = view->box.cols > 2 ? view->box.cols - 2U : 1;
    if (scroll->selected + rows > screen->page_lines && screen->page_lines > 0)
        scroll->selected = screen->page_lines > rows ? screen->page_lines - rows : 0;
    uint32_t number = 0;
    for (const char *at = screen->page == NULL ? "" : screen->page; *at != '\0'; number++) {
        const size_t length = row_length(at, cols);
        if (number >= scroll->selected && number - scroll->selected < rows)
            sb_view_text_n(view, number - scroll->selected, 1, view->box.cols, at[0] == '=' ? SB_SLOT_HEADER : SB_SLOT_TEXT, at, length);
        at += length + (at[length] == '\n');
    }
    screen->page_lines = number;
    screen->visible[SB_PANE_PAGE] = rows;
    if (screen->page_kind == SB_SCREEN_PAGE_KEPT) {
        sb_text_add(text, "what was kept of run ");
        sb_text_add_u64(text, screen->page_run);
    } else {
        sb_text_add(text, "content");
    }
    sb_text_add_u64(right, scroll->selected + 1U);
    sb_text_add(right, "-");
    sb_text_add_u64(right, scroll->selected + rows < number ? scroll->selected + rows : number);
    sb_text_add(right, "/");
    sb_text_add_u64(right, number);
}
