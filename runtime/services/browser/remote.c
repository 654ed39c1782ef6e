/* The bridge to a remote browser. Its thread owns the libwebsockets context and everything of the connection:
 *
 *   finding (http: address) --GET /json/version--> connecting --> established --> over
 *        \------------------------failed-----------------------------^
 *
 * Commands: our end of a socket pair -> whole messages -> WebSocket. Replies: WebSocket -> the other pair, each message ended by a NUL. It waits
 * for nobody but the reader of the replies, who never stops reading, and for a write it may do. Nothing of the address but host and port is shown. */
#include "remote.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#ifdef SB_HAS_WEBSOCKETS

#include <errno.h>
#include <jansson.h>
#include <libwebsockets.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COMMAND_MAX = 8 * 1024 * 1024, ANSWER_MAX = 64 * 1024, CHUNK = 64 * 1024 };

enum state { FINDING, CONNECTING, ESTABLISHED, OVER };

struct sb_remote {
    struct sb_remote_url url;
    char shown[300];
    struct lws_context *context;
    struct lws *socket;            /* the WebSocket, once it is established */
    struct lws *source;            /* what reads commands_fd */
    struct sb_thread *thread;
    int commands_fd, replies_fd;   /* our ends */
    int news_fd;                   /* posted when state became ESTABLISHED or OVER */
    atomic_int state;
    atomic_bool must_end;
    char reason[200];              /* written before state becomes OVER */
    /* the thread's own */
    unsigned char *out;            /* LWS_PRE bytes of room, then commands, each ended by NUL */
    size_t out_len, out_cap;
    char answer[ANSWER_MAX];       /* of /json/version */
    size_t answer_len;
};

static void end(struct sb_remote *remote, const char *reason)
{
    if (atomic_load(&remote->state) == OVER)
        return;
    (void)sb_copy(remote->reason, sizeof(remote->reason), reason);
    sb_fd_close(&remote->replies_fd); /* the reader sees the end */
    atomic_store(&remote->state, OVER);
    sb_wake_post(remote->news_fd);
}

/* ---- commands ---- */

static bool grow(struct sb_remote *remote)
{
    size_t cap = remote->out_cap == 0 ? 4 * CHUNK : remote->out_cap * 2;
    unsigned char *more = cap <= COMMAND_MAX ? realloc(remote->out, LWS_PRE + cap) : NULL;
    if (more == NULL)
        return false;
    remote->out = more;
    remote->out_cap = cap;
    return true;
}

