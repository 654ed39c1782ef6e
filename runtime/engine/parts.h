/* The parts of the engine and what they say to each other; private to this room.
 *
 *   control.c, inbox.c  what comes in                 core_thread.c  the one thread that calls the core
 *   journal.c           events to the store           feed.c         events to listeners
 *   dispatch.c          order kind -> function        attempts.c     step attempts in flight, their fences
 *   workers.c           threads for steps             attempt_run.c  one attempt: environment, call, result
 *   keeper.c            contexts and probes           outputs.c      results of earlier steps of a run
 *   flight.c            the last inputs, for a dump   restore.c      what the store remembers of the last process
 *   identities.c        accounts' cookies and storage
 *   notifier.c          notices to channels
 *   lender.c            steps for other nodes         crew.c         steps of another node
 *   consoles.c          which console acts
 *   relay.c             callbacks of services which outlive the engine
 *
 * Each part owns its lock; no part calls another one while it holds it, but the inbox, whose lock has the lowest use: nothing. */
#ifndef SIGNALBOX_ENGINE_PARTS_H
#define SIGNALBOX_ENGINE_PARTS_H

#include "signalbox/base/assert.h"
#include "signalbox/base/hist.h"
#include "signalbox/base/text.h"
#include "signalbox/core/core.h"
#include "signalbox/engine/engine.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/console.h"

#include <stdatomic.h>

enum {
    SB_INBOX_OUTSIDE_MAX = 4096, /* commands, notes and the like which wait for the core */
    SB_INBOX_RESULTS_MAX = 2048, /* results which wait for the core, above the former */
    SB_INBOX_OWN_MAX = 256,      /* of those: kept for answers of the core thread itself */
    SB_FEED_EVENTS_MAX = 8192,   /* live events which a listener may be behind */
    SB_FLIGHT_INPUTS_MAX = 4096,
    SB_KEEPER_THREADS = 4,
    SB_OUTPUT_MAX = 1024 * 1024, /* of one step */
    SB_OUTPUTS_MAX = 4 * 1024 * 1024, /* of one run */
};

struct sb_attempt;
struct sb_consoles;
struct sb_feeds;
struct sb_flight;
struct sb_inbox;
struct sb_journal;
struct sb_keeper;
struct sb_lender;
struct sb_notifier;
struct sb_outputs;
struct sb_workers;

/* ---- inbox.c: many posters, one taker ---- */
struct sb_inbox *sb_inbox_create(struct sb_error *err);
void sb_inbox_destroy(struct sb_inbox *inbox);
/* SB_ERR_FULL when as many inputs of outsiders wait as may. */
enum sb_err sb_inbox_post(struct sb_inbox *inbox, const struct sb_input *input, struct sb_error *err) SB_MUST_USE;
/* Never refused: waits for room when there is none. Any thread but the core's. */
void sb_inbox_post_result(struct sb_inbox *inbox, const struct sb_input *input);
/* The answer to an order which nobody will carry out. Never waits, so that the core thread may call it; has slots of its own. */
void sb_inbox_post_own(struct sb_inbox *inbox, const struct sb_input *input);
/* Asks the core thread to look at the feeds. */
void sb_inbox_kick(struct sb_inbox *inbox);
/* Inputs that wait. Without the lock: a figure to look at. */
uint32_t sb_inbox_depth(const struct sb_inbox *inbox);
/* Ends sb_inbox_take once everything has been taken. */
void sb_inbox_stop(struct sb_inbox *inbox);

struct sb_taken {
    size_t count;
    bool is_kicked;   /* sb_inbox_kick was called */
    bool is_late;     /* nothing came until the deadline */
    bool is_over;     /* stopped and empty */
};
/* Waits until something is there or the deadline has passed. Core thread. */
struct sb_taken sb_inbox_take(struct sb_inbox *inbox, struct sb_input *inputs, size_t cap, sb_ns deadline);

