/* Events: immutable facts, in one numbered sequence. Everything shown, stored, measured or notified is derived
 * from them and nothing else; the catalogue too is announced by events. Fixed-size values without pointers. */
#ifndef SIGNALBOX_MODEL_EVENT_H
#define SIGNALBOX_MODEL_EVENT_H

#include "signalbox/base/text.h"
#include "signalbox/model/fields.h"

#define SB_EV_runtime_started(F, O) F(O, u64, boot) F(O, name, version) F(O, name, host) F(O, name, config_hash) F(O, u32, jobs) \
    F(O, flag, is_practice) F(O, wall, genesis)
#define SB_EV_pool_defined(F, O) F(O, u16, contexts) F(O, u16, burst) F(O, lane_policy, policy) F(O, u16, workers) F(O, ns, ageing) F(O, ns, grace)
#define SB_EV_job_defined(F, O) F(O, job, job) F(O, name, name) F(O, category, category) F(O, u8, priority) F(O, u8, steps) F(O, flag, is_critical) \
    F(O, flag, needs_browser) F(O, flag, needs_llm) F(O, u8, attempts_max) F(O, ns, timeout) F(O, ns, every) F(O, name, schedule)
#define SB_EV_step_defined(F, O) F(O, job, job) F(O, step, step) F(O, step_kind, kind) F(O, flag, needs_context) F(O, flag, is_effect) \
    F(O, ns, timeout) F(O, name, name) F(O, ns, every)
#define SB_EV_context_defined(F, O) F(O, ctx, ctx) F(O, lane, lane) F(O, flag, is_burst)
#define SB_EV_component_defined(F, O) F(O, component, component) F(O, component_class, class)
/* The whole catalogue and state have been announced (end of a start or of a describe). */
#define SB_EV_described(F, O) F(O, u32, jobs)
/* The core thread answers: what the listener sees is as old as this. Asked for by sb_feed_ping, never journaled (seq 0). */
#define SB_EV_heartbeat(F, O) F(O, u64, inputs)

#define SB_EV_job_scheduled(F, O) F(O, job, job) F(O, wall, due)
#define SB_EV_nominal_skipped(F, O) F(O, job, job) F(O, skip, reason) F(O, u32, count) F(O, wall, first) F(O, wall, last)

#define SB_EV_run_queued(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, cause, cause) F(O, wall, nominal)
#define SB_EV_run_held(F, O) F(O, run, run) F(O, job, job) F(O, hold, hold) F(O, component, component) F(O, note, detail)
#define SB_EV_run_released(F, O) F(O, run, run) F(O, job, job) F(O, hold, hold)
#define SB_EV_run_started(F, O) F(O, run, run) F(O, job, job) F(O, u8, attempt) F(O, ns, waited)
#define SB_EV_run_late(F, O) F(O, run, run) F(O, job, job) F(O, ns, late)
/* Still running after most of its time: sooner it is stopped, or it takes twice as long as it ever does. */
#define SB_EV_run_overrun(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, ns, lasted) F(O, ns, usual) /* usual: 0 = not known yet */
#define SB_EV_run_stuck(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, ns, over)
#define SB_EV_run_yielded(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, ctx, ctx)
#define SB_EV_run_retrying(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, u8, attempts_max) F(O, class, class) \
    F(O, ns, delay) F(O, note, error)
#define SB_EV_run_stopping(F, O) F(O, run, run) F(O, job, job) F(O, flag, hard) F(O, note, reason)
#define SB_EV_run_interrupted(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, u8, recoveries) F(O, flag, was_effect)
#define SB_EV_run_ended(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, run_state, state) F(O, class, class) \
    F(O, ns, duration) F(O, note, error)

#define SB_EV_step_started(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, ctx, ctx) F(O, u64, fence) F(O, ns, timeout)
#define SB_EV_step_ended(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, u8, attempt) F(O, step_state, state) F(O, class, class) \
    F(O, ns, duration) F(O, i64, rows) F(O, note, text) F(O, flag, is_paced) /* the step has a cadence of its own */
/* A result of a fence that is no longer current: nothing changed. */
#define SB_EV_step_stale(F, O) F(O, run, run) F(O, step, step) F(O, u64, fence)

