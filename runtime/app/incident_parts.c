/* The files of a bundle that are no picture: model, events, logs, configuration, versions. What cannot be had is told and is no failure: half of
 * what was known is worth more than nothing. */
#include "incident.h"

#include "signalbox/api/api.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { EVENTS_MAX = 20000, LEAD_MAX = 50000, PAGE = 1000, LOG_TAIL = 256 * 1024, KEPT_MAX = 200, FILE_MAX_BYTES = 64 << 20 };
static const sb_ns history = SB_MIN(30);

/* ---- model.json ---- */

void incident_model(const struct incident_request *request, FILE *out, FILE *missing)
{
    const struct sb_screen_stamp *stamp = &request->picture->stamp;
    struct sb_error err = { 0 };
    char *json = NULL, *text = NULL;
    struct sb_json_out *head = sb_json_out_create(65536);
    if (head == NULL || sb_api_picture(stamp->model, stamp->at.mono, stamp->at.wall, &json, &err) != SB_OK) {
        (void)fprintf(missing, "- model.json: %s\n", err.text);
        (void)fputs("{}\n", out);
        sb_json_out_destroy(head);
        return;
    }
    const struct {
        const char *key, *value;
    } texts[] = {
        { "state", stamp->state },
        { "incident", stamp->model->incident.is_open ? stamp->model->incident.id : NULL },
        { "host", stamp->model->host },
        { "environment", stamp->environment },
        { "version", stamp->model->version },
        { "config", stamp->model->config_hash },
        { "operator", stamp->actor },
        { "note", request->note },
        { "source", request->source },
    };
    sb_json_object_begin(head);
    sb_json_key(head, "utc_ms");
    sb_json_integer(head, stamp->at.wall.ns / SB_MS(1));
    sb_json_key(head, "data_age_ms");
    sb_json_integer(head, stamp->data_age / SB_MS(1));
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        sb_json_key(head, texts[i].key);
        sb_json_string(head, texts[i].value);
    }
    sb_json_object_end(head);
    text = sb_json_out_take(head);
    sb_json_out_destroy(head);
    (void)fprintf(out, "{\"stamp\":%s,%s\n", text != NULL ? text : "null", json + 1);
    free(text);
    free(json);
}

/* ---- events.jsonl ---- */

static void write_event(void *arg, const struct sb_event *event)
{
    char line[SB_CODEC_EVENT_MAX];
    const size_t size = sb_codec_event_write(event, line, sizeof(line));
    (void)fwrite(line, 1, size, arg);
    (void)fputc('\n', arg);
}

/* A row has no monotonic time: the picture's clock gives it one, so that a reader can tell ages. */
static void place(struct sb_event *event, const struct sb_screen_stamp *stamp)
{
    event->now = stamp->at.mono - (stamp->at.wall.ns - event->wall.ns);
}

/* Rows of the journal in order, `from` and before `to`, behind number `last`. */
struct stretch {
    struct sb_wall from, to;
    int64_t last;
    size_t max;
};

/* Returns how many there were; what goes wrong is told. */
static size_t read_stretch(const struct incident_request *request, struct stretch stretch, sb_model_teller *each, void *arg, FILE *missing)
{
    static const char sql[] = "SELECT seq, at_ms, kind, payload FROM events WHERE seq > $1 AND at_ms >= $2 AND at_ms < $3 ORDER BY seq LIMIT $4";
    size_t total = 0, count = PAGE;
    while (count == PAGE && total < stretch.max) {
        const struct sb_cell params[] = { sb_cell_int(stretch.last), sb_cell_int(stretch.from.ns / SB_MS(1)), sb_cell_int(stretch.to.ns / SB_MS(1)),
                                          sb_cell_int(PAGE) };
        const struct sb_statement statement = { sql, params, SB_LEN(params), -1 };
        const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
        struct sb_rows *rows = NULL;
        struct sb_error err = { 0 };
        if (request->store->ops->query(request->store, &statement, &op, &rows, &err) != SB_OK) {
            (void)fprintf(missing, "- events of the journal: %s\n", err.text);
            return total;
        }
        count = sb_rows_count(rows);
        total += count;
        for (size_t i = 0; i < count; i++) {
            struct sb_event event;
            const char *payload = sb_rows_words(rows, i, "payload");
            stretch.last = sb_rows_number(rows, i, "seq");
            const struct sb_wall wall = { SB_MS(sb_rows_number(rows, i, "at_ms")) };
            const char *kind = sb_rows_words(rows, i, "kind");
            if (sb_codec_event_read_row((uint64_t)stretch.last, wall, kind, payload, strlen(payload), &event, &err) != SB_OK)
                continue; /* of another version */
            place(&event, &request->picture->stamp);
            each(arg, &event);
        }
        sb_rows_destroy(rows);
    }
    return total;
}

static const char newest_sql[] = "SELECT COALESCE(MAX(seq), 0) AS value FROM events WHERE at_ms < $1";

