/* What the previous process left unfinished: remembered before `begin`, decided after the catalogue is announced. Core thread only. */
#include "state.h"

void sb_restore_run(struct sb_core *core, const struct sb_in_restore_run *restored)
{
    if (restored->job >= core->setup.job_count || core->is_begun)
        return;
    const struct sb_job_def *def = job_def(core, restored->job);
    uint8_t step = restored->step < def->step_count ? restored->step : 0;
    uint8_t attempt = restored->attempt > 0 ? restored->attempt : 1;
    struct run *run = sb_run_take(core, restored->job, restored->run, SB_CAUSE_RECOVERY, restored->nominal, step, attempt);

    if (run == NULL)
        return;
    run->is_restored = true;
    run->was_running = restored->was_running;
    run->was_effect = restored->was_effect;
    run->recoveries = restored->recoveries;
    run->tries = attempt;
}

static void say_interrupted(struct sb_core *core, const struct run *run)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_INTERRUPTED);
    struct sb_ev_run_interrupted *out = &event.as.run_interrupted;
    out->run = run->id;
    out->job = run->job;
    out->step = run->step;
    out->attempt = run->attempt;
    out->recoveries = run->recoveries;
    out->was_effect = run->was_effect;
    sb_core_emit(core, &event);
}

/* A run that was only waiting goes on as if nothing had happened. One whose step was cut follows its retry policy: the cut attempt
 * counts. A run that was cut too often is quarantined, because it may be what ends the process. */
void sb_restore_decide(struct sb_core *core, struct run *run)
{
    const struct sb_job_def *def = job_def(core, run->job);

    run->is_restored = false;
    run->queued_at = run->ready_at = core->now;
    if (!run->was_running) {
        sb_run_say_queued(core, run);
        sb_advance_place(core, run);
        return;
    }
    if (run->recoveries < UINT8_MAX)
        run->recoveries++;
    say_interrupted(core, run);
    if (run->recoveries >= RECOVERIES_MAX) {
        sb_run_end(core, run, SB_RUN_STATE_QUARANTINED, SB_CLASS_FATAL, run->step,
                   "the process ended three times during this run");
        return;
    }
    if (run->tries >= def->retry.attempts) {
        sb_run_end(core, run, SB_RUN_STATE_INTERRUPTED, SB_CLASS_RETRYABLE, run->step, "interrupted by the end of the process");
        return;
    }
    run->attempt++;
    run->tries++;
    if (step_def(core, run->job, run->step)->restarts_job)
        run->step = 0;
    sb_run_say_queued(core, run);
    sb_advance_place(core, run);
}
