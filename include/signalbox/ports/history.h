/* What was recorded, as parts in the order of time. A part is a stretch of events; most begin with a snapshot, a describe stream (seq 0) that
 * says how everything stood when it began. A part that follows the one before it without a gap repeats at least one of its events.
 *
 * Thread: one at a time. Reads files; a part of usual size takes a few milliseconds. */
#ifndef SIGNALBOX_PORTS_HISTORY_H
#define SIGNALBOX_PORTS_HISTORY_H

#include "signalbox/base/err.h"
#include "signalbox/model/event.h"

#include <stddef.h>

struct sb_history;

struct sb_history_part {
    uint64_t id;              /* grows with time; stays the part's own while others come and go */
    struct sb_wall from;      /* when it begins */
    uint64_t size;            /* bytes; of the newest part it grows */
};

/* The events of a part. The first `snapshot` of them are its snapshot; 0 = it has none and goes on from the part before. */
struct sb_history_events {
    const struct sb_event *events;
    size_t count, snapshot;
};

/* Looks again at what there is: parts come at the end and go at the beginning. */
enum sb_err sb_history_refresh(struct sb_history *history, struct sb_error *err) SB_MUST_USE;
size_t sb_history_count(const struct sb_history *history);
struct sb_history_part sb_history_part(const struct sb_history *history, size_t index);
/* Whether the part begins with a snapshot, as far as can be told without reading it. */
bool sb_history_has_snapshot(const struct sb_history *history, size_t index);
/* The part's events, with what has been added to it since. Lines that are no events are passed over and counted. Borrowed until the third next
 * load, refresh or close. */
enum sb_err sb_history_load(struct sb_history *history, size_t index, struct sb_history_events *events, struct sb_error *err) SB_MUST_USE;
/* How many lines were passed over so far, and the first of them as "FILE:LINE: what is wrong"; 0 and "" when all is well. */
uint64_t sb_history_mistakes(const struct sb_history *history, const char **first);
void sb_history_close(struct sb_history *history); /* NULL is fine */

#endif
