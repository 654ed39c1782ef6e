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

const char *sb_config_explain(const char *key)
{
    static char place[SB_CFG_PATH_MAX];
    uint64_t hash = sb_hash_bytes(key, strlen(key));
    for (size_t i = 0; latest != NULL && i < latest->origin_count; i++) {
        const struct sb_cfg_origin *origin = &latest->origins[i];
        if (origin->path_hash != hash) {
            continue;
        }
        if (origin->line == 0) {
            return origin->file;
        }
        (void)snprintf(place, sizeof place, "%s:%u:%u", origin->file, (unsigned)origin->line, (unsigned)origin->column);
        return place;
    }
    return is_known(key) ? "default" : NULL;
}
