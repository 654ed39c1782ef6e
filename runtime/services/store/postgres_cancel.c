/* Ending what runs on another connection, from a short one of its own: PQcancel would wait for the server without a deadline. One at a time, so
 * that a store has at most one connection more than its pool and its writer. Any thread. */
#include "postgres.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns patience = SB_S(1);

enum sb_err sb_pg_canceller_init(struct sb_pg_canceller *canceller, const struct sb_pg_target *target, struct sb_error *err)
{
    canceller->target = target;
    canceller->mutex = sb_mutex_create(SB_RANK_STORE);
    canceller->free = sb_cond_create();
    return canceller->mutex && canceller->free ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
}

void sb_pg_canceller_deinit(struct sb_pg_canceller *canceller)
{
    sb_cond_destroy(canceller->free);
    sb_mutex_destroy(canceller->mutex);
}

static bool lease(struct sb_pg_canceller *canceller, sb_ns deadline)
{
    bool is_in_time = true;
    sb_mutex_lock(canceller->mutex);
    while (canceller->is_leased && is_in_time)
        is_in_time = sb_cond_wait(canceller->free, canceller->mutex, deadline);
    bool is_ours = !canceller->is_leased;
    canceller->is_leased = true;
    sb_mutex_unlock(canceller->mutex);
    return is_ours;
}

static void give_back(struct sb_pg_canceller *canceller)
{
    sb_mutex_lock(canceller->mutex);
    canceller->is_leased = false;
    sb_cond_signal(canceller->free);
    sb_mutex_unlock(canceller->mutex);
}

bool sb_pg_cancel(struct sb_pg *pg)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), patience) };
    const struct sb_cell session[] = { sb_cell_int(pg->pid), sb_cell_text(pg->started) };
    struct sb_pg_canceller *canceller = pg->canceller;
    if (!canceller || !lease(canceller, op.deadline))
        return false;
    struct sb_pg *own = calloc(1, sizeof *own);
    bool is_done = own && sb_pg_connect(own, canceller->target, true, &op, NULL) == SB_OK &&
                   sb_pg_ask(own, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND CAST(backend_start AS TEXT) = $2", session,
                             SB_LEN(session), &op, NULL, NULL) == SB_OK;
    if (own)
        sb_pg_disconnect(own);
    free(own);
    give_back(canceller);
    return is_done;
}
