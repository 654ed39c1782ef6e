/* Owns looking for things in panes: the compiled filters, painting what they mean, and n and N. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { PAINT_BYTES = 2048 };

void sb_find_refresh(struct sb_screen *screen)
{
    struct sb_find *const find = &screen->find;
    for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++) {
        if (sb_streq(find->seen[pane], screen->filters[pane]))
            continue;
        struct sb_text why;
        sb_copy(find->seen[pane], SB_FILTER_MAX, screen->filters[pane]);
        sb_text_init(&why, find->why, sizeof find->why);
        if (!sb_match_compile(&find->filter[pane], (enum sb_pane)pane, screen->filters[pane], &why))
            continue; /* the last good one stays in force */
        if (find->filter[pane].term_count > 0)
            memcpy(&find->last[pane], &find->filter[pane], sizeof find->last[pane]);
        if (pane == SB_PANE_JOBS)
            sb_order_invalidate(screen);
    }
}

const struct sb_match *sb_find_filter(const struct sb_screen *screen, enum sb_pane pane)
{
    return &screen->find.filter[pane];
}

bool sb_find_shows(const struct sb_screen *screen, enum sb_pane pane, const char *text)
{
    return sb_match_fits(&screen->find.filter[pane], text, NULL, NULL);
}

/* Views of one thing, whose text is drawn line by line. */
static bool is_view(enum sb_pane pane)
{
    return pane == SB_PANE_DETAIL || pane == SB_PANE_ALERT_DETAIL || pane == SB_PANE_CONTEXT_DETAIL || pane == SB_PANE_COMPONENT_DETAIL ||
           pane == SB_PANE_RUN || pane == SB_PANE_CONTENT_ROW;
}

/* Lists whose rows are what their table draws, one a line below its header. */
static bool is_table(enum sb_pane pane)
{
    return pane == SB_PANE_CONTEXTS || pane == SB_PANE_NODES || pane == SB_PANE_HISTORY || pane == SB_PANE_AUDIT;
}

static bool is_filtering(enum sb_pane pane)
{
    const bool is_page = pane == SB_PANE_HISTORY || pane == SB_PANE_AUDIT; /* the rest is in the store: what is here is searched */
    return !is_view(pane) && !is_page && pane != SB_PANE_PAGE && pane != SB_PANE_CONTENT && pane != SB_PANE_TIMELINE;
}

bool sb_find_is_painted(enum sb_pane pane)
{
    return (is_view(pane) && pane != SB_PANE_DETAIL) || pane == SB_PANE_HISTORY || pane == SB_PANE_AUDIT;
}

static const struct sb_match *painted(const struct sb_screen *screen, enum sb_pane pane)
{
    const struct sb_find *const find = &screen->find;
    if (find->filter[pane].term_count > 0)
        return &find->filter[pane];
    return find->is_searching[pane] && find->last[pane].term_count > 0 ? &find->last[pane] : NULL;
}

/* The row as text, with the column of each byte; blanks at its end are left out. */
static size_t read_row(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, char *text, uint16_t *at)
{
    const struct sb_grid_cell *const cells = &view->grid->cells[(size_t)(view->box.row + row) * view->grid->cols + view->box.col];
    size_t size = 0, used = 0;
    for (unsigned i = col; i < col + cols && i < view->box.cols && size + 4 < PAINT_BYTES; i++) {
        if (cells[i].width == 0)
            continue;
        const unsigned bytes = sb_utf8_encode(cells[i].code_point, text + size);
        for (unsigned byte = 0; byte < bytes; byte++)
            at[size + byte] = (uint16_t)i;
        size += bytes;
        used = cells[i].code_point == ' ' ? used : size;
    }
    text[used] = '\0';
    return used;
}

void sb_find_paint(const struct sb_screen *screen, enum sb_pane pane, const struct sb_view *view, unsigned row, unsigned col, unsigned cols)
{
    const struct sb_match *const match = painted(screen, pane);
    char text[PAINT_BYTES];
    uint16_t at[PAINT_BYTES];
    bool marks[PAINT_BYTES] = {false};
    if (match == NULL || row >= view->box.rows)
        return;
    const size_t size = read_row(view, row, col, cols, text, at);
    sb_match_mark(match, text, size, marks);
    for (size_t i = 0; i < size; i++) {
        if (!marks[i])
            continue;
        const unsigned width = view->grid->cells[(size_t)(view->box.row + row) * view->grid->cols + view->box.col + at[i]].width;
        sb_view_paint(view, row, at[i], width, SB_SLOT_MATCH);
    }
}

void sb_find_paint_all(const struct sb_screen *screen, enum sb_pane pane, const struct sb_view *view)
{
    for (unsigned row = 0; row < view->box.rows; row++)
        sb_find_paint(screen, pane, view, row, 0, view->box.cols);
}

void sb_find_title(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text)
{
    const struct sb_match *const match = painted(screen, pane);
    const bool is_filter = is_filtering(pane) && screen->filters[pane][0] != '\0';
    if (match == NULL && !is_filter)
        return;
    sb_text_add(text, is_filter ? " filter:" : " search:");
    sb_text_add(text, is_filter ? screen->filters[pane] : match->text);
}

