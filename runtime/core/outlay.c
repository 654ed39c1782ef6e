/* A ring of what was spent by when. */
#include "state.h"

void sb_outlay_event(struct sb_core *core, const struct sb_event *event)
{
    struct outlay *outlay = &core->outlay;
    if (event->kind == SB_EVENT_BUDGET_WINDOW) {
        outlay->count = 0;
        outlay->spent = outlay->forecast = 0;
    }
    if (event->kind != SB_EVENT_BUDGET_LEDGER)
        return;
    outlay->spent = event->as.budget_ledger.spent;
    outlay->forecast = event->as.budget_ledger.forecast;
    const size_t last = (outlay->next + OUTLAY_KEPT - 1u) % OUTLAY_KEPT;
    if (outlay->count > 0 && core->now - outlay->marks[last].at < OUTLAY_APART) {
        outlay->marks[last].spent = outlay->spent; /* else a quiet time after it would count as spent much later */
        return;
    }
    outlay->marks[outlay->next].at = core->now; /* not the event's: a rehearsal has its own clock */
    outlay->marks[outlay->next].spent = outlay->spent;
    outlay->next = (uint8_t)((outlay->next + 1) % OUTLAY_KEPT);
    if (outlay->count < OUTLAY_KEPT)
        outlay->count++;
}

int64_t sb_outlay_within(const struct sb_core *core, sb_ns span)
{
    const struct outlay *outlay = &core->outlay;
    int64_t before = outlay->spent;
    for (size_t i = 1; i <= outlay->count; i++) { /* back to the last one that is not within it, or the first of all */
        const size_t at = (outlay->next + OUTLAY_KEPT - i) % OUTLAY_KEPT;
        before = outlay->marks[at].spent;
        if (core->now - outlay->marks[at].at >= span)
            break;
    }
    return outlay->spent > before ? outlay->spent - before : 0;
}
