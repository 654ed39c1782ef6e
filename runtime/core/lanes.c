/* Contexts and leases: who gets a context, who lends, who yields. Core thread only. Policy `legacy` decides in lanes_legacy.c.
 *
 * A context belongs to a lane. Policy `strict`: only its own lane's runs lease it. `lend`: an idle context also serves other lanes, lowest
 * lane first. `reclaim`: as lend, and when the owner lane has a waiter its borrower is asked to yield at its next step boundary and is
 * revoked after a grace. Posting may in addition open a burst context above the pool while no context is free. An effect step and a sequence
 * of steps that keeps its context never run on a borrowed one, so they are never revoked. The first `burst_kept` burst contexts are opened ahead and stay idle between two
 * posts: opening one is most of what posting would wait for.
 *
 * States of a context: DOWN -> OPENING -> IDLE <-> LEASED, and back to DOWN when it is closed or lost. */
#include "state.h"

int64_t sb_queue_key(const struct sb_core *core, const struct run *run)
{
    const sb_ns forced_class = SB_DAY(36500); /* force-run is a class above every priority */
    if (run->is_forced)
        return run->ready_at - forced_class;
    return sb_ns_add(run->ready_at, job_def(core, run->job)->priority * core->setup.pool->ageing);
}

static enum sb_lane lane_of(const struct sb_core *core, const struct run *run)
{
    return sb_category_lane((enum sb_category)job_def(core, run->job)->category);
}

/* Between its last step and this one the run may not lose its context. */
static bool is_inside_sequence(const struct sb_core *core, const struct run *run)
{
    return run->step > 0 && step_def(core, run->job, run->step - 1)->keeps_context;
}

bool sb_lanes_needs_own(const struct sb_core *core, const struct run *run)
{
    const struct sb_step_def *step = step_def(core, run->job, run->step);
    return step->is_effect || step->keeps_context || is_inside_sequence(core, run);
}

uint8_t sb_lanes_sequence_start(const struct sb_core *core, uint16_t job, uint8_t step)
{
    while (step > 0 && step_def(core, job, step)->needs_context) {
        const struct sb_step_def *before = step_def(core, job, step - 1);
        if (!before->keeps_context || !before->needs_context || before->is_effect)
            break;
        step--;
    }
    return step;
}

static bool is_borrowed(const struct sb_core *core, const struct ctx *ctx, const struct run *run)
{
    return ctx->batch == 0 && ctx->lane != lane_of(core, run); /* in a batch of the legacy policy nobody owns anything */
}

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

static void open_context(struct sb_core *core, uint16_t index)
{
    struct ctx *ctx = &core->ctxs[index];
    SB_ASSERT(ctx->state == SB_CTX_STATE_DOWN);
    ctx->state = SB_CTX_STATE_OPENING;
    ctx->generation++;
    ctx->uses = 0;
    ctx->is_recycle_asked = ctx->is_yield_asked = ctx->is_suspect = false;
    struct sb_order order = sb_order_make(SB_ORDER_OPEN_CONTEXT);
    order.as.open_context.ctx = index;
    order.as.open_context.generation = ctx->generation;
    order.as.open_context.lane = ctx->lane;
    sb_core_order(core, &order);
    say_context(core, index, "");
}

static bool may_open(const struct sb_core *core, uint16_t index)
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

void sb_lanes_begin(struct sb_core *core)
{
    core->policy = core->setup.pool->policy;
}

/* --- the queue ---------------------------------------------------------------------------------------------------------- */

static void arm_saturation(struct sb_core *core)
{
    const struct sb_heap_item *oldest = sb_heap_top(&core->waiting);
    sb_ns limit = core->setup.pool->saturated_after;
    bool is_over = oldest != NULL && limit > 0 && oldest->key + limit <= core->now;
    if (core->is_saturated && !is_over) {
        core->is_saturated = false;
        struct sb_event event = sb_event_make(core, SB_EVENT_POOL_RELIEVED);
        event.as.pool_relieved.lasted = core->now - core->saturated_since;
        sb_core_emit(core, &event);
    }
    sb_timer_set(core, timer_single(core, TIMER_SATURATION),
                 oldest != NULL && limit > 0 && !core->is_saturated ? oldest->key + limit : SB_NEVER);
}

