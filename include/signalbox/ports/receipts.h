/* The receipts journal: append-only file beside the store that brackets every outside effect with durable facts.
 *
 * Record: magic, length, sequence, kind, time, payload, CRC-32C; fdatasync before the call returns. A torn tail is cut at open; a
 * damaged record in the middle refuses to open. A failed write or sync is fatal for the file: every later call fails. SB_ERR_FULL is not: nothing
 * was written, and the same call may pass when the disk has room again. Any thread. */
#ifndef SIGNALBOX_PORTS_RECEIPTS_H
#define SIGNALBOX_PORTS_RECEIPTS_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

enum { SB_EFFECT_ID_MAX = 65, SB_POST_ID_MAX = 64, SB_ACCOUNT_MAX = 64, SB_DECISION_MAX = 40 };

enum sb_receipt_kind {
    SB_RECEIPT_INTENT = 1,  /* before the button can be pressed */
    SB_RECEIPT_SUBMIT = 2,  /* immediately before the click */
    SB_RECEIPT_RECEIPT = 3, /* the site's id, from the thread that saw it, before any other work */
    SB_RECEIPT_SETTLED = 4, /* the store has it */
    SB_RECEIPT_ABSENT = 5,  /* proven not to be on the site; may be armed again */
};

struct sb_receipt {
    uint64_t seq;                      /* filled by the journal */
    enum sb_receipt_kind kind;
    struct sb_wall at;
    char effect_id[SB_EFFECT_ID_MAX];  /* hex SHA-256 of account, kind, target, content version */
    char decision_id[SB_DECISION_MAX]; /* row of content_metadata */
    char account[SB_ACCOUNT_MAX];
    char post_id[SB_POST_ID_MAX];      /* RECEIPT: the site's id */
    char how[16];                      /* RECEIPT: response, address, link, profile */
    char fingerprint[SB_EFFECT_ID_MAX];
    uint64_t run, token;
    sb_ns submit_deadline;             /* INTENT: monotonic, meaningful only within one boot */
};

/* Where an effect stands, folded from its records. */
enum sb_effect_state {
    SB_EFFECT_NONE,
    SB_EFFECT_INTENDED,  /* intent, no submit: nothing can be on the site */
    SB_EFFECT_SUBMITTED, /* submit without receipt: uncertain */
    SB_EFFECT_RECEIVED,  /* id known, store may not have it */
    SB_EFFECT_SETTLED,
    SB_EFFECT_ABSENT,
};

struct sb_effect {
    enum sb_effect_state state;
    struct sb_receipt last_intent, last;
};

struct sb_receipts;
enum sb_err sb_receipts_open(struct sb_receipts **receipts, const char *path, struct sb_error *err) SB_MUST_USE;
void sb_receipts_close(struct sb_receipts *receipts);
/* Appends and syncs. seq is set in `*receipt`. SB_ERR_CONFLICT when the record may not follow what is known of the effect: INTENT on
 * nothing, an intent or a proven absence; SUBMIT on an intent; RECEIPT on anything but nothing and settled; SETTLED on a receipt or
 * settled; ABSENT on an intent, a submit or an absence. SB_ERR_STALE for a SUBMIT whose token is not the intent's or whose submit deadline
 * (unless 0) has passed. */
enum sb_err sb_receipts_append(struct sb_receipts *receipts, struct sb_receipt *receipt, struct sb_error *err) SB_MUST_USE;
/* State of one effect. */
struct sb_effect sb_receipts_effect(struct sb_receipts *receipts, const char *effect_id);
/* Rewrites the file without the effects that were settled before `before`: new file, sync, rename, sync of the folder; a crash leaves the old
 * file or the new one. Records are numbered anew. `*dropped` counts effects. Appends wait meanwhile. */
enum sb_err sb_receipts_compact(struct sb_receipts *receipts, struct sb_wall before, uint64_t *dropped, struct sb_error *err) SB_MUST_USE;
/* Calls `visit` for the effects that began last, newest first, at most `max`. No append from inside. */
void sb_receipts_newest(struct sb_receipts *receipts, size_t max, void *arg, void (*visit)(void *arg, const struct sb_effect *effect));
/* Calls `visit` for every effect that is neither settled nor absent. No append from inside. */
void sb_receipts_open_effects(struct sb_receipts *receipts, void *arg, void (*visit)(void *arg, const struct sb_effect *effect));

#endif
