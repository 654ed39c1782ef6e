/* Effects folded from the records: what is known of each, and which record may come next. Private to this room. */
#ifndef SIGNALBOX_RECEIPTS_EFFECTS_H
#define SIGNALBOX_RECEIPTS_EFFECTS_H

#include "signalbox/ports/receipts.h"

enum { SB_EFFECTS_MAX = 100000 };

struct sb_effects {
    struct sb_effect *items; /* [cap], in order of their first record */
    uint32_t *slots;         /* [slot_count] index + 1 into items, 0 = empty; open addressing, a power of two */
    uint32_t count, cap, slot_count;
};

void sb_effects_deinit(struct sb_effects *effects);
/* NULL when unknown. Valid until the next change. */
struct sb_effect *sb_effects_find(const struct sb_effects *effects, const char *effect_id);
/* Whether this record may follow what is known; the reason otherwise. */
enum sb_err sb_effects_allow(const struct sb_effects *effects, const struct sb_receipt *receipt, struct sb_error *err) SB_MUST_USE;
/* Makes room for that effect unless it is known, so that the apply after a durable write cannot fail. */
enum sb_err sb_effects_reserve(struct sb_effects *effects, const char *effect_id, struct sb_error *err) SB_MUST_USE;
void sb_effects_apply(struct sb_effects *effects, const struct sb_receipt *receipt);

#endif
