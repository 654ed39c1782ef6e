/* Writing a bundle: every file goes through the redactor, and what it took out is counted in README.txt. Runs on the thread of a console's errand
 * or of the command; touches no terminal and no lock of the runtime. */
#include "incident.h"
#include "verdicts.h"

#include "signalbox/os/os.h"
#include "signalbox/tui/export.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 64, ROW_BYTES_MAX = 4096 };

/* What was taken out of a file. */
struct taken {
    const char *file, *name;
    unsigned count;
};

struct writing {
    const struct incident_request *request;
    struct secrets secrets;
    struct sb_bundle *bundle;
    struct sb_grid grid;          /* without secrets */
    struct sb_theme theme;
    bool is_light;
    char title[256];
    struct taken taken[KINDS_MAX];
    size_t taken_count;
    bool has_more_taken;
    char names[KINDS_MAX][64];    /* the redactor's names, which end with the secrets */
};

static void count_taken(struct writing *w, const char *file, const char *name)
{
    for (size_t i = 0; i < w->taken_count; i++) {
        if (w->taken[i].file == file && sb_streq(w->taken[i].name, name)) {
            w->taken[i].count++;
            return;
        }
    }
    if (w->taken_count == KINDS_MAX) {
        w->has_more_taken = true;
        return;
    }
    (void)sb_copy(w->names[w->taken_count], sizeof(w->names[0]), name);
    w->taken[w->taken_count] = (struct taken){ file, w->names[w->taken_count], 1 };
    w->taken_count++;
}

/* A bare value of a JSON document becomes a text. */
static bool is_bare(const char *text, size_t at)
{
    return at >= 3 && text[at - 1] == ':' && text[at - 2] == '"' && text[at - 3] != '\\';
}

