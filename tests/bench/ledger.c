/* Section ledger: what holding and settling one LLM call costs, durable in SQLite, alone and with sixteen threads at once. */
#include "bench.h"
#include "figures.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/ledger.h"

#include <stdio.h>

enum { CALLS = 400, THREADS_MAX = 16 };

static const struct sb_model_alias aliases[] = { { .alias = "premium", .model = "m", .in_nano = 2500, .out_nano = 10000, .cached_nano = 1250 } };
static const struct sb_llm_def llm = { .aliases = aliases, .alias_count = 1 };

struct caller {
    struct sb_ledger *ledger;
    int calls;
    struct samples hold, settle;
};

static void call(struct caller *self)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(20) };
    const struct sb_ledger_ask ask = { .aliases = { "premium" }, .alias_count = 1, .input_bytes = 2000, .message_count = 2, .output_max = 400,
                                       .output_min = 100, .run = 1, .job = "bench", .intent = "bench" };
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    struct sb_error error = { 0 };
    sb_ns began = sb_now();
    must(sb_ledger_hold(self->ledger, &ask, &op, &hold, &totals, &error), "hold", &error);
    samples_add(&self->hold, sb_now() - began);
    must(sb_ledger_sent(self->ledger, &hold, &op, &error), "sent", &error);
    began = sb_now();
    must(sb_ledger_settle(self->ledger, &hold, &(struct sb_ledger_usage){ 500, 100, { 2250000 } }, &op, &totals, &error), "settle", &error);
    samples_add(&self->settle, sb_now() - began);
}

static void caller_main(void *arg)
{
    struct caller *self = arg;
    for (int i = 0; i < self->calls; i++)
        call(self);
}

static void add_all(struct samples *to, const struct samples *from)
{
    for (size_t i = 0; i < from->count; i++)
        samples_add(to, from->values[i]);
}

static void measure(struct sb_ledger *ledger, int thread_count)
{
    struct caller callers[THREADS_MAX];
    struct sb_thread *threads[THREADS_MAX];
    struct samples hold, settle;
    struct sb_error error = { 0 };
    char row[96];
    for (int i = 0; i < thread_count; i++) {
        callers[i] = (struct caller){ .ledger = ledger, .calls = CALLS / thread_count };
        samples_init(&callers[i].hold, CALLS);
        samples_init(&callers[i].settle, CALLS);
    }
    sb_ns began = sb_now();
    for (int i = 0; i < thread_count; i++)
        must(sb_thread_start(&threads[i], "caller", caller_main, &callers[i], &error), "thread", &error);
    for (int i = 0; i < thread_count; i++)
        sb_thread_join(threads[i]);
    double seconds = (double)(sb_now() - began) / 1e9;
    samples_init(&hold, CALLS);
    samples_init(&settle, CALLS);
    for (int i = 0; i < thread_count; i++) {
        add_all(&hold, &callers[i].hold);
        add_all(&settle, &callers[i].settle);
        samples_deinit(&callers[i].hold);
        samples_deinit(&callers[i].settle);
    }
    (void)snprintf(row, sizeof(row), "ledger, hold, %d thread%s: p50, p99", thread_count, thread_count > 1 ? "s" : "");
    figures_row(row, figure(UNIT_NS, samples_permille(&hold, 500)), figure_at_most(UNIT_NS, samples_permille(&hold, 990), 5e6));
    (void)snprintf(row, sizeof(row), "ledger, settle, %d thread%s: p50, p99", thread_count, thread_count > 1 ? "s" : "");
    figures_row(row, figure(UNIT_NS, samples_permille(&settle, 500)), figure_at_most(UNIT_NS, samples_permille(&settle, 990), 5e6));
    (void)snprintf(row, sizeof(row), "  whole calls (hold, sent, settle), %d thread%s", thread_count, thread_count > 1 ? "s" : "");
    figures_row(row, figure(UNIT_PER_SECOND, CALLS / seconds), figure_none());
    samples_deinit(&hold);
    samples_deinit(&settle);
}

void bench_ledger(const struct bench *bench)
{
    char location[512];
    struct sb_store *store = NULL;
    struct sb_ledger *ledger = NULL;
    struct sb_error error = { 0 };
    struct sb_zone zone;
    const struct sb_budget_def budget = { .limit = { 1000000 * SB_USD_NANO } };
    const struct sb_ledger_setup setup = { NULL, &budget, &zone, &llm, sb_wall_now };
    struct sb_ledger_setup with_store = setup;
    sb_zone_init_utc(&zone);
    (void)snprintf(location, sizeof(location), "sqlite:%s/ledger-%lld.db", bench->scratch, (long long)sb_now());
    must(sb_store_open(&store, location, &error), "store", &error);
    with_store.store = store;
    must(sb_ledger_create(&ledger, &with_store, &error), "ledger", &error);
    measure(ledger, 1);
    measure(ledger, THREADS_MAX);
    sb_ledger_destroy(ledger);
    store->ops->close(store);
}
