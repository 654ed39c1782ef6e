/* The state of the core, private to this room: what it remembers between two inputs. All memory comes from one arena at init.
 *
 * Each file owns one idea and the fields it names here:
 *   schedule.c jobs' due times      runs.c    life of runs         advance.c  what a run does next
 *   contexts.c life of contexts     lanes.c   who gets one         memory.c   the memory guard
 *   stop.c     stopping steps       budget.c  the day's money      lanes_legacy.c the old pool's rule
 *   components.c dependencies       alerts.c  incidents            commands.c what operators ask
 *   silences.c   who is not told    notices.c who is told, when    outbox.c   what is on its way
 *   breakers.c   sites           recover.c bringing back        drain.c   shutting down
 *   announce.c describe stream      check.c   invariants           rehearse.c rules over recorded events
 *   service.c  what the rules compare with (service.h)
 *   waits.c    how long runs queue (waits.h)                     gauges.c   figures of the process
 *   outlay.c   what was spent lately (outlay.h)                  endings.c  models that their provider ends
 */
#ifndef SIGNALBOX_CORE_STATE_H
#define SIGNALBOX_CORE_STATE_H

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/heap.h"
#include "signalbox/base/text.h"
#include "signalbox/core/breaker.h"
#include "signalbox/core/core.h"
#include "signalbox/core/pace.h"

#include "incidents.h"
#include "outlay.h"
#include "pauses.h"
#include "service.h"
#include "waits.h"

#include <string.h>

enum {
    NO_RUN = 0xffff,           /* "no slot" in a run slot field */
    FENCE_SLOT_BITS = 16,      /* a fence is (counter << 16 | run slot): unique, growing, and it finds its run */
    UNIT_EVENTS_MAX = 32,      /* what one unit of work may emit at most */
    UNIT_ORDERS_MAX = 16,
    COMMANDS_REMEMBERED = 64,
    RATE_WAITS_MAX = 20,       /* rate limits in a row that spend no attempt */
    DEPENDENCY_WAITS_MAX = 5,  /* dependency failures in a row that spend no attempt: about half a minute, then somebody must know */
    RECENT_DURATIONS = 20,
    RECENT_LATENCIES = 20,
    RECOVERIES_MAX = 3,        /* crash recoveries of one run before it is quarantined */
};

/* Why a running step is being stopped: decides what its end means. */
enum stop_why { STOP_NONE, STOP_TIMEOUT, STOP_CANCEL, STOP_REVOKE, STOP_DRAIN };

struct run {
    bool is_used, is_forced, is_started, is_late_told, is_hard_stopped, is_overrun_told;
    bool is_lease_told;        /* that it keeps its context beyond its time */
    bool is_restored, was_running, was_effect; /* found unfinished at start, not decided yet */
    bool needs_place;          /* something it depends on changed: place it again */
    uint8_t state;             /* enum sb_run_state */
    uint8_t cause, step, attempt, tries, recoveries;
    uint8_t free_waits, furthest; /* waits that spent no attempt since the run last came further than ever: to step `furthest` */
    uint8_t hold, hold_component;
    uint8_t stop_why;
    bool has_failed_step;      /* a step that goes on failed: the run fails at its end */
    uint8_t failed_step, failed_class;
    uint32_t missing;          /* steps of this run that failed or were skipped, as a mask: what uses them is skipped */
    uint16_t job, ctx;         /* ctx: leased context or SB_NO_CTX */
    uint64_t id, fence;        /* fence 0: no step in flight */
    sb_ns queued_at, ready_at, started_at, step_at, wait_since, hold_since;
    sb_ns soft, hard, wake;    /* of the step in flight; wake: end of a backoff */
    int64_t nominal;
    char error[SB_NOTE_MAX];
};

struct job {
    bool is_paused, has_pending, is_waiting_catch_up;
    uint8_t last_state, last_class, last_step, last_attempt;
    uint16_t live, latest_slot; /* live runs, and the youngest of them */
    uint32_t failures;          /* consecutive failed runs */
    uint64_t last_run;          /* last ended run, 0 = none */
    int64_t watermark, due;     /* wall ns; due INT64_MAX = none */
    int64_t pending_nominal;
    uint32_t catch_up_left;
    sb_ns last_duration, last_ended_at;
    uint32_t recent_ms[RECENT_DURATIONS], longest_ms; /* of runs that succeeded, and of them: service.c */
    uint8_t recent_count, recent_next;
    struct job_wait wait;       /* waits.c */
    char last_error[SB_NOTE_MAX];
};

