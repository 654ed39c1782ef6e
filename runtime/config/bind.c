/* The binder: walks a tree along the key table and fills structs. One thread. It must never stop at a mistake: it reports and goes on,
 * leaving the default in place. */
#include "values.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ reporting, places */

void sb_cfg_blame(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *hint, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sb_cfg_report(binder->errors, sb_cfg_place_of(node), hint, "%s", message);
}

const struct sb_cfg_node *sb_cfg_spot(const struct sb_cfg_node *map, const char *key)
{
    const struct sb_cfg_node *value = key != NULL ? sb_cfg_get(map, key) : NULL;
    if (value != NULL) {
        return value;
    }
    return map->key != NULL ? map->key : map;
}

bool sb_cfg_is_set(const struct sb_cfg_section *section, uint64_t set, const char *key)
{
    const struct sb_cfg_key *row = sb_cfg_find_key(section, key);
    SB_ASSERT(row != NULL);
    return (set >> (row - section->keys) & 1u) != 0;
}

const struct sb_cfg_key *sb_cfg_find_key(const struct sb_cfg_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (sb_streq(section->keys[i].name, name)) {
            return &section->keys[i];
        }
    }
    return NULL;
}

/* Appends ".name" to the path; returns the size to restore afterwards. */
size_t sb_cfg_push_path(struct sb_cfg_binder *binder, const char *name)
{
    size_t before = binder->path_size;
    size_t size = strlen(name);
    if (before + size + 2 < sizeof binder->path) {
        if (before > 0) {
            binder->path[binder->path_size++] = '.';
        }
        memcpy(binder->path + binder->path_size, name, size + 1);
        binder->path_size += size;
    }
    return before;
}

void sb_cfg_pop_path(struct sb_cfg_binder *binder, size_t before)
{
    binder->path_size = before;
    binder->path[before] = '\0';
}

enum { VALUE_SHOWN_MAX = 512 };

static uint64_t hash_value(const struct sb_cfg_node *node, uint64_t hash)
{
    hash = node->kind == SB_CFG_SCALAR ? (hash ^ sb_hash_bytes(node->text, node->size)) * 0x9e3779b97f4a7c15u : hash * 31 + node->count;
    for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
        hash = hash_value(child, child->key != NULL ? hash_value(child->key, hash) : hash);
    }
    return hash;
}

void sb_cfg_note_origin(struct sb_cfg_binder *binder, const struct sb_cfg_node *node)
{
    if (binder->origin_count == binder->origin_cap) {
        size_t cap = binder->origin_cap > 0 ? binder->origin_cap * 2 : 64;
        struct sb_cfg_origin *grown = sb_cfg_take(binder->kept, cap, sizeof *grown);
        if (grown == NULL) {
            return;
        }
        if (binder->origin_count > 0) {
            memcpy(grown, binder->origins, binder->origin_count * sizeof *grown);
        }
        binder->origins = grown;
        binder->origin_cap = cap;
    }
    const char *file = binder->origin_count > 0 ? binder->origins[binder->origin_count - 1].file : "";
    if (!sb_streq(file, node->doc->name)) {
        file = sb_cfg_take_text(binder->kept, node->doc->name, strlen(node->doc->name));
    }
    char shown[VALUE_SHOWN_MAX];
    struct sb_text text;
    sb_text_init(&text, shown, sizeof shown);
    sb_cfg_write_value(binder->path, node, &text);
    if (text.is_cut) {
        memcpy(shown + sizeof shown - 4, "...", 4);
    }
    const char *path = sb_cfg_take_text(binder->kept, binder->path, binder->path_size);
    const char *value = sb_cfg_take_text(binder->kept, shown, strlen(shown));
    if (file != NULL && path != NULL && value != NULL) {
        binder->origins[binder->origin_count++] =
            (struct sb_cfg_origin){.path_hash = sb_hash_bytes(binder->path, binder->path_size), .value_hash = hash_value(node, 7), .path = path,
                                   .value = value, .file = file, .line = node->line, .column = node->column};
    }
}

/* ------------------------------------------------------------------------------------------------ structs */

static void bind_section(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    sb_cfg_bind(binder, key->section, node, sb_cfg_at(target, key->offset));
}

