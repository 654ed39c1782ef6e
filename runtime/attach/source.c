/* The source: a bounded ring between the reader and the console's thread, the list of commands for the speaker, and what the two say of the
 * connection. One lock, held for copying alone.
 *
 * When the console does not take events the reader waits for room, so that the runtime's end of the stream falls behind, which costs the
 * runtime nothing and ends in a fresh description. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns close_grace = SB_S(1); /* for commands that were taken */

static struct attached *self_of(struct sb_source *source)
{
    return (struct attached *)source; /* its first member */
}

/* --- the console's thread ------------------------------------------------------------------------------------------------------- */

static int fd(const struct sb_source *source)
{
    return ((const struct attached *)source)->wake_fd;
}

/* Notes under which names the console knows its targets. */
static void learn(struct attached_names *names, const struct sb_event *event)
{
    if (event->kind == SB_EVENT_JOB_DEFINED && event->as.job_defined.job < SB_JOBS_MAX)
        (void)sb_copy(names->jobs[event->as.job_defined.job], SB_NAME_MAX, event->as.job_defined.name);
    else if (event->kind == SB_EVENT_BREAKER_CHANGED && event->as.breaker_changed.site < SB_SITES_MAX)
        (void)sb_copy(names->sites[event->as.breaker_changed.site], SB_NAME_MAX, event->as.breaker_changed.name);
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    struct attached *attached = self_of(source);
    size_t taken = 0;

    *is_gap = false;
    sb_mutex_lock(attached->mutex);
    while (!attached->is_held && taken < cap && attached->count > 0) {
        events[taken++] = attached->ring[attached->head];
        attached->head = (attached->head + 1) % ATTACH_EVENTS_MAX;
        attached->count--;
    }
    if (taken > 0) {
        *is_gap = attached->is_gap_untold;
        attached->is_gap_untold = false;
        sb_cond_signal(attached->room);
    } else {
        sb_wake_clear(attached->wake_fd); /* a failure and the status are looked at after this */
    }
    sb_mutex_unlock(attached->mutex);
    for (size_t i = 0; i < taken; i++)
        learn(&attached->names, &events[i]);
    return taken;
}

/* The stream brings a heartbeat every second. */
static void ping(struct sb_source *source)
{
    (void)source;
}

/* Takes the body. */
static enum sb_err give(struct attached *attached, uint64_t id, char *body, struct sb_error *err)
{
    enum sb_err rc = SB_OK;
    sb_mutex_lock(attached->mutex);
    if (attached->status.state != SB_SOURCE_LIVE)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no connection to the runtime");
    else if (attached->errand_count == ATTACH_ERRANDS_MAX)
        rc = sb_error_set(err, SB_ERR_FULL, "%d commands wait for the runtime", (int)ATTACH_ERRANDS_MAX);
    else
        attached->errands[attached->errand_count++] = (struct errand){ id, body };
    sb_cond_signal(attached->errand);
    sb_mutex_unlock(attached->mutex);
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
    struct attached *attached = self_of(source);
    if (attached->is_viewer)
        return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer");
    if (command.kind >= SB_COMMAND_COUNT)
        return sb_error_set(err, SB_ERR_INVALID, "there is no command number %u", command.kind);
    enum sb_err rc = command.id == 0 ? make_id(&command.id, err) : SB_OK;
    if (rc != SB_OK)
        return rc;
    char *body = attached_command_words(&attached->names, attached->console, &command);
    if (body == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "the target of that command has no name in this picture, or there is no memory");
    rc = give(attached, command.id, body, err);
    if (rc == SB_OK && id != NULL)
        *id = command.id;
    return rc;
}

static enum sb_err take_over(struct sb_source *source, struct sb_error *err)
{
    struct attached *attached = self_of(source);
    char *body = attached->is_viewer ? NULL : strdup("{}");
    if (body == NULL)
        return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer (--readonly), or there is no memory");
    return give(attached, 0, body, err);
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    struct attached *attached = self_of(source);
    sb_mutex_lock(attached->mutex);
    memcpy(status, &attached->status, sizeof(*status));
    sb_mutex_unlock(attached->mutex);
}