struct ctx {
    uint8_t state, lane;        /* enum sb_ctx_state, enum sb_lane */
    bool is_burst, is_yield_asked, is_recycle_asked;
    bool is_suspect;            /* a step failed on it: closed when it is given back */
    uint16_t run;               /* slot of the holder, NO_RUN when none */
    uint32_t generation, uses, failed_opens;
    uint64_t for_run;           /* whom a yield is for */
    uint64_t batch;             /* legacy policy: batch the lease belongs to; 0 = leased by lanes */
    sb_ns opened_at, leased_at, deadline, revoke_at, retry_at;
    bool is_cpu_known;          /* usage.c: as it was told last */
    uint32_t heap_kib, cpu_permille;
};

struct component {
    uint8_t state;
    bool is_probing;
    uint32_t failed_probes;
    sb_ns since, latency;
    char reason[SB_NOTE_MAX];
    sb_ns latencies[RECENT_LATENCIES];   /* of probes that were not slow */
    uint8_t latency_count, latency_next, slow_looks; /* slow_looks: the last three probes, 1 = slow */
    bool is_slow;
    /* recover.c */
    bool is_recovering;
    uint8_t recovery_count;    /* of the array */
    sb_ns recoveries[SB_RECOVERIES_MAX]; /* when they began, newest first */
    char recovery_actor[SB_NAME_MAX];
};

