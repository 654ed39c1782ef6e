/* Binding of single values, lists and pairs: one function per type of the key table. One thread. Each leaves its target as it was after a
 * mistake, so that the default stays. */
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------------------------------------ scalars */

/* NULL when the node holds no usable text; that is reported. */
static const char *text_of(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node)
{
    if (node->kind != SB_CFG_SCALAR) {
        sb_cfg_blame(binder, node, NULL, "%s is one value, not a %s", key->name, sb_cfg_kind_text(node->kind));
        return NULL;
    }
    if (node->is_plain && node->size == 0) {
        sb_cfg_blame(binder, node->key != NULL ? node->key : node, "give a value, or remove the key", "%s has no value", key->name);
        return NULL;
    }
    return node->text;
}

static bool is_yaml_word(const char *text)
{
    static const char *const WORDS[] = {"yes", "no", "on", "off", "true", "false", "null", "~", "y", "n"};
    for (size_t i = 0; i < SB_LEN(WORDS); i++) {
        if (strcasecmp(text, WORDS[i]) == 0) {
            return true;
        }
    }
    return false;
}

void sb_cfg_bind_flag(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    static const char *const TRUE_WORDS[] = {"yes", "on", "y", "1"};
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    bool value = sb_streq(text, "true");
    if (value || sb_streq(text, "false")) {
        memcpy(sb_cfg_at(target, key->offset), &value, sizeof value);
        return;
    }
    const char *hint = "write false";
    for (size_t i = 0; i < SB_LEN(TRUE_WORDS); i++) {
        hint = strcasecmp(text, TRUE_WORDS[i]) == 0 ? "write true" : hint;
    }
    bool is_known = is_yaml_word(text) || sb_streq(text, "1") || sb_streq(text, "0");
    sb_cfg_blame(binder, node, is_known ? hint : NULL, "%s is true or false, not \"%.60s\"", key->name, text);
}

static void put_integer(const struct sb_cfg_key *key, void *target, int64_t value)
{
    void *at = sb_cfg_at(target, key->offset);
    if (key->size == 1) {
        uint8_t narrow = (uint8_t)value;
        memcpy(at, &narrow, sizeof narrow);
    } else if (key->size == 2) {
        uint16_t narrow = (uint16_t)value;
        memcpy(at, &narrow, sizeof narrow);
    } else if (key->size == 4) {
        uint32_t narrow = (uint32_t)value; /* two's complement: serves int32_t too */
        memcpy(at, &narrow, sizeof narrow);
    } else {
        memcpy(at, &value, sizeof value);
    }
}

void sb_cfg_bind_number(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    int64_t value = 0;
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    if (!sb_parse_i64(text, &value)) {
        sb_cfg_blame(binder, node, NULL, "%s is a whole number, not \"%.60s\"", key->name, text);
    } else if (value < key->min || value > key->max) {
        sb_cfg_blame(binder, node, NULL, "%s is from %" PRId64 " to %" PRId64 ", not %" PRId64, key->name, key->min, key->max, value);
    } else {
        put_integer(key, target, value);
    }
}

/* "4.25", for messages about bounds of decimals. */
static const char *decimal_text(const struct sb_cfg_key *key, int64_t value, char *out, size_t cap)
{
    struct sb_text text;
    int64_t unit = 1;
    for (unsigned i = 0; i < key->scale; i++) {
        unit *= 10;
    }
    sb_text_init(&text, out, cap);
    sb_text_add_i64(&text, value / unit);
    if (value % unit != 0) {
        sb_text_add_char(&text, '.');
        sb_text_add_padded(&text, (uint64_t)(value % unit), key->scale);
        while (text.buf[text.len - 1] == '0') {
            text.buf[--text.len] = '\0';
        }
    }
    return out;
}

