/* The engine: carries out what the core decides. Inbox, core thread, dispatch table, workers, journal, feeds, flight ring.
 *
 * Threads: one core thread; pool.workers + contexts + burst step workers; a few keeper threads (opens, closes and probes).
 * The flow is one-way: inbox -> core -> journal -> {feeds, dispatch} -> (results) inbox. */
#ifndef SIGNALBOX_ENGINE_ENGINE_H
#define SIGNALBOX_ENGINE_ENGINE_H

#include "signalbox/model/alert.h"
#include "signalbox/model/order.h"
#include "signalbox/ports/control.h"
#include "signalbox/ports/hands.h"
#include "signalbox/ports/step.h"

struct sb_engine;

/* How the keeper checks a component for real: its state, and in `err` why it is not ok. */
typedef enum sb_component_state sb_probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err);

/* Asks a site something cheap that changes nothing; SB_OK = it answers. */
typedef enum sb_err sb_site_probe(void *arg, const struct sb_site *site, const struct sb_op *op, struct sb_error *err);

/* Sends a notice through the channel of that number, once. On failure: `retry_after` as the receiver wants it (0 = it did not say), `is_final`
 * when it will never take it. A thread of the notifier. */
typedef enum sb_err sb_notice_send(void *arg, const struct sb_or_send_notice *notice, const struct sb_op *op, sb_ns *retry_after, bool *is_final,
                                   struct sb_error *err);

struct sb_engine_setup {
    const struct sb_catalogue *catalogue;
    struct sb_services services;       /* .control is filled by the engine */
    sb_probe *probe;
    sb_site_probe *probe_site; /* NULL: a site answers */
    void *probe_arg;           /* of both */
    const struct sb_channel_rule *channels; /* borrowed for the engine's life; at most SB_CHANNELS_MAX */
    uint32_t channel_count;
    sb_notice_send *send_notice;
    void *send_arg;
    sb_hands_opener *open_hands; /* NULL: no other node could run a step */
    struct sb_hands_setup hands; /* for it; its texts are borrowed for the engine's life */
    const char *flight_path;           /* where a failed assertion dumps the last inputs, or NULL */
    char version[SB_NAME_MAX], host[SB_NAME_MAX];
    bool checks_core;                  /* sb_core_check after every step */
    /* NULL, or where a feed is put that has every event from the first on instead of a picture. The caller closes it, not before a start that
     * succeeded has returned. */
    struct sb_feed **first_feed;
};

/* Restores from the store, starts all threads, posts `begin`. */
enum sb_err sb_engine_start(struct sb_engine **engine, const struct sb_engine_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Writes the last inputs as JSON lines, one sb_codec_input_write each, oldest first. Any thread. */
enum sb_err sb_engine_flight_dump(struct sb_engine *engine, const char *path, struct sb_error *err) SB_MUST_USE;
/* The control of a running engine; borrowed until sb_engine_stop. */
struct sb_control *sb_engine_control(struct sb_engine *engine);
/* A descriptor that becomes readable when the core has ordered `finish` (drained). */
int sb_engine_finished_fd(const struct sb_engine *engine);
/* Drains (unless already drained), ends what is left, writes the journal, joins all threads, frees. `hurry`: no grace. NULL is fine. */
void sb_engine_stop(struct sb_engine *engine, bool hurry);

struct sb_engine_stats {
    uint64_t inputs, events, orders, steps_run;
    sb_ns step_p50, step_p99;          /* as in struct sb_vitals */
    sb_ns dispatch_p50, dispatch_p99;
    sb_ns lateness_p50, lateness_p99;
};
void sb_engine_stats(struct sb_engine *engine, struct sb_engine_stats *stats);

#endif
