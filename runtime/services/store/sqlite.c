/* The store on SQLite: opening and closing, and the operations which are made of others. Owns the connections and the writer thread;
 * the thread that opens is the thread that closes. */
#include "sqlite.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PRUNE_ROWS = 1000 }; /* per transaction, so that the journal never waits long */

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

static enum sb_err open_writer(struct sb_sqlite *self, struct sb_error *err)
{
    struct sb_error why = { 0 };
    enum sb_err code = sb_sqlite_connect(&self->writer, self->path, SQLITE_OPEN_READWRITE, &why);
    if (!code)
        code = sb_guard_database(self->writer, self->path, &why);
    if (!code)
        code = use_wal(self->writer, self->path, &why);
    if (!code)
        code = sb_migrate(self->writer, self->path, &why);
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
    if (self->reader_mutex)
        sb_readers_close(self);
    int rc = sqlite3_close(self->writer); /* last, so that it makes the final checkpoint */
    SB_ASSERT(rc == SQLITE_OK);
    while (self->queue.first) { /* only what could not be written */
        struct sb_chunk *chunk = self->queue.first;
        self->queue.first = chunk->next;
        free(chunk);
    }
    free(self->spare);
    sb_fold_destroy(self->fold);
    sb_cond_destroy(self->reader_free);
    sb_mutex_destroy(self->reader_mutex);
    sb_cond_destroy(self->space);
    sb_cond_destroy(self->work);
    sb_mutex_destroy(self->mutex);
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
    sb_mutex_lock(self->mutex);
    self->is_closing = true;
    sb_cond_signal(self->work);
    sb_mutex_unlock(self->mutex);
    sb_thread_join(self->thread);
    if (self->queue.count > 0)
        sb_log(SB_LOG_ERROR, "store", "%llu events could not be written before the end", (unsigned long long)self->queue.count);
    else if (!self->is_broken && sb_guard_mark(self->writer, true, &err))
        sb_log(SB_LOG_WARN, "store", "the clean end could not be noted, the next start checks the database: %s", err.text);
    free_parts(self);
}

static void set_callbacks(struct sb_store *store, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                          void (*on_failure)(void *arg, const struct sb_error *error))
{
    struct sb_sqlite *self = sb_sqlite_of(store);
    sb_mutex_lock(self->mutex); /* append takes it too, so the writer sees them with the first event */
    self->callback_arg = arg;
    self->on_durable = on_durable;
    self->on_failure = on_failure;
    sb_mutex_unlock(self->mutex);
}

/* The test value only ever grows, whoever writes it: checks at the same time are each other's proof, not each other's failure. */
static enum sb_err check(struct sb_store *store, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell value = sb_cell_int(sb_wall_now().ns);
    const struct sb_statement put = { "INSERT INTO meta (key, value) VALUES ('check', CAST($1 AS TEXT)) "
                                      "ON CONFLICT (key) DO UPDATE SET value = CASE "
                                      "WHEN CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT) THEN excluded.value "
                                      "ELSE CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) END", &value, 1, 1 };
    const struct sb_statement get = { "SELECT 1 FROM meta WHERE key = 'check' AND CAST(value AS BIGINT) >= $1", &value, 1, -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->write(store, &put, 1, NULL, op, err);
    if (!code)
        code = store->ops->query(store, &get, op, &rows, err);
    if (!code && sb_rows_count(rows) != 1)
        code = sb_error_set(err, SB_ERR_CONFLICT, "the test row was not read back");
    sb_rows_destroy(rows);
    return code;
}

/* Repeats a bounded delete until it finds nothing more. */
static enum sb_err delete_all(struct sb_store *store, const char *sql, int64_t before, const struct sb_op *op, int64_t *deleted,
                              struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(before), sb_cell_int(PRUNE_ROWS) };
    const struct sb_statement statement = { sql, params, SB_LEN(params), -1 };
    int64_t changed;
    do {
        enum sb_err code = store->ops->write(store, &statement, 1, &changed, op, err);
        if (code)
            return code;
        *deleted += changed;
    } while (changed > 0);
    return SB_OK;
}

static enum sb_err prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    static const char *const deletes[] = {
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq < COALESCE((SELECT MIN(seq) FROM events WHERE at_ms >= $1), "
        "9223372036854775807) ORDER BY seq LIMIT $2)",
        "DELETE FROM job_steps WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 AND EXISTS "
        "(SELECT 1 FROM job_steps s WHERE s.run = job_runs.run) ORDER BY run LIMIT $2)",
        "DELETE FROM step_outputs WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 AND EXISTS "
        "(SELECT 1 FROM step_outputs s WHERE s.run = job_runs.run) ORDER BY run LIMIT $2)",
        "DELETE FROM job_runs WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 ORDER BY run LIMIT $2)",
        "DELETE FROM leases WHERE seq IN (SELECT seq FROM leases WHERE released_at_ms < $1 ORDER BY seq LIMIT $2)",
        "DELETE FROM alerts WHERE alert IN (SELECT alert FROM alerts WHERE cleared_at_ms < $1 ORDER BY alert LIMIT $2)",
    };
    int64_t count = 0;
    enum sb_err code = SB_OK;
    for (size_t i = 0; i < SB_LEN(deletes) && !code; i++)
        code = delete_all(store, deletes[i], before.ns / 1000000, op, &count, err);
    if (!code)
        code = sb_writer_checkpoint(sb_sqlite_of(store), op, err);
    if (!code)
        *deleted = count;
    return code;
}