#define SB_EV_lease_wanted(F, O) F(O, run, run) F(O, job, job) F(O, category, category) F(O, lane, lane) F(O, u32, ahead) \
    F(O, ns, rank) /* place in the lane's queue: the lowest is served first */
#define SB_EV_lease_granted(F, O) F(O, ctx, ctx) F(O, run, run) F(O, job, job) F(O, u64, fence) F(O, lane, lane) F(O, flag, is_borrowed) \
    F(O, flag, is_burst) F(O, ns, waited) F(O, ns, deadline)
#define SB_EV_lease_yield_asked(F, O) F(O, ctx, ctx) F(O, run, run) F(O, run, for_run)
#define SB_EV_lease_revoked(F, O) F(O, ctx, ctx) F(O, run, run) F(O, note, reason)
/* The lease outlived the deadline that it was given with; told once. */
#define SB_EV_lease_overdue(F, O) F(O, ctx, ctx) F(O, run, run) F(O, job, job) F(O, ns, over)
#define SB_EV_lease_ended(F, O) F(O, ctx, ctx) F(O, run, run) F(O, job, job) F(O, ns, held)
#define SB_EV_context_changed(F, O) F(O, ctx, ctx) F(O, ctx_state, state) F(O, u32, generation) F(O, u32, uses) F(O, note, reason)
#define SB_EV_pool_saturated(F, O) F(O, u32, waiting) F(O, ns, oldest)
#define SB_EV_pool_relieved(F, O) F(O, ns, lasted)
/* The browser's memory against its limit. Level 0: all is well; 1: lane low gets no context; 2: lanes low and high get none, and no burst opens. */
#define SB_EV_pool_pressure(F, O) F(O, u8, level) F(O, u32, used_mib) F(O, u32, limit_mib)
/* What the page of a context uses: the heap of its scripts, and since it was measured last the processor time of its renderer, in thousandths of
 * one core. Other processes of the browser serve all contexts and are nobody's. heap_kib 0: not known, such as when the page does not answer. */
#define SB_EV_context_measured(F, O) F(O, ctx, ctx) F(O, u32, generation) F(O, u32, heap_kib) F(O, flag, is_cpu_known) F(O, u32, cpu_permille)

/* The provider ends a model: level 0 no more of that, 1 within 60 days, 2 within 14, 3 within 3. */
#define SB_EV_model_ending(F, O) F(O, name, model) F(O, u8, level) F(O, u32, days)
/* A figure of the process passed a bound, or came back: level 0 all is well, 1 it is to be looked at, 2 it will soon fail. Units as in enums.h. */
#define SB_EV_gauge_changed(F, O) F(O, gauge, gauge) F(O, u8, level) F(O, u64, value) F(O, u64, bound)

/* It answers, but five times as slowly as it usually does; or no longer so. */
#define SB_EV_component_slow(F, O) F(O, component, component) F(O, flag, is_slow) F(O, ns, latency) F(O, ns, usual)
#define SB_EV_component_changed(F, O) F(O, component, component) F(O, component_state, state) F(O, ns, latency) F(O, note, reason)

#define SB_EV_job_paused(F, O) F(O, job, job) F(O, name, actor) F(O, note, reason)
#define SB_EV_job_resumed(F, O) F(O, job, job) F(O, name, actor)
#define SB_EV_category_paused(F, O) F(O, category, category) F(O, name, actor) F(O, note, reason)
#define SB_EV_category_resumed(F, O) F(O, category, category) F(O, name, actor)
#define SB_EV_all_paused(F, O) F(O, name, actor) F(O, note, reason)
#define SB_EV_all_resumed(F, O) F(O, name, actor)
/* lasts: from now on, then the policy of the catalogue returns; 0 = this is the policy of the catalogue, or it stays until the next start. */
#define SB_EV_lane_policy_set(F, O) F(O, lane_policy, policy) F(O, name, actor) F(O, ns, lasts)

#define SB_EV_command_done(F, O) F(O, u64, command) F(O, u8, kind) F(O, job, job) F(O, run, run) F(O, name, actor) F(O, note, outcome)
#define SB_EV_command_refused(F, O) F(O, u64, command) F(O, u8, kind) F(O, job, job) F(O, run, run) F(O, name, actor) F(O, note, outcome)

