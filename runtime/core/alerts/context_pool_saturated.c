/* context_pool_saturated: somebody has waited too long for a browser context. Cleared when nobody does. */
#include "alerts.h"

void sb_alert_rule_context_pool_saturated(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    if (event->kind != SB_EVENT_POOL_SATURATED && event->kind != SB_EVENT_POOL_RELIEVED)
        return;
    sb_text_add(&finding->subject, "contexts");
    finding->verdict = event->kind == SB_EVENT_POOL_SATURATED ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add_u64(&finding->text, event->as.pool_saturated.waiting);
    sb_text_add(&finding->text, " runs wait for a browser context, the oldest for ");
    sb_text_add_duration(&finding->text, event->as.pool_saturated.oldest);
}
