/* The writer's queue and its thread. Never: dropping an event, calling back under the lock. */
#include "queue.h"

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

static void drop_chunks(struct sb_queue *self, struct sb_chunks *chunks)
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

static struct sb_chunk *add_chunk(struct sb_queue *self)
{
    struct sb_chunk *chunk = self->spare ? self->spare : malloc(sizeof *chunk);
    if (!chunk)
        return NULL;
    self->spare = NULL;
    chunk->next = NULL;
    chunk->count = 0;
    if (self->events.last)
        self->events.last->next = chunk;
    else
        self->events.first = chunk;
    self->events.last = chunk;
    return chunk;
}

/* Under the lock. */
static bool push_event(struct sb_queue *self, const struct sb_event *event)
{
    struct sb_chunk *chunk = self->events.last;
    if (!chunk || chunk->count == SB_CHUNK_EVENTS)
        chunk = add_chunk(self);
    if (!chunk)
        return false;
    chunk->events[chunk->count++] = *event;
    self->events.count++;
    self->count++;
    if (self->count > self->count_max)
        self->count_max = self->count;
    return true;
}

/* Copies at most SB_QUEUE_MAX events, all of them at once: what one step of the core decided is never split over two transactions. */
static enum sb_err push_events(struct sb_queue *self, const struct sb_event *events, size_t count, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    sb_mutex_lock(self->mutex);
    while (!self->is_broken && self->count + count > SB_QUEUE_MAX)
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

enum sb_err sb_queue_append(struct sb_queue *self, const struct sb_event *events, size_t count, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    while (count > 0 && !code) {
        size_t part = count < SB_QUEUE_MAX ? count : SB_QUEUE_MAX;
        code = push_events(self, events, part, err);
        events += part;
        count -= part;
    }
    return code;
}

static void push_request(struct sb_queue *self, struct sb_request *request)
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
static bool withdraw(struct sb_queue *self, struct sb_request *request)
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
static enum sb_err wait_for(struct sb_queue *self, struct sb_request *request, const struct sb_op *op, struct sb_error *err)
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

static enum sb_err send(struct sb_queue *self, struct sb_request *request, struct sb_error *err)
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

enum sb_err sb_queue_write(struct sb_queue *self, const struct sb_statement *statements, size_t count, int64_t *changed,
                           const struct sb_op *op, struct sb_error *err)
{
    if (count > SB_WRITE_STATEMENTS_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a write has at most %d statements, not %zu", SB_WRITE_STATEMENTS_MAX, count);
    struct sb_request request = { .statements = statements, .count = count, .op = op };
    const sb_ns since = sb_now();
    enum sb_err code = send(self, &request, err);
    sb_mutex_lock(self->mutex);
    sb_hist_add(&self->write_times, sb_now() - since);
    sb_mutex_unlock(self->mutex);
    if (!code && changed)
        memcpy(changed, request.changed, count * sizeof *changed);
    return code;
}

enum sb_err sb_queue_housekeep(struct sb_queue *self, const struct sb_op *op, struct sb_error *err)
{
    struct sb_request request = { .op = op, .is_housekeeping = true };
    return send(self, &request, err);
}

/* Sleeps until there is something to do; false when the writer should end. `retry_at` holds back a failed batch of events. */
static bool wait_for_work(struct sb_queue *self, sb_ns retry_at, unsigned closing_tries)
{
    while (!self->requests) {
        bool can_write = self->events.count > 0 && !self->is_broken;
        if (self->is_closing && (!can_write || closing_tries >= CLOSING_TRIES))
            return false;
        if (can_write && sb_now() >= retry_at)
            return true;
        (void)sb_cond_wait(self->work, self->mutex, can_write ? retry_at : SB_NEVER);
    }
    return true;
}

static struct round take(struct sb_queue *self)
{
    struct round round = { .events = self->events, .requests = self->requests };
    memset(&self->events, 0, sizeof self->events);
    self->requests = self->last_request = NULL;
    for (struct sb_request *request = round.requests; request; request = request->next)
        request->state = SB_REQUEST_TAKEN;
    return round;
}

/* Puts events back in front of those which came meanwhile. */
static void put_back(struct sb_queue *self, struct sb_chunks *events)
{
    if (!events->first)
        return;
    events->last->next = self->events.first;
    self->events.first = events->first;
    if (!self->events.last)
        self->events.last = events->last;
    self->events.count += events->count;
    memset(events, 0, sizeof *events);
}

static void answer(struct sb_queue *self, struct sb_request *requests)
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

/* A database that is damaged, a journal row that cannot be written twice, or another node in our place do not get better by trying again. */
static bool is_final(enum sb_err code)
{
    return code == SB_ERR_CORRUPT || code == SB_ERR_EXISTS || code == SB_ERR_INVALID || code == SB_ERR_BUG ||
           code == SB_ERR_STALE;
}

/* After a commit: counts, frees, tells. */
static void finish_round(struct sb_queue *self, struct round *round)
{
    uint64_t seq = 0;
    if (round->events.last)
        seq = round->events.last->events[round->events.last->count - 1].seq;
    sb_mutex_lock(self->mutex);
    self->events_durable += round->events.count;
    self->count -= round->events.count;
    drop_chunks(self, &round->events);
    sb_cond_broadcast(self->space);
    sb_mutex_unlock(self->mutex);
    if (seq && self->on_durable)
        self->on_durable(self->callback_arg, seq);
}

static void fail_round(struct sb_queue *self, struct round *round, const struct sb_error *error)
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
    return round->events.count > 0 || sb_requests_are_open(round->requests);
}

/* --- doubt ---------------------------------------------------------------------------------------------------------------------- */

/* Callers whose time is over do not wait until the database tells what became of their write: they are told that it is not known. */
static void release_overdue(struct sb_queue *self, struct round *round)
{
    struct sb_request **link = &round->requests, *over = NULL;
    while (*link) {
        struct sb_request *request = *link;
        if (!sb_request_is_open(request) || sb_op_check(request->op, "the write", NULL) == SB_OK) {
            link = &request->next;
            continue;
        }
        *link = request->next;
        request->next = over;
        over = request;
        request->code = sb_error_set(&request->err, SB_ERR_UNAVAILABLE, "the connection was lost while the write was being committed; whether "
                                     "it was could not be found out in time: look before it is repeated");
    }
    answer(self, over);
}

/* Callers who come meanwhile are told what is wrong; nothing of theirs has been begun. */
static void refuse_waiting(struct sb_queue *self, const struct sb_error *error)
{
    sb_mutex_lock(self->mutex);
    struct sb_request *requests = self->requests;
    self->requests = self->last_request = NULL;
    for (struct sb_request *request = requests; request; request = request->next) {
        request->state = SB_REQUEST_TAKEN;
        request->code = error->code;
        request->err = *error;
    }
    sb_mutex_unlock(self->mutex);
    answer(self, requests);
}

/* Waits; false when the store is being closed and has waited often enough. */
static bool pause_in_doubt(struct sb_queue *self, sb_ns delay, unsigned tries, const struct sb_error *error)
{
    sb_ns until = sb_ns_add(sb_now(), delay);
    bool goes_on = true;
    while (sb_now() < until) {
        refuse_waiting(self, error);
        sb_mutex_lock(self->mutex);
        while (!self->requests && sb_cond_wait(self->work, self->mutex, until) && sb_now() < until) {
        }
        goes_on = !self->is_closing || tries < CLOSING_TRIES;
        sb_mutex_unlock(self->mutex);
    }
    return goes_on;
}

/* Until it is known whether the transaction took place; what did not is done again with the same events and callers. */
static bool run_round(struct sb_queue *self, struct round *round, struct sb_error *err)
{
    sb_ns delay = retry_first;
    enum sb_outcome outcome = self->ops->run(self->arg, &round->events, round->requests, err);
    for (unsigned tries = 0; outcome == SB_OUTCOME_DOUBT; tries++) {
        outcome = self->ops->resolve(self->arg, &round->events, round->requests, err);
        if (outcome == SB_OUTCOME_FAILED)
            outcome = self->ops->run(self->arg, &round->events, round->requests, err);
        if (outcome != SB_OUTCOME_DOUBT)
            break;
        if (self->on_failure)
            self->on_failure(self->callback_arg, err);
        release_overdue(self, round);
        if (!pause_in_doubt(self, delay, tries, err))
            return false;
        delay = delay < retry_max / 2 ? delay * 2 : retry_max;
    }
    return outcome == SB_OUTCOME_DONE;
}

static void writer_main(void *arg)
{
    struct sb_queue *self = arg;
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

        bool is_done = !needs_transaction(&round) || run_round(self, &round, &err);
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
        if (self->ops->tidy)
            self->ops->tidy(self->arg, round.requests);
        answer(self, round.requests);
    }
}

