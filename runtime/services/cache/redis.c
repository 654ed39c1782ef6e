/* Backend `redis`: a bounded pool of connections and what each call is there. A connection is leased for one command; after any failure it is
 * closed, never returned. There are never more connections than the pool has, dialling and closing ones included, so that no load and no failure
 * can exhaust the server's clients. A call that finds all in use waits for one, within its op.
 *
 *   (nothing) --dial--> leased --answered--> idle --lease--> leased
 *       ^                 | failed            | the server closed it: seen at the next lease
 *       +-----------------+-------------------+ */
#include "parts.h"
#include "wire.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_DEFAULT = 8, REFERENCE_MAX = 512, NUMBER_MAX = 24 };
#define REFUSED_FOR SB_S(5) /* after the server took no further client we ask for none for so long */

struct redis {
    struct sb_cache port; /* first */
    struct sb_redis_address address;
    char password[REFERENCE_MAX]; /* reference; "" = none */
    uint32_t pool;
    struct sb_mutex *mutex;
    struct sb_cond *freed;
    /* guarded by mutex */
    struct sb_redis_wire idle[SB_CACHE_POOL_MAX]; /* the one used last is taken first */
    uint32_t idle_count, open_count, waiters, open_max;
    sb_ns refused_until;
    uint64_t hits, misses, errors, opened;
};

/* ---- the pool ---- */

static void forget(struct redis *self, struct sb_redis_wire *wire)
{
    sb_redis_hang_up(wire);
    sb_mutex_lock(self->mutex); /* only now another one may be dialled */
    self->open_count--;
    sb_mutex_unlock(self->mutex);
    sb_cond_signal(self->freed);
}

static void give_back(struct redis *self, const struct sb_redis_wire *wire)
{
    sb_mutex_lock(self->mutex);
    self->idle[self->idle_count++] = *wire;
    sb_mutex_unlock(self->mutex);
    sb_cond_signal(self->freed);
}

enum way { WAY_IDLE, WAY_DIAL, WAY_WAIT };

/* Under the mutex: an idle connection, the right to dial one, or nothing yet. */
static enum way choose(struct redis *self, struct sb_redis_wire *wire)
{
    if (self->idle_count > 0) {
        *wire = self->idle[--self->idle_count];
        return WAY_IDLE;
    }
    if (self->open_count >= self->pool || (self->open_count > 0 && sb_now() < self->refused_until))
        return WAY_WAIT;
    self->open_count++;
    self->open_max = self->open_count > self->open_max ? self->open_count : self->open_max;
    return WAY_DIAL;
}

/* A cancellation has no condition variable to wake, so the wait is cut into slices. */
static enum sb_err wait_for_one(struct redis *self, const struct sb_op *op, struct sb_redis_wire *wire, enum way *way, struct sb_error *err)
{
    enum sb_err rc = SB_OK;
    sb_mutex_lock(self->mutex);
    self->waiters++;
    while ((*way = choose(self, wire)) == WAY_WAIT && rc == SB_OK) {
        struct sb_op slice = sb_op_within(op, SB_MS(50));
        (void)sb_cond_wait(self->freed, self->mutex, slice.deadline);
        rc = sb_op_check(op, self->address.shown, NULL);
    }
    self->waiters--;
    sb_mutex_unlock(self->mutex);
    if (*way != WAY_WAIT)
        return SB_OK;
    return sb_error_set(err, rc, "%s: %s while all %" PRIu32 " connections were in use", self->address.shown,
                        rc == SB_ERR_CANCELLED ? "cancelled" : "no turn in time", self->pool);
}

/* SB_ERR_EXISTS: the server takes no further client, but we have others to wait for. */
static enum sb_err dial(struct redis *self, const struct sb_op *op, struct sb_redis_wire *wire, struct sb_error *err)
{
    enum sb_err rc = sb_redis_dial(wire, &self->address, self->password[0] != '\0' ? self->password : NULL, op, err);
    sb_mutex_lock(self->mutex);
    if (rc == SB_OK)
        self->opened++;
    else
        self->open_count--;
    if (rc == SB_ERR_FULL && self->open_count > 0) {
        self->refused_until = sb_now() + REFUSED_FOR;
        rc = SB_ERR_EXISTS;
    }
    sb_mutex_unlock(self->mutex);
    if (rc != SB_OK)
        sb_cond_signal(self->freed);
    return rc;
}

