/* The source: a bounded ring between the reader and the console's thread, the list of commands for the speaker, and what the two say of the
 * connection. One lock, held for copying alone.
 *
 * When the console does not take events the reader waits for room, so that the runtime's end of the stream falls behind, which costs the
 * runtime nothing and ends in a fresh description. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns close_grace = SB_S(1); /* for commands that were taken */

static struct remote *self_of(struct sb_source *source)
{
    return (struct remote *)source; /* its first member */
}

/* --- the console's thread ------------------------------------------------------------------------------------------------------- */

static int fd(const struct sb_source *source)
{
    return ((const struct remote *)source)->wake_fd;
}

/* Notes under which names the console knows its targets. */
static void learn(struct remote_names *names, const struct sb_event *event)
{
    if (event->kind == SB_EVENT_JOB_DEFINED && event->as.job_defined.job < SB_JOBS_MAX)
        (void)sb_copy(names->jobs[event->as.job_defined.job], SB_NAME_MAX, event->as.job_defined.name);
    else if (event->kind == SB_EVENT_BREAKER_CHANGED && event->as.breaker_changed.site < SB_SITES_MAX)
        (void)sb_copy(names->sites[event->as.breaker_changed.site], SB_NAME_MAX, event->as.breaker_changed.name);
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    struct remote *remote = self_of(source);
    size_t taken = 0;

    *is_gap = false;
    sb_mutex_lock(remote->mutex);
    while (!remote->is_held && taken < cap && remote->count > 0) {
        events[taken++] = remote->ring[remote->head];
        remote->head = (remote->head + 1) % REMOTE_EVENTS_MAX;
        remote->count--;
    }
    if (taken > 0) {
        *is_gap = remote->is_gap_untold;
        remote->is_gap_untold = false;
        sb_cond_signal(remote->room);
    } else {
        sb_wake_clear(remote->wake_fd); /* a failure and the status are looked at after this */
    }
    sb_mutex_unlock(remote->mutex);
    for (size_t i = 0; i < taken; i++)
        learn(&remote->names, &events[i]);
    return taken;
}

/* The stream brings a heartbeat every second. */
static void ping(struct sb_source *source)
{
    (void)source;
}

/* Takes the body. */
static enum sb_err give(struct remote *remote, uint64_t id, char *body, struct sb_error *err)
{
    enum sb_err rc = SB_OK;
    sb_mutex_lock(remote->mutex);
    if (remote->status.state != SB_SOURCE_LIVE)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no connection to the runtime");
    else if (remote->errand_count == REMOTE_ERRANDS_MAX)
        rc = sb_error_set(err, SB_ERR_FULL, "%d commands wait for the runtime", (int)REMOTE_ERRANDS_MAX);
    else
        remote->errands[remote->errand_count++] = (struct errand){ id, body };
    sb_cond_signal(remote->errand);
    sb_mutex_unlock(remote->mutex);
    if (rc != SB_OK)
        free(body);
    return rc;
}

/* Ids of several consoles must not meet: a repeated one would be answered with what the other console asked. */
static enum sb_err make_id(uint64_t *id, struct sb_error *err)
{
    enum sb_err rc = sb_random(id, sizeof(*id), err);
    *id = *id >> 11 | 1; /* below 2^53, so that every reader of JSON can hold it, and not 0 */
    return rc;
}

static enum sb_err command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    struct remote *remote = self_of(source);
    if (remote->is_viewer)
        return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer");
    if (command.kind >= SB_COMMAND_COUNT)
        return sb_error_set(err, SB_ERR_INVALID, "there is no command number %u", command.kind);
    enum sb_err rc = command.id == 0 ? make_id(&command.id, err) : SB_OK;
    if (rc != SB_OK)
        return rc;
    char *body = remote_command_words(&remote->names, remote->console, &command);
    if (body == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "the target of that command has no name in this picture, or there is no memory");
    rc = give(remote, command.id, body, err);
    if (rc == SB_OK && id != NULL)
        *id = command.id;
    return rc;
}

