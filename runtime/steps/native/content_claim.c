/* Claims the oldest due row, unless a limit says to wait. A store that cannot be asked means waiting too: no limit is ever assumed to hold. */
#include "native.h"

#include <inttypes.h>

static int64_t ms(sb_ns duration)
{
    return duration / SB_MS(1);
}

/* SB_OK with *may_go false and the reason in the result when a limit holds. */
static enum sb_err check_limits(const struct sb_native *native, int64_t now, struct sb_step_result *result, bool *may_go, struct sb_error *err)
{
    const struct sb_content_def *content = &native->content;
    struct sb_store *store = native->env->services->store;
    int64_t count = 0, last = 0, ignored = 0;
    uint32_t limit = content->posts_per_hour < content->posts_per_hour_max || content->posts_per_hour_max == 0 ? content->posts_per_hour
                                                                                                           : content->posts_per_hour_max;
    enum sb_err code = sb_content_count(store, native->account, now - ms(native->hour), &native->env->op, &count, &last, err);
    if (code == SB_OK && content->spacing > native->hour)
        code = sb_content_count(store, native->account, now - ms(content->spacing), &native->env->op, &ignored, &last, err);
    if (code != SB_OK)
        return sb_error_wrap(err, "the limits cannot be counted, so publishing waits");
    *may_go = false;
    if (limit > 0 && count >= limit)
        sb_step_nothing(result, "%" PRId64 " of %" PRIu32 " posts this hour", count, limit);
    else if (last > 0 && now - last < ms(content->spacing))
        sb_step_nothing(result, "next post in %" PRId64 " s: posts are spaced", (ms(content->spacing) - (now - last) + 999) / 1000);
    else
        *may_go = true;
    return SB_OK;
}

static void put_row(struct sb_step_result *result, const struct sb_content_row *row)
{
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "no memory for the claimed row");
        return;
    }
    sb_json_object_begin(out);
    sb_row_put(out, row);
    sb_json_object_end(out);
    sb_step_succeed(result, 1, "claimed %s, attempt %" PRId32, row->decision_id, row->attempts);
    sb_step_output(result, out);
    sb_json_out_destroy(out);
}

enum sb_err sb_native_content_claim(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    const struct sb_op *op = &native->env->op;
    int64_t now = sb_step_now_ms(native->env), expired = 0;
    bool may_go = false;
    struct sb_content_row row = { 0 };
    enum sb_err code = sb_native_needs(native, true, true, err);
    if (code == SB_OK)
        code = sb_content_expire(store, now, ms(native->content.overdue_single), ms(native->content.overdue_thread), op, &expired, err);
    if (code == SB_OK && expired > 0)
        sb_step_note(native->env, SB_SEVERITY_WARN, "%" PRId64 " overdue texts cancelled", expired);
    if (code == SB_OK)
        code = check_limits(native, now, result, &may_go, err);
    if (code != SB_OK || !may_go)
        return code;
    /* The fence number of this attempt is unique and grows: the row belongs to whoever holds its newest one. */
    code = sb_content_claim(store, native->account, (int64_t)native->env->fence_number, now, op, &row, err);
    if (code == SB_ERR_NOT_FOUND)
        sb_step_nothing(result, "no text is due");
    else if (code == SB_ERR_REFUSED)
        sb_step_nothing(result, "a post of %s is under way or waits for its recovery", native->account);
    else if (code == SB_OK)
        put_row(result, &row);
    return code == SB_ERR_NOT_FOUND || code == SB_ERR_REFUSED ? SB_OK : code;
}
