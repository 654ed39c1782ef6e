/* A store in memory behind the store port, for tests of rooms which use one. Faithful where it matters: a writer thread makes appended
 * events durable and tells so, callbacks come from that thread and without a lock held, restore gives what the journal says, and the
 * table step_outputs works. A test can hold the writer back, or make it fail. Header only. */
#ifndef SIGNALBOX_TEST_FAKE_STORE_H
#define SIGNALBOX_TEST_FAKE_STORE_H

#include "signalbox/base/assert.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <stdlib.h>
#include <string.h>

enum { FAKE_EVENTS_MAX = 65536, FAKE_OUTPUTS_MAX = 64, FAKE_RUNS_MAX = 8192 };

struct fake_output {
    int64_t run;
    char step[SB_NAME_MAX];
    char *text;
};

struct fake_store {
    struct sb_store port; /* first */
    struct sb_mutex *mutex;
    struct sb_cond *news;
    struct sb_thread *writer;
    void *arg;
    void (*on_durable)(void *arg, uint64_t seq);
    void (*on_failure)(void *arg, const struct sb_error *error);
    /* guarded by mutex */
    struct sb_event *events; /* [FAKE_EVENTS_MAX] */
    size_t count, durable;
    bool is_held, is_failing, is_closing, writes_fail, is_append_blocked;
    struct fake_output outputs[FAKE_OUTPUTS_MAX];
    size_t output_count, query_count;
};

struct sb_rows {
    size_t count;
    struct sb_cell cells[FAKE_OUTPUTS_MAX][2];
};

struct sb_cell sb_cell_text(const char *text)
{
    return text == NULL ? sb_cell_null() : (struct sb_cell){ .type = SB_CELL_TEXT, .text = text, .size = strlen(text) };
}

size_t sb_rows_count(const struct sb_rows *rows)
{
    return rows->count;
}

const struct sb_cell *sb_rows_get(const struct sb_rows *rows, size_t row, const char *column)
{
    if (strcmp(column, "step_name") == 0)
        return &rows->cells[row][0];
    return strcmp(column, "output") == 0 ? &rows->cells[row][1] : NULL;
}

size_t sb_rows_columns(const struct sb_rows *rows)
{
    (void)rows;
    return 2;
}

const char *sb_rows_column(const struct sb_rows *rows, size_t column)
{
    (void)rows;
    return column == 0 ? "step_name" : "output";
}

const struct sb_cell *sb_rows_cell(const struct sb_rows *rows, size_t row, size_t column)
{
    return &rows->cells[row][column];
}

const char *sb_rows_words(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    return cell != NULL && cell->type == SB_CELL_TEXT ? cell->text : "";
}

int64_t sb_rows_number(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    return cell != NULL && cell->type == SB_CELL_INT ? cell->integer : 0;
}

void sb_rows_destroy(struct sb_rows *rows)
{
    for (size_t i = 0; rows != NULL && i < rows->count; i++)
        for (size_t k = 0; k < 2; k++)
            free((void *)(uintptr_t)rows->cells[i][k].text);
    free(rows);
}

static inline struct fake_store *fake_of(struct sb_store *store)
{
    return (struct fake_store *)store;
}

static inline void fake_writer(void *argument)
{
    struct fake_store *fake = argument;

    sb_mutex_lock(fake->mutex);
    for (;;) {
        bool has_work = fake->durable < fake->count && (!fake->is_held || fake->is_closing);
        if (!has_work && fake->is_closing)
            break;
        if (!has_work) {
            (void)sb_cond_wait(fake->news, fake->mutex, SB_NEVER);
            continue;
        }
        const struct sb_error error = { .code = SB_ERR_IO, .text = "disk is full (told so by the test)" };
        bool fails = fake->is_failing && !fake->is_closing;
        if (fails)
            fake->is_held = true; /* tried again when the test lets it */
        else
            fake->durable = fake->count;
        uint64_t seq = fake->durable > 0 ? fake->events[fake->durable - 1].seq : 0;
        void (*on_durable)(void *, uint64_t) = fake->on_durable;
        void (*on_failure)(void *, const struct sb_error *) = fake->on_failure;
        sb_mutex_unlock(fake->mutex);
        if (fails && on_failure != NULL)
            on_failure(fake->arg, &error);
        if (!fails && on_durable != NULL)
            on_durable(fake->arg, seq);
        sb_mutex_lock(fake->mutex);
    }
    sb_mutex_unlock(fake->mutex);
}

