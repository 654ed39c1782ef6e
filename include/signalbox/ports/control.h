/* How anybody but the core thread speaks to the running engine: post inputs, take events. Implemented by the engine. */
#ifndef SIGNALBOX_PORTS_CONTROL_H
#define SIGNALBOX_PORTS_CONTROL_H

#include "signalbox/base/hist.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"

#include <stddef.h>

struct sb_control;

/* Posts a command; `id` 0 is replaced by a fresh id, which is returned in `*id` (may be NULL). SB_ERR_FULL when the inbox is full:
 * the poster decides. Any thread. */
enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err) SB_MUST_USE;
/* Posts a note, component result, vitals or what the budget needs to know (spent, ledger, llm_failed, bill). Any thread. */
enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err) SB_MUST_USE;

/* A listener's feed: a bounded queue of events. The first events are a describe stream (seq 0 .. `described`). A listener that falls
 * behind loses its queue and gets a fresh describe stream, preceded by is_gap = true. */
struct sb_feed;
enum sb_err sb_feed_open(struct sb_control *control, struct sb_feed **feed, struct sb_error *err) SB_MUST_USE;
void sb_feed_close(struct sb_feed *feed);
/* Readable for poll() while events are waiting. */
int sb_feed_fd(const struct sb_feed *feed);
/* Asks the core thread for a heartbeat event in this feed: it comes as long as the runtime decides, so its age is the age of the
 * picture. Does not wait. */
void sb_feed_ping(struct sb_feed *feed);
/* Takes up to `cap` events without blocking; `*is_gap` tells that the model must be reset before folding them. One thread per feed. */
size_t sb_feed_take(struct sb_feed *feed, struct sb_event *events, size_t cap, bool *is_gap);

/* A loop of the runtime, and for how long it has owed an answer; 0 = it turns. */
struct sb_loop {
    const char *name;
    sb_ns silence;
};
enum { SB_LOOPS_MAX = 8 };
/* The engine's loops: core, workers, journal, keeper. Asks those which owe nothing to turn once more, waits for none: ask again later. The store
 * that cannot write, as long as it says so, is not silent. Any thread. */
size_t sb_control_loops(struct sb_control *control, struct sb_loop loops[SB_LOOPS_MAX]);

/* What the engine has counted since its start. */
struct sb_vitals {
    uint64_t inputs, events, orders, steps_run;
    uint32_t inbox_depth;                     /* inputs that wait for the core */
    uint32_t workers, workers_busy;
    struct sb_hist step, dispatch, lateness;  /* core step; start order made -> worker code runs; deadline asked -> core thread awake */
};
/* Never waits for the core. Any thread. */
void sb_control_vitals(struct sb_control *control, struct sb_vitals *vitals);

/* late: how much too late the core thread came to a deadline at worst since the last call, so that only one may call it. lost: notes that found
 * no room since the start. */
struct sb_health {
    sb_ns late;
    uint64_t lost;
};
void sb_control_health(struct sb_control *control, struct sb_health *health);

#endif