/* The life of an incident and what is left of one: alert.h. An ended one is kept for a day where there is room, because what returns flaps. */
struct alert {
    bool is_used, is_acked, is_flapping, is_stale;
    uint8_t state;              /* enum sb_alert_state */
    uint8_t rule, severity, component;
    uint8_t look_count, flaps;  /* flaps: how often it began to flap */
    uint16_t looks;             /* the newest is bit 0; 1 = bad */
    uint16_t job;
    uint32_t id;
    sb_ns since, until;         /* until: the state ends by itself, or the flapping; SB_NEVER */
    sb_ns ended, acked_until;
    sb_ns changes[SB_FLAP_CHANGES]; /* of the condition, the newest first; SB_NEVER = none */
    char subject[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
    char acked_by[SB_NAME_MAX];
};

/* What a channel has been told of an alert, and why nothing since. */
struct told {
    uint8_t why;                /* enum sb_told, as it was said last */
    uint8_t notice;             /* enum sb_notice_kind of the last one that was queued; SB_NOTICE_KIND_COUNT = none of this incident */
    uint8_t severity;           /* with it */
    bool is_delivered;          /* any of this incident */
    uint64_t id;                /* of the last one */
    sb_ns at, until;            /* until: of `why` */
    char by[SB_NAME_MAX];       /* of `why` */
};

/* A notice on its way. Of one channel the one with the lowest id goes first, and only it is in flight. */
struct notice {
    bool is_used, is_in_flight;
    uint8_t channel, kind, rule, severity;
    uint32_t alert, count, attempt;
    uint64_t id;                /* seq of its event */
    sb_ns next_at, queued_at;
    int64_t since;              /* wall ns */
    char subject[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
};

struct channel {
    uint32_t sent, failed;      /* notices taken, attempts that were not */
    uint32_t failures;          /* attempts in a row */
    int64_t sent_at, failed_at; /* wall ns, 0 = never */
    char reason[SB_NOTE_MAX];   /* of the last failure */
    sb_ns alive_at;             /* next ping of a dead-man's switch */
    sb_ns token_at;             /* when the next message is free: the rate */
    bool is_alive_in_flight, has_started;
};

struct silence {
    bool is_used;
    uint8_t rule;               /* SB_RULE_COUNT: any */
    uint32_t id;
    sb_ns since, until;
    char subject[SB_NAME_MAX], actor[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

/* The breaker in front of a site, and why it is as it is. */
struct site_breaker {
    struct sb_breaker breaker;
    char actor[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

/* A figure of the process against its bounds: gauges.c. */
struct gauge {
    uint8_t level;
    sb_ns until;                /* it stays at its level until then */
    uint64_t seen;              /* LOST, QUERIES: as of the last look */
};

/* Failed LLM calls of one category: how many, and the last one. */
struct llm_failures {
    uint32_t count, status;
    int64_t first, last;   /* wall ns */
    char alias[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

struct remembered_command {
    uint64_t id;
    struct sb_event answer;
};

struct sb_core {
    struct sb_core_setup setup;

    /* the input being applied, and where its results go */
    sb_ns now;
    struct sb_wall wall;
    int64_t wall_offset;        /* wall - now, as the armed due times believe */
    struct sb_outbox *out;
    bool has_leftover, is_begun;
    bool is_announcing;         /* nothing is decided yet; the definitions have been told: is_announced */
    bool is_announced;
    uint32_t jobs_begun;        /* jobs whose due times have been told */
    uint64_t announce_cursor;
    int64_t begun_at;           /* wall time of `begin` */

    uint64_t next_seq, next_run, next_fence, hash, tie;
    uint32_t next_alert;
    int64_t genesis;
    struct sb_in_begin begin;

    struct job *jobs;           /* [setup.job_count] */
    struct run *runs;           /* [run_cap] */
    uint16_t *free_runs;        /* stack */
    int64_t *step_done;         /* [setup.step_count] wall ns: when a step with its own cadence succeeded last, 0 = never */
    uint32_t run_cap, free_count;
    uint32_t idle_jobs;         /* without a live run */

    struct sb_heap timers;      /* every deadline; ids by timer_* below */
    struct sb_heap lanes[SB_LANE_COUNT]; /* runs that wait for a context, by virtual ready time */
    struct sb_heap workers;     /* runs that wait for a worker */
    struct sb_heap waiting;     /* runs that wait for a context, by since when */
    uint32_t workers_busy, workers_lost;

    struct ctx ctxs[SB_CONTEXTS_MAX];
    uint32_t ctx_count, burst_first;
    uint64_t batch;             /* legacy policy: the newest batch, and its state */
    uint32_t batch_granted;
    bool is_batch_forming;
    uint8_t policy;             /* in force; another than the pool's while somebody set it */
    sb_ns policy_until;         /* SB_NEVER: until the next start */
    char policy_actor[SB_NAME_MAX];
    bool is_saturated;
    sb_ns saturated_since;
    uint8_t memory_level;       /* memory.c */
    uint32_t memory_used_mib;   /* when the level changed */

    bool is_all_paused, category_paused[SB_CATEGORY_COUNT];
    struct pause_note pause_notes[PAUSE_NOTES_MAX]; /* pauses.c */
    uint32_t pause_note_next;
    struct incident incident;   /* incidents.c */

    struct component components[SB_COMPONENT_COUNT];
    struct service services[SB_OBJECTIVE_COUNT];
    struct waits waits;         /* waits.c */
    struct outlay outlay;       /* outlay.c */
    struct gauge gauges[SB_GAUGE_COUNT]; /* gauges.c */
    struct {
        char model[SB_NAME_MAX];
        uint8_t level;
    } ending;                   /* endings.c: the model that its provider ends first */
    struct site_breaker breakers[SB_SITES_MAX]; /* breakers.c */

    int64_t day_start, day_end; /* wall ns */
    int64_t spent, held, uncertain;
    bool is_gate_closed;        /* the ledger takes nothing more today */
    uint64_t ledger_version;    /* of the figures; 0: nobody keeps a ledger, costs are added up here */
    struct sb_pace pace;
    uint8_t tier;               /* in force: the pace's, or a forced one */
    bool is_tier_forced;
    int64_t tier_forced_until;  /* wall ns */
    char tier_actor[SB_NAME_MAX], tier_reason[SB_NOTE_MAX];
    struct llm_failures failures[SB_LLM_CATEGORY_COUNT]; /* of today */
    uint32_t stretch_at;        /* jobs before it have been told of the tier's stretch */
    uint8_t stretch_told;       /* what they were told; 1 = none */

    const struct sb_alerts_def *alert_defs;
    struct sb_alerts_def shipped_alerts;        /* where the setup has none */
    struct alert alerts[SB_ALERTS_MAX];
    struct silence silences[SB_SILENCES_MAX];   /* silences.c */
    uint32_t next_silence;
    struct channel channels[SB_CHANNELS_MAX];   /* outbox.c */
    struct told told[SB_ALERTS_MAX][SB_CHANNELS_MAX];
    struct notice notices[SB_NOTICES_MAX];
    sb_ns start_hold_ends;

    struct remembered_command commands[COMMANDS_REMEMBERED];
    uint32_t command_at;

    bool is_draining, is_drained, is_drain_hurried;
    sb_ns drain_at, drain_stop_at;
    uint32_t drain_cancelled;
};

/* Timer ids: jobs, then runs, contexts, components, single ones. */
enum single_timer { TIMER_BUDGET, TIMER_SATURATION, TIMER_POLICY, TIMER_DRAIN, TIMER_ALERTS, TIMER_NOTICES, TIMER_SINGLE_COUNT };
static inline uint32_t timer_run(const struct sb_core *core, uint32_t slot)
{
    return core->setup.job_count + slot;
}
static inline uint32_t timer_ctx(const struct sb_core *core, uint32_t ctx)
{
    return core->setup.job_count + core->run_cap + ctx;
}
static inline uint32_t timer_component(const struct sb_core *core, uint32_t component)
{
    return timer_ctx(core, SB_CONTEXTS_MAX) + component;
}
static inline uint32_t timer_single(const struct sb_core *core, enum single_timer which)
{
    return timer_component(core, SB_COMPONENT_COUNT) + (uint32_t)which;
}
static inline uint32_t timer_site(const struct sb_core *core, uint32_t site)
{
    return timer_single(core, TIMER_SINGLE_COUNT) + site;
}
/* SB_NEVER disarms. */
void sb_timer_set(struct sb_core *core, uint32_t id, sb_ns at);

static inline const struct sb_job_def *job_def(const struct sb_core *core, uint16_t job)
{
    SB_ASSERT(job < core->setup.job_count);
    return &core->setup.jobs[job];
}
static inline const struct sb_step_def *step_def(const struct sb_core *core, uint16_t job, uint8_t step)
{
    const struct sb_job_def *def = job_def(core, job);
    SB_ASSERT(step < def->step_count);
    return &core->setup.steps[def->first_step + step];
}
static inline uint16_t slot_of(const struct sb_core *core, const struct run *run)
{
    return (uint16_t)(run - core->runs);
}

/* The wall time that armed due times are measured by: it follows the clock in steps of 20 ms, so that a due timer is due by it exactly. */
static inline int64_t wall_believed(const struct sb_core *core)
{
    return core->now + core->wall_offset;
}

/* emit.c */
struct sb_event sb_event_make(const struct sb_core *core, enum sb_event_kind kind);
/* Numbers the event, hashes it, lets the alert rules see it. Returns its seq. */
uint64_t sb_core_emit(struct sb_core *core, const struct sb_event *event);
struct sb_order sb_order_make(enum sb_order_kind kind);
void sb_core_order(struct sb_core *core, const struct sb_order *order);
bool sb_has_room(const struct sb_core *core);

/* schedule.c */
/* Tells when the job runs next. */
void sb_schedule_say(struct sb_core *core, uint16_t job);
/* The next due time that runs, while the budget stretches the job too. */
int64_t sb_schedule_due_shown(const struct sb_core *core, uint16_t job);
void sb_schedule_begin(struct sb_core *core, uint16_t job);
void sb_schedule_due(struct sb_core *core, uint16_t job);
void sb_schedule_rearm_all(struct sb_core *core);
/* A run of the job ended: what waited behind it may start. */
void sb_schedule_run_ended(struct sb_core *core, uint16_t job);

/* runs.c: `take` makes a run without a word, NULL when the table is full; `create` announces it, NULL when the table is full but for the places of
 * jobs that have no run: further runs of one job, however many are asked for, keep no other job from its first. `id` 0 = a new one. */
struct run *sb_run_take(struct sb_core *core, uint16_t job, uint64_t id, enum sb_cause cause, int64_t nominal, uint8_t step,
                        uint8_t attempt);
void sb_run_say_queued(struct sb_core *core, const struct run *run);
struct run *sb_run_create(struct sb_core *core, uint16_t job, uint64_t id, enum sb_cause cause, int64_t nominal, uint8_t step,
                          uint8_t attempt);
void sb_run_move(struct sb_core *core, struct run *run, enum sb_run_state to);
void sb_run_end(struct sb_core *core, struct run *run, enum sb_run_state state, enum sb_class class, uint8_t step,
                const char *error);
/* Youngest live run of a job, or NULL. */
struct run *sb_run_of_job(struct sb_core *core, uint16_t job);
struct run *sb_run_find(struct sb_core *core, uint64_t id);
/* Re-arms the run's one timer for its state. */
void sb_run_arm(struct sb_core *core, struct run *run);
void sb_run_timer(struct sb_core *core, struct run *run);
bool sb_run_state_is_end(enum sb_run_state state);
bool sb_run_move_is_legal(enum sb_run_state from, enum sb_run_state to);

/* advance.c */
/* Puts a run that is not running where it belongs: held, waiting for a context, waiting for a worker, or started. */
void sb_advance_place(struct sb_core *core, struct run *run);
/* Re-places every waiting or held run: something they depend on changed. */
void sb_advance_all(struct sb_core *core);
void sb_advance_start(struct sb_core *core, struct run *run);
void sb_advance_step_done(struct sb_core *core, const struct sb_in_step_done *done);
/* A try of the run failed outside a step (no context) or inside one. */
void sb_advance_failed(struct sb_core *core, struct run *run, uint8_t step, enum sb_class class, sb_ns retry_after,
                       const char *error);
/* Starts waiting runs while workers are free. Returns whether it did something. */
bool sb_advance_workers(struct sb_core *core);
/* Delay before attempt number `attempt` (2, 3 ...) of that run. */
sb_ns sb_retry_delay(const struct sb_core *core, const struct sb_job_def *def, uint64_t run, uint8_t attempt);
/* Whether an operator may retry a run that ended so. */
bool sb_retry_is_possible(enum sb_run_state state);
enum retry_from { FROM_FAILED, FROM_FIRST, FROM_NAMED };
/* Where a retry begins of a run that came as far as step `last`; SB_NO_STEP: not from the step of that name, `*why` says why, the name may follow. */
uint8_t sb_retry_step(const struct sb_core *core, uint16_t job, enum retry_from from, const char *name, uint8_t last, const char **why);

/* contexts.c: the life of a context */
bool sb_ctx_may_open(const struct sb_core *core, uint16_t index);
void sb_ctx_open(struct sb_core *core, uint16_t index);
/* An idle one, or one whose lease has ended. */
void sb_ctx_close(struct sb_core *core, uint16_t index, const char *reason);
/* A burst context that stays open and idle until posting needs it. The memory guard's first level already gives it up. */
bool sb_ctx_is_kept(const struct sb_core *core, const struct ctx *ctx);
/* A burst context that has done its work: nobody of posting waits for it, and it is not kept. */
bool sb_ctx_is_spare(const struct sb_core *core, const struct ctx *ctx);

/* lanes.c and contexts.c */
void sb_lanes_begin(struct sb_core *core);
/* Grants, opens, asks borrowers to yield: one unit. Returns whether it did something. */
bool sb_lanes_dispatch(struct sb_core *core);
void sb_lanes_want(struct sb_core *core, struct run *run);
void sb_lanes_forget(struct sb_core *core, struct run *run);
void sb_lanes_release(struct sb_core *core, struct run *run);
/* Ends a lease from above: the context is closed and opened anew. */
void sb_lanes_condemn(struct sb_core *core, uint16_t ctx, const char *reason);
void sb_lanes_context_up(struct sb_core *core, const struct sb_in_context_up *up);
void sb_lanes_context_down(struct sb_core *core, const struct sb_in_context_down *down);
void sb_lanes_timer(struct sb_core *core, uint16_t ctx);
void sb_lanes_recycle(struct sb_core *core, uint16_t ctx);
void sb_lanes_saturation(struct sb_core *core);
/* Leases an idle context to a run that waits, and starts its step. */
void sb_lanes_grant(struct sb_core *core, struct run *run, uint16_t ctx);
/* Opens one context of the pool that is down and may be opened. Returns whether there was one. */
bool sb_lanes_open_one(struct sb_core *core);
/* Closes one idle burst context nobody needs. Returns whether there was one. */
bool sb_lanes_close_burst(struct sb_core *core);
/* Whether that context belongs to another lane than the run. */
bool sb_lanes_is_borrowed(const struct sb_core *core, const struct ctx *ctx, const struct run *run);
/* Whether the run's step may only run on a context of its own lane: an effect, or part of a sequence of steps on one context. */
bool sb_lanes_needs_own(const struct sb_core *core, const struct run *run);
/* Where a run that lost its context begins again when `step` is next: at the first of the browser steps right before it that kept the context,
 * because they made the page it needs. An effect is done and never begun again. */
uint8_t sb_lanes_sequence_start(const struct sb_core *core, uint16_t job, uint8_t step);
/* Puts a policy in force until `until` (SB_NEVER: the next start) and says so. */
void sb_lanes_set_policy(struct sb_core *core, uint8_t policy, sb_ns until, const char *actor);
/* The time of an override is over. */
void sb_lanes_policy_over(struct sb_core *core);
struct sb_event sb_lanes_policy_event(const struct sb_core *core);
bool sb_lanes_must_yield(const struct sb_core *core, const struct run *run);
int64_t sb_queue_key(const struct sb_core *core, const struct run *run);

/* usage.c */
void sb_usage_input(struct sb_core *core, const struct sb_in_usage *usage);

/* memory.c */
void sb_memory_input(struct sb_core *core, const struct sb_in_memory *memory);
/* Whether runs of that lane get no context now. */
bool sb_memory_stops(const struct sb_core *core, enum sb_lane lane);
bool sb_memory_may_open(const struct sb_core *core, const struct ctx *ctx);
/* An idle context to be closed for its memory, or SB_NO_CTX. */
uint16_t sb_memory_surplus(const struct sb_core *core);

/* gauges.c */
void sb_gauges_input(struct sb_core *core, const struct sb_in_vitals *vitals);

/* endings.c */
void sb_endings_input(struct sb_core *core, const struct sb_in_model_end *end);

/* lanes_legacy.c: one unit of dispatch under policy `legacy`. Returns whether it did something. */
bool sb_legacy_dispatch(struct sb_core *core);

/* stop.c */
void sb_stop_soft(struct sb_core *core, struct run *run, enum stop_why why, const char *reason);
void sb_stop_hard(struct sb_core *core, struct run *run, const char *reason);
/* The step did not end even after its hard stop. */
void sb_stop_lost(struct sb_core *core, struct run *run);

/* budget.c */
void sb_budget_begin(struct sb_core *core);
void sb_budget_restore(struct sb_core *core, const struct sb_in_restore_budget *restored);
void sb_budget_restore_hour(struct sb_core *core, const struct sb_in_restore_hour *restored);
void sb_budget_restore_calls(struct sb_core *core, const struct sb_in_restore_calls *restored);
void sb_budget_spent(struct sb_core *core, const struct sb_in_spent *spent);
void sb_budget_ledger(struct sb_core *core, const struct sb_in_ledger *ledger);
void sb_budget_bill(struct sb_core *core, const struct sb_in_bill *bill);
void sb_budget_llm_failed(struct sb_core *core, const struct sb_in_llm_failed *failed);
void sb_budget_timer(struct sb_core *core);
void sb_budget_force(struct sb_core *core, enum sb_tier tier, sb_ns lasts, const char *actor, const char *reason);
void sb_budget_free(struct sb_core *core, const char *actor);
struct sb_event sb_budget_ledger_event(const struct sb_core *core);
struct sb_event sb_budget_stretched_event(const struct sb_core *core, uint16_t job);
struct sb_event sb_budget_forced_event(const struct sb_core *core);
/* The last failed call of a category; count 0: none today. */
struct sb_event sb_budget_failed_event(const struct sb_core *core, enum sb_llm_category category);
/* The tier a step that starts now works by. */
enum sb_tier sb_budget_tier_of_call(const struct sb_core *core);
/* Whether steps that call a model are passed over now; generation of critical intents goes on longest. */
bool sb_budget_skips(const struct sb_core *core, const struct sb_step_def *step);
/* Of how many due times of that job one runs now. */
uint32_t sb_budget_stretch(const struct sb_core *core, uint16_t job);
/* Tells jobs that they are planned more or less often, some at a time; false when all know. */
bool sb_budget_stretch_unit(struct sb_core *core);
/* The wall clock moved: the day ends at another monotonic time. */
void sb_budget_rearm(struct sb_core *core);

/* components.c */
void sb_components_begin(struct sb_core *core);
void sb_components_input(struct sb_core *core, const struct sb_in_component *input);
void sb_components_timer(struct sb_core *core, enum sb_component component);
/* The engine itself: how many of its threads answer has changed. */
void sb_components_engine(struct sb_core *core);
void sb_components_probe(struct sb_core *core, enum sb_component component);
/* The same; `restart`: what can be ended and started anew is, first. */
void sb_components_ask(struct sb_core *core, enum sb_component component, bool restart);
bool sb_component_is_usable(const struct sb_core *core, enum sb_component component);

/* recover.c: says what is done, or why not and returns false. */
bool sb_recover(struct sb_core *core, enum sb_component component, const char *actor, bool is_confirmed, struct sb_text *said);
/* One of before the start counts as one of now. */
void sb_recover_restore(struct sb_core *core, const struct sb_in_restore_recovery *restored);
/* Something became known of the component: its recovery may be over. */
void sb_recover_seen(struct sb_core *core, enum sb_component component);

/* alerts.c */
/* No rule looks at what alerts themselves say. */
static inline bool sb_rules_look_at(const struct sb_event *event)
{
    return event->kind < SB_EVENT_ALERT_RAISED || event->kind > SB_EVENT_NOTICE_JOINED;
}
void sb_alerts_event(struct sb_core *core, const struct sb_event *event);
void sb_alerts_begin(struct sb_core *core);
void sb_alerts_timer(struct sb_core *core);
void sb_alerts_restore(struct sb_core *core, const struct sb_in_restore_alert *restored);
void sb_alerts_restore_ack(struct sb_core *core, const struct sb_in_restore_ack *ack);
/* An open one by its number, or NULL. */
struct alert *sb_alert_find(struct sb_core *core, uint32_t id);
void sb_alert_ack(struct sb_core *core, struct alert *alert, const char *actor, const char *note, sb_ns lasts);
struct sb_event sb_alert_raised_event(const struct sb_core *core, const struct alert *alert);
struct sb_event sb_alert_moved_event(const struct sb_core *core, const struct alert *alert);
struct sb_event sb_alert_acked_event(const struct sb_core *core, const struct alert *alert, const char *note);
/* Computes anew when somebody must look at alerts or silences again. */
void sb_alerts_arm(struct sb_core *core);
static inline bool sb_alert_is_open(const struct alert *alert)
{
    return alert->is_used && (alert->state == SB_ALERT_STATE_FIRING || alert->state == SB_ALERT_STATE_RECOVERING);
}

/* breakers.c */
/* The open breaker that holds the step, or SB_SITES_MAX. */
uint32_t sb_breakers_holding(const struct sb_core *core, const struct sb_step_def *step);
void sb_breakers_restore(struct sb_core *core, const struct sb_in_restore_trip *trip);
/* Tells of those that are tripped. */
void sb_breakers_begin(struct sb_core *core);
/* A step of the site has ended. */
void sb_breakers_step_ended(struct sb_core *core, const struct sb_step_def *step, const struct sb_in_step_done *done, sb_ns lasted);
void sb_breakers_probed(struct sb_core *core, const struct sb_in_breaker_probed *probed);
void sb_breakers_timer(struct sb_core *core, uint32_t site);
/* false when nothing was to be changed. */
bool sb_breakers_trip(struct sb_core *core, uint32_t site, const char *actor, const char *reason);
bool sb_breakers_reset(struct sb_core *core, uint32_t site, const char *actor, const char *reason);
struct sb_event sb_breakers_event(const struct sb_core *core, uint32_t site);

/* commands.c */
void sb_commands_input(struct sb_core *core, const struct sb_command *command);

/* drain.c */
void sb_drain_start(struct sb_core *core, const char *actor, bool is_hurried);
void sb_drain_timer(struct sb_core *core);
/* Orders `finish` once nothing runs. */
void sb_drain_progress(struct sb_core *core);

/* restore.c */
void sb_restore_run(struct sb_core *core, const struct sb_in_restore_run *restored);
/* After the catalogue is announced: what becomes of a run found unfinished. */
void sb_restore_decide(struct sb_core *core, struct run *run);

/* announce.c: one event of the describe stream into `event`; false when the stream is over. Advances the cursor. */
bool sb_announce_next(const struct sb_core *core, uint64_t *cursor, bool is_definition_only, struct sb_event *event);

static inline void note_copy(char dst[SB_NOTE_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NOTE_MAX, src);
}

#endif
