/* Waiting in the queue: waits.h. */
#include "state.h"

static struct job_wait *wait_of(struct sb_core *core, uint16_t job, uint64_t run)
{
    struct job_wait *wait = job < core->setup.job_count ? &core->jobs[job].wait : NULL;
    return wait != NULL && run != 0 && wait->run == run ? wait : NULL;
}

static void begin(struct sb_core *core, uint16_t job, uint64_t run)
{
    if (job < core->setup.job_count)
        core->jobs[job].wait = (struct job_wait){ .run = run, .since = core->now };
}

static void forget(struct sb_core *core, uint16_t job, uint64_t run)
{
    struct job_wait *wait = wait_of(core, job, run);
    if (wait != NULL)
        wait->run = 0;
    if (run == 0 || core->waits.behind_run != run)
        return;
    core->waits.behind_run = 0;
    core->waits.is_fresh = true;
}

static void started(struct sb_core *core, const struct sb_ev_run_started *event)
{
    struct waits *w = &core->waits;
    const struct job_wait *wait = wait_of(core, event->job, event->run);
    if (wait != NULL) {
        w->starts[w->next].at = core->now;
        w->starts[w->next].lasted = core->now - wait->since;
        w->next = (uint8_t)((w->next + 1) % WAITS_KEPT);
        w->count = w->count < WAITS_KEPT ? (uint8_t)(w->count + 1) : WAITS_KEPT;
        w->is_fresh = true;
    }
    forget(core, event->job, event->run);
}

/* A due time of the job passed because its run of before is still there. */
static void skipped(struct sb_core *core, const struct sb_ev_nominal_skipped *event)
{
    struct job_wait *wait = event->job < core->setup.job_count ? &core->jobs[event->job].wait : NULL;
    if (wait == NULL || wait->run == 0 || event->reason != SB_SKIP_OVERLAP)
        return;
    wait->passed += event->count;
    if (wait->passed < WAITS_BEHIND || core->now - wait->since < WAITS_BEHIND_FROM)
        return;
    core->waits.is_fresh = true;
    if (core->waits.behind_run != 0)
        return;
    core->waits.behind_run = wait->run;
    core->waits.behind_job = event->job;
}

static void judge(struct sb_core *core)
{
    struct waits *w = &core->waits;
    const struct waits_count count = sb_waits_within(core, core->alert_defs->queue_wait);
    w->is_bad = w->behind_run != 0 || (count.all >= WAITS_MIN && count.over * WAITS_PART > count.all);
    if (w->is_bad) {
        if (!w->was_bad)
            w->bad_since = core->now;
        w->bad_at = core->now;
        w->was_bad = true;
        return;
    }
    sb_ns trust = w->bad_at - w->bad_since;
    trust = trust < WAITS_TRUST_MIN ? WAITS_TRUST_MIN : trust < WAITS_TRUST_MAX ? trust : WAITS_TRUST_MAX;
    w->was_bad = w->was_bad && core->now - w->bad_at < trust;
}

void sb_waits_event(struct sb_core *core, const struct sb_event *event)
{
    core->waits.is_fresh = false;
    switch (event->kind) {
    case SB_EVENT_RUN_QUEUED:
        begin(core, event->as.run_queued.job, event->as.run_queued.run);
        break;
    case SB_EVENT_RUN_RELEASED:
        begin(core, event->as.run_released.job, event->as.run_released.run);
        break;
    case SB_EVENT_RUN_HELD:
        forget(core, event->as.run_held.job, event->as.run_held.run);
        break;
    case SB_EVENT_RUN_STARTED:
        started(core, &event->as.run_started);
        break;
    case SB_EVENT_RUN_RETRYING:
        forget(core, event->as.run_retrying.job, event->as.run_retrying.run);
        break;
    case SB_EVENT_RUN_ENDED:
        forget(core, event->as.run_ended.job, event->as.run_ended.run);
        break;
    case SB_EVENT_NOMINAL_SKIPPED:
        skipped(core, &event->as.nominal_skipped);
        break;
    case SB_EVENT_RUNTIME_STARTED: /* a recorded journal goes on with another process */
        core->waits = (struct waits){ .is_fresh = false };
        for (uint32_t job = 0; job < core->setup.job_count; job++)
            core->jobs[job].wait.run = 0;
        break;
    default:
        break;
    }
    if (core->waits.is_fresh)
        judge(core);
}

struct waits_count sb_waits_within(const struct sb_core *core, sb_ns limit)
{
    const struct waits *w = &core->waits;
    struct waits_count count = { .all = 0 };
    for (uint8_t i = 0; i < w->count; i++) {
        if (core->now - w->starts[i].at > WAITS_LATELY)
            continue;
        count.all++;
        count.over += w->starts[i].lasted > limit ? 1 : 0;
        if (w->starts[i].lasted > count.longest)
            count.longest = w->starts[i].lasted;
    }
    return count;
}
