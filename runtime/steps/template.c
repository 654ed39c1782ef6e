/* Expansion of "{{path}}". Runs on worker threads, holds no state. It must never interpret a value it inserted: page text, model
 * output and rows come through here. */
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 200 };

/* One value found in the run. `text` is malloc'ed, or NULL for null. */
struct value {
    enum sb_json_type type;
    char *text;
};

struct sb_scope sb_scope_make(const struct sb_step_env *env, const struct sb_json *outputs)
{
    const struct sb_catalogue *catalogue = env->services->catalogue;
    return (struct sb_scope){ .env = env,
                              .outputs = outputs,
                              .account = catalogue->site_count > 0 ? catalogue->sites[0].account : NULL,
                              .place = env->params->place };
}

static struct value value_text(const char *text)
{
    return (struct value){ SB_JSON_STRING, strdup(text) };
}

static struct value value_number(int64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    return (struct value){ SB_JSON_NUMBER, strdup(text) };
}

static struct value value_json(const struct sb_json *json, const char *path)
{
    enum sb_json_type type = json ? sb_json_type(json, path) : SB_JSON_MISSING;
    if (type == SB_JSON_MISSING || type == SB_JSON_NULL)
        return (struct value){ type, NULL };
    return (struct value){ type, sb_json_text(json, path) };
}

static struct value value_now(const struct sb_scope *scope, const char *rest)
{
    char text[40];
    struct sb_text out;
    if (rest[0] == '\0')
        return value_number(sb_step_now_ms(scope->env));
    if (!sb_streq(rest, "iso"))
        return (struct value){ SB_JSON_MISSING, NULL };
    sb_text_init(&out, text, sizeof text);
    sb_text_add_wall(&out, scope->env->wall_now(), true);
    return value_text(text);
}

/* The length of an hour in ms: shorter in a practice world that runs faster, whose counters and schedules run faster too. */
static struct value value_hour(const struct sb_scope *scope, const char *rest)
{
    const struct sb_settings *settings = &scope->env->services->catalogue->settings;
    int64_t hour_ms = SB_HOUR(1) / SB_MS(1);
    bool is_fast = settings->is_practice && settings->speed_pct > 100;
    return rest[0] ? (struct value){ SB_JSON_MISSING, NULL } : value_number(is_fast ? hour_ms / settings->speed_pct * 100 : hour_ms);
}

static struct value value_account(const struct sb_scope *scope, const char *rest)
{
    if (rest[0] != '\0' || scope->account == NULL)
        return (struct value){ SB_JSON_MISSING, NULL };
    return value_text(scope->account);
}

static struct value value_job(const struct sb_scope *scope, const char *rest)
{
    return rest[0] ? (struct value){ SB_JSON_MISSING, NULL } : value_text(scope->env->job->name);
}

static struct value value_run(const struct sb_scope *scope, const char *rest)
{
    return rest[0] ? (struct value){ SB_JSON_MISSING, NULL } : value_number((int64_t)scope->env->run);
}

static struct value value_tier(const struct sb_scope *scope, const char *rest)
{
    return rest[0] ? (struct value){ SB_JSON_MISSING, NULL } : value_text(sb_tier_text(scope->env->tier));
}

static struct value value_steps(const struct sb_scope *scope, const char *rest)
{
    return value_json(scope->outputs, rest);
}

static struct value value_item(const struct sb_scope *scope, const char *rest)
{
    char path[2 * PATH_MAX_BYTES];
    if (scope->item == NULL)
        return (struct value){ SB_JSON_MISSING, NULL };
    (void)snprintf(path, sizeof path, "%s%s%s", scope->item_path, rest[0] && scope->item_path[0] ? "." : "", rest);
    return value_json(scope->item, path);
}

static struct value value_with(const struct sb_scope *scope, const char *rest)
{
    for (size_t i = 0; i < scope->with_count; i++)
        if (sb_streq(scope->with[i].key, rest))
            return value_text(scope->with[i].value);
    return (struct value){ SB_JSON_MISSING, NULL };
}

