/* Prepared statements of SQLite with the port's cells, and its errors in our words. Private to this room. */
#ifndef SIGNALBOX_STORE_STATEMENT_H
#define SIGNALBOX_STORE_STATEMENT_H

#include "signalbox/ports/store.h"

#include <sqlite3.h>

/* Ends the statement that runs on `db` when the op is cancelled or its deadline passes. Between init and end the watch may not move. */
struct sb_watch {
    sqlite3 *db;
    const struct sb_op *op;
    enum sb_err code; /* why it was ended */
    struct sb_error err;
};
void sb_watch_init(struct sb_watch *watch, sqlite3 *db, const struct sb_op *op);
void sb_watch_end(struct sb_watch *watch);

/* The error of the last call on `db`; `what` names what was tried. */
enum sb_err sb_sqlite_error(sqlite3 *db, const char *what, struct sb_error *err);
/* The same under a watch: its reason, when it ended the statement. */
enum sb_err sb_watch_error(const struct sb_watch *watch, const char *what, struct sb_error *err);

/* Exactly one statement; `flags` as sqlite3_prepare_v3. */
enum sb_err sb_sqlite_prepare(sqlite3 *db, const char *sql, unsigned flags, sqlite3_stmt **stmt, struct sb_error *err) SB_MUST_USE;
/* Binds $1..$n; every parameter of the statement must be given. Texts are borrowed until the statement is reset. */
enum sb_err sb_sqlite_bind(sqlite3_stmt *stmt, const struct sb_cell *params, size_t count, struct sb_error *err) SB_MUST_USE;
/* Runs statements of ours that need no parameters. */
enum sb_err sb_sqlite_exec(sqlite3 *db, const char *sql, struct sb_error *err) SB_MUST_USE;
/* First cell of the first row as a number or as text; `fallback` when there is no row. */
enum sb_err sb_sqlite_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_sqlite_text(sqlite3 *db, const char *sql, char *out, size_t cap, struct sb_error *err) SB_MUST_USE;

#endif
