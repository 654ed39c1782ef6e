/* How the core speaks: numbered events, orders, and a running hash over both. Core thread only. */
#include "state.h"

enum { EVENT_HEAD = offsetof(struct sb_event, as) };

struct sb_event sb_event_make(const struct sb_core *core, enum sb_event_kind kind)
{
    struct sb_event event;
    memset(&event, 0, sizeof(event));
    event.kind = (uint16_t)kind;
    event.now = core->now;
    event.wall = core->wall;
    return event;
}

struct sb_order sb_order_make(enum sb_order_kind kind)
{
    struct sb_order order;
    memset(&order, 0, sizeof(order));
    order.kind = (uint16_t)kind;
    return order;
}

static uint64_t hash_words(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    for (; size > 0; size--, at++)
        hash = (hash ^ *at) * 0x100000001b3u;
    return hash;
}

bool sb_has_room(const struct sb_core *core)
{
    return core->out->event_count + UNIT_EVENTS_MAX <= core->out->event_cap &&
           core->out->order_count + UNIT_ORDERS_MAX <= core->out->order_cap;
}

uint64_t sb_core_emit(struct sb_core *core, const struct sb_event *event)
{
    struct sb_outbox *out = core->out;
    SB_ASSERT(out->event_count < out->event_cap);
    struct sb_event *slot = &out->events[out->event_count++];
    size_t size = EVENT_HEAD + sb_event_infos[event->kind].size;
    memcpy(slot, event, sizeof(*slot));
    slot->seq = core->next_seq++;
    core->hash = hash_words(core->hash, slot, size);
    uint64_t seq = slot->seq;
    if (sb_rules_look_at(event))
        sb_alerts_event(core, event);
    return seq;
}

void sb_core_order(struct sb_core *core, const struct sb_order *order)
{
    struct sb_outbox *out = core->out;
    SB_ASSERT(out->order_count < out->order_cap);
    out->orders[out->order_count++] = *order;
    core->hash = hash_words(core->hash, order, offsetof(struct sb_order, as) + sb_order_infos[order->kind].size);
}
