/* Step kind `llm`: a chat completion, or one per element of a list, and what is made of the answers. A bad answer costs the same as a good one, so
 * the call is settled (paid_call.c) before its answer is judged. Runs on a worker thread; must never repeat a call. */
#include "paid_call.h"
#include "template.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 64 };

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

/* A step's calls with what they gave so far. */
struct talk {
    const struct sb_step_env *env;
    const struct sb_llm_params *params;
    const char *alias;
    struct sb_json_out *out;
    const struct sb_json *outputs; /* with item_path: the element of for_each */
    const char *item_path;         /* or NULL */
    uint32_t tokens_in, tokens_out;
    struct sb_usd cost;
    struct sb_llm_failure failure; /* of the last call that failed */
};

/* One answer as an object: {"alias":..,"cost_nano":..,"tokens_in":..,"tokens_out":..,"json":{..}} or with "text"; of a call for an element
 * also that "item". */
static void put_reply(const struct talk *talk, const struct sb_llm_reply *reply, const char *part)
{
    struct sb_json_out *out = talk->out;
    sb_json_object_begin(out);
    if (talk->item_path != NULL) {
        sb_json_key(out, "item");
        sb_json_put(out, talk->outputs, talk->item_path);
    }
    sb_json_key(out, "alias");
    sb_json_string(out, talk->alias);
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
}

/* Judges a paid answer and writes it. Another try may give a better one, so a bad one is a broken protocol, which is retryable. */
static enum sb_err judge(const struct talk *talk, const struct sb_llm_reply *reply, struct sb_error *err)
{
    const struct sb_llm_params *params = talk->params;
    size_t size = 0;
    const char *json = params->is_json ? json_part(reply->text, &size) : NULL;
    if (reply->is_truncated)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the answer was cut at %" PRIu32 " tokens", params->output_tokens_max);
    if (params->is_json && json == NULL)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the model's answer holds no JSON object");
    enum sb_err code = json ? required_check(params, json, size, err) : SB_OK;
    char *part = json && code == SB_OK ? strndup(json, size) : NULL;
    if (code == SB_OK && json != NULL && part == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the answer");
    if (code == SB_OK)
        put_reply(talk, reply, part);
    free(part);
    return code;
}

static enum sb_err complete(struct talk *talk, const char *system, const char *user, struct sb_error *err)
{
    struct sb_llm_reply reply = { 0 };
    enum sb_err code = sb_paid_call(talk->env, talk->params, system, user, &talk->alias, &reply, &talk->failure, err);
    if (code != SB_OK)
        return talk->alias[0] != '\0' ? sb_error_wrap(err, "%s", talk->alias) : code;
    talk->tokens_in += reply.tokens_in;
    talk->tokens_out += reply.tokens_out;
    talk->cost.nano += reply.cost.nano;
    talk->failure.class = SB_CLASS_RETRYABLE;
    code = judge(talk, &reply, err);
    free(reply.text);
    return code;
}

static enum sb_err expand_and_complete(struct talk *talk, const struct sb_scope *scope, struct sb_error *err)
{
    char *system = NULL, *user = NULL;
    enum sb_err code = SB_OK;
    talk->failure = (struct sb_llm_failure){ .class = SB_CLASS_FATAL };
    if (talk->params->system != NULL)
        code = sb_template_expand(scope, talk->params->system, SB_TEMPLATE_TEXT, &system, err);
    if (code == SB_OK)
        code = sb_template_expand(scope, talk->params->prompt, SB_TEMPLATE_TEXT, &user, err);
    if (code == SB_OK)
        code = complete(talk, system, user, err);
    free(user);
    free(system);
    return code;
}

/* One call per element. Answers that were paid for are kept when a later call fails; the step fails when there is none. */
static enum sb_err talk_each(struct talk *talk, struct sb_scope *scope, int64_t *count, struct sb_error *err)
{
    char *list = NULL;
    size_t elements = 0;
    int64_t done = 0;
    enum sb_err code = sb_template_array(scope, talk->params->for_each, &list, &elements, err);
    if (code != SB_OK)
        return code;
    sb_json_object_begin(talk->out);
    sb_json_key(talk->out, "answers");
    sb_json_array_begin(talk->out);
    for (size_t i = 0; i < elements && i < CALLS_MAX; i++) {
        char path[256];
        struct sb_text text;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "%s.%zu", list, i);
        scope->item = scope->outputs;
        scope->item_path = talk->item_path = path;
        talk->outputs = scope->outputs;
        code = expand_and_complete(talk, scope, err);
        talk->item_path = NULL;
        if (code != SB_OK)
            break;
        done++;
    }
    if (code != SB_OK && done > 0 && code != SB_ERR_CANCELLED) {
        sb_step_note(talk->env, SB_SEVERITY_WARN, "%" PRId64 " of %zu calls done, then: %s", done, elements, err->text);
        code = SB_OK;
    }
    sb_json_array_end(talk->out);
    sb_json_key(talk->out, "alias");
    sb_json_string(talk->out, talk->alias);
    sb_json_key(talk->out, "cost_nano");
    sb_json_integer(talk->out, talk->cost.nano);
    sb_json_object_end(talk->out);
    *count = done;
    free(list);
    return code;
}

static void finish(const struct talk *talk, int64_t count, struct sb_step_result *result)
{
    char cost[24];
    struct sb_text text;
    sb_text_init(&text, cost, sizeof cost);
    sb_text_add_usd(&text, talk->cost, 6);
    sb_step_succeed(result, count, "%s: %" PRIu32 " + %" PRIu32 " tokens, %s USD", talk->alias, talk->tokens_in, talk->tokens_out, cost);
    sb_step_output(result, talk->out);
}

void sb_step_llm(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct talk talk = { .env = env, .params = &env->params->as.llm, .alias = "", .failure = { .class = SB_CLASS_FATAL } };
    struct sb_error err = { 0 };
    struct sb_json *outputs = NULL;
    int64_t count = 1;
    if (env->services->llm == NULL) {
        sb_step_fail_class(result, SB_CLASS_DEPENDENCY_DOWN, "there is no LLM endpoint");
        return;
    }
    talk.out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    enum sb_err code = talk.out ? sb_step_outputs(env, &outputs, &err) : sb_error_set(&err, SB_ERR_NOMEM, "no memory for an answer");
    struct sb_scope scope = sb_scope_make(env, outputs);
    if (code == SB_OK && talk.params->for_each != NULL)
        code = talk_each(&talk, &scope, &count, &err);
    else if (code == SB_OK)
        code = expand_and_complete(&talk, &scope, &err);
    if (code == SB_OK) {
        finish(&talk, count, result);
    } else {
        sb_step_fail_class(result, talk.failure.class, "%s", err.text);
        result->retry_after = talk.failure.retry_after;
    }
    sb_json_destroy(outputs);
    sb_json_out_destroy(talk.out);
}
