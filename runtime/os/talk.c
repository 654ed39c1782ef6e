/* A program from its start to its end: what it is given, what it says. The calling thread only pumps the pipes. It must never leave a process of
 * the group behind, wait past the deadline for one, or keep more of the output than was asked for. */
#include "os_private.h"

#include "signalbox/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const sb_ns end_grace = SB_S(2); /* SIGTERM to SIGKILL for a group that must end */

struct stream {
    int fd; /* our end, -1 when closed */
    char **text;
    size_t *size;
    bool *is_cut;
};

struct conversation {
    struct sb_child child;
    struct sb_child_talk *talk;
    struct stream out, errors;
    int input_fd;
    size_t input_done;
};

/* A pipe whose ends close at exec; ours does not block. */
static enum sb_err open_pipe(bool we_read, int *ours, int *theirs, struct sb_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return sb_error_set(err, os_errno_code(errno), "no pipe for a program: %s; raise the limit of open files (ulimit -n)",
                            os_errno_text(errno));
    *ours = we_read ? ends[0] : ends[1];
    *theirs = we_read ? ends[1] : ends[0];
    (void)fcntl(*ours, F_SETFL, O_NONBLOCK);
    return SB_OK;
}

static enum sb_err start(struct conversation *conversation, const struct sb_child_spec *given, struct sb_error *err)
{
    struct sb_child_spec spec = *given;

    spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = -1;
    enum sb_err rc = open_pipe(true, &conversation->out.fd, &spec.stdout_fd, err);
    if (rc == SB_OK)
        rc = open_pipe(true, &conversation->errors.fd, &spec.stderr_fd, err);
    if (rc == SB_OK && conversation->talk->input != NULL)
        rc = open_pipe(false, &conversation->input_fd, &spec.stdin_fd, err);
    if (rc == SB_OK)
        rc = sb_child_start(&conversation->child, &spec, err);
    sb_fd_close(&spec.stdin_fd);
    sb_fd_close(&spec.stdout_fd);
    sb_fd_close(&spec.stderr_fd);
    return rc;
}

/* Reads what is there; closes at the end of the stream. What is above the limit is dropped, so that the program never stalls. */
static void pump_in(struct stream *stream, size_t max)
{
    char bytes[8192];

    for (int round = 0; round < 64 && stream->fd >= 0; round++) {
        ssize_t got = read(stream->fd, bytes, sizeof(bytes));
        if (got > 0) {
            size_t room = max - *stream->size;
            size_t kept = (size_t)got < room ? (size_t)got : room;
            memcpy(*stream->text + *stream->size, bytes, kept);
            *stream->size += kept;
            (*stream->text)[*stream->size] = '\0';
            *stream->is_cut = *stream->is_cut || kept < (size_t)got;
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            sb_fd_close(&stream->fd);
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

/* A program that closes its stdin early is in its right: the rest of the input is dropped. */
static void pump_out(struct conversation *conversation)
{
    const struct sb_child_talk *talk = conversation->talk;
    size_t left = talk->input_size - conversation->input_done;
    ssize_t put = left > 0 ? write(conversation->input_fd, (const char *)talk->input + conversation->input_done, left) : 0;

    if (put > 0)
        conversation->input_done += (size_t)put;
    bool is_broken = put < 0 && errno != EAGAIN && errno != EINTR;
    if (is_broken || conversation->input_done == talk->input_size)
        sb_fd_close(&conversation->input_fd);
}

/* Until the program has ended, or the op is over. */
static enum sb_err attend(struct conversation *conversation, const struct sb_op *op, struct sb_error *err)
{
    enum { OUT, ERRORS, INPUT, ENDED, CANCEL, FDS };
    size_t max = conversation->talk->output_max;

    for (;;) {
        struct pollfd fds[FDS] = { [OUT] = { .fd = conversation->out.fd, .events = POLLIN },
                                   [ERRORS] = { .fd = conversation->errors.fd, .events = POLLIN },
                                   [INPUT] = { .fd = conversation->input_fd, .events = POLLOUT },
                                   [ENDED] = { .fd = conversation->child.pidfd, .events = POLLIN },
                                   [CANCEL] = { .fd = sb_cancel_fd(op->cancel), .events = POLLIN } };
        enum sb_err rc = sb_op_check(op, "program", err);
        if (rc != SB_OK)
            return rc;
        if (poll(fds, FDS, sb_op_poll_ms(op)) < 0 && errno != EINTR)
            return sb_error_set(err, os_errno_code(errno), "poll for a program: %s", os_errno_text(errno));
        if (fds[OUT].revents != 0)
            pump_in(&conversation->out, max);
        if (fds[ERRORS].revents != 0)
            pump_in(&conversation->errors, max);
        if (fds[INPUT].revents != 0)
            pump_out(conversation);
        if (fds[ENDED].revents != 0)
            break;
    }
    /* What the program wrote before its end is in the pipes. Its children may keep them open: they are not waited for. */
    pump_in(&conversation->out, max);
    pump_in(&conversation->errors, max);
    return sb_child_wait(&conversation->child, op, &conversation->talk->status, err);
}

/* A write to a program that has gone raises SIGPIPE in the writing thread: it is held back, and taken away when it came. */
static void hold_sigpipe(sigset_t *before)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    int rc = pthread_sigmask(SIG_BLOCK, &set, before);
    SB_ASSERT(rc == 0);
}

static void drop_sigpipe(const sigset_t *before)
{
    const struct timespec at_once = { 0 };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    while (sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR)
        ;
    int rc = pthread_sigmask(SIG_SETMASK, before, NULL);
    SB_ASSERT(rc == 0);
}

enum sb_err sb_child_talk(const struct sb_child_spec *spec, struct sb_child_talk *talk, const struct sb_op *op, struct sb_error *err)
{
    sigset_t before;
    struct conversation conversation = { .child = { .pid = -1, .pidfd = -1 },
                                         .talk = talk,
                                         .out = { -1, &talk->out, &talk->out_size, &talk->out_is_cut },
                                         .errors = { -1, &talk->errors, &talk->errors_size, &talk->errors_is_cut },
                                         .input_fd = -1 };

    talk->out_size = talk->errors_size = 0;
    talk->out_is_cut = talk->errors_is_cut = false;
    talk->out = calloc(1, talk->output_max + 1);
    talk->errors = calloc(1, talk->output_max + 1);
    enum sb_err rc = SB_OK;
    if (talk->out == NULL || talk->errors == NULL)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the output of %s", spec->path);
    hold_sigpipe(&before);
    if (rc == SB_OK)
        rc = start(&conversation, spec, err);
    if (rc == SB_OK) {
        rc = attend(&conversation, op, err);
        /* Whatever of the group is left ends here: a program that is over its time. */
        sb_child_end(&conversation.child, end_grace);
    }
    sb_fd_close(&conversation.out.fd);
    sb_fd_close(&conversation.errors.fd);
    sb_fd_close(&conversation.input_fd);
    drop_sigpipe(&before);
    return rc;
}