static enum sb_err lease(struct redis *self, const struct sb_op *op, struct sb_redis_wire *wire, struct sb_error *err)
{
    for (;;) {
        enum way way;
        enum sb_err rc = wait_for_one(self, op, wire, &way, err);
        if (rc != SB_OK)
            return rc;
        if (way == WAY_DIAL) {
            rc = dial(self, op, wire, err);
            if (rc != SB_ERR_EXISTS)
                return rc;
        } else if (!sb_redis_is_broken(wire)) {
            return SB_OK;
        } else {
            forget(self, wire);
        }
    }
}

/* ---- calls as commands ---- */

/* INCRBY answers with a number that a script sees as a double; the text of the counter is exact. */
static const char add_script[] = "redis.call('INCRBY', KEYS[1], ARGV[1]) "
                                 "if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end "
                                 "return redis.call('GET', KEYS[1])";
/* The same arithmetic as memory.c, in microseconds of the server's clock. Times of the future are of a clock that was set back: forgotten.
 * Answers with the turns left, or with -1 - the time until the next one. */
static const char limit_script[] = "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] "
                                   "local key, count, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]) "
                                   "local newest = redis.call('LINDEX', key, -1) "
                                   "if newest and tonumber(newest) > now then redis.call('DEL', key) end "
                                   "local oldest = redis.call('LINDEX', key, 0) "
                                   "while oldest and tonumber(oldest) <= now - window do "
                                   "redis.call('LPOP', key) oldest = redis.call('LINDEX', key, 0) end "
                                   "local have = redis.call('LLEN', key) "
                                   "if have >= count then return -1 - (tonumber(redis.call('LINDEX', key, -count)) + window - now) end "
                                   "redis.call('RPUSH', key, string.format('%.0f', now)) redis.call('LTRIM', key, -count, -1) "
                                   "redis.call('PEXPIRE', key, ARGV[3]) return count - have - 1";
