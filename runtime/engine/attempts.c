/* Step attempts in flight: each has a fence that says whether its outside effects still count, and a token that calls it off.
 *
 * An attempt is begun by the core thread, travels through journal and workers, and is ended by the worker that ran it; between
 * these two moments its address is stable. Stops come from the core thread or from the end of the engine. */
#include "parts.h"

#include <stdlib.h>

struct sb_attempts {
    struct sb_mutex *mutex;
    struct sb_attempt *items; /* is_used of each is guarded by mutex; the rest belongs to whoever holds the attempt */
    size_t cap;
};

struct sb_attempts *sb_attempts_create(size_t cap, struct sb_error *err)
{
    struct sb_attempts *attempts = calloc(1, sizeof(*attempts));

    if (attempts != NULL) {
        attempts->cap = cap;
        attempts->mutex = sb_mutex_create(SB_RANK_RUNS);
        attempts->items = calloc(cap, sizeof(*attempts->items));
        if (attempts->mutex != NULL && attempts->items != NULL)
            return attempts;
    }
    sb_attempts_destroy(attempts);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu step attempts", cap);
    return NULL;
}

void sb_attempts_destroy(struct sb_attempts *attempts)
{
    if (attempts == NULL)
        return;
    for (size_t i = 0; attempts->items != NULL && i < attempts->cap; i++) {
        SB_ASSERT(!attempts->items[i].is_used);
        sb_cancel_destroy(attempts->items[i].cancel);
    }
    free(attempts->items);
    sb_mutex_destroy(attempts->mutex);
    free(attempts);
}

/* Under the mutex. */
static struct sb_attempt *find_free(struct sb_attempts *attempts)
{
    for (size_t i = 0; i < attempts->cap; i++)
        if (!attempts->items[i].is_used)
            return &attempts->items[i];
    return NULL;
}

struct sb_attempt *sb_attempts_begin(struct sb_attempts *attempts, const struct sb_or_start_step *order, sb_ns now, struct sb_error *err)
{
    sb_mutex_lock(attempts->mutex);
    struct sb_attempt *attempt = find_free(attempts);
    sb_mutex_unlock(attempts->mutex);
    if (attempt == NULL) {
        (void)sb_error_set(err, SB_ERR_FULL, "%zu step attempts are in flight and do not end", attempts->cap);
        return NULL;
    }
    /* Only this thread takes free attempts, so this one is ours before it is marked. A token nobody asked is used again. */
    if (attempt->cancel == NULL)
        attempt->cancel = sb_cancel_create(err);
    if (attempt->cancel == NULL)
        return NULL;
    attempt->order = *order;
    atomic_store(&attempt->fence.is_revoked, false);
    attempt->fence.hard = order->hard;
    attempt->ordered_at = now;
    attempt->next = NULL;
    sb_mutex_lock(attempts->mutex);
    attempt->is_used = true;
    sb_mutex_unlock(attempts->mutex);
    return attempt;
}

void sb_attempts_end(struct sb_attempts *attempts, struct sb_attempt *attempt)
{
    struct sb_cancel *spent = NULL;

    sb_mutex_lock(attempts->mutex);
    SB_ASSERT(attempt->is_used);
    if (sb_cancel_is_asked(attempt->cancel)) {
        spent = attempt->cancel;
        attempt->cancel = NULL;
    }
    attempt->is_used = false;
    sb_mutex_unlock(attempts->mutex);
    sb_cancel_destroy(spent);
}

/* Under the mutex, which keeps the token from being ended meanwhile; asking writes to an eventfd and cannot block. The fence goes
 * first: a step that sees itself cancelled must not find its fence holding. */
static void stop_one(struct sb_attempt *attempt, bool is_hard)
{
    if (is_hard)
        atomic_store(&attempt->fence.is_revoked, true);
    sb_cancel_ask(attempt->cancel);
}

bool sb_attempts_stop(struct sb_attempts *attempts, uint64_t fence, bool is_hard, struct sb_or_start_step *order)
{
    bool is_found = false;

    sb_mutex_lock(attempts->mutex);
    for (size_t i = 0; i < attempts->cap && !is_found; i++) {
        struct sb_attempt *attempt = &attempts->items[i];
        if (!attempt->is_used || attempt->order.fence != fence)
            continue;
        stop_one(attempt, is_hard);
        *order = attempt->order;
        is_found = true;
    }
    sb_mutex_unlock(attempts->mutex);
    return is_found;
}

void sb_attempts_revoke(struct sb_attempts *attempts, uint64_t fence)
{
    sb_mutex_lock(attempts->mutex);
    for (size_t i = 0; i < attempts->cap; i++)
        if (attempts->items[i].is_used && attempts->items[i].order.fence == fence)
            atomic_store(&attempts->items[i].fence.is_revoked, true);
    sb_mutex_unlock(attempts->mutex);
}

void sb_attempts_stop_all(struct sb_attempts *attempts)
{
    sb_mutex_lock(attempts->mutex);
    for (size_t i = 0; i < attempts->cap; i++)
        if (attempts->items[i].is_used)
            stop_one(&attempts->items[i], true);
    sb_mutex_unlock(attempts->mutex);
}

bool sb_fence_holds(const struct sb_fence *fence)
{
    return !atomic_load(&fence->is_revoked) && sb_now() < fence->hard;
}
