/* Reading items off a page. Runs on the thread that uses the context.
 *
 * One script brings back plain texts, positions instead of names, bounded in the page; types, names and missing fields are judged here, where a
 * page cannot interfere. */
#include "chromium.h"
#include "values.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUE_MAX = 64 * 1024,
    TOTAL_MAX = 4 * 1024 * 1024,
    ITEMS_DEFAULT = 1000,
    ITEMS_MAX = 10000,
};

/* fields: [[selector, attribute or null, type]]. A value is a string, or null for "not there". Text is what a reader sees: without hidden
 * parts, with line breaks. */
static const char extract_script[] =
    "function(sel,fields,max,cut,total){"
    "function clean(t){return String(t).slice(0,cut).replace(/\\u0000/g,'\\ufffd').toWellFormed().trim();}"
    "function attr(e,a){if(a==='value'&&'value' in e&&e.value!==undefined)return String(e.value);return e.getAttribute(a);}"
    "function read(root,f){var e=f[0]?root.querySelector(f[0]):root;var v;"
    "if(f[2]==='flag'){if(!e)return'';if(f[1]===null)return'1';v=attr(e,f[1]);"
    "return v===null||v==='false'||v==='0'?'':'1';}"
    "if(!e)return null;"
    "if(f[1]!==null)v=attr(e,f[1]);"
    "else if(f[2]==='time'&&e.hasAttribute('datetime'))v=e.getAttribute('datetime');"
    "else v=typeof e.innerText==='string'?e.innerText:e.textContent;"
    "if(v===null||v===undefined)return null;v=clean(v);"
    "if(f[2]==='time'){var n=/^\\d{9,13}$/.test(v)?Number(v)*(v.length>11?1:1000):v;var d=new Date(n);"
    "return isNaN(d)?v:d.toISOString();}"
    "return v;}"
    "var roots=sel?Array.from(document.querySelectorAll(sel)):[document.documentElement];"
    "var items=[],size=0;"
    "for(var i=0;i<roots.length&&i<max;i++){var row=fields.map(function(f){return read(roots[i],f);});"
    "row.forEach(function(v){size+=v?v.length:0;});if(size>total)return null;items.push(row);}"
    "return items;}";

struct extraction {
    const struct sb_context *context;
    const char *selector;
    const struct sb_extract_field *fields;
    size_t field_count;
    size_t bytes;
};