static bool take_failure(struct sb_source *source, struct sb_source_failure *failure)
{
    struct attached *attached = self_of(source);
    sb_mutex_lock(attached->mutex);
    const bool has_any = attached->failure_count > 0;
    if (has_any) {
        *failure = attached->failures[0];
        attached->failure_count--;
        memmove(attached->failures, attached->failures + 1, attached->failure_count * sizeof(attached->failures[0]));
    }
    sb_mutex_unlock(attached->mutex);
    return has_any;
}

/* --- the reader and the speaker --------------------------------------------------------------------------------------------------- */

void attached_begin_anew(struct attached *attached)
{
    sb_mutex_lock(attached->mutex);
    attached->head = attached->count = 0;
    attached->is_gap_untold = attached->is_held = true;
    sb_mutex_unlock(attached->mutex);
}

void attached_put(struct attached *attached, const struct sb_event *event)
{
    sb_mutex_lock(attached->mutex);
    while (attached->count == ATTACH_EVENTS_MAX && !attached->is_closing) {
        attached->is_held = false; /* a description larger than the ring is shown as it comes */
        sb_wake_post(attached->wake_fd);
        (void)sb_cond_wait(attached->room, attached->mutex, SB_NEVER);
    }
    if (!attached->is_closing) { /* nobody takes it any more, but the stream is the console's seat for as long as it speaks */
        if (attached->count == 0)
            attached->head = 0; /* a console that keeps up touches a few pages of the ring only */
        attached->ring[(attached->head + attached->count++) % ATTACH_EVENTS_MAX] = *event;
        if (event->kind == SB_EVENT_DESCRIBED)
            attached->is_held = false;
        if (!attached->is_held)
            sb_wake_post(attached->wake_fd);
    }
    sb_mutex_unlock(attached->mutex);
}

void attached_set_state(struct attached *attached, enum sb_source_state state, const char *text)
{
    sb_mutex_lock(attached->mutex);
    /* Before the first picture nothing can have been lost. */
    if (state == SB_SOURCE_LOST && attached->status.state == SB_SOURCE_CONNECTING)
        state = SB_SOURCE_CONNECTING;
    if (attached->status.state != state)
        attached->status.since = sb_now();
    attached->status.state = (uint8_t)state;
    (void)sb_copy(attached->status.text, sizeof(attached->status.text), text);
    sb_wake_post(attached->wake_fd);
    sb_mutex_unlock(attached->mutex);
}

void attached_set_seat(struct attached *attached, bool is_writer, const char *writer)
{
    sb_mutex_lock(attached->mutex);
    attached->status.is_viewer = !is_writer;
    (void)sb_copy(attached->status.writer, sizeof(attached->status.writer), is_writer ? "" : writer);
    sb_wake_post(attached->wake_fd);
    sb_mutex_unlock(attached->mutex);
}

void attached_set_node(struct attached *attached, const char *node, int64_t count)
{
    char words[SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, words, sizeof(words));
    if (node[0] != '\0' && count > 1) {
        sb_text_add(&text, "node ");
        sb_text_add(&text, node);
        sb_text_add(&text, " of ");
        sb_text_add_i64(&text, count);
    }
    sb_mutex_lock(attached->mutex);
    (void)sb_copy(attached->status.node, sizeof(attached->status.node), words);
    sb_wake_post(attached->wake_fd);
    sb_mutex_unlock(attached->mutex);
}

void attached_fail(struct attached *attached, uint64_t id, const char *text)
{
    sb_mutex_lock(attached->mutex);
    if (attached->failure_count == ATTACH_FAILURES_MAX)
        memmove(attached->failures, attached->failures + 1, --attached->failure_count * sizeof(attached->failures[0]));
    struct sb_source_failure *failure = &attached->failures[attached->failure_count++];
    failure->id = id;
    (void)sb_copy(failure->text, sizeof(failure->text), text);
    sb_wake_post(attached->wake_fd);
    sb_mutex_unlock(attached->mutex);
}

/* --- its life ----------------------------------------------------------------------------------------------------------------------- */