static void stats(struct sb_store *store, struct sb_store_stats *out)
{
    struct sb_sqlite *self = sb_sqlite_of(store);
    sb_mutex_lock(self->mutex);
    *out = (struct sb_store_stats){
        .events_durable = self->events_durable,
        .transactions = self->transactions,
        .writes = self->writes,
        .queries = self->queries,
        .queue_count = self->queue_count,
        .queue_count_max = self->queue_count_max,
        .commit_p50 = sb_hist_permille(&self->commits, 500),
        .commit_p99 = sb_hist_permille(&self->commits, 990),
    };
    sb_mutex_unlock(self->mutex);
}

static const struct sb_store_ops sqlite_ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .query = sb_reader_query,
    .write = sb_writer_write,
    .append = sb_writer_append,
    .set_callbacks = set_callbacks,
    .restore = sb_restore,
    .check = check,
    .prune = prune,
    .stats = stats,
};

/* "sqlite:PATH" or PATH; the file's folder is made when it is not there. */
static enum sb_err take_location(struct sb_sqlite *self, const char *location, struct sb_error *err)
{
    static const char prefix[] = "sqlite:";
    const char *path = strncmp(location, prefix, sizeof prefix - 1) == 0 ? location + sizeof prefix - 1 : location;
    if (strncmp(location, "postgres", 8) == 0 && strstr(location, "://"))
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "store %.20s...: this program has SQLite only; use sqlite:PATH", location);
    if (!*path || sb_streq(path, ":memory:"))
        return sb_error_set(err, SB_ERR_CONFIG, "store \"%s\" names no file: use sqlite:PATH", location);
    self->path = strdup(path);
    if (!self->path)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    char *slash = strrchr(self->path, '/');
    if (!slash || slash == self->path)
        return SB_OK;
    *slash = '\0';
    enum sb_err code = sb_dir_make(self->path, 0700, err);
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

static bool create_parts(struct sb_sqlite *self)
{
    self->mutex = sb_mutex_create(SB_RANK_JOURNAL);
    self->work = sb_cond_create();
    self->space = sb_cond_create();
    self->reader_mutex = sb_mutex_create(SB_RANK_STORE);
    self->reader_free = sb_cond_create();
    self->fold = sb_fold_create();
    sb_hist_init(&self->commits);
    return self->mutex && self->work && self->space && self->reader_mutex && self->reader_free && self->fold;
}

enum sb_err sb_store_open(struct sb_store **store, const char *location, struct sb_error *err)
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
    if (!code && !create_parts(self))
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    if (!code)
        code = open_writer(self, err);
    if (!code)
        code = sb_thread_start(&self->thread, "store", sb_writer_main, self, err);
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}

/* --- a viewer: readers only, beside a running program ------------------------------------------------------------------------ */

static enum sb_err refuse(struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_READ_ONLY, "the store was opened for looking only");
}

static enum sb_err viewer_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                                const struct sb_op *op, struct sb_error *err)
{
    (void)store, (void)statements, (void)count, (void)changed, (void)op;
    return refuse(err);
}

static enum sb_err viewer_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    (void)store, (void)events, (void)count;
    return refuse(err);
}

static enum sb_err viewer_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                                  void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err)
{
    (void)store, (void)arg, (void)job_of, (void)emit;
    return refuse(err);
}

static enum sb_err viewer_check(struct sb_store *store, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_statement look = { "SELECT value FROM meta WHERE key = 'genesis_ns'", NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->query(store, &look, op, &rows, err);
    sb_rows_destroy(rows);
    return code;
}

static enum sb_err viewer_prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    (void)store, (void)before, (void)op, (void)deleted;
    return refuse(err);
}

static void viewer_close(struct sb_store *store)
{
    if (store)
        free_parts(sb_sqlite_of(store));
}

static const struct sb_store_ops viewer_ops = {
    .name = "sqlite, read-only",
    .close = viewer_close,
    .query = sb_reader_query,
    .write = viewer_write,
    .append = viewer_append,
    .set_callbacks = set_callbacks,
    .restore = viewer_restore,
    .check = viewer_check,
    .prune = viewer_prune,
    .stats = stats,
};

enum sb_err sb_store_view(struct sb_store **store, const char *location, struct sb_error *err)
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
    if (!code && !create_parts(self))
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}
