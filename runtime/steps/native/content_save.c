/* Saves what was published: row, archive and outcome stub in one transaction, then the SETTLED receipt. Safe to repeat. */
#include "native.h"

enum sb_err sb_native_content_save(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_json *json = NULL;
    char decision[SB_DECISION_MAX], account[SB_ACCOUNT_MAX], effect[SB_EFFECT_ID_MAX], post[SB_POST_ID_MAX];
    int64_t at_ms = 0;
    enum sb_err code = sb_native_needs(native, false, true, err);
    if (code == SB_OK)
        code = sb_native_json(native, "row", &json, err);
    if (code != SB_OK)
        return code;
    bool is_whole = sb_json_copy(json, "decision_id", decision, sizeof decision) && sb_json_copy(json, "account", account, sizeof account) &&
                    sb_json_copy(json, "effect_id", effect, sizeof effect) && sb_json_copy(json, "post_id", post, sizeof post) &&
                    sb_json_i64(json, "posted_at_ms", &at_ms);
    sb_json_destroy(json);
    if (!is_whole)
        return sb_error_set(err, SB_ERR_INVALID, "with.row is no published row");
    code = sb_effect_settle(native, decision, account, effect, post, at_ms, err);
    if (code == SB_OK)
        sb_step_succeed(result, 1, "post %s saved", post);
    return code;
}