/* An element of a list is known by its name, else by its number. */
static void push_element(struct sb_cfg_binder *binder, const struct sb_cfg_node *element, size_t number)
{
    const struct sb_cfg_node *name = element->kind == SB_CFG_MAP ? sb_cfg_get(element, "name") : NULL;
    char digits[24];
    if (name != NULL && name->kind == SB_CFG_SCALAR && name->size > 0 && name->size < SB_NAME_MAX) {
        (void)sb_cfg_push_path(binder, name->text);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%zu", number);
    (void)sb_cfg_push_path(binder, digits);
}

static void bind_elements(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    const struct sb_cfg_section *section = key->section;
    bool is_fit = key->type == SB_CFG_MAP_OF ? sb_cfg_is_map(binder, key, node) : sb_cfg_is_list(binder, key, node);
    unsigned char *elements =
        is_fit ? sb_cfg_take(section->is_draft ? binder->scratch : binder->kept, node->count, section->size) : NULL;
    size_t count = 0;
    if (elements == NULL) {
        return;
    }
    for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
        bool is_map_entry = key->type == SB_CFG_MAP_OF;
        if (child->is_poisoned || (is_map_entry && !sb_cfg_is_fit_name(binder, key, child))) {
            continue;
        }
        unsigned char *element = elements + section->size * count++;
        size_t before = binder->path_size;
        if (is_map_entry) {
            (void)sb_cfg_push_path(binder, child->key->text);
        } else {
            push_element(binder, child, count);
        }
        if (is_map_entry && section->has_name) {
            sb_cfg_put_pointer(element, section->name_offset, sb_cfg_take_text(binder->kept, child->key->text, child->key->size));
        }
        sb_cfg_bind(binder, section, child, element);
        sb_cfg_pop_path(binder, before);
    }
    sb_cfg_put_pointer(target, key->offset, elements);
    sb_cfg_put_size(target, key->aside_offset, count);
}

static sb_cfg_bind_one *const BINDERS[] = {
    [SB_CFG_FLAG] = sb_cfg_bind_flag,         [SB_CFG_COUNT] = sb_cfg_bind_number,      [SB_CFG_NUMBER] = sb_cfg_bind_number,
    [SB_CFG_DECIMAL] = sb_cfg_bind_decimal,   [SB_CFG_SPAN] = sb_cfg_bind_span,         [SB_CFG_TEXT] = sb_cfg_bind_text,
    [SB_CFG_TEMPLATE] = sb_cfg_bind_text,     [SB_CFG_PATH] = sb_cfg_bind_path,         [SB_CFG_CHOICE] = sb_cfg_bind_choice,
    [SB_CFG_TEXTS] = sb_cfg_bind_texts,       [SB_CFG_TEMPLATES] = sb_cfg_bind_texts,   [SB_CFG_CHOICES] = sb_cfg_bind_choices,
    [SB_CFG_PAIRS] = sb_cfg_bind_pairs,       [SB_CFG_SECTION] = bind_section,   [SB_CFG_BRANCH] = bind_section,
    [SB_CFG_LIST_OF] = bind_elements,  [SB_CFG_MAP_OF] = bind_elements,
};

void sb_cfg_bind_defaults(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, void *target)
{
    static const struct sb_cfg_doc BUILT_IN = {.path = "built-in", .name = "built-in", .is_override = true};
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        if (key->type == SB_CFG_SECTION) {
            sb_cfg_bind_defaults(binder, key->section, sb_cfg_at(target, key->offset));
        } else if (key->default_text != NULL) {
            struct sb_cfg_node node = {.kind = SB_CFG_SCALAR, .doc = &BUILT_IN, .text = key->default_text,
                                       .size = strlen(key->default_text)};
            BINDERS[key->type](binder, key, &node, target);
        }
    }
}

static void report_unknown(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *key)
{
    char hint[200];
    struct sb_cfg_guess guess;
    sb_cfg_guess_init(&guess, key->text);
    for (size_t i = 0; i < section->key_count; i++) {
        sb_cfg_guess_try(&guess, section->keys[i].name);
    }
    const char *near = sb_cfg_guess_hint(&guess, hint, sizeof hint);
    if (near == NULL) {
        struct sb_text text;
        sb_text_init(&text, hint, sizeof hint);
        sb_text_add(&text, "known here:");
        for (size_t i = 0; i < section->key_count; i++) {
            sb_text_addf(&text, " %s", section->keys[i].name);
        }
        near = hint;
    }
    sb_cfg_blame(binder, key, sb_streq(key->text, "<<") ? "merge keys are not supported" : near, "unknown key \"%.60s\" in %s", key->text,
                 section->title);
}

