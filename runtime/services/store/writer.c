/* The writer: the queue in front of it, and its thread. Whatever waits when the thread comes round goes into one transaction, so that
 * one fsync serves everybody (group commit). It is also the only checkpointer. Never: dropping an event, calling back under the lock. */
#include "sqlite.h"

#include "signalbox/base/assert.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns retry_first = SB_MS(100), retry_max = SB_S(5);
enum { CLOSING_TRIES = 5 };

/* What one round of the writer takes from the queues. */
struct round {
    struct sb_chunks events;
    struct sb_request *requests;
};

static void drop_chunks(struct sb_sqlite *self, struct sb_chunks *chunks)
{
    while (chunks->first) {
        struct sb_chunk *chunk = chunks->first;
        chunks->first = chunk->next;
        if (self->spare)
            free(chunk);
        else
            self->spare = chunk; /* under a steady load nothing is allocated */
    }
    memset(chunks, 0, sizeof *chunks);
}

static struct sb_chunk *add_chunk(struct sb_sqlite *self)
{
    struct sb_chunk *chunk = self->spare ? self->spare : malloc(sizeof *chunk);
    if (!chunk)
        return NULL;
    self->spare = NULL;
    chunk->next = NULL;
    chunk->count = 0;
    if (self->queue.last)
        self->queue.last->next = chunk;
    else
        self->queue.first = chunk;
    self->queue.last = chunk;
    return chunk;
}

/* Under the lock. */
static bool push_event(struct sb_sqlite *self, const struct sb_event *event)
{
    struct sb_chunk *chunk = self->queue.last;
    if (!chunk || chunk->count == SB_CHUNK_EVENTS)
        chunk = add_chunk(self);
    if (!chunk)
        return false;
    chunk->events[chunk->count++] = *event;
    self->queue.count++;
    self->queue_count++;
    if (self->queue_count > self->queue_count_max)
        self->queue_count_max = self->queue_count;
    return true;
}

/* Copies at most SB_QUEUE_MAX events, all of them at once: what one step of the core decided is never split over two transactions. */
static enum sb_err push_events(struct sb_sqlite *self, const struct sb_event *events, size_t count, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    sb_mutex_lock(self->mutex);
    while (!self->is_broken && self->queue_count + count > SB_QUEUE_MAX)
        (void)sb_cond_wait(self->space, self->mutex, SB_NEVER);
    if (self->is_broken) {
        if (err)
            *err = self->broken;
        code = self->broken.code;
    }
    for (size_t i = 0; i < count && !code; i++) {
        SB_ASSERT(events[i].seq != 0 && events[i].kind < SB_EVENT_COUNT);
        if (!push_event(self, &events[i])) { /* a hole in the journal cannot be mended later */
            self->is_broken = true;
            code = sb_error_set(&self->broken, SB_ERR_NOMEM, "no memory for the journal's queue at event %llu",
                                (unsigned long long)events[i].seq);
            if (err)
                *err = self->broken;
        }
    }
    sb_cond_signal(self->work);
    sb_mutex_unlock(self->mutex);
    return code;
}

enum sb_err sb_writer_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    while (count > 0 && !code) {
        size_t part = count < SB_QUEUE_MAX ? count : SB_QUEUE_MAX;
        code = push_events(sb_sqlite_of(store), events, part, err);
        events += part;
        count -= part;
    }
    return code;
}

static void push_request(struct sb_sqlite *self, struct sb_request *request)
{
    sb_mutex_lock(self->mutex);
    if (self->last_request)
        self->last_request->next = request;
    else
        self->requests = request;
    self->last_request = request;
    sb_cond_signal(self->work);
    sb_mutex_unlock(self->mutex);
}

