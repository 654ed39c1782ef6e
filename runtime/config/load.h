/* The parts of one load and what they hand to each other. One thread. */
#ifndef SB_CONFIG_LOAD_H
#define SB_CONFIG_LOAD_H

#include "bind.h"
#include "out.h"

#include "signalbox/base/hash.h"

/* A catalogue with its memory; the catalogue is the first member. */
struct sb_cfg_box {
    struct sb_catalogue catalogue;
    struct sb_cfg_region region;
    const struct sb_cfg_origin *origins;
    size_t origin_count;
};

struct sb_cfg_loader {
    const struct sb_config_source *source;
    struct sb_config_errors *errors;
    struct sb_cfg_region scratch;
    struct sb_cfg_box *box;
    struct sb_cfg_binder binder;
    uint64_t hash;                 /* of the files read so far */
    const char *path;              /* of the catalogue */
    struct sb_cfg_node *tree;      /* of the catalogue */
    struct sb_cfg_root root;
    struct sb_cfg_prices prices;
    struct sb_cfg_out *effective;  /* where sb_config_effective writes; NULL = it was not asked for */
    bool has_all_sites;            /* every site of the list was read without a mistake */
    struct sb_zone *zones[SB_ZONES_MAX];
    uint32_t zone_count;
};

/* Parses and hashes; NULL when that failed or the optional file is not there. */
struct sb_cfg_node *sb_cfg_load_tree(struct sb_cfg_loader *loader, struct sb_cfg_doc *doc);

/* Puts the overrides whose key begins with `prefix` into the tree; the rest of the key names the place. */
void sb_cfg_apply_overrides(struct sb_cfg_loader *loader, struct sb_cfg_node *tree, const char *prefix);
/* Reports overrides of sites that are not used. */
void sb_cfg_check_site_overrides(struct sb_cfg_loader *loader);

/* Adds a tree and the defaults beside it to what sb_config_effective gives, when that was asked for. */
void sb_cfg_write_effective(struct sb_cfg_loader *loader, const struct sb_cfg_section *section, const struct sb_cfg_node *tree, const char *path);

void sb_cfg_load_sites(struct sb_cfg_loader *loader);
/* Site, flow and arguments of every browse step. */
void sb_cfg_check_browse(struct sb_cfg_loader *loader, const struct sb_cfg_step *step);

void sb_cfg_load_prices(struct sb_cfg_loader *loader);
/* root.aliases + prices -> catalogue.llm.aliases */
void sb_cfg_make_aliases(struct sb_cfg_loader *loader);

/* Index of the zone, 0 (UTC) after a report at the node. */
uint8_t sb_cfg_zone(struct sb_cfg_loader *loader, const char *name, const struct sb_cfg_node *node);
void sb_cfg_make_zones(struct sb_cfg_loader *loader);

/* Drafts -> catalogue.jobs, steps, params, components. */
void sb_cfg_make_jobs(struct sb_cfg_loader *loader);

/* What the budget's pacing needs of jobs and prices, which must be there. */
void sb_cfg_finish_budget(struct sb_cfg_loader *loader);

/* Remembers whose origins sb_config_explain answers from; NULL forgets when it was that one. */
void sb_cfg_explain_set(const struct sb_cfg_box *box);
void sb_cfg_explain_forget(const struct sb_cfg_box *box);
const struct sb_cfg_box *sb_cfg_explained(void); /* NULL: none */

#endif
