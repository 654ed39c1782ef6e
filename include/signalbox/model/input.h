/* Inputs: everything that happens to the core. One thread stamps each input with the only "now" of its step
 * and calls sb_core_step. Fixed-size values without pointers. */
#ifndef SIGNALBOX_MODEL_INPUT_H
#define SIGNALBOX_MODEL_INPUT_H

#include "signalbox/model/command.h"
#include "signalbox/model/fields.h"

/* A deadline passed, or nothing but time. */
#define SB_IN_tick(F, O)
/* Restored facts, all before `begin`. `genesis` is the wall time at which this store first started: the anchor of all
 * `every` grids, so that a restart never restarts the count. The next_* values continue the numbering. */
#define SB_IN_restore_base(F, O) F(O, wall, genesis) F(O, u64, next_run) F(O, u64, next_seq) F(O, u64, next_fence) F(O, u32, next_alert)
/* `watermark`: last nominal time that was decided (fired or skipped); 0 = never. */
#define SB_IN_restore_job(F, O) F(O, job, job) F(O, wall, watermark) F(O, flag, is_paused) F(O, run_state, last_state) \
    F(O, run, last_run) F(O, step, failed_step) F(O, u8, last_attempt) F(O, u32, failures)
/* When a step with its own cadence succeeded last. */
#define SB_IN_restore_step(F, O) F(O, job, job) F(O, name, step_name) F(O, wall, done)
/* A run found unfinished: it was interrupted by the end of the previous process. `recoveries` counts earlier ones. */
#define SB_IN_restore_run(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, u8, recoveries) F(O, cause, cause) \
    F(O, flag, was_running) F(O, flag, was_effect) F(O, wall, nominal)
/* Of a job when it names one (that it is paused comes with restore_job), of everything, or of a category. */
#define SB_IN_restore_pause(F, O) F(O, flag, all) F(O, category, category) F(O, job, job) F(O, name, actor) F(O, note, reason) F(O, wall, at)
/* The incident that was open, or the last one that had a number. */
#define SB_IN_restore_incident(F, O) F(O, name, incident) F(O, name, actor) F(O, note, reason) F(O, wall, at) F(O, flag, is_open)
#define SB_IN_restore_budget(F, O) F(O, wall, day_start) F(O, usd, spent)
/* What earlier days say of an hour of the budget's day (mean calls in thousandths), and how many calls it had today. */
#define SB_IN_restore_hour(F, O) F(O, u8, hour) F(O, u64, calls_milli) F(O, u32, today)
/* What calls have cost so far. */
#define SB_IN_restore_calls(F, O) F(O, flag, is_premium) F(O, u64, count) F(O, usd, cost)
/* When a recovery of a component began, of each component the newest first. */
#define SB_IN_restore_recovery(F, O) F(O, component, component) F(O, wall, at)
/* A breaker that an operator tripped and nobody has reset. */
#define SB_IN_restore_trip(F, O) F(O, name, site) F(O, name, actor) F(O, note, reason)
/* An incident that had not ended, or has (is_over) with somebody still to be told so. */
#define SB_IN_restore_alert(F, O) F(O, u32, alert) F(O, rule, rule) F(O, severity, severity) F(O, job, job) F(O, component, component) \
    F(O, flag, is_flapping) F(O, flag, is_over) F(O, wall, since) F(O, name, subject) F(O, note, text)
#define SB_IN_restore_ack(F, O) F(O, u32, alert) F(O, wall, until) F(O, name, actor)
#define SB_IN_restore_silence(F, O) F(O, u32, silence) F(O, rule, rule) F(O, wall, until) F(O, name, subject) F(O, name, actor) F(O, note, reason)
/* A notice that the receiver has not taken yet: it is sent again under its old number. */
#define SB_IN_restore_notice(F, O) F(O, u64, id) F(O, u32, alert) F(O, notice_kind, notice) F(O, rule, rule) F(O, severity, severity) \
    F(O, u32, attempt) F(O, u32, count) F(O, wall, since) F(O, wall, at) F(O, name, channel) F(O, name, subject) F(O, note, text)
/* What a channel was told last of an incident. */
#define SB_IN_restore_told(F, O) F(O, u64, id) F(O, u32, alert) F(O, notice_kind, notice) F(O, severity, severity) F(O, flag, is_delivered) F(O, wall, at) \
    F(O, name, channel)
/* Restores are complete: announce the catalogue, decide misfires, start scheduling. */
#define SB_IN_begin(F, O) F(O, u64, boot) F(O, name, version) F(O, name, host) F(O, name, config_hash) F(O, flag, is_practice)
#define SB_IN_command(F, O) SB_COMMAND_FIELDS(F, O)
/* A step ended. `fence` names the lease of the step; a stale one changes nothing but the audit trail. */
#define SB_IN_step_done(F, O) F(O, run, run) F(O, u64, fence) F(O, step, step) F(O, step_state, state) F(O, class, class) \
    F(O, ns, retry_after) F(O, i64, rows) F(O, note, text)
