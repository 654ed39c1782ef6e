/* The timeline: who held each context and how the runs of each job went, one column a slice of time, now at the right. Every mark is a letter
 * or a sign, so that it reads without colour. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { RANGES = 3, RANGE_DEFAULT = 1, ROWS_MAX = 256, LETTERS_MAX = 59, LABEL_MIN = 12 };
static const struct {
    sb_ns time;
    const char *name;
} ranges[RANGES] = {{SB_MIN(10), "10 min"}, {SB_MIN(60), "60 min"}, {SB_HOUR(6), "6 h"}};

/* Slices of whole seconds that begin at multiples of their length: the picture moves by a column, it does not flicker. */
struct window {
    sb_ns start, now, slice;
    unsigned cols;
};

/* Letters for jobs that use contexts, in the order of their ids: a job keeps its letter as long as the catalogue is the same. */
struct letters {
    unsigned count;
    uint16_t jobs[LETTERS_MAX];
    char letters[LETTERS_MAX];
};

struct chart {
    struct sb_screen *screen;
    const struct sb_view *view;
    struct window window;
    struct letters letters;
    unsigned label;       /* columns before the time */
};

static struct window window_of(sb_ns now, sb_ns range, unsigned cols)
{
    struct window window = {.now = now, .cols = cols == 0 ? 1 : cols};
    const sb_ns seconds = (range / SB_S(1) + window.cols - 1) / window.cols;
    window.slice = (seconds < 1 ? 1 : seconds) * SB_S(1);
    window.start = (now / window.slice + 1 - (sb_ns)window.cols) * window.slice;
    return window;
}

static unsigned col_of(const struct window *window, sb_ns time)
{
    if (time <= window->start)
        return 0;
    const sb_ns col = (time - window->start) / window->slice;
    return col < (sb_ns)window->cols ? (unsigned)col : window->cols - 1;
}

static sb_ns range_of(const struct sb_screen *screen)
{
    return ranges[screen->timeline_range < RANGES ? screen->timeline_range : RANGE_DEFAULT].time;
}

void sb_timeline_range(struct sb_screen *screen, int step)
{
    const int range = (int)screen->timeline_range + step;
    screen->timeline_range = range < 0 ? 0 : range >= RANGES ? RANGES - 1 : (unsigned)range;
}

/* ---- rows ---- */

/* Whether the job did anything since then. */
static bool has_runs(const struct sb_model *model, uint16_t job, sb_ns since)
{
    const struct sb_model_job *const found = &model->jobs[job];
    if (found->run.id == 0 && found->runs_ended == 0)
        return false; /* most of a large catalogue, at first: its spans are not even looked at */
    const struct sb_model_span *const newest = sb_model_span_at(&model->job_spans[job], 0);
    return newest != NULL && (newest->end == SB_SPAN_OPEN || newest->to >= since || sb_model_run_is_active(&found->run));
}

/* Contexts, then jobs that ran, in the order of the job table: `rows` gets those from `top` on, `cap` of them. Returns how many there are, at
 * least those. `place`, when not NULL: in, a row; out, its number, or the count of all, which is returned then. */
static uint32_t collect(const struct sb_screen *screen, uint32_t top, uint32_t *rows, uint32_t cap, uint32_t *place)
{
    const struct sb_model *const model = screen->model;
    const sb_ns since = screen->now.mono - range_of(screen);
    const uint32_t wanted = place == NULL ? 0 : *place;
    uint32_t count = 0, found = UINT32_MAX;
    uint16_t contexts[SB_CONTEXTS_MAX];
    const uint32_t context_count = sb_context_list(model, contexts);
    for (uint32_t i = 0; i < context_count + screen->order_count; i++) {
        const bool is_context = i < context_count;
        const uint16_t id = is_context ? contexts[i] : screen->order[i - context_count];
        if (!is_context && !has_runs(model, id, since))
            continue;
        const uint32_t row = is_context ? 1U + id : (uint32_t)SB_TIMELINE_JOB + id;
        if (row == wanted)
            found = count;
        if (count >= top && count - top < cap)
            rows[count - top] = row;
        count++;
        if (place == NULL && cap > 0 && count - top == cap)
            break;
    }
    if (place != NULL)
        *place = found == UINT32_MAX ? count : found;
    return count;
}