/* Lets the writer go on (true: holds it back; failing: its next tries fail). */
static inline void fake_store_hold(struct fake_store *fake, bool is_held, bool is_failing)
{
    sb_mutex_lock(fake->mutex);
    fake->is_held = is_held;
    fake->is_failing = is_failing;
    sb_mutex_unlock(fake->mutex);
    sb_cond_broadcast(fake->news);
}

/* While true, append blocks as a store does whose queue is full. */
static inline void fake_store_block_append(struct fake_store *fake, bool is_blocked)
{
    sb_mutex_lock(fake->mutex);
    fake->is_append_blocked = is_blocked;
    sb_mutex_unlock(fake->mutex);
    sb_cond_broadcast(fake->news);
}

static inline void fake_close(struct sb_store *store)
{
    struct fake_store *fake = fake_of(store);

    sb_mutex_lock(fake->mutex);
    fake->is_closing = true;
    sb_mutex_unlock(fake->mutex);
    sb_cond_broadcast(fake->news);
    sb_thread_join(fake->writer);
    for (size_t i = 0; i < fake->output_count; i++)
        free(fake->outputs[i].text);
    sb_cond_destroy(fake->news);
    sb_mutex_destroy(fake->mutex);
    free(fake->events);
    free(fake);
}

static inline enum sb_err fake_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    struct fake_store *fake = fake_of(store);

    sb_mutex_lock(fake->mutex);
    while (fake->is_append_blocked)
        (void)sb_cond_wait(fake->news, fake->mutex, SB_NEVER);
    bool is_full = fake->count + count > FAKE_EVENTS_MAX;
    for (size_t i = 0; !is_full && i < count; i++) {
        SB_ASSERT(fake->count == 0 || events[i].seq == fake->events[fake->count - 1].seq + 1);
        fake->events[fake->count++] = events[i];
    }
    sb_mutex_unlock(fake->mutex);
    sb_cond_broadcast(fake->news);
    return is_full ? sb_error_set(err, SB_ERR_FULL, "the fake store is full") : SB_OK;
}

static inline void fake_set_callbacks(struct sb_store *store, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                                      void (*on_failure)(void *arg, const struct sb_error *error))
{
    struct fake_store *fake = fake_of(store);

    sb_mutex_lock(fake->mutex);
    fake->arg = arg;
    fake->on_durable = on_durable;
    fake->on_failure = on_failure;
    sb_mutex_unlock(fake->mutex);
}

static inline enum sb_err fake_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op,
                                     struct sb_rows **rows, struct sb_error *err)
{
    struct fake_store *fake = fake_of(store);
    struct sb_rows *fresh = calloc(1, sizeof(*fresh));

    SB_ASSERT(strstr(statement->sql, "FROM step_outputs WHERE run = $1") != NULL && fresh != NULL);
    enum sb_err rc = sb_op_check(op, "query", err);
    sb_mutex_lock(fake->mutex);
    fake->query_count++;
    for (size_t i = 0; rc == SB_OK && i < fake->output_count; i++) {
        if (fake->outputs[i].run != statement->params[0].integer)
            continue;
        fresh->cells[fresh->count][0] = sb_cell_text(strdup(fake->outputs[i].step));
        fresh->cells[fresh->count++][1] = sb_cell_text(strdup(fake->outputs[i].text));
    }
    sb_mutex_unlock(fake->mutex);
    if (rc != SB_OK)
        sb_rows_destroy(fresh);
    else
        *rows = fresh;
    return rc;
}

