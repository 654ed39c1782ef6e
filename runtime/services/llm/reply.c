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

/* What a stream has told so far. */
struct stream {
    struct sb_llm_reply reply;
    size_t size;           /* of reply.text, allocated */
    bool has_usage, is_done;
};

static enum sb_err add_text(struct stream *stream, const char *text, struct sb_error *err)
{
    const size_t had = stream->reply.text ? strlen(stream->reply.text) : 0, more = strlen(text);
    if (had + more + 1 > stream->size) {
        const size_t size = (had + more + 1) * 2; /* the body is bounded, so this is */
        char *grown = realloc(stream->reply.text, size);
        if (!grown) {
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for an LLM answer");
        }
        stream->reply.text = grown;
        stream->size = size;
    }
    memcpy(stream->reply.text + had, text, more + 1);
    return SB_OK;
}

static enum sb_err read_chunk(struct stream *stream, const char *data, size_t size, struct sb_error *err)
{
    struct sb_json *json = NULL;
    struct sb_error cause = { 0 };
    if (sb_json_parse(&json, data, size, &cause) != SB_OK) {
        return sb_error_set(err, cause.code == SB_ERR_NOMEM ? SB_ERR_NOMEM : SB_ERR_PROTOCOL, "a chunk of the LLM stream is not JSON: %s",
                            cause.text);
    }
    enum sb_err code = SB_OK;
    if (sb_json_type(json, "choices.0.delta.content") == SB_JSON_STRING) {
        char *text = sb_json_text(json, "choices.0.delta.content");
        code = text ? add_text(stream, text, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for an LLM answer");
        free(text);
    }
    if (code == SB_OK && sb_json_type(json, "choices.0.delta.refusal") == SB_JSON_STRING) {
        code = sb_error_set(err, SB_ERR_REFUSED, "the model refused to answer this prompt; change the prompt");
    }
    stream->reply.is_truncated = stream->reply.is_truncated || is_cut(json);
    if (code == SB_OK && sb_json_type(json, "usage") == SB_JSON_OBJECT) {
        code = read_usage(json, &stream->reply, err);
        stream->has_usage = code == SB_OK;
    }
    sb_json_destroy(json);
    return code;
}

enum sb_err sb_llm_parse_stream(const char *body, size_t size, struct sb_llm_reply *reply, struct sb_error *err)
{
    struct stream stream = { 0 };
    if (size > REPLY_BYTES_MAX) {
        return sb_error_set(err, SB_ERR_PROTOCOL, "the LLM stream has %zu bytes, the limit is %d", size, REPLY_BYTES_MAX);
    }
    enum sb_err code = add_text(&stream, "", err);
    for (size_t at = 0; code == SB_OK && at < size && !stream.is_done;) {
        const char *end = memchr(body + at, '\n', size - at);
        size_t length = end ? (size_t)(end - body) - at : size - at;
        const char *line = body + at;
        at += length + 1;
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        if (length < 5 || strncmp(line, "data:", 5) != 0) {
            continue; /* comments, names of events, empty lines */
        }
        const char *data = line + 5 + (length > 5 && line[5] == ' ');
        const size_t data_size = (size_t)(line + length - data);
        stream.is_done = data_size == 6 && strncmp(data, "[DONE]", 6) == 0;
        code = stream.is_done ? SB_OK : read_chunk(&stream, data, data_size, err);
    }
    if (code == SB_OK && !stream.is_done) {
        code = sb_error_set(err, SB_ERR_PROTOCOL, "the LLM stream was cut before its end");
    }
    if (code == SB_OK && !stream.has_usage) {
        code = sb_error_set(err, SB_ERR_PROTOCOL, "the LLM stream told no usage; set stream: false for this endpoint");
    }
    if (code == SB_OK) {
        *reply = stream.reply;
    } else {
        free(stream.reply.text);
    }
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
