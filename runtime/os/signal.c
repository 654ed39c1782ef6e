/* Signals as a descriptor: the main thread blocks them and reads them where it waits for everything else, so that no code of ours
 * ever runs inside a signal handler. */
#include "os_private.h"

#include "signalbox/base/assert.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum sb_err sb_signals_open(int *fd, const int *numbers, size_t count, struct sb_error *err)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, numbers[i]);
    int fresh = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fresh < 0) {
        int number = errno;
        return sb_error_set(err, os_errno_code(number), "cannot receive signals: %s", os_errno_text(number));
    }
    int rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
    SB_ASSERT(rc == 0);
    /* A peer that hangs up is an error of that write, never the end of the process. */
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    rc = sigaction(SIGPIPE, &ignore, NULL);
    SB_ASSERT(rc == 0);
    *fd = fresh;
    return SB_OK;
}

int sb_signals_take(int fd)
{
    struct signalfd_siginfo info;
    ssize_t got;

    do
        got = read(fd, &info, sizeof(info));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}