static inline enum sb_err fake_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                                     const struct sb_op *op, struct sb_error *err)
{
    struct fake_store *fake = fake_of(store);
    const struct sb_cell *params = statements[0].params;

    SB_ASSERT(count == 1 && strstr(statements[0].sql, "INSERT INTO step_outputs") != NULL);
    enum sb_err rc = sb_op_check(op, "write", err);
    sb_mutex_lock(fake->mutex);
    if (rc == SB_OK && fake->writes_fail)
        rc = sb_error_set(err, SB_ERR_IO, "disk is full (told so by the test)");
    if (rc == SB_OK) {
        size_t i = 0;
        while (i < fake->output_count && (fake->outputs[i].run != params[0].integer || strcmp(fake->outputs[i].step, params[1].text) != 0))
            i++;
        SB_ASSERT(i < FAKE_OUTPUTS_MAX);
        if (i == fake->output_count)
            fake->output_count++;
        free(fake->outputs[i].text);
        fake->outputs[i].run = params[0].integer;
        (void)sb_copy_n(fake->outputs[i].step, SB_NAME_MAX, params[1].text, params[1].size);
        fake->outputs[i].text = strndup(params[2].text, params[2].size);
        if (changed != NULL)
            changed[0] = 1;
    }
    sb_mutex_unlock(fake->mutex);
    return rc;
}

/* What the journal so far means for the next start. Jobs keep their numbers: the tests do not change their catalogue. */
static inline enum sb_err fake_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                                       void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err)
{
    struct fake_store *fake = fake_of(store);
    static struct sb_in_restore_run runs[FAKE_RUNS_MAX];
    struct sb_input base = sb_input_make(SB_INPUT_RESTORE_BASE);
    struct sb_in_restore_base *next = &base.as.restore_base;

    (void)job_of;
    (void)err;
    memset(runs, 0, sizeof(runs));
    *next = (struct sb_in_restore_base){ .next_run = 1, .next_seq = 1, .next_fence = 1, .next_alert = 1 };
    for (size_t i = 0; i < fake->count; i++) {
        const struct sb_event *event = &fake->events[i];
        next->next_seq = event->seq + 1;
        if (event->kind == SB_EVENT_RUNTIME_STARTED) {
            next->genesis = event->as.runtime_started.genesis;
        } else if (event->kind == SB_EVENT_RUN_QUEUED) {
            const struct sb_ev_run_queued *queued = &event->as.run_queued;
            SB_ASSERT(queued->run < FAKE_RUNS_MAX);
            runs[queued->run] = (struct sb_in_restore_run){ .run = queued->run, .job = queued->job, .step = queued->step,
                                                            .attempt = queued->attempt, .cause = queued->cause, .nominal = queued->nominal };
            if (queued->run >= next->next_run)
                next->next_run = queued->run + 1;
        } else if (event->kind == SB_EVENT_STEP_STARTED) {
            runs[event->as.step_started.run].step = event->as.step_started.step;
            runs[event->as.step_started.run].was_running = true;
            next->next_fence = event->as.step_started.fence + 1;
        } else if (event->kind == SB_EVENT_RUN_ENDED) {
            runs[event->as.run_ended.run].run = 0;
        } else if (event->kind == SB_EVENT_ALERT_RAISED) {
            next->next_alert = event->as.alert_raised.alert + 1;
        }
    }
    emit(arg, &base);
    for (size_t i = 0; i < next->next_run && i < FAKE_RUNS_MAX; i++) {
        struct sb_input run = sb_input_make(SB_INPUT_RESTORE_RUN);
        run.as.restore_run = runs[i];
        if (runs[i].run != 0)
            emit(arg, &run);
    }
    return SB_OK;
}

static inline struct fake_store *fake_store_open(void)
{
    static const struct sb_store_ops ops = {
        .name = "fake", .close = fake_close, .query = fake_query, .write = fake_write, .append = fake_append,
        .set_callbacks = fake_set_callbacks, .restore = fake_restore,
    };
    struct fake_store *fake = calloc(1, sizeof(*fake));

    SB_ASSERT(fake != NULL);
    fake->port.ops = &ops;
    fake->mutex = sb_mutex_create(SB_RANK_STORE);
    fake->news = sb_cond_create();
    fake->events = calloc(FAKE_EVENTS_MAX, sizeof(*fake->events));
    SB_ASSERT(fake->mutex != NULL && fake->news != NULL && fake->events != NULL);
    enum sb_err rc = sb_thread_start(&fake->writer, "fake-store", fake_writer, fake, NULL);
    SB_ASSERT(rc == SB_OK);
    return fake;
}

#endif