/* Free text of a running step for the log and the run's detail. */
#define SB_IN_note(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, severity, severity) F(O, note, text)
/* A context finished opening, or is gone. A stale generation is ignored. */
#define SB_IN_context_up(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, ns, latency)
#define SB_IN_context_down(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, note, reason)
#define SB_IN_component(F, O) F(O, component, component) F(O, component_state, state) F(O, ns, latency) F(O, note, reason)
/* A settled LLM call. */
#define SB_IN_spent(F, O) F(O, run, run) F(O, job, job) F(O, name, alias) F(O, name, intent) \
    F(O, u32, tokens_in) F(O, u32, tokens_out) F(O, usd, cost)

/* The ledger's figures after one of its moves. `version` tells which is newer; those of another day are passed over. */
#define SB_IN_ledger(F, O) F(O, wall, day_start) F(O, u64, version) F(O, usd, spent) F(O, usd, held) F(O, usd, uncertain) F(O, flag, is_closed)
/* What a breaker's probe of its site found. */
#define SB_IN_breaker_probed(F, O) F(O, u8, site) F(O, u32, generation) F(O, flag, is_ok) F(O, ns, latency) F(O, note, reason)
/* An LLM call that failed. */
#define SB_IN_llm_failed(F, O) F(O, run, run) F(O, job, job) F(O, llm_category, category) F(O, u32, status) F(O, name, alias) \
    F(O, name, intent) F(O, note, reason)

/* What became of a notice. `id` 0: a ping of a dead-man's switch. is_final: the receiver will never take it. */
#define SB_IN_notice_done(F, O) F(O, u64, id) F(O, u8, channel) F(O, flag, is_ok) F(O, flag, is_final) F(O, ns, retry_after) F(O, ns, took) \
    F(O, note, reason)
/* Memory of the browser's processes; 0 when none runs or it is not known. */
#define SB_IN_memory(F, O) F(O, u64, used)
/* How the process is, every few seconds. memory, disk: bytes resident, and free where the state is kept. late: how much too late the core's thread
 * came at worst since the last time. lost: inputs and events that were given up since the start. queries: those that waited a second and longer for
 * a connection to the store since the start. 0 of memory, fds_max, threads: not known. */
#define SB_IN_vitals(F, O) F(O, u64, memory) F(O, u64, disk) F(O, u32, fds) F(O, u32, fds_max) F(O, u32, threads) F(O, ns, late) F(O, u64, lost) \
    F(O, u64, queries)
/* The model of an alias that its provider ends first ("" = no date is known), and in how many days; 0 = today. */
#define SB_IN_model_end(F, O) F(O, name, model) F(O, u32, days)
/* What the provider's own page has for the budget's day, as an operator read it, and what the ledger has for it. */
#define SB_IN_bill(F, O) F(O, wall, day_start) F(O, usd, charged) F(O, usd, spent) F(O, usd, uncertain) F(O, name, actor)
/* What the page of a context uses: see the event context_measured. A stale generation is ignored. */
#define SB_IN_usage(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, u32, heap_kib) F(O, flag, is_cpu_known) F(O, u32, cpu_permille)

#define SB_INPUTS(X)                   \
    X(TICK, tick)                      \
    X(RESTORE_BASE, restore_base)      \
    X(RESTORE_JOB, restore_job)        \
    X(RESTORE_STEP, restore_step)      \
    X(RESTORE_RUN, restore_run)        \
    X(RESTORE_PAUSE, restore_pause)    \
    X(RESTORE_INCIDENT, restore_incident) \
    X(RESTORE_BUDGET, restore_budget)  \
    X(RESTORE_HOUR, restore_hour)      \
    X(RESTORE_CALLS, restore_calls)    \
    X(RESTORE_RECOVERY, restore_recovery) \
    X(RESTORE_TRIP, restore_trip)      \
    X(RESTORE_ALERT, restore_alert)    \
    X(RESTORE_ACK, restore_ack)        \
    X(RESTORE_SILENCE, restore_silence) \
    X(RESTORE_NOTICE, restore_notice)  \
    X(RESTORE_TOLD, restore_told)      \
    X(BEGIN, begin)                    \
    X(COMMAND, command)                \
    X(STEP_DONE, step_done)            \
    X(NOTE, note)                      \
    X(CONTEXT_UP, context_up)          \
    X(CONTEXT_DOWN, context_down)      \
    X(COMPONENT, component)            \
    X(SPENT, spent)                    \
    X(LEDGER, ledger)                  \
    X(LLM_FAILED, llm_failed)          \
    X(BREAKER_PROBED, breaker_probed)  \
    X(NOTICE_DONE, notice_done)        \
    X(MEMORY, memory)                  \
    X(VITALS, vitals)                  \
    X(MODEL_END, model_end)            \
    X(BILL, bill)                      \
    X(USAGE, usage)

