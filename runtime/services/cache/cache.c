/* The cache port: which backend serves a location, and the one place where arguments are checked. Any thread; keeps no state of its own. */
#include "parts.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *scheme;
    enum sb_err (*open)(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err);
} backends[] = {
#define X(name, scheme) { scheme, sb_cache_backend_##name },
#include "backends.def"
#undef X
};

static enum sb_err open_backend(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err)
{
    const char *prefix = setup->prefix != NULL ? setup->prefix : "signalbox:";
    for (size_t i = 0; i < SB_LEN(backends); i++) {
        if (strncmp(setup->location, backends[i].scheme, strlen(backends[i].scheme)) != 0)
            continue;
        struct sb_cache *fresh = NULL;
        enum sb_err rc = backends[i].open(&fresh, setup, err);
        if (rc != SB_OK)
            return rc;
        if (!sb_copy(fresh->prefix, sizeof(fresh->prefix), prefix)) {
            fresh->ops->close(fresh);
            return sb_error_set(err, SB_ERR_CONFIG, "the cache's prefix has more than %d bytes", SB_CACHE_PREFIX_MAX - 1);
        }
        *cache = fresh;
        return SB_OK;
    }
    return sb_error_set(err, SB_ERR_CONFIG, "the cache \"%.80s\" is neither memory nor redis://HOST:PORT nor redis+unix:///PATH", setup->location);
}

enum sb_err sb_cache_open(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err)
{
    struct sb_cache *first = NULL, *memory = NULL;
    enum sb_err rc = open_backend(&first, setup, err);
    if (rc != SB_OK)
        return rc;
    if (sb_streq(setup->location, "memory") || setup->has_no_fallback) {
        *cache = first;
        return SB_OK;
    }
    rc = sb_cache_backend_memory(&memory, setup, err);
    if (rc == SB_OK)
        rc = sb_cache_switching_create(cache, first, memory, err);
    if (rc == SB_OK)
        return SB_OK;
    if (memory != NULL)
        memory->ops->close(memory);
    first->ops->close(first);
    return rc;
}

void sb_cache_close(struct sb_cache *cache)
{
    if (cache != NULL)
        cache->ops->close(cache);
}

/* ---- calls ---- */

static enum sb_err check_call(const struct sb_cache_call *call, const char *key, struct sb_error *err)
{
    bool has_ttl = call->kind != SB_CACHE_GET && call->kind != SB_CACHE_REMOVE && call->kind != SB_CACHE_RELEASE;
    size_t length = strnlen(key, SB_CACHE_KEY_MAX + 1);
    if (length == 0)
        return sb_error_set(err, SB_ERR_INVALID, "a key of the cache must not be empty");
    if (length > SB_CACHE_KEY_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a key of the cache has at most %d bytes: \"%.40s\" ...", SB_CACHE_KEY_MAX, key);
    if (call->size > SB_CACHE_VALUE_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "%.80s: a value of the cache has at most %d bytes, not %zu", key, SB_CACHE_VALUE_MAX, call->size);
    if (has_ttl && (call->ttl_ms < 1 || call->ttl_ms > SB_CACHE_TTL_MAX / SB_MS(1)))
        return sb_error_set(err, SB_ERR_INVALID, "%.80s: the time to live is from 1 ms to 31 days, not %lld ms", key, (long long)call->ttl_ms);
    if (call->kind == SB_CACHE_LIMIT && (call->rate->count < 1 || call->rate->count > SB_CACHE_RATE_MAX))
        return sb_error_set(err, SB_ERR_INVALID, "%.80s: a rate has from 1 to %d turns, not %u", key, SB_CACHE_RATE_MAX, call->rate->count);
    return SB_OK;
}

static enum sb_err run(struct sb_cache *cache, const char *key, struct sb_cache_call *call, const struct sb_op *op, struct sb_error *err)
{
    char whole[SB_CACHE_PREFIX_MAX + SB_CACHE_KEY_MAX + 1];
    enum sb_err rc = check_call(call, key, err);
    if (rc == SB_OK)
        rc = sb_op_check(op, "the cache", err);
    if (rc != SB_OK)
        return rc;
    size_t prefix = strlen(cache->prefix);
    memcpy(whole, cache->prefix, prefix);
    (void)sb_copy(whole + prefix, sizeof(whole) - prefix, key); /* fits: it was measured */
    call->key = whole;
    return cache->ops->run(cache, call, op, err);
}

enum sb_err sb_cache_get(struct sb_cache *cache, const char *key, const struct sb_op *op, char **value, size_t *size, struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_GET };
    enum sb_err rc = run(cache, key, &call, op, err);
    if (rc != SB_OK)
        return rc;
    *value = call.found;
    *size = call.found_size;
    return SB_OK;
}

enum sb_err sb_cache_set(struct sb_cache *cache, const char *key, const void *value, size_t size, sb_ns ttl, const struct sb_op *op,
                         struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_SET, .value = size > 0 ? value : "", .size = size, .ttl_ms = sb_cache_ms(ttl) };
    return run(cache, key, &call, op, err);
}

