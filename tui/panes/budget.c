/* The day's budget: spent of the limit, tier, calls, who spends. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

uint32_t sb_pane_rows_budget(const struct sb_screen *screen)
{
    (void)screen;
    return 0;
}

static unsigned permille_of(const struct sb_model_budget *budget)
{
    if (budget->limit.nano <= 0)
        return 0;
    if (budget->spent.nano >= budget->limit.nano)
        return 1000;
    /* limit / 1000 first keeps the product in range; a limit below 1000 nano-dollars is no limit anybody sets. */
    const int64_t unit = budget->limit.nano / 1000;
    return unit == 0 || budget->spent.nano <= 0 ? 0 : (unsigned)(budget->spent.nano / unit > 1000 ? 1000 : budget->spent.nano / unit);
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
    const unsigned permille = permille_of(budget), cols = view->box.cols;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_usd(&text, budget->spent, 2);
    sb_text_add(&text, "/");
    sb_text_add_usd(&text, budget->limit, 2);
    sb_text_add(&text, " USD ");
    const unsigned at = 1 + sb_view_text(view, 0, 1, cols, SB_SLOT_TEXT, buffer);
    const enum sb_slot slot = slot_of_tier(budget->tier);
    if (cols > at + 9)
        sb_gauge_draw(view, 0, at, cols - at - 6, permille, slot == SB_SLOT_OK ? SB_SLOT_GAUGE : slot);
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

static void draw_aliases(const struct sb_view *view, const struct sb_model_budget *budget)
{
    unsigned at = 1;
    for (uint32_t i = 0; i < budget->alias_count; i++) {
        char buffer[96];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, budget->aliases[i].name);
        sb_text_add(&text, " ");
        sb_text_add_usd(&text, budget->aliases[i].cost, 3);
        sb_text_add(&text, " x");
        sb_text_add_u64(&text, budget->aliases[i].calls);
        at += sb_view_text(view, 2, at, view->box.cols, SB_SLOT_TEXT, buffer) + 2;
    }
}

/* The jobs that spent most, one a row, by repeated selection: only as many as there are rows. */
static void draw_spenders(const struct sb_screen *screen, const struct sb_view *view)
{
    const struct sb_model *const model = screen->model;
    int64_t below = INT64_MAX;
    uint32_t last = 0;
    for (unsigned row = 3; row < view->box.rows; row++) {
        uint32_t best = model->job_high;
        for (uint32_t i = 0; i < model->job_high; i++) {
            const int64_t spent = model->jobs[i].spent.nano;
            const bool is_left = spent > 0 && (spent < below || (spent == below && i > last));
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
    draw_aliases(view, budget);
    draw_spenders(screen, view);
    sb_text_add(text, "tier ");
    sb_text_add(text, sb_tier_text(budget->tier));
    int64_t left = 0;
    if (__builtin_sub_overflow(budget->limit.nano, budget->spent.nano, &left) || left < 0)
        left = 0;
    sb_text_add_usd(right, (struct sb_usd){left}, 2);
    sb_text_add(right, " left");
}
