/* JSON string escaping. Owns nothing, any thread, never allocates. */
#include "escape.h"

#include "signalbox/base/text.h"

#include <string.h>

size_t sb_escape_plain(const char *bytes, size_t count)
{
    size_t i = 0;
    while (i < count) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
        i++;
    }
    return i;
}

/* The letter of a two-character escape, or 0. */
static char short_escape(unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : 0;
}

size_t sb_escape_char(const char *bytes, size_t count, char out[SB_ESCAPE_MAX], size_t *out_len)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)bytes[0];
    char letter = short_escape(c);

    if (letter) {
        out[0] = '\\';
        out[1] = letter;
        *out_len = 2;
        return 1;
    }
    if (c < 0x20) {
        memcpy(out, "\\u00", 4);
        out[4] = hex[c >> 4];
        out[5] = hex[c & 15];
        *out_len = 6;
        return 1;
    }
    uint32_t code_point;
    unsigned length = sb_utf8_decode(bytes, count, &code_point);
    if (length == 0) {
        memcpy(out, "\xEF\xBF\xBD", 3);
        *out_len = 3;
        return 1;
    }
    memcpy(out, bytes, length);
    *out_len = length;
    return length;
}