void sb_lanes_saturation(struct sb_core *core)
{
    const struct sb_heap_item *oldest = sb_heap_top(&core->waiting);
    if (oldest == NULL || core->is_saturated)
        return;
    core->is_saturated = true;
    core->saturated_since = core->now;
    struct sb_event event = sb_event_make(core, SB_EVENT_POOL_SATURATED);
    event.as.pool_saturated.waiting = core->waiting.count;
    event.as.pool_saturated.oldest = core->now - oldest->key;
    sb_core_emit(core, &event);
}

void sb_lanes_want(struct sb_core *core, struct run *run)
{
    uint16_t slot = slot_of(core, run);
    enum sb_lane lane = lane_of(core, run);
    SB_ASSERT(run->ctx == SB_NO_CTX);
    if (sb_heap_has(&core->lanes[lane], slot))
        return;
    run->hold = SB_HOLD_CONTEXT;
    run->wait_since = core->now;
    sb_heap_set(&core->lanes[lane], slot, sb_queue_key(core, run), ++core->tie);
    sb_heap_set(&core->waiting, slot, core->now, core->tie);
    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_WANTED);
    event.as.lease_wanted.run = run->id;
    event.as.lease_wanted.job = run->job;
    event.as.lease_wanted.category = job_def(core, run->job)->category;
    event.as.lease_wanted.lane = (uint8_t)lane;
    event.as.lease_wanted.ahead = core->lanes[lane].count - 1;
    sb_core_emit(core, &event);
    arm_saturation(core);
}

void sb_lanes_forget(struct sb_core *core, struct run *run)
{
    uint16_t slot = slot_of(core, run);
    if (!sb_heap_has(&core->waiting, slot))
        return;
    sb_heap_remove(&core->lanes[lane_of(core, run)], slot);
    sb_heap_remove(&core->waiting, slot);
    arm_saturation(core);
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

    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_GRANTED);
    struct sb_ev_lease_granted *granted = &event.as.lease_granted;
    granted->ctx = index;
    granted->run = run->id;
    granted->job = run->job;
    granted->fence = core->next_fence << FENCE_SLOT_BITS | slot_of(core, run); /* of the step that starts below */
    granted->lane = ctx->lane;
    granted->is_borrowed = is_borrowed(core, ctx, run);
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
static bool is_kept_burst(const struct sb_core *core, const struct ctx *ctx)
{
    uint32_t kept_end = core->burst_first + core->setup.pool->burst_kept;
    return ctx->is_burst && (uint32_t)(ctx - core->ctxs) < kept_end && core->memory_level == 0 && core->policy != SB_LANE_POLICY_LEGACY;
}

