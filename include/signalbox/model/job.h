/* Definitions of jobs and steps, as the core needs them: fixed-size values. What a step does (its selectors, prompts and
 * statements) is in catalogue.h and never reaches the core. */
#ifndef SIGNALBOX_MODEL_JOB_H
#define SIGNALBOX_MODEL_JOB_H

#include "signalbox/model/cron.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct sb_retry {
    uint8_t attempts;  /* attempts in all, 1 = no retry */
    uint8_t jitter;    /* enum sb_jitter */
    uint16_t factor_pct; /* 200 = doubles */
    sb_ns base, max;   /* delays: base, base*factor, ... at most max */
};

struct sb_step_def {
    char name[SB_NAME_MAX];
    uint8_t kind;          /* enum sb_step_kind */
    bool needs_context;    /* runs on a leased browser context */
    bool is_effect;        /* outside effect: never interrupted by a yield, never on a borrowed context, waits for the journal */
    bool uses_llm;         /* skipped with class budget while the tier is critical or closed */
    bool is_generation;    /* its intent is one of those that keep the premium model longest */
    bool goes_on;          /* a failure of this step does not stop the later ones; the run fails at its end */
    bool keeps_context;    /* the next step goes on in the same context, which is neither given back nor yielded in between */
    bool restarts_job;     /* a retry starts the whole run again */
    uint8_t site;          /* index plus 1 of what it asks (sb_catalogue_guarded): held while the breaker there is open; 0 = nothing */
    bool asks_site;        /* it does nothing else than ask that: its end is a call of the breaker */
    uint32_t needs;        /* bit mask over enum sb_component: held while one of them is failed */
    uint32_t uses;         /* bit mask over earlier steps of the job: skipped when one of them failed or was skipped in this run */
    sb_ns every;           /* its own slower cadence: skipped while its last success is younger; 0 = in every run */
    sb_ns timeout;
};

struct sb_job_def {
    char name[SB_NAME_MAX];
    char schedule_text[SB_NAME_MAX]; /* "every 15m" or the cron expression */
    uint8_t category;                /* enum sb_category */
    uint8_t priority;                /* 0 most urgent .. 10 */
    bool is_critical, is_enabled;
    uint8_t schedule;                /* enum sb_schedule */
    uint8_t overlap, overlap_max;    /* enum sb_overlap; overlap_max for allow(n) */
    uint8_t misfire, misfire_max;    /* enum sb_misfire; misfire_max for all(n) */
    uint8_t gap, overlap_hour;       /* enum sb_gap, enum sb_overlap_hour */
    uint8_t zone;                    /* index into the catalogue's zones */
    uint8_t step_count;
    uint32_t first_step;             /* index into the catalogue's steps */
    sb_ns every, offset, jitter;
    sb_ns misfire_window, start_deadline; /* start_deadline 0 = none */
    sb_ns late_after;                /* alert job_late_start when a run waits longer */
    sb_ns timeout;                   /* whole run; 0 = sum of its steps */
    sb_ns queue_timeout;             /* wait for a context before class no_context */
    struct sb_retry retry;
    struct sb_cron cron;
};

/* Everything about contexts, workers and budget the core decides with. */
struct sb_pool_def {
    uint16_t lane_contexts[SB_LANE_COUNT]; /* default 1 each */
    uint16_t burst;           /* extra contexts posting may open above the pool */
    uint16_t burst_kept;      /* how many of them are opened ahead and stay idle; at most burst count */
    uint16_t workers;         /* threads for steps without a context */
    uint8_t policy;           /* enum sb_lane_policy */
    sb_ns ageing;             /* virtual seconds one priority level is worth */
    sb_ns reclaim_grace;
    sb_ns stop_grace;         /* soft stop -> hard stop of a step */
    sb_ns stuck_grace;        /* hard stop without an end -> run_stuck, context condemned */
    uint32_t max_uses;        /* recycle a context after so many leases */
    sb_ns max_age;
    sb_ns saturated_after;    /* oldest waiter of that age -> pool_saturated */
    uint32_t memory_max_mib;  /* of the browser: above, lane low gets no context, then high; 0 = no guard */
};

struct sb_budget_def {
    struct sb_usd limit;      /* per day */
    uint8_t zone;             /* index into zones: the day's time zone */
    uint16_t high_above_pm, medium_above_pm, low_above_pm; /* thresholds in permille of the limit left: 800, 400, 100 */
    uint8_t policy;           /* enum sb_budget_policy */
    sb_ns dwell;              /* paced: how long a tier stays before it moves a step */
    uint32_t calls_per_day;   /* paced: the forecast before there is any history */
    struct sb_usd premium_call, economy_call; /* paced: what a call costs before there is any history */
    uint8_t stretch[SB_TIER_COUNT]; /* of every so many due times of a job that generates content only one runs; 0 counts as 1 */
};

/* What a component that does not work when the start-up verification ends means for the program: it is not ready and waits for it, it ends, or
 * it goes on without. */
#define SB_LIST_START_POLICY(X) X(WAIT, "wait") X(FAIL, "fail") X(DEGRADE, "degrade")
enum sb_start_policy {
#define SB_START_POLICY_MEMBER(code, text) SB_START_POLICY_##code,
    SB_LIST_START_POLICY(SB_START_POLICY_MEMBER)
#undef SB_START_POLICY_MEMBER
    SB_START_POLICY_COUNT
};
const char *sb_start_policy_text(unsigned value);

struct sb_component_def {
    uint8_t class;            /* enum sb_component_class */
    uint8_t at_start;         /* enum sb_start_policy */
    bool is_used;             /* false: disabled, never probed */
    sb_ns probe_every;        /* while ok; failed and degraded ones are probed with backoff 1 s .. 30 s */
    sb_ns recover_every;      /* least time between two recoveries */
    uint8_t recoveries_a_day; /* most in any 24 hours, at most SB_RECOVERIES_MAX; 0 = none */
};

/* An offset for `job` (every > 0) at which its due times keep away from those of the jobs placed before it: of the jobs that want
 * contexts when it wants one, else of all. Placing a new job never moves an old one. Pure; at most about a million comparisons. */
sb_ns sb_stagger_offset(const struct sb_job_def *placed, uint32_t count, const struct sb_job_def *job);

/* Lane that serves a category first; NONE has no lane (asserts). */
enum sb_lane sb_category_lane(enum sb_category category);

#endif
