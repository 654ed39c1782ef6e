/* browser_memory: the memory guard keeps lanes from getting contexts. Cleared when it does not any more. */
#include "alerts.h"

void sb_alert_rule_browser_memory(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    if (event->kind != SB_EVENT_POOL_PRESSURE)
        return;
    sb_text_add(&finding->subject, "memory");
    finding->verdict = event->as.pool_pressure.level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "the browser uses ");
    sb_text_add_u64(&finding->text, event->as.pool_pressure.used_mib);
    sb_text_add(&finding->text, " of ");
    sb_text_add_u64(&finding->text, event->as.pool_pressure.limit_mib);
    sb_text_add(&finding->text, event->as.pool_pressure.level > 1 ? " MiB: lanes low and high stand still, posting goes on"
                                                                  : " MiB: lane low stands still");
}
