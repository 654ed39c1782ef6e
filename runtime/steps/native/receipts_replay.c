/* Replays the receipts into the store: a post whose id is in the journal but not in the store is saved now. Needs no browser. Idempotent. */
#include "native.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REPLAY_MAX = 256 };

struct found {
    struct sb_effect items[REPLAY_MAX];
    size_t count;
};

static void collect(void *arg, const struct sb_effect *effect)
{
    struct found *found = arg;
    if (effect->state == SB_EFFECT_RECEIVED && found->count < REPLAY_MAX)
        found->items[found->count++] = *effect;
}

enum sb_err sb_native_receipts_replay(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    int64_t saved = 0, kept = 0;
    enum sb_err code = sb_native_needs(native, false, true, err);
    if (code != SB_OK)
        return code;
    struct found *found = calloc(1, sizeof *found);
    if (found == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for open effects");
    sb_receipts_open_effects(native->env->services->receipts, found, collect);
    for (size_t i = 0; i < found->count && code == SB_OK; i++) {
        const struct sb_receipt *last = &found->items[i].last;
        code = sb_effect_settle(native, last->decision_id, last->account, last->effect_id, last->post_id, last->at.ns / SB_MS(1), err);
        saved += code == SB_OK;
        if (code == SB_ERR_NOT_FOUND || code == SB_ERR_CONFLICT || code == SB_ERR_EXISTS) {
            /* One row that does not fit must not keep the others from being saved; it stays in the journal and is told every time. */
            sb_step_note(native->env, SB_SEVERITY_ERROR, "post %s of %s: %s", last->post_id, last->decision_id, err->text);
            kept++;
            code = SB_OK;
        }
    }
    free(found);
    if (code == SB_OK)
        sb_step_succeed(result, saved, "%" PRId64 " receipts replayed, %" PRId64 " do not fit", saved, kept);
    return code;
}
