/* Step kind `llm`: one chat completion by alias. The alias follows from the intent and the budget's tier; what a call cost is told to the core
 * before its answer is judged, because a bad answer costs the same. Runs on a worker thread; must never call twice. */
#include "template.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const sb_ns inbox_pause = SB_MS(20); /* between two offers to a full inbox */

/* Tells the core what a settled call cost. Money must not get lost, so a full inbox is offered to again until the step's time ends. */
static void tell_spent(const struct sb_step_env *env, const char *alias, const char *intent, const struct sb_llm_reply *reply)
{
    struct sb_input input = sb_input_make(SB_INPUT_SPENT);
    struct sb_error err = { 0 };
    input.as.spent.run = env->run;
    input.as.spent.job = env->job_id;
    (void)sb_copy(input.as.spent.alias, sizeof input.as.spent.alias, alias);
    (void)sb_copy(input.as.spent.intent, sizeof input.as.spent.intent, intent);
    input.as.spent.tokens_in = reply->tokens_in;
    input.as.spent.tokens_out = reply->tokens_out;
    input.as.spent.cost = reply->cost.nano;
    for (;;) {
        enum sb_err code = env->services->control ? sb_control_input(env->services->control, &input, &err) : SB_ERR_UNAVAILABLE;
        if (code == SB_OK)
            return;
        struct sb_op pause = sb_op_within(&env->op, inbox_pause);
        if (code != SB_ERR_FULL || sb_op_check(&env->op, "budget", NULL) != SB_OK ||
            sb_poll_readable(NULL, 0, &pause, &(size_t){ 0 }, NULL) == SB_ERR_CANCELLED)
            break;
    }
    sb_log(SB_LOG_ERROR, "llm", "run %" PRIu64 ": %" PRId64 " nano-dollars spent with %s are not in the budget: %s", env->run,
           reply->cost.nano, alias, err.text);
}

/* The JSON object inside an answer: models like to wrap it into a code fence. Borrowed from `text`. */
static const char *json_part(const char *text, size_t *size)
{
    const char *from = strchr(text, '{');
    const char *to = strrchr(text, '}');
    if (from == NULL || to == NULL || to < from)
        return NULL;
    *size = (size_t)(to - from) + 1;
    return from;
}

static enum sb_err required_check(const struct sb_llm_params *params, const char *json, size_t size, struct sb_error *err)
{
    struct sb_json *document = NULL;
    enum sb_err code = sb_json_parse(&document, json, size, err);
    if (code != SB_OK)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the model's answer is no JSON object");
    for (size_t i = 0; i < params->required_count && code == SB_OK; i++) {
        enum sb_json_type type = sb_json_type(document, params->required[i]);
        if (type == SB_JSON_MISSING || type == SB_JSON_NULL)
            code = sb_error_set(err, SB_ERR_PROTOCOL, "the model's answer lacks \"%s\"", params->required[i]);
    }
    sb_json_destroy(document);
    return code;
}

static void put_reply(struct sb_step_result *result, const char *alias, const struct sb_llm_reply *reply, const char *json, size_t json_size)
{
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    char *part = json ? strndup(json, json_size) : NULL;
    if (out == NULL || (json != NULL && part == NULL)) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "no memory for the answer");
        goto out;
    }
    sb_json_object_begin(out);
    sb_json_key(out, "alias");
    sb_json_string(out, alias);
    sb_json_key(out, "cost_nano");
    sb_json_integer(out, reply->cost.nano);
    sb_json_key(out, "tokens_in");
    sb_json_integer(out, reply->tokens_in);
    sb_json_key(out, "tokens_out");
    sb_json_integer(out, reply->tokens_out);
    sb_json_key(out, part ? "json" : "text");
    if (part)
        sb_json_raw(out, part);
    else
        sb_json_string(out, reply->text);
    sb_json_object_end(out);
    sb_step_output(result, out);
