/* The life of a browser context: opened, leased, given back, closed. Who gets one is decided in lanes.c. Core thread only.
 *
 * DOWN -> OPENING -> IDLE <-> LEASED, and back to DOWN when it is closed or lost. The order to close and the event that it is down come
 * together: for the core a context is gone at once, and what the engine still says of its generation moves nothing. */
#include "state.h"

static void say_context(struct sb_core *core, uint16_t index, const char *reason)
{
    const struct ctx *ctx = &core->ctxs[index];
    struct sb_event event = sb_event_make(core, SB_EVENT_CONTEXT_CHANGED);
    event.as.context_changed.ctx = index;
    event.as.context_changed.state = ctx->state;
    event.as.context_changed.generation = ctx->generation;
    event.as.context_changed.uses = ctx->uses;
    note_copy(event.as.context_changed.reason, reason);
    sb_core_emit(core, &event);
}

void sb_ctx_open(struct sb_core *core, uint16_t index)
{
    struct ctx *ctx = &core->ctxs[index];
    SB_ASSERT(ctx->state == SB_CTX_STATE_DOWN);
    ctx->state = SB_CTX_STATE_OPENING;
    ctx->generation++;
    ctx->uses = 0;
    ctx->heap_kib = ctx->cpu_permille = 0;
    ctx->is_cpu_known = false;
    ctx->is_recycle_asked = ctx->is_yield_asked = ctx->is_suspect = false;
    struct sb_order order = sb_order_make(SB_ORDER_OPEN_CONTEXT);
    order.as.open_context.ctx = index;
    order.as.open_context.generation = ctx->generation;
    order.as.open_context.lane = ctx->lane;
    sb_core_order(core, &order);
    say_context(core, index, "");
}

bool sb_ctx_may_open(const struct sb_core *core, uint16_t index)
{
    const struct ctx *ctx = &core->ctxs[index];
    return ctx->state == SB_CTX_STATE_DOWN && ctx->retry_at <= core->now && !core->is_draining &&
           sb_component_is_usable(core, SB_COMPONENT_BROWSER) && sb_memory_may_open(core, ctx);
}

static void order_close(struct sb_core *core, uint16_t index, const char *reason)
{
    struct sb_order order = sb_order_make(SB_ORDER_CLOSE_CONTEXT);
    order.as.close_context.ctx = index;
    order.as.close_context.generation = core->ctxs[index].generation;
    note_copy(order.as.close_context.reason, reason);
    sb_core_order(core, &order);
}

/* The context of this generation is gone for the core; a fresh one may be opened at once or at retry_at. */
static void set_down(struct sb_core *core, uint16_t index, sb_ns retry_at, const char *reason)
{
    struct ctx *ctx = &core->ctxs[index];
    ctx->state = SB_CTX_STATE_DOWN;
    ctx->retry_at = retry_at;
    sb_timer_set(core, timer_ctx(core, index), retry_at > core->now ? retry_at : SB_NEVER);
    say_context(core, index, reason);
}

void sb_ctx_close(struct sb_core *core, uint16_t index, const char *reason)
{
    order_close(core, index, reason);
    set_down(core, index, 0, reason);
}

/* --- leases ------------------------------------------------------------------------------------------------------------- */

void sb_lanes_grant(struct sb_core *core, struct run *run, uint16_t index)
{
    struct ctx *ctx = &core->ctxs[index];
    SB_ASSERT(ctx->state == SB_CTX_STATE_IDLE && ctx->run == NO_RUN);
    sb_ns waited = core->now - run->wait_since;
    sb_lanes_forget(core, run);
    ctx->state = SB_CTX_STATE_LEASED;
    ctx->run = slot_of(core, run);
    ctx->uses++;
    ctx->leased_at = core->now;
    ctx->is_yield_asked = false;
    sb_timer_set(core, timer_ctx(core, index), SB_NEVER);
    run->ctx = index;
    run->is_lease_told = false;

    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_GRANTED);
    struct sb_ev_lease_granted *granted = &event.as.lease_granted;
    granted->ctx = index;
    granted->run = run->id;
    granted->job = run->job;
    granted->fence = core->next_fence << FENCE_SLOT_BITS | slot_of(core, run); /* of the step that starts below */
    granted->lane = ctx->lane;
    granted->is_borrowed = sb_lanes_is_borrowed(core, ctx, run);
    granted->is_burst = ctx->is_burst;
    granted->waited = waited;
    granted->deadline = step_def(core, run->job, run->step)->timeout + core->setup.pool->stop_grace;
    sb_core_emit(core, &event);
    sb_advance_start(core, run);
}

static bool is_worn(const struct sb_core *core, const struct ctx *ctx)
{
    const struct sb_pool_def *pool = core->setup.pool;
    return ctx->is_recycle_asked || ctx->is_suspect || (pool->max_uses > 0 && ctx->uses >= pool->max_uses) ||
           (pool->max_age > 0 && core->now - ctx->opened_at >= pool->max_age);
}

static const char *worn_reason(const struct ctx *ctx)
{
    if (ctx->is_suspect)
        return "closed after a failed step";
    if (ctx->is_recycle_asked)
        return "recycled by operator";
    return ctx->is_burst ? "burst over" : "recycled after use";
}

