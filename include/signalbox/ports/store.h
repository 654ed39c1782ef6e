/* The store port: the one interface to the database. Implementations: services/store/sqlite.c and postgres.c, both
 * passing tests/contract/store_test.c and the other suites over store_world.h.
 *
 * SQL is the common dialect of SQLite and PostgreSQL; parameters are $1..$n and are always bound, never pasted.
 * Threads: every call may come from any thread unless said otherwise. One writer inside; readers are read-only. */
#ifndef SIGNALBOX_PORTS_STORE_H
#define SIGNALBOX_PORTS_STORE_H

#include "signalbox/base/hist.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"
#include "signalbox/ports/op.h"

#include <stddef.h>

#define SB_LIST_CELL(X) X(NULL) X(INT) X(TEXT)
enum sb_cell_type { SB_CELL_NULL, SB_CELL_INT, SB_CELL_TEXT };

/* A parameter or a result cell. Text is UTF-8, `size` bytes, not necessarily terminated when it is a parameter; result texts are
 * NUL-terminated and belong to their sb_rows. Reals are returned as text. */
struct sb_cell {
    enum sb_cell_type type;
    int64_t integer;
    const char *text;
    size_t size;
};
static inline struct sb_cell sb_cell_int(int64_t value)
{
    return (struct sb_cell){ .type = SB_CELL_INT, .integer = value };
}
static inline struct sb_cell sb_cell_null(void)
{
    return (struct sb_cell){ .type = SB_CELL_NULL };
}
struct sb_cell sb_cell_text(const char *text); /* NULL pointer gives a NULL cell; borrows */

struct sb_statement {
    const char *sql;
    const struct sb_cell *params;
    size_t param_count;
    int64_t expect_rows; /* rows it must change, else the whole transaction is undone with SB_ERR_CONFLICT; -1 = any */
};

struct sb_rows; /* a result set, bounded: 10,000 rows, 8 MiB, beyond which the query fails with SB_ERR_TOO_LARGE */
size_t sb_rows_count(const struct sb_rows *rows);
size_t sb_rows_columns(const struct sb_rows *rows);
const char *sb_rows_column(const struct sb_rows *rows, size_t column);
const struct sb_cell *sb_rows_cell(const struct sb_rows *rows, size_t row, size_t column);
/* Cell by column name; NULL when there is no such column. */
const struct sb_cell *sb_rows_get(const struct sb_rows *rows, size_t row, const char *column);
/* The same as a value: 0 for what is no number, "" for what is no text. The text lives as long as the rows. */
int64_t sb_rows_number(const struct sb_rows *rows, size_t row, const char *column);
const char *sb_rows_words(const struct sb_rows *rows, size_t row, const char *column);
void sb_rows_destroy(struct sb_rows *rows);

struct sb_store_stats {
    uint64_t events_durable, transactions, writes, queries;
    uint64_t queue_count, queue_count_max;
    sb_ns commit_p50, commit_p99;
    /* Connections for queries: at most so many, open, leased now; callers who wait for one now; those who waited for a second or longer, ever. */
    uint32_t readers_max, readers_open, readers_leased, reader_waiters;
    uint64_t reader_waits_long;
    struct sb_hist query, write, reader_wait; /* durations: of queries and writes with their waits; until a connection was free */
};

struct sb_store {
    const struct sb_store_ops *ops;
};

struct sb_store_ops {
    const char *name;
    /* Destroys the store after writing what was appended. NULL is fine. */
    void (*close)(struct sb_store *store);
    /* Read-only query. `*rows` is the caller's to destroy. */
    enum sb_err (*query)(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op,
                         struct sb_rows **rows, struct sb_error *err);
    /* Runs the statements in one transaction on the writer and returns when it is durable. `changed` (may be NULL) receives the rows
     * each statement changed. */
    enum sb_err (*write)(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                         const struct sb_op *op, struct sb_error *err);
    /* Queues events for the journal, in order; copies them. Blocks only while the bounded queue is full. Called by the core thread
     * alone. Failure means the store is broken for good (the durable callback has told). */
    enum sb_err (*append)(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err);
    /* `on_durable(arg, seq)` is called on the writer thread after each commit with the highest event seq on disk;
     * `on_failure(arg, error)` when a batch could not be written (it is tried again; nothing is dropped). Set once, before append. */
    void (*set_callbacks)(struct sb_store *store, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                          void (*on_failure)(void *arg, const struct sb_error *error));
    /* Gives the restore_* inputs of the last state, in an order the core accepts, jobs matched by name through `job_of`
     * (SB_NO_JOB = no longer in the catalogue: skipped). Before the first append. A run found unfinished comes as restore_run. */
    enum sb_err (*restore)(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                           void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err);
    /* A real check: writes and reads back a test row. */
    enum sb_err (*check)(struct sb_store *store, const struct sb_op *op, struct sb_error *err);
    /* Deletes journal events and ended runs older than `keep` and checkpoints. Returns rows deleted. */
    enum sb_err (*prune)(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted,
                         struct sb_error *err);
    void (*stats)(struct sb_store *store, struct sb_store_stats *stats);
};

/* Where a store is: "sqlite:PATH" (or a plain path) or "postgresql://USER@HOST/DATABASE" as libpq reads it (docs/OPERATIONS.md). Errors, logs and
 * screens show it without its password. */
enum { SB_LOCATION_SHOWN_MAX = 256 };
/* Whether the location makes sense; connects to nothing. */
enum sb_err sb_store_check_location(const char *location, struct sb_error *err) SB_MUST_USE;
void sb_store_show_location(const char *location, char out[SB_LOCATION_SHOWN_MAX]);

/* Opens it, applies the migrations, refuses a corrupt, read-only, newer or locked database with what to do. */
enum sb_err sb_store_open(struct sb_store **store, const char *location, struct sb_error *err) SB_MUST_USE;
/* The same for an active node: every transaction is its own only while its token is current. What still writes under an older one is ended; once
 * a newer one is there, everything is refused with SB_ERR_STALE. */
struct sb_node;
enum sb_err sb_store_open_as(struct sb_store **store, const char *location, struct sb_node *node, struct sb_error *err) SB_MUST_USE;
/* Opens an existing store for looking only, also while a program runs on it: `query` and `check` work, everything that changes is
 * SB_ERR_READ_ONLY. SB_ERR_NOT_FOUND when there is none. */
enum sb_err sb_store_view(struct sb_store **store, const char *location, struct sb_error *err) SB_MUST_USE;
/* Writes one consistent state of it into a new file, also while a program runs on it, and checks that file. */
enum sb_err sb_store_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

#endif
