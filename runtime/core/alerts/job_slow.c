/* job_slow: a run succeeded and took three times as long as it usually does, and half a minute longer; how often is counted by the looks of alert.h.
 * "Usually" is the median of its last successes, at least eight of them. */
#include "alerts.h"

enum { KNOWN_FROM = 8, TIMES = 3 };

static sb_ns usual(const struct job *job)
{
    sb_ns lasted[RECENT_DURATIONS];
    for (uint8_t i = 0; i < job->recent_count; i++)
        lasted[i] = SB_MS((sb_ns)job->recent_ms[i]);
    return sb_service_median(lasted, job->recent_count);
}

void sb_alert_rule_job_slow(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_run_ended *ended = &event->as.run_ended;
    if (event->kind != SB_EVENT_RUN_ENDED || ended->state != SB_RUN_STATE_SUCCEEDED || ended->job >= core->setup.job_count ||
        core->jobs[ended->job].recent_count < KNOWN_FROM)
        return;
    sb_ns median = usual(&core->jobs[ended->job]);
    bool is_slow = ended->duration > TIMES * median && ended->duration > median + SB_S(30);

    finding->job = ended->job;
    sb_text_add(&finding->subject, job_def(core, ended->job)->name);
    finding->verdict = is_slow ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_slow)
        return;
    finding->severity = SB_SEVERITY_INFO;
    sb_text_add(&finding->text, job_def(core, ended->job)->name);
    sb_text_add(&finding->text, " took ");
    sb_text_add_duration(&finding->text, ended->duration);
    sb_text_add(&finding->text, ", usually ");
    sb_text_add_duration(&finding->text, median);
}