void sb_cfg_bind_decimal(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    int64_t value = 0;
    char low[32];
    char high[32];
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    if (!sb_cfg_scan_decimal(text, key->scale, &value)) {
        sb_cfg_blame(binder, node, text[0] == '$' ? "write it without $" : NULL,
                     "%s is a decimal number with at most %u digits after the point, not \"%.60s\"", key->name, key->scale, text);
    } else if (value < key->min || value > key->max) {
        sb_cfg_blame(binder, node, NULL, "%s is from %s to %s, not %.60s", key->name, decimal_text(key, key->min, low, sizeof low),
                     decimal_text(key, key->max, high, sizeof high), text);
    } else {
        put_integer(key, target, value);
    }
}

static const char *duration_hint(const char *text, char *out, size_t cap)
{
    int64_t number = 0;
    if (sb_parse_i64(text, &number) && number >= 0) {
        (void)snprintf(out, cap, "add a unit: %.20ss or %.20sm", text, text);
        return out;
    }
    return "units are d, h, m, s and ms, e.g. 250ms, 90s, 15m, 1h30m";
}

void sb_cfg_bind_span(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    sb_ns value = 0;
    char hint[80];
    char low[32];
    char high[32];
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    if (key->word != NULL && sb_streq(text, key->word)) {
        value = SB_CFG_SPAN_WORD;
        memcpy(sb_cfg_at(target, key->offset), &value, sizeof value);
        return;
    }
    if (!sb_cfg_scan_duration(text, &value)) {
        sb_cfg_blame(binder, node, duration_hint(text, hint, sizeof hint), "%s is a duration like 90s or 1h30m, not \"%.60s\"",
                     key->name, text);
        return;
    }
    if (value < key->min || value > key->max) {
        sb_cfg_write_duration(low, sizeof low, key->min);
        sb_cfg_write_duration(high, sizeof high, key->max);
        sb_cfg_blame(binder, node, NULL, "%s is from %s to %s, not %.60s", key->name, low, high, text);
        return;
    }
    memcpy(sb_cfg_at(target, key->offset), &value, sizeof value);
}

/* A kept copy of the node's text after its checks; NULL when it did not pass. */
static const char *checked_text(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node)
{
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return NULL;
    }
    /* `approval: off` is a word of that key, not a truth value */
    if (node->is_plain && is_yaml_word(text) && key->check != sb_cfg_check_approval) {
        char hint[80];
        (void)snprintf(hint, sizeof hint, "quote it if the text is meant: \"%s\"", text);
        sb_cfg_blame(binder, node, hint, "%s is a text; a bare %s is a truth value or null in YAML", key->name, text);
        return NULL;
    }
    const char *problem = key->check != NULL ? key->check(text) : NULL;
    bool may_hold_secret = key->check == sb_cfg_check_secret || key->check == sb_cfg_check_browser_url || key->check == sb_cfg_check_cache ||
                           key->check == sb_cfg_check_store;
    if (problem != NULL && may_hold_secret) {
        struct sb_cfg_place place = sb_cfg_place_of(node);
        place.is_secret = true; /* never show what may be one */
        sb_cfg_report(binder->errors, place, NULL, "%s %s", key->name, problem);
        return NULL;
    }
    if (problem != NULL) {
        sb_cfg_blame(binder, node, NULL, "%s \"%.80s\" %s", key->name, text, problem);
        return NULL;
    }
    if (key->type == SB_CFG_TEMPLATE || key->type == SB_CFG_TEMPLATES || key->type == SB_CFG_PAIRS) {
        sb_cfg_check_template(binder, node, text);
    }
    return sb_cfg_take_text(binder->kept, text, strlen(text));
}

void sb_cfg_bind_text(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    const char *text = checked_text(binder, key, node);
    if (text != NULL) {
        sb_cfg_put_pointer(target, key->offset, text);
    }
}

void sb_cfg_bind_path(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    if (strstr(text, "{{") != NULL || strncmp(text, "steps.", 6) != 0) {
        sb_cfg_blame(binder, node, "e.g. steps.read.posts", "%s is the path of a list in an earlier step, without braces", key->name);
        return;
    }
    sb_cfg_check_path(binder, node, text);
    sb_cfg_bind_text(binder, key, node, target);
}

/* ------------------------------------------------------------------------------------------------ choices */

