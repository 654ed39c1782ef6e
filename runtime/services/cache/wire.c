/* A connection to Redis. hiredis speaks the protocol (its reader and its formatter); sockets are ours, because its own calls know neither a
 * deadline for the whole answer nor a cancellation. One thread at a time per connection. */
#include "wire.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = SB_CACHE_VALUE_MAX + 65536, READ_MAX = 16384 };

/* ---- waiting ---- */

/* Until the connection can be read or written; `doing` for the message. */
static enum sb_err await(int fd, short events, const struct sb_redis_address *address, const struct sb_op *op, struct sb_error *err)
{
    struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = sb_cancel_fd(op->cancel), .events = POLLIN } };
    for (;;) {
        enum sb_err rc = sb_op_check(op, address->shown, err);
        if (rc == SB_ERR_TIMEOUT)
            return sb_error_set(err, rc, "%s: no answer in time", address->shown);
        if (rc != SB_OK)
            return rc;
        int count = poll(fds, SB_LEN(fds), sb_op_poll_ms(op));
        if (count < 0 && errno != EINTR)
            return sb_error_set(err, SB_ERR_IO, "%s: poll: %s", address->shown, strerrordesc_np(errno));
        if (count > 0 && fds[0].revents != 0)
            return SB_OK;
    }
}

static enum sb_err no_use(const struct sb_redis_address *address, const char *what, int number, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s: %s: %s", address->shown, what, number != 0 ? strerrordesc_np(number) : "connection closed");
}

/* ---- dialling ---- */

static enum sb_err connect_to(int *fd, const struct sockaddr *to, socklen_t size, const struct sb_redis_address *address, const struct sb_op *op,
                              struct sb_error *err)
{
    const int yes = 1;
    int number = 0;
    socklen_t number_size = sizeof(number);
    int fresh = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fresh < 0)
        return sb_error_set(err, SB_ERR_IO, "%s: no socket: %s", address->shown, strerrordesc_np(errno));
    enum sb_err rc = SB_OK;
    if (connect(fresh, to, size) != 0) {
        if (errno != EINPROGRESS)
            rc = no_use(address, "cannot be reached", errno, err);
        else
            rc = await(fresh, POLLOUT, address, op, err);
        if (rc == SB_OK && (getsockopt(fresh, SOL_SOCKET, SO_ERROR, &number, &number_size) != 0 || number != 0))
            rc = no_use(address, "cannot be reached", number, err);
    }
    if (rc != SB_OK) {
        sb_fd_close(&fresh);
        return rc;
    }
    if (to->sa_family != AF_UNIX) { /* what is refused here only costs speed */
        (void)setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        (void)setsockopt(fresh, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
    }
    *fd = fresh;
    return SB_OK;
}

static enum sb_err connect_by_name(int *fd, const struct sb_redis_address *address, const struct sb_op *op, struct sb_error *err)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char port[8];
    struct sb_text text;
    sb_text_init(&text, port, sizeof(port));
    sb_text_add_u64(&text, (uint64_t)address->port);
    int problem = getaddrinfo(address->host, port, &hints, &found);
    if (problem != 0)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s: no such host: %s", address->shown, gai_strerror(problem));
    enum sb_err rc = SB_ERR_UNAVAILABLE;
    for (const struct addrinfo *at = found; at != NULL && rc == SB_ERR_UNAVAILABLE; at = at->ai_next)
        rc = connect_to(fd, at->ai_addr, at->ai_addrlen, address, op, err);
    freeaddrinfo(found);
    return rc;
}

static enum sb_err connect_by_path(int *fd, const struct sb_redis_address *address, const struct sb_op *op, struct sb_error *err)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    (void)sb_copy(to.sun_path, sizeof(to.sun_path), address->host); /* its length was checked when it was read */
    return connect_to(fd, (const struct sockaddr *)&to, sizeof(to), address, op, err);
}

/* One word of our own; the answer must be OK. */
static enum sb_err introduce(struct sb_redis_wire *wire, const struct sb_redis_address *address, const struct sb_redis_command *command,
                             const struct sb_op *op, struct sb_error *err)
{
    redisReply *reply = NULL;
    enum sb_err rc = sb_redis_ask(wire, address, command, op, &reply, err);
    if (rc == SB_OK)
        freeReplyObject(reply);
    return rc;
}

static enum sb_err say_password(struct sb_redis_wire *wire, const struct sb_redis_address *address, const char *reference, const struct sb_op *op,
                                struct sb_error *err)
{
    struct sb_redis_command command = { .count = 0 };
    char *password = NULL;
    enum sb_err rc = sb_secret_read(reference, &password, err);
    if (rc != SB_OK)
        return sb_error_wrap(err, "%s: its password", address->shown);
    sb_redis_word(&command, "AUTH");
    if (address->user[0] != '\0')
        sb_redis_word(&command, address->user);
    sb_redis_word(&command, password);
    rc = introduce(wire, address, &command, op, err);
    if (rc == SB_ERR_PROTOCOL || rc == SB_ERR_UNSUPPORTED) /* such an answer may quote what it was sent */
        rc = sb_error_set(err, SB_ERR_PERMISSION, "%s: does not understand AUTH: look at its version and renamed commands", address->shown);
    sb_secret_free(password);
    return rc;
}