static const struct {
    const char *name;
    struct value (*get)(const struct sb_scope *scope, const char *rest);
} roots[] = {
    { "now", value_now },   { "hour", value_hour }, { "account", value_account }, { "job", value_job },   { "run", value_run },
    { "tier", value_tier }, { "steps", value_steps },     { "item", value_item }, { "with", value_with },
};

static struct value look_up(const struct sb_scope *scope, const char *path)
{
    const char *dot = strchr(path, '.');
    size_t length = dot ? (size_t)(dot - path) : strlen(path);
    for (size_t i = 0; i < SB_LEN(roots); i++)
        if (strlen(roots[i].name) == length && strncmp(roots[i].name, path, length) == 0)
            return roots[i].get(scope, dot ? dot + 1 : "");
    return (struct value){ SB_JSON_MISSING, NULL };
}

/* Cuts the next "{{path}}" out of `at`. Returns where the text goes on, or NULL for a mistake in the template. */
static const char *read_path(const struct sb_scope *scope, const char *at, char path[PATH_MAX_BYTES], struct sb_error *err)
{
    const char *end = strstr(at, "}}");
    const char *from = at + 2;
    if (end == NULL) {
        (void)sb_error_set(err, SB_ERR_INVALID, "%s: \"{{\" without \"}}\" in a template", scope->place);
        return NULL;
    }
    while (*from == ' ')
        from++;
    const char *to = end;
    while (to > from && to[-1] == ' ')
        to--;
    size_t length = (size_t)(to - from);
    if (length == 0 || length >= PATH_MAX_BYTES) {
        (void)sb_error_set(err, SB_ERR_INVALID, "%s: a template path has 1 to %d characters", scope->place, PATH_MAX_BYTES - 1);
        return NULL;
    }
    (void)sb_copy_n(path, PATH_MAX_BYTES, from, length);
    return end + 2;
}

static enum sb_err find(const struct sb_scope *scope, const char *path, struct value *value, struct sb_error *err)
{
    struct value found = look_up(scope, path);
    if (found.type == SB_JSON_MISSING)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "%s: {{%s}} leads to no value of this run", scope->place, path);
    if (found.text == NULL && found.type != SB_JSON_NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for {{%s}}", scope->place, path);
    *value = found;
    return SB_OK;
}

static void add_encoded(struct sb_blob *blob, const char *text)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        char code[3] = { '%', digits[byte >> 4], digits[byte & 15] };
        if (strchr(safe, *text) != NULL)
            sb_blob_add(blob, text, 1);
        else
            sb_blob_add(blob, code, 3);
    }
}

enum sb_err sb_template_expand(const struct sb_scope *scope, const char *template, enum sb_template_use use, char **text,
                               struct sb_error *err)
{
    struct sb_blob blob = { .max = SB_STEP_TEXT_MAX };
    enum sb_err code = SB_OK;
    const char *at = template;
    for (const char *mark; (mark = strstr(at, "{{")) != NULL;) {
        char path[PATH_MAX_BYTES];
        struct value value = { SB_JSON_MISSING, NULL };
        sb_blob_add(&blob, at, (size_t)(mark - at));
        bool is_first = mark == template;
        at = read_path(scope, mark, path, err);
        code = at == NULL ? SB_ERR_INVALID : find(scope, path, &value, err);
        if (code != SB_OK) {
            free(blob.bytes);
            return code;
        }
        if (value.text != NULL && use == SB_TEMPLATE_URL && !is_first)
            add_encoded(&blob, value.text);
        else if (value.text != NULL)
            sb_blob_add(&blob, value.text, strlen(value.text));
        free(value.text);
    }
    sb_blob_add(&blob, at, strlen(at));
    char *taken = sb_blob_take(&blob);
    if (taken == NULL)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "%s: an expanded template is above %d bytes", scope->place, SB_STEP_TEXT_MAX);
    *text = taken;
    return SB_OK;
}

