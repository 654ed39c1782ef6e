/* Backend `memory`: the cache of this process. A hash table and a list by last use under one mutex; what is over its time goes when somebody looks
 * at it, what is least used goes when there is no room. It must never allocate or free under the mutex: entries are made before and freed after.
 *
 * An entry never changes once it is in the table, except its deadline and the times of a rate, so that a reader copies it without the mutex. */
#include "parts.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 16384, BYTES_DEFAULT = 64 * 1024 * 1024, ENTRIES_DEFAULT = 65536, NUMBER_MAX = 24 };

struct entry {
    struct entry *next;           /* of the bucket, then of the garbage */
    struct entry *newer, *older;  /* by last use */
    uint64_t hash;
    sb_ns expires;
    uint32_t readers;
    bool is_linked;
    bool is_times;                /* the value is int64 times, oldest first: a rate */
    size_t size, cap;             /* of the value */
    char *value;
    char key[];                   /* with its NUL, then the value */
};

struct memory {
    struct sb_cache port; /* first */
    sb_ns (*now)(void);
    size_t bytes_max, entries_max;
    struct sb_mutex *mutex;
    /* guarded by mutex */
    struct entry *newest, *oldest;
    size_t bytes, entries;
    uint64_t hits, misses, evicted;
    struct entry *buckets[BUCKETS];
};

/* One call under the mutex. */
struct work {
    struct memory *self;
    struct sb_cache_call *call;
    struct entry *found;   /* live entry of the key, or NULL */
    struct entry *fresh;   /* made for the call; NULL once it is in the table */
    struct entry *reading; /* GET: to be copied */
    struct entry *garbage;
    sb_ns now;
    const char *trouble;   /* of an SB_ERR_INVALID */
};

/* ---- the table, under the mutex ---- */

static size_t cost(const struct entry *entry)
{
    return sizeof(*entry) + (size_t)(entry->value - entry->key) + entry->cap;
}

static void unlink_use(struct memory *self, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &self->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &self->oldest) = entry->newer;
}

static void link_use(struct memory *self, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = self->newest;
    *(self->newest != NULL ? &self->newest->newer : &self->oldest) = entry;
    self->newest = entry;
}

static void drop(struct work *work, struct entry *entry)
{
    struct memory *self = work->self;
    struct entry **at = &self->buckets[entry->hash % BUCKETS];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_use(self, entry);
    self->bytes -= cost(entry);
    self->entries--;
    entry->is_linked = false;
    entry->next = NULL;
    if (entry->readers == 0) { /* else its last reader frees it */
        entry->next = work->garbage;
        work->garbage = entry;
    }
}

/* Puts `fresh` into the table, in the place of what the key had. */
static void put(struct work *work, sb_ns expires)
{
    struct memory *self = work->self;
    struct entry *fresh = work->fresh;
    if (work->found != NULL)
        drop(work, work->found);
    work->found = fresh;
    work->fresh = NULL;
    fresh->expires = expires;
    fresh->is_linked = true;
    fresh->next = self->buckets[fresh->hash % BUCKETS];
    self->buckets[fresh->hash % BUCKETS] = fresh;
    link_use(self, fresh);
    self->bytes += cost(fresh);
    self->entries++;
    while ((self->bytes > self->bytes_max || self->entries > self->entries_max) && self->oldest != fresh) {
        self->evicted++;
        drop(work, self->oldest);
    }
}