static const char renew_script[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0";
static const char release_script[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/* A call's command, and the room for its numbers. */
struct request {
    struct sb_redis_command command;
    char numbers[3][NUMBER_MAX];
    size_t used;
};

static void add_number(struct request *request, int64_t value)
{
    struct sb_text text;
    char *buf = request->numbers[request->used++];
    sb_text_init(&text, buf, NUMBER_MAX);
    sb_text_add_i64(&text, value);
    sb_redis_word(&request->command, buf);
}

static void begin(struct request *request, const char *verb, const char *key)
{
    sb_redis_word(&request->command, verb);
    sb_redis_word(&request->command, key);
}

static void begin_script(struct request *request, const char *script, const char *key)
{
    sb_redis_word(&request->command, "EVAL");
    sb_redis_word(&request->command, script);
    sb_redis_word(&request->command, "1");
    sb_redis_word(&request->command, key);
}

static void put_in(struct request *request, const struct sb_cache_call *call)
{
    struct sb_redis_command *command = &request->command;
    switch (call->kind) {
    case SB_CACHE_GET:
        begin(request, "GET", call->key);
        return;
    case SB_CACHE_REMOVE:
        begin(request, "DEL", call->key);
        return;
    case SB_CACHE_SET:
    case SB_CACHE_CLAIM:
        begin(request, "SET", call->key);
        sb_redis_bytes(command, call->value, call->size);
        sb_redis_word(command, "PX");
        add_number(request, call->ttl_ms);
        if (call->kind == SB_CACHE_CLAIM)
            sb_redis_word(command, "NX");
        return;
    case SB_CACHE_ADD:
        begin_script(request, add_script, call->key);
        add_number(request, call->delta);
        add_number(request, call->ttl_ms);
        return;
    case SB_CACHE_LIMIT:
        begin_script(request, limit_script, call->key);
        add_number(request, call->rate->count);
        add_number(request, call->rate->window / SB_US(1));
        add_number(request, call->ttl_ms);
        return;
    case SB_CACHE_RENEW:
        begin_script(request, renew_script, call->key);
        sb_redis_bytes(command, call->value, call->size);
        add_number(request, call->ttl_ms);
        return;
    case SB_CACHE_RELEASE:
        begin_script(request, release_script, call->key);
        sb_redis_bytes(command, call->value, call->size);
        return;
    }
}

static enum sb_err take_value(const struct redis *self, struct sb_cache_call *call, const redisReply *reply, struct sb_error *err)
{
    if (reply->type == REDIS_REPLY_NIL)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "%.80s: not in the cache", call->key);
    if (reply->type != REDIS_REPLY_STRING || reply->len > SB_CACHE_VALUE_MAX)
        return sb_error_set(err, SB_ERR_PROTOCOL, "%s: no value of at most %d bytes for %.80s", self->address.shown, SB_CACHE_VALUE_MAX, call->key);
    char *copy = malloc(reply->len + 1);
    if (copy == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu bytes out of the cache", reply->len);
    memcpy(copy, reply->str, reply->len);
    copy[reply->len] = '\0';
    call->found = copy;
    call->found_size = reply->len;
    return SB_OK;
}

static void take_turn(struct sb_cache_call *call, long long answer)
{
    if (answer >= 0)
        call->turn = (struct sb_cache_turn){ .is_allowed = true, .left = (uint32_t)answer };
    else
        call->turn = (struct sb_cache_turn){ .retry_after = SB_US(-1 - answer) };
}

/* What the server answered, as the call's result. An answer of another shape is none that Redis gives. */
static enum sb_err take_out(const struct redis *self, struct sb_cache_call *call, const redisReply *reply, struct sb_error *err)
{
    bool is_integer = reply->type == REDIS_REPLY_INTEGER, is_ok = reply->type == REDIS_REPLY_STATUS;
    switch (call->kind) {
    case SB_CACHE_GET:
        return take_value(self, call, reply, err);
    case SB_CACHE_SET:
        if (is_ok)
            return SB_OK;
        break;
    case SB_CACHE_REMOVE:
        if (is_integer)
            return SB_OK;
        break;
    case SB_CACHE_CLAIM:
        call->number = is_ok;
        if (is_ok || reply->type == REDIS_REPLY_NIL)
            return SB_OK;
        break;
    case SB_CACHE_ADD:
        if (reply->type == REDIS_REPLY_STRING && sb_parse_i64(reply->str, &call->number))
            return SB_OK;
        break;
    case SB_CACHE_LIMIT:
        if (is_integer) {
            take_turn(call, reply->integer);
            return SB_OK;
        }
        break;
    case SB_CACHE_RENEW:
    case SB_CACHE_RELEASE:
        call->number = is_integer && reply->integer != 0;
        if (is_integer)
            return SB_OK;
        break;
    }
    return sb_error_set(err, SB_ERR_PROTOCOL, "%s: an answer of type %d to %.40s", self->address.shown, reply->type, call->key);
}

static void count(struct redis *self, const struct sb_cache_call *call, enum sb_err rc)
{
    bool is_answered = rc == SB_OK || rc == SB_ERR_NOT_FOUND || rc == SB_ERR_INVALID;
    sb_mutex_lock(self->mutex);
    self->errors += !is_answered;
    self->hits += call->kind == SB_CACHE_GET && rc == SB_OK;
    self->misses += call->kind == SB_CACHE_GET && rc == SB_ERR_NOT_FOUND;
    sb_mutex_unlock(self->mutex);
}

/* One command on a leased connection. */
static enum sb_err ask(struct redis *self, struct sb_redis_wire *wire, const struct sb_redis_command *command, const struct sb_op *op,
                       redisReply **reply, struct sb_error *err)
{
    enum sb_err rc = sb_redis_ask(wire, &self->address, command, op, reply, err);
    if (rc != SB_OK)
        forget(self, wire);
    return rc;
}

static enum sb_err redis_run(struct sb_cache *cache, struct sb_cache_call *call, const struct sb_op *op, struct sb_error *err)
{
    struct redis *self = (struct redis *)cache;
    struct request request = { .used = 0 };
    struct sb_redis_wire wire;
    redisReply *reply = NULL;
    put_in(&request, call);
    enum sb_err rc = lease(self, op, &wire, err);
    if (rc == SB_OK)
        rc = ask(self, &wire, &request.command, op, &reply, err);
    if (rc == SB_OK) {
        give_back(self, &wire);
        rc = take_out(self, call, reply, err);
        freeReplyObject(reply);
    }
    count(self, call, rc);
    return rc;
}

/* ---- the check ---- */

/* Asks one thing of a check; `*reply` is replaced. */
static enum sb_err look(struct redis *self, struct sb_redis_wire *wire, const char *const *words, const struct sb_op *op, redisReply **reply,
                        struct sb_error *err)
{
    struct sb_redis_command command = { .count = 0 };
    for (size_t i = 0; words[i] != NULL; i++)
        sb_redis_word(&command, words[i]);
    if (*reply != NULL)
        freeReplyObject(*reply);
    *reply = NULL;
    return ask(self, wire, &command, op, reply, err);
}

/* It answers, it takes a value, gives it back, forgets it in time, and is no replica. */
static enum sb_err redis_check(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err)
{
    enum { TTL_MS = 60000 };
    struct redis *self = (struct redis *)cache;
    char key[SB_CACHE_PREFIX_MAX + SB_NAME_MAX];
    struct sb_redis_wire wire;
    redisReply *reply = NULL;
    enum sb_err rc = sb_cache_check_key(cache, key, sizeof(key), err);
    if (rc == SB_OK)
        rc = lease(self, op, &wire, err);
    if (rc != SB_OK)
        return rc;
    rc = look(self, &wire, (const char *const[]){ "PING", NULL }, op, &reply, err);
    if (rc == SB_OK)
        rc = look(self, &wire, (const char *const[]){ "SET", key, key, "PX", "60000", NULL }, op, &reply, err);
    if (rc == SB_OK)
        rc = look(self, &wire, (const char *const[]){ "GET", key, NULL }, op, &reply, err);
    bool is_there = rc == SB_OK && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, key) == 0;
    if (rc == SB_OK)
        rc = look(self, &wire, (const char *const[]){ "PTTL", key, NULL }, op, &reply, err);
    bool is_timed = rc == SB_OK && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0 && reply->integer <= TTL_MS;
    if (rc == SB_OK)
        rc = look(self, &wire, (const char *const[]){ "DEL", key, NULL }, op, &reply, err);
    if (rc == SB_OK)
        rc = look(self, &wire, (const char *const[]){ "INFO", "replication", NULL }, op, &reply, err);
    bool may_write = rc == SB_OK && reply->type == REDIS_REPLY_STRING && strstr(reply->str, "role:master") != NULL;
    if (reply != NULL)
        freeReplyObject(reply);
    if (rc != SB_OK)
        return rc;
    give_back(self, &wire);
    if (!may_write)
        return sb_error_set(err, SB_ERR_READ_ONLY, "%s is a replica: name its master in settings.cache", self->address.shown);
    if (!is_there || !is_timed)
        return sb_error_set(err, SB_ERR_CORRUPT, "%s: a key that was set %s", self->address.shown,
                            is_there ? "has no time to live" : "is not there: is its maxmemory too small?");
    return SB_OK;
}

/* ---- the rest ---- */

static void redis_stats(struct sb_cache *cache, struct sb_cache_stats *stats)
{
    struct redis *self = (struct redis *)cache;
    stats->mode = "redis";
    sb_mutex_lock(self->mutex);
    stats->pool = self->pool;
    stats->connections = self->open_count;
    stats->idle = self->idle_count;
    stats->in_use = self->open_count - self->idle_count;
    stats->waiters = self->waiters;
    stats->connections_max = self->open_max;
    stats->hits += self->hits;
    stats->misses += self->misses;
    stats->errors = self->errors;
    stats->opened = self->opened;
    sb_mutex_unlock(self->mutex);
}

static void redis_close(struct sb_cache *cache)
{
    struct redis *self = (struct redis *)cache;
    SB_ASSERT(self->open_count == self->idle_count);
    while (self->idle_count > 0)
        sb_redis_hang_up(&self->idle[--self->idle_count]);
    sb_cond_destroy(self->freed);
    sb_mutex_destroy(self->mutex);
    free(self);
}

enum sb_err sb_cache_backend_redis(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err)
{
    static const struct sb_cache_ops ops = { .close = redis_close, .run = redis_run, .check = redis_check, .stats = redis_stats };
    struct sb_redis_address address;
    enum sb_err rc = sb_redis_address_read(&address, setup->location, err);
    if (rc != SB_OK)
        return rc;
    if (setup->pool > SB_CACHE_POOL_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "the cache's pool has at most %d connections, not %u", SB_CACHE_POOL_MAX, setup->pool);
    struct redis *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the cache");
    self->port.ops = &ops;
    self->address = address;
    self->pool = setup->pool != 0 ? setup->pool : POOL_DEFAULT;
    self->mutex = sb_mutex_create(SB_RANK_CACHE);
    self->freed = sb_cond_create();
    if (self->mutex == NULL || self->freed == NULL)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the cache");
    else if (setup->password != NULL && !sb_copy(self->password, sizeof(self->password), setup->password))
        rc = sb_error_set(err, SB_ERR_CONFIG, "the reference to the cache's password has more than %d bytes", REFERENCE_MAX - 1);
    if (rc == SB_OK)
        *cache = &self->port;
    else
        redis_close(&self->port);
    return rc;
}
