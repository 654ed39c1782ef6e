/* A GET by hand (RFC 9110, RFC 1945). One thread; must never wait without a deadline. */
#include "fetch.h"

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_MAX = 768, FIRST_BYTES = 16384 };

enum sb_err fetch_begin(const char *socket_path, const char *target, int *fd, struct sb_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char request[REQUEST_MAX];
    int dir_fd = -1;
    int size = snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", target);
    if (size < 0 || (size_t)size >= sizeof(request))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the question is too long");
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

struct answer_bytes {
    char *bytes;
    size_t count, cap;
};

/* Room for one more byte at least, and for the NUL. */
static enum sb_err make_room(struct answer_bytes *answer, size_t max, struct sb_error *err)
{
    if (answer->count + 1 < answer->cap)
        return SB_OK;
    const size_t cap = answer->cap > 0 ? answer->cap * 2 : FIRST_BYTES;
    char *grown = cap <= max ? realloc(answer->bytes, cap) : NULL;
    if (grown == NULL)
        return sb_error_set(err, cap > max ? SB_ERR_TOO_LARGE : SB_ERR_NOMEM, "the answer is larger than %zu bytes, or there is no memory", max);
    answer->bytes = grown;
    answer->cap = cap;
    return SB_OK;
}

static enum sb_err read_all(int fd, sb_ns deadline, size_t max, struct answer_bytes *answer, struct sb_error *err)
{
    const struct sb_op op = { .deadline = deadline };
    for (;;) {
        size_t ready = 0;
        enum sb_err rc = make_room(answer, max, err);
        if (rc == SB_OK)
            rc = sb_poll_readable(&fd, 1, &op, &ready, err);
        if (rc != SB_OK)
            return rc;
        ssize_t got = read(fd, answer->bytes + answer->count, answer->cap - answer->count - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "the answer broke off: error %d", errno);
        if (got == 0)
            return SB_OK;
        answer->count += (size_t)got;
    }
}

/* "HTTP/1.1 200 OK", the head, an empty line, the body; the body moves to the front. */
static enum sb_err take_apart(struct answer_bytes *answer, unsigned *status, struct sb_error *err)
{
    char number[4];
    int64_t code = 0;
    answer->bytes[answer->count] = '\0';
    const char *body = memmem(answer->bytes, answer->count, "\r\n\r\n", 4);
    const bool is_http = body != NULL && strncmp(answer->bytes, "HTTP/1.", 7) == 0 && answer->bytes[8] == ' ';
    if (!is_http || !sb_copy_n(number, sizeof(number), answer->bytes + 9, 3) || !sb_parse_i64(number, &code) || code < 100 || code > 599)
        return sb_error_set(err, SB_ERR_PROTOCOL, "what answers is no runtime: %.40s", answer->bytes);
    *status = (unsigned)code;
    memmove(answer->bytes, body + 4, answer->count - (size_t)(body + 4 - answer->bytes) + 1);
    return SB_OK;
}

enum sb_err fetch(const char *socket_path, const char *target, sb_ns deadline, size_t max, unsigned *status, char **body, struct sb_error *err)
{
    struct answer_bytes answer = { .bytes = NULL };
    int fd = -1;
    enum sb_err rc = fetch_begin(socket_path, target, &fd, err);
    if (rc == SB_OK)
        rc = read_all(fd, deadline, max, &answer, err);
    if (rc == SB_OK)
        rc = take_apart(&answer, status, err);
    sb_fd_close(&fd);
    if (rc == SB_OK)
        *body = answer.bytes;
    else
        free(answer.bytes);
    return rc;
}
