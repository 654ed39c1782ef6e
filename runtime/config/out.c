/* A text that grows, bounded at OUT_MAX. Owns its buffer until it is taken. One thread. */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 4 * 1024 * 1024 };

static void add_bytes(struct sb_cfg_out *out, const char *bytes, size_t size)
{
    if (out->is_failed) {
        return;
    }
    if (out->cap - out->size <= size) {
        size_t cap = (out->cap + size + 1) * 2;
        char *grown = cap <= OUT_MAX ? realloc(out->text, cap) : NULL;
        if (grown == NULL) {
            out->is_failed = true;
            return;
        }
        out->text = grown;
        out->cap = cap;
    }
    memcpy(out->text + out->size, bytes, size);
    out->size += size;
    out->text[out->size] = '\0';
}

void sb_cfg_out_add(struct sb_cfg_out *out, const char *text)
{
    add_bytes(out, text, strlen(text));
}

void sb_cfg_out_addf(struct sb_cfg_out *out, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof text) {
        out->is_failed = true;
        return;
    }
    add_bytes(out, text, (size_t)size);
}

void sb_cfg_out_string(struct sb_cfg_out *out, const char *text)
{
    sb_cfg_out_add(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            add_bytes(out, "\\", 1);
            add_bytes(out, text, 1);
        } else if ((unsigned char)*text < 0x20) {
            sb_cfg_out_addf(out, "\\u%04x", (unsigned)*text);
        } else {
            add_bytes(out, text, 1);
        }
    }
    sb_cfg_out_add(out, "\"");
}

char *sb_cfg_out_take(struct sb_cfg_out *out)
{
    if (out->is_failed) {
        free(out->text);
        out->text = NULL;
    }
    return out->text;
}