/* What a command named that its answer does not say, and why; comes before the answer, and only when there is something of it. */
#define SB_EV_command_asked(F, O) F(O, u64, command) F(O, u8, kind) F(O, ctx, ctx) F(O, component, component) F(O, u32, alert) F(O, ns, lasts) \
    F(O, name, subject) F(O, note, reason)

#define SB_EV_budget_window(F, O) F(O, wall, day_start) F(O, wall, day_end) F(O, usd, limit) F(O, usd, spent) F(O, tier, tier) \
    F(O, budget_policy, policy)
#define SB_EV_budget_spent(F, O) F(O, run, run) F(O, job, job) F(O, u32, tokens_in) F(O, u32, tokens_out) F(O, usd, cost) F(O, usd, spent) \
    F(O, name, alias) F(O, name, intent)
/* With what it was decided on (core/pace.h); q in thousandths. */
#define SB_EV_budget_tier(F, O) F(O, tier, from) F(O, tier, to) F(O, usd, remaining) F(O, usd, limit) F(O, usd, floor) F(O, u64, calls_left) \
    F(O, i64, q_permille) F(O, name, why)
/* The breaker in front of a site. lasts: open for so long, 0 = until something else happens. */
#define SB_EV_breaker_changed(F, O) F(O, u8, site) F(O, breaker_state, state) F(O, u32, generation) F(O, ns, lasts) F(O, name, name) \
    F(O, name, actor) F(O, note, reason)
/* The window's figures: `floor` is what the calls still expected need, `q_permille` the share of them that premium could serve, `forecast` what
 * the day will have cost at this rate. */
#define SB_EV_budget_ledger(F, O) F(O, usd, spent) F(O, usd, held) F(O, usd, uncertain) F(O, usd, floor) F(O, usd, forecast) \
    F(O, u64, calls_left) F(O, i64, q_permille) F(O, flag, is_closed)
/* The provider's figure of the day beside the ledger's: settled, and what calls without a bill may have cost on top of it. */
#define SB_EV_budget_compared(F, O) F(O, wall, day_start) F(O, usd, provider) F(O, usd, spent) F(O, usd, uncertain) F(O, name, actor)
/* An operator's tier, for a time; is_on = false: the policy decides again. */
#define SB_EV_budget_forced(F, O) F(O, tier, tier) F(O, flag, is_on) F(O, name, actor) F(O, ns, lasts) F(O, note, reason)
/* Generation is planned more or less often: of the grid's due times only every `to / from`-th runs. */
#define SB_EV_job_stretched(F, O) F(O, job, job) F(O, ns, from) F(O, ns, to) F(O, tier, tier)
/* With it the day has `count` failed calls of that category, the first of them at `first`. */
#define SB_EV_llm_failed(F, O) F(O, run, run) F(O, job, job) F(O, llm_category, category) F(O, u32, status) F(O, u32, count) \
    F(O, wall, first) F(O, name, alias) F(O, note, reason)

#define SB_EV_alert_raised(F, O) F(O, u32, alert) F(O, rule, rule) F(O, severity, severity) F(O, job, job) F(O, component, component) \
    F(O, name, subject) F(O, note, text)
#define SB_EV_alert_cleared(F, O) F(O, u32, alert) F(O, rule, rule) F(O, ns, lasted) F(O, name, subject)
/* `lasts`: until the acknowledgement expires. */
#define SB_EV_alert_acked(F, O) F(O, u32, alert) F(O, name, actor) F(O, note, note) F(O, ns, lasts)
#define SB_EV_alert_unacked(F, O) F(O, u32, alert) F(O, name, subject) F(O, note, reason)
/* Between raised and cleared: it recovers, falls back, flaps, or is stale. `lasts`: until the state ends by itself. */
#define SB_EV_alert_moved(F, O) F(O, u32, alert) F(O, rule, rule) F(O, alert_state, state) F(O, flag, is_flapping) F(O, flag, is_stale) \
    F(O, ns, lasts) F(O, name, subject)
