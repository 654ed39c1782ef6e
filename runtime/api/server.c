/* The daemon: sockets, who may ask, one thread per connection (an event stream blocks it), and the request's way to its handler.
 *
 * The socket is there from the beginning; the daemon behind it, and the libraries it brings, come with the first client (`doorman_main`).
 *
 * Stopping posts to `stop_fd`, which every stream waits for too: each writes what it has and ends; libmicrohttpd then joins its threads. Never: a
 * lock of the engine, a request of somebody else's user, a command by TCP. */
#include "microhttpd_library.h"
#include "observer.h"

#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 32, IDLE_S = 60, STACK_BYTES = 512 * 1024, MEMORY_PER_CONNECTION = 32768, STREAM_BLOCK = 32768 };
static const sb_ns request_max = SB_S(2);
static const sb_ns last_words_max = SB_MS(500); /* for streams to write what they have; longer only for clients that do not read */

struct sb_api {
    struct sb_api_setup setup;
    struct MHD_Daemon *local, *tcp;
    struct sb_thread *doorman; /* waits for the first client of the socket; `local` and `listen_fd` are its own until it is joined */
    struct observer *observer;
    int stop_fd, listen_fd;
    atomic_int streams; /* open ones; each that ends posts `ended_fd` */
    int ended_fd;
};

/* What is kept between libmicrohttpd's calls for one request. */
struct request {
    char *target;
    char *body;
    size_t size;
    bool is_begun, is_too_large;
};

static void *begin_request(void *self, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));
    (void)self;
    (void)connection;
    if (request != NULL)
        request->target = strdup(uri);
    return request;
}

static void end_request(void *self, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;
    (void)self;
    (void)connection;
    (void)code;
    if (request == NULL)
        return;
    free(request->target);
    free(request->body);
    free(request);
    *state = NULL;
}

static bool collect(struct request *request, const char *bytes, size_t size)
{
    if (request->is_too_large || request->size + size > BODY_MAX) {
        request->is_too_large = true;
        return true; /* goes on reading, so that the client gets its 413 */
    }
    char *body = realloc(request->body, request->size + size + 1);
    if (body == NULL)
        return false;
    memcpy(body + request->size, bytes, size);
    request->body = body;
    request->size += size;
    body[request->size] = '\0';
    return true;
}

/* A stream with whom it tells of its end. */
struct open_stream {
    struct stream *stream;
    struct sb_api *api;
};

static ssize_t read_stream(void *arg, uint64_t position, char *out, size_t cap)
{
    (void)position;
    size_t size = stream_read(((struct open_stream *)arg)->stream, out, cap);
    return size > 0 ? (ssize_t)size : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_stream(void *arg)
{
    struct open_stream *open = arg;
    struct sb_api *api = open->api;
    stream_close(open->stream);
    free(open);
    atomic_fetch_sub(&api->streams, 1);
    sb_wake_post(api->ended_fd);
}

static struct MHD_Response *open_stream(struct sb_api *api, struct MHD_Connection *connection, const struct call *call, struct answer *answer)
{
    char heartbeat[4] = "", until[16] = "";
    struct sb_error err = { 0 };
    const char *last = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    bool has_heartbeat = call_query(call, "heartbeat", heartbeat, sizeof(heartbeat)) && sb_streq(heartbeat, "1");
    struct console_wish wish;
    struct stream *stream = stream_open(call, last, has_heartbeat, console_wish(call, &wish) ? &wish : NULL, api->stop_fd, &err);
    if (stream == NULL) {
        answer->type = NULL;
        answer_failure(answer, &err);
        return NULL;
    }
    if (call_query(call, "until", until, sizeof(until)) && sb_streq(until, "described"))
        stream_end_described(stream);
    struct open_stream *open = malloc(sizeof(*open));
    if (open == NULL) {
        stream_close(stream);
        return NULL;
    }
    *open = (struct open_stream){ stream, api };
    atomic_fetch_add(&api->streams, 1);
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, open, free_stream);
    if (response == NULL)
        free_stream(open);
    return response;
}

