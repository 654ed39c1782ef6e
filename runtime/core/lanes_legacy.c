/* Policy `legacy`: the pool before lanes, as a faithful model for comparing. Core thread only.
 *
 * Requests of all categories stand in one queue, by priority and then by arrival; waiting longer helps nobody. The pool takes a batch of
 * as many as it has contexts, and takes the next one only when the whole batch has ended: a short visit beside a long one leaves its
 * context unused. The second place of a batch goes to the first request of low priority when there is one. No context belongs to
 * anybody: nothing is lent, reclaimed or opened above the pool. */
#include "state.h"

enum { LOW_ABOVE = 5, LOW_PLACE = 1 };

static bool is_before(const struct sb_core *core, const struct sb_heap_item *a, const struct sb_heap_item *b)
{
    const struct run *first = &core->runs[a->id], *second = &core->runs[b->id];
    uint8_t first_priority = job_def(core, first->job)->priority, second_priority = job_def(core, second->job)->priority;
    if (first->is_forced != second->is_forced)
        return first->is_forced;
    if (first_priority != second_priority)
        return first_priority < second_priority;
    return a->tie < b->tie;
}

/* The first of the queue, or of its part of low priority; NULL when there is none. */
static struct run *first_waiting(struct sb_core *core, bool is_low_only)
{
    const struct sb_heap_item *best = NULL;
    for (uint32_t i = 0; i < core->waiting.count; i++) {
        const struct sb_heap_item *item = &core->waiting.items[i];
        if (is_low_only && job_def(core, core->runs[item->id].job)->priority <= LOW_ABOVE)
            continue;
        if (best == NULL || is_before(core, item, best))
            best = item;
    }
    return best != NULL ? &core->runs[best->id] : NULL;
}

static uint16_t first_idle(const struct sb_core *core)
{
    for (uint32_t i = 0; i < core->burst_first; i++)
        if (core->ctxs[i].state == SB_CTX_STATE_IDLE)
            return (uint16_t)i;
    return SB_NO_CTX;
}

static bool has_state(const struct sb_core *core, enum sb_ctx_state state)
{
    for (uint32_t i = 0; i < core->ctx_count; i++)
        if (core->ctxs[i].state == state)
            return true;
    return false;
}

bool sb_legacy_dispatch(struct sb_core *core)
{
    if (sb_lanes_open_one(core) || sb_lanes_close_burst(core))
        return true;
    if (!core->is_batch_forming) {
        if (core->waiting.count == 0 || has_state(core, SB_CTX_STATE_LEASED) || has_state(core, SB_CTX_STATE_OPENING) ||
            first_idle(core) == SB_NO_CTX)
            return false;
        core->is_batch_forming = true;
        core->batch_granted = 0;
        core->batch++;
    }
    uint16_t index = first_idle(core);
    struct run *run = core->batch_granted == LOW_PLACE ? first_waiting(core, true) : NULL;
    if (run == NULL)
        run = first_waiting(core, false);
    if (run == NULL || index == SB_NO_CTX || core->batch_granted == core->burst_first) {
        core->is_batch_forming = false;
        return false;
    }
    core->batch_granted++;
    core->ctxs[index].batch = core->batch;
    sb_lanes_grant(core, run, index);
    return true;
}
