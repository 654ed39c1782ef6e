/* The threads which run steps, and the queue in front of them. An attempt is queued through its own link, so there is nothing to
 * overflow. The queue is worked off before the threads end: an attempt that was accepted always answers. */
#include "parts.h"

#include <stdlib.h>

struct sb_workers {
    struct sb_engine *engine;
    struct sb_mutex *mutex;
    struct sb_cond *news;
    /* guarded by mutex */
    struct sb_attempt *head, *tail;
    size_t busy;
    bool is_stopping, is_adding;
    struct sb_thread **threads; /* [count_max] */
    size_t count, count_max;
    struct sb_pulse pulse;
};

static void worker_main(void *argument)
{
    struct sb_workers *workers = argument;

    for (;;) {
        sb_mutex_lock(workers->mutex);
        sb_pulse_answer(&workers->pulse);
        while (workers->head == NULL && !workers->is_stopping) {
            sb_pulse_rest(&workers->pulse);
            (void)sb_cond_wait(workers->news, workers->mutex, SB_NEVER); /* the loop looks itself */
            sb_pulse_rise(&workers->pulse);
        }
        struct sb_attempt *attempt = workers->head;
        if (attempt != NULL) {
            workers->head = attempt->next;
            if (workers->head == NULL)
                workers->tail = NULL;
            workers->busy++;
        }
        sb_mutex_unlock(workers->mutex);
        if (attempt == NULL)
            return;
        sb_attempt_run(workers->engine, attempt);
        sb_mutex_lock(workers->mutex);
        workers->busy--;
        sb_mutex_unlock(workers->mutex);
    }
}

struct sb_workers *sb_workers_create(struct sb_engine *engine, size_t count, struct sb_error *err)
{
    struct sb_workers *workers = calloc(1, sizeof(*workers));

    if (workers == NULL)
        goto nomem;
    workers->engine = engine;
    workers->mutex = sb_mutex_create(SB_RANK_WORKERS);
    workers->news = sb_cond_create();
    workers->count_max = count + SB_WORKERS_ADDED_MAX;
    workers->threads = calloc(workers->count_max, sizeof(struct sb_thread *));
    if (workers->mutex == NULL || workers->news == NULL || workers->threads == NULL)
        goto nomem;
    for (; workers->count < count; workers->count++)
        if (sb_thread_start(&workers->threads[workers->count], "sb-worker", worker_main, workers, err) != SB_OK)
            goto failed;
    return workers;
nomem:
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu workers", count);
failed:
    sb_workers_destroy(workers);
    return NULL;
}

void sb_workers_submit(struct sb_workers *workers, struct sb_attempt *attempt)
{
    attempt->next = NULL;
    sb_mutex_lock(workers->mutex);
    bool is_refused = workers->is_stopping;
    if (!is_refused) {
        if (workers->tail != NULL)
            workers->tail->next = attempt;
        else
            workers->head = attempt;
        workers->tail = attempt;
    }
    sb_mutex_unlock(workers->mutex);
    if (!is_refused) {
        sb_cond_signal(workers->news);
        return;
    }
    const struct sb_or_start_step order = attempt->order;
    sb_attempts_end(workers->engine->attempts, attempt);
    sb_attempt_refuse(workers->engine, &order, SB_CLASS_CANCELLED, "the engine is stopping");
}

/* One more thread; false when there is none to be had. */
static bool add_one(struct sb_workers *workers)
{
    struct sb_thread *thread = NULL;
    struct sb_error error = { 0 };

    sb_mutex_lock(workers->mutex);
    bool is_full = workers->count == workers->count_max;
    bool may_add = !is_full && !workers->is_stopping;
    workers->is_adding = may_add; /* who stops waits for it */
    sb_mutex_unlock(workers->mutex);
    if (is_full)
        (void)sb_error_set(&error, SB_ERR_FULL, "%d were added already: restart at a quiet moment", SB_WORKERS_ADDED_MAX);
    enum sb_err rc = may_add ? sb_thread_start(&thread, "sb-worker", worker_main, workers, &error) : error.code;
    sb_mutex_lock(workers->mutex);
    if (thread != NULL)
        workers->threads[workers->count++] = thread;
    workers->is_adding = false;
    sb_mutex_unlock(workers->mutex);
    sb_cond_broadcast(workers->news);
    if (rc != SB_OK)
        sb_log(SB_LOG_ERROR, "engine", "no further worker: %s", error.text);
    return thread != NULL;
}

void sb_workers_add(struct sb_workers *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!add_one(workers))
            return;
}

sb_ns sb_workers_silence(struct sb_workers *workers, size_t *count, size_t *busy)
{
    sb_mutex_lock(workers->mutex);
    *busy = workers->busy;
    *count = workers->count;
    sb_mutex_unlock(workers->mutex);
    if (*busy >= *count)
        sb_pulse_answer(&workers->pulse); /* all of them run steps, whose limits the core minds */
    bool must_wake;
    sb_ns silence = sb_pulse_ask(&workers->pulse, &must_wake);
    if (must_wake)
        sb_cond_signal(workers->news);
    return silence;
}

void sb_workers_stop(struct sb_workers *workers)
{
    sb_mutex_lock(workers->mutex);
    workers->is_stopping = true;
    while (workers->is_adding)
        (void)sb_cond_wait(workers->news, workers->mutex, SB_NEVER);
    sb_mutex_unlock(workers->mutex);
    sb_cond_broadcast(workers->news);
    for (size_t i = 0; i < workers->count; i++)
        sb_thread_join(workers->threads[i]);
    workers->count = 0;
}

void sb_workers_destroy(struct sb_workers *workers)
{
    if (workers == NULL)
        return;
    if (workers->count > 0)
        sb_workers_stop(workers);
    free(workers->threads);
    sb_cond_destroy(workers->news);
    sb_mutex_destroy(workers->mutex);
    free(workers);
}
