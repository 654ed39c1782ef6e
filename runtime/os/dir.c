/* Folders: made with their parents, removed with their contents. Any thread. Everything below the named folder is reached through
 * descriptors of its parents, never by a path, so that a link put there meanwhile cannot lead outside. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_PATH_MAX = 4096, DIR_DEPTH_MAX = 64 };

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum sb_err sb_dir_make(const char *path, unsigned mode, struct sb_error *err)
{
    char prefix[DIR_PATH_MAX];

    if (!sb_copy(prefix, sizeof(prefix), path) || path[0] == '\0')
        return sb_error_set(err, SB_ERR_INVALID, "path of the folder is empty or too long: %s", path);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdir(prefix, (mode_t)mode) != 0) {
            int number = errno;
            if (!is_folder(prefix))
                return os_error_path(err, number == EEXIST ? ENOTDIR : number, "make the folder", prefix, NULL);
        }
        prefix[i] = path[i];
    }
    return SB_OK;
}

static int remove_contents(int fd, unsigned depth);

/* 0 or an errno value. A name that vanished meanwhile is as removed as it should be. */
static int remove_entry(int parent, const char *name, unsigned depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return errno;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    int number = remove_contents(fd, depth + 1);
    if (number == 0 && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        number = errno;
    return number;
}

/* Takes `fd`. Depth is bounded, so the recursion and the descriptors are too. */
static int remove_contents(int fd, unsigned depth)
{
    if (depth > DIR_DEPTH_MAX) {
        sb_fd_close(&fd);
        return ENAMETOOLONG;
    }
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int number = errno;
        sb_fd_close(&fd);
        return number;
    }
    int number = 0;
    while (number == 0) {
        errno = 0;
        /* readdir() is safe here: the stream belongs to this call alone. */
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            number = errno;
            break;
        }
        if (!sb_streq(entry->d_name, ".") && !sb_streq(entry->d_name, ".."))
            number = remove_entry(dirfd(dir), entry->d_name, depth);
    }
    (void)closedir(dir);
    return number;
}

enum sb_err sb_dir_remove(const char *path, struct sb_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? SB_OK : os_error_path(err, errno, "remove the folder", path, "links are not followed");
    int number = remove_contents(fd, 0);
    if (number == 0 && rmdir(path) != 0 && errno != ENOENT)
        number = errno;
    return number == 0 ? SB_OK : os_error_path(err, number, "remove the folder", path, NULL);
}
