/* Errors of system calls as `struct sb_error`. Any thread; no state. */
#include "os_private.h"

#include <errno.h>
#include <string.h>

static const struct {
    int number;
    enum sb_err code;
} errno_codes[] = {
    { ENOENT, SB_ERR_NOT_FOUND },   { ESRCH, SB_ERR_NOT_FOUND },    { EEXIST, SB_ERR_EXISTS },
    { ENOTEMPTY, SB_ERR_EXISTS },   { EACCES, SB_ERR_PERMISSION },  { EPERM, SB_ERR_PERMISSION },
    { ENOMEM, SB_ERR_NOMEM },       { EROFS, SB_ERR_READ_ONLY },    { EMFILE, SB_ERR_FULL },
    { ENFILE, SB_ERR_FULL },        { EAGAIN, SB_ERR_UNAVAILABLE }, { ENAMETOOLONG, SB_ERR_TOO_LARGE },
    { EFBIG, SB_ERR_TOO_LARGE },    { ENOTDIR, SB_ERR_INVALID },    { EISDIR, SB_ERR_INVALID },
    { ELOOP, SB_ERR_REFUSED },      { ENOEXEC, SB_ERR_INVALID },    { ENOSYS, SB_ERR_UNSUPPORTED },
};

enum sb_err os_errno_code(int number)
{
    for (size_t i = 0; i < SB_LEN(errno_codes); i++)
        if (errno_codes[i].number == number)
            return errno_codes[i].code;
    return SB_ERR_IO;
}

const char *os_errno_text(int number)
{
    const char *text = strerrordesc_np(number);

    return text != NULL ? text : "unknown system error";
}

enum sb_err os_error_path(struct sb_error *err, int number, const char *verb, const char *path, const char *advice)
{
    return sb_error_set(err, os_errno_code(number), "cannot %s %s: %s%s%s", verb, path, os_errno_text(number),
                        advice != NULL ? "; " : "", advice != NULL ? advice : "");
}
