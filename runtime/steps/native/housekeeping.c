/* Upkeep of the store every minute: forgets old events and ended runs, and says how much memory the process holds. */
#include "native.h"

#include <inttypes.h>

enum { KEEP_DAYS = 30 };

enum sb_err sb_native_housekeeping(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_wall before = { native->env->wall_now().ns - SB_DAY(KEEP_DAYS) };
    struct sb_store_stats stats = { 0 };
    int64_t deleted = 0;
    enum sb_err code = sb_native_needs(native, false, false, err);
    if (code == SB_OK)
        code = store->ops->prune(store, before, &native->env->op, &deleted, err);
    if (code != SB_OK)
        return code;
    store->ops->stats(store, &stats);
    if (deleted > 0)
        sb_step_note(native->env, SB_SEVERITY_INFO, "%" PRId64 " old rows deleted", deleted);
    sb_step_succeed(result, deleted, "%" PRIu64 " MiB resident, %" PRIu64 " events durable, %" PRId64 " old rows deleted",
                    sb_memory_rss() >> 20, stats.events_durable, deleted);
    return SB_OK;
}
