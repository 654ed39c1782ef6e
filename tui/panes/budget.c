/* The day's budget: spent of the limit, tier, calls, who spends. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

uint32_t sb_pane_rows_budget(const struct sb_screen *screen)
{
    (void)screen;
    return 0;
}

/* Everything that is not there to be spent any more. */
static int64_t used_of(const struct sb_model_budget *budget)
{
    int64_t sum = 0;
    return __builtin_add_overflow(budget->spent.nano, budget->held.nano, &sum) || __builtin_add_overflow(sum, budget->uncertain.nano, &sum)
               ? INT64_MAX : sum;
}

static unsigned permille_of(const struct sb_model_budget *budget, int64_t nano)
{
    if (budget->limit.nano <= 0)
        return 0;
    if (nano >= budget->limit.nano)
        return 1000;
    /* limit / 1000 first keeps the product in range; a limit below 1000 nano-dollars is no limit anybody sets. */
    const int64_t unit = budget->limit.nano / 1000;
    return unit == 0 || nano <= 0 ? 0 : (unsigned)(nano / unit > 1000 ? 1000 : nano / unit);
}

static enum sb_slot slot_of_tier(unsigned tier)
{
    static const uint8_t slots[SB_TIER_COUNT] = {
        [SB_TIER_HIGH] = SB_SLOT_OK, [SB_TIER_MEDIUM] = SB_SLOT_OK, [SB_TIER_LOW] = SB_SLOT_WARN, [SB_TIER_CRITICAL] = SB_SLOT_BAD,
        [SB_TIER_CLOSED] = SB_SLOT_BAD};
    return tier < SB_TIER_COUNT ? (enum sb_slot)slots[tier] : SB_SLOT_TEXT;
}

static void draw_gauge(const struct sb_view *view, const struct sb_model_budget *budget)
{
    char buffer[64];
    struct sb_text text;
    const unsigned permille = permille_of(budget, used_of(budget)), cols = view->box.cols;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_usd(&text, budget->spent, 2);
    sb_text_add(&text, "/");
    sb_text_add_usd(&text, budget->limit, 2);
    sb_text_add(&text, " USD ");
    const unsigned at = 1 + sb_view_text(view, 0, 1, cols, SB_SLOT_TEXT, buffer);
    const enum sb_slot slot = slot_of_tier(budget->tier);
    if (cols > at + 9) {
        const unsigned width = cols - at - 6, ahead = permille_of(budget, budget->forecast.nano);
        sb_gauge_draw(view, 0, at, width, permille, slot == SB_SLOT_OK ? SB_SLOT_GAUGE : slot);
        if (ahead > permille) /* where the day will end at this rate */
            sb_view_fill(view, 0, at + 1 + (width - 3) * ahead / 1000, 1, '|', '|', ahead >= 1000 ? SB_SLOT_WARN : SB_SLOT_TEXT);
    }
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_u64(&text, permille / 10);
    sb_text_add(&text, "%");
    sb_view_field(view, 0, cols > 5 ? cols - 5 : 0, 4, true, slot, buffer);
}

static void add_thousands(struct sb_text *text, uint64_t value)
{
    if (value < 10000) {
        sb_text_add_u64(text, value);
    } else {
        sb_text_add_u64(text, value / 1000);
        sb_text_add(text, "k");
    }
}

static void draw_calls(const struct sb_screen *screen, const struct sb_view *view, const struct sb_model_budget *budget)
{
    char buffer[160];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_u64(&text, budget->calls);
    sb_text_add(&text, " calls ");
    add_thousands(&text, budget->tokens_in + budget->tokens_out);
    sb_text_add(&text, " tokens  resets ");
    if (screen->is_absolute_time || budget->day_end.ns <= screen->now.wall.ns) {
        sb_text_add_clock(&text, budget->day_end);
    } else {
        sb_text_add(&text, "+");
        sb_text_add_duration(&text, budget->day_end.ns - screen->now.wall.ns);
    }
    sb_view_text(view, 1, 1, view->box.cols, SB_SLOT_DIM, buffer);
}

static unsigned add_figure(const struct sb_view *view, unsigned row, unsigned at, const char *name, struct sb_usd usd, enum sb_slot slot)
{
    char buffer[48];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, name);
    sb_text_add(&text, " ");
    sb_text_add_usd(&text, usd, 2);
    return at + sb_view_text(view, row, at, view->box.cols, slot, buffer) + 2;
}

/* Held for calls under way, charged without a bill, kept for what is still expected. */
static void draw_figures(const struct sb_view *view, const struct sb_model_budget *budget)
{
    unsigned at = add_figure(view, 3, 1, "held", budget->held, SB_SLOT_TEXT);
    if (budget->uncertain.nano > 0)
        at = add_figure(view, 3, at, "uncertain", budget->uncertain, SB_SLOT_WARN);
    at = add_figure(view, 3, at, "floor", budget->floor, SB_SLOT_TEXT);
    (void)add_figure(view, 3, at, "forecast", budget->forecast, budget->forecast.nano > budget->limit.nano ? SB_SLOT_WARN : SB_SLOT_TEXT);
}

