/* A bump allocator over caller memory, for objects which are sized once at init. Pure. */
#ifndef SIGNALBOX_BASE_ARENA_H
#define SIGNALBOX_BASE_ARENA_H

#include <stddef.h>

struct sb_arena {
    unsigned char *base; /* NULL: only measures, every take returns NULL */
    size_t cap, used;
};

void sb_arena_init(struct sb_arena *arena, void *base, size_t cap);
/* Zeroed memory aligned for any type. Asserts that it fits, unless the arena only measures. */
void *sb_arena_take(struct sb_arena *arena, size_t count, size_t size);

#endif
