/* The practice world's daemon: starts and stops everything, and carries requests between libmicrohttpd and the handlers.
 *
 * Threads: libmicrohttpd's one polling thread runs every handler; the delays have a thread; the functions of practice.h may be called from
 * any. It listens on 127.0.0.1 only and refuses requests that name another host, so that no web page elsewhere can reach it by a name. */
#include "signalbox/practice/practice.h"

#include "call.h"
#include "delays.h"
#include "microhttpd_library.h"
#include "routes.h"

#include "signalbox/os/os.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A restarted world skips so many answers of the LLM endpoint, more than one session uses. */
enum { LLM_STRIDE = 997, IDLE_TIMEOUT_S = 60, MEMORY_PER_CONNECTION = 32768 };

struct sb_practice {
    struct sb_practice_parts parts;
    struct sb_delays *delays;
    struct MHD_Daemon *daemon;
    struct sb_wall (*now)(void *arg);
    void *now_arg;
    uint16_t port;
    char site_url[48], llm_url[48];
};

/* What is kept between libmicrohttpd's calls for one request. */
struct request {
    char *body;
    size_t size;
    bool is_too_large, is_drawn;
    struct sb_fault_draw draw;
    const struct sb_route *route;
    const char *argument; /* into libmicrohttpd's path, which lives as long as the request */
    bool is_path_known;
};

static struct sb_wall system_now(void *arg)
{
    (void)arg;
    return sb_wall_now();
}

const char *sb_call_query(const struct sb_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

static void resume(void *connection)
{
    MHD_resume_connection(connection);
}

static bool collect(struct request *request, const char *bytes, size_t size)
{
    if (request->is_too_large || request->size + size > SB_PRACTICE_BODY_MAX) {
        request->is_too_large = true;
        return true; /* goes on reading, so that the client gets its 413 */
    }
    char *body = realloc(request->body, request->size + size + 1);
    if (!body) {
        return false;
    }
    memcpy(body + request->size, bytes, size);
    request->body = body;
    request->size += size;
    body[request->size] = '\0';
    return true;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value && value[0]) {
        (void)MHD_add_response_header(response, name, value);
    }
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct sb_answer *answer)
{
    char seconds[16] = "";
    const char *text = answer->body ? answer->body : answer->fixed ? answer->fixed : "";
    /* The buffer is only read; libmicrohttpd's parameter is not const for historical reasons. */
    union {
        const char *as_const;
        void *as_buffer;
    } cast = { .as_const = text };
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), cast.as_buffer, answer->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) {
        free(answer->body);
        return MHD_NO;
    }
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%u", answer->retry_after_s);
    }
    /* A browser (Chromium 156 was seen to) sends a request again, POST included, when a connection it had used before closes without an
     * answer. On kept connections a lost confirmation would therefore make two posts, neither of them ours to prevent. */
    add_header(response, "Connection", "close");
    add_header(response, "Content-Type", answer->type);
    add_header(response, "Location", answer->location);
    add_header(response, "Set-Cookie", answer->cookie);
    add_header(response, "Retry-After", seconds);
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'");
    const enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static bool is_our_host(const struct sb_practice *practice, struct MHD_Connection *connection)
{
    char local[32];
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    snprintf(local, sizeof local, "localhost:%u", practice->port);
    return host && (sb_streq(host, practice->site_url + strlen("http://")) || sb_streq(host, local));
}

static void fill_call(struct sb_practice *practice, struct MHD_Connection *connection, const char *path, struct request *request,
                      struct sb_call *call)
{
    static char nothing[1];
    *call = (struct sb_call){
        .parts = &practice->parts,
        .connection = connection,
        .path = path,
        .argument = request->argument,
        .body = request->body ? request->body : nothing,
        .body_size = request->size,
        .session = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "sid"),
        .authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
        .content_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type"),
        .now_ms = practice->now(practice->now_arg).ns / 1000000,
        .fault = request->draw.kind,
        .fault_age_ms = request->draw.kind == SB_PRACTICE_FAULT_LATE_VISIBILITY ? request->draw.age_ms : 0,
    };
    if (call->fault == SB_PRACTICE_FAULT_LOG_OUT) {
        sb_world_log_out(practice->parts.world, call->session);
    }
    call->account = sb_world_session(practice->parts.world, call->session);
}

static void ask_to_log_in(const struct sb_call *call, struct sb_answer *answer)
{
    char location[192];
    snprintf(location, sizeof location, "/login?next=%s", call->path); /* a path of the table: nothing to escape */
    sb_answer_redirect(answer, location);
}

