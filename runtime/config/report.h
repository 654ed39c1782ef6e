/* Collects mistakes with their place, source line and hint. One loader, one thread. */
#ifndef SB_CONFIG_REPORT_H
#define SB_CONFIG_REPORT_H

#include "signalbox/config/config.h"

#include <stdint.h>

/* One text that mistakes can point into: a file, or an override given outside of files (then lines are 0). */
struct sb_cfg_doc {
    const char *path;   /* as in messages; the origin of an override */
    const char *name;   /* its last part, for places */
    char *text;         /* working copy, `size` bytes and a NUL */
    size_t size;
    const char *original; /* what was read; mistakes quote this */
    const uint32_t *line_starts;
    uint32_t line_count;
    bool is_override;
};

struct sb_cfg_place {
    const struct sb_cfg_doc *doc;
    uint32_t line, column; /* 1-based; 0 = the whole file */
    bool is_secret;        /* the line is not quoted */
};

/* `hint` may be NULL. Control characters are made visible: the text goes to a terminal. */
void sb_cfg_report(struct sb_config_errors *errors, struct sb_cfg_place place, const char *hint, const char *format, ...)
    SB_PRINTF(4, 5);
/* By file in order of the first mistake, then by line and column. */
void sb_cfg_sort(struct sb_config_errors *errors);

/* Edit distance (optimal string alignment, letters without case), at most `limit` + 1. */
unsigned sb_cfg_distance(const char *a, const char *b, unsigned limit);

/* Picks the candidate that is nearest to a misspelt word. */
struct sb_cfg_guess {
    const char *word, *best;
    unsigned distance;
};
void sb_cfg_guess_init(struct sb_cfg_guess *guess, const char *word);
void sb_cfg_guess_try(struct sb_cfg_guess *guess, const char *candidate);
/* Writes `did you mean "x"?` and returns out, or NULL when nothing is near. */
const char *sb_cfg_guess_hint(const struct sb_cfg_guess *guess, char *out, size_t cap);

#endif
