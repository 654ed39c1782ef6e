/* A text that grows, for pages made from the key table. One thread. */
#ifndef SB_CONFIG_OUT_H
#define SB_CONFIG_OUT_H

#include "keys.h"

struct sb_cfg_out {
    char *text; /* malloc'ed, NUL-terminated once something was added */
    size_t size, cap;
    bool is_failed;
};

void sb_cfg_out_add(struct sb_cfg_out *out, const char *text);
void sb_cfg_out_addf(struct sb_cfg_out *out, const char *format, ...) SB_PRINTF(2, 3);
/* In quotes, escaped for JSON. */
void sb_cfg_out_string(struct sb_cfg_out *out, const char *text);
/* The caller's to free(); NULL when memory ended. */
char *sb_cfg_out_take(struct sb_cfg_out *out);

#endif
