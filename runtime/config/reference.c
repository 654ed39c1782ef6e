/* The key table as a Markdown page. Pure but for memory; any thread. */
#include "out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_PATH_MAX = 200 };

static void write_span_bounds(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    char low[32];
    char high[32];
    sb_cfg_write_duration(low, sizeof low, key->min);
    sb_cfg_write_duration(high, sizeof high, key->max);
    sb_cfg_out_addf(out, "duration, %s to %s", key->min == 0 ? "0" : low, high);
}

static void write_words(struct sb_cfg_out *out, const struct sb_cfg_key *key, const char *before)
{
    sb_cfg_out_add(out, before);
    for (unsigned i = 0; i < key->choice_count; i++) {
        bool has_number = (key->aside_choice >> i & 1u) != 0;
        sb_cfg_out_addf(out, "%s`%s%s`", i == 0 ? "" : ", ", key->text_of(i), has_number ? "(n)" : "");
    }
}

static void write_whole(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    sb_cfg_out_add(out, "whole number");
    if (key->min > INT64_MIN + 1 || key->max < INT64_MAX) {
        sb_cfg_out_addf(out, ", %" PRId64 " to %" PRId64, key->min, key->max);
    }
}

static void write_type(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    switch (key->type) {
    case SB_CFG_FLAG:
        sb_cfg_out_add(out, "`true` or `false`");
        break;
    case SB_CFG_COUNT:
    case SB_CFG_NUMBER:
        write_whole(out, key);
        break;
    case SB_CFG_DECIMAL:
        sb_cfg_out_addf(out, "decimal, %u digits after the point", key->scale);
        break;
    case SB_CFG_SPAN:
        if (key->word != NULL) {
            sb_cfg_out_addf(out, "`%s` or ", key->word);
        }
        write_span_bounds(out, key);
        break;
    case SB_CFG_TEXT:
        sb_cfg_out_add(out, "text");
        break;
    case SB_CFG_TEMPLATE:
        sb_cfg_out_add(out, "template");
        break;
    case SB_CFG_PATH:
        sb_cfg_out_add(out, "path of a list: `steps.NAME.FIELD`");
        break;
    case SB_CFG_CHOICE:
        write_words(out, key, "");
        break;
    case SB_CFG_TEXTS:
        sb_cfg_out_add(out, "list of texts");
        break;
    case SB_CFG_TEMPLATES:
        sb_cfg_out_add(out, "list of templates");
        break;
    case SB_CFG_CHOICES:
        write_words(out, key, "list of ");
        break;
    case SB_CFG_PAIRS:
        sb_cfg_out_add(out, "map of NAME: template");
        break;
    case SB_CFG_SECTION:
    case SB_CFG_BRANCH:
        sb_cfg_out_add(out, "map, below");
        break;
    case SB_CFG_LIST_OF:
        sb_cfg_out_addf(out, "list, below; at most %" PRId64, key->max);
        break;
    case SB_CFG_MAP_OF:
        sb_cfg_out_addf(out, "map by name, below; at most %" PRId64, key->max);
        break;
    }
}

static void write_default(struct sb_cfg_out *out, const struct sb_cfg_key *key)
{
    if (key->is_required) {
        sb_cfg_out_add(out, "**required**");
    } else if (key->default_note != NULL) {
        sb_cfg_out_add(out, key->default_note);
    } else if (key->default_text != NULL) {
        sb_cfg_out_addf(out, "`%s`", key->default_text[0] != '\0' ? key->default_text : "\"\"");
    }
}

static void write_keys(struct sb_cfg_out *out, const struct sb_cfg_section *section)
{
    sb_cfg_out_add(out, "| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        sb_cfg_out_addf(out, "| `%s` | ", key->name);
        write_type(out, key);
        sb_cfg_out_add(out, " | ");
        write_default(out, key);
        sb_cfg_out_addf(out, " | %s |\n", key->help);
    }
    sb_cfg_out_add(out, "\n");
}

/* Depth is that of the key table, which is constant and without cycles. */
static void write_page(struct sb_cfg_out *out, const struct sb_cfg_section *section, const char *path)
{
    sb_cfg_out_addf(out, "## %s\n\n%s", path, section->help);
    if (section->branch_note != NULL) {
        sb_cfg_out_add(out, " Exactly one of its kinds must be given.");
    }
    if (section->shorthand != NULL) {
        sb_cfg_out_addf(out, " Short form: only the value of `%s`.", section->shorthand);
    }
    sb_cfg_out_add(out, "\n\n");
    write_keys(out, section);
    const struct sb_cfg_section *before = NULL;
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        if (key->section == NULL || key->section == before) {
            continue; /* the seven components have one shape */
        }
        char below[PAGE_PATH_MAX];
        bool is_next_same = i + 1 < section->key_count && section->keys[i + 1].section == key->section;
        const char *dot = path[0] == '(' ? "" : ".";
        (void)snprintf(below, sizeof below, "%s%s%s%s", path[0] == '(' ? "" : path, dot, is_next_same ? "NAME" : key->name,
                       key->type == SB_CFG_MAP_OF ? ".NAME" : key->type == SB_CFG_LIST_OF ? "[]" : "");
        write_page(out, key->section, below);
        before = key->section;
    }
}

char *sb_config_reference(void)
{
    struct sb_cfg_out out = {0};
    sb_cfg_out_add(&out,
                   "# Configuration reference\n\n"
                   "Generated from the key table; do not edit. Unknown and duplicate keys, anchors, aliases, tags and tabs are\n"
                   "mistakes.\n\n"
                   "- **duration**: `250ms`, `90s`, `15m`, `2h`, `1d`, `1h30m`.\n"
                   "- **decimal**: exact, never rounded: `4.25`.\n"
                   "- **template**: text in which `{{path}}` is replaced by a value of the run: `now` (ms since 1970; `now.iso`), `hour` (its ms;\n"
                   "  shorter in a fast practice world),\n"
                   "  `account`, `job`, `run`, `tier`, `item.FIELD` (with for_each), `steps.NAME.FIELD` (an earlier step's output),\n"
                   "  `with.NAME` (inside flows).\n"
                   "  Quote a value that begins with `{` or `*`.\n"
                   "- Any key can be overridden by its dotted path: `pool.policy`, `jobs.plan.every`, `sites.NAME.base_url`; a list\n"
                   "  is separated by commas.\n\n"
                   "# The catalogue\n\n");
    write_page(&out, &sb_cfg_root_section, "(top level)");
    sb_cfg_out_add(&out, "# Site profile: sites/NAME.yaml\n\n");
    write_page(&out, &sb_cfg_site_section, "(site)");
    sb_cfg_out_add(&out, "# prices.yaml\n\n");
    write_page(&out, &sb_cfg_prices_section, "(prices)");
    return sb_cfg_out_take(&out);
}