static void find(struct work *work, uint64_t hash)
{
    struct memory *self = work->self;
    struct entry *entry = self->buckets[hash % BUCKETS];
    while (entry != NULL && (entry->hash != hash || !sb_streq(entry->key, work->call->key)))
        entry = entry->next;
    if (entry != NULL && entry->expires <= work->now) {
        drop(work, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        unlink_use(self, entry);
        link_use(self, entry);
    }
    work->found = entry;
}

/* ---- what each call does, under the mutex ---- */

static sb_ns end_of(const struct work *work)
{
    return sb_ns_add(work->now, SB_MS(work->call->ttl_ms));
}

static enum sb_err do_get(struct work *work)
{
    if (work->found == NULL) {
        work->self->misses++;
        return SB_ERR_NOT_FOUND;
    }
    if (work->found->is_times) {
        work->trouble = "holds a rate, not a value";
        return SB_ERR_INVALID;
    }
    work->self->hits++;
    work->found->readers++;
    work->reading = work->found;
    return SB_OK;
}

static enum sb_err do_set(struct work *work)
{
    memcpy(work->fresh->value, work->call->value, work->call->size);
    put(work, end_of(work));
    return SB_OK;
}

static enum sb_err do_remove(struct work *work)
{
    if (work->found != NULL)
        drop(work, work->found);
    return SB_OK;
}

static enum sb_err do_add(struct work *work)
{
    int64_t number = 0;
    struct sb_text text;
    const struct entry *found = work->found;
    if (found != NULL && (found->is_times || memchr(found->value, '\0', found->size) != NULL || !sb_parse_i64(found->value, &number))) {
        work->trouble = "holds no number";
        return SB_ERR_INVALID;
    }
    if (__builtin_add_overflow(number, work->call->delta, &number)) {
        work->trouble = "the counter would overflow";
        return SB_ERR_INVALID;
    }
    sb_text_init(&text, work->fresh->value, work->fresh->cap);
    sb_text_add_i64(&text, number);
    work->fresh->size = text.len;
    put(work, found != NULL ? found->expires : end_of(work));
    work->call->number = number;
    return SB_OK;
}

static sb_ns time_at(const struct entry *entry, size_t index)
{
    sb_ns at;
    memcpy(&at, entry->value + index * sizeof(at), sizeof(at));
    return at;
}

/* The newest `count` times are what matters; the oldest of them must be out of the window before there is another turn. */
static enum sb_err do_limit(struct work *work)
{
    const struct sb_rate *rate = work->call->rate;
    struct entry *entry = work->found;
    if (entry != NULL && !entry->is_times) {
        work->trouble = "holds a value, not a rate";
        return SB_ERR_INVALID;
    }
    size_t have = entry != NULL ? entry->size / sizeof(sb_ns) : 0;
    size_t first = have > rate->count ? have - rate->count : 0;
    while (first < have && time_at(entry, first) <= work->now - rate->window)
        first++;
    if (have - first >= rate->count) {
        work->call->turn = (struct sb_cache_turn){ .retry_after = time_at(entry, first) + rate->window - work->now };
        return SB_OK;
    }
    size_t kept = (have - first) * sizeof(sb_ns);
    if (entry == NULL || entry->cap < rate->count * sizeof(sb_ns)) {
        if (entry != NULL)
            memcpy(work->fresh->value, entry->value + first * sizeof(sb_ns), kept);
        work->fresh->is_times = true;
        entry = work->fresh;
        put(work, end_of(work));
    } else {
        memmove(entry->value, entry->value + first * sizeof(sb_ns), kept);
        entry->expires = end_of(work);
    }
    memcpy(entry->value + kept, &work->now, sizeof(work->now));
    entry->size = kept + sizeof(sb_ns);
    work->call->turn = (struct sb_cache_turn){ .is_allowed = true, .left = rate->count - (uint32_t)(have - first) - 1 };
    return SB_OK;
}

static enum sb_err do_claim(struct work *work)
{
    work->call->number = work->found == NULL;
    return work->found == NULL ? do_set(work) : SB_OK;
}

static bool is_ours(const struct work *work)
{
    const struct entry *found = work->found;
    return found != NULL && !found->is_times && found->size == work->call->size && memcmp(found->value, work->call->value, found->size) == 0;
}

static enum sb_err do_renew(struct work *work)
{
    work->call->number = is_ours(work);
    if (work->call->number != 0)
        work->found->expires = end_of(work);
    return SB_OK;
}

static enum sb_err do_release(struct work *work)
{
    work->call->number = is_ours(work);
    if (work->call->number != 0)
        drop(work, work->found);
    return SB_OK;
}

/* ---- a call ---- */

static size_t room_for(const struct sb_cache_call *call)
{
    switch (call->kind) {
    case SB_CACHE_SET:
    case SB_CACHE_CLAIM:
        return call->size + 1;
    case SB_CACHE_ADD:
        return NUMBER_MAX;
    case SB_CACHE_LIMIT:
        return call->rate->count * sizeof(sb_ns);
    case SB_CACHE_GET:
    case SB_CACHE_REMOVE:
    case SB_CACHE_RENEW:
    case SB_CACHE_RELEASE:
        break;
    }
    return 0;
}

static struct entry *make_entry(const struct sb_cache_call *call, uint64_t hash, size_t cap)
{
    size_t key_size = strlen(call->key) + 1;
    struct entry *entry = calloc(1, sizeof(*entry) + key_size + cap);
    if (entry == NULL)
        return NULL;
    memcpy(entry->key, call->key, key_size);
    entry->hash = hash;
    entry->value = entry->key + key_size;
    entry->cap = cap;
    entry->size = call->size;
    return entry;
}

static void free_garbage(struct entry *garbage)
{
    while (garbage != NULL) {
        struct entry *next = garbage->next;
        free(garbage);
        garbage = next;
    }
}

/* The entry cannot change and cannot go while it is read. */
static enum sb_err copy_out(struct memory *self, struct entry *entry, struct sb_cache_call *call, struct sb_error *err)
{
    char *copy = malloc(entry->size + 1);
    size_t size = entry->size;
    if (copy != NULL) {
        memcpy(copy, entry->value, size);
        copy[size] = '\0';
    }
    sb_mutex_lock(self->mutex);
    bool is_last = --entry->readers == 0 && !entry->is_linked;
    sb_mutex_unlock(self->mutex);
    if (is_last)
        free(entry);
    if (copy == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu bytes out of the cache", size);
    call->found = copy;
    call->found_size = size;
    return SB_OK;
}

static enum sb_err memory_run(struct sb_cache *cache, struct sb_cache_call *call, const struct sb_op *op, struct sb_error *err)
{
    static enum sb_err (*const functions[])(struct work *work) = {
        [SB_CACHE_GET] = do_get,     [SB_CACHE_SET] = do_set,     [SB_CACHE_REMOVE] = do_remove, [SB_CACHE_ADD] = do_add,
        [SB_CACHE_LIMIT] = do_limit, [SB_CACHE_CLAIM] = do_claim, [SB_CACHE_RENEW] = do_renew,   [SB_CACHE_RELEASE] = do_release,
    };
    struct memory *self = (struct memory *)cache;
    struct work work = { .self = self, .call = call };
    uint64_t hash = sb_hash_bytes(call->key, strlen(call->key));
    size_t room = room_for(call);
    (void)op; /* nothing here waits */
    if (room > 0) {
        work.fresh = make_entry(call, hash, room);
        if (work.fresh == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu bytes in the cache", room);
        if (cost(work.fresh) > self->bytes_max) {
            free(work.fresh);
            return sb_error_set(err, SB_ERR_TOO_LARGE, "%.80s: %zu bytes are more than the whole cache holds", call->key, room);
        }
    }
    sb_mutex_lock(self->mutex);
    work.now = self->now();
    find(&work, hash);
    enum sb_err rc = functions[call->kind](&work);
    sb_mutex_unlock(self->mutex);
    free(work.fresh);
    free_garbage(work.garbage);
    if (work.reading != NULL)
        return copy_out(self, work.reading, call, err);
    if (rc == SB_ERR_NOT_FOUND)
        return sb_error_set(err, rc, "%.80s: not in the cache", call->key);
    return rc == SB_OK ? SB_OK : sb_error_set(err, rc, "%.80s: %s", call->key, work.trouble);
}

static enum sb_err memory_check(struct sb_cache *cache, const struct sb_op *op, struct sb_error *err)
{
    char key[SB_CACHE_PREFIX_MAX + SB_NAME_MAX];
    enum sb_err rc = sb_cache_check_key(cache, key, sizeof(key), err);
    struct sb_cache_call set = { .kind = SB_CACHE_SET, .key = key, .value = "1", .size = 1, .ttl_ms = 1000 };
    struct sb_cache_call release = { .kind = SB_CACHE_RELEASE, .key = key, .value = "1", .size = 1 };
    if (rc == SB_OK)
        rc = memory_run(cache, &set, op, err);
    if (rc == SB_OK)
        rc = memory_run(cache, &release, op, err);
    if (rc == SB_OK && release.number == 0)
        rc = sb_error_set(err, SB_ERR_CORRUPT, "what was written into the cache of this process is not there");
    return rc;
}

static void memory_stats(struct sb_cache *cache, struct sb_cache_stats *stats)
{
    struct memory *self = (struct memory *)cache;
    stats->mode = "memory";
    sb_mutex_lock(self->mutex);
    stats->hits += self->hits;
    stats->misses += self->misses;
    stats->evicted += self->evicted;
    stats->entries += self->entries;
    stats->bytes += self->bytes;
    sb_mutex_unlock(self->mutex);
}

void sb_cache_memory_clear(struct sb_cache *cache)
{
    struct memory *self = (struct memory *)cache;
    struct work work = { .self = self };
    sb_mutex_lock(self->mutex);
    while (self->oldest != NULL)
        drop(&work, self->oldest);
    sb_mutex_unlock(self->mutex);
    free_garbage(work.garbage);
}

static void memory_close(struct sb_cache *cache)
{
    struct memory *self = (struct memory *)cache;
    sb_cache_memory_clear(cache);
    sb_mutex_destroy(self->mutex);
    free(self);
}

enum sb_err sb_cache_backend_memory(struct sb_cache **cache, const struct sb_cache_setup *setup, struct sb_error *err)
{
    static const struct sb_cache_ops ops = { .close = memory_close, .run = memory_run, .check = memory_check, .stats = memory_stats };
    struct memory *self = calloc(1, sizeof(*self));
    if (self != NULL)
        self->mutex = sb_mutex_create(SB_RANK_CACHE);
    if (self == NULL || self->mutex == NULL) {
        free(self);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the cache");
    }
    self->port.ops = &ops;
    self->now = setup->now != NULL ? setup->now : sb_now;
    self->bytes_max = setup->memory_bytes != 0 ? setup->memory_bytes : BYTES_DEFAULT;
    self->entries_max = setup->memory_entries != 0 ? setup->memory_entries : ENTRIES_DEFAULT;
    *cache = &self->port;
    return SB_OK;
}