enum sb_input_kind {
#define SB_INPUT_MEMBER(code, name) SB_INPUT_##code,
    SB_INPUTS(SB_INPUT_MEMBER)
#undef SB_INPUT_MEMBER
    SB_INPUT_COUNT
};

#define SB_INPUT_STRUCT(code, name) struct sb_in_##name { SB_IN_##name(SB_FIELD_DECLARE, _) };
struct sb_in_tick {
    uint8_t nothing; /* C has no empty struct */
};
SB_INPUT_STRUCT(RESTORE_BASE, restore_base)
SB_INPUT_STRUCT(RESTORE_JOB, restore_job)
SB_INPUT_STRUCT(RESTORE_STEP, restore_step)
SB_INPUT_STRUCT(RESTORE_RUN, restore_run)
SB_INPUT_STRUCT(RESTORE_PAUSE, restore_pause)
SB_INPUT_STRUCT(RESTORE_INCIDENT, restore_incident)
SB_INPUT_STRUCT(RESTORE_BUDGET, restore_budget)
SB_INPUT_STRUCT(RESTORE_HOUR, restore_hour)
SB_INPUT_STRUCT(RESTORE_CALLS, restore_calls)
SB_INPUT_STRUCT(RESTORE_RECOVERY, restore_recovery)
SB_INPUT_STRUCT(RESTORE_TRIP, restore_trip)
SB_INPUT_STRUCT(RESTORE_ALERT, restore_alert)
SB_INPUT_STRUCT(RESTORE_ACK, restore_ack)
SB_INPUT_STRUCT(RESTORE_SILENCE, restore_silence)
SB_INPUT_STRUCT(RESTORE_NOTICE, restore_notice)
SB_INPUT_STRUCT(RESTORE_TOLD, restore_told)
SB_INPUT_STRUCT(BEGIN, begin)
SB_INPUT_STRUCT(STEP_DONE, step_done)
SB_INPUT_STRUCT(NOTE, note)
SB_INPUT_STRUCT(CONTEXT_UP, context_up)
SB_INPUT_STRUCT(CONTEXT_DOWN, context_down)
SB_INPUT_STRUCT(COMPONENT, component)
SB_INPUT_STRUCT(SPENT, spent)
SB_INPUT_STRUCT(LEDGER, ledger)
SB_INPUT_STRUCT(LLM_FAILED, llm_failed)
SB_INPUT_STRUCT(BREAKER_PROBED, breaker_probed)
SB_INPUT_STRUCT(NOTICE_DONE, notice_done)
SB_INPUT_STRUCT(MEMORY, memory)
SB_INPUT_STRUCT(VITALS, vitals)
SB_INPUT_STRUCT(MODEL_END, model_end)
SB_INPUT_STRUCT(BILL, bill)
SB_INPUT_STRUCT(USAGE, usage)

struct sb_input {
    sb_ns now;            /* monotonic, never goes back between inputs */
    struct sb_wall wall;  /* may step */
    uint16_t kind;        /* enum sb_input_kind */
    uint16_t reserved[3];
    union {
        struct sb_in_tick tick;
        struct sb_in_restore_base restore_base;
        struct sb_in_restore_job restore_job;
        struct sb_in_restore_step restore_step;
        struct sb_in_restore_run restore_run;
        struct sb_in_restore_pause restore_pause;
        struct sb_in_restore_incident restore_incident;
        struct sb_in_restore_budget restore_budget;
        struct sb_in_restore_hour restore_hour;
        struct sb_in_restore_calls restore_calls;
        struct sb_in_restore_recovery restore_recovery;
        struct sb_in_restore_trip restore_trip;
        struct sb_in_restore_alert restore_alert;
        struct sb_in_restore_ack restore_ack;
        struct sb_in_restore_silence restore_silence;
        struct sb_in_restore_notice restore_notice;
        struct sb_in_restore_told restore_told;
        struct sb_in_begin begin;
        struct sb_command command;
        struct sb_in_step_done step_done;
        struct sb_in_note note;
        struct sb_in_context_up context_up;
        struct sb_in_context_down context_down;
        struct sb_in_component component;
        struct sb_in_spent spent;
        struct sb_in_ledger ledger;
        struct sb_in_llm_failed llm_failed;
        struct sb_in_breaker_probed breaker_probed;
        struct sb_in_notice_done notice_done;
        struct sb_in_memory memory;
        struct sb_in_vitals vitals;
        struct sb_in_model_end model_end;
        struct sb_in_bill bill;
        struct sb_in_usage usage;
    } as;
};

extern const struct sb_kind_info sb_input_infos[SB_INPUT_COUNT];

/* A zeroed input of that kind (now and wall are stamped by whoever calls the core). */
struct sb_input sb_input_make(enum sb_input_kind kind);

#endif
