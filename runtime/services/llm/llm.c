/* The LLM client: one chat completion per call over the HTTP port, priced by the catalogue.
 *
 * Owns nothing but borrowed pointers, so any thread may call. It must never retry (the core does), never name a model itself, and never
 * keep, log or print the key: it is read at each call, sent in one header and wiped. */
#include "signalbox/ports/llm.h"

#include "llm_parts.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/http.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 1024 * 1024, AUTHORIZATION_MAX = 4096, MODELS_MAX = 4096 };

/* A refused key or an empty account is not asked again with every call: each would fail, and some providers count them. */
static const sb_ns refused_for = SB_MIN(10);

struct sb_llm {
    struct sb_http *http;
    const struct sb_llm_def *def;
    struct sb_mutex *mutex;
    /* under the mutex: what the provider has refused, until then; ends early when the key changes or, for a key, when a check succeeds */
    sb_ns refused_until;
    const char *refused_url;
    uint64_t refused_key;
    struct sb_llm_failure refusal;
    struct sb_error refusal_text;
};

enum sb_err sb_llm_create(struct sb_llm **out_llm, struct sb_http *http, const struct sb_llm_def *def, struct sb_error *err)
{
    if (!def->base_url || !def->base_url[0]) {
        return sb_error_set(err, SB_ERR_CONFIG, "llm.base_url is empty: give the address of the endpoint, up to and with /v1");
    }
    struct sb_llm *llm = calloc(1, sizeof *llm);
    if (!llm) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the LLM client");
    }
    llm->http = http;
    llm->def = def;
    llm->mutex = sb_mutex_create(SB_RANK_HTTP);
    if (!llm->mutex) {
        free(llm);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the LLM client");
    }
    *out_llm = llm;
    return SB_OK;
}

void sb_llm_destroy(struct sb_llm *llm)
{
    if (llm) {
        sb_mutex_destroy(llm->mutex);
        free(llm);
    }
}

static bool is_premium_intent(const struct sb_llm_def *def, const char *intent)
{
    for (size_t i = 0; i < def->premium_intent_count; i++) {
        if (intent && sb_streq(def->premium_intents[i], intent)) {
            return true;
        }
    }
    return false;
}

static const struct sb_model_alias *find_alias(const struct sb_llm_def *def, const char *name)
{
    for (size_t i = 0; i < def->alias_count; i++) {
        if (sb_streq(def->aliases[i].alias, name)) {
            return &def->aliases[i];
        }
    }
    return NULL;
}

size_t sb_llm_aliases(const struct sb_llm_def *def, const char *intent, enum sb_tier tier, const char *out[SB_LLM_ALIASES_MAX])
{
    static const char *const ladder[SB_LLM_ALIASES_MAX] = { "premium", "economy", "local" };
    const bool is_premium = tier == SB_TIER_HIGH || (tier == SB_TIER_MEDIUM && is_premium_intent(def, intent));
    const bool is_paid = tier <= SB_TIER_LOW || (tier == SB_TIER_CRITICAL && is_premium_intent(def, intent));
    size_t count = 0;
    for (size_t i = is_premium ? 0 : is_paid ? 1 : 2; i < SB_LEN(ladder); i++) {
        if (find_alias(def, ladder[i])) {
            out[count++] = ladder[i];
        }
    }
    return count;
}

static struct sb_llm_endpoint endpoint_of(const struct sb_llm_def *def, const struct sb_model_alias *alias)
{
    return alias && alias->endpoint ? *alias->endpoint
                                    : (struct sb_llm_endpoint){ .name = "llm", .base_url = def->base_url, .key = def->key, .cap = def->cap,
                                                                .streams = def->streams };
}

/* Writes "Bearer KEY"; an empty text when the endpoint needs no key. The caller wipes it. */
static enum sb_err read_authorization(const struct sb_llm_endpoint *endpoint, char out[AUTHORIZATION_MAX], struct sb_error *err)
{
    char *key = NULL;
    struct sb_text text;
    sb_text_init(&text, out, AUTHORIZATION_MAX);
    if (!endpoint->key) {
        return SB_OK;
    }
    if (sb_secret_read(endpoint->key, &key, err) != SB_OK) {
        return err ? sb_error_wrap(err, "no key for the LLM endpoint %s (llm.key)", endpoint->base_url) : SB_ERR_CONFIG;
    }
    sb_text_add(&text, "Bearer ");
    sb_text_add(&text, key);
    sb_secret_free(key);
    return text.is_cut ? sb_error_set(err, SB_ERR_CONFIG, "the key that llm.key points to is longer than %d bytes",
                                      AUTHORIZATION_MAX - 8)
                       : SB_OK;
}

static uint64_t key_mark(const struct sb_llm_endpoint *endpoint)
{
    char authorization[AUTHORIZATION_MAX] = "";
    const bool is_read = read_authorization(endpoint, authorization, NULL) == SB_OK;
    const uint64_t mark = is_read ? sb_hash_bytes(authorization, strlen(authorization)) : 0;
    explicit_bzero(authorization, sizeof authorization);
    return mark;
}

