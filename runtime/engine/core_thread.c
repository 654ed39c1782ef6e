/* The core thread: the only caller of the core. It stamps each input with the one "now" of its step and hands on what the core
 * decided, in this order: journal, orders, listeners. It waits for an input or for the core's next deadline, and for nothing else. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 32 };

static void count_step(struct sb_engine *engine, sb_ns duration)
{
    sb_mutex_lock(engine->stats.mutex);
    engine->stats.inputs++;
    engine->stats.events += engine->outbox.event_count;
    engine->stats.orders += engine->outbox.order_count;
    sb_hist_add(&engine->stats.step, duration);
    sb_mutex_unlock(engine->stats.mutex);
}

static void forget_ended(struct sb_engine *engine)
{
    for (uint32_t i = 0; i < engine->outbox.event_count; i++)
        if (engine->outbox.events[i].kind == SB_EVENT_RUN_ENDED)
            sb_outputs_forget(engine->outputs, engine->outbox.events[i].as.run_ended.run);
}

static void tell_the_end(struct sb_engine *engine)
{
    if (!engine->is_finishing || atomic_load(&engine->is_finished))
        return;
    atomic_store(&engine->is_finished, true);
    sb_wake_post(engine->finished_fd);
}

static void step(struct sb_engine *engine, struct sb_input *input)
{
    sb_ns now = sb_now();

    SB_ASSERT(now >= engine->last_now);
    engine->last_now = now;
    input->now = now;
    input->wall = sb_wall_now();
    sb_flight_record(engine->flight, input);
    sb_core_step(engine->core, input, &engine->outbox);
    sb_ns duration = sb_now() - now;
    if (engine->setup.checks_core)
        sb_core_check(engine->core);
    sb_journal_append(engine->journal, engine->outbox.events, engine->outbox.event_count);
    sb_dispatch(engine, engine->outbox.orders, engine->outbox.order_count);
    sb_feeds_publish(engine->feeds, engine->outbox.events, engine->outbox.event_count);
    tell_the_end(engine);
    forget_ended(engine);
    count_step(engine, duration);
}

/* What was restored, then `begin`: after that the core lives. */
static void begin(struct sb_engine *engine)
{
    struct sb_input input = sb_input_make(SB_INPUT_BEGIN);
    struct sb_in_begin *begun = &input.as.begin;

    for (size_t i = 0; i < engine->restored.count; i++)
        step(engine, &engine->restored.inputs[i]);
    free(engine->restored.inputs);
    engine->restored = (struct sb_input_list){ .count = 0 };
    begun->boot = engine->boot;
    (void)sb_copy(begun->version, sizeof(begun->version), engine->setup.version); /* same capacity, as below */
    (void)sb_copy(begun->host, sizeof(begun->host), engine->setup.host);
    (void)sb_copy(begun->config_hash, sizeof(begun->config_hash), engine->setup.catalogue->config_hash);
    begun->is_practice = engine->setup.catalogue->settings.is_practice;
    step(engine, &input);
}

/* The histogram has how well the thread wakes up: deadlines that it waited for. A stall is any that it missed, in the middle of inputs too. */
static void note_lateness(struct sb_engine *engine, sb_ns late, bool has_waited)
{
    sb_mutex_lock(engine->stats.mutex);
    if (has_waited)
        sb_hist_add(&engine->stats.lateness, late);
    if (late > engine->stats.late_worst)
        engine->stats.late_worst = late;
    sb_mutex_unlock(engine->stats.mutex);
}

static void tick(struct sb_engine *engine)
{
    struct sb_input input = sb_input_make(SB_INPUT_TICK);

    step(engine, &input);
}

static void answer_pings(struct sb_engine *engine)
{
    struct sb_event heartbeat;

    memset(&heartbeat, 0, sizeof(heartbeat));
    heartbeat.kind = SB_EVENT_HEARTBEAT;
    heartbeat.now = sb_now();
    heartbeat.wall = sb_wall_now();
    heartbeat.as.heartbeat.inputs = engine->stats.inputs; /* written by this thread only */
    sb_feeds_answer(engine->feeds, &heartbeat);
}

void sb_core_thread_main(void *argument)
{
    struct sb_engine *engine = argument;
    struct sb_input batch[BATCH];
    struct sb_taken taken = { 0 };

    begin(engine);
    while (!taken.is_over) {
        sb_ns deadline = sb_core_next_deadline(engine->core);
        sb_pulse_rest(&engine->core_pulse);
        taken = sb_inbox_take(engine->inbox, batch, BATCH, deadline);
        sb_pulse_rise(&engine->core_pulse);
        const sb_ns late = deadline < SB_NEVER && deadline > engine->last_now ? sb_now() - deadline : 0;
        if (late > 0)
            note_lateness(engine, late, taken.is_late);
        for (size_t i = 0; i < taken.count; i++)
            step(engine, &batch[i]);
        if (taken.is_kicked) {
            sb_feeds_describe(engine->feeds, engine->core, &engine->outbox);
            answer_pings(engine);
        }
        /* One tick a round: inputs are never starved by a core that always wants another one. */
        const sb_ns now = sb_now(), due = sb_core_next_deadline(engine->core);
        if (!taken.is_over && due <= now) {
            if (due > engine->last_now)
                note_lateness(engine, now - due, false);
            tick(engine);
        }
    }
}
