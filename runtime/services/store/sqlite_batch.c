/* One transaction on the writer's connection: every waiting event, then every waiting caller's statements, each caller inside a savepoint
 * so that one caller's failure undoes only his own. Writer thread only.
 *
 * Some failures (disk full, an interrupted statement) make SQLite undo the whole transaction: then the caller who caused it is answered
 * and the rest runs again. Events are never dropped. */
#include "sqlite.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

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
    if (!code)
        code = sb_batch_check_rows(statement, *changed, err);
    return code;
}

static enum sb_err run_statements(struct sb_sqlite *self, struct sb_request *request, struct sb_error *err)
{
    struct sb_op op = sb_op_within(request->op, SB_GUEST_MAX);
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

static enum sb_try try_once(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    struct sb_sqlite *self = arg;
    const struct sb_fold_exec exec = { .arg = self, .run = fold_exec };
    if (sb_sqlite_exec(self->writer, "BEGIN IMMEDIATE", err))
        return SB_TRY_FAILED;
    uint64_t seq = 0;
    if (sb_batch_fold(self->fold, events, &exec, &seq, err)) {
        if (err)
            (void)sb_error_wrap(err, "event %llu", (unsigned long long)seq);
        rollback(self);
        return SB_TRY_NO_EVENTS;
    }
    for (struct sb_request *request = requests; request; request = request->next) {
        if (!sb_request_is_open(request))
            continue; /* failed in an earlier try */
        if (!run_request(self, request)) {
            if (request->code == SB_OK)
                request->code = sb_error_set(&request->err, SB_ERR_IO, "the transaction was undone");
            rollback(self);
            return SB_TRY_AGAIN;
        }
    }
    sb_ns begun = sb_now();
    if (sb_sqlite_exec(self->writer, "COMMIT", err)) {
        rollback(self);
        return SB_TRY_FAILED;
    }
    sb_queue_count_commit(&self->queue, sb_now() - begun);
    if (events->count > 0)
        sb_fold_committed(self->fold);
    return SB_TRY_COMMITTED;
}

static enum sb_outcome run(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    return sb_batch_run(try_once, arg, events, requests, err);
}

/* Moves the log into the database when it has grown, or when somebody asks for it. */
static void tidy(void *arg, struct sb_request *requests)
{
    struct sb_sqlite *self = arg;
    bool is_asked = false;
    for (struct sb_request *request = requests; request; request = request->next)
        is_asked = is_asked || request->is_housekeeping;
    if (!is_asked && self->wal_pages < SB_CHECKPOINT_PAGES)
        return;
    int mode = is_asked ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc = sqlite3_wal_checkpoint_v2(self->writer, NULL, mode, NULL, NULL);
    self->wal_pages = 0; /* counted anew: a reader that was in the way is tried again after as many pages */
    for (struct sb_request *request = requests; request; request = request->next)
        if (request->is_housekeeping && rc != SQLITE_OK && rc != SQLITE_BUSY)
            request->code = sb_sqlite_error(self->writer, "checkpoint", &request->err);
}

const struct sb_writer_ops sb_sqlite_writer = { .run = run, .tidy = tidy };
