/* Mutexes with a rank and condition variables on the monotonic clock.
 *
 * The rank order is what makes deadlocks impossible: a thread takes locks in rising rank only. Debug builds keep the ranks
 * which the thread holds in a thread-local stack and abort on the first violation, not on the first deadlock. */
#include "os_private.h"

#include "signalbox/base/assert.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct sb_mutex {
    pthread_mutex_t handle;
    enum sb_rank rank;
};

struct sb_cond {
    pthread_cond_t handle;
};

#ifdef SB_DEBUG
enum { HELD_MAX = 8 };
static _Thread_local struct {
    const struct sb_mutex *mutexes[HELD_MAX];
    unsigned count;
} held;

static void held_push(const struct sb_mutex *mutex)
{
    SB_ASSERT(held.count < HELD_MAX);
    for (unsigned i = 0; i < held.count; i++)
        SB_ASSERT(held.mutexes[i]->rank < mutex->rank && "locks are taken in rising rank");
    held.mutexes[held.count++] = mutex;
}

static void held_pop(const struct sb_mutex *mutex)
{
    unsigned i = held.count;

    while (i > 0 && held.mutexes[i - 1] != mutex)
        i--;
    SB_ASSERT(i > 0 && "only the holder unlocks");
    for (; i < held.count; i++)
        held.mutexes[i - 1] = held.mutexes[i];
    held.count--;
}
#else
static void held_push(const struct sb_mutex *mutex)
{
    (void)mutex;
}

static void held_pop(const struct sb_mutex *mutex)
{
    (void)mutex;
}
#endif

struct sb_mutex *sb_mutex_create(enum sb_rank rank)
{
    struct sb_mutex *mutex = calloc(1, sizeof(*mutex));

    if (mutex == NULL)
        return NULL;
    mutex->rank = rank;
    if (pthread_mutex_init(&mutex->handle, NULL) != 0) {
        free(mutex);
        return NULL;
    }
    return mutex;
}

void sb_mutex_destroy(struct sb_mutex *mutex)
{
    if (mutex == NULL)
        return;
    int rc = pthread_mutex_destroy(&mutex->handle);
    SB_ASSERT(rc == 0);
    free(mutex);
}

void sb_mutex_lock(struct sb_mutex *mutex)
{
    held_push(mutex);
    int rc = pthread_mutex_lock(&mutex->handle);
    SB_ASSERT(rc == 0);
}

void sb_mutex_unlock(struct sb_mutex *mutex)
{
    held_pop(mutex);
    int rc = pthread_mutex_unlock(&mutex->handle);
    SB_ASSERT(rc == 0);
}

struct sb_cond *sb_cond_create(void)
{
    struct sb_cond *cond = calloc(1, sizeof(*cond));
    pthread_condattr_t attributes;

    if (cond == NULL)
        return NULL;
    if (pthread_condattr_init(&attributes) != 0) {
        free(cond);
        return NULL;
    }
    int rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(&cond->handle, &attributes);
    (void)pthread_condattr_destroy(&attributes); /* frees nothing on Linux; it cannot fail here */
    if (rc != 0) {
        free(cond);
        return NULL;
    }
    return cond;
}

void sb_cond_destroy(struct sb_cond *cond)
{
    if (cond == NULL)
        return;
    int rc = pthread_cond_destroy(&cond->handle);
    SB_ASSERT(rc == 0);
    free(cond);
}

void sb_cond_signal(struct sb_cond *cond)
{
    int rc = pthread_cond_signal(&cond->handle);

    SB_ASSERT(rc == 0);
}

void sb_cond_broadcast(struct sb_cond *cond)
{
    int rc = pthread_cond_broadcast(&cond->handle);

    SB_ASSERT(rc == 0);
}

bool sb_cond_wait(struct sb_cond *cond, struct sb_mutex *mutex, sb_ns deadline)
{
    int rc;

    held_pop(mutex);
    if (deadline == SB_NEVER) {
        rc = pthread_cond_wait(&cond->handle, &mutex->handle);
    } else {
        struct timespec until = os_timespec(deadline);
        rc = pthread_cond_timedwait(&cond->handle, &mutex->handle, &until);
    }
    held_push(mutex);
    SB_ASSERT(rc == 0 || rc == ETIMEDOUT);
    return rc == 0;
}
