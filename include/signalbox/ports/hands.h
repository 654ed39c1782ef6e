/* Steps that the active node lends to nodes that wait (docs/decisions/0017). One node decides, all can lend hands: the active node puts a row of
 * work into the database, a waiting one claims it, runs the step of its own catalogue and writes the answer into the row.
 * Implementation: services/store/postgres_hands.c; the engine's lender.c and crew.c are the two sides.
 *
 *   WAITING --claim, token + 1--> CLAIMED --answer--> DONE        the row is dropped by who put it, whatever its state
 *      ^                             |  `--refuse--> REFUSED
 *      `---- requeue, when the lease of the claim is over; give_back ----'
 *
 * A claim has a lease, judged by the database's clock, and a token. Who was silent for longer than its lease, whose token is old, or whose row was
 * put in an earlier term of the nodes' lease, is refused: its answer does not count. */
#ifndef SIGNALBOX_PORTS_HANDS_H
#define SIGNALBOX_PORTS_HANDS_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/limits.h"
#include "signalbox/ports/node.h"
#include "signalbox/ports/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_hands_setup {
    const char *location;  /* of the store; must be one that has nodes */
    const char *name;      /* of this node */
    const char *version, *config; /* the program's, and the hash of the catalogue: only nodes that have the same work for each other */
    sb_ns lease;           /* of the active node; a claim's is a sixth shorter, so that a step moves within it */
    struct sb_node *node;  /* who puts: its term. NULL for who only claims. Borrowed */
};

/* What is to be run. It names a step; what that does is in each node's own catalogue. */
struct sb_work {
    uint64_t fence, run;   /* of the attempt; with `term` it names the row */
    int64_t term;          /* set by claim, and by put to the token of its node (without one it is the caller's) */
    int64_t token;         /* of the claim; set by claim */
    uint64_t recipe;       /* hash of what the step does where it was put: overrides are not in the hash of the catalogue */
    char job[SB_NAME_MAX], step[SB_NAME_MAX];
    uint8_t attempt, tier; /* enum sb_tier */
    sb_ns left;            /* until its deadline: from the put, or from the claim */
    char *outputs;         /* of earlier steps, a JSON object. Borrowed by put; malloc'ed by claim */
};

struct sb_work_answer {
    enum sb_step_state state; /* SUCCEEDED, NOTHING_TO_DO or FAILED */
    enum sb_class class;
    sb_ns retry_after;
    int64_t rows;
    char text[SB_NOTE_MAX];   /* UNTRUSTED */
    char *output;             /* JSON, or NULL; malloc'ed by look. UNTRUSTED */
};

enum sb_work_state { SB_WORK_GONE, SB_WORK_WAITING, SB_WORK_CLAIMED, SB_WORK_DONE, SB_WORK_REFUSED };
struct sb_work_look {
    enum sb_work_state state;
    char node[SB_NODE_NAME_MAX]; /* who has claimed it last, or "" */
    int64_t token;
    sb_ns left;                  /* of the claim's lease; 0 = over */
    struct sb_work_answer answer; /* DONE */
};

enum sb_work_hold { SB_WORK_HELD, SB_WORK_CALLED_OFF, SB_WORK_LOST };

/* A connection of its own, made when it is needed and again after it was lost; used by one thread at a time. Every call but the first two is
 * bounded by its op; SB_ERR_UNAVAILABLE while the database is away, SB_ERR_UNSUPPORTED while its schema is older. */
struct sb_hands {
    const struct sb_hands_ops *ops;
};
struct sb_hands_ops {
    void (*close)(struct sb_hands *hands);
    /* Until the other side has news, `wake_fd` (-1 = none) is readable, or the op ends. */
    void (*wait)(struct sb_hands *hands, int wake_fd, const struct sb_op *op);

    /* The active node's. */
    /* `*is_put` false: no node offers a free hand now. From here until the drop `wait` hears of this work. */
    enum sb_err (*put)(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *is_put, struct sb_error *err);
    enum sb_err (*look)(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_work_look *look, struct sb_error *err);
    /* A claim whose lease is over is over: others may claim it. */
    enum sb_err (*requeue)(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err);
    /* Asks who has claimed it to stop. */
    enum sb_err (*call_off)(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err);
    /* Ends the row. `is_unclaimed`: only when nobody has it now; *is_dropped says so. */
    enum sb_err (*drop)(struct sb_hands *hands, const struct sb_work *work, bool is_unclaimed, const struct sb_op *op, bool *is_dropped,
                        struct sb_error *err);

    /* A waiting node's. */
    /* A sign of life: so many steps at a time, and so many were run. To be given at a third of the lease. */
    enum sb_err (*offer)(struct sb_hands *hands, uint32_t count, uint64_t done, const struct sb_op *op, struct sb_error *err);
    /* It offers nothing any more. */
    enum sb_err (*leave)(struct sb_hands *hands, const struct sb_op *op, struct sb_error *err);
    enum sb_err (*claim)(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *has_work, struct sb_error *err);
    enum sb_err (*renew)(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, enum sb_work_hold *hold, struct sb_error *err);
    /* `answer` NULL: this node has no such step. `*counts` false: the claim was lost before. May be said again when its fate is not known. */
    enum sb_err (*answer)(struct sb_hands *hands, const struct sb_work *work, const struct sb_work_answer *answer, const struct sb_op *op,
                          bool *counts, struct sb_error *err);
    /* Not done: another hand may have it at once. */
    enum sb_err (*give_back)(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err);
};

/* How long a claim lasts without being renewed. */
static inline sb_ns sb_hands_claim_term(sb_ns lease)
{
    return lease - lease / 6;
}

/* Does not connect. */
typedef enum sb_err sb_hands_opener(struct sb_hands **hands, const struct sb_hands_setup *setup, struct sb_error *err);
sb_hands_opener sb_hands_open;

#endif
