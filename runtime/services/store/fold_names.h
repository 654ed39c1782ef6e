/* The names the fold learns from job_defined and step_defined. Private to this room. */
#ifndef SIGNALBOX_STORE_FOLD_NAMES_H
#define SIGNALBOX_STORE_FOLD_NAMES_H

#include "signalbox/base/err.h"
#include "signalbox/model/limits.h"

#include <stdint.h>

struct sb_fold_step {
    char name[SB_NAME_MAX];
    bool is_effect;
};

/* What a transaction will change in the row of a job (fold_jobs.c). */
struct sb_fold_pending {
    bool is_touched, has_watermark, has_ended;
    uint16_t next; /* of those touched; SB_NO_JOB = the last */
    int64_t watermark, watermark_at_ms;
    uint64_t run;
    uint8_t state, step, attempt;
    int64_t kept, added; /* failures become failures * kept + added */
    int64_t ended_at_ms;
};
struct sb_fold_job {
    char name[SB_NAME_MAX]; /* empty: not defined */
    uint8_t step_count;
    struct sb_fold_step *steps;
    struct sb_fold_pending pending;
};

struct sb_names {
    struct sb_fold_job *jobs;
    uint32_t count;
    uint16_t touched; /* head of the list of pending ones; SB_NO_JOB = none */
};

void sb_names_deinit(struct sb_names *names);
/* False when out of memory. */
bool sb_names_job(struct sb_names *names, uint16_t job, const char *name, uint8_t step_count);
void sb_names_step(struct sb_names *names, uint16_t job, uint8_t step, const char *name, bool is_effect);
/* NULL when not defined. */
const struct sb_fold_job *sb_names_find(const struct sb_names *names, uint16_t job);
const struct sb_fold_step *sb_names_find_step(const struct sb_names *names, uint16_t job, uint8_t step);

#endif
