/* Owns the segments of a recording that is being written: begins, appends, removes old ones. A line is either whole on disk or not there:
 * what could be written of a line is taken away again. Thread: one at a time. */
#include "signalbox/recording/recording.h"

#include "segments.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 65536 };

struct sb_recording {
    struct sb_recording_limits limits;
    char *folder;
    int folder_fd, fd;        /* fd: of the current segment; -1 = none */
    uint64_t next_number;
    struct segment current;   /* size: whole lines in it */
    size_t used;              /* of buffer */
    char buffer[BUFFER_BYTES];
};

enum sb_err sb_recording_open(struct sb_recording **recording, const char *folder, const struct sb_recording_limits *limits,
                              struct sb_error *err)
{
    struct segment *list = NULL;
    size_t count = 0;

    enum sb_err rc = sb_dir_make(folder, 0700, err);
    if (rc != SB_OK)
        return rc;
    struct sb_recording *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to write %s", folder);
    fresh->limits = *limits;
    fresh->fd = -1;
    fresh->folder = strdup(folder);
    fresh->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fresh->folder == NULL)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory to write %s", folder);
    else if (fresh->folder_fd < 0)
        rc = sb_error_set(err, SB_ERR_IO, "%s: %s", folder, strerror(errno));
    else
        rc = segments_list(fresh->folder_fd, folder, &list, &count, err);
    if (rc != SB_OK) {
        sb_recording_close(fresh);
        return rc;
    }
    fresh->next_number = count > 0 ? list[count - 1].number + 1 : 1;
    free(list);
    *recording = fresh;
    return SB_OK;
}

void sb_recording_close(struct sb_recording *recording)
{
    if (recording == NULL)
        return;
    sb_fd_close(&recording->fd);
    sb_fd_close(&recording->folder_fd);
    free(recording->folder);
    free(recording);
}

bool sb_recording_is_open(const struct sb_recording *recording)
{
    return recording->fd >= 0;
}

bool sb_recording_is_due(const struct sb_recording *recording, struct sb_wall now)
{
    const sb_ns age = sb_ns_sub(now.ns, recording->current.from.ns);
    return recording->fd >= 0 && (age >= recording->limits.segment_lasts || age < 0 || /* the clock went back */
                                  recording->current.size >= recording->limits.segment_bytes);
}

static bool has_room(const struct sb_recording *recording)
{
    return sb_disk_free(recording->folder) >= recording->limits.spare_bytes;
}

/* Removes what is too old or too much; when the disk is short, all that is not current. That a file cannot be removed is said, and is no
 * reason not to record. */
static void prune(struct sb_recording *recording, struct sb_wall now)
{
    const uint64_t keep_bytes = has_room(recording) ? recording->limits.keep_bytes : 0;
    struct segment *list = NULL;
    struct sb_error err = { SB_OK, "" };
    size_t count = 0;
    uint64_t total = 0;

    if (segments_list(recording->folder_fd, recording->folder, &list, &count, &err) != SB_OK) {
        sb_log(SB_LOG_WARN, "recorder", "old recordings stay: %s", err.text);
        return;
    }
    for (size_t i = 0; i < count; i++)
        total += list[i].size;
    for (size_t i = 0; i + 1 < count; i++) { /* never the current one; a segment ends when the next one begins */
        const bool is_old = sb_ns_sub(now.ns, list[i + 1].from.ns) > recording->limits.keep;
        char name[SEGMENT_NAME_MAX];
        if (!is_old && total <= keep_bytes)
            break;
        segment_name(&list[i], name);
        if (unlinkat(recording->folder_fd, name, 0) != 0 && errno != ENOENT) {
            sb_log(SB_LOG_WARN, "recorder", "%s/%s cannot be removed: %s", recording->folder, name, strerror(errno));
            continue;
        }
        total -= list[i].size;
    }
    free(list);
}

/* Ends the current segment behind its last whole line. */
static enum sb_err give_up(struct sb_recording *recording, int why, struct sb_error *err)
{
    char name[SEGMENT_NAME_MAX];

    segment_name(&recording->current, name);
    if (recording->current.size == 0)
        (void)unlinkat(recording->folder_fd, name, 0); /* nothing is in it */
    else if (ftruncate(recording->fd, (off_t)recording->current.size) != 0)
        sb_log(SB_LOG_WARN, "recorder", "%s/%s ends in half a line: %s", recording->folder, name, strerror(errno));
    sb_fd_close(&recording->fd);
    recording->used = 0;
    return sb_error_set(err, why == ENOSPC || why == EDQUOT ? SB_ERR_FULL : SB_ERR_IO, "%s/%s: %s", recording->folder, name, strerror(why));
}

static enum sb_err flush(struct sb_recording *recording, struct sb_error *err)
{
    for (size_t at = 0; at < recording->used;) {
        ssize_t count = write(recording->fd, recording->buffer + at, recording->used - at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return give_up(recording, count < 0 ? errno : ENOSPC, err);
        at += (size_t)count;
    }
    recording->current.size += recording->used;
    recording->used = 0;
    return SB_OK;
}

enum sb_err sb_recording_append(struct sb_recording *recording, const struct sb_event *events, size_t count, struct sb_error *err)
{
    if (recording->fd < 0)
        return sb_error_set(err, SB_ERR_INVALID, "%s: no segment has begun", recording->folder);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == SB_EVENT_HEARTBEAT)
            continue;
        if (recording->used + SB_CODEC_EVENT_MAX + 1 > BUFFER_BYTES) {
            enum sb_err rc = flush(recording, err);
            if (rc != SB_OK)
                return rc;
        }
        recording->used += sb_codec_event_write(&events[i], recording->buffer + recording->used, SB_CODEC_EVENT_MAX);
        recording->buffer[recording->used++] = '\n';
    }
    return flush(recording, err);
}

enum sb_err sb_recording_begin(struct sb_recording *recording, const struct sb_event *snapshot, size_t count, struct sb_wall at,
                               struct sb_error *err)
{
    char name[SEGMENT_NAME_MAX];

    sb_fd_close(&recording->fd);
    recording->used = 0;
    recording->current = (struct segment){ .number = recording->next_number, .from = at };
    segment_name(&recording->current, name);
    if (!segment_parse(name, &recording->current))
        return sb_error_set(err, SB_ERR_INVALID, "%s: a segment cannot begin at the time %lld ns", recording->folder, (long long)at.ns);
    recording->fd = openat(recording->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (recording->fd < 0)
        return sb_error_set(err, errno == ENOSPC || errno == EDQUOT ? SB_ERR_FULL : SB_ERR_IO, "%s/%s: %s", recording->folder, name,
                            strerror(errno));
    recording->next_number++;
    prune(recording, at);
    if (!has_room(recording)) {
        (void)give_up(recording, ENOSPC, NULL); /* takes the empty file away again */
        return sb_error_set(err, SB_ERR_FULL, "%s: the disk has less than %llu MiB left", recording->folder,
                            (unsigned long long)(recording->limits.spare_bytes >> 20));
    }
    return sb_recording_append(recording, snapshot, count, err);
}
