/* The budget's tiers as a pure policy; see the header for the rule. Core thread, or a simulation. */
#include "signalbox/core/pace.h"

#include <string.h>

__extension__ typedef __int128 wide;

enum { PRIOR_WEIGHT = 16, FLOOR_MARGIN_PCT = 130, Q_MAX = 100000, SCALE_MIN_PM = 500, SCALE_MAX_PM = 4000, SCALE_FROM_CALLS = 5 };
static const sb_ns ahead_max = SB_MIN(30); /* premium may be so far ahead of the pace */
static const sb_ns ahead_min = SB_MIN(5);  /* everything may: calls do not come evenly */

/* Permille of q: to enter a tier from below, and to leave it. */
enum { HIGH_ENTER = 1150, HIGH_LEAVE = 950, MEDIUM_ENTER = 120, MEDIUM_LEAVE = 60 };

static int64_t clamp(wide value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

void sb_pace_init(struct sb_pace *pace, const struct sb_budget_def *def)
{
    memset(pace, 0, sizeof(*pace));
    pace->def = def;
    pace->tier = SB_TIER_HIGH;
    for (int hour = 0; hour < SB_PACE_HOURS; hour++)
        pace->profile_milli[hour] = (uint64_t)def->calls_per_day * 1000 / SB_PACE_HOURS;
}

void sb_pace_expect(struct sb_pace *pace, uint8_t hour, uint64_t calls_milli)
{
    if (hour < SB_PACE_HOURS)
        pace->profile_milli[hour] = calls_milli;
}

static int hour_of(const struct sb_pace *pace, int64_t wall)
{
    int64_t hour = (wall - pace->day_start) / SB_HOUR(1);
    return hour < 0 ? 0 : hour >= SB_PACE_HOURS ? SB_PACE_HOURS - 1 : (int)hour; /* a day of 25 hours has a long last one */
}

/* Calls expected from the day's start to `wall`, in thousandths. */
static uint64_t expected_until(const struct sb_pace *pace, int64_t wall)
{
    uint64_t sum = 0;
    if (wall <= pace->day_start)
        return 0;
    int hour = hour_of(pace, wall);
    for (int i = 0; i < hour; i++)
        sum += pace->profile_milli[i];
    int64_t into = wall - pace->day_start - hour * SB_HOUR(1);
    int64_t length = hour == SB_PACE_HOURS - 1 && pace->day_end > pace->day_start + hour * SB_HOUR(1)
                         ? pace->day_end - pace->day_start - hour * SB_HOUR(1) : SB_HOUR(1);
    into = into > length ? length : into;
    return sum + (uint64_t)((wide)pace->profile_milli[hour] * into / length);
}

static uint64_t calls_today(const struct sb_pace *pace)
{
    uint64_t sum = 0;
    for (int i = 0; i < SB_PACE_HOURS; i++)
        sum += pace->calls[i];
    return sum;
}

static int64_t mean(uint64_t sum, uint64_t count, int64_t prior)
{
    return (int64_t)((sum + (uint64_t)prior * PRIOR_WEIGHT) / (count + PRIOR_WEIGHT));
}

/* How much more or less than expected the day is so far. */
static uint64_t scale_permille(const struct sb_pace *pace, int64_t wall)
{
    uint64_t expected = expected_until(pace, wall) - expected_until(pace, pace->counted_from);
    if (expected < (uint64_t)SCALE_FROM_CALLS * 1000)
        return 1000;
    uint64_t scale = calls_today(pace) * 1000 * 1000 / expected;
    return scale < SCALE_MIN_PM ? SCALE_MIN_PM : scale > SCALE_MAX_PM ? SCALE_MAX_PM : scale;
}

static enum sb_tier absolute_tier(const struct sb_budget_def *def, int64_t left)
{
    wide of_limit = (wide)left * 1000, limit = def->limit.nano; /* left > limit * permille / 1000, exactly */
    if (left <= 0)
        return SB_TIER_CLOSED;
    if (of_limit > limit * def->high_above_pm)
        return SB_TIER_HIGH;
    if (of_limit > limit * def->medium_above_pm)
        return SB_TIER_MEDIUM;
    return of_limit > limit * def->low_above_pm ? SB_TIER_LOW : SB_TIER_CRITICAL;
}

static enum sb_tier paced_tier(const struct sb_pace *pace, const struct sb_pace_view *view, int64_t left, int64_t economy)
{
    int32_t high = pace->tier <= SB_TIER_HIGH ? HIGH_LEAVE : HIGH_ENTER;
    int32_t medium = pace->tier <= SB_TIER_MEDIUM ? MEDIUM_LEAVE : MEDIUM_ENTER;
    if (left <= 0 || left < economy)
        return SB_TIER_CLOSED;
    if (view->disc < 0)
        return view->is_behind_pace ? SB_TIER_LOW : SB_TIER_CRITICAL;
    return view->q_permille >= high ? SB_TIER_HIGH : view->q_permille >= medium ? SB_TIER_MEDIUM : SB_TIER_LOW;
}

/* Whether more is used than the pace has at `wall`: the limit spread over the calls that are expected. */
static bool is_above_pace(const struct sb_pace *pace, int64_t wall, int64_t used)
{
    uint64_t total = expected_until(pace, pace->day_end), until = expected_until(pace, wall < pace->day_end ? wall : pace->day_end);
    return total > 0 && (wide)used * total > (wide)pace->def->limit.nano * until;
}

struct sb_pace_view sb_pace_look(const struct sb_pace *pace, int64_t wall, int64_t used)
{
    const struct sb_budget_def *def = pace->def;
    struct sb_pace_view view = { 0 };
    int64_t left = def->limit.nano - used, economy = mean(pace->economy_sum, pace->economy_count, def->economy_call.nano);
    int64_t premium = mean(pace->premium_sum, pace->premium_count, def->premium_call.nano);
    uint64_t total = expected_until(pace, pace->day_end), so_far = expected_until(pace, wall);
    wide milli = (wide)(total - so_far) * scale_permille(pace, wall) / 1000;

    view.calls_left = (uint64_t)(milli / 1000);
    if (def->policy == SB_BUDGET_POLICY_ABSOLUTE) {
        view.disc = left;
        view.wanted = (uint8_t)absolute_tier(def, left);
        return view;
    }
    view.floor = clamp(milli * economy / 1000 * FLOOR_MARGIN_PCT / 100);
    view.disc = clamp((wide)left - view.floor);
    wide all_premium = milli * premium / 1000;
    wide q = all_premium > 0 ? (wide)view.disc * 1000 / all_premium : view.disc >= 0 ? Q_MAX : -1;
    view.q_permille = (int32_t)(q > Q_MAX ? Q_MAX : q < -Q_MAX ? -Q_MAX : q);
    view.forecast = so_far > 0 ? clamp(used + (wide)used * (total - so_far) / so_far) : used;
    view.is_ahead = is_above_pace(pace, wall + ahead_max, used);
    view.is_behind_pace = !is_above_pace(pace, wall + ahead_min, used);
    view.wanted = (uint8_t)paced_tier(pace, &view, left, economy);
    return view;
}

void sb_pace_open(struct sb_pace *pace, int64_t day_start, int64_t day_end, int64_t counted_from, int64_t used)
{
    bool is_new = pace->day_end != 0 && day_start >= pace->day_end;
    /* A day that was seen whole teaches: a seventh of what is known is replaced. */
    for (int i = 0; is_new && pace->counted_from <= pace->day_start && i < SB_PACE_HOURS; i++)
        pace->profile_milli[i] = (pace->profile_milli[i] * 6 + (uint64_t)pace->calls[i] * 1000) / 7;
    if (is_new)
        memset(pace->calls, 0, sizeof(pace->calls));
    pace->day_start = day_start;
    pace->day_end = day_end;
    pace->counted_from = counted_from > day_start ? counted_from : day_start;
    pace->moved_at = day_start;
    /* Nobody's tier yet: the forecast's, by the bounds to enter. */
    pace->tier = SB_TIER_CLOSED;
    pace->tier = sb_pace_look(pace, counted_from > day_start ? counted_from : day_start, used).wanted;
}

void sb_pace_call(struct sb_pace *pace, int64_t wall, bool is_premium, int64_t cost)
{
    uint64_t amount = cost > 0 ? (uint64_t)cost : 0;
    pace->calls[hour_of(pace, wall)]++;
    *(is_premium ? &pace->premium_sum : &pace->economy_sum) += amount;
    ++*(is_premium ? &pace->premium_count : &pace->economy_count);
}

bool sb_pace_decide(struct sb_pace *pace, int64_t wall, int64_t used, bool is_closed)
{
    struct sb_pace_view view = sb_pace_look(pace, wall, used);
    uint8_t next = is_closed ? SB_TIER_CLOSED : view.wanted;
    bool is_paced = pace->def->policy == SB_BUDGET_POLICY_PACED;
    bool is_rest = wall - pace->moved_at >= pace->def->dwell;

    /* Tiers count downward: a greater number is a poorer one. */
    if (is_paced && next < pace->tier)
        next = is_rest ? (uint8_t)(pace->tier - 1) : pace->tier;
    else if (is_paced && next > pace->tier && next < SB_TIER_CRITICAL)
        next = is_rest ? (uint8_t)(pace->tier + 1) : pace->tier;
    if (next == pace->tier)
        return false;
    pace->tier = next;
    pace->moved_at = wall;
    return true;
}

int64_t sb_pace_next(const struct sb_pace *pace)
{
    return pace->def->policy == SB_BUDGET_POLICY_PACED ? pace->moved_at + pace->def->dwell : INT64_MAX;
}

enum sb_tier sb_pace_tier_of_call(const struct sb_pace *pace, enum sb_tier tier, int64_t wall, int64_t used)
{
    bool is_paced = pace->def->policy == SB_BUDGET_POLICY_PACED;
    return is_paced && tier == SB_TIER_MEDIUM && sb_pace_look(pace, wall, used).is_ahead ? SB_TIER_LOW : tier;
}
