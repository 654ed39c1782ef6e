/* Indexed 4-ary min-heap. Four children a node keep it shallow; moving the hole instead of swapping halves the writes. Pure. */
#include "signalbox/base/heap.h"

#include "signalbox/base/assert.h"

enum { ARITY = 4 };

static bool is_before(const struct sb_heap_item *a, const struct sb_heap_item *b)
{
    return a->key < b->key || (a->key == b->key && a->tie < b->tie);
}

static void place(struct sb_heap *heap, uint32_t index, struct sb_heap_item item)
{
    heap->items[index] = item;
    heap->pos[item.id] = index + 1;
}

static void sift_up(struct sb_heap *heap, uint32_t index, struct sb_heap_item item)
{
    while (index > 0) {
        uint32_t parent = (index - 1) / ARITY;
        if (!is_before(&item, &heap->items[parent]))
            break;
        place(heap, index, heap->items[parent]);
        index = parent;
    }
    place(heap, index, item);
}

static void sift_down(struct sb_heap *heap, uint32_t index, struct sb_heap_item item)
{
    for (;;) {
        uint32_t first = index * ARITY + 1;
        if (first >= heap->count)
            break;
        uint32_t last = first + ARITY < heap->count ? first + ARITY : heap->count;
        uint32_t best = first;
        for (uint32_t child = first + 1; child < last; child++)
            if (is_before(&heap->items[child], &heap->items[best]))
                best = child;
        if (!is_before(&heap->items[best], &item))
            break;
        place(heap, index, heap->items[best]);
        index = best;
    }
    place(heap, index, item);
}

void sb_heap_init(struct sb_heap *heap, struct sb_heap_item *items, uint32_t *pos, uint32_t cap)
{
    *heap = (struct sb_heap){ .items = items, .pos = pos, .cap = cap };
    for (uint32_t i = 0; i < cap; i++)
        pos[i] = 0;
}

bool sb_heap_has(const struct sb_heap *heap, uint32_t id)
{
    SB_ASSERT(id < heap->cap);
    return heap->pos[id] != 0;
}

void sb_heap_set(struct sb_heap *heap, uint32_t id, int64_t key, uint64_t tie)
{
    struct sb_heap_item item = { .key = key, .tie = tie, .id = id };
    if (!sb_heap_has(heap, id)) {
        SB_ASSERT(heap->count < heap->cap);
        sift_up(heap, heap->count++, item);
        return;
    }
    uint32_t index = heap->pos[id] - 1;
    if (is_before(&item, &heap->items[index]))
        sift_up(heap, index, item);
    else
        sift_down(heap, index, item);
}

void sb_heap_remove(struct sb_heap *heap, uint32_t id)
{
    if (!sb_heap_has(heap, id))
        return;
    uint32_t index = heap->pos[id] - 1;
    struct sb_heap_item last = heap->items[--heap->count];
    heap->pos[id] = 0;
    if (index == heap->count)
        return;
    if (index > 0 && is_before(&last, &heap->items[(index - 1) / ARITY]))
        sift_up(heap, index, last);
    else
        sift_down(heap, index, last);
}

const struct sb_heap_item *sb_heap_top(const struct sb_heap *heap)
{
    return heap->count > 0 ? &heap->items[0] : NULL;
}

void sb_heap_check(const struct sb_heap *heap)
{
    uint32_t present = 0;
    for (uint32_t i = 0; i < heap->count; i++) {
        SB_ASSERT(heap->pos[heap->items[i].id] == i + 1);
        if (i > 0)
            SB_ASSERT(!is_before(&heap->items[i], &heap->items[(i - 1) / ARITY]));
    }
    for (uint32_t id = 0; id < heap->cap; id++)
        present += heap->pos[id] != 0 ? 1u : 0u;
    SB_ASSERT(present == heap->count);
}
