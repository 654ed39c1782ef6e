/* job_failing_streak: a job fails again and again; how often is counted by the looks of alert.h. Graver than one failure of the same job. */
#include "alerts.h"

void sb_alert_rule_job_failing_streak(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind != SB_EVENT_RUN_ENDED)
        return;
    const struct sb_ev_run_ended *ended = &event->as.run_ended;
    const struct sb_job_def *def = job_def(core, ended->job);
    bool is_bad = ended->state == SB_RUN_STATE_FAILED || ended->state == SB_RUN_STATE_QUARANTINED;

    if (!is_bad && ended->state != SB_RUN_STATE_SUCCEEDED)
        return;
    finding->job = ended->job;
    sb_text_add(&finding->subject, def->name);
    finding->verdict = is_bad ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_bad)
        return;
    finding->severity = def->is_critical ? SB_SEVERITY_PAGE : SB_SEVERITY_ERROR;
    sb_text_add(&finding->text, def->name);
    sb_text_add(&finding->text, " keeps failing, last ");
    sb_text_add(&finding->text, sb_class_text(ended->class));
    sb_text_add(&finding->text, ": ");
    sb_text_add(&finding->text, ended->error);
}
