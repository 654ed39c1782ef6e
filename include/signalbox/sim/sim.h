/* The simulator: the real core under a virtual clock, with durations drawn from the catalogue, seeded faults, and nothing that sleeps. Two
 * catalogues or two policies are compared by running it twice with the same seed: the same due time of a job then lasts equally long.
 *
 * Thread: any; a call owns everything it uses. Reads no clock: how long a simulation took is the caller's to measure. */
#ifndef SIGNALBOX_SIM_SIM_H
#define SIGNALBOX_SIM_SIM_H

#include "signalbox/base/err.h"
#include "signalbox/model/catalogue.h"
#include "signalbox/model/event.h"

#include <stddef.h>
#include <stdio.h>

/* What goes wrong. light: what a quiet week has; heavy: a bad one. */
#define SB_LIST_SIM_FAULTS(X) X(NONE, "none") X(LIGHT, "light") X(HEAVY, "heavy")
enum sb_sim_faults {
#define SB_SIM_FAULTS_MEMBER(code, text) SB_SIM_FAULTS_##code,
    SB_LIST_SIM_FAULTS(SB_SIM_FAULTS_MEMBER)
#undef SB_SIM_FAULTS_MEMBER
    SB_SIM_FAULTS_COUNT
};
const char *sb_sim_faults_text(unsigned value); /* "?" when out of range */

/* One lease, for the timeline. */
struct sb_sim_lease {
    sb_ns from, to;            /* since the start */
    uint16_t ctx, job;
    uint8_t category;          /* enum sb_category */
    bool is_borrowed, is_burst;
};

/* Leases in order of their ends, as many as fit. Caller's storage. */
struct sb_sim_timeline {
    struct sb_sim_lease *leases;
    size_t cap, count;
    bool is_cut;               /* some did not fit */
};

struct sb_sim_setup {
    const struct sb_catalogue *catalogue; /* borrowed */
    uint8_t policy;            /* enum sb_lane_policy; SB_LANE_POLICY_COUNT = the catalogue's own */
    uint8_t faults;            /* enum sb_sim_faults */
    sb_ns lasts;               /* virtual time to run */
    uint64_t seed;
    uint32_t load_pct;         /* due times so many percent as often; 0 = 100 */
    uint32_t duration_pct;     /* runs so many percent as long; 0 = 100 */
    bool is_p95;               /* every run takes its p95 instead of a drawn time */
    bool has_checks;           /* every invariant of the core after every step */
    bool is_contexts_only;     /* leave out jobs that never want a context */
    const sb_ns *offsets;      /* [job_count] instead of the catalogue's, or NULL */
    struct sb_sim_timeline *timeline; /* or NULL */
    /* Hears every event, or NULL: first a description of everything (seq 0), then events as they come; every ten minutes of virtual time a
     * description again, after which the event before it is repeated. */
    void (*hear)(void *arg, const struct sb_event *events, size_t count);
    void *hear_arg;
};

/* Requests for a context by runs of one category. A request ends granted, timed out (no_context) or dropped (its run was held or
 * ended); waits of all of them count, not only of those that were granted. */
struct sb_sim_category {
    uint64_t wanted, granted, timeouts, dropped, waiting; /* waiting: at the end of the simulation */
    sb_ns waited;              /* sum */
    sb_ns wait_p50, wait_p95, wait_p99, wait_max; /* percentiles are upper bounds, at most 6 % high */
    sb_ns held;                /* how long contexts were leased */
};

struct sb_sim_report {
    uint8_t policy;
    uint16_t contexts;         /* of the pool, without burst */
    uint64_t runs, succeeded, failed, late, skipped, timeouts;
    uint64_t yields, revoked, borrowed, bursts;
    uint32_t jobs_starved;     /* jobs that asked for a context and never got one */
    uint32_t jobs_guessed;     /* jobs without a duration: one second is assumed */
    sb_ns contention;          /* total time runs waited for a context */
    sb_ns held, burst_held;    /* total time contexts were leased, and the part above the pool */
    uint64_t events, inputs;
    uint64_t hash;             /* of all decisions: equal for equal setups */
    struct sb_sim_category categories[SB_CATEGORY_COUNT];
};

/* Runs `setup->lasts` of virtual time. Errors: NOMEM. */
enum sb_err sb_sim_run(const struct sb_sim_setup *setup, struct sb_sim_report *report, struct sb_error *err) SB_MUST_USE;

/* Leased time over the time the pool could have given, in permille; burst counts above, so it can exceed 1000. */
uint32_t sb_sim_utilisation_pm(const struct sb_sim_report *report, sb_ns lasts);

/* Days of LLM calls under three policies: until_cap (the premium model until the money is gone, then nothing until the next day: what the system
 * before did), absolute and paced. The same calls for each. */
enum { SB_SIM_BUDGET_SIDES = 3, SB_SIM_DAYS_MAX = 1000 };
struct sb_sim_budget_setup {
    struct sb_budget_def budget;  /* limit, thresholds, dwell */
    struct sb_model_alias premium, economy; /* prices */
    uint32_t days, calls_per_day; /* calls expected; the day has `load_pct` of them, so that the forecast is wrong by the load on the first day */
    uint32_t load_pct;            /* 0 = 100 */
    uint32_t critical_pct;        /* of the calls */
    uint64_t seed;
};
struct sb_sim_budget_side {
    const char *policy;
    uint32_t dark_hours;          /* hours with critical calls due of which none was served */
    uint64_t calls_due, calls_served, critical_due, critical_served, critical_premium;
    int64_t spent_nano;
    uint32_t tier_changes;
};
void sb_sim_budget_run(const struct sb_sim_budget_setup *setup, struct sb_sim_budget_side sides[SB_SIM_BUDGET_SIDES]);

/* Offsets for the jobs with `every` that want contexts, so that predicted contention is low: one job after another is moved to the best of a few
 * places, with the simulator as the judge, until nothing improves or the bounds are met. `offsets` [job_count] receives all offsets.
 * `before` and `after`: mean contention over seeds that had no part in the choice. */
struct sb_sim_offsets {
    sb_ns before, after;
    uint32_t simulations, moved;
};
enum sb_err sb_sim_optimise(const struct sb_sim_setup *setup, sb_ns *offsets, struct sb_sim_offsets *result,
                            struct sb_error *err) SB_MUST_USE;

/* One picture of one or two timelines as SVG; `sides` share the time axis. Text is escaped. Returns whether all was written. */
struct sb_sim_picture {
    const char *title;
    const struct sb_sim_timeline *timeline;
    const struct sb_catalogue *catalogue;
    uint16_t contexts;         /* rows: the pool's, then burst */
};
bool sb_sim_svg(FILE *to, const struct sb_sim_picture *sides, size_t side_count, sb_ns lasts);

#endif
