/* The HTTP client: one I/O thread drives libcurl's multi interface, callers wait on their transfer's condition.
 *
 * Threads: sb_http_send on any thread; the multi handle and the active list belong to the I/O thread alone. The mutex guards the queue of
 * new transfers, the counts and the is_done flags; no libcurl call is made while it is held. Deadlines and cancellations are seen by the
 * I/O thread (their descriptors are in its poll set), so that there is one place where a transfer ends. It must never call back into its
 * users and never wait for a single transfer. Library and thread come with the first request: many processes never make one. */
#include "signalbox/ports/http.h"

#include "transfer.h"

#include "signalbox/base/assert.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { TRANSFERS_MAX = 64, POLL_MS_MAX = 3600 * 1000 };

struct sb_http {
    struct sb_mutex *mutex;
    struct sb_cond *idle;          /* no caller is inside any more */
    struct sb_mutex *opening;      /* held while the first caller loads libcurl and starts the thread */
    atomic_bool is_open;           /* there are multi handle and thread */
    struct sb_thread *thread;
    CURLM *multi;
    struct sb_pulse pulse;
    /* under the mutex */
    struct sb_transfer *queue;
    unsigned user_count;
    bool is_stopping;
    /* the I/O thread's own */
    struct sb_transfer *active[TRANSFERS_MAX];
    size_t active_count;
};

static void mark_done(struct sb_http *http, struct sb_transfer *transfer)
{
    sb_mutex_lock(http->mutex);
    transfer->is_done = true;
    sb_cond_signal(transfer->done);
    sb_mutex_unlock(http->mutex);
}

static void forget(struct sb_http *http, size_t index)
{
    struct sb_transfer *transfer = http->active[index];
    (void)curl_multi_remove_handle(http->multi, transfer->easy);
    http->active[index] = http->active[--http->active_count];
}

static void take_new(struct sb_http *http, bool *is_stopping)
{
    sb_mutex_lock(http->mutex);
    struct sb_transfer *list = http->queue;
    http->queue = NULL;
    *is_stopping = http->is_stopping;
    sb_mutex_unlock(http->mutex);
    while (list) {
        struct sb_transfer *transfer = list;
        list = transfer->next;
        transfer->next = NULL;
        SB_ASSERT(http->active_count < TRANSFERS_MAX); /* send admits no more */
        if (curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK) {
            http->active[http->active_count++] = transfer;
        } else {
            sb_transfer_abandon(transfer, SB_ERR_NOMEM, "libcurl does not take the request");
            mark_done(http, transfer);
        }
    }
}

static void end_all(struct sb_http *http)
{
    while (http->active_count > 0) {
        struct sb_transfer *transfer = http->active[0];
        forget(http, 0);
        sb_transfer_abandon(transfer, SB_ERR_CANCELLED, "the HTTP client is shutting down");
        mark_done(http, transfer);
    }
}

static void end_overdue(struct sb_http *http)
{
    for (size_t i = http->active_count; i-- > 0;) {
        struct sb_transfer *transfer = http->active[i];
        const enum sb_err code = sb_op_check(&transfer->op, "HTTP request", NULL);
        if (code != SB_OK) {
            forget(http, i);
            sb_transfer_abandon(transfer, code, sb_err_text(code));
            mark_done(http, transfer);
        }
    }
}

static void end_finished(struct sb_http *http)
{
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        const CURLcode result = message->data.result; /* the message dies with the handle's removal */
        for (size_t i = 0; i < http->active_count; i++) {
            struct sb_transfer *transfer = http->active[i];
            if (transfer->easy == message->easy_handle) {
                forget(http, i);
                sb_transfer_conclude(transfer, result);
                mark_done(http, transfer);
                break;
            }
        }
    }
}

static void wait_for_work(struct sb_http *http)
{
    struct curl_waitfd fds[TRANSFERS_MAX];
    unsigned count = 0;
    int timeout_ms = POLL_MS_MAX;
    for (size_t i = 0; i < http->active_count; i++) {
        const struct sb_op *op = &http->active[i]->op;
        const int left_ms = sb_op_poll_ms(op);
        if (left_ms >= 0 && left_ms < timeout_ms) {
            timeout_ms = left_ms;
        }
        const int fd = sb_cancel_fd(op->cancel);
        if (fd >= 0) {
            fds[count++] = (struct curl_waitfd){ .fd = fd, .events = CURL_WAIT_POLLIN };
        }
    }
    sb_pulse_rest(&http->pulse);
    (void)curl_multi_poll(http->multi, fds, count, timeout_ms, NULL);
    sb_pulse_rise(&http->pulse);
}

static void io_main(void *arg)
{
    struct sb_http *http = arg;
    for (;;) {
        bool is_stopping = false;
        int running = 0;
        sb_pulse_answer(&http->pulse);
        take_new(http, &is_stopping);
        if (is_stopping) {
            break;
        }
        end_overdue(http);
        (void)curl_multi_perform(http->multi, &running);
        end_finished(http);
        wait_for_work(http);
    }
    end_all(http);
}

static void free_client(struct sb_http *http)
{
    if (http->multi) {
        (void)curl_multi_cleanup(http->multi);
        curl_global_cleanup();
    }
    sb_cond_destroy(http->idle);
    sb_mutex_destroy(http->mutex);
    sb_mutex_destroy(http->opening);
    free(http);
}

