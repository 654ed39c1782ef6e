/* An indexed 4-ary min-heap over caller storage: items are named by a small id, so that a deadline can
 * be moved or removed in O(log n). Order is (key, tie): equal keys leave in order of `tie`, which the
 * caller keeps unique. Pure, no allocation. */
#ifndef SIGNALBOX_BASE_HEAP_H
#define SIGNALBOX_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_heap_item {
    int64_t key;
    uint64_t tie;
    uint32_t id;
};

struct sb_heap {
    struct sb_heap_item *items; /* [cap] */
    uint32_t *pos;              /* [cap] index + 1 of an id's item, 0 when absent */
    uint32_t count, cap;
};

/* `items` and `pos` are caller storage of `cap` entries each; ids are 0..cap-1. */
void sb_heap_init(struct sb_heap *heap, struct sb_heap_item *items, uint32_t *pos, uint32_t cap);
/* Inserts the id, or moves it when it is already there. */
void sb_heap_set(struct sb_heap *heap, uint32_t id, int64_t key, uint64_t tie);
/* No-op when absent. */
void sb_heap_remove(struct sb_heap *heap, uint32_t id);
bool sb_heap_has(const struct sb_heap *heap, uint32_t id);
/* NULL when empty. Valid until the next call that changes the heap. */
const struct sb_heap_item *sb_heap_top(const struct sb_heap *heap);
/* Asserts the heap order and the back pointers; for checks in debug builds and tests. O(n). */
void sb_heap_check(const struct sb_heap *heap);

#endif
