/* The effective values as they were read, each with its place. Answers for the catalogue that was loaded last; main thread only, like
 * loading itself. A value that could be a secret never gets here: it is masked where it is remembered. */
#include "values.h"

#include "load.h"

#include "signalbox/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char masked[] = "***";

/* --- what is remembered of a value ---------------------------------------------------------------------------------------------------- */

/* Keys take secrets by reference only; these names are of free texts (headers, arguments), where somebody may have written one down. */
static bool is_secret_name(const char *path)
{
    static const char *const names[] = { "password", "secret", "token", "api_key", "apikey", "authorization", "cookie", "credential" };
    const char *dot = strrchr(path, '.');
    const char *name = dot != NULL ? dot + 1 : path;
    for (size_t i = 0; i < SB_LEN(names); i++) {
        for (const char *at = name; *at != '\0'; at++) {
            if (strncasecmp(at, names[i], strlen(names[i])) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* "redis://user:word@host" without the word. */
static void add_scalar(struct sb_text *out, const char *text)
{
    const char *host = strstr(text, "://");
    const char *at = host != NULL ? memchr(host + 3, '@', strcspn(host + 3, "/?")) : NULL;
    const char *colon = at != NULL ? memchr(host + 3, ':', (size_t)(at - host) - 3) : NULL;
    if (colon != NULL) {
        sb_text_add_n(out, text, (size_t)(colon - text) + 1);
        sb_text_add(out, masked);
        text = at;
    }
    sb_text_add(out, text);
}

/* Numbers are none, however their key is called ("max_tokens"). */
static bool is_secret(const char *path, const struct sb_cfg_node *node)
{
    if (!is_secret_name(path) || (node->kind == SB_CFG_SCALAR && sb_cfg_check_secret(node->text) == NULL)) {
        return false;
    }
    return node->kind == SB_CFG_LIST || (node->kind == SB_CFG_SCALAR && !(node->text[0] >= '0' && node->text[0] <= '9'));
}

void sb_cfg_write_value(const char *path, const struct sb_cfg_node *node, struct sb_text *out)
{
    if (is_secret(path, node)) {
        sb_text_add(out, masked);
        return;
    }
    if (node->kind == SB_CFG_SCALAR) {
        add_scalar(out, node->text);
        return;
    }
    sb_text_add(out, node->kind == SB_CFG_LIST ? "[" : "{");
    for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first) {
            sb_text_add(out, ", ");
        }
        if (child->key != NULL) {
            sb_cfg_write_value("", child->key, out);
            sb_text_add(out, ": ");
        }
        sb_cfg_write_value(child->key != NULL && child->key->kind == SB_CFG_SCALAR ? child->key->text : "", child, out);
    }
    sb_text_add(out, node->kind == SB_CFG_LIST ? "]" : "}");
}

/* --- telling them --------------------------------------------------------------------------------------------------------------------- */

struct walk {
    const struct sb_cfg_box *box;
    void (*visit)(void *arg, const struct sb_config_value *value);
    void *arg;
    bool *is_told; /* of each origin */
    char path[SB_CFG_PATH_MAX];
};

/* Pairs are told one by one: they follow the key they are of. */
static bool has_parts(const struct sb_cfg_box *box, size_t i)
{
    const size_t size = strlen(box->origins[i].path);
    return i + 1 < box->origin_count && strncmp(box->origins[i + 1].path, box->origins[i].path, size) == 0 && box->origins[i + 1].path[size] == '.';
}

static void tell_origin(struct walk *walk, size_t i)
{
    const struct sb_cfg_origin *origin = &walk->box->origins[i];
    if (walk->is_told[i] || has_parts(walk->box, i)) {
        return;
    }
    walk->is_told[i] = true;
    const struct sb_config_value value = { .key = origin->path, .value = origin->value, .file = origin->file, .line = origin->line,
                                           .column = origin->column };
    walk->visit(walk->arg, &value);
}

/* What was given for the path, or the default. */
static void tell_key(struct walk *walk, const struct sb_cfg_key *key)
{
    const uint64_t hash = sb_hash_bytes(walk->path, strlen(walk->path));
    for (size_t i = 0; i < walk->box->origin_count; i++) {
        if (walk->box->origins[i].path_hash == hash) {
            tell_origin(walk, i);
            return;
        }
    }
    const struct sb_config_value value = { .key = walk->path, .value = key->default_text != NULL ? key->default_text : key->default_note,
                                           .is_default = true, .is_derived = key->default_text == NULL };
    if (value.value != NULL) {
        walk->visit(walk->arg, &value);
    }
}

/* The keys that are there once, in the order of the table. */
static void tell_section(struct walk *walk, const struct sb_cfg_section *section)
{
    const size_t size = strlen(walk->path);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        struct sb_text text;
        sb_text_init(&text, walk->path + size, sizeof walk->path - size);
        sb_text_addf(&text, "%s%s", size > 0 ? "." : "", key->name);
        if (key->type < SB_CFG_SECTION) {
            tell_key(walk, key);
        } else if (key->type == SB_CFG_SECTION) {
            tell_section(walk, key->section);
        }
        walk->path[size] = '\0';
    }
}

bool sb_config_each(void (*visit)(void *arg, const struct sb_config_value *value), void *arg)
{
    struct walk walk = { .box = sb_cfg_explained(), .visit = visit, .arg = arg };
    if (walk.box == NULL) {
        return true;
    }
    walk.is_told = calloc(walk.box->origin_count + 1, sizeof *walk.is_told);
    if (walk.is_told == NULL) {
        return false;
    }
    tell_section(&walk, &sb_cfg_root_section);
    for (size_t i = 0; i < walk.box->origin_count; i++) { /* jobs, sites, channels ...: what the files say of each */
        tell_origin(&walk, i);
    }
    free(walk.is_told);
    return true;
}
