/* The fold of the receipts journal. Guarded by the journal's lock; bounded by SB_EFFECTS_MAX.
 *
 *   NONE --INTENT--> INTENDED --SUBMIT--> SUBMITTED --RECEIPT--> RECEIVED --SETTLED--> SETTLED
 *                     |  ^ (INTENT again)    |
 *                     |  |                   +--ABSENT--> ABSENT --INTENT--> INTENDED
 *                     |  +-----------------------------------+ (RECEIPT: it appeared after all)
 *                     +--ABSENT, RECEIPT (found on the site)
 *
 * The one move that must never be possible is INTENT or SUBMIT on an effect which may be on the site already. */
#include "effects.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { KIND_COUNT = SB_RECEIPT_ABSENT + 1, STATE_COUNT = SB_EFFECT_ABSENT + 1, NO = 0 };

/* State after the record, NO = refused. */
static const uint8_t moves[STATE_COUNT][KIND_COUNT] = {
    [SB_EFFECT_NONE] = { [SB_RECEIPT_INTENT] = SB_EFFECT_INTENDED },
    [SB_EFFECT_INTENDED] = { [SB_RECEIPT_INTENT] = SB_EFFECT_INTENDED,
                             [SB_RECEIPT_SUBMIT] = SB_EFFECT_SUBMITTED,
                             [SB_RECEIPT_RECEIPT] = SB_EFFECT_RECEIVED,
                             [SB_RECEIPT_ABSENT] = SB_EFFECT_ABSENT },
    [SB_EFFECT_SUBMITTED] = { [SB_RECEIPT_RECEIPT] = SB_EFFECT_RECEIVED, [SB_RECEIPT_ABSENT] = SB_EFFECT_ABSENT },
    [SB_EFFECT_RECEIVED] = { [SB_RECEIPT_RECEIPT] = SB_EFFECT_RECEIVED, [SB_RECEIPT_SETTLED] = SB_EFFECT_SETTLED },
    [SB_EFFECT_SETTLED] = { [SB_RECEIPT_SETTLED] = SB_EFFECT_SETTLED },
    [SB_EFFECT_ABSENT] = { [SB_RECEIPT_INTENT] = SB_EFFECT_INTENDED,
                           [SB_RECEIPT_RECEIPT] = SB_EFFECT_RECEIVED,
                           [SB_RECEIPT_ABSENT] = SB_EFFECT_ABSENT },
};

static const char *const state_texts[STATE_COUNT] = { "unknown", "intended", "submitted", "received", "settled", "absent" };
static const char *const kind_texts[KIND_COUNT] = { "?", "INTENT", "SUBMIT", "RECEIPT", "SETTLED", "ABSENT" };

void sb_effects_deinit(struct sb_effects *effects)
{
    free(effects->items);
    free(effects->slots);
    memset(effects, 0, sizeof *effects);
}

/* The slot of that effect, or the empty one where it belongs. */
static uint32_t slot_of(const struct sb_effects *effects, const char *effect_id)
{
    uint32_t mask = effects->slot_count - 1;
    uint32_t slot = (uint32_t)sb_hash_bytes(effect_id, strlen(effect_id)) & mask;
    while (effects->slots[slot] != 0 && !sb_streq(effects->items[effects->slots[slot] - 1].last.effect_id, effect_id))
        slot = (slot + 1) & mask;
    return slot;
}

struct sb_effect *sb_effects_find(const struct sb_effects *effects, const char *effect_id)
{
    if (effects->count == 0)
        return NULL;
    uint32_t at = effects->slots[slot_of(effects, effect_id)];
    return at ? &effects->items[at - 1] : NULL;
}

enum sb_err sb_effects_allow(const struct sb_effects *effects, const struct sb_receipt *receipt, struct sb_error *err)
{
    const struct sb_effect *effect = sb_effects_find(effects, receipt->effect_id);
    enum sb_effect_state state = effect ? effect->state : SB_EFFECT_NONE;
    if (moves[state][receipt->kind] == NO)
        return sb_error_set(err, SB_ERR_CONFLICT, "effect %.16s is %s: no %s may follow", receipt->effect_id, state_texts[state],
                            kind_texts[receipt->kind]);
    if (receipt->kind == SB_RECEIPT_SUBMIT && effect && effect->last_intent.token != receipt->token)
        return sb_error_set(err, SB_ERR_STALE, "effect %.16s was intended under token %llu: token %llu may not submit", receipt->effect_id,
                            (unsigned long long)effect->last_intent.token, (unsigned long long)receipt->token);
    return SB_OK;
}

static bool grow_slots(struct sb_effects *effects)
{
    uint32_t count = effects->slot_count ? effects->slot_count * 2 : 64;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    free(effects->slots);
    effects->slots = slots;
    effects->slot_count = count;
    for (uint32_t i = 0; i < effects->count; i++)
        effects->slots[slot_of(effects, effects->items[i].last.effect_id)] = i + 1;
    return true;
}

static bool grow_items(struct sb_effects *effects)
{
    uint32_t cap = effects->cap ? effects->cap * 2 : 32;
    struct sb_effect *items = realloc(effects->items, cap * sizeof *items);
    if (!items)
        return false;
    effects->items = items;
    effects->cap = cap;
    return true;
}

enum sb_err sb_effects_reserve(struct sb_effects *effects, const char *effect_id, struct sb_error *err)
{
    if (sb_effects_find(effects, effect_id))
        return SB_OK;
    if (effects->count >= SB_EFFECTS_MAX)
        return sb_error_set(err, SB_ERR_FULL, "the receipts journal has %d effects, its maximum: stop, move the file away as an archive and "
                            "start again", SB_EFFECTS_MAX);
    bool is_fine = effects->count < effects->cap || grow_items(effects);
    if (is_fine && (effects->count + 1) * 2 > effects->slot_count)
        is_fine = grow_slots(effects);
    return is_fine ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for the effects of the receipts journal");
}

void sb_effects_apply(struct sb_effects *effects, const struct sb_receipt *receipt)
{
    uint32_t slot = slot_of(effects, receipt->effect_id);
    if (effects->slots[slot] == 0) {
        SB_ASSERT(effects->count < effects->cap);
        memset(&effects->items[effects->count], 0, sizeof effects->items[0]);
        effects->slots[slot] = ++effects->count;
    }
    struct sb_effect *effect = &effects->items[effects->slots[slot] - 1];
    SB_ASSERT(moves[effect->state][receipt->kind] != NO);
    effect->state = (enum sb_effect_state)moves[effect->state][receipt->kind];
    effect->last = *receipt;
    if (receipt->kind == SB_RECEIPT_INTENT)
        effect->last_intent = *receipt;
}
