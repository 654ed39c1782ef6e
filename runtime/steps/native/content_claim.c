/* Claims the oldest due row of argument "which" (posts, the default, or replies), unless a limit says to wait. A store that cannot be asked
 * means waiting too: no limit is ever assumed to hold. A thread that has begun goes on before anything else and against no limit: it was
 * counted when it began. */
#include "native.h"

#include <inttypes.h>

static int64_t ms(sb_ns duration)
{
    return duration / SB_MS(1);
}

/* SB_OK with *may_go false and the reason in the result when fewer than `limit` (0 = none) in `span` does not hold. */
static enum sb_err check_limit(const struct sb_native *native, bool is_replies, sb_ns span, uint32_t limit, const char *unit, int64_t now,
                               struct sb_step_result *result, bool *may_go, struct sb_error *err)
{
    int64_t count = 0, last = 0;
    enum sb_err code = sb_content_count(native->env->services->store, native->account, is_replies, now - ms(span), &native->env->op, &count,
                                        &last, err);
    if (code != SB_OK)
        return sb_error_wrap(err, "the limits cannot be counted, so publishing waits");
    *may_go = limit == 0 || count < limit;
    if (!*may_go)
        sb_step_nothing(result, "%" PRId64 " of %" PRIu32 " %s this %s", count, limit, is_replies ? "replies" : "posts", unit);
    return SB_OK;
}

static enum sb_err check_spacing(const struct sb_native *native, bool is_replies, sb_ns spacing, int64_t now, struct sb_step_result *result,
                                 bool *may_go, struct sb_error *err)
{
    int64_t count = 0, last = 0;
    enum sb_err code = sb_content_count(native->env->services->store, native->account, is_replies, now - ms(spacing), &native->env->op, &count,
                                        &last, err);
    if (code != SB_OK)
        return sb_error_wrap(err, "the limits cannot be counted, so publishing waits");
    *may_go = last == 0 || now - last >= ms(spacing);
    if (!*may_go)
        sb_step_nothing(result, "next %s in %" PRId64 " s: %s are spaced", is_replies ? "reply" : "post",
                        (ms(spacing) - (now - last) + 999) / 1000, is_replies ? "replies" : "posts");
    return SB_OK;
}

static enum sb_err check_limits(const struct sb_native *native, bool is_replies, int64_t now, struct sb_step_result *result, bool *may_go,
                                struct sb_error *err)
{
    const struct sb_content_def *content = &native->content;
    uint32_t posts = content->posts_per_hour < content->posts_per_hour_max || content->posts_per_hour_max == 0 ? content->posts_per_hour
                                                                                                           : content->posts_per_hour_max;
    enum sb_err code = check_limit(native, is_replies, native->hour, is_replies ? content->replies_per_hour : posts, "hour", now, result,
                                   may_go, err);
    if (code == SB_OK && *may_go && is_replies)
        code = check_limit(native, true, native->day, content->replies_per_day, "day", now, result, may_go, err);
    if (code == SB_OK && *may_go)
        code = check_spacing(native, is_replies, is_replies ? content->reply_spacing : content->spacing, now, result, may_go, err);
    return code;
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

static enum sb_err which_of(const struct sb_native *native, bool *is_replies, struct sb_error *err)
{
    const char *which = sb_args_get(&native->args, "which");
    *is_replies = which != NULL && sb_streq(which, "replies");
    if (which != NULL && !*is_replies && !sb_streq(which, "posts"))
        return sb_error_set(err, SB_ERR_CONFIG, "%s: with.which is posts or replies, not \"%s\"", native->env->params->place, which);
    return SB_OK;
}

static enum sb_err expire(const struct sb_native *native, int64_t now, struct sb_error *err)
{
    const struct sb_content_def *content = &native->content;
    const struct sb_content_overdue overdue = { ms(content->overdue_single), ms(content->overdue_thread), ms(content->overdue_reply) };
    int64_t expired = 0;
    enum sb_err code = sb_content_expire(native->env->services->store, now, &overdue, &native->env->op, &expired, err);
    if (code == SB_OK && expired > 0)
        sb_step_note(native->env, SB_SEVERITY_WARN, "%" PRId64 " overdue texts cancelled", expired);
    return code;
}

enum sb_err sb_native_content_claim(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    const struct sb_op *op = &native->env->op;
    int64_t now = sb_step_now_ms(native->env);
    /* The fence number of this attempt is unique and grows: the row belongs to whoever holds its newest one. */
    int64_t token = (int64_t)native->env->fence_number;
    bool is_replies = false, may_go = false;
    struct sb_content_row row = { 0 };
    enum sb_err code = sb_native_needs(native, true, true, err);
    if (code == SB_OK)
        code = which_of(native, &is_replies, err);
    if (code == SB_OK)
        code = expire(native, now, err);
    if (code != SB_OK)
        return code;
    code = is_replies ? SB_ERR_NOT_FOUND : sb_content_claim(store, native->account, SB_CLAIM_PART, token, native->env->run, now, op, &row, err);
    if (code == SB_ERR_NOT_FOUND) {
        code = check_limits(native, is_replies, now, result, &may_go, err);
        if (code != SB_OK || !may_go)
            return code;
        code = sb_content_claim(store, native->account, is_replies ? SB_CLAIM_REPLY : SB_CLAIM_POST, token, native->env->run, now, op, &row, err);
    }
    if (code == SB_ERR_NOT_FOUND)
        sb_step_nothing(result, is_replies ? "no reply is due" : "no text is due");
    else if (code == SB_ERR_REFUSED)
        sb_step_nothing(result, "a post of %s is under way or waits for its recovery", native->account);
    else if (code == SB_OK)
        put_row(result, &row);
    return code == SB_ERR_NOT_FOUND || code == SB_ERR_REFUSED ? SB_OK : code;
}
