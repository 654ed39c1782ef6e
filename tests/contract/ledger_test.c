/* The ledger on a real store: its moves one by one, then many threads and killed processes. Figures that must hold: spent + held + uncertain never
 * above the limit, and never below what was really charged. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/ledger.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "stores.h"

enum { THREADS = 16, CYCLES = 40, KILLS = 12, CHILD_THREADS = 4 };

static const struct sb_op patient = { .deadline = SB_NEVER };
static const struct sb_model_alias aliases[] = {
    { .alias = "premium", .model = "p", .in_nano = 2500, .out_nano = 10000, .cached_nano = 1250 },
    { .alias = "economy", .model = "e", .in_nano = 150, .out_nano = 600, .cached_nano = 75 },
    { .alias = "local", .model = "l" },
};
static const struct sb_llm_def llm = { .aliases = aliases, .alias_count = SB_LEN(aliases) };

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_store *store;
    struct sb_ledger *ledger;
    struct sb_zone zone;
    struct sb_budget_def budget;
};
static struct world world;
static int64_t clock_s; /* what the ledger takes for now */

static struct sb_wall test_now(void)
{
    return (struct sb_wall){ clock_s * SB_S(1) };
}

static void open_ledger(void)
{
    struct sb_error err = { 0 };
    const struct sb_ledger_setup setup = { world.store, &world.budget, &world.zone, &llm, test_now };
    if (sb_ledger_create(&world.ledger, &setup, &err) != SB_OK)
        fail_msg("ledger: %s", err.text);
}

static void open_store(void)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world.store, world.location, &err) != SB_OK)
        fail_msg("store: %s", err.text);
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    clock_s = 1795000000;
    world.budget.limit.nano = 5 * SB_USD_NANO;
    sb_zone_init_utc(&world.zone);
    test_store_create(world.location);
    open_store();
    open_ledger();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_ledger_destroy(world.ledger);
    world.store->ops->close(world.store);
    test_store_destroy(world.location);
    return 0;
}

static struct sb_ledger_ask ask_for(const char *alias, uint32_t output_max)
{
    return (struct sb_ledger_ask){ .aliases = { alias }, .alias_count = 1, .input_bytes = 1000, .message_count = 2, .output_max = output_max,
                                   .output_min = 50, .run = 7, .job = "plan", .intent = "content_generation" };
}

static struct sb_ledger_hold must_hold(const struct sb_ledger_ask *ask)
{
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    if (sb_ledger_hold(world.ledger, ask, &patient, &hold, &totals, &err) != SB_OK)
        fail_msg("hold: %s", err.text);
    return hold;
}

static struct sb_ledger_totals totals_now(void)
{
    struct sb_ledger_totals totals;
    assert_int_equal(sb_ledger_totals(world.ledger, &patient, &totals, NULL), SB_OK);
    return totals;
}

static void assert_figures(int64_t spent, int64_t held, int64_t uncertain)
{
    struct sb_ledger_totals totals = totals_now();
    assert_int_equal(totals.spent.nano, spent);
    assert_int_equal(totals.held.nano, held);
    assert_int_equal(totals.uncertain.nano, uncertain);
}

static void spend(int64_t nano)
{
    struct sb_ledger_ask ask = ask_for("premium", 1000000);
    struct sb_ledger_totals totals;
    world.budget.limit.nano += 100 * SB_USD_NANO; /* whatever is left */
    struct sb_ledger_hold hold = must_hold(&ask);
    world.budget.limit.nano -= 100 * SB_USD_NANO;
    assert_int_equal(sb_ledger_sent(world.ledger, &hold, &patient, NULL), SB_OK);
    assert_int_equal(sb_ledger_settle(world.ledger, &hold, &(struct sb_ledger_usage){ 1, 1, { nano } }, &patient, &totals, NULL), SB_OK);
}

/* --- one by one ------------------------------------------------------------------------------------------------------------------ */

