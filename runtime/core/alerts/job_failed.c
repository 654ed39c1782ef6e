/* job_failed: a run ended failed or quarantined, all attempts used. Cleared by the job's next success. */
#include "alerts.h"

static const char *advice(enum sb_class class)
{
    if (class == SB_CLASS_UNCERTAIN)
        return "; it may have happened: look before retrying";
    return class == SB_CLASS_FATAL ? "; fix, then press r" : "";
}

void sb_alert_rule_job_failed(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind != SB_EVENT_RUN_ENDED)
        return;
    const struct sb_ev_run_ended *ended = &event->as.run_ended;
    const struct sb_job_def *def = job_def(core, ended->job);

    finding->job = ended->job;
    sb_text_add(&finding->subject, def->name);
    if (ended->state == SB_RUN_STATE_SUCCEEDED)
        finding->verdict = VERDICT_CLEAR;
    if (ended->state != SB_RUN_STATE_FAILED && ended->state != SB_RUN_STATE_QUARANTINED)
        return;
    finding->verdict = VERDICT_RAISE;
    finding->severity = def->is_critical || ended->class == SB_CLASS_UNCERTAIN ? SB_SEVERITY_PAGE : SB_SEVERITY_WARN;
    sb_text_add(&finding->text, def->name);
    sb_text_add_char(&finding->text, ' ');
    sb_text_add(&finding->text, sb_class_text(ended->class));
    if (ended->step < def->step_count) {
        sb_text_add(&finding->text, " at ");
        sb_text_add(&finding->text, step_def(core, ended->job, ended->step)->name);
    }
    sb_text_add(&finding->text, ": ");
    sb_text_add(&finding->text, ended->error);
    sb_text_add(&finding->text, advice((enum sb_class)ended->class));
}
