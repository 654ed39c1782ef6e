/* Pipelines: statements follow each other without waiting for the answers between them, so that a transaction costs one way to the server and
 * back. Used by one thread; blocks only in sb_pg_wait. */
#include "postgres.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <string.h>

static const sb_ns cancel_patience = SB_S(3); /* for the server to end what was cancelled */

enum sb_err sb_pg_pipe_begin(struct sb_pg_pipe *pipe, struct sb_pg *pg, const struct sb_op *op, struct sb_error *err)
{
    memset(pipe, 0, sizeof *pipe);
    pipe->pg = pg;
    pipe->op = op;
    return PQenterPipelineMode(pg->conn) ? SB_OK : sb_pg_lost_error(pg, err);
}

void sb_pg_pipe_end(struct sb_pg_pipe *pipe)
{
    if (pipe->pg->conn && !PQexitPipelineMode(pipe->pg->conn))
        sb_pg_disconnect(pipe->pg);
}

static void fail(struct sb_pg_pipe *pipe, enum sb_err code, const struct sb_error *why)
{
    if (pipe->code)
        return; /* the first one is the one to tell */
    pipe->code = code;
    pipe->err = *why;
}

/* The answer to the command at the head of the line is an error. */
static void refuse(struct sb_pg_pipe *pipe, const PGresult *result)
{
    struct sb_error why = { 0 };
    enum sb_err code = sb_pg_result_error(result, "the database refused it", &why);
    if (pipe->sent[pipe->first].event)
        (void)sb_error_wrap(&why, "event %llu", (unsigned long long)pipe->sent[pipe->first].event);
    fail(pipe, code, &why);
}

static void lose(struct sb_pg_pipe *pipe)
{
    struct sb_error why = { 0 };
    fail(pipe, sb_pg_lost_error(pipe->pg, &why), &why);
    sb_pg_disconnect(pipe->pg);
    pipe->count = 0;
}

/* Waits until something can be read from libpq without waiting. An op that is over makes the server end the statement; then the answers are
 * awaited a little longer. */
static bool wait_result(struct sb_pg_pipe *pipe)
{
    struct sb_op last = { .deadline = sb_ns_add(sb_now(), cancel_patience) };
    struct sb_error why = { 0 };
    while (PQisBusy(pipe->pg->conn)) {
        enum sb_err code = sb_pg_wait(pipe->pg, pipe->is_cancelled ? &last : pipe->op, &why);
        if (code == SB_OK)
            continue;
        bool is_over = (code == SB_ERR_TIMEOUT || code == SB_ERR_CANCELLED) && !pipe->is_cancelled;
        fail(pipe, code, &why);
        if (!is_over || PQstatus(pipe->pg->conn) != CONNECTION_OK || !sb_pg_cancel(pipe->pg)) {
            lose(pipe);
            return false;
        }
        pipe->is_cancelled = true;
        last.deadline = sb_ns_add(sb_now(), cancel_patience);
    }
    return true;
}

static void take_result(struct sb_pg_pipe *pipe, PGresult *result)
{
    unsigned at = pipe->first;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (pipe->sent[at].changed)
            *pipe->sent[at].changed = sb_pg_changed(result);
        if (!pipe->sent[at].known)
            (void)sb_copy(pipe->tag, sizeof pipe->tag, PQcmdStatus(result));
        return;
    case PGRES_PIPELINE_ABORTED:
        break;
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
    case PGRES_SINGLE_TUPLE:
    case PGRES_PIPELINE_SYNC:
        refuse(pipe, result);
        break;
    }
    if (pipe->sent[at].known) /* not prepared after all */
        sb_pg_forget(pipe->sent[at].known);
}

/* Reads the answer of the oldest command under way. */
static bool read_one(struct sb_pg_pipe *pipe)
{
    for (;;) {
        if (!wait_result(pipe))
            return false;
        PGresult *result = PQgetResult(pipe->pg->conn);
        if (!result)
            break;
        take_result(pipe, result);
        PQclear(result);
    }
    if (PQstatus(pipe->pg->conn) != CONNECTION_OK) {
        lose(pipe);
        return false;
    }
    pipe->first = (pipe->first + 1) % SB_PG_PIPE_MAX;
    pipe->count--;
    return true;
}