static void remember_refusal(struct sb_llm *llm, const struct sb_llm_endpoint *endpoint, const struct sb_llm_failure *failure,
                             const struct sb_error *err)
{
    const uint64_t mark = key_mark(endpoint);
    sb_mutex_lock(llm->mutex);
    llm->refused_until = sb_ns_add(sb_now(), refused_for);
    llm->refused_url = endpoint->base_url;
    llm->refused_key = mark;
    llm->refusal = *failure;
    llm->refusal.was_sent = llm->refusal.is_charged = false;
    llm->refusal_text = *err;
    sb_mutex_unlock(llm->mutex);
}

static void forget_refusal(struct sb_llm *llm, bool is_key_alone)
{
    sb_mutex_lock(llm->mutex);
    if (!is_key_alone || llm->refusal.category == SB_LLM_CATEGORY_INVALID_KEY) {
        llm->refused_until = 0;
    }
    sb_mutex_unlock(llm->mutex);
}

/* The refusal that still holds: nothing is sent. */
static enum sb_err still_refused(struct sb_llm *llm, const struct sb_llm_endpoint *endpoint, struct sb_llm_failure *failure,
                                 struct sb_error *err)
{
    sb_mutex_lock(llm->mutex);
    const bool is_held = sb_now() < llm->refused_until && llm->refused_url == endpoint->base_url;
    const uint64_t mark = llm->refused_key;
    if (is_held) {
        *failure = llm->refusal;
        *err = llm->refusal_text;
    }
    sb_mutex_unlock(llm->mutex);
    if (!is_held) {
        return SB_OK;
    }
    if (key_mark(endpoint) != mark) { /* the file was read outside the lock */
        forget_refusal(llm, false);
        *failure = (struct sb_llm_failure){ .class = SB_CLASS_NONE, .category = SB_LLM_CATEGORY_API_ERROR };
        return SB_OK;
    }
    return sb_error_wrap(err, "not asked again yet");
}

/* One exchange with the endpoint; any status is SB_OK. */
static enum sb_err exchange(struct sb_llm *llm, const struct sb_llm_endpoint *endpoint, const char *method, const char *path, const char *body,
                            const struct sb_llm_request *call, const struct sb_op *op, struct sb_http_response *response,
                            struct sb_error *err)
{
    char url[512], authorization[AUTHORIZATION_MAX];
    struct sb_text text;
    sb_text_init(&text, url, sizeof url);
    sb_text_add(&text, endpoint->base_url);
    sb_text_add(&text, path);
    if (text.is_cut) {
        return sb_error_set(err, SB_ERR_CONFIG, "llm.base_url is longer than %zu bytes", sizeof url - 32);
    }
    enum sb_err code = read_authorization(endpoint, authorization, err);
    if (code == SB_OK && call && call->on_send) {
        code = call->on_send(call->on_send_arg, err);
    }
    if (code == SB_OK) {
        const struct sb_http_header headers[] = {
            { "Content-Type", "application/json" },
            { "Authorization", authorization },
        };
        const struct sb_http_request request = {
            .method = method,
            .url = url,
            .headers = headers,
            .header_count = authorization[0] ? 2 : 1,
            .body = body,
            .body_size = body ? strlen(body) : 0,
            .response_max = ANSWER_BYTES_MAX,
        };
        code = sb_http_send(llm->http, &request, op, response, err);
    }
    explicit_bzero(authorization, sizeof authorization);
    return code;
}

/* A call without an answer, or with one that cannot be read. */
static enum sb_err fail(struct sb_llm_failure *failure, enum sb_err code)
{
    failure->class = sb_llm_class_of(code);
    failure->category = failure->status != 0 ? SB_LLM_CATEGORY_API_ERROR
                        : code == SB_ERR_CONFIG || code == SB_ERR_PERMISSION || code == SB_ERR_NOT_FOUND ? SB_LLM_CATEGORY_INVALID_KEY
                                                                                                        : SB_LLM_CATEGORY_NETWORK_ERROR;
    failure->is_charged = failure->was_sent;
    return code;
}

static enum sb_err read_answer(const struct sb_llm_endpoint *endpoint, const struct sb_model_alias *alias, const struct sb_http_response *response,
                               struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err)
{
    struct sb_llm_reply result = { 0 };
    failure->status = (uint32_t)response->status;
    if (response->status != 200) {
        return sb_llm_judge_status(response, endpoint->base_url, failure, err);
    }
    const enum sb_err code = endpoint->streams ? sb_llm_parse_stream(response->body, response->body_size, &result, err)
                                              : sb_llm_parse_reply(response->body, response->body_size, &result, err);
    if (code != SB_OK) {
        return fail(failure, code);
    }
    result.cost = sb_llm_cost(alias, &result);
    *reply = result;
    return SB_OK;
}

