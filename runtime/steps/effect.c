/* The outside effect of a content row: its identity, its receipts, and how it is settled. Runs on worker threads, holds no state. It must
 * never write the SETTLED receipt before the store has the post. */
#include "native.h"

#include "signalbox/os/digest.h"

#include <stdlib.h>
#include <string.h>

void sb_row_put(struct sb_json_out *out, const struct sb_content_row *row)
{
    const struct {
        const char *key, *text;
    } texts[] = { { "decision_id", row->decision_id }, { "kind", row->kind }, { "account", row->account }, { "text", row->text },
                  { "content_hash", row->content_hash }, { "target_post_id", row->target }, { "thread_id", row->thread } };
    const struct {
        const char *key;
        int64_t number;
    } numbers[] = { { "scheduled_at_ms", row->scheduled_at_ms }, { "claimed_at_ms", row->claimed_at_ms },
                    { "claim_token", row->claim_token }, { "attempts", row->attempts }, { "part", row->part } };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        sb_json_key(out, texts[i].key);
        sb_json_string(out, texts[i].text);
    }
    for (size_t i = 0; i < SB_LEN(numbers); i++) {
        sb_json_key(out, numbers[i].key);
        sb_json_integer(out, numbers[i].number);
    }
}

enum sb_err sb_row_read(const struct sb_native *native, struct sb_json **json, struct sb_content_row *row, struct sb_error *err)
{
    struct sb_json *document = NULL;
    struct sb_content_row read = { 0 };
    int64_t attempts = 0, part = 1;
    enum sb_err code = sb_native_json(native, "row", &document, err);
    if (code != SB_OK)
        return code;
    bool is_whole = sb_json_copy(document, "decision_id", read.decision_id, sizeof read.decision_id) &&
                    sb_json_copy(document, "kind", read.kind, sizeof read.kind) &&
                    sb_json_copy(document, "account", read.account, sizeof read.account) &&
                    sb_json_copy(document, "text", read.text, sizeof read.text) &&
                    sb_json_copy(document, "content_hash", read.content_hash, sizeof read.content_hash) &&
                    sb_json_i64(document, "claim_token", &read.claim_token) && sb_json_i64(document, "attempts", &attempts);
    (void)sb_json_copy(document, "target_post_id", read.target, sizeof read.target);
    (void)sb_json_copy(document, "thread_id", read.thread, sizeof read.thread);
    (void)sb_json_i64(document, "part", &part);
    (void)sb_json_i64(document, "scheduled_at_ms", &read.scheduled_at_ms);
    (void)sb_json_i64(document, "claimed_at_ms", &read.claimed_at_ms);
    if (!is_whole) {
        sb_json_destroy(document);
        return sb_error_set(err, SB_ERR_INVALID, "with.row is no claimed content row");
    }
    read.attempts = (int32_t)attempts;
    read.part = (int32_t)part;
    *row = read;
    *json = document;
    return SB_OK;
}

enum sb_err sb_effect_id(const struct sb_native *native, const struct sb_content_row *row, char *hex, struct sb_error *err)
{
    char text[512];
    struct sb_text out;
    sb_text_init(&out, text, sizeof text);
    /* The target of a post that answers nothing is the account's own timeline on its site. */
    sb_text_addf(&out, "%s|%s|%s|%s", row->account, row->kind, row->target[0] ? row->target : native->site->name, row->content_hash);
    if (out.is_cut)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "account, kind or site name is too long");
    _Static_assert((int)SB_EFFECT_ID_MAX >= (int)SB_SHA256_HEX, "an id is a digest");
    return sb_sha256_hex(text, out.len, hex, err);
}

enum sb_err sb_effect_may_begin(const struct sb_step_env *env, sb_ns submit_deadline, struct sb_error *err)
{
    if (!sb_lease_holds(env->services->lease))
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the lease of this node is not renewed, so another one may act: nothing is done outside");
    if (!sb_fence_holds(env->fence))
        return sb_error_set(err, SB_ERR_STALE, "this attempt was called off before the click");
    if (env->now() > submit_deadline)
        return sb_error_set(err, SB_ERR_TIMEOUT, "the submit deadline passed before the click");
    return SB_OK;
}

bool sb_effect_is_foreign(const struct sb_native *native, const struct sb_content_row *row)
{
    return (uint64_t)row->claim_token < native->env->services->foreign_fence;
}

struct sb_receipt sb_effect_receipt(const struct sb_native *native, enum sb_receipt_kind kind, const struct sb_content_row *row,
                                    const char *effect_id)
{
    struct sb_receipt receipt = { .kind = kind, .at = native->env->wall_now(), .run = native->env->run, .token = (uint64_t)row->claim_token };
    (void)sb_copy(receipt.effect_id, sizeof receipt.effect_id, effect_id);
    (void)sb_copy(receipt.decision_id, sizeof receipt.decision_id, row->decision_id);
    (void)sb_copy(receipt.account, sizeof receipt.account, row->account);
    (void)sb_copy(receipt.fingerprint, sizeof receipt.fingerprint, row->content_hash);
    return receipt;
}

enum sb_err sb_effect_append(const struct sb_native *native, struct sb_receipt *receipt, const struct sb_content_row *row, struct sb_error *err)
{
    struct sb_receipts *receipts = native->env->services->receipts;
    if (sb_receipts_effect(receipts, receipt->effect_id).state == SB_EFFECT_NONE) {
        struct sb_receipt intent = sb_effect_receipt(native, SB_RECEIPT_INTENT, row, receipt->effect_id);
        intent.at.ns = row->claimed_at_ms * SB_MS(1);
        enum sb_err code = sb_receipts_append(receipts, &intent, err);
        if (code != SB_OK)
            return code;
    }
    return sb_receipts_append(receipts, receipt, err);
}

enum sb_err sb_effect_settle(const struct sb_native *native, const char *decision_id, const char *account, const char *effect_id,
                             const char *post_id, int64_t posted_at_ms, struct sb_error *err)
{
    struct sb_receipts *receipts = native->env->services->receipts;
    struct sb_content_row row = { .claimed_at_ms = posted_at_ms };
    enum sb_err code = sb_content_save_posted(native->env->services->store, decision_id, post_id, effect_id, posted_at_ms,
                                              &native->env->op, err);
    const enum sb_effect_state state = sb_receipts_effect(receipts, effect_id).state;
    if (code != SB_OK || state == SB_EFFECT_SETTLED)
        return code;
    (void)sb_copy(row.decision_id, sizeof row.decision_id, decision_id);
    (void)sb_copy(row.account, sizeof row.account, account);
    struct sb_receipt receipt = sb_effect_receipt(native, SB_RECEIPT_RECEIPT, &row, effect_id);
    (void)sb_copy(receipt.post_id, sizeof receipt.post_id, post_id);
    (void)sb_copy(receipt.how, sizeof receipt.how, "store"); /* another node published it: its receipts are not here */
    receipt.at.ns = posted_at_ms * SB_MS(1);
    if (state != SB_EFFECT_RECEIVED)
        code = sb_effect_append(native, &receipt, &row, err);
    receipt.kind = SB_RECEIPT_SETTLED;
    receipt.how[0] = '\0';
    receipt.at = native->env->wall_now();
    return code != SB_OK ? code : sb_receipts_append(receipts, &receipt, err);
}