/* Whether a burst context has done its work: nobody of posting waits for it, and it is not kept. */
static bool is_spare_burst(const struct sb_core *core, const struct ctx *ctx)
{
    return ctx->is_burst && core->lanes[SB_LANE_POSTING].count == 0 && !is_kept_burst(core, ctx);
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
    if (is_worn(core, ctx) || is_spare_burst(core, ctx)) {
        order_close(core, index, worn_reason(ctx));
        set_down(core, index, 0, worn_reason(ctx));
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
    order_close(core, index, reason);
    set_down(core, index, 0, reason);
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

/* The grace of a reclaim is over, a worn idle context is due, or a failed open may be tried again (which dispatch does). */
void sb_lanes_timer(struct sb_core *core, uint16_t index)
{
    struct ctx *ctx = &core->ctxs[index];
    if (ctx->run == NO_RUN || !ctx->is_yield_asked)
        return;
    struct run *run = &core->runs[ctx->run];
    if (core->lanes[ctx->lane].count == 0) /* served elsewhere meanwhile: it yields at its next step, but loses no work for nobody */
        return;
    if (run->fence == 0 || run->is_hard_stopped || sb_lanes_needs_own(core, run))
        return;
    sb_stop_soft(core, run, STOP_REVOKE, "lane reclaimed after grace");
    sb_stop_hard(core, run, "lane reclaimed after grace");
}

bool sb_lanes_must_yield(const struct sb_core *core, const struct run *run)
{
    const struct ctx *ctx = &core->ctxs[run->ctx];
    if (is_inside_sequence(core, run))
        return false;
    return ctx->is_yield_asked || ctx->is_recycle_asked || ctx->is_suspect || sb_memory_stops(core, lane_of(core, run)) ||
           (is_borrowed(core, ctx, run) && sb_lanes_needs_own(core, run));
}

/* --- dispatch ----------------------------------------------------------------------------------------------------------- */

static struct run *head_of(struct sb_core *core, enum sb_lane lane)
{
    const struct sb_heap_item *top = sb_memory_stops(core, lane) ? NULL : sb_heap_top(&core->lanes[lane]);
    return top != NULL ? &core->runs[top->id] : NULL;
}

static uint16_t idle_of_lane(const struct sb_core *core, enum sb_lane lane)
{
    for (uint32_t i = 0; i < core->ctx_count; i++)
        if (core->ctxs[i].state == SB_CTX_STATE_IDLE && core->ctxs[i].lane == lane)
            return (uint16_t)i;
    return SB_NO_CTX;
}

static bool grant_own(struct sb_core *core)
{
    for (int lane = SB_LANE_COUNT - 1; lane >= 0; lane--) {
        struct run *run = head_of(core, (enum sb_lane)lane);
        uint16_t index = run != NULL ? idle_of_lane(core, (enum sb_lane)lane) : SB_NO_CTX;
        if (index != SB_NO_CTX) {
            sb_lanes_grant(core, run, index);
            return true;
        }
    }
    return false;
}

/* The waiting run of another lane that may borrow: posting first, then by virtual ready time. */
static struct run *best_borrower(struct sb_core *core, enum sb_lane except)
{
    struct run *best = NULL;
    for (int lane = SB_LANE_COUNT - 1; lane >= 0; lane--) {
        struct run *run = lane != (int)except ? head_of(core, (enum sb_lane)lane) : NULL;
        if (run == NULL || sb_lanes_needs_own(core, run))
            continue;
        if (lane == SB_LANE_POSTING)
            return run;
        if (best == NULL || sb_queue_key(core, run) < sb_queue_key(core, best))
            best = run;
    }
    return best;
}

/* Whether posting works above the pool, or is about to. */
static bool has_burst(const struct sb_core *core)
{
    for (uint32_t i = core->burst_first; i < core->ctx_count; i++) {
        const struct ctx *ctx = &core->ctxs[i];
        if (ctx->state == SB_CTX_STATE_LEASED || (ctx->state != SB_CTX_STATE_DOWN && !is_kept_burst(core, ctx)))
            return true;
    }
    return false;
}

static bool grant_borrowed(struct sb_core *core)
{
    if (core->policy == SB_LANE_POLICY_STRICT)
        return false;
    for (int lane = 0; lane < SB_LANE_COUNT; lane++) { /* lowest lane lends first */
        uint16_t index = idle_of_lane(core, (enum sb_lane)lane);
        if (index == SB_NO_CTX || core->ctxs[index].is_burst)
            continue;
        /* While posting works above the pool, its own context stays free: else the next post would wait for a borrower again, and more contexts than
         * the pool has would work for as long as there is something to lend to. */
        if (lane == SB_LANE_POSTING && has_burst(core))
            continue;
        struct run *run = best_borrower(core, (enum sb_lane)lane);
        if (run != NULL) {
            sb_lanes_grant(core, run, index);
            return true;
        }
    }
    return false;
}

static bool lane_has_opening(const struct sb_core *core, enum sb_lane lane)
{
    for (uint32_t i = 0; i < core->ctx_count; i++)
        if (core->ctxs[i].lane == lane && core->ctxs[i].state == SB_CTX_STATE_OPENING)
            return true;
    return false;
}

bool sb_lanes_open_one(struct sb_core *core)
{
    for (uint32_t i = 0; i < core->burst_first; i++)
        if (may_open(core, (uint16_t)i)) {
            open_context(core, (uint16_t)i);
            return true;
        }
    return false;
}

/* One that posting waits for, or one to be kept for the next post. */
static bool open_burst(struct sb_core *core)
{
    bool is_wanted = head_of(core, SB_LANE_POSTING) != NULL && !lane_has_opening(core, SB_LANE_POSTING);
    for (uint32_t i = core->burst_first; i < core->ctx_count; i++)
        if ((is_wanted || is_kept_burst(core, &core->ctxs[i])) && may_open(core, (uint16_t)i)) {
            open_context(core, (uint16_t)i);
            return true;
        }
    return false;
}

/* Asked to yield, and revoked when the grace is over. An ask outlives its grace when nobody waited any more. */
static bool is_yield_timed(const struct sb_core *core, uint32_t index)
{
    return core->ctxs[index].is_yield_asked && sb_heap_has(&core->timers, timer_ctx(core, index));
}

/* The borrower of that lane's context who holds it longest and whose grace does not run yet. */
static uint16_t borrower_to_ask(const struct sb_core *core, enum sb_lane lane)
{
    uint16_t best = SB_NO_CTX;
    for (uint32_t i = 0; i < core->burst_first; i++) {
        const struct ctx *ctx = &core->ctxs[i];
        if (ctx->lane != lane || ctx->run == NO_RUN || is_yield_timed(core, i) || !is_borrowed(core, ctx, &core->runs[ctx->run]))
            continue;
        if (best == SB_NO_CTX || ctx->leased_at < core->ctxs[best].leased_at)
            best = (uint16_t)i;
    }
    return best;
}

static uint32_t yields_asked(const struct sb_core *core, enum sb_lane lane)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->burst_first; i++)
        count += core->ctxs[i].lane == lane && is_yield_timed(core, i) ? 1u : 0u;
    return count;
}

