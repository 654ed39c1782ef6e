/* The writer of a store: the queue in front of it and its thread, the same for every database. Private to this room.
 *
 *   any thread --write()--> requests --+
 *   core thread --append()-> events  --+--> writer thread: one transaction per round --> durable callback, callers woken
 *
 * Whatever waits when the thread comes round goes into one transaction, so that one wait for the disk serves everybody (group commit). What
 * lies in the queue is guarded by `mutex`; what the database's half needs belongs to the writer thread once it runs. */
#ifndef SIGNALBOX_STORE_QUEUE_H
#define SIGNALBOX_STORE_QUEUE_H

#include "fold.h"

#include "signalbox/base/hist.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

enum {
    SB_QUEUE_MAX = 65536,         /* events waiting or being written */
    SB_CHUNK_EVENTS = 64,
    SB_WRITE_STATEMENTS_MAX = 64, /* statements of one write */
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
    bool is_housekeeping; /* no statements: what the database's `tidy` does when it is asked */
    bool is_settled;      /* committed, while the events of its round were not */
    enum sb_request_state state;
    int wake_fd;
    enum sb_err code;
    struct sb_error err;
    int64_t changed[SB_WRITE_STATEMENTS_MAX];
};

/* How a transaction came out. DOUBT: its commit was sent and the answer did not arrive. */
enum sb_outcome { SB_OUTCOME_DONE, SB_OUTCOME_FAILED, SB_OUTCOME_DOUBT };

/* The database's half, called on the writer thread. */
struct sb_writer_ops {
    /* One transaction with these events and these requests. FAILED: the events must be tried again; requests are all answered (code and
     * err set) unless the outcome is DOUBT. */
    enum sb_outcome (*run)(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err);
    /* After DOUBT, with what `run` had: whether that transaction is in the database (DONE) or not (FAILED: it is run again). When it is and had
     * only the requests, they are settled and the events are FAILED. NULL where doubt cannot happen. */
    enum sb_outcome (*resolve)(void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err);
    /* After each round, before its requests are answered. May be NULL. */
    void (*tidy)(void *arg, struct sb_request *requests);
};

struct sb_queue {
    const struct sb_writer_ops *ops;
    void *arg;

    struct sb_mutex *mutex; /* guards from here ... */
    struct sb_cond *work;   /* the writer waits */
    struct sb_cond *space;  /* append waits */
    struct sb_chunks events;
    struct sb_chunk *spare;
    struct sb_request *requests, *last_request;
    uint64_t count, count_max; /* events queued and in flight */
    bool is_closing, is_broken;
    struct sb_error broken;
    uint64_t events_durable, transactions, writes, queries;
    struct sb_hist commits, query_times, write_times; /* ... to here */

    void *callback_arg;
    void (*on_durable)(void *arg, uint64_t seq);
    void (*on_failure)(void *arg, const struct sb_error *error);
    struct sb_thread *thread;
};

enum sb_err sb_queue_init(struct sb_queue *queue, const struct sb_writer_ops *ops, void *arg, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_queue_start(struct sb_queue *queue, struct sb_error *err) SB_MUST_USE;
/* Writes what waits, within reason, and ends the thread. False when something could not be written. */
bool sb_queue_stop(struct sb_queue *queue);
void sb_queue_deinit(struct sb_queue *queue); /* after stop, or when it never started */

/* The port's operations. */
enum sb_err sb_queue_append(struct sb_queue *queue, const struct sb_event *events, size_t count, struct sb_error *err);
enum sb_err sb_queue_write(struct sb_queue *queue, const struct sb_statement *statements, size_t count, int64_t *changed,
                           const struct sb_op *op, struct sb_error *err);
enum sb_err sb_queue_housekeep(struct sb_queue *queue, const struct sb_op *op, struct sb_error *err);
void sb_queue_set_callbacks(struct sb_queue *queue, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                            void (*on_failure)(void *arg, const struct sb_error *error));
void sb_queue_stats(struct sb_queue *queue, struct sb_store_stats *stats);
void sb_queue_count_query(struct sb_queue *queue, sb_ns took);
void sb_queue_count_commit(struct sb_queue *queue, sb_ns took);

/* batch.c: what every database's `run` is made of. One try of a transaction:
 *   COMMITTED, FAILED
 *   NO_EVENTS  the events could not be written, the requests have not been tried
 *   AGAIN      a request broke the transaction and has its answer; without it the rest may pass
 *   DOUBTFUL   see SB_OUTCOME_DOUBT */
enum sb_try { SB_TRY_COMMITTED, SB_TRY_FAILED, SB_TRY_NO_EVENTS, SB_TRY_AGAIN, SB_TRY_DOUBTFUL };
enum sb_outcome sb_batch_run(enum sb_try (*try_once)(void *arg, const struct sb_chunks *events, struct sb_request *requests,
                                                     struct sb_error *err),
                             void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err);
/* Whether a request still waits for its answer. */
bool sb_request_is_open(const struct sb_request *request);
bool sb_requests_are_open(const struct sb_request *requests);
/* Folds the events and the numbers that go with them; `*seq` is the event at hand, for the error's text. */
enum sb_err sb_batch_fold(struct sb_fold *fold, const struct sb_chunks *events, const struct sb_fold_exec *exec, uint64_t *seq,
                          struct sb_error *err);
/* SB_ERR_CONFLICT when a statement changed another number of rows than its caller expects. */
enum sb_err sb_batch_check_rows(const struct sb_statement *statement, int64_t changed, struct sb_error *err);

/* One caller may not hold up the journal longer. */
#define SB_GUEST_MAX SB_S(10)

#endif