/* ---- feed.c ---- */
struct sb_feeds *sb_feeds_create(struct sb_inbox *inbox, struct sb_error *err);
/* Feeds which are still open live on, silent, until they are closed. */
void sb_feeds_destroy(struct sb_feeds *feeds);
/* A feed without a picture, live at once: before the core thread runs. */
enum sb_err sb_feeds_open_first(struct sb_feeds *feeds, struct sb_feed **feed, struct sb_error *err) SB_MUST_USE;
void sb_feeds_publish(struct sb_feeds *feeds, const struct sb_event *events, size_t count);
/* Gives a fresh picture to each feed that waits for one. Core thread, between two steps. `scratch` is overwritten. */
void sb_feeds_describe(struct sb_feeds *feeds, const struct sb_core *core, struct sb_outbox *scratch);
/* Gives a heartbeat to every feed that asked for one. Core thread. */
void sb_feeds_answer(struct sb_feeds *feeds, const struct sb_event *heartbeat);

/* ---- consoles.c ---- */
struct sb_consoles *sb_consoles_create(struct sb_error *err);
void sb_consoles_destroy(struct sb_consoles *consoles);

/* ---- control.c ---- */
struct sb_control {
    struct sb_inbox *inbox;
    struct sb_feeds *feeds;
    struct sb_consoles *consoles;
    atomic_uint_fast64_t next_id;
    struct sb_engine *engine;
};

/* ---- attempts.c ---- */
struct sb_fence {
    atomic_bool is_revoked;
    sb_ns hard;
};

struct sb_attempt {
    struct sb_or_start_step order;
    struct sb_fence fence;
    struct sb_cancel *cancel;
    sb_ns ordered_at;
    bool is_used;              /* guarded by the table's lock */
    struct sb_attempt *next;   /* of the queue it is in: journal or workers */
};

struct sb_attempts;
struct sb_attempts *sb_attempts_create(size_t cap, struct sb_error *err);
void sb_attempts_destroy(struct sb_attempts *attempts);
/* Core thread. NULL with `err` when the table is full or no token can be had. */
struct sb_attempt *sb_attempts_begin(struct sb_attempts *attempts, const struct sb_or_start_step *order, sb_ns now,
                                     struct sb_error *err);
void sb_attempts_end(struct sb_attempts *attempts, struct sb_attempt *attempt);
/* Cancels the attempt with that fence; hard revokes its fence before. False when it is over. `order` is a copy of what it was started with. */
bool sb_attempts_stop(struct sb_attempts *attempts, uint64_t fence, bool is_hard, struct sb_or_start_step *order);
/* The first half of a hard stop: from here on the outside effects of that attempt are over. */
void sb_attempts_revoke(struct sb_attempts *attempts, uint64_t fence);
/* Hard stop of everything in flight. */
void sb_attempts_stop_all(struct sb_attempts *attempts);

/* ---- workers.c ---- */
struct sb_workers *sb_workers_create(struct sb_engine *engine, size_t count, struct sb_error *err);
/* Once stopped, an attempt is answered as cancelled at once. */
void sb_workers_submit(struct sb_workers *workers, struct sb_attempt *attempt);
/* Further threads, at most SB_WORKERS_ADDED_MAX over its life; what cannot be had is told in the log. Core thread. */
enum { SB_WORKERS_ADDED_MAX = 64 };
void sb_workers_add(struct sb_workers *workers, size_t count);
/* Joins the threads once the queue is empty. Submitting stays allowed. */
void sb_workers_stop(struct sb_workers *workers);
/* How long an attempt may have waited although a thread is idle; and how many threads run steps. */
sb_ns sb_workers_silence(struct sb_workers *workers, size_t *count, size_t *busy);
/* NULL is fine. */
void sb_workers_destroy(struct sb_workers *workers);
/* attempt_run.c: carries one attempt out, posts its result and ends it. Worker thread. */
void sb_attempt_run(struct sb_engine *engine, struct sb_attempt *attempt);
/* Answers for a step that was not begun. Never waits. */
void sb_attempt_refuse(struct sb_engine *engine, const struct sb_or_start_step *order, enum sb_class class, const char *text);

/* ---- relay.c ---- */
struct sb_relay;
struct sb_relay *sb_relay_create(void *target, struct sb_error *err);
/* The target, which stays valid until sb_relay_leave; NULL once cut. Always followed by leave. */
void *sb_relay_enter(struct sb_relay *relay);
void sb_relay_leave(struct sb_relay *relay);
/* Waits for calls under way; later ones find nothing. NULL is fine. */
void sb_relay_cut(struct sb_relay *relay);

