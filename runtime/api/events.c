/* Server-sent events (WHATWG HTML, section "Server-sent events"): `id` is the event's number in the journal, `event` its kind, `data` one
 * line of JSON as the codec writes it.
 *
 * A new stream begins with everything as it is now: events without an id that end with `described`. Then comes what happens. Resumed by
 * Last-Event-ID it goes on where it was, the missing events read from the journal; when the journal no longer has them all, and whenever the
 * reader is too slow, comes an event `gap` and a new beginning. Thread: the connection's own. */
#include "call.h"

#include "signalbox/ports/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = SB_CODEC_EVENT_MAX + 128 };
static const sb_ns quiet_max = SB_S(10), heartbeat_every = SB_S(1), journal_wait = SB_MS(20), catch_up_max = SB_S(5);

static const char missed_sql[] = "SELECT seq, at_ms, kind, payload FROM events WHERE seq > $1 AND seq < $2 ORDER BY seq LIMIT 200";

/* SKIPPING: the client has a beginning, the feed's is passed over. CATCHING_UP: the journal first, until the feed goes on where it ended.
 * FOLLOWING: as the feed comes. */
enum stream_state { SKIPPING, CATCHING_UP, FOLLOWING };

struct stream {
    struct sb_control *control;
    struct sb_store *store;
    struct sb_feed *feed;
    int stop_fd;
    bool has_heartbeat;
    bool ends_described;      /* asked for what is, and not for what comes */
    sb_ns pinged;
    enum stream_state state;
    uint64_t last_seq;        /* that the client has */
    uint64_t journal_seq;     /* of them, read from the journal */
    sb_ns catch_up_until;
    struct sb_rows *missed;   /* of the journal, sent before events[at] */
    size_t missed_at;
    struct sb_event events[EVENTS_AT_ONCE]; /* taken from the feed */
    size_t count, at;
    bool is_gap;              /* to be told first */
    bool is_ending;           /* the runtime stops: what is there still goes out */
    uint64_t console, visit;  /* 0: no console's */
    uint64_t seat_changes;    /* as it was told last */
    struct seat_node node;    /* the same */
    const struct sb_api_setup *setup;
};

struct stream *stream_open(const struct call *call, const char *last_event_id, bool has_heartbeat, const struct console_wish *console, int stop_fd,
                           struct sb_error *err)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for an event stream");
        return NULL;
    }
    stream->setup = call->setup;
    stream->control = call->setup->control;
    stream->store = call->setup->store;
    stream->stop_fd = stop_fd;
    stream->has_heartbeat = has_heartbeat;
    stream->state = last_event_id != NULL && stream->store != NULL && sb_parse_u64(last_event_id, &stream->last_seq) && stream->last_seq > 0
                        ? SKIPPING
                        : FOLLOWING;
    if (sb_feed_open(stream->control, &stream->feed, err) != SB_OK) {
        free(stream);
        return NULL;
    }
    if (console != NULL &&
        sb_console_join(stream->control, console->id, console->name, console->wants_to_write, &stream->visit, err) != SB_OK) {
        stream_close(stream);
        return NULL;
    }
    stream->console = console != NULL ? console->id : 0;
    return stream;
}

void stream_end_described(struct stream *stream)
{
    stream->ends_described = true;
}

void stream_close(struct stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->console != 0)
        sb_console_leave(stream->control, stream->console, stream->visit);
    sb_feed_close(stream->feed);
    sb_rows_destroy(stream->missed);
    free(stream);
}

static size_t write_line(char *out, size_t cap, uint64_t seq, const char *kind, const char *data)
{
    int size = seq > 0 ? snprintf(out, cap, "id: %llu\nevent: %s\ndata: %s\n\n", (unsigned long long)seq, kind, data)
                       : snprintf(out, cap, "event: %s\ndata: %s\n\n", kind, data);
    return size > 0 && (size_t)size < cap ? (size_t)size : 0;
}