/* rule SB_RULE_COUNT: any. `subject` as sb_silence_covers. */
#define SB_EV_silence_set(F, O) F(O, u32, silence) F(O, rule, rule) F(O, ns, lasts) F(O, name, subject) F(O, name, actor) F(O, note, reason)
#define SB_EV_silence_ended(F, O) F(O, u32, silence) F(O, name, actor)
#define SB_EV_channel_defined(F, O) F(O, u8, channel) F(O, severity, min_severity) F(O, name, name) F(O, name, kind)
/* A rule that the catalogue changed; the others are as they are shipped. `severity` SB_SEVERITY_COUNT: the rule's own. `runbook` "": as shipped. */
#define SB_EV_rule_defined(F, O) F(O, rule, rule) F(O, flag, is_off) F(O, severity, severity) F(O, u8, raise_n) F(O, u8, raise_of) \
    F(O, u8, clear_n) F(O, u8, clear_of) F(O, u8, or_n) F(O, u8, or_of) F(O, ns, hold) F(O, ns, recover) F(O, ns, repeat) F(O, note, runbook)
/* How it goes with a channel since the start; in a description alone. */
#define SB_EV_channel_state(F, O) F(O, u8, channel) F(O, u32, sent) F(O, u32, failed) F(O, u32, failing) F(O, wall, sent_at) F(O, wall, failed_at) \
    F(O, note, reason)
/* Why a channel has not been told of an alert, when the reason changes. `notice`: the last one, SB_NOTICE_KIND_COUNT = none.
 * `by`: the silence's actor, the alert it follows from ... */
#define SB_EV_notice_held(F, O) F(O, u32, alert) F(O, u8, channel) F(O, told, why) F(O, notice_kind, notice) F(O, ns, lasts) F(O, name, by)
/* Told with others in one notice. */
#define SB_EV_notice_joined(F, O) F(O, u64, id) F(O, u32, alert) F(O, u8, channel) F(O, notice_kind, notice) F(O, severity, severity)
/* The event's own number is the notice's. `count`: alerts it tells of. */
#define SB_EV_notice_queued(F, O) F(O, u32, alert) F(O, u8, channel) F(O, notice_kind, notice) F(O, rule, rule) F(O, severity, severity) \
    F(O, u32, count) F(O, wall, since) F(O, name, subject) F(O, note, text)
#define SB_EV_notice_sent(F, O) F(O, u64, id) F(O, u32, alert) F(O, u8, channel) F(O, notice_kind, notice) F(O, u32, attempt) F(O, ns, took) \
    F(O, name, name)
/* `delay`: until the next attempt; 0 = there is none. */
#define SB_EV_notice_failed(F, O) F(O, u64, id) F(O, u32, alert) F(O, u8, channel) F(O, notice_kind, notice) F(O, u32, attempt) F(O, ns, delay) \
    F(O, name, name) F(O, note, reason)

/* What an asked recovery came to: `state` is the component's at its end. */
#define SB_EV_recovery_ended(F, O) F(O, component, component) F(O, component_state, state) F(O, ns, lasted) F(O, name, actor) F(O, note, reason)

/* The incident that operators work on: at most one is open, and all consoles show it. `incident`: letters, digits and -_. */
#define SB_EV_incident_opened(F, O) F(O, name, incident) F(O, name, actor) F(O, note, reason)
#define SB_EV_incident_joined(F, O) F(O, name, incident) F(O, name, actor)
/* A command that was carried out while it was open, and why. */
#define SB_EV_incident_action(F, O) F(O, u64, command) F(O, u8, kind) F(O, name, incident) F(O, name, actor) F(O, note, reason)
#define SB_EV_incident_closed(F, O) F(O, name, incident) F(O, name, actor) F(O, ns, lasted)

#define SB_EV_note(F, O) F(O, run, run) F(O, job, job) F(O, step, step) F(O, severity, severity) F(O, note, text)
#define SB_EV_clock_stepped(F, O) F(O, ns, delta)
#define SB_EV_drain_started(F, O) F(O, name, actor) F(O, ns, grace) F(O, u32, running)
#define SB_EV_drained(F, O) F(O, u32, cancelled)