static enum MHD_Result send_answer(struct sb_api *api, struct MHD_Connection *connection, const struct call *call, struct answer *answer)
{
    struct MHD_Response *response = answer->is_stream ? open_stream(api, connection, call, answer) : NULL;
    if (response == NULL && answer->body != NULL)
        response = MHD_create_response_from_buffer(strlen(answer->body), answer->body, MHD_RESPMEM_MUST_FREE);
    else if (response == NULL)
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        free(answer->body);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", answer->type != NULL ? answer->type : "application/json");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* The user on the other side of a Unix socket, by the system's word: this one and root may ask. */
static bool is_allowed(struct MHD_Connection *connection, char *actor, size_t cap, int64_t *pid)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer = { 0 };
    socklen_t size = sizeof(peer);
    if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    struct passwd entry, *found = NULL;
    char buf[1024];
    if (getpwuid_r(peer.uid, &entry, buf, sizeof(buf), &found) == 0 && found != NULL)
        (void)sb_copy(actor, cap, found->pw_name);
    else
        (void)snprintf(actor, cap, "uid %u", (unsigned)peer.uid);
    *pid = peer.pid;
    return peer.uid == geteuid() || peer.uid == 0;
}

/* A web page elsewhere must not reach the port by a name of its own. */
static bool is_our_host(const struct sb_api *api, struct MHD_Connection *connection)
{
    char address[32], name[32];
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", api->setup.port);
    (void)snprintf(name, sizeof(name), "localhost:%u", api->setup.port);
    return host != NULL && (sb_streq(host, address) || sb_streq(host, name));
}

static enum MHD_Result on_request(struct sb_api *api, struct MHD_Connection *connection, const char *method, const char *upload,
                                  size_t *upload_size, struct request *request, bool is_tcp)
{
    char actor[SB_NAME_MAX] = "api";
    struct answer answer = { 0 };
    if (request == NULL || request->target == NULL)
        return MHD_NO;
    if (!request->is_begun) {
        request->is_begun = true;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        bool is_ok = collect(request, upload, *upload_size);
        *upload_size = 0;
        return is_ok ? MHD_YES : MHD_NO;
    }
    const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
    struct call call = { .setup = &api->setup, .target = request->target, .body = request->body != NULL ? request->body : "",
                         .body_size = request->size, .actor = actor, .accept = accept != NULL ? accept : "",
                         .observer = api->observer, .op = { .deadline = sb_now() + request_max } };
    if (is_tcp && !is_our_host(api, connection))
        answer_error(&answer, 421, "wrong_host", "this port answers for 127.0.0.1 only");
    else if (!is_tcp && !is_allowed(connection, actor, sizeof(actor), &call.peer))
        answer_error(&answer, 403, "permission", "this socket serves the user who runs signalbox, and root");
    else if (is_tcp && !sb_streq(method, "GET") && !sb_streq(method, "HEAD"))
        answer_error(&answer, 403, "read_only", "the port only answers questions; commands go to the socket");
    else if (request->is_too_large)
        answer_error(&answer, 413, "too_large", "a request has at most 65536 bytes");
    else
        route_answer(method, &call, &answer);
    return send_answer(api, connection, &call, &answer);
}

static enum MHD_Result on_local(void *self, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                const char *upload, size_t *upload_size, void **state)
{
    (void)url;
    (void)version;
    return on_request(self, connection, method, upload, upload_size, *state, false);
}

static enum MHD_Result on_tcp(void *self, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state)
{
    (void)url;
    (void)version;
    return on_request(self, connection, method, upload, upload_size, *state, true);
}

static enum sb_err listen_local(const char *path, int *out_fd, struct sb_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _Static_assert(sizeof(address.sun_path) >= SB_API_ADDRESS_MAX, "an address fits");
    int dir_fd = -1, fd = -1;
    enum sb_err rc = sb_api_address(path, address.sun_path, &dir_fd, err);
    if (rc != SB_OK)
        return rc;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(path); /* of a process that has ended: this one holds the lock */
    if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, CONNECTIONS_MAX) != 0)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "the socket %.200s cannot be made: %s", path, strerror(errno));
    if (rc == SB_OK && chmod(path, 0600) != 0)
        rc = sb_error_set(err, SB_ERR_PERMISSION, "the socket %.200s: %s", path, strerror(errno));
    sb_fd_close(&dir_fd);
    if (rc == SB_OK)
        *out_fd = fd;
    else
        sb_fd_close(&fd);
    return rc;
}

static struct MHD_Daemon *start(struct sb_api *api, int listen_fd, MHD_AccessHandlerCallback handle)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(api->setup.port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC;
    const struct MHD_OptionItem socket_option[] = { { MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL }, { MHD_OPTION_END, 0, NULL } };
    const struct MHD_OptionItem address_option[] = { { MHD_OPTION_SOCK_ADDR, 0, &address }, { MHD_OPTION_END, 0, NULL } };
    sigset_t before;

    sb_signals_hold(&before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, listen_fd >= 0 ? 0 : api->setup.port, NULL, NULL, handle, api, MHD_OPTION_ARRAY, listen_fd >= 0 ? socket_option : address_option,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK_BYTES, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_URI_LOG_CALLBACK, begin_request,
        (void *)NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, (void *)NULL, MHD_OPTION_END);
    sb_signals_release(&before);
    return daemon;
}