uint32_t sb_pane_rows_timeline(const struct sb_screen *screen)
{
    return collect(screen, 0, NULL, 0, NULL);
}

/* The selection is a context or a job, not a row: brings the row to it, or it to the row when it is not there any more. */
static uint32_t settle(struct sb_screen *screen)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_TIMELINE];
    uint32_t place = screen->timeline_row;
    const uint32_t total = collect(screen, 0, NULL, 0, &place);
    if (place < total)
        scroll->selected = place;
    else if (scroll->selected >= total)
        scroll->selected = total == 0 ? 0 : total - 1;
    return total;
}

void sb_timeline_move(struct sb_screen *screen, int64_t delta)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_TIMELINE];
    sb_order_refresh(screen);
    const uint32_t total = settle(screen);
    sb_scroll_move(scroll, delta, total);
    uint32_t row = 0;
    collect(screen, scroll->selected, &row, 1, NULL);
    screen->timeline_row = row;
}

uint16_t sb_timeline_job(const struct sb_screen *screen, uint16_t *ctx)
{
    uint32_t row = 0;
    collect(screen, screen->scrolls[SB_PANE_TIMELINE].selected, &row, 1, NULL);
    if (row >= SB_TIMELINE_JOB)
        return (uint16_t)(row - SB_TIMELINE_JOB);
    if (row == 0)
        return SB_NO_JOB;
    *ctx = (uint16_t)(row - 1);
    return screen->model->contexts[*ctx].run == 0 ? SB_NO_JOB : screen->model->contexts[*ctx].job;
}

/* ---- letters ---- */

static bool is_free(const struct letters *letters, char c)
{
    for (unsigned i = 0; i < letters->count; i++) {
        if (letters->letters[i] == c)
            return false;
    }
    return c != 'x' && c != 'X'; /* these say that something went wrong */
}

/* The first letter of the name that is free, else any. */
static char choose(const struct letters *letters, const char *name)
{
    static const char others[] = "abcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWYZ0123456789";
    for (const char *at = name; *at != '\0'; at++) {
        if (*at >= 'a' && *at <= 'z' && is_free(letters, *at))
            return *at;
    }
    for (const char *at = others; *at != '\0'; at++) {
        if (is_free(letters, *at))
            return *at;
    }
    return '*';
}

static void give_letters(const struct sb_model *model, struct letters *letters)
{
    letters->count = 0;
    for (uint32_t i = 0; i < model->job_high && letters->count < LETTERS_MAX; i++) {
        if (!model->jobs[i].is_defined || !model->jobs[i].needs_browser)
            continue;
        const char letter = choose(letters, model->jobs[i].name);
        letters->jobs[letters->count] = (uint16_t)i;
        letters->letters[letters->count++] = letter;
    }
}

/* Jobs without a letter share one; '\0' for a job that uses no context. */
static char letter_of(const struct chart *chart, uint16_t job)
{
    const struct sb_model_job *const found = sb_model_job(chart->screen->model, job);
    for (unsigned i = 0; i < chart->letters.count; i++) {
        if (chart->letters.jobs[i] == job)
            return chart->letters.letters[i];
    }
    return found == NULL || found->needs_browser ? '*' : '\0';
}

/* ---- drawing ---- */

static void mark(const struct chart *chart, unsigned row, unsigned from, unsigned to, char c, enum sb_slot slot)
{
    if (from <= to)
        sb_view_fill(chart->view, row, chart->label + from, to - from + 1, (uint32_t)(unsigned char)c, c, slot);
}

/* Whether the span is seen at all; from which column to which. */
static bool columns_of(const struct window *window, const struct sb_model_span *span, unsigned *from, unsigned *to)
{
    const sb_ns end = span->end == SB_SPAN_OPEN ? window->now : span->to;
    if (end < window->start || span->from > window->now)
        return false;
    *from = col_of(window, span->from);
    *to = col_of(window, end < span->from ? span->from : end);
    return true;
}

