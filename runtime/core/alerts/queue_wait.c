/* queue_wait: of the runs that started lately more than one in twenty waited longer than alerts.queue_wait for a context or a worker; or a run has
 * waited so long that two more of its job's due times passed (waits.h). Cleared when neither holds for minutes; in between it stays as it is. */
#include "alerts.h"

void sb_alert_rule_queue_wait(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)event;
    if (!core->waits.is_fresh || (!core->waits.is_bad && core->waits.was_bad))
        return;
    sb_text_add(&finding->subject, "queue");
    finding->verdict = core->waits.is_bad ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    if (core->waits.behind_run != 0) {
        sb_text_add(&finding->text, job_def(core, core->waits.behind_job)->name);
        sb_text_add(&finding->text, " still waits to start while its next due times pass");
        return;
    }
    const struct waits_count count = sb_waits_within(core, core->alert_defs->queue_wait);
    sb_text_add_u64(&finding->text, count.over);
    sb_text_add(&finding->text, " of the last ");
    sb_text_add_u64(&finding->text, count.all);
    sb_text_add(&finding->text, " runs waited longer than ");
    sb_text_add_duration(&finding->text, core->alert_defs->queue_wait);
    sb_text_add(&finding->text, ", the longest ");
    sb_text_add_duration(&finding->text, count.longest);
}
