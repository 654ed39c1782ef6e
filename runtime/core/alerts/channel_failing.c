/* channel_failing: a channel does not take its notices. Told through the other ones. Cleared by the next notice it takes. */
#include "alerts.h"

enum { FAILING_FROM = 3 }; /* attempts */

void sb_alert_rule_channel_failing(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    const struct sb_ev_notice_failed *failed = &event->as.notice_failed;
    if (event->kind == SB_EVENT_NOTICE_SENT) {
        sb_text_add(&finding->subject, event->as.notice_sent.name);
        finding->verdict = VERDICT_CLEAR;
    }
    if (event->kind != SB_EVENT_NOTICE_FAILED || (failed->attempt < FAILING_FROM && failed->delay > 0))
        return;
    sb_text_add(&finding->subject, failed->name);
    finding->verdict = VERDICT_RAISE;
    finding->severity = SB_SEVERITY_ERROR;
    sb_text_add(&finding->text, "channel ");
    sb_text_add(&finding->text, failed->name);
    sb_text_add(&finding->text, " takes no notices: ");
    sb_text_add(&finding->text, failed->reason);
}