static void make_answer(struct sb_practice *practice, struct request *request, struct sb_call *call, struct sb_answer *answer)
{
    if (!is_our_host(practice, call->connection)) {
        sb_answer_error(answer, 421, "wrong_host", "this server answers for 127.0.0.1 only");
    } else if (!request->route) {
        sb_answer_error(answer, request->is_path_known ? 405 : 404, "not_found", "no such page");
    } else if (request->is_too_large) {
        sb_answer_error(answer, 413, "too_large", "a request has at most 65536 bytes");
    } else if (sb_route_fail(request->route, call, answer)) {
        return;
    } else if (request->route->needs_session && call->account == SB_WORLD_NO_ACCOUNT) {
        ask_to_log_in(call, answer);
    } else {
        request->route->handler(call, answer);
    }
}

/* A site that was rebuilt: its pages look the same and are marked up differently. */
static void change_layout(const struct sb_answer *answer)
{
    bool is_page = answer->body && answer->type && strncmp(answer->type, "text/html", 9) == 0;
    for (char *at = is_page ? strstr(answer->body, "data-role=") : NULL; at; at = strstr(at, "data-role=")) {
        memcpy(at, "data-part=", strlen("data-part="));
    }
}

static enum MHD_Result answer_request(struct sb_practice *practice, struct MHD_Connection *connection, const char *path,
                                      struct request *request)
{
    struct sb_call call;
    struct sb_answer answer = { 0 };
    fill_call(practice, connection, path, request, &call);
    make_answer(practice, request, &call, &answer);
    if (request->draw.kind == SB_PRACTICE_FAULT_LAYOUT_CHANGE) {
        change_layout(&answer);
    }
    if (request->draw.kind == SB_PRACTICE_FAULT_LOST_CONFIRMATION) {
        free(answer.body);
        return MHD_NO; /* closes the connection without a word */
    }
    return send_answer(connection, &answer);
}

/* Decides once per request what goes wrong. True when the connection now waits and will come back. */
static bool draw_faults(struct sb_practice *practice, struct MHD_Connection *connection, const char *method, const char *path,
                        struct request *request)
{
    request->is_drawn = true;
    request->draw.kind = SB_FAULT_NONE;
    request->argument = "";
    request->route = sb_route_find(method, path, &request->argument, &request->is_path_known);
    if (!request->route || request->route->target >= SB_PRACTICE_TARGET_COUNT) {
        return false;
    }
    sb_mutex_lock(practice->parts.stats_mutex);
    practice->parts.stats.requests++;
    sb_mutex_unlock(practice->parts.stats_mutex);
    request->draw = sb_faults_draw(practice->parts.faults, (enum sb_practice_target)request->route->target, path);
    if (request->draw.delay_ms == 0) {
        return false;
    }
    MHD_suspend_connection(connection);
    if (!sb_delays_add(practice->delays, connection, SB_MS(request->draw.delay_ms))) {
        MHD_resume_connection(connection);
    }
    return true;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **slot)
{
    struct sb_practice *practice = arg;
    struct request *request = *slot;
    (void)version;
    if (!request) {
        *slot = calloc(1, sizeof *request);
        return *slot ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        const bool is_collected = collect(request, upload, *upload_size);
        *upload_size = 0;
        return is_collected ? MHD_YES : MHD_NO;
    }
    if (!request->is_drawn && draw_faults(practice, connection, method, path, request)) {
        return MHD_YES;
    }
    return answer_request(practice, connection, path, request);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code)
{
    struct request *request = *slot;
    (void)arg;
    (void)connection;
    (void)code;
    if (request) {
        free(request->body);
        free(request);
        *slot = NULL;
    }
}

/* Listens before the daemon does, so that the addresses are known when the first request comes: its host is compared with them. */
static int listen_on(struct sb_practice *practice, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        listen(fd, SOMAXCONN) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        sb_fd_close(&fd);
        return -1;
    }
    practice->port = ntohs(address.sin_port);
    snprintf(practice->site_url, sizeof practice->site_url, "http://127.0.0.1:%u", practice->port);
    snprintf(practice->llm_url, sizeof practice->llm_url, "http://127.0.0.1:%u/v1", practice->port);
    return fd;
}

static enum sb_err start_daemon(struct sb_practice *practice, uint16_t port, struct sb_error *err)
{
    enum sb_err code = sb_practice_mhd_load(err);
    if (code != SB_OK) {
        return code;
    }
    int fd = listen_on(practice, port);
    if (fd >= 0) {
        sigset_t before;
        sb_signals_hold(&before);
        practice->daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, practice->port, NULL, NULL, on_request, practice,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SB_PRACTICE_CONNECTIONS_MAX,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END); /* closes the socket in its end */
        sb_signals_release(&before);
        if (!practice->daemon) {
            sb_fd_close(&fd);
        }
    }
    if (!practice->daemon) {
        return sb_error_set(err, SB_ERR_IO, "the practice world cannot listen on 127.0.0.1:%u; is the port in use?", port);
    }
    return SB_OK;
}

