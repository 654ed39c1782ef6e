/* Reads chat completion answers. Pure but for malloc; every byte of the input is hostile.
 *
 * An answer without usage is refused: a call whose cost is unknown must not pass for a free one. */
#include "llm_parts.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdlib.h>
#include <string.h>

enum { REPLY_BYTES_MAX = 1024 * 1024 };

static enum sb_err read_count(const struct sb_json *json, const char *path, uint32_t *out, struct sb_error *err)
{
    int64_t value = 0;
    if (sb_json_type(json, path) != SB_JSON_NUMBER || !sb_json_i64(json, path, &value) || value < 0 || value > UINT32_MAX) {
        return sb_error_set(err, SB_ERR_PROTOCOL, "the LLM answer has no usable %s", path);
    }
    *out = (uint32_t)value;
    return SB_OK;
}

static enum sb_err read_usage(const struct sb_json *json, struct sb_llm_reply *reply, struct sb_error *err)
{
    const char *const cached = "usage.prompt_tokens_details.cached_tokens";
    enum sb_err code = read_count(json, "usage.prompt_tokens", &reply->tokens_in, err);
    if (code == SB_OK) {
        code = read_count(json, "usage.completion_tokens", &reply->tokens_out, err);
    }
    /* An absurd cached count is taken as none: that charges the full price, never less than the bill. */
    if (code == SB_OK && (read_count(json, cached, &reply->tokens_cached, NULL) != SB_OK || reply->tokens_cached > reply->tokens_in)) {
        reply->tokens_cached = 0;
    }
    return code;
}

static enum sb_err read_text(const struct sb_json *json, char **text, struct sb_error *err)
{
    if (sb_json_type(json, "choices.0.message.content") == SB_JSON_STRING) {
        char *content = sb_json_text(json, "choices.0.message.content");
        if (!content) {
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for an LLM answer");
        }
        *text = content;
        return SB_OK;
    }
    if (sb_json_type(json, "choices.0.message.refusal") == SB_JSON_STRING) {
        return sb_error_set(err, SB_ERR_REFUSED, "the model refused to answer this prompt; change the prompt");
    }
    return sb_error_set(err, SB_ERR_PROTOCOL, "the LLM answer has no text in choices.0.message.content");
}

static bool is_cut(const struct sb_json *json)
{
    char *reason = sb_json_text(json, "choices.0.finish_reason");
    const bool cut = reason && sb_streq(reason, "length");
    free(reason);
    return cut;
}

enum sb_err sb_llm_parse_reply(const char *body, size_t size, struct sb_llm_reply *reply, struct sb_error *err)
{
    if (size > REPLY_BYTES_MAX) {
        return sb_error_set(err, SB_ERR_PROTOCOL, "the LLM answer has %zu bytes, the limit is %d", size, REPLY_BYTES_MAX);
    }
    struct sb_json *json = NULL;
    struct sb_llm_reply result = { 0 };
    struct sb_error cause = { 0 };
    if (sb_json_parse(&json, body, size, &cause) != SB_OK) {
        return sb_error_set(err, cause.code == SB_ERR_NOMEM ? SB_ERR_NOMEM : SB_ERR_PROTOCOL, "the LLM answer is not JSON: %s",
                            cause.text);
    }
    enum sb_err code = read_usage(json, &result, err);
    if (code == SB_OK) {
        code = read_text(json, &result.text, err);
    }
    if (code == SB_OK) {
        result.is_truncated = is_cut(json);
        *reply = result;
    }
    sb_json_destroy(json);
    return code;
}

static int64_t charge(int64_t total, uint32_t tokens, int64_t price)
{
    int64_t product = 0;
    if (__builtin_mul_overflow((int64_t)tokens, price, &product) || __builtin_add_overflow(total, product, &total)) {
        return INT64_MAX;
    }
    return total;
}

struct sb_usd sb_llm_cost(const struct sb_model_alias *alias, const struct sb_llm_reply *reply)
{
    int64_t nano = charge(0, reply->tokens_in - reply->tokens_cached, alias->in_nano);
    nano = charge(nano, reply->tokens_cached, alias->cached_nano);
    nano = charge(nano, reply->tokens_out, alias->out_nano);
    return (struct sb_usd){ .nano = nano };
}
