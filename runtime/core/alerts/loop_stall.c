/* loop_stall: the core's thread comes more than a second too late, and not just once (gauges.c). Cleared when it is on time again. */
#include "alerts.h"

void sb_alert_rule_loop_stall(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_gauge_changed *changed = &event->as.gauge_changed;
    (void)core;
    if (event->kind != SB_EVENT_GAUGE_CHANGED || changed->gauge != SB_GAUGE_LATENESS)
        return;
    sb_text_add(&finding->subject, "core");
    finding->verdict = changed->level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "decisions come late, first by ");
    sb_text_add_duration(&finding->text, SB_MS((sb_ns)changed->value));
    sb_text_add(&finding->text, "; due times wait, nothing is lost");
}
