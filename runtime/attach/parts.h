/* The parts of an attached source and what they share; private to this room.
 *
 *   source.c   the source: what the console's thread calls, and the ring between it and the reader
 *   reader.c   the thread that follows the event stream, and connects again
 *   past.c     the newest events before a description
 *   speaker.c  the thread that sends commands
 *   words.c    a command as the JSON that the interface for programs takes */
#ifndef SIGNALBOX_ATTACH_PARTS_H
#define SIGNALBOX_ATTACH_PARTS_H

#include "sse.h"
#include "wire.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/attach/attach.h"

enum {
    ATTACH_EVENTS_MAX = 4096, /* read and not taken; then the reader stops, and the runtime's end of the stream falls behind */
    ATTACH_ERRANDS_MAX = 16,  /* commands on their way */
    ATTACH_FAILURES_MAX = 16, /* that were not taken; older ones are dropped */
    ATTACH_PAST_MAX = 400,    /* events of the log before a description */
    ATTACH_PATH_BYTES = 1056,
};

/* Names by number, as the picture has them that the console was given: a command is sent by name, so that it cannot meet another job of a runtime
 * that was started anew with another catalogue. */
struct attached_names {
    char (*jobs)[SB_NAME_MAX]; /* [SB_JOBS_MAX]; pages of it are used as far as there are jobs */
    char sites[SB_SITES_MAX][SB_NAME_MAX];
};

/* What the speaker carries: a command, or the wish to write. */
struct errand {
    uint64_t id; /* of the command; 0 = the wish */
    char *body;
};

struct attached {
    struct sb_source source; /* first */
    char socket_path[ATTACH_PATH_BYTES];
    uint64_t console;
    bool is_viewer;          /* for good */
    int wake_fd;             /* what the console polls */
    struct sb_cancel *stop, *stop_speaking;
    struct sb_thread *reader, *speaker;
    struct attached_names names; /* the console's thread only */

    struct sb_mutex *mutex;
    struct sb_cond *room;    /* the ring has some again */
    struct sb_cond *errand;  /* there is one, or the end */
    struct sb_cond *spoken;  /* the speaker has ended */
    /* guarded by mutex */
    struct sb_event *ring;   /* [ATTACH_EVENTS_MAX] */
    size_t head, count;
    struct sb_event *past;   /* malloc'ed; NULL = none */
    size_t past_at, past_count;
    bool is_held;            /* a description is being read: nothing is shown before it is complete */
    bool is_gap_untold;
    struct sb_source_status status;
    struct errand errands[ATTACH_ERRANDS_MAX];
    size_t errand_count;
    struct sb_source_failure failures[ATTACH_FAILURES_MAX];
    size_t failure_count;
    bool is_closing, has_spoken;
};

/* --- source.c: called by the two threads --- */
/* What was read belongs to a picture that is over; what follows describes everything. Nothing is given out until it is complete or the ring full. */
void attached_begin_anew(struct attached *attached);
/* Waits for room; while the source is being closed the event goes nowhere. */
void attached_put(struct attached *attached, const struct sb_event *event);
/* `text` "" = nothing to say. `since` of the state stays when it does not change. */
void attached_set_state(struct attached *attached, enum sb_source_state state, const char *text);
void attached_set_seat(struct attached *attached, bool is_writer, const char *writer);
/* `node` "": the runtime is no node of several. */
void attached_set_node(struct attached *attached, const char *node, int64_t count);
void attached_fail(struct attached *attached, uint64_t id, const char *text);

/* past.c */
void attached_recall(struct attached *attached);
size_t attached_take_past(struct sb_source *source, struct sb_event *events, size_t cap);

void attached_read(void *attached);  /* reader.c */
void attached_speak(void *attached); /* speaker.c */

/* words.c. malloc'ed; NULL when out of memory, or when the target has no name in the picture. */
char *attached_command_words(const struct attached_names *names, uint64_t console, const struct sb_command *command);

#endif