static int64_t query_number(struct sb_store *store, const char *sql, struct sb_wall before)
{
    const struct sb_cell params[] = { sb_cell_int(before.ns / SB_MS(1)) };
    const struct sb_statement statement = { sql, params, SB_LEN(params), -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(5) };
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    int64_t value = 0;
    if (store->ops->query(store, &statement, &op, &rows, &err) == SB_OK && sb_rows_count(rows) > 0)
        value = sb_rows_number(rows, 0, "value");
    sb_rows_destroy(rows);
    return value; /* a store that does not answer says so with the events themselves */
}

/* What was before the stretch, folded: a reader that plays the file begins with it. */
struct before {
    struct sb_model *model;
    const struct sb_screen_stamp *stamp;
    struct sb_wall at;
};

static void fold_definition(void *arg, const struct sb_event *event)
{
    struct before *before = arg;
    struct sb_event moved = *event;
    const bool is_definition = event->kind <= SB_EVENT_COMPONENT_DEFINED || event->kind == SB_EVENT_CHANNEL_DEFINED;
    moved.wall = before->at;
    place(&moved, before->stamp);
    if (is_definition)
        sb_model_fold(before->model, &moved);
}

static void fold_row(void *arg, const struct sb_event *event)
{
    struct before *before = arg;
    sb_model_fold(before->model, event);
}

/* The picture 30 minutes ago: the definitions of now, and what the journal tells from the start before it on, or the last part of that. */
static void write_before(const struct incident_request *request, struct sb_wall at, FILE *out, FILE *missing)
{
    struct before before = { .model = sb_model_create(), .stamp = &request->picture->stamp, .at = at };
    struct sb_event clock = { .kind = SB_EVENT_HEARTBEAT, .wall = at };
    if (before.model == NULL) {
        (void)fprintf(missing, "- events: no memory for the picture 30 minutes before\n");
        return;
    }
    sb_model_describe(request->picture->stamp.model, fold_definition, &before);
    const int64_t start = query_number(request->store, "SELECT COALESCE(MAX(seq), 0) AS value FROM events WHERE kind = 'runtime_started' AND "
                                                       "at_ms < $1", at);
    const int64_t end = query_number(request->store, newest_sql, at);
    const int64_t first = start - 1 > end - LEAD_MAX ? start - 1 : end - LEAD_MAX;
    if (start > 0)
        (void)read_stretch(request, (struct stretch){ .to = at, .last = first > 0 ? first : 0, .max = LEAD_MAX }, fold_row, &before, missing);
    if (start > 0 && first > start)
        (void)fprintf(missing, "- events: the picture 30 minutes before rests on the %d events before it\n", (int)LEAD_MAX);
    place(&clock, before.stamp);
    sb_model_fold(before.model, &clock);
    sb_model_describe(before.model, write_event, out);
    sb_model_destroy(before.model);
}

/* Without a store: what the picture's own log has. */
static void write_log(const struct sb_screen_stamp *stamp, FILE *out)
{
    const struct sb_model *model = stamp->model;
    const uint64_t kept = model->log_total < SB_MODEL_LOG ? model->log_total : SB_MODEL_LOG;
    for (uint64_t back = kept; back-- > 0;) {
        const struct sb_event *event = sb_model_log_at(model, back);
        if (event != NULL && event->wall.ns >= stamp->at.wall.ns - history)
            write_event(out, event);
    }
}

void incident_events(const struct incident_request *request, FILE *out, FILE *missing)
{
    const struct sb_screen_stamp *stamp = &request->picture->stamp;
    const struct sb_wall from = { stamp->at.wall.ns - history }, to = { stamp->at.wall.ns + SB_MS(1) };
    if (request->store == NULL) {
        (void)fprintf(missing, "- events of the journal: there is no store here; those of the picture's own log are given\n");
        write_log(stamp, out);
    } else {
        const int64_t newest = query_number(request->store, newest_sql, to);
        const int64_t first = newest > EVENTS_MAX ? newest - EVENTS_MAX : 0;
        write_before(request, from, out, missing);
        const size_t total = read_stretch(request, (struct stretch){ from, to, first, EVENTS_MAX }, write_event, out, missing);
        if (first > 0 && total >= EVENTS_MAX)
            (void)fprintf(missing, "- events: there were more than %d in the 30 minutes; the newest of them are given\n", (int)EVENTS_MAX);
    }
    sb_model_describe(stamp->model, write_event, out);
}

/* ---- logs ---- */