static enum sb_err start_local(struct sb_api *api, struct sb_error *err)
{
    enum sb_err rc = sb_api_mhd_load(err);
    if (rc != SB_OK)
        return rc;
    api->local = start(api, api->listen_fd, on_local);
    if (api->local == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the socket %.200s cannot be served: %s", api->setup.socket_path, strerror(errno));
    api->listen_fd = -1; /* the daemon's now */
    return SB_OK;
}

static enum sb_err start_tcp(struct sb_api *api, struct sb_error *err)
{
    enum sb_err rc = sb_api_mhd_load(err);
    if (rc != SB_OK)
        return rc;
    api->tcp = start(api, -1, on_tcp);
    return api->tcp != NULL ? SB_OK
                            : sb_error_set(err, SB_ERR_UNAVAILABLE, "port %u of 127.0.0.1 cannot be served: %s; choose another settings.api_port",
                                           api->setup.port, strerror(errno));
}

/* Ends when the daemon has taken over, or with the interface. Clients of a socket that cannot be served are refused, not kept waiting. */
static void doorman_main(void *arg)
{
    struct sb_api *api = arg;
    const int fds[] = { api->stop_fd, api->listen_fd };
    static const struct sb_op forever = { .deadline = SB_NEVER };
    struct sb_error err = { 0 };
    size_t ready = 0;
    enum sb_err rc = sb_poll_readable(fds, SB_LEN(fds), &forever, &ready, &err);
    if (rc == SB_OK && ready == 0)
        return;
    if (rc == SB_OK)
        rc = start_local(api, &err);
    if (rc == SB_OK)
        return;
    sb_log(SB_LOG_ERROR, "api", "%s", err.text);
    sb_fd_close(&api->listen_fd);
}

enum sb_err sb_api_open(struct sb_api **out_api, const struct sb_api_setup *setup, struct sb_error *err)
{
    struct sb_api *api = calloc(1, sizeof(*api));
    if (api == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the interface for programs");
    api->setup = *setup;
    api->stop_fd = api->listen_fd = api->ended_fd = -1;
    enum sb_err rc = sb_wake_open(&api->stop_fd, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&api->ended_fd, err);
    if (rc == SB_OK && setup->control != NULL)
        rc = observer_open(&api->observer, &api->setup, err);
    if (rc == SB_OK)
        rc = listen_local(setup->socket_path, &api->listen_fd, err);
    if (rc == SB_OK && setup->port != 0)
        rc = start_tcp(api, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&api->doorman, "sb-api-door", doorman_main, api, err);
    if (rc == SB_OK)
        *out_api = api;
    else
        sb_api_close(api);
    return rc;
}

/* What the streams still have, the end of the runtime among it, goes out before the connections are cut. */
static void end_streams(struct sb_api *api)
{
    const struct sb_op op = { .deadline = sb_now() + last_words_max };
    size_t ready;

    sb_wake_post(api->stop_fd);
    while (atomic_load(&api->streams) > 0 && sb_poll_readable(&api->ended_fd, 1, &op, &ready, NULL) == SB_OK)
        sb_wake_clear(api->ended_fd);
}

void sb_api_close(struct sb_api *api)
{
    if (api == NULL)
        return;
    const bool has_socket = api->listen_fd >= 0 || api->doorman != NULL;
    if (api->stop_fd >= 0 && api->ended_fd >= 0)
        end_streams(api);
    sb_thread_join(api->doorman);
    if (api->tcp != NULL)
        MHD_stop_daemon(api->tcp);
    if (api->local != NULL)
        MHD_stop_daemon(api->local);
    if (has_socket)
        (void)unlink(api->setup.socket_path);
    observer_close(api->observer);
    sb_fd_close(&api->listen_fd);
    sb_fd_close(&api->stop_fd);
    sb_fd_close(&api->ended_fd);
    free(api);
}

enum sb_err sb_api_start_failure(struct sb_api *api, struct sb_error *err)
{
    return api->observer != NULL ? observer_start_failure(api->observer, err) : SB_OK;
}

enum sb_err sb_api_get(const struct sb_api_setup *setup, const char *target, unsigned *status, char **body, struct sb_error *err)
{
    struct call call = { .setup = setup, .target = target, .body = "", .actor = "", .accept = "", .op = { .deadline = sb_now() + SB_S(10) } };
    struct answer answer = { 0 };
    route_answer("GET", &call, &answer);
    if (answer.body == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the answer");
    *status = answer.status;
    *body = answer.body;
    return SB_OK;
}
