/* Lines of a recording to events. Private to the recording room. */
#ifndef SIGNALBOX_RECORDING_LINES_H
#define SIGNALBOX_RECORDING_LINES_H

#include "signalbox/base/err.h"
#include "signalbox/model/event.h"

#include <stddef.h>

/* What was wrong with a recording so far. */
struct mistakes {
    uint64_t count;
    char first[SB_ERROR_TEXT_MAX];
};
/* Counts a mistake and keeps the first one. `name` is the file's own name, without its folder. */
void mistake(struct mistakes *mistakes, const char *name, uint64_t line, const char *what);

/* Events of lines, as they come. */
struct events {
    struct sb_event *items;
    size_t count, cap;
};
/* Reads the whole lines in `bytes` and appends their events; what is no event is a mistake and passed over. Returns the bytes read: what is
 * behind the last newline is left. `line`: the number of the line before the first one; grows. SIZE_MAX: no memory. */
size_t lines_read(struct events *events, const char *bytes, size_t size, const char *name, uint64_t *line, struct mistakes *mistakes);
/* How many of the events are the snapshot at their beginning. */
size_t lines_snapshot(const struct events *events);

/* What can be told of a line without parsing it: whether it is of a description, and when it was. False when its beginning is not as the codec
 * writes it. */
bool line_peek(const char *line, size_t size, uint64_t *seq, struct sb_wall *wall);

#endif
