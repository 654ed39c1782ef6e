/* Where a console's events come from and where its commands go: the runtime in this process, one in another process, or a recording. The
 * console folds what it is given and knows no difference.
 *
 * Thread: the console's, one at a time; an implementation's own threads are its own business. No call waits for the runtime. */
#ifndef SIGNALBOX_PORTS_SOURCE_H
#define SIGNALBOX_PORTS_SOURCE_H

#include "signalbox/base/err.h"
#include "signalbox/base/text.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"

#include <stddef.h>

/* LIVE: events come as they happen. CONNECTING: none have come yet. LOST: they came, and come no more; the picture is of `since`. */
enum sb_source_state { SB_SOURCE_LIVE, SB_SOURCE_CONNECTING, SB_SOURCE_LOST };

/* How it stands with a source. All zero: live, in this process, and this console may act. */
struct sb_source_status {
    uint8_t state;              /* enum sb_source_state */
    bool is_attached;           /* the runtime goes on when the console leaves */
    bool is_viewer;             /* commands are refused: another console writes, or none */
    sb_ns since;                /* monotonic: of `state` */
    char writer[SB_NAME_MAX];   /* who writes when this console does not; "" = nobody. Untrusted */
    char node[SB_NOTE_MAX];     /* which of several nodes the runtime is, "node a of 3"; "" = it is the only one. Untrusted */
    char text[SB_NOTE_MAX];     /* why the state is not LIVE, or what went wrong last; "" = nothing to say. Untrusted */
};

/* A command that this source took and that no event will answer. */
struct sb_source_failure {
    uint64_t id;
    char text[SB_NOTE_MAX];     /* what became of it; untrusted */
};

struct sb_source {
    const struct sb_source_ops *ops;
};

/* Every operation is there, but those that may be NULL. */
struct sb_source_ops {
    void (*close)(struct sb_source *source); /* frees it; NULL is fine */
    /* Readable for poll() while events, a failure or another status are waiting. The same one until close. */
    int (*fd)(const struct sb_source *source);
    /* Takes up to `cap` events without blocking. The first ones describe everything as it is. `*is_gap`: forget what was folded, these begin
     * anew. */
    size_t (*take)(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap);
    /* Takes the newest events of before that beginning, oldest first: for the log alone, they are not folded. Asked for when a gap is told; 0 = no
     * more. NULL: there are none. */
    size_t (*take_past)(struct sb_source *source, struct sb_event *events, size_t cap);
    /* Asks for a sign of life, which comes as an event `heartbeat`: its age is the age of the picture. Once a second. */
    void (*ping)(struct sb_source *source);
    /* Hands a command on; its outcome comes as an event with its id, or as a failure. `id` 0 is replaced by a fresh one, which is returned
     * in `*id`. SB_ERR_FULL: too many wait; SB_ERR_REFUSED: this console does not write. */
    enum sb_err (*command)(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err);
    void (*look)(struct sb_source *source, struct sb_source_status *status);
    /* Takes a failure; false when there is none. NULL: every command is answered by an event. */
    bool (*take_failure)(struct sb_source *source, struct sb_source_failure *failure);
    /* Asks that this console writes from now on, whoever did; the status tells whether it does. NULL: it always does. */
    enum sb_err (*take_over)(struct sb_source *source, struct sb_error *err);
};

#endif
