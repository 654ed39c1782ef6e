/* The scene most goldens show: 29 jobs in the practice world on a bad afternoon. One fails for good, one waits for its next attempt, some
 * run, one is paused, two wait for a context, one is held by the LLM endpoint; a lease is borrowed and asked back; the budget is low. */
#ifndef SB_TEST_INCIDENT_H
#define SB_TEST_INCIDENT_H

#include "tests/golden/scene.h"

struct incident_job {
    const char *name;
    enum sb_category category;
    uint8_t priority, steps;
};

static const struct incident_job incident_jobs[] = {
    {"posting", SB_CATEGORY_POSTING, 0, 7},          {"plan", SB_CATEGORY_NONE, 0, 4},
    {"reply_posting", SB_CATEGORY_POSTING, 0, 7},    {"metrics_scraper", SB_CATEGORY_METRICS, 1, 5},
    {"mega_viral_harvester", SB_CATEGORY_HARVESTING, 2, 4}, {"account_discovery", SB_CATEGORY_HARVESTING, 4, 3},
    {"peer_scraper", SB_CATEGORY_BACKGROUND, 5, 3},  {"viral_scraper", SB_CATEGORY_BACKGROUND, 5, 3},
    {"news_scraping", SB_CATEGORY_BACKGROUND, 6, 3}, {"reply_performance_snapshot", SB_CATEGORY_METRICS, 3, 3},
    {"follower_snapshot", SB_CATEGORY_METRICS, 3, 2}, {"analytics", SB_CATEGORY_NONE, 4, 2},
    {"learn", SB_CATEGORY_NONE, 5, 3},               {"data_collection", SB_CATEGORY_BACKGROUND, 7, 4},
    {"content_quality", SB_CATEGORY_NONE, 5, 2},     {"trend_watch", SB_CATEGORY_NONE, 6, 2},
    {"vi_deep_analysis", SB_CATEGORY_NONE, 8, 3},    {"engagement_windows", SB_CATEGORY_NONE, 6, 2},
    {"hashtag_review", SB_CATEGORY_NONE, 7, 2},      {"session_keeper", SB_CATEGORY_BACKGROUND, 3, 2},
    {"unified_health_monitor", SB_CATEGORY_NONE, 1, 5}, {"job_watchdog", SB_CATEGORY_NONE, 1, 3},
    {"runtime_housekeeping", SB_CATEGORY_NONE, 9, 4}, {"budget_report", SB_CATEGORY_NONE, 8, 2},
    {"backup", SB_CATEGORY_NONE, 9, 2},              {"alert_digest", SB_CATEGORY_NONE, 7, 2},
    {"dedupe_index", SB_CATEGORY_NONE, 8, 2},        {"archive", SB_CATEGORY_NONE, 10, 2},
    {"self_test", SB_CATEGORY_NONE, 10, 2},
};
enum { INCIDENT_JOBS = sizeof incident_jobs / sizeof incident_jobs[0] };

static inline void incident_run(struct scene *scene, uint64_t run, uint16_t job, enum sb_run_state end, sb_ns duration)
{
    SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = scene->wall.ns);
    SAY(scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1, .waited = SB_MS(40));
    scene_wait(scene, duration);
    SAY(scene, RUN_ENDED, run_ended, .run = run, .job = job, .attempt = 1, .state = (uint8_t)end,
        .class = end == SB_RUN_STATE_FAILED ? SB_CLASS_RETRYABLE : SB_CLASS_NONE, .duration = duration,
        .error = "");
}

