/* Named threads. Each blocks every signal which can be sent from outside: signals belong to the thread that asked for them
 * (sb_signals_open); faults of the thread itself stay deliverable. There are no detached threads and no cancellation. */
#include "os_private.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { THREAD_NAME_MAX = 16 }; /* limit of the kernel, NUL included */

struct sb_thread {
    pthread_t handle;
    void (*main)(void *arg);
    void *arg;
    char name[THREAD_NAME_MAX];
};

static void *thread_main(void *argument)
{
    struct sb_thread *thread = argument;

    (void)pthread_setname_np(pthread_self(), thread->name); /* only for debuggers: a failure changes nothing */
    thread->main(thread->arg);
    return NULL;
}

void sb_signals_hold(sigset_t *before)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
    sigset_t mask;

    sigfillset(&mask);
    for (size_t i = 0; i < SB_LEN(faults); i++)
        sigdelset(&mask, faults[i]);
    int rc = pthread_sigmask(SIG_SETMASK, &mask, before);
    SB_ASSERT(rc == 0);
}

void sb_signals_release(const sigset_t *before)
{
    int rc = pthread_sigmask(SIG_SETMASK, before, NULL);
    SB_ASSERT(rc == 0);
}

enum sb_err sb_thread_start(struct sb_thread **thread, const char *name, void (*main)(void *arg), void *arg,
                            struct sb_error *err)
{
    struct sb_thread *fresh = calloc(1, sizeof(*fresh));
    sigset_t before;

    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for thread %s", name);
    fresh->main = main;
    fresh->arg = arg;
    (void)sb_copy(fresh->name, sizeof(fresh->name), name); /* a long name is cut on purpose */

    /* The new thread inherits the mask, so there is no moment in which it could take a signal. */
    sb_signals_hold(&before);
    int started = pthread_create(&fresh->handle, NULL, thread_main, fresh);
    sb_signals_release(&before);
    if (started != 0) {
        free(fresh);
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "cannot start thread %s: %s; is the limit of processes reached?", name,
                            os_errno_text(started));
    }
    *thread = fresh;
    return SB_OK;
}

void sb_thread_join(struct sb_thread *thread)
{
    if (thread == NULL)
        return;
    int rc = pthread_join(thread->handle, NULL);
    SB_ASSERT(rc == 0);
    free(thread);
}
