/* What the rules compare with: how long runs usually take, and how many of them are as promised. It comes from events alone, so that a recorded
 * journal gives the same. It begins anew with the process: a window is as long as there is something to count in it. Core thread only. */
#include "state.h"

/* ---- how long runs take ---- */

static void remember_duration(struct sb_core *core, const struct sb_ev_run_ended *ended)
{
    struct job *job = &core->jobs[ended->job];
    sb_ns ms = ended->duration / SB_MS(1);
    job->recent_ms[job->recent_next] = ms < 0 ? 0 : ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    job->recent_next = (uint8_t)((job->recent_next + 1) % RECENT_DURATIONS);
    if (job->recent_count < RECENT_DURATIONS)
        job->recent_count++;
    job->longest_ms = 0;
    for (uint8_t i = 0; i < job->recent_count; i++)
        if (job->recent_ms[i] > job->longest_ms)
            job->longest_ms = job->recent_ms[i];
}

sb_ns sb_service_longest(const struct sb_core *core, uint16_t job)
{
    const struct job *j = &core->jobs[job];
    return j->recent_count < DURATIONS_KNOWN_FROM ? 0 : SB_MS(j->longest_ms);
}

sb_ns sb_service_median(sb_ns *values, uint8_t count)
{
    for (uint8_t i = 1; i < count; i++) {
        const sb_ns value = values[i];
        uint8_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    return count > 0 ? values[count / 2] : 0;
}

/* ---- objectives ---- */

static struct service_count *bucket(struct sb_core *core, enum sb_objective objective, bool is_fine)
{
    struct service *s = &core->services[objective];
    struct service_count *row = is_fine ? s->fine : s->coarse;
    size_t size = is_fine ? SB_LEN(s->fine) : SB_LEN(s->coarse);
    int64_t number = core->now / (is_fine ? SERVICE_FINE : SERVICE_COARSE);
    struct service_count *at = &row[(size_t)number % size];
    if (at->number != number)
        *at = (struct service_count){ .number = number };
    return at;
}

static void count(struct sb_core *core, enum sb_objective objective, bool is_bad)
{
    struct service *s = &core->services[objective];
    for (int is_fine = 0; is_fine < 2; is_fine++) {
        struct service_count *at = bucket(core, objective, is_fine != 0);
        at->all++;
        at->bad += is_bad ? 1 : 0;
    }
    int64_t period = core->now / SERVICE_FINE;
    s->is_fresh = is_bad || s->judged != period; /* between two failures nothing gets worse: judged again with the next five minutes */
    if (s->is_fresh)
        s->judged = period;
}

struct service_count sb_service_within(const struct sb_core *core, enum sb_objective objective, sb_ns window)
{
    const struct service *s = &core->services[objective];
    const bool is_fine = window <= SERVICE_FINE * (sb_ns)SB_LEN(s->fine);
    const struct service_count *row = is_fine ? s->fine : s->coarse;
    const size_t size = is_fine ? SB_LEN(s->fine) : SB_LEN(s->coarse);
    const sb_ns width = is_fine ? SERVICE_FINE : SERVICE_COARSE;
    const int64_t newest = core->now / width, oldest = newest - window / width; /* the youngest bucket is not full: one more */
    struct service_count sum = { .number = newest };
    for (size_t i = 0; i < size; i++) {
        if (row[i].all == 0 || row[i].number < oldest || row[i].number > newest)
            continue;
        sum.all += row[i].all;
        sum.bad += row[i].bad;
    }
    return sum;
}

void sb_service_event(struct sb_core *core, const struct sb_event *event)
{
    core->services[SB_OBJECTIVE_SUCCESS].is_fresh = core->services[SB_OBJECTIVE_PUNCTUALITY].is_fresh = false;
    switch (event->kind) {
    case SB_EVENT_RUN_STARTED: /* a late one has been counted when it was told */
        count(core, SB_OBJECTIVE_PUNCTUALITY, false);
        break;
    case SB_EVENT_RUN_LATE:
        count(core, SB_OBJECTIVE_PUNCTUALITY, true);
        break;
    case SB_EVENT_RUN_ENDED:
        if (event->as.run_ended.state == SB_RUN_STATE_SUCCEEDED)
            count(core, SB_OBJECTIVE_SUCCESS, false);
        else if (event->as.run_ended.state == SB_RUN_STATE_FAILED || event->as.run_ended.state == SB_RUN_STATE_QUARANTINED)
            count(core, SB_OBJECTIVE_SUCCESS, true);
        break;
    default:
        break;
    }
}

void sb_service_ended(struct sb_core *core, const struct sb_ev_run_ended *ended)
{
    if (ended->state == SB_RUN_STATE_SUCCEEDED && ended->job < core->setup.job_count)
        remember_duration(core, ended);
}