/* Passes, each on top of the one before: short waits, runs, waits that fill their column, ends that went wrong. A failure is never hidden by
 * what came after it in the same column, nor a run by a wait that was nothing to it. */
enum { PASS_BELOW, PASS_MAIN, PASS_ABOVE, PASS_LAST, PASSES };

static void draw_job_span(const struct chart *chart, unsigned row, const struct sb_model_span *span, unsigned pass)
{
    unsigned from = 0, to = 0;
    if (!columns_of(&chart->window, span, &from, &to))
        return;
    const bool is_open = span->end == SB_SPAN_OPEN, is_failed = span->end == SB_SPAN_FAILED;
    if (span->kind == SB_SPAN_WAIT) {
        const sb_ns time = (is_open ? chart->window.now : span->to) - span->from;
        if (pass == PASS_BELOW || (pass == PASS_ABOVE && time >= chart->window.slice / 2))
            mark(chart, row, from, to, '~', SB_SLOT_WAIT);
    } else if (pass == PASS_MAIN) {
        const enum sb_slot slot = is_open ? SB_SLOT_RUN : is_failed ? SB_SLOT_BAD : span->end == SB_SPAN_OK ? SB_SLOT_OK : SB_SLOT_DIM;
        mark(chart, row, from, to, '=', slot);
        if (is_open || span->end == SB_SPAN_OTHER)
            mark(chart, row, to, to, is_open ? '>' : 'c', slot);
    } else if (pass == PASS_LAST && is_failed) {
        mark(chart, row, to, to, 'x', SB_SLOT_BAD);
    }
}

static void draw_ctx_span(const struct chart *chart, unsigned row, const struct sb_model_span *span, unsigned pass)
{
    unsigned from = 0, to = 0;
    if (!columns_of(&chart->window, span, &from, &to))
        return;
    if (span->kind == SB_SPAN_GONE && pass == PASS_LAST)
        mark(chart, row, from, to, 'X', SB_SLOT_BAD);
    if (span->kind == SB_SPAN_HOLD && pass == PASS_MAIN) {
        const char letter = letter_of(chart, span->job);
        mark(chart, row, from, to, letter == '\0' ? '*' : letter, span->end == SB_SPAN_OPEN ? SB_SLOT_RUN : SB_SLOT_TEXT);
    }
}

/* In each pass the oldest first, so that the newer is on top. What was pushed out of the ring is not shown as nothing. */
static void draw_spans(const struct chart *chart, unsigned row, const struct sb_model_spans *spans,
                       void (*draw)(const struct chart *, unsigned, const struct sb_model_span *, unsigned))
{
    const uint64_t kept = spans->total < SB_MODEL_SPANS ? spans->total : SB_MODEL_SPANS;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        for (uint64_t back = kept; back-- > 0;)
            draw(chart, row, sb_model_span_at(spans, back), pass);
    }
    const struct sb_model_span *const oldest = kept == SB_MODEL_SPANS ? sb_model_span_at(spans, kept - 1) : NULL;
    if (oldest != NULL && col_of(&chart->window, oldest->from) > 0)
        mark(chart, row, 0, col_of(&chart->window, oldest->from) - 1, '<', SB_SLOT_DIM);
}

static void draw_context(const struct chart *chart, unsigned row, uint16_t ctx)
{
    const struct sb_model *const model = chart->screen->model;
    if (model->known_since != 0 && model->known_since <= chart->window.now)
        mark(chart, row, col_of(&chart->window, model->known_since), col_of(&chart->window, chart->window.now), '.', SB_SLOT_DIM);
    draw_spans(chart, row, &model->ctx_spans[ctx], draw_ctx_span);
}

/* The row without its letter, which depends on what else is shown. */
static void add_name(const struct sb_model *model, uint32_t what, struct sb_text *text)
{
    if (what < SB_TIMELINE_JOB) {
        sb_text_add(text, "ctx #");
        sb_text_add_u64(text, what - 1U);
        sb_text_add(text, " ");
        sb_text_add(text, sb_lane_text(model->contexts[what - 1U].lane));
    } else {
        sb_text_add(text, model->jobs[what - SB_TIMELINE_JOB].name);
    }
}

