/* Read-only queries: a few connections, opened when first needed, each leased by one caller at a time. Callers are any threads. A
 * reader never writes, never checkpoints, and holds its snapshot only while the query runs. */
#include "rows.h"
#include "sqlite.h"

#include "signalbox/base/assert.h"

/* What a caller's SQL may not do on a reader, whatever it says. */
static int authorize_reader(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)arg, (void)a, (void)b, (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    default: /* actions are SQLite's numbers, not an enumeration of ours */
        return SQLITE_DENY;
    }
}

static enum sb_err open_reader(const char *path, sqlite3 **db, struct sb_error *err)
{
    sqlite3 *opened = NULL;
    enum sb_err code = sb_sqlite_connect(&opened, path, SQLITE_OPEN_READWRITE, err);
    if (code)
        return code;
    code = sb_sqlite_exec(opened, "PRAGMA query_only = ON", err);
    if (code) {
        (void)sqlite3_close(opened); /* nothing is prepared: it closes */
        return code;
    }
    /* closing the last connection would checkpoint; only the writer may */
    (void)sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_set_authorizer(opened, authorize_reader, NULL);
    *db = opened;
    return SB_OK;
}

static struct sb_cell column_cell(sqlite3_stmt *stmt, int column)
{
    int type = sqlite3_column_type(stmt, column);
    if (type == SQLITE_NULL)
        return sb_cell_null();
    if (type == SQLITE_INTEGER)
        return sb_cell_int(sqlite3_column_int64(stmt, column));
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return (struct sb_cell){ .type = SB_CELL_TEXT, .text = text ? text : "", .size = (size_t)sqlite3_column_bytes(stmt, column) };
}

static enum sb_err read_row(sqlite3_stmt *stmt, struct sb_rows *rows, struct sb_error *err)
{
    int columns = sqlite3_column_count(stmt);
    for (int i = 0; i < columns; i++) {
        struct sb_cell cell = column_cell(stmt, i);
        enum sb_err code = sb_rows_add(rows, &cell, err);
        if (code)
            return code;
    }
    return SB_OK;
}

static enum sb_err read_all(sqlite3_stmt *stmt, const struct sb_watch *watch, struct sb_rows **rows, struct sb_error *err)
{
    int columns = sqlite3_column_count(stmt);
    struct sb_rows *made = sb_rows_create((size_t)columns);
    if (!made)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a result");

    enum sb_err code = SB_OK;
    for (int i = 0; i < columns && !code; i++) {
        const char *name = sqlite3_column_name(stmt, i);
        code = sb_rows_name(made, (size_t)i, name ? name : "", err);
    }
    while (!code) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE)
            break;
        code = rc == SQLITE_ROW ? read_row(stmt, made, err) : sb_watch_error(watch, "query failed", err);
    }
    if (code)
        sb_rows_destroy(made);
    else
        *rows = made;
    return code;
}

static enum sb_err run_query(sqlite3 *db, const struct sb_statement *statement, const struct sb_op *op, struct sb_rows **rows,
                             struct sb_error *err)
{
    struct sb_watch watch;
    sqlite3_stmt *stmt = NULL;
    enum sb_err code;

    sb_watch_init(&watch, db, op);
    code = sb_sqlite_prepare(db, statement->sql, 0, &stmt, err);
    if (code)
        goto out;
    if (!sqlite3_stmt_readonly(stmt) || sqlite3_column_count(stmt) == 0) {
        code = sb_error_set(err, SB_ERR_READ_ONLY, "a query only reads; statements that change something go through write");
        goto out;
    }
    code = sb_sqlite_bind(stmt, statement->params, statement->param_count, err);
    if (code)
        goto out;
    code = read_all(stmt, &watch, rows, err);
out:
    sqlite3_finalize(stmt); /* ends the snapshot */
    sb_watch_end(&watch);
    return code;
}

enum sb_err sb_reader_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op,
                            struct sb_rows **rows, struct sb_error *err)
{
    struct sb_sqlite *self = sb_sqlite_of(store);
    unsigned seat = 0;
    const sb_ns since = sb_now();
    enum sb_err code = sb_op_check(op, "the query", err);
    if (!code)
        code = sb_seats_lease(&self->seats, op, &seat, err);
    if (code)
        return code;

    /* the seat's reader is ours: no lock is held while SQLite works */
    if (!self->readers[seat])
        code = open_reader(self->path, &self->readers[seat], err);
    if (!code)
        code = run_query(self->readers[seat], statement, op, rows, err);
    sb_seats_give_back(&self->seats, seat, self->readers[seat] != NULL);

    sb_queue_count_query(&self->queue, sb_now() - since);
    return code;
}

void sb_readers_close(struct sb_sqlite *self)
{
    for (int i = 0; i < SB_READERS_MAX; i++) {
        int rc = sqlite3_close(self->readers[i]);
        SB_ASSERT(rc == SQLITE_OK);
        self->readers[i] = NULL;
    }
}
