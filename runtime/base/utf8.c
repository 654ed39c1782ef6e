/* UTF-8 by the table of well-formed sequences (Unicode 15, table 3-7). Pure. */
#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0u) == 0x80u;
}

unsigned sb_utf8_decode(const char *bytes, size_t count, uint32_t *code_point)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (count == 0)
        return 0;
    if (b[0] < 0x80u) {
        *code_point = b[0];
        return 1;
    }
    if (b[0] >= 0xc2u && b[0] <= 0xdfu && count >= 2 && is_continuation(b[1])) {
        *code_point = (uint32_t)(b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
        return 2;
    }
    if ((b[0] & 0xf0u) == 0xe0u && count >= 3 && is_continuation(b[1]) && is_continuation(b[2])) {
        uint32_t value = (uint32_t)(b[0] & 0x0fu) << 12 | (uint32_t)(b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
        if (value < 0x800u || (value >= 0xd800u && value <= 0xdfffu))
            return 0;
        *code_point = value;
        return 3;
    }
    if ((b[0] & 0xf8u) == 0xf0u && count >= 4 && is_continuation(b[1]) && is_continuation(b[2]) &&
        is_continuation(b[3])) {
        uint32_t value = (uint32_t)(b[0] & 0x07u) << 18 | (uint32_t)(b[1] & 0x3fu) << 12 |
                         (uint32_t)(b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
        if (value < 0x10000u || value > 0x10ffffu)
            return 0;
        *code_point = value;
        return 4;
    }
    return 0;
}

unsigned sb_utf8_encode(uint32_t c, char out[4])
{
    SB_ASSERT(c <= 0x10ffffu);
    if (c < 0x80u) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800u) {
        out[0] = (char)(0xc0u | c >> 6);
        out[1] = (char)(0x80u | (c & 0x3fu));
        return 2;
    }
    if (c < 0x10000u) {
        out[0] = (char)(0xe0u | c >> 12);
        out[1] = (char)(0x80u | (c >> 6 & 0x3fu));
        out[2] = (char)(0x80u | (c & 0x3fu));
        return 3;
    }
    out[0] = (char)(0xf0u | c >> 18);
    out[1] = (char)(0x80u | (c >> 12 & 0x3fu));
    out[2] = (char)(0x80u | (c >> 6 & 0x3fu));
    out[3] = (char)(0x80u | (c & 0x3fu));
    return 4;
}
