/* Errands: their thread, and the way of a text into tmux's buffer and from there to the outer terminal's clipboard. The thread owns the job from
 * its start to the wake; it never touches the screen, the terminal or the model that the loop folds into. */
#include "errand.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/export.h"
#include "signalbox/tui/model.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define TMUX_LIMIT SB_S(2)

struct sb_errand {
    const struct sb_tui_setup *setup;
    struct sb_thread *thread;
    int wake_fd;
    atomic_bool is_over;
    /* the job: written by the loop before the start, by the thread until is_over */
    bool is_capture;
    struct sb_tui_picture picture;
    struct sb_model *model; /* kept from the first capture on: pages that were touched once are copied into without a fault */
    struct errand_result result;
    char path[SB_TUI_PATH_MAX];
};

enum sb_err errand_create(struct sb_errand **errand, const struct sb_tui_setup *setup, struct sb_error *err)
{
    struct sb_errand *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the console's errands");
    }
    self->setup = setup;
    self->wake_fd = -1;
    enum sb_err rc = sb_wake_open(&self->wake_fd, err);
    if (rc != SB_OK) {
        free(self);
        return rc;
    }
    *errand = self;
    return SB_OK;
}

static void clear(struct sb_errand *errand)
{
    free(errand->picture.grid.cells);
    memset(&errand->picture, 0, sizeof errand->picture);
    free(errand->result.text);
    memset(&errand->result, 0, sizeof errand->result);
    errand->path[0] = '\0';
}

void errand_destroy(struct sb_errand *errand)
{
    if (errand == NULL) {
        return;
    }
    sb_thread_join(errand->thread);
    clear(errand);
    sb_model_destroy(errand->model);
    sb_fd_close(&errand->wake_fd);
    free(errand);
}

int errand_fd(const struct sb_errand *errand)
{
    return errand->wake_fd;
}

/* Inside tmux its own buffer is the way: with its default settings neither raw nor wrapped OSC 52 of a program in it goes through. The text is
 * its standard input; no shell sees it. */
static bool give_to_tmux(const char *text)
{
    static const char *const argv[] = { "tmux", "load-buffer", "-w", "-", NULL };
    const char *inside = getenv("TMUX"), *folder = getenv("TMUX_TMPDIR");
    char server[1100], place[1100];
    if (inside == NULL || inside[0] == '\0' || strlen(inside) > 1000 || (folder != NULL && strlen(folder) > 1000)) {
        return false;
    }
    (void)snprintf(server, sizeof server, "TMUX=%s", inside);
    (void)snprintf(place, sizeof place, "TMUX_TMPDIR=%s", folder != NULL ? folder : "");
    const char *const more[] = { server, folder != NULL ? place : NULL, NULL };
    const struct sb_child_spec spec = { .path = "tmux", .argv = argv, .more_env = more };
    struct sb_child_talk talk = { .input = text, .input_size = strlen(text), .output_max = 4096 };
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), TMUX_LIMIT) };
    struct sb_error err = { 0 };
    const enum sb_err rc = sb_child_talk(&spec, &talk, &op, &err);
    const bool is_given = rc == SB_OK && WIFEXITED(talk.status) && WEXITSTATUS(talk.status) == 0;
    if (!is_given) {
        sb_log(SB_LOG_WARN, "tui", "tmux did not take the text: %s", rc != SB_OK ? err.text : talk.errors != NULL ? talk.errors : "");
    }
    free(talk.out);
    free(talk.errors);
    return is_given;
}

/* A narrow line cuts its end: the name comes first. */
static void say_capture(struct sb_errand *errand, const struct sb_error *err)
{
    struct errand_result *result = &errand->result;
    const char *slash = strrchr(errand->path, '/');
    if (result->is_bad) {
        (void)snprintf(result->said, sizeof result->said, "not captured: %s", err->text);
        return;
    }
    (void)snprintf(result->said, sizeof result->said, "captured %.300s", slash != NULL ? slash + 1 : errand->path);
    if (slash != NULL) {
        (void)snprintf(result->place, sizeof result->place, " in %.*s", (int)(slash - errand->path), errand->path);
    }
    result->text = strdup(errand->path);
}