/* --- beginning and end ------------------------------------------------------------------------------------------------------------ */

enum sb_err sb_queue_init(struct sb_queue *self, const struct sb_writer_ops *ops, void *arg, struct sb_error *err)
{
    memset(self, 0, sizeof *self);
    self->ops = ops;
    self->arg = arg;
    sb_hist_init(&self->commits);
    self->mutex = sb_mutex_create(SB_RANK_JOURNAL);
    self->work = sb_cond_create();
    self->space = sb_cond_create();
    if (self->mutex && self->work && self->space)
        return SB_OK;
    return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
}

enum sb_err sb_queue_start(struct sb_queue *self, struct sb_error *err)
{
    return sb_thread_start(&self->thread, "store", writer_main, self, err);
}

bool sb_queue_stop(struct sb_queue *self)
{
    sb_mutex_lock(self->mutex);
    self->is_closing = true;
    sb_cond_signal(self->work);
    sb_mutex_unlock(self->mutex);
    sb_thread_join(self->thread);
    self->thread = NULL;
    if (self->events.count > 0)
        sb_log(SB_LOG_ERROR, "store", "%llu events could not be written before the end", (unsigned long long)self->events.count);
    return self->events.count == 0 && !self->is_broken;
}

void sb_queue_deinit(struct sb_queue *self)
{
    while (self->events.first) { /* only what could not be written */
        struct sb_chunk *chunk = self->events.first;
        self->events.first = chunk->next;
        free(chunk);
    }
    free(self->spare);
    sb_cond_destroy(self->space);
    sb_cond_destroy(self->work);
    sb_mutex_destroy(self->mutex);
}

