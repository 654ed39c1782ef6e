/* Writing a .tar.gz. One thread; knows descriptors and no names but those inside the archive. */
#include "tar.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

enum { BLOCK = 512, NAME_MAX_BYTES = 100, PART_MAX = 1 << 20 };

struct sb_tar {
    gzFile gz;
    int fd; /* a second descriptor of the file, for fsync */
    int64_t wall_s;
};

/* Offsets of the header's fields. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32], group[32],
        major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a ustar header is one block");

enum sb_err sb_tar_open(struct sb_tar **tar, int fd, int64_t wall_s, struct sb_error *err)
{
    struct sb_tar *self = calloc(1, sizeof(*self));
    if (self != NULL) {
        self->wall_s = wall_s;
        self->fd = dup(fd);
        self->gz = self->fd >= 0 ? gzdopen(fd, "wb") : NULL;
    }
    if (self != NULL && self->gz != NULL) {
        *tar = self;
        return SB_OK;
    }
    (void)close(fd);
    if (self != NULL && self->fd >= 0)
        (void)close(self->fd);
    free(self);
    return sb_error_set(err, SB_ERR_NOMEM, "no memory for an archive");
}

static enum sb_err write_all(struct sb_tar *tar, const void *bytes, size_t size, struct sb_error *err)
{
    const char *at = bytes;
    while (size > 0) {
        const unsigned part = size < PART_MAX ? (unsigned)size : (unsigned)PART_MAX;
        errno = 0;
        if (gzwrite(tar->gz, at, part) != (int)part) {
            int code = Z_OK;
            const char *why = gzerror(tar->gz, &code);
            return sb_error_set(err, SB_ERR_IO, "the archive cannot be written: %s", code == Z_ERRNO || why[0] == '\0' ? strerror(errno) : why);
        }
        at += part;
        size -= part;
    }
    return SB_OK;
}

static void octal(char *field, size_t cap, uint64_t value)
{
    for (size_t i = cap - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

static void fill(struct header *header, const struct sb_tar *tar, const char *name, size_t size)
{
    const bool is_folder = name[strlen(name) - 1] == '/';
    memset(header, 0, sizeof(*header));
    memcpy(header->name, name, strlen(name));
    octal(header->mode, sizeof(header->mode), is_folder ? 0700 : 0600);
    octal(header->uid, sizeof(header->uid), 0);
    octal(header->gid, sizeof(header->gid), 0);
    octal(header->size, sizeof(header->size), size);
    octal(header->mtime, sizeof(header->mtime), tar->wall_s > 0 ? (uint64_t)tar->wall_s : 0);
    header->type = is_folder ? '5' : '0';
    memcpy(header->magic, "ustar", sizeof(header->magic));
    memcpy(header->version, "00", sizeof(header->version));
    memset(header->checksum, ' ', sizeof(header->checksum)); /* it counts as blanks */
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(*header); i++)
        sum += ((const unsigned char *)header)[i];
    octal(header->checksum, sizeof(header->checksum) - 1, sum);
    header->checksum[7] = ' ';
}

enum sb_err sb_tar_add(struct sb_tar *tar, const char *name, const void *bytes, size_t size, struct sb_error *err)
{
    static const char zeros[BLOCK];
    struct header header;
    if (name[0] == '\0' || strlen(name) >= NAME_MAX_BYTES)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the name %.40s... is too long for an archive", name);
    fill(&header, tar, name, size);
    enum sb_err rc = write_all(tar, &header, sizeof(header), err);
    if (rc == SB_OK)
        rc = write_all(tar, bytes, size, err);
    return rc == SB_OK ? write_all(tar, zeros, (BLOCK - size % BLOCK) % BLOCK, err) : rc;
}

enum sb_err sb_tar_finish(struct sb_tar *tar, struct sb_error *err)
{
    static const char end[2 * BLOCK];
    enum sb_err rc = write_all(tar, end, sizeof(end), err);
    errno = 0;
    const int closed = gzclose(tar->gz);
    if (rc == SB_OK && closed != Z_OK)
        rc = sb_error_set(err, SB_ERR_IO, "the archive cannot be written: %s", errno != 0 ? strerror(errno) : "zlib failed");
    if (rc == SB_OK && fsync(tar->fd) != 0)
        rc = sb_error_set(err, SB_ERR_IO, "the archive cannot be brought to disk: %s", strerror(errno));
    (void)close(tar->fd);
    free(tar);
    return rc;
}

void sb_tar_abandon(struct sb_tar *tar)
{
    if (tar == NULL)
        return;
    (void)gzclose(tar->gz);
    (void)close(tar->fd);
    free(tar);
}