static void ask_yield(struct sb_core *core, uint16_t index, uint64_t for_run)
{
    struct ctx *ctx = &core->ctxs[index];
    sb_ns grace = core->setup.pool->reclaim_grace;
    if (ctx->is_yield_asked && grace < SB_S(1)) /* asked again: time has to pass in between */
        grace = SB_S(1);
    sb_timer_set(core, timer_ctx(core, index), sb_ns_add(core->now, grace));
    ctx->is_yield_asked = true;
    ctx->for_run = for_run;
    struct sb_event event = sb_event_make(core, SB_EVENT_LEASE_YIELD_ASKED);
    event.as.lease_yield_asked.ctx = index;
    event.as.lease_yield_asked.run = core->runs[ctx->run].id;
    event.as.lease_yield_asked.for_run = for_run;
    sb_core_emit(core, &event);
}

/* For each post above the pool one borrower of posting's own contexts is asked to yield, so that the count returns to the pool's size. It loses
 * its step only if another post waits when the grace is over. */
static bool ask_for_burst(struct sb_core *core)
{
    uint16_t borrower = SB_NO_CTX;
    uint32_t asked = 0, leased = 0;
    uint64_t for_run = 0;
    for (uint32_t i = 0; i < core->ctx_count; i++) {
        const struct ctx *ctx = &core->ctxs[i];
        if (ctx->lane != SB_LANE_POSTING || ctx->run == NO_RUN)
            continue;
        if (ctx->is_burst) {
            leased++;
            for_run = core->runs[ctx->run].id;
        } else if (ctx->is_yield_asked) {
            asked++;
        } else if (is_borrowed(core, ctx, &core->runs[ctx->run])) {
            borrower = (uint16_t)i;
        }
    }
    if (borrower == SB_NO_CTX || asked >= leased)
        return false;
    ask_yield(core, borrower, for_run);
    return true;
}

static bool ask_yields(struct sb_core *core)
{
    if (core->policy != SB_LANE_POLICY_RECLAIM)
        return false;
    for (int lane = SB_LANE_COUNT - 1; lane >= 0; lane--) {
        struct run *waiter = head_of(core, (enum sb_lane)lane);
        uint16_t index = waiter != NULL && yields_asked(core, (enum sb_lane)lane) < core->lanes[lane].count
                             ? borrower_to_ask(core, (enum sb_lane)lane)
                             : SB_NO_CTX;
        if (index == SB_NO_CTX)
            continue;
        ask_yield(core, index, waiter->id);
        return true;
    }
    return ask_for_burst(core);
}

bool sb_lanes_close_burst(struct sb_core *core)
{
    for (uint32_t i = core->burst_first; i < core->ctx_count; i++)
        if (core->ctxs[i].state == SB_CTX_STATE_IDLE &&
            (is_spare_burst(core, &core->ctxs[i]) || core->policy == SB_LANE_POLICY_LEGACY)) {
            order_close(core, (uint16_t)i, "burst over");
            set_down(core, (uint16_t)i, 0, "burst over");
            return true;
        }
    return false;
}

/* One idle context that the memory guard wants closed. */
static bool close_surplus(struct sb_core *core)
{
    uint16_t index = sb_memory_surplus(core);
    if (index == SB_NO_CTX)
        return false;
    order_close(core, index, "closed by the memory guard");
    set_down(core, index, 0, "closed by the memory guard");
    return true;
}

bool sb_lanes_dispatch(struct sb_core *core)
{
    if (core->is_draining || !core->is_begun)
        return false;
    if (core->policy == SB_LANE_POLICY_LEGACY)
        return sb_legacy_dispatch(core);
    return grant_own(core) || grant_borrowed(core) || sb_lanes_open_one(core) || open_burst(core) || ask_yields(core) ||
           sb_lanes_close_burst(core) || close_surplus(core);
}
