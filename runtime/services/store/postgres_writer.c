/* The writer's half for PostgreSQL: its connection with the lock, one pipelined transaction per round, and finding out what became of one
 * whose answer was lost (postgres.h). Writer thread only, after the opening. */
#include "postgres_node.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_TRIES = 4 };
static const sb_ns own_max = SB_S(65); /* for the journal's own statements: after the server's statement_timeout */

/* --- the connection ------------------------------------------------------------------------------------------------------------ */

/* Of pg_locks l: the advisory lock with the key $1. */
#define HAS_LOCK \
    "l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) " \
    "AND CAST(l.classid AS BIGINT) = ($1 >> 32) & 4294967295 AND CAST(l.objid AS BIGINT) = $1 & 4294967295"

/* Who has the lock, for the error. */
static enum sb_err in_use(struct sb_postgres *self, const struct sb_cell *key, const struct sb_op *op, struct sb_error *err)
{
    static const char sql[] =
        "SELECT a.application_name || ', server process ' || CAST(a.pid AS TEXT) || COALESCE(', from ' || host(a.client_addr), '') "
        "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE " HAS_LOCK " LIMIT 1";
    PGresult *row = NULL;
    char who[160] = "";
    if (sb_pg_ask(&self->writer, sql, key, 1, op, &row, NULL) == SB_OK && PQntuples(row) > 0)
        (void)sb_copy(who, sizeof who, PQgetvalue(row, 0, 0));
    PQclear(row);
    return sb_error_set(err, SB_ERR_EXISTS, "store %s is in use%s%s; stop the other signalbox or name another store", self->target.shown,
                        who[0] ? " by " : "", who);
}

/* Whether the node's token is still the database's. What is refused here once is refused for ever. */
static enum sb_err check_token(struct sb_postgres *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell token = sb_cell_int(self->node ? sb_node_token(self->node) : 0);
    PGresult *row = NULL;
    if (!self->node)
        return SB_OK;
    enum sb_err code = sb_pg_ask(&self->writer, "SELECT 1 FROM node_lease WHERE token = $1", &token, 1, op, &row, err);
    bool is_current = PQntuples(row) > 0;
    PQclear(row);
    if (code || is_current)
        return code;
    self->is_fenced = true;
    sb_node_lose(self->node);
    return sb_error_set(err, SB_ERR_STALE, "store %s: another node has taken over", self->target.shown);
}

/* Sessions that must end before this one may have the lock: the one before it, should the server not have noticed yet that its other side is
 * gone; and, for the node that has the lease, whoever has the lock. */
static enum sb_err end_others(struct sb_postgres *self, const struct sb_cell *key, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell old[] = { sb_cell_int(self->old_pid), sb_cell_text(self->old_started) };
    enum sb_err code = SB_OK;
    if (self->old_pid)
        code = sb_pg_ask(&self->writer, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND CAST(backend_start AS TEXT) = $2",
                         old, SB_LEN(old), op, NULL, err);
    if (!code && self->node)
        code = sb_pg_ask(&self->writer, "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE " HAS_LOCK, key, 1, op, NULL, err);
    if (code == SB_ERR_PERMISSION && err)
        (void)sb_error_wrap(err, "store %s: all nodes must come as the same role", self->target.shown);
    return code;
}

/* One program per schema: a second one would decide the same due times again. The session has the lock until it ends. A node asks for its token
 * before and after: an older one may be granted the lock that a newer one waits for, and gives it up again. */
static enum sb_err take_lock(struct sb_postgres *self, const struct sb_op *op, struct sb_error *err)
{
    PGresult *row = NULL;
    struct sb_error why = { 0 };
    enum sb_err code = sb_pg_ask(&self->writer, "SELECT set_config('lock_timeout', '3000', false), current_schema()", NULL, 0, op, &row, err);
    if (code)
        return code;
    char name[128];
    (void)snprintf(name, sizeof name, "signalbox %s", PQgetvalue(row, 0, 1));
    PQclear(row);
    const struct sb_cell key = sb_cell_int((int64_t)sb_hash_bytes(name, strlen(name)));
    bool is_refused = true;
    for (int tries = 0; !code && is_refused && tries < (self->node ? LOCK_TRIES : 1); tries++) {
        code = check_token(self, op, &why);
        if (!code)
            code = end_others(self, &key, op, &why);
        if (!code)
            code = sb_pg_ask(&self->writer, "SELECT pg_advisory_lock($1)", &key, 1, op, NULL, &why);
        is_refused = code == SB_ERR_UNAVAILABLE && strstr(why.text, "55P03");
        code = is_refused ? SB_OK : code;
    }
    if (!code && is_refused)
        return in_use(self, &key, op, err);
    if (!code)
        code = check_token(self, op, &why);
    if (!code)
        code = sb_pg_ask(&self->writer, "SELECT set_config('lock_timeout', '0', false)", NULL, 0, op, NULL, &why);
    if (code && err)
        *err = why;
    return code;
}

