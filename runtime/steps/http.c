/* Step kind `http`: one request through the HTTP port. Runs on a worker thread; must never follow a redirect or retry. */
#include "template.h"

#include "signalbox/os/digest.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 32, BODY_MAX = 512 * 1024 };

/* Header names and values come from templates: a line break would smuggle in another header. */
static enum sb_err header_check(const struct sb_pair *pair, const char *place, struct sb_error *err)
{
    if (pair->key[0] == '\0' || strpbrk(pair->key, "\r\n: ") != NULL || strpbrk(pair->value, "\r\n") != NULL)
        return sb_error_set(err, SB_ERR_INVALID, "%s: header \"%.40s\" holds a character that headers cannot", place, pair->key);
    return SB_OK;
}

static enum sb_err scheme_check(const char *url, const char *place, struct sb_error *err)
{
    if (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0)
        return SB_OK;
    return sb_error_set(err, SB_ERR_INVALID, "%s: \"%.80s\" is no http or https address", place, url);
}

/* {"status":200,"body":"..."} or, when the body is JSON, {"status":200,"json":...}. */
static void put_response(struct sb_step_result *result, const struct sb_http_response *response)
{
    struct sb_json *parsed = NULL;
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    char *clean = sb_utf8_clean(response->body ? response->body : "", response->body_size);
    bool is_json = clean != NULL && sb_json_parse(&parsed, clean, strlen(clean), NULL) == SB_OK;
    if (out == NULL || clean == NULL) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "no memory for the answer");
        goto out;
    }
    sb_json_object_begin(out);
    sb_json_key(out, "status");
    sb_json_integer(out, response->status);
    sb_json_key(out, is_json ? "json" : "body");
    if (is_json)
        sb_json_raw(out, clean);
    else
        sb_json_string(out, clean);
    sb_json_object_end(out);
    sb_step_output(result, out);
out:
    sb_json_destroy(parsed);
    sb_json_out_destroy(out);
    free(clean);
}

static void judge(const struct sb_http_params *params, const struct sb_http_response *response, struct sb_step_result *result)
{
    long status = response->status;
    bool is_expected = params->expect_status ? status == params->expect_status : status >= 200 && status < 300;
    if (is_expected) {
        sb_step_succeed(result, 1, "status %ld, %zu bytes", status, response->body_size);
        put_response(result, response);
    } else if (status == 429) {
        sb_step_fail_class(result, SB_CLASS_RATE_LIMITED, "status 429: rate limited");
        result->retry_after = response->retry_after;
    } else {
        bool may_pass = status >= 500 || status == 408;
        sb_step_fail_class(result, may_pass ? SB_CLASS_RETRYABLE : SB_CLASS_FATAL, "status %ld, expected %s", status,
                           params->expect_status ? "another" : "2xx");
    }
}

/* ---- the cache: answers that serve again, and turns to ask a host ---- */

/* The same request has the same key: whatever it says of itself is in it. */
static enum sb_err answer_key(const struct sb_http_request *request, char *key, size_t cap, struct sb_error *err)
{
    struct sb_blob blob = { .max = SB_STEP_TEXT_MAX };
    struct sb_text text;
    char hex[SB_SHA256_HEX];
    sb_blob_add(&blob, request->url, strlen(request->url) + 1);
    for (size_t i = 0; i < request->header_count; i++) {
        sb_blob_add(&blob, request->headers[i].name, strlen(request->headers[i].name) + 1);
        sb_blob_add(&blob, request->headers[i].value, strlen(request->headers[i].value) + 1);
    }
    size_t size = blob.size;
    char *whole = sb_blob_take(&blob);
    if (whole == NULL)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "address and headers have more than %d bytes", SB_STEP_TEXT_MAX);
    enum sb_err code = sb_sha256_hex(whole, size, hex, err);
    free(whole);
    sb_text_init(&text, key, cap);
    sb_text_add(&text, "http:");
    sb_text_add(&text, code == SB_OK ? hex : "");
    return code;
}

/* True when an earlier answer serves. What is no document of ours any more is no answer. */
static bool serve_again(const struct sb_step_env *env, const char *key, struct sb_step_result *result)
{
    struct sb_json *parsed = NULL;
    char *value = NULL;
    size_t size = 0;
    if (sb_cache_get(env->services->cache, key, &env->op, &value, &size, NULL) != SB_OK) /* whatever the reason: it is asked anew */
        return false;
    bool is_good = size == strlen(value) && sb_json_parse(&parsed, value, size, NULL) == SB_OK;
    sb_json_destroy(parsed);
    if (!is_good) {
        free(value);
        return false;
    }
    sb_step_succeed(result, 1, "from the cache, %zu bytes", size);
    result->output = value;
    return true;
}

