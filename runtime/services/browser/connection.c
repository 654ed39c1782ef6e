/* The pipe to one browser process. Its I/O thread reads messages and hands them on, writes what callers could not write at once, notices the
 * browser's death, ends everybody who waits, and buries the process with its profile. It never waits for a consumer.
 *
 * Commands go through a socket instead of a pipe: writing to one whose reader has died then gives an error, not a SIGPIPE. Callers write
 * non-blocking under the mutex, which keeps commands whole and in order; only when the socket is full does the thread go on for them. */
#include "chromium.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void sb_cdp_flush(struct sb_cdp *cdp)
{
    while (cdp->out_len > 0) {
        ssize_t sent = send(cdp->pipe_fd_out, cdp->out + cdp->out_start, cdp->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            cdp->out_len = 0; /* the reader is dead; the thread will see the end of the other pipe */
        if (sent < 0)
            break;
        cdp->out_start += (size_t)sent;
        cdp->out_len -= (size_t)sent;
    }
    if (cdp->out_len == 0)
        cdp->out_start = 0;
    else
        sb_wake_post(cdp->wake_fd);
}

void sb_cdp_kill(struct sb_cdp *cdp, bool is_expected, const char *reason)
{
    cdp->must_end = true;
    cdp->is_expected = cdp->is_expected || is_expected;
    if (cdp->reason[0] == '\0')
        (void)sb_copy(cdp->reason, sizeof(cdp->reason), reason);
    sb_chromium_note_change(cdp->chromium); /* who needs a browser now waits for the next one */
    sb_wake_post(cdp->wake_fd);
}

/* ---- the thread ---- */

/* Keeps the end of what the browser complains about: it explains a start that failed. */
static void read_complaints(struct sb_cdp *cdp)
{
    char chunk[4096];
    ssize_t got = read(cdp->stderr_fd, chunk, sizeof(chunk));

    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            sb_fd_close(&cdp->stderr_fd);
        return;
    }
    size_t size = (size_t)got, keep = sizeof(cdp->last_words) - 1, old = strlen(cdp->last_words);
    const char *from = chunk;
    if (size > keep) {
        from += size - keep;
        size = keep;
    }
    if (old + size > keep) {
        memmove(cdp->last_words, cdp->last_words + (old + size - keep), keep - size);
        old = keep - size;
    }
    for (size_t i = 0; i < size; i++)
        cdp->last_words[old + i] = from[i] >= ' ' && from[i] < 0x7f ? from[i] : ' ';
    cdp->last_words[old + size] = '\0';
}

/* False when the browser has closed its end or broken the protocol. */
static bool read_messages(struct sb_cdp *cdp)
{
    struct sb_error error = { 0 };
    const char *message;
    size_t size;
    char *at;

    if (sb_frames_reserve(&cdp->frames, &at, &size, &error) != SB_OK) {
        sb_mutex_lock(cdp->chromium->mutex);
        sb_cdp_kill(cdp, false, error.text);
        sb_mutex_unlock(cdp->chromium->mutex);
        return false;
    }
    ssize_t got = read(cdp->pipe_fd_in, at, size);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    sb_frames_commit(&cdp->frames, (size_t)got);
    while (sb_frames_next(&cdp->frames, &message, &size))
        sb_cdp_on_message(cdp, message, size);
    return true;
}

static bool pump(struct sb_cdp *cdp)
{
    enum { IN, WAKE, COMPLAINTS, OUT, COUNT };
    struct pollfd polled[COUNT] = {
        [IN] = { .fd = cdp->pipe_fd_in, .events = POLLIN },
        [WAKE] = { .fd = cdp->wake_fd, .events = POLLIN },
        [COMPLAINTS] = { .fd = cdp->stderr_fd, .events = POLLIN },
    };

    sb_wake_clear(cdp->wake_fd);
    sb_mutex_lock(cdp->chromium->mutex);
    bool must_end = cdp->must_end;
    polled[OUT] = (struct pollfd){ .fd = cdp->out_len > 0 ? cdp->pipe_fd_out : -1, .events = POLLOUT };
    sb_mutex_unlock(cdp->chromium->mutex);
    if (must_end)
        return false;
    if (poll(polled, COUNT, -1) < 0)
        return errno == EINTR;
    if (polled[COMPLAINTS].revents != 0)
        read_complaints(cdp);
    if (polled[OUT].revents != 0) {
        sb_mutex_lock(cdp->chromium->mutex);
        sb_cdp_flush(cdp);
        sb_mutex_unlock(cdp->chromium->mutex);
    }
    return polled[IN].revents == 0 || read_messages(cdp);
}

/* Nobody waits for a dead browser a moment longer than necessary: this comes before the funeral. */
static void lose_everything(struct sb_cdp *cdp)
{
    struct sb_chromium *chromium = cdp->chromium;
    char reason[SB_CDP_REASON_MAX];

    sb_mutex_lock(chromium->mutex);
    cdp->is_dead = true;
    if (cdp->reason[0] == '\0')
        (void)sb_copy(cdp->reason, sizeof(cdp->reason), "the browser died");
    (void)snprintf(reason, sizeof(reason), "%.140s; open a new one", cdp->reason);
    for (struct sb_context *context = chromium->contexts; context != NULL; context = context->next) {
        if (context->cdp != cdp)
            continue;
        sb_context_lose(context, SB_ERR_GONE, reason);
        context->cdp = NULL;
    }
    sb_calls_fail(cdp, NULL, SB_ERR_GONE, cdp->reason);
    if (chromium->cdp == cdp)
        sb_chromium_note_death(chromium, cdp);
    sb_chromium_note_change(chromium);
    sb_mutex_unlock(chromium->mutex);
}

