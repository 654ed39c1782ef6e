/* One transaction on the writer's connection: every waiting event, then every waiting caller's statements, each caller inside a savepoint
 * so that one caller's failure undoes only his own. Writer thread only.
 *
 * Some failures (disk full, an interrupted statement) make SQLite undo the whole transaction: then the caller who caused it is answered
 * and the rest runs again. Events are never dropped. */
#include "sqlite.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

static const sb_ns guest_max = SB_S(10); /* one caller may not hold up the journal longer */

static enum sb_err fold_exec(void *arg, enum sb_fold_sql sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    struct sb_sqlite *self = arg;
    sqlite3_stmt **stmt = &self->folds[sql];
    enum sb_err code = SB_OK;
    if (!*stmt)
        code = sb_sqlite_prepare(self->writer, sb_fold_sql[sql], SQLITE_PREPARE_PERSISTENT, stmt, err);
    if (!code)
        code = sb_sqlite_bind(*stmt, params, count, err);
    if (!code && sqlite3_step(*stmt) != SQLITE_DONE)
        code = sb_sqlite_error(self->writer, "journal", err);
    if (*stmt)
        (void)sqlite3_reset(*stmt); /* repeats the error of the step */
    return code;
}

static enum sb_err fold_events(struct sb_sqlite *self, const struct sb_chunks *events, struct sb_error *err)
{
    const struct sb_fold_exec exec = { .arg = self, .run = fold_exec };
    for (const struct sb_chunk *chunk = events->first; chunk; chunk = chunk->next) {
        for (uint32_t i = 0; i < chunk->count; i++) {
            enum sb_err code = sb_fold_event(self->fold, &chunk->events[i], &exec, err);
            if (code) {
                if (err)
                    (void)sb_error_wrap(err, "event %llu", (unsigned long long)chunk->events[i].seq);
                return code;
            }
        }
    }
    return events->count > 0 ? sb_fold_flush(self->fold, &exec, err) : SB_OK;
}

/* Rows which a statement changed; one that only reads (with RETURNING or without) changes none. */
static enum sb_err run_statement(struct sb_sqlite *self, const struct sb_statement *statement, const struct sb_watch *watch,
                                 int64_t *changed, struct sb_error *err)
{
    sqlite3_stmt *stmt = NULL;
    self->is_guest = true;
    enum sb_err code = sb_sqlite_prepare(self->writer, statement->sql, 0, &stmt, err);
    self->is_guest = false;
    if (!code)
        code = sb_sqlite_bind(stmt, statement->params, statement->param_count, err);
    int64_t before = sqlite3_total_changes64(self->writer);
    if (!code) {
        int rc;
        do
            rc = sqlite3_step(stmt);
        while (rc == SQLITE_ROW);
        if (rc != SQLITE_DONE)
            code = sb_watch_error(watch, "write failed", err);
    }
    if (!code) /* sqlite3_changes counts only the statement itself, not what its cascades do */
        *changed = sqlite3_total_changes64(self->writer) == before ? 0 : sqlite3_changes64(self->writer);
    sqlite3_finalize(stmt);
    if (!code && statement->expect_rows >= 0 && *changed != statement->expect_rows)
        code = sb_error_set(err, SB_ERR_CONFLICT, "the statement changed %lld rows where %lld were expected: \"%.60s\"",
                            (long long)*changed, (long long)statement->expect_rows, statement->sql);
    return code;
}

static enum sb_err run_statements(struct sb_sqlite *self, struct sb_request *request, struct sb_error *err)
{
    struct sb_op op = sb_op_within(request->op, guest_max);
    struct sb_watch watch;
    enum sb_err code = sb_op_check(&op, "the write", err);
    sb_watch_init(&watch, self->writer, &op);
    for (size_t i = 0; i < request->count && !code; i++)
        code = run_statement(self, &request->statements[i], &watch, &request->changed[i], err);
    sb_watch_end(&watch);
    return code;
}

/* Answers the request unless the commit still decides (SB_OK). False when the whole transaction is gone. */
static bool run_request(struct sb_sqlite *self, struct sb_request *request)
{
    if (sb_sqlite_exec(self->writer, "SAVEPOINT caller", &request->err)) {
        request->code = request->err.code;
        return sqlite3_get_autocommit(self->writer) == 0;
    }
    request->code = run_statements(self, request, &request->err);
    if (sqlite3_get_autocommit(self->writer))
        return false;
    struct sb_error undo = { 0 };
    enum sb_err code = SB_OK;
    if (request->code)
        code = sb_sqlite_exec(self->writer, "ROLLBACK TO caller", &undo);
    if (!code)
        code = sb_sqlite_exec(self->writer, "RELEASE caller", &undo);
    if (code && !request->code) {
        request->err = undo;
        request->code = code;
    }
    return code == SB_OK;
}

static void rollback(struct sb_sqlite *self)
{
    if (!sqlite3_get_autocommit(self->writer))
        (void)sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL); /* fails only when there is nothing left to undo */
}

enum outcome { COMMITTED, FAILED, NO_EVENTS, AGAIN };

/* Tries once. NO_EVENTS: the events could not be written, the requests have not been tried. AGAIN: a request broke the transaction and has
 * its answer; without it the rest may pass. */
static enum outcome try_once(struct sb_sqlite *self, const struct sb_chunks *events, struct sb_request *requests,
                             struct sb_error *err)
{
    if (sb_sqlite_exec(self->writer, "BEGIN IMMEDIATE", err))
        return FAILED;
    if (fold_events(self, events, err)) {
        rollback(self);
        return NO_EVENTS;
    }
    for (struct sb_request *request = requests; request; request = request->next) {
        if (request->code != SB_OK || request->is_checkpoint)
            continue; /* failed in an earlier try */
        if (!run_request(self, request)) {
            if (request->code == SB_OK)
                request->code = sb_error_set(&request->err, SB_ERR_IO, "the transaction was undone");
            rollback(self);
            return AGAIN;
        }
    }
    sb_ns begun = sb_now();
    if (sb_sqlite_exec(self->writer, "COMMIT", err)) {
        rollback(self);
        return FAILED;
    }
    sb_ns took = sb_now() - begun;
    sb_mutex_lock(self->mutex);
    sb_hist_add(&self->commits, took);
    self->transactions++;
    sb_mutex_unlock(self->mutex);
    return COMMITTED;
}

static void fail_requests(struct sb_request *requests, const struct sb_error *error)
{
    for (struct sb_request *request = requests; request; request = request->next) {
        if (request->code == SB_OK && !request->is_checkpoint) {
            request->code = error->code;
            request->err = *error;
        }
    }
}

static bool has_open(const struct sb_request *requests)
{
    for (; requests; requests = requests->next)
        if (requests->code == SB_OK && !requests->is_checkpoint)
            return true;
    return false;
}

bool sb_batch_run(struct sb_sqlite *self, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    const struct sb_chunks none = { .first = NULL };
    struct sb_error why = { 0 };
    bool has_events = true;
    do {
        switch (try_once(self, has_events ? events : &none, requests, &why)) {
        case COMMITTED:
            if (has_events)
                sb_fold_committed(self->fold);
            return has_events;
        case FAILED:
            fail_requests(requests, &why);
            if (has_events)
                *err = why;
            return false;
        case NO_EVENTS: /* the journal's trouble is not the callers' */
            has_events = false;
            *err = why;
            break;
        case AGAIN:
            break; /* ends: each round answers one request more */
        }
    } while (has_events || has_open(requests));
    return false;
}
