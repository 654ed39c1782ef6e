/* Server-sent events over the Unix socket (docs/API.md), read line by line. One thread; must never wait without a deadline, nor keep more
 * than one line. */
#include "watch.h"

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_MAX = 16384, LINE_MAX_BYTES = SB_CODEC_EVENT_MAX + 256 };

struct watch {
    int fd;
    bool is_body;           /* the head of the answer has been read */
    bool is_first;          /* the next line is the status line */
    bool is_gap, has_event; /* of the lines since the last empty one */
    struct sb_event event;
    char line[LINE_MAX_BYTES];
    size_t line_size;
    char bytes[READ_MAX];
    size_t count, at;
};

/* HTTP/1.0, so that the answer comes as it is and ends with the connection. */
static enum sb_err ask_for_events(const char *socket_path, int *fd, struct sb_error *err)
{
    static const char request[] = "GET /v1/events?heartbeat=1 HTTP/1.0\r\nHost: localhost\r\n\r\n";
    const ssize_t size = (ssize_t)sizeof(request) - 1;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int dir_fd = -1;
    enum sb_err rc = sb_api_address(socket_path, address.sun_path, &dir_fd, err);
    if (rc != SB_OK)
        return rc;
    int fresh = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fresh < 0 || connect(fresh, (struct sockaddr *)&address, sizeof(address)) != 0)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "no runtime answers at %s; start `signalbox run`", socket_path);
    else if (send(fresh, request, (size_t)size, MSG_NOSIGNAL) != size) /* a fresh socket has room for all of it */
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "%s does not take a request; is the runtime ending?", socket_path);
    sb_fd_close(&dir_fd);
    if (rc != SB_OK)
        sb_fd_close(&fresh);
    else
        *fd = fresh;
    return rc;
}

enum sb_err watch_open(struct watch **watch, const char *socket_path, struct sb_error *err)
{
    struct watch *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to read events");
    self->fd = -1;
    self->is_first = true;
    enum sb_err rc = ask_for_events(socket_path, &self->fd, err);
    if (rc != SB_OK) {
        watch_close(self);
        return rc;
    }
    *watch = self;
    return SB_OK;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL)
        return;
    sb_fd_close(&watch->fd);
    free(watch);
}

/* More bytes; count 0 at the end of the stream. */
static enum sb_err read_more(struct watch *watch, sb_ns deadline, struct sb_error *err)
{
    const struct sb_op op = { .deadline = deadline };
    size_t ready = 0;
    enum sb_err rc = sb_poll_readable(&watch->fd, 1, &op, &ready, err);
    if (rc != SB_OK)
        return rc;
    ssize_t got;
    do
        got = read(watch->fd, watch->bytes, sizeof(watch->bytes));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the event stream broke off: error %d", errno);
    watch->at = 0;
    watch->count = (size_t)got;
    return SB_OK;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The status line must say 200; the rest of the head says nothing that is needed here. */
static enum sb_err take_head(struct watch *watch, struct sb_error *err)
{
    const char *line = watch->line;
    if (watch->is_first && (!starts_with(line, "HTTP/1.") || strstr(line, " 200") == NULL))
        return sb_error_set(err, SB_ERR_CORRUPT, "the runtime does not send its events: %.60s", line);
    watch->is_first = false;
    watch->is_body = watch->line_size == 0;
    return SB_OK;
}

/* A line of the stream; true when it ends something that is to be told. */
static bool take_line(struct watch *watch)
{
    const char *line = watch->line;
    struct sb_error unknown = { 0 };
    if (watch->line_size == 0)
        return watch->is_gap || watch->has_event;
    if (sb_streq(line, "event: gap"))
        watch->is_gap = true;
    else if (starts_with(line, "data: ") && !watch->is_gap) /* the kind of a newer version is none of ours */
        watch->has_event = sb_codec_event_read(line + 6, watch->line_size - 6, &watch->event, &unknown) == SB_OK;
    return false;
}

/* Moves bytes into the line until it is whole. */
static bool has_line(struct watch *watch, struct sb_error *err, enum sb_err *rc)
{
    while (watch->at < watch->count) {
        char c = watch->bytes[watch->at++];
        if (c == '\n') {
            watch->line_size -= watch->line_size > 0 && watch->line[watch->line_size - 1] == '\r';
            watch->line[watch->line_size] = '\0';
            return true;
        }
        if (watch->line_size + 1 >= sizeof(watch->line)) {
            *rc = sb_error_set(err, SB_ERR_CORRUPT, "the event stream has a line of more than %d bytes", (int)sizeof(watch->line));
            return false;
        }
        watch->line[watch->line_size++] = c;
    }
    return false;
}

enum sb_err watch_next(struct watch *watch, sb_ns deadline, enum watch_got *got, struct sb_event *event, struct sb_error *err)
{
    enum sb_err rc = SB_OK;
    while (rc == SB_OK) {
        if (has_line(watch, err, &rc)) {
            bool is_told = false;
            if (!watch->is_body)
                rc = take_head(watch, err);
            else
                is_told = take_line(watch);
            watch->line_size = 0;
            if (is_told) {
                *got = watch->is_gap ? WATCH_GAP : WATCH_EVENT;
                *event = watch->event;
                watch->is_gap = watch->has_event = false;
                return SB_OK;
            }
        } else if (rc == SB_OK) {
            rc = read_more(watch, deadline, err);
            if (rc == SB_OK && watch->count == 0) {
                *got = WATCH_END;
                return SB_OK;
            }
        }
    }
    return rc;
}