static json_t *describe_fields(const struct sb_extract_field *fields, size_t count)
{
    static const char *const types[] = { [SB_VALUE_TEXT] = "text", [SB_VALUE_NUMBER] = "number", [SB_VALUE_TIME] = "time", [SB_VALUE_FLAG] = "flag" };
    json_t *list = json_array();

    for (size_t i = 0; i < count && list != NULL; i++) {
        json_t *field = json_pack("[s,s?,s]", fields[i].selector != NULL ? fields[i].selector : "", fields[i].attribute,
                                  types[fields[i].type < SB_VALUE_COUNT ? fields[i].type : SB_VALUE_TEXT]);
        if (field == NULL || json_array_append_new(list, field) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static enum sb_err missing(const struct extraction *all, const struct sb_extract_field *field, size_t item, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_NOT_FOUND, "extract %.60s on %.80s: item %zu has no field %.40s (%.60s); does the selector still fit, or is it "
                                               "optional?", all->selector, all->context->url, item + 1, field->name,
                        field->selector != NULL && field->selector[0] != '\0' ? field->selector : "the item itself");
}

static bool is_iso_time(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00.000Z";

    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return true;
}

/* NULL when the text is not of the field's type. */
static json_t *convert(enum sb_value_type type, const char *text, size_t size)
{
    struct sb_number number;

    switch (type) {
    case SB_VALUE_NUMBER:
        if (!sb_page_number(text, &number))
            return NULL;
        return number.is_integer ? json_integer(number.integer) : json_real(number.real);
    case SB_VALUE_TIME:
        return is_iso_time(text) ? json_string(text) : NULL;
    case SB_VALUE_FLAG:
        return json_boolean(text[0] != '\0');
    case SB_VALUE_TEXT:
    case SB_VALUE_COUNT:
        break;
    }
    return json_stringn(text, sb_page_utf8_cut(text, size, VALUE_MAX));
}

static enum sb_err read_field(struct extraction *all, const json_t *value, size_t index, size_t item, json_t *object, struct sb_error *err)
{
    const struct sb_extract_field *field = &all->fields[index];
    const char *text = json_string_value(value);
    bool is_flag = field->type == SB_VALUE_FLAG;
    /* An empty place where a number or time should be is as missing as no place at all. */
    bool is_missing = text == NULL || (!is_flag && field->type != SB_VALUE_TEXT && text[0] == '\0');
    json_t *made;

    if (is_missing && !field->is_optional)
        return missing(all, field, item, err);
    made = is_missing ? json_null() : convert((enum sb_value_type)field->type, text, json_string_length(value));
    if (made == NULL && field->is_optional)
        made = json_null();
    if (made == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "extract %.60s on %.80s: field %.40s of item %zu is not a %s: \"%.60s\"", all->selector,
                            all->context->url, field->name, item + 1, field->type == SB_VALUE_TIME ? "time" : "number", text);
    all->bytes += text != NULL ? json_string_length(value) : 0;
    if (all->bytes > TOTAL_MAX) {
        json_decref(made);
        return sb_error_set(err, SB_ERR_TOO_LARGE, "extract %.60s on %.80s: more than %d bytes of text; lower the number of items",
                            all->selector, all->context->url, TOTAL_MAX);
    }
    if (json_object_set_new(object, field->name, made) != 0)
        return sb_error_set(err, SB_ERR_INVALID, "extract: the field name %.40s is not valid UTF-8, or memory ended", field->name);
    return SB_OK;
}

static enum sb_err read_item(struct extraction *all, const json_t *row, size_t item, json_t **out, struct sb_error *err)
{
    json_t *object = json_object();
    enum sb_err rc = SB_OK;

    if (object == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for an extracted item");
    for (size_t i = 0; i < all->field_count && rc == SB_OK; i++)
        rc = read_field(all, json_array_get(row, i), i, item, object, err);
    if (rc != SB_OK) {
        json_decref(object);
        return rc;
    }
    *out = object;
    return SB_OK;
}

static enum sb_err read_items(struct extraction *all, const json_t *rows, bool is_many, json_t **out, struct sb_error *err)
{
    size_t count = json_array_size(rows);
    json_t *list, *item;
    enum sb_err rc = SB_OK;

    if (json_is_null(rows))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "extract %.60s on %.80s: more than %d bytes of text; lower the number of items",
                            all->selector, all->context->url, TOTAL_MAX);
    if (!json_is_array(rows))
        return sb_error_set(err, SB_ERR_PROTOCOL, "extract %.60s on %.80s: the page gave no list", all->selector, all->context->url);
    if (!is_many && count == 0)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "extract %.60s on %.80s: no element matches; does the selector still fit the page?",
                            all->selector, all->context->url);
    if (!is_many)
        return read_item(all, json_array_get(rows, 0), 0, out, err);
    list = json_array();
    for (size_t i = 0; i < count && rc == SB_OK; i++) {
        rc = read_item(all, json_array_get(rows, i), i, &item, err);
        if (rc == SB_OK && json_array_append_new(list, item) != 0)
            rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu extracted items", count);
    }
    if (rc != SB_OK) {
        json_decref(list);
        return rc;
    }
    *out = list;
    return SB_OK;
}

enum sb_err sb_page_extract(struct sb_context *context, const char *selector, const struct sb_extract_field *fields, size_t field_count,
                            bool is_many, uint32_t max_items, const struct sb_op *op, char **json, struct sb_error *err)
{
    struct extraction all = { context, selector != NULL && selector[0] != '\0' ? selector : "the page", fields, field_count, 0 };
    uint32_t max = !is_many ? 1 : max_items == 0 ? ITEMS_DEFAULT : max_items;
    json_t *rows = NULL, *result = NULL;
    char *text;

    if (max > ITEMS_MAX)
        max = ITEMS_MAX;
    json_t *args = json_pack("[s,o,i,i,i]", selector != NULL ? selector : "", describe_fields(fields, field_count), (int)max, VALUE_MAX, TOTAL_MAX);
    enum sb_err rc = sb_page_call(context, extract_script, args, op, &rows, err);
    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "extract %.60s on %.80s", all.selector, context->url);
        return rc;
    }
    rc = read_items(&all, rows, is_many, &result, err);
    json_decref(rows);
    if (rc != SB_OK)
        return rc;
    text = json_dumps(result, JSON_COMPACT);
    json_decref(result);
    if (text == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the extracted items");
    *json = text;
    return SB_OK;
}
