/* Owns what the model was at a place: the fold from a snapshot before it, over the parts that follow without a gap, and the models kept on the way.
 * A part that follows a gap begins anew with its snapshot, as a live console does. Thread: one at a time. */
#include "past.h"

#include <string.h>

static size_t index_of(const struct sb_past *past, uint64_t id)
{
    const size_t count = sb_history_count(past->history);
    for (size_t i = 0; i < count; i++) {
        if (sb_history_part(past->history, i).id == id)
            return i;
    }
    return SIZE_MAX;
}

static bool is_same(const struct sb_event *a, const struct sb_event *b)
{
    return a->seq == b->seq && memcmp(a, b, sizeof *a) == 0;
}

/* Whether the answer is known for good: of a part that is being written it may not be yet. */
static bool compare(const struct sb_history_events *before, const struct sb_history_events *events, ptrdiff_t *repeated)
{
    *repeated = -1;
    if (events->snapshot == 0) {
        *repeated = 0; /* a cut in the middle of a file */
        return true;
    }
    if (events->count == events->snapshot)
        return false;
    const struct sb_event *const first = &events->events[events->snapshot];
    size_t at = before->count;
    while (at > before->snapshot && !is_same(&before->events[at - 1], first))
        at--;
    if (at == before->snapshot)
        return true;
    const size_t shared = before->count - (at - 1), have = events->count - events->snapshot;
    for (size_t i = 0; i < shared && i < have; i++) {
        if (!is_same(&before->events[at - 1 + i], &first[i]))
            return true;
    }
    *repeated = (ptrdiff_t)(shared < have ? shared : have);
    return shared <= have;
}

enum sb_err past_overlap(struct sb_past *past, size_t index, ptrdiff_t *repeated, struct sb_error *err)
{
    struct sb_history_events before, events;
    const uint64_t id = sb_history_part(past->history, index).id;

    *repeated = -1;
    if (index == 0)
        return SB_OK;
    if (past->overlaps[id % PAST_OVERLAPS].id == id) {
        *repeated = past->overlaps[id % PAST_OVERLAPS].repeated;
        return SB_OK;
    }
    enum sb_err rc = sb_history_load(past->history, index - 1, &before, err);
    if (rc == SB_OK)
        rc = sb_history_load(past->history, index, &events, err);
    if (rc != SB_OK)
        return rc;
    if (compare(&before, &events, repeated)) {
        past->overlaps[id % PAST_OVERLAPS].id = id;
        past->overlaps[id % PAST_OVERLAPS].repeated = *repeated;
    } else {
        past->is_unsure = true;
    }
    return SB_OK;
}

/* The part at whose snapshot the fold for part `index` begins: the same for every way there. */
static size_t base_of(const struct sb_past *past, size_t index)
{
    uint64_t bytes = 0;
    bool is_found = sb_history_has_snapshot(past->history, index);
    size_t base = index;

    for (size_t i = index; i > 0; i--) {
        bytes += sb_history_part(past->history, i - 1).size;
        if (bytes > PAST_WINDOW && is_found)
            break;
        if (sb_history_has_snapshot(past->history, i - 1) || i == 1) {
            base = i - 1;
            is_found = true;
        }
    }
    return base;
}

void past_forget_gone(struct sb_past *past)
{
    const uint64_t oldest = sb_history_part(past->history, 0).id;
    for (unsigned i = 0; i < PAST_KEYS; i++) {
        if (past->keys[i].base < oldest)
            past->keys[i].base = 0;
    }
    if (past->base < oldest)
        past->base = 0;
}

/* Room for one more key of this base: an empty one, one of another base, or the gaps between the keys double. */
static struct key *key_room(struct sb_past *past)
{
    for (;;) {
        struct key *other = NULL;
        for (unsigned i = 0; i < PAST_KEYS; i++) {
            if (past->keys[i].base == 0)
                return &past->keys[i];
            if (past->keys[i].base != past->base)
                other = &past->keys[i];
        }
        if (other != NULL)
            return other;
        past->key_every *= 2;
        for (unsigned i = 0; i < PAST_KEYS; i++) {
            if (past->keys[i].folded % past->key_every != 0)
                past->keys[i].base = 0;
        }
    }
}

