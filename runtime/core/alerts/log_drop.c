/* log_drop: lines of steps, or events for the counters, were given up because nobody took them in time. Cleared when for a minute none was. */
#include "alerts.h"

void sb_alert_rule_log_drop(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_gauge_changed *changed = &event->as.gauge_changed;
    (void)core;
    if (event->kind != SB_EVENT_GAUGE_CHANGED || changed->gauge != SB_GAUGE_LOST)
        return;
    sb_text_add(&finding->subject, "log");
    finding->verdict = changed->level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "lines or events were given up, ");
    sb_text_add_u64(&finding->text, changed->value);
    sb_text_add(&finding->text, " since the start: the log and the counters have a hole");
}
