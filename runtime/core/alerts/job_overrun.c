/* job_overrun: a run is about to use up its time, or takes twice as long as it lately has at most. Cleared when a run of the job ends. */
#include "alerts.h"

void sb_alert_rule_job_overrun(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind == SB_EVENT_RUN_OVERRUN) {
        const struct sb_ev_run_overrun *overrun = &event->as.run_overrun;
        finding->verdict = VERDICT_RAISE;
        finding->job = overrun->job;
        finding->severity = SB_SEVERITY_WARN;
        sb_text_add(&finding->text, job_def(core, overrun->job)->name);
        sb_text_add(&finding->text, " still runs after ");
        sb_text_add_duration(&finding->text, overrun->lasted);
        if (overrun->step < job_def(core, overrun->job)->step_count) {
            sb_text_add(&finding->text, ", in step ");
            sb_text_add(&finding->text, step_def(core, overrun->job, overrun->step)->name);
        }
        if (overrun->usual > 0) {
            sb_text_add(&finding->text, "; lately at most ");
            sb_text_add_duration(&finding->text, overrun->usual);
        }
    } else if (event->kind == SB_EVENT_RUN_ENDED) {
        finding->verdict = VERDICT_CLEAR;
        finding->job = event->as.run_ended.job;
    } else {
        return;
    }
    sb_text_add(&finding->subject, job_def(core, finding->job)->name);
}
