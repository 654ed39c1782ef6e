/* Asking what the pages of open contexts use: with each check of the browser, on the thread that checks it. A page that does not
 * answer within a moment is not waited for, and says nothing this time. */
#include "parts.h"

static const sb_ns moment = SB_MS(250);

static void post(struct sb_inbox *inbox, uint16_t ctx, uint32_t generation, uint64_t heap_bytes, int64_t cpu_permille)
{
    const uint64_t kib = (heap_bytes + 1023) >> 10;
    struct sb_input input = sb_input_make(SB_INPUT_USAGE);
    input.as.usage.ctx = ctx;
    input.as.usage.generation = generation;
    input.as.usage.heap_kib = kib < UINT32_MAX ? (uint32_t)kib : UINT32_MAX;
    input.as.usage.is_cpu_known = cpu_permille >= 0;
    input.as.usage.cpu_permille = cpu_permille < 0 ? 0 : cpu_permille < UINT32_MAX ? (uint32_t)cpu_permille : UINT32_MAX;
    sb_inbox_post_result(inbox, &input);
}

/* A figure of the page's renderer since its birth: when the page has another one by now, it is smaller than before and says nothing. */
static int64_t permille_of(const struct sb_usage_seen *seen, uint32_t generation, sb_ns cpu, sb_ns now)
{
    const bool is_same = seen->generation == generation && seen->cpu >= 0 && cpu >= seen->cpu && now > seen->at;
    return is_same ? (cpu - seen->cpu) / ((now - seen->at) / 1000 + 1) : -1;
}

void sb_usage_look(struct sb_usage_seen *seen, struct sb_browser *browser, struct sb_context *context, uint16_t ctx, uint32_t generation,
                   const struct sb_op *op, struct sb_inbox *inbox)
{
    const struct sb_op bounded = sb_op_within(op, moment);
    struct sb_page_usage usage = { .cpu = -1 };
    struct sb_error unsaid = { 0 };
    if (browser->ops->measure(context, &bounded, &usage, &unsaid) != SB_OK)
        usage = (struct sb_page_usage){ .cpu = -1 }; /* not known is what is told */
    const sb_ns now = sb_now();
    post(inbox, ctx, generation, usage.heap_bytes, usage.heap_bytes > 0 && usage.cpu >= 0 ? permille_of(seen, generation, usage.cpu, now) : -1);
    *seen = (struct sb_usage_seen){ .generation = generation, .cpu = usage.cpu, .at = now };
}