static enum sb_err take_over(struct sb_source *source, struct sb_error *err)
{
    struct remote *remote = self_of(source);
    char *body = remote->is_viewer ? NULL : strdup("{}");
    if (body == NULL)
        return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer (--readonly), or there is no memory");
    return give(remote, 0, body, err);
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    struct remote *remote = self_of(source);
    sb_mutex_lock(remote->mutex);
    memcpy(status, &remote->status, sizeof(*status));
    sb_mutex_unlock(remote->mutex);
}

static bool take_failure(struct sb_source *source, struct sb_source_failure *failure)
{
    struct remote *remote = self_of(source);
    sb_mutex_lock(remote->mutex);
    const bool has_any = remote->failure_count > 0;
    if (has_any) {
        *failure = remote->failures[0];
        remote->failure_count--;
        memmove(remote->failures, remote->failures + 1, remote->failure_count * sizeof(remote->failures[0]));
    }
    sb_mutex_unlock(remote->mutex);
    return has_any;
}

/* --- the reader and the speaker --------------------------------------------------------------------------------------------------- */

void remote_begin_anew(struct remote *remote)
{
    sb_mutex_lock(remote->mutex);
    remote->head = remote->count = 0;
    remote->is_gap_untold = remote->is_held = true;
    sb_mutex_unlock(remote->mutex);
}

bool remote_put(struct remote *remote, const struct sb_event *event)
{
    sb_mutex_lock(remote->mutex);
    while (remote->count == REMOTE_EVENTS_MAX && !remote->is_closing) {
        remote->is_held = false; /* a description larger than the ring is shown as it comes */
        sb_wake_post(remote->wake_fd);
        (void)sb_cond_wait(remote->room, remote->mutex, SB_NEVER);
    }
    const bool goes_on = !remote->is_closing;
    if (goes_on) {
        if (remote->count == 0)
            remote->head = 0; /* a console that keeps up touches a few pages of the ring only */
        remote->ring[(remote->head + remote->count++) % REMOTE_EVENTS_MAX] = *event;
        if (event->kind == SB_EVENT_DESCRIBED)
            remote->is_held = false;
        if (!remote->is_held)
            sb_wake_post(remote->wake_fd);
    }
    sb_mutex_unlock(remote->mutex);
    return goes_on;
}

void remote_set_state(struct remote *remote, enum sb_source_state state, const char *text)
{
    sb_mutex_lock(remote->mutex);
    /* Before the first picture nothing can have been lost. */
    if (state == SB_SOURCE_LOST && remote->status.state == SB_SOURCE_CONNECTING)
        state = SB_SOURCE_CONNECTING;
    if (remote->status.state != state)
        remote->status.since = sb_now();
    remote->status.state = (uint8_t)state;
    (void)sb_copy(remote->status.text, sizeof(remote->status.text), text);
    sb_wake_post(remote->wake_fd);
    sb_mutex_unlock(remote->mutex);
}

void remote_set_seat(struct remote *remote, bool is_writer, const char *writer)
{
    sb_mutex_lock(remote->mutex);
    remote->status.is_viewer = !is_writer;
    (void)sb_copy(remote->status.writer, sizeof(remote->status.writer), is_writer ? "" : writer);
    sb_wake_post(remote->wake_fd);
    sb_mutex_unlock(remote->mutex);
}

void remote_fail(struct remote *remote, uint64_t id, const char *text)
{
    sb_mutex_lock(remote->mutex);
    if (remote->failure_count == REMOTE_FAILURES_MAX)
        memmove(remote->failures, remote->failures + 1, --remote->failure_count * sizeof(remote->failures[0]));
    struct sb_source_failure *failure = &remote->failures[remote->failure_count++];
    failure->id = id;
    (void)sb_copy(failure->text, sizeof(failure->text), text);
    sb_wake_post(remote->wake_fd);
    sb_mutex_unlock(remote->mutex);
}

/* --- its life ----------------------------------------------------------------------------------------------------------------------- */