static char *clean(struct writing *w, const char *file, const char *text, size_t size, size_t *out_size)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, out_size);
    struct sb_redact_span span;
    size_t at = 0;
    if (out == NULL)
        return NULL;
    while (sb_redact_next(&w->secrets.redactor, text, size, at, &span)) {
        const char *quote = strncmp(file, "model", 5) == 0 || strncmp(file, "events", 6) == 0 ? (is_bare(text, span.start) ? "\"" : "") : "";
        (void)fwrite(text + at, 1, span.start - at, out);
        (void)fprintf(out, "%s[redacted:%s]%s", quote, span.name, quote);
        count_taken(w, file, span.name);
        at = span.start + span.size;
    }
    (void)fwrite(text + at, 1, size - at, out);
    const bool is_bad = ferror(out) != 0;
    if (fclose(out) != 0 || is_bad) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static enum sb_err add(struct writing *w, const char *file, const char *text, size_t size, struct sb_error *err)
{
    size_t clean_size = 0;
    char *bytes = clean(w, file, text, size, &clean_size);
    if (bytes == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s of the bundle", file);
    enum sb_err rc = sb_bundle_add(w->bundle, file, bytes, clean_size, err);
    free(bytes);
    return rc;
}

/* ---- the screen ---- */

/* Overwrites cells; the geometry stays. */
static void black_out(struct sb_grid_cell *row, unsigned from, unsigned end, unsigned cols, const char *name)
{
    char mark[96];
    int size = snprintf(mark, sizeof(mark), "[redacted:%s]", name);
    for (unsigned col = from; col < end; col++) {
        const unsigned at = col - from;
        row[col].code_point = at < (unsigned)size && at < sizeof(mark) - 1 ? (uint32_t)(unsigned char)mark[at] : '#';
        row[col].width = 1;
    }
    if (end < cols && row[end].width == 0)
        row[end] = (struct sb_grid_cell){ .code_point = ' ', .slot = row[end].slot, .width = 1 };
}

static void clean_row(struct writing *w, struct sb_grid_cell *row, unsigned cols)
{
    char text[ROW_BYTES_MAX];
    uint16_t col_of[ROW_BYTES_MAX + 1];
    size_t size = 0;
    struct sb_redact_span span;
    for (unsigned col = 0; col < cols && size + 4 < sizeof(text); col++) {
        if (row[col].width == 0)
            continue;
        const unsigned count = sb_utf8_encode(row[col].code_point, text + size);
        for (unsigned i = 0; i < count; i++)
            col_of[size + i] = (uint16_t)col;
        size += count;
        col_of[size] = (uint16_t)(col + row[col].width);
    }
    for (size_t at = 0; sb_redact_next(&w->secrets.redactor, text, size, at, &span); at = span.start + span.size) {
        black_out(row, col_of[span.start], col_of[span.start + span.size], cols, span.name);
        count_taken(w, "the screen", span.name);
    }
}

static enum sb_err copy_grid(struct writing *w, struct sb_error *err)
{
    const struct sb_grid *shown = &w->request->picture->grid;
    const size_t size = (size_t)shown->rows * shown->cols * sizeof(*shown->cells);
    w->grid = *shown;
    w->grid.cells = malloc(size > 0 ? size : 1);
    if (w->grid.cells == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the screen of the bundle");
    memcpy(w->grid.cells, shown->cells, size);
    for (unsigned row = 0; row < shown->rows; row++)
        clean_row(w, &w->grid.cells[(size_t)row * shown->cols], shown->cols);
    return SB_OK;
}

static void load_theme(struct writing *w)
{
    const struct incident_request *r = w->request;
    const char *name = r->options->theme != NULL ? r->options->theme : r->catalogue != NULL ? r->catalogue->settings.theme : NULL;
    char path[PATH_BYTES + 64], *text = NULL;
    size_t size = 0;
    name = name != NULL ? name : "dark";
    w->is_light = sb_streq(name, "light");
    sb_theme_fallback(&w->theme);
    if (!sb_theme_name_is_valid(name))
        return;
    (void)snprintf(path, sizeof(path), "%s/%s.theme", r->paths->theme_dir, name);
    if (sb_file_read(path, SB_THEME_FILE_MAX, &text, &size, NULL) == SB_OK && sb_theme_parse(&w->theme, name, text, size, NULL, NULL) != SB_OK)
        sb_theme_fallback(&w->theme); /* the console says what is wrong with it */
    free(text);
}

static void put(void *arg, const char *bytes, size_t size)
{
    (void)fwrite(bytes, 1, size, arg);
}

static void write_text(const struct writing *w, struct sb_export_sink sink)
{
    sb_export_text(&w->grid, "\n", true, sink);
}

static void write_ansi(const struct writing *w, struct sb_export_sink sink)
{
    sb_export_ansi(&w->grid, &w->theme, SB_ABILITY_256, sink);
}

static void write_svg(const struct writing *w, struct sb_export_sink sink)
{
    sb_export_svg(&w->grid, &w->theme, w->is_light, w->title, sink);
}

/* ---- the files ---- */

static enum sb_err finish(struct writing *w, const char *file, FILE *out, char **bytes, const size_t *size, struct sb_error *err)
{
    const bool is_bad = ferror(out) != 0;
    enum sb_err rc = fclose(out) != 0 || is_bad ? sb_error_set(err, SB_ERR_NOMEM, "no memory for %s of the bundle", file) : SB_OK;
    if (rc == SB_OK)
        rc = add(w, file, *bytes, *size, err);
    free(*bytes);
    *bytes = NULL;
    return rc;
}

static enum sb_err add_screens(struct writing *w, struct sb_error *err)
{
    static const struct {
        const char *file;
        void (*write)(const struct writing *w, struct sb_export_sink sink);
    } screens[] = { { "screen.txt", write_text }, { "screen.ansi", write_ansi }, { "screen.svg", write_svg } };
    enum sb_err rc = SB_OK;
    for (size_t i = 0; i < SB_LEN(screens) && rc == SB_OK; i++) {
        char *bytes = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&bytes, &size);
        if (out == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s of the bundle", screens[i].file);
        screens[i].write(w, (struct sb_export_sink){ put, out });
        rc = finish(w, screens[i].file, out, &bytes, &size, err);
    }
    return rc;
}

static enum sb_err add_parts(struct writing *w, FILE *missing, struct sb_error *err)
{
    static const struct {
        const char *file;
        incident_part *write;
    } parts[] = { { "model.json", incident_model }, { "events.jsonl", incident_events }, { "logs", incident_logs }, { "config", incident_config },
                  { "versions", incident_versions } };
    enum sb_err rc = SB_OK;
    for (size_t i = 0; i < SB_LEN(parts) && rc == SB_OK; i++) {
        char *bytes = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&bytes, &size);
        if (out == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s of the bundle", parts[i].file);
        parts[i].write(w->request, out, missing);
        rc = finish(w, parts[i].file, out, &bytes, &size, err);
    }
    return rc;
}

static void write_stamp(const struct writing *w, FILE *out)
{
    const struct sb_screen_stamp *stamp = &w->request->picture->stamp;
    const struct sb_model *model = stamp->model;
    char at[40], age[24];
    struct sb_text text;
    sb_text_init(&text, at, sizeof(at));
    sb_text_add_wall(&text, stamp->at.wall, true);
    sb_text_init(&text, age, sizeof(age));
    sb_text_add_duration(&text, stamp->data_age);
    (void)fprintf(out,
                  "time (UTC)    %s\nstate         %s\nincident      %s\nhost          %s\nenvironment   %s\nversion       %s\n"
                  "config hash   %s\ndata age      %s\noperator      %s\nnote          %s\npicture from  %s\n",
                  at, stamp->state, model->incident.is_open ? model->incident.id : "none is open", model->host, stamp->environment, model->version,
                  model->config_hash, age, stamp->actor, w->request->note != NULL ? w->request->note : "-", w->request->source);
}

static void write_readme(const struct writing *w, const char *missing, FILE *out)
{
    (void)fprintf(out, "signalbox incident bundle\n\nWhat an operator saw at one moment, and what the runtime knew then.\n\n");
    write_stamp(w, out);
    (void)fprintf(out,
                  "\nfiles\n"
                  "screen.txt    the screen as text\n"
                  "screen.ansi   the same with colours: `cat screen.ansi`, or `less -R screen.ansi`\n"
                  "screen.svg    the same as a picture whose text can be selected; any browser opens it\n"
                  "model.json    what is behind the screen: status, jobs with steps, contexts, budget, alerts; ages as of that moment\n"
                  "events.jsonl  one event per line: the picture 30 minutes before (\"seq\":0, up to \"described\"), what the journal has since,\n"
                  "              then this picture again in the same way. `signalbox replay` plays it\n"
                  "logs          the end of the runtime's log, and what is kept of failures\n"
                  "config        the configuration, one value per line with the file and place it comes from\n"
                  "versions      program and system\n");
    (void)fprintf(out, "\nmissing\n%s", missing[0] != '\0' ? missing : "- nothing\n");
    (void)fprintf(out,
                  "\nredacted\nReplaced by [redacted:NAME]: the values of %zu secrets that the configuration refers to, secrets in the\n"
                  "environment, what follows words such as password, token or Authorization, and passwords in addresses.\n",
                  w->secrets.known);
    if (w->secrets.unknown > 0)
        (void)fprintf(out, "- %zu secrets could not be read by who wrote this bundle: their values were looked for by those words alone\n",
                      w->secrets.unknown);
    if (w->secrets.is_full)
        (void)fprintf(out, "- there are more secrets than were looked for; read this bundle before you pass it on\n");
    for (size_t i = 0; i < w->taken_count; i++)
        (void)fprintf(out, "- %s: %u x %s\n", w->taken[i].file, w->taken[i].count, w->taken[i].name);
    if (w->has_more_taken)
        (void)fprintf(out, "- and more, of other names\n");
    if (w->taken_count == 0)
        (void)fprintf(out, "- nothing had to be taken out\n");
}

static enum sb_err add_readme(struct writing *w, const char *missing, struct sb_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for README.txt of the bundle");
    write_readme(w, missing, out);
    return finish(w, "README.txt", out, &bytes, &size, err);
}

/* ---- the bundle ---- */

/* INC-20261127T142210Z, and the incident behind it. */
static void make_name(const struct writing *w, struct sb_wall at, char *name, size_t cap)
{
    const struct sb_model *model = w->request->picture->stamp.model;
    char stamp[40];
    struct sb_text text, out;
    sb_text_init(&text, stamp, sizeof(stamp));
    sb_text_add_wall(&text, at, false);
    sb_text_init(&out, name, cap);
    sb_text_add(&out, "INC-");
    for (size_t i = 0; i < text.len; i++)
        if (stamp[i] != '-' && stamp[i] != ':')
            sb_text_add_char(&out, stamp[i]);
    if (!model->incident.is_open)
        return;
    sb_text_add_char(&out, '-');
    for (const char *c = model->incident.id; *c != '\0'; c++) /* the core takes plain words only; a stream may say anything */
        sb_text_add_char(&out, isalnum((unsigned char)*c) || *c == '-' || *c == '.' ? *c : '_');
}

static void make_title(struct writing *w)
{
    const struct sb_screen_stamp *stamp = &w->request->picture->stamp;
    struct sb_text text;
    sb_text_init(&text, w->title, sizeof(w->title));
    sb_text_addf(&text, "signalbox %s/%s ", stamp->environment, stamp->model->host);
    sb_text_add_wall(&text, stamp->at.wall, false);
    sb_text_addf(&text, " %s %s", stamp->state, stamp->model->incident.is_open ? stamp->model->incident.id : "");
}

static enum sb_err write_all(struct writing *w, char path[SB_BUNDLE_PATH_MAX], struct sb_error *err)
{
    char name[SB_BUNDLE_NAME_MAX], parent[PATH_BYTES + 16], *missing_text = NULL;
    size_t missing_size = 0;
    const struct sb_wall at = sb_wall_now();
    FILE *missing = open_memstream(&missing_text, &missing_size);
    if (missing == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a bundle");
    (void)fputs(w->request->missing, missing);
    make_name(w, at, name, sizeof(name) - 16);
    make_title(w);
    load_theme(w);
    (void)snprintf(parent, sizeof(parent), "%s/incidents", w->request->paths->state_dir);
    enum sb_err rc = sb_bundle_create(&w->bundle, parent, name, at.ns / SB_S(1), err);
    if (rc == SB_OK)
        rc = copy_grid(w, err);
    if (rc == SB_OK)
        rc = add_screens(w, err);
    if (rc == SB_OK)
        rc = add_parts(w, missing, err);
    if (fclose(missing) != 0 && rc == SB_OK)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for README.txt of the bundle");
    if (rc == SB_OK)
        rc = add_readme(w, missing_text, err);
    if (rc == SB_OK)
        rc = sb_bundle_finish(w->bundle, path, err);
    free(missing_text);
    return rc;
}

enum sb_err incident_write(const struct incident_request *request, char path[SB_BUNDLE_PATH_MAX], struct sb_error *err)
{
    struct writing *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a bundle");
    w->request = request;
    secrets_open(&w->secrets, request->catalogue, true);
    enum sb_err rc = write_all(w, path, err);
    sb_bundle_destroy(w->bundle);
    secrets_close(&w->secrets);
    free(w->grid.cells);
    free(w);
    return rc;
}

enum sb_err incident_capture(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err)
{
    const struct verdict_source *source = self;
    const struct installation *in = source->installation;
    char written[SB_BUNDLE_PATH_MAX];
    const struct incident_request request = {
        .options = source->options,
        .paths = &in->paths,
        .catalogue = in->catalogue,
        .store = in->services.store,
        .picture = picture,
        .source = "the console of this runtime",
        .missing = "",
    };
    const sb_ns began = sb_now();
    enum sb_err rc = incident_write(&request, written, err);
    if (rc == SB_OK) {
        (void)sb_copy(path, cap, written);
        sb_log(SB_LOG_INFO, "incident", "captured %s in %lld ms", written, (long long)((sb_now() - began) / SB_MS(1)));
    } else {
        sb_log(SB_LOG_WARN, "incident", "not captured: %s", err->text);
    }
    return rc;
}
