/* What was given, and what two catalogues give differently. Pure. */
#include "load.h"

static struct sb_config_value value_of(const struct sb_cfg_origin *origin)
{
    return (struct sb_config_value){.key = origin->path, .value = origin->value, .file = origin->file,
                                    .line = origin->line, .column = origin->column};
}

bool sb_config_value_at(const struct sb_catalogue *catalogue, size_t index, struct sb_config_value *value)
{
    const struct sb_cfg_box *box = (const struct sb_cfg_box *)catalogue; /* its first member */
    if (index >= box->origin_count) {
        return false;
    }
    *value = value_of(&box->origins[index]);
    return true;
}

static const struct sb_cfg_origin *find(const struct sb_cfg_box *box, const struct sb_cfg_origin *wanted)
{
    for (size_t i = 0; i < box->origin_count; i++) {
        if (box->origins[i].path_hash == wanted->path_hash && sb_streq(box->origins[i].path, wanted->path)) {
            return &box->origins[i];
        }
    }
    return NULL;
}

void sb_config_compare(const struct sb_catalogue *before, const struct sb_catalogue *after, void *arg,
                       void (*each)(void *arg, const struct sb_config_value *before, const struct sb_config_value *after))
{
    const struct sb_cfg_box *old = (const struct sb_cfg_box *)before, *new = (const struct sb_cfg_box *)after;
    for (size_t i = 0; i < old->origin_count; i++) {
        const struct sb_cfg_origin *found = find(new, &old->origins[i]);
        const struct sb_config_value was = value_of(&old->origins[i]);
        if (found == NULL) {
            each(arg, &was, NULL);
        } else if (found->value_hash != old->origins[i].value_hash) {
            const struct sb_config_value is = value_of(found);
            each(arg, &was, &is);
        }
    }
    for (size_t i = 0; i < new->origin_count; i++) {
        if (find(old, &new->origins[i]) == NULL) {
            const struct sb_config_value is = value_of(&new->origins[i]);
            each(arg, NULL, &is);
        }
    }
}
