/* The inbox: every input on its way to the core, first in, first out. Any thread posts, the core thread takes.
 *
 * The slots are a pool whose most recently freed slot is used next: a quiet engine touches a few pages, not the whole capacity.
 * Outsiders are refused when their share is full. Results are not: whoever carries one waits, and as the core thread never does, it
 * always comes to an end. */
#include "parts.h"

#include <stdlib.h>

enum { SLOT_COUNT = SB_INBOX_OUTSIDE_MAX + SB_INBOX_RESULTS_MAX, NO_SLOT = UINT16_MAX };
_Static_assert(SLOT_COUNT < NO_SLOT, "slots are named by 16 bits");

struct slot {
    struct sb_input input;
    uint16_t next;
    bool is_result;
};

struct sb_inbox {
    struct sb_mutex *mutex;
    struct sb_cond *news, *room; /* something to take; a slot for a result */
    /* guarded by mutex */
    struct slot *slots;
    uint16_t head, tail, free, fresh; /* slots from `fresh` on were never used */
    uint32_t outside_count, result_count, waiting_posters;
    bool is_waiting, is_kicked, is_stopping;
    atomic_uint depth;                /* written under the mutex, read by anybody */
};

struct sb_inbox *sb_inbox_create(struct sb_error *err)
{
    struct sb_inbox *inbox = calloc(1, sizeof(*inbox));

    if (inbox == NULL)
        goto failed;
    inbox->head = inbox->tail = inbox->free = NO_SLOT;
    inbox->mutex = sb_mutex_create(SB_RANK_INBOX);
    inbox->news = sb_cond_create();
    inbox->room = sb_cond_create();
    inbox->slots = calloc(SLOT_COUNT, sizeof(*inbox->slots));
    if (inbox->mutex != NULL && inbox->news != NULL && inbox->room != NULL && inbox->slots != NULL)
        return inbox;
failed:
    sb_inbox_destroy(inbox);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the inbox");
    return NULL;
}

void sb_inbox_destroy(struct sb_inbox *inbox)
{
    if (inbox == NULL)
        return;
    free(inbox->slots);
    sb_cond_destroy(inbox->room);
    sb_cond_destroy(inbox->news);
    sb_mutex_destroy(inbox->mutex);
    free(inbox);
}

/* What steps, sites and endpoints say may hold a secret of ours: from here on no text does. `room` takes the copy. */
static const struct sb_input *veil(const struct sb_input *input, struct sb_input *room)
{
    const struct sb_kind_info *info = &sb_input_infos[input->kind];
    *room = *input;
    for (unsigned i = 0; i < info->field_count; i++)
        if (info->fields[i].type == SB_FIELD_note)
            sb_veil_text((char *)&room->as + info->fields[i].offset, SB_NOTE_MAX);
    return room;
}

/* Under the mutex. Returns whether the core thread must be woken. */
static bool push(struct sb_inbox *inbox, const struct sb_input *input, bool is_result)
{
    uint16_t index = inbox->free;

    if (index != NO_SLOT)
        inbox->free = inbox->slots[index].next;
    else
        index = inbox->fresh++;
    SB_ASSERT(index < SLOT_COUNT);
    struct slot *slot = &inbox->slots[index];
    slot->input = *input;
    slot->next = NO_SLOT;
    slot->is_result = is_result;
    if (inbox->tail != NO_SLOT)
        inbox->slots[inbox->tail].next = index;
    else
        inbox->head = index;
    inbox->tail = index;
    if (is_result)
        inbox->result_count++;
    else
        inbox->outside_count++;
    atomic_store(&inbox->depth, inbox->outside_count + inbox->result_count);
    return inbox->is_waiting;
}

enum sb_err sb_inbox_post(struct sb_inbox *inbox, const struct sb_input *input, struct sb_error *err)
{
    bool is_full, must_wake = false;
    struct sb_input room;

