/* One LLM call: hold, send, settle. The ledger has each move on disk before the next begins, so a crash at any point leaves a hold that is
 * released or charged, never a cost that nobody knows. Runs on a worker thread; must never repeat a call. */
#include "paid_call.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <inttypes.h>
#include <string.h>

static const sb_ns inbox_pause = SB_MS(20);  /* between two offers to a full inbox */
static const sb_ns settle_time = SB_S(10);   /* for writing down what a call cost, also when the step's time is over */

/* Money must not get lost, so a full inbox is offered to again until the step's time ends. */
static void tell(const struct sb_step_env *env, const struct sb_input *input, const char *what)
{
    struct sb_error err = { 0 };
    for (;;) {
        enum sb_err code = env->services->control ? sb_control_input(env->services->control, input, &err) : SB_ERR_UNAVAILABLE;
        if (code == SB_OK)
            return;
        struct sb_op pause = sb_op_within(&env->op, inbox_pause);
        if (code != SB_ERR_FULL || sb_op_check(&env->op, "budget", NULL) != SB_OK ||
            sb_poll_readable(NULL, 0, &pause, &(size_t){ 0 }, NULL) == SB_ERR_CANCELLED)
            break;
    }
    sb_log(SB_LOG_ERROR, "llm", "run %" PRIu64 ": %s was not told to the core: %s", env->run, what, err.text);
}

static void tell_totals(const struct sb_step_env *env, const struct sb_ledger_totals *totals)
{
    struct sb_input input = sb_input_make(SB_INPUT_LEDGER);
    input.as.ledger = (struct sb_in_ledger){ .day_start = totals->starts.ns, .version = totals->version, .spent = totals->spent.nano,
                                             .held = totals->held.nano, .uncertain = totals->uncertain.nano, .is_closed = totals->is_closed };
    tell(env, &input, "the ledger's figures");
}

static void tell_spent(const struct sb_step_env *env, const char *alias, const char *intent, const struct sb_llm_reply *reply)
{
    struct sb_input input = sb_input_make(SB_INPUT_SPENT);
    input.as.spent.run = env->run;
    input.as.spent.job = env->job_id;
    (void)sb_copy(input.as.spent.alias, sizeof input.as.spent.alias, alias);
    (void)sb_copy(input.as.spent.intent, sizeof input.as.spent.intent, intent);
    input.as.spent.tokens_in = reply->tokens_in;
    input.as.spent.tokens_out = reply->tokens_out;
    input.as.spent.cost = reply->cost.nano;
    tell(env, &input, "the cost of a call");
}

static void tell_failed(const struct sb_step_env *env, const char *alias, const char *intent, const struct sb_llm_failure *failure,
                        const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_LLM_FAILED);
    input.as.llm_failed.run = env->run;
    input.as.llm_failed.job = env->job_id;
    input.as.llm_failed.category = (uint8_t)failure->category;
    input.as.llm_failed.status = failure->status;
    (void)sb_copy(input.as.llm_failed.alias, sizeof input.as.llm_failed.alias, alias);
    (void)sb_copy(input.as.llm_failed.intent, sizeof input.as.llm_failed.intent, intent);
    (void)sb_copy(input.as.llm_failed.reason, sizeof input.as.llm_failed.reason, reason);
    tell(env, &input, "a failed call");
}

/* What on_send works on. */
struct sending {
    const struct sb_step_env *env;
    const struct sb_ledger_hold *hold;
};

static enum sb_err mark_sent(void *arg, struct sb_error *err)
{
    const struct sending *sending = arg;
    return sb_ledger_sent(sending->env->services->ledger, sending->hold, &sending->env->op, err);
}

