/* Who gets a context, who lends, who yields; the life of a context is in contexts.c. Core thread only. Policy `legacy` decides in lanes_legacy.c.
 *
 * A context belongs to a lane. Policy `strict`: only its own lane's runs lease it. `lend`: an idle context also serves other lanes, lowest
 * lane first. `reclaim`: as lend, and when the owner lane has a waiter its borrower is asked to yield at its next step boundary and is
 * revoked after a grace. Posting may in addition open a burst context above the pool while no context is free. An effect step and a sequence
 * of steps that keeps its context never run on a borrowed one, so they are never revoked. The first `burst_kept` burst contexts are opened
 * ahead and stay idle between two posts: opening one is most of what posting would wait for. */
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

bool sb_lanes_is_borrowed(const struct sb_core *core, const struct ctx *ctx, const struct run *run)
{
    return ctx->batch == 0 && ctx->lane != lane_of(core, run); /* in a batch of the legacy policy nobody owns anything */
}

void sb_lanes_begin(struct sb_core *core)
{
    core->policy = core->setup.pool->policy;
    core->policy_until = SB_NEVER;
}

/* --- the policy in force ------------------------------------------------------------------------------------------------ */

struct sb_event sb_lanes_policy_event(const struct sb_core *core)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_LANE_POLICY_SET);
    event.as.lane_policy_set.policy = core->policy;
    event.as.lane_policy_set.lasts = core->policy_until < SB_NEVER ? core->policy_until - core->now : 0;
    (void)sb_copy(event.as.lane_policy_set.actor, SB_NAME_MAX, core->policy_actor);
    return event;
}

void sb_lanes_set_policy(struct sb_core *core, uint8_t policy, sb_ns until, const char *actor)
{
    core->policy = policy;
    core->policy_until = policy == core->setup.pool->policy ? SB_NEVER : until;
    core->is_batch_forming = false; /* legacy: what is leased now has to end first */
    (void)sb_copy(core->policy_actor, SB_NAME_MAX, actor);
    sb_timer_set(core, timer_single(core, TIMER_POLICY), core->policy_until);
    struct sb_event event = sb_lanes_policy_event(core);
    sb_core_emit(core, &event);
}

void sb_lanes_policy_over(struct sb_core *core)
{
    sb_lanes_set_policy(core, core->setup.pool->policy, SB_NEVER, "time over");
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
    event.as.lease_wanted.rank = sb_queue_key(core, run);
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
    /* Asked first: a sequence whose beginning was skipped (not due, or done in an earlier boot) may begin on a borrowed context. */
    if (sb_lanes_is_borrowed(core, ctx, run) && (core->policy == SB_LANE_POLICY_STRICT || sb_lanes_needs_own(core, run)))
        return true;
    if (is_inside_sequence(core, run))
        return false;
    return ctx->is_yield_asked || ctx->is_recycle_asked || ctx->is_suspect || sb_memory_stops(core, lane_of(core, run));
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
        if (ctx->state == SB_CTX_STATE_LEASED || (ctx->state != SB_CTX_STATE_DOWN && !sb_ctx_is_kept(core, ctx)))
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

/* One that posting waits for, or one to be kept for the next post. */
static bool open_burst(struct sb_core *core)
{
    bool is_wanted = head_of(core, SB_LANE_POSTING) != NULL && !lane_has_opening(core, SB_LANE_POSTING);
    for (uint32_t i = core->burst_first; i < core->ctx_count; i++)
        if ((is_wanted || sb_ctx_is_kept(core, &core->ctxs[i])) && sb_ctx_may_open(core, (uint16_t)i)) {
            sb_ctx_open(core, (uint16_t)i);
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
        if (ctx->lane != lane || ctx->run == NO_RUN || is_yield_timed(core, i) || !sb_lanes_is_borrowed(core, ctx, &core->runs[ctx->run]))
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
    if (core->policy != SB_LANE_POLICY_RECLAIM)
        return false;
    for (uint32_t i = 0; i < core->ctx_count; i++) {
        const struct ctx *ctx = &core->ctxs[i];
        if (ctx->lane != SB_LANE_POSTING || ctx->run == NO_RUN)
            continue;
        if (ctx->is_burst) {
            leased++;
            for_run = core->runs[ctx->run].id;
        } else if (ctx->is_yield_asked) {
            asked++;
        } else if (sb_lanes_is_borrowed(core, ctx, &core->runs[ctx->run])) {
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
    return false;
}

bool sb_lanes_close_burst(struct sb_core *core)
{
    for (uint32_t i = core->burst_first; i < core->ctx_count; i++)
        if (core->ctxs[i].state == SB_CTX_STATE_IDLE &&
            (sb_ctx_is_spare(core, &core->ctxs[i]) || core->policy == SB_LANE_POLICY_LEGACY)) {
            sb_ctx_close(core, (uint16_t)i, "burst over");
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
    sb_ctx_close(core, index, "closed by the memory guard");
    return true;
}

bool sb_lanes_dispatch(struct sb_core *core)
{
    if (core->is_draining || !core->is_begun)
        return false;
    if (core->policy == SB_LANE_POLICY_LEGACY)
        return sb_legacy_dispatch(core);
    bool has_waiter = core->waiting.count > 0; /* mostly not, and every unit of work asks */
    return (has_waiter && (grant_own(core) || grant_borrowed(core))) || sb_lanes_open_one(core) || open_burst(core) ||
           (has_waiter && ask_yields(core)) || ask_for_burst(core) || sb_lanes_close_burst(core) || close_surplus(core);
}
