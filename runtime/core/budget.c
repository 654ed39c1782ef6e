/* The day's money: settled spend, the tier by what is left, the day's end. Amounts are nano-dollars. Core thread only. */
#include "state.h"

static const struct sb_zone *zone_of(const struct sb_core *core)
{
    return &core->setup.zones[core->setup.budget->zone];
}

/* UTC instant of the local midnight that starts the day `days_ahead` days after the one holding `wall`. */
static int64_t midnight(const struct sb_core *core, int64_t wall_ns, int64_t days_ahead)
{
    int64_t utc_s = wall_ns / 1000000000;
    int64_t local_s = utc_s + sb_zone_offset(zone_of(core), utc_s);
    int64_t day = (local_s >= 0 ? local_s : local_s - 86399) / 86400 + days_ahead;
    struct sb_zone_local local = sb_zone_from_local(zone_of(core), day * 86400);
    return local.utc_s[0] * 1000000000;
}

__extension__ typedef __int128 wide;

/* left > limit * permille / 1000, exactly. */
static bool is_above(int64_t left, int64_t limit, uint16_t permille)
{
    return (wide)left * 1000 > (wide)limit * permille;
}

static enum sb_tier tier_for(const struct sb_core *core)
{
    const struct sb_budget_def *budget = core->setup.budget;
    int64_t left = budget->limit.nano - core->spent;
    if (left <= 0)
        return SB_TIER_CLOSED;
    if (is_above(left, budget->limit.nano, budget->high_above_pm))
        return SB_TIER_HIGH;
    if (is_above(left, budget->limit.nano, budget->medium_above_pm))
        return SB_TIER_MEDIUM;
    return is_above(left, budget->limit.nano, budget->low_above_pm) ? SB_TIER_LOW : SB_TIER_CRITICAL;
}

static void set_tier(struct sb_core *core)
{
    enum sb_tier next = tier_for(core);
    if (next == (enum sb_tier)core->tier)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_TIER);
    event.as.budget_tier.from = core->tier;
    event.as.budget_tier.to = (uint8_t)next;
    event.as.budget_tier.remaining = core->setup.budget->limit.nano - core->spent;
    event.as.budget_tier.limit = core->setup.budget->limit.nano;
    core->tier = (uint8_t)next;
    sb_core_emit(core, &event);
}

void sb_budget_rearm(struct sb_core *core)
{
    sb_timer_set(core, timer_single(core, TIMER_BUDGET), core->day_end - core->wall_offset);
}

static void open_day(struct sb_core *core)
{
    core->day_start = midnight(core, wall_believed(core), 0);
    core->day_end = midnight(core, wall_believed(core), 1);
    core->tier = (uint8_t)tier_for(core);
    sb_budget_rearm(core);
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_WINDOW);
    event.as.budget_window.day_start = core->day_start;
    event.as.budget_window.day_end = core->day_end;
    event.as.budget_window.limit = core->setup.budget->limit.nano;
    event.as.budget_window.spent = core->spent;
    event.as.budget_window.tier = core->tier;
    sb_core_emit(core, &event);
}

void sb_budget_restore(struct sb_core *core, const struct sb_in_restore_budget *restored)
{
    core->day_start = restored->day_start;
    core->spent = restored->spent;
}

void sb_budget_begin(struct sb_core *core)
{
    if (core->day_start != midnight(core, wall_believed(core), 0))
        core->spent = 0;
    open_day(core);
}

void sb_budget_day(struct sb_core *core)
{
    core->spent = 0;
    open_day(core);
}

void sb_budget_spent(struct sb_core *core, const struct sb_in_spent *spent)
{
    int64_t sum;
    int64_t cost = spent->cost > 0 ? spent->cost : 0;
    if (__builtin_add_overflow(core->spent, cost, &sum))
        sum = INT64_MAX;
    core->spent = sum;
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_SPENT);
    struct sb_ev_budget_spent *out = &event.as.budget_spent;
    out->run = spent->run;
    out->job = spent->job;
    out->tokens_in = spent->tokens_in;
    out->tokens_out = spent->tokens_out;
    out->cost = cost;
    out->spent = core->spent;
    (void)sb_copy(out->alias, sizeof(out->alias), spent->alias);
    (void)sb_copy(out->intent, sizeof(out->intent), spent->intent);
    sb_core_emit(core, &event);
    set_tier(core);
}

bool sb_budget_allows_generation(const struct sb_core *core)
{
    return core->tier != SB_TIER_CRITICAL && core->tier != SB_TIER_CLOSED;
}
