/* Error texts and the error value. No thread, no I/O. */
#include "signalbox/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *sb_err_text(enum sb_err code)
{
    static const char *const texts[] = {
#define SB_ERR_TEXT(name, text, retryable) text,
        SB_ERRORS(SB_ERR_TEXT)
#undef SB_ERR_TEXT
    };
    return (unsigned)code < SB_ERR_COUNT ? texts[code] : "unknown error";
}

bool sb_err_is_retryable(enum sb_err code)
{
    static const bool flags[] = {
#define SB_ERR_FLAG(name, text, retryable) retryable,
        SB_ERRORS(SB_ERR_FLAG)
#undef SB_ERR_FLAG
    };
    return (unsigned)code < SB_ERR_COUNT && flags[code];
}

enum sb_err sb_error_set(struct sb_error *err, enum sb_err code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, format);
    err->code = code;
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return code;
}

enum sb_err sb_error_wrap(struct sb_error *err, const char *format, ...)
{
    if (err == NULL)
        return SB_ERR_BUG;
    char inner[SB_ERROR_TEXT_MAX];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text) - 3)
        (void)snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %.*s",
                       (int)(sizeof(err->text) - (size_t)used - 3), inner);
    return err->code;
}
