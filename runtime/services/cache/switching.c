/* The cache that the program uses: Redis while it answers, else the cache of this process. The first call that Redis fails goes over at once and
 * every later one does not even ask; a thread asks instead, after 100 ms, 200 ms ... 5 s, until Redis passes its check. It must never keep a call
 * waiting for a dead server for longer than ANSWER_LIMIT, and never mix what the two sides know: what this process kept during an outage is
 * forgotten when Redis is back. */
#include "parts.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>

#define ANSWER_LIMIT SB_S(1)
#define ASK_FIRST SB_MS(100)
#define ASK_LAST SB_S(5)

struct switching {
    struct sb_cache port; /* first */
    struct sb_cache *server, *memory;
    struct sb_cancel *ending; /* calls the thread's check off */
    struct sb_thread *thread;
    struct sb_mutex *telling; /* held during a callback; the lowest rank, because a callback may do anything */
    void *arg;                /* guarded by telling */
    void (*on_change)(void *arg, bool is_away, const char *reason);
    struct sb_mutex *mutex;
    struct sb_cond *news;
    /* guarded by mutex */
    bool is_away, is_ending;
    uint64_t outages;         /* also tells a call's outage from a later one */
    unsigned tries;           /* of this outage */
    sb_ns ask_at;
    struct sb_rng rng;
    char reason[SB_ERROR_TEXT_MAX];
};

/* Who should be asked, and during which outage: a call that began before Redis came back says nothing about it now. */
static bool is_away(struct switching *self, uint64_t *outages)
{
    sb_mutex_lock(self->mutex);
    bool away = self->is_away;
    *outages = self->outages;
    sb_mutex_unlock(self->mutex);
    return away;
}

/* Under the mutex: the next time to ask, half of it fixed and half of it drawn, so that several programs do not ask at once. */
static void plan(struct switching *self)
{
    sb_ns delay = self->tries < 6 ? ASK_FIRST << self->tries : ASK_LAST;
    delay = delay < ASK_LAST ? delay : ASK_LAST;
    self->tries++;
    self->ask_at = sb_now() + delay / 2 + (sb_ns)sb_rng_below(&self->rng, (uint64_t)(delay / 2) + 1);
}

/* What holds now: of two changes at once the last one told is the last one that happened. */
static void tell(struct switching *self)
{
    char reason[SB_ERROR_TEXT_MAX];
    sb_mutex_lock(self->telling);
    sb_mutex_lock(self->mutex);
    bool away = self->is_away;
    (void)sb_copy(reason, sizeof(reason), away ? self->reason : "");
    sb_mutex_unlock(self->mutex);
    if (self->on_change != NULL)
        self->on_change(self->arg, away, reason);
    sb_mutex_unlock(self->telling);
}

static void go_away(struct switching *self, uint64_t outages, const struct sb_error *error)
{
    sb_mutex_lock(self->mutex);
    bool is_new = !self->is_away && self->outages == outages;
    if (is_new) {
        self->is_away = true;
        self->outages++;
        self->tries = 0;
        (void)sb_copy(self->reason, sizeof(self->reason), error->text);
        plan(self);
    }
    sb_mutex_unlock(self->mutex);
    if (!is_new)
        return;
    sb_cache_memory_clear(self->memory); /* what a late call of the last outage may have left */
    sb_cond_broadcast(self->news);
    sb_log(SB_LOG_WARN, "cache", "%s; the cache of this process serves until it answers", error->text);
    tell(self);
}

static void come_back(struct switching *self)
{
    sb_mutex_lock(self->mutex);
    bool was_away = self->is_away;
    self->is_away = false;
    sb_mutex_unlock(self->mutex);
    if (!was_away)
        return;
    sb_cache_memory_clear(self->memory);
    sb_log(SB_LOG_INFO, "cache", "redis answers again");
    tell(self);
}

static void thread_main(void *arg)
{
    struct switching *self = arg;
    sb_mutex_lock(self->mutex);
    while (!self->is_ending) {
        if (!self->is_away || sb_now() < self->ask_at) {
            (void)sb_cond_wait(self->news, self->mutex, self->is_away ? self->ask_at : SB_NEVER); /* the loop looks itself */
            continue;
        }
        plan(self);
        sb_mutex_unlock(self->mutex);
        const struct sb_op op = { .deadline = sb_now() + ANSWER_LIMIT, .cancel = self->ending };
        if (self->server->ops->check(self->server, &op, NULL) == SB_OK) /* why not is told by the component's check */
            come_back(self);
        sb_mutex_lock(self->mutex);
    }
    sb_mutex_unlock(self->mutex);
}

