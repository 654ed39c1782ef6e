/* Model values -> JSON, straight into the caller's buffer: the journal writes one payload per event, so nothing is allocated and
 * no tree is built. The reflection tables say what a kind holds. Any thread; never fails but for space. */
#include "signalbox/codec/codec.h"

#include "escape.h"
#include "fields.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <string.h>

struct put {
    char *out;
    size_t cap, len;
    bool is_cut;
};

static void put_bytes(struct put *put, const char *bytes, size_t count)
{
    if (put->is_cut || count >= put->cap - put->len) {
        put->is_cut = true;
        return;
    }
    memcpy(put->out + put->len, bytes, count);
    put->len += count;
}

static void put_text(struct put *put, const char *text)
{
    put_bytes(put, text, strlen(text));
}

static void put_string(struct put *put, const char *bytes, size_t count)
{
    put_bytes(put, "\"", 1);
    for (size_t i = 0; i < count && !put->is_cut;) {
        size_t plain = sb_escape_plain(bytes + i, count - i);
        put_bytes(put, bytes + i, plain);
        i += plain;
        if (i < count) {
            char escaped[SB_ESCAPE_MAX];
            size_t escaped_len;
            i += sb_escape_char(bytes + i, count - i, escaped, &escaped_len);
            put_bytes(put, escaped, escaped_len);
        }
    }
    put_bytes(put, "\"", 1);
}

static void put_u64(struct put *put, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put_bytes(put, digits + at, sizeof digits - at);
}

static void put_i64(struct put *put, int64_t value)
{
    if (value < 0)
        put_bytes(put, "-", 1);
    put_u64(put, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* Readers hold integers in 64 signed bits, so what does not fit travels as a string of digits. */
static void put_unsigned(struct put *put, uint64_t value)
{
    bool is_large = value > INT64_MAX;
    if (is_large)
        put_bytes(put, "\"", 1);
    put_u64(put, value);
    if (is_large)
        put_bytes(put, "\"", 1);
}

static void put_enum(struct put *put, enum sb_field_type type, uint8_t value)
{
    const char *text = sb_field_enum_text(type, value);
    if (text)
        put_string(put, text, strlen(text));
    else
        put_u64(put, value);
}

static void put_value(struct put *put, const struct sb_field *field, const unsigned char *payload)
{
    const unsigned char *at = payload + field->offset;
    enum sb_field_shape shape = sb_field_shape(field->type);
    uint64_t u = 0;
    int64_t i = 0;

    switch (shape) {
    case SB_SHAPE_UNSIGNED:
        u = sb_field_load(field->type, at);
        if (sb_field_is_none(field->type, u))
            put_text(put, "null");
        else
            put_unsigned(put, u);
        break;
    case SB_SHAPE_SIGNED:
        memcpy(&i, at, sizeof i);
        put_i64(put, i);
        break;
    case SB_SHAPE_FLAG:
        put_text(put, *at ? "true" : "false");
        break;
    case SB_SHAPE_TEXT:
        put_string(put, (const char *)at, strnlen((const char *)at, sb_field_size(field->type)));
        break;
    case SB_SHAPE_ENUM:
        put_enum(put, field->type, *at);
        break;
    }
}

static void put_fields(struct put *put, const struct sb_kind_info *info, const void *payload, bool is_line)
{
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *field = &info->fields[i];
        if (is_line || i > 0)
            put_bytes(put, ",", 1);
        put_bytes(put, "\"", 1);
        put_text(put, field->name);
        /* names are ours and plain; one that repeats a name of the envelope is told apart by a trailing "_" */
        if (is_line && sb_envelope_has(field->name))
            put_bytes(put, "_", 1);
        put_bytes(put, "\":", 2);
        put_value(put, field, payload);
    }
}

static size_t put_end(struct put *put)
{
    put_bytes(put, "}", 1);
    if (put->is_cut)
        return 0;
    put->out[put->len] = '\0';
    return put->len;
}

static void put_line(struct put *put, sb_ns now, struct sb_wall wall, const struct sb_kind_info *info, const void *payload)
{
    put_text(put, "\"now\":");
    put_i64(put, now);
    put_text(put, ",\"wall\":");
    put_i64(put, wall.ns);
    put_text(put, ",\"kind\":\"");
    put_text(put, info->name);
    put_bytes(put, "\"", 1);
    put_fields(put, info, payload, true);
}

size_t sb_codec_event_write(const struct sb_event *event, char *out, size_t cap)
{
    struct put put = { .out = out, .cap = cap };
    SB_ASSERT(event->kind < SB_EVENT_COUNT);
    put_text(&put, "{\"seq\":");
    put_unsigned(&put, event->seq);
    put_bytes(&put, ",", 1);
    put_line(&put, event->now, event->wall, &sb_event_infos[event->kind], &event->as);
    return put_end(&put);
}

size_t sb_codec_event_payload(const struct sb_event *event, char *out, size_t cap)
{
    struct put put = { .out = out, .cap = cap };
    SB_ASSERT(event->kind < SB_EVENT_COUNT);
    put_bytes(&put, "{", 1);
    put_fields(&put, &sb_event_infos[event->kind], &event->as, false);
    return put_end(&put);
}

size_t sb_codec_input_write(const struct sb_input *input, char *out, size_t cap)
{
    struct put put = { .out = out, .cap = cap };
    SB_ASSERT(input->kind < SB_INPUT_COUNT);
    put_bytes(&put, "{", 1);
    put_line(&put, input->now, input->wall, &sb_input_infos[input->kind], &input->as);
    return put_end(&put);
}
