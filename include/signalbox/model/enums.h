/* The closed word lists of signalbox: every enumeration that travels inside inputs, events, orders and
 * commands, as X-macros X(CODE, "text"). The text is what the operator, the JSON and the YAML use. Inside values
 * an enumeration is stored as one uint8_t. Pure. */
#ifndef SIGNALBOX_MODEL_ENUMS_H
#define SIGNALBOX_MODEL_ENUMS_H

#include <stdint.h>

/* What a run needs a browser context for. */
#define SB_LIST_CATEGORY(X)        \
    X(NONE, "none")                \
    X(POSTING, "posting")          \
    X(METRICS, "metrics")          \
    X(HARVESTING, "harvesting")    \
    X(BACKGROUND, "background")

/* Reservation classes of contexts; `low` is lent first. */
#define SB_LIST_LANE(X) X(LOW, "low") X(HIGH, "high") X(POSTING, "posting")

/* strict: own categories only; lend: idle contexts serve anybody; reclaim: lend, and borrowers yield; legacy: no lanes, batches by
 * priority, for comparing with the system before. */
#define SB_LIST_LANE_POLICY(X) X(STRICT, "strict") X(LEND, "lend") X(RECLAIM, "reclaim") X(LEGACY, "legacy")

#define SB_LIST_CAUSE(X)         \
    X(SCHEDULE, "schedule")      \
    X(FORCE, "force")            \
    X(CATCH_UP, "catch-up")      \
    X(OPERATOR_RETRY, "retry")   \
    X(RECOVERY, "recovery")

/* Life of a run; the legal moves are one table in core/run_moves.c. */
#define SB_LIST_RUN_STATE(X)        \
    X(QUEUED, "queued")             \
    X(HELD, "held")                 \
    X(RUNNING, "running")           \
    X(STOPPING, "stopping")         \
    X(BACKOFF, "backoff")           \
    X(SUCCEEDED, "succeeded")       \
    X(FAILED, "failed")             \
    X(CANCELLED, "cancelled")       \
    X(SKIPPED, "skipped")           \
    X(INTERRUPTED, "interrupted")   \
    X(QUARANTINED, "quarantined")

/* NOTHING_TO_DO ends the run as succeeded without its remaining steps. */
#define SB_LIST_STEP_STATE(X)             \
    X(PENDING, "pending")                 \
    X(RUNNING, "running")                 \
    X(SUCCEEDED, "succeeded")             \
    X(NOTHING_TO_DO, "nothing-to-do")     \
    X(FAILED, "failed")                   \
    X(SKIPPED, "skipped")                 \
    X(YIELDED, "yielded")

/* Error class of a failed step: decides what the core does next. */
#define SB_LIST_CLASS(X)                     \
    X(NONE, "none")                          \
    X(RETRYABLE, "retryable")                \
    X(FATAL, "fatal")                        \
    X(RATE_LIMITED, "rate_limited")          \
    X(BUDGET, "budget")                      \
    X(NO_CONTEXT, "no_context")              \
    X(DEPENDENCY_DOWN, "dependency_down")    \
    X(CANCELLED, "cancelled")                \
    X(UNCERTAIN, "uncertain")

/* Why a run is held or waits. */
#define SB_LIST_HOLD(X)                       \
    X(NONE, "none")                           \
    X(JOB_PAUSED, "job paused")               \
    X(CATEGORY_PAUSED, "category paused")     \
    X(ALL_PAUSED, "everything paused")        \
    X(DEPENDENCY, "dependency down")          \
    X(BUDGET, "budget critical")              \
    X(CONTEXT, "waits for a context")         \
    X(WORKER, "waits for a worker")           \
    X(BACKOFF, "waits for its next attempt")  \
    X(DRAINING, "shutting down")             \
    X(BREAKER, "site does not answer")

/* Why a nominal time did not become a run. */
#define SB_LIST_SKIP(X)                             \
    X(OVERLAP, "previous run still active")         \
    X(MISFIRE, "missed while not running")          \
    X(PAUSED, "paused")                             \
    X(START_DEADLINE, "start deadline passed")      \
    X(DRAINING, "shutting down")                    \
    X(FULL, "run table full")                       \
    X(QUARANTINED, "job is quarantined")            \
    X(STRETCHED, "budget: less often")