static void bound__is_never_below_the_bill_of_a_byte_level_tokenizer(void **state)
{
    (void)state;
    /* Every byte a token, the framing of two messages, all of the output. */
    assert_true(sb_ledger_bound(&aliases[0], 1000, 2, 400) >= 1000 * 2500 + 400 * 10000);
    assert_true(sb_ledger_bound(&aliases[0], 1000, 2, 400) <= 1100 * 2500 + 400 * 10000);
    assert_int_equal(sb_ledger_bound(&aliases[2], 1000, 2, 400), 0);
    assert_int_equal(sb_ledger_bound(&aliases[0], SIZE_MAX, 2, 400), INT64_MAX);
}

static void hold__counts_until_it_is_settled_at_what_it_cost(void **state)
{
    struct sb_ledger_ask ask = ask_for("premium", 400);
    struct sb_ledger_totals totals;
    const struct sb_ledger_usage usage = { 250, 100, { 1625000 } };
    (void)state;
    struct sb_ledger_hold hold = must_hold(&ask);
    assert_int_equal(hold.output_max, 400);
    assert_figures(0, hold.bound.nano, 0);
    assert_int_equal(sb_ledger_settle(world.ledger, &hold, &usage, &patient, &totals, NULL), SB_ERR_CONFLICT); /* it was not sent */
    assert_int_equal(sb_ledger_sent(world.ledger, &hold, &patient, NULL), SB_OK);
    assert_figures(0, hold.bound.nano, 0);
    assert_int_equal(sb_ledger_settle(world.ledger, &hold, &usage, &patient, &totals, NULL), SB_OK);
    assert_figures(1625000, 0, 0);
    assert_int_equal(sb_ledger_settle(world.ledger, &hold, &usage, &patient, &totals, NULL), SB_OK); /* once is once */
    assert_figures(1625000, 0, 0);
}

static void failed__call_is_released_or_stays_charged_at_its_bound(void **state)
{
    struct sb_ledger_ask ask = ask_for("economy", 400);
    struct sb_ledger_totals totals;
    (void)state;
    struct sb_ledger_hold unsent = must_hold(&ask), refused = must_hold(&ask), cut = must_hold(&ask);
    assert_int_equal(sb_ledger_fail(world.ledger, &unsent, false, "network_error", "no route", &patient, &totals, NULL), SB_OK);
    assert_int_equal(sb_ledger_sent(world.ledger, &refused, &patient, NULL), SB_OK);
    assert_int_equal(sb_ledger_fail(world.ledger, &refused, false, "invalid_key", "401", &patient, &totals, NULL), SB_OK);
    assert_int_equal(sb_ledger_sent(world.ledger, &cut, &patient, NULL), SB_OK);
    assert_int_equal(sb_ledger_fail(world.ledger, &cut, true, "network_error", "cut", &patient, &totals, NULL), SB_OK);
    assert_figures(0, 0, cut.bound.nano);
    assert_int_equal(sb_ledger_fail(world.ledger, &cut, false, "network_error", "cut", &patient, &totals, NULL), SB_OK); /* it has ended */
    assert_figures(0, 0, cut.bound.nano);
}

static void hold__fits_the_output_to_the_money_then_takes_the_cheaper_alias_then_the_free_one(void **state)
{
    struct sb_ledger_ask ask = { .aliases = { "premium", "economy", "local" }, .alias_count = 3, .input_bytes = 1000, .message_count = 2,
                                 .output_max = 400, .output_min = 100, .intent = "x" };
    (void)state;
    spend(5 * SB_USD_NANO - 5000000); /* premium: input 2.66 m, so 234 of 400 tokens */
    struct sb_ledger_hold fitted = must_hold(&ask);
    assert_string_equal(fitted.alias->alias, "premium");
    assert_in_range(fitted.output_max, 200, 399);
    assert_true(fitted.bound.nano <= 5000000);
    struct sb_ledger_totals totals;
    assert_int_equal(sb_ledger_fail(world.ledger, &fitted, false, "", "", &patient, &totals, NULL), SB_OK);
    spend(4000000);
    assert_string_equal(must_hold(&ask).alias->alias, "economy");
    spend(900000);
    assert_string_equal(must_hold(&ask).alias->alias, "local");
}

