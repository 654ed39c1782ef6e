/* Asking the runtime of an installation over its socket. One request, one connection, within seconds. */
#include "client.h"

#include "signalbox/api/api.h"
#include "signalbox/attach/attach.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_MAX = 64 << 20, BODY_MAX = 65536, SOCKET_PATH_BYTES = CLIENT_SOCKET_BYTES };
static const sb_ns ask_max = SB_S(10);

bool client_is_served(const char *socket_path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct sb_error err = { 0 };
    int dir_fd = -1;
    if (sb_api_address(socket_path, address.sun_path, &dir_fd, &err) != SB_OK)
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_answered = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    sb_fd_close(&fd);
    sb_fd_close(&dir_fd);
    return is_answered;
}

static int take_body(struct client_reply *reply)
{
    struct sb_error err = { 0 };
    if (reply->body != NULL && (reply->body[0] == '{' || reply->body[0] == '[') &&
        sb_json_parse(&reply->json, reply->body, strlen(reply->body), &err) != SB_OK) {
        complain("the answer of the runtime cannot be read: %s", err.text);
        return EXIT_BUG;
    }
    if (reply->status < 400 || reply->status == 409)
        return EXIT_OK;
    char *message = reply->json != NULL ? sb_json_text(reply->json, "error.message") : NULL;
    complain("%s", message != NULL ? message : "the runtime could not answer");
    free(message);
    return reply->status == 404 || reply->status == 400 || reply->status == 413 ? EXIT_DATA : reply->status == 403 ? EXIT_PERMISSION : EXIT_LATER;
}