/* A burst context that stays open and idle until posting needs it. The memory guard's first level already gives it up. */
bool sb_ctx_is_kept(const struct sb_core *core, const struct ctx *ctx)
{
    uint32_t kept_end = core->burst_first + core->setup.pool->burst_kept;
    return ctx->is_burst && (uint32_t)(ctx - core->ctxs) < kept_end && core->memory_level == 0 && core->policy != SB_LANE_POLICY_LEGACY;
}

/* Whether a burst context has done its work: nobody of posting waits for it, and it is not kept. */
bool sb_ctx_is_spare(const struct sb_core *core, const struct ctx *ctx)
{
    return ctx->is_burst && core->lanes[SB_LANE_POSTING].count == 0 && !sb_ctx_is_kept(core, ctx);
}

static void end_lease(struct sb_core *core, struct run *run)
{
    struct ctx *ctx = &core->ctxs[run->ctx];
    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_ENDED);
    SB_ASSERT(ctx->run == slot_of(core, run));
    event.as.lease_ended.ctx = run->ctx;
    event.as.lease_ended.run = run->id;
    event.as.lease_ended.job = run->job;
    event.as.lease_ended.held = core->now - ctx->leased_at;
    sb_core_emit(core, &event);
    ctx->run = NO_RUN;
    ctx->is_yield_asked = false;
    ctx->for_run = 0;
    ctx->batch = 0;
    run->ctx = SB_NO_CTX;
}

void sb_lanes_release(struct sb_core *core, struct run *run)
{
    uint16_t index = run->ctx;
    struct ctx *ctx = &core->ctxs[index];

    end_lease(core, run);
    if (is_worn(core, ctx) || sb_ctx_is_spare(core, ctx)) {
        sb_ctx_close(core, index, worn_reason(ctx));
        return;
    }
    ctx->state = SB_CTX_STATE_IDLE;
    sb_timer_set(core, timer_ctx(core, index), SB_NEVER);
}

void sb_lanes_condemn(struct sb_core *core, uint16_t index, const char *reason)
{
    struct ctx *ctx = &core->ctxs[index];
    struct run *run = ctx->run != NO_RUN ? &core->runs[ctx->run] : NULL;

    if (run != NULL) {
        struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_REVOKED);
        event.as.lease_revoked.ctx = index;
        event.as.lease_revoked.run = run->id;
        note_copy(event.as.lease_revoked.reason, reason);
        sb_core_emit(core, &event);
        end_lease(core, run);
    }
    if (ctx->state == SB_CTX_STATE_DOWN)
        return;
    sb_ctx_close(core, index, reason);
}

/* --- what happens to contexts ------------------------------------------------------------------------------------------- */

void sb_lanes_context_up(struct sb_core *core, const struct sb_in_context_up *up)
{
    if (up->ctx >= core->ctx_count)
        return;
    struct ctx *ctx = &core->ctxs[up->ctx];
    if (ctx->state != SB_CTX_STATE_OPENING || ctx->generation != up->generation)
        return;
    ctx->state = SB_CTX_STATE_IDLE;
    ctx->opened_at = core->now;
    ctx->failed_opens = 0;
    say_context(core, up->ctx, "");
    sb_recover_seen(core, SB_COMPONENT_BROWSER);
}

void sb_lanes_context_down(struct sb_core *core, const struct sb_in_context_down *down)
{
    if (down->ctx >= core->ctx_count)
        return;
    struct ctx *ctx = &core->ctxs[down->ctx];
    if (ctx->generation != down->generation || ctx->state == SB_CTX_STATE_DOWN)
        return;
    sb_ns retry_at = 0;
    if (ctx->state == SB_CTX_STATE_OPENING) { /* failed to open: back off 1 s .. 30 s */
        uint32_t power = ctx->failed_opens < 5 ? ctx->failed_opens : 5;
        sb_ns delay = SB_S(1) << power;
        ctx->failed_opens++;
        retry_at = core->now + (delay < SB_S(30) ? delay : SB_S(30));
    }
    if (ctx->run != NO_RUN)
        end_lease(core, &core->runs[ctx->run]); /* its step fails by itself */
    set_down(core, down->ctx, retry_at, down->reason);
}

void sb_lanes_recycle(struct sb_core *core, uint16_t index)
{
    struct ctx *ctx = &core->ctxs[index];
    ctx->is_recycle_asked = true;
    if (ctx->run != NO_RUN) {
        struct run *run = &core->runs[ctx->run];
        if (run->fence != 0) {
            sb_stop_soft(core, run, STOP_REVOKE, "context recycled by operator");
            sb_stop_hard(core, run, "context recycled by operator");
            return;
        }
    }
    sb_lanes_condemn(core, index, "recycled by operator");
}

bool sb_lanes_open_one(struct sb_core *core)
{
    for (uint32_t i = 0; i < core->burst_first; i++)
        if (sb_ctx_may_open(core, (uint16_t)i)) {
            sb_ctx_open(core, (uint16_t)i);
            return true;
        }
    return false;
}
