/* The memory guard: when the browser grows over its limit, lanes stop getting contexts, the lowest first and posting never. Core thread only.
 *
 *   level 0 --used >= limit--> 1: lane low --used >= limit + 1/4--> 2: lanes low and high, and no burst
 *   level 0 <--used < 9/10----- 1            <--used < limit--------- 2
 *
 * Runs of a stopped lane give their context back at their next step boundary, and idle contexts of stopped lanes are closed, because only
 * that gives memory back. Posting may still borrow them: for a posting run that waits they are opened like before. */
#include "state.h"

static uint8_t level_of(uint64_t used, uint64_t limit, uint8_t before)
{
    if (limit == 0)
        return 0;
    if (used >= limit + limit / 4 || (before == 2 && used >= limit))
        return 2;
    return used >= limit || (before >= 1 && used >= limit - limit / 10) ? 1 : 0;
}

void sb_memory_input(struct sb_core *core, const struct sb_in_memory *memory)
{
    uint64_t limit = (uint64_t)core->setup.pool->memory_max_mib << 20;
    uint8_t level = level_of(memory->used, limit, core->memory_level);
    if (level == core->memory_level)
        return;
    core->memory_level = level;
    struct sb_event event = sb_event_make(core, SB_EVENT_POOL_PRESSURE);
    event.as.pool_pressure.level = level;
    event.as.pool_pressure.used_mib = (uint32_t)(memory->used >> 20 < UINT32_MAX ? memory->used >> 20 : UINT32_MAX);
    event.as.pool_pressure.limit_mib = core->setup.pool->memory_max_mib;
    core->memory_used_mib = event.as.pool_pressure.used_mib;
    sb_core_emit(core, &event);
}

bool sb_memory_stops(const struct sb_core *core, enum sb_lane lane)
{
    return (lane == SB_LANE_LOW && core->memory_level >= 1) || (lane == SB_LANE_HIGH && core->memory_level >= 2);
}

/* Somebody of a lane that goes on could be served by a context of a stopped one: posting, or a lane without contexts of its own. */
static bool is_wanted_by_others(const struct sb_core *core)
{
    if (core->policy == SB_LANE_POLICY_STRICT)
        return false;
    for (int lane = 0; lane < SB_LANE_COUNT; lane++) {
        bool is_poor = lane == SB_LANE_POSTING || core->setup.pool->lane_contexts[lane] == 0;
        if (is_poor && core->lanes[lane].count > 0 && !sb_memory_stops(core, (enum sb_lane)lane))
            return true;
    }
    return false;
}

bool sb_memory_may_open(const struct sb_core *core, const struct ctx *ctx)
{
    if (ctx->is_burst)
        return core->memory_level < 2;
    return !sb_memory_stops(core, (enum sb_lane)ctx->lane) || is_wanted_by_others(core);
}

uint16_t sb_memory_surplus(const struct sb_core *core)
{
    for (uint32_t i = 0; core->memory_level > 0 && i < core->ctx_count; i++)
        if (core->ctxs[i].state == SB_CTX_STATE_IDLE && !sb_memory_may_open(core, &core->ctxs[i]))
            return (uint16_t)i;
    return SB_NO_CTX;
}
