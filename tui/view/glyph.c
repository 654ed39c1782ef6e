/* Owns the one place where a code point of unknown origin becomes a cell. Pure. */
#include "signalbox/tui/view.h"

#include <utf8proc.h>

enum { REPLACEMENT = 0xfffd };

static struct sb_view_glyph mark(bool is_ascii)
{
    return (struct sb_view_glyph){.code_point = is_ascii ? '?' : REPLACEMENT, .width = 1};
}

/* Joiners and variation selectors change the width of their neighbours in some terminals and not in others; the text directions reorder
 * what stands on the line. They are shown as what they are: something that does not belong here. */
static bool is_treacherous(uint32_t c)
{
    return c == 0x034f || c == 0x061c || c == 0x115f || c == 0x1160 || (c >= 0x17b4 && c <= 0x17b5) || (c >= 0x180b && c <= 0x180f) ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
           (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_unprintable(utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CS ||
           category == UTF8PROC_CATEGORY_CO || category == UTF8PROC_CATEGORY_CN || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static bool is_combining(utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_MC;
}

struct sb_view_glyph sb_view_glyph(uint32_t code_point, bool is_ascii)
{
    if (code_point >= 0x20 && code_point < 0x7f)
        return (struct sb_view_glyph){.code_point = code_point, .width = 1};
    if (code_point < 0xa0 || code_point > 0x10ffff || is_treacherous(code_point))
        return mark(is_ascii);
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code_point);
    if (is_unprintable(category))
        return mark(is_ascii);
    if (is_combining(category))
        return (struct sb_view_glyph){.code_point = 0, .width = 0};
    if (category == UTF8PROC_CATEGORY_ZS) /* other spaces look like nothing at all: a plain one */
        return (struct sb_view_glyph){.code_point = ' ', .width = 1};
    const int width = utf8proc_charwidth((utf8proc_int32_t)code_point);
    if (width <= 0)
        return (struct sb_view_glyph){.code_point = 0, .width = 0};
    if (is_ascii)
        return mark(true);
    return (struct sb_view_glyph){.code_point = code_point, .width = width > 1 ? 2U : 1U};
}
