/* printf into a bounded text: in its own file, so that the pure rooms never link it. */
#include "signalbox/base/text.h"

#include <stdarg.h>
#include <stdio.h>

void sb_text_addf(struct sb_text *text, const char *format, ...)
{
    size_t room = text->cap - text->len;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text->buf + text->len, room, format, args);
    va_end(args);
    if (wanted < 0) {
        text->buf[text->len] = '\0';
        text->is_cut = true;
    } else if ((size_t)wanted >= room) {
        text->len = text->cap - 1;
        text->is_cut = true;
    } else {
        text->len += (size_t)wanted;
    }
}