/* Takes the request back unless the writer has begun it. */
static bool withdraw(struct sb_sqlite *self, struct sb_request *request)
{
    bool is_waiting;
    sb_mutex_lock(self->mutex);
    is_waiting = request->state == SB_REQUEST_WAITING;
    if (is_waiting) {
        struct sb_request *before = NULL;
        for (struct sb_request *at = self->requests; at != request; at = at->next)
            before = at;
        if (before)
            before->next = request->next;
        else
            self->requests = request->next;
        if (self->last_request == request)
            self->last_request = before;
    }
    sb_mutex_unlock(self->mutex);
    return is_waiting;
}

/* Waits for the answer. Once the writer has begun, the request ends soon: its own deadline stops its statements. */
static enum sb_err wait_for(struct sb_sqlite *self, struct sb_request *request, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_op forever = { .deadline = SB_NEVER };
    struct sb_error why = { 0 };
    size_t ready;
    enum sb_err code = sb_poll_readable(&request->wake_fd, 1, op, &ready, &why);
    if (code) {
        if (withdraw(self, request))
            return sb_error_set(err, code, "the write waited for its turn: %s", why.text);
        code = sb_poll_readable(&request->wake_fd, 1, &forever, &ready, &why);
    }
    SB_ASSERT(code == SB_OK);
    sb_mutex_lock(self->mutex); /* the writer posts under the lock, so it is done with the request after this */
    SB_ASSERT(request->state == SB_REQUEST_DONE);
    sb_mutex_unlock(self->mutex);
    if (request->code && err)
        *err = request->err;
    return request->code;
}

static enum sb_err send(struct sb_sqlite *self, struct sb_request *request, struct sb_error *err)
{
    request->wake_fd = -1;
    enum sb_err code = sb_op_check(request->op, "the write", err);
    if (!code)
        code = sb_wake_open(&request->wake_fd, err);
    if (code)
        return code;
    push_request(self, request);
    code = wait_for(self, request, request->op, err);
    sb_fd_close(&request->wake_fd);
    return code;
}

