/* attach: the same console as the embedded one, on a runtime in another process. It opens nothing of the installation but the socket and a log of
 * its own: what it does not have it cannot hold up. */
#include "attach.h"
#include "client.h"
#include "attached_pages.h"
#include "keymap.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/attach/attach.h"
#include "signalbox/tui/rewind.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLY_MAX = 65536 };
static const sb_ns name_time = SB_S(2);

/* The folder of the socket: where the log goes, and a draft while it is edited. */
static void folder_of(const char *socket_path, char out[PATH_BYTES])
{
    const char *slash = strrchr(socket_path, '/');
    if (slash == NULL)
        (void)sb_copy(out, PATH_BYTES, ".");
    else
        (void)sb_copy_n(out, PATH_BYTES, socket_path, slash == socket_path ? 1 : (size_t)(slash - socket_path));
}

/* Nothing may reach the terminal beside the screen. */
static void open_log(const char *state_dir)
{
    char path[PATH_BYTES + 16];
    struct sb_error unwritable = { 0 };
    (void)snprintf(path, sizeof(path), "%s/attach.log", state_dir);
    if (sb_log_open(path, &unwritable) != SB_OK && sb_log_open("/dev/null", &unwritable) != SB_OK)
        sb_log_level_set(SB_LOG_ERROR);
}

/* A text of one of the runtime's documents; false while it does not answer or has none. */
static bool ask_text(const char *socket_path, const char *target, const char *key, char *out, size_t cap)
{
    const struct sb_op op = { .deadline = sb_now() + name_time };
    struct sb_attach_reply reply = { 0 };
    struct sb_json *json = NULL;
    struct sb_error unknown = { 0 };
    if (sb_attach_ask(socket_path, "GET", target, NULL, REPLY_MAX, &op, &reply, &unknown) != SB_OK)
        return false;
    const bool is_read = reply.status == 200 && sb_json_parse(&json, reply.body, reply.size, &unknown) == SB_OK;
    char *text = is_read && sb_json_type(json, key) == SB_JSON_STRING ? sb_json_text(json, key) : NULL;
    const bool is_there = text != NULL && sb_copy(out, cap, text);
    free(text);
    sb_json_destroy(json);
    free(reply.body);
    return is_there;
}

/* What the runtime calls itself, or the name of its state folder while it does not answer. */
static void name_environment(const char *socket_path, const char *state_dir, char *out, size_t cap)
{
    const char *slash = strrchr(state_dir, '/');
    if (!ask_text(socket_path, "/v1/consoles", "environment", out, cap))
        (void)sb_copy(out, cap, slash != NULL && slash[1] != '\0' ? slash + 1 : state_dir);
}

/* As the runtime will name who acts. */
static void name_actor(char *out, size_t cap)
{
    const struct passwd *self = getpwuid(geteuid());
    (void)sb_copy(out, cap, self != NULL ? self->pw_name : "operator");
}

static enum sb_err run(const struct options *options, const struct paths *paths, const struct sb_keys *keys, const char *theme,
                       const char *socket_path, int signal_fd, struct sb_source_status *last, struct sb_error *err)
{
    static struct recordings_told recordings;
    char state_dir[PATH_BYTES], environment[SB_NAME_MAX], actor[SB_NAME_MAX];
    struct sb_source *source = NULL;
    enum sb_tui_end end = SB_TUI_LEFT;
    const struct sb_attach_setup attach = { .socket_path = socket_path, .is_viewer = options->is_read_only };
    folder_of(socket_path, state_dir);
    open_log(state_dir);
    name_environment(socket_path, state_dir, environment, sizeof(environment));
    name_actor(actor, sizeof(actor));
    (void)sb_copy(recordings.state_dir, sizeof(recordings.state_dir), state_dir);
    if (!ask_text(socket_path, "/v1/status", "recordings", recordings.folder, sizeof(recordings.folder)))
        recordings.folder[0] = '\0';
    enum sb_err rc = sb_attach_open(&source, &attach, err);
    if (rc != SB_OK)
        return rc;
    struct attached_pages pages = { socket_path, state_dir, sb_attach_console(source), NULL, options, paths, source };
    const struct sb_tui_setup setup = {
        .source = source,
        .theme_dir = paths->theme_dir,
        .theme = theme != NULL ? theme : options->theme,
        .actor = actor,
        .environment = environment,
        .keys = keys,
        .is_read_only = options->is_read_only,
        .is_ascii = options->is_ascii,
        .bell = options->bell > 0 ? (enum sb_bell)(options->bell - 1) : SB_BELL_OFF,
        .page = attached_pages_read,
        .judge = attached_pages_judge,
        .lookup = attached_lookup,
        .lookup_self = &pages,
        .capture = attached_capture,
        .node = attached_node,
        .page_self = &pages,
        .past = &sb_rewind_past,
        .rewind = sb_rewind_create(&(struct sb_rewind_setup){ .open = recordings_open_told, .self = &recordings }),
        .finished_fd = -1,
        .signal_fd = signal_fd,
    };
    rc = setup.rewind != NULL ? page_reader_open(&pages.reader, attached_pages_now, &pages, err)
                              : sb_error_set(err, SB_ERR_NOMEM, "no memory for the console");
    if (rc == SB_OK)
        rc = sb_tui_run(&setup, &end, err);
    page_reader_close(pages.reader);
    sb_rewind_destroy(setup.rewind);
    source->ops->look(source, last);
    source->ops->close(source);
    return rc;
}

int attach_console(const struct options *options, const struct paths *paths, const char *theme, const char *socket_path)
{
    struct sb_source_status last;
    struct sb_error err = { 0 };
    int signal_fd = -1;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        complain("the console needs a terminal; `signalbox status` works without one");
        return EXIT_USAGE;
    }
    static struct keymap keymap;
    int code = keymap_load(&keymap, options);
    if (code == EXIT_OK)
        code = session_signals(&signal_fd);
    if (code != EXIT_OK)
        return code;
    memset(&last, 0, sizeof(last));
    enum sb_err rc = run(options, paths, &keymap.keys, theme, socket_path, signal_fd, &last, &err);
    sb_fd_close(&signal_fd);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    if (last.state == SB_SOURCE_LIVE)
        (void)printf("detached; jobs go on\n");
    else
        (void)printf("detached; the runtime did not answer at the end: %s\n", last.text);
    return EXIT_OK;
}

int command_attach(struct options *options)
{
    struct client_place place;
    struct sb_error err = { 0 };
    if (options->positional_count > 1) {
        complain("attach: expected at most one SOCKET");
        return EXIT_USAGE;
    }
    if (options->positional_count == 0) {
        int code = client_find(options, &place);
        if (code == EXIT_OK && !place.is_running)
            code = client_tell_not_running(options, &place);
        return code == EXIT_OK ? attach_console(options, &place.paths, place.theme, place.socket_path) : code;
    }
    if (paths_find(&place.paths, options, "default", &err) != SB_OK) {
        complain("%s", err.text);
        return EXIT_CONFIGURATION;
    }
    if (access(options->positionals[0], W_OK) != 0 && errno == EACCES) {
        complain("the socket %s serves the user who runs the runtime, and root", options->positionals[0]);
        return EXIT_PERMISSION;
    }
    if (!client_is_served(options->positionals[0])) {
        complain("no runtime serves the socket %s; `signalbox run` makes it in its state folder", options->positionals[0]);
        return EXIT_UNAVAILABLE;
    }
    return attach_console(options, &place.paths, NULL, options->positionals[0]);
}
