/* Where on its grid a job meets the others least. Pure. */
#include "signalbox/base/assert.h"
#include "signalbox/model/job.h"

enum {
    CANDIDATES = 48,      /* offsets tried, evenly over the interval */
    OCCURRENCES_MAX = 96, /* due times of the job looked at for each */
    PLACED_MAX = 256,     /* jobs looked at */
};

/* How far a due time is from the nearest one of a grid. */
static sb_ns distance(sb_ns at, const struct sb_job_def *other)
{
    sb_ns past = (at - other->offset) % other->every;
    if (past < 0)
        past += other->every;
    return past < other->every - past ? past : other->every - past;
}

static bool competes(const struct sb_job_def *other, const struct sb_job_def *job)
{
    if (other->schedule != SB_SCHEDULE_EVERY || other->every <= 0 || !other->is_enabled)
        return false;
    return job->category == SB_CATEGORY_NONE || other->category != SB_CATEGORY_NONE;
}

/* The smaller the distance to another due time, the higher the cost; beyond `reach` there is none. */
static uint64_t cost_of(const struct sb_job_def *placed, uint32_t count, const struct sb_job_def *job, sb_ns offset, sb_ns reach)
{
    uint64_t cost = 0;
    uint32_t looked = count < PLACED_MAX ? count : PLACED_MAX;

    for (uint32_t i = 0; i < looked; i++) {
        if (!competes(&placed[i], job))
            continue;
        for (int n = 0; n < OCCURRENCES_MAX; n++) {
            sb_ns away = distance(offset + n * job->every, &placed[i]);
            cost += away < reach ? (uint64_t)((reach - away) / (reach / 1024 + 1)) : 0;
        }
    }
    return cost;
}

sb_ns sb_stagger_offset(const struct sb_job_def *placed, uint32_t count, const struct sb_job_def *job)
{
    sb_ns best = 0;
    uint64_t best_cost = UINT64_MAX;

    if (job->every <= 0)
        return 0;
    sb_ns reach = job->every / 8 > SB_S(1) ? job->every / 8 : SB_S(1);
    for (int i = 0; i < CANDIDATES; i++) {
        sb_ns offset = job->every / CANDIDATES * i;
        uint64_t cost = cost_of(placed, count, job, offset, reach);
        if (cost < best_cost) {
            best = offset;
            best_cost = cost;
        }
    }
    return best;
}
