/* Recordings: events as JSON lines, one sb_codec_event_write each. A recording is a file, or a folder of segments that follow each other.
 * docs/decisions/0016 says why it is so. */
#ifndef SIGNALBOX_RECORDING_RECORDING_H
#define SIGNALBOX_RECORDING_RECORDING_H

#include "signalbox/ports/control.h"
#include "signalbox/ports/history.h"

#define SB_RECORDING_FOLDER "recordings" /* in the state folder */

/* ---- writing a folder: one thread at a time ---- */

struct sb_recording_limits {
    sb_ns keep;               /* segments that ended longer ago are removed */
    uint64_t keep_bytes;      /* and the oldest ones when all together are larger */
    uint64_t spare_bytes;     /* what the disk must have left: before it has less, recordings go, and then nothing is recorded */
    sb_ns segment_lasts;      /* a new segment is due after that time ... */
    uint64_t segment_bytes;   /* ... or that many bytes */
};

struct sb_recording;
/* Makes the folder (0700); numbers go on behind what is in it. Nothing is written before sb_recording_begin. */
enum sb_err sb_recording_open(struct sb_recording **recording, const char *folder, const struct sb_recording_limits *limits,
                              struct sb_error *err) SB_MUST_USE;
/* Begins a segment (a file, 0600) with a snapshot, and removes old ones. `at`: now. On failure there is no current segment. */
enum sb_err sb_recording_begin(struct sb_recording *recording, const struct sb_event *snapshot, size_t count, struct sb_wall at,
                               struct sb_error *err) SB_MUST_USE;
/* Appends; heartbeats are left out. On failure the segment ends with the last whole line, and there is no current one any more: what comes next needs
 * a new snapshot. */
enum sb_err sb_recording_append(struct sb_recording *recording, const struct sb_event *events, size_t count, struct sb_error *err) SB_MUST_USE;
/* Whether there is a segment to append to, and whether it is old or large enough for a new one. */
bool sb_recording_is_open(const struct sb_recording *recording);
bool sb_recording_is_due(const struct sb_recording *recording, struct sb_wall now);
void sb_recording_close(struct sb_recording *recording); /* NULL is fine */

/* ---- the flight recorder: a listener with a thread of its own that writes a folder ---- */

struct sb_recorder_setup {
    struct sb_control *control;
    const char *folder;
    struct sb_recording_limits limits;
};
struct sb_recorder;
/* A folder that cannot be written is no failure of the start: it is said by a note, and tried again every half minute. */
enum sb_err sb_recorder_start(struct sb_recorder **recorder, const struct sb_recorder_setup *setup, struct sb_error *err) SB_MUST_USE;
/* The control is about to end: the recorder asks it for nothing more, and goes on with what its feed still has. NULL is fine. */
void sb_recorder_detach(struct sb_recorder *recorder);
/* Writes what waits, joins the thread, frees. NULL is fine. */
void sb_recorder_stop(struct sb_recorder *recorder);
/* Events written, and CPU time spent on it. Any thread. */
struct sb_recorder_stats {
    uint64_t events, bytes;
    sb_ns busy;
};
void sb_recorder_stats(struct sb_recorder *recorder, struct sb_recorder_stats *stats);

/* ---- reading (ports/history.h): one thread at a time ---- */

/* A folder of segments, a file, a folder with an events.jsonl, or a .tar.gz that has one. Files may be hostile. SB_ERR_NOT_FOUND when there is
 * nothing recorded. */
enum sb_err sb_history_open(struct sb_history **history, const char *path, struct sb_error *err) SB_MUST_USE;

#endif
