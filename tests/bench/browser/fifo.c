/* The plain pool: one queue, three contexts, first come first served, a job keeps its context to its end. */
#include "peers.h"

#include "signalbox/os/os.h"

#include <stdlib.h>

enum { QUEUE_MAX = 4096 };

struct job {
    bool is_posting;
    uint64_t number;
    sb_ns asked;
};

static struct {
    struct sb_browser *browser;
    const char *base;
    struct sb_mutex *mutex;
    struct sb_cond *news;
    /* guarded by mutex */
    struct job queue[QUEUE_MAX]; /* a ring */
    size_t first, count;
    uint64_t numbers;
    bool is_over, is_measured;
    struct peer_pool pool;
} fifo;

/* Under the mutex. */
static void ask(bool is_posting)
{
    if (fifo.count == QUEUE_MAX)
        give_up("the queue is full");
    fifo.queue[(fifo.first + fifo.count++) % QUEUE_MAX] =
        (struct job){ .is_posting = is_posting, .number = is_posting ? 0 : fifo.numbers++, .asked = sb_now() };
    fifo.pool.asked += is_posting;
    sb_cond_signal(fifo.news);
}

static void work(struct sb_context *context, const struct job *job)
{
    struct sb_error error = { 0 };

    if (job->is_posting) {
        peer_read_rows(fifo.browser, context, fifo.base);
        return;
    }
    for (uint64_t step = 0; step < PEER_STEPS; step++) {
        const struct sb_op op = peer_op();
        must(peer_background_step(fifo.browser, context, fifo.base, peer_step_ms(job->number * PEER_STEPS + step), &op, &error), "step", &error);
    }
}

static void worker_main(void *arg)
{
    struct sb_context *context = peer_context(fifo.browser);

    (void)arg;
    sb_mutex_lock(fifo.mutex);
    while (!fifo.is_over) {
        if (fifo.count == 0) {
            (void)sb_cond_wait(fifo.news, fifo.mutex, SB_NEVER);
            continue;
        }
        struct job job = fifo.queue[fifo.first];
        fifo.first = (fifo.first + 1) % QUEUE_MAX;
        fifo.count--;
        if (job.is_posting && fifo.pool.count < fifo.pool.cap)
            fifo.pool.waits[fifo.pool.count++] = sb_now() - job.asked;
        sb_mutex_unlock(fifo.mutex);
        work(context, &job);
        sb_mutex_lock(fifo.mutex);
        if (!job.is_posting) {
            fifo.pool.background += fifo.is_measured;
            ask(false);
        }
    }
    sb_mutex_unlock(fifo.mutex);
    fifo.browser->ops->close_context(fifo.browser, context);
}

/* Under the mutex: until then. */
static void wait_until(sb_ns at)
{
    struct sb_cond *never = sb_cond_create();

    if (never == NULL)
        give_up("no memory");
    while (sb_now() < at)
        (void)sb_cond_wait(never, fifo.mutex, at);
    sb_cond_destroy(never);
}

void peer_run_fifo(const char *base, unsigned seconds)
{
    struct sb_thread *threads[PEER_CONTEXTS];
    struct sb_error error = { 0 };

    fifo.browser = peer_browser();
    fifo.base = base;
    fifo.mutex = sb_mutex_create(SB_RANK_PRACTICE);
    fifo.news = sb_cond_create();
    fifo.pool = (struct peer_pool){ .who = "fifo", .waits = calloc(seconds, sizeof(sb_ns)), .cap = seconds, .seconds = seconds };
    if (fifo.mutex == NULL || fifo.news == NULL || fifo.pool.waits == NULL)
        give_up("no memory");
    sb_mutex_lock(fifo.mutex);
    for (int i = 0; i < PEER_WAITING + PEER_CONTEXTS; i++)
        ask(false);
    sb_mutex_unlock(fifo.mutex);
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        must(sb_thread_start(&threads[i], "fifo", worker_main, NULL, &error), "thread", &error);
    sb_mutex_lock(fifo.mutex);
    sb_ns start = sb_now() + SB_S(PEER_WARM_UP_S);
    wait_until(start);
    fifo.is_measured = true;
    for (unsigned i = 0; i < seconds; i++) {
        ask(true);
        wait_until(start + SB_S(i + 1));
    }
    fifo.is_measured = false;
    fifo.is_over = true;
    sb_cond_broadcast(fifo.news);
    sb_mutex_unlock(fifo.mutex);
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        sb_thread_join(threads[i]);
    peer_tell_pool(&fifo.pool);
    fifo.browser->ops->close(fifo.browser);
    sb_cond_destroy(fifo.news);
    sb_mutex_destroy(fifo.mutex);
    free(fifo.pool.waits);
}