static void run(void *arg)
{
    struct sb_errand *errand = arg;
    struct errand_result *result = &errand->result;
    struct sb_error err = { 0 };
    if (errand->is_capture) {
        result->is_bad = errand->setup->capture(errand->setup->page_self, &errand->picture, errand->path, sizeof errand->path, &err) != SB_OK;
        say_capture(errand, &err);
    }
    result->is_copied = result->text != NULL && give_to_tmux(result->text);
    atomic_store(&errand->is_over, true);
    sb_wake_post(errand->wake_fd);
}

static enum sb_err start(struct sb_errand *errand, struct sb_error *err)
{
    atomic_store(&errand->is_over, false);
    enum sb_err rc = sb_thread_start(&errand->thread, "errand", run, errand, err);
    if (rc != SB_OK) {
        clear(errand);
    }
    return rc;
}

enum sb_err errand_capture(struct sb_errand *errand, const struct sb_grid *grid, const struct sb_screen_stamp *stamp, struct sb_error *err)
{
    if (errand->thread != NULL) {
        return sb_error_set(err, SB_ERR_CONFLICT, "the capture or copy before this one is still being written");
    }
    if (errand->setup->capture == NULL) {
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "this console cannot write captures");
    }
    const size_t size = (size_t)grid->rows * grid->cols * sizeof *grid->cells;
    struct sb_grid_cell *cells = malloc(size);
    if (errand->model == NULL) {
        errand->model = sb_model_create();
    }
    if (cells == NULL || errand->model == NULL) {
        free(cells);
        clear(errand);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to copy the picture");
    }
    memcpy(cells, grid->cells, size);
    sb_model_copy(errand->model, stamp->model);
    errand->is_capture = true;
    errand->picture.grid = *grid;
    errand->picture.grid.cells = cells;
    errand->picture.stamp = *stamp;
    errand->picture.stamp.model = errand->model;
    return start(errand, err);
}

enum sb_err errand_copy(struct sb_errand *errand, char *text, struct sb_error *err)
{
    if (text == NULL || errand->thread != NULL) {
        free(text);
        return text == NULL ? sb_error_set(err, SB_ERR_NOMEM, "no memory for the text to copy")
                            : sb_error_set(err, SB_ERR_CONFLICT, "the capture or copy before this one is still being written");
    }
    errand->is_capture = false;
    errand->result.text = text;
    (void)snprintf(errand->result.said, sizeof errand->result.said, "%zu bytes", strlen(text));
    return start(errand, err);
}

bool errand_take(struct sb_errand *errand, struct errand_result *result)
{
    if (errand->thread == NULL || !atomic_load(&errand->is_over)) {
        return false;
    }
    sb_wake_clear(errand->wake_fd);
    sb_thread_join(errand->thread);
    errand->thread = NULL;
    *result = errand->result;
    errand->result.text = NULL;
    clear(errand);
    return true;
}

static void add_bytes(void *arg, const char *bytes, size_t size)
{
    sb_text_add_n(arg, bytes, size);
}

char *errand_pane_text(const struct sb_grid *grid, const uint16_t box[4])
{
    struct sb_text text;
    const size_t cap = (size_t)box[2] * (box[3] * 4U + 1U) + 1U;
    char *out = malloc(cap);
    if (out == NULL) {
        return NULL;
    }
    sb_text_init(&text, out, cap);
    for (unsigned row = box[0]; row < (unsigned)box[0] + box[2] && row < grid->rows && (unsigned)box[1] + box[3] <= grid->cols; row++) {
        const struct sb_grid part = { .rows = 1, .cols = box[3], .cells = &grid->cells[(size_t)row * grid->cols + box[1]] };
        sb_export_text(&part, "\n", true, (struct sb_export_sink){ add_bytes, &text });
    }
    return out;
}