out:
    free(part);
    sb_json_out_destroy(out);
}

/* Judges a paid answer. Another try may give a better one, so a bad one is retryable. */
static void judge(const struct sb_llm_params *params, const char *alias, const struct sb_llm_reply *reply, struct sb_step_result *result)
{
    struct sb_error err = { 0 };
    char cost[24];
    struct sb_text text;
    size_t size = 0;
    const char *json = params->is_json ? json_part(reply->text, &size) : NULL;
    if (reply->is_truncated) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "the answer was cut at %" PRIu32 " tokens", params->output_tokens_max);
        return;
    }
    if (params->is_json && (json == NULL || required_check(params, json, size, &err) != SB_OK)) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s", json ? err.text : "the model's answer holds no JSON object");
        return;
    }
    sb_text_init(&text, cost, sizeof cost);
    sb_text_add_usd(&text, reply->cost, 6);
    sb_step_succeed(result, 1, "%s: %" PRIu32 " + %" PRIu32 " tokens, %s USD", alias, reply->tokens_in, reply->tokens_out, cost);
    put_reply(result, alias, reply, json, size);
}

static enum sb_err expand_prompts(const struct sb_scope *scope, const struct sb_llm_params *params, char **system, char **user,
                                  struct sb_error *err)
{
    enum sb_err code = SB_OK;
    if (params->system != NULL)
        code = sb_template_expand(scope, params->system, SB_TEMPLATE_TEXT, system, err);
    if (code == SB_OK)
        code = sb_template_expand(scope, params->prompt, SB_TEMPLATE_TEXT, user, err);
    return code;
}

static void complete(const struct sb_step_env *env, const char *alias, const char *system, const char *user, struct sb_step_result *result)
{
    const struct sb_llm_params *params = &env->params->as.llm;
    struct sb_llm_request request = { .alias = alias,
                                      .system = system,
                                      .user = user,
                                      .output_tokens_max = params->output_tokens_max,
                                      .temperature_pm = params->temperature_pm,
                                      .is_json = params->is_json };
    struct sb_llm_reply reply = { 0 };
    struct sb_llm_failure failure = { .class = SB_CLASS_FATAL };
    struct sb_error err = { 0 };
    if (sb_llm_complete(env->services->llm, &request, &env->op, &reply, &failure, &err) != SB_OK) {
        sb_step_fail_class(result, failure.class, "%s: %s", alias, err.text);
        result->retry_after = failure.retry_after;
        return;
    }
    tell_spent(env, alias, params->intent, &reply);
    judge(params, alias, &reply, result);
    free(reply.text);
}

void sb_step_llm(const struct sb_step_env *env, struct sb_step_result *result)
{
    const struct sb_llm_params *params = &env->params->as.llm;
    struct sb_scope scope = { .env = env, .place = env->params->place };
    struct sb_error err = { 0 };
    struct sb_json *outputs = NULL;
    char *system = NULL, *user = NULL;
    const char *alias = sb_llm_alias(&env->services->catalogue->llm, params->intent, env->tier);
    if (alias == NULL) {
        sb_step_fail_class(result, SB_CLASS_BUDGET, "the budget's tier is %s: no model call for %s", sb_tier_text(env->tier), params->intent);
        return;
    }
    if (env->services->catalogue->site_count > 0)
        scope.account = env->services->catalogue->sites[0].account;
    enum sb_err code = env->services->llm ? SB_OK : sb_error_set(&err, SB_ERR_UNAVAILABLE, "there is no LLM endpoint");
    if (code == SB_OK)
        code = sb_step_outputs(env, &outputs, &err);
    scope.outputs = outputs;
    if (code == SB_OK)
        code = expand_prompts(&scope, params, &system, &user, &err);
    if (code == SB_OK)
        complete(env, alias, system, user, result);
    else
        sb_step_fail(result, &err);
    free(user);
    free(system);
    sb_json_destroy(outputs);
}
