/* Where a loaded value came from. Answers for the catalogue that was loaded last; main thread only, like loading itself. */
#include "load.h"

#include "signalbox/base/hash.h"

#include <stdio.h>
#include <string.h>

static const struct sb_cfg_box *latest;

void sb_cfg_explain_set(const struct sb_cfg_box *box)
{
    latest = box;
}

const struct sb_cfg_box *sb_cfg_explained(void)
{
    return latest;
}

void sb_cfg_explain_forget(const struct sb_cfg_box *box)
{
    if (latest == box) {
        latest = NULL;
    }
}

/* "jobs.plan.every" leads to the row `every` of the section job. */
static const struct sb_cfg_key *find_row(const struct sb_cfg_section *section, const char *path)
{
    const struct sb_cfg_key *key = NULL;
    while (*path != '\0') {
        char part[SB_NAME_MAX];
        size_t size = strcspn(path, ".");
        if (section == NULL || !sb_copy_n(part, sizeof part, path, size)) {
            return NULL;
        }
        key = sb_cfg_find_key(section, part);
        path += path[size] == '.' ? size + 1 : size;
        if (key == NULL || key->type == SB_CFG_LIST_OF) {
            return path[0] == '\0' ? key : NULL;
        }
        section = key->section;
        if (key->type == SB_CFG_MAP_OF) { /* the next part is a name */
            size = strcspn(path, ".");
            path += path[size] == '.' ? size + 1 : size;
        }
    }
    return key;
}

static bool is_known(const char *key)
{
    if (strncmp(key, "sites.", 6) != 0) {
        return find_row(&sb_cfg_root_section, key) != NULL;
    }
    const char *dot = strchr(key + 6, '.');
    return dot != NULL && find_row(&sb_cfg_site_section, dot + 1) != NULL;
}

/* False when the files and overrides say nothing of that key. */
static bool find_place(const struct sb_cfg_box *box, const char *key, char *out, size_t cap)
{
    uint64_t hash = sb_hash_bytes(key, strlen(key));
    for (size_t i = 0; i < box->origin_count; i++) {
        const struct sb_cfg_origin *origin = &box->origins[i];
        if (origin->path_hash != hash)
            continue;
        if (origin->line == 0)
            (void)snprintf(out, cap, "%s", origin->file);
        else
            (void)snprintf(out, cap, "%s:%u:%u", origin->file, (unsigned)origin->line, (unsigned)origin->column);
        return true;
    }
    return false;
}

const char *sb_config_explain(const char *key)
{
    static char place[SB_CFG_PATH_MAX];
    if (latest != NULL && find_place(latest, key, place, sizeof place)) {
        return place;
    }
    return is_known(key) ? "default" : NULL;
}

bool sb_config_origin(const struct sb_catalogue *catalogue, const char *key, char *out, size_t cap)
{
    /* The catalogue is the first member of its box. */
    if (find_place((const struct sb_cfg_box *)(const void *)catalogue, key, out, cap)) {
        return true;
    }
    (void)snprintf(out, cap, "%s", is_known(key) ? "default" : "");
    return is_known(key);
}
