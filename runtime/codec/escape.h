/* JSON string escaping shared by the event writer and sb_json_out. Private to the codec room. */
#ifndef SIGNALBOX_CODEC_ESCAPE_H
#define SIGNALBOX_CODEC_ESCAPE_H

#include <stddef.h>

enum { SB_ESCAPE_MAX = 6 }; /* most bytes one character becomes */

/* Length of the run at the start of the bytes which a JSON string may hold as it is. */
size_t sb_escape_plain(const char *bytes, size_t count);
/* Escapes the one character at the start (count > 0); returns the bytes it took, writes 1..SB_ESCAPE_MAX bytes.
 * A byte that is not valid UTF-8 becomes U+FFFD. */
size_t sb_escape_char(const char *bytes, size_t count, char out[SB_ESCAPE_MAX], size_t *out_len);

#endif
