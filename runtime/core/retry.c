/* Retry delays: base * factor^n, capped, with jitter from a hash, so that a replay waits exactly as long. And where an operator's retry
 * begins. Pure. */
#include "state.h"

sb_ns sb_retry_delay(const struct sb_core *core, const struct sb_job_def *def, uint64_t run, uint8_t attempt)
{
    SB_ASSERT(attempt >= 2);
    sb_ns delay = def->retry.base > 0 ? def->retry.base : SB_S(1);
    sb_ns max = def->retry.max > 0 ? def->retry.max : SB_S(30);
    for (uint8_t i = 2; i < attempt && delay < max; i++)
        delay = delay / 100 * def->retry.factor_pct;
    if (delay > max)
        delay = max;
    if (def->retry.jitter == SB_JITTER_FULL) {
        uint64_t hash = sb_hash_fold(sb_hash_fold(sb_hash_fold(core->setup.seed, run), attempt), 0x7265747279u);
        sb_ns floor = SB_MS(10) < delay ? SB_MS(10) : delay;
        delay = floor + (sb_ns)(hash % (uint64_t)(delay - floor + 1));
    }
    return delay;
}

bool sb_retry_is_possible(enum sb_run_state state)
{
    return state == SB_RUN_STATE_FAILED || state == SB_RUN_STATE_CANCELLED || state == SB_RUN_STATE_INTERRUPTED ||
           state == SB_RUN_STATE_QUARANTINED;
}

/* A run has what the steps before its last one left for the later ones, and no more. */
static uint8_t step_named(const struct sb_core *core, uint16_t job, const char *name, uint8_t last, const char **why)
{
    const struct sb_job_def *def = job_def(core, job);
    for (uint8_t i = 0; i < def->step_count; i++) {
        if (!sb_streq(step_def(core, job, i)->name, name))
            continue;
        *why = "the run did not come as far as ";
        return i <= last && last < def->step_count ? i : SB_NO_STEP;
    }
    *why = name[0] == '\0' ? "subject must name a step" : "the job has no step ";
    return SB_NO_STEP;
}

uint8_t sb_retry_step(const struct sb_core *core, uint16_t job, enum retry_from from, const char *name, uint8_t last, const char **why)
{
    uint8_t step = from == FROM_FIRST || last >= job_def(core, job)->step_count ? 0 : last;
    if (from == FROM_NAMED)
        step = step_named(core, job, name, last, why);
    return step != SB_NO_STEP && step_def(core, job, step)->restarts_job ? 0 : step;
}