/* X(CODE, name, severity, log line). {field} stands for the field's text; {job}, {step} and {ctx} become names
 * where the reader knows them. */
#define SB_EVENTS(X)                                                                                                  \
    X(RUNTIME_STARTED, runtime_started, INFO, "runtime {version} started on {host}, config {config_hash}")            \
    X(POOL_DEFINED, pool_defined, DEBUG, "pool of {contexts} contexts, burst {burst}, policy {policy}")               \
    X(JOB_DEFINED, job_defined, DEBUG, "job {name}: {schedule}, priority {priority}, {category}")                     \
    X(STEP_DEFINED, step_defined, DEBUG, "step {name} of {job}: {kind}")                                              \
    X(CONTEXT_DEFINED, context_defined, DEBUG, "{ctx} belongs to lane {lane}")                                        \
    X(COMPONENT_DEFINED, component_defined, DEBUG, "component {component} is {class}")                                \
    X(DESCRIBED, described, DEBUG, "{jobs} jobs announced")                                                           \
    X(HEARTBEAT, heartbeat, DEBUG, "alive after {inputs} inputs")                                                     \
    X(JOB_SCHEDULED, job_scheduled, DEBUG, "{job} next at {due}")                                                     \
    X(NOMINAL_SKIPPED, nominal_skipped, INFO, "{job}: {count} due time(s) skipped, {reason}")                         \
    X(RUN_QUEUED, run_queued, INFO, "{job} run {run} queued by {cause}")                                              \
    X(RUN_HELD, run_held, INFO, "{job} run {run} held: {hold} {detail}")                                              \
    X(RUN_RELEASED, run_released, DEBUG, "{job} run {run} released: {hold} is over")                                  \
    X(RUN_STARTED, run_started, INFO, "{job} run {run} attempt {attempt} started after {waited}")                     \
    X(RUN_LATE, run_late, WARN, "{job} run {run} is {late} late")                                                     \
    X(RUN_OVERRUN, run_overrun, WARN, "{job} run {run} still runs after {lasted}, in step {step}")                    \
    X(RUN_STUCK, run_stuck, ERROR, "{job} run {run} does not stop: step {step} is {over} over its limit")             \
    X(RUN_YIELDED, run_yielded, INFO, "{job} run {run} yields {ctx} before step {step}")                              \
    X(RUN_RETRYING, run_retrying, WARN, "{job} run {run} attempt {attempt} of {attempts_max} in {delay}: {class}, {error}") \
    X(RUN_STOPPING, run_stopping, INFO, "{job} run {run} stopping: {reason}")                                         \
    X(RUN_INTERRUPTED, run_interrupted, WARN, "{job} run {run} was interrupted at step {step} by the end of the process") \
    X(RUN_ENDED, run_ended, INFO, "{job} run {run} {state} after {duration} {error}")                                 \
    X(STEP_STARTED, step_started, DEBUG, "{job} run {run} step {step} started on {ctx}")                              \
    X(STEP_ENDED, step_ended, INFO, "{job} run {run} step {step} {state} in {duration} {text}")                       \
    X(STEP_STALE, step_stale, WARN, "run {run} step {step}: late result refused, fence {fence} is over")              \
    X(LEASE_WANTED, lease_wanted, DEBUG, "{job} run {run} waits for lane {lane}, {ahead} ahead")                      \
    X(LEASE_GRANTED, lease_granted, DEBUG, "{ctx} leased to {job} run {run} after {waited}")                          \
    X(LEASE_YIELD_ASKED, lease_yield_asked, INFO, "{ctx}: run {run} is asked to yield to run {for_run}")              \
    X(LEASE_REVOKED, lease_revoked, WARN, "{ctx} revoked from run {run}: {reason}")                                   \
    X(LEASE_OVERDUE, lease_overdue, WARN, "{ctx} should have been given back by {job} run {run} {over} ago")           \
    X(LEASE_ENDED, lease_ended, DEBUG, "{ctx} given back by {job} run {run} after {held}")                            \
    X(CONTEXT_CHANGED, context_changed, DEBUG, "{ctx} is {state} {reason}")                                           \
    X(POOL_SATURATED, pool_saturated, WARN, "{waiting} runs wait for a context, the oldest for {oldest}")             \
    X(POOL_RELIEVED, pool_relieved, INFO, "context queue is short again after {lasted}")                              \
    X(POOL_PRESSURE, pool_pressure, WARN, "browser memory {used_mib} of {limit_mib} MiB: guard at level {level}")     \
    X(MODEL_ENDING, model_ending, WARN, "the provider ends model {model} in {days} days: level {level}")               \
    X(GAUGE_CHANGED, gauge_changed, WARN, "{gauge} is at level {level}: {value}, the bound is {bound}")               \
    X(CONTEXT_MEASURED, context_measured, DEBUG, "{ctx}: the scripts of its page hold {heap_kib} KiB")                \
    X(COMPONENT_CHANGED, component_changed, INFO, "{component} is {state} {reason}")                                  \
    X(COMPONENT_SLOW, component_slow, INFO, "{component} answers in {latency}, usually in {usual}: slow {is_slow}")    \
    X(RECOVERY_ENDED, recovery_ended, WARN, "{component}: the recovery by {actor} ended {state} after {lasted} {reason}") \
    X(JOB_PAUSED, job_paused, INFO, "{job} paused by {actor} {reason}")                                               \
    X(JOB_RESUMED, job_resumed, INFO, "{job} resumed by {actor}")                                                     \
    X(CATEGORY_PAUSED, category_paused, INFO, "category {category} paused by {actor} {reason}")                       \
    X(CATEGORY_RESUMED, category_resumed, INFO, "category {category} resumed by {actor}")                             \
    X(ALL_PAUSED, all_paused, WARN, "everything paused by {actor} {reason}")                                          \
    X(ALL_RESUMED, all_resumed, INFO, "everything resumed by {actor}")                                                \
    X(LANE_POLICY_SET, lane_policy_set, INFO, "lane policy {policy} set by {actor}")                                  \
    X(COMMAND_DONE, command_done, INFO, "{actor}: {outcome}")                                                         \
    X(COMMAND_REFUSED, command_refused, WARN, "{actor}: refused, {outcome}")                                          \
    X(COMMAND_ASKED, command_asked, DEBUG, "command {command} was asked for because: {reason}")                       \
    X(BUDGET_WINDOW, budget_window, INFO, "budget day opened: {spent} of {limit} USD spent, tier {tier}")             \
    X(BUDGET_SPENT, budget_spent, INFO, "{job} run {run}: {alias} for {intent} cost {cost} USD, {spent} today")       \
    X(BUDGET_TIER, budget_tier, WARN, "budget tier {from} -> {to}, {remaining} of {limit} USD left: {why}")           \
    X(BUDGET_LEDGER, budget_ledger, DEBUG, "budget: spent {spent}, held {held}, uncertain {uncertain} USD")           \
    X(BUDGET_COMPARED, budget_compared, INFO, "{actor}: the provider has {provider} USD for the day, the ledger {spent}") \
    X(BUDGET_FORCED, budget_forced, WARN, "budget tier forced to {tier} by {actor} for {lasts}: {reason}")            \
    X(JOB_STRETCHED, job_stretched, INFO, "{job} moved {from} -> {to}: budget {tier}")                                \
    X(BREAKER_CHANGED, breaker_changed, WARN, "site {name}: breaker {state} {reason}")                                \
    X(LLM_FAILED, llm_failed, WARN, "{job} run {run}: {alias} call failed: {category}, {reason}")                       \
    X(ALERT_RAISED, alert_raised, ERROR, "alert {alert} {rule}: {text}")                                              \
    X(ALERT_CLEARED, alert_cleared, INFO, "alert {alert} {rule} {subject} cleared after {lasted}")                    \
    X(ALERT_ACKED, alert_acked, INFO, "alert {alert} acknowledged by {actor} {note}")                                 \
    X(ALERT_UNACKED, alert_unacked, WARN, "alert {alert} {subject} is unacknowledged again: {reason}")                 \
    X(ALERT_MOVED, alert_moved, INFO, "alert {alert} {rule} {subject} is {state}")                                     \
    X(SILENCE_SET, silence_set, WARN, "{actor} silenced {rule} {subject} for {lasts}: {reason}")                       \
    X(SILENCE_ENDED, silence_ended, INFO, "silence {silence} ended {actor}")                                           \
    X(CHANNEL_DEFINED, channel_defined, DEBUG, "channel {name} is {kind}, from {min_severity} on")                     \
    X(RULE_DEFINED, rule_defined, DEBUG, "rule {rule} is the catalogue's: {raise_n} of {raise_of}, for {hold}")        \
    X(CHANNEL_STATE, channel_state, DEBUG, "channel {channel}: {sent} notices taken, {failed} attempts failed {reason}")  \
    X(NOTICE_HELD, notice_held, DEBUG, "alert {alert}, channel {channel}: {why} {by}")                                 \
    X(NOTICE_QUEUED, notice_queued, INFO, "notice for channel {channel}: {notice} {rule} {subject}")                   \
    X(NOTICE_JOINED, notice_joined, DEBUG, "alert {alert} is told to channel {channel} with notice {id}")              \
    X(NOTICE_SENT, notice_sent, INFO, "channel {name} took the {notice} notice of alert {alert} in {took}")            \
    X(NOTICE_FAILED, notice_failed, WARN, "channel {name} did not take the {notice} notice, attempt {attempt}: {reason}") \
    X(INCIDENT_OPENED, incident_opened, WARN, "incident {incident} opened by {actor} {reason}")                        \
    X(INCIDENT_JOINED, incident_joined, INFO, "incident {incident}: {actor} joined")                                   \
    X(INCIDENT_ACTION, incident_action, INFO, "incident {incident}: {actor} did that {reason}")                        \
    X(INCIDENT_CLOSED, incident_closed, WARN, "incident {incident} closed by {actor} after {lasted}")                  \
    X(NOTE, note, INFO, "{job} run {run}: {text}")                                                                    \
    X(CLOCK_STEPPED, clock_stepped, WARN, "the wall clock stepped by {delta}; due times recomputed")                  \
    X(DRAIN_STARTED, drain_started, WARN, "drain asked by {actor}: {running} steps may finish within {grace}")        \
    X(DRAINED, drained, INFO, "drained, {cancelled} runs cancelled")

