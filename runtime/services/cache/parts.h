/* What the files of this room share. A call is one value that any backend can carry out, so that there is one place that checks it (cache.c) and
 * one that decides who gets it (switching.c). */
#ifndef SIGNALBOX_CACHE_PARTS_H
#define SIGNALBOX_CACHE_PARTS_H

#include "signalbox/ports/cache.h"

enum sb_cache_kind { SB_CACHE_GET, SB_CACHE_SET, SB_CACHE_REMOVE, SB_CACHE_ADD, SB_CACHE_LIMIT, SB_CACHE_CLAIM, SB_CACHE_RENEW, SB_CACHE_RELEASE };

struct sb_cache_call {
    enum sb_cache_kind kind;
    const char *key;           /* with its prefix */
    const void *value;         /* SET; CLAIM, RENEW, RELEASE: the text that was claimed with */
    size_t size;
    int64_t ttl_ms;
    int64_t delta;             /* ADD */
    const struct sb_rate *rate; /* LIMIT */
    /* results, untouched on failure */
    char *found;               /* GET */
    size_t found_size;
    int64_t number;            /* ADD: the counter; CLAIM, RENEW, RELEASE: 1 when it was done */
    struct sb_cache_turn turn; /* LIMIT */
};

struct sb_cache_ops {
    void (*close)(struct sb_cache *cache);
    enum sb_err (*run)(struct sb_cache *cache, struct sb_cache_call *call, const struct sb_op *op, struct sb_error *err);
    enum sb_err (*check)(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err);
    /* Adds its figures to zeroed ones. */
    void (*stats)(struct sb_cache *cache, struct sb_cache_stats *stats);
    /* NULL: nothing ever changes. */
    void (*set_callback)(struct sb_cache *cache, void *arg, void (*on_change)(void *arg, bool is_away, const char *reason));
};

struct sb_cache {
    const struct sb_cache_ops *ops;
    char prefix[SB_CACHE_PREFIX_MAX];
};

#define X(name, scheme) enum sb_err sb_cache_backend_##name(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err);
#include "backends.def"
#undef X

/* memory.c: forgets everything. */
void sb_cache_memory_clear(struct sb_cache *memory);

/* switching.c: `server` while it answers, else `memory`; takes both. */
enum sb_err sb_cache_switching_create(struct sb_cache **cache, struct sb_cache *server, struct sb_cache *memory, struct sb_error *err);

/* cache.c: a check by the calls themselves: a key of our own, set, read back, removed. */
enum sb_err sb_cache_check_key(struct sb_cache *cache, char *key, size_t cap, struct sb_error *err);

static inline int64_t sb_cache_ms(sb_ns span)
{
    return span > 0 ? span / SB_MS(1) + (span % SB_MS(1) != 0) : 0;
}

#endif
