/* Memory of one catalogue, from malloc in chunks. Owns the chunks; any one thread. It must never move what it handed out. */
#include "region.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 64 * 1024, ALIGNMENT = 16 };

struct sb_cfg_chunk {
    struct sb_cfg_chunk *next;
    size_t used, cap;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

/* Only tests set this, before they load anything. */
static unsigned fail_countdown;

void sb_cfg_region_fail_nth(unsigned n)
{
    fail_countdown = n;
}

static struct sb_cfg_chunk *new_chunk(size_t cap)
{
    if (fail_countdown > 0 && --fail_countdown == 0) {
        return NULL;
    }
    struct sb_cfg_chunk *chunk = calloc(1, sizeof *chunk + cap);
    if (chunk != NULL) {
        chunk->cap = cap;
    }
    return chunk;
}

void *sb_cfg_take(struct sb_cfg_region *region, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        region->is_exhausted = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT; /* at least one byte, so that pieces differ */
    struct sb_cfg_chunk *chunk = region->chunks;
    if (chunk == NULL || chunk->cap - chunk->used < bytes) {
        chunk = new_chunk(bytes > CHUNK_SIZE ? bytes : CHUNK_SIZE);
        if (chunk == NULL) {
            region->is_exhausted = true;
            return NULL;
        }
        chunk->next = region->chunks;
        region->chunks = chunk;
    }
    void *piece = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return piece;
}

char *sb_cfg_take_text(struct sb_cfg_region *region, const char *bytes, size_t size)
{
    char *copy = sb_cfg_take(region, size + 1, 1);
    for (size_t i = 0; copy != NULL && i < size; i++) {
        copy[i] = bytes[i];
    }
    return copy;
}

void sb_cfg_region_free(struct sb_cfg_region *region)
{
    struct sb_cfg_chunk *chunk = region->chunks;
    while (chunk != NULL) {
        struct sb_cfg_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    region->chunks = NULL;
    region->is_exhausted = false;
}
