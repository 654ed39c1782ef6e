/* The texts that a console asks for, and what an operator decides on them: verdicts on content rows. Console's thread; bounded time. */
#include "pages.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/content.h"
#include "signalbox/ports/kept.h"

#include <stdio.h>

static const sb_ns page_time = SB_MS(400); /* the screen stands still for no longer */

enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err)
{
    const struct installation *in = ((const struct page_source *)self)->installation;
    struct sb_op op = { .deadline = sb_now() + page_time };
    if (page == SB_SCREEN_PAGE_CONTENT)
        return sb_content_page(in->services.store, sb_wall_now().ns / SB_MS(1), &op, text, err);
    return sb_kept_read(in->paths.state_dir, run, text, err);
}

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
static enum sb_err settle(const struct installation *in, const char *content_id, const char *post_id, const struct sb_op *op, struct sb_error *err)
{
    struct effect_of of = { .decision_id = content_id };
    sb_receipts_open_effects(in->services.receipts, &of, take_effect);
    if (of.effect.state != SB_EFFECT_SUBMITTED)
        return sb_error_set(err, SB_ERR_CONFLICT, "content row %s is not uncertain any more: nothing was changed", content_id);
    struct sb_receipt receipt = of.effect.last;
    receipt.kind = SB_RECEIPT_RECEIPT;
    receipt.at = sb_wall_now();
    (void)sb_copy(receipt.post_id, sizeof receipt.post_id, post_id);
    (void)sb_copy(receipt.how, sizeof receipt.how, "operator");
    enum sb_err code = sb_receipts_append(in->services.receipts, &receipt, err);
    if (code == SB_OK)
        code = sb_content_save_posted(in->services.store, content_id, post_id, receipt.effect_id, receipt.at.ns / SB_MS(1), op, err);
    receipt.kind = SB_RECEIPT_SETTLED;
    return code == SB_OK ? sb_receipts_append(in->services.receipts, &receipt, err) : code;
}

/* Who decided goes into the journal. The move itself says when it comes too late. */
enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err)
{
    const struct page_source *source = self;
    const struct installation *in = source->installation;
    struct sb_op op = { .deadline = sb_now() + page_time };
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    bool is_settled = answer->verdict == SB_SCREEN_SETTLE, is_approved = answer->verdict == SB_SCREEN_APPROVE;
    enum sb_err code = is_settled ? settle(in, answer->content_id, answer->post_id, &op, err)
                                  : sb_content_judge(in->services.store, answer->content_id, is_approved, actor, &op, err);
    if (code != SB_OK)
        return code;
    (void)snprintf(err->text, sizeof err->text, "content row %s %s%s by %s", answer->content_id,
                   is_settled ? "is post " : is_approved ? "approved" : "rejected", is_settled ? answer->post_id : "", actor);
    input.as.note.job = SB_NO_JOB;
    input.as.note.severity = SB_SEVERITY_INFO;
    (void)sb_copy(input.as.note.text, sizeof(input.as.note.text), err->text);
    struct sb_error lost = { 0 };
    if (sb_control_input(source->control, &input, &lost) != SB_OK)
        sb_log(SB_LOG_WARN, "content", "%s; not in the journal: %s", err->text, lost.text);
    return SB_OK;
}
