/* Read-only queries on PostgreSQL: a few connections, opened when first needed, each leased by one caller at a time. Callers are any threads.
 * Rows are read one by one, so that a result beyond its bounds is cancelled and not kept. */
#include "rows.h"

#include "postgres.h"

static enum sb_err connect_reader(struct sb_postgres *self, struct sb_pg *pg, const struct sb_op *op, struct sb_error *err)
{
    struct sb_error why = { 0 };
    sb_mutex_lock(self->seats.mutex);
    enum sb_err code = sb_pg_gate_check(&self->reader_gate, err);
    sb_mutex_unlock(self->seats.mutex);
    if (code)
        return code;
    code = sb_pg_connect(pg, &self->target, true, op, &why);
    sb_mutex_lock(self->seats.mutex);
    if (code == SB_OK)
        sb_pg_gate_passed(&self->reader_gate);
    else if (code != SB_ERR_CANCELLED && code != SB_ERR_TIMEOUT) /* those are the caller's */
        sb_pg_gate_failed(&self->reader_gate, &why);
    sb_mutex_unlock(self->seats.mutex);
    if (code && err)
        *err = why;
    return code;
}

/* --- one query ------------------------------------------------------------------------------------------------------------------ */

/* The next result, or NULL after the last; fails when the op is over or the connection is lost. */
static enum sb_err next_result(struct sb_pg *pg, const struct sb_op *op, PGresult **result, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    while (!code && PQisBusy(pg->conn))
        code = sb_pg_wait(pg, op, err);
    if (!code)
        *result = PQgetResult(pg->conn);
    return code;
}

static enum sb_err name_columns(const PGresult *result, struct sb_rows **rows, struct sb_error *err)
{
    int columns = PQnfields(result);
    struct sb_rows *made = sb_rows_create((size_t)columns);
    if (!made)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a result");
    enum sb_err code = SB_OK;
    for (int i = 0; i < columns && !code; i++)
        code = sb_rows_name(made, (size_t)i, PQfname(result, i), err);
    if (code)
        sb_rows_destroy(made);
    else
        *rows = made;
    return code;
}

static enum sb_err take_rows(const PGresult *result, struct sb_rows **rows, struct sb_error *err)
{
    enum sb_err code = *rows ? SB_OK : name_columns(result, rows, err);
    for (int row = 0; row < PQntuples(result) && !code; row++) {
        for (int column = 0; column < PQnfields(result) && !code; column++) {
            struct sb_cell cell = sb_pg_cell(result, row, column);
            code = sb_rows_add(*rows, &cell, err);
        }
    }
    return code;
}

static enum sb_err take_result(PGresult *result, struct sb_rows **rows, struct sb_error *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_SINGLE_TUPLE || (status == PGRES_TUPLES_OK && PQnfields(result) > 0))
        return take_rows(result, rows, err);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return SB_OK;
    return sb_pg_result_error(result, "query failed", err);
}

/* After the server's error: only the end of the command is left to read. */
static void finish_command(struct sb_pg *pg)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(3) };
    PGresult *result = NULL;
    while (next_result(pg, &op, &result, NULL) == SB_OK && result)
        PQclear(result);
    if (result || PQstatus(pg->conn) != CONNECTION_OK || PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE)
        sb_pg_disconnect(pg);
}

/* Reads to the end of a command. What goes wrong ends it on the server too. */
static enum sb_err read_all(struct sb_pg *pg, const struct sb_op *op, struct sb_rows **rows, struct sb_error *err)
{
    for (;;) {
        PGresult *result = NULL;
        enum sb_err code = next_result(pg, op, &result, err);
        if (!code && !result)
            return SB_OK;
        if (!code)
            code = take_result(result, rows, err);
        bool has_ended = result && PQresultStatus(result) != PGRES_SINGLE_TUPLE;
        PQclear(result);
        if (!code)
            continue;
        if (!has_ended)
            sb_pg_end_statement(pg);
        else
            finish_command(pg);
        return code;
    }
}

