/* incident: a bundle without a console. With a running runtime the picture is what its event stream describes; without one it is what the journal of
 * the last process tells, and the bundle says so. Also opens and closes the incident id. */
#include "client.h"
#include "config_page.h"
#include "incident.h"

#include "signalbox/os/os.h"
#include "signalbox/tui/screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 50, COLS = 200, PAGE = 1000, ROWS_MAX = 400000 };

struct source {
    struct installation in;
    struct sb_screen *screen;
    struct sb_now now;        /* of the picture, in the clock of its events */
    const char *name;
    char state[40];           /* "" = as the screen says */
    char *config;             /* as the runtime tells it; NULL: what the files say */
    char missing[1024];
    struct sb_text missing_text;
};

static void miss(struct source *source, const char *what)
{
    sb_text_add(&source->missing_text, "- ");
    sb_text_add(&source->missing_text, what);
    sb_text_add_char(&source->missing_text, '\n');
}

/* Lines "data: {...}" of a described stream. */
static int fold_stream(struct source *source, const char *body)
{
    size_t folded = 0;
    for (const char *line = body; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        const size_t size = end != NULL ? (size_t)(end - line) : strlen(line);
        struct sb_event event;
        if (size > 6 && strncmp(line, "data: ", 6) == 0 && sb_codec_event_read(line + 6, size - 6, &event, NULL) == SB_OK) {
            sb_screen_fold(source->screen, &event);
            folded++;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    if (folded > 0)
        return EXIT_OK;
    complain("the runtime described nothing; it may be starting: ask again");
    return EXIT_LATER;
}

/* An earlier version does not tell it: then the files must do. */
static void ask_config(struct source *source, struct options *options)
{
    struct client_place place;
    struct sb_error err = { 0 };
    if (client_find(options, &place) == EXIT_OK && place.is_running)
        source->config = config_page_ask(place.socket_path, &err);
    if (source->config == NULL && source->in.catalogue == NULL && err.text[0] != '\0')
        miss(source, err.text);
}

static int ask_runtime(struct source *source, struct options *options)
{
    struct client_reply reply;
    int code = client_get(options, "/v1/events?until=described", &reply);
    if (code == EXIT_OK && reply.body == NULL) {
        complain("the runtime answered nothing");
        code = EXIT_UNAVAILABLE;
    }
    if (code == EXIT_OK)
        code = fold_stream(source, reply.body);
    client_reply_deinit(&reply);
    if (code == EXIT_OK)
        ask_config(source, options);
    source->name = "the running runtime, over its socket";
    miss(source, "the lines of the log pane, attempts before the last one: a runtime describes what is; events.jsonl has what was");
    source->now = (struct sb_now){ .mono = sb_now(), .wall = sb_wall_now() };
    return code;
}

/* ---- without a runtime ---- */

/* Monotonic times are not kept: the wall clock's serve, so that ages come out right. */
static sb_ns mono_of(struct sb_wall wall)
{
    return wall.ns;
}

static enum sb_err fold_page(struct source *source, int64_t *last, size_t *count, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(*last), sb_cell_int(PAGE) };
    const struct sb_statement statement = { "SELECT seq, at_ms, kind, payload FROM events WHERE seq > $1 ORDER BY seq LIMIT $2", params,
                                            SB_LEN(params), -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    struct sb_store *store = source->in.services.store;
    struct sb_rows *rows = NULL;
    enum sb_err rc = store->ops->query(store, &statement, &op, &rows, err);
    *count = 0;
    if (rc != SB_OK)
        return rc;
    *count = sb_rows_count(rows);
    for (size_t i = 0; i < *count; i++) {
        struct sb_event event;
        const char *payload = sb_rows_words(rows, i, "payload");
        *last = sb_rows_number(rows, i, "seq");
        const struct sb_wall wall = { SB_MS(sb_rows_number(rows, i, "at_ms")) };
        if (sb_codec_event_read_row((uint64_t)*last, wall, sb_rows_words(rows, i, "kind"), payload, strlen(payload), &event, NULL) != SB_OK)
            continue;
        event.now = mono_of(wall);
        sb_screen_fold(source->screen, &event);
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

static int64_t query_number(struct sb_store *store, const char *sql)
{
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    int64_t value = 0;
    if (store->ops->query(store, &statement, &op, &rows, &err) == SB_OK && sb_rows_count(rows) > 0)
        value = sb_rows_number(rows, 0, "value");
    sb_rows_destroy(rows);
    return value;
}

/* The journal since the last start: it begins with the announcement of everything. */
static int fold_store(struct source *source)
{
    struct sb_store *store = source->in.services.store;
    struct sb_error err = { 0 };
    int64_t last = query_number(store, "SELECT COALESCE(MAX(seq), 0) AS value FROM events WHERE kind = 'runtime_started'") - 1;
    size_t total = 0, count = PAGE;
    enum sb_err rc = SB_OK;
    while (rc == SB_OK && count == PAGE && total < ROWS_MAX) {
        rc = fold_page(source, &last, &count, &err);
        total += count;
    }
    if (rc != SB_OK)
        miss(source, err.text);
    else if (total >= ROWS_MAX)
        miss(source, "the newest events: the last process wrote more than can be read here");
    return EXIT_OK;
}

static int read_store(struct source *source)
{
    source->name = "the store: no runtime runs";
    source->now = (struct sb_now){ .mono = mono_of(sb_wall_now()), .wall = sb_wall_now() };
    (void)sb_copy(source->state, sizeof(source->state), "OFFLINE");
    miss(source, "the live state: no runtime runs. The picture is what the journal of the last process tells, with its last contexts and due times");
    if (source->in.services.store == NULL) {
        miss(source, "the store: nothing has run here yet");
        return EXIT_OK;
    }
    return fold_store(source);
}

/* ---- the command ---- */

/* The catalogue and the store as far as they can be had: beside a running program both are only looked at. */
static int open_source(struct source *source, struct options *options, bool is_running)
{
    struct sb_error err = { 0 };
    memset(&source->in, 0, sizeof(source->in));
    source->in.lock_fd = -1;
    enum sb_err rc = paths_find(&source->in.paths, options, "default", &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    if (source->in.paths.catalogue[0] != '\0') {
        int code = installation_load(&source->in, options);
        if (code != EXIT_OK)
            return code;
    } else if (!is_running) {
        complain("no runtime serves %s and no catalogue says where its store is; name them with --state-dir and --catalogue",
                 source->in.paths.state_dir);
        return EXIT_UNAVAILABLE;
    }
    char beside[PATH_BYTES + 32];
    (void)snprintf(beside, sizeof(beside), "sqlite:%s/signalbox.db", source->in.paths.state_dir);
    rc = sb_store_view(&source->in.services.store, source->in.catalogue != NULL ? source->in.catalogue->settings.store : beside, &err);
    if (rc != SB_OK && rc != SB_ERR_NOT_FOUND)
        miss(source, err.text);
    return EXIT_OK;
}

static bool is_ascii(const struct options *options)
{
    return options->is_ascii || !sb_streq(nl_langinfo(CODESET), "UTF-8");
}

static int write_bundle(struct source *source, const struct options *options)
{
    static struct sb_grid_cell cells[ROWS * COLS];
    struct sb_tui_picture picture = { .grid = { .rows = ROWS, .cols = COLS, .cells = cells } };
    char path[SB_BUNDLE_PATH_MAX];
    struct sb_error err = { 0 };
    sb_screen_draw(source->screen, source->now, &picture.grid);
    sb_screen_stamp(source->screen, source->now, &picture.stamp);
    if (source->state[0] != '\0')
        (void)sb_copy(picture.stamp.state, sizeof(picture.stamp.state), source->state);
    const struct incident_request request = {
        .options = options, .paths = &source->in.paths, .catalogue = source->in.catalogue, .store = source->in.services.store,
        .picture = &picture, .config = source->config, .note = options->note, .source = source->name, .missing = source->missing,
    };
    enum sb_err rc = incident_write(&request, path, &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    if (!options->is_json) {
        (void)puts(path);
        return EXIT_OK;
    }
    char archive[SB_BUNDLE_PATH_MAX + 8];
    (void)snprintf(archive, sizeof(archive), "%s.tar.gz", path);
    struct sb_json_out *out = sb_json_out_create(65536);
    if (out != NULL) {
        const struct sb_model_incident *incident = &picture.stamp.model->incident;
        const struct {
            const char *key, *value;
        } texts[] = { { "path", path }, { "archive", archive }, { "incident", incident->is_open ? incident->id : NULL },
                      { "state", picture.stamp.state }, { "source", source->name } };
        sb_json_object_begin(out);
        for (size_t i = 0; i < SB_LEN(texts); i++) {
            sb_json_key(out, texts[i].key);
            sb_json_string(out, texts[i].value);
        }
        sb_json_object_end(out);
    }
    return print_document(out);
}

static int capture(struct options *options)
{
    struct source source = { .name = "" };
    struct sb_error err = { 0 };
    bool is_running = false;
    const char *actor = getenv("USER");
    sb_text_init(&source.missing_text, source.missing, sizeof(source.missing));
    int code = client_is_running(options, &is_running);
    if (code == EXIT_OK)
        code = open_source(&source, options, is_running);
    const struct sb_catalogue *catalogue = source.in.catalogue;
    const struct sb_screen_setup setup = {
        .actor = actor != NULL && actor[0] != '\0' ? actor : "operator",
        .environment = catalogue == NULL ? "" : catalogue->settings.is_practice ? "practice" : catalogue->name,
        .is_ascii = is_ascii(options),
    };
    if (code == EXIT_OK && (source.screen = sb_screen_create(&setup, &err)) == NULL) {
        complain("%s", err.text);
        code = EXIT_BUG;
    }
    if (code == EXIT_OK)
        code = is_running ? ask_runtime(&source, options) : read_store(&source);
    if (code == EXIT_OK)
        code = write_bundle(&source, options);
    free(source.config);
    sb_screen_destroy(source.screen);
    installation_close(&source.in);
    return code;
}

static int control(struct options *options, const char *kind, const char *id)
{
    const struct client_field fields[] = {
        { "kind", CLIENT_TEXT, kind, 0 },
        { "subject", CLIENT_TEXT, id, 0 },
        { "reason", CLIENT_TEXT, options->why != NULL ? options->why : options->note, 0 },
    };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

int command_incident(struct options *options)
{
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const char *id = options->positional_count > 1 ? options->positionals[1] : NULL;
    if (options->positional_count == 0)
        return capture(options);
    if (options->positional_count <= 2 && sb_streq(verb, "open"))
        return control(options, "incident_open", id);
    if (options->positional_count <= 2 && sb_streq(verb, "close"))
        return control(options, "incident_close", id);
    complain("incident: expected nothing, open [ID] or close");
    return EXIT_USAGE;
}
