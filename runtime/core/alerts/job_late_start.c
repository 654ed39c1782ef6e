/* job_late_start: a run waits longer than its job allows. Cleared when a run of the job starts or ends. */
#include "alerts.h"

void sb_alert_rule_job_late_start(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind == SB_EVENT_RUN_LATE) {
        finding->verdict = VERDICT_RAISE;
        finding->job = event->as.run_late.job;
        finding->severity = job_def(core, finding->job)->is_critical ? SB_SEVERITY_PAGE : SB_SEVERITY_WARN;
        sb_text_add(&finding->text, job_def(core, finding->job)->name);
        sb_text_add(&finding->text, " should have started ");
        sb_text_add_duration(&finding->text, event->as.run_late.late);
        sb_text_add(&finding->text, " ago; its row says what it waits for");
    } else if (event->kind == SB_EVENT_RUN_STARTED) {
        finding->verdict = VERDICT_CLEAR;
        finding->job = event->as.run_started.job;
    } else if (event->kind == SB_EVENT_RUN_ENDED) {
        finding->verdict = VERDICT_CLEAR;
        finding->job = event->as.run_ended.job;
    } else {
        return;
    }
    sb_text_add(&finding->subject, job_def(core, finding->job)->name);
}
