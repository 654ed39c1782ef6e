/* The pacing policy over virtual days: what it keeps, what it buys, how it moves. */
#include "signalbox/core/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signalbox/base/err.h"
#include "signalbox/model/enums.h"

#define DAY SB_DAY(20000)
static const int64_t premium_cost = 3000000, economy_cost = 200000;

static struct sb_budget_def make_def(enum sb_budget_policy policy, uint32_t calls_per_day)
{
    return (struct sb_budget_def){ .limit = { 5 * SB_USD_NANO }, .high_above_pm = 800, .medium_above_pm = 400, .low_above_pm = 100,
                                   .policy = (uint8_t)policy, .dwell = SB_MIN(30), .calls_per_day = calls_per_day,
                                   .premium_call = { premium_cost }, .economy_call = { economy_cost } };
}

/* A day of equal calls, half of them critical; `dark` counts critical calls that were not served. */
struct day {
    int64_t used;
    uint32_t critical, served, premium, changes;
};

static struct day run_day(struct sb_pace *pace, int64_t day_start, uint32_t calls)
{
    struct day day = { 0 };
    if (pace->day_end != day_start + SB_DAY(1)) {
        sb_pace_open(pace, day_start, day_start + SB_DAY(1), day_start, 0);
    }
    for (uint32_t i = 0; i < calls; i++) {
        int64_t wall = day_start + SB_DAY(1) / calls * i;
        uint8_t before = pace->tier;
        (void)sb_pace_decide(pace, wall, day.used, false);
        day.changes += pace->tier != before;
        enum sb_tier tier = sb_pace_tier_of_call(pace, (enum sb_tier)pace->tier, wall, day.used);
        bool is_critical = i % 2 == 0;
        bool is_premium = tier == SB_TIER_HIGH || (tier == SB_TIER_MEDIUM && is_critical);
        int64_t cost = is_premium ? premium_cost : economy_cost;
        day.critical += is_critical;
        if (tier == SB_TIER_CLOSED || (tier == SB_TIER_CRITICAL && !is_critical) || day.used + cost > pace->def->limit.nano)
            continue;
        day.used += cost;
        day.served += is_critical;
        day.premium += is_critical && is_premium;
        sb_pace_call(pace, wall, is_premium, cost);
    }
    return day;
}

static void paced__with_money_for_all_buys_premium_for_all(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 1000);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    struct day day = run_day(&pace, DAY, 1000); /* 3.00 of 5.00 */
    assert_int_equal(day.premium, day.critical);
    assert_int_equal(day.changes, 0);
}

static void paced__with_less_serves_every_critical_call_and_spreads_premium_over_the_day(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 4000);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    struct day day = run_day(&pace, DAY, 4000); /* all premium would be 12.00 */
    assert_int_equal(day.served, day.critical);
    assert_true(day.premium > day.critical / 2);
    assert_true(day.used > 4 * SB_USD_NANO);
    assert_true(day.used <= def.limit.nano);
    assert_true(day.changes <= 4);
}

static void paced__a_surge_that_was_not_forecast_darkens_nothing_critical(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 2000);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    struct day day = run_day(&pace, DAY, 8000);
    assert_true(day.served >= day.critical - day.critical / 100);
}

static void paced__expecting_more_than_the_money_buys_spends_it_over_the_whole_day(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 100000); /* economy alone would be 20.00 */
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 0);
    assert_int_equal(pace.tier, SB_TIER_LOW);
    struct day day = run_day(&pace, DAY, 40000); /* all economy: 8.00, the critical half of it 4.00 */
    assert_int_equal(day.served, day.critical);
    assert_int_equal(day.premium, 0);
    assert_in_range(day.used, 4 * SB_USD_NANO, 5 * SB_USD_NANO);
}

static void paced__learns_the_day_it_has_seen(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 100);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 0);
    uint64_t before = sb_pace_look(&pace, DAY, 0).calls_left;
    for (int day = 0; day < 20; day++)
        (void)run_day(&pace, DAY + day * SB_DAY(1), 2400);
    sb_pace_open(&pace, DAY + SB_DAY(20), DAY + SB_DAY(21), DAY, 0);
    assert_in_range(before, 98, 100);
    assert_in_range(sb_pace_look(&pace, DAY + SB_DAY(20), 0).calls_left, 2200, 2400);
}

