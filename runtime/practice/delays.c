/* Delays of the practice world: one thread that sleeps on a condition until the next one is over.
 *
 * The HTTP daemon has a single thread, so a slow answer must not be a sleep there: the connection is suspended, kept here, and resumed. The
 * mutex guards the list; `resume` is called without it. */
#include "delays.h"

#include "signalbox/os/os.h"
#include "signalbox/practice/practice.h"

#include <stdlib.h>

struct waiting {
    void *connection;
    sb_ns due;
};

struct sb_delays {
    struct sb_mutex *mutex;
    struct sb_cond *changed;
    struct sb_thread *thread;
    void (*resume)(void *connection);
    struct waiting items[SB_PRACTICE_CONNECTIONS_MAX];
    size_t count;
    bool is_stopping;
};

/* Moves what is over into out and tells when the next one is. Under the mutex. */
static size_t take_due(struct sb_delays *delays, void **out, sb_ns *next)
{
    const sb_ns now = sb_now();
    size_t taken = 0;
    *next = SB_NEVER;
    for (size_t i = delays->count; i-- > 0;) {
        if (delays->is_stopping || delays->items[i].due <= now) {
            out[taken++] = delays->items[i].connection;
            delays->items[i] = delays->items[--delays->count];
        } else if (delays->items[i].due < *next) {
            *next = delays->items[i].due;
        }
    }
    return taken;
}

static void delays_main(void *arg)
{
    struct sb_delays *delays = arg;
    void *due[SB_PRACTICE_CONNECTIONS_MAX];
    sb_mutex_lock(delays->mutex);
    for (;;) {
        sb_ns next = SB_NEVER;
        const size_t count = take_due(delays, due, &next);
        if (count > 0) {
            sb_mutex_unlock(delays->mutex);
            for (size_t i = 0; i < count; i++) {
                delays->resume(due[i]);
            }
            sb_mutex_lock(delays->mutex);
        } else if (delays->is_stopping) {
            break;
        } else {
            (void)sb_cond_wait(delays->changed, delays->mutex, next);
        }
    }
    sb_mutex_unlock(delays->mutex);
}

enum sb_err sb_delays_start(struct sb_delays **out_delays, void (*resume)(void *connection), struct sb_error *err)
{
    struct sb_delays *delays = calloc(1, sizeof *delays);
    enum sb_err code = SB_OK;
    if (delays) {
        delays->resume = resume;
        delays->mutex = sb_mutex_create(SB_RANK_PRACTICE);
        delays->changed = sb_cond_create();
    }
    if (!delays || !delays->mutex || !delays->changed) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the practice world");
    } else {
        code = sb_thread_start(&delays->thread, "sb-practice-del", delays_main, delays, err);
    }
    if (code != SB_OK) {
        sb_delays_destroy(delays);
        return code;
    }
    *out_delays = delays;
    return SB_OK;
}

void sb_delays_stop(struct sb_delays *delays)
{
    sb_mutex_lock(delays->mutex);
    delays->is_stopping = true;
    sb_cond_signal(delays->changed);
    sb_mutex_unlock(delays->mutex);
    sb_thread_join(delays->thread);
    delays->thread = NULL;
}

void sb_delays_destroy(struct sb_delays *delays)
{
    if (!delays) {
        return;
    }
    sb_cond_destroy(delays->changed);
    sb_mutex_destroy(delays->mutex);
    free(delays);
}

bool sb_delays_add(struct sb_delays *delays, void *connection, sb_ns delay)
{
    const sb_ns due = sb_ns_add(sb_now(), delay);
    bool is_taken = false;
    sb_mutex_lock(delays->mutex);
    if (!delays->is_stopping && delays->count < SB_PRACTICE_CONNECTIONS_MAX) {
        delays->items[delays->count++] = (struct waiting){ connection, due };
        is_taken = true;
        sb_cond_signal(delays->changed);
    }
    sb_mutex_unlock(delays->mutex);
    return is_taken;
}
