/* Relays: what a service is given as the argument of its callback. The store and the browser live longer than the engine and may be
 * about to call when it ends; a relay can still be called then and says that nobody is there.
 *
 * Relays are therefore never freed. They are a few bytes per start of an engine, and stay reachable from here. */
#include "parts.h"

#include <stdlib.h>

struct sb_relay {
    struct sb_mutex *mutex; /* held during a call; the lowest rank, because a call may do anything */
    void *target;           /* guarded by mutex */
    struct sb_relay *next;
};

static _Atomic(struct sb_relay *) relays;

struct sb_relay *sb_relay_create(void *target, struct sb_error *err)
{
    struct sb_relay *relay = calloc(1, sizeof(*relay));
    struct sb_mutex *mutex = sb_mutex_create(SB_RANK_RELAY);

    if (relay == NULL || mutex == NULL) {
        free(relay);
        sb_mutex_destroy(mutex);
        (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for a callback");
        return NULL;
    }
    relay->mutex = mutex;
    relay->target = target;
    relay->next = atomic_load(&relays);
    while (!atomic_compare_exchange_weak(&relays, &relay->next, relay))
        ;
    return relay;
}

void *sb_relay_enter(struct sb_relay *relay)
{
    sb_mutex_lock(relay->mutex);
    return relay->target;
}

void sb_relay_leave(struct sb_relay *relay)
{
    sb_mutex_unlock(relay->mutex);
}

void sb_relay_cut(struct sb_relay *relay)
{
    if (relay == NULL)
        return;
    sb_mutex_lock(relay->mutex);
    relay->target = NULL;
    sb_mutex_unlock(relay->mutex);
}