/* ---- journal.c ---- */
/* `store` NULL: everything counts as durable at once. */
struct sb_journal *sb_journal_create(struct sb_store *store, struct sb_inbox *inbox, struct sb_error *err);
void sb_journal_destroy(struct sb_journal *journal);
void sb_journal_attach(struct sb_journal *journal, struct sb_workers *workers, struct sb_notifier *notifier);
/* No callback of the store any more. */
void sb_journal_detach(struct sb_journal *journal);
/* Core thread. */
void sb_journal_append(struct sb_journal *journal, const struct sb_event *events, size_t count);
/* Hands the attempt to the workers as soon as its event is on disk. */
void sb_journal_submit(struct sb_journal *journal, struct sb_attempt *attempt);
/* Hands what waits to the workers although it is not durable: fence 0 = everything. They see that it was cancelled. */
void sb_journal_release(struct sb_journal *journal, uint64_t fence);
/* For how long the writer has neither written what waits nor said that it cannot. */
sb_ns sb_journal_silence(struct sb_journal *journal);
/* Waits until all is on disk. */
bool sb_journal_flush(struct sb_journal *journal, sb_ns deadline);

/* ---- keeper.c ---- */
struct sb_keeper_setup {
    struct sb_browser *browser;
    const struct sb_catalogue *catalogue;
    sb_probe *probe;
    sb_site_probe *probe_site;
    void *probe_arg;
    struct sb_inbox *inbox;
};
struct sb_keeper *sb_keeper_create(const struct sb_keeper_setup *setup, struct sb_error *err);
/* The end of the browser is no news any more. */
void sb_keeper_detach(struct sb_keeper *keeper);
/* Closes every context, calls off what is under way, joins and frees. NULL is fine. */
void sb_keeper_destroy(struct sb_keeper *keeper);
void sb_keeper_open(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation);
/* Closes whatever is open there; `generation` 0 = any. */
void sb_keeper_close(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation);
/* `restart`: the browser is ended first, and the check starts the next one; other components have nothing to end. */
void sb_keeper_probe(struct sb_keeper *keeper, enum sb_component component, bool restart);
/* For how long no thread of it has looked for work. */
sb_ns sb_keeper_silence(struct sb_keeper *keeper);
void sb_keeper_probe_site(struct sb_keeper *keeper, uint8_t site, uint32_t generation);
/* The open context, borrowed by the attempt that leases it; NULL when it is gone. */
struct sb_context *sb_keeper_context(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation);
/* The same, but its traffic goes through `proxy` (NULL = none): a context with another one is replaced first. The attempt's thread. */
enum sb_err sb_keeper_context_through(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation, const char *proxy, const struct sb_op *op,
                                      struct sb_context **context, struct sb_error *err) SB_MUST_USE;

/* ---- usage.c ---- */
/* What was seen of a slot's page last; zeroed at first, the thread's that checks the browser. */
struct sb_usage_seen {
    uint32_t generation;
    sb_ns cpu, at;
};
/* Posts what the page uses now. Returns within 250 ms; the context may be closed meanwhile. `browser` can measure. */
void sb_usage_look(struct sb_usage_seen *seen, struct sb_browser *browser, struct sb_context *context, uint16_t ctx, uint32_t generation,
                   const struct sb_op *op, struct sb_inbox *inbox);

/* ---- notifier.c ---- */
struct sb_notifier_setup {
    sb_notice_send *send; /* NULL: there are no channels */
    void *arg;
    struct sb_inbox *inbox;
};
struct sb_notifier *sb_notifier_create(const struct sb_notifier_setup *setup, size_t channel_count, struct sb_error *err);
/* Calls off what is under way; what was not taken stays in the outbox. NULL is fine. */
void sb_notifier_destroy(struct sb_notifier *notifier);
/* Core thread; at most one per channel at a time. */
void sb_notifier_send(struct sb_notifier *notifier, const struct sb_or_send_notice *order);
/* Events up to this number are on disk. The store's thread. */
void sb_notifier_durable(struct sb_notifier *notifier, uint64_t seq);

/* ---- outputs.c ---- */
struct sb_outputs *sb_outputs_create(const struct sb_catalogue *catalogue, struct sb_store *store, struct sb_error *err);
void sb_outputs_destroy(struct sb_outputs *outputs);
/* The outputs of the run's steps before `step` as a JSON object, malloc'ed. */
enum sb_err sb_outputs_get(struct sb_outputs *outputs, uint64_t run, uint16_t job, uint8_t step, const struct sb_op *op, char **json,
                           struct sb_error *err) SB_MUST_USE;