static size_t write_event(const struct sb_event *event, char *out, size_t cap)
{
    char data[SB_CODEC_EVENT_MAX];
    size_t size = sb_codec_event_write(event, data, sizeof(data) - 1);
    data[size] = '\0';
    return event->kind < SB_EVENT_COUNT ? write_line(out, cap, event->seq, sb_event_infos[event->kind].name, data) : 0;
}

/* A row of the journal. One that another version wrote, and that this one cannot read, is passed over. */
static size_t write_row(const struct sb_rows *rows, size_t row, char *out, size_t cap)
{
    struct sb_event event;
    struct sb_error err = { 0 };
    const struct sb_wall wall = { SB_MS(sb_rows_number(rows, row, "at_ms")) };
    const char *payload = sb_rows_words(rows, row, "payload");
    uint64_t seq = (uint64_t)sb_rows_number(rows, row, "seq");
    if (sb_codec_event_read_row(seq, wall, sb_rows_words(rows, row, "kind"), payload, strlen(payload), &event, &err) == SB_OK)
        return write_event(&event, out, cap);
    sb_log(SB_LOG_WARN, "api", "event %llu of the journal is not sent: %s", (unsigned long long)seq, err.text);
    return 0;
}

static bool has_missed(const struct stream *stream)
{
    return stream->missed != NULL && stream->missed_at < sb_rows_count(stream->missed);
}

/* What the journal has after what was sent. False when it does not go on there: its old end has been pruned. */
static bool read_missed(struct stream *stream, uint64_t before)
{
    struct sb_cell params[] = { sb_cell_int((int64_t)stream->last_seq), sb_cell_int((int64_t)before) };
    struct sb_statement statement = { .sql = missed_sql, .params = params, .param_count = SB_LEN(params), .expect_rows = -1 };
    struct sb_op op = { .deadline = sb_now() + SB_S(2) };
    struct sb_error err = { 0 };
    sb_rows_destroy(stream->missed);
    stream->missed = NULL;
    stream->missed_at = 0;
    if (stream->store->ops->query(stream->store, &statement, &op, &stream->missed, &err) == SB_OK)
        return sb_rows_count(stream->missed) == 0 || (uint64_t)sb_rows_number(stream->missed, 0, "seq") == stream->last_seq + 1;
    sb_log(SB_LOG_WARN, "api", "events after %llu could not be read: %s", (unsigned long long)stream->last_seq, err.text);
    return false;
}

static size_t next_missed(struct stream *stream, char *out, size_t cap)
{
    size_t row = stream->missed_at++;
    stream->last_seq = stream->journal_seq = (uint64_t)sb_rows_number(stream->missed, row, "seq");
    return write_row(stream->missed, row, out, cap);
}

/* A new feed describes everything anew. False when there is no memory for one: the stream ends. */
static bool begin_anew(struct stream *stream)
{
    struct sb_error err = { 0 };
    sb_feed_close(stream->feed);
    stream->feed = NULL;
    stream->count = stream->at = 0;
    stream->state = FOLLOWING;
    stream->is_gap = true;
    return sb_feed_open(stream->control, &stream->feed, &err) == SB_OK;
}

/* Waits for one of the descriptors; SB_ERR_CANCELLED when it is the one that stops the stream. */
static enum sb_err wait(const struct stream *stream, int fd, sb_ns time)
{
    const int fds[] = { stream->stop_fd, fd };
    struct sb_op op = { .deadline = sb_now() + time };
    struct sb_error err = { 0 };
    size_t ready = 1;
    enum sb_err rc = sb_poll_readable(fds, SB_LEN(fds), &op, &ready, &err);
    return rc == SB_OK && ready == 0 ? SB_ERR_CANCELLED : rc;
}

