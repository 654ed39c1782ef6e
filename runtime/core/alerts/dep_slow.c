/* dep_slow: a component answers, but three times in a row five times as slowly as it usually does. Cleared when three answers are not slow, and when
 * it fails: then dep_down says it. */
#include "alerts.h"

void sb_alert_rule_dep_slow(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    const struct sb_ev_component_slow *slow = &event->as.component_slow;
    if (event->kind == SB_EVENT_COMPONENT_SLOW) {
        finding->component = slow->component;
        finding->verdict = slow->is_slow ? VERDICT_RAISE : VERDICT_CLEAR;
    } else if (event->kind == SB_EVENT_COMPONENT_CHANGED && event->as.component_changed.state == SB_COMPONENT_STATE_FAILED) {
        finding->component = event->as.component_changed.component;
        finding->verdict = VERDICT_CLEAR;
    } else {
        return;
    }
    sb_text_add(&finding->subject, sb_component_text(finding->component));
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, sb_component_text(slow->component));
    sb_text_add(&finding->text, " answers in ");
    sb_text_add_duration(&finding->text, slow->latency);
    sb_text_add(&finding->text, ", usually in ");
    sb_text_add_duration(&finding->text, slow->usual);
}
