/* What a step kind sees and answers. Step kinds run on worker threads, try once, and report: retry, budget and breakers are the core's. */
#ifndef SIGNALBOX_PORTS_STEP_H
#define SIGNALBOX_PORTS_STEP_H

#include "signalbox/model/catalogue.h"
#include "signalbox/model/order.h"
#include "signalbox/ports/browser.h"
#include "signalbox/ports/cache.h"
#include "signalbox/ports/control.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/ledger.h"
#include "signalbox/ports/llm.h"
#include "signalbox/ports/node.h"
#include "signalbox/ports/receipts.h"
#include "signalbox/ports/store.h"

/* The services of a process; any may be NULL when it is disabled. Borrowed. */
struct sb_services {
    const struct sb_catalogue *catalogue;
    struct sb_store *store;
    struct sb_browser *browser;
    struct sb_cache *cache;
    struct sb_http *http;
    struct sb_llm *llm;
    struct sb_ledger *ledger;  /* NULL: calls are not held (tests) */
    struct sb_receipts *receipts;
    struct sb_control *control;
    uint64_t live_fence; /* step attempts with a smaller fence number belong to a process that has ended; 0 = nothing is known of one */
    const struct sb_lease *lease; /* NULL: no other node could act */
    uint64_t foreign_fence;       /* claims with a smaller number are another node's, as sb_node_foreign tells; 0 = there is none */
    int64_t foreign_until_ms;
};

/* Fence of a step attempt: valid until the core revokes it, the hard deadline passes or the engine stops. Any thread. */
struct sb_fence;
bool sb_fence_holds(const struct sb_fence *fence);

/* Everything one attempt of one step may use; borrowed for the call. */
struct sb_step_env {
    const struct sb_services *services;
    const struct sb_job_def *job;
    const struct sb_step_def *step;
    const struct sb_step_params *params;
    uint64_t run, fence_number;
    uint16_t job_id;
    uint8_t step_id, attempt;
    enum sb_tier tier;
    struct sb_op op;              /* deadline and cancellation of this attempt */
    const struct sb_fence *fence; /* check immediately before an outside effect */
    struct sb_context *context;   /* leased browser context, or NULL */
    const char *outputs;          /* JSON object: outputs of the run's earlier steps by step name */
    struct sb_wall (*wall_now)(void); /* the only clock a step may read */
    sb_ns (*now)(void);
};

struct sb_step_result {
    enum sb_step_state state;     /* SUCCEEDED, NOTHING_TO_DO or FAILED */
    enum sb_class class;          /* when FAILED */
    sb_ns retry_after;            /* RATE_LIMITED */
    int64_t rows;                 /* rows or items handled, for display */
    char text[SB_NOTE_MAX];       /* result or error in one line; may quote untrusted text */
    char *output;                 /* JSON for later steps, malloc'ed, taken by the engine, at most 1 MiB; or NULL */
};

struct sb_step_kind_ops {
    const char *name;             /* row of steps.def */
    void (*run)(const struct sb_step_env *env, struct sb_step_result *result);
    /* After a failure on a context, while that is still ours: keeps what explains it. Bounded time; NULL = nothing to keep. */
    void (*explain)(const struct sb_step_env *env, const struct sb_step_result *result);
};

/* Implementation of a kind, never NULL for a value in range. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind);

/* Sets a failed result from an error: the class follows from the code (TIMEOUT, IO, PROTOCOL, GONE, CONFLICT: retryable; UNAVAILABLE: dependency
 * down; CANCELLED and STALE: cancelled; RATE_LIMITED; anything else fatal). */
void sb_step_fail(struct sb_step_result *result, const struct sb_error *error);
/* Notes a line in the run's log; lost only when the inbox is full. */
void sb_step_note(const struct sb_step_env *env, enum sb_severity severity, const char *format, ...) SB_PRINTF(3, 4);

#endif
