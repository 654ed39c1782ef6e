/* JSON -> model values. Journals and recordings outlive the program that wrote them, so fields that are missing get their "none"
 * value and fields we do not know are passed over; what is there must have the right type and range. Any thread. */
#include "signalbox/codec/codec.h"

#include "fields.h"
#include "tree.h"

#include "signalbox/base/text.h"

#include <jansson.h>
#include <string.h>

static enum sb_err wrong(const char *kind, const char *field, const char *expected, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_INVALID, "%s.%s: %s expected", kind, field, expected);
}

static bool read_unsigned(const json_t *value, uint64_t *out)
{
    if (json_is_string(value))
        return sb_parse_u64(json_string_value(value), out);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static enum sb_err read_value(const json_t *value, const char *kind, const struct sb_field *field, unsigned char *at,
                              struct sb_error *err)
{
    uint64_t u = sb_field_none(field->type);
    int64_t i;
    int word;

    switch (sb_field_shape(field->type)) {
    case SB_SHAPE_UNSIGNED:
        if (!json_is_null(value) && (!read_unsigned(value, &u) || u > sb_field_max(field->type)))
            return wrong(kind, field->name, "a number in range", err);
        sb_field_store(field->type, at, u);
        return SB_OK;
    case SB_SHAPE_SIGNED:
        if (!json_is_integer(value))
            return wrong(kind, field->name, "an integer", err);
        i = json_integer_value(value);
        memcpy(at, &i, sizeof i);
        return SB_OK;
    case SB_SHAPE_FLAG:
        if (!json_is_boolean(value))
            return wrong(kind, field->name, "true or false", err);
        *(bool *)(void *)at = json_is_true(value);
        return SB_OK;
    case SB_SHAPE_TEXT:
        if (!json_is_string(value))
            return wrong(kind, field->name, "a string", err);
        /* a replacement character is longer than the byte it stands for: cutting is right here */
        (void)sb_copy((char *)at, sb_field_size(field->type), json_string_value(value));
        return SB_OK;
    case SB_SHAPE_ENUM:
        /* none of the words is written as its number: "no component", "any rule" */
        if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT8_MAX &&
            !sb_field_enum_text(field->type, (unsigned)json_integer_value(value))) {
            *at = (unsigned char)json_integer_value(value);
            return SB_OK;
        }
        word = json_is_string(value) ? sb_field_enum_parse(field->type, json_string_value(value)) : -1;
        if (word < 0)
            return wrong(kind, field->name, "a known word", err);
        *at = (unsigned char)word;
        return SB_OK;
    }
    return wrong(kind, field->name, "a known type", err);
}

static enum sb_err read_fields(const json_t *line, const struct sb_kind_info *info, void *payload, bool is_line, struct sb_error *err)
{
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *field = &info->fields[i];
        unsigned char *at = (unsigned char *)payload + field->offset;
        char key[SB_NAME_MAX + 1];
        struct sb_text text;

        sb_text_init(&text, key, sizeof key);
        sb_text_add(&text, field->name);
        if (is_line && sb_envelope_has(field->name))
            sb_text_add(&text, "_");
        const json_t *value = json_object_get(line, key);
        if (!value) {
            if (sb_field_shape(field->type) == SB_SHAPE_UNSIGNED)
                sb_field_store(field->type, at, sb_field_none(field->type));
            continue;
        }
        enum sb_err code = read_value(value, info->name, field, at, err);
        if (code)
            return code;
    }
    return SB_OK;
}

/* Index of the kind of that name, or -1. */
static int find_kind(const char *name, const struct sb_kind_info *infos, unsigned count)
{
    for (unsigned i = 0; name && i < count; i++)
        if (sb_streq(infos[i].name, name))
            return (int)i;
    return -1;
}

static enum sb_err unknown(const char *name, const char *what, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_INVALID, "kind \"%.40s\" is no %s this program knows", name ? name : "", what);
}

static enum sb_err open_line(const char *text, size_t size, const char *what, const struct sb_kind_info *infos, unsigned count,
                             json_t **line, int *kind, struct sb_error *err)
{
    json_t *root;
    enum sb_err code = sb_tree_load(&root, text, size, err);
    if (code)
        return code;
    const char *name = json_string_value(json_object_get(root, "kind"));
    *kind = find_kind(name, infos, count);
    if (*kind < 0) {
        code = unknown(name, what, err);
        json_decref(root);
        return code;
    }
    *line = root;
    return SB_OK;
}

/* Reads an integer of the envelope; missing is 0. */
static enum sb_err read_stamp(const json_t *line, const char *key, int64_t *out, struct sb_error *err)
{
    const json_t *value = json_object_get(line, key);
    if (value && !json_is_integer(value))
        return sb_error_set(err, SB_ERR_INVALID, "%s: an integer expected", key);
    *out = value ? json_integer_value(value) : 0;
    return SB_OK;
}

enum sb_err sb_codec_event_read(const char *json, size_t size, struct sb_event *event, struct sb_error *err)
{
    struct sb_event read;
    json_t *line = NULL;
    int kind = 0;
    enum sb_err code = open_line(json, size, "event", sb_event_infos, SB_EVENT_COUNT, &line, &kind, err);
    if (code)
        return code;

    memset(&read, 0, sizeof read);
    read.kind = (uint16_t)kind;
    const json_t *seq = json_object_get(line, "seq");
    if (seq && !read_unsigned(seq, &read.seq))
        code = sb_error_set(err, SB_ERR_INVALID, "seq: a number expected");
    if (!code)
        code = read_stamp(line, "now", &read.now, err);
    if (!code)
        code = read_stamp(line, "wall", &read.wall.ns, err);
    if (!code)
        code = read_fields(line, &sb_event_infos[kind], &read.as, true, err);
    if (!code)
        *event = read;
    json_decref(line);
    return code;
}

enum sb_err sb_codec_event_read_row(uint64_t seq, struct sb_wall wall, const char *kind, const char *payload, size_t size, struct sb_event *event,
                                    struct sb_error *err)
{
    struct sb_event read;
    json_t *fields = NULL;
    int found = find_kind(kind, sb_event_infos, SB_EVENT_COUNT);
    if (found < 0)
        return unknown(kind, "event", err);
    enum sb_err code = sb_tree_load(&fields, payload, size, err);
    if (code)
        return code;
    memset(&read, 0, sizeof read);
    read.kind = (uint16_t)found;
    read.seq = seq;
    read.wall = wall;
    code = read_fields(fields, &sb_event_infos[found], &read.as, false, err);
    if (!code)
        *event = read;
    json_decref(fields);
    return code;
}

enum sb_err sb_codec_input_read(const char *json, size_t size, struct sb_input *input, struct sb_error *err)
{
    struct sb_input read;
    json_t *line = NULL;
    int kind = 0;
    enum sb_err code = open_line(json, size, "input", sb_input_infos, SB_INPUT_COUNT, &line, &kind, err);
    if (code)
        return code;

    memset(&read, 0, sizeof read);
    read.kind = (uint16_t)kind;
    code = read_stamp(line, "now", &read.now, err);
    if (!code)
        code = read_stamp(line, "wall", &read.wall.ns, err);
    if (!code)
        code = read_fields(line, &sb_input_infos[kind], &read.as, true, err);
    if (!code)
        *input = read;
    json_decref(line);
    return code;
}
