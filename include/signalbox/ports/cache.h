/* The cache port: the one interface to what may be forgotten. Two backends (services/cache/backends.def): this process, and Redis; the cache that
 * the program uses is both: Redis while it answers, else the cache of this process serves at once, and goes back by itself.
 *
 * Nothing may treat the cache as truth. What is lost, and when:
 *  - any value may be gone before its time (evicted, a restarted server), so whoever reads must be able to do without;
 *  - at a switch, in either direction, the other side knows nothing: counters and rate limits begin anew and count for this process alone while
 *    Redis is away, claims may be granted again, locks are lost (their renewal says SB_ERR_STALE). What must not happen twice needs the store;
 *  - a call that failed over may have been carried out by the server too: counters count at least, not exactly, across a failure.
 *
 * Keys are 1 to SB_CACHE_KEY_MAX bytes, any but NUL; the prefix of the installation is put before them. Values are any bytes. Every value has a
 * time to live from 1 ms to SB_CACHE_TTL_MAX; milliseconds count, rounded up. Any thread; every call returns within its op's deadline. */
#ifndef SIGNALBOX_PORTS_CACHE_H
#define SIGNALBOX_PORTS_CACHE_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/op.h"

#include <stddef.h>

enum {
    SB_CACHE_KEY_MAX = 256,            /* bytes, without prefix and NUL */
    SB_CACHE_PREFIX_MAX = 64,
    SB_CACHE_VALUE_MAX = 1024 * 1024,  /* bytes */
    SB_CACHE_POOL_MAX = 64,            /* connections */
    SB_CACHE_RATE_MAX = 1000,          /* `count` of a rate: so many times are kept per key */
    SB_CACHE_TOKEN_MAX = 33,           /* bytes of a lock's token, NUL included */
};
#define SB_CACHE_TTL_MAX SB_DAY(31)

struct sb_cache;

struct sb_cache_setup {
    const char *location;         /* "memory", "redis://[user@]host[:port][/db]", "redis+unix://[user@]/path[?db=N]" */
    const char *password;         /* reference to it (file:PATH, env:NAME, cred:NAME), or NULL; read anew with every connection */
    const char *prefix;           /* before every key; NULL = "signalbox:" */
    unsigned pool;                /* connections to Redis at most, whatever happens; 0 = 8 */
    size_t memory_bytes, memory_entries; /* bounds of the cache of this process, its own bookkeeping included; 0 = 64 MiB, 65,536 */
    bool has_no_fallback;         /* calls fail while Redis does not answer: for looking at Redis alone */
    sb_ns (*now)(void);           /* clock of the cache of this process; NULL = sb_now */
};

struct sb_cache_stats {
    const char *mode;             /* static: "memory", "redis", or "memory for redis" while Redis does not answer */
    uint32_t pool, connections, in_use, idle, waiters; /* of Redis; connections = in_use + idle + those being opened */
    uint32_t connections_max;     /* most there ever were at once */
    uint64_t hits, misses, errors, opened; /* errors: calls the server failed; opened: connections */
    uint64_t switches;            /* from Redis to this process */
    uint64_t entries, bytes, evicted; /* of the cache of this process */
};

/* Opens nothing yet: a server that is not there is found by the first call. SB_ERR_CONFIG for a location that makes no sense. */
enum sb_err sb_cache_open(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err) SB_MUST_USE;
/* No call may be under way. NULL is fine. */
void sb_cache_close(struct sb_cache *cache);

/* `*value` has one NUL more than `*size` says and is the caller's to free(). SB_ERR_NOT_FOUND when there is none. */
enum sb_err sb_cache_get(struct sb_cache *cache, const char *key, const struct sb_op *op, char **value, size_t *size,
                         struct sb_error *err) SB_MUST_USE;
enum sb_err sb_cache_set(struct sb_cache *cache, const char *key, const void *value, size_t size, sb_ns ttl, const struct sb_op *op,
                         struct sb_error *err) SB_MUST_USE;
/* Of whatever kind; none is fine. */
enum sb_err sb_cache_remove(struct sb_cache *cache, const char *key, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* Adds to a counter, which begins at 0 and lives for `ttl` from then on. SB_ERR_INVALID when the key holds no number or it would overflow. */
enum sb_err sb_cache_add(struct sb_cache *cache, const char *key, int64_t delta, sb_ns ttl, const struct sb_op *op, int64_t *value,
                         struct sb_error *err) SB_MUST_USE;

struct sb_cache_turn {
    bool is_allowed;
    uint32_t left;         /* turns that could still be taken now */
    sb_ns retry_after;     /* not allowed: until the next turn */
};
/* Takes a turn: never more than rate->count in any rate->window (a sliding window of the times themselves, so also not across its edges). A turn
 * that is refused is not counted. */
enum sb_err sb_cache_limit(struct sb_cache *cache, const char *key, const struct sb_rate *rate, const struct sb_op *op, struct sb_cache_turn *turn,
                           struct sb_error *err) SB_MUST_USE;
/* Whether the caller is the first to claim the key within `ttl`. `value` says who, for whoever gets it. */
enum sb_err sb_cache_claim(struct sb_cache *cache, const char *key, const char *value, sb_ns ttl, const struct sb_op *op, bool *is_first,
                           struct sb_error *err) SB_MUST_USE;

struct sb_cache_lock {
    char key[SB_CACHE_KEY_MAX + 1];
    char token[SB_CACHE_TOKEN_MAX]; /* random: who holds it */
};
/* SB_ERR_EXISTS while somebody holds it. Ends by itself after `ttl`: what it guards must be able to stand two holders then. */
enum sb_err sb_cache_lock(struct sb_cache *cache, const char *key, sb_ns ttl, const struct sb_op *op, struct sb_cache_lock *lock,
                          struct sb_error *err) SB_MUST_USE;
/* `ttl` from now. SB_ERR_STALE when it is ours no more; somebody else's is left as it is. */
enum sb_err sb_cache_renew(struct sb_cache *cache, const struct sb_cache_lock *lock, sb_ns ttl, const struct sb_op *op,
                           struct sb_error *err) SB_MUST_USE;
enum sb_err sb_cache_unlock(struct sb_cache *cache, const struct sb_cache_lock *lock, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

/* A real check: a key is written, read back with its time to live, and the server may be written to. An error while Redis is configured does not
 * mean that calls fail: the cache of this process serves them, unless has_no_fallback. A success goes back to Redis at once. */
enum sb_err sb_cache_check(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
void sb_cache_stats(struct sb_cache *cache, struct sb_cache_stats *stats);
/* `on_change` is called after each switch from Redis to this process (is_away, with the reason) or back, on whatever thread noticed it; it must not
 * call the cache. NULL ends that: then no call of it is under way any more. */
void sb_cache_set_callback(struct sb_cache *cache, void *arg, void (*on_change)(void *arg, bool is_away, const char *reason));

#endif