#define SB_LIST_OVERLAP(X) X(SKIP, "skip") X(QUEUE_ONE, "queue_one") X(REPLACE, "replace") X(ALLOW, "allow")
#define SB_LIST_MISFIRE(X) X(SKIP, "skip") X(ONCE, "once") X(ALL, "all")
#define SB_LIST_SCHEDULE(X) X(NONE, "none") X(EVERY, "every") X(CRON, "cron")
#define SB_LIST_GAP(X) X(RUN_AFTER, "run_after") X(SKIP, "skip")
#define SB_LIST_OVERLAP_HOUR(X) X(FIRST, "first") X(BOTH, "both")
#define SB_LIST_JITTER(X) X(NONE, "none") X(FULL, "full")

#define SB_LIST_STEP_KIND(X) \
    X(BROWSE, "browse")      \
    X(LLM, "llm")            \
    X(SQL, "sql")            \
    X(HTTP, "http")          \
    X(EXEC, "exec")          \
    X(CHECK, "check")        \
    X(NATIVE, "native")

#define SB_LIST_CTX_STATE(X)     \
    X(DOWN, "down")              \
    X(OPENING, "opening")        \
    X(IDLE, "idle")              \
    X(LEASED, "leased")          \
    X(CLOSING, "closing")

#define SB_LIST_COMPONENT(X)         \
    X(CONFIG, "config")              \
    X(STORE, "store")                \
    X(BROWSER, "browser")            \
    X(LLM, "llm")                    \
    X(ENGINE, "engine")              \
    X(TIMEZONES, "timezones")        \
    X(DISK, "disk")                  \
    X(CACHE, "cache")

#define SB_LIST_COMPONENT_CLASS(X) \
    X(REQUIRED, "required") X(IMPORTANT, "important") X(OPTIONAL, "optional")

#define SB_LIST_COMPONENT_STATE(X) \
    X(UNCHECKED, "unchecked")      \
    X(OK, "ok")                    \
    X(DEGRADED, "degraded")        \
    X(FAILED, "failed")            \
    X(DISABLED, "disabled")

#define SB_LIST_TIER(X) \
    X(HIGH, "high") X(MEDIUM, "medium") X(LOW, "low") X(CRITICAL, "critical") X(CLOSED, "closed")

/* absolute: by what is left; paced: by what the rest of the day will need (core/pace.h). */
#define SB_LIST_BUDGET_POLICY(X) X(ABSOLUTE, "absolute") X(PACED, "paced")

#define SB_LIST_BREAKER_STATE(X) X(CLOSED, "closed") X(OPEN, "open") X(HALF_OPEN, "half_open") X(TRIPPED, "tripped")

/* What a failed LLM call means: the first question of whoever reads of it. */
#define SB_LIST_LLM_CATEGORY(X)                  \
    X(BUDGET_EXCEEDED, "budget_exceeded")        \
    X(RATE_LIMIT, "rate_limit")                  \
    X(API_ERROR, "api_error")                    \
    X(NETWORK_ERROR, "network_error")            \
    X(INVALID_KEY, "invalid_key")

#define SB_LIST_RULE(X)                                    \
    X(JOB_FAILED, "job_failed")                            \
    X(JOB_LATE_START, "job_late_start")                    \
    X(JOB_STUCK, "job_stuck")                              \
    X(JOB_OVERRUN, "job_overrun")                          \
    X(DEP_DOWN, "dep_down")                                \
    X(DEP_SLOW, "dep_slow")                                \
    X(CONTEXT_POOL_SATURATED, "context_pool_saturated")    \
    X(BROWSER_MEMORY, "browser_memory")                    \
    X(BUDGET_BREACH, "budget_breach")                      \
    X(LLM_ACCOUNT, "llm_account")                          \
    X(SITE_DOWN, "site_down")                              \
    X(JOB_FAILING_STREAK, "job_failing_streak")            \
    X(JOB_SLOW, "job_slow")                                \
    X(SLO_BURN, "slo_burn")                                \
    X(BUDGET_PACE, "budget_pace")                          \
    X(BUDGET_TIER_LOW, "budget_tier_low")                  \
    X(LLM_FAILURES, "llm_failures")                        \
    X(CLOCK_JUMP, "clock_jump")                            \
    X(CHANNEL_FAILING, "channel_failing")                  \
    X(QUEUE_WAIT, "queue_wait")                            \
    X(CONTEXT_LEAK, "context_leak")                        \
    X(CONFIG_STALE, "config_stale")                        \
    X(LOOP_STALL, "loop_stall")                            \
    X(RESOURCE, "resource")                                \
    X(BUDGET_DRIFT, "budget_drift")                        \
    X(LOG_DROP, "log_drop")                                \
    X(DB_POOL_EXHAUSTED, "db_pool_exhausted")              \
    X(MODEL_SHUTDOWN, "model_shutdown")

