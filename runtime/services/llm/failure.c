/* Turns a refused or failed LLM call into an error class and a message that says who must do what.
 *
 * The commonest mistake of this field is to retry an exhausted quota as if it were a rate limit: both are status 429, and only the error's
 * code or type tells them apart. Pure. Endpoint texts are untrusted: only short codes made of harmless characters are repeated. */
#include "llm_parts.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdlib.h>
#include <string.h>

enum { CODE_MAX = 64 };

/* A status (or a hundred of them), with the class and what the operator should know. First match wins. */
struct status_row {
    long first, last;
    enum sb_err code;
    enum sb_class class;
    enum sb_llm_category category;
    bool is_charged; /* the model may have worked */
    const char *advice;
};

static const struct status_row status_rows[] = {
    { 401, 401, SB_ERR_PERMISSION, SB_CLASS_FATAL, SB_LLM_CATEGORY_INVALID_KEY, false,
      "the key was not accepted: put a valid key where llm.key points to" },
    { 402, 402, SB_ERR_REFUSED, SB_CLASS_BUDGET, SB_LLM_CATEGORY_BUDGET_EXCEEDED, false, "the account has no credit: add credit at the provider" },
    { 403, 403, SB_ERR_PERMISSION, SB_CLASS_FATAL, SB_LLM_CATEGORY_INVALID_KEY, false,
      "the key may not do this: check its project, region and allowed models at the provider" },
    { 404, 404, SB_ERR_NOT_FOUND, SB_CLASS_FATAL, SB_LLM_CATEGORY_API_ERROR, false,
      "no such model or path: check llm.base_url and the alias's model" },
    { 408, 408, SB_ERR_UNAVAILABLE, SB_CLASS_RETRYABLE, SB_LLM_CATEGORY_API_ERROR, true, "the endpoint gave up waiting" },
    { 429, 429, SB_ERR_RATE_LIMITED, SB_CLASS_RATE_LIMITED, SB_LLM_CATEGORY_RATE_LIMIT, false, "too many requests or tokens for now" },
    { 400, 499, SB_ERR_REFUSED, SB_CLASS_FATAL, SB_LLM_CATEGORY_API_ERROR, false,
      "the endpoint does not accept the request: check the step's prompt and limits" },
    { 500, 599, SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN, SB_LLM_CATEGORY_API_ERROR, true, "the endpoint has a problem of its own" },
};

static const struct status_row odd_status = { 0, 0, SB_ERR_PROTOCOL, SB_CLASS_RETRYABLE, SB_LLM_CATEGORY_API_ERROR, true,
                                              "an answer outside the protocol: check llm.base_url" };
static const struct status_row no_money = { 0, 0, SB_ERR_REFUSED, SB_CLASS_BUDGET, SB_LLM_CATEGORY_BUDGET_EXCEEDED, false,
                                            "the provider's spending limit or credit is used up: raise it there or wait" };

/* Error codes and types which mean "no money", whatever the status 4xx. Those that end in _limit_exceeded are taken as a family, except
 * the plain rate limits. */
static const char *const money_codes[] = { "insufficient_quota", "credit_balance_exhausted", "budget_exceeded" };
static const char *const rate_codes[] = { "rate_limit_exceeded", "tokens_limit_exceeded", "requests_limit_exceeded" };

static bool is_listed(const char *code, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sb_streq(code, list[i])) {
            return true;
        }
    }
    return false;
}

static bool means_no_money(const char *code)
{
    static const char suffix[] = "_limit_exceeded";
    const size_t len = strlen(code), tail = sizeof suffix - 1;
    if (is_listed(code, money_codes, SB_LEN(money_codes))) {
        return true;
    }
    return len > tail && sb_streq(code + len - tail, suffix) && !is_listed(code, rate_codes, SB_LEN(rate_codes));
}

/* Copies an error code when it looks like one; else leaves "". */
static void read_code(const struct sb_json *json, const char *path, char out[CODE_MAX])
{
    char *text = sb_json_text(json, path);
    out[0] = '\0';
    if (text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(text)) {
        sb_copy(out, CODE_MAX, text);
    }
    free(text);
}

static void read_codes(const struct sb_http_response *response, char code[CODE_MAX], char type[CODE_MAX])
{
    struct sb_json *json = NULL;
    code[0] = type[0] = '\0';
    /* An error body that is not JSON is common (proxies); the status alone decides then. */
    if (sb_json_parse(&json, response->body, response->body_size, NULL) == SB_OK) {
        read_code(json, "error.code", code);
        read_code(json, "error.type", type);
        sb_json_destroy(json);
    }
}

static const struct status_row *row_of(long status)
{
    for (size_t i = 0; i < SB_LEN(status_rows); i++) {
        if (status >= status_rows[i].first && status <= status_rows[i].last) {
            return &status_rows[i];
        }
    }
    return &odd_status;
}

enum sb_err sb_llm_judge_status(const struct sb_http_response *response, const char *who, struct sb_llm_failure *failure,
                                struct sb_error *err)
{
    char code[CODE_MAX], type[CODE_MAX];
    read_codes(response, code, type);
    const struct status_row *row = row_of(response->status);
    const bool may_be_money = response->status == 402 || response->status == 403 || response->status == 429;
    if (may_be_money && (means_no_money(code) || means_no_money(type))) {
        row = &no_money;
    }
    failure->class = row->class;
    failure->category = row->category;
    failure->is_charged = row->is_charged;
    failure->retry_after = response->retry_after;
    const char *what = code[0] ? code : type;
    /* The remedy first: an event keeps 127 bytes of it. */
    return sb_error_set(err, row->code, "%ld%s%s: %s (LLM endpoint %s)", response->status, what[0] ? " " : "", what, row->advice, who);
}

struct class_row {
    enum sb_err code;
    enum sb_class class;
};

/* Codes that are not here are mistakes of the configuration or of the request: fatal. */
static const struct class_row class_rows[] = {
    { SB_ERR_CANCELLED, SB_CLASS_CANCELLED },      { SB_ERR_TIMEOUT, SB_CLASS_RETRYABLE },
    { SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN }, { SB_ERR_PROTOCOL, SB_CLASS_RETRYABLE },
    { SB_ERR_TOO_LARGE, SB_CLASS_RETRYABLE },      { SB_ERR_NOMEM, SB_CLASS_RETRYABLE },
    { SB_ERR_FULL, SB_CLASS_RETRYABLE },           { SB_ERR_IO, SB_CLASS_RETRYABLE },
};

enum sb_class sb_llm_class_of(enum sb_err code)
{
    for (size_t i = 0; i < SB_LEN(class_rows); i++) {
        if (class_rows[i].code == code) {
            return class_rows[i].class;
        }
    }
    return SB_CLASS_FATAL;
}