static void hold__refuses_with_every_figure_when_nothing_can_be_paid(void **state)
{
    struct sb_ledger_ask ask = ask_for("premium", 400);
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    (void)state;
    spend(5 * SB_USD_NANO - 1000);
    assert_int_equal(sb_ledger_hold(world.ledger, &ask, &patient, &hold, &totals, &err), SB_ERR_REFUSED);
    assert_non_null(strstr(err.text, "needs 0.00"));
    assert_non_null(strstr(err.text, "USD (spent 4.999999"));
    assert_non_null(strstr(err.text, "resets 2026-"));
    ask.aliases[0] = "gold";
    assert_int_equal(sb_ledger_hold(world.ledger, &ask, &patient, &hold, &totals, &err), SB_ERR_CONFIG);
}

static void bill__above_its_hold_is_recorded_in_full_and_closes_the_window(void **state)
{
    struct sb_ledger_ask ask = ask_for("economy", 400);
    struct sb_ledger_hold hold, next;
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    (void)state;
    hold = must_hold(&ask);
    assert_int_equal(sb_ledger_sent(world.ledger, &hold, &patient, NULL), SB_OK);
    const struct sb_ledger_usage usage = { 1, 1, { 6 * SB_USD_NANO } };
    assert_int_equal(sb_ledger_settle(world.ledger, &hold, &usage, &patient, &totals, NULL), SB_OK);
    assert_int_equal(totals.spent.nano, 6 * SB_USD_NANO);
    assert_true(totals.is_closed);
    assert_int_equal(sb_ledger_hold(world.ledger, &ask, &patient, &next, &totals, &err), SB_ERR_REFUSED);
    assert_non_null(strstr(err.text, "closed by a bill above its hold"));
}

static void window__rolls_at_local_midnight_and_an_old_hold_belongs_to_the_old_one(void **state)
{
    struct sb_ledger_ask ask = ask_for("economy", 400);
    struct sb_ledger_totals before, after;
    (void)state;
    world.zone.first_offset_s = 2 * 3600; /* two hours ahead: midnight is at 22:00 UTC */
    clock_s = 1795039199; /* 2026-11-18T21:59:59Z */
    before = totals_now();
    assert_int_equal(before.ends.ns / SB_S(1), clock_s + 1);
    struct sb_ledger_hold old = must_hold(&ask);
    assert_int_equal(sb_ledger_sent(world.ledger, &old, &patient, NULL), SB_OK);
    clock_s++;
    assert_figures(0, 0, 0);
    const struct sb_ledger_usage usage = { 1, 1, { 1000 } };
    assert_int_equal(sb_ledger_settle(world.ledger, &old, &usage, &patient, &after, NULL), SB_OK);
    assert_int_equal(after.starts.ns, before.starts.ns);
    assert_int_equal(after.spent.nano, 1000);
    assert_figures(0, 0, 0);
}

static void limit__that_was_changed_holds_from_the_next_call_on(void **state)
{
    struct sb_ledger_ask ask = ask_for("premium", 400);
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    (void)state;
    (void)must_hold(&ask);
    world.budget.limit.nano = 1000;
    assert_int_equal(sb_ledger_hold(world.ledger, &ask, &patient, &hold, &totals, NULL), SB_ERR_REFUSED);
    assert_int_equal(totals.limit.nano, 1000);
}

static void ledger__without_a_store_lets_only_what_is_free_go_on(void **state)
{
    struct sb_ledger_ask ask = { .aliases = { "premium", "local" }, .alias_count = 2, .input_bytes = 10, .message_count = 1, .output_max = 100,
                                 .output_min = 10, .intent = "x" };
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    const struct sb_op over = { .deadline = 1 };
    (void)state;
    assert_int_equal(sb_ledger_hold(world.ledger, &ask, &over, &hold, &totals, &err), SB_OK);
    assert_string_equal(hold.alias->alias, "local");
    assert_int_equal(hold.id, 0);
    ask.alias_count = 1;
    assert_int_not_equal(sb_ledger_hold(world.ledger, &ask, &over, &hold, &totals, &err), SB_OK);
    assert_non_null(strstr(err.text, "nothing that costs money is called"));
}

