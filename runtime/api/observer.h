/* The observer: the one listener of the runtime that is always there. It counts every event for the metrics, keeps a model of its own (from a
 * second feed: what was restored is told by a picture alone), watches the loops, and speaks with systemd. Private to the room.
 *
 * Threads: one of its own. What it holds is under one lock, which is held for folding some events or for writing a scrape: nobody waits for the
 * core, and the core waits for nobody here. */
#ifndef SIGNALBOX_API_OBSERVER_H
#define SIGNALBOX_API_OBSERVER_H

#include "call.h"
#include "metrics.h"

struct observer;
/* Takes setup->feed, or opens one of which it counts what comes next. */
enum sb_err observer_open(struct observer **observer, const struct sb_api_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Says STOPPING=1. NULL is fine. */
void observer_close(struct observer *observer);

/* A scrape, malloc'ed; NULL when there is no memory. */
char *observer_scrape(struct observer *observer, bool is_openmetrics);
/* The answers to a supervisor. Each writes lines for people and returns whether the answer is yes. */
typedef bool observer_question(struct observer *observer, bool is_verbose, struct sb_text *out);
observer_question observer_live, observer_ready, observer_started;
/* What ended the start: a component whose policy is to fail; SB_OK when nothing did. */
enum sb_err observer_start_failure(struct observer *observer, struct sb_error *err) SB_MUST_USE;

#endif