enum sb_err sb_writer_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                            const struct sb_op *op, struct sb_error *err)
{
    if (count > SB_WRITE_STATEMENTS_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a write has at most %d statements, not %zu", SB_WRITE_STATEMENTS_MAX, count);
    struct sb_request request = { .statements = statements, .count = count, .op = op };
    enum sb_err code = send(sb_sqlite_of(store), &request, err);
    if (!code && changed)
        memcpy(changed, request.changed, count * sizeof *changed);
    return code;
}

enum sb_err sb_writer_checkpoint(struct sb_sqlite *self, const struct sb_op *op, struct sb_error *err)
{
    struct sb_request request = { .op = op, .is_checkpoint = true };
    return send(self, &request, err);
}

/* Sleeps until there is something to do; false when the writer should end. `retry_at` holds back a failed batch of events. */
static bool wait_for_work(struct sb_sqlite *self, sb_ns retry_at, unsigned closing_tries)
{
    while (!self->requests) {
        bool can_write = self->queue.count > 0 && !self->is_broken;
        if (self->is_closing && (!can_write || closing_tries >= CLOSING_TRIES))
            return false;
        if (can_write && sb_now() >= retry_at)
            return true;
        (void)sb_cond_wait(self->work, self->mutex, can_write ? retry_at : SB_NEVER);
    }
    return true;
}

static struct round take(struct sb_sqlite *self)
{
    struct round round = { .events = self->queue, .requests = self->requests };
    memset(&self->queue, 0, sizeof self->queue);
    self->requests = self->last_request = NULL;
    for (struct sb_request *request = round.requests; request; request = request->next)
        request->state = SB_REQUEST_TAKEN;
    return round;
}

/* Puts events back in front of those which came meanwhile. */
static void put_back(struct sb_sqlite *self, struct sb_chunks *events)
{
    if (!events->first)
        return;
    events->last->next = self->queue.first;
    self->queue.first = events->first;
    if (!self->queue.last)
        self->queue.last = events->last;
    self->queue.count += events->count;
    memset(events, 0, sizeof *events);
}

static void answer(struct sb_sqlite *self, struct sb_request *requests)
{
    sb_mutex_lock(self->mutex);
    while (requests) {
        struct sb_request *request = requests;
        requests = request->next; /* the caller's stack may be gone after the post and the unlock */
        self->writes += request->code == SB_OK;
        request->state = SB_REQUEST_DONE;
        sb_wake_post(request->wake_fd); /* like a signal: never blocks */
    }
    sb_mutex_unlock(self->mutex);
}

/* A database that is damaged, or a journal row that cannot be written twice, does not get better by trying again. */
static bool is_final(enum sb_err code)
{
    return code == SB_ERR_CORRUPT || code == SB_ERR_EXISTS || code == SB_ERR_INVALID || code == SB_ERR_BUG;
}

static void checkpoint(struct sb_sqlite *self, struct sb_request *requests)
{
    bool is_asked = false;
    for (struct sb_request *request = requests; request; request = request->next)
        is_asked = is_asked || request->is_checkpoint;
    if (!is_asked && self->wal_pages < SB_CHECKPOINT_PAGES)
        return;
    int mode = is_asked ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc = sqlite3_wal_checkpoint_v2(self->writer, NULL, mode, NULL, NULL);
    self->wal_pages = 0; /* counted anew: a reader that was in the way is tried again after as many pages */
    for (struct sb_request *request = requests; request; request = request->next)
        if (request->is_checkpoint && rc != SQLITE_OK && rc != SQLITE_BUSY)
            request->code = sb_sqlite_error(self->writer, "checkpoint", &request->err);
}

/* After a commit: counts, frees, tells. */
static void finish_round(struct sb_sqlite *self, struct round *round)
{
    uint64_t seq = 0;
    if (round->events.last)
        seq = round->events.last->events[round->events.last->count - 1].seq;
    sb_mutex_lock(self->mutex);
    self->events_durable += round->events.count;
    self->queue_count -= round->events.count;
    drop_chunks(self, &round->events);
    sb_cond_broadcast(self->space);
    sb_mutex_unlock(self->mutex);
    if (seq && self->on_durable)
        self->on_durable(self->callback_arg, seq);
}

static void fail_round(struct sb_sqlite *self, struct round *round, const struct sb_error *error)
{
    bool had_events = round->events.count > 0;
    sb_mutex_lock(self->mutex);
    put_back(self, &round->events);
    if (had_events && is_final(error->code)) {
        self->is_broken = true;
        self->broken = *error;
        sb_cond_broadcast(self->space);
    }
    sb_mutex_unlock(self->mutex);
    if (had_events && self->on_failure)
        self->on_failure(self->callback_arg, error);
}

static bool needs_transaction(const struct round *round)
{
    if (round->events.count > 0)
        return true;
    for (const struct sb_request *request = round->requests; request; request = request->next)
        if (!request->is_checkpoint)
            return true;
    return false;
}

void sb_writer_main(void *arg)
{
    struct sb_sqlite *self = arg;
    sb_ns retry_at = 0, delay = retry_first;
    unsigned closing_tries = 0;

    for (;;) {
        struct sb_error err = { 0 };
        sb_mutex_lock(self->mutex);
        bool goes_on = wait_for_work(self, retry_at, closing_tries);
        struct round round = goes_on ? take(self) : (struct round){ .requests = NULL };
        bool is_closing = self->is_closing;
        if (self->is_broken)
            put_back(self, &round.events);
        sb_mutex_unlock(self->mutex);
        if (!goes_on)
            return;

        bool is_done = !needs_transaction(&round) || sb_batch_run(self, &round.events, round.requests, &err);
        if (is_done) {
            finish_round(self, &round);
            retry_at = 0;
            delay = retry_first;
        } else {
            fail_round(self, &round, &err);
            retry_at = sb_ns_add(sb_now(), delay);
            delay = delay < retry_max / 2 ? delay * 2 : retry_max;
            closing_tries += is_closing;
        }
        checkpoint(self, round.requests);
        answer(self, round.requests);
    }
}