enum sb_err sb_pg_writer_open(struct sb_postgres *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_op bounded = sb_op_within(op, SB_S(15));
    enum sb_err code = sb_pg_connect(&self->writer, &self->target, false, &bounded, err);
    if (!code)
        code = take_lock(self, &bounded, err);
    if (code) {
        sb_pg_disconnect(&self->writer);
        return code;
    }
    self->old_pid = self->writer.pid;
    (void)sb_copy(self->old_started, sizeof self->old_started, self->writer.started);
    return SB_OK;
}

/* The connection, made anew when it is gone. */
static enum sb_err reach(struct sb_postgres *self, struct sb_error *err)
{
    static const struct sb_op forever = { .deadline = SB_NEVER }; /* the opening has its own bound */
    struct sb_error why = { 0 };
    if (self->is_fenced)
        return sb_error_set(err, SB_ERR_STALE, "store %s: another node has taken over", self->target.shown);
    if (!sb_pg_is_lost(&self->writer))
        return SB_OK;
    sb_pg_disconnect(&self->writer);
    enum sb_err code = sb_pg_gate_check(&self->writer_gate, err);
    if (code)
        return code;
    code = sb_pg_writer_open(self, &forever, &why);
    if (code == SB_OK) {
        sb_pg_gate_passed(&self->writer_gate);
        return SB_OK;
    }
    /* whatever else is wrong now was right before: it may be again */
    if (!self->is_fenced)
        why.code = SB_ERR_UNAVAILABLE;
    sb_pg_gate_failed(&self->writer_gate, &why);
    if (err)
        *err = why;
    return why.code;
}

/* --- one transaction ----------------------------------------------------------------------------------------------------------- */

struct folding {
    struct sb_postgres *self;
    char *scratch; /* for texts that are no UTF-8, of one statement */
};

/* PostgreSQL takes UTF-8 only, and the journal may not be refused: other bytes become question marks. */
static bool make_utf8(struct sb_cell *cell, char *scratch)
{
    bool is_wrong = false;
    for (size_t at = 0; at < cell->size;) {
        uint32_t code_point;
        unsigned size = (unsigned char)cell->text[at] < 0x80 ? 1 : sb_utf8_decode(cell->text + at, cell->size - at, &code_point);
        if (size > 0 && cell->text[at] != '\0') {
            at += size;
            continue;
        }
        if (!is_wrong)
            memcpy(scratch, cell->text, cell->size);
        is_wrong = true;
        scratch[at++] = '?';
    }
    if (is_wrong)
        cell->text = scratch;
    return is_wrong;
}

static enum sb_err fold_exec(void *arg, enum sb_fold_sql sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    const struct folding *folding = arg;
    struct sb_cell cells[SB_FOLD_PARAMS_MAX];
    char *scratch = folding->scratch;
    memcpy(cells, params, count * sizeof *cells);
    for (size_t i = 0; i < count; i++)
        if (cells[i].type == SB_CELL_TEXT && make_utf8(&cells[i], scratch))
            scratch += cells[i].size;
    struct sb_pg_rows *rows = &folding->self->rows;
    if (sql != SB_FOLD_SQL_EVENT || folding->self->is_careful)
        return sb_pg_pipe_push(&folding->self->pipe, sb_fold_sql[sql], cells, count, NULL, err);
    SB_ASSERT(count == SB_PG_ROW_COLUMNS);
    if (!sb_pg_rows_add(rows, cells))
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for journal rows");
    return rows->count < SB_PG_ROWS_MAX ? SB_OK : sb_pg_rows_push(rows, &folding->self->pipe, err);
}

