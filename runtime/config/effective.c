/* The configuration in force, one value per line with the place it comes from. Written from the trees after the overrides were put into them, and
 * from the key table for what nobody set. One thread. */
#include "load.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 400 };

static void write_place(struct sb_cfg_out *out, const struct sb_cfg_node *node)
{
    if (node->line == 0)
        sb_cfg_out_addf(out, "  # %s\n", node->doc->name);
    else
        sb_cfg_out_addf(out, "  # %s:%u:%u\n", node->doc->name, (unsigned)node->line, (unsigned)node->column);
}

/* A path is a YAML key: this file can be read by a parser too. */
static void write_value(struct sb_cfg_out *out, const char *path, const struct sb_cfg_node *node)
{
    sb_cfg_out_addf(out, "%s: ", path);
    sb_cfg_out_string(out, node->text);
    write_place(out, node);
}

/* What nobody set in a section that is a part of the root or of such a part. */
static void write_defaults(struct sb_cfg_out *out, const struct sb_cfg_section *section, const struct sb_cfg_node *node, const char *path)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        const struct sb_cfg_node *child = node != NULL && node->kind == SB_CFG_MAP ? sb_cfg_get(node, key->name) : NULL;
        char below[PATH_MAX_BYTES];
        (void)snprintf(below, sizeof below, "%.300s%s%.80s", path, path[0] != '\0' ? "." : "", key->name);
        if (key->type == SB_CFG_SECTION) {
            write_defaults(out, key->section, child, below);
        } else if (child == NULL && key->default_text != NULL) {
            sb_cfg_out_addf(out, "%s: ", below);
            sb_cfg_out_string(out, key->default_text);
            sb_cfg_out_add(out, "  # default\n");
        }
    }
}

static void write_node(struct sb_cfg_out *out, const struct sb_cfg_node *node, const char *path)
{
    unsigned index = 0;
    if (node->kind == SB_CFG_SCALAR) {
        write_value(out, path, node);
        return;
    }
    for (const struct sb_cfg_node *child = node->first; child != NULL; child = child->next, index++) {
        char below[PATH_MAX_BYTES];
        if (node->kind == SB_CFG_LIST)
            (void)snprintf(below, sizeof below, "%.300s[%u]", path, index);
        else
            (void)snprintf(below, sizeof below, "%.300s%s%.80s", path, path[0] != '\0' ? "." : "", child->key->text);
        write_node(out, child, below);
    }
}

void sb_cfg_write_effective(struct sb_cfg_loader *loader, const struct sb_cfg_section *section, const struct sb_cfg_node *tree, const char *path)
{
    if (loader->effective == NULL || tree == NULL)
        return;
    write_node(loader->effective, tree, path);
    write_defaults(loader->effective, section, tree, path);
}