static inline void incident_define(struct scene *scene)
{
    SAY(scene, RUNTIME_STARTED, runtime_started, .boot = 3, .version = "0.1.0", .host = "ops1", .config_hash = "9f3a61c0aa",
        .jobs = INCIDENT_JOBS,
        .is_practice = true);
    SAY(scene, POOL_DEFINED, pool_defined, .contexts = 3, .burst = 1, .policy = SB_LANE_POLICY_RECLAIM, .workers = 4);
    for (uint8_t i = 0; i < SB_COMPONENT_COUNT; i++)
        SAY(scene, COMPONENT_DEFINED, component_defined, .component = i,
            .class = i < 2 ? SB_COMPONENT_CLASS_REQUIRED : SB_COMPONENT_CLASS_IMPORTANT);
    for (uint16_t i = 0; i < 4; i++)
        SAY(scene, CONTEXT_DEFINED, context_defined, .ctx = i, .lane = (uint8_t)(i < 2 ? i : SB_LANE_POSTING), .is_burst = i == 3);
    for (uint16_t i = 0; i < INCIDENT_JOBS; i++)
        scene_job(scene, i, incident_jobs[i].name, incident_jobs[i].category, incident_jobs[i].priority, incident_jobs[i].steps);
    for (uint8_t i = 0; i < SB_COMPONENT_COUNT; i++)
        SAY(scene, COMPONENT_CHANGED, component_changed, .component = i, .state = SB_COMPONENT_STATE_OK, .latency = SB_MS(i * 3 + 1));
    for (uint16_t i = 0; i < 3; i++)
        SAY(scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(scene, BUDGET_WINDOW, budget_window, .day_start = SCENE_WALL - SB_HOUR(14), .day_end = SCENE_WALL + SB_HOUR(10),
        .limit = 5 * SB_USD_NANO, .spent = 0, .tier = SB_TIER_HIGH);
    SAY(scene, DESCRIBED, described, .jobs = INCIDENT_JOBS);
}

/* An hour of work: every job but the first three ran three times. */
static inline uint64_t incident_history(struct scene *scene)
{
    uint64_t run = 100;
    for (unsigned round = 0; round < 3; round++) {
        for (uint16_t job = 3; job < INCIDENT_JOBS; job++) {
            if (job == 16 || job == 28)
                continue; /* never ran yet */
            const bool is_bad = job == 9 || (job == 5 && round == 1);
            incident_run(scene, run++, job, is_bad ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED, SB_MS(300U + 410U * (job % 7U) + 90U * round));
        }
    }
    for (uint16_t job = 0; job < INCIDENT_JOBS; job++)
        SAY(scene, JOB_SCHEDULED, job_scheduled, .job = job, .due = scene->wall.ns + SB_S(200 + 90 * job));
    return run;
}

static inline void incident_posting(struct scene *scene, uint64_t run)
{
    SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = scene->wall.ns);
    for (uint8_t attempt = 1; attempt <= 2; attempt++) {
        SAY(scene, LEASE_GRANTED, lease_granted, .ctx = 2, .run = run, .job = 0, .fence = 40U + attempt,
            .lane = SB_LANE_POSTING, .deadline = SB_S(35));
        SAY(scene, RUN_STARTED, run_started, .run = run, .job = 0, .attempt = attempt, .waited = SB_MS(12));
        SAY(scene, STEP_STARTED, step_started, .run = run, .job = 0, .step = 0, .attempt = attempt, .ctx = 2,
            .fence = 40U + attempt, .timeout = SB_S(30));
        scene_wait(scene, SB_MS(1200));
        SAY(scene, STEP_ENDED, step_ended, .run = run, .job = 0, .step = 0, .attempt = attempt, .state = SB_STEP_STATE_SUCCEEDED,
            .duration = SB_MS(1200), .rows = 1, .text = "one row claimed");
        SAY(scene, STEP_STARTED, step_started, .run = run, .job = 0, .step = 1, .attempt = attempt, .ctx = 2,
            .fence = 40U + attempt, .timeout = SB_S(30));
        scene_wait(scene, SB_S(30));
        SAY(scene, STEP_ENDED, step_ended, .run = run, .job = 0, .step = 1, .attempt = attempt, .state = SB_STEP_STATE_FAILED,
            .class = SB_CLASS_RETRYABLE, .duration = SB_S(30), .text = "selector \"login\" did not appear");
        SAY(scene, LEASE_ENDED, lease_ended, .ctx = 2, .run = run, .job = 0, .held = SB_S(31));
        SAY(scene, RUN_RETRYING, run_retrying, .run = run, .job = 0, .step = 1, .attempt = (uint8_t)(attempt + 1), .attempts_max = 3,
            .class = SB_CLASS_RETRYABLE, .delay = attempt == 1 ? SB_S(1) : SB_S(130), .error = "selector \"login\" did not appear in 30 s");
        scene_wait(scene, SB_S(1));
    }
}

static inline void incident_snapshot(struct scene *scene, uint64_t run)
{
    SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = 9, .attempt = 3, .cause = SB_CAUSE_SCHEDULE);
    SAY(scene, RUN_STARTED, run_started, .run = run, .job = 9, .attempt = 3);
    for (uint8_t step = 0; step < 3; step++) {
        SAY(scene, STEP_STARTED, step_started, .run = run, .job = 9, .step = step, .attempt = 3, .ctx = 1, .timeout = SB_S(30));
        scene_wait(scene, SB_S(3));
        SAY(scene, STEP_ENDED, step_ended, .run = run, .job = 9, .step = step, .attempt = 3, .duration = SB_S(3),
            .state = step < 2 ? SB_STEP_STATE_SUCCEEDED : SB_STEP_STATE_FAILED, .class = step < 2 ? SB_CLASS_NONE : SB_CLASS_FATAL);
    }
    SAY(scene, RUN_ENDED, run_ended, .run = run, .job = 9, .step = 2, .attempt = 3, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL,
        .duration = SB_S(9), .error = "\xe6\xbc\xa2\xe5\xad\x97 table is locked: \x1b[2J caf\xc3\xa9");
    SAY(scene, ALERT_RAISED, alert_raised, .alert = 1030, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = 9,
        .subject = "reply_performance_snapshot", .text = "4 consecutive failures");
}