enum sb_event_kind {
#define SB_EVENT_MEMBER(code, name, severity, text) SB_EVENT_##code,
    SB_EVENTS(SB_EVENT_MEMBER)
#undef SB_EVENT_MEMBER
    SB_EVENT_COUNT
};

#define SB_EVENT_STRUCT(code, name, severity, text) struct sb_ev_##name { SB_EV_##name(SB_FIELD_DECLARE, _) };
SB_EVENTS(SB_EVENT_STRUCT)
#undef SB_EVENT_STRUCT

struct sb_event {
    uint64_t seq;         /* 1, 2, 3 ... without holes within a store; 0 in a describe stream */
    sb_ns now;            /* monotonic time of the step that made it */
    struct sb_wall wall;
    uint16_t kind;        /* enum sb_event_kind */
    uint16_t reserved[3];
    union {
#define SB_EVENT_UNION(code, name, severity, text) struct sb_ev_##name name;
        SB_EVENTS(SB_EVENT_UNION)
#undef SB_EVENT_UNION
    } as;
};
_Static_assert(sizeof(struct sb_event) <= 256, "events stay small: shorten a field");

extern const struct sb_kind_info sb_event_infos[SB_EVENT_COUNT];

/* Severity of this very event: run_ended depends on its state, component_changed on its state, note and alert_raised carry
 * their own. */
enum sb_severity sb_event_severity(const struct sb_event *event);

/* Names for {job}, {step} and {ctx} in log lines; each may return NULL for "unknown", which prints the number. */
struct sb_event_names {
    const void *self;
    const char *(*job)(const void *self, uint16_t job);
    const char *(*step)(const void *self, uint16_t job, uint8_t step);
};

/* The log line of an event, without time or severity. Untrusted text is copied as it is. `names` may be NULL. */
void sb_event_text(const struct sb_event *event, const struct sb_event_names *names, struct sb_text *out);

#endif
