/* Prepared statements of SQLite with the port's cells, and its errors in our words. A connection is used by one thread at a time. */
#include "sqlite_statement.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { WATCH_EVERY = 2000 }; /* virtual machine steps between two looks at the clock: tens of microseconds */

static int watch_look(void *arg)
{
    struct sb_watch *watch = arg;
    watch->code = sb_op_check(watch->op, "the statement", &watch->err);
    return watch->code != SB_OK;
}

void sb_watch_init(struct sb_watch *watch, sqlite3 *db, const struct sb_op *op)
{
    memset(watch, 0, sizeof *watch);
    watch->db = db;
    watch->op = op;
    sqlite3_progress_handler(db, WATCH_EVERY, watch_look, watch);
}

void sb_watch_end(struct sb_watch *watch)
{
    sqlite3_progress_handler(watch->db, 0, NULL, NULL);
}

static const struct {
    int code; /* extended codes before their primary */
    enum sb_err err;
} error_map[] = {
    { SQLITE_CONSTRAINT_UNIQUE, SB_ERR_EXISTS },
    { SQLITE_CONSTRAINT_PRIMARYKEY, SB_ERR_EXISTS },
    { SQLITE_CONSTRAINT, SB_ERR_INVALID },
    { SQLITE_BUSY, SB_ERR_UNAVAILABLE },
    { SQLITE_LOCKED, SB_ERR_UNAVAILABLE },
    { SQLITE_PROTOCOL, SB_ERR_UNAVAILABLE },
    { SQLITE_FULL, SB_ERR_FULL },
    { SQLITE_IOERR, SB_ERR_IO },
    { SQLITE_CANTOPEN, SB_ERR_IO },
    { SQLITE_CORRUPT, SB_ERR_CORRUPT },
    { SQLITE_NOTADB, SB_ERR_CORRUPT },
    { SQLITE_READONLY, SB_ERR_READ_ONLY },
    { SQLITE_PERM, SB_ERR_PERMISSION },
    { SQLITE_NOMEM, SB_ERR_NOMEM },
    { SQLITE_INTERRUPT, SB_ERR_CANCELLED },
    { SQLITE_AUTH, SB_ERR_REFUSED },
    { SQLITE_TOOBIG, SB_ERR_TOO_LARGE },
    { SQLITE_MISUSE, SB_ERR_BUG },
};

static enum sb_err map_error(int extended)
{
    for (size_t i = 0; i < SB_LEN(error_map); i++)
        if (error_map[i].code == extended || error_map[i].code == (extended & 0xff))
            return error_map[i].err;
    return SB_ERR_INVALID; /* SQLITE_ERROR, MISMATCH, RANGE: the statement is wrong */
}

enum sb_err sb_sqlite_error(sqlite3 *db, const char *what, struct sb_error *err)
{
    return sb_error_set(err, map_error(sqlite3_extended_errcode(db)), "%s: %s", what, sqlite3_errmsg(db));
}

enum sb_err sb_watch_error(const struct sb_watch *watch, const char *what, struct sb_error *err)
{
    if (watch->code != SB_OK && (sqlite3_errcode(watch->db) & 0xff) == SQLITE_INTERRUPT)
        return sb_error_set(err, watch->code, "%s", watch->err.text);
    return sb_sqlite_error(watch->db, what, err);
}

/* True when nothing but white space, semicolons and comments is left. */
static bool is_blank(const char *sql)
{
    for (;;) {
        sql += strspn(sql, " \t\r\n;");
        if (strncmp(sql, "--", 2) == 0) {
            sql += strcspn(sql, "\n");
        } else if (strncmp(sql, "/*", 2) == 0) {
            const char *end = strstr(sql, "*/");
            sql = end ? end + 2 : sql + strlen(sql);
        } else {
            return *sql == '\0';
        }
    }
}

enum sb_err sb_sqlite_prepare(sqlite3 *db, const char *sql, unsigned flags, sqlite3_stmt **stmt, struct sb_error *err)
{
    sqlite3_stmt *made = NULL;
    const char *rest = "";
    if (sqlite3_prepare_v3(db, sql, -1, flags, &made, &rest) != SQLITE_OK)
        return sb_sqlite_error(db, "statement refused", err);
    if (!made || !is_blank(rest)) {
        sqlite3_finalize(made);
        return sb_error_set(err, SB_ERR_INVALID, "statement refused: exactly one statement is expected in \"%.80s\"", sql);
    }
    *stmt = made;
    return SB_OK;
}

static int bind_cell(sqlite3_stmt *stmt, int at, const struct sb_cell *cell)
{
    switch (cell->type) {
    case SB_CELL_NULL:
        return sqlite3_bind_null(stmt, at);
    case SB_CELL_INT:
        return sqlite3_bind_int64(stmt, at, cell->integer);
    case SB_CELL_TEXT:
        return sqlite3_bind_text64(stmt, at, cell->text, cell->size, SQLITE_STATIC, SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
}

enum sb_err sb_sqlite_bind(sqlite3_stmt *stmt, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    int places = sqlite3_bind_parameter_count(stmt);
    for (int at = 1; at <= places; at++) {
        const char *name = sqlite3_bind_parameter_name(stmt, at);
        uint64_t number = 0;
        /* SQLite numbers "$3" by first appearance: the digits in the name are what the port means */
        if (!name || name[0] != '$' || !sb_parse_u64(name + 1, &number) || number == 0)
            return sb_error_set(err, SB_ERR_INVALID, "parameter %s: only $1, $2 ... are allowed", name ? name : "?");
        if (number > count)
            return sb_error_set(err, SB_ERR_INVALID, "parameter %s has no value: %zu were given", name, count);
        if (bind_cell(stmt, at, &params[number - 1]) != SQLITE_OK)
            return sb_sqlite_error(sqlite3_db_handle(stmt), "parameter refused", err);
    }
    return SB_OK;
}

enum sb_err sb_sqlite_exec(sqlite3 *db, const char *sql, struct sb_error *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sb_sqlite_error(db, sql, err);
    return SB_OK;
}

enum sb_err sb_sqlite_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct sb_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum sb_err code = sb_sqlite_prepare(db, sql, 0, &stmt, err);
    if (code)
        return code;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else if (rc == SQLITE_DONE)
        *out = fallback;
    else
        code = sb_sqlite_error(db, sql, err);
    sqlite3_finalize(stmt);
    return code;
}

enum sb_err sb_sqlite_text(sqlite3 *db, const char *sql, char *out, size_t cap, struct sb_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum sb_err code = sb_sqlite_prepare(db, sql, 0, &stmt, err);
    if (code)
        return code;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(stmt, 0);
        (void)sb_copy(out, cap, text ? (const char *)text : "");
    } else if (rc == SQLITE_DONE) {
        (void)sb_copy(out, cap, "");
    } else {
        code = sb_sqlite_error(db, sql, err);
    }
    sqlite3_finalize(stmt);
    return code;
}