void sb_timeline_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    enum { AT_ONCE = 1024 }; /* each time the list is walked from its beginning */
    uint32_t rows[AT_ONCE], count = 0;
    for (uint32_t top = 0; (count = collect(screen, top, rows, AT_ONCE, NULL)) > top; top += AT_ONCE) {
        for (uint32_t i = 0; i < AT_ONCE && top + i < count; i++) {
            char buffer[SB_NAME_MAX + 16];
            struct sb_text text;
            sb_text_init(&text, buffer, sizeof buffer);
            add_name(screen->model, rows[i], &text);
            if (sb_match_fits(seek->match, buffer, NULL, NULL))
                sb_seek_offer(seek, top + i);
        }
    }
}

void sb_timeline_go(struct sb_screen *screen, uint32_t row)
{
    uint32_t what = 0;
    collect(screen, row, &what, 1, NULL);
    screen->timeline_row = what;
    screen->scrolls[SB_PANE_TIMELINE].selected = row;
}

static void draw_label(const struct chart *chart, unsigned row, uint32_t what, bool is_selected)
{
    const struct sb_model *const model = chart->screen->model;
    char buffer[SB_NAME_MAX + 16];
    struct sb_text text;
    enum sb_slot slot = SB_SLOT_TEXT;
    sb_text_init(&text, buffer, sizeof buffer);
    if (what < SB_TIMELINE_JOB) {
        sb_text_add(&text, "  ");
    } else {
        const uint16_t job = (uint16_t)(what - SB_TIMELINE_JOB);
        const char letter = letter_of(chart, job);
        sb_text_add_char(&text, letter == '\0' ? ' ' : letter);
        sb_text_add(&text, " ");
        slot = sb_slot_of_state(model->jobs[job].state);
    }
    add_name(model, what, &text);
    sb_view_fill(chart->view, row, 0, 1, is_selected ? '>' : ' ', is_selected ? '>' : ' ', is_selected ? SB_SLOT_SELECTED : SB_SLOT_TEXT);
    if (chart->label > 2)
        sb_view_field(chart->view, row, 1, chart->label - 2, false, is_selected ? SB_SLOT_SELECTED : slot, buffer);
}

/* Parts of the range, as ages, which stand still while the picture moves, or as UTC, which moves with it. */
static void draw_hours(const struct chart *chart)
{
    const struct window *const window = &chart->window;
    sb_view_field(chart->view, 0, 1, chart->label > 2 ? chart->label - 2 : 0, false, SB_SLOT_HEADER, "  CONTEXT, JOB");
    sb_view_fill(chart->view, 0, chart->label, window->cols, ' ', ' ', SB_SLOT_HEADER);
    const unsigned ticks = window->cols >= 64 ? 4 : window->cols >= 32 ? 2 : 1;
    for (unsigned i = 0; i < ticks; i++) {
        char buffer[32];
        struct sb_text text;
        const sb_ns age = range_of(chart->screen) / ticks * (ticks - i);
        const sb_ns back = age / window->slice < (sb_ns)window->cols ? age / window->slice : (sb_ns)window->cols;
        const unsigned col = window->cols - (unsigned)back;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, "|");
        if (chart->screen->is_absolute_time) {
            sb_text_add_clock(&text, (struct sb_wall){chart->screen->now.wall.ns - (window->now - (window->start + (sb_ns)col * window->slice))});
        } else {
            sb_text_add(&text, "-");
            sb_model_add_minutes(&text, age);
        }
        sb_view_text(chart->view, 0, chart->label + col, window->cols - col, SB_SLOT_HEADER, buffer);
    }
    if (window->cols >= 4)
        sb_view_text(chart->view, 0, chart->label + window->cols - 4, 4, SB_SLOT_HEADER, "now|");
}