static void keep(const struct sb_step_env *env, const char *key, const struct sb_step_result *result)
{
    struct sb_error err = { 0 };
    if (result->state == SB_STEP_STATE_SUCCEEDED && result->output != NULL &&
        sb_cache_set(env->services->cache, key, result->output, strlen(result->output), env->params->as.http.cache_for, &env->op, &err) != SB_OK)
        sb_step_note(env, SB_SEVERITY_WARN, "the answer is not kept: %s", err.text);
}

/* SB_ERR_RATE_LIMITED with the time until the host may be asked again. */
static enum sb_err take_turn(const struct sb_step_env *env, const char *url, sb_ns *retry_after, struct sb_error *err)
{
    const struct sb_http_params *params = &env->params->as.http;
    const char *host = strstr(url, "://") + 3; /* the scheme was checked */
    char key[SB_CACHE_KEY_MAX + 1];
    struct sb_text text;
    struct sb_cache_turn turn;
    const char *user_end = memchr(host, '@', strcspn(host, "/?#"));
    host = user_end != NULL ? user_end + 1 : host; /* what stands before it is nobody's business */
    int host_size = (int)strcspn(host, "/?#");
    sb_text_init(&text, key, sizeof key);
    sb_text_addf(&text, "http-limit:%.*s %s", host_size < 150 ? host_size : 150, host, params->limit);
    enum sb_err code = sb_cache_limit(env->services->cache, key, &params->rate, &env->op, &turn, err);
    if (code != SB_OK || turn.is_allowed)
        return code;
    *retry_after = turn.retry_after;
    return sb_error_set(err, SB_ERR_RATE_LIMITED, "the limit of %s for %.*s is used up for another %lld ms", params->limit,
                        host_size < 60 ? host_size : 60, host, (long long)(turn.retry_after / SB_MS(1)));
}

/* The request, unless an earlier answer serves or it is not our turn. */
static enum sb_err ask(const struct sb_step_env *env, const struct sb_http_request *request, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_http_params *params = &env->params->as.http;
    struct sb_http_response response = { 0 };
    char key[SB_NAME_MAX * 2] = "";
    enum sb_err code = SB_OK;
    if ((params->cache_for > 0 || params->limit != NULL) && env->services->cache == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no cache");
    if (params->cache_for > 0)
        code = answer_key(request, key, sizeof key, err);
    if (code == SB_OK && params->cache_for > 0 && serve_again(env, key, result))
        return SB_OK;
    if (code == SB_OK && params->limit != NULL)
        code = take_turn(env, request->url, &result->retry_after, err);
    if (code == SB_OK)
        code = sb_http_send(env->services->http, request, &env->op, &response, err);
    if (code == SB_OK)
        judge(params, &response, result);
    if (code == SB_OK && params->cache_for > 0)
        keep(env, key, result);
    free(response.body);
    return code;
}

static enum sb_err send(const struct sb_step_env *env, const struct sb_scope *scope, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_http_params *params = &env->params->as.http;
    struct sb_http_header headers[HEADERS_MAX];
    struct sb_args args = { 0 };
    char *url = NULL, *body = NULL;
    if (params->header_count > HEADERS_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: at most %d headers", scope->place, HEADERS_MAX);
    enum sb_err code = sb_template_expand(scope, params->url, SB_TEMPLATE_URL, &url, err);
    if (code == SB_OK)
        code = scheme_check(url, scope->place, err);
    if (code == SB_OK && params->body != NULL)
        code = sb_template_expand(scope, params->body, SB_TEMPLATE_TEXT, &body, err);
    if (code == SB_OK)
        code = sb_args_expand(scope, params->headers, params->header_count, &args, err);
    for (size_t i = 0; i < args.count && code == SB_OK; i++) {
        code = header_check(&args.pairs[i], scope->place, err);
        headers[i] = (struct sb_http_header){ args.pairs[i].key, args.pairs[i].value };
    }
    if (code == SB_OK) {
        struct sb_http_request request = { .method = params->method ? params->method : "GET",
                                           .url = url,
                                           .headers = headers,
                                           .header_count = args.count,
                                           .body = body,
                                           .body_size = body ? strlen(body) : 0,
                                           .response_max = BODY_MAX };
        code = ask(env, &request, result, err);
    }
    sb_args_free(&args);
    free(body);
    free(url);
    return code;
}

void sb_step_http(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error err = { 0 };
    struct sb_json *outputs = NULL;
    enum sb_err code = env->services->http ? SB_OK : sb_error_set(&err, SB_ERR_UNAVAILABLE, "there is no HTTP client");
    if (code == SB_OK)
        code = sb_step_outputs(env, &outputs, &err);
    struct sb_scope scope = sb_scope_make(env, outputs);
    if (code == SB_OK)
        code = send(env, &scope, result, &err);
    if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_json_destroy(outputs);
}