/* Whether events[at] goes to the client; otherwise the journal has come first, or the stream begins anew. */
static bool is_next(struct stream *stream, const struct sb_event *event)
{
    if (stream->state == FOLLOWING)
        return true;
    if (stream->state == SKIPPING) {
        stream->at++;
        if (event->kind == SB_EVENT_DESCRIBED) {
            stream->state = CATCHING_UP;
            stream->catch_up_until = sb_now() + catch_up_max;
            if (!read_missed(stream, INT64_MAX))
                (void)begin_anew(stream);
        }
        return false;
    }
    if (event->seq == 0 || event->seq <= stream->journal_seq) {
        stream->at++;
        return false;
    }
    if (event->seq == stream->last_seq + 1) {
        stream->state = FOLLOWING;
        return true;
    }
    /* The writer may not have come round. A number that is behind is of another journal. */
    if (event->seq <= stream->last_seq || sb_now() > stream->catch_up_until || !read_missed(stream, event->seq))
        (void)begin_anew(stream);
    else if (!has_missed(stream) && wait(stream, -1, journal_wait) == SB_ERR_CANCELLED) {
        sb_feed_close(stream->feed); /* the journal did not come in time: the client resumes where it is */
        stream->feed = NULL;
    }
    return false;
}

/* Whether the console writes and which node this is, when that has changed. */
static size_t write_seat(struct stream *stream, char *out, size_t cap)
{
    struct sb_seat seat;
    struct seat_node node;
    char data[SEAT_MAX];
    if (stream->console == 0)
        return 0;
    sb_console_look(stream->control, stream->console, &seat);
    seat_node(stream->setup, &node);
    if (seat.changes == stream->seat_changes && memcmp(&node, &stream->node, sizeof(node)) == 0)
        return 0;
    stream->seat_changes = seat.changes;
    memcpy(&stream->node, &node, sizeof(node));
    seat_write(&seat, &node, data, sizeof(data));
    return write_line(out, cap, 0, "console", data);
}

/* Everything that is there, as far as it fits. */
static size_t write_waiting(struct stream *stream, char *out, size_t cap)
{
    size_t used = write_seat(stream, out, cap);
    if (stream->is_gap && stream->feed != NULL) {
        stream->is_gap = false;
        used += write_line(out + used, cap - used, 0, "gap", "{}");
    }
    while (cap - used > ROOM && stream->feed != NULL && !stream->is_gap) {
        if (has_missed(stream)) {
            used += next_missed(stream, out + used, cap - used);
            continue;
        }
        if (stream->at >= stream->count)
            break;
        const struct sb_event *event = &stream->events[stream->at];
        if (!is_next(stream, event))
            continue;
        stream->at++;
        stream->last_seq = event->seq > 0 ? event->seq : stream->last_seq;
        used += write_event(event, out + used, cap - used);
        if (stream->ends_described && event->kind == SB_EVENT_DESCRIBED) {
            sb_feed_close(stream->feed);
            stream->feed = NULL; /* the next read ends the stream */
        }
    }
    return used;
}

size_t stream_read(struct stream *stream, char *out, size_t cap)
{
    while (stream->feed != NULL) {
        size_t used = write_waiting(stream, out, cap);
        if (used > 0)
            return used;
        if (stream->feed == NULL || stream->is_gap)
            continue;
        if (stream->has_heartbeat && sb_now() - stream->pinged >= heartbeat_every) {
            sb_feed_ping(stream->feed);
            stream->pinged = sb_now();
        }
        bool is_gap = false;
        stream->at = 0;
        stream->count = sb_feed_take(stream->feed, stream->events, EVENTS_AT_ONCE, &is_gap);
        stream->is_gap = is_gap; /* what follows is a new beginning */
        if (is_gap)
            stream->state = FOLLOWING;
        if (stream->is_ending && stream->count == 0)
            break;
        enum sb_err rc = stream->count > 0 ? SB_OK : wait(stream, sb_feed_fd(stream->feed), stream->has_heartbeat ? heartbeat_every : quiet_max);
        if (rc == SB_ERR_TIMEOUT && !stream->has_heartbeat)
            return (size_t)snprintf(out, cap, ":\n\n"); /* a client that is gone is noticed by writing */
        if (rc != SB_OK && rc != SB_ERR_TIMEOUT)
            stream->is_ending = true;
    }
    return 0;
}

void handle_events(const struct call *call, struct answer *answer)
{
    (void)call; /* the server knows the header it is resumed by */
    answer->status = 200;
    answer->is_stream = true;
    answer->type = "text/event-stream";
}
