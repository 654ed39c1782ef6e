/* The store on SQLite: opening and closing, and the operations which are made of others. Owns the connections and the writer thread;
 * the thread that opens is the thread that closes. */
#include "sqlite.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Callers' statements on the writer may change rows and tables of their own, but not the connection. */
static int authorize_writer(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    static const int forbidden[] = { SQLITE_PRAGMA, SQLITE_ATTACH, SQLITE_DETACH, SQLITE_TRANSACTION, SQLITE_SAVEPOINT };
    const struct sb_sqlite *self = arg;
    (void)a, (void)b, (void)c, (void)d;
    for (size_t i = 0; i < SB_LEN(forbidden); i++)
        if (self->is_guest && forbidden[i] == action)
            return SQLITE_DENY;
    return SQLITE_OK;
}

static int count_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sb_sqlite *self = arg;
    (void)db, (void)name;
    self->wal_pages = pages;
    return SQLITE_OK;
}

enum sb_err sb_sqlite_connect(sqlite3 **db, const char *path, int flags, struct sb_error *err)
{
    static const char *const settings[] = {
        "PRAGMA foreign_keys = ON",   "PRAGMA synchronous = FULL",      "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF",    "PRAGMA cache_size = -2000",
    };
    sqlite3 *opened = NULL;
    enum sb_err code = SB_OK;
    if (sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
        code = opened ? sb_sqlite_error(opened, path, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection");
    if (!code)
        (void)sqlite3_busy_timeout(opened, 5000);
    if (!code)
        (void)sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    for (size_t i = 0; i < SB_LEN(settings) && !code; i++)
        code = sb_sqlite_exec(opened, settings[i], err);
    if (code)
        (void)sqlite3_close(opened); /* nothing is prepared: it closes */
    else
        *db = opened;
    return code;
}

static enum sb_err use_wal(sqlite3 *db, const char *path, struct sb_error *err)
{
    char mode[16] = "";
    enum sb_err code = sb_sqlite_text(db, "PRAGMA journal_mode = WAL", mode, sizeof mode, err);
    if (!code && !sb_streq(mode, "wal"))
        code = sb_error_set(err, SB_ERR_UNSUPPORTED, "store %s: its file system has no shared memory for a write-ahead log (it is \"%s\"). "
                            "Put it on a local disk", path, mode);
    return code;
}

static enum sb_err load_numbers(struct sb_sqlite *self, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    for (unsigned i = 0; i < SB_FOLD_NUMBER_COUNT && !code; i++) {
        char sql[80];
        int64_t value = 1;
        (void)snprintf(sql, sizeof sql, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = '%s'", sb_fold_number_keys[i]);
        code = sb_sqlite_number(self->writer, sql, 1, &value, err);
        if (!code)
            sb_fold_number_set(self->fold, (enum sb_fold_number)i, (uint64_t)value);
    }
    return code;
}

static enum sb_err migrate_exec(void *arg, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    sqlite3 *db = arg;
    sqlite3_stmt *stmt = NULL;
    enum sb_err code = sb_sqlite_prepare(db, sql, 0, &stmt, err);
    if (!code)
        code = sb_sqlite_bind(stmt, params, count, err);
    if (!code && sqlite3_step(stmt) != SQLITE_DONE)
        code = sb_sqlite_error(db, sql, err);
    sqlite3_finalize(stmt);
    return code;
}

static enum sb_err migrate_text(void *arg, const char *sql, char *out, size_t cap, struct sb_error *err)
{
    return sb_sqlite_text(arg, sql, out, cap, err);
}

static enum sb_err migrate(struct sb_sqlite *self, struct sb_error *err)
{
    const struct sb_migrating migrating = { .arg = self->writer, .shown = self->path, .begin = "BEGIN EXCLUSIVE",
                                            .move_away = "move the file away", .exec = migrate_exec, .text = migrate_text };
    return sb_migrate(&migrating, err);
}

static enum sb_err open_writer(struct sb_sqlite *self, struct sb_error *err)
{
    struct sb_error why = { 0 };
    enum sb_err code = sb_sqlite_connect(&self->writer, self->path, SQLITE_OPEN_READWRITE, &why);
    if (!code)
        code = sb_guard_database(self->writer, self->path, &why);
    if (!code)
        code = use_wal(self->writer, self->path, &why);
    if (!code)
        code = migrate(self, &why);
    if (!code)
        code = sb_guard_mark(self->writer, false, &why);
    if (!code)
        code = load_numbers(self, &why);
    if (code)
        return sb_guard_explain(self->path, &why, err);
    (void)sqlite3_wal_hook(self->writer, count_wal, self);
    (void)sqlite3_set_authorizer(self->writer, authorize_writer, self);
    return SB_OK;
}

/* Everything but the path, the lock and the callbacks; the writer thread has ended or never began. */
static void free_parts(struct sb_sqlite *self)
{
    for (unsigned i = 0; i < SB_FOLD_SQL_COUNT; i++)
        sqlite3_finalize(self->folds[i]);
    if (self->seats.mutex)
        sb_readers_close(self);
    int rc = sqlite3_close(self->writer); /* last, so that it makes the final checkpoint */
    SB_ASSERT(rc == SQLITE_OK);
    sb_queue_deinit(&self->queue);
    sb_fold_destroy(self->fold);
    sb_seats_deinit(&self->seats);
    sb_fd_close(&self->lock_fd);
    free(self->path);
    free(self);
}

static void sqlite_close(struct sb_store *store)
{
    struct sb_error err = { 0 };
    if (!store)
        return;
    struct sb_sqlite *self = sb_sqlite_of(store);
    if (sb_queue_stop(&self->queue) && sb_guard_mark(self->writer, true, &err))
        sb_log(SB_LOG_WARN, "store", "the clean end could not be noted, the next start checks the database: %s", err.text);
    free_parts(self);
}

static enum sb_err prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    int64_t count = 0;
    enum sb_err code = sb_store_prune_rows(store, before, op, &count, err);
    if (!code)
        code = sb_queue_housekeep(&sb_sqlite_of(store)->queue, op, err);
    if (!code)
        *deleted = count;
    return code;
}

static enum sb_err append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    return sb_queue_append(&sb_sqlite_of(store)->queue, events, count, err);
}

static enum sb_err write_all(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                             const struct sb_op *op, struct sb_error *err)
{
    return sb_queue_write(&sb_sqlite_of(store)->queue, statements, count, changed, op, err);
}

static void set_callbacks(struct sb_store *store, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                          void (*on_failure)(void *arg, const struct sb_error *error))
{
    sb_queue_set_callbacks(&sb_sqlite_of(store)->queue, arg, on_durable, on_failure);
}

static void stats(struct sb_store *store, struct sb_store_stats *out)
{
    sb_queue_stats(&sb_sqlite_of(store)->queue, out);
    sb_seats_stats(&sb_sqlite_of(store)->seats, out);
}

static const struct sb_store_ops sqlite_ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .query = sb_reader_query,
    .write = write_all,
    .append = append,
    .set_callbacks = set_callbacks,
    .restore = sb_restore,
    .check = sb_store_check_rows,
    .prune = prune,
    .stats = stats,
};