static enum sb_err push_events(struct sb_postgres *self, struct sb_pg_pipe *pipe, const struct sb_chunks *events, struct sb_error *err)
{
    char scratch[2 * SB_CODEC_EVENT_MAX]; /* the texts of one statement: a payload, or fields of an event */
    struct folding folding = { self, scratch };
    const struct sb_fold_exec exec = { .arg = &folding, .run = fold_exec };
    sb_pg_rows_clear(&self->rows);
    enum sb_err code = sb_batch_fold(self->fold, events, &exec, &pipe->event, err);
    pipe->event = 0;
    return code ? code : sb_pg_rows_push(&self->rows, pipe, err);
}

/* One caller's statements inside a savepoint: answers unless the commit still decides. False when the connection is lost. */
static bool run_request(struct sb_postgres *self, struct sb_pg_pipe *pipe, struct sb_request *request, struct sb_error *err)
{
    struct sb_op op = sb_op_within(request->op, SB_GUEST_MAX);
    enum sb_err code = sb_op_check(&op, "the write", &request->err);
    for (size_t i = 0; i < request->count && !code; i++)
        code = sb_pg_check_statement(&request->statements[i], true, &request->err);
    if (code) {
        request->code = code;
        return true;
    }
    (void)sb_pg_pipe_push(pipe, "SAVEPOINT caller", NULL, 0, NULL, NULL); /* the sync tells what failed */
    for (size_t i = 0; i < request->count; i++) {
        const struct sb_statement *statement = &request->statements[i];
        request->changed[i] = -1;
        (void)sb_pg_pipe_push(pipe, statement->sql, statement->params, statement->param_count, &request->changed[i], NULL);
    }
    code = sb_pg_pipe_sync(pipe, &op, &request->err);
    if (!self->writer.conn) {
        *err = request->err; /* nobody's fault: it is tried again */
        memset(&request->err, 0, sizeof request->err);
        return false;
    }
    /* a statement that missed its rows comes before one after it that failed: that one only ran because nobody waited */
    for (size_t i = 0; i < request->count && request->changed[i] >= 0; i++) {
        enum sb_err missed = sb_batch_check_rows(&request->statements[i], request->changed[i], &request->err);
        if (missed) {
            code = missed;
            break;
        }
    }
    request->code = code;
    if (code)
        (void)sb_pg_pipe_push(pipe, "ROLLBACK TO SAVEPOINT caller", NULL, 0, NULL, NULL);
    (void)sb_pg_pipe_push(pipe, "RELEASE SAVEPOINT caller", NULL, 0, NULL, NULL);
    return true;
}

/* What will prove that this transaction took place. */
static void mark(struct sb_postgres *self, struct sb_pg_pipe *pipe, const struct sb_chunks *events)
{
    self->doubt.seq = events->count > 0 ? events->last->events[events->last->count - 1].seq : 0;
    if (self->doubt.seq)
        return;
    (void)snprintf(self->doubt.token, sizeof self->doubt.token, "%016llx-%llu", (unsigned long long)self->boot,
                   (unsigned long long)++self->round);
    const struct sb_cell token = sb_cell_text(self->doubt.token);
    (void)sb_pg_pipe_push(pipe, "INSERT INTO meta (key, value) VALUES ('writer_round', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                          &token, 1, NULL, NULL);
}

/* In a pipeline with the transaction begun; `*is_sent` when the commit is on its way. */
static enum sb_try transact(struct sb_postgres *self, struct sb_pg_pipe *pipe, const struct sb_chunks *events, struct sb_request *requests,
                            bool *is_sent, struct sb_error *err)
{
    (void)sb_pg_pipe_push(pipe, "BEGIN", NULL, 0, NULL, NULL);
    enum sb_err code = push_events(self, pipe, events, err);
    bool has_requests = sb_requests_are_open(requests);
    if (code || (events->count > 0 && has_requests)) { /* the events first: their trouble is not the callers' */
        struct sb_error why = { 0 };
        enum sb_err first = sb_pg_pipe_sync(pipe, NULL, &why);
        if (first && err)
            *err = why;
        if (code || first)
            return self->writer.conn ? SB_TRY_NO_EVENTS : SB_TRY_FAILED;
    }
    for (struct sb_request *request = requests; request; request = request->next)
        if (sb_request_is_open(request) && !run_request(self, pipe, request, err))
            return SB_TRY_FAILED;
    if (events->count == 0 && !sb_requests_are_open(requests)) { /* everybody has failed: there is nothing to commit */
        (void)sb_pg_pipe_sync(pipe, NULL, NULL);
        return SB_TRY_COMMITTED;
    }
    mark(self, pipe, events);
    sb_ns begun = sb_now();
    (void)sb_pg_pipe_push(pipe, "COMMIT", NULL, 0, NULL, NULL);
    *is_sent = true;
    code = sb_pg_pipe_sync(pipe, NULL, err);
    if (sb_streq(pipe->tag, "COMMIT")) { /* its own answer arrived, whatever else went wrong */
        sb_queue_count_commit(&self->queue, sb_now() - begun);
        return SB_TRY_COMMITTED;
    }
    if (!code)
        (void)sb_error_set(err, SB_ERR_IO, "the transaction was undone (%s)", pipe->tag);
    return self->writer.conn && events->count > 0 && !has_requests ? SB_TRY_NO_EVENTS : SB_TRY_FAILED;
}

static void roll_back(struct sb_postgres *self)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    if (self->writer.conn && PQtransactionStatus(self->writer.conn) != PQTRANS_IDLE &&
        sb_pg_ask(&self->writer, "ROLLBACK", NULL, 0, &op, NULL, NULL) != SB_OK)
        sb_pg_disconnect(&self->writer); /* that ends it too */
}

