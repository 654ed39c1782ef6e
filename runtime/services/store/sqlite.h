/* The SQLite store from inside; private to this room.
 *
 *   writer thread (queue.h) --> the one connection that writes, which is also the only checkpointer
 *   any thread --query()--> one of a few read-only connections
 *
 * The readers belong to who has their seat; the writer's connection and the fold belong to the writer thread once it runs. */
#ifndef SIGNALBOX_STORE_SQLITE_H
#define SIGNALBOX_STORE_SQLITE_H

#include "queue.h"
#include "seats.h"
#include "shared.h"
#include "sqlite_statement.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <sqlite3.h>

enum {
    SB_READERS_MAX = 4,
    SB_CHECKPOINT_PAGES = 2000, /* of 4 KiB in the write-ahead log before they are moved into the database */
};

struct sb_sqlite {
    struct sb_store store; /* first */
    char *path;
    int lock_fd;

    struct sb_queue queue;
    sqlite3 *writer;
    sqlite3_stmt *folds[SB_FOLD_SQL_COUNT];
    struct sb_fold *fold;
    bool is_guest;          /* the statement being prepared is a caller's */
    int wal_pages;

    struct sb_seats seats;
    sqlite3 *readers[SB_READERS_MAX]; /* by seat; NULL until first needed */
};

static inline struct sb_sqlite *sb_sqlite_of(struct sb_store *store)
{
    return (struct sb_sqlite *)(void *)store;
}

/* sqlite.c: the file of a location, within it; a configured connection. `flags` as sqlite3_open_v2. */
const char *sb_sqlite_path(const char *location);
enum sb_err sb_sqlite_connect(sqlite3 **db, const char *path, int flags, struct sb_error *err) SB_MUST_USE;

/* sqlite_guard.c: looks at the file before SQLite does, and at the database before it is used. */
enum sb_err sb_guard_file(const char *path, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_guard_database(sqlite3 *db, const char *path, struct sb_error *err) SB_MUST_USE;
/* Says what to do about an error of the opening, and returns its code. */
enum sb_err sb_guard_explain(const char *path, const struct sb_error *why, struct sb_error *err);
enum sb_err sb_guard_mark(sqlite3 *db, bool is_clean, struct sb_error *err) SB_MUST_USE;

/* sqlite_backup.c: see the port. */
enum sb_err sb_sqlite_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err);

extern const struct sb_backend sb_backend_sqlite;

/* sqlite_batch.c */
extern const struct sb_writer_ops sb_sqlite_writer;

/* sqlite_reader.c */
enum sb_err sb_reader_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op,
                            struct sb_rows **rows, struct sb_error *err);
void sb_readers_close(struct sb_sqlite *self);

#endif
