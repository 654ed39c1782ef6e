/* Events for tests of recordings: numbered, each at its own time, with descriptions that have the same jobs. */
#ifndef SB_TEST_TAPE_H
#define SB_TEST_TAPE_H

#include "signalbox/base/text.h"
#include "signalbox/model/event.h"

#include <string.h>

enum { TAPE_JOBS = 5, TAPE_SNAPSHOT = TAPE_JOBS + 3 };
/* 2026-11-27T12:00:00Z */
#define TAPE_START INT64_C(1795780800000000000)

static inline void tape_stamp(struct sb_event *event, uint64_t seq, sb_ns at)
{
    event->seq = seq;
    event->now = SB_HOUR(5) + at;
    event->wall.ns = TAPE_START + at;
}

/* A description at that time. */
static inline void tape_snapshot(struct sb_event events[TAPE_SNAPSHOT], sb_ns at)
{
    size_t count = 0;
    memset(events, 0, TAPE_SNAPSHOT * sizeof(*events));
    events[count].kind = SB_EVENT_RUNTIME_STARTED;
    events[count].as.runtime_started.boot = 4;
    (void)sb_copy(events[count].as.runtime_started.host, SB_NAME_MAX, "ops1");
    (void)sb_copy(events[count].as.runtime_started.version, SB_NAME_MAX, "0.1.0");
    count++;
    events[count].kind = SB_EVENT_POOL_DEFINED;
    events[count++].as.pool_defined.contexts = 3;
    for (uint16_t job = 0; job < TAPE_JOBS; job++) {
        struct sb_text name;
        events[count].kind = SB_EVENT_JOB_DEFINED;
        events[count].as.job_defined.job = job;
        sb_text_init(&name, events[count].as.job_defined.name, SB_NAME_MAX);
        sb_text_add(&name, "job_");
        sb_text_add_u64(&name, job);
        count++;
    }
    events[count].kind = SB_EVENT_DESCRIBED;
    events[count++].as.described.jobs = TAPE_JOBS;
    for (size_t i = 0; i < count; i++)
        tape_stamp(&events[i], 0, at);
}

/* Event `seq` of an ordinary day, at its own time: three to five seconds lie between two of them, and now and then none. Runs begin and end, some
 * fail, alerts are raised and cleared. */
static inline struct sb_event tape_event(uint64_t seq)
{
    struct sb_event event;
    const uint64_t run = seq / 3 + 1;
    const uint16_t job = (uint16_t)(run % TAPE_JOBS);
    memset(&event, 0, sizeof event);
    tape_stamp(&event, seq, SB_S((int64_t)(seq - seq % 4) * 4) + SB_MS((int64_t)(seq % 4) * (seq % 8 < 4 ? 150 : 1100)));
    if (seq % 97 == 0) {
        event.kind = SB_EVENT_ALERT_RAISED;
        event.as.alert_raised.alert = (uint32_t)(seq / 97);
        event.as.alert_raised.severity = SB_SEVERITY_WARN;
        event.as.alert_raised.job = job;
        (void)sb_copy(event.as.alert_raised.text, SB_NOTE_MAX, "it fails");
    } else if (seq % 97 == 50) {
        event.kind = SB_EVENT_ALERT_CLEARED;
        event.as.alert_cleared.alert = (uint32_t)(seq / 97);
    } else if (seq % 3 == 0) {
        event.kind = SB_EVENT_RUN_QUEUED;
        event.as.run_queued.run = run;
        event.as.run_queued.job = job;
        event.as.run_queued.attempt = 1;
    } else if (seq % 3 == 1) {
        event.kind = SB_EVENT_RUN_STARTED;
        event.as.run_started.run = run;
        event.as.run_started.job = job;
        event.as.run_started.attempt = 1;
    } else {
        event.kind = SB_EVENT_RUN_ENDED;
        event.as.run_ended.run = run;
        event.as.run_ended.job = job;
        event.as.run_ended.attempt = 1;
        event.as.run_ended.state = run % 11 == 0 ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED;
        event.as.run_ended.duration = SB_MS((int64_t)(run % 900));
    }
    return event;
}

#endif
