/* The probe of output caps: servers exist that ignore the field they are given (research: llama.cpp #13700), and a call without a cap has no bounded
 * cost. Once per process, on the keeper's thread. */
#include "cap_probe.h"

#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

static const char question[] = "Answer with the word yes.";

/* What on_send works on. */
struct sending {
    struct sb_ledger *ledger;
    const struct sb_ledger_hold *hold;
    const struct sb_op *op;
};

static enum sb_err mark_sent(void *arg, struct sb_error *err)
{
    const struct sending *sending = arg;
    return sb_ledger_sent(sending->ledger, sending->hold, sending->op, err);
}

static void settle(const struct installation *in, const struct sb_ledger_hold *hold, const struct sb_llm_reply *reply,
                   const struct sb_llm_failure *failure, const char *reason)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    enum sb_err rc;
    if (reply != NULL) {
        const struct sb_ledger_usage usage = { reply->tokens_in, reply->tokens_out, reply->cost };
        rc = sb_ledger_settle(in->services.ledger, hold, &usage, &op, &totals, &err);
    } else {
        rc = sb_ledger_fail(in->services.ledger, hold, failure->is_charged, sb_llm_category_text(failure->category), reason, &op, &totals, &err);
    }
    if (rc != SB_OK)
        sb_log(SB_LOG_ERROR, "llm", "the probe's hold could not be ended and stays charged: %s", err.text);
}

/* SB_OK with *is_proven = false when it cannot be told now. */
static enum sb_err probe_alias(const struct installation *in, const struct sb_model_alias *alias, const struct sb_op *op, bool *is_proven,
                               struct sb_error *err)
{
    const struct sb_ledger_ask ask = { .aliases = { alias->alias }, .alias_count = 1, .input_bytes = sizeof(question), .message_count = 1,
                                       .output_max = 1, .output_min = 1, .job = "", .intent = "cap_probe" };
    struct sb_ledger_hold hold;
    struct sb_ledger_totals totals;
    struct sb_llm_reply reply = { 0 };
    struct sb_llm_failure failure = { 0 };
    struct sb_error trouble = { 0 };
    *is_proven = false;
    if (sb_ledger_hold(in->services.ledger, &ask, op, &hold, &totals, &trouble) != SB_OK)
        return SB_OK;
    struct sending sending = { in->services.ledger, &hold, op };
    const struct sb_llm_request request = { .alias = alias->alias, .user = question, .output_tokens_max = 1, .on_send = mark_sent,
                                            .on_send_arg = &sending };
    enum sb_err rc = sb_llm_complete(in->services.llm, &request, op, &reply, &failure, &trouble);
    settle(in, &hold, rc == SB_OK ? &reply : NULL, &failure, trouble.text);
    if (rc != SB_OK) {
        sb_log(SB_LOG_WARN, "llm", "whether %s obeys its output cap could not be told: %s", alias->alias, trouble.text);
        return SB_OK;
    }
    free(reply.text);
    *is_proven = reply.tokens_out <= 1;
    if (*is_proven)
        return SB_OK;
    return sb_error_set(err, SB_ERR_PROTOCOL, "alias %s (%s) ignores the output cap: asked for 1 token, charged %u. Set cap_field or take another "
                                              "endpoint", alias->alias, alias->model, reply.tokens_out);
}

enum sb_err cap_probe(const struct installation *in, const struct sb_op *op, bool *is_proven, struct sb_error *err)
{
    const struct sb_llm_def *llm = &in->catalogue->llm;
    bool is_all = true;
    for (size_t i = 0; i < llm->alias_count; i++) {
        bool is_one = false;
        if (llm->aliases[i].in_nano == 0 && llm->aliases[i].out_nano == 0)
            continue; /* it costs nothing, however much it says */
        enum sb_err rc = probe_alias(in, &llm->aliases[i], op, &is_one, err);
        if (rc != SB_OK)
            return rc;
        is_all = is_all && is_one;
    }
    *is_proven = is_all;
    return SB_OK;
}
