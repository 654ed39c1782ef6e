/* The ledger: what LLM calls may cost, held before each call and settled after it, in the store. A cap that holds under any interleaving and
 * over kill -9: spent + held + uncertain never passes the limit by anything this program does, and what a provider charged is never more than
 * what the ledger says.
 *
 *   HELD -> SENT -> SETTLED          the answer came with its usage
 *     |       +---> UNKNOWN          sent, and no usage: charged at its bound until somebody reconciles
 *     |       +---> RELEASED         the provider refused it, so it cost nothing
 *     +-----------> RELEASED         never sent
 *
 * Each move is one transaction, durable before the call returns; SENT before any byte leaves. A hold belongs to the window (a day in the
 * budget's zone) it was made in. After a crash, of a process that has ended: HELD is released, SENT becomes UNKNOWN.
 *
 * The bound needs no tokenizer: a byte-level token has at least one byte, so a text has at most as many tokens as bytes; each message adds its
 * framing (research: LLM spend control, O6). Money in nano-dollars, rounded up. Any thread; implemented in services/ledger over the store port. */
#ifndef SIGNALBOX_PORTS_LEDGER_H
#define SIGNALBOX_PORTS_LEDGER_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/store.h"

struct sb_ledger;

struct sb_ledger_setup {
    struct sb_store *store;
    const struct sb_budget_def *budget;
    const struct sb_zone *zone;
    const struct sb_llm_def *llm;
    struct sb_wall (*now)(void);
};
enum sb_err sb_ledger_create(struct sb_ledger **ledger, const struct sb_ledger_setup *setup, struct sb_error *err) SB_MUST_USE;
void sb_ledger_destroy(struct sb_ledger *ledger);

/* Figures of a window, as one transaction left them; `version` grows with each. */
struct sb_ledger_totals {
    struct sb_wall starts, ends;
    struct sb_usd limit, spent, held, uncertain;
    uint64_t version;
    bool is_closed; /* a settlement passed the limit: nothing more is held in this window */
};

enum { SB_LEDGER_ALIASES_MAX = 4 };
struct sb_ledger_ask {
    const char *aliases[SB_LEDGER_ALIASES_MAX]; /* in order of preference; the first that can be paid is taken */
    size_t alias_count;
    size_t input_bytes;       /* of all messages */
    uint32_t message_count;
    uint32_t output_max;      /* tokens wanted */
    uint32_t output_min;      /* fewer are of no use */
    uint64_t run;
    const char *job, *intent;
};

struct sb_ledger_hold {
    int64_t id;               /* 0: a free alias beside a ledger that does not answer; nothing is kept of it */
    const struct sb_model_alias *alias;
    uint32_t output_max;      /* what the money buys, at most what was asked */
    struct sb_usd bound;
};

/* Holds the worst case of one call. SB_ERR_REFUSED when no alias can be paid: the text has the figures. SB_ERR_CONFIG for an alias without a
 * price. Any other failure is the store's: then only an alias that costs nothing is granted, and nothing paid may be called. */
enum sb_err sb_ledger_hold(struct sb_ledger *ledger, const struct sb_ledger_ask *ask, const struct sb_op *op, struct sb_ledger_hold *hold,
                           struct sb_ledger_totals *totals, struct sb_error *err) SB_MUST_USE;
/* Before the first byte leaves. When it fails nothing may be sent; the hold can still be released. */
enum sb_err sb_ledger_sent(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

struct sb_ledger_usage {
    uint32_t tokens_in, tokens_out;
    struct sb_usd cost;
};
/* The actual cost. Idempotent. More than the bound is recorded in full, and closes the window. */
enum sb_err sb_ledger_settle(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, const struct sb_ledger_usage *usage,
                             const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err) SB_MUST_USE;
/* A call that failed: `is_charged` when it was sent and may have cost something (UNKNOWN at its bound), else RELEASED. `category` and `reason`
 * say why. Idempotent. */
enum sb_err sb_ledger_fail(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, bool is_charged, const char *category,
                           const char *reason, const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err) SB_MUST_USE;

/* Ends the holds of processes that have ended, and checks that the figures of every open window are the sums of its rows. Once, at start. */
enum sb_err sb_ledger_recover(struct sb_ledger *ledger, const struct sb_op *op, int64_t *released, int64_t *unknown,
                              struct sb_error *err) SB_MUST_USE;
/* The window of now; made when it is not there yet. */
enum sb_err sb_ledger_totals(struct sb_ledger *ledger, const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err) SB_MUST_USE;
/* What is uncertain in the window of now becomes a correction of `charged`: the operator has read the provider's bill. One row, no edit. */
enum sb_err sb_ledger_reconcile(struct sb_ledger *ledger, struct sb_usd charged, const char *actor, const struct sb_op *op,
                                struct sb_ledger_totals *totals, struct sb_error *err) SB_MUST_USE;

/* Worst case of a call in nano-dollars; saturates at INT64_MAX. Pure. */
int64_t sb_ledger_bound(const struct sb_model_alias *alias, size_t input_bytes, uint32_t message_count, uint32_t output_tokens);

#endif