static inline void incident_running(struct scene *scene, uint64_t run)
{
    const struct {
        uint16_t job, ctx;
        uint8_t step;
        bool is_borrowed;
    } runs[] = {{3, 1, 3, false}, {13, 0, 1, false}, {8, 2, 0, true}, {20, SB_NO_CTX, 2, false}};
    for (unsigned i = 0; i < 4; i++, run++) {
        SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = runs[i].job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
        if (runs[i].ctx != SB_NO_CTX)
            SAY(scene, LEASE_GRANTED, lease_granted, .ctx = runs[i].ctx, .run = run, .job = runs[i].job, .fence = run, .deadline = SB_S(95),
                .is_borrowed = runs[i].is_borrowed, .lane = runs[i].is_borrowed ? SB_LANE_POSTING : SB_LANE_LOW);
        SAY(scene, RUN_STARTED, run_started, .run = run, .job = runs[i].job, .attempt = 1);
        SAY(scene, STEP_STARTED, step_started, .run = run, .job = runs[i].job, .step = runs[i].step, .attempt = 1, .ctx = runs[i].ctx,
            .fence = run, .timeout = SB_S(90));
        scene_wait(scene, SB_S(7));
    }
    SAY(scene, LEASE_YIELD_ASKED, lease_yield_asked, .ctx = 2, .run = run - 2, .for_run = run + 1);
}

static inline void incident_waiting(struct scene *scene, uint64_t run)
{
    SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = 5, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(scene, LEASE_WANTED, lease_wanted, .run = run, .job = 5, .category = SB_CATEGORY_HARVESTING, .lane = SB_LANE_HIGH, .ahead = 1);
    scene_wait(scene, SB_S(17));
    SAY(scene, RUN_QUEUED, run_queued, .run = run + 1, .job = 6, .attempt = 1, .cause = SB_CAUSE_FORCE);
    SAY(scene, LEASE_WANTED, lease_wanted, .run = run + 1, .job = 6, .category = SB_CATEGORY_BACKGROUND, .lane = SB_LANE_LOW, .ahead = 0);
    SAY(scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED,
        .latency = SB_S(2), .reason = "HTTP 503 from the endpoint");
    SAY(scene, RUN_QUEUED, run_queued, .run = run + 2, .job = 12, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(scene, RUN_HELD, run_held, .run = run + 2, .job = 12, .hold = SB_HOLD_DEPENDENCY, .component = SB_COMPONENT_LLM);
    SAY(scene, ALERT_RAISED, alert_raised, .alert = 1031, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .component = SB_COMPONENT_LLM, .subject = "llm", .text = "llm failed: HTTP 503 from the endpoint");
    SAY(scene, ALERT_ACKED, alert_acked, .alert = 1031, .actor = "ana");
    SAY(scene, ALERT_RAISED, alert_raised, .alert = 1032, .rule = SB_RULE_CONTEXT_POOL_SATURATED, .severity = SB_SEVERITY_WARN,
        .job = SB_NO_JOB, .subject = "contexts", .text = "2 runs wait, the oldest for 17s");
}

static inline void incident_spending(struct scene *scene)
{
    SAY(scene, BUDGET_SPENT, budget_spent, .run = 90, .job = 1, .tokens_in = 42000, .tokens_out = 9000, .cost = 3210000000, .spent = 3210000000,
        .alias = "premium", .intent = "content_generation");
    SAY(scene, BUDGET_SPENT, budget_spent, .run = 91, .job = 2, .tokens_in = 8000, .tokens_out = 2000, .cost = 410000000, .spent = 3620000000,
        .alias = "economy", .intent = "reply_generation");
    SAY(scene, BUDGET_TIER, budget_tier, .from = SB_TIER_MEDIUM, .to = SB_TIER_LOW, .remaining = 1380000000, .limit = 5 * SB_USD_NANO);
}

/* Ends at SCENE_NOW. */
static inline void incident_play(struct scene *scene)
{
    scene_init(scene);
    scene_wait(scene, -SB_MIN(10));
    incident_define(scene);
    const uint64_t run = incident_history(scene);
    incident_spending(scene);
    incident_snapshot(scene, run);
    incident_posting(scene, run + 1);
    incident_running(scene, run + 10);
    SAY(scene, JOB_PAUSED, job_paused, .job = 7, .actor = "ana", .reason = "rate limit");
    SAY(scene, COMMAND_DONE, command_done, .command = 55, .kind = SB_COMMAND_PAUSE_JOB, .job = 7, .actor = "ana",
        .outcome = "paused viral_scraper");
    incident_waiting(scene, run + 20);
}

#endif
