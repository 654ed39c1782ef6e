/* Stopping a step that runs: first it is asked, then its context, child processes and requests are ended, at last the run goes on without it:
 * a hang never costs more than its own run. Core thread only. */
#include "state.h"

static void order_stop(struct sb_core *core, const struct run *run, bool is_hard, const char *reason)
{
    struct sb_order order = sb_order_make(SB_ORDER_STOP_STEP);
    order.as.stop_step.run = run->id;
    order.as.stop_step.fence = run->fence;
    order.as.stop_step.ctx = run->ctx;
    order.as.stop_step.hard = is_hard;
    note_copy(order.as.stop_step.reason, reason);
    sb_core_order(core, &order);
}

static void say_stopping(struct sb_core *core, const struct run *run, bool is_hard, const char *reason)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_STOPPING);
    event.as.run_stopping.run = run->id;
    event.as.run_stopping.job = run->job;
    event.as.run_stopping.hard = is_hard;
    note_copy(event.as.run_stopping.reason, reason);
    sb_core_emit(core, &event);
}

/* A cancel or a revocation outranks an earlier, weaker reason. */
static bool outranks(enum stop_why next, uint8_t current)
{
    return current == STOP_NONE || next == STOP_CANCEL || (next == STOP_REVOKE && current == STOP_TIMEOUT);
}

void sb_stop_soft(struct sb_core *core, struct run *run, enum stop_why why, const char *reason)
{
    SB_ASSERT(run->fence != 0);
    if (outranks(why, run->stop_why))
        run->stop_why = (uint8_t)why;
    if (run->state == SB_RUN_STATE_STOPPING)
        return;
    sb_run_move(core, run, SB_RUN_STATE_STOPPING);
    run->hard = sb_ns_add(core->now, core->setup.pool->stop_grace);
    run->is_hard_stopped = false;
    say_stopping(core, run, false, reason);
    order_stop(core, run, false, reason);
    sb_run_arm(core, run);
}

void sb_stop_hard(struct sb_core *core, struct run *run, const char *reason)
{
    SB_ASSERT(run->fence != 0);
    sb_run_move(core, run, SB_RUN_STATE_STOPPING);
    if (run->stop_why == STOP_NONE)
        run->stop_why = STOP_TIMEOUT;
    run->is_hard_stopped = true;
    run->hard = core->now;
    say_stopping(core, run, true, reason);
    order_stop(core, run, true, reason);
    if (run->ctx != SB_NO_CTX)
        sb_lanes_condemn(core, run->ctx, reason);
    sb_run_arm(core, run);
}

/* Within the limits of recoveries; beyond them the engine is degraded until an operator, or the thread itself, comes back. */
static void replace_worker(struct sb_core *core)
{
    char said[SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, said, sizeof(said));
    if (!sb_recover(core, SB_COMPONENT_ENGINE, "the runtime", false, &text))
        sb_components_engine(core);
}

void sb_stop_lost(struct sb_core *core, struct run *run)
{
    uint8_t step = run->step;
    enum stop_why why = (enum stop_why)run->stop_why;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_STUCK);
    event.as.run_stuck.run = run->id;
    event.as.run_stuck.job = run->job;
    event.as.run_stuck.step = step;
    event.as.run_stuck.over = core->now - run->soft;
    sb_core_emit(core, &event);

    /* The thread is written off; its late result will carry a fence that is over. */
    run->fence = 0;
    core->workers_lost++;
    if (!step_def(core, run->job, step)->needs_context)
        core->workers_busy--;
    if (why == STOP_CANCEL)
        sb_run_end(core, run, SB_RUN_STATE_CANCELLED, SB_CLASS_CANCELLED, step, "cancelled; its step never answered");
    else
        sb_advance_failed(core, run, step,
                          step_def(core, run->job, step)->is_effect ? SB_CLASS_UNCERTAIN : SB_CLASS_RETRYABLE, 0,
                          "the step did not stop and was given up");
    replace_worker(core);
}
