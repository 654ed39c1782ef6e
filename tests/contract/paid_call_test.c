/* One LLM call as the budget wants it, with the real ledger on a real store and the practice endpoint behind real HTTP: whatever goes wrong there,
 * the ledger's total is never below what the endpoint charged, and the failure has its category. */
#include "paid_call.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/practice/practice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stores.h"

static const struct sb_model_alias aliases[] = {
    { .alias = "premium", .model = "practice-premium", .in_nano = 2500, .out_nano = 10000, .cached_nano = 1250 },
    { .alias = "economy", .model = "practice-economy", .in_nano = 150, .out_nano = 600, .cached_nano = 75 },
};
static const char *const premium_intents[] = { "content_generation" };

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_practice *practice;
    struct sb_catalogue catalogue;
    struct sb_zone zone;
    struct sb_services services;
    struct sb_job_def job;
    struct sb_llm_params params;
    struct sb_step_env env;
    /* what the core was told */
    struct sb_in_llm_failed failed;
    struct sb_in_ledger ledger;
    unsigned failed_count, spent_count;
};
static struct world world;

enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err)
{
    (void)control;
    (void)err;
    if (input->kind == SB_INPUT_LLM_FAILED) {
        world.failed = input->as.llm_failed;
        world.failed_count++;
    }
    world.spent_count += input->kind == SB_INPUT_SPENT;
    if (input->kind == SB_INPUT_LEDGER)
        world.ledger = input->as.ledger;
    return SB_OK;
}

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)control;
    (void)command;
    (void)id;
    return sb_error_set(err, SB_ERR_UNSUPPORTED, "not here");
}

bool sb_fence_holds(const struct sb_fence *fence)
{
    (void)fence;
    return true;
}

static int setup(void **state)
{
    const struct sb_practice_setup practice = { .seed = 3 };
    (void)state;
    memset(&world, 0, sizeof(world));
    assert_int_equal(setenv("SB_TEST_PAID_KEY", SB_PRACTICE_KEY, 1), 0);
    assert_int_equal(sb_practice_start(&world.practice, &practice, NULL), SB_OK);
    sb_zone_init_utc(&world.zone);
    world.catalogue.budget.limit.nano = 5 * SB_USD_NANO;
    world.catalogue.llm = (struct sb_llm_def){ .base_url = sb_practice_llm_url(world.practice), .key = "env:SB_TEST_PAID_KEY", .aliases = aliases,
                                               .alias_count = SB_LEN(aliases), .premium_intents = premium_intents, .premium_intent_count = 1 };
    struct sb_services *services = &world.services;
    services->catalogue = &world.catalogue;
    services->control = (struct sb_control *)&world;
    test_store_create(world.location);
    assert_int_equal(sb_store_open(&services->store, world.location, NULL), SB_OK);
    const struct sb_ledger_setup ledger = { services->store, &world.catalogue.budget, &world.zone, &world.catalogue.llm, sb_wall_now };
    assert_int_equal(sb_ledger_create(&services->ledger, &ledger, NULL), SB_OK);
    assert_int_equal(sb_http_create(&services->http, NULL), SB_OK);
    assert_int_equal(sb_llm_create(&services->llm, services->http, &world.catalogue.llm, NULL), SB_OK);
    (void)sb_copy(world.job.name, sizeof(world.job.name), "plan");
    world.params = (struct sb_llm_params){ .intent = "content_generation", .output_tokens_max = 300, .temperature_pm = 700, .is_json = true };
    world.env = (struct sb_step_env){ .services = services, .job = &world.job, .run = 9, .tier = SB_TIER_HIGH };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_llm_destroy(world.services.llm);
    sb_http_destroy(world.services.http);
    sb_ledger_destroy(world.services.ledger);
    world.services.store->ops->close(world.services.store);
    test_store_destroy(world.location);
    sb_practice_stop(world.practice);
    return 0;
}

static enum sb_err call_within(sb_ns time, struct sb_llm_failure *failure)
{
    const char *alias = NULL;
    struct sb_llm_reply reply = { 0 };
    struct sb_error err = { 0 };
    world.env.op = (struct sb_op){ .deadline = sb_now() + time };
    enum sb_err rc = sb_paid_call(&world.env, &world.params, "You write posts.", "Write one post as JSON.", &alias, &reply, failure, &err);
    free(reply.text);
    return rc;
}

static struct sb_ledger_totals totals(void)
{
    struct sb_ledger_totals totals;
    const struct sb_op op = { .deadline = SB_NEVER };
    assert_int_equal(sb_ledger_totals(world.services.ledger, &op, &totals, NULL), SB_OK);
    return totals;
}

static int64_t server_total(void)
{
    struct sb_practice_stats stats;
    sb_practice_stats(world.practice, &stats);
    return stats.llm_cost.nano;
}

static void add_fault(uint8_t kind, uint32_t delay_ms)
{
    const struct sb_practice_fault fault = { .target = SB_PRACTICE_LLM, .kind = kind, .path = "/v1/chat", .probability_pm = 1000, .count = 1,
                                             .delay_ms = delay_ms };
    assert_int_equal(sb_practice_fault_add(world.practice, &fault, NULL, NULL), SB_OK);
}

