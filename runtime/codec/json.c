/* The reader of JSON documents: a jansson tree behind dotted paths. A document belongs to one thread at a time. */
#include "signalbox/codec/codec.h"

#include "tree.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sb_json {
    json_t *root;
};

/* Deepest nesting of the text, brackets inside strings not counted. */
static unsigned nesting(const char *text, size_t size)
{
    unsigned depth = 0, deepest = 0;
    bool is_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (is_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                is_string = false;
        } else if (c == '"') {
            is_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

enum sb_err sb_tree_load(json_t **root, const char *text, size_t size, struct sb_error *err)
{
    json_error_t error;
    if (nesting(text, size) > SB_TREE_DEPTH_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "JSON is nested deeper than %d", SB_TREE_DEPTH_MAX);
    json_t *loaded = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!loaded)
        return sb_error_set(err, SB_ERR_INVALID, "not JSON: line %d, column %d: %s", error.line, error.column, error.text);
    *root = loaded;
    return SB_OK;
}

enum sb_err sb_json_parse(struct sb_json **json, const char *text, size_t size, struct sb_error *err)
{
    json_t *root;
    enum sb_err code = sb_tree_load(&root, text, size, err);
    if (code)
        return code;
    struct sb_json *made = malloc(sizeof *made);
    if (!made) {
        json_decref(root);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a JSON document");
    }
    made->root = root;
    *json = made;
    return SB_OK;
}

void sb_json_destroy(struct sb_json *json)
{
    if (!json)
        return;
    json_decref(json->root);
    free(json);
}

/* The member or element which the first part of the path names; NULL when there is none. */
static const json_t *child(const json_t *value, const char *part, size_t length)
{
    char key[256];
    uint64_t index;
    if (length >= sizeof key)
        return NULL;
    memcpy(key, part, length);
    key[length] = '\0';
    if (json_is_array(value))
        return sb_parse_u64(key, &index) ? json_array_get(value, (size_t)index) : NULL;
    return json_object_get(value, key);
}

static const json_t *find(const struct sb_json *json, const char *path)
{
    const json_t *value = json->root;
    while (value && *path) {
        size_t length = strcspn(path, ".");
        value = child(value, path, length);
        path += length;
        if (*path == '.')
            path++;
    }
    return value;
}

enum sb_json_type sb_json_type(const struct sb_json *json, const char *path)
{
    static const enum sb_json_type types[] = {
        [JSON_OBJECT] = SB_JSON_OBJECT, [JSON_ARRAY] = SB_JSON_ARRAY,   [JSON_STRING] = SB_JSON_STRING,
        [JSON_INTEGER] = SB_JSON_NUMBER, [JSON_REAL] = SB_JSON_NUMBER,  [JSON_TRUE] = SB_JSON_BOOL,
        [JSON_FALSE] = SB_JSON_BOOL,    [JSON_NULL] = SB_JSON_NULL,
    };
    const json_t *value = find(json, path);
    return value ? types[json_typeof(value)] : SB_JSON_MISSING;
}

char *sb_json_text(const struct sb_json *json, const char *path)
{
    const json_t *value = find(json, path);
    if (!value)
        return NULL;
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)); /* 0.043825, not its nearest double */
}

bool sb_json_i64(const struct sb_json *json, const char *path, int64_t *out)
{
    const json_t *value = find(json, path);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (json_is_string(value))
        return sb_parse_i64(json_string_value(value), out);
    if (json_is_real(value)) {
        double real = json_real_value(value);
        if (!(real > -9.2233720368547748e18 && real < 9.2233720368547748e18))
            return false;
        *out = (int64_t)real;
        return true;
    }
    return false;
}

size_t sb_json_count(const struct sb_json *json, const char *path)
{
    const json_t *value = find(json, path);
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}