static void remember(struct sb_pg_pipe *pipe, struct sb_pg_known *known, int64_t *changed)
{
    unsigned at = (pipe->first + pipe->count++) % SB_PG_PIPE_MAX;
    SB_ASSERT(pipe->count <= SB_PG_PIPE_MAX);
    pipe->sent[at].known = known;
    pipe->sent[at].changed = changed;
    pipe->sent[at].event = pipe->event;
}

/* Sends a statement, prepared first when it is new. False when the connection is lost. */
static bool send(struct sb_pg_pipe *pipe, const char *sql, const struct sb_pg_bound *bound, int64_t *changed)
{
    char name[SB_PG_NAME_MAX], deallocate[32] = "DEALLOCATE ";
    bool is_new, is_sent = true;
    unsigned forgotten;
    PGconn *conn = pipe->pg->conn;
    struct sb_pg_known *known = sb_pg_know(pipe->pg, sql, bound, &is_new, &forgotten);
    if (!known) {
        struct sb_error why = { 0 };
        fail(pipe, sb_error_set(&why, SB_ERR_NOMEM, "no memory for a statement"), &why);
        return true;
    }
    if (forgotten) {
        (void)sb_pg_name(forgotten, deallocate + strlen(deallocate));
        is_sent = PQsendQueryParams(conn, deallocate, 0, NULL, NULL, NULL, NULL, 0);
        remember(pipe, NULL, NULL);
    }
    (void)sb_pg_name(known->name, name);
    if (is_sent && is_new) {
        is_sent = PQsendPrepare(conn, name, sql, bound->count, bound->types);
        remember(pipe, known, NULL);
    }
    is_sent = is_sent && PQsendQueryPrepared(conn, name, bound->count, bound->values, bound->sizes, bound->formats, 0);
    remember(pipe, NULL, changed);
    return is_sent;
}

enum sb_err sb_pg_pipe_push_bound(struct sb_pg_pipe *pipe, const char *sql, const struct sb_pg_bound *bound, int64_t *changed,
                                  struct sb_error *err)
{
    if (!pipe->code && pipe->count + 3 > SB_PG_PIPE_MAX) { /* a statement takes up to three places */
        if (!PQsendFlushRequest(pipe->pg->conn))
            lose(pipe);
        while (pipe->count > SB_PG_PIPE_MAX / 2 && read_one(pipe)) {
        }
    }
    if (!pipe->code && !send(pipe, sql, bound, changed))
        lose(pipe);
    if (pipe->code && err)
        *err = pipe->err;
    return pipe->code;
}

enum sb_err sb_pg_pipe_push(struct sb_pg_pipe *pipe, const char *sql, const struct sb_cell *params, size_t count, int64_t *changed,
                            struct sb_error *err)
{
    struct sb_pg_bound bound;
    struct sb_error why = { 0 };
    enum sb_err code = sb_pg_bind(&bound, sql, params, count, &why);
    if (code)
        fail(pipe, code, &why);
    return sb_pg_pipe_push_bound(pipe, sql, &bound, changed, err);
}

enum sb_err sb_pg_pipe_sync(struct sb_pg_pipe *pipe, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_op *own = pipe->op;
    pipe->op = op ? op : own;
    if (pipe->pg->conn && !PQpipelineSync(pipe->pg->conn))
        lose(pipe);
    while (pipe->count > 0 && read_one(pipe)) {
    }
    if (pipe->pg->conn && wait_result(pipe)) { /* the answer to the sync itself */
        PGresult *result = PQgetResult(pipe->pg->conn);
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
            lose(pipe);
        PQclear(result);
    }
    enum sb_err code = pipe->code;
    if (code && err)
        *err = pipe->err;
    pipe->code = SB_OK;
    pipe->is_cancelled = false;
    pipe->op = own;
    return code;
}