static enum sb_err hold(const struct sb_step_env *env, const struct sb_llm_params *params, const char *const *aliases, size_t alias_count,
                        size_t bytes, uint32_t messages, struct sb_ledger_hold *made, struct sb_llm_failure *failure, struct sb_error *err)
{
    uint32_t least = params->output_tokens_min != 0 ? params->output_tokens_min : params->output_tokens_max / 2;
    struct sb_ledger_ask ask = { .alias_count = alias_count, .input_bytes = bytes, .message_count = messages,
                                 .output_max = params->output_tokens_max, .output_min = least, .run = env->run, .job = env->job->name,
                                 .intent = params->intent };
    struct sb_ledger_totals totals = { 0 };
    for (size_t i = 0; i < alias_count; i++)
        ask.aliases[i] = aliases[i];
    enum sb_err code = sb_ledger_hold(env->services->ledger, &ask, &env->op, made, &totals, err);
    if (totals.version != 0)
        tell_totals(env, &totals);
    if (code == SB_OK)
        return SB_OK;
    failure->category = SB_LLM_CATEGORY_BUDGET_EXCEEDED;
    failure->class = code == SB_ERR_REFUSED ? SB_CLASS_BUDGET : code == SB_ERR_CONFIG ? SB_CLASS_FATAL
                     : code == SB_ERR_CANCELLED ? SB_CLASS_CANCELLED : SB_CLASS_DEPENDENCY_DOWN;
    return code;
}

/* The end of a hold is written down whatever becomes of the step; what cannot be written stays SENT, and charged. */
static void end(const struct sb_step_env *env, const struct sb_ledger_hold *held, const struct sb_llm_reply *reply,
                const struct sb_llm_failure *failure, const char *reason)
{
    struct sb_op op = { .deadline = sb_now() + settle_time };
    struct sb_ledger_totals totals;
    struct sb_error err = { 0 };
    enum sb_err code;
    if (reply != NULL) {
        const struct sb_ledger_usage usage = { reply->tokens_in, reply->tokens_out, reply->cost };
        code = sb_ledger_settle(env->services->ledger, held, &usage, &op, &totals, &err);
    } else {
        code = sb_ledger_fail(env->services->ledger, held, failure->is_charged, sb_llm_category_text(failure->category), reason, &op, &totals, &err);
    }
    if (code == SB_OK)
        tell_totals(env, &totals);
    else
        sb_log(SB_LOG_ERROR, "llm", "run %" PRIu64 ": hold %" PRId64 " could not be ended and stays charged: %s", env->run, held->id, err.text);
}

enum sb_err sb_paid_call(const struct sb_step_env *env, const struct sb_llm_params *params, const char *system, const char *user,
                         const char **alias, struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err)
{
    const struct sb_services *services = env->services;
    const char *aliases[SB_LLM_ALIASES_MAX] = { NULL };
    size_t count = sb_llm_aliases(&services->catalogue->llm, params->intent, env->tier, aliases);
    struct sb_ledger_hold held = { .output_max = params->output_tokens_max };
    struct sending sending = { env, &held };
    *failure = (struct sb_llm_failure){ .class = SB_CLASS_BUDGET, .category = SB_LLM_CATEGORY_BUDGET_EXCEEDED };
    *alias = count > 0 ? aliases[0] : "";
    if (count == 0)
        return sb_error_set(err, SB_ERR_REFUSED, "the budget's tier is %s: no model call for %s", sb_tier_text(env->tier), params->intent);
    enum sb_err code = SB_OK;
    if (services->ledger != NULL) {
        size_t bytes = strlen(user) + (system != NULL ? strlen(system) : 0);
        code = hold(env, params, aliases, count, bytes, system != NULL ? 2 : 1, &held, failure, err);
        if (code == SB_OK)
            *alias = held.alias->alias;
    }
    if (code == SB_OK) {
        const struct sb_llm_request request = { .alias = *alias, .system = system, .user = user, .output_tokens_max = held.output_max,
                                                .temperature_pm = params->temperature_pm, .is_json = params->is_json,
                                                .on_send = services->ledger != NULL ? mark_sent : NULL, .on_send_arg = &sending };
        code = sb_llm_complete(services->llm, &request, &env->op, reply, failure, err);
        if (services->ledger != NULL)
            end(env, &held, code == SB_OK ? reply : NULL, failure, code == SB_OK ? "" : err->text);
    }
    if (code == SB_OK)
        tell_spent(env, *alias, params->intent, reply);
    else
        tell_failed(env, *alias, params->intent, failure, err->text);
    return code;
}
