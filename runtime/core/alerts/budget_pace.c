/* budget_pace: at this rate the day will cost more than a tenth above its limit, so that tiers will fall; or six times as much as an even pace allows
 * goes out, in the last hour and still in its last quarter. Cleared below nine tenths of both; in between it stays as it is. */
#include "alerts.h"

enum { TIMES = 6, TENTHS_OVER = 10, TENTHS_UNDER = 9 };

static bool is_dear(const struct sb_core *core, sb_ns span, int64_t tenths)
{
    const int64_t limit = core->setup.budget->limit.nano;
    return sb_outlay_within(core, span) / tenths > limit / (SB_DAY(1) / span) * TIMES / 10;
}

/* Whether the last hour and its last quarter each cost more than so many tenths of what TIMES the even pace would. */
static bool burns(const struct sb_core *core, int64_t tenths)
{
    return is_dear(core, SB_HOUR(1), tenths) && is_dear(core, SB_MIN(15), tenths);
}

void sb_alert_rule_budget_pace(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    /* The end of a run is only a clock: what was spent grows old although no more is spent. */
    if (event->kind != SB_EVENT_BUDGET_LEDGER && event->kind != SB_EVENT_BUDGET_WINDOW && event->kind != SB_EVENT_RUN_ENDED)
        return;
    const int64_t limit = core->setup.budget->limit.nano, forecast = core->outlay.forecast;
    const bool is_above = limit > 0 && forecast / 11 > limit / 10;
    const bool is_burning = limit > 0 && burns(core, TENTHS_OVER);
    const bool is_under = forecast / 9 < limit / 10 && !burns(core, TENTHS_UNDER);

    if (!is_above && !is_burning && !is_under)
        return;
    sb_text_add(&finding->subject, "budget");
    finding->verdict = is_above || is_burning ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, is_above ? "at this rate the day costs " : "the last hour cost ");
    sb_text_add_usd(&finding->text, (struct sb_usd){ is_above ? forecast : sb_outlay_within(core, SB_HOUR(1)) }, 2);
    sb_text_add(&finding->text, is_above ? " of " : ", six times an even pace and more, of ");
    sb_text_add_usd(&finding->text, core->setup.budget->limit, 2);
    sb_text_add(&finding->text, is_above ? " USD; the cap holds, generation will be thinned" : " USD a day; the cap holds");
}