/* ---- n and N ---- */

void sb_seek_offer(struct sb_seek *seek, int64_t row)
{
    if (seek->is_back) {
        seek->best = row < seek->at ? row : seek->best;
        seek->wrapped = row;
    } else {
        seek->best = row > seek->at && seek->best < 0 ? row : seek->best;
        seek->wrapped = seek->wrapped < 0 ? row : seek->wrapped;
    }
}

static void seek_jobs(const struct sb_screen *screen, struct sb_seek *seek)
{
    for (uint32_t i = 0; i < screen->order_count; i++) {
        if (sb_match_job(seek->match, screen->model, screen->order[i]))
            sb_seek_offer(seek, i);
    }
}

static void seek_alerts(const struct sb_screen *screen, struct sb_seek *seek)
{
    uint16_t order[SB_ALERTS_MAX];
    const uint32_t count = sb_alert_order(screen, order);
    for (uint32_t i = 0; i < count; i++) {
        if (sb_match_alert(seek->match, screen->model, &screen->model->alerts[order[i]]))
            sb_seek_offer(seek, i);
    }
}

static void seek_services(const struct sb_screen *screen, struct sb_seek *seek)
{
    uint16_t list[SB_SERVICES_MAX];
    const uint32_t count = sb_service_list(screen, list);
    for (uint32_t i = 0; i < count; i++) {
        const bool is_breaker = list[i] >= SB_SERVICE_SITE;
        if (is_breaker ? sb_match_fits(seek->match, screen->model->breakers[list[i] - SB_SERVICE_SITE].name, NULL, NULL)
                       : sb_match_component(seek->match, screen->model, list[i]))
            sb_seek_offer(seek, i);
    }
}

/* Drawn where nobody looks, with room for all of it: a view from its beginning, a table with its header. */
static void seek_drawn(struct sb_screen *screen, enum sb_pane pane, struct sb_seek *seek)
{
    struct sb_grid grid = {.rows = SB_FIND_ROWS, .cols = screen->find.cols[pane], .cells = screen->find.scratch};
    if (grid.cols == 0 || grid.cols > SB_FIND_COLS)
        grid.cols = SB_FIND_COLS;
    const struct sb_view view = sb_view_whole(&grid, screen->is_ascii);
    const struct sb_scroll scroll = screen->scrolls[pane];
    const uint32_t visible = screen->visible[pane], lines = screen->line_counts[pane], header = is_table(pane) ? 1 : 0;
    char title[SB_TITLE_MAX], right[SB_TITLE_MAX], text[PAINT_BYTES];
    uint16_t at[PAINT_BYTES];
    struct sb_text title_text, right_text;
    sb_text_init(&title_text, title, sizeof title);
    sb_text_init(&right_text, right, sizeof right);
    memset(grid.cells, 0, (size_t)grid.rows * grid.cols * sizeof *grid.cells);
    sb_view_clear(&view, SB_SLOT_TEXT);
    screen->scrolls[pane].top = 0;
    if (header == 0)
        screen->scrolls[pane].selected = 0;
    sb_pane_infos[pane].draw(screen, &view, &title_text, &right_text);
    const uint32_t count = sb_pane_infos[pane].rows(screen);
    for (unsigned row = 0; row < count && row + header < SB_FIND_ROWS; row++) {
        (void)read_row(&view, row + header, header, grid.cols, text, at);
        if (sb_match_fits(seek->match, text, NULL, NULL))
            sb_seek_offer(seek, row);
    }
    screen->scrolls[pane] = scroll;
    screen->visible[pane] = visible;
    screen->line_counts[pane] = lines;
}

/* Its rows are not selected: that there is one is all there is to find. */
static void seek_budget(const struct sb_screen *screen, struct sb_seek *seek)
{
    for (uint32_t i = 0; i < screen->model->job_high && seek->wrapped < 0; i++) {
        if (screen->model->jobs[i].spent.nano > 0 && sb_match_fits(seek->match, screen->model->jobs[i].name, NULL, NULL))
            sb_seek_offer(seek, 0);
    }
}

static void seek_in(struct sb_screen *screen, enum sb_pane pane, struct sb_seek *seek)
{
    if (pane == SB_PANE_JOBS)
        seek_jobs(screen, seek);
    else if (pane == SB_PANE_ALERTS)
        seek_alerts(screen, seek);
    else if (pane == SB_PANE_SERVICES)
        seek_services(screen, seek);
    else if (pane == SB_PANE_LOG)
        sb_log_seek(screen, seek);
    else if (is_view(pane) || is_table(pane))
        seek_drawn(screen, pane, seek);
    else if (pane == SB_PANE_BUDGET)
        seek_budget(screen, seek);
    else if (pane == SB_PANE_PAGE)
        sb_page_seek(screen, seek);
    else if (pane == SB_PANE_CONTENT)
        sb_content_seek(screen, seek);
    else if (pane == SB_PANE_TIMELINE)
        sb_timeline_seek(screen, seek);
    else if (pane == SB_PANE_HELP)
        sb_help_seek(screen, seek);
}