static void bury(struct sb_cdp *cdp)
{
    if (cdp->remote != NULL) {
        sb_remote_close(cdp->remote);
        cdp->remote = NULL;
        return;
    }
    sb_child_end(&cdp->child, 0);
    if (cdp->stderr_fd >= 0)
        read_complaints(cdp);
    sb_chromium_remove_profile(cdp->profile);
    /* There is one browser at a time: the file can only name this one. */
    if (cdp->chromium->pid_file != NULL)
        (void)unlink(cdp->chromium->pid_file);
}

static void io_main(void *arg)
{
    struct sb_cdp *cdp = arg;
    struct sb_chromium *chromium = cdp->chromium;
    void (*on_exit_callback)(void *arg, const char *reason) = NULL;
    void *callback_arg = NULL;

    while (pump(cdp))
        ;
    lose_everything(cdp);
    bury(cdp);

    sb_mutex_lock(chromium->mutex);
    bool was_published = chromium->cdp == cdp;
    if (was_published) {
        chromium->cdp = NULL;
        cdp->next = chromium->retired;
        chromium->retired = cdp;
        if (!cdp->is_expected) {
            on_exit_callback = chromium->on_exit;
            callback_arg = chromium->callback_arg;
        }
    }
    sb_chromium_note_change(chromium);
    sb_mutex_unlock(chromium->mutex);

    if (on_exit_callback != NULL)
        on_exit_callback(callback_arg, cdp->reason);
    sb_mutex_lock(chromium->mutex);
    cdp->is_over = true;
    sb_cond_broadcast(chromium->news);
    sb_mutex_unlock(chromium->mutex);
}

/* ---- open and close ---- */

static void set_nonblocking(int fd)
{
    int rc = fcntl(fd, F_SETFL, O_NONBLOCK);

    SB_ASSERT(rc == 0);
}

static void free_cdp(struct sb_cdp *cdp)
{
    sb_fd_close(&cdp->pipe_fd_in);
    sb_fd_close(&cdp->pipe_fd_out);
    sb_fd_close(&cdp->stderr_fd);
    sb_fd_close(&cdp->wake_fd);
    sb_frames_deinit(&cdp->frames);
    free(cdp->out);
    free(cdp);
}

static struct sb_cdp *create_cdp(struct sb_chromium *chromium)
{
    struct sb_cdp *cdp = calloc(1, sizeof(*cdp));

    if (cdp == NULL)
        return NULL;
    cdp->chromium = chromium;
    cdp->pipe_fd_in = cdp->pipe_fd_out = cdp->stderr_fd = cdp->wake_fd = -1;
    cdp->child = (struct sb_child){ .pid = -1, .pidfd = -1 };
    cdp->started_at = sb_now();
    sb_frames_init(&cdp->frames, SB_CDP_MESSAGE_MAX);
    cdp->out = malloc(SB_CDP_OUT_MAX);
    if (cdp->out == NULL) {
        free(cdp);
        return NULL;
    }
    return cdp;
}

static enum sb_err start_process(struct sb_cdp *cdp, const char *path, struct sb_error *err)
{
    int commands[2] = { -1, -1 }, replies[2] = { -1, -1 }, complaints[2] = { -1, -1 };
    enum sb_err rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, commands) != 0 || pipe2(replies, O_CLOEXEC) != 0 ||
        pipe2(complaints, O_CLOEXEC) != 0) {
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "cannot open the pipes to the browser (%s); raise the limit of open files (ulimit -n)",
                          strerrorname_np(errno));
        goto out;
    }
    rc = sb_chromium_start(cdp, path, commands[1], replies[1], complaints[1], err);
    if (rc != SB_OK)
        goto out;
    cdp->group = cdp->child.pid;
    cdp->pipe_fd_out = commands[0];
    cdp->pipe_fd_in = replies[0];
    cdp->stderr_fd = complaints[0];
    commands[0] = replies[0] = complaints[0] = -1;
    set_nonblocking(cdp->pipe_fd_in);
    set_nonblocking(cdp->stderr_fd);
out:
    for (size_t i = 0; i < 2; i++) {
        sb_fd_close(&commands[i]);
        sb_fd_close(&replies[i]);
        sb_fd_close(&complaints[i]);
    }
    return rc;
}

static enum sb_err connect_remote(struct sb_cdp *cdp, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err rc = sb_remote_open(&cdp->remote, cdp->chromium->remote_url, op, &cdp->pipe_fd_out, &cdp->pipe_fd_in, err);

    if (rc == SB_OK)
        set_nonblocking(cdp->pipe_fd_in);
    return rc;
}

enum sb_err sb_cdp_open(struct sb_cdp **cdp, struct sb_chromium *chromium, const char *path, const struct sb_op *op, struct sb_error *err)
{
    struct sb_cdp *fresh = create_cdp(chromium);

    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the connection to the browser");
    enum sb_err rc = sb_wake_open(&fresh->wake_fd, err);
    if (rc == SB_OK)
        rc = path != NULL ? start_process(fresh, path, err) : connect_remote(fresh, op, err);
    if (rc == SB_OK) {
        rc = sb_thread_start(&fresh->thread, "sb-browser", io_main, fresh, err);
        if (rc != SB_OK)
            bury(fresh);
    }
    if (rc != SB_OK) {
        free_cdp(fresh);
        return rc;
    }
    *cdp = fresh;
    return SB_OK;
}

void sb_cdp_close(struct sb_cdp *cdp)
{
    if (cdp == NULL)
        return;
    sb_mutex_lock(cdp->chromium->mutex);
    sb_cdp_kill(cdp, true, "the browser was closed");
    sb_mutex_unlock(cdp->chromium->mutex);
    sb_thread_join(cdp->thread);
    free_cdp(cdp);
}
