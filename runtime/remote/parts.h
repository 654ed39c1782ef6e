/* The parts of a remote source and what they share; private to this room.
 *
 *   remote.c   the source: what the console's thread calls, and the ring between it and the reader
 *   reader.c   the thread that follows the event stream, and connects again
 *   speaker.c  the thread that sends commands
 *   words.c    a command as the JSON that the interface for programs takes */
#ifndef SIGNALBOX_REMOTE_PARTS_H
#define SIGNALBOX_REMOTE_PARTS_H

#include "sse.h"
#include "wire.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/remote/remote.h"

enum {
    REMOTE_EVENTS_MAX = 4096, /* read and not taken; then the reader stops, and the runtime's end of the stream falls behind */
    REMOTE_ERRANDS_MAX = 16,  /* commands on their way */
    REMOTE_FAILURES_MAX = 16, /* that were not taken; older ones are dropped */
    REMOTE_PATH_BYTES = 1056,
};

/* Names by number, as the picture has them that the console was given: a command is sent by name, so that it cannot meet another job of a runtime
 * that was started anew with another catalogue. */
struct remote_names {
    char (*jobs)[SB_NAME_MAX]; /* [SB_JOBS_MAX]; pages of it are used as far as there are jobs */
    char sites[SB_SITES_MAX][SB_NAME_MAX];
};

/* What the speaker carries: a command, or the wish to write. */
struct errand {
    uint64_t id; /* of the command; 0 = the wish */
    char *body;
};

struct remote {
    struct sb_source source; /* first */
    char socket_path[REMOTE_PATH_BYTES];
    uint64_t console;
    bool is_viewer;          /* for good */
    int wake_fd;             /* what the console polls */
    struct sb_cancel *stop, *stop_speaking;
    struct sb_thread *reader, *speaker;
    struct remote_names names; /* the console's thread only */

    struct sb_mutex *mutex;
    struct sb_cond *room;    /* the ring has some again */
    struct sb_cond *errand;  /* there is one, or the end */
    struct sb_cond *spoken;  /* the speaker has ended */
    /* guarded by mutex */
    struct sb_event *ring;   /* [REMOTE_EVENTS_MAX] */
    size_t head, count;
    bool is_held;            /* a description is being read: nothing is shown before it is complete */
    bool is_gap_untold;
    struct sb_source_status status;
    struct errand errands[REMOTE_ERRANDS_MAX];
    size_t errand_count;
    struct sb_source_failure failures[REMOTE_FAILURES_MAX];
    size_t failure_count;
    bool is_closing, has_spoken;
};

/* --- remote.c: called by the two threads --- */
/* What was read belongs to a picture that is over; what follows describes everything. Nothing is given out until it is complete or the ring full. */
void remote_begin_anew(struct remote *remote);
/* Waits for room; false when the source is being closed. */
bool remote_put(struct remote *remote, const struct sb_event *event);
/* `text` "" = nothing to say. `since` of the state stays when it does not change. */
void remote_set_state(struct remote *remote, enum sb_source_state state, const char *text);
void remote_set_seat(struct remote *remote, bool is_writer, const char *writer);
void remote_fail(struct remote *remote, uint64_t id, const char *text);

void remote_read(void *remote);  /* reader.c */
void remote_speak(void *remote); /* speaker.c */

/* words.c. malloc'ed; NULL when out of memory, or when the target has no name in the picture. */
char *remote_command_words(const struct remote_names *names, uint64_t console, const struct sb_command *command);

#endif
