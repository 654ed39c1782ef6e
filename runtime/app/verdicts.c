/* Verdicts on content rows: one transaction each, after it a line in the journal. The move itself says when it comes too late. */
#include "verdicts.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/content.h"

#include <stdio.h>

static const sb_ns verdict_time = SB_MS(400); /* the screen stands still for no longer */

/* The effect of a row whose end is not known. */
struct effect_of {
    const char *decision_id;
    struct sb_effect effect;
};

static void take_effect(void *arg, const struct sb_effect *effect)
{
    struct effect_of *of = arg;
    if (effect->state == SB_EFFECT_SUBMITTED && sb_streq(effect->last.decision_id, of->decision_id))
        of->effect = *effect;
}

/* The operator has seen that the uncertain row is that post: as if the profile had shown it. The receipt comes first, as always. */
static enum sb_err settle(const struct installation *in, const struct sb_api_verdict *verdict, const struct sb_op *op, struct sb_error *err)
{
    struct effect_of of = { .decision_id = verdict->content_id };
    if (verdict->detail[0] == '\0')
        return sb_error_set(err, SB_ERR_INVALID, "settle needs the id of the post that the row is");
    sb_receipts_open_effects(in->services.receipts, &of, take_effect);
    if (of.effect.state != SB_EFFECT_SUBMITTED)
        return sb_error_set(err, SB_ERR_CONFLICT, "content row %.60s is not uncertain any more: nothing was changed", verdict->content_id);
    struct sb_receipt receipt = of.effect.last;
    receipt.kind = SB_RECEIPT_RECEIPT;
    receipt.at = sb_wall_now();
    if (!sb_copy(receipt.post_id, sizeof(receipt.post_id), verdict->detail))
        return sb_error_set(err, SB_ERR_INVALID, "the id of a post has at most %zu bytes", sizeof(receipt.post_id) - 1);
    (void)sb_copy(receipt.how, sizeof(receipt.how), "operator");
    enum sb_err code = sb_receipts_append(in->services.receipts, &receipt, err);
    if (code == SB_OK)
        code = sb_content_save_posted(in->services.store, verdict->content_id, receipt.post_id, receipt.effect_id, receipt.at.ns / SB_MS(1), op,
                                      err);
    receipt.kind = SB_RECEIPT_SETTLED;
    return code == SB_OK ? sb_receipts_append(in->services.receipts, &receipt, err) : code;
}

static enum sb_err approve(const struct installation *in, const struct sb_api_verdict *verdict, const struct sb_op *op, struct sb_error *err)
{
    return sb_content_judge(in->services.store, verdict->content_id, true, verdict->actor, op, err);
}

static enum sb_err reject(const struct installation *in, const struct sb_api_verdict *verdict, const struct sb_op *op, struct sb_error *err)
{
    return sb_content_judge(in->services.store, verdict->content_id, false, verdict->actor, op, err);
}

static enum sb_err edit(const struct installation *in, const struct sb_api_verdict *verdict, const struct sb_op *op, struct sb_error *err)
{
    return sb_content_edit(in->services.store, verdict->content_id, verdict->detail, op, err);
}

static const struct {
    const char *name, *past;
    enum sb_err (*carry_out)(const struct installation *in, const struct sb_api_verdict *verdict, const struct sb_op *op, struct sb_error *err);
    bool tells_detail;
} verdicts[] = {
    { "approve", "approved", approve, false },
    { "reject", "rejected", reject, false },
    { "settle", "is post", settle, true },
    { "edit", "has another text", edit, false },
};

enum sb_err verdict_carry_out(const void *arg, const struct sb_api_verdict *verdict, struct sb_error *err)
{
    const struct verdict_source *source = arg;
    struct sb_op op = { .deadline = sb_now() + verdict_time };
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    size_t kind = 0;
    while (kind < SB_LEN(verdicts) && !sb_streq(verdicts[kind].name, verdict->verdict))
        kind++;
    if (kind == SB_LEN(verdicts))
        return sb_error_set(err, SB_ERR_INVALID, "verdict \"%.20s\" is none of approve, reject, settle, edit", verdict->verdict);
    enum sb_err code = verdicts[kind].carry_out(source->installation, verdict, &op, err);
    if (code != SB_OK)
        return code;
    (void)snprintf(err->text, sizeof(err->text), "content row %.60s %s%s%.64s, by %.39s", verdict->content_id, verdicts[kind].past,
                   verdicts[kind].tells_detail ? " " : "", verdicts[kind].tells_detail ? verdict->detail : "", verdict->actor);
    input.as.note.job = SB_NO_JOB;
    input.as.note.severity = SB_SEVERITY_INFO;
    (void)sb_copy(input.as.note.text, sizeof(input.as.note.text), err->text);
    struct sb_error lost = { 0 };
    if (sb_control_input(source->control, &input, &lost) != SB_OK)
        sb_log(SB_LOG_WARN, "content", "%s; not in the journal: %s", err->text, lost.text);
    return SB_OK;
}
