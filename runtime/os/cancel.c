/* Cancellation tokens, the bounds of an operation, and waiting within them. Any thread. */
#include "os_private.h"

#include "signalbox/base/assert.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct sb_cancel {
    atomic_bool is_asked;
    int fd; /* nobody ever reads it, so that it stays readable for every waiter */
};

struct sb_cancel *sb_cancel_create(struct sb_error *err)
{
    struct sb_cancel *cancel = calloc(1, sizeof(*cancel));

    if (cancel == NULL) {
        (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for a cancellation token");
        return NULL;
    }
    if (sb_wake_open(&cancel->fd, err) != SB_OK) {
        free(cancel);
        return NULL;
    }
    atomic_init(&cancel->is_asked, false);
    return cancel;
}

void sb_cancel_destroy(struct sb_cancel *cancel)
{
    if (cancel == NULL)
        return;
    sb_fd_close(&cancel->fd);
    free(cancel);
}

void sb_cancel_ask(struct sb_cancel *cancel)
{
    if (!atomic_exchange(&cancel->is_asked, true))
        sb_wake_post(cancel->fd);
}

bool sb_cancel_is_asked(const struct sb_cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->is_asked);
}

int sb_cancel_fd(const struct sb_cancel *cancel)
{
    return cancel != NULL ? cancel->fd : -1;
}

enum sb_err sb_op_check(const struct sb_op *op, const char *what, struct sb_error *err)
{
    SB_ASSERT(op != NULL);
    if (sb_cancel_is_asked(op->cancel))
        return sb_error_set(err, SB_ERR_CANCELLED, "%s: cancelled", what);
    if (op->deadline != SB_NEVER && sb_now() >= op->deadline)
        return sb_error_set(err, SB_ERR_TIMEOUT, "%s: its time is over", what);
    return SB_OK;
}

struct sb_op sb_op_within(const struct sb_op *op, sb_ns timeout)
{
    struct sb_op narrower = *op;

    if (timeout > 0) {
        sb_ns deadline = sb_ns_add(sb_now(), timeout);
        if (deadline < narrower.deadline)
            narrower.deadline = deadline;
    }
    return narrower;
}

int sb_op_poll_ms(const struct sb_op *op)
{
    if (op->deadline == SB_NEVER)
        return -1;
    sb_ns left = op->deadline - sb_now();
    if (left <= 0)
        return 0;
    sb_ns millis = left / SB_MS(1) + (left % SB_MS(1) != 0);
    return millis > INT_MAX ? INT_MAX : (int)millis;
}

enum sb_err sb_wake_open(int *fd, struct sb_error *err)
{
    int fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fresh < 0) {
        int number = errno;
        return sb_error_set(err, os_errno_code(number), "cannot open an event descriptor: %s; raise the limit of open files (ulimit -n)",
                            os_errno_text(number));
    }
    *fd = fresh;
    return SB_OK;
}

void sb_wake_post(int fd)
{
    const uint64_t one = 1;
    int saved = errno; /* a signal handler may call this */

    while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    /* EAGAIN means that the counter is at its maximum, which is as readable as it gets. */
    errno = saved;
}

void sb_wake_clear(int fd)
{
    uint64_t count;

    while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    /* EAGAIN means that there was nothing to clear. */
}

enum { POLL_MAX = 32 };

static enum sb_err poll_until(struct pollfd *polled, nfds_t count, sb_ns deadline, int *ready)
{
    for (;;) {
        struct timespec left = os_timespec(deadline == SB_NEVER ? 0 : deadline - sb_now());
        int rc = ppoll(polled, count, deadline == SB_NEVER ? NULL : &left, NULL);
        if (rc >= 0) {
            *ready = rc;
            return SB_OK;
        }
        if (errno != EINTR)
            return os_errno_code(errno);
    }
}

enum sb_err sb_poll_readable(const int *fds, size_t count, const struct sb_op *op, size_t *ready, struct sb_error *err)
{
    struct pollfd polled[POLL_MAX + 1];
    int found = 0;

    SB_ASSERT(op != NULL && count <= POLL_MAX);
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
    polled[count] = (struct pollfd){ .fd = sb_cancel_fd(op->cancel), .events = POLLIN };

    enum sb_err rc = poll_until(polled, (nfds_t)count + 1, op->deadline, &found);
    if (rc != SB_OK)
        return sb_error_set(err, rc, "cannot wait for %zu descriptors", count);
    if (polled[count].revents != 0)
        return sb_error_set(err, SB_ERR_CANCELLED, "cancelled while waiting");
    for (size_t i = 0; i < count; i++) {
        if ((polled[i].revents & POLLNVAL) != 0)
            return sb_error_set(err, SB_ERR_BUG, "waited for descriptor %d, which is closed", fds[i]);
        if (polled[i].revents != 0) {
            *ready = i;
            return SB_OK;
        }
    }
    return sb_error_set(err, SB_ERR_TIMEOUT, "time is over while waiting");
}