/* The speaker may finish what it was given, within the grace. The reader ends after it: with its stream the console leaves its seat, and what it
 * says after that is refused. */
static void end_threads(struct attached *attached)
{
    const sb_ns until = sb_now() + close_grace;
    sb_mutex_lock(attached->mutex);
    attached->is_closing = true;
    sb_cond_broadcast(attached->room);
    sb_cond_broadcast(attached->errand);
    while (attached->speaker != NULL && !attached->has_spoken && sb_cond_wait(attached->spoken, attached->mutex, until)) {
    }
    sb_mutex_unlock(attached->mutex);
    sb_cancel_ask(attached->stop_speaking);
    sb_thread_join(attached->speaker);
    sb_cancel_ask(attached->stop);
    sb_thread_join(attached->reader);
}

static void close_source(struct sb_source *source)
{
    struct attached *attached = self_of(source);
    if (attached == NULL)
        return;
    if (attached->stop_speaking != NULL) /* the last thing that is made before the threads */
        end_threads(attached);
    for (size_t i = 0; i < attached->errand_count; i++)
        free(attached->errands[i].body);
    sb_cancel_destroy(attached->stop);
    sb_cancel_destroy(attached->stop_speaking);
    sb_cond_destroy(attached->room);
    sb_cond_destroy(attached->errand);
    sb_cond_destroy(attached->spoken);
    sb_mutex_destroy(attached->mutex);
    sb_fd_close(&attached->wake_fd);
    free(attached->names.jobs);
    free(attached->ring);
    free(attached->past);
    free(attached);
}

static enum sb_err make_parts(struct attached *attached, struct sb_error *err)
{
    attached->ring = calloc(ATTACH_EVENTS_MAX, sizeof(*attached->ring));
    attached->names.jobs = calloc(SB_JOBS_MAX, sizeof(*attached->names.jobs));
    attached->mutex = sb_mutex_create(SB_RANK_ATTACH);
    attached->room = sb_cond_create();
    attached->errand = sb_cond_create();
    attached->spoken = sb_cond_create();
    if (attached->ring == NULL || attached->names.jobs == NULL || attached->mutex == NULL || attached->room == NULL || attached->errand == NULL ||
        attached->spoken == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection to the runtime");
    enum sb_err rc = make_id(&attached->console, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&attached->wake_fd, err);
    if (rc == SB_OK && (attached->stop = sb_cancel_create(err)) == NULL)
        rc = err != NULL ? err->code : SB_ERR_NOMEM;
    if (rc == SB_OK && (attached->stop_speaking = sb_cancel_create(err)) == NULL)
        rc = err != NULL ? err->code : SB_ERR_NOMEM;
    return rc;
}

enum sb_err sb_attach_open(struct sb_source **source, const struct sb_attach_setup *setup, struct sb_error *err)
{
    static const struct sb_source_ops ops = { .close = close_source, .fd = fd, .take = take, .ping = ping, .command = command, .look = look,
                                              .take_failure = take_failure, .take_over = take_over, .take_past = attached_take_past };
    struct attached *attached = calloc(1, sizeof(*attached));
    if (attached == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection to the runtime");
    attached->source.ops = &ops;
    attached->wake_fd = -1;
    attached->is_viewer = setup->is_viewer;
    attached->status = (struct sb_source_status){ .state = SB_SOURCE_CONNECTING, .is_attached = true, .is_viewer = true, .since = sb_now() };
    enum sb_err rc = sb_copy(attached->socket_path, sizeof(attached->socket_path), setup->socket_path)
                         ? SB_OK
                         : sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the socket has more than %d bytes", ATTACH_PATH_BYTES - 1);
    if (rc == SB_OK)
        rc = make_parts(attached, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&attached->reader, "attach reader", attached_read, attached, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&attached->speaker, "attach speaker", attached_speak, attached, err);
    if (rc == SB_OK)
        *source = &attached->source;
    else
        close_source(&attached->source);
    return rc;
}

uint64_t sb_attach_console(const struct sb_source *source)
{
    return ((const struct attached *)source)->console;
}