static void bind_key(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *child,
                     void *target, uint64_t *set)
{
    if (child->key->kind != SB_CFG_SCALAR || child->key->flaw == SB_CFG_FLAW_ALIAS) {
        return; /* reported with the form */
    }
    const struct sb_cfg_key *key = sb_cfg_find_key(section, child->key->text);
    if (key == NULL) {
        report_unknown(binder, section, child->key);
        return;
    }
    *set |= 1ull << (key - section->keys);
    if (child->is_poisoned) {
        return;
    }
    size_t before = sb_cfg_push_path(binder, key->name);
    if (key->type < SB_CFG_SECTION) {
        sb_cfg_note_origin(binder, child);
    }
    BINDERS[key->type](binder, key, child, target);
    sb_cfg_pop_path(binder, before);
}

static void check_required(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *node,
                           uint64_t set)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (section->keys[i].is_required && (set >> i & 1u) == 0) {
            sb_cfg_blame(binder, sb_cfg_spot(node, NULL), NULL, "%s lacks the key \"%s\"", section->title, section->keys[i].name);
        }
    }
}

/* Exactly one of the branches. */
static void check_branches(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *node,
                           void *target)
{
    const struct sb_cfg_key *first = NULL;
    bool has_unknown = false; /* perhaps a misspelt branch; that is reported already */
    for (const struct sb_cfg_node *child = node->kind == SB_CFG_MAP ? node->first : NULL; child != NULL; child = child->next) {
        const struct sb_cfg_key *key = child->key->kind == SB_CFG_SCALAR ? sb_cfg_find_key(section, child->key->text) : NULL;
        has_unknown = has_unknown || key == NULL;
        if (key == NULL || key->value == 0) {
            continue;
        }
        if (first != NULL) {
            sb_cfg_blame(binder, child->key, NULL, "\"%s\" and \"%s\" together: %s has exactly one %s", first->name, key->name,
                         section->title, section->branch_note);
            return;
        }
        first = key;
        *(uint8_t *)sb_cfg_at(target, section->kind_offset) = (uint8_t)(key->value - 1);
    }
    if (first == NULL && !has_unknown) {
        struct sb_text text;
        char all[200];
        sb_text_init(&text, all, sizeof all);
        for (size_t i = 0; i < section->key_count; i++) {
            if (section->keys[i].value > 0) {
                sb_text_addf(&text, "%s%s", text.len > 0 ? ", " : "", section->keys[i].name);
            }
        }
        sb_cfg_blame(binder, sb_cfg_spot(node, NULL), NULL, "%s has no %s; give one of %s", section->title, section->branch_note, all);
    }
}

/* A plain text where the section allows one: as if only its shorthand key had been given. */
static bool bind_shorthand(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *node,
                           void *target, uint64_t *set)
{
    const struct sb_cfg_key *key = section->shorthand != NULL ? sb_cfg_find_key(section, section->shorthand) : NULL;
    bool is_fit = key != NULL && (node->kind == SB_CFG_SCALAR ? key->type < SB_CFG_SECTION
                                                             : node->kind == SB_CFG_LIST && key->type == SB_CFG_LIST_OF);
    if (!is_fit) {
        return false;
    }
    BINDERS[key->type](binder, key, node, target);
    *set |= 1ull << (key - section->keys);
    return true;
}

void sb_cfg_bind(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *node, void *target)
{
    uint64_t set = 0;
    bool had_item = binder->scope.has_item;
    sb_cfg_bind_defaults(binder, section, target);
    if (section->begin != NULL) {
        section->begin(binder, node, target);
    }
    binder->scope.has_item = had_item || sb_cfg_get(node, "for_each") != NULL;
    if (node->kind == SB_CFG_MAP) {
        for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
            bind_key(binder, section, child, target, &set);
        }
    } else if (!bind_shorthand(binder, section, node, target, &set)) {
        bool is_empty = node->kind == SB_CFG_SCALAR && node->is_plain && node->size == 0;
        sb_cfg_blame(binder, is_empty && node->key != NULL ? node->key : node, NULL, "%s is a map, not %s", section->title,
                     is_empty ? "empty" : node->kind == SB_CFG_LIST ? "a list" : "a text");
        binder->scope.has_item = had_item;
        return;
    }
    binder->scope.has_item = had_item;
    check_required(binder, section, node, set);
    if (section->branch_note != NULL) {
        check_branches(binder, section, node, target);
    }
    if (section->finish != NULL) {
        section->finish(binder, node, target, set);
    }
}