/* Asked without the HTTP library, whose start takes longer than the answer. `body` NULL = none. */
static int ask(const char *socket_path, const char *method, const char *target, const char *body, struct client_reply *reply)
{
    const struct sb_op op = { .deadline = sb_now() + ask_max };
    struct sb_attach_reply answer = { 0 };
    struct sb_error err = { 0 };
    enum sb_err rc = sb_attach_ask(socket_path, method, target, body, REPLY_MAX, &op, &answer, &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    reply->status = answer.status;
    reply->body = answer.body;
    return take_body(reply);
}

/* From the store, as the runtime would answer. */
static int answer_offline(struct installation *in, const char *target, struct client_reply *reply)
{
    struct sb_error err = { 0 };
    enum sb_err rc = sb_store_view(&in->services.store, in->catalogue->settings.store, &err);
    if (rc == SB_ERR_NOT_FOUND)
        rc = SB_OK; /* nothing has run yet */
    const struct sb_api_setup setup = { .catalogue = in->catalogue, .store = in->services.store };
    if (rc == SB_OK)
        rc = sb_api_get(&setup, target, &reply->status, &reply->body, &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    reply->is_offline = true;
    return take_body(reply);
}

static int tell_not_running(const struct options *options, const char *state_dir)
{
    struct paths practice;
    struct sb_error err = { 0 };
    char socket_path[SOCKET_PATH_BYTES] = "";
    if (options->state_dir == NULL && paths_find(&practice, options, "practice", &err) == SB_OK)
        (void)snprintf(socket_path, sizeof(socket_path), "%s/" API_SOCKET, practice.state_dir);
    if (socket_path[0] != '\0' && client_is_served(socket_path))
        complain("no runtime serves %s. A practice runtime is running: name it with --state-dir %s", state_dir, practice.state_dir);
    else
        complain("no runtime serves %s; start `signalbox run` or the console, or name another installation with --state-dir", state_dir);
    return EXIT_UNAVAILABLE;
}

/* Where the runtime would be. The catalogue is loaded only when nobody answers there, or when it alone says where. */
static int find_state(struct installation *in, struct options *options, char socket_path[SOCKET_PATH_BYTES], bool *is_running)
{
    struct sb_error err = { 0 };
    memset(in, 0, sizeof(*in));
    in->lock_fd = -1;
    if (paths_find(&in->paths, options, "default", &err) != SB_OK) {
        complain("%s", err.text);
        return EXIT_CONFIGURATION;
    }
    bool is_named = options->state_dir != NULL || in->paths.catalogue[0] == '\0';
    int code = is_named ? EXIT_OK : installation_load(in, options);
    (void)snprintf(socket_path, SOCKET_PATH_BYTES, "%s/" API_SOCKET, in->paths.state_dir);
    *is_running = code == EXIT_OK && client_is_served(socket_path);
    return code;
}

int client_find(struct options *options, struct client_place *place)
{
    struct installation in;
    memset(place, 0, sizeof(*place));
    int code = find_state(&in, options, place->socket_path, &place->is_running);
    place->paths = in.paths;
    place->theme = options->theme;
    if (place->theme == NULL && in.catalogue != NULL && sb_copy(place->theme_name, sizeof(place->theme_name), in.catalogue->settings.theme))
        place->theme = place->theme_name;
    installation_close(&in);
    return code;
}

int client_tell_not_running(const struct options *options, const struct client_place *place)
{
    return tell_not_running(options, place->paths.state_dir);
}

int client_is_running(struct options *options, bool *is_running)
{
    struct installation in;
    char socket_path[SOCKET_PATH_BYTES];
    int code = find_state(&in, options, socket_path, is_running);
    installation_close(&in);
    return code;
}

int client_get(struct options *options, const char *target, struct client_reply *reply)
{
    struct installation in;
    char socket_path[SOCKET_PATH_BYTES];
    bool is_running = false;
    memset(reply, 0, sizeof(*reply));
    int code = find_state(&in, options, socket_path, &is_running);
    if (code == EXIT_OK && is_running) {
        code = ask(socket_path, "GET", target, NULL, reply);
    } else if (code == EXIT_OK) {
        bool has_catalogue = in.catalogue != NULL;
        if (!has_catalogue && in.paths.catalogue[0] == '\0') {
            code = tell_not_running(options, in.paths.state_dir);
        } else {
            code = has_catalogue ? EXIT_OK : installation_load(&in, options);
            if (code == EXIT_OK)
                code = answer_offline(&in, target, reply);
        }
    }
    installation_close(&in);
    return code;
}

static char *write_body(const struct client_field *fields, size_t count)
{
    struct sb_json_out *out = sb_json_out_create(BODY_MAX);
    if (out == NULL)
        return NULL;
    sb_json_object_begin(out);
    for (size_t i = 0; i < count; i++) {
        sb_json_key(out, fields[i].key);
        if (fields[i].as == CLIENT_NUMBER)
            sb_json_integer(out, fields[i].number);
        else if (fields[i].as == CLIENT_FLAG)
            sb_json_boolean(out, fields[i].number != 0);
        else
            sb_json_string(out, fields[i].text);
    }
    sb_json_object_end(out);
    char *body = sb_json_out_take(out);
    sb_json_out_destroy(out);
    return body;
}

/* Prints the outcome of a command, or why it was refused. */
static int tell(const struct options *options, const struct client_reply *reply)
{
    bool is_refused = reply->status == 409;
    client_tell_alias(reply, "job");
    if (options->is_json) {
        (void)puts(reply->body);
        return is_refused ? EXIT_NO : EXIT_OK;
    }
    char *outcome = sb_json_text(reply->json, sb_json_type(reply->json, "outcome") == SB_JSON_STRING ? "outcome" : "error.message");
    if (is_refused)
        (void)printf("refused: ");
    show_text(outcome != NULL ? outcome : "", 0, 1024);
    (void)putchar('\n');
    free(outcome);
    return is_refused ? EXIT_NO : EXIT_OK;
}

int client_send(struct options *options, const char *target, const struct client_field *fields, size_t count)
{
    struct installation in;
    struct client_reply reply = { 0 };
    char socket_path[SOCKET_PATH_BYTES];
    bool is_running = false;
    char *body = write_body(fields, count);
    if (body == NULL) {
        complain("what is to be sent is larger than %d bytes, or there is no memory", BODY_MAX);
        return EXIT_DATA;
    }
    int code = find_state(&in, options, socket_path, &is_running);
    if (code == EXIT_OK && options->is_dry_run)
        (void)printf("would ask %s: POST %s %s\n", socket_path, target, body);
    else if (code == EXIT_OK)
        code = is_running ? ask(socket_path, "POST", target, body, &reply) : tell_not_running(options, in.paths.state_dir);
    if (code == EXIT_OK && reply.json != NULL)
        code = tell(options, &reply);
    client_reply_deinit(&reply);
    installation_close(&in);
    free(body);
    return code;
}

void client_reply_deinit(struct client_reply *reply)
{
    sb_json_destroy(reply->json);
    free(reply->body);
    memset(reply, 0, sizeof(*reply));
}

void client_tell_alias(const struct client_reply *reply, const char *job_key)
{
    if (sb_json_type(reply->json, "alias") != SB_JSON_STRING)
        return;
    char *alias = sb_json_text(reply->json, "alias"), *step = sb_json_text(reply->json, "alias_step"), *job = sb_json_text(reply->json, job_key);
    if (alias != NULL && step != NULL && job != NULL)
        (void)fprintf(stderr, "signalbox: %s is %s now, step %s\n", alias, job, step);
    free(alias);
    free(step);
    free(job);
}

bool client_span(const char *text, int64_t *out)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    char digits[16];
    size_t size = text != NULL ? strlen(text) : 0;
    int64_t number = 0;
    if (size < 2 || !sb_copy_n(digits, sizeof(digits), text, size - 1) || !sb_parse_i64(digits, &number) || number <= 0 || number > 100000)
        return false;
    for (size_t i = 0; i < SB_LEN(units); i++)
        if (units[i].unit == text[size - 1]) {
            *out = number * units[i].ms;
            return true;
        }
    return false;
}
