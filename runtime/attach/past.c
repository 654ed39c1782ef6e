/* The newest events before a description, for the log alone. What cannot be had is left out: the picture does not need it. Reader's thread, and the
 * console's for taking. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4 << 20 };
static const sb_ns ask_time = SB_S(2);

static size_t read_events(const struct sb_json *json, struct sb_event *events)
{
    const size_t all = sb_json_count(json, "events");
    size_t count = 0;
    for (size_t i = all > ATTACH_PAST_MAX ? all - ATTACH_PAST_MAX : 0; i < all; i++) {
        char path[32];
        struct sb_error unread = { 0 };
        (void)snprintf(path, sizeof(path), "events.%zu", i);
        char *line = sb_json_text(json, path);
        if (line != NULL && sb_codec_event_read(line, strlen(line), &events[count], &unread) == SB_OK)
            count++;
        free(line);
    }
    return count;
}

void attached_recall(struct attached *attached)
{
    const struct sb_op op = { .deadline = sb_now() + ask_time, .cancel = attached->stop };
    struct sb_attach_reply reply = { 0 };
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    struct sb_event *events = calloc(ATTACH_PAST_MAX, sizeof(*events));
    size_t count = 0;
    if (events != NULL && sb_attach_ask(attached->socket_path, "GET", "/v1/journal?limit=1000", NULL, ANSWER_MAX, &op, &reply, &err) == SB_OK) {
        if (reply.status == 200 && sb_json_parse(&json, reply.body, reply.size, &err) == SB_OK)
            count = read_events(json, events);
        else
            sb_log(SB_LOG_WARN, "attach", "the journal was not told (%u): the log begins now %s", reply.status, err.text);
    }
    sb_json_destroy(json);
    free(reply.body);
    sb_mutex_lock(attached->mutex);
    struct sb_event *before = attached->past;
    attached->past = events;
    attached->past_at = 0;
    attached->past_count = count;
    sb_mutex_unlock(attached->mutex);
    free(before);
}

size_t attached_take_past(struct sb_source *source, struct sb_event *events, size_t cap)
{
    struct attached *attached = (struct attached *)source;
    struct sb_event *spent = NULL;
    size_t taken = 0;
    sb_mutex_lock(attached->mutex);
    while (taken < cap && attached->past_at < attached->past_count)
        events[taken++] = attached->past[attached->past_at++];
    if (attached->past_at == attached->past_count) {
        spent = attached->past;
        attached->past = NULL;
        attached->past_at = attached->past_count = 0;
    }
    sb_mutex_unlock(attached->mutex);
    free(spent);
    return taken;
}
