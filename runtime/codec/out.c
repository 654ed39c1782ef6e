/* A JSON text being written into a growing, bounded buffer. Belongs to one thread. Mistakes in the order of calls are bugs of ours
 * and assert; running out of room or memory is remembered and answered by sb_json_out_take. */
#include "signalbox/codec/codec.h"

#include "escape.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_DEPTH_MAX = 64, OUT_START = 256 };

struct sb_json_out {
    char *buf;
    size_t len, cap, max; /* bytes without the NUL */
    unsigned depth;
    bool has_failed;
    bool is_after_key;
    bool has_items[OUT_DEPTH_MAX + 1]; /* per level: a comma is due */
};

struct sb_json_out *sb_json_out_create(size_t max)
{
    struct sb_json_out *out = calloc(1, sizeof *out);
    if (!out)
        return NULL;
    out->max = max;
    out->cap = max < OUT_START ? max : OUT_START;
    out->buf = malloc(out->cap + 1);
    if (!out->buf) {
        free(out);
        return NULL;
    }
    return out;
}

void sb_json_out_destroy(struct sb_json_out *out)
{
    if (!out)
        return;
    free(out->buf);
    free(out);
}

static bool grow(struct sb_json_out *out, size_t count)
{
    if (count > out->max - out->len)
        return false;
    size_t cap = out->cap;
    while (cap - out->len < count)
        cap = cap > out->max / 2 ? out->max : cap * 2;
    char *buf = realloc(out->buf, cap + 1);
    if (!buf)
        return false;
    out->buf = buf;
    out->cap = cap;
    return true;
}

static void add(struct sb_json_out *out, const char *bytes, size_t count)
{
    if (out->has_failed)
        return;
    if (count > out->cap - out->len && !grow(out, count)) {
        out->has_failed = true;
        return;
    }
    memcpy(out->buf + out->len, bytes, count);
    out->len += count;
}

/* Puts the comma that separates this value from the one before it. */
static void before_value(struct sb_json_out *out)
{
    if (out->is_after_key) {
        out->is_after_key = false;
        return;
    }
    if (out->has_items[out->depth])
        add(out, ",", 1);
    out->has_items[out->depth] = true;
}

static void begin(struct sb_json_out *out, const char *bracket)
{
    before_value(out);
    SB_ASSERT(out->depth < OUT_DEPTH_MAX);
    add(out, bracket, 1);
    out->depth++;
    out->has_items[out->depth] = false;
}

static void end(struct sb_json_out *out, const char *bracket)
{
    SB_ASSERT(out->depth > 0 && !out->is_after_key);
    out->depth--;
    add(out, bracket, 1);
}

void sb_json_object_begin(struct sb_json_out *out)
{
    begin(out, "{");
}

void sb_json_object_end(struct sb_json_out *out)
{
    end(out, "}");
}

void sb_json_array_begin(struct sb_json_out *out)
{
    begin(out, "[");
}

void sb_json_array_end(struct sb_json_out *out)
{
    end(out, "]");
}

static void add_escaped(struct sb_json_out *out, const char *text, size_t size)
{
    add(out, "\"", 1);
    for (size_t i = 0; i < size && !out->has_failed;) {
        size_t plain = sb_escape_plain(text + i, size - i);
        add(out, text + i, plain);
        i += plain;
        if (i < size) {
            char escaped[SB_ESCAPE_MAX];
            size_t escaped_len;
            i += sb_escape_char(text + i, size - i, escaped, &escaped_len);
            add(out, escaped, escaped_len);
        }
    }
    add(out, "\"", 1);
}

void sb_json_key(struct sb_json_out *out, const char *key)
{
    SB_ASSERT(out->depth > 0 && !out->is_after_key);
    before_value(out);
    add_escaped(out, key, strlen(key));
    add(out, ":", 1);
    out->is_after_key = true;
}

void sb_json_string_n(struct sb_json_out *out, const char *text, size_t size)
{
    before_value(out);
    add_escaped(out, text, size);
}

void sb_json_string(struct sb_json_out *out, const char *text)
{
    if (text)
        sb_json_string_n(out, text, strlen(text));
    else
        sb_json_raw(out, "null");
}

void sb_json_integer(struct sb_json_out *out, int64_t value)
{
    char digits[24];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof digits);
    sb_text_add_i64(&text, value);
    sb_json_raw(out, digits);
}

void sb_json_boolean(struct sb_json_out *out, bool value)
{
    sb_json_raw(out, value ? "true" : "false");
}

void sb_json_raw(struct sb_json_out *out, const char *json)
{
    before_value(out);
    add(out, json, strlen(json));
}

char *sb_json_out_take(struct sb_json_out *out)
{
    SB_ASSERT(out->depth == 0 && !out->is_after_key);
    char *text = out->has_failed ? NULL : out->buf;
    if (text) {
        text[out->len] = '\0';
        out->buf = NULL;
    }
    out->len = out->cap = out->max = 0; /* whatever is written after a take goes nowhere */
    out->has_failed = true;
    return text;
}
