/* The key table as JSON Schema (draft 2020-12), for editors. Pure but for memory; any thread. */
#include "out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPAN_PATTERN "^(0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$"

/* JSON numbers are exact up to here in every reader. */
#define EXACT_MAX ((int64_t)1 << 53)

static void write_section(struct sb_cfg_out *out, const struct sb_cfg_section *section);

static void write_number(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    sb_cfg_out_add(out, "\"type\":\"integer\"");
    if (key->min > -EXACT_MAX) {
        sb_cfg_out_addf(out, ",\"minimum\":%" PRId64, key->min);
    }
    if (key->max < EXACT_MAX) {
        sb_cfg_out_addf(out, ",\"maximum\":%" PRId64, key->max);
    }
}

/* Bounds as whole numbers: the upper one rounded up, the lower one down; the binder is exact. */
static void write_decimal(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    int64_t unit = 1;
    for (unsigned i = 0; i < key->scale; i++) {
        unit *= 10;
    }
    sb_cfg_out_addf(out, "\"type\":\"number\",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64, key->min / unit, (key->max + unit - 1) / unit);
}

static void write_words(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    sb_cfg_out_add(out, "\"enum\":[");
    bool is_first = true;
    for (unsigned i = 0; i < key->choice_count; i++) {
        if ((key->aside_choice >> i & 1u) == 0) {
            sb_cfg_out_add(out, is_first ? "" : ",");
            sb_cfg_out_string(out, key->text_of(i));
            is_first = false;
        }
    }
    sb_cfg_out_add(out, "]");
}

static void write_choice(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    if (key->aside_choice == 0) {
        write_words(out, key);
        return;
    }
    sb_cfg_out_add(out, "\"anyOf\":[{");
    write_words(out, key);
    sb_cfg_out_add(out, "}");
    for (unsigned i = 0; i < key->choice_count; i++) {
        if ((key->aside_choice >> i & 1u) != 0) {
            sb_cfg_out_addf(out, ",{\"type\":\"string\",\"pattern\":\"^%s\\\\([0-9]+\\\\)$\"}", key->text_of(i));
        }
    }
    sb_cfg_out_add(out, "]");
}

static void write_element(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    bool is_map = key->type == SB_CFG_MAP_OF;
    sb_cfg_out_add(out, is_map ? "\"type\":\"object\"," : "\"type\":\"array\",");
    sb_cfg_out_addf(out, is_map ? "\"maxProperties\":%" PRId64 "," : "\"maxItems\":%" PRId64 ",", key->max);
    if (is_map && key->check == sb_cfg_check_name) {
        sb_cfg_out_add(out, "\"propertyNames\":{\"pattern\":\"^[a-z0-9_]{1,39}$\"},");
    }
    sb_cfg_out_add(out, is_map ? "\"additionalProperties\":{" : "\"items\":{");
    write_section(out, key->section);
    sb_cfg_out_add(out, "}");
}

static void write_type(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    switch (key->type) {
    case SB_CFG_FLAG:
        sb_cfg_out_add(out, "\"type\":\"boolean\"");
        break;
    case SB_CFG_COUNT:
    case SB_CFG_NUMBER:
        write_number(out, key);
        break;
    case SB_CFG_DECIMAL:
        write_decimal(out, key);
        break;
    case SB_CFG_SPAN:
        sb_cfg_out_add(out, "\"anyOf\":[{\"const\":0},{\"type\":\"string\",\"pattern\":\"" SPAN_PATTERN "\"}");
        if (key->word != NULL) {
            sb_cfg_out_addf(out, ",{\"const\":\"%s\"}", key->word);
        }
        sb_cfg_out_add(out, "]");
        break;
    case SB_CFG_TEXT:
    case SB_CFG_TEMPLATE:
    case SB_CFG_PATH:
        sb_cfg_out_add(out, "\"type\":[\"string\",\"number\"]");
        break;
    case SB_CFG_CHOICE:
        write_choice(out, key);
        break;
    case SB_CFG_TEXTS:
    case SB_CFG_TEMPLATES:
        sb_cfg_out_addf(out, "\"type\":\"array\",\"maxItems\":%" PRId64 ",\"items\":{\"type\":[\"string\",\"number\"]}", key->max);
        break;
    case SB_CFG_CHOICES:
        sb_cfg_out_add(out, "\"type\":\"array\",\"items\":{");
        write_words(out, key);
        sb_cfg_out_add(out, "}");
        break;
    case SB_CFG_PAIRS:
        sb_cfg_out_add(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\"]}");
        break;
    case SB_CFG_SECTION:
    case SB_CFG_BRANCH:
        write_section(out, key->section);
        break;
    case SB_CFG_LIST_OF:
    case SB_CFG_MAP_OF:
        write_element(out, key);
        break;
    }
}

static void write_default(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    if (key->default_text == NULL) {
        return;
    }
    bool is_bare = key->type == SB_CFG_FLAG || key->type == SB_CFG_COUNT || key->type == SB_CFG_NUMBER || key->type == SB_CFG_DECIMAL;
    sb_cfg_out_add(out, ",\"default\":");
    if (is_bare) {
        sb_cfg_out_add(out, key->default_text);
    } else {
        sb_cfg_out_string(out, key->default_text);
    }
}

static void write_key(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    sb_cfg_out_string(out, key->name);
    sb_cfg_out_add(out, ":{\"description\":");
    sb_cfg_out_string(out, key->help);
    sb_cfg_out_add(out, ",");
    write_type(out, key);
    write_default(out, key);
    sb_cfg_out_add(out, "}");
}

static void write_object(struct sb_cfg_out *out, const struct sb_cfg_section *section)
{
    bool is_first = true;
    sb_cfg_out_add(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (size_t i = 0; i < section->key_count; i++) {
        sb_cfg_out_add(out, i == 0 ? "" : ",");
        write_key(out, &section->keys[i]);
    }
    sb_cfg_out_add(out, "},\"required\":[");
    for (size_t i = 0; i < section->key_count; i++) {
        if (section->keys[i].is_required) {
            sb_cfg_out_add(out, is_first ? "" : ",");
            sb_cfg_out_string(out, section->keys[i].name);
            is_first = false;
        }
    }
    sb_cfg_out_add(out, "]");
}

/* Members of a schema object, without its braces. */
static void write_section(struct sb_cfg_out *out, const struct sb_cfg_section *section)
{
    const struct sb_cfg_key *shorthand = section->shorthand != NULL ? sb_cfg_find_key(section, section->shorthand) : NULL;
    if (shorthand == NULL) {
        write_object(out, section);
        return;
    }
    sb_cfg_out_add(out, "\"anyOf\":[{");
    write_object(out, section);
    sb_cfg_out_add(out, "},{");
    write_type(out, shorthand);
    sb_cfg_out_add(out, "}]");
}

char *sb_config_schema(void)
{
    struct sb_cfg_out out = {0};
    sb_cfg_out_add(&out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"signalbox catalogue\",");
    write_section(&out, &sb_cfg_root_section);
    sb_cfg_out_add(&out, ",\"$defs\":{\"site\":{");
    write_section(&out, &sb_cfg_site_section);
    sb_cfg_out_add(&out, "},\"prices\":{");
    write_section(&out, &sb_cfg_prices_section);
    sb_cfg_out_add(&out, "}}}\n");
    return sb_cfg_out_take(&out);
}