static void reconcile__turns_what_is_uncertain_into_one_correction(void **state)
{
    struct sb_ledger_ask ask = ask_for("premium", 400);
    struct sb_ledger_totals totals;
    (void)state;
    assert_int_equal(sb_ledger_reconcile(world.ledger, (struct sb_usd){ 1 }, "ann", &patient, &totals, NULL), SB_ERR_REFUSED);
    for (int i = 0; i < 3; i++) {
        struct sb_ledger_hold hold = must_hold(&ask);
        assert_int_equal(sb_ledger_sent(world.ledger, &hold, &patient, NULL), SB_OK);
        assert_int_equal(sb_ledger_fail(world.ledger, &hold, true, "network_error", "cut", &patient, &totals, NULL), SB_OK);
    }
    assert_true(totals.uncertain.nano > 7000000);
    assert_int_equal(sb_ledger_reconcile(world.ledger, (struct sb_usd){ 3000000 }, "ann", &patient, &totals, NULL), SB_OK);
    assert_figures(3000000, 0, 0);
}

static void recovery__releases_what_was_not_sent_and_keeps_the_rest_charged(void **state)
{
    struct sb_ledger_ask ask = ask_for("economy", 400);
    int64_t released = 0, unknown = 0;
    (void)state;
    struct sb_ledger_hold sent = must_hold(&ask);
    (void)must_hold(&ask);
    (void)must_hold(&ask);
    assert_int_equal(sb_ledger_sent(world.ledger, &sent, &patient, NULL), SB_OK);
    assert_int_equal(sb_ledger_recover(world.ledger, &patient, &released, &unknown, NULL), SB_OK);
    assert_int_equal(released + unknown, 0); /* its own are alive */
    sb_ledger_destroy(world.ledger);
    open_ledger(); /* another process */
    assert_int_equal(sb_ledger_recover(world.ledger, &patient, &released, &unknown, NULL), SB_OK);
    assert_int_equal(released, 2);
    assert_int_equal(unknown, 1);
    assert_figures(0, 0, sent.bound.nano);
}

/* --- many threads, killed processes -------------------------------------------------------------------------------------------------- */

/* What the provider charged, in memory that outlives the process. */
struct bill {
    _Atomic int64_t nano;
    _Atomic uint64_t breaches, moves;
};

struct spender {
    struct bill *bill;
    uint64_t random;
    int cycles; /* 0: for ever */
};

static uint64_t draw(struct spender *self)
{
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    return self->random >> 33;
}

static void look(struct bill *bill, const struct sb_ledger_totals *totals)
{
    if (totals->spent.nano + totals->held.nano + totals->uncertain.nano > totals->limit.nano)
        atomic_fetch_add(&bill->breaches, 1);
    atomic_fetch_add(&bill->moves, 1);
}

/* One call with any end, the abandoned ones included. */
static void call_once(struct spender *self)
{
    struct sb_ledger_ask ask = { .aliases = { "premium", "economy" }, .alias_count = 2, .input_bytes = 200 + draw(self) % 4000, .message_count = 2,
                                 .output_max = 100 + (uint32_t)(draw(self) % 900), .output_min = 20, .intent = "x" };
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    uint64_t end = draw(self) % 8;
    if (sb_ledger_hold(world.ledger, &ask, &patient, &hold, &totals, NULL) != SB_OK)
        return;
    look(self->bill, &totals);
    if (end == 0) /* dies with it held */
        return;
    if (end == 1) {
        if (sb_ledger_fail(world.ledger, &hold, false, "network_error", "", &patient, &totals, NULL) == SB_OK)
            look(self->bill, &totals);
        return;
    }
    if (sb_ledger_sent(world.ledger, &hold, &patient, NULL) != SB_OK)
        return;
    int64_t cost = (int64_t)(draw(self) % (uint64_t)(hold.bound.nano + 1));
    atomic_fetch_add(&self->bill->nano, cost); /* the provider has done its work */
    enum sb_err rc = SB_ERR_UNAVAILABLE;
    if (end == 2) /* the answer is lost */
        rc = sb_ledger_fail(world.ledger, &hold, true, "network_error", "", &patient, &totals, NULL);
    else if (end > 3) /* 3: dies while it waits */
        rc = sb_ledger_settle(world.ledger, &hold, &(struct sb_ledger_usage){ 1, 1, { cost } }, &patient, &totals, NULL);
    if (rc == SB_OK)
        look(self->bill, &totals);
}

