/* The rows of jobs: what many events of one transaction change in a job's row is written once, before its commit. A busy job would else have its
 * row written a thousand times in a transaction, and PostgreSQL walks over all its versions each time. Writer thread only. */
#include "folding.h"

/* The job's pending changes, on the list; NULL for a job that was never defined. */
static struct sb_fold_pending *touch(struct sb_fold *fold, uint16_t job)
{
    if (!sb_names_find(&fold->names, job))
        return NULL;
    struct sb_fold_pending *pending = &fold->names.jobs[job].pending;
    if (!pending->is_touched) {
        *pending = (struct sb_fold_pending){ .is_touched = true, .next = fold->names.touched, .kept = 1 };
        fold->names.touched = job;
    }
    return pending;
}

void sb_fold_jobs_clear(struct sb_fold *fold)
{
    while (fold->names.touched != SB_NO_JOB) {
        struct sb_fold_pending *pending = &fold->names.jobs[fold->names.touched].pending;
        fold->names.touched = pending->next;
        pending->is_touched = false;
    }
}

static enum sb_err write_one(const struct folding *f, const struct sb_fold_job *job)
{
    const struct sb_fold_pending *p = &job->pending;
    enum sb_err code = SB_OK;
    if (p->has_watermark)
        code = RUN(f, JOB_WATERMARK, WORDS(job->name), sb_cell_int(p->watermark), sb_cell_int(p->watermark_at_ms));
    if (!code && p->has_ended)
        code = RUN(f, JOB_ENDED, WORDS(job->name), sb_fold_integer(p->run), sb_cell_text(sb_run_state_text(p->state)),
                   sb_fold_none_or_step(p->step), sb_cell_int(p->attempt), sb_cell_int(p->kept), sb_cell_int(p->added), sb_cell_int(p->ended_at_ms));
    return code;
}

enum sb_err sb_fold_jobs_write(const struct folding *f)
{
    enum sb_err code = SB_OK;
    for (uint16_t job = f->fold->names.touched; job != SB_NO_JOB && !code; job = f->fold->names.jobs[job].pending.next)
        code = write_one(f, &f->fold->names.jobs[job]);
    sb_fold_jobs_clear(f->fold);
    return code;
}

enum sb_err sb_fold_job_watermark(const struct folding *f, uint16_t job, int64_t watermark)
{
    struct sb_fold_pending *pending = touch(f->fold, job);
    if (!pending)
        return RUN(f, JOB_WATERMARK, sb_fold_job_name(f, job), sb_cell_int(watermark), sb_cell_int(f->at_ms));
    if (!pending->has_watermark || watermark > pending->watermark) {
        pending->has_watermark = true;
        pending->watermark = watermark;
        pending->watermark_at_ms = f->at_ms;
    }
    return SB_OK;
}

enum sb_err sb_fold_job_ended(const struct folding *f, const struct sb_ev_run_ended *e)
{
    bool is_success = e->state == SB_RUN_STATE_SUCCEEDED;
    bool is_failure = e->state == SB_RUN_STATE_FAILED || e->state == SB_RUN_STATE_QUARANTINED;
    struct sb_fold_pending *pending = touch(f->fold, e->job);
    if (!pending)
        return RUN(f, JOB_ENDED, sb_fold_job_name(f, e->job), sb_fold_integer(e->run), sb_cell_text(sb_run_state_text(e->state)),
                   sb_fold_none_or_step(e->step), sb_cell_int(e->attempt), sb_cell_int(is_success ? 0 : 1), sb_cell_int(is_failure ? 1 : 0),
                   sb_cell_int(f->at_ms));
    pending->has_ended = true;
    pending->run = e->run;
    pending->state = e->state;
    pending->step = e->step;
    pending->attempt = e->attempt;
    pending->ended_at_ms = f->at_ms;
    pending->kept = is_success ? 0 : pending->kept;
    pending->added = is_success ? 0 : pending->added + is_failure;
    return SB_OK;
}
