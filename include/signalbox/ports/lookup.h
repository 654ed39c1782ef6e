/* What a console asks about the past, and what it is told. The model of a console holds what is; this is what was: read from the store (or from
 * another process) while the console goes on drawing. Values without pointers: an answer is copied between threads.
 *
 * History comes in pages: never more than SB_LOOKUP_PAGE rows, found by the number of the row they stand before or after. */
#ifndef SIGNALBOX_PORTS_LOOKUP_H
#define SIGNALBOX_PORTS_LOOKUP_H

#include "signalbox/base/err.h"
#include "signalbox/model/event.h"
#include "signalbox/ports/op.h"

#include <stddef.h>

enum {
    SB_LOOKUP_PAGE = 20,      /* runs, or commands, of one page */
    SB_LOOKUP_STEPS_MAX = 48, /* steps of a run, each attempt; the newest */
    SB_LOOKUP_EVENTS_MAX = 64,
    SB_LOOKUP_TEXT_MAX = 8192,
    SB_LOOKUP_ID_MAX = 64,
};

/* RUNS: a page of a job's runs. RUN: one run, its steps and its events. JOB: its definition, as a text. ALERT: the events of an incident.
 * AUDIT: a page of what operators asked for. CONTENT: one content row with its attempts and receipts, as a text. */
enum sb_lookup_kind {
    SB_LOOKUP_RUNS,
    SB_LOOKUP_RUN,
    SB_LOOKUP_JOB,
    SB_LOOKUP_ALERT,
    SB_LOOKUP_AUDIT,
    SB_LOOKUP_CONTENT,
    SB_LOOKUP_COUNT
};

struct sb_lookup {
    uint64_t number;             /* of the question; its answer has it too */
    uint8_t kind;                /* enum sb_lookup_kind */
    char name[SB_LOOKUP_ID_MAX]; /* RUNS, JOB: the job; CONTENT: the row's id */
    uint64_t id;                 /* RUN: the run; ALERT: the incident */
    uint64_t before, after;      /* RUNS, AUDIT: rows below, or those next above; both 0: the newest ones */
    bool from_oldest;            /* RUNS, AUDIT: the page that nothing stands below */
    int64_t since_ms;            /* AUDIT: nothing older (since 1970); 0 = all that is there */
};

struct sb_past_run {
    uint64_t id;
    struct sb_wall nominal, queued, started, ended; /* 0 = not */
    sb_ns duration;              /* 0 while it has not ended */
    uint8_t state, cause, class, attempt;
    char job[SB_NAME_MAX];
    char error[SB_NOTE_MAX];     /* untrusted, as every text here */
};

struct sb_past_step {
    uint8_t step, attempt, state, class;
    bool is_effect;
    uint16_t ctx;                /* SB_NO_CTX = none */
    struct sb_wall started;
    sb_ns duration;
    int64_t rows;
    char name[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
};

/* An event of the journal. Job numbers change with the catalogue, so the job is told by its name ("" = none). */
struct sb_past_event {
    struct sb_event event;
    char job[SB_NAME_MAX];
};

struct sb_findings {
    uint64_t number;
    uint8_t kind;
    uint8_t code;                /* enum sb_err; not SB_OK: `text` says why, and the rest is empty */
    bool is_newest, is_oldest;   /* nothing stands above, nothing below the page */
    uint32_t run_count, step_count, event_count; /* runs: newest first; steps: in order; events: oldest first, AUDIT: newest first */
    struct sb_past_run runs[SB_LOOKUP_PAGE];
    struct sb_past_step steps[SB_LOOKUP_STEPS_MAX];
    struct sb_past_event events[SB_LOOKUP_EVENTS_MAX];
    char text[SB_LOOKUP_TEXT_MAX]; /* lines; RUN: where something is kept of its page. Untrusted */
};

/* Reads RUNS, RUN, ALERT, AUDIT and the row of CONTENT from the store into zeroed findings. SB_ERR_NOT_FOUND when there is no such run or row.
 * Any thread; waits no longer than `op`. Implemented in services/store. */
struct sb_store;
enum sb_err sb_lookup_read(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                           struct sb_error *err) SB_MUST_USE;

#endif
