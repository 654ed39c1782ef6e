/* The content queue: what is uncertain with what it may be, drafts, the queue, what is out. A text that is read anew every second; the cursor
 * stays on its row wherever that moves to, because keys decide about it. Pure. */
#include "panes.h"

#include "content_order.h"

#include "signalbox/base/text.h"

#include <stddef.h>
#include <string.h>

/* Goes through the rows of the screen that the text fills. */
struct rows {
    const char *at;
    size_t cols;
    uint32_t number;       /* of the row that was taken */
    const char *row;
    size_t length;
    bool is_begin;         /* of a line, not of what was folded */
    bool ends_line;
    uint32_t block, block_count;
    struct sb_content_block blocks[SB_CONTENT_BLOCKS];
};

static void rows_begin(struct rows *rows, const struct sb_screen *screen, unsigned cols)
{
    memset(rows, 0, offsetof(struct rows, blocks));
    rows->block_count = sb_content_order(sb_polled_body(screen, SB_SCREEN_PAGE_CONTENT), screen->sort.by[SB_PANE_CONTENT],
                                         screen->sort.is_inverted[SB_PANE_CONTENT], rows->blocks);
    rows->at = rows->block_count > 0 ? rows->blocks[0].at : "";
    rows->cols = cols > 2 ? cols - 2U : 1;
    rows->number = UINT32_MAX;
    rows->ends_line = true;
}

static bool rows_next(struct rows *rows)
{
    while (rows->block < rows->block_count && rows->at >= rows->blocks[rows->block].at + rows->blocks[rows->block].size) {
        rows->block++;
        rows->at = rows->block < rows->block_count ? rows->blocks[rows->block].at : "";
        rows->ends_line = true;
    }
    if (*rows->at == '\0')
        return false;
    rows->number++;
    rows->is_begin = rows->ends_line;
    rows->row = rows->at;
    rows->length = sb_page_row_length(rows->at, rows->cols);
    rows->ends_line = rows->row[rows->length] == '\n';
    rows->at += rows->length + rows->ends_line;
    return true;
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
static bool find_post(const char *at, size_t length, char post[64])
{
    static const char before[] = "    may be post ";
    const size_t begin = sizeof before - 1;
    size_t size = 0;
    if (length <= begin || strncmp(at, before, begin) != 0)
        return false;
    while (begin + size < length && at[begin + size] != ',')
        size++;
    return size > 0 && size < 64 && sb_copy_n(post, 64, at + begin, size);
}

/* After the text or the width changed: the line of the same post of the same row, else the row's line that was under the cursor. A row that
 * is gone leaves the cursor where it is, and keys deaf for a moment: they were meant for what is gone. */
static void follow(struct sb_screen *screen, unsigned cols)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_CONTENT];
    bool is_within = false;
    uint32_t begin = 0, end = 0, of_post = UINT32_MAX;
    if (screen->content.item[0] == '\0')
        return;
    struct rows rows;
    for (rows_begin(&rows, screen, cols); rows_next(&rows);) {
        char item[40] = "", post[64] = "";
        if (rows.is_begin && rows.row[0] != ' ') {
            if (is_within)
                break;
            is_within = find_item(rows.row, rows.length, item) && sb_streq(item, screen->content.item);
            begin = rows.number;
        }
        if (!is_within)
            continue;
        end = rows.number;
        if (rows.is_begin && find_post(rows.row, rows.length, post) && sb_streq(post, screen->content.post))
            of_post = rows.number;
    }
    if (!is_within)
        screen->content.settled_at = screen->now.mono;
    else if (of_post != UINT32_MAX)
        scroll->selected = of_post;
    else
        scroll->selected = screen->content.into < end - begin ? begin + screen->content.into : end;
}

void sb_content_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    struct rows rows;
    for (rows_begin(&rows, screen, screen->content.cols); rows_next(&rows);) {
        char line[1024]; /* a row of a screen */
        (void)sb_copy_n(line, sizeof line, rows.row, rows.length);
        if (sb_match_fits(seek->match, line, NULL, NULL))
            sb_seek_offer(seek, rows.number);
    }
}

uint32_t sb_pane_rows_content(const struct sb_screen *screen)
{
    return screen->content.lines;
}

static void draw_rows(struct sb_screen *screen, const struct sb_view *view)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_CONTENT];
    const uint32_t count = view->box.rows;
    uint32_t begin = 0;
    screen->content.item[0] = screen->content.post[0] = '\0';
    struct rows rows;
    for (rows_begin(&rows, screen, view->box.cols); rows_next(&rows);) {
        const bool is_cursor = rows.number == scroll->selected;
        /* A row's further lines are indented; a headline or an empty line belongs to none. */
        if (rows.is_begin && rows.number <= scroll->selected && rows.row[0] != ' ') {
            begin = rows.number;
            if (!find_item(rows.row, rows.length, screen->content.item))
                screen->content.item[0] = '\0';
        }
        if (is_cursor && rows.is_begin && !find_post(rows.row, rows.length, screen->content.post))
            screen->content.post[0] = '\0';
        if (rows.number < scroll->top || rows.number - scroll->top >= count)
            continue;
        const unsigned row = rows.number - scroll->top;
        sb_view_text_n(view, row, 1, view->box.cols, rows.row[0] == '=' ? SB_SLOT_HEADER : SB_SLOT_TEXT, rows.row, rows.length);
        if (is_cursor) {
            sb_view_fill(view, row, 0, 1, '>', '>', SB_SLOT_SELECTED);
            view->grid->cursor_row = (uint16_t)(view->box.row + row);
            view->grid->cursor_col = view->box.col;
        }
    }
    screen->content.into = scroll->selected - begin;
}

void sb_pane_draw_content(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_CONTENT];
    if (screen->content.is_new || screen->content.cols != view->box.cols)
        follow(screen, view->box.cols);
    screen->content.is_new = false;
    screen->content.cols = view->box.cols;
    uint32_t lines = 0;
    struct rows rows;
    for (rows_begin(&rows, screen, view->box.cols); rows_next(&rows);)
        lines++;
    screen->content.lines = lines;
    sb_scroll_fit(scroll, lines, view->box.rows);
    screen->visible[SB_PANE_CONTENT] = view->box.rows;
    draw_rows(screen, view);
    sb_find_paint_all(screen, SB_PANE_CONTENT, view);
    sb_polled_say_none(screen, SB_SCREEN_PAGE_CONTENT, view);
    sb_polled_title(screen, SB_SCREEN_PAGE_CONTENT, text, right);
    if (screen->sort.by[SB_PANE_CONTENT] != SB_CONTENT_SORT_TIME || screen->sort.is_inverted[SB_PANE_CONTENT]) {
        sb_text_add(text, " ");
        sb_sort_title(screen, SB_PANE_CONTENT, text);
    }
    sb_find_title(screen, SB_PANE_CONTENT, text);
    if (lines > view->box.rows) {
        sb_text_add(right, ", ");
        sb_text_add_u64(right, scroll->top + 1U);
        sb_text_add(right, "-");
        sb_text_add_u64(right, scroll->top + view->box.rows);
        sb_text_add(right, "/");
        sb_text_add_u64(right, lines);
    }
}
