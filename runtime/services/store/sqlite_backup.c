/* A backup beside a running program: one snapshot of the database, written into a new file and checked before it gets its name. */
#include "sqlite.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* `part` is an empty file of ours. */
static enum sb_err copy_into(const char *source, const char *part, const struct sb_op *op, struct sb_error *err)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    struct sb_watch watch;
    const struct sb_cell target = sb_cell_text(part);
    enum sb_err code = sb_sqlite_connect(&db, source, SQLITE_OPEN_READWRITE, err);
    if (code)
        return code;
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); /* only the writer may */
    sb_watch_init(&watch, db, op);
    code = sb_sqlite_prepare(db, "VACUUM INTO $1", 0, &stmt, err);
    if (!code)
        code = sb_sqlite_bind(stmt, &target, 1, err);
    if (!code && sqlite3_step(stmt) != SQLITE_DONE)
        code = sb_watch_error(&watch, "backup", err);
    sqlite3_finalize(stmt);
    sb_watch_end(&watch);
    (void)sqlite3_close(db); /* nothing is prepared: it closes */
    return code;
}

static enum sb_err verify(const char *part, struct sb_error *err)
{
    sqlite3 *db = NULL;
    char verdict[160] = "";
    enum sb_err code = sb_sqlite_connect(&db, part, SQLITE_OPEN_READONLY, err);
    if (code)
        return code;
    code = sb_sqlite_text(db, "PRAGMA integrity_check(1)", verdict, sizeof verdict, err);
    if (!code && !sb_streq(verdict, "ok"))
        code = sb_error_set(err, SB_ERR_CORRUPT, "the backup is damaged (%.120s): is the store?", verdict);
    (void)sqlite3_close(db);
    return code;
}

enum sb_err sb_sqlite_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err)
{
    const char *source = sb_sqlite_path(location);
    char part[PATH_BYTES];
    struct stat info;
    if (stat(source, &info) != 0)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "store %s is not there: nothing has run here yet", source);
    enum sb_err code = sb_backup_begin(path, part, sizeof part, err);
    if (code)
        return code;
    code = copy_into(source, part, op, err);
    if (!code)
        code = verify(part, err);
    return sb_backup_end(path, part, code, err);
}
