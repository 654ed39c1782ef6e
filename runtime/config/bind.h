/* The binder: a tree and the key table -> structs. One loader, one thread. */
#ifndef SB_CONFIG_BIND_H
#define SB_CONFIG_BIND_H

#include "keys.h"

enum { SB_CFG_PATH_MAX = 256 };

/* A value that was given, and where: for sb_config_explain and sb_config_value_at. */
struct sb_cfg_origin {
    uint64_t path_hash, value_hash;
    const char *path, *value; /* value: masked, and cut for display */
    const char *file; /* name of the file, or of the override's origin */
    uint32_t line, column;
};

/* What templates may name at this place. */
struct sb_cfg_scope {
    const char *steps[SB_JOB_STEPS_MAX];
    size_t step_count;
    bool is_flow, has_item;
};

struct sb_cfg_binder {
    struct sb_config_errors *errors;
    struct sb_cfg_region *scratch; /* lives while loading */
    struct sb_cfg_region *kept;    /* lives as long as the catalogue */
    struct sb_cfg_scope scope;
    char path[SB_CFG_PATH_MAX];    /* dotted, of the key being bound; cut keys have no origin */
    size_t path_size;
    struct sb_cfg_origin *origins; /* in `kept`, grows by doubling */
    size_t origin_count, origin_cap;
};

/* Binds a map (or a shorthand text) to the section's struct, defaults first. */
void sb_cfg_bind(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, const struct sb_cfg_node *node, void *target);
/* Only the defaults, as if an empty map had been given. */
void sb_cfg_bind_defaults(struct sb_cfg_binder *binder, const struct sb_cfg_section *section, void *target);

/* Reports a mistake at the node. */
void sb_cfg_blame(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *hint, const char *format, ...)
    SB_PRINTF(4, 5);
/* The node of a key when it is there, else the map's own key, else the map. */
const struct sb_cfg_node *sb_cfg_spot(const struct sb_cfg_node *map, const char *key);
bool sb_cfg_is_set(const struct sb_cfg_section *section, uint64_t set, const char *key);

/* Checks the {{paths}} of a template, or one bare path (for_each); reports what leads nowhere. */
void sb_cfg_check_template(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *text);
void sb_cfg_check_path(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *path);
/* Calls `visit` with the NAME of every {{with.NAME}} in the text. */
void sb_cfg_each_argument(const char *text, void (*visit)(void *arg, const char *name), void *arg);

#endif