static void keep(struct sb_past *past)
{
    if (past->is_unsure)
        return;
    for (unsigned i = 0; i < PAST_KEYS; i++) {
        if (past->keys[i].base == past->base && past->keys[i].folded == past->folded)
            return;
    }
    struct key *const key = key_room(past);
    if (past->folded % past->key_every != 0)
        return; /* the gaps have just grown */
    if (key->model == NULL)
        key->model = sb_model_create();
    key->base = key->model != NULL ? past->base : 0; /* without memory a step back takes longer */
    if (key->model == NULL)
        return;
    sb_model_copy(key->model, past->model);
    key->id = past->id;
    key->n = past->n;
    key->folded = past->folded;
}

/* Whether (id, n) is at or before the place that is wanted. */
static bool is_before(uint64_t id, size_t n, uint64_t to_id, size_t to_n)
{
    return id < to_id || (id == to_id && n <= to_n);
}

/* Takes the nearest model on the way, or begins at the base. */
static void start(struct sb_past *past, uint64_t base, uint64_t to_id, size_t to_n)
{
    const struct key *best = NULL;

    for (unsigned i = 0; i < PAST_KEYS; i++) {
        const struct key *const key = &past->keys[i];
        if (key->base == base && is_before(key->id, key->n, to_id, to_n) && (best == NULL || key->folded > best->folded))
            best = key;
    }
    if (past->base == base && is_before(past->id, past->n, to_id, to_n) && (best == NULL || past->folded >= best->folded))
        return;
    if (past->base != base)
        past->key_every = PAST_KEY_EVERY;
    past->base = base;
    if (best != NULL) {
        sb_model_copy(past->model, best->model);
        past->id = best->id;
        past->n = best->n;
        past->folded = best->folded;
        return;
    }
    sb_model_reset(past->model);
    past->id = base;
    past->n = 0;
    past->folded = 0;
}

/* On to the next part. */
static enum sb_err enter(struct sb_past *past, size_t index, struct sb_error *err)
{
    struct sb_history_events events;
    ptrdiff_t repeated = -1;

    enum sb_err rc = past_overlap(past, index, &repeated, err);
    if (rc == SB_OK)
        rc = sb_history_load(past->history, index, &events, err);
    if (rc != SB_OK)
        return rc;
    past->id = sb_history_part(past->history, index).id;
    past->n = 0;
    if (repeated < 0)
        sb_model_reset(past->model);
    else
        past->n = events.snapshot + (size_t)repeated;
    return SB_OK;
}

enum sb_err past_fold_to(struct sb_past *past, struct place to, struct sb_error *err)
{
    const uint64_t to_id = sb_history_part(past->history, to.index).id;
    const uint64_t base = sb_history_part(past->history, base_of(past, to.index)).id;

    if (past->is_unsure)
        past->base = 0; /* rests on a part that had only begun */
    past->is_unsure = false;
    start(past, base, to_id, to.n);
    size_t index = index_of(past, past->id);
    enum sb_err rc = SB_OK;
    while (rc == SB_OK) {
        struct sb_history_events events;
        rc = sb_history_load(past->history, index, &events, err);
        if (rc != SB_OK)
            break;
        const size_t end = index < to.index ? events.count : to.n;
        while (past->n < end) {
            sb_model_fold(past->model, &events.events[past->n++]);
            if (++past->folded % past->key_every == 0)
                keep(past);
        }
        if (index == to.index)
            return SB_OK;
        rc = enter(past, ++index, err);
    }
    past->base = 0; /* what the model is now is nobody's place */
    return rc;
}
