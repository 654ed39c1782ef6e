/* Texts and the trees that YAML makes of them, every node with its exact place. One loader, one thread. */
#ifndef SB_CONFIG_TREE_H
#define SB_CONFIG_TREE_H

#include "region.h"
#include "report.h"

enum sb_cfg_kind { SB_CFG_SCALAR, SB_CFG_MAP, SB_CFG_LIST };

/* What YAML allows and a catalogue does not; found while parsing, reported afterwards. */
enum sb_cfg_flaw { SB_CFG_FLAW_NONE, SB_CFG_FLAW_ANCHOR, SB_CFG_FLAW_ALIAS, SB_CFG_FLAW_TAG };

struct sb_cfg_node {
    enum sb_cfg_kind kind;
    enum sb_cfg_flaw flaw;
    bool is_plain;       /* a scalar without quotes, no block */
    bool is_poisoned;    /* its mistake is reported already: bind nothing, say nothing */
    uint32_t line, column, end_column;
    uint32_t count;      /* children */
    const char *text;    /* scalars: NUL-terminated */
    size_t size;
    const struct sb_cfg_doc *doc;
    struct sb_cfg_node *key;         /* of a value inside a map; NULL elsewhere */
    struct sb_cfg_node *first, *last, *next;
};

enum { SB_CFG_FILE_MAX = 4 * 1024 * 1024, SB_CFG_DEPTH_MAX = 32, SB_CFG_NODES_MAX = 1000000 };

/* Reads a file into a document. NULL when that failed; it is reported then. A missing file is no mistake when `is_optional`. */
struct sb_cfg_doc *sb_cfg_doc_read(struct sb_cfg_region *region, struct sb_config_errors *errors, const char *path,
                                   bool is_optional);
/* Copies `size` bytes into a document. */
struct sb_cfg_doc *sb_cfg_doc_copy(struct sb_cfg_region *region, struct sb_config_errors *errors, const char *path,
                                   const char *bytes, size_t size);
/* The byte at a place in the working copy. */
size_t sb_cfg_doc_offset(const struct sb_cfg_doc *doc, uint32_t line, uint32_t column);

/* The root of the document, or NULL when there is none; all mistakes of form are reported. */
struct sb_cfg_node *sb_cfg_parse(struct sb_cfg_region *region, struct sb_config_errors *errors, struct sb_cfg_doc *doc);

struct sb_cfg_place sb_cfg_place_of(const struct sb_cfg_node *node);
/* Value of a map's key, or NULL. */
struct sb_cfg_node *sb_cfg_get(const struct sb_cfg_node *map, const char *key);
void sb_cfg_append(struct sb_cfg_node *parent, struct sb_cfg_node *child);
/* "map", "list" or "text", for messages. */
const char *sb_cfg_kind_text(enum sb_cfg_kind kind);

#endif
