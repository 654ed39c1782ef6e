/* The PostgreSQL store from inside; private to this room, the only one that knows libpq.
 *
 *   writer thread (queue.h) --> one connection, which holds the advisory lock: one program per schema
 *   any thread --query()----> one of a few read-only connections
 *
 * Nothing here blocks in libpq except looking up the server's name: sockets are polled with the caller's deadline and
 * cancellation, and a statement whose caller is gone is cancelled on the server. Session settings end there what this program cannot end
 * any more.
 *
 * What became of a transaction whose connection was lost at its commit is found out, not guessed. Its own rows are the proof, because they
 * are there or not there with the rest of it: the journal row of its last event, or, without events, the value of meta's `writer_round`. It is
 * looked for on a new connection that holds the advisory lock, which the old session must have given up: so that the old transaction is over,
 * whichever way. What did not take place is done again. Callers whose deadline passes meanwhile get SB_ERR_UNAVAILABLE, which says that it
 * is not known.
 *
 * Several programs on one schema take turns (postgres_node.h): the one that has the lease ends whoever still has the lock, and one whose token is
 * not current is refused when it asks for the lock again. */
#ifndef SIGNALBOX_STORE_POSTGRES_H
#define SIGNALBOX_STORE_POSTGRES_H

#include "postgres_library.h"
#include "queue.h"
#include "seats.h"
#include "shared.h"

#include "signalbox/os/os.h"

enum {
    SB_PG_READERS_MAX = 4,
    SB_PG_KNOWN_MAX = 128,     /* prepared statements of one connection; the oldest makes room */
    SB_PG_PARAMS_MAX = 64,
    SB_PG_PIPE_MAX = 256,      /* commands under way; more wait for the first answers */
    SB_PG_ROWS_MAX = 64,       /* journal rows of one statement */
    SB_PG_ROW_COLUMNS = 6,
    SB_PG_SERVER_MIN = 140000, /* 14: the settings of sb_pg_connect */
};

/* Where and as whom; immutable after init. */
struct sb_pg_target {
    PQconninfoOption *options; /* as the location says */
    char shown[SB_LOCATION_SHOWN_MAX];
    sb_ns connect_timeout;
};

/* The one who ends statements of other connections (postgres_cancel.c). */
struct sb_pg_canceller {
    const struct sb_pg_target *target;
    struct sb_mutex *mutex; /* guards is_leased */
    struct sb_cond *free;
    bool is_leased;
};

/* A connection, used by one thread at a time. */
struct sb_pg {
    PGconn *conn; /* NULL = none */
    struct sb_pg_canceller *canceller;
    struct sb_pg_known {
        uint64_t key; /* of the statement and the types of its parameters; 0 = free */
        char *sql;
        unsigned name;
    } known[SB_PG_KNOWN_MAX];
    unsigned next_known, next_name;
    char started[40]; /* with the server's process id it names this session for ever */
    int pid;
};

/* Holds back attempts to connect after a failure: 100 ms, doubling, with jitter. The owner guards it. */
struct sb_pg_gate {
    sb_ns until, delay;
    struct sb_error why;
};

/* Several statements on their way at once. After a failure nothing more is sent before the next sync. */
struct sb_pg_pipe {
    struct sb_pg *pg;
    const struct sb_op *op;
    struct {
        struct sb_pg_known *known; /* this command prepares it */
        int64_t *changed;
        uint64_t event;
    } sent[SB_PG_PIPE_MAX];
    unsigned first, count;
    enum sb_err code;
    struct sb_error err;
    bool is_cancelled;
    uint64_t event; /* whose rows are being pushed; 0 = none */
    char tag[16]; /* of the last statement that succeeded: "COMMIT" */
};

/* Journal rows that one statement will insert. */
struct sb_pg_rows {
    struct {
        char *bytes;
        size_t size, cap;
        bool has_null;
    } columns[SB_PG_ROW_COLUMNS];
    uint32_t count;
};

struct sb_postgres {
    struct sb_store store; /* first */
    struct sb_pg_target target;
    struct sb_pg_canceller canceller;
    struct sb_queue queue;

    /* the writer thread's, once it runs */
    struct sb_pg writer;
    struct sb_pg_gate writer_gate;
    struct sb_pg_pipe pipe;
    struct sb_fold *fold;
    struct sb_pg_rows rows;
    bool is_careful; /* journal rows go one by one, so that the error names the event */
    struct sb_node *node; /* borrowed; NULL: for one process only */
    bool is_fenced;       /* another node has taken over: nothing is written any more */
    int old_pid;          /* the writer's session before this one ... */
    char old_started[40]; /* ... which may still hold the lock */
    struct {
        uint64_t seq;     /* last event of the transaction in doubt; 0 = it had none, then `token` marks it */
        char token[48];
    } doubt;
    uint64_t boot, round; /* what tokens are made of */

    struct sb_seats seats;
    struct sb_pg_gate reader_gate; /* under the mutex of the seats */
    struct sb_pg readers[SB_PG_READERS_MAX]; /* by seat: the lessee's */
};

static inline struct sb_postgres *sb_postgres_of(struct sb_store *store)
{
    return (struct sb_postgres *)(void *)store;
}

/* postgres_target.c */
enum sb_err sb_pg_target_init(struct sb_pg_target *target, const char *location, struct sb_error *err) SB_MUST_USE;
void sb_pg_target_deinit(struct sb_pg_target *target);
/* The location without anything that could be secret; also of one that is wrong. */
void sb_pg_show(const char *location, char out[SB_LOCATION_SHOWN_MAX]);
/* The password as libpq needs it: a reference (file:, env:, cred:) is read, another value copied. NULL when the location has none. Free with
 * sb_secret_free. */
