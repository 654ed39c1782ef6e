/* Short forms for rows of the key table: NAME, struct, member, bounds, default, help. Only the keys_*.c files include this. */
#ifndef SB_CONFIG_KEY_MACROS_H
#define SB_CONFIG_KEY_MACROS_H

#include "keys.h"

#define AT(s, m) .offset = offsetof(struct s, m), .size = (uint8_t)sizeof(((struct s *)0)->m)
#define ASIDE(s, m) .aside_offset = offsetof(struct s, m)

#define FLAG(k, s, m, d, h) .name = k, .type = SB_CFG_FLAG, AT(s, m), .default_text = d, .help = h
#define COUNT(k, s, m, lo, hi, d, h) .name = k, .type = SB_CFG_COUNT, AT(s, m), .min = lo, .max = hi, .default_text = d, .help = h
#define NUMBER(k, s, m, lo, hi, d, h) .name = k, .type = SB_CFG_NUMBER, AT(s, m), .min = lo, .max = hi, .default_text = d, .help = h
#define DECIMAL(k, s, m, digits, lo, hi, d, h) \
    .name = k, .type = SB_CFG_DECIMAL, AT(s, m), .scale = digits, .min = lo, .max = hi, .default_text = d, .help = h
#define SPAN(k, s, m, lo, hi, d, h) .name = k, .type = SB_CFG_SPAN, AT(s, m), .min = lo, .max = hi, .default_text = d, .help = h
#define TEXT(k, s, m, c, d, h) .name = k, .type = SB_CFG_TEXT, .offset = offsetof(struct s, m), .check = c, .default_text = d, .help = h
#define TEMPLATE(k, s, m, c, h) .name = k, .type = SB_CFG_TEMPLATE, .offset = offsetof(struct s, m), .check = c, .help = h
#define PATH(k, s, m, h) .name = k, .type = SB_CFG_PATH, .offset = offsetof(struct s, m), .help = h
#define CHOICE(k, s, m, fn, n, d, h) \
    .name = k, .type = SB_CFG_CHOICE, AT(s, m), .text_of = fn, .choice_count = n, .default_text = d, .help = h
#define TEXTS(k, s, m, c, check_, h) \
    .name = k, .type = SB_CFG_TEXTS, .offset = offsetof(struct s, m), ASIDE(s, c), .check = check_, .max = SB_CFG_LIST_MAX, .help = h
#define TEMPLATES(k, s, m, c, h) \
    .name = k, .type = SB_CFG_TEMPLATES, .offset = offsetof(struct s, m), ASIDE(s, c), .max = SB_CFG_LIST_MAX, .help = h
#define PAIRS(k, s, m, c, check_, h) \
    .name = k, .type = SB_CFG_PAIRS, .offset = offsetof(struct s, m), ASIDE(s, c), .check = check_, .max = SB_CFG_LIST_MAX, .help = h
#define SECTION(k, s, m, sec, h) .name = k, .type = SB_CFG_SECTION, .offset = offsetof(struct s, m), .section = &sec, .help = h
/* Keys that write into the struct around them. */
#define INLINE(k, sec, h) .name = k, .type = SB_CFG_SECTION, .offset = 0, .section = &sec, .help = h
#define BRANCH(k, s, m, v, sec, h) \
    .name = k, .type = SB_CFG_BRANCH, .offset = offsetof(struct s, m), .value = (v) + 1, .section = &sec, .help = h
#define ELEMENTS(k, t, s, m, c, hi, check_, sec, h) \
    .name = k, .type = t, .offset = offsetof(struct s, m), ASIDE(s, c), .max = hi, .check = check_, .section = &sec, .help = h
#define NOTE(text) .default_note = text
#define REQUIRED .is_required = true

#define SECTION_OF(k, struct_) .keys = k, .key_count = SB_LEN(k), .size = sizeof(struct struct_)

#define LONGEST SB_DAY(366)

#endif
