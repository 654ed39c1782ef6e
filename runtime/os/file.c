/* Whole files: bounded reading, atomic writing, lock files. Any thread. */
#include "os_private.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_PATH_MAX = 4096, FILE_FIRST_READ = 4096 };

void sb_fd_close(int *fd)
{
    if (*fd < 0)
        return;
    /* Linux releases the number even when close() fails; data that matters was fsynced before. */
    (void)close(*fd);
    *fd = -1;
}

/* Reads to the end, or one byte more than `max` to know that it is too much. The size in stat is only a hint: files of /proc say 0. */
static enum sb_err read_all(int fd, const char *path, size_t max, size_t hint, char **bytes, size_t *size, struct sb_error *err)
{
    size_t cap = hint < max ? hint + 1 : max + 1, used = 0;
    char *buf = malloc(cap + 1);

    for (;;) {
        if (buf == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory to read %s", path);
        ssize_t got = read(fd, buf + used, cap - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int number = errno;
            free(buf);
            return os_error_path(err, number, "read", path, NULL);
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > max) {
            explicit_bzero(buf, used);
            free(buf);
            return sb_error_set(err, SB_ERR_TOO_LARGE, "%s is larger than %zu bytes", path, max);
        }
        if (used == cap) {
            /* Not realloc: what was read may be a secret, and must not stay behind in freed memory. */
            size_t wider = cap > max / 2 ? max + 1 : cap * 2;
            char *moved = malloc(wider + 1);
            if (moved != NULL)
                memcpy(moved, buf, used);
            explicit_bzero(buf, used);
            free(buf);
            buf = moved;
            cap = wider;
        }
    }
    buf[used] = '\0';
    *bytes = buf;
    *size = used;
    return SB_OK;
}

enum sb_err sb_file_read(const char *path, size_t max, char **bytes, size_t *size, struct sb_error *err)
{
    struct stat info;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer; it has no effect on regular files. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return os_error_path(err, errno, "read", path, NULL);
    enum sb_err rc;
    if (fstat(fd, &info) != 0)
        rc = os_error_path(err, errno, "look at", path, NULL);
    else if (!S_ISREG(info.st_mode))
        rc = sb_error_set(err, SB_ERR_INVALID, "cannot read %s: it is not a regular file", path);
    else
        rc = read_all(fd, path, max, info.st_size > 0 ? (size_t)info.st_size : FILE_FIRST_READ, bytes, size, err);
    sb_fd_close(&fd);
    return rc;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* A rename is on disk only when its folder is. */
static bool sync_folder_of(const char *path)
{
    char folder[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);

    if (slash == NULL)
        (void)sb_copy(folder, sizeof(folder), ".");
    else
        (void)sb_copy_n(folder, sizeof(folder), path, length > 0 ? length : 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_ok = fsync(fd) == 0;
    int number = errno;
    sb_fd_close(&fd);
    errno = number;
    return is_ok;
}

enum sb_err sb_file_write_atomically(const char *path, const void *bytes, size_t size, unsigned mode, struct sb_error *err)
{
    char temporary[FILE_PATH_MAX];
    struct sb_text name;

    sb_text_init(&name, temporary, sizeof(temporary));
    sb_text_add(&name, path);
    sb_text_add(&name, ".new-XXXXXX");
    if (name.is_cut)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "path is too long: %s", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return os_error_path(err, errno, "write", path, "its folder must exist and be writable");
    bool is_ok = write_all(fd, bytes, size) && fchmod(fd, (mode_t)mode) == 0 && fsync(fd) == 0 && rename(temporary, path) == 0;
    int number = errno;
    sb_fd_close(&fd);
    if (!is_ok) {
        (void)unlink(temporary); /* the failure that counts is the first one */
        return os_error_path(err, number, "write", path, NULL);
    }
    if (!sync_folder_of(path))
        return os_error_path(err, errno, "make durable", path, NULL);
    return SB_OK;
}

static enum sb_err lock_refused(int fd, const char *path, struct sb_error *err)
{
    char holder[24] = "";
    int64_t pid = 0;
    ssize_t got = pread(fd, holder, sizeof(holder) - 1, 0);

    if (got > 0)
        holder[strcspn(holder, "\n")] = '\0';
    if (!sb_parse_i64(holder, &pid) || pid <= 0)
        return sb_error_set(err, SB_ERR_EXISTS, "%s is locked by another process; end it first", path);
    return sb_error_set(err, SB_ERR_EXISTS, "%s is locked by process %lld; end it first", path, (long long)pid);
}

enum sb_err sb_lock_open(int *fd, const char *path, struct sb_error *err)
{
    char line[24];
    struct sb_text text;
    int fresh = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fresh < 0)
        return os_error_path(err, errno, "open the lock file", path, "its folder must exist and be writable");
    if (flock(fresh, LOCK_EX | LOCK_NB) != 0) {
        enum sb_err rc = errno == EWOULDBLOCK ? lock_refused(fresh, path, err) : os_error_path(err, errno, "lock", path, NULL);
        sb_fd_close(&fresh);
        return rc;
    }
    sb_text_init(&text, line, sizeof(line));
    sb_text_add_i64(&text, getpid());
    sb_text_add_char(&text, '\n');
    if (ftruncate(fresh, 0) != 0 || !write_all(fresh, line, text.len)) {
        int number = errno;
        sb_fd_close(&fresh);
        return os_error_path(err, number, "write the lock file", path, NULL);
    }
    *fd = fresh;
    return SB_OK;
}
