/* Bump allocator. Pure. */
#include "signalbox/base/arena.h"

#include "signalbox/base/assert.h"

#include <stdbool.h>

#include <string.h>

enum { ALIGNMENT = 16 };

void sb_arena_init(struct sb_arena *arena, void *base, size_t cap)
{
    *arena = (struct sb_arena){ .base = base, .cap = cap };
}

void *sb_arena_take(struct sb_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    bool is_too_large = __builtin_mul_overflow(count, size, &bytes);
    SB_ASSERT(!is_too_large);
    size_t start = (arena->used + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
    arena->used = start + bytes;
    if (arena->base == NULL)
        return NULL;
    SB_ASSERT(arena->used <= arena->cap);
    memset(arena->base + start, 0, bytes);
    return arena->base + start;
}