    input = veil(input, &room);
    sb_mutex_lock(inbox->mutex);
    is_full = inbox->outside_count == SB_INBOX_OUTSIDE_MAX;
    if (!is_full)
        must_wake = push(inbox, input, false);
    sb_mutex_unlock(inbox->mutex);
    if (must_wake)
        sb_cond_signal(inbox->news);
    return is_full ? sb_error_set(err, SB_ERR_FULL, "%d inputs wait for the core already; try again", SB_INBOX_OUTSIDE_MAX) : SB_OK;
}

void sb_inbox_post_result(struct sb_inbox *inbox, const struct sb_input *input)
{
    struct sb_input room;
    input = veil(input, &room);
    sb_mutex_lock(inbox->mutex);
    while (inbox->result_count >= SB_INBOX_RESULTS_MAX - SB_INBOX_OWN_MAX) {
        inbox->waiting_posters++;
        (void)sb_cond_wait(inbox->room, inbox->mutex, SB_NEVER); /* the loop looks at the count itself */
        inbox->waiting_posters--;
    }
    bool must_wake = push(inbox, input, true);
    sb_mutex_unlock(inbox->mutex);
    if (must_wake)
        sb_cond_signal(inbox->news);
}

void sb_inbox_post_own(struct sb_inbox *inbox, const struct sb_input *input)
{
    sb_mutex_lock(inbox->mutex);
    SB_ASSERT(inbox->result_count < SB_INBOX_RESULTS_MAX && "one step gives fewer orders than there are slots for answers");
    bool must_wake = push(inbox, input, true);
    sb_mutex_unlock(inbox->mutex);
    if (must_wake)
        sb_cond_signal(inbox->news);
}

void sb_inbox_kick(struct sb_inbox *inbox)
{
    sb_mutex_lock(inbox->mutex);
    inbox->is_kicked = true;
    sb_mutex_unlock(inbox->mutex);
    sb_cond_signal(inbox->news);
}

uint32_t sb_inbox_depth(const struct sb_inbox *inbox)
{
    return atomic_load(&inbox->depth);
}

void sb_inbox_stop(struct sb_inbox *inbox)
{
    sb_mutex_lock(inbox->mutex);
    inbox->is_stopping = true;
    sb_mutex_unlock(inbox->mutex);
    sb_cond_signal(inbox->news);
}

static size_t pop_some(struct sb_inbox *inbox, struct sb_input *inputs, size_t cap)
{
    size_t count = 0;

    while (count < cap && inbox->head != NO_SLOT) {
        uint16_t index = inbox->head;
        struct slot *slot = &inbox->slots[index];
        inputs[count++] = slot->input;
        if (slot->is_result)
            inbox->result_count--;
        else
            inbox->outside_count--;
        inbox->head = slot->next;
        slot->next = inbox->free;
        inbox->free = index;
    }
    if (inbox->head == NO_SLOT)
        inbox->tail = NO_SLOT;
    atomic_store(&inbox->depth, inbox->outside_count + inbox->result_count);
    return count;
}

struct sb_taken sb_inbox_take(struct sb_inbox *inbox, struct sb_input *inputs, size_t cap, sb_ns deadline)
{
    struct sb_taken taken = { 0 };

    sb_mutex_lock(inbox->mutex);
    while (inbox->head == NO_SLOT && !inbox->is_kicked && !inbox->is_stopping && !taken.is_late) {
        inbox->is_waiting = true;
        taken.is_late = !sb_cond_wait(inbox->news, inbox->mutex, deadline);
        inbox->is_waiting = false;
    }
    taken.count = pop_some(inbox, inputs, cap);
    taken.is_late = taken.is_late && taken.count == 0;
    taken.is_kicked = inbox->is_kicked;
    inbox->is_kicked = false;
    taken.is_over = inbox->is_stopping && taken.count == 0;
    bool must_tell = inbox->waiting_posters > 0;
    sb_mutex_unlock(inbox->mutex);
    if (must_tell)
        sb_cond_broadcast(inbox->room);
    return taken;
}
