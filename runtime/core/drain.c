/* Shutting down: nothing new is admitted, running steps may finish within the grace, then they are stopped. What has not finished stays
 * unfinished in the journal, and the next start goes on with it. Core thread only. */
#include "notices.h"

static uint32_t count_in_flight(const struct sb_core *core)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->run_cap; i++)
        count += core->runs[i].is_used && core->runs[i].fence != 0 ? 1u : 0u;
    return count;
}

/* Stops one step a unit, so that any number of running steps fits the outbox. Returns whether there was one. */
static bool stop_one(struct sb_core *core, bool is_hard)
{
    for (uint32_t i = 0; i < core->run_cap; i++) {
        struct run *run = &core->runs[i];
        if (!run->is_used || run->fence == 0)
            continue;
        if (!is_hard && run->state == SB_RUN_STATE_RUNNING) {
            sb_stop_soft(core, run, STOP_DRAIN, "shutting down");
            return true;
        }
        if (is_hard && !run->is_hard_stopped) {
            if (run->state == SB_RUN_STATE_RUNNING)
                sb_stop_soft(core, run, STOP_DRAIN, "shutting down");
            sb_stop_hard(core, run, "shutting down");
            return true;
        }
    }
    return false;
}

void sb_drain_start(struct sb_core *core, const char *actor, bool is_hurried)
{
    if (core->is_draining) { /* a second request hurries */
        core->is_drain_hurried = true;
        core->drain_at = core->now;
        sb_timer_set(core, timer_single(core, TIMER_DRAIN), core->now);
        return;
    }
    core->is_draining = true;
    core->is_drain_hurried = is_hurried;
    core->drain_at = is_hurried ? core->now : sb_ns_add(core->now, core->setup.drain_grace);
    struct sb_event event = sb_event_make(core, SB_EVENT_DRAIN_STARTED);
    (void)sb_copy(event.as.drain_started.actor, sizeof(event.as.drain_started.actor), actor);
    event.as.drain_started.grace = core->drain_at - core->now;
    event.as.drain_started.running = count_in_flight(core);
    sb_core_emit(core, &event);
    sb_notices_stopping(core);
    sb_timer_set(core, timer_single(core, TIMER_DRAIN), core->drain_at);
    sb_advance_all(core);
}

void sb_drain_timer(struct sb_core *core)
{
    if (stop_one(core, core->is_drain_hurried))
        sb_timer_set(core, timer_single(core, TIMER_DRAIN), core->now);
}

void sb_drain_progress(struct sb_core *core)
{
    if (core->is_drained || count_in_flight(core) > 0)
        return;
    core->is_drained = true;
    struct sb_event event = sb_event_make(core, SB_EVENT_DRAINED);
    event.as.drained.cancelled = core->drain_cancelled;
    sb_core_emit(core, &event);
    struct sb_order order = sb_order_make(SB_ORDER_FINISH);
    order.as.finish.cancelled = core->drain_cancelled;
    sb_core_order(core, &order);
}
