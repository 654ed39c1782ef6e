/* Writes chat completion requests. Pure but for malloc; it must never see the key.
 *
 * Wire form: OpenAI's "create chat completion". The output cap goes as max_completion_tokens, which bounds hidden reasoning as well; its
 * predecessor max_tokens is deprecated and the two may not be sent together. */
#include "llm_parts.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

enum { REQUEST_BYTES_MAX = 1024 * 1024 };

static void write_message(struct sb_json_out *out, const char *role, const char *content)
{
    sb_json_object_begin(out);
    sb_json_key(out, "role");
    sb_json_string(out, role);
    sb_json_key(out, "content");
    sb_json_string(out, content);
    sb_json_object_end(out);
}

/* Permille as a JSON number: 700 -> 0.700. */
static void write_temperature(struct sb_json_out *out, uint16_t permille)
{
    char number[16];
    struct sb_text text;
    sb_text_init(&text, number, sizeof number);
    sb_text_add_u64(&text, permille / 1000u);
    sb_text_add_char(&text, '.');
    sb_text_add_padded(&text, permille % 1000u, 3);
    sb_json_key(out, "temperature");
    sb_json_raw(out, number);
}

static void write_format(struct sb_json_out *out)
{
    sb_json_key(out, "response_format");
    sb_json_object_begin(out);
    sb_json_key(out, "type");
    sb_json_string(out, "json_object");
    sb_json_object_end(out);
}

enum sb_err sb_llm_write_request(char **body, const struct sb_llm_request *request, const char *model,
                                 const struct sb_llm_endpoint *endpoint, struct sb_error *err)
{
    struct sb_json_out *out = sb_json_out_create(REQUEST_BYTES_MAX);
    if (!out) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for an LLM request");
    }
    sb_json_object_begin(out);
    sb_json_key(out, "model");
    sb_json_string(out, model);
    sb_json_key(out, "messages");
    sb_json_array_begin(out);
    if (request->system) {
        write_message(out, "system", request->system);
    }
    write_message(out, "user", request->user);
    sb_json_array_end(out);
    sb_json_key(out, sb_llm_cap_text(endpoint->cap));
    sb_json_integer(out, request->output_tokens_max);
    write_temperature(out, request->temperature_pm);
    if (request->is_json) {
        write_format(out);
    }
    sb_json_key(out, "stream");
    sb_json_boolean(out, endpoint->streams);
    if (endpoint->streams) { /* without it no chunk tells what the call cost */
        sb_json_key(out, "stream_options");
        sb_json_object_begin(out);
        sb_json_key(out, "include_usage");
        sb_json_boolean(out, true);
        sb_json_object_end(out);
    }
    sb_json_object_end(out);
    char *text = sb_json_out_take(out);
    sb_json_out_destroy(out);
    if (!text) {
        return sb_error_set(err, SB_ERR_TOO_LARGE, "an LLM request for model %s is larger than %d bytes", model, REQUEST_BYTES_MAX);
    }
    *body = text;
    return SB_OK;
}