static const char *choices_text(const struct sb_cfg_key *key, char *out, size_t cap)
{
    struct sb_text text;
    sb_text_init(&text, out, cap);
    for (unsigned i = 0; i < key->choice_count; i++) {
        sb_text_addf(&text, "%s%s%s", i == 0 ? "" : ", ", key->text_of(i), (key->aside_choice >> i & 1u) != 0 ? "(n)" : "");
    }
    return out;
}

/* The value, or choice_count after a report. */
static unsigned find_choice(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node,
                            const char *text)
{
    char all[200];
    char hint[120];
    struct sb_cfg_guess guess;
    sb_cfg_guess_init(&guess, text);
    for (unsigned i = 0; i < key->choice_count; i++) {
        if (sb_streq(key->text_of(i), text)) {
            return i;
        }
        sb_cfg_guess_try(&guess, key->text_of(i));
    }
    sb_cfg_blame(binder, node, sb_cfg_guess_hint(&guess, hint, sizeof hint), "%s is one of %s, not \"%.60s\"", key->name,
                 choices_text(key, all, sizeof all), text);
    return key->choice_count;
}

void sb_cfg_bind_choice(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    char word[SB_NAME_MAX];
    uint64_t count = 0;
    const char *text = text_of(binder, key, node);
    if (text == NULL) {
        return;
    }
    bool has_aside = key->aside_choice != 0 && sb_cfg_scan_call(text, word, sizeof word, &count);
    unsigned value = find_choice(binder, key, node, has_aside ? word : text);
    if (value == key->choice_count) {
        return;
    }
    bool takes_aside = (key->aside_choice >> value & 1u) != 0;
    if (has_aside && (!takes_aside || count < 1 || count > 255)) {
        sb_cfg_blame(binder, node, NULL, "%s: %s %s", key->name, takes_aside ? "the number is from 1 to 255, not" : "takes no number:", text);
        return;
    }
    if (takes_aside && !has_aside) {
        sb_cfg_blame(binder, node, NULL, "%s: %s takes a number, e.g. %s(3)", key->name, text, text);
        return;
    }
    *(uint8_t *)sb_cfg_at(target, key->offset) = (uint8_t)value;
    if (takes_aside) {
        *(uint8_t *)sb_cfg_at(target, key->aside_offset) = (uint8_t)count;
    }
}

/* ------------------------------------------------------------------------------------------------ lists and pairs */

bool sb_cfg_is_list(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node)
{
    if (node->kind != SB_CFG_LIST) {
        sb_cfg_blame(binder, node, node->kind == SB_CFG_SCALAR ? "write it as [ ... ], or one \"- \" line each" : NULL,
                     "%s is a list, not a %s", key->name, sb_cfg_kind_text(node->kind));
        return false;
    }
    if (node->count > (uint64_t)key->max) {
        sb_cfg_blame(binder, node, NULL, "%s has %u entries; the limit is %" PRId64, key->name, (unsigned)node->count, key->max);
        return false;
    }
    return true;
}

/* An override is one text; a list in it is separated by commas. */
static const struct sb_cfg_node *split_override(struct sb_cfg_binder *binder, const struct sb_cfg_node *node)
{
    struct sb_cfg_node *list = sb_cfg_take(binder->scratch, 1, sizeof *list);
    if (list == NULL) {
        return node;
    }
    *list = *node;
    list->kind = SB_CFG_LIST;
    list->count = 0;
    list->first = list->last = NULL;
    for (const char *at = node->text; *at != '\0';) {
        size_t size = strcspn(at, ",");
        struct sb_cfg_node *child = sb_cfg_take(binder->scratch, 1, sizeof *child);
        if (child == NULL) {
            return node;
        }
        *child = (struct sb_cfg_node){.kind = SB_CFG_SCALAR, .doc = node->doc, .size = size};
        child->text = sb_cfg_take_text(binder->scratch, at, size);
        if (child->text == NULL) {
            return node;
        }
        sb_cfg_append(list, child);
        at += at[size] == ',' ? size + 1 : size;
    }
    return list;
}

