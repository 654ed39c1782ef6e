/* Outputs of steps, as JSON, for the later steps of the same run. The store is the truth; the runs at work are kept in memory as well.
 *
 * Worker threads. A worker takes a run's entry out of the cache, works on it alone and gives it back, so that nothing is allocated,
 * parsed or written under the lock. A run has one step in flight; should a late one meet its successor, the entry given back last is
 * dropped and the store serves the next reader. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdlib.h>
#include <string.h>

enum { CACHED_RUNS_MAX = 256 };

struct entry {
    uint64_t run;                    /* 0: empty */
    uint64_t given;                  /* when, in gives */
    char *texts[SB_JOB_STEPS_MAX];   /* JSON by step, NULL where there is none */
};

struct sb_outputs {
    const struct sb_catalogue *catalogue;
    struct sb_store *store;
    struct sb_mutex *mutex;
    /* guarded by mutex */
    struct entry entries[CACHED_RUNS_MAX];
    uint64_t gives;
};

struct sb_outputs *sb_outputs_create(const struct sb_catalogue *catalogue, struct sb_store *store, struct sb_error *err)
{
    struct sb_outputs *outputs = calloc(1, sizeof(*outputs));

    if (outputs != NULL) {
        outputs->catalogue = catalogue;
        outputs->store = store;
        outputs->mutex = sb_mutex_create(SB_RANK_OUTPUTS);
        if (outputs->mutex != NULL)
            return outputs;
    }
    free(outputs);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for outputs of steps");
    return NULL;
}

static void clear(struct entry *entry)
{
    for (size_t i = 0; i < SB_JOB_STEPS_MAX; i++)
        free(entry->texts[i]);
    *entry = (struct entry){ .run = 0 };
}

void sb_outputs_destroy(struct sb_outputs *outputs)
{
    if (outputs == NULL)
        return;
    for (size_t i = 0; i < CACHED_RUNS_MAX; i++)
        clear(&outputs->entries[i]);
    sb_mutex_destroy(outputs->mutex);
    free(outputs);
}

static bool take(struct sb_outputs *outputs, uint64_t run, struct entry *entry)
{
    bool is_found = false;

    sb_mutex_lock(outputs->mutex);
    for (size_t i = 0; i < CACHED_RUNS_MAX && !is_found; i++) {
        struct entry *slot = &outputs->entries[i];
        if (slot->run != run)
            continue;
        *entry = *slot;
        *slot = (struct entry){ .run = 0 };
        is_found = true;
    }
    sb_mutex_unlock(outputs->mutex);
    return is_found;
}

/* Puts the entry into a free place or that of the longest unused one. */
static void give(struct sb_outputs *outputs, struct entry *entry)
{
    struct entry loser = *entry;

    sb_mutex_lock(outputs->mutex);
    struct entry *place = &outputs->entries[0];
    bool is_known = false;
    for (size_t i = 0; i < CACHED_RUNS_MAX; i++) {
        struct entry *slot = &outputs->entries[i];
        is_known = is_known || slot->run == entry->run;
        if (slot->given < place->given)
            place = slot; /* empty ones were never given */
    }
    if (!is_known) {
        loser = *place;
        *place = *entry;
        place->given = ++outputs->gives;
    }
    sb_mutex_unlock(outputs->mutex);
    clear(&loser);
}

void sb_outputs_forget(struct sb_outputs *outputs, uint64_t run)
{
    struct entry entry = { .run = 0 };

    /* Without a store this memory is all there is, and an operator may still retry the run. */
    if (outputs->store != NULL && take(outputs, run, &entry))
        clear(&entry);
}

static const struct sb_step_def *step_def(const struct sb_outputs *outputs, uint16_t job, uint8_t step)
{
    return &outputs->catalogue->steps[outputs->catalogue->jobs[job].first_step + step];
}

static void load_row(struct sb_outputs *outputs, uint16_t job, const struct sb_cell *name, const struct sb_cell *text, struct entry *entry)
{
    if (name == NULL || text == NULL || name->type != SB_CELL_TEXT || text->type != SB_CELL_TEXT)
        return;
    for (uint8_t step = 0; step < outputs->catalogue->jobs[job].step_count; step++)
        if (entry->texts[step] == NULL && sb_streq(step_def(outputs, job, step)->name, name->text))
            entry->texts[step] = strndup(text->text, text->size);
    /* A name without a step was saved under an older catalogue; nobody can ask for it. */
}