static enum sb_try try_on_connection(struct sb_postgres *self, const struct sb_chunks *events, struct sb_request *requests, bool *is_sent,
                                     struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + own_max };
    struct sb_pg_pipe *pipe = &self->pipe;
    *is_sent = false;
    if (sb_pg_pipe_begin(pipe, &self->writer, &op, err))
        return SB_TRY_FAILED;
    enum sb_try outcome = transact(self, pipe, events, requests, is_sent, err);
    sb_pg_pipe_end(pipe);
    roll_back(self);
    return outcome;
}

static enum sb_try try_once(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    struct sb_postgres *self = arg;
    struct sb_error none = { 0 };
    err = err ? err : &none;
    for (int tries = 0;; tries++) {
        bool is_sent;
        if (reach(self, err))
            return SB_TRY_FAILED;
        enum sb_try outcome = try_on_connection(self, events, requests, &is_sent, err);
        if (outcome == SB_TRY_NO_EVENTS && self->writer.conn) {
            self->is_careful = true; /* the same once more, for the error */
            outcome = try_on_connection(self, events, requests, &is_sent, err);
            self->is_careful = false;
        }
        if (outcome == SB_TRY_COMMITTED && events->count > 0)
            sb_fold_committed(self->fold);
        if (self->writer.conn || outcome == SB_TRY_COMMITTED)
            return outcome;
        if (is_sent)
            return SB_TRY_DOUBTFUL;
        if (tries > 0) /* lost before the commit: nothing took place, and a new connection may do */
            return SB_TRY_FAILED;
    }
}

static enum sb_outcome run(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    return sb_batch_run(try_once, arg, events, requests, err);
}

/* --- doubt --------------------------------------------------------------------------------------------------------------------- */

static enum sb_outcome resolve(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    struct sb_postgres *self = arg;
    const struct sb_op op = { .deadline = sb_now() + own_max };
    bool had_events = self->doubt.seq != 0;
    const struct sb_cell proof = had_events ? sb_cell_int((int64_t)self->doubt.seq) : sb_cell_text(self->doubt.token);
    PGresult *rows = NULL;
    if (reach(self, err) ||
        sb_pg_ask(&self->writer, had_events ? "SELECT 1 FROM events WHERE seq = $1" : "SELECT 1 FROM meta WHERE key = 'writer_round' AND value = $1",
                  &proof, 1, &op, &rows, err))
        return SB_OUTCOME_DOUBT;
    bool is_there = PQntuples(rows) > 0;
    PQclear(rows);
    if (!is_there)
        return SB_OUTCOME_FAILED;
    if (had_events)
        sb_fold_committed(self->fold);
    if (had_events || events->count == 0)
        return SB_OUTCOME_DONE;
    for (struct sb_request *request = requests; request; request = request->next)
        request->is_settled = request->is_settled || sb_request_is_open(request);
    return SB_OUTCOME_FAILED;
}

const struct sb_writer_ops sb_pg_writer = { .run = run, .resolve = resolve };
