/* Owns the question what a path holds: a folder of segments, an incident bundle, a file; and the parts of a file. Any thread. */
#include "source.h"

#include "lines.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE_EVENTS "events.jsonl"

enum { CHUNK_BYTES = 1 << 18, PIECES_MAX = 1 << 16 };
#define PIECE_BYTES ((uint64_t)512 << 10)   /* a piece without a snapshot goes on for so long */
#define PACKED_BYTES_MAX ((size_t)64 << 20) /* of a packed bundle's events */

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text), count = strlen(end);
    return size >= count && strcmp(text + size - count, end) == 0;
}

/* The events of a packed bundle, by tar, in memory. */
static enum sb_err unpack(const char *path, int *fd, struct sb_error *err)
{
    char file[4096];
    struct sb_text text;
    sb_text_init(&text, file, sizeof(file));
    sb_text_add(&text, "--file=");
    sb_text_add(&text, path);
    const char *const argv[] = { "tar", "--extract", "--gzip", "--to-stdout", "--force-local", "--wildcards", file, "*" BUNDLE_EVENTS, NULL };
    const struct sb_child_spec spec = { .path = "tar", .argv = argv };
    struct sb_child_talk talk = { .output_max = PACKED_BYTES_MAX };
    const struct sb_op op = { .deadline = sb_now() + SB_S(30) };

    enum sb_err rc = text.is_cut ? sb_error_set(err, SB_ERR_TOO_LARGE, "%s: the path is too long", path)
                                 : sb_child_talk(&spec, &talk, &op, err);
    if (rc == SB_OK && talk.status != 0)
        rc = sb_error_set(err, SB_ERR_CORRUPT, "%s: no " BUNDLE_EVENTS " can be unpacked from it: %.120s", path,
                          talk.errors != NULL ? talk.errors : "");
    if (rc == SB_OK && talk.out_is_cut)
        rc = sb_error_set(err, SB_ERR_TOO_LARGE, "%s: its " BUNDLE_EVENTS " is larger than 64 MiB; unpack it and name the folder", path);
    if (rc == SB_OK) {
        *fd = memfd_create("recording", MFD_CLOEXEC);
        size_t done = 0;
        while (*fd >= 0 && done < talk.out_size) {
            ssize_t count = write(*fd, talk.out + done, talk.out_size - done);
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                break;
            done += (size_t)count;
        }
        if (*fd < 0 || done < talk.out_size)
            rc = sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for its " BUNDLE_EVENTS, path);
    }
    free(talk.out);
    free(talk.errors);
    return rc;
}

enum sb_err source_open(const char *path, int *fd, bool *is_folder, char *name, size_t name_cap, struct sb_error *err)
{
    struct stat status;
    const char *const slash = strrchr(path, '/');

    (void)sb_copy(name, name_cap, slash != NULL && slash[1] != '\0' ? slash + 1 : path);
    if (ends_with(path, ".tar.gz") || ends_with(path, ".tgz")) {
        (void)sb_copy(name, name_cap, BUNDLE_EVENTS);
        return unpack(path, fd, err);
    }
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd >= 0 && fstat(*fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        const int bundle = openat(*fd, BUNDLE_EVENTS, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        *is_folder = bundle < 0;
        if (bundle >= 0) {
            sb_fd_close(fd);
            *fd = bundle;
            (void)sb_copy(name, name_cap, BUNDLE_EVENTS);
        }
    }
    if (*fd < 0)
        return sb_error_set(err, errno == ENOENT ? SB_ERR_NOT_FOUND : errno == EACCES ? SB_ERR_PERMISSION : SB_ERR_IO, "%s: %s", path,
                            strerror(errno));
    if (!*is_folder && (fstat(*fd, &status) != 0 || !S_ISREG(status.st_mode)))
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "%s: a recording is a file or a folder", path);
    return SB_OK;
}

/* The cut of a file, as it goes on. */
struct cut {
    struct piece *pieces;
    size_t count, cap;
    uint64_t offset, line;    /* of the line that comes */
    bool is_snapshot;         /* the line before was one of a description */
    bool has_time;            /* of the current piece: it has one that is not of a description */
};

