/* What the files of this room share: the kinds' entry points, results, bounded buffers and small JSON helpers.
 * Everything here runs on the worker thread of the step; nothing keeps state between two steps unless it says so. */
#ifndef SIGNALBOX_STEPS_STEPS_H
#define SIGNALBOX_STEPS_STEPS_H

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/step.h"

enum {
    SB_STEP_OUTPUT_MAX = 1024 * 1024, /* bytes of a step's JSON output, as ports/step.h promises */
    SB_STEP_TEXT_MAX = 256 * 1024,    /* bytes of one expanded template */
    SB_STEP_ITEMS_MAX = 1000,         /* elements of one for_each, whatever the catalogue says */
};

/* Entry points, one per row of steps.def. */
#define X(code, function) void sb_step_##function(const struct sb_step_env *env, struct sb_step_result *result);
#include "steps.def"
#undef X

/* failure.c: keeps what explains a failure in a browser; `explain` of every kind. */
void sb_step_explain(const struct sb_step_env *env, const struct sb_step_result *result);

/* Ends the step well. The format may quote untrusted text; the console cleans it. */
void sb_step_succeed(struct sb_step_result *result, int64_t rows, const char *format, ...) SB_PRINTF(3, 4);
void sb_step_nothing(struct sb_step_result *result, const char *format, ...) SB_PRINTF(2, 3);
/* Fails with a class of the step's own choice. */
void sb_step_fail_class(struct sb_step_result *result, enum sb_class class, const char *format, ...) SB_PRINTF(3, 4);
/* Takes a finished JSON writer's text as the output; a document above the limit fails the step. */
void sb_step_output(struct sb_step_result *result, struct sb_json_out *out);
/* Wall time in milliseconds, the unit of the store. */
int64_t sb_step_now_ms(const struct sb_step_env *env);

/* A growing buffer that never passes `max`; a write that does not fit sets is_bad and nothing more is written. Zero-initialise with max. */
struct sb_blob {
    char *bytes; /* NUL-terminated once something was written; free() */
    size_t size, cap, max;
    bool is_bad;
};
void sb_blob_add(struct sb_blob *blob, const char *bytes, size_t size);
/* Hands over the text; NULL after a failed write or without memory. */
char *sb_blob_take(struct sb_blob *blob);

/* A copy in which bytes that are not valid UTF-8 (and NULs) are U+FFFD; NULL without memory. For outputs of programs and sites. */
char *sb_utf8_clean(const char *bytes, size_t size);
/* The outputs document of the run, or an empty one; the caller destroys it. */
enum sb_err sb_step_outputs(const struct sb_step_env *env, struct sb_json **json, struct sb_error *err) SB_MUST_USE;
/* Copies a value's text into a fixed array; false when it is missing or does not fit. */
bool sb_json_copy(const struct sb_json *json, const char *path, char *dst, size_t cap);
/* Writes any value of a document. Missing writes null. */
void sb_json_put(struct sb_json_out *out, const struct sb_json *json, const char *path);

#endif