const char *sb_sqlite_path(const char *location)
{
    static const char prefix[] = "sqlite:";
    return strncmp(location, prefix, sizeof prefix - 1) == 0 ? location + sizeof prefix - 1 : location;
}

static enum sb_err check_location(const char *location, struct sb_error *err)
{
    const char *path = sb_sqlite_path(location);
    if (!*path || sb_streq(path, ":memory:"))
        return sb_error_set(err, SB_ERR_CONFIG, "store \"%s\" names no file: use sqlite:PATH", location);
    return SB_OK;
}

static void show_location(const char *location, char out[SB_LOCATION_SHOWN_MAX])
{
    (void)sb_copy(out, SB_LOCATION_SHOWN_MAX, location);
}

/* The file's folder is made when it is not there. */
static enum sb_err take_location(struct sb_sqlite *self, const char *location, struct sb_error *err)
{
    enum sb_err code = check_location(location, err);
    if (code)
        return code;
    self->path = strdup(sb_sqlite_path(location));
    if (!self->path)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    char *slash = strrchr(self->path, '/');
    if (!slash || slash == self->path)
        return SB_OK;
    *slash = '\0';
    code = sb_dir_make(self->path, 0700, err);
    *slash = '/';
    if (code && err)
        (void)sb_error_wrap(err, "store %s: its folder cannot be made", self->path);
    return code;
}

