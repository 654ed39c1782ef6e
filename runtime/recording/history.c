/* Owns what has been recorded, for reading: its parts, and the few of them that are in memory as events. A segment is a part; a file is cut into
 * parts where its snapshots begin, and where it grows long. Thread: one at a time. */
#include "signalbox/recording/recording.h"

#include "lines.h"
#include "segments.h"
#include "source.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOADED_MAX = 24, LOADED_LEAST = 4, LOADED_EVENTS = 40000 }; /* some 10 MiB, whatever the parts are */
#define PART_BYTES_MAX ((uint64_t)16 << 20) /* of one part; what is behind it is not read */

/* A part as events. */
struct loaded {
    uint64_t id, used_at;     /* id 0 = empty */
    uint64_t read, line;      /* bytes and lines of it that have been read */
    struct events events;
};

struct sb_history {
    char *folder;             /* of segments; NULL: one file */
    int fd;                   /* of the folder, or of the file */
    char name[SEGMENT_NAME_MAX]; /* of the file, for messages */
    struct piece *pieces;
    size_t count;
    uint64_t loads;
    struct loaded loaded[LOADED_MAX];
    struct mistakes mistakes;
};

void sb_history_close(struct sb_history *history)
{
    if (history == NULL)
        return;
    for (unsigned i = 0; i < LOADED_MAX; i++)
        free(history->loaded[i].events.items);
    sb_fd_close(&history->fd);
    free(history->pieces);
    free(history->folder);
    free(history);
}

static enum sb_err refresh_folder(struct sb_history *history, struct sb_error *err)
{
    struct segment *list = NULL;
    size_t count = 0;

    enum sb_err rc = segments_list(history->fd, history->folder, &list, &count, err);
    if (rc != SB_OK)
        return rc;
    struct piece *pieces = calloc(count > 0 ? count : 1, sizeof(*pieces));
    if (pieces == NULL) {
        free(list);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a list of recordings");
    }
    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct piece){ .id = list[i].number + 1, .from = list[i].from, .size = list[i].size, .has_snapshot = true };
    free(list);
    free(history->pieces);
    history->pieces = pieces;
    history->count = count;
    return SB_OK;
}

enum sb_err sb_history_refresh(struct sb_history *history, struct sb_error *err)
{
    return history->folder != NULL ? refresh_folder(history, err) : SB_OK; /* a file is what it was when it was opened */
}

static enum sb_err open_folder(struct sb_history *history, const char *path, struct sb_error *err)
{
    history->folder = strdup(path);
    if (history->folder == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to read %s", path);
    enum sb_err rc = refresh_folder(history, err);
    if (rc == SB_OK && history->count == 0)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "%s: nothing has been recorded there", path);
    return rc;
}

enum sb_err sb_history_open(struct sb_history **history, const char *path, struct sb_error *err)
{
    struct sb_history *fresh = calloc(1, sizeof(*fresh));
    bool is_folder = false;

    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to read %s", path);
    fresh->fd = -1;
    enum sb_err rc = source_open(path, &fresh->fd, &is_folder, fresh->name, sizeof(fresh->name), err);
    if (rc == SB_OK && is_folder)
        rc = open_folder(fresh, path, err);
    else if (rc == SB_OK)
        rc = source_cut(fresh->fd, fresh->name, &fresh->pieces, &fresh->count, err);
    if (rc != SB_OK) {
        sb_history_close(fresh);
        return rc;
    }
    *history = fresh;
    return SB_OK;
}

size_t sb_history_count(const struct sb_history *history)
{
    return history->count;
}

struct sb_history_part sb_history_part(const struct sb_history *history, size_t index)
{
    const struct piece *const piece = &history->pieces[index];
    return (struct sb_history_part){ .id = piece->id, .from = piece->from, .size = piece->size };
}

bool sb_history_has_snapshot(const struct sb_history *history, size_t index)
{
    return history->pieces[index].has_snapshot;
}

uint64_t sb_history_mistakes(const struct sb_history *history, const char **first)
{
    *first = history->mistakes.first;
    return history->mistakes.count;
}

/* Frees the memory of parts that were not needed for the longest time, when all together have too much. */
static void give_back(struct sb_history *history)
{
    for (;;) {
        struct loaded *oldest = NULL;
        size_t events = 0;
        unsigned parts = 0;
        for (unsigned i = 0; i < LOADED_MAX; i++) {
            struct loaded *const loaded = &history->loaded[i];
            events += loaded->events.cap;
            parts += loaded->events.cap > 0;
            if (loaded->events.cap > 0 && (oldest == NULL || loaded->used_at < oldest->used_at))
                oldest = loaded;
        }
        if (events <= LOADED_EVENTS || parts <= LOADED_LEAST || oldest == NULL)
            return;
        free(oldest->events.items);
        memset(oldest, 0, sizeof(*oldest));
    }
}

