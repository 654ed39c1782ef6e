/* Values given outside of files, put into the trees before they are bound: so they pass the same checks as a file's. One thread. */
#include "load.h"

#include <stdio.h>
#include <string.h>

static struct sb_cfg_doc *override_doc(struct sb_cfg_loader *loader, const struct sb_config_override *override)
{
    struct sb_cfg_doc *doc = sb_cfg_take(&loader->scratch, 1, sizeof *doc);
    size_t size = strlen(override->key) + strlen(override->value) + 4;
    char *text = sb_cfg_take(&loader->scratch, size, 1);
    if (doc == NULL || text == NULL) {
        return NULL;
    }
    (void)snprintf(text, size, "%s = %s", override->key, override->value);
    *doc = (struct sb_cfg_doc){.path = override->origin, .name = override->origin, .original = text, .is_override = true};
    return doc;
}

static struct sb_cfg_node *new_node(struct sb_cfg_loader *loader, const struct sb_cfg_doc *doc, enum sb_cfg_kind kind,
                                    const char *text, size_t size)
{
    struct sb_cfg_node *node = sb_cfg_take(&loader->scratch, 1, sizeof *node);
    if (node != NULL) {
        *node = (struct sb_cfg_node){.kind = kind, .doc = doc, .size = size};
        node->text = sb_cfg_take_text(&loader->scratch, text, size);
    }
    return node != NULL && node->text != NULL ? node : NULL;
}

/* The child of that name, made when it is not there. */
static struct sb_cfg_node *child_of(struct sb_cfg_loader *loader, struct sb_cfg_node *map, const struct sb_cfg_doc *doc,
                                    const char *name)
{
    struct sb_cfg_node *child = sb_cfg_get(map, name);
    if (child != NULL) {
        return child;
    }
    struct sb_cfg_node *key = new_node(loader, doc, SB_CFG_SCALAR, name, strlen(name));
    child = new_node(loader, doc, SB_CFG_MAP, "", 0);
    if (key == NULL || child == NULL) {
        return NULL;
    }
    child->key = key;
    sb_cfg_append(map, child);
    return child;
}

/* A job must exist already: an override changes it, it does not make one. */
static bool is_known_job(struct sb_cfg_loader *loader, const struct sb_cfg_node *jobs, const struct sb_cfg_doc *doc, const char *name)
{
    char hint[120];
    struct sb_cfg_guess guess;
    if (sb_cfg_get(jobs, name) != NULL) {
        return true;
    }
    sb_cfg_guess_init(&guess, name);
    for (const struct sb_cfg_node *job = jobs->first; job != NULL; job = job->next) {
        sb_cfg_guess_try(&guess, job->key->text);
    }
    sb_cfg_report(loader->errors, (struct sb_cfg_place){.doc = doc}, sb_cfg_guess_hint(&guess, hint, sizeof hint),
                  "there is no job \"%s\"", name);
    return false;
}

static void apply_one(struct sb_cfg_loader *loader, struct sb_cfg_node *tree, const struct sb_config_override *override,
                      const char *key)
{
    struct sb_cfg_doc *doc = override_doc(loader, override);
    struct sb_cfg_node *at = tree;
    bool has_more = true;
    while (doc != NULL && at != NULL && has_more) {
        char part[SB_NAME_MAX];
        size_t size = strcspn(key, ".");
        if (size == 0 || !sb_copy_n(part, sizeof part, key, size)) {
            sb_cfg_report(loader->errors, (struct sb_cfg_place){.doc = doc}, NULL, "\"%.80s\" is not a key", override->key);
            return;
        }
        if (at->kind != SB_CFG_MAP) {
            sb_cfg_report(loader->errors, (struct sb_cfg_place){.doc = doc}, NULL, "\"%.80s\" leads through a %s, not a map",
                          override->key, sb_cfg_kind_text(at->kind));
            return;
        }
        bool is_job_name = at != tree && at->key != NULL && sb_streq(at->key->text, "jobs") && at == sb_cfg_get(tree, "jobs");
        if (is_job_name && !is_known_job(loader, at, doc, part)) {
            return;
        }
        at = child_of(loader, at, doc, part);
        has_more = key[size] == '.';
        key += has_more ? size + 1 : size;
    }
    struct sb_cfg_node *value = at != NULL && at != tree
                                    ? new_node(loader, doc, SB_CFG_SCALAR, override->value, strlen(override->value)) : NULL;
    if (value != NULL) {
        value->key = at->key;
        value->next = at->next;
        *at = *value;
    }
}

void sb_cfg_apply_overrides(struct sb_cfg_loader *loader, struct sb_cfg_node *tree, const char *prefix)
{
    size_t size = strlen(prefix);
    for (size_t i = 0; i < loader->source->override_count; i++) {
        const struct sb_config_override *override = &loader->source->overrides[i];
        bool is_site = strncmp(override->key, "sites.", 6) == 0;
        bool is_mine = strncmp(override->key, prefix, size) == 0 && (size > 0 || !is_site);
        if (is_mine && tree->kind == SB_CFG_MAP) {
            apply_one(loader, tree, override, override->key + size);
        }
    }
}

void sb_cfg_check_site_overrides(struct sb_cfg_loader *loader)
{
    for (size_t i = 0; i < loader->source->override_count; i++) {
        const struct sb_config_override *override = &loader->source->overrides[i];
        const char *name = override->key + 6;
        bool is_used = strncmp(override->key, "sites.", 6) != 0;
        for (size_t k = 0; !is_used && k < loader->root.site_count; k++) {
            size_t size = strlen(loader->root.sites[k]);
            is_used = strncmp(name, loader->root.sites[k], size) == 0 && name[size] == '.' && name[size + 1] != '\0';
        }
        struct sb_cfg_doc *doc = is_used ? NULL : override_doc(loader, override);
        if (doc != NULL) {
            sb_cfg_report(loader->errors, (struct sb_cfg_place){.doc = doc}, NULL,
                          "\"%.80s\" names no key of a site in `sites` of this catalogue", override->key);
        }
    }
}