static void go_to(struct sb_screen *screen, enum sb_pane pane, int64_t row)
{
    if (pane == SB_PANE_JOBS) {
        sb_selection_take(screen, screen->order[row]);
        screen->is_chosen = true;
    } else if (pane == SB_PANE_ALERTS) {
        uint16_t order[SB_ALERTS_MAX];
        (void)sb_alert_order(screen, order);
        screen->selected_alert = screen->model->alerts[order[row]].id;
        screen->selected_silence = 0;
    } else if (pane == SB_PANE_SERVICES) {
        sb_service_take(screen, (uint32_t)row);
    } else if (pane == SB_PANE_LOG) {
        const uint64_t below = screen->is_wrapping ? 0 : screen->visible[SB_PANE_LOG] / 2;
        const uint64_t end = (uint64_t)row + 1 + below;
        screen->is_following = false;
        screen->log_end = end < screen->model->log_total ? end : screen->model->log_total;
    } else if (pane == SB_PANE_TIMELINE) {
        sb_timeline_go(screen, (uint32_t)row);
    } else if (pane == SB_PANE_CONTENT) {
        screen->scrolls[pane].selected = (uint32_t)row;
        screen->content.item[0] = screen->content.post[0] = '\0'; /* until the next frame no verdict hits the row that was left */
    } else {
        screen->scrolls[pane].selected = (uint32_t)row;
    }
    screen->find.line[pane] = (uint64_t)row;
}

static int64_t place_of(const struct sb_screen *screen, enum sb_pane pane)
{
    if (pane == SB_PANE_JOBS)
        return sb_order_place(screen, screen->selected_job);
    if (is_table(pane) || pane == SB_PANE_ALERTS || pane == SB_PANE_SERVICES || pane == SB_PANE_CONTENT || pane == SB_PANE_TIMELINE)
        return screen->scrolls[pane].selected;
    if (screen->find.line[pane] != SB_NO_LINE)
        return (int64_t)screen->find.line[pane];
    if (pane == SB_PANE_LOG) /* below the last line that is shown */
        return (int64_t)(screen->is_following || screen->log_end > screen->model->log_total ? screen->model->log_total : screen->log_end);
    return (int64_t)screen->scrolls[pane].selected - 1; /* the first line that is seen counts */
}

static void search(struct sb_screen *screen, bool is_back, struct sb_now now)
{
    const enum sb_pane pane = screen->focus;
    struct sb_find *const find = &screen->find;
    sb_order_refresh(screen);
    if (find->filter[pane].term_count == 0 && find->last[pane].term_count == 0) {
        sb_notice_say(screen, now, false, "nothing to search for yet: / takes words, ~letters or =pattern");
        return;
    }
    find->is_searching[pane] = true;
    struct sb_seek seek = {.match = painted(screen, pane), .at = place_of(screen, pane), .best = -1, .wrapped = -1, .is_back = is_back};
    seek_in(screen, pane, &seek);
    if (seek.wrapped < 0) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "nothing here matches ");
        sb_text_add(&text, seek.match->text);
        return;
    }
    if (seek.best < 0)
        sb_notice_say(screen, now, false, is_back ? "the search goes on from the end" : "the search goes on from the beginning");
    go_to(screen, pane, seek.best >= 0 ? seek.best : seek.wrapped);
}

void sb_act_next_match(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    search(screen, false, now);
}

void sb_act_prev_match(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    search(screen, true, now);
}

void sb_find_follow(struct sb_screen *screen)
{
    const enum sb_pane pane = screen->focus;
    sb_find_refresh(screen);
    if (is_filtering(pane) || screen->find.filter[pane].term_count == 0)
        return;
    struct sb_seek seek = {.match = &screen->find.filter[pane], .at = (int64_t)screen->scrolls[pane].selected - 1, .best = -1, .wrapped = -1};
    seek_in(screen, pane, &seek);
    if (seek.wrapped >= 0)
        go_to(screen, pane, seek.best >= 0 ? seek.best : seek.wrapped);
}

void sb_find_forget(struct sb_screen *screen)
{
    screen->find.line[screen->focus] = SB_NO_LINE;
}

/* First the filter goes, and n and N still find what it was; then the search goes too. In the log, the tail before both. */
void sb_act_filter_clear(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_find *const find = &screen->find;
    const enum sb_pane pane = screen->focus;
    if (screen->filters[pane][0] != '\0') {
        screen->filters[pane][0] = '\0';
        sb_find_refresh(screen);
        sb_order_invalidate(screen);
        if (is_filtering(pane))
            return;
    } else if (pane == SB_PANE_LOG && screen->tail.is_on) {
        screen->tail.is_on = false;
        return;
    } else if (!find->is_searching[pane]) {
        sb_notice_say(screen, now, false, "no filter is set here");
    }
    find->is_searching[pane] = false;
    sb_find_forget(screen);
}
