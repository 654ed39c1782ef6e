/* Orders of the core -> the part that carries them out: one row per kind. Core thread; nothing here may block. */
#include "parts.h"

static void start_step(struct sb_engine *engine, const struct sb_order *order)
{
    const struct sb_or_start_step *start = &order->as.start_step;
    struct sb_error error;

    if (atomic_load(&engine->is_ending)) {
        sb_attempt_refuse(engine, start, SB_CLASS_CANCELLED, "the engine is stopping");
        return;
    }
    struct sb_attempt *attempt = sb_attempts_begin(engine->attempts, start, engine->last_now, &error);
    if (attempt == NULL)
        sb_attempt_refuse(engine, start, SB_CLASS_RETRYABLE, error.text);
    else
        sb_journal_submit(engine->journal, attempt);
}

static void stop_step(struct sb_engine *engine, const struct sb_order *order)
{
    const struct sb_or_stop_step *stop = &order->as.stop_step;
    struct sb_or_start_step started;

    if (!sb_attempts_stop(engine->attempts, stop->fence, stop->hard, &started))
        return; /* it has just ended; its answer is in the inbox */
    sb_journal_release(engine->journal, stop->fence);
    if (stop->hard && started.ctx != SB_NO_CTX)
        sb_keeper_close(engine->keeper, started.ctx, started.generation);
}

static void open_context(struct sb_engine *engine, const struct sb_order *order)
{
    sb_keeper_open(engine->keeper, order->as.open_context.ctx, order->as.open_context.generation);
}

static void close_context(struct sb_engine *engine, const struct sb_order *order)
{
    sb_keeper_close(engine->keeper, order->as.close_context.ctx, 0);
}

static void probe(struct sb_engine *engine, const struct sb_order *order)
{
    sb_keeper_probe(engine->keeper, (enum sb_component)order->as.probe.component, order->as.probe.restart);
}

static void probe_site(struct sb_engine *engine, const struct sb_order *order)
{
    sb_keeper_probe_site(engine->keeper, order->as.probe_site.site, order->as.probe_site.generation);
}

static void send_notice(struct sb_engine *engine, const struct sb_order *order)
{
    sb_notifier_send(engine->notifier, &order->as.send_notice);
}

static void add_workers(struct sb_engine *engine, const struct sb_order *order)
{
    sb_workers_add(engine->workers, order->as.add_workers.count);
}

static void finish(struct sb_engine *engine, const struct sb_order *order)
{
    (void)order;
    engine->is_finishing = true; /* told after the events of this step: who hears of the end finds the last word in the feed */
}

typedef void order_function(struct sb_engine *engine, const struct sb_order *order);
static order_function *const rows[SB_ORDER_COUNT] = {
#define ROW(code, name) [SB_ORDER_##code] = name,
    SB_ORDERS(ROW)
#undef ROW
};

void sb_dispatch(struct sb_engine *engine, const struct sb_order *orders, size_t count)
{
    /* A kill asks softly and forces in one step. Its fence goes first, so that no step hears of its cancellation while the fence holds. */
    for (size_t i = 0; i < count; i++)
        if (orders[i].kind == SB_ORDER_STOP_STEP && orders[i].as.stop_step.hard)
            sb_attempts_revoke(engine->attempts, orders[i].as.stop_step.fence);
    for (size_t i = 0; i < count; i++) {
        SB_ASSERT(orders[i].kind < SB_ORDER_COUNT);
        rows[orders[i].kind](engine, &orders[i]);
    }
}