static void spender_main(void *arg)
{
    struct spender *self = arg;
    for (int i = 0; self->cycles == 0 || i < self->cycles; i++)
        call_once(self);
}

static int64_t sum_of(const char *sql)
{
    struct sb_rows *rows = NULL;
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    assert_int_equal(world.store->ops->query(world.store, &statement, &patient, &rows, NULL), SB_OK);
    int64_t sum = sb_rows_number(rows, 0, "sum");
    sb_rows_destroy(rows);
    return sum;
}

/* The window's figures are the sums of its rows, and the true bill is covered. */
static void assert_books(const struct bill *bill)
{
    struct sb_ledger_totals totals = totals_now();
    assert_int_equal(totals.spent.nano, sum_of("SELECT COALESCE(SUM(cost_nano), 0) AS sum FROM llm_ledger WHERE state = 'settled'"));
    assert_int_equal(totals.held.nano, sum_of("SELECT COALESCE(SUM(bound_nano), 0) AS sum FROM llm_ledger WHERE state IN ('held', 'sent')"));
    assert_int_equal(totals.uncertain.nano, sum_of("SELECT COALESCE(SUM(bound_nano), 0) AS sum FROM llm_ledger WHERE state = 'unknown'"));
    assert_true(totals.spent.nano + totals.held.nano + totals.uncertain.nano <= totals.limit.nano);
    assert_true(atomic_load(&bill->nano) <= totals.spent.nano + totals.held.nano + totals.uncertain.nano);
    assert_int_equal(atomic_load(&bill->breaches), 0);
}

static void threads__never_pass_the_limit_and_never_lose_a_cost(void **state)
{
    struct bill bill = { 0 };
    struct spender spenders[THREADS];
    struct sb_thread *threads[THREADS];
    int64_t released = 0, unknown = 0;
    (void)state;
    world.budget.limit.nano = SB_USD_NANO; /* some hundred calls: the end of the money is part of the test */
    for (size_t i = 0; i < THREADS; i++) {
        spenders[i] = (struct spender){ .bill = &bill, .random = 977 * i + 11, .cycles = CYCLES };
        assert_int_equal(sb_thread_start(&threads[i], "spender", spender_main, &spenders[i], NULL), SB_OK);
    }
    for (size_t i = 0; i < THREADS; i++)
        sb_thread_join(threads[i]);
    assert_books(&bill);
    assert_true(atomic_load(&bill.moves) > THREADS * 4);
    sb_ledger_destroy(world.ledger);
    open_ledger();
    assert_int_equal(sb_ledger_recover(world.ledger, &patient, &released, &unknown, NULL), SB_OK);
    assert_books(&bill);
    assert_int_equal(totals_now().held.nano, 0);
    print_message("%llu moves, %lld released, %lld unknown, true cost %lld of %lld nano-dollars\n", (unsigned long long)bill.moves,
                  (long long)released, (long long)unknown, (long long)bill.nano, (long long)totals_now().limit.nano);
}

static _Noreturn void child_main(struct bill *bill, uint64_t seed)
{
    struct spender spenders[CHILD_THREADS];
    struct sb_thread *threads[CHILD_THREADS];
    open_store();
    open_ledger();
    for (size_t i = 0; i < CHILD_THREADS; i++) {
        spenders[i] = (struct spender){ .bill = bill, .random = seed * 31 + i };
        if (sb_thread_start(&threads[i], "spender", spender_main, &spenders[i], NULL) != SB_OK)
            _exit(1);
    }
    for (;;)
        pause();
}

