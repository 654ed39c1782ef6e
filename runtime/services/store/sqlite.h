/* The SQLite store from inside; private to this room.
 *
 *   any thread --write()--> queue --+
 *   core thread --append()-> queue --+--> writer thread: one transaction per round --> durable callback, callers woken
 *   any thread --query()--> one of a few read-only connections
 *
 * One connection writes and it is the only checkpointer. What lies in the queues is guarded by `mutex`, the readers by
 * `reader_mutex`; the writer's connection and the fold belong to the writer thread once it runs. */
#ifndef SIGNALBOX_STORE_SQLITE_H
#define SIGNALBOX_STORE_SQLITE_H

#include "fold.h"
#include "statement.h"

#include "signalbox/base/hist.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <sqlite3.h>

enum {
    SB_QUEUE_MAX = 65536,            /* events waiting or being written */
    SB_CHUNK_EVENTS = 64,
    SB_READERS_MAX = 4,
    SB_WRITE_STATEMENTS_MAX = 64,    /* statements of one write */
    SB_CHECKPOINT_PAGES = 2000,      /* of 4 KiB in the write-ahead log before they are moved into the database */
};

struct sb_chunk {
    struct sb_chunk *next;
    uint32_t count;
    struct sb_event events[SB_CHUNK_EVENTS];
};

struct sb_chunks {
    struct sb_chunk *first, *last;
    uint64_t count; /* events */
};

enum sb_request_state { SB_REQUEST_WAITING, SB_REQUEST_TAKEN, SB_REQUEST_DONE };

/* One call of write(); lives on the caller's stack, who waits for `wake_fd`. */
struct sb_request {
    struct sb_request *next;
    const struct sb_statement *statements;
    size_t count;
    const struct sb_op *op;
    bool is_checkpoint; /* no statements: truncate the write-ahead log */
    enum sb_request_state state;
    int wake_fd;
    enum sb_err code;
    struct sb_error err;
    int64_t changed[SB_WRITE_STATEMENTS_MAX];
};

struct sb_sqlite {
    struct sb_store store; /* first */
    char *path;
    int lock_fd;

    struct sb_mutex *mutex; /* guards from here ... */
    struct sb_cond *work;   /* the writer waits */
    struct sb_cond *space;  /* append waits */
    struct sb_chunks queue;
    struct sb_chunk *spare;
    struct sb_request *requests, *last_request;
    uint64_t queue_count, queue_count_max; /* queued and in flight */
    bool is_closing, is_broken;
    struct sb_error broken;
    uint64_t events_durable, transactions, writes, queries;
    struct sb_hist commits; /* ... to here */

    void *callback_arg;
    void (*on_durable)(void *arg, uint64_t seq);
    void (*on_failure)(void *arg, const struct sb_error *error);

    struct sb_thread *thread;
    sqlite3 *writer;
    sqlite3_stmt *folds[SB_FOLD_SQL_COUNT];
    struct sb_fold *fold;
    bool is_guest;          /* the statement being prepared is a caller's */
    int wal_pages;

    struct sb_mutex *reader_mutex;
    struct sb_cond *reader_free;
    struct {
        sqlite3 *db;
        bool is_leased;
    } readers[SB_READERS_MAX];
};

static inline struct sb_sqlite *sb_sqlite_of(struct sb_store *store)
{
    return (struct sb_sqlite *)(void *)store;
}

/* sqlite.c: a configured connection. `flags` as sqlite3_open_v2. */
enum sb_err sb_sqlite_connect(sqlite3 **db, const char *path, int flags, struct sb_error *err) SB_MUST_USE;

/* guard.c: looks at the file before SQLite does, and at the database before it is used. */
enum sb_err sb_guard_file(const char *path, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_guard_database(sqlite3 *db, const char *path, struct sb_error *err) SB_MUST_USE;
/* Says what to do about an error of the opening, and returns its code. */
enum sb_err sb_guard_explain(const char *path, const struct sb_error *why, struct sb_error *err);
enum sb_err sb_guard_mark(sqlite3 *db, bool is_clean, struct sb_error *err) SB_MUST_USE;

/* migrate.c: brings the schema of `db` to this program's; refuses a newer or altered one. */
enum sb_err sb_migrate(sqlite3 *db, const char *path, struct sb_error *err) SB_MUST_USE;

/* writer.c */
void sb_writer_main(void *arg);
enum sb_err sb_writer_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err);
enum sb_err sb_writer_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                            const struct sb_op *op, struct sb_error *err);
enum sb_err sb_writer_checkpoint(struct sb_sqlite *self, const struct sb_op *op, struct sb_error *err);

/* batch.c: one transaction with these events and these requests. False when the events must be tried again; requests are all answered
 * (code and err set) in either case. */
bool sb_batch_run(struct sb_sqlite *self, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err);

/* reader.c */
enum sb_err sb_reader_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op,
                            struct sb_rows **rows, struct sb_error *err);
void sb_readers_close(struct sb_sqlite *self);

/* restore.c: through the port alone. */
enum sb_err sb_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                       void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err);

#endif