static void paced__moves_up_one_step_per_dwell_and_down_at_once_below_the_floor(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 2000);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 4900000000);
    assert_int_equal(pace.tier, SB_TIER_CRITICAL); /* the floor is 0.52 */
    int64_t noon = DAY + SB_HOUR(12), almost = def.limit.nano / 100 * 99;
    assert_true(sb_pace_decide(&pace, noon, 0, false));
    assert_int_equal(pace.tier, SB_TIER_LOW);
    assert_false(sb_pace_decide(&pace, noon + SB_MIN(29), 0, false));
    assert_true(sb_pace_decide(&pace, noon + SB_MIN(30), 0, false));
    assert_int_equal(pace.tier, SB_TIER_MEDIUM);
    assert_true(sb_pace_decide(&pace, noon + SB_MIN(31), almost, false));
    assert_int_equal(pace.tier, SB_TIER_CRITICAL);
    assert_true(sb_pace_decide(&pace, noon + SB_MIN(32), def.limit.nano, false));
    assert_int_equal(pace.tier, SB_TIER_CLOSED);
}

static void paced__between_two_bounds_a_tier_stays(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 1600);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    /* q is near 1.0: below what enters high, above what leaves it. */
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 0);
    assert_in_range(sb_pace_look(&pace, DAY, 0).q_permille, 950, 1149);
    assert_int_equal(pace.tier, SB_TIER_MEDIUM);
    pace.tier = SB_TIER_HIGH;
    assert_false(sb_pace_decide(&pace, DAY + SB_HOUR(1), SB_USD_NANO / 5, false));
    assert_int_equal(pace.tier, SB_TIER_HIGH);
}

static void paced__a_bill_above_its_hold_closes(void **state)
{
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_PACED, 100);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 0);
    assert_true(sb_pace_decide(&pace, DAY + 1, 0, true));
    assert_int_equal(pace.tier, SB_TIER_CLOSED);
}

static void absolute__follows_the_thresholds_at_once(void **state)
{
    static const struct {
        int64_t spent_milli;
        enum sb_tier tier;
    } rows[] = { { 0, SB_TIER_HIGH },       { 999, SB_TIER_HIGH },  { 1000, SB_TIER_MEDIUM },   { 2999, SB_TIER_MEDIUM },
                 { 3000, SB_TIER_LOW },     { 4499, SB_TIER_LOW },  { 4500, SB_TIER_CRITICAL }, { 4999, SB_TIER_CRITICAL },
                 { 5000, SB_TIER_CLOSED } };
    struct sb_budget_def def = make_def(SB_BUDGET_POLICY_ABSOLUTE, 100);
    struct sb_pace pace;
    (void)state;
    sb_pace_init(&pace, &def);
    sb_pace_open(&pace, DAY, DAY + SB_DAY(1), DAY, 0);
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        (void)sb_pace_decide(&pace, DAY + (int64_t)i, rows[i].spent_milli * (SB_USD_NANO / 1000), false);
        assert_int_equal(pace.tier, rows[i].tier);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paced__with_money_for_all_buys_premium_for_all),
        cmocka_unit_test(paced__with_less_serves_every_critical_call_and_spreads_premium_over_the_day),
        cmocka_unit_test(paced__a_surge_that_was_not_forecast_darkens_nothing_critical),
        cmocka_unit_test(paced__expecting_more_than_the_money_buys_spends_it_over_the_whole_day),
        cmocka_unit_test(paced__learns_the_day_it_has_seen),
        cmocka_unit_test(paced__moves_up_one_step_per_dwell_and_down_at_once_below_the_floor),
        cmocka_unit_test(paced__between_two_bounds_a_tier_stays),
        cmocka_unit_test(paced__a_bill_above_its_hold_closes),
        cmocka_unit_test(absolute__follows_the_thresholds_at_once),
    };
    return cmocka_run_group_tests_name("core: pace", tests, NULL, NULL);
}