enum sb_err sb_cache_remove(struct sb_cache *cache, const char *key, const struct sb_op *op, struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_REMOVE };
    return run(cache, key, &call, op, err);
}

enum sb_err sb_cache_add(struct sb_cache *cache, const char *key, int64_t delta, sb_ns ttl, const struct sb_op *op, int64_t *value,
                         struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_ADD, .delta = delta, .ttl_ms = sb_cache_ms(ttl) };
    enum sb_err rc = run(cache, key, &call, op, err);
    if (rc == SB_OK)
        *value = call.number;
    return rc;
}

enum sb_err sb_cache_limit(struct sb_cache *cache, const char *key, const struct sb_rate *rate, const struct sb_op *op, struct sb_cache_turn *turn,
                           struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_LIMIT, .rate = rate, .ttl_ms = sb_cache_ms(rate->window) };
    enum sb_err rc = run(cache, key, &call, op, err);
    if (rc == SB_OK)
        *turn = call.turn;
    return rc;
}

enum sb_err sb_cache_claim(struct sb_cache *cache, const char *key, const char *value, sb_ns ttl, const struct sb_op *op, bool *is_first,
                           struct sb_error *err)
{
    struct sb_cache_call call = { .kind = SB_CACHE_CLAIM, .value = value, .size = strlen(value), .ttl_ms = sb_cache_ms(ttl) };
    enum sb_err rc = run(cache, key, &call, op, err);
    if (rc == SB_OK)
        *is_first = call.number != 0;
    return rc;
}

/* ---- locks: a claim with a token ---- */

static enum sb_err make_token(char token[SB_CACHE_TOKEN_MAX], struct sb_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SB_CACHE_TOKEN_MAX / 2];
    enum sb_err rc = sb_random(bytes, sizeof(bytes), err);
    if (rc != SB_OK)
        return rc;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        token[2 * i] = digits[bytes[i] >> 4];
        token[2 * i + 1] = digits[bytes[i] & 15];
    }
    token[2 * sizeof(bytes)] = '\0';
    return SB_OK;
}

enum sb_err sb_cache_lock(struct sb_cache *cache, const char *key, sb_ns ttl, const struct sb_op *op, struct sb_cache_lock *lock,
                          struct sb_error *err)
{
    struct sb_cache_lock fresh = { .key = "" };
    bool is_first = false;
    enum sb_err rc = make_token(fresh.token, err);
    if (rc == SB_OK)
        rc = sb_cache_claim(cache, key, fresh.token, ttl, op, &is_first, err);
    if (rc != SB_OK)
        return rc;
    if (!is_first)
        return sb_error_set(err, SB_ERR_EXISTS, "somebody else holds the lock %.80s", key);
    (void)sb_copy(fresh.key, sizeof(fresh.key), key); /* fits: it was claimed */
    *lock = fresh;
    return SB_OK;
}

static enum sb_err with_token(struct sb_cache *cache, const struct sb_cache_lock *lock, enum sb_cache_kind kind, sb_ns ttl, const struct sb_op *op,
                              struct sb_error *err)
{
    struct sb_cache_call call = { .kind = kind, .value = lock->token, .size = strlen(lock->token), .ttl_ms = sb_cache_ms(ttl) };
    enum sb_err rc = run(cache, lock->key, &call, op, err);
    if (rc == SB_OK && call.number == 0)
        rc = sb_error_set(err, SB_ERR_STALE, "the lock %.80s is ours no more", lock->key);
    return rc;
}

enum sb_err sb_cache_renew(struct sb_cache *cache, const struct sb_cache_lock *lock, sb_ns ttl, const struct sb_op *op, struct sb_error *err)
{
    return with_token(cache, lock, SB_CACHE_RENEW, ttl, op, err);
}

enum sb_err sb_cache_unlock(struct sb_cache *cache, const struct sb_cache_lock *lock, const struct sb_op *op, struct sb_error *err)
{
    return with_token(cache, lock, SB_CACHE_RELEASE, 0, op, err);
}

/* ---- looking at it ---- */

enum sb_err sb_cache_check_key(struct sb_cache *cache, char *key, size_t cap, struct sb_error *err)
{
    char token[SB_CACHE_TOKEN_MAX];
    struct sb_text text;
    enum sb_err rc = make_token(token, err); /* several programs may check one server at once */
    if (rc != SB_OK)
        return rc;
    sb_text_init(&text, key, cap);
    sb_text_add(&text, cache->prefix);
    sb_text_add(&text, "check:");
    sb_text_add(&text, token);
    return SB_OK;
}

enum sb_err sb_cache_check(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err)
{
    return cache->ops->check(cache, op, err);
}

void sb_cache_stats(struct sb_cache *cache, struct sb_cache_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    cache->ops->stats(cache, stats);
}

void sb_cache_set_callback(struct sb_cache *cache, void *arg, void (*on_change)(void *arg, bool is_away, const char *reason))
{
    if (cache->ops->set_callback != NULL)
        cache->ops->set_callback(cache, arg, on_change);
}
