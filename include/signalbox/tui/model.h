/* The console's model: a fold over events and nothing else. Live, attached, replayed or simulated, the same events give the same model.
 *
 * Pure: no clock, no I/O, no float. One allocation in create, none after. The room for SB_JOBS_MAX jobs is reserved as zero pages there:
 * the system commits a page only when a job on it is defined, so thirty jobs cost thirty jobs.
 * Fields are read by panes and written by the fold only. Texts in it are as untrusted as the events were.
 *
 * Thread: one at a time. */
#ifndef SIGNALBOX_TUI_MODEL_H
#define SIGNALBOX_TUI_MODEL_H

#include "signalbox/model/alert.h"
#include "signalbox/model/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SB_MODEL_RECENT = 20,         /* outcomes and durations kept per job */
    SB_MODEL_TRIES = 4,           /* attempts kept per run, the newest */
    SB_MODEL_OTHERS = 4,          /* further active runs of a job whose ids are kept */
    SB_MODEL_LOG = 1024,          /* events kept */
    SB_MODEL_SPANS = 96,          /* kept per job and per context, the newest */
    SB_MODEL_ALIASES = 8,         /* model aliases with their own spending */
    SB_MODEL_STEPS_MAX = SB_JOBS_MAX * 16,
    SB_MODEL_WAITERS_MAX = SB_JOBS_MAX,
};

/* State of a job as the operator reads it, worst first: the default sort order. X(CODE, "word + mark", "filter word") */
#define SB_LIST_JOB_STATE(X)          \
    X(FAIL, "FAIL!", "fail")          \
    X(HELD, "HELD", "held")           \
    X(RUN, "RUN", "run")              \
    X(PAUSED, "PAUS=", "paused")      \
    X(WAIT, "WAIT.", "wait")          \
    X(OK, "OK", "ok")                 \
    X(NONE, "-", "none")

enum sb_job_state {
#define SB_JOB_STATE_MEMBER(code, mark, word) SB_JOB_STATE_##code,
    SB_LIST_JOB_STATE(SB_JOB_STATE_MEMBER)
#undef SB_JOB_STATE_MEMBER
    SB_JOB_STATE_COUNT
};
const char *sb_job_state_mark(enum sb_job_state state);
const char *sb_job_state_word(enum sb_job_state state);

/* A step of a job and its newest result in the job's shown run. */
struct sb_model_step {
    char name[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
    sb_ns timeout, started, duration;
    int64_t rows;
    uint16_t ctx;
    uint8_t kind, state, attempt, class;
    bool needs_context, is_effect;
};

/* One attempt of the shown run. */
struct sb_model_try {
    struct sb_wall started;
    sb_ns duration;
    uint16_t ctx;
    uint8_t attempt, step, class;
    bool is_over, is_failed;
    char error[56];
};

/* The current run of a job, or its last one. id 0: none yet. */
struct sb_model_run {
    uint64_t id;
    sb_ns queued, started, ended, duration, waited, retry_at, late, wanted_since;
    struct sb_wall nominal, started_wall, ended_wall;
    uint32_t ahead;          /* runs before it in the context queue when it asked */
    uint16_t ctx;            /* leased context, SB_NO_CTX = none */
    uint8_t state, cause, attempt, attempts_max, step, hold, component, class, lane;
    bool is_waiting_context, is_late, is_stuck, is_hard_stop;
    char detail[SB_NOTE_MAX]; /* of the hold or of the stop */
    char error[SB_NOTE_MAX];
    uint8_t try_count;        /* kept ones; the oldest is dropped first */
    struct sb_model_try tries[SB_MODEL_TRIES];
};

struct sb_model_job {
    bool is_defined, is_critical, needs_browser, needs_llm;
    uint8_t category, priority, step_count, step_room, attempts_max;
    uint8_t state;            /* enum sb_job_state, derived after every event */
    uint32_t first_step;      /* into sb_model.steps */
    char name[SB_NAME_MAX], schedule[SB_NAME_MAX];
    sb_ns timeout, every;
    sb_ns stretched;          /* planned so far apart while the budget is short; 0 = as `every` says */
    sb_ns since;              /* monotonic time of the last change of `state` */
    struct sb_wall next_due;  /* 0: unknown */