/* Whether the template is one placeholder and nothing else; then `path` is filled. */
static bool is_lone(const struct sb_scope *scope, const char *template, char path[PATH_MAX_BYTES])
{
    if (strncmp(template, "{{", 2) != 0)
        return false;
    const char *rest = read_path(scope, template, path, NULL);
    return rest != NULL && *rest == '\0';
}

enum sb_err sb_template_cell(const struct sb_scope *scope, const char *template, struct sb_cell *cell, char **text,
                             struct sb_error *err)
{
    char path[PATH_MAX_BYTES];
    int64_t integer = 0;
    if (!is_lone(scope, template, path)) {
        char *expanded = NULL;
        enum sb_err code = sb_template_expand(scope, template, SB_TEMPLATE_TEXT, &expanded, err);
        if (code != SB_OK)
            return code;
        *text = expanded;
        *cell = (struct sb_cell){ .type = SB_CELL_TEXT, .text = expanded, .size = strlen(expanded) };
        return SB_OK;
    }
    struct value value;
    enum sb_err code = find(scope, path, &value, err);
    if (code != SB_OK)
        return code;
    *text = NULL;
    if (value.text == NULL)
        *cell = sb_cell_null();
    else if (value.type == SB_JSON_NUMBER && sb_parse_i64(value.text, &integer))
        *cell = sb_cell_int(integer);
    else if (value.type == SB_JSON_BOOL)
        *cell = sb_cell_int(sb_streq(value.text, "true"));
    else {
        *text = value.text;
        *cell = (struct sb_cell){ .type = SB_CELL_TEXT, .text = value.text, .size = strlen(value.text) };
        return SB_OK;
    }
    free(value.text);
    return SB_OK;
}

enum sb_err sb_template_array(const struct sb_scope *scope, const char *for_each, char **path, size_t *count, struct sb_error *err)
{
    char inner[PATH_MAX_BYTES];
    const char *name = strncmp(for_each, "steps.", 6) == 0 ? for_each + 6 : for_each;
    if (strncmp(for_each, "{{", 2) == 0) { /* tolerated: the same path written as a template */
        if (!is_lone(scope, for_each, inner))
            return sb_error_set(err, SB_ERR_INVALID, "%s: for_each is one path, not a text", scope->place);
        name = strncmp(inner, "steps.", 6) == 0 ? inner + 6 : inner;
    }
    if (sb_json_type(scope->outputs, name) != SB_JSON_ARRAY)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "%s: for_each: steps.%s is no list in this run", scope->place, name);
    char *copy = strdup(name);
    if (copy == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for for_each", scope->place);
    *count = sb_json_count(scope->outputs, name);
    *path = copy;
    return SB_OK;
}

enum sb_err sb_args_expand(const struct sb_scope *scope, const struct sb_pair *pairs, size_t count, struct sb_args *args,
                           struct sb_error *err)
{
    struct sb_args made = { .pairs = calloc(count ? count : 1, sizeof *made.pairs) };
    if (made.pairs == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for %zu arguments", scope->place, count);
    for (size_t i = 0; i < count; i++) {
        char *value = NULL;
        enum sb_err code = sb_template_expand(scope, pairs[i].value, SB_TEMPLATE_TEXT, &value, err);
        if (code != SB_OK) {
            sb_args_free(&made);
            return code;
        }
        made.pairs[made.count++] = (struct sb_pair){ .key = pairs[i].key, .value = value };
    }
    *args = made;
    return SB_OK;
}

const char *sb_args_get(const struct sb_args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++)
        if (sb_streq(args->pairs[i].key, name))
            return args->pairs[i].value;
    return NULL;
}

void sb_args_free(struct sb_args *args)
{
    for (size_t i = 0; i < args->count; i++) {
        char *value = (char *)(uintptr_t)args->pairs[i].value; /* ours: expanded above */
        explicit_bzero(value, strlen(value)); /* an argument may be a password of a login flow */
        free(value);
    }
    free(args->pairs);
    *args = (struct sb_args){ 0 };
}
