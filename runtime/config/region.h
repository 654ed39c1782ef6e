/* Memory of one catalogue: pieces are handed out and live until the whole region is freed. One thread at a time. */
#ifndef SB_CONFIG_REGION_H
#define SB_CONFIG_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct sb_cfg_chunk;

struct sb_cfg_region {
    struct sb_cfg_chunk *chunks; /* newest first */
    bool is_exhausted;           /* a request failed; what was built with this region is incomplete */
};

/* Zeroed, aligned for any type; NULL when memory ended (and is_exhausted is set). */
void *sb_cfg_take(struct sb_cfg_region *region, size_t count, size_t size);
/* A NUL-terminated copy of `size` bytes, or NULL. */
char *sb_cfg_take_text(struct sb_cfg_region *region, const char *bytes, size_t size);
/* Frees everything ever taken; the region may be used again. */
void sb_cfg_region_free(struct sb_cfg_region *region);

/* Test hook: the n-th chunk from now on cannot be had (1 = the next). 0 switches it off. */
void sb_cfg_region_fail_nth(unsigned n);

#endif
