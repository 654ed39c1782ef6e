/* job_stuck: a step did not end even after it was stopped; its thread is written off. Cleared by the job's next success. */
#include "alerts.h"

void sb_alert_rule_job_stuck(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind == SB_EVENT_RUN_STUCK) {
        const struct sb_ev_run_stuck *stuck = &event->as.run_stuck;
        finding->verdict = VERDICT_RAISE;
        finding->job = stuck->job;
        finding->severity = SB_SEVERITY_PAGE;
        sb_text_add(&finding->text, job_def(core, stuck->job)->name);
        if (stuck->step < job_def(core, stuck->job)->step_count) {
            sb_text_add(&finding->text, " step ");
            sb_text_add(&finding->text, step_def(core, stuck->job, stuck->step)->name);
        }
        sb_text_add(&finding->text, " does not end, ");
        sb_text_add_duration(&finding->text, stuck->over);
        sb_text_add(&finding->text, " over its limit; given up, a restart frees its thread");
    } else if (event->kind == SB_EVENT_RUN_ENDED && event->as.run_ended.state == SB_RUN_STATE_SUCCEEDED) {
        finding->verdict = VERDICT_CLEAR;
        finding->job = event->as.run_ended.job;
    } else {
        return;
    }
    sb_text_add(&finding->subject, job_def(core, finding->job)->name);
}
