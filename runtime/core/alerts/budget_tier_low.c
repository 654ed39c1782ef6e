/* budget_tier_low: generation stands still because the day's money is short. Cleared by a better tier or the next day. */
#include "alerts.h"

void sb_alert_rule_budget_tier_low(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    if (event->kind != SB_EVENT_BUDGET_TIER && event->kind != SB_EVENT_BUDGET_WINDOW)
        return;
    unsigned tier = event->kind == SB_EVENT_BUDGET_TIER ? event->as.budget_tier.to : event->as.budget_window.tier;
    sb_text_add(&finding->subject, "budget");
    finding->verdict = tier >= SB_TIER_CRITICAL ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = tier == SB_TIER_CLOSED ? SB_SEVERITY_ERROR : SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "budget is ");
    sb_text_add(&finding->text, sb_tier_text(tier));
    sb_text_add(&finding->text, ": nothing is generated; posting, scraping and health go on");
}