static enum sb_err load(struct sb_outputs *outputs, uint64_t run, uint16_t job, const struct sb_op *op, struct entry *entry,
                        struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int((int64_t)run) };
    const struct sb_statement statement = {
        .sql = "SELECT step_name, output FROM step_outputs WHERE run = $1", .params = params, .param_count = SB_LEN(params), .expect_rows = -1
    };
    struct sb_rows *rows = NULL;

    *entry = (struct entry){ .run = run };
    if (outputs->store == NULL)
        return SB_OK;
    enum sb_err rc = outputs->store->ops->query(outputs->store, &statement, op, &rows, err);
    if (rc != SB_OK)
        return sb_error_wrap(err, "outputs of earlier steps");
    for (size_t i = 0; i < sb_rows_count(rows); i++)
        load_row(outputs, job, sb_rows_get(rows, i, "step_name"), sb_rows_get(rows, i, "output"), entry);
    sb_rows_destroy(rows);
    return SB_OK;
}

static char *as_json(const struct sb_outputs *outputs, uint16_t job, uint8_t step, const struct entry *entry)
{
    struct sb_json_out *out = sb_json_out_create(SB_OUTPUTS_MAX + 65536); /* names and braces */

    if (out == NULL)
        return NULL;
    sb_json_object_begin(out);
    for (uint8_t i = 0; i < step; i++) {
        if (entry->texts[i] == NULL)
            continue;
        sb_json_key(out, step_def(outputs, job, i)->name);
        sb_json_raw(out, entry->texts[i]);
    }
    sb_json_object_end(out);
    char *text = sb_json_out_take(out);
    sb_json_out_destroy(out);
    return text;
}

enum sb_err sb_outputs_get(struct sb_outputs *outputs, uint64_t run, uint16_t job, uint8_t step, const struct sb_op *op, char **json,
                           struct sb_error *err)
{
    struct entry entry = { .run = 0 };
    bool is_cached = take(outputs, run, &entry);
    enum sb_err rc = SB_OK;

    if (step == 0) {
        /* The run begins, or begins again: what an earlier try left is not its business. */
        clear(&entry);
        entry.run = run;
    } else if (!is_cached) {
        rc = load(outputs, run, job, op, &entry, err);
    }
    if (rc != SB_OK) {
        clear(&entry);
        return rc;
    }
    char *text = as_json(outputs, job, step, &entry);
    give(outputs, &entry);
    if (text == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the outputs of earlier steps");
    *json = text;
    return SB_OK;
}

static enum sb_err validate(const char *output, const struct entry *entry, uint8_t step, struct sb_error *err)
{
    struct sb_json *json = NULL;
    size_t size = strnlen(output, SB_OUTPUT_MAX + 1), total = size;

    if (size > SB_OUTPUT_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "output is larger than %d bytes", SB_OUTPUT_MAX);
    for (size_t i = 0; i < SB_JOB_STEPS_MAX; i++)
        total += i != step && entry->texts[i] != NULL ? strlen(entry->texts[i]) : 0;
    if (total > SB_OUTPUTS_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "outputs of the run are larger than %d bytes together", SB_OUTPUTS_MAX);
    enum sb_err rc = sb_json_parse(&json, output, size, err);
    if (rc != SB_OK)
        return sb_error_wrap(err, "output is not JSON");
    sb_json_destroy(json);
    return SB_OK;
}

static enum sb_err save(struct sb_outputs *outputs, uint64_t run, const char *step_name, const char *output, const struct sb_op *op,
                        struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int((int64_t)run), sb_cell_text(step_name), sb_cell_text(output) };
    const struct sb_statement statement = {
        .sql = "INSERT INTO step_outputs (run, step_name, output) VALUES ($1, $2, $3) "
               "ON CONFLICT (run, step_name) DO UPDATE SET output = excluded.output",
        .params = params,
        .param_count = SB_LEN(params),
        .expect_rows = 1,
    };

    if (outputs->store == NULL)
        return SB_OK;
    enum sb_err rc = outputs->store->ops->write(outputs->store, &statement, 1, NULL, op, err);
    return rc == SB_OK ? SB_OK : sb_error_wrap(err, "output could not be saved");
}

enum sb_err sb_outputs_put(struct sb_outputs *outputs, uint64_t run, uint16_t job, uint8_t step, char *output, const struct sb_op *op,
                           struct sb_error *err)
{
    struct entry entry = { .run = 0 };
    bool is_cached = take(outputs, run, &entry) || outputs->store == NULL;

    entry.run = run;
    enum sb_err rc = validate(output, &entry, step, err);
    if (rc == SB_OK)
        rc = save(outputs, run, step_def(outputs, job, step)->name, output, op, err);
    if (rc == SB_OK) {
        free(entry.texts[step]);
        entry.texts[step] = output;
    } else {
        free(output);
    }
    if (is_cached)
        give(outputs, &entry);
    else
        clear(&entry); /* it would hide what the store has of the other steps */
    return rc;
}