/* Reads what the browser room wrote; asks for the WebSocket when a whole message is there. False when the connection cannot go on. */
static bool take_commands(struct sb_remote *remote)
{
    if (remote->out_cap - remote->out_len < CHUNK && !grow(remote)) {
        end(remote, "more commands wait than the connection takes");
        return false;
    }
    ssize_t got = recv(remote->commands_fd, remote->out + LWS_PRE + remote->out_len, remote->out_cap - remote->out_len, MSG_DONTWAIT);
    if (got == 0)
        end(remote, "closed");
    if (got > 0)
        remote->out_len += (size_t)got;
    if (remote->socket != NULL && memchr(remote->out + LWS_PRE, '\0', remote->out_len) != NULL)
        (void)lws_callback_on_writable(remote->socket);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static int send_command(struct sb_remote *remote)
{
    unsigned char *text = remote->out + LWS_PRE;
    unsigned char *stop = remote->out != NULL ? memchr(text, '\0', remote->out_len) : NULL;
    if (stop == NULL)
        return 0;
    size_t size = (size_t)(stop - text);
    if (lws_write(remote->socket, text, size, LWS_WRITE_TEXT) < (int)size)
        return -1;
    remote->out_len -= size + 1;
    memmove(text, stop + 1, remote->out_len);
    if (memchr(text, '\0', remote->out_len) != NULL)
        (void)lws_callback_on_writable(remote->socket);
    return 0;
}

/* ---- replies ---- */

/* The reader takes everything at once, so this waits at most for a moment; it does not wait for one who has gone. */
static bool hand_on(struct sb_remote *remote, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(remote->replies_fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static int receive(struct sb_remote *remote, struct lws *wsi, const char *bytes, size_t size)
{
    bool is_whole = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    if (memchr(bytes, '\0', size) != NULL) {
        end(remote, "the remote browser sent a NUL inside a message");
        return -1;
    }
    return hand_on(remote, bytes, size) && (!is_whole || hand_on(remote, "", 1)) ? 0 : -1;
}

/* ---- connecting ---- */

static void connect_to(struct sb_remote *remote, bool is_discovery)
{
    char host[300];
    struct lws_client_connect_info info = { 0 };
    (void)snprintf(host, sizeof(host), strchr(remote->url.host, ':') != NULL ? "[%s]:%d" : "%s:%d", remote->url.host, remote->url.port);
    info.context = remote->context;
    info.address = remote->url.host;
    info.port = remote->url.port;
    info.path = is_discovery ? "/json/version" : remote->url.path;
    info.host = host;
    info.ssl_connection = remote->url.is_secure ? LCCSCF_USE_SSL : 0; /* certificates are checked */
    info.protocol = is_discovery ? NULL : "";
    info.local_protocol_name = "signalbox";
    info.method = is_discovery ? "GET" : NULL;
    info.opaque_user_data = remote;
    if (lws_client_connect_via_info(&info) == NULL)
        end(remote, "cannot connect");
}

/* {"webSocketDebuggerUrl": "ws://whatever/devtools/browser/ID"}: only its path counts, the host is the one we were told. */
static void use_answer(struct sb_remote *remote)
{
    json_error_t where;
    json_t *answer = json_loadb(remote->answer, remote->answer_len, 0, &where);
    const char *address = json_string_value(json_object_get(answer, "webSocketDebuggerUrl"));
    struct sb_remote_url found;
    if (address == NULL || sb_remote_url_parse(&found, address, NULL) != SB_OK) {
        end(remote, "/json/version does not name a webSocketDebuggerUrl");
    } else {
        (void)sb_copy(remote->url.path, sizeof(remote->url.path), found.path);
        atomic_store(&remote->state, CONNECTING);
        connect_to(remote, false);
    }
    json_decref(answer);
}

static int read_answer(struct sb_remote *remote, struct lws *wsi)
{
    char buffer[LWS_PRE + 4096];
    char *at = buffer + LWS_PRE;
    int size = (int)sizeof(buffer) - LWS_PRE;
    (void)remote;
    return lws_http_client_read(wsi, &at, &size) < 0 ? -1 : 0;
}

static int keep_answer(struct sb_remote *remote, const char *bytes, size_t size)
{
    if (size > sizeof(remote->answer) - remote->answer_len) {
        end(remote, "/json/version answers more than 64 KiB");
        return -1;
    }
    memcpy(remote->answer + remote->answer_len, bytes, size);
    remote->answer_len += size;
    return 0;
}

static void end_refused(struct sb_remote *remote, const char *why)
{
    char reason[160];
    (void)snprintf(reason, sizeof(reason), "cannot connect: %.120s", why != NULL ? why : "no answer");
    end(remote, reason);
}

/* ---- what libwebsockets tells: the bridge's thread ---- */

static void establish(struct sb_remote *remote, struct lws *wsi)
{
    lws_sock_file_fd_type fd = { .filefd = remote->commands_fd };
    remote->socket = wsi;
    remote->source = lws_adopt_descriptor_vhost(lws_get_vhost(wsi), LWS_ADOPT_RAW_FILE_DESC, fd, "signalbox", NULL);
    if (remote->source == NULL) {
        end(remote, "no memory for the connection");
        return;
    }
    remote->commands_fd = fd.filefd;
    lws_set_opaque_user_data(remote->source, remote);
    atomic_store(&remote->state, ESTABLISHED);
    sb_wake_post(remote->news_fd);
}

static int on_news(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    struct sb_remote *remote = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
    (void)user;
    if (remote == NULL)
        return 0;
    /* Only the reasons that matter here; libwebsockets has dozens. */
    if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR)
        end_refused(remote, in);
    else if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED)
        establish(remote, wsi);
    else if (reason == LWS_CALLBACK_CLIENT_RECEIVE)
        return receive(remote, wsi, in, size);
    else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE)
        return send_command(remote);
    else if (reason == LWS_CALLBACK_CLIENT_CLOSED)
        end(remote, "the remote browser closed the connection");
    else if (reason == LWS_CALLBACK_RAW_RX_FILE)
        return take_commands(remote) ? 0 : -1;
    else if (reason == LWS_CALLBACK_RAW_CLOSE_FILE)
        remote->commands_fd = -1; /* libwebsockets closes what it adopted */
    else if (reason == LWS_CALLBACK_RECEIVE_CLIENT_HTTP)
        return read_answer(remote, wsi);
    else if (reason == LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ)
        return keep_answer(remote, in, size);
    else if (reason == LWS_CALLBACK_COMPLETED_CLIENT_HTTP && atomic_load(&remote->state) == FINDING)
        use_answer(remote);
    return 0;
}