/* The place of a part in memory; else the one that was not needed for the longest time, emptied. */
static struct loaded *place_of(struct sb_history *history, const struct piece *piece)
{
    struct loaded *oldest = &history->loaded[0];

    for (unsigned i = 0; i < LOADED_MAX; i++) {
        struct loaded *const loaded = &history->loaded[i];
        if (loaded->id == piece->id)
            return loaded;
        if (loaded->used_at < oldest->used_at)
            oldest = loaded;
    }
    give_back(history);
    oldest->events.count = 0;
    oldest->id = piece->id;
    oldest->read = 0;
    oldest->line = piece->first_line;
    return oldest;
}

static enum sb_err read_bytes(int fd, const struct piece *piece, uint64_t from, char **bytes, size_t *size, struct sb_error *err)
{
    const uint64_t end = piece->size < PART_BYTES_MAX ? piece->size : PART_BYTES_MAX;
    *size = end > from ? (size_t)(end - from) : 0;
    *bytes = malloc(*size + 1);
    if (*bytes == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a part of a recording");
    size_t done = 0;
    while (done < *size) {
        ssize_t count = pread(fd, *bytes + done, *size - done, (off_t)(piece->offset + from + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            const int why = errno;
            free(*bytes);
            return sb_error_set(err, SB_ERR_IO, "a recording cannot be read: %s", strerror(why));
        }
        if (count == 0)
            break; /* it is shorter now */
        done += (size_t)count;
    }
    *size = done;
    return SB_OK;
}

static enum sb_err open_piece(struct sb_history *history, struct piece *piece, char name[SEGMENT_NAME_MAX], int *fd, struct sb_error *err)
{
    struct stat status;

    if (history->folder == NULL) {
        (void)sb_copy(name, SEGMENT_NAME_MAX, history->name);
        *fd = history->fd;
        return SB_OK;
    }
    const struct segment segment = { .number = piece->id - 1, .from = piece->from };
    segment_name(&segment, name);
    *fd = openat(history->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return sb_error_set(err, errno == ENOENT ? SB_ERR_NOT_FOUND : SB_ERR_IO, "%s/%s: %s", history->folder, name, strerror(errno));
    if (fstat(*fd, &status) == 0 && S_ISREG(status.st_mode))
        piece->size = (uint64_t)status.st_size;
    return SB_OK;
}

/* Reads what is new of the part. Half a line at the end of the newest part is being written; anywhere else it was torn, and is passed over. */
static enum sb_err catch_up(struct sb_history *history, struct piece *piece, struct loaded *loaded, struct sb_error *err)
{
    char name[SEGMENT_NAME_MAX], *bytes = NULL;
    size_t size = 0;
    int fd = -1;

    enum sb_err rc = open_piece(history, piece, name, &fd, err);
    if (rc == SB_OK)
        rc = read_bytes(fd, piece, loaded->read, &bytes, &size, err);
    if (history->folder != NULL)
        sb_fd_close(&fd);
    if (rc != SB_OK)
        return rc;
    size_t used = lines_read(&loaded->events, bytes, size, name, &loaded->line, &history->mistakes);
    free(bytes);
    if (used == SIZE_MAX)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a part of a recording");
    loaded->read += used;
    const bool is_newest = piece == &history->pieces[history->count - 1];
    if (used < size && (history->folder == NULL || !is_newest)) {
        mistake(&history->mistakes, name, loaded->line + 1, "the last line is torn");
        loaded->read += size - used;
    }
    if (piece->size > PART_BYTES_MAX && loaded->read < piece->size) {
        mistake(&history->mistakes, name, loaded->line + 1, "what is behind 16 MiB without a snapshot is not read");
        loaded->read = piece->size;
    }
    return SB_OK;
}

enum sb_err sb_history_load(struct sb_history *history, size_t index, struct sb_history_events *events, struct sb_error *err)
{
    if (index >= history->count)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "the recording has no part %zu", index);
    struct piece *const piece = &history->pieces[index];
    struct loaded *const loaded = place_of(history, piece);
    const bool is_whole = loaded->read > 0 && loaded->read >= piece->size;
    loaded->used_at = ++history->loads;
    enum sb_err rc = is_whole ? SB_OK : catch_up(history, piece, loaded, err);
    if (rc != SB_OK) {
        loaded->id = 0;
        loaded->used_at = 0;
        return rc;
    }
    *events = (struct sb_history_events){ .events = loaded->events.items, .count = loaded->events.count,
                                          .snapshot = lines_snapshot(&loaded->events) };
    return SB_OK;
}
