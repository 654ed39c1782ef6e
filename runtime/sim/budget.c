/* Days of LLM calls under the budget's policies. Calls come by a daily curve, with log-normal sizes, and cost what the prices say; everything is
 * drawn once per day and given to each policy. One thread; reads no clock. */
#include "signalbox/core/pace.h"
#include "signalbox/sim/sim.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/model/enums.h"

#include <math.h>
#include <string.h>

#define TAU 6.283185307179586
#define FIRST_DAY SB_DAY(20000)

/* A day of a system that works mostly while people are awake, in percent of its mean hour. */
static const uint8_t hours_pct[SB_PACE_HOURS] = { 55, 45, 40, 40, 45, 60,  80,  100, 115, 125, 130, 130,
                                                  130, 130, 130, 130, 130, 130, 130, 125, 115, 100, 85, 60 };
enum { HOURS_SUM = 2360 };

/* Medians and spread of the sizes, in tokens: with the prices of the premium model a day of 900 calls costs some 7.30 USD, so that running until
 * the cap of 5.00 serves two thirds of it, as was seen in the system before. */
static const double tokens_in_median = 1100, tokens_out_median = 400, sigma = 0.6;
enum { TOKENS_MAX = 16000 };

struct call {
    int64_t wall;
    int64_t premium_nano, economy_nano;
    bool is_critical;
};

struct policy {
    const char *name;
    bool is_until_cap;
    struct sb_budget_def def;
    struct sb_pace pace;
    int64_t used;
    uint32_t due_in_hour, served_in_hour;
};

static double unit(struct sb_rng *rng)
{
    return ((double)(sb_rng_next(rng) >> 11) + 1.0) / 9007199254740992.0; /* 2^53: (0, 1] */
}

static uint32_t draw_tokens(struct sb_rng *rng, double median)
{
    double radius = sqrt(-2.0 * log(unit(rng))), angle = TAU * unit(rng); /* Box-Muller */
    double tokens = median * exp(sigma * radius * cos(angle));
    return tokens > TOKENS_MAX ? TOKENS_MAX : tokens < 1 ? 1 : (uint32_t)tokens;
}

static int64_t cost_of(const struct sb_model_alias *alias, uint32_t tokens_in, uint32_t tokens_out)
{
    return alias->in_nano * tokens_in + alias->out_nano * tokens_out;
}

static struct call draw_call(struct sb_rng *rng, const struct sb_sim_budget_setup *setup, int64_t wall)
{
    uint32_t tokens_in = draw_tokens(rng, tokens_in_median), tokens_out = draw_tokens(rng, tokens_out_median);
    return (struct call){ .wall = wall, .is_critical = sb_rng_below(rng, 100) < setup->critical_pct,
                          .premium_nano = cost_of(&setup->premium, tokens_in, tokens_out),
                          .economy_nano = cost_of(&setup->economy, tokens_in, tokens_out) };
}

/* What the policy pays for the call: 0 = it is not served. */
static int64_t price_of(struct policy *policy, const struct call *call, bool *is_premium)
{
    int64_t left = policy->def.limit.nano - policy->used;
    *is_premium = true;
    if (policy->is_until_cap)
        return call->premium_nano <= left ? call->premium_nano : 0;
    enum sb_tier tier = sb_pace_tier_of_call(&policy->pace, (enum sb_tier)policy->pace.tier, call->wall, policy->used);
    bool may_serve = tier <= SB_TIER_LOW ||
                     (tier == SB_TIER_CRITICAL && call->is_critical && policy->def.policy == SB_BUDGET_POLICY_PACED);
    *is_premium = tier == SB_TIER_HIGH || (tier == SB_TIER_MEDIUM && call->is_critical);
    if (*is_premium && call->premium_nano > left)
        *is_premium = false; /* the ledger takes the cheaper alias */
    int64_t price = *is_premium ? call->premium_nano : call->economy_nano;
    return may_serve && price <= left ? price : 0;
}

static void serve(struct policy *policy, const struct call *call, struct sb_sim_budget_side *side)
{
    bool is_premium = false;
    if (!policy->is_until_cap)
        side->tier_changes += sb_pace_decide(&policy->pace, call->wall, policy->used, false);
    int64_t price = price_of(policy, call, &is_premium);
    side->calls_due++;
    side->critical_due += call->is_critical;
    policy->due_in_hour += call->is_critical;
    if (price == 0)
        return;
    policy->used += price;
    side->spent_nano += price;
    side->calls_served++;
    side->critical_served += call->is_critical;
    side->critical_premium += call->is_critical && is_premium;
    policy->served_in_hour += call->is_critical;
    sb_pace_call(&policy->pace, call->wall, is_premium, price);
}

static void end_hour(struct policy *policy, struct sb_sim_budget_side *side)
{
    side->dark_hours += policy->due_in_hour > 0 && policy->served_in_hour == 0;
    policy->due_in_hour = policy->served_in_hour = 0;
}

static void run_hour(const struct sb_sim_budget_setup *setup, struct sb_rng *rng, int64_t from, uint32_t calls, struct policy *policies,
                     struct sb_sim_budget_side *sides)
{
    for (uint32_t i = 0; i < calls; i++) {
        int64_t slot = SB_HOUR(1) / calls;
        struct call call = draw_call(rng, setup, from + slot * i + (int64_t)sb_rng_below(rng, (uint64_t)slot));
        for (size_t k = 0; k < SB_SIM_BUDGET_SIDES; k++)
            serve(&policies[k], &call, &sides[k]);
    }
    for (size_t k = 0; k < SB_SIM_BUDGET_SIDES; k++)
        end_hour(&policies[k], &sides[k]);
}

void sb_sim_budget_run(const struct sb_sim_budget_setup *setup, struct sb_sim_budget_side sides[SB_SIM_BUDGET_SIDES])
{
    struct policy policies[SB_SIM_BUDGET_SIDES] = { { .name = "until_cap", .is_until_cap = true }, { .name = "absolute" }, { .name = "paced" } };
    struct sb_rng rng = { .state = sb_hash_mix(setup->seed) };
    uint64_t carry = 0; /* hundredths of calls that did not make one */
    memset(sides, 0, sizeof(*sides) * SB_SIM_BUDGET_SIDES);
    for (size_t k = 0; k < SB_SIM_BUDGET_SIDES; k++) {
        policies[k].def = setup->budget;
        policies[k].def.policy = k == 2 ? SB_BUDGET_POLICY_PACED : SB_BUDGET_POLICY_ABSOLUTE;
        policies[k].def.calls_per_day = setup->calls_per_day;
        sb_pace_init(&policies[k].pace, &policies[k].def);
        sides[k].policy = policies[k].name;
    }
    for (uint32_t day = 0; day < setup->days; day++) {
        int64_t start = FIRST_DAY + SB_DAY(1) * day;
        for (size_t k = 0; k < SB_SIM_BUDGET_SIDES; k++) {
            policies[k].used = 0;
            sb_pace_open(&policies[k].pace, start, start + SB_DAY(1), start, 0);
        }
        for (int hour = 0; hour < SB_PACE_HOURS; hour++) {
            uint64_t load = setup->load_pct > 0 ? setup->load_pct : 100;
            uint64_t milli = setup->calls_per_day * load * hours_pct[hour] * 10 / HOURS_SUM + carry;
            carry = milli % 1000;
            run_hour(setup, &rng, start + SB_HOUR(1) * hour, (uint32_t)(milli / 1000), policies, sides);
        }
    }
}