static const struct lws_protocols protocols[] = {
    { .name = "signalbox", .callback = on_news, .rx_buffer_size = CHUNK },
    { .name = NULL },
};

static void bridge_main(void *arg)
{
    struct sb_remote *remote = arg;
    connect_to(remote, remote->url.is_discovery);
    while (atomic_load(&remote->state) != OVER && !atomic_load(&remote->must_end))
        if (lws_service(remote->context, 0) < 0)
            end(remote, "the connection cannot be served");
    end(remote, "closed");
}

/* ---- open and close ---- */

static void destroy(struct sb_remote *remote)
{
    if (remote->context != NULL)
        lws_context_destroy(remote->context); /* closes commands_fd when it was adopted */
    sb_fd_close(&remote->commands_fd);
    sb_fd_close(&remote->replies_fd);
    sb_fd_close(&remote->news_fd);
    free(remote->out);
    free(remote);
}

static enum sb_err create(struct sb_remote **out, const char *url, int *commands_fd, int *replies_fd, struct sb_error *err)
{
    int commands[2] = { -1, -1 }, replies[2] = { -1, -1 };
    struct sb_remote *remote = calloc(1, sizeof(*remote));
    if (remote == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a remote browser");
    remote->commands_fd = remote->replies_fd = remote->news_fd = -1;
    enum sb_err rc = sb_remote_url_parse(&remote->url, url, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&remote->news_fd, err);
    if (rc == SB_OK && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, commands) != 0 ||
                        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, replies) != 0))
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "no descriptors for a remote browser; raise the limit of open files (ulimit -n)");
    if (rc != SB_OK) {
        sb_fd_close(&commands[0]);
        sb_fd_close(&commands[1]);
        destroy(remote);
        return rc;
    }
    remote->commands_fd = commands[1];
    remote->replies_fd = replies[1];
    *commands_fd = commands[0];
    *replies_fd = replies[0];
    atomic_init(&remote->state, remote->url.is_discovery ? FINDING : CONNECTING);
    sb_remote_url_show(&remote->url, remote->shown, sizeof(remote->shown));
    struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .gid = -1, .uid = -1,
                                              .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT };
    lws_set_log_level(0, NULL); /* it would write addresses to stderr; what went wrong comes as a callback */
    remote->context = lws_create_context(&info);
    *out = remote;
    return remote->context != NULL ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "libwebsockets cannot be started");
}

enum sb_err sb_remote_open(struct sb_remote **out, const char *url, const struct sb_op *op, int *commands_fd, int *replies_fd, struct sb_error *err)
{
    struct sb_remote *remote = NULL;
    int commands = -1, replies = -1;
    size_t ready;
    enum sb_err rc = create(&remote, url, &commands, &replies, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&remote->thread, "sb-remote", bridge_main, remote, err);
    if (rc == SB_OK)
        rc = sb_poll_readable(&remote->news_fd, 1, op, &ready, err);
    if (rc == SB_OK && atomic_load(&remote->state) == OVER)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "remote browser %s: %s", remote->shown, remote->reason);
    else if (rc == SB_ERR_TIMEOUT)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "remote browser %s: no connection within its time", remote->shown);
    if (rc != SB_OK) {
        sb_fd_close(&commands);
        sb_fd_close(&replies);
        sb_remote_close(remote);
        return rc;
    }
    *commands_fd = commands;
    *replies_fd = replies;
    *out = remote;
    return SB_OK;
}

void sb_remote_close(struct sb_remote *remote)
{
    if (remote == NULL)
        return;
    if (remote->thread != NULL) {
        atomic_store(&remote->must_end, true);
        lws_cancel_service(remote->context);
        sb_thread_join(remote->thread);
    }
    destroy(remote);
}

#else

enum sb_err sb_remote_open(struct sb_remote **remote, const char *url, const struct sb_op *op, int *commands_fd, int *replies_fd,
                           struct sb_error *err)
{
    (void)remote, (void)url, (void)op, (void)commands_fd, (void)replies_fd;
    return sb_error_set(err, SB_ERR_UNSUPPORTED,
                        "this signalbox speaks to no remote browser: configure it with -DSB_REMOTE_BROWSER=ON (needs libwebsockets-dev), or "
                        "remove settings.browser_url");
}

void sb_remote_close(struct sb_remote *remote)
{
    (void)remote;
}

#endif
