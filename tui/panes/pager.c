/* Owns lists that come in pages. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <string.h>

static enum sb_lookup_kind kind_of(const struct sb_screen *screen)
{
    return screen->focus == SB_PANE_HISTORY ? SB_LOOKUP_RUNS : SB_LOOKUP_AUDIT;
}

/* Numbers of the first and the last row of the page. */
static uint64_t edge_of(const struct sb_findings *found, bool is_last)
{
    if (found->kind == SB_LOOKUP_RUNS)
        return found->run_count == 0 ? 0 : found->runs[is_last ? found->run_count - 1 : 0].id;
    return found->event_count == 0 ? 0 : found->events[is_last ? found->event_count - 1 : 0].event.seq;
}

static void go_to_page(struct sb_screen *screen, const struct sb_lookup *lookup, enum sb_page_to to)
{
    screen->page_to = to;
    sb_want(screen, lookup, true);
}

void sb_page_move(struct sb_screen *screen, int64_t delta)
{
    const struct sb_want *const want = &screen->wants.kinds[kind_of(screen)];
    struct sb_scroll *const scroll = &screen->scrolls[screen->focus];
    const uint32_t rows = sb_pane_infos[screen->focus].rows(screen);
    const int64_t to = (int64_t)scroll->selected + delta;
    const bool is_there = want->answered.number != 0;
    struct sb_lookup lookup = want->answered;
    lookup.before = lookup.after = 0;
    lookup.from_oldest = false;
    if (is_there && delta == INT32_MIN) { /* g: the newest */
        if (!want->found->is_newest)
            go_to_page(screen, &lookup, SB_PAGE_FIRST);
    } else if (is_there && delta == INT32_MAX) { /* G: the oldest */
        lookup.from_oldest = true;
        if (!want->found->is_oldest)
            go_to_page(screen, &lookup, SB_PAGE_LAST);
    } else if (is_there && to >= (int64_t)rows && scroll->selected + 1 == rows && !want->found->is_oldest) {
        lookup.before = edge_of(want->found, true);
        go_to_page(screen, &lookup, SB_PAGE_FIRST);
        return;
    } else if (is_there && to < 0 && scroll->selected == 0 && !want->found->is_newest) {
        lookup.after = edge_of(want->found, false);
        go_to_page(screen, &lookup, SB_PAGE_LAST);
        return;
    }
    sb_scroll_move(scroll, delta, rows);
}

/* The row that was selected, when it is on the page that came anew. */
static uint32_t place_of(const struct sb_findings *found, uint64_t run)
{
    for (uint32_t i = 0; i < found->run_count; i++) {
        if (found->runs[i].id == run)
            return i;
    }
    return 0;
}

void sb_page_arrived(struct sb_screen *screen, enum sb_lookup_kind kind)
{
    const enum sb_pane pane = kind == SB_LOOKUP_RUNS ? SB_PANE_HISTORY : SB_PANE_AUDIT;
    struct sb_scroll *const scroll = &screen->scrolls[pane];
    if (kind != SB_LOOKUP_RUNS && kind != SB_LOOKUP_AUDIT)
        return;
    const uint32_t rows = sb_pane_infos[pane].rows(screen);
    if (screen->page_to == SB_PAGE_FIRST)
        *scroll = (struct sb_scroll){0};
    else if (screen->page_to == SB_PAGE_LAST)
        scroll->selected = rows > 0 ? rows - 1 : 0;
    else if (kind == SB_LOOKUP_RUNS)
        scroll->selected = place_of(screen->wants.kinds[kind].found, screen->history_run);
    screen->page_to = SB_PAGE_KEEP;
}