/* One process per store: a second one would decide the same due times again. */
static enum sb_err take_lock(struct sb_sqlite *self, struct sb_error *err)
{
    char *path = malloc(strlen(self->path) + sizeof ".lock");
    struct sb_text text;
    if (!path)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    sb_text_init(&text, path, strlen(self->path) + sizeof ".lock");
    sb_text_add(&text, self->path);
    sb_text_add(&text, ".lock");
    enum sb_err code = sb_lock_open(&self->lock_fd, path, err);
    if (code && err)
        (void)sb_error_wrap(err, "store %s is in use or cannot be locked; stop the other signalbox or name another store", self->path);
    free(path);
    return code;
}

static enum sb_err create_parts(struct sb_sqlite *self, struct sb_error *err)
{
    bool has_seats = sb_seats_init(&self->seats, SB_READERS_MAX);
    self->fold = sb_fold_create();
    if (!has_seats || !self->fold)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    return sb_queue_init(&self->queue, &sb_sqlite_writer, self, err);
}

static enum sb_err sqlite_open(struct sb_store **store, const char *location, struct sb_error *err)
{
    struct sb_sqlite *self = calloc(1, sizeof *self);
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    self->store.ops = &sqlite_ops;
    self->lock_fd = -1;

    enum sb_err code = take_location(self, location, err);
    if (!code)
        code = sb_guard_file(self->path, err);
    if (!code)
        code = take_lock(self, err);
    if (!code)
        code = create_parts(self, err);
    if (!code)
        code = open_writer(self, err);
    if (!code)
        code = sb_queue_start(&self->queue, err);
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}

/* --- a viewer: readers only, beside a running program ------------------------------------------------------------------------ */

static void viewer_close(struct sb_store *store)
{
    if (store)
        free_parts(sb_sqlite_of(store));
}

static const struct sb_store_ops viewer_ops = {
    .name = "sqlite, read-only",
    .close = viewer_close,
    .query = sb_reader_query,
    .write = sb_viewer_write,
    .append = sb_viewer_append,
    .set_callbacks = set_callbacks,
    .restore = sb_viewer_restore,
    .check = sb_store_look,
    .prune = sb_viewer_prune,
    .stats = stats,
};

static enum sb_err sqlite_view(struct sb_store **store, const char *location, struct sb_error *err)
{
    struct sb_sqlite *self = calloc(1, sizeof *self);
    struct stat info;
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    self->store.ops = &viewer_ops;
    self->lock_fd = -1;
    enum sb_err code = take_location(self, location, err);
    if (!code && stat(self->path, &info) != 0)
        code = sb_error_set(err, SB_ERR_NOT_FOUND, "store %s is not there: nothing has run here yet", self->path);
    if (!code)
        code = create_parts(self, err);
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}

static const char *const prefixes[] = { "sqlite:", NULL };

const struct sb_backend sb_backend_sqlite = {
    .prefixes = prefixes,
    .open = sqlite_open,
    .view = sqlite_view,
    .check_location = check_location,
    .show_location = show_location,
    .backup = sb_sqlite_backup,
};