static void write_tail(const char *path, const char *name, FILE *out)
{
    char *bytes = NULL;
    size_t size = 0;
    struct sb_error err = { 0 };
    if (sb_file_read(path, FILE_MAX_BYTES, &bytes, &size, &err) != SB_OK) {
        const bool is_there = access(path, F_OK) == 0;
        (void)fprintf(out, "== %s: %s\n\n", name, is_there ? err.text : "there is none; without a console the log goes to standard error");
        return;
    }
    size_t from = size > LOG_TAIL ? size - LOG_TAIL : 0;
    while (from > 0 && from < size && bytes[from - 1] != '\n')
        from++;
    (void)fprintf(out, "== %s, %s%zu of %zu bytes\n", name, from > 0 ? "the last " : "", size - from, size);
    (void)fwrite(bytes + from, 1, size - from, out);
    (void)fputs("\n\n", out);
    free(bytes);
}

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void list_kept(const char *state_dir, FILE *out)
{
    char path[PATH_BYTES + 32];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof(path), "%s/failures", state_dir);
    int count = scandir(path, &entries, is_entry, alphasort);
    (void)fprintf(out, "== kept of failed steps, RUN-STEP-ATTEMPT in %s (pages, not in this bundle)\n", path);
    for (int i = 0; i < count; i++) {
        if (i >= count - KEPT_MAX)
            (void)fprintf(out, "%s\n", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    (void)fputs(count > 0 ? "\n" : "none\n\n", out);
}

static void write_steps(const struct incident_request *request, FILE *out, FILE *missing)
{
    static const char sql[] = "SELECT r.run AS run, r.job_name AS job, r.state AS ended, s.name AS step, s.attempt AS attempt, s.state AS state, "
                              "s.text AS text FROM job_runs r JOIN job_steps s ON s.run = r.run WHERE r.state <> 'succeeded' AND "
                              "r.state <> 'skipped' ORDER BY r.run DESC, s.step, s.attempt LIMIT 200";
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(5) };
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    if (request->store == NULL)
        return;
    if (request->store->ops->query(request->store, &statement, &op, &rows, &err) != SB_OK) {
        (void)fprintf(missing, "- logs, what steps said: %s\n", err.text);
        return;
    }
    (void)fprintf(out, "== what the steps of unfinished and failed runs said, newest run first\n");
    for (size_t i = 0; i < sb_rows_count(rows); i++)
        (void)fprintf(out, "run %lld %s (%s) step %s attempt %lld %s: %s\n", (long long)sb_rows_number(rows, i, "run"), sb_rows_words(rows, i, "job"),
                      sb_rows_words(rows, i, "ended"), sb_rows_words(rows, i, "step"), (long long)sb_rows_number(rows, i, "attempt"),
                      sb_rows_words(rows, i, "state"), sb_rows_words(rows, i, "text"));
    sb_rows_destroy(rows);
}

void incident_logs(const struct incident_request *request, FILE *out, FILE *missing)
{
    char path[PATH_BYTES + 32];
    struct stat status;
    (void)snprintf(path, sizeof(path), "%s/signalbox.log", request->paths->state_dir);
    write_tail(path, "signalbox.log", out);
    (void)snprintf(path, sizeof(path), "%s/flight.jsonl", request->paths->state_dir);
    if (stat(path, &status) == 0)
        (void)fprintf(out, "== flight.jsonl: a failed assertion left %lld bytes of inputs in %s (not in this bundle)\n\n",
                      (long long)status.st_size, path);
    list_kept(request->paths->state_dir, out);
    write_steps(request, out, missing);
}

/* ---- config, versions ---- */

enum sb_err config_write(const struct options *options, const struct paths *paths, const char *running, FILE *out, struct sb_error *err)
{
    char hash[SB_NAME_MAX] = "", *text = NULL;
    enum sb_err rc = load_effective(options, paths, &text, hash, err);
    if (rc != SB_OK)
        return rc;
    (void)fprintf(out, "# %s, hash %s; what runs has %s\n", paths->catalogue, hash, running[0] != '\0' ? running : "an unknown one");
    if (!sb_streq(hash, running))
        (void)fprintf(out, "# THE FILES DIFFER from what runs: this is what they say now\n");
    (void)fputs(text, out);
    free(text);
    return SB_OK;
}

/* What runs knows best what it runs with: its own flags, environment and files. */
void incident_config(const struct incident_request *request, FILE *out, FILE *missing)
{
    struct sb_error err = { 0 };
    if (request->config != NULL) {
        (void)fputs(request->config, out);
        return;
    }
    if (request->catalogue != NULL &&
        config_write(request->options, request->paths, request->picture->stamp.model->config_hash, out, &err) == SB_OK)
        return;
    (void)fprintf(missing, "- config: %s\n",
                  request->catalogue != NULL ? err.text : "who wrote this did not know the catalogue; name it with --catalogue");
    (void)fprintf(out, "# not known here\n");
}

void incident_versions(const struct incident_request *request, FILE *out, FILE *missing)
{
    struct utsname system = { 0 };
    const char *running = request->picture->stamp.model->version;
    (void)missing;
    (void)fprintf(out, "signalbox %s (%s, %s), wrote this bundle\nsignalbox %s, as the runtime says\n", SB_VERSION, SB_COMMIT, SB_BUILD,
                  running[0] != '\0' ? running : "?");
    if (uname(&system) == 0)
        (void)fprintf(out, "%s %s %s %s\n", system.sysname, system.release, system.version, system.machine);
    char *os = NULL;
    size_t size = 0;
    if (sb_file_read("/etc/os-release", 65536, &os, &size, NULL) == SB_OK)
        (void)fwrite(os, 1, size, out);
    free(os);
    if (request->catalogue != NULL)
        (void)fprintf(out, "catalogue %s, %s store\n", request->catalogue->name,
                      strncmp(request->catalogue->settings.store, "sqlite", 6) == 0 ? "SQLite" : "PostgreSQL");
}
