/* Bounded text. A `struct sb_text` writes into a caller's buffer, always keeps it NUL-terminated and
 * remembers whether something did not fit. Pure; no printf inside (see sb_text_addf for the rooms
 * that may format). */
#ifndef SIGNALBOX_BASE_TEXT_H
#define SIGNALBOX_BASE_TEXT_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

struct sb_text {
    char *buf;   /* caller's storage */
    size_t cap;  /* bytes of buf, NUL included; at least 1 */
    size_t len;  /* bytes written, NUL not counted */
    bool is_cut; /* something did not fit */
};

void sb_text_init(struct sb_text *text, char *buf, size_t cap);
void sb_text_add(struct sb_text *text, const char *string);
void sb_text_add_n(struct sb_text *text, const char *bytes, size_t count);
void sb_text_add_char(struct sb_text *text, char c);
void sb_text_add_u64(struct sb_text *text, uint64_t value);
void sb_text_add_i64(struct sb_text *text, int64_t value);
/* At least `width` digits, filled with zeros in front. */
void sb_text_add_padded(struct sb_text *text, uint64_t value, unsigned width);
/* "0.4s", "41s", "4m10s", "3h05m", "12d03h": at most 7 bytes for times below 100 days. */
void sb_text_add_duration(struct sb_text *text, sb_ns duration);
/* "2026-11-23T14:41:07Z", or with milliseconds "...07.312Z". */
void sb_text_add_wall(struct sb_text *text, struct sb_wall wall, bool with_millis);
/* "14:41:07Z". */
void sb_text_add_clock(struct sb_text *text, struct sb_wall wall);
/* "3.12" with `decimals` (0..9) digits, rounded half up for display only. */
void sb_text_add_usd(struct sb_text *text, struct sb_usd usd, unsigned decimals);
/* printf into the text. Not for the pure rooms. */
void sb_text_addf(struct sb_text *text, const char *format, ...) SB_PRINTF(2, 3);

/* Copies at most cap-1 bytes and terminates; never cuts inside a UTF-8 sequence. Bytes after the end
 * are zeroed, so that fixed-size values compare and hash by their bytes. Returns whether it all fitted. */
bool sb_copy(char *dst, size_t cap, const char *src);
bool sb_copy_n(char *dst, size_t cap, const char *src, size_t src_len);
bool sb_streq(const char *a, const char *b);

/* Parses a whole decimal number; false (out untouched) on an empty, partial or overflowing text. */
bool sb_parse_i64(const char *text, int64_t *out);
bool sb_parse_u64(const char *text, uint64_t *out);

/* Decodes one UTF-8 sequence of bytes[0..count): returns its length (1..4) and the code point, or 0 when
 * the bytes there are not valid UTF-8 (overlong, surrogate, above U+10FFFF, cut). */
unsigned sb_utf8_decode(const char *bytes, size_t count, uint32_t *code_point);
/* Writes 1..4 bytes into out[4]; returns the count. The code point must be valid. */
unsigned sb_utf8_encode(uint32_t code_point, char out[4]);

#endif
