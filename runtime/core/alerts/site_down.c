/* site_down: a site's breaker is open, so that nothing of it is asked or published. Cleared when it closes. */
#include "alerts.h"

void sb_alert_rule_site_down(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_breaker_changed *changed = &event->as.breaker_changed;
    (void)core;
    if (event->kind != SB_EVENT_BREAKER_CHANGED || changed->state == SB_BREAKER_STATE_HALF_OPEN)
        return;
    sb_text_add(&finding->subject, changed->name);
    finding->verdict = changed->state == SB_BREAKER_STATE_CLOSED ? VERDICT_CLEAR : VERDICT_RAISE;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_ERROR;
    sb_text_add(&finding->text, changed->state == SB_BREAKER_STATE_TRIPPED ? "tripped by " : "does not answer: ");
    sb_text_add(&finding->text, changed->state == SB_BREAKER_STATE_TRIPPED ? changed->actor : changed->reason);
    sb_text_add(&finding->text, "; its runs wait and go on by themselves");
}