/* The reader ends at once; the speaker may finish what it was given, within the grace. */
static void end_threads(struct remote *remote)
{
    const sb_ns until = sb_now() + close_grace;
    sb_mutex_lock(remote->mutex);
    remote->is_closing = true;
    sb_cond_broadcast(remote->room);
    sb_cond_broadcast(remote->errand);
    sb_mutex_unlock(remote->mutex);
    sb_cancel_ask(remote->stop);
    sb_thread_join(remote->reader);
    sb_mutex_lock(remote->mutex);
    while (remote->speaker != NULL && !remote->has_spoken && sb_cond_wait(remote->spoken, remote->mutex, until)) {
    }
    sb_mutex_unlock(remote->mutex);
    sb_cancel_ask(remote->stop_speaking);
    sb_thread_join(remote->speaker);
}

static void close_source(struct sb_source *source)
{
    struct remote *remote = self_of(source);
    if (remote == NULL)
        return;
    if (remote->stop_speaking != NULL) /* the last thing that is made before the threads */
        end_threads(remote);
    for (size_t i = 0; i < remote->errand_count; i++)
        free(remote->errands[i].body);
    sb_cancel_destroy(remote->stop);
    sb_cancel_destroy(remote->stop_speaking);
    sb_cond_destroy(remote->room);
    sb_cond_destroy(remote->errand);
    sb_cond_destroy(remote->spoken);
    sb_mutex_destroy(remote->mutex);
    sb_fd_close(&remote->wake_fd);
    free(remote->names.jobs);
    free(remote->ring);
    free(remote);
}

static enum sb_err make_parts(struct remote *remote, struct sb_error *err)
{
    remote->ring = calloc(REMOTE_EVENTS_MAX, sizeof(*remote->ring));
    remote->names.jobs = calloc(SB_JOBS_MAX, sizeof(*remote->names.jobs));
    remote->mutex = sb_mutex_create(SB_RANK_REMOTE);
    remote->room = sb_cond_create();
    remote->errand = sb_cond_create();
    remote->spoken = sb_cond_create();
    if (remote->ring == NULL || remote->names.jobs == NULL || remote->mutex == NULL || remote->room == NULL || remote->errand == NULL ||
        remote->spoken == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection to the runtime");
    enum sb_err rc = make_id(&remote->console, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&remote->wake_fd, err);
    if (rc == SB_OK && (remote->stop = sb_cancel_create(err)) == NULL)
        rc = err != NULL ? err->code : SB_ERR_NOMEM;
    if (rc == SB_OK && (remote->stop_speaking = sb_cancel_create(err)) == NULL)
        rc = err != NULL ? err->code : SB_ERR_NOMEM;
    return rc;
}

enum sb_err sb_remote_open(struct sb_source **source, const struct sb_remote_setup *setup, struct sb_error *err)
{
    static const struct sb_source_ops ops = { .close = close_source, .fd = fd, .take = take, .ping = ping, .command = command, .look = look,
                                              .take_failure = take_failure, .take_over = take_over };
    struct remote *remote = calloc(1, sizeof(*remote));
    if (remote == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection to the runtime");
    remote->source.ops = &ops;
    remote->wake_fd = -1;
    remote->is_viewer = setup->is_viewer;
    remote->status = (struct sb_source_status){ .state = SB_SOURCE_CONNECTING, .is_attached = true, .is_viewer = true, .since = sb_now() };
    enum sb_err rc = sb_copy(remote->socket_path, sizeof(remote->socket_path), setup->socket_path)
                         ? SB_OK
                         : sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the socket has more than %d bytes", REMOTE_PATH_BYTES - 1);
    if (rc == SB_OK)
        rc = make_parts(remote, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&remote->reader, "attach reader", remote_read, remote, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&remote->speaker, "attach speaker", remote_speak, remote, err);
    if (rc == SB_OK)
        *source = &remote->source;
    else
        close_source(&remote->source);
    return rc;
}

uint64_t sb_remote_console(const struct sb_source *source)
{
    return ((const struct remote *)source)->console;
}
