/* Names of jobs and steps by number. Owned by the fold, writer thread only; bounded by SB_JOBS_MAX and SB_JOB_STEPS_MAX. */
#include "fold_names.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

void sb_names_deinit(struct sb_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free(names->jobs[i].steps);
    free(names->jobs);
    names->jobs = NULL;
    names->count = 0;
}

static bool grow(struct sb_names *names, uint16_t job)
{
    uint32_t count = names->count ? names->count : 32;
    while (count <= job)
        count *= 2;
    struct sb_fold_job *jobs = realloc(names->jobs, count * sizeof *jobs);
    if (!jobs)
        return false;
    memset(jobs + names->count, 0, (count - names->count) * sizeof *jobs);
    names->jobs = jobs;
    names->count = count;
    return true;
}

bool sb_names_job(struct sb_names *names, uint16_t job, const char *name, uint8_t step_count)
{
    if (job >= SB_JOBS_MAX)
        return true; /* such a number names nothing */
    if (job >= names->count && !grow(names, job))
        return false;
    struct sb_fold_job *at = &names->jobs[job];
    step_count = step_count < SB_JOB_STEPS_MAX ? step_count : (uint8_t)SB_JOB_STEPS_MAX;
    struct sb_fold_step *steps = calloc(step_count ? step_count : 1u, sizeof *steps);
    if (!steps)
        return false;
    free(at->steps);
    at->steps = steps;
    at->step_count = step_count;
    (void)sb_copy(at->name, sizeof at->name, name); /* both are SB_NAME_MAX */
    return true;
}

void sb_names_step(struct sb_names *names, uint16_t job, uint8_t step, const char *name, bool is_effect)
{
    if (job >= names->count || step >= names->jobs[job].step_count)
        return;
    struct sb_fold_step *at = &names->jobs[job].steps[step];
    (void)sb_copy(at->name, sizeof at->name, name); /* both are SB_NAME_MAX */
    at->is_effect = is_effect;
}

const struct sb_fold_job *sb_names_find(const struct sb_names *names, uint16_t job)
{
    return job < names->count && names->jobs[job].name[0] ? &names->jobs[job] : NULL;
}

const struct sb_fold_step *sb_names_find_step(const struct sb_names *names, uint16_t job, uint8_t step)
{
    const struct sb_fold_job *found = sb_names_find(names, job);
    return found && step < found->step_count && found->steps[step].name[0] ? &found->steps[step] : NULL;
}
