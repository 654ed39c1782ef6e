/* Retry delays: base * factor^n, capped, with jitter from a hash, so that a replay waits exactly as long. Pure. */
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