void sb_queue_set_callbacks(struct sb_queue *self, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                            void (*on_failure)(void *arg, const struct sb_error *error))
{
    sb_mutex_lock(self->mutex); /* append takes it too, so the writer sees them with the first event */
    self->callback_arg = arg;
    self->on_durable = on_durable;
    self->on_failure = on_failure;
    sb_mutex_unlock(self->mutex);
}

void sb_queue_stats(struct sb_queue *self, struct sb_store_stats *out)
{
    sb_mutex_lock(self->mutex);
    *out = (struct sb_store_stats){
        .events_durable = self->events_durable,
        .transactions = self->transactions,
        .writes = self->writes,
        .queries = self->queries,
        .queue_count = self->count,
        .queue_count_max = self->count_max,
        .commit_p50 = sb_hist_permille(&self->commits, 500),
        .commit_p99 = sb_hist_permille(&self->commits, 990),
        .query = self->query_times,
        .write = self->write_times,
    };
    sb_mutex_unlock(self->mutex);
}

void sb_queue_count_query(struct sb_queue *self, sb_ns took)
{
    sb_mutex_lock(self->mutex);
    self->queries++;
    sb_hist_add(&self->query_times, took);
    sb_mutex_unlock(self->mutex);
}

void sb_queue_count_commit(struct sb_queue *self, sb_ns took)
{
    sb_mutex_lock(self->mutex);
    sb_hist_add(&self->commits, took);
    self->transactions++;
    sb_mutex_unlock(self->mutex);
}
