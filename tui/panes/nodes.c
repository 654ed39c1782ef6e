/* The processes that share a store: which is active, who stands by and what it runs, how long ago each was heard of. A line a node. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { NODE, STATE, SINCE, LEASE, HEARD, RUNS, DONE, VERSION, HOST, PID, COLUMNS };

static const struct sb_column columns[COLUMNS] = {
    [NODE] = {.title = "NODE", .width = 12, .is_flex = true},
    [STATE] = {.title = "STATE", .width = 8},
    [SINCE] = {.title = "SINCE", .width = 8, .drop = 3, .is_right = true},
    [LEASE] = {.title = "LEASE", .width = 6, .drop = 4, .is_right = true},
    [HEARD] = {.title = "HEARD", .width = 6, .drop = 1, .is_right = true},
    [RUNS] = {.title = "RUNS", .width = 22, .drop = 2},
    [DONE] = {.title = "DONE", .width = 5, .drop = 5, .is_right = true},
    [VERSION] = {.title = "VERSION", .width = 10, .drop = 7},
    [HOST] = {.title = "HOST", .width = 14, .drop = 6},
    [PID] = {.title = "PID", .width = 8, .drop = 8, .is_right = true},
};

/* The next line; false at the end. */
static bool line_next(const char **at, const char **line, size_t *size)
{
    if (**at == '\0')
        return false;
    *line = *at;
    *size = strcspn(*at, "\n");
    *at += *size + ((*at)[*size] == '\n');
    return true;
}

static bool is_node(const char *line, size_t size)
{
    return memchr(line, '\t', size) != NULL;
}

/* A node that the filter leaves. */
static bool is_shown(const struct sb_screen *screen, const char *line, size_t size)
{
    char words[512];
    (void)sb_copy_n(words, sizeof words, line, size);
    return is_node(line, size) && sb_find_shows(screen, SB_PANE_NODES, words);
}

uint32_t sb_pane_rows_nodes(const struct sb_screen *screen)
{
    const char *at = sb_polled_body(screen, SB_SCREEN_PAGE_NODES), *line = NULL;
    size_t size = 0;
    uint32_t count = 0;
    while (line_next(&at, &line, &size))
        count += is_shown(screen, line, size);
    return count;
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const char *at = sb_polled_body(context, SB_SCREEN_PAGE_NODES), *line = NULL;
    size_t size = 0;
    while (line_next(&at, &line, &size) && (!is_shown(context, line, size) || row-- > 0))
        ;
    if (line == NULL)
        return;
    const char *const end = line + size;
    for (unsigned i = 0; i < column; i++) {
        const char *const tab = memchr(line, '\t', (size_t)(end - line));
        line = tab == NULL ? end : tab + 1;
    }
    const char *const tab = memchr(line, '\t', (size_t)(end - line));
    sb_text_add_n(text, line, (size_t)((tab == NULL ? end : tab) - line));
    if (column == STATE)
        *slot = sb_streq(text->buf, "active") ? SB_SLOT_OK : sb_streq(text->buf, "silent") ? SB_SLOT_BAD : SB_SLOT_TEXT;
}

void sb_pane_draw_nodes(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const bool has_focus = screen->focus == SB_PANE_NODES;
    const struct sb_table table = {.columns = columns, .column_count = COLUMNS, .cell = cell, .context = screen,
                                   .total = sb_pane_rows_nodes(screen), .has_header = true, .has_selection = has_focus, .has_focus = has_focus};
    unsigned row = 0;
    if (table.total > 0)
        row = 1 + sb_table_draw(view, &table, &screen->scrolls[SB_PANE_NODES]);
    screen->visible[SB_PANE_NODES] = view->box.rows > 1 ? view->box.rows - 1U : 1U;
    const char *at = sb_polled_body(screen, SB_SCREEN_PAGE_NODES), *line = NULL;
    size_t size = 0;
    while (line_next(&at, &line, &size)) {
        if (!is_node(line, size))
            sb_view_text_n(view, row++, 1, view->box.cols, SB_SLOT_DIM, line, size);
    }
    sb_find_paint_all(screen, SB_PANE_NODES, view);
    sb_polled_say_none(screen, SB_SCREEN_PAGE_NODES, view);
    sb_polled_title(screen, SB_SCREEN_PAGE_NODES, text, right);
    sb_find_title(screen, SB_PANE_NODES, text);
}