/* What the caller did, or what there is, against what the server failed to do. */
static bool is_the_servers(enum sb_err rc)
{
    return rc != SB_OK && rc != SB_ERR_NOT_FOUND && rc != SB_ERR_INVALID && rc != SB_ERR_TOO_LARGE && rc != SB_ERR_NOMEM;
}

static enum sb_err switching_run(struct sb_cache *cache, struct sb_cache_call *call, const struct sb_op *op, struct sb_error *err)
{
    struct switching *self = (struct switching *)cache;
    struct sb_error trouble = { 0 };
    uint64_t outages;
    if (!is_away(self, &outages)) {
        const struct sb_op within = sb_op_within(op, ANSWER_LIMIT);
        enum sb_err rc = self->server->ops->run(self->server, call, &within, &trouble);
        if (rc == SB_OK)
            return rc;
        if (!is_the_servers(rc) || sb_op_check(op, "the cache", NULL) != SB_OK) /* its own time is over: that is not the server's fault */
            return sb_error_set(err, rc, "%s", trouble.text);
        go_away(self, outages, &trouble);
    }
    return self->memory->ops->run(self->memory, call, op, err);
}

static enum sb_err switching_check(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err)
{
    struct switching *self = (struct switching *)cache;
    const struct sb_op within = sb_op_within(op, ANSWER_LIMIT);
    struct sb_error trouble = { 0 };
    uint64_t outages;
    (void)is_away(self, &outages);
    enum sb_err rc = self->server->ops->check(self->server, &within, &trouble);
    if (rc == SB_OK)
        come_back(self);
    else if (sb_op_check(op, "the cache", NULL) == SB_OK)
        go_away(self, outages, &trouble);
    return rc == SB_OK ? SB_OK : sb_error_set(err, rc, "%s", trouble.text);
}

static void switching_stats(struct sb_cache *cache, struct sb_cache_stats *stats)
{
    struct switching *self = (struct switching *)cache;
    self->memory->ops->stats(self->memory, stats);
    self->server->ops->stats(self->server, stats);
    sb_mutex_lock(self->mutex);
    stats->switches = self->outages;
    if (self->is_away)
        stats->mode = "memory for redis";
    sb_mutex_unlock(self->mutex);
}

static void switching_set_callback(struct sb_cache *cache, void *arg, void (*on_change)(void *arg, bool is_away, const char *reason))
{
    struct switching *self = (struct switching *)cache;
    sb_mutex_lock(self->telling);
    self->arg = arg;
    self->on_change = on_change;
    sb_mutex_unlock(self->telling);
}

static void free_own(struct switching *self)
{
    sb_cancel_destroy(self->ending);
    sb_cond_destroy(self->news);
    sb_mutex_destroy(self->mutex);
    sb_mutex_destroy(self->telling);
    free(self);
}

static void switching_close(struct sb_cache *cache)
{
    struct switching *self = (struct switching *)cache;
    sb_mutex_lock(self->mutex);
    self->is_ending = true;
    sb_mutex_unlock(self->mutex);
    sb_cond_broadcast(self->news);
    sb_cancel_ask(self->ending);
    sb_thread_join(self->thread);
    self->server->ops->close(self->server);
    self->memory->ops->close(self->memory);
    free_own(self);
}

enum sb_err sb_cache_switching_create(struct sb_cache **cache, struct sb_cache *server, struct sb_cache *memory, struct sb_error *err)
{
    static const struct sb_cache_ops ops = { .close = switching_close, .run = switching_run, .check = switching_check, .stats = switching_stats,
                                             .set_callback = switching_set_callback };
    struct switching *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the cache");
    self->port = (struct sb_cache){ .ops = &ops };
    (void)sb_copy(self->port.prefix, sizeof(self->port.prefix), server->prefix);
    self->server = server;
    self->memory = memory;
    self->telling = sb_mutex_create(SB_RANK_RELAY);
    self->mutex = sb_mutex_create(SB_RANK_CACHE);
    self->news = sb_cond_create();
    enum sb_err rc = SB_OK;
    if (self->telling == NULL || self->mutex == NULL || self->news == NULL)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the cache");
    if (rc == SB_OK)
        rc = sb_random(&self->rng.state, sizeof(self->rng.state), err);
    if (rc == SB_OK)
        self->ending = sb_cancel_create(err);
    if (rc == SB_OK && self->ending == NULL)
        rc = SB_ERR_NOMEM;
    if (rc == SB_OK)
        rc = sb_thread_start(&self->thread, "sb-cache", thread_main, self, err);
    if (rc != SB_OK) {
        free_own(self);
        return rc;
    }
    *cache = &self->port;
    return SB_OK;
}