/* Keeps the output of a step, in the store before it returns. Takes `output`. */
enum sb_err sb_outputs_put(struct sb_outputs *outputs, uint64_t run, uint16_t job, uint8_t step, char *output, const struct sb_op *op,
                           struct sb_error *err) SB_MUST_USE;
/* The run has ended. */
void sb_outputs_forget(struct sb_outputs *outputs, uint64_t run);

/* ---- lender.c ---- */
struct sb_lender *sb_lender_create(struct sb_engine *engine, struct sb_error *err);
void sb_lender_destroy(struct sb_lender *lender); /* NULL is fine */
/* Whether another node has answered for this step; false: it is to be run here. `lender` NULL: there is none. The attempt's thread. */
bool sb_lender_lend(struct sb_lender *lender, const struct sb_step_env *env, struct sb_step_result *result);
/* Of what a lent step does, templates and all: equal on two nodes when they would do the same. 0 for a step that is not lent. */
uint64_t sb_step_recipe(const struct sb_step_params *params);

/* ---- identities.c ---- */
struct sb_identities;
struct sb_identities *sb_identities_create(const struct sb_catalogue *catalogue, struct sb_browser *browser, struct sb_error *err);
void sb_identities_destroy(struct sb_identities *identities);
/* Makes the context of the step fit its job: what its sites block, and the newest of their accounts. Only at the first step of a run on it. */
void sb_identities_load(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, uint32_t generation);
/* Keeps what the step changed of its sites' accounts, on disk before it returns. */
void sb_identities_save(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, uint32_t generation);
/* Through which proxy the job's sites are visited, or NULL. */
const char *sb_identities_proxy(const struct sb_identities *identities, uint16_t job);

/* ---- flight.c ---- */
struct sb_flight *sb_flight_create(const char *path, struct sb_error *err);
void sb_flight_destroy(struct sb_flight *flight);
void sb_flight_record(struct sb_flight *flight, const struct sb_input *input);
enum sb_err sb_flight_dump(struct sb_flight *flight, const char *path, struct sb_error *err) SB_MUST_USE;

/* ---- restore.c ---- */
struct sb_input_list {
    struct sb_input *inputs;
    size_t count, cap;
    bool is_full;
};
/* What the core must hear before `begin`. */
/* Fence numbers below this belong to processes that have ended; 0 when the store remembers none. */
uint64_t sb_restore_live_fence(const struct sb_input_list *list);
enum sb_err sb_restore_collect(struct sb_input_list *list, struct sb_store *store, const struct sb_catalogue *catalogue,
                               struct sb_error *err) SB_MUST_USE;

/* ---- the engine ---- */
struct sb_stats {
    struct sb_mutex *mutex;
    uint64_t inputs, events, orders, steps_run; /* guarded, as all that follows */
    struct sb_hist step, dispatch, lateness;
    sb_ns late_worst; /* since somebody asked last */
    uint64_t lost;    /* notes that found no room */
};

struct sb_engine {
    struct sb_engine_setup setup;
    struct sb_services services;
    struct sb_control control;
    struct sb_stats stats;
    struct sb_inbox *inbox;
    struct sb_feeds *feeds;
    struct sb_flight *flight;
    struct sb_attempts *attempts;
    struct sb_journal *journal;
    struct sb_outputs *outputs;
    struct sb_identities *identities;
    struct sb_keeper *keeper;
    struct sb_notifier *notifier;
    struct sb_lender *lender;  /* NULL: there are no other nodes */
    struct sb_workers *workers;
    struct sb_thread *core_thread;
    struct sb_pulse core_pulse;
    int finished_fd;
    atomic_bool is_finished;
    atomic_bool is_ending;     /* no step begins any more */
    uint64_t boot;

    /* the core thread's own from its start to its end */
    void *core_memory;
    struct sb_core *core;
    struct sb_outbox outbox;
    struct sb_input_list restored;
    sb_ns last_now;
    bool is_finishing;         /* the core has ordered the end */
    const char *site_names[SB_SITES_MAX];
};

/* core_thread.c */
void sb_core_thread_main(void *engine);
/* dispatch.c: carries the orders of one step out, or hands them to the part that does. Core thread; must not block. */
void sb_dispatch(struct sb_engine *engine, const struct sb_order *orders, size_t count);

#endif
