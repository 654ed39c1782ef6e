/* config_stale: the file of the catalogue is another one than what was loaded, or is gone; what runs is not what is written. Cleared by a reload. */
#include "alerts.h"

void sb_alert_rule_config_stale(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_component_changed *changed = &event->as.component_changed;
    (void)core;
    if (event->kind != SB_EVENT_COMPONENT_CHANGED || changed->component != SB_COMPONENT_CONFIG)
        return;
    sb_text_add(&finding->subject, "catalogue");
    finding->verdict = changed->state == SB_COMPONENT_STATE_DEGRADED ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, changed->reason);
}