enum sb_err sb_http_create(struct sb_http **out_http, struct sb_error *err)
{
    struct sb_http *http = calloc(1, sizeof *http);
    if (!http) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the HTTP client");
    }
    http->mutex = sb_mutex_create(SB_RANK_HTTP);
    http->opening = sb_mutex_create(SB_RANK_HTTP_OPENING);
    http->idle = sb_cond_create();
    if (!http->mutex || !http->opening || !http->idle) {
        free_client(http);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the HTTP client");
    }
    *out_http = http;
    return SB_OK;
}

/* Under `opening`. What was made stays when the rest fails, for the next caller to go on with. */
static enum sb_err open_client(struct sb_http *http, struct sb_error *err)
{
    sb_mutex_lock(http->mutex);
    const bool is_stopping = http->is_stopping;
    sb_mutex_unlock(http->mutex);
    if (is_stopping) {
        return sb_error_set(err, SB_ERR_CANCELLED, "the HTTP client is shutting down");
    }
    enum sb_err code = sb_curl_load(err);
    if (code == SB_OK && !http->multi) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            return sb_error_set(err, SB_ERR_NOMEM, "libcurl cannot be initialised");
        }
        http->multi = curl_multi_init();
        if (!http->multi) {
            curl_global_cleanup();
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for the HTTP client");
        }
    }
    if (code == SB_OK) {
        code = sb_thread_start(&http->thread, "sb-http", io_main, http, err);
    }
    atomic_store(&http->is_open, code == SB_OK);
    return code;
}

static enum sb_err ensure_open(struct sb_http *http, struct sb_error *err)
{
    if (atomic_load(&http->is_open)) {
        return SB_OK;
    }
    sb_mutex_lock(http->opening);
    enum sb_err code = atomic_load(&http->is_open) ? SB_OK : open_client(http, err);
    sb_mutex_unlock(http->opening);
    return code;
}

void sb_http_destroy(struct sb_http *http)
{
    if (!http) {
        return;
    }
    sb_mutex_lock(http->mutex);
    http->is_stopping = true;
    sb_mutex_unlock(http->mutex);
    sb_mutex_lock(http->opening); /* who has not opened it yet does not any more */
    if (atomic_load(&http->is_open)) {
        (void)curl_multi_wakeup(http->multi);
    }
    sb_mutex_unlock(http->opening);
    sb_thread_join(http->thread);
    sb_mutex_lock(http->mutex);
    while (http->user_count > 0) {
        (void)sb_cond_wait(http->idle, http->mutex, SB_NEVER);
    }
    sb_mutex_unlock(http->mutex);
    free_client(http);
}

sb_ns sb_http_silence(struct sb_http *http)
{
    if (!atomic_load(&http->is_open)) {
        return 0; /* no loop yet */
    }
    bool must_wake = false;
    const sb_ns silence = sb_pulse_ask(&http->pulse, &must_wake);
    if (must_wake) {
        (void)curl_multi_wakeup(http->multi);
    }
    return silence;
}

/* Queues the transfer, or says why not. */
static enum sb_err admit(struct sb_http *http, struct sb_transfer *transfer, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    sb_mutex_lock(http->mutex);
    if (http->is_stopping) {
        code = SB_ERR_CANCELLED;
    } else if (http->user_count >= TRANSFERS_MAX) {
        code = SB_ERR_FULL;
    } else {
        http->user_count++;
        transfer->next = http->queue;
        http->queue = transfer;
    }
    sb_mutex_unlock(http->mutex);
    if (code == SB_ERR_FULL) {
        return sb_error_set(err, code, "%s: %d requests are under way already", transfer->target, TRANSFERS_MAX);
    }
    return code == SB_OK ? SB_OK : sb_error_set(err, code, "%s: the HTTP client is shutting down", transfer->target);
}

static void await(struct sb_http *http, struct sb_transfer *transfer)
{
    (void)curl_multi_wakeup(http->multi);
    sb_mutex_lock(http->mutex);
    while (!transfer->is_done) {
        (void)sb_cond_wait(transfer->done, http->mutex, SB_NEVER);
    }
    sb_mutex_unlock(http->mutex);
}

static void leave(struct sb_http *http)
{
    sb_mutex_lock(http->mutex);
    if (--http->user_count == 0) {
        sb_cond_broadcast(http->idle);
    }
    sb_mutex_unlock(http->mutex);
}

enum sb_err sb_http_send(struct sb_http *http, const struct sb_http_request *request, const struct sb_op *op,
                         struct sb_http_response *response, struct sb_error *err)
{
    struct sb_transfer *transfer = NULL;
    response->was_sent = false;
    enum sb_err code = sb_op_check(op, "HTTP request", err);
    if (code == SB_OK) {
        code = ensure_open(http, err);
    }
    if (code == SB_OK) {
        code = sb_transfer_create(&transfer, request, op, err);
    }
    if (code == SB_OK) {
        code = admit(http, transfer, err);
    }
    if (code != SB_OK) {
        goto out;
    }
    await(http, transfer);
    response->was_sent = transfer->response.was_sent;
    code = transfer->error.code;
    if (code == SB_OK) {
        *response = transfer->response;
    } else if (err) {
        *err = transfer->error;
    }
    /* The handle is destroyed before the count falls: libcurl's connection pool must outlive it. */
    sb_transfer_destroy(transfer);
    transfer = NULL;
    leave(http);
out:
    sb_transfer_destroy(transfer);
    return code;
}
