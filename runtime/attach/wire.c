/* HTTP/1.0 on purpose (RFC 1945): the body is what comes until the other side closes, so that a stream without an end needs no chunks and an
 * answer no length. One request, one connection; on the same machine that costs microseconds.
 *
 * It does without the HTTP client of services/net: that one gives answers whole, and brings TLS and its memory into a process that speaks with
 * one socket. Any thread; one per wire. */
#include "wire.h"

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEND_S = 2 }; /* a runtime that takes nothing for so long does not answer either */

static enum sb_err dial(const char *socket_path, int *out_fd, struct sb_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _Static_assert(sizeof(address.sun_path) >= SB_API_ADDRESS_MAX, "an address fits");
    const struct timeval patience = { .tv_sec = SEND_S };
    int dir_fd = -1;
    enum sb_err rc = sb_api_address(socket_path, address.sun_path, &dir_fd, err);
    if (rc != SB_OK)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The time also bounds connect(), which waits while the other side's queue is full. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        const bool is_nobody = errno == ENOENT || errno == ECONNREFUSED;
        rc = sb_error_set(err, errno == EACCES ? SB_ERR_PERMISSION : SB_ERR_UNAVAILABLE, "%s %.90s: %s",
                          is_nobody ? "no runtime serves" : "cannot reach", socket_path, strerror(errno));
    }
    sb_fd_close(&dir_fd);
    if (rc == SB_OK)
        *out_fd = fd;
    else
        sb_fd_close(&fd);
    return rc;
}

static enum sb_err send_all(struct wire *wire, const char *bytes, size_t size, struct sb_error *err)
{
    while (size > 0) {
        const ssize_t sent = send(wire->fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime takes no request: %s", strerror(errno));
        wire->was_sent = true;
        bytes += sent;
        size -= (size_t)sent;
    }
    return SB_OK;
}

/* Reads more behind what is there. */
static enum sb_err read_more(struct wire *wire, size_t *count, const struct sb_op *op, struct sb_error *err)
{
    size_t ready = 0;
    enum sb_err rc = sb_poll_readable(&wire->fd, 1, op, &ready, err);
    if (rc != SB_OK)
        return rc;
    ssize_t got;
    do
        got = read(wire->fd, wire->bytes + wire->to, sizeof(wire->bytes) - wire->to);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the connection broke: %s", strerror(errno));
    wire->to += (size_t)got;
    *count = (size_t)got;
    return SB_OK;
}

/* "HTTP/1.1 200 OK": the status, or 0. */
static unsigned read_status(const char *head, size_t size)
{
    char digits[4];
    uint64_t status = 0;
    if (size < 12 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ' || !sb_copy_n(digits, sizeof(digits), head + 9, 3) ||
        !sb_parse_u64(digits, &status) || status < 100)
        return 0;
    return (unsigned)status;
}

static enum sb_err read_head(struct wire *wire, const struct sb_op *op, struct sb_error *err)
{
    for (;;) {
        const char *end = memmem(wire->bytes, wire->to, "\r\n\r\n", 4);
        if (end != NULL) {
            wire->status = read_status(wire->bytes, wire->to);
            wire->from = (size_t)(end - wire->bytes) + 4;
            return wire->status != 0 ? SB_OK : sb_error_set(err, SB_ERR_CORRUPT, "what listens there does not speak HTTP");
        }
        size_t count = 0;
        if (wire->to == sizeof(wire->bytes))
            return sb_error_set(err, SB_ERR_TOO_LARGE, "the head of the answer has more than %d bytes", (int)WIRE_HEAD_MAX);
        enum sb_err rc = read_more(wire, &count, op, err);
        if (rc == SB_ERR_TIMEOUT)
            return sb_error_set(err, rc, "the runtime does not answer");
        if (rc != SB_OK)
            return rc;
        if (count == 0)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime closed the connection without an answer");
    }
}

enum sb_err wire_open(struct wire *wire, const char *socket_path, const char *method, const char *target, const char *body,
                      const struct sb_op *op, struct sb_error *err)
{
    char head[1024];
    const size_t body_size = body != NULL ? strlen(body) : 0;
    wire->fd = -1;
    wire->from = wire->to = 0;
    wire->status = 0;
    wire->was_sent = false;
    const int size = snprintf(head, sizeof(head),
                              "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              method, target, body_size);
    if (size < 0 || (size_t)size >= sizeof(head))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the question %.60s... is too long", target);
    enum sb_err rc = dial(socket_path, &wire->fd, err);
    if (rc == SB_OK)
        rc = send_all(wire, head, (size_t)size, err);
    if (rc == SB_OK)
        rc = send_all(wire, body != NULL ? body : "", body_size, err);
    if (rc == SB_OK)
        rc = read_head(wire, op, err);
    if (rc != SB_OK)
        wire_close(wire);
    return rc;
}

enum sb_err wire_read(struct wire *wire, const char **piece, size_t *count, const struct sb_op *op, struct sb_error *err)
{
    if (wire->from == wire->to) {
        size_t got = 0;
        wire->from = wire->to = 0;
        enum sb_err rc = read_more(wire, &got, op, err);
        if (rc != SB_OK)
            return rc;
    }
    *piece = wire->bytes + wire->from;
    *count = wire->to - wire->from;
    wire->from = wire->to;
    return SB_OK;
}

void wire_close(struct wire *wire)
{
    sb_fd_close(&wire->fd);
}
