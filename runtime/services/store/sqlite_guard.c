/* Looks at the database before it is used, and says what to do when it cannot be: unwritable, not a database, somebody else's database,
 * damaged. Opening thread only. */
#include "sqlite.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x53424f58,  /* "SBOX" in the file's header */
    ALWAYS_CHECKED = 16 << 20,    /* smaller files are checked at every open: some ten milliseconds */
};

static enum sb_err unwritable(const char *path, int error, struct sb_error *err)
{
    if (error == EACCES || error == EPERM)
        return sb_error_set(err, SB_ERR_PERMISSION, "store %s cannot be written: %s. Give user %u write permission on the file and its folder",
                            path, strerror(error), (unsigned)geteuid());
    if (error == EROFS)
        return sb_error_set(err, SB_ERR_READ_ONLY, "store %s is on a read-only file system: remount it writable, or use another store", path);
    if (error == EISDIR)
        return sb_error_set(err, SB_ERR_CONFIG, "store %s is a folder: name a file in it", path);
    return sb_error_set(err, SB_ERR_IO, "store %s cannot be opened: %s", path, strerror(error));
}

static enum sb_err damaged(const char *path, const char *what, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_CORRUPT, "store %s is damaged (%.120s). Move it away and restore a backup, or start without it; "
                        "`sqlite3 FILE .recover` may save rows", path, what);
}

/* SQLite makes two more files beside the database and must be able to. */
static enum sb_err check_folder(const char *path, struct sb_error *err)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    if (!slash)
        (void)sb_copy(folder, sizeof folder, ".");
    else if (!sb_copy_n(folder, sizeof folder, path, slash == path ? 1 : (size_t)(slash - path)))
        return sb_error_set(err, SB_ERR_CONFIG, "store path is too long: %.80s...", path);
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        return unwritable(path, errno, err);
    return SB_OK;
}

enum sb_err sb_guard_file(const char *path, struct sb_error *err)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic];
    struct stat info;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return unwritable(path, errno, err);

    enum sb_err code = SB_OK;
    if (fstat(fd, &info) != 0)
        code = sb_error_set(err, SB_ERR_IO, "store %s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        code = sb_error_set(err, SB_ERR_CONFIG, "store %s is not a regular file: name another one", path);
    else if (info.st_size > 0 && (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head || memcmp(head, magic, sizeof magic) != 0))
        code = damaged(path, "it does not start like a SQLite database", err);
    sb_fd_close(&fd);
    return code ? code : check_folder(path, err);
}

/* A database of another program is left alone. */
static enum sb_err check_owner(sqlite3 *db, const char *path, struct sb_error *err)
{
    int64_t id = 0, tables = 0;
    enum sb_err code = sb_sqlite_number(db, "PRAGMA application_id", 0, &id, err);
    if (!code)
        code = sb_sqlite_number(db, "SELECT COUNT(*) FROM sqlite_schema", 0, &tables, err);
    if (code || id == APPLICATION_ID)
        return code;
    if (tables > 0)
        return sb_error_set(err, SB_ERR_CONFIG, "store %s is a database of another program: name another file", path);
    return sb_sqlite_exec(db, "PRAGMA application_id = 1396854616", err); /* APPLICATION_ID in decimal */
}
_Static_assert(APPLICATION_ID == 1396854616, "both spellings of the id agree");

static enum sb_err needs_check(sqlite3 *db, bool *is_needed, struct sb_error *err)
{
    int64_t pages = 0, size = 0, has_meta = 0;
    char shutdown[16] = "";
    enum sb_err code = sb_sqlite_number(db, "PRAGMA page_count", 0, &pages, err);
    if (!code)
        code = sb_sqlite_number(db, "PRAGMA page_size", 0, &size, err);
    if (!code)
        code = sb_sqlite_number(db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'meta'", 0, &has_meta, err);
    if (!code && has_meta)
        code = sb_sqlite_text(db, "SELECT value FROM meta WHERE key = 'shutdown'", shutdown, sizeof shutdown, err);
    *is_needed = pages * size <= ALWAYS_CHECKED || !sb_streq(shutdown, "clean");
    return code;
}

enum sb_err sb_guard_database(sqlite3 *db, const char *path, struct sb_error *err)
{
    char verdict[160] = "ok";
    bool is_needed = false;
    enum sb_err code = check_owner(db, path, err);
    if (!code)
        code = needs_check(db, &is_needed, err);
    if (!code && is_needed)
        code = sb_sqlite_text(db, "PRAGMA quick_check(1)", verdict, sizeof verdict, err);
    if (!code && !sb_streq(verdict, "ok"))
        code = sb_error_set(err, SB_ERR_CORRUPT, "%s", verdict);
    return code;
}

enum sb_err sb_guard_explain(const char *path, const struct sb_error *why, struct sb_error *err)
{
    if (why->code == SB_ERR_CORRUPT)
        return damaged(path, why->text, err);
    if (why->code == SB_ERR_READ_ONLY)
        return unwritable(path, EROFS, err);
    if (why->code == SB_ERR_UNAVAILABLE)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "store %s is locked by another program: close it there (%s)", path, why->text);
    if (err)
        *err = *why;
    return why->code;
}

enum sb_err sb_guard_mark(sqlite3 *db, bool is_clean, struct sb_error *err)
{
    return sb_sqlite_exec(db, is_clean ? "INSERT INTO meta (key, value) VALUES ('shutdown', 'clean') ON CONFLICT (key) DO UPDATE SET value = 'clean'"
                                       : "INSERT INTO meta (key, value) VALUES ('shutdown', 'open') ON CONFLICT (key) DO UPDATE SET value = 'open'",
                          err);
}
