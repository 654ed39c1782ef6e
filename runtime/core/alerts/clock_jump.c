/* clock_jump: the wall clock moved against the monotonic one by more than a time service would in normal work. */
#include "alerts.h"

void sb_alert_rule_clock_jump(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    sb_ns delta = event->as.clock_stepped.delta;
    if (event->kind != SB_EVENT_CLOCK_STEPPED || (delta < SB_S(2) && delta > -SB_S(2)))
        return;
    sb_text_add(&finding->subject, "clock");
    finding->verdict = VERDICT_RAISE;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, delta < 0 ? "the clock was set back by " : "the clock was set forward by ");
    sb_text_add_duration(&finding->text, delta < 0 ? -delta : delta);
    sb_text_add(&finding->text, "; due times were computed anew");
}
