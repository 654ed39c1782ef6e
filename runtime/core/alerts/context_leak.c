/* context_leak: a run keeps a context beyond the deadline it was given with. Cleared when the context is given back. */
#include "alerts.h"

static void name(struct finding *finding, uint16_t ctx)
{
    sb_text_add(&finding->subject, "ctx ");
    sb_text_add_u64(&finding->subject, ctx);
}

void sb_alert_rule_context_leak(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind == SB_EVENT_LEASE_ENDED) {
        finding->verdict = VERDICT_CLEAR;
        name(finding, event->as.lease_ended.ctx);
    }
    if (event->kind != SB_EVENT_LEASE_OVERDUE)
        return;
    const struct sb_ev_lease_overdue *overdue = &event->as.lease_overdue;
    finding->verdict = VERDICT_RAISE;
    finding->severity = SB_SEVERITY_WARN;
    finding->job = overdue->job;
    name(finding, overdue->ctx);
    sb_text_add(&finding->text, job_def(core, overdue->job)->name);
    sb_text_add(&finding->text, " keeps it, ");
    sb_text_add_duration(&finding->text, overdue->over);
    sb_text_add(&finding->text, " beyond its time");
}
