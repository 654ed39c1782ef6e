/* What a page shows, as values: numbers written for people, bytes in base64. Pure. */
#ifndef SIGNALBOX_BROWSER_VALUES_H
#define SIGNALBOX_BROWSER_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_number {
    bool is_integer;
    int64_t integer; /* when is_integer */
    double real;     /* always */
};

/* "12", "-3", "1,234", "1.2K", "3M", "1.5 B", "12 likes". Commas separate groups of three digits; K, M and B are thousand, million and
 * billion. False when no number stands at the beginning, or when it does not fit. */
bool sb_page_number(const char *text, struct sb_number *number);

/* malloc'ed bytes with a NUL behind them, the caller's to free(); NULL when the text is not base64 or memory ended. */
unsigned char *sb_page_base64(const char *text, size_t size, size_t *out_size);

/* Bytes of `text` that fit into `max` without cutting a UTF-8 sequence. */
size_t sb_page_utf8_cut(const char *text, size_t size, size_t max);

#endif
