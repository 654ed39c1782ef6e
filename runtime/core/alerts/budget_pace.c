/* budget_pace: at this rate the day will cost more than a tenth above its limit, so that tiers will fall. Cleared below nine tenths; in between it
 * stays as it is. */
#include "alerts.h"

void sb_alert_rule_budget_pace(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind != SB_EVENT_BUDGET_LEDGER && event->kind != SB_EVENT_BUDGET_WINDOW)
        return;
    int64_t limit = core->setup.budget->limit.nano, forecast = event->as.budget_ledger.forecast;
    bool is_new_day = event->kind == SB_EVENT_BUDGET_WINDOW;
    bool is_over = !is_new_day && limit > 0 && forecast / 11 > limit / 10, is_under = is_new_day || forecast / 9 < limit / 10;

    if (!is_over && !is_under)
        return;
    sb_text_add(&finding->subject, "budget");
    finding->verdict = is_over ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_over)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "at this rate the day costs ");
    sb_text_add_usd(&finding->text, (struct sb_usd){ forecast }, 2);
    sb_text_add(&finding->text, " of ");
    sb_text_add_usd(&finding->text, core->setup.budget->limit, 2);
    sb_text_add(&finding->text, " USD; the cap holds, generation will be thinned");
}
