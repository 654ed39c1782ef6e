/* dep_down: a component failed, or works only in part. Graver when more depends on it; what works in part is a warning. Cleared when it is ok. */
#include "alerts.h"

void sb_alert_rule_dep_down(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    static const enum sb_severity severities[SB_COMPONENT_CLASS_COUNT] = {
        [SB_COMPONENT_CLASS_REQUIRED] = SB_SEVERITY_PAGE,
        [SB_COMPONENT_CLASS_IMPORTANT] = SB_SEVERITY_ERROR,
        [SB_COMPONENT_CLASS_OPTIONAL] = SB_SEVERITY_WARN,
    };
    if (event->kind != SB_EVENT_COMPONENT_CHANGED)
        return;
    const struct sb_ev_component_changed *changed = &event->as.component_changed;
    bool is_degraded = changed->state == SB_COMPONENT_STATE_DEGRADED && changed->component != SB_COMPONENT_CONFIG; /* config_stale says that */
    bool is_down = is_degraded || changed->state == SB_COMPONENT_STATE_FAILED;

    finding->component = changed->component;
    sb_text_add(&finding->subject, sb_component_text(changed->component));
    finding->verdict = is_down ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_down)
        return;
    finding->severity = is_degraded ? SB_SEVERITY_WARN : severities[core->setup.components[changed->component].class];
    sb_text_add(&finding->text, sb_component_text(changed->component));
    sb_text_add(&finding->text, is_degraded ? " is degraded: " : " failed: ");
    sb_text_add(&finding->text, changed->reason);
}
