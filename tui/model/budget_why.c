/* The budget in words: why the tier is what it is, and what failed calls have in common. Pure. */
#include "signalbox/base/text.h"
#include "signalbox/tui/model.h"

static void add_usd(struct sb_text *out, const char *before, struct sb_usd usd)
{
    sb_text_add(out, before);
    sb_text_add_usd(out, usd, 4);
}

/* Thousandths as a number with two digits: 1150 -> "1.15". */
static void add_permille(struct sb_text *out, int64_t permille)
{
    if (permille < 0)
        sb_text_add_char(out, '-');
    uint64_t size = permille < 0 ? 0u - (uint64_t)permille : (uint64_t)permille;
    sb_text_add_u64(out, size / 1000);
    sb_text_add_char(out, '.');
    sb_text_add_padded(out, size % 1000 / 10, 2);
}

/* What would move a paced tier: the bounds of core/pace.h; q is the share of the calls left that premium could serve. */
static void add_bounds(struct sb_text *out, enum sb_tier tier)
{
    switch (tier) {
    case SB_TIER_HIGH:
        sb_text_add(out, ": medium below 0.95");
        return;
    case SB_TIER_MEDIUM:
        sb_text_add(out, ": high from 1.15, low below 0.06");
        return;
    case SB_TIER_LOW:
        sb_text_add(out, ": medium from 0.12; critical below the floor and ahead of the pace");
        return;
    case SB_TIER_CRITICAL:
        sb_text_add(out, ": low above the floor or behind the pace");
        return;
    case SB_TIER_CLOSED:
    case SB_TIER_COUNT:
        return;
    }
}

/* Under the policy `absolute` what is left decides alone. */
static void add_left(struct sb_text *out, const struct sb_model_budget *b)
{
    sb_text_add_usd(out, sb_usd_sub(b->limit, sb_usd_add(sb_usd_add(b->spent, b->held), b->uncertain)), 2);
    sb_text_add(out, " left decides (budget.thresholds)");
}

void sb_model_budget_next(const struct sb_model *model, struct sb_text *out)
{
    const struct sb_model_budget *const b = &model->budget;
    if (!b->is_known || b->is_forced)
        return;
    if (b->policy != SB_BUDGET_POLICY_PACED) {
        add_left(out, b);
        return;
    }
    sb_text_add(out, "q ");
    add_permille(out, b->q_permille);
    add_bounds(out, (enum sb_tier)b->tier);
}

void sb_model_budget_why(const struct sb_model *model, struct sb_text *out)
{
    const struct sb_model_budget *const b = &model->budget;
    if (!b->is_known) {
        sb_text_add(out, "no budget day is open yet");
        return;
    }
    sb_text_add(out, sb_tier_text(b->tier));
    if (b->tier_since.ns > 0) {
        sb_text_add(out, " since ");
        sb_text_add_clock(out, b->tier_since);
        if (b->tier_why[0] != '\0') {
            sb_text_add(out, ", ");
            sb_text_add(out, b->tier_why);
        }
    }
    if (b->is_forced) {
        sb_text_add(out, ", forced by ");
        sb_text_add(out, b->forced_by);
        sb_text_add(out, " until ");
        sb_text_add_clock(out, b->forced_until);
        sb_text_add(out, ": ");
        sb_text_add(out, b->forced_reason);
    }
    if (b->is_closed)
        sb_text_add(out, ", closed: a bill passed its hold");
    add_usd(out, ". Spent ", b->spent);
    add_usd(out, ", held ", b->held);
    add_usd(out, ", uncertain ", b->uncertain);
    add_usd(out, " of ", b->limit);
    sb_text_add(out, " USD");
    if (b->policy == SB_BUDGET_POLICY_PACED) {
        add_usd(out, ". Floor ", b->floor);
        sb_text_add(out, " for ");
        sb_text_add_u64(out, b->calls_left);
        sb_text_add(out, " calls still expected, the day will cost ");
        sb_text_add_usd(out, b->forecast, 2);
    }
    if (!b->is_forced) {
        sb_text_add(out, "; ");
        sb_model_budget_next(model, out);
    }
    sb_text_add(out, ". Resets ");
    sb_text_add_wall(out, b->day_end, false);
}

void sb_model_llm_verdict(const struct sb_model *model, struct sb_text *out)
{
    const struct sb_model_llm_failures *worst = NULL;
    uint32_t total = 0;
    unsigned category = 0;
    int64_t first = INT64_MAX;
    for (unsigned i = 0; i < SB_LLM_CATEGORY_COUNT; i++) {
        const struct sb_model_llm_failures *const f = &model->budget.failures[i];
        total += f->count;
        if (f->count > 0 && f->first.ns < first)
            first = f->first.ns;
        if (f->count > 0 && (worst == NULL || f->count > worst->count)) {
            worst = f;
            category = i;
        }
    }
    if (worst == NULL)
        return;
    /* "3 of 5 failed calls since 09:12:00Z: rate_limit, ..." */
    sb_text_add_u64(out, worst->count);
    sb_text_add(out, " of ");
    sb_text_add_u64(out, total);
    sb_text_add(out, total == 1 ? " failed call since " : " failed calls since ");
    sb_text_add_clock(out, (struct sb_wall){first});
    sb_text_add(out, ": ");
    sb_text_add(out, sb_llm_category_text(category));
    sb_text_add(out, ", ");
    sb_text_add(out, worst->reason);
}
