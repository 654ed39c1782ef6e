/* Bundles: files are written into hidden names and get their own when all of them are there. One thread. */
#include "tar.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARENT_MAX = 1024, SAME_NAME_MAX = 1000 };

struct sb_bundle {
    char parent[PARENT_MAX];
    char name[SB_BUNDLE_NAME_MAX];
    char folder[SB_BUNDLE_PATH_MAX], archive[SB_BUNDLE_PATH_MAX + 8]; /* hidden names; "" = gone or given away */
    struct sb_tar *tar;
};

static bool is_plain(const char *name)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return name[0] != '\0' && name[0] != '.' && strlen(name) < SB_BUNDLE_NAME_MAX - 8 && name[strspn(name, set)] == '\0';
}

static enum sb_err io_error(struct sb_error *err, const char *what, const char *path)
{
    const enum sb_err code = errno == EACCES || errno == EPERM ? SB_ERR_PERMISSION : SB_ERR_IO;
    return sb_error_set(err, code, "%s %.300s: %s; no bundle was left", what, path, strerror(errno));
}

static enum sb_err make_folder(struct sb_bundle *b, int64_t wall_s, struct sb_error *err)
{
    char top[SB_BUNDLE_NAME_MAX + 2];
    (void)snprintf(b->folder, sizeof(b->folder), "%s/.%s-XXXXXX", b->parent, b->name);
    if (mkdtemp(b->folder) == NULL) { /* mode 0700 */
        enum sb_err rc = io_error(err, "cannot make the folder", b->folder);
        b->folder[0] = '\0';
        return rc;
    }
    (void)snprintf(b->archive, sizeof(b->archive), "%s.tar.gz", b->folder);
    int fd = open(b->archive, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return io_error(err, "cannot make the file", b->archive);
    enum sb_err rc = sb_tar_open(&b->tar, fd, wall_s, err);
    (void)snprintf(top, sizeof(top), "%s/", b->name);
    return rc == SB_OK ? sb_tar_add(b->tar, top, "", 0, err) : rc;
}

/* The first of NAME, NAME.2, ... that nothing has. */
static enum sb_err find_name(struct sb_bundle *b, const char *name, struct sb_error *err)
{
    char path[SB_BUNDLE_PATH_MAX];
    for (unsigned i = 1; i <= SAME_NAME_MAX; i++) {
        if (i == 1)
            (void)sb_copy(b->name, sizeof(b->name), name);
        else
            (void)snprintf(b->name, sizeof(b->name), "%s.%u", name, i);
        (void)snprintf(path, sizeof(path), "%s/%s", b->parent, b->name);
        if (access(path, F_OK) != 0 && errno == ENOENT)
            return SB_OK;
    }
    return sb_error_set(err, SB_ERR_EXISTS, "%s/%s and %d more are there already; remove some", b->parent, name, SAME_NAME_MAX - 1);
}

enum sb_err sb_bundle_create(struct sb_bundle **bundle, const char *parent, const char *name, int64_t wall_s, struct sb_error *err)
{
    struct sb_bundle *b = is_plain(name) ? calloc(1, sizeof(*b)) : NULL;
    if (b == NULL)
        return is_plain(name) ? sb_error_set(err, SB_ERR_NOMEM, "no memory for a bundle")
                              : sb_error_set(err, SB_ERR_INVALID, "\"%.60s\" cannot be the name of a bundle", name);
    enum sb_err rc = sb_copy(b->parent, sizeof(b->parent), parent) ? sb_dir_make(parent, 0700, err)
                                                                   : sb_error_set(err, SB_ERR_TOO_LARGE, "the path %.60s... is too long", parent);
    if (rc == SB_OK)
        rc = find_name(b, name, err);
    if (rc == SB_OK)
        rc = make_folder(b, wall_s, err);
    if (rc == SB_OK)
        *bundle = b;
    else
        sb_bundle_destroy(b);
    return rc;
}

static enum sb_err write_file(const char *path, const void *bytes, size_t size, struct sb_error *err)
{
    const char *at = bytes;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return io_error(err, "cannot make the file", path);
    while (size > 0) {
        ssize_t done = write(fd, at, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            enum sb_err rc = io_error(err, "cannot write", path);
            (void)close(fd);
            return rc;
        }
        at += done;
        size -= (size_t)done;
    }
    return close(fd) == 0 ? SB_OK : io_error(err, "cannot write", path);
}

enum sb_err sb_bundle_add(struct sb_bundle *b, const char *name, const void *bytes, size_t size, struct sb_error *err)
{
    char path[SB_BUNDLE_PATH_MAX + SB_BUNDLE_NAME_MAX], inside[2 * SB_BUNDLE_NAME_MAX];
    if (!is_plain(name))
        return sb_error_set(err, SB_ERR_INVALID, "\"%.60s\" cannot be the name of a file in a bundle", name);
    (void)snprintf(path, sizeof(path), "%s/%s", b->folder, name);
    (void)snprintf(inside, sizeof(inside), "%s/%s", b->name, name);
    enum sb_err rc = write_file(path, bytes, size, err);
    return rc == SB_OK ? sb_tar_add(b->tar, inside, bytes, size, err) : rc;
}

enum sb_err sb_bundle_finish(struct sb_bundle *b, char path[SB_BUNDLE_PATH_MAX], struct sb_error *err)
{
    char folder[SB_BUNDLE_PATH_MAX], archive[SB_BUNDLE_PATH_MAX + 8];
    enum sb_err rc = sb_tar_finish(b->tar, err);
    b->tar = NULL;
    if (rc != SB_OK)
        return rc;
    (void)snprintf(folder, sizeof(folder), "%s/%s", b->parent, b->name);
    (void)snprintf(archive, sizeof(archive), "%s.tar.gz", folder);
    if (rename(b->archive, archive) != 0)
        return io_error(err, "cannot name the archive", archive);
    b->archive[0] = '\0';
    if (rename(b->folder, folder) != 0) {
        rc = io_error(err, "cannot name the folder", folder);
        (void)unlink(archive);
        return rc;
    }
    b->folder[0] = '\0';
    (void)sb_copy(path, SB_BUNDLE_PATH_MAX, folder);
    return SB_OK;
}

void sb_bundle_destroy(struct sb_bundle *b)
{
    struct sb_error unheard = { 0 };
    if (b == NULL)
        return;
    sb_tar_abandon(b->tar);
    if (b->archive[0] != '\0' && unlink(b->archive) != 0 && errno != ENOENT)
        sb_log(SB_LOG_WARN, "bundle", "%s is left: %s", b->archive, strerror(errno));
    if (b->folder[0] != '\0' && sb_dir_remove(b->folder, &unheard) != SB_OK)
        sb_log(SB_LOG_WARN, "bundle", "%s", unheard.text);
    free(b);
}