enum sb_err sb_llm_complete(struct sb_llm *llm, const struct sb_llm_request *request, const struct sb_op *op,
                            struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err)
{
    char *body = NULL;
    struct sb_http_response response = { 0 };
    struct sb_error local;
    err = err ? err : &local;
    *failure = (struct sb_llm_failure){ .class = SB_CLASS_NONE };
    SB_ASSERT(request->output_tokens_max > 0); /* a call without a cap has no bounded cost */
    const struct sb_model_alias *alias = find_alias(llm->def, request->alias);
    failure->category = SB_LLM_CATEGORY_API_ERROR;
    if (!alias) {
        failure->class = SB_CLASS_FATAL;
        return sb_error_set(err, SB_ERR_CONFIG, "llm.aliases has no alias \"%s\": add it to the catalogue", request->alias);
    }
    const struct sb_llm_endpoint endpoint = endpoint_of(llm->def, alias);
    if (still_refused(llm, &endpoint, failure, err) != SB_OK) {
        return err->code;
    }
    enum sb_err code = sb_llm_write_request(&body, request, alias->model, &endpoint, err);
    if (code != SB_OK) {
        /* Too large a prompt stays too large: unlike too large an answer it is never tried again. */
        failure->class = code == SB_ERR_NOMEM ? SB_CLASS_RETRYABLE : SB_CLASS_FATAL;
        goto out;
    }
    code = exchange(llm, &endpoint, "POST", "/chat/completions", body, request, op, &response, err);
    failure->was_sent = response.was_sent;
    code = code == SB_OK ? read_answer(&endpoint, alias, &response, reply, failure, err) : fail(failure, code);
    if (code != SB_OK && failure->status != 0 &&
        (failure->category == SB_LLM_CATEGORY_INVALID_KEY || failure->category == SB_LLM_CATEGORY_BUDGET_EXCEEDED)) {
        remember_refusal(llm, &endpoint, failure, err);
    }
out:
    free(response.body);
    free(body);
    return code;
}

static bool lists_model(const struct sb_json *json, const char *model)
{
    const size_t count = sb_json_count(json, "data");
    for (size_t i = 0; i < count && i < MODELS_MAX; i++) {
        char path[40];
        struct sb_text text;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "data.%zu.id", i);
        char *id = sb_json_text(json, path);
        const bool is_it = id && sb_streq(id, model);
        free(id);
        if (is_it) {
            return true;
        }
    }
    return false;
}

static enum sb_err look_for_models(const struct sb_llm_def *def, const struct sb_llm_endpoint *endpoint,
                                   const struct sb_http_response *response, struct sb_error *err)
{
    struct sb_json *json = NULL;
    struct sb_error cause = { 0 };
    if (sb_json_parse(&json, response->body, response->body_size, &cause) != SB_OK || sb_json_type(json, "data") != SB_JSON_ARRAY) {
        sb_json_destroy(json);
        return sb_error_set(err, SB_ERR_PROTOCOL, "LLM endpoint %s: /models is not a list of models: check llm.base_url %s",
                            endpoint->base_url, cause.text);
    }
    enum sb_err code = SB_OK;
    for (size_t i = 0; code == SB_OK && i < def->alias_count; i++) {
        const struct sb_llm_endpoint of_alias = endpoint_of(def, &def->aliases[i]);
        if (of_alias.base_url == endpoint->base_url && !lists_model(json, def->aliases[i].model)) {
            code = sb_error_set(err, SB_ERR_NOT_FOUND, "LLM endpoint %s has no model \"%s\" (alias %s): change the alias",
                                endpoint->base_url, def->aliases[i].model, def->aliases[i].alias);
        }
    }
    sb_json_destroy(json);
    return code;
}

static enum sb_err check_endpoint(struct sb_llm *llm, const struct sb_llm_endpoint *endpoint, const struct sb_op *op, struct sb_error *err)
{
    struct sb_http_response response = { 0 };
    struct sb_llm_failure failure = { .class = SB_CLASS_NONE };
    enum sb_err code = exchange(llm, endpoint, "GET", "/models", NULL, NULL, op, &response, err);
    if (code == SB_OK) {
        code = response.status == 200 ? look_for_models(llm->def, endpoint, &response, err)
                                      : sb_llm_judge_status(&response, endpoint->base_url, &failure, err);
    }
    free(response.body);
    return code;
}

enum sb_err sb_llm_check(struct sb_llm *llm, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_llm_endpoint first = endpoint_of(llm->def, NULL);
    enum sb_err code = check_endpoint(llm, &first, op, err);
    for (size_t i = 0; code == SB_OK && i < llm->def->endpoint_count; i++) {
        code = check_endpoint(llm, &llm->def->endpoints[i], op, err);
    }
    if (code == SB_OK) {
        forget_refusal(llm, true); /* the key is good now; an empty account lists its models too */
    }
    return code;
}
