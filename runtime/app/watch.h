/* The events of a running runtime, one after the other, for commands that print them: one connection, no thread, no reconnecting. */
#ifndef SIGNALBOX_APP_WATCH_H
#define SIGNALBOX_APP_WATCH_H

#include "signalbox/base/err.h"
#include "signalbox/model/event.h"

struct watch;

enum watch_got {
    WATCH_EVENT,
    WATCH_GAP, /* events were passed over: everything is described anew, forget what was folded */
    WATCH_END, /* the runtime has closed the stream */
};

/* Connects and asks for GET /v1/events with a heartbeat every second. */
enum sb_err watch_open(struct watch **watch, const char *socket_path, struct sb_error *err) SB_MUST_USE;
void watch_close(struct watch *watch); /* NULL is fine */
/* Waits for the next one until `deadline` (monotonic): SB_ERR_TIMEOUT. SB_ERR_CORRUPT for what is no event stream. Events of a kind that this
 * version does not know are passed over. */
enum sb_err watch_next(struct watch *watch, sb_ns deadline, enum watch_got *got, struct sb_event *event, struct sb_error *err) SB_MUST_USE;

#endif