/* What the process is measured by. Units: MiB resident; MiB free where the state is kept; percent of the limit; count; milliseconds that the
 * core came late; inputs and events nobody will see; queries that waited a second for a connection. */
#define SB_LIST_GAUGE(X)                                                                              \
    X(MEMORY, "memory") X(DISK, "disk") X(DESCRIPTORS, "descriptors") X(THREADS, "threads")           \
    X(LATENESS, "lateness") X(LOST, "lost") X(QUERIES, "queries")

/* Where an incident is between two looks; see alert.h. */
#define SB_LIST_ALERT_STATE(X) X(OK, "ok") X(PENDING, "pending") X(FIRING, "firing") X(RECOVERING, "recovering")

/* What a notice says. */
#define SB_LIST_NOTICE_KIND(X)                                                                                             \
    X(FIRING, "firing") X(REPEAT, "repeat") X(ESCALATED, "escalated") X(FLAPPING, "flapping") X(RESOLVED, "resolved") \
    X(DIGEST, "digest") X(TEST, "test") X(STARTING, "starting") X(ALIVE, "alive") X(STOPPING, "stopping")

/* Whether a channel has been told of an alert, and why not. */
#define SB_LIST_TOLD(X)                              \
    X(NOTHING, "nothing to tell")                    \
    X(QUEUED, "on its way")                          \
    X(SENT, "told")                                  \
    X(FAILED, "the channel does not take it")        \
    X(GROUPING, "waits for its group")               \
    X(START_HOLD, "waits for the start to settle")   \
    X(SEVERITY, "below what the channel is told")    \
    X(RULE, "not one of the channel's rules")        \
    X(LATER, "told when it stays unacknowledged")    \
    X(SILENCED, "silenced")                          \
    X(INHIBITED, "follows from another alert")       \
    X(ACKED, "acknowledged")                         \
    X(RATE, "the channel's rate is used up")

#define SB_LIST_SEVERITY(X) X(DEBUG, "debug") X(INFO, "info") X(WARN, "warn") X(ERROR, "error") X(PAGE, "page")

#define SB_ENUMERATIONS(X)                                       \
    X(category, CATEGORY)                                        \
    X(lane, LANE)                                                \
    X(lane_policy, LANE_POLICY)                                  \
    X(cause, CAUSE)                                              \
    X(run_state, RUN_STATE)                                      \
    X(step_state, STEP_STATE)                                    \
    X(class, CLASS)                                              \
    X(hold, HOLD)                                                \
    X(skip, SKIP)                                                \
    X(overlap, OVERLAP)                                          \
    X(misfire, MISFIRE)                                          \
    X(schedule, SCHEDULE)                                        \
    X(gap, GAP)                                                  \
    X(overlap_hour, OVERLAP_HOUR)                                \
    X(jitter, JITTER)                                            \
    X(step_kind, STEP_KIND)                                      \
    X(ctx_state, CTX_STATE)                                      \
    X(component, COMPONENT)                                      \
    X(component_class, COMPONENT_CLASS)                          \
    X(component_state, COMPONENT_STATE)                          \
    X(tier, TIER)                                                \
    X(budget_policy, BUDGET_POLICY)                              \
    X(llm_category, LLM_CATEGORY)                                \
    X(breaker_state, BREAKER_STATE)                              \
    X(rule, RULE)                                                \
    X(gauge, GAUGE)                                              \
    X(alert_state, ALERT_STATE)                                  \
    X(notice_kind, NOTICE_KIND)                                  \
    X(told, TOLD)                                                \
    X(severity, SEVERITY)