enum sb_err sb_redis_dial(struct sb_redis_wire *wire, const struct sb_redis_address *address, const char *password, const struct sb_op *op,
                          struct sb_error *err)
{
    struct sb_redis_wire fresh = { .fd = -1, .reader = redisReaderCreate() };
    struct sb_redis_command name = { .count = 0 }, select = { .count = 0 };
    char number[16];
    struct sb_text text;
    if (fresh.reader == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for a connection", address->shown);
    enum sb_err rc = address->port != 0 ? connect_by_name(&fresh.fd, address, op, err) : connect_by_path(&fresh.fd, address, op, err);
    if (rc == SB_OK && password != NULL)
        rc = say_password(&fresh, address, password, op, err);
    sb_redis_word(&name, "CLIENT");
    sb_redis_word(&name, "SETNAME");
    sb_redis_word(&name, "signalbox");
    if (rc == SB_OK)
        rc = introduce(&fresh, address, &name, op, err);
    sb_text_init(&text, number, sizeof(number));
    sb_text_add_i64(&text, address->database);
    sb_redis_word(&select, "SELECT");
    sb_redis_word(&select, number);
    if (rc == SB_OK && address->database != 0)
        rc = introduce(&fresh, address, &select, op, err);
    if (rc == SB_OK)
        *wire = fresh;
    else
        sb_redis_hang_up(&fresh);
    return rc;
}

void sb_redis_hang_up(struct sb_redis_wire *wire)
{
    sb_fd_close(&wire->fd);
    if (wire->reader != NULL)
        redisReaderFree(wire->reader);
    wire->reader = NULL;
}

bool sb_redis_is_broken(const struct sb_redis_wire *wire)
{
    struct pollfd fd = { .fd = wire->fd, .events = POLLIN };
    return poll(&fd, 1, 0) != 0;
}

/* ---- a command and its answer ---- */

void sb_redis_bytes(struct sb_redis_command *command, const void *bytes, size_t size)
{
    command->words[command->count] = bytes;
    command->sizes[command->count++] = size;
}

void sb_redis_word(struct sb_redis_command *command, const char *word)
{
    sb_redis_bytes(command, word, strlen(word));
}

/* A server that refuses us says so and ends the connection, so that sending may fail although there is an answer to read: then that counts. */
static enum sb_err send_all(const struct sb_redis_wire *wire, const struct sb_redis_address *address, const char *bytes, size_t size,
                            const struct sb_op *op, struct sb_error *err)
{
    while (size > 0) {
        ssize_t sent = send(wire->fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN) {
            enum sb_err rc = await(wire->fd, POLLOUT, address, op, err);
            if (rc != SB_OK)
                return rc;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return SB_OK;
        } else if (errno != EINTR) {
            return no_use(address, "sending", errno, err);
        }
    }
    return SB_OK;
}

static enum sb_err receive(struct sb_redis_wire *wire, const struct sb_redis_address *address, const struct sb_op *op, redisReply **reply,
                           struct sb_error *err)
{
    char bytes[READ_MAX];
    size_t total = 0;
    void *answer = NULL;
    enum sb_err rc = SB_OK;
    while (rc == SB_OK && answer == NULL) {
        rc = await(wire->fd, POLLIN, address, op, err);
        if (rc != SB_OK)
            break;
        ssize_t got = recv(wire->fd, bytes, READ_MAX, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            rc = no_use(address, "no answer", got < 0 ? errno : 0, err);
        else if ((total += (size_t)got) > ANSWER_MAX)
            rc = sb_error_set(err, SB_ERR_PROTOCOL, "%s: an answer of more than %d bytes", address->shown, ANSWER_MAX);
        else if (bytes[0] == '*' && total == (size_t)got) /* nothing that we ask has one, and its size is memory */
            rc = sb_error_set(err, SB_ERR_PROTOCOL, "%s: a list is no answer", address->shown);
        else if (redisReaderFeed(wire->reader, bytes, (size_t)got) != REDIS_OK || redisReaderGetReply(wire->reader, &answer) != REDIS_OK)
            rc = sb_error_set(err, SB_ERR_PROTOCOL, "%s: not the protocol of Redis: %.80s", address->shown, wire->reader->errstr);
    }
    if (rc == SB_OK && wire->reader->pos != wire->reader->len) { /* the next call would take it for its own */
        freeReplyObject(answer);
        rc = sb_error_set(err, SB_ERR_PROTOCOL, "%s: more than one answer", address->shown);
    }
    if (rc == SB_OK)
        *reply = answer;
    return rc;
}

enum sb_err sb_redis_ask(struct sb_redis_wire *wire, const struct sb_redis_address *address, const struct sb_redis_command *command,
                         const struct sb_op *op, redisReply **reply, struct sb_error *err)
{
    char *bytes = NULL;
    const char *words[SB_REDIS_WORDS_MAX];
    redisReply *answer = NULL;
    memcpy(words, command->words, sizeof(words)); /* the formatter's parameter is not const enough */
    int size = redisFormatCommandArgv(&bytes, command->count, words, command->sizes);
    if (size < 0)
        return sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for a command", address->shown);
    enum sb_err rc = send_all(wire, address, bytes, (size_t)size, op, err);
    explicit_bzero(bytes, (size_t)size); /* it may hold the password */
    redisFreeCommand(bytes);
    if (rc == SB_OK)
        rc = receive(wire, address, op, &answer, err);
    if (rc != SB_OK)
        return rc;
    if (answer->type == REDIS_REPLY_ERROR) {
        rc = sb_redis_error(address, answer->str, err);
        freeReplyObject(answer);
        return rc;
    }
    *reply = answer;
    return SB_OK;
}
