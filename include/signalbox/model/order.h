/* Orders: what the core asks the engine to do. Fixed-size values without pointers. */
#ifndef SIGNALBOX_MODEL_ORDER_H
#define SIGNALBOX_MODEL_ORDER_H

#include "signalbox/model/fields.h"

/* Run one step on a worker. `soft` is when the step is asked to stop, `hard` when its context, child processes and
 * requests are ended (monotonic). `durable_seq` != 0: only after the journal has that event on disk. */
#define SB_OR_start_step(F, O) F(O, run, run) F(O, u64, fence) F(O, u64, durable_seq) F(O, job, job) F(O, step, step) F(O, u8, attempt) \
    F(O, tier, tier) F(O, ctx, ctx) F(O, u32, generation) F(O, ns, soft) F(O, ns, hard)
/* Ask (hard = false) or force (hard = true) the step of that fence to end. Its step_done still comes. */
#define SB_OR_stop_step(F, O) F(O, run, run) F(O, u64, fence) F(O, ctx, ctx) F(O, flag, hard) F(O, note, reason)
/* Open a fresh context; answered by context_up or context_down with the same generation. */
#define SB_OR_open_context(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, lane, lane)
/* Close whatever generation is open; no answer. */
#define SB_OR_close_context(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, note, reason)
/* Check a component for real; answered by `component`. `restart`: what can be ended and started anew is, first. */
#define SB_OR_probe(F, O) F(O, component, component) F(O, flag, restart)
/* Ask the site something cheap that changes nothing; answered by `breaker_probed` with the same generation. */
#define SB_OR_probe_site(F, O) F(O, u8, site) F(O, u32, generation)
/* Send a notice through a channel; answered by `notice_done`. At most one per channel is on its way. It goes out when the event of its number
 * is on disk, but not later than a few seconds after: what may be said twice may not be lost, and a dead database is worth a notice. `id` 0:
 * a dead-man's ping, which nothing remembers. */
#define SB_OR_send_notice(F, O) F(O, u64, id) F(O, u32, alert) F(O, u8, channel) F(O, notice_kind, notice) F(O, rule, rule) F(O, severity, severity) \
    F(O, u32, attempt) F(O, u32, count) F(O, wall, since) F(O, name, subject) F(O, note, text)
/* So many more threads for steps, in place of those that steps which never answer hold. No answer. */
#define SB_OR_add_workers(F, O) F(O, u32, count)
/* Everything has ended: the engine may stop. */
#define SB_OR_finish(F, O) F(O, u32, cancelled)

#define SB_ORDERS(X)                  \
    X(START_STEP, start_step)         \
    X(STOP_STEP, stop_step)           \
    X(OPEN_CONTEXT, open_context)     \
    X(CLOSE_CONTEXT, close_context)   \
    X(PROBE, probe)                   \
    X(PROBE_SITE, probe_site)         \
    X(ADD_WORKERS, add_workers)       \
    X(SEND_NOTICE, send_notice)       \
    X(FINISH, finish)

enum sb_order_kind {
#define SB_ORDER_MEMBER(code, name) SB_ORDER_##code,
    SB_ORDERS(SB_ORDER_MEMBER)
#undef SB_ORDER_MEMBER
    SB_ORDER_COUNT
};

#define SB_ORDER_STRUCT(code, name) struct sb_or_##name { SB_OR_##name(SB_FIELD_DECLARE, _) };
SB_ORDERS(SB_ORDER_STRUCT)
#undef SB_ORDER_STRUCT

struct sb_order {
    uint16_t kind; /* enum sb_order_kind */
    uint16_t reserved[3];
    union {
#define SB_ORDER_UNION(code, name) struct sb_or_##name name;
        SB_ORDERS(SB_ORDER_UNION)
#undef SB_ORDER_UNION
    } as;
};

extern const struct sb_kind_info sb_order_infos[SB_ORDER_COUNT];

#endif