enum sb_err sb_pg_password(const struct sb_pg_target *target, char **password, struct sb_error *err) SB_MUST_USE;
const char *sb_pg_option(const struct sb_pg_target *target, const char *keyword);

/* postgres_conn.c */
enum sb_err sb_pg_connect(struct sb_pg *pg, const struct sb_pg_target *target, bool is_reader, const struct sb_op *op,
                          struct sb_error *err) SB_MUST_USE;
void sb_pg_disconnect(struct sb_pg *pg);
/* Whether the other side is known to be gone; reads what has arrived while nothing was asked. */
bool sb_pg_is_lost(struct sb_pg *pg);
/* Sends what is left to send and waits for something to read. */
enum sb_err sb_pg_wait(struct sb_pg *pg, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* Ends what runs on the connection, on the server too: what is still under way is read, up to a few seconds, else the connection is closed. */
void sb_pg_end_statement(struct sb_pg *pg);
/* The error of a result, or of a connection that broke. */
enum sb_err sb_pg_result_error(const PGresult *result, const char *what, struct sb_error *err);
enum sb_err sb_pg_lost_error(const struct sb_pg *pg, struct sb_error *err);
/* One statement outside a pipeline; `result` (may be NULL) is the caller's to PQclear. */
enum sb_err sb_pg_ask(struct sb_pg *pg, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                      PGresult **result, struct sb_error *err) SB_MUST_USE;

/* postgres_cancel.c. False when the server could not be asked; then a closed connection ends the statement within a second. */
enum sb_err sb_pg_canceller_init(struct sb_pg_canceller *canceller, const struct sb_pg_target *target, struct sb_error *err) SB_MUST_USE;
void sb_pg_canceller_deinit(struct sb_pg_canceller *canceller);
bool sb_pg_cancel(struct sb_pg *pg);

enum sb_err sb_pg_gate_check(const struct sb_pg_gate *gate, struct sb_error *err) SB_MUST_USE;
void sb_pg_gate_failed(struct sb_pg_gate *gate, const struct sb_error *why);
void sb_pg_gate_passed(struct sb_pg_gate *gate);

/* postgres_statement.c: statements with the port's cells. */
struct sb_pg_bound {
    const char *values[SB_PG_PARAMS_MAX];
    int sizes[SB_PG_PARAMS_MAX], formats[SB_PG_PARAMS_MAX];
    Oid types[SB_PG_PARAMS_MAX];
    unsigned char integers[SB_PG_PARAMS_MAX][8];
    int count;
};
/* Looks at a caller's statement: rows may be read, or changed where `is_write`; every $n has its value. */
enum sb_err sb_pg_check_statement(const struct sb_statement *statement, bool is_write, struct sb_error *err) SB_MUST_USE;
/* Borrows the texts. */
enum sb_err sb_pg_bind(struct sb_pg_bound *bound, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err) SB_MUST_USE;
/* The place of the statement among those prepared; `*is_new` = it must be prepared, `*forgotten` (0 = none) = the name to deallocate. NULL
 * when out of memory. */
struct sb_pg_known *sb_pg_know(struct sb_pg *pg, const char *sql, const struct sb_pg_bound *bound, bool *is_new, unsigned *forgotten);
void sb_pg_forget(struct sb_pg_known *known);
enum { SB_PG_NAME_MAX = 16 };
const char *sb_pg_name(unsigned number, char out[SB_PG_NAME_MAX]);
/* Rows that a finished statement changed; one that only reads changes none. */
int64_t sb_pg_changed(PGresult *result);
struct sb_cell sb_pg_cell(const PGresult *result, int row, int column);

/* postgres_pipe.c */
/* The op bounds every wait and must live until the end. */
enum sb_err sb_pg_pipe_begin(struct sb_pg_pipe *pipe, struct sb_pg *pg, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* `changed` (may be NULL) is set by the sync. Fails when an earlier statement is known to have failed. */
enum sb_err sb_pg_pipe_push(struct sb_pg_pipe *pipe, const char *sql, const struct sb_cell *params, size_t count, int64_t *changed,
                            struct sb_error *err);
enum sb_err sb_pg_pipe_push_bound(struct sb_pg_pipe *pipe, const char *sql, const struct sb_pg_bound *bound, int64_t *changed,
                                  struct sb_error *err);
/* Waits for all answers, under another op when one is given; the first error. The connection is lost (conn NULL) or ready for more. */
enum sb_err sb_pg_pipe_sync(struct sb_pg_pipe *pipe, const struct sb_op *op, struct sb_error *err);
void sb_pg_pipe_end(struct sb_pg_pipe *pipe);

/* postgres_rows.c. Add copies; false when out of memory. Push sends and clears. */
bool sb_pg_rows_add(struct sb_pg_rows *rows, const struct sb_cell cells[SB_PG_ROW_COLUMNS]);
enum sb_err sb_pg_rows_push(struct sb_pg_rows *rows, struct sb_pg_pipe *pipe, struct sb_error *err);
void sb_pg_rows_clear(struct sb_pg_rows *rows);
void sb_pg_rows_deinit(struct sb_pg_rows *rows);

/* postgres_writer.c */
extern const struct sb_writer_ops sb_pg_writer;
/* The writer's connection with the advisory lock. */
enum sb_err sb_pg_writer_open(struct sb_postgres *self, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

/* postgres_reader.c */
enum sb_err sb_pg_query(struct sb_store *store, const struct sb_statement *statement, const struct sb_op *op, struct sb_rows **rows,
                        struct sb_error *err);
void sb_pg_readers_close(struct sb_postgres *self);

/* postgres_backup.c */
enum sb_err sb_pg_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err);

extern const struct sb_backend sb_backend_postgres;

#endif
