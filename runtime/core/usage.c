/* What contexts use, as far as it can be said of one: told when it has changed enough to be worth an event, because a page's figures never stand
 * still. Decides nothing. Core thread only. */
#include "state.h"

enum { HEAP_STEP_KIB = 1024, CPU_STEP = 100 }; /* smaller changes are none, however large their share */

static bool has_moved(uint32_t before, uint32_t now, uint32_t step)
{
    uint32_t change = before > now ? before - now : now - before;
    return change >= step && change >= before / 4;
}

static bool is_worth_telling(const struct ctx *ctx, const struct sb_in_usage *usage)
{
    return (ctx->heap_kib == 0) != (usage->heap_kib == 0) || ctx->is_cpu_known != usage->is_cpu_known ||
           has_moved(ctx->heap_kib, usage->heap_kib, HEAP_STEP_KIB) || has_moved(ctx->cpu_permille, usage->cpu_permille, CPU_STEP);
}

void sb_usage_input(struct sb_core *core, const struct sb_in_usage *usage)
{
    struct ctx *ctx = usage->ctx < core->ctx_count ? &core->ctxs[usage->ctx] : NULL;
    bool is_open = ctx != NULL && (ctx->state == SB_CTX_STATE_IDLE || ctx->state == SB_CTX_STATE_LEASED);
    if (!is_open || ctx->generation != usage->generation || !is_worth_telling(ctx, usage))
        return;
    ctx->heap_kib = usage->heap_kib;
    ctx->is_cpu_known = usage->is_cpu_known;
    ctx->cpu_permille = usage->cpu_permille;
    struct sb_event event = sb_event_make(core, SB_EVENT_CONTEXT_MEASURED);
    event.as.context_measured.ctx = usage->ctx;
    event.as.context_measured.generation = usage->generation;
    event.as.context_measured.heap_kib = usage->heap_kib;
    event.as.context_measured.is_cpu_known = usage->is_cpu_known;
    event.as.context_measured.cpu_permille = usage->cpu_permille;
    sb_core_emit(core, &event);
}