    bool is_paused;
    char pause_actor[SB_NAME_MAX];
    char pause_reason[SB_NOTE_MAX];
    struct sb_wall paused_at;

    struct sb_model_run run;
    uint64_t others[SB_MODEL_OTHERS]; /* further active runs, 0 = empty */

    uint8_t last_outcome;     /* enum sb_run_state; QUEUED = none yet */
    sb_ns last_duration;
    uint32_t failures;        /* consecutive */
    uint32_t runs_ended, runs_ok;
    uint8_t recent_count, recent_next;
    uint8_t recent_outcome[SB_MODEL_RECENT];
    sb_ns recent_duration[SB_MODEL_RECENT];

    uint32_t skipped;         /* due times that did not become a run */
    uint8_t last_skip;        /* enum sb_skip */
    struct sb_usd spent;      /* in the current budget window */
};

struct sb_model_ctx {
    bool is_defined, is_burst_slot;
    uint8_t lane, state;
    uint32_t generation, uses;
    sb_ns since;              /* of `state` */
    char reason[SB_NOTE_MAX];
    uint64_t run;             /* holder, 0 = none */
    uint64_t fence, yield_for;
    uint16_t job;
    bool is_borrowed, is_burst, is_revoked;
    sb_ns leased_at, deadline; /* deadline: of the lease, later of the step on it */
    bool is_cpu_known;
    uint32_t heap_kib, cpu_permille; /* of its page; heap_kib 0: not known */
};

enum sb_span_kind { SB_SPAN_RUN, SB_SPAN_WAIT, SB_SPAN_HOLD, SB_SPAN_GONE };
enum sb_span_end { SB_SPAN_OPEN, SB_SPAN_OK, SB_SPAN_FAILED, SB_SPAN_OTHER };

/* What was going on from then to then. Of a job: an attempt of a run, or its wait for a context. Of a context: who held it, or that it was
 * gone: it died or was recycled, until it could be used again. */
struct sb_model_span {
    sb_ns from, to;           /* to: only when it is over */
    uint32_t run;             /* the low half of its id: enough to tell the few that are open */
    uint16_t job;
    uint8_t kind, end;        /* enum sb_span_kind, enum sb_span_end */
};

/* The newest spans, in the order in which they began. */
struct sb_model_spans {
    uint64_t total;           /* begun so far; the newest is at (total - 1) % SB_MODEL_SPANS */
    struct sb_model_span ring[SB_MODEL_SPANS];
};

/* In the order in which they are served: posting first, then by rank. */
struct sb_model_waiter {
    uint64_t run;
    sb_ns since, rank;
    uint16_t job;
    uint8_t lane, category;
};

struct sb_model_component {
    bool is_defined;
    uint8_t class, state;
    sb_ns latency, since;
    char reason[SB_NOTE_MAX];
};

/* What a channel has been told of an alert, or why not yet. */
struct sb_model_told {
    uint8_t why;              /* enum sb_told */
    uint8_t notice;           /* enum sb_notice_kind of the last one; only while why is queued, sent or failed */
    sb_ns at, until;          /* until: `why` ends; 0 = not by itself */
    char by[SB_NAME_MAX];
};

struct sb_model_alert {
    uint32_t id;
    uint8_t rule, severity, component;
    uint8_t state;            /* enum sb_alert_state: firing or recovering */
    uint16_t job;
    bool is_acked, is_flapping, is_stale;
    sb_ns since, until, acked_until; /* until: the state ends by itself; 0 = not */
    struct sb_model_told told[SB_CHANNELS_MAX];
    struct sb_wall since_wall, acked_at;
    char subject[SB_NAME_MAX], acked_by[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
};

/* What happened to a context or a component, the newest last. */
enum { SB_MODEL_CHANGES = 6 };
struct sb_model_change {
    struct sb_wall at;
    uint8_t state;            /* enum sb_ctx_state or sb_component_state */
    uint32_t generation;      /* contexts */
    char reason[SB_NOTE_MAX];
};
struct sb_model_history {
    uint32_t total;           /* ever; the newest is changes[(total - 1) % SB_MODEL_CHANGES] */
    struct sb_model_change changes[SB_MODEL_CHANGES];
};

struct sb_model_spending {
    char name[SB_NAME_MAX];
    uint32_t calls;
    struct sb_usd cost;
};

/* A channel that tells people, and how that goes. */
struct sb_model_channel {
    bool is_defined;
    uint8_t min_severity;
    uint32_t sent, failed;    /* notices taken, and attempts that were not */
    uint32_t failing;         /* attempts in a row; 0 = the last one was taken */
    struct sb_wall sent_at, failed_at;
    char name[SB_NAME_MAX], kind[SB_NAME_MAX];
    char reason[SB_NOTE_MAX]; /* of the last failure */
};

struct sb_model_silence {
    uint32_t id;              /* 0 = none */
    uint8_t rule;             /* SB_RULE_COUNT = any */
    sb_ns until;
    char subject[SB_NAME_MAX], actor[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

/* The breaker in front of a site. */
struct sb_model_breaker {
    bool is_defined;
    uint8_t state;            /* enum sb_breaker_state */
    sb_ns since, until;       /* until: 0 = it has no end of its own */
    char name[SB_NAME_MAX], actor[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

/* Failed LLM calls of one category, in this window. */
struct sb_model_llm_failures {
    uint32_t count;
    struct sb_wall first, last;
    char alias[SB_NAME_MAX], reason[SB_NOTE_MAX]; /* of the last one */
};

enum { SB_MODEL_HOURS = 24 };
struct sb_model_budget {
    bool is_known, is_closed;
    uint8_t tier, policy;
    struct sb_usd limit, spent, held, uncertain;
    struct sb_usd floor;      /* what the calls still expected need */
    struct sb_usd forecast;   /* what the day will have cost at this rate */
    uint64_t calls_left;      /* still expected today, and the share of them that premium could serve */
    int64_t q_permille;
    struct sb_wall tier_since; /* and why it changed */
    char tier_why[SB_NAME_MAX];
    bool is_forced;           /* an operator's tier, until then */
    struct sb_wall forced_until;
    char forced_by[SB_NAME_MAX], forced_reason[SB_NOTE_MAX];
    struct sb_usd burn[SB_MODEL_HOURS]; /* by hour of the window */
    struct sb_model_llm_failures failures[SB_LLM_CATEGORY_COUNT];
    uint32_t intent_count;
    struct sb_wall day_start, day_end;
    uint64_t tokens_in, tokens_out;
    uint32_t calls, alias_count;
    struct sb_model_spending aliases[SB_MODEL_ALIASES]; /* the last one collects what has no room */
    struct sb_model_spending intents[SB_MODEL_ALIASES]; /* the same by intent */
};

/* A pause with its author. */
struct sb_model_pause {
    bool is_on;
    struct sb_wall since;
    char actor[SB_NAME_MAX];
    char reason[SB_NOTE_MAX];
};

/* What somebody asked for, and what became of it. The newest SB_MODEL_COMMANDS are kept; older ones are in the store. */
enum { SB_MODEL_COMMANDS = 64 };
struct sb_model_asked {
    uint64_t command, run;
    uint64_t seq;             /* of its answer */
    uint8_t kind;             /* enum sb_command_kind */
    bool is_answered, is_done; /* answered: done or refused */
    uint16_t job, ctx;
    uint8_t component;
    uint32_t alert;
    sb_ns lasts;
    struct sb_wall at;        /* of the answer */
    char actor[SB_NAME_MAX], subject[SB_NAME_MAX], incident[SB_NAME_MAX];
    char reason[SB_NOTE_MAX], outcome[SB_NOTE_MAX];
};
struct sb_audit {
    uint64_t total;           /* ever; the newest is rows[(total - 1) % SB_MODEL_COMMANDS] */
    struct sb_model_asked rows[SB_MODEL_COMMANDS];
};
/* Folds command_asked, command_done and command_refused; other events say nothing of commands. */
void sb_audit_take(struct sb_audit *audit, const struct sb_event *event);
/* What an open incident notes of a command that is known. */
void sb_audit_stamp(struct sb_audit *audit, uint64_t command, const char *incident, const char *reason);
/* The row `back` places before the newest (0 = newest), or NULL. */
const struct sb_model_asked *sb_audit_at(const struct sb_audit *audit, uint64_t back);
/* What it was about, in a word or two: the job, "ctx2", the component, "alert 12", the subject; "" when it was about everything. `job_name`: of
 * its job, "" = none. */
void sb_audit_target(const struct sb_model_asked *asked, const char *job_name, struct sb_text *out);

/* A rule as it is in force. */
struct sb_model_rule {
    bool is_changed;          /* by the catalogue; else everything is as shipped (sb_rule_infos) */
    bool is_off;
    uint8_t severity;         /* SB_SEVERITY_COUNT = the rule's own */
    uint8_t raise_n, raise_of, clear_n, clear_of, or_n, or_of; /* or: fires also then; 0 = no such */
    sb_ns hold, recover, repeat;
    char runbook[SB_NOTE_MAX]; /* "" = the shipped one */
};

/* The incident that operators work on; `joined`: who came last. */
struct sb_model_incident {
    bool is_open;
    sb_ns since;
    struct sb_wall since_wall;
    uint32_t joined_count, actions; /* since it was opened, as far as this model has seen it */
    char id[SB_NAME_MAX], actor[SB_NAME_MAX], joined[SB_NAME_MAX];
    char reason[SB_NOTE_MAX];
};

/* The last command that ended, whoever asked. */
struct sb_model_command {
    uint64_t id;
    uint8_t kind;
    bool is_known, is_done;
    uint16_t job;
    uint64_t run;
    struct sb_wall at;
    char actor[SB_NAME_MAX];
    char outcome[SB_NOTE_MAX];
};

struct sb_model {
    uint64_t changes;         /* events folded since create: what changed since a number was read */
    uint64_t seq;             /* highest sequence number seen */
    sb_ns now;                /* of the newest event */
    sb_ns known_since;        /* since when everything was told; 0 = not yet */
    struct sb_wall wall;
    bool is_described;

    uint64_t boot;
    char version[SB_NAME_MAX], host[SB_NAME_MAX], config_hash[SB_NAME_MAX];
    bool is_practice, is_started;
    bool is_draining, is_drained;
    char drain_actor[SB_NAME_MAX];
    sb_ns drain_since, drain_grace;

    uint16_t pool_contexts, pool_burst, pool_workers;
    uint8_t lane_policy, lane_policy_defined; /* in force; of the catalogue */
    sb_ns lane_policy_until;  /* end of an override, 0 = it has none */
    bool is_saturated;
    sb_ns saturated_since;
    uint8_t memory_level;     /* of the memory guard; 0 = it stops nothing */
    uint32_t memory_used_mib, memory_limit_mib;
    struct sb_model_ctx contexts[SB_CONTEXTS_MAX];
    struct sb_model_component components[SB_COMPONENT_COUNT];
    struct sb_model_breaker breakers[SB_SITES_MAX];
    struct sb_model_channel channels[SB_CHANNELS_MAX];
    struct sb_model_silence silences[SB_SILENCES_MAX];
    struct sb_model_budget budget;
    struct sb_model_pause all_paused;
    struct sb_model_pause category_paused[SB_CATEGORY_COUNT];
    struct sb_model_incident incident;
    uint32_t alert_count, alerts_dropped;
    struct sb_model_alert alerts[SB_ALERTS_MAX]; /* oldest first */
    struct sb_model_command last_command;
    struct sb_audit audit;
    struct sb_model_rule rules[SB_RULE_COUNT];
    struct sb_model_history context_history[SB_CONTEXTS_MAX], component_history[SB_COMPONENT_COUNT];

    uint32_t job_count;       /* defined ones */
    uint32_t job_high;        /* highest defined id + 1 */
    uint32_t jobs_in_state[SB_JOB_STATE_COUNT];
    uint32_t step_used;
    uint32_t waiter_count;

    uint64_t log_total;       /* events ever put; the newest is log[(log_total - 1) % SB_MODEL_LOG] */
    struct sb_event *log;               /* [SB_MODEL_LOG] */
    struct sb_model_job *jobs;          /* [SB_JOBS_MAX] */
    struct sb_model_step *steps;        /* [SB_MODEL_STEPS_MAX] */
    struct sb_model_waiter *waiters;    /* [SB_MODEL_WAITERS_MAX], in order of arrival */
    struct sb_model_spans *job_spans;   /* [SB_JOBS_MAX] */
    struct sb_model_spans *ctx_spans;   /* [SB_CONTEXTS_MAX] */
};

/* NULL when memory is short. */
struct sb_model *sb_model_create(void);
void sb_model_destroy(struct sb_model *model);
/* Forgets everything, as after create. */
void sb_model_reset(struct sb_model *model);
/* Makes `to` equal to `from`; costs what `from` uses. For a frozen picture. */
void sb_model_copy(struct sb_model *to, const struct sb_model *from);
/* Applies one event. Anything that names something unknown or out of range is ignored but for the log. */
void sb_model_fold(struct sb_model *model, const struct sb_event *event);
/* Puts an event of before the picture into the log, oldest first; nothing else changes. */
void sb_model_recall(struct sb_model *model, const struct sb_event *event);
/* Tells the model as events (seq 0, ended by `described`) that give the same picture when they are folded into an empty one: what a capture begins
 * with. Attempts before the last, spending by alias and the log are not in it. */
typedef void sb_model_teller(void *arg, const struct sb_event *event);
void sb_model_describe(const struct sb_model *model, sb_model_teller *tell, void *arg);
/* A hash over everything the model holds: equal folds have equal hashes. */
uint64_t sb_model_hash(const struct sb_model *model);

/* NULL when that job is not defined. */
const struct sb_model_job *sb_model_job(const struct sb_model *model, uint16_t job);
/* Job id by name, or SB_NO_JOB. O(jobs). */
uint16_t sb_model_find(const struct sb_model *model, const char *name);
/* Step of a job, or NULL. */
const struct sb_model_step *sb_model_step(const struct sb_model *model, uint16_t job, uint8_t step);
const char *sb_model_job_name(const struct sb_model *model, uint16_t job); /* "-" when unknown */
/* For sb_event_text: names of jobs and steps from this model. */
struct sb_event_names sb_model_names(const struct sb_model *model);
/* The event `back` places before the newest (0 = newest), or NULL. */
const struct sb_event *sb_model_log_at(const struct sb_model *model, uint64_t back);

/* The span `back` places before the newest (0 = newest), or NULL. */
const struct sb_model_span *sb_model_span_at(const struct sb_model_spans *spans, uint64_t back);

/* Whether the run of the job is alive: queued, held, running, stopping or in backoff. */
bool sb_model_run_is_active(const struct sb_model_run *run);
/* Whether a run stands there to be retried: failed, cancelled, interrupted, quarantined, or waiting for its next attempt. */
bool sb_model_run_is_retryable(const struct sb_model_run *run);
/* Whether the job itself, its category or everything is paused. */
bool sb_model_is_paused(const struct sb_model *model, const struct sb_model_job *job);
/* Index into recent_outcome and recent_duration of the i-th oldest, i < recent_count. */
unsigned sb_model_recent_at(const struct sb_model_job *job, unsigned i);
/* Percentile of the recent durations that are known (500 = median); 0 when none is. */
sb_ns sb_model_recent_permille(const struct sb_model_job *job, unsigned permille);
/* Share of recent runs that succeeded, 0..100, or -1 when none ended. */
int sb_model_recent_ok(const struct sb_model_job *job);
uint32_t sb_model_alerts_unacked(const struct sb_model *model);
/* Whether anybody was told of the alert, in a word; "" when there are no channels. */
const char *sb_model_alert_told(const struct sb_model *model, const struct sb_model_alert *alert);
uint32_t sb_model_contexts_leased(const struct sb_model *model);
/* Which site's breaker is not closed, the longest one; SB_SITES_MAX = none. */
unsigned sb_model_open_breaker(const struct sb_model *model);
/* Index of the worst component, or SB_COMPONENT_COUNT when all used ones are ok. */
unsigned sb_model_worst_component(const struct sb_model *model);

/* A time on the screen: tenths of a second are as fine as an eye needs ("0.4s"); negative counts as 0. Measured durations keep their
 * milliseconds (sb_text_add_duration). */
void sb_model_add_age(struct sb_text *out, sb_ns age);
/* A time of which nobody counts the seconds, as that of what is as it should be: whole minutes, so that it is not painted every second. */
void sb_model_add_minutes(struct sb_text *out, sb_ns time);
/* The time until something: seconds count from ten minutes before it on. */
void sb_model_add_until(struct sb_text *out, sb_ns left);
/* Why the job is not running now and what would start it, or what it is doing: one line, always answered. */
void sb_model_why(const struct sb_model *model, uint16_t job, sb_ns now, struct sb_wall wall, struct sb_text *out);
/* What the budget's tier rests on and what would change it; one or two sentences. */
void sb_model_budget_why(const struct sb_model *model, struct sb_text *out);
/* The bound that moves the tier next, short: "q 0.42, high from 1.15, low below 0.06". Nothing under a forced tier. */
void sb_model_budget_next(const struct sb_model *model, struct sb_text *out);
/* What the failed LLM calls of the window have in common, in one line; nothing when none failed. */
void sb_model_llm_verdict(const struct sb_model *model, struct sb_text *out);
/* An incident, explained. The API, `signalbox alert why` and the console say it in these words. */
/* When the rule fires and ends: "fires when 2 of the last 3 looks are bad; ends when 2 of 3 are good, for 30s". */
void sb_model_rule_line(const struct sb_model *model, uint8_t rule, struct sb_text *out);
/* The state with how long it lasts and what lies over it: "recovering, over in 12s; flaps". */
void sb_model_alert_state_line(const struct sb_model_alert *alert, sb_ns now, struct sb_text *out);
/* What a channel was told or why not: "silenced by ana, for 3h10m". */
void sb_model_told_line(const struct sb_model *model, const struct sb_model_alert *alert, unsigned channel, sb_ns now, struct sb_text *out);
/* The incident that this one follows from, as the channels were told; NULL = none, or it is over. */
const struct sb_model_alert *sb_model_alert_cause(const struct sb_model *model, const struct sb_model_alert *alert);
/* What to do, from the catalogue or as shipped, and the section of the manual ("" for a rule that the catalogue explains). */
const char *sb_model_runbook(const struct sb_model *model, uint8_t rule);
const char *sb_model_manual(const struct sb_model *model, uint8_t rule);
/* The next key or command worth a try, with names filled in. */
void sb_model_alert_press(const struct sb_model *model, const struct sb_model_alert *alert, struct sb_text *out);
/* Whether a component is what it is about. */
bool sb_alert_is_of_component(const struct sb_model_alert *alert);
/* Whether the silence covers the alert now. */
bool sb_model_is_silenced(const struct sb_model_silence *silence, const struct sb_model_alert *alert, sb_ns now);

/* The short form for the last column of the job table. */
void sb_model_brief(const struct sb_model *model, uint16_t job, sb_ns now, struct sb_text *out);

#endif
