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

void sb_page_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    const unsigned width = screen->find.cols[SB_PANE_PAGE];
    const size_t cols = width > 2 ? width - 2U : 1;
    int64_t number = 0;
    for (const char *at = screen->page == NULL ? "" : screen->page; *at != '\0'; number++) {
        const size_t length = row_length(at, cols);
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

/* The id at the beginning of a row's first line: letters, digits and dashes, then two spaces. */
static bool find_item(const char *at, size_t length, char item[40])
{
    size_t size = 0;
    while (size < length && size < 39 && (at[size] == '-' || (at[size] >= '0' && at[size] <= '9') || (at[size] >= 'a' && at[size] <= 'z')))
        size++;
    return size > 0 && size + 1 < length && at[size] == ' ' && at[size + 1] == ' ' && sb_copy_n(item, 40, at, size);
}

/* The post of a line "    may be post ID, ...". */
static void find_post(const char *at, size_t length, char post[64])
{
    static const char before[] = "    may be post ";
    const size_t begin = sizeof before - 1;
    size_t size = 0;
    post[0] = '\0';
    if (length <= begin || strncmp(at, before, begin) != 0)
        return;
    while (begin + size < length && at[begin + size] != ',')
        size++;
    (void)(size < 64 && sb_copy_n(post, 64, at + begin, size));
}

/* Line 0 of what is seen: the content has a cursor that is kept in sight, other texts are scrolled by the line. */
static uint32_t first_seen(struct sb_screen *screen, uint32_t rows)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_PAGE];
    if (screen->page_kind == SB_SCREEN_PAGE_CONTENT) {
        if (screen->page_lines > 0 && scroll->selected >= screen->page_lines)
            scroll->selected = screen->page_lines - 1;
        return scroll->selected >= rows && rows > 0 ? scroll->selected - rows + 1 : 0;
    }
    if (scroll->selected + rows > screen->page_lines && screen->page_lines > 0)
        scroll->selected = screen->page_lines > rows ? screen->page_lines - rows : 0;
    return scroll->selected;
}

void sb_pane_draw_page(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_PAGE];
    const bool has_cursor = screen->page_kind == SB_SCREEN_PAGE_CONTENT;
    const uint32_t rows = view->box.rows, first = first_seen(screen, rows);
    const size_t cols = view->box.cols > 2 ? view->box.cols - 2U : 1;
    uint32_t number = 0;
    screen->page_item[0] = screen->page_post[0] = '\0';
    bool is_begin = true; /* of a line, not of what was folded */
    for (const char *at = screen->page == NULL ? "" : screen->page; *at != '\0'; number++) {
        const size_t length = row_length(at, cols);
        /* A row's further lines are indented; a headline or an empty line belongs to none. */
        if (has_cursor && is_begin && number <= scroll->selected && at[0] != ' ' && !find_item(at, length, screen->page_item))
            screen->page_item[0] = '\0';
        if (has_cursor && is_begin && number == scroll->selected)
            find_post(at, length, screen->page_post);
        if (number >= first && number - first < rows) {
            const bool is_cursor = has_cursor && number == scroll->selected;
            sb_view_text_n(view, number - first, 1, view->box.cols, at[0] == '=' ? SB_SLOT_HEADER : SB_SLOT_TEXT, at, length);
            if (is_cursor)
                sb_view_fill(view, number - first, 0, 1, '>', '>', SB_SLOT_SELECTED);
        }
        is_begin = at[length] == '\n';
        at += length + is_begin;
    }
    sb_find_paint_all(screen, SB_PANE_PAGE, view);
    screen->page_lines = number;
    screen->visible[SB_PANE_PAGE] = rows;
    if (screen->page_kind == SB_SCREEN_PAGE_KEPT) {
        sb_text_add(text, "what was kept of run ");
        sb_text_add_u64(text, screen->page_run);
    } else {
        sb_text_add(text, "content");
    }
    sb_find_title(screen, SB_PANE_PAGE, text);
    sb_text_add_u64(right, first + 1U);
    sb_text_add(right, "-");
    sb_text_add_u64(right, first + rows < number ? first + rows : number);
    sb_text_add(right, "/");
    sb_text_add_u64(right, number);
}
