/* Follows the runtime's event stream, and connects again when it ends. The reader's thread. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sb_ns head_time = SB_S(5);                              /* for connection and head of the answer */
static const sb_ns pause_first = SB_MS(250), pause_max = SB_S(5);    /* between two connections */
enum { REFUSAL_MAX = 4096 };

/* One connection. */
struct reading {
    struct attached *attached;
    struct sse sse;
    struct wire wire;
    uint64_t unread;      /* events of this connection that could not be read */
    bool is_described;
};

/* Of a stream that was opened as a console: who may act, and whose runtime it is. */
static void take_seat(struct attached *attached, const char *data, size_t size)
{
    struct sb_json *json = NULL;
    struct sb_error unread = { 0 };
    if (sb_json_parse(&json, data, size, &unread) != SB_OK) {
        sb_log(SB_LOG_WARN, "attach", "who writes cannot be read: %s", unread.text);
        return;
    }
    char *writes = sb_json_text(json, "writes"), *writer = sb_json_type(json, "writer") == SB_JSON_STRING ? sb_json_text(json, "writer") : NULL;
    char *node = sb_json_type(json, "node") == SB_JSON_STRING ? sb_json_text(json, "node") : NULL;
    int64_t count = 0;
    (void)sb_json_i64(json, "nodes", &count); /* an earlier version does not say: then it is one */
    attached_set_node(attached, node != NULL ? node : "", count);
    attached_set_seat(attached, writes != NULL && sb_streq(writes, "true"), writer != NULL ? writer : "");
    free(node);
    free(writes);
    free(writer);
    sb_json_destroy(json);
}

static void take_event(void *arg, const char *name, const char *data, size_t size)
{
    struct reading *reading = arg;
    struct sb_event event;
    struct sb_error err = { 0 };
    if (sb_streq(name, "gap")) {
        attached_begin_anew(reading->attached);
        return;
    }
    if (sb_streq(name, "console")) {
        take_seat(reading->attached, data, size);
        return;
    }
    if (sb_codec_event_read(data, size, &event, &err) != SB_OK) {
        if (reading->unread++ == 0) { /* of many the first tells enough */
            sb_log(SB_LOG_WARN, "attach", "an event \"%s\" of the runtime cannot be read and is passed over: %s", name, err.text);
            attached_fail(reading->attached, 0, "the runtime tells events that this console cannot read: is it of another version?");
        }
        return;
    }
    attached_put(reading->attached, &event);
    if (event.kind == SB_EVENT_DESCRIBED && !reading->is_described) {
        reading->is_described = true;
        attached_set_state(reading->attached, SB_SOURCE_LIVE, "");
    }
}

/* What the runtime answered instead of a stream. */
static void read_refusal(struct reading *reading, const struct sb_op *op, struct sb_error *err)
{
    char body[REFUSAL_MAX], words[SB_NOTE_MAX];
    struct sb_attach_reply reply = { .status = reading->wire.status, .body = body };
    const char *piece = NULL;
    size_t count = 0;
    struct sb_error unread = { 0 };
    while (wire_read(&reading->wire, &piece, &count, op, &unread) == SB_OK && count > 0 && reply.size + count < sizeof(body)) {
        memcpy(body + reply.size, piece, count);
        reply.size += count;
    }
    body[reply.size] = '\0';
    sb_attach_words(&reply, words, sizeof(words));
    (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "%s", words);
}

/* Until the stream ends; why, in `err`. A stream is silent for as long as the runtime's core is: the age of the picture tells that. */
static void follow(struct reading *reading, bool wants_to_write, struct sb_error *err)
{
    struct attached *attached = reading->attached;
    struct sb_op op = { .deadline = sb_now() + head_time, .cancel = attached->stop };
    char target[128];
    (void)snprintf(target, sizeof(target), "/v1/events?heartbeat=1&console=%llu&wish=%s", (unsigned long long)attached->console,
                   wants_to_write ? "write" : "view");
    if (wire_open(&reading->wire, attached->socket_path, "GET", target, NULL, &op, err) != SB_OK)
        return;
    if (reading->wire.status != 200) {
        read_refusal(reading, &op, err);
        wire_close(&reading->wire);
        return;
    }
    attached_recall(attached); /* the stream waits meanwhile; what happens now comes through it */
    attached_set_state(attached, SB_SOURCE_LOST, "connected; the runtime has not yet told how things are");
    attached_begin_anew(attached);
    op.deadline = SB_NEVER;
    const char *piece = NULL;
    size_t count = 0;
    enum sb_err rc = SB_OK;
    while (rc == SB_OK) {
        rc = wire_read(&reading->wire, &piece, &count, &op, err);
        if (rc == SB_OK && count == 0)
            rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime closed the connection");
        if (rc == SB_OK)
            sse_feed(&reading->sse, piece, count, take_event, reading);
    }
    wire_close(&reading->wire);
    if (reading->unread + reading->sse.dropped > 0)
        sb_log(SB_LOG_WARN, "attach", "%llu events of this connection were not read, %llu of them too long",
               (unsigned long long)(reading->unread + reading->sse.dropped), (unsigned long long)reading->sse.dropped);
}

/* Whether the runtime knew this console as the one that writes when it was last heard. */
static bool has_written(struct attached *attached)
{
    struct sb_source_status status;
    attached->source.ops->look(&attached->source, &status);
    return !status.is_viewer;
}

void attached_read(void *arg)
{
    struct attached *attached = arg;
    struct reading *reading = malloc(sizeof(*reading)); /* the stack is small */
    sb_ns pause = pause_first;
    bool wants_to_write = !attached->is_viewer, is_connected_before = false;
    if (reading == NULL) {
        attached_set_state(attached, SB_SOURCE_LOST, "no memory to read from the runtime");
        return;
    }
    while (!sb_cancel_is_asked(attached->stop)) {
        struct sb_error err = { 0 };
        char text[sizeof(err.text) + 16];
        size_t ready = 0;
        memset(reading, 0, sizeof(*reading));
        reading->attached = attached;
        reading->wire.fd = -1;
        if (is_connected_before)
            wants_to_write = !attached->is_viewer && has_written(attached); /* a viewer does not become the writer by a restart */
        follow(reading, wants_to_write, &err);
        is_connected_before = is_connected_before || reading->is_described;
        pause = reading->is_described ? pause_first : pause;
        (void)snprintf(text, sizeof(text), "trying again: %s", err.text);
        attached_set_state(attached, SB_SOURCE_LOST, text);
        const struct sb_op op = { .deadline = sb_now() + pause, .cancel = attached->stop };
        if (sb_poll_readable(NULL, 0, &op, &ready, &err) == SB_ERR_CANCELLED)
            break;
        pause = pause * 2 < pause_max ? pause * 2 : pause_max;
    }
    free(reading);
}