static bool add_piece(struct cut *cut, bool has_snapshot, struct sb_wall from)
{
    if (cut->count == PIECES_MAX)
        return true; /* the last one grows */
    if (cut->count == cut->cap) {
        const size_t cap = cut->cap == 0 ? 64 : cut->cap * 2;
        struct piece *grown = realloc(cut->pieces, cap * sizeof(*grown));
        if (grown == NULL)
            return false;
        cut->pieces = grown;
        cut->cap = cap;
    }
    cut->pieces[cut->count] = (struct piece){ .id = cut->count + 1, .from = from, .offset = cut->offset, .first_line = cut->line,
                                              .has_snapshot = has_snapshot };
    cut->count++;
    cut->has_time = false;
    return true;
}

/* One line. Those of a description tell when their facts began, so a piece begins with the first line of another kind. */
static bool cut_line(struct cut *cut, const char *line, size_t size)
{
    uint64_t seq = 1;
    struct sb_wall wall = { 0 };
    const bool is_known = line_peek(line, size, &seq, &wall);
    const bool is_snapshot = is_known && seq == 0 && memmem(line, size < 256 ? size : 256, "\"heartbeat\"", 11) == NULL;
    const struct piece *last = cut->count > 0 ? &cut->pieces[cut->count - 1] : NULL;

    if (is_known && (last == NULL || (is_snapshot && !cut->is_snapshot) || (!is_snapshot && cut->offset - last->offset >= PIECE_BYTES)) &&
        !add_piece(cut, is_snapshot, wall))
        return false;
    if (is_known && cut->count > 0 && !cut->has_time) { /* the last line of a description is of now; what follows is all the more */
        cut->pieces[cut->count - 1].from = wall;
        cut->has_time = !is_snapshot;
    }
    cut->is_snapshot = is_snapshot || (!is_known && cut->is_snapshot);
    cut->offset += size + 1;
    cut->line++;
    return true;
}

static bool cut_chunk(struct cut *cut, const char *bytes, size_t size, size_t *used)
{
    for (const char *end; (end = memchr(bytes + *used, '\n', size - *used)) != NULL;) {
        const size_t length = (size_t)(end - bytes) - *used;
        if (!cut_line(cut, bytes + *used, length))
            return false;
        *used += length + 1;
    }
    return true;
}

/* Reads chunk by chunk; half a line waits for the rest of it, as long as it may still be an event. */
static enum sb_err read_through(int fd, const char *name, struct cut *cut, char *buffer, uint64_t *total, struct sb_error *err)
{
    size_t kept = 0;

    for (;;) {
        ssize_t count = pread(fd, buffer + kept, CHUNK_BYTES - kept, (off_t)*total);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return sb_error_set(err, SB_ERR_IO, "%s: %s", name, strerror(errno));
        if (count == 0)
            return SB_OK;
        *total += (uint64_t)count;
        kept += (size_t)count;
        size_t used = 0;
        if (!cut_chunk(cut, buffer, kept, &used))
            return sb_error_set(err, SB_ERR_NOMEM, "no memory to read %s", name);
        kept -= used;
        memmove(buffer, buffer + used, kept);
        if (kept == CHUNK_BYTES)
            return sb_error_set(err, SB_ERR_CORRUPT, "%s:%llu: a line of more than 256 KiB is no recording", name,
                                (unsigned long long)cut->line + 1);
    }
}

enum sb_err source_cut(int fd, const char *name, struct piece **pieces, size_t *count, struct sb_error *err)
{
    struct cut cut = { .count = 0 };
    uint64_t total = 0;
    char *buffer = malloc(CHUNK_BYTES);

    enum sb_err rc = buffer == NULL ? sb_error_set(err, SB_ERR_NOMEM, "no memory to read %s", name)
                                    : read_through(fd, name, &cut, buffer, &total, err);
    free(buffer);
    if (rc == SB_OK && cut.count == 0)
        rc = sb_error_set(err, SB_ERR_CORRUPT, "%s: no line of it is an event; a recording is JSON lines as signalbox writes them", name);
    if (rc != SB_OK) {
        free(cut.pieces);
        return rc;
    }
    cut.pieces[0].offset = 0; /* what is before the first event is told as a mistake too */
    cut.pieces[0].first_line = 0;
    for (size_t i = 0; i < cut.count; i++)
        cut.pieces[i].size = (i + 1 < cut.count ? cut.pieces[i + 1].offset : total) - cut.pieces[i].offset;
    *pieces = cut.pieces;
    *count = cut.count;
    return SB_OK;
}