static void killed__processes_leave_books_that_hold(void **state)
{
    struct bill *bill = mmap(NULL, sizeof(*bill), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int64_t released = 0, unknown = 0, all_released = 0, all_unknown = 0;
    const char *kills_text = getenv("LEDGER_KILLS");
    int64_t kills = KILLS;
    (void)state;
    assert_ptr_not_equal(bill, MAP_FAILED);
    if (kills_text != NULL)
        assert_true(sb_parse_i64(kills_text, &kills));
    memset(bill, 0, sizeof(*bill));
    world.budget.limit.nano = 50 * SB_USD_NANO;
    sb_ledger_destroy(world.ledger);
    world.ledger = NULL;
    world.store->ops->close(world.store);
    for (int64_t i = 0; i < kills; i++) {
        uint64_t before = atomic_load(&bill->moves), enough = before + 1 + (uint64_t)(i * 7 % 23);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child_main(bill, (uint64_t)i + 1);
        int status = 0;
        while (atomic_load(&bill->moves) < enough && waitpid(pid, &status, WNOHANG) == 0)
            (void)sched_yield(); /* any instant is as good as another */
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        open_store();
        open_ledger();
        assert_int_equal(sb_ledger_recover(world.ledger, &patient, &released, &unknown, NULL), SB_OK);
        all_released += released;
        all_unknown += unknown;
        assert_books(bill);
        assert_int_equal(totals_now().held.nano, 0);
        sb_ledger_destroy(world.ledger);
        world.ledger = NULL;
        world.store->ops->close(world.store);
    }
    open_store();
    open_ledger();
    assert_true(all_released + all_unknown > 0); /* some kill hit an open hold */
    print_message("%lld kills, %llu moves, %lld holds released, %lld unknown\n", (long long)kills, (unsigned long long)bill->moves,
                  (long long)all_released, (long long)all_unknown);
    (void)munmap(bill, sizeof(*bill));
}

static void recovery__of_ten_thousand_holds(void **state)
{
    int64_t released = 0, unknown = 0;
    const struct sb_statement statements[] = {
        { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO llm_ledger (hold_id, window_id, state, boot, "
          "run, alias, intent, bound_nano, held_at_ms) SELECT i, (SELECT window_id FROM budget_windows), CASE i % 2 WHEN 0 THEN 'held' ELSE 'sent' "
          "END, 99, 1, 'economy', 'x', 1000, 1 FROM n", NULL, 0, 10000 },
        { "UPDATE budget_windows SET held_nano = 10000000", NULL, 0, 1 },
    };
    (void)state;
    (void)totals_now();
    assert_int_equal(world.store->ops->write(world.store, statements, SB_LEN(statements), NULL, &patient, NULL), SB_OK);
    sb_ns start = sb_now();
    assert_int_equal(sb_ledger_recover(world.ledger, &patient, &released, &unknown, NULL), SB_OK);
    print_message("10000 holds recovered in %lld ms\n", (long long)((sb_now() - start) / SB_MS(1)));
    assert_int_equal(released, 5000);
    assert_int_equal(unknown, 5000);
    assert_figures(0, 0, 5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(bound__is_never_below_the_bill_of_a_byte_level_tokenizer),
        TEST(hold__counts_until_it_is_settled_at_what_it_cost),
        TEST(failed__call_is_released_or_stays_charged_at_its_bound),
        TEST(hold__fits_the_output_to_the_money_then_takes_the_cheaper_alias_then_the_free_one),
        TEST(hold__refuses_with_every_figure_when_nothing_can_be_paid),
        TEST(bill__above_its_hold_is_recorded_in_full_and_closes_the_window),
        TEST(window__rolls_at_local_midnight_and_an_old_hold_belongs_to_the_old_one),
        TEST(limit__that_was_changed_holds_from_the_next_call_on),
        TEST(ledger__without_a_store_lets_only_what_is_free_go_on),
        TEST(reconcile__turns_what_is_uncertain_into_one_correction),
        TEST(recovery__releases_what_was_not_sent_and_keeps_the_rest_charged),
        TEST(threads__never_pass_the_limit_and_never_lose_a_cost),
        TEST(killed__processes_leave_books_that_hold),
        TEST(recovery__of_ten_thousand_holds),
    };
    return cmocka_run_group_tests_name(test_store_suite("ledger contract"), tests, NULL, NULL);
}