/* Names whole where they leave the time at least as much. */
static unsigned label_width(const struct sb_screen *screen, const uint32_t *rows, uint32_t count, unsigned cols)
{
    size_t widest = LABEL_MIN;
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = rows[i] < SB_TIMELINE_JOB ? 0 : strlen(screen->model->jobs[rows[i] - SB_TIMELINE_JOB].name);
        widest = size > widest ? size : widest;
    }
    widest += 4; /* mark, letter, and a blank after each */
    return (unsigned)(widest < cols / 2 ? widest : cols / 2);
}

static void say_title(const struct chart *chart, uint32_t total, uint32_t shown, struct sb_text *text, struct sb_text *right)
{
    const struct sb_screen *const screen = chart->screen;
    const uint32_t top = screen->scrolls[SB_PANE_TIMELINE].top;
    sb_text_add(text, "last ");
    sb_text_add(text, ranges[screen->timeline_range < RANGES ? screen->timeline_range : RANGE_DEFAULT].name);
    sb_text_add(text, ", 1 col = ");
    sb_model_add_age(text, chart->window.slice);
    if (screen->filters[SB_PANE_JOBS][0] != '\0') {
        sb_text_add(text, ", jobs filter:");
        sb_text_add(text, screen->filters[SB_PANE_JOBS]);
    }
    sb_find_title(screen, SB_PANE_TIMELINE, text);
    if (shown < total || top > 0) {
        sb_text_add_u64(right, shown == 0 ? 0 : top + 1U);
        sb_text_add(right, "-");
        sb_text_add_u64(right, top + shown);
        sb_text_add(right, "/");
    }
    sb_text_add_u64(right, total);
}

void sb_pane_draw_timeline(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_TIMELINE];
    const unsigned rows = view->box.rows;
    const unsigned first = rows > 3 ? 1 : 0, legend = rows > 6 ? 1 : 0;
    const uint32_t room = rows - first - legend < ROWS_MAX ? rows - first - legend : ROWS_MAX;
    uint32_t list[ROWS_MAX];
    const uint32_t total = settle(screen);
    sb_scroll_fit(scroll, total, room);
    collect(screen, scroll->top, list, room, NULL);
    const uint32_t shown = total - scroll->top < room ? total - scroll->top : room;
    struct chart chart = {.screen = screen, .view = view};
    chart.label = label_width(screen, list, shown, view->box.cols);
    chart.window = window_of(screen->now.mono, range_of(screen), view->box.cols - chart.label);
    give_letters(screen->model, &chart.letters);
    const bool has_focus = screen->focus == SB_PANE_TIMELINE;
    if (first > 0)
        draw_hours(&chart);
    for (uint32_t i = 0; i < shown; i++) {
        const bool is_selected = has_focus && scroll->top + i == scroll->selected;
        draw_label(&chart, first + i, list[i], is_selected);
        if (list[i] < SB_TIMELINE_JOB)
            draw_context(&chart, first + i, (uint16_t)(list[i] - 1U));
        else
            draw_spans(&chart, first + i, &screen->model->job_spans[list[i] - SB_TIMELINE_JOB], draw_job_span);
        if (chart.label > 3)
            sb_find_paint(screen, SB_PANE_TIMELINE, view, first + i, 3, chart.label - 3);
        if (is_selected) {
            view->grid->cursor_row = (uint16_t)(view->box.row + first + i);
            view->grid->cursor_col = view->box.col;
        }
    }
    if (total == 0)
        sb_view_text(view, first, 1, view->box.cols, SB_SLOT_DIM, "nothing ran yet");
    if (legend > 0)
        sb_view_text(view, rows - 1, 1, view->box.cols, SB_SLOT_DIM, view->box.cols >= 118
                     ? "== ran  => runs  =x failed  =c cancelled, yielded  ~ waits for a context | context: letter of its job, X gone, . idle"
                     : "== ran => runs =x failed =c cancelled ~ waits | ctx: job's letter X gone . idle");
    screen->visible[SB_PANE_TIMELINE] = room;
    say_title(&chart, total, shown, text, right);
}