#define SB_ENUM_DECLARE(lower, UPPER)                             \
    enum sb_##lower { SB_LIST_##UPPER(SB_ENUM_MEMBER_##UPPER) SB_##UPPER##_COUNT };

#define SB_ENUM_MEMBER_CATEGORY(code, text) SB_CATEGORY_##code,
#define SB_ENUM_MEMBER_LANE(code, text) SB_LANE_##code,
#define SB_ENUM_MEMBER_LANE_POLICY(code, text) SB_LANE_POLICY_##code,
#define SB_ENUM_MEMBER_CAUSE(code, text) SB_CAUSE_##code,
#define SB_ENUM_MEMBER_RUN_STATE(code, text) SB_RUN_STATE_##code,
#define SB_ENUM_MEMBER_STEP_STATE(code, text) SB_STEP_STATE_##code,
#define SB_ENUM_MEMBER_CLASS(code, text) SB_CLASS_##code,
#define SB_ENUM_MEMBER_HOLD(code, text) SB_HOLD_##code,
#define SB_ENUM_MEMBER_SKIP(code, text) SB_SKIP_##code,
#define SB_ENUM_MEMBER_OVERLAP(code, text) SB_OVERLAP_##code,
#define SB_ENUM_MEMBER_MISFIRE(code, text) SB_MISFIRE_##code,
#define SB_ENUM_MEMBER_SCHEDULE(code, text) SB_SCHEDULE_##code,
#define SB_ENUM_MEMBER_GAP(code, text) SB_GAP_##code,
#define SB_ENUM_MEMBER_OVERLAP_HOUR(code, text) SB_OVERLAP_HOUR_##code,
#define SB_ENUM_MEMBER_JITTER(code, text) SB_JITTER_##code,
#define SB_ENUM_MEMBER_STEP_KIND(code, text) SB_STEP_KIND_##code,
#define SB_ENUM_MEMBER_CTX_STATE(code, text) SB_CTX_STATE_##code,
#define SB_ENUM_MEMBER_COMPONENT(code, text) SB_COMPONENT_##code,
#define SB_ENUM_MEMBER_COMPONENT_CLASS(code, text) SB_COMPONENT_CLASS_##code,
#define SB_ENUM_MEMBER_COMPONENT_STATE(code, text) SB_COMPONENT_STATE_##code,
#define SB_ENUM_MEMBER_TIER(code, text) SB_TIER_##code,
#define SB_ENUM_MEMBER_BUDGET_POLICY(code, text) SB_BUDGET_POLICY_##code,
#define SB_ENUM_MEMBER_LLM_CATEGORY(code, text) SB_LLM_CATEGORY_##code,
#define SB_ENUM_MEMBER_BREAKER_STATE(code, text) SB_BREAKER_STATE_##code,
#define SB_ENUM_MEMBER_RULE(code, text) SB_RULE_##code,
#define SB_ENUM_MEMBER_GAUGE(code, text) SB_GAUGE_##code,
#define SB_ENUM_MEMBER_ALERT_STATE(code, text) SB_ALERT_STATE_##code,
#define SB_ENUM_MEMBER_NOTICE_KIND(code, text) SB_NOTICE_##code,
#define SB_ENUM_MEMBER_TOLD(code, text) SB_TOLD_##code,
#define SB_ENUM_MEMBER_SEVERITY(code, text) SB_SEVERITY_##code,

SB_ENUMERATIONS(SB_ENUM_DECLARE)

/* The text of a value: `sb_category_text(SB_CATEGORY_POSTING)` is "posting"; "?" when out of range. */
#define SB_ENUM_TEXT_DECLARE(lower, UPPER) const char *sb_##lower##_text(unsigned value);
SB_ENUMERATIONS(SB_ENUM_TEXT_DECLARE)
#undef SB_ENUM_TEXT_DECLARE

#endif
