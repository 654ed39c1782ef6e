/* The file of a backup: made under another name, forced to disk, and named at last, so that what has the name is whole. */
#include "signalbox/os/os.h"

#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

enum sb_err sb_backup_begin(const char *path, char *part, size_t cap, struct sb_error *err)
{
    if (access(path, F_OK) == 0)
        return sb_error_set(err, SB_ERR_EXISTS, "backup %s is there already: name a new file", path);
    int wanted = snprintf(part, cap, "%s.part-%ld", path, (long)getpid());
    if (wanted < 0 || (size_t)wanted >= cap)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the backup is too long: %.80s...", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return sb_error_set(err, errno == EACCES ? SB_ERR_PERMISSION : SB_ERR_IO, "backup %s cannot be made: %s", path, strerror(errno));
    sb_fd_close(&fd);
    return SB_OK;
}

static int force(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    sb_fd_close(&fd);
    return failed;
}

enum sb_err sb_backup_end(const char *path, const char *part, enum sb_err code, struct sb_error *err)
{
    char folder[PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        (void)snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int failed = code ? 0 : force(part, O_RDWR);
    if (!code && !failed && link(part, path) != 0) /* unlike a rename it replaces nothing */
        failed = errno;
    (void)unlink(part);
    if (!code && !failed)
        failed = force(folder, O_RDONLY | O_DIRECTORY);
    return failed ? sb_error_set(err, failed == EEXIST ? SB_ERR_EXISTS : SB_ERR_IO, "backup %s cannot be kept: %s", path, strerror(failed)) : code;
}