/* What each hour of the window cost. */
static void draw_burn(const struct sb_view *view, const struct sb_model_budget *budget)
{
    int64_t values[SB_MODEL_HOURS];
    for (unsigned i = 0; i < SB_MODEL_HOURS; i++)
        values[i] = budget->burn[i].nano;
    const unsigned at = 1 + sb_view_text(view, 4, 1, view->box.cols, SB_SLOT_DIM, "by hour ");
    if (view->box.cols > at)
        sb_spark_draw(view, 4, at, view->box.cols - at, values, SB_MODEL_HOURS, SB_SLOT_GAUGE);
}

/* Why the tier is what it is comes second to what fails. Returns rows used. */
static unsigned draw_words(const struct sb_screen *screen, const struct sb_view *view)
{
    char buffer[512];
    struct sb_text text;
    unsigned row = 5;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_model_llm_verdict(screen->model, &text);
    if (text.len > 0)
        sb_view_text(view, row++, 1, view->box.cols, SB_SLOT_BAD, buffer);
    if (screen->model->budget.is_forced || screen->model->budget.tier_since.ns > 0) {
        sb_text_init(&text, buffer, sizeof buffer);
        sb_model_budget_why(screen->model, &text);
        char *const figures = strstr(buffer, ". Spent"); /* they stand above */
        if (figures != NULL)
            *figures = '\0';
        sb_view_text(view, row++, 1, view->box.cols, SB_SLOT_DIM, buffer);
    }
    sb_text_init(&text, buffer, sizeof buffer);
    sb_model_budget_next(screen->model, &text);
    if (text.len > 0)
        sb_view_text(view, row++, 1, view->box.cols, SB_SLOT_DIM, buffer);
    return row;
}

/* Who spent, side by side: "premium 3.210 x12". */
static void draw_spending(const struct sb_screen *screen, const struct sb_view *view, unsigned row, const struct sb_model_spending *rows,
                          uint32_t count)
{
    unsigned at = 1;
    for (uint32_t i = 0; i < count; i++) {
        char buffer[96];
        struct sb_text text;
        if (!sb_find_shows(screen, SB_PANE_BUDGET, rows[i].name))
            continue;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, rows[i].name);
        sb_text_add(&text, " ");
        sb_text_add_usd(&text, rows[i].cost, 3);
        sb_text_add(&text, " x");
        sb_text_add_u64(&text, rows[i].calls);
        at += sb_view_text(view, row, at, view->box.cols, SB_SLOT_TEXT, buffer) + 2;
    }
}

/* The jobs that spent most, one a row, by repeated selection: only as many as there are rows. */
static void draw_spenders(const struct sb_screen *screen, const struct sb_view *view, unsigned first)
{
    const struct sb_model *const model = screen->model;
    int64_t below = INT64_MAX;
    uint32_t last = 0;
    for (unsigned row = first; row < view->box.rows; row++) {
        uint32_t best = model->job_high;
        for (uint32_t i = 0; i < model->job_high; i++) {
            const int64_t spent = model->jobs[i].spent.nano;
            const bool is_left = spent > 0 && (spent < below || (spent == below && i > last)) &&
                                 sb_find_shows(screen, SB_PANE_BUDGET, model->jobs[i].name);
            if (is_left && (best == model->job_high || spent > model->jobs[best].spent.nano))
                best = i;
        }
        if (best == model->job_high)
            return;
        below = model->jobs[best].spent.nano;
        last = best;
        char buffer[64];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add_usd(&text, model->jobs[best].spent, 3);
        sb_view_field(view, row, 1, 7, true, SB_SLOT_TEXT, buffer);
        sb_view_text(view, row, 9, view->box.cols, SB_SLOT_TEXT, model->jobs[best].name);
    }
}

void sb_pane_draw_budget(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_model_budget *const budget = &screen->model->budget;
    if (!budget->is_known) {
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM, "no budget day is open yet");
        return;
    }
    draw_gauge(view, budget);
    draw_calls(screen, view, budget);
    draw_spending(screen, view, 2, budget->aliases, budget->alias_count);
    draw_figures(view, budget);
    draw_burn(view, budget);
    const unsigned row = draw_words(screen, view);
    draw_spending(screen, view, row, budget->intents, budget->intent_count);
    draw_spenders(screen, view, row + 1);
    sb_find_paint_all(screen, SB_PANE_BUDGET, view);
    sb_text_add(text, "tier ");
    sb_text_add(text, sb_tier_text(budget->tier));
    if (budget->is_forced)
        sb_text_add(text, " forced");
    if (budget->is_closed)
        sb_text_add(text, " CLOSED");
    sb_find_title(screen, SB_PANE_BUDGET, text);
    int64_t left = 0;
    if (__builtin_sub_overflow(budget->limit.nano, used_of(budget), &left) || left < 0)
        left = 0;
    sb_text_add_usd(right, (struct sb_usd){left}, 2);
    sb_text_add(right, " left");
}