static const struct sb_cfg_node *as_list(struct sb_cfg_binder *binder, const struct sb_cfg_node *node)
{
    return node->kind == SB_CFG_SCALAR && node->doc->is_override ? split_override(binder, node) : node;
}

void sb_cfg_bind_texts(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *given, void *target)
{
    const struct sb_cfg_node *node = as_list(binder, given);
    if (!sb_cfg_is_list(binder, key, node)) {
        return;
    }
    const char **texts = sb_cfg_take(binder->kept, node->count, sizeof(const char *));
    size_t count = 0;
    for (const struct sb_cfg_node *child = node->first; texts != NULL && child != NULL; child = child->next) {
        const char *text = child->is_poisoned ? NULL : checked_text(binder, key, child);
        if (text != NULL) {
            texts[count++] = text;
        }
    }
    sb_cfg_put_pointer(target, key->offset, texts);
    sb_cfg_put_size(target, key->aside_offset, count);
}

void sb_cfg_bind_choices(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *given, void *target)
{
    const struct sb_cfg_node *node = as_list(binder, given);
    uint32_t mask = 0;
    if (!sb_cfg_is_list(binder, key, node)) {
        return;
    }
    for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
        const char *text = child->is_poisoned ? NULL : text_of(binder, key, child);
        unsigned value = text != NULL ? find_choice(binder, key, child, text) : key->choice_count;
        mask |= value < key->choice_count ? 1u << value : 0;
    }
    memcpy(sb_cfg_at(target, key->offset), &mask, sizeof mask);
}

bool sb_cfg_is_map(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node)
{
    if (node->kind == SB_CFG_SCALAR && node->is_plain && node->size == 0) {
        sb_cfg_blame(binder, node->key != NULL ? node->key : node, "write {} for an empty one, or remove the key", "%s has no value",
                     key->name);
        return false;
    }
    if (node->kind != SB_CFG_MAP) {
        sb_cfg_blame(binder, node, "write one \"name: value\" line each, indented", "%s is a map, not a %s", key->name,
                     sb_cfg_kind_text(node->kind));
        return false;
    }
    if (node->count > (uint64_t)key->max) {
        sb_cfg_blame(binder, node, NULL, "%s has %u entries; the limit is %" PRId64, key->name, (unsigned)node->count, key->max);
        return false;
    }
    return true;
}

/* Whether the entry can be used at all, and its name is allowed. */
bool sb_cfg_is_fit_name(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *child)
{
    if (child->key->kind != SB_CFG_SCALAR || child->key->flaw == SB_CFG_FLAW_ALIAS) {
        return false;
    }
    const char *problem = key->check != NULL ? key->check(child->key->text) : NULL;
    if (problem != NULL) {
        sb_cfg_blame(binder, child->key, NULL, "name \"%.60s\" in %s %s", child->key->text, key->name, problem);
    }
    return problem == NULL;
}

void sb_cfg_bind_pairs(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target)
{
    struct sb_cfg_key value_key = *key;
    value_key.check = NULL; /* it is for the names */
    if (!sb_cfg_is_map(binder, key, node)) {
        return;
    }
    struct sb_pair *pairs = sb_cfg_take(binder->kept, node->count, sizeof *pairs);
    size_t count = 0;
    for (const struct sb_cfg_node *child = node->first; pairs != NULL && child != NULL; child = child->next) {
        bool is_fit = sb_cfg_is_fit_name(binder, key, child) && !child->is_poisoned;
        value_key.name = child->key->text;
        const char *value = is_fit ? checked_text(binder, &value_key, child) : NULL;
        const char *name = value != NULL ? sb_cfg_take_text(binder->kept, child->key->text, child->key->size) : NULL;
        if (name != NULL) {
            pairs[count++] = (struct sb_pair){name, value};
            size_t before = sb_cfg_push_path(binder, name);
            sb_cfg_note_origin(binder, child);
            sb_cfg_pop_path(binder, before);
        }
    }
    sb_cfg_put_pointer(target, key->offset, pairs);
    sb_cfg_put_size(target, key->aside_offset, count);
}
