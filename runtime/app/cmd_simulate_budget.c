/* simulate --budget: days of LLM calls under the policy of the system before and under both of this one. */
#include "app.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/sim/sim.h"

#include <stdio.h>
#include <string.h>

/* The catalogue whose numbers the plan's figures are about: 900 calls a day, 40 of a hundred critical. */
enum { CALLS_PER_DAY = 900, CRITICAL_PCT = 40 };

static bool find_alias(const struct sb_llm_def *llm, const char *name, struct sb_model_alias *out)
{
    for (size_t i = 0; i < llm->alias_count; i++)
        if (sb_streq(llm->aliases[i].alias, name)) {
            *out = llm->aliases[i];
            return true;
        }
    complain("simulate --budget needs the aliases premium and economy with prices; %s is missing", name);
    return false;
}

static void put(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

static void put_decimal(struct sb_json_out *out, const char *key, double value)
{
    char digits[40];
    (void)snprintf(digits, sizeof(digits), "%.4f", value);
    sb_json_key(out, key);
    sb_json_raw(out, digits);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static int print_json(const struct sb_sim_budget_setup *setup, const struct sb_sim_budget_side *sides)
{
    struct sb_json_out *out = sb_json_out_create(65536);
    if (out == NULL)
        return EXIT_BUG;
    sb_json_object_begin(out);
    put(out, "seed", (int64_t)setup->seed);
    put(out, "days", setup->days);
    put_decimal(out, "load", setup->load_pct / 100.0);
    sb_json_key(out, "sides");
    sb_json_array_begin(out);
    for (size_t i = 0; i < SB_SIM_BUDGET_SIDES; i++) {
        sb_json_object_begin(out);
        sb_json_key(out, "policy");
        sb_json_string(out, sides[i].policy);
        put(out, "dark_hours", sides[i].dark_hours);
        put(out, "calls_due", (int64_t)sides[i].calls_due);
        put(out, "calls_served", (int64_t)sides[i].calls_served);
        put(out, "critical_due", (int64_t)sides[i].critical_due);
        put(out, "critical_served", (int64_t)sides[i].critical_served);
        put_decimal(out, "premium_share", share(sides[i].critical_premium, sides[i].critical_due));
        put_decimal(out, "spent_usd", (double)sides[i].spent_nano / (double)SB_USD_NANO);
        put(out, "tier_changes", sides[i].tier_changes);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
    return print_document(out);
}

static void print_plain(const struct sb_sim_budget_setup *setup, const struct sb_sim_budget_side *sides)
{
    (void)printf("%u days of %u calls, load %.2f, seed %llu, limit %.2f USD a day\n\n", setup->days, setup->calls_per_day, setup->load_pct / 100.0,
                 (unsigned long long)setup->seed, (double)setup->budget.limit.nano / (double)SB_USD_NANO);
    (void)printf("%-10s %10s %18s %14s %14s %10s %12s\n", "POLICY", "DARK HOURS", "CRITICAL SERVED", "ON PREMIUM", "ALL SERVED", "USD/DAY",
                 "CHANGES/DAY");
    for (size_t i = 0; i < SB_SIM_BUDGET_SIDES; i++) {
        char served[32];
        (void)snprintf(served, sizeof(served), "%llu/%llu", (unsigned long long)sides[i].critical_served,
                       (unsigned long long)sides[i].critical_due);
        (void)printf("%-10s %10u %18s %13.1f%% %13.1f%% %10.2f %12.1f\n", sides[i].policy, sides[i].dark_hours, served,
                     100 * share(sides[i].critical_premium, sides[i].critical_due), 100 * share(sides[i].calls_served, sides[i].calls_due),
                     (double)sides[i].spent_nano / (double)SB_USD_NANO / setup->days, (double)sides[i].tier_changes / setup->days);
    }
}

int simulate_budget(struct options *options, const struct sb_catalogue *catalogue, uint32_t load_pct)
{
    struct sb_sim_budget_side sides[SB_SIM_BUDGET_SIDES];
    struct sb_sim_budget_setup setup = { .budget = catalogue->budget, .days = (uint32_t)options->days, .calls_per_day = CALLS_PER_DAY,
                                         .load_pct = load_pct, .critical_pct = CRITICAL_PCT, .seed = (uint64_t)options->seed };
    if (!find_alias(&catalogue->llm, "premium", &setup.premium) || !find_alias(&catalogue->llm, "economy", &setup.economy))
        return EXIT_CONFIGURATION;
    sb_sim_budget_run(&setup, sides);
    if (options->is_json)
        return print_json(&setup, sides);
    print_plain(&setup, sides);
    return EXIT_OK;
}
