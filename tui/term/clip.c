/* The terminal's clipboard by OSC 52 (xterm's control sequences, "Manipulate Selection Data"). Nothing of the text reaches the terminal but as
 * base64, so that no byte of it can end the sequence. Thread: the one that opened the terminal. */
#include "term_private.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Types that print what they do not know, or are known to have no clipboard. */
static bool may_have_clipboard(void)
{
    static const char *const without[] = { "linux", "dumb", "vt", "ansi", "cons", "unknown" };
    const char *type = getenv("TERM");
    if (type == NULL || type[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < SB_LEN(without); i++) {
        if (strncmp(type, without[i], strlen(without[i])) == 0) {
            return false;
        }
    }
    return true;
}

static void put_base64(const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        const size_t left = size - at;
        const unsigned group = (unsigned)bytes[at] << 16 | (left > 1 ? (unsigned)bytes[at + 1] << 8 : 0) | (left > 2 ? bytes[at + 2] : 0U);
        (void)putchar(digits[group >> 18]);
        (void)putchar(digits[group >> 12 & 63]);
        (void)putchar(left > 1 ? digits[group >> 6 & 63] : '=');
        (void)putchar(left > 2 ? digits[group & 63] : '=');
    }
}

bool sb_term_copy(struct sb_term *term, const char *bytes, size_t size)
{
    (void)term;
    if (size == 0 || size > SB_TERM_COPY_MAX || !may_have_clipboard()) {
        return false;
    }
    (void)fputs("\x1b]52;c;", stdout);
    put_base64((const unsigned char *)bytes, size);
    (void)fputs("\a", stdout);
    return fflush(stdout) == 0;
}
