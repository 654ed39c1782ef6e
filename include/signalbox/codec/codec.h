/* JSON <-> model values, through jansson and the reflection tables: a new field or kind needs nothing here. Also the small JSON helpers
 * which steps use, so that jansson stays in this room and in services that speak JSON. */
#ifndef SIGNALBOX_CODEC_CODEC_H
#define SIGNALBOX_CODEC_CODEC_H

#include "signalbox/base/err.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"

#include <stddef.h>

/* One line of JSON: {"seq":..,"now":..,"wall":..,"kind":"run_queued", fields...}. Returns bytes written without NUL, 0 when cap is too small.
 * A payload field with a name of the envelope (the `kind` of step_defined and of commands) is written with a trailing "_": "kind_".
 * A "none" target is null; an unsigned number above INT64_MAX is a string. Reading: missing fields are none or zero, unknown ones are
 * passed over. SB_CODEC_EVENT_MAX is always enough. Invalid UTF-8 in texts is replaced by U+FFFD. */
enum { SB_CODEC_EVENT_MAX = 4096 };
size_t sb_codec_event_write(const struct sb_event *event, char *out, size_t cap);
/* Only the payload fields, for a journal column: {"run":17,...}. */
size_t sb_codec_event_payload(const struct sb_event *event, char *out, size_t cap);
enum sb_err sb_codec_event_read(const char *json, size_t size, struct sb_event *event, struct sb_error *err) SB_MUST_USE;
/* An event of a journal row, from its columns and the payload as sb_codec_event_payload wrote it; `now` is not kept there and is 0. */
enum sb_err sb_codec_event_read_row(uint64_t seq, struct sb_wall wall, const char *kind, const char *payload, size_t size, struct sb_event *event,
                                    struct sb_error *err) SB_MUST_USE;
size_t sb_codec_input_write(const struct sb_input *input, char *out, size_t cap);
enum sb_err sb_codec_input_read(const char *json, size_t size, struct sb_input *input, struct sb_error *err) SB_MUST_USE;

/* A parsed JSON document, depth at most 64, duplicates refused. Opaque; nodes are borrowed until destroy. */
struct sb_json;
enum sb_err sb_json_parse(struct sb_json **json, const char *text, size_t size, struct sb_error *err) SB_MUST_USE;
void sb_json_destroy(struct sb_json *json);

enum sb_json_type { SB_JSON_MISSING, SB_JSON_NULL, SB_JSON_BOOL, SB_JSON_NUMBER, SB_JSON_STRING, SB_JSON_ARRAY, SB_JSON_OBJECT };
/* Value at "a.b.0.c" ("" = the root). */
enum sb_json_type sb_json_type(const struct sb_json *json, const char *path);
/* Its text: strings as they are, numbers and booleans printed, objects and arrays as JSON. malloc'ed, or NULL when missing. */
char *sb_json_text(const struct sb_json *json, const char *path);
bool sb_json_i64(const struct sb_json *json, const char *path, int64_t *out); /* numbers, also numeric strings; reals are truncated */
size_t sb_json_count(const struct sb_json *json, const char *path); /* elements of an array or object, else 0 */

/* A JSON text being written: objects and arrays nest, keys and strings are escaped, numbers are exact. */
struct sb_json_out;
struct sb_json_out *sb_json_out_create(size_t max); /* NULL when out of memory */
void sb_json_out_destroy(struct sb_json_out *out);
void sb_json_object_begin(struct sb_json_out *out);
void sb_json_object_end(struct sb_json_out *out);
void sb_json_array_begin(struct sb_json_out *out);
void sb_json_array_end(struct sb_json_out *out);
void sb_json_key(struct sb_json_out *out, const char *key);
void sb_json_string(struct sb_json_out *out, const char *text); /* NULL writes null */
void sb_json_string_n(struct sb_json_out *out, const char *text, size_t size);
void sb_json_integer(struct sb_json_out *out, int64_t value);
void sb_json_boolean(struct sb_json_out *out, bool value);
void sb_json_raw(struct sb_json_out *out, const char *json); /* already JSON */
/* Takes the text (malloc'ed, caller frees); NULL when it grew over `max` or memory ended. */
char *sb_json_out_take(struct sb_json_out *out);

#endif