static enum sb_err forget_old(struct sb_pg *pg, unsigned name, const struct sb_op *op, struct sb_error *err)
{
    char sql[32] = "DEALLOCATE ";
    (void)sb_pg_name(name, sql + sizeof "DEALLOCATE " - 1);
    return sb_pg_ask(pg, sql, NULL, 0, op, NULL, err);
}

static enum sb_err run_query(struct sb_pg *pg, const struct sb_statement *statement, const struct sb_op *op, struct sb_rows **rows,
                             struct sb_error *err)
{
    struct sb_pg_bound bound;
    struct sb_rows *made = NULL;
    char name[SB_PG_NAME_MAX];
    bool is_new;
    unsigned forgotten;
    enum sb_err code = sb_pg_bind(&bound, statement->sql, statement->params, statement->param_count, err);
    if (code)
        return code;
    struct sb_pg_known *known = sb_pg_know(pg, statement->sql, &bound, &is_new, &forgotten);
    if (!known)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a statement");
    (void)sb_pg_name(known->name, name);
    if (forgotten)
        code = forget_old(pg, forgotten, op, err);
    if (!code && is_new) {
        code = PQsendPrepare(pg->conn, name, statement->sql, bound.count, bound.types) ? read_all(pg, op, &made, err) : sb_pg_lost_error(pg, err);
    }
    if (code) {
        sb_pg_forget(known);
        return code;
    }
    if (!PQsendQueryPrepared(pg->conn, name, bound.count, bound.values, bound.sizes, bound.formats, 0))
        return sb_pg_lost_error(pg, err);
    (void)PQsetSingleRowMode(pg->conn); /* without it the result would be kept in libpq first */
    code = read_all(pg, op, &made, err);
    if (code)
        sb_rows_destroy(made);
    else if (!made)
        code = sb_error_set(err, SB_ERR_READ_ONLY, "a query only reads; statements that change something go through write");
    else
        *rows = made;
    return code;
}

/* A connection that was lost while nobody used it is not the caller's trouble: reading may be repeated. */
static enum sb_err query_on(struct sb_postgres *self, struct sb_pg *pg, const struct sb_statement *statement, const struct sb_op *op,
                            struct sb_rows **rows, struct sb_error *err)
{
    for (int tries = 0;; tries++) {
        enum sb_err code = SB_OK;
        if (sb_pg_is_lost(pg)) {
            sb_pg_disconnect(pg);
            code = connect_reader(self, pg, op, err);
        }
        if (!code)
            code = run_query(pg, statement, op, rows, err);
        if (pg->conn && PQstatus(pg->conn) != CONNECTION_OK)
            sb_pg_disconnect(pg);
        if (code != SB_ERR_UNAVAILABLE || pg->conn || tries > 0)
            return code;
    }
}

enum sb_err sb_pg_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op, struct sb_rows **rows,
                        struct sb_error *err)
{
    struct sb_postgres *self = sb_postgres_of(store);
    unsigned seat = 0;
    const sb_ns since = sb_now();
    enum sb_err code = sb_op_check(op, "the query", err);
    if (!code)
        code = sb_pg_check_statement(statement, false, err);
    if (!code)
        code = sb_seats_lease(&self->seats, op, &seat, err);
    if (code)
        return code;
    code = query_on(self, &self->readers[seat], statement, op, rows, err); /* the seat's reader is ours: no lock is held */
    sb_seats_give_back(&self->seats, seat, self->readers[seat].conn != NULL);
    sb_queue_count_query(&self->queue, sb_now() - since);
    return code;
}

void sb_pg_readers_close(struct sb_postgres *self)
{
    for (int i = 0; i < SB_PG_READERS_MAX; i++) {
        sb_pg_disconnect(&self->readers[i]);
    }
}
