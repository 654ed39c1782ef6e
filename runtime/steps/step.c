/* The table of step kinds and what all of them share: results, error classes, notes, bounded buffers. Runs on worker threads; owns no
 * state. It must never retry, sleep or decide what happens after a failure: that is the core's business. */
#include "steps.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sb_step_kind_ops kinds[SB_STEP_KIND_COUNT] = {
#define X(code, function) [SB_STEP_KIND_##code] = { .name = #function, .run = sb_step_##function, .explain = sb_step_explain },
#include "steps.def"
#undef X
};

const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    return (unsigned)kind < SB_STEP_KIND_COUNT ? &kinds[kind] : NULL;
}

/* Class of a failure by its code. Codes without a row are fatal: trying again would not help. */
static const uint8_t class_of[SB_ERR_COUNT] = {
    [SB_ERR_TIMEOUT] = SB_CLASS_RETRYABLE,      [SB_ERR_IO] = SB_CLASS_RETRYABLE,
    [SB_ERR_PROTOCOL] = SB_CLASS_RETRYABLE,     [SB_ERR_GONE] = SB_CLASS_RETRYABLE,
    [SB_ERR_CONFLICT] = SB_CLASS_RETRYABLE,     [SB_ERR_UNAVAILABLE] = SB_CLASS_DEPENDENCY_DOWN,
    [SB_ERR_CANCELLED] = SB_CLASS_CANCELLED,    [SB_ERR_STALE] = SB_CLASS_CANCELLED,
    [SB_ERR_RATE_LIMITED] = SB_CLASS_RATE_LIMITED,
};

void sb_step_fail(struct sb_step_result *result, const struct sb_error *error)
{
    enum sb_class class = SB_CLASS_FATAL;
    if ((unsigned)error->code < SB_ERR_COUNT && class_of[error->code] != SB_CLASS_NONE)
        class = (enum sb_class)class_of[error->code];
    sb_step_fail_class(result, class, "%s", error->text[0] ? error->text : sb_err_text(error->code));
}

static void SB_PRINTF(4, 0)
result_set(struct sb_step_result *result, enum sb_step_state state, enum sb_class class, const char *format, va_list args)
{
    char text[SB_ERROR_TEXT_MAX];
    result->state = state;
    result->class = class;
    (void)vsnprintf(text, sizeof text, format, args); /* cut on purpose; sb_copy repairs a cut character */
    (void)sb_copy(result->text, sizeof result->text, text);
}

void sb_step_fail_class(struct sb_step_result *result, enum sb_class class, const char *format, ...)
{
    va_list args;
    free(result->output);
    result->output = NULL;
    va_start(args, format);
    result_set(result, SB_STEP_STATE_FAILED, class, format, args);
    va_end(args);
}

void sb_step_succeed(struct sb_step_result *result, int64_t rows, const char *format, ...)
{
    va_list args;
    result->rows = rows;
    va_start(args, format);
    result_set(result, SB_STEP_STATE_SUCCEEDED, SB_CLASS_NONE, format, args);
    va_end(args);
}

void sb_step_nothing(struct sb_step_result *result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    result_set(result, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE, format, args);
    va_end(args);
}

void sb_step_output(struct sb_step_result *result, struct sb_json_out *out)
{
    char *text = sb_json_out_take(out);
    if (text == NULL) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "the step's output is above %d bytes", SB_STEP_OUTPUT_MAX);
        return;
    }
    free(result->output);
    result->output = text;
}

void sb_step_note(const struct sb_step_env *env, enum sb_severity severity, const char *format, ...)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    char text[SB_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    input.as.note.run = env->run;
    input.as.note.job = env->job_id;
    input.as.note.step = env->step_id;
    input.as.note.severity = (uint8_t)severity;
    (void)sb_copy(input.as.note.text, sizeof input.as.note.text, text);
    struct sb_error err = { 0 };
    if (env->services->control == NULL || sb_control_input(env->services->control, &input, &err) != SB_OK)
        sb_log(SB_LOG_WARN, "step", "run %" PRIu64 ": note not taken: %s", env->run, text); /* the log is the note's second home */
}

int64_t sb_step_now_ms(const struct sb_step_env *env)
{
    return env->wall_now().ns / 1000000;
}

static bool blob_room(struct sb_blob *blob, size_t size)
{
    if (blob->is_bad || size > blob->max - blob->size) {
        blob->is_bad = true;
        return false;
    }
    if (blob->size + size + 1 <= blob->cap)
        return true;
    size_t cap = blob->cap ? blob->cap : 256;
    while (cap < blob->size + size + 1)
        cap *= 2;
    char *bytes = realloc(blob->bytes, cap);
    if (bytes == NULL) {
        blob->is_bad = true;
        return false;
    }
    blob->bytes = bytes;
    blob->cap = cap;
    return true;
}

void sb_blob_add(struct sb_blob *blob, const char *bytes, size_t size)
{
    if (!blob_room(blob, size))
        return;
    if (size > 0)
        memcpy(blob->bytes + blob->size, bytes, size);
    blob->size += size;
    blob->bytes[blob->size] = '\0';
}

char *sb_blob_take(struct sb_blob *blob)
{
    sb_blob_add(blob, "", 0); /* an empty text is a text too */
    char *bytes = blob->bytes;
    if (blob->is_bad) {
        free(bytes);
        bytes = NULL;
    }
    blob->bytes = NULL;
    blob->size = blob->cap = 0;
    return bytes;
}

char *sb_utf8_clean(const char *bytes, size_t size)
{
    struct sb_blob blob = { .max = size * 3 + 1 };
    for (size_t i = 0; i < size;) {
        uint32_t code_point = 0;
        unsigned length = sb_utf8_decode(bytes + i, size - i, &code_point);
        if (length == 0 || code_point == 0)
            sb_blob_add(&blob, "\xEF\xBF\xBD", 3);
        else
            sb_blob_add(&blob, bytes + i, length);
        i += length ? length : 1;
    }
    return sb_blob_take(&blob);
}

enum sb_err sb_step_outputs(const struct sb_step_env *env, struct sb_json **json, struct sb_error *err)
{
    const char *text = env->outputs ? env->outputs : "{}";
    return sb_json_parse(json, text, strlen(text), err);
}

bool sb_json_copy(const struct sb_json *json, const char *path, char *dst, size_t cap)
{
    char *text = sb_json_type(json, path) == SB_JSON_NULL ? NULL : sb_json_text(json, path);
    bool fits = text != NULL && strlen(text) < cap;
    if (fits)
        (void)sb_copy(dst, cap, text);
    free(text);
    return fits;
}

void sb_json_put(struct sb_json_out *out, const struct sb_json *json, const char *path)
{
    enum sb_json_type type = sb_json_type(json, path);
    if (type == SB_JSON_MISSING || type == SB_JSON_NULL) {
        sb_json_string(out, NULL);
        return;
    }
    char *text = sb_json_text(json, path);
    if (type == SB_JSON_STRING || text == NULL)
        sb_json_string(out, text);
    else
        sb_json_raw(out, text); /* numbers, booleans, arrays and objects print as JSON */
    free(text);
}