static void paid_call__settles_at_exactly_what_the_endpoint_charged(void **state)
{
    struct sb_llm_failure failure;
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(call_within(SB_S(20), &failure), SB_OK);
    assert_int_equal(totals().spent.nano, server_total());
    assert_int_equal(totals().held.nano + totals().uncertain.nano, 0);
    assert_int_equal(world.spent_count, 3);
    assert_int_equal(world.ledger.spent, server_total());
}

static void paid_call__of_every_failure_has_its_category_and_covers_the_bill(void **state)
{
    static const struct {
        uint8_t fault, category;
        uint32_t delay_ms;
        bool is_charged;
    } rows[] = {
        { SB_PRACTICE_FAULT_ERROR401, SB_LLM_CATEGORY_INVALID_KEY, 0, false },
        { SB_PRACTICE_FAULT_ERROR429, SB_LLM_CATEGORY_RATE_LIMIT, 0, false },
        { SB_PRACTICE_FAULT_QUOTA, SB_LLM_CATEGORY_BUDGET_EXCEEDED, 0, false },
        { SB_PRACTICE_FAULT_ERROR500, SB_LLM_CATEGORY_API_ERROR, 0, true },
        { SB_PRACTICE_FAULT_BAD_JSON, SB_LLM_CATEGORY_API_ERROR, 0, true },            /* the answer is cut in the middle */
        { SB_PRACTICE_FAULT_LOST_CONFIRMATION, SB_LLM_CATEGORY_NETWORK_ERROR, 0, true }, /* it never comes */
        { SB_PRACTICE_FAULT_DELAY, SB_LLM_CATEGORY_NETWORK_ERROR, 3000, true },        /* it hangs */
    };
    (void)state;
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_llm_failure failure;
        struct sb_ledger_totals before = totals();
        sb_llm_destroy(world.services.llm); /* a new one: refusals are remembered */
        assert_int_equal(sb_llm_create(&world.services.llm, world.services.http, &world.catalogue.llm, NULL), SB_OK);
        add_fault(rows[i].fault, rows[i].delay_ms);
        assert_int_not_equal(call_within(rows[i].delay_ms > 0 ? SB_MS(500) : SB_S(20), &failure), SB_OK);
        assert_int_equal(failure.category, rows[i].category);
        assert_int_equal(world.failed.category, rows[i].category);
        assert_int_equal(world.failed_count, i + 1);
        struct sb_ledger_totals after = totals();
        assert_int_equal(after.held.nano, 0);
        assert_int_equal(after.uncertain.nano > before.uncertain.nano, rows[i].is_charged);
        assert_true(after.spent.nano + after.uncertain.nano >= server_total());
    }
}

static void paid_call__to_an_endpoint_that_ignores_its_cap_is_recorded_in_full(void **state)
{
    struct sb_llm_failure failure;
    (void)state;
    add_fault(SB_PRACTICE_FAULT_IGNORED_CAP, 0);
    assert_int_equal(call_within(SB_S(20), &failure), SB_OK);
    assert_int_equal(totals().spent.nano, server_total());
    assert_true(totals().spent.nano > 300 * 10000 * 7);
    world.catalogue.budget.limit.nano = totals().spent.nano + 5000000; /* the next such bill passes the limit */
    add_fault(SB_PRACTICE_FAULT_IGNORED_CAP, 0);
    assert_int_equal(call_within(SB_S(20), &failure), SB_OK);
    assert_int_equal(totals().spent.nano, server_total());
    assert_true(totals().is_closed);
    assert_true(world.ledger.is_closed);
    uint64_t calls = world.spent_count;
    assert_int_equal(call_within(SB_S(20), &failure), SB_ERR_REFUSED);
    assert_int_equal(failure.class, SB_CLASS_BUDGET);
    assert_int_equal(world.spent_count, calls);
}

static void paid_call__takes_the_cheaper_alias_when_money_is_short_and_refuses_before_it_passes_the_limit(void **state)
{
    struct sb_llm_failure failure;
    enum sb_err rc = SB_OK;
    unsigned calls = 0;
    (void)state;
    world.catalogue.budget.limit.nano = 20000000;
    while (rc == SB_OK && calls < 1000) {
        rc = call_within(SB_S(20), &failure);
        calls += rc == SB_OK;
        assert_true(server_total() <= world.catalogue.budget.limit.nano);
    }
    assert_int_equal(rc, SB_ERR_REFUSED);
    assert_int_equal(failure.category, SB_LLM_CATEGORY_BUDGET_EXCEEDED);
    assert_true(calls > 10); /* premium alone would have been some six */
    assert_int_equal(totals().spent.nano, server_total());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(paid_call__settles_at_exactly_what_the_endpoint_charged),
        TEST(paid_call__of_every_failure_has_its_category_and_covers_the_bill),
        TEST(paid_call__to_an_endpoint_that_ignores_its_cap_is_recorded_in_full),
        TEST(paid_call__takes_the_cheaper_alias_when_money_is_short_and_refuses_before_it_passes_the_limit),
    };
    return cmocka_run_group_tests_name(test_store_suite("paid call contract"), tests, NULL, NULL);
}