/* Everything but the daemon. */
static enum sb_err make_parts(struct sb_practice *practice, const struct sb_practice_setup *setup, struct sb_error *err)
{
    struct sb_practice_parts *parts = &practice->parts;
    struct sb_world_setup world = { .seed = setup->seed, .speed_pct = setup->speed_pct ? setup->speed_pct : 100 };
    enum sb_err code = SB_OK;
    world.epoch_ms = practice->now(practice->now_arg).ns / 1000000;
    if (setup->state_path) {
        code = sb_statefile_open(&parts->file, setup->state_path, setup->seed, &world.epoch_ms, err);
    }
    if (code != SB_OK) {
        return code;
    }
    parts->world = sb_world_create(&world);
    if (parts->world && parts->file) {
        code = sb_statefile_replay(parts->file, parts->world, err);
    }
    parts->faults = sb_faults_create(setup->seed);
    parts->llm = sb_llm_world_create(setup->seed, parts->file ? sb_statefile_starts(parts->file) * LLM_STRIDE : 0);
    parts->stats_mutex = sb_mutex_create(SB_RANK_PRACTICE);
    if (code == SB_OK && (!parts->world || !parts->faults || !parts->llm || !parts->stats_mutex)) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the practice world");
    }
    return code;
}

static void free_practice(struct sb_practice *practice)
{
    struct sb_practice_parts *parts = &practice->parts;
    sb_delays_destroy(practice->delays);
    sb_mutex_destroy(parts->stats_mutex);
    sb_llm_world_destroy(parts->llm);
    sb_faults_destroy(parts->faults);
    sb_world_destroy(parts->world);
    sb_statefile_close(parts->file);
    free(practice);
}

enum sb_err sb_practice_start(struct sb_practice **out_practice, const struct sb_practice_setup *setup, struct sb_error *err)
{
    struct sb_practice *practice = calloc(1, sizeof *practice);
    if (!practice) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the practice world");
    }
    practice->now = setup->now ? setup->now : system_now;
    practice->now_arg = setup->now_arg;
    enum sb_err code = make_parts(practice, setup, err);
    if (code == SB_OK) {
        code = sb_delays_start(&practice->delays, resume, err);
    }
    if (code == SB_OK) {
        code = start_daemon(practice, setup->port, err);
    }
    if (code != SB_OK) {
        sb_practice_stop(practice);
        return code;
    }
    *out_practice = practice;
    return SB_OK;
}

void sb_practice_stop(struct sb_practice *practice)
{
    if (!practice) {
        return;
    }
    /* libmicrohttpd wants no suspended connection when it stops. */
    if (practice->delays) {
        sb_delays_stop(practice->delays);
    }
    if (practice->daemon) {
        MHD_stop_daemon(practice->daemon);
    }
    free_practice(practice);
}

const char *sb_practice_site_url(const struct sb_practice *practice)
{
    return practice->site_url;
}

const char *sb_practice_llm_url(const struct sb_practice *practice)
{
    return practice->llm_url;
}

uint16_t sb_practice_port(const struct sb_practice *practice)
{
    return practice->port;
}

enum sb_err sb_practice_fault_add(struct sb_practice *practice, const struct sb_practice_fault *fault, uint32_t *id, struct sb_error *err)
{
    return sb_faults_add(practice->parts.faults, fault, id, err);
}

void sb_practice_faults_clear(struct sb_practice *practice)
{
    sb_faults_clear(practice->parts.faults);
}

uint64_t sb_practice_fault_hits(struct sb_practice *practice, uint32_t id)
{
    struct sb_fault_state items[SB_PRACTICE_FAULTS_MAX];
    const uint32_t count = sb_faults_list(practice->parts.faults, items);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].id == id) {
            return items[i].hits;
        }
    }
    return 0;
}

void sb_practice_stats(struct sb_practice *practice, struct sb_practice_stats *stats)
{
    struct sb_llm_usage_row rows[SB_LLM_MODELS];
    sb_mutex_lock(practice->parts.stats_mutex);
    *stats = practice->parts.stats;
    sb_mutex_unlock(practice->parts.stats_mutex);
    sb_llm_world_usage(practice->parts.llm, rows);
    for (size_t i = 0; i < SB_LLM_MODELS; i++) {
        stats->llm_calls += rows[i].calls;
        stats->llm_cost.nano += rows[i].cost.nano;
    }
}

uint64_t sb_practice_post_count(struct sb_practice *practice, const char *account)
{
    const uint32_t index = sb_world_find_account(account);
    return index == SB_WORLD_NO_ACCOUNT ? 0 : sb_world_posts_of(practice->parts.world, index);
}
