/* The store's fold: what rows a story of events leaves, and what the next start is told. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stores.h"

static const struct sb_op patient = { .deadline = SB_NEVER };

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_store *store;
    uint64_t seq;
    struct sb_input restored[64];
    size_t restored_count;
};

static void open_store(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world->store, world->location, &err))
        fail_msg("%s", err.text);
}

/* Closing writes everything that was appended. */
static void reopen(struct world *world)
{
    world->store->ops->close(world->store);
    open_store(world);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    test_store_create(world->location);
    open_store(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    test_store_destroy(world->location);
    free(world);
    return 0;
}

static void append(struct world *world, struct sb_event *event)
{
    event->seq = ++world->seq;
    event->wall.ns = (int64_t)event->seq * 1000000; /* event n happens at n ms */
    assert_int_equal(world->store->ops->append(world->store, event, 1, NULL), SB_OK);
}

/* TELL(world, RUN_ENDED, run_ended, .run = 1, ...) appends one event. */
#define TELL(world, CODE, name, ...)                              \
    do {                                                          \
        struct sb_event told;                                     \
        memset(&told, 0, sizeof told);                            \
        told.kind = SB_EVENT_##CODE;                              \
        told.as.name = (struct sb_ev_##name){ __VA_ARGS__ };      \
        append(world, &told);                                     \
    } while (0)

static void define_jobs(struct world *world)
{
    TELL(world, JOB_DEFINED, job_defined, .job = 0, .name = "plan", .steps = 2);
    TELL(world, STEP_DEFINED, step_defined, .job = 0, .step = 0, .name = "think");
    TELL(world, STEP_DEFINED, step_defined, .job = 0, .step = 1, .name = "save", .is_effect = true);
    TELL(world, JOB_DEFINED, job_defined, .job = 1, .name = "posting", .steps = 1);
}

/* Asserts that exactly one row fulfils the condition. */
static void one(struct world *world, const char *table, const char *where)
{
    char sql[512];
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s WHERE %s", table, where);
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    if (world->store->ops->query(world->store, &statement, &patient, &rows, &err))
        fail_msg("%s: %s", sql, err.text);
    int64_t count = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    if (count != 1)
        fail_msg("%lld rows of %s where %s", (long long)count, table, where);
}

static uint16_t job_of(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "plan") == 0 ? 8 : strcmp(name, "posting") == 0 ? 9 : SB_NO_JOB;
}

static void keep(void *arg, const struct sb_input *input)
{
    struct world *world = arg;
    assert_true(world->restored_count < SB_LEN(world->restored));
    world->restored[world->restored_count++] = *input;
}

static void restore(struct world *world)
{
    struct sb_error err = { 0 };
    reopen(world);
    world->restored_count = 0;
    if (world->store->ops->restore(world->store, world, job_of, keep, &err))
        fail_msg("%s", err.text);
}

/* The n-th restored input of a kind, or NULL. */
static const struct sb_input *restored(const struct world *world, enum sb_input_kind kind, size_t nth)
{
    for (size_t i = 0; i < world->restored_count; i++)
        if (world->restored[i].kind == kind && nth-- == 0)
            return &world->restored[i];
    return NULL;
}

static void fold__a_run_leaves_its_row_and_its_steps(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 5, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = 777); /* 5 ms */
    TELL(world, RUN_STARTED, run_started, .run = 5, .job = 0, .attempt = 1);                                          /* 6 ms */
    TELL(world, STEP_STARTED, step_started, .run = 5, .job = 0, .step = 0, .attempt = 1, .ctx = SB_NO_CTX, .fence = 31);
    TELL(world, STEP_ENDED, step_ended, .run = 5, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED, .duration = 9,
         .rows = 3, .text = "three");
    TELL(world, STEP_STARTED, step_started, .run = 5, .job = 0, .step = 1, .attempt = 1, .ctx = 2, .fence = 32);
    TELL(world, STEP_ENDED, step_ended, .run = 5, .job = 0, .step = 1, .attempt = 1, .state = SB_STEP_STATE_FAILED,
         .class = SB_CLASS_FATAL, .text = "no");
    TELL(world, RUN_ENDED, run_ended, .run = 5, .job = 0, .step = 1, .attempt = 1, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL,
         .duration = 44, .error = "no"); /* 11 ms */
    reopen(world);
    one(world, "job_runs", "run = 5 AND job_name = 'plan' AND cause = 'schedule' AND state = 'failed' AND step = 1 AND nominal_ns = 777 "
                           "AND queued_at_ms = 5 AND started_at_ms = 6 AND ended_at_ms = 11 AND duration_ns = 44 AND error_class = 'fatal' "
                           "AND error = 'no'");
    one(world, "job_steps", "run = 5 AND step = 0 AND name = 'think' AND state = 'succeeded' AND class = 'none' AND ctx IS NULL AND "
                            "fence = 31 AND is_effect = 0 AND rows = 3 AND duration_ns = 9 AND text = 'three' AND started_at_ms = 7");
    one(world, "job_steps", "run = 5 AND step = 1 AND name = 'save' AND state = 'failed' AND ctx = 2 AND is_effect = 1");
    one(world, "events", "seq = 11 AND kind = 'run_ended' AND run = 5 AND job_name = 'plan' AND at_ms = 11 AND payload LIKE "
                         "'%\"state\":\"failed\"%'");
}

static void fold__a_job_remembers_its_last_run_and_failures_in_a_row(void **state)
{
    static const enum sb_run_state ends[] = { SB_RUN_STATE_FAILED, SB_RUN_STATE_SUCCEEDED, SB_RUN_STATE_FAILED, SB_RUN_STATE_CANCELLED,
                                              SB_RUN_STATE_QUARANTINED };
    static const unsigned failures[] = { 1, 0, 1, 1, 2 };
    struct world *world = *state;
    define_jobs(world);
    for (unsigned i = 0; i < SB_LEN(ends); i++) {
        TELL(world, RUN_ENDED, run_ended, .run = 10 + i, .job = 0, .step = 1, .attempt = 3, .state = (uint8_t)ends[i]);
        restore(world);
        const struct sb_input *job = restored(world, SB_INPUT_RESTORE_JOB, 0);
        assert_non_null(job);
        assert_int_equal(job->as.restore_job.job, 8);
        assert_int_equal(job->as.restore_job.last_run, 10 + i);
        assert_int_equal(job->as.restore_job.last_state, ends[i]);
        assert_int_equal(job->as.restore_job.failed_step, 1);
        assert_int_equal(job->as.restore_job.last_attempt, 3);
        assert_int_equal(job->as.restore_job.failures, failures[i]);
        define_jobs(world); /* the next process announces them again */
    }
}

static void fold__a_step_with_its_own_cadence_is_remembered_by_its_last_success(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, STEP_ENDED, step_ended, .run = 5, .job = 0, .step = 1, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED, .is_paced = true); /* 5 ms */
    TELL(world, STEP_ENDED, step_ended, .run = 6, .job = 0, .step = 1, .attempt = 1, .state = SB_STEP_STATE_FAILED, .is_paced = true);
    TELL(world, STEP_ENDED, step_ended, .run = 6, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED);
    restore(world);
    const struct sb_input *step = restored(world, SB_INPUT_RESTORE_STEP, 0);
    assert_non_null(step);
    assert_int_equal(step->as.restore_step.job, 8);
    assert_string_equal(step->as.restore_step.step_name, "save");
    assert_true(step->as.restore_step.done == SB_MS(5));
    assert_null(restored(world, SB_INPUT_RESTORE_STEP, 1));
}

static void fold__the_watermark_never_goes_back_and_force_runs_do_not_move_it(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = 500);
    TELL(world, NOMINAL_SKIPPED, nominal_skipped, .job = 1, .count = 3, .first = 600, .last = 900);
    TELL(world, RUN_QUEUED, run_queued, .run = 2, .job = 1, .cause = SB_CAUSE_CATCH_UP, .nominal = 700);
    TELL(world, RUN_QUEUED, run_queued, .run = 3, .job = 1, .cause = SB_CAUSE_FORCE, .nominal = 5000);
    restore(world);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_JOB, 1)->as.restore_job.watermark, 900);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_JOB, 1)->as.restore_job.last_state, SB_RUN_STATE_QUEUED);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_JOB, 1)->as.restore_job.failed_step, SB_NO_STEP);
}

static void fold__between_two_steps_an_interrupted_run_goes_on_with_the_second(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .attempt = 1);
    TELL(world, RUN_STARTED, run_started, .run = 1, .job = 0, .attempt = 1);
    TELL(world, STEP_STARTED, step_started, .run = 1, .job = 0, .step = 0, .attempt = 1);
    TELL(world, STEP_ENDED, step_ended, .run = 1, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED);
    restore(world);
    const struct sb_input *run = restored(world, SB_INPUT_RESTORE_RUN, 0);
    assert_non_null(run);
    assert_int_equal(run->as.restore_run.step, 1);
    assert_false(run->as.restore_run.was_running);
    assert_false(run->as.restore_run.was_effect);
}

static void fold__every_interruption_counts_and_ends_the_steps_it_cut(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .attempt = 1);
    for (unsigned times = 0; times < 3; times++) {
        TELL(world, STEP_STARTED, step_started, .run = 1, .job = 0, .step = 1, .attempt = 2);
        restore(world);
        const struct sb_input *run = restored(world, SB_INPUT_RESTORE_RUN, 0);
        assert_int_equal(run->as.restore_run.recoveries, times);
        assert_int_equal(run->as.restore_run.attempt, 2);
        assert_true(run->as.restore_run.was_running);
        assert_true(run->as.restore_run.was_effect);
        define_jobs(world);
        TELL(world, RUN_INTERRUPTED, run_interrupted, .run = 1, .job = 0, .step = 1, .attempt = 2, .was_effect = true);
        reopen(world);
        one(world, "job_steps", "run = 1 AND state = 'failed' AND class = 'uncertain'");
        define_jobs(world);
    }
}

static void fold__a_run_of_a_vanished_job_is_buried_not_restored(void **state)
{
    struct world *world = *state;
    TELL(world, JOB_DEFINED, job_defined, .job = 0, .name = "gone", .steps = 1);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .attempt = 1);
    restore(world);
    assert_null(restored(world, SB_INPUT_RESTORE_RUN, 0));
    assert_null(restored(world, SB_INPUT_RESTORE_JOB, 0));
    one(world, "job_runs", "run = 1 AND state = 'cancelled' AND ended_at_ms IS NOT NULL AND error LIKE '%catalogue%'");
}

static void fold__a_retried_run_is_open_again(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    TELL(world, RUN_ENDED, run_ended, .run = 1, .job = 0, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL, .error = "x");
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .step = 1, .attempt = 2, .cause = SB_CAUSE_OPERATOR_RETRY);
    restore(world);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_RUN, 0)->as.restore_run.step, 1);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_RUN, 0)->as.restore_run.cause, SB_CAUSE_OPERATOR_RETRY);
    one(world, "job_runs", "run = 1 AND error IS NULL AND ended_at_ms IS NULL AND queued_at_ms = 5");
}

static void fold__states_follow_holds_yields_and_retries(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 1, .job = 0, .attempt = 1);
    TELL(world, RUN_HELD, run_held, .run = 1, .job = 0, .hold = SB_HOLD_BUDGET);
    reopen(world);
    one(world, "job_runs", "run = 1 AND state = 'held'");
    define_jobs(world);
    TELL(world, RUN_RELEASED, run_released, .run = 1, .job = 0);
    TELL(world, RUN_STARTED, run_started, .run = 1, .job = 0, .attempt = 1);
    TELL(world, RUN_STOPPING, run_stopping, .run = 1, .job = 0);
    reopen(world);
    one(world, "job_runs", "run = 1 AND state = 'stopping'");
    define_jobs(world);
    TELL(world, RUN_YIELDED, run_yielded, .run = 1, .job = 0, .step = 1);
    reopen(world);
    one(world, "job_runs", "run = 1 AND state = 'queued'");
    define_jobs(world);
    TELL(world, RUN_RETRYING, run_retrying, .run = 1, .job = 0, .step = 1, .attempt = 2, .class = SB_CLASS_RETRYABLE, .error = "slow");
    restore(world);
    one(world, "job_runs", "run = 1 AND state = 'backoff' AND attempt = 2 AND step = 1 AND error_class = 'retryable' AND error = 'slow'");
}

static void fold__pauses_come_back_until_they_are_resumed(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, JOB_PAUSED, job_paused, .job = 1, .actor = "ann", .reason = "night");
    TELL(world, CATEGORY_PAUSED, category_paused, .category = SB_CATEGORY_HARVESTING);
    TELL(world, ALL_PAUSED, all_paused, .actor = "ann");
    restore(world);
    one(world, "pauses", "scope = 'job' AND name = 'posting' AND actor = 'ann' AND reason = 'night' AND at_ms = 5");
    assert_true(restored(world, SB_INPUT_RESTORE_JOB, 1)->as.restore_job.is_paused);
    assert_false(restored(world, SB_INPUT_RESTORE_JOB, 0)->as.restore_job.is_paused);
    assert_true(restored(world, SB_INPUT_RESTORE_PAUSE, 0)->as.restore_pause.all);
    assert_string_equal(restored(world, SB_INPUT_RESTORE_PAUSE, 0)->as.restore_pause.actor, "ann");
    assert_int_equal(restored(world, SB_INPUT_RESTORE_PAUSE, 1)->as.restore_pause.category, SB_CATEGORY_HARVESTING);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_PAUSE, 2)->as.restore_pause.job, 9);
    assert_string_equal(restored(world, SB_INPUT_RESTORE_PAUSE, 2)->as.restore_pause.reason, "night");
    define_jobs(world);
    TELL(world, JOB_RESUMED, job_resumed, .job = 1);
    TELL(world, CATEGORY_RESUMED, category_resumed, .category = SB_CATEGORY_HARVESTING);
    TELL(world, ALL_RESUMED, all_resumed, .actor = "ann");
    restore(world);
    assert_false(restored(world, SB_INPUT_RESTORE_JOB, 1)->as.restore_job.is_paused);
    assert_null(restored(world, SB_INPUT_RESTORE_PAUSE, 0));
}

static void fold__recoveries_come_back_the_newest_first(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    for (int i = 0; i < SB_RECOVERIES_MAX + 3; i++)
        TELL(world, RECOVERY_ENDED, recovery_ended, .component = SB_COMPONENT_BROWSER, .lasted = SB_MS(2));
    TELL(world, RECOVERY_ENDED, recovery_ended, .component = SB_COMPONENT_ENGINE, .state = SB_COMPONENT_STATE_OK);
    restore(world);
    const struct sb_input *newest = restored(world, SB_INPUT_RESTORE_RECOVERY, 0);
    assert_int_equal(newest->as.restore_recovery.component, SB_COMPONENT_BROWSER);
    for (size_t i = 1; i < SB_RECOVERIES_MAX; i++) {
        const struct sb_in_restore_recovery *earlier = &restored(world, SB_INPUT_RESTORE_RECOVERY, i)->as.restore_recovery;
        assert_int_equal(earlier->component, SB_COMPONENT_BROWSER);
        assert_int_equal(earlier->at, newest->as.restore_recovery.at - SB_MS((sb_ns)i));
    }
    assert_int_equal(restored(world, SB_INPUT_RESTORE_RECOVERY, SB_RECOVERIES_MAX)->as.restore_recovery.component, SB_COMPONENT_ENGINE);
    assert_null(restored(world, SB_INPUT_RESTORE_RECOVERY, SB_RECOVERIES_MAX + 1));
}

static void fold__the_open_incident_comes_back_and_numbers_go_on(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, INCIDENT_OPENED, incident_opened, .incident = "INC-20261127-2", .actor = "ann", .reason = "posts fail");
    TELL(world, INCIDENT_CLOSED, incident_closed, .incident = "INC-20261127-2", .actor = "ann");
    TELL(world, INCIDENT_OPENED, incident_opened, .incident = "OPS_7", .actor = "bob", .reason = "it's \"down\"");
    restore(world);
    assert_string_equal(restored(world, SB_INPUT_RESTORE_INCIDENT, 0)->as.restore_incident.incident, "INC-20261127-2");
    assert_false(restored(world, SB_INPUT_RESTORE_INCIDENT, 0)->as.restore_incident.is_open);
    const struct sb_in_restore_incident *open = &restored(world, SB_INPUT_RESTORE_INCIDENT, 1)->as.restore_incident;
    assert_string_equal(open->incident, "OPS_7");
    assert_string_equal(open->actor, "bob");
    assert_string_equal(open->reason, "it's \"down\"");
    assert_true(open->is_open);
    assert_true(open->at > 0);
    define_jobs(world);
    TELL(world, INCIDENT_CLOSED, incident_closed, .incident = "OPS_7", .actor = "bob");
    restore(world);
    assert_false(restored(world, SB_INPUT_RESTORE_INCIDENT, 1)->as.restore_incident.is_open);
}

static void fold__the_days_money_is_the_last_figure_of_the_last_window(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    restore(world);
    assert_null(restored(world, SB_INPUT_RESTORE_BUDGET, 0));
    define_jobs(world);
    TELL(world, BUDGET_WINDOW, budget_window, .day_start = 100, .spent = 0);
    TELL(world, BUDGET_SPENT, budget_spent, .run = 1, .job = 0, .tokens_in = 10, .tokens_out = 20, .cost = 30, .spent = 30,
         .alias = "economy", .intent = "plan");
    TELL(world, BUDGET_SPENT, budget_spent, .run = 1, .job = 0, .cost = 12, .spent = 42, .alias = "economy", .intent = "plan");
    restore(world);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_BUDGET, 0)->as.restore_budget.day_start, 100);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_BUDGET, 0)->as.restore_budget.spent, 42);
    define_jobs(world);
    TELL(world, BUDGET_WINDOW, budget_window, .day_start = 200, .spent = 0);
    restore(world);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_BUDGET, 0)->as.restore_budget.day_start, 200);
    assert_int_equal(restored(world, SB_INPUT_RESTORE_BUDGET, 0)->as.restore_budget.spent, 0);
}

static void fold__alerts_are_raised_acknowledged_and_cleared(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = 0,
         .subject = "plan", .text = "failed");
    TELL(world, ALERT_ACKED, alert_acked, .alert = 6, .actor = "ann");
    reopen(world);
    one(world, "alerts", "alert = 6 AND rule = 'job_failed' AND severity = 'page' AND job_name = 'plan' AND raised_at_ms = 5 AND "
                         "acked_at_ms = 6 AND acked_by = 'ann' AND cleared_at_ms IS NULL");
    define_jobs(world);
    TELL(world, ALERT_CLEARED, alert_cleared, .alert = 6);
    restore(world);
    one(world, "alerts", "alert = 6 AND cleared_at_ms = 11");
    assert_int_equal(restored(world, SB_INPUT_RESTORE_BASE, 0)->as.restore_base.next_alert, 7);
}

static void fold__a_start_ends_the_leases_of_the_process_before_and_no_incident(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 4, .job = 0, .fence = 9, .lane = SB_LANE_HIGH);
    TELL(world, LEASE_GRANTED, lease_granted, .ctx = 2, .run = 5, .job = 0, .fence = 10, .lane = SB_LANE_LOW);
    TELL(world, LEASE_ENDED, lease_ended, .ctx = 1, .run = 4, .job = 0);
    TELL(world, ALERT_RAISED, alert_raised, .alert = 1, .job = SB_NO_JOB);
    TELL(world, RUNTIME_STARTED, runtime_started, .boot = 2, .genesis = 4000, .version = "0.1.0");
    reopen(world);
    one(world, "leases", "fence = 9 AND lane = 'high' AND granted_at_ms = 5 AND released_at_ms = 7");
    one(world, "leases", "fence = 10 AND lane = 'low' AND released_at_ms = 9");
    one(world, "alerts", "alert = 1 AND job_name IS NULL AND cleared_at_ms IS NULL");
}

static void fold__incidents_silences_and_the_outbox_come_back(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, CHANNEL_DEFINED, channel_defined, .channel = 0, .name = "ops", .kind = "webhook");
    TELL(world, CHANNEL_DEFINED, channel_defined, .channel = 1, .name = "mail", .kind = "smtp");
    TELL(world, ALERT_RAISED, alert_raised, .alert = 4, .rule = SB_RULE_SITE_DOWN, .severity = SB_SEVERITY_ERROR, .job = SB_NO_JOB,
         .component = SB_COMPONENT_COUNT, .subject = "shop", .text = "503");
    TELL(world, NOTICE_QUEUED, notice_queued, .alert = 4, .channel = 0, .notice = SB_NOTICE_FIRING, .rule = SB_RULE_SITE_DOWN, .count = 1,
         .subject = "shop", .text = "503");
    const uint64_t first = world->seq;
    TELL(world, NOTICE_SENT, notice_sent, .id = first, .alert = 4, .attempt = 2);
    TELL(world, NOTICE_QUEUED, notice_queued, .alert = 4, .channel = 1, .notice = SB_NOTICE_FIRING, .rule = SB_RULE_SITE_DOWN, .count = 1,
         .subject = "shop", .text = "503");
    const uint64_t second = world->seq;
    TELL(world, NOTICE_FAILED, notice_failed, .id = second, .alert = 4, .channel = 1, .attempt = 3, .delay = SB_S(20), .reason = "no route");
    TELL(world, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .job = 0, .component = SB_COMPONENT_COUNT);
    TELL(world, ALERT_MOVED, alert_moved, .alert = 5, .rule = SB_RULE_JOB_FAILED, .state = SB_ALERT_STATE_FIRING, .is_flapping = true);
    TELL(world, ALERT_ACKED, alert_acked, .alert = 5, .actor = "ana", .lasts = SB_HOUR(8));
    TELL(world, SILENCE_SET, silence_set, .silence = 3, .rule = SB_RULE_COUNT, .subject = "shop*", .actor = "ben", .lasts = INT64_MAX / 4);
    TELL(world, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_CLOCK_JUMP, .job = SB_NO_JOB, .subject = "clock");
    TELL(world, ALERT_CLEARED, alert_cleared, .alert = 6, .rule = SB_RULE_CLOCK_JUMP);
    TELL(world, BREAKER_CHANGED, breaker_changed, .site = 0, .state = SB_BREAKER_STATE_TRIPPED, .name = "shop", .actor = "ana", .reason = "rebuilt");
    TELL(world, BREAKER_CHANGED, breaker_changed, .site = 1, .state = SB_BREAKER_STATE_TRIPPED, .name = "llm", .actor = "ana");
    TELL(world, BREAKER_CHANGED, breaker_changed, .site = 1, .state = SB_BREAKER_STATE_CLOSED, .name = "llm", .actor = "ana");
    restore(world);

    assert_string_equal(restored(world, SB_INPUT_RESTORE_TRIP, 0)->as.restore_trip.site, "shop");
    assert_string_equal(restored(world, SB_INPUT_RESTORE_TRIP, 0)->as.restore_trip.reason, "rebuilt");
    assert_null(restored(world, SB_INPUT_RESTORE_TRIP, 1));
    const struct sb_in_restore_alert *site = &restored(world, SB_INPUT_RESTORE_ALERT, 0)->as.restore_alert;
    assert_int_equal(site->alert, 4);
    assert_int_equal(site->rule, SB_RULE_SITE_DOWN);
    assert_int_equal(site->severity, SB_SEVERITY_ERROR);
    assert_string_equal(site->subject, "shop");
    assert_false(site->is_over || site->is_flapping);
    const struct sb_in_restore_alert *job = &restored(world, SB_INPUT_RESTORE_ALERT, 1)->as.restore_alert;
    assert_int_equal(job->alert, 5);
    assert_int_equal(job->job, 8);
    assert_true(job->is_flapping);
    assert_string_equal(restored(world, SB_INPUT_RESTORE_ACK, 0)->as.restore_ack.actor, "ana");

    const struct sb_in_restore_told *told = &restored(world, SB_INPUT_RESTORE_TOLD, 0)->as.restore_told;
    assert_true(told->id == first && told->is_delivered);
    assert_string_equal(told->channel, "ops");
    told = &restored(world, SB_INPUT_RESTORE_TOLD, 1)->as.restore_told;
    assert_true(told->id == second && !told->is_delivered);
    const struct sb_in_restore_notice *notice = &restored(world, SB_INPUT_RESTORE_NOTICE, 0)->as.restore_notice;
    assert_true(notice->id == second && notice->attempt == 3);
    assert_string_equal(notice->channel, "mail");
    assert_string_equal(notice->text, "503");

    const struct sb_in_restore_silence *silence = &restored(world, SB_INPUT_RESTORE_SILENCE, 0)->as.restore_silence;
    assert_int_equal(silence->silence, 3);
    assert_int_equal(silence->rule, SB_RULE_COUNT);
    assert_string_equal(silence->subject, "shop*");
}

static void fold__genesis_is_set_once_and_numbers_go_on(void **state)
{
    struct world *world = *state;
    TELL(world, RUNTIME_STARTED, runtime_started, .boot = 1, .genesis = 4000);
    define_jobs(world);
    TELL(world, RUN_QUEUED, run_queued, .run = 20, .job = 0);
    TELL(world, STEP_STARTED, step_started, .run = 20, .job = 0, .fence = 70000);
    TELL(world, RUNTIME_STARTED, runtime_started, .boot = 2, .genesis = 5000);
    restore(world);
    const struct sb_in_restore_base *base = &restored(world, SB_INPUT_RESTORE_BASE, 0)->as.restore_base;
    assert_int_equal(base->genesis, 4000);
    assert_int_equal(base->next_run, 21);
    assert_int_equal(base->next_seq, 9);
    assert_int_equal(base->next_fence, 70001);
    assert_int_equal(base->next_alert, 1);
    one(world, "meta", "key = 'boot' AND value = '2'");
}

/* Values nobody defined, in the oddest order: the journal takes them all. */
/* All in one append: one transaction, whose rows of jobs are written at its end. */
static void fold__many_runs_of_a_job_in_one_transaction_leave_what_they_would_alone(void **state)
{
    struct world *world = *state;
    static const uint8_t ends[] = { SB_RUN_STATE_FAILED, SB_RUN_STATE_SUCCEEDED, SB_RUN_STATE_FAILED, SB_RUN_STATE_CANCELLED,
                                    SB_RUN_STATE_QUARANTINED };
    struct sb_event story[3 + SB_LEN(ends) * 2];
    size_t count = 0;
    memset(story, 0, sizeof story);
    story[count].kind = SB_EVENT_JOB_DEFINED;
    story[count++].as.job_defined = (struct sb_ev_job_defined){ .job = 0, .name = "plan", .steps = 2 };
    for (size_t i = 0; i < SB_LEN(ends); i++) {
        story[count].kind = SB_EVENT_RUN_QUEUED;
        story[count++].as.run_queued = (struct sb_ev_run_queued){ .run = i + 1, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE,
                                                                  .nominal = (int64_t)(i == 2 ? 900 : i + 1) };
        story[count].kind = SB_EVENT_RUN_ENDED;
        story[count++].as.run_ended = (struct sb_ev_run_ended){ .run = i + 1, .job = 0, .attempt = (uint8_t)(i + 1), .state = ends[i], .step = 1 };
    }
    story[count].kind = SB_EVENT_JOB_DEFINED; /* another catalogue gives the number to another job */
    story[count++].as.job_defined = (struct sb_ev_job_defined){ .job = 0, .name = "posting", .steps = 1 };
    story[count].kind = SB_EVENT_RUN_ENDED;
    story[count++].as.run_ended = (struct sb_ev_run_ended){ .run = 9, .job = 0, .attempt = 1, .state = SB_RUN_STATE_FAILED };
    for (size_t i = 0; i < count; i++) {
        story[i].seq = ++world->seq;
        story[i].wall.ns = (int64_t)story[i].seq * 1000000;
    }
    assert_int_equal(world->store->ops->append(world->store, story, count, NULL), SB_OK);
    reopen(world);
    one(world, "jobs", "name = 'plan' AND failures = 2 AND last_run = 5 AND last_state = 'quarantined' AND last_attempt = 5 AND failed_step = 1 AND "
                       "watermark_ns = 900 AND updated_at_ms = 11");
    one(world, "jobs", "name = 'posting' AND failures = 1 AND last_run = 9 AND watermark_ns = 0");
}

static void fold__no_event_of_any_kind_is_refused(void **state)
{
    struct world *world = *state;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned kind = 0; kind < SB_EVENT_COUNT; kind++) {
            struct sb_event event;
            memset(&event, round == 1 ? 0x01 : 0, sizeof event);
            event.kind = (uint16_t)kind;
            if (round == 2) {
                memset(&event.as, 0xff, sizeof event.as); /* also every "none", and words out of range */
                for (unsigned i = 0; i < sb_event_infos[kind].field_count; i++)
                    if (sb_event_infos[kind].fields[i].type == SB_FIELD_flag)
                        ((unsigned char *)&event.as)[sb_event_infos[kind].fields[i].offset] = 1;
            }
            append(world, &event);
        }
    }
    reopen(world);
    char where[64];
    (void)snprintf(where, sizeof where, "seq = %u AND (SELECT COUNT(*) FROM events) = %u", 3 * SB_EVENT_COUNT, 3 * SB_EVENT_COUNT);
    one(world, "events", where);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fold__a_run_leaves_its_row_and_its_steps),
        TEST(fold__a_job_remembers_its_last_run_and_failures_in_a_row),
        TEST(fold__a_step_with_its_own_cadence_is_remembered_by_its_last_success),
        TEST(fold__the_watermark_never_goes_back_and_force_runs_do_not_move_it),
        TEST(fold__between_two_steps_an_interrupted_run_goes_on_with_the_second),
        TEST(fold__every_interruption_counts_and_ends_the_steps_it_cut),
        TEST(fold__a_run_of_a_vanished_job_is_buried_not_restored),
        TEST(fold__a_retried_run_is_open_again),
        TEST(fold__states_follow_holds_yields_and_retries),
        TEST(fold__pauses_come_back_until_they_are_resumed),
        TEST(fold__recoveries_come_back_the_newest_first),
        TEST(fold__the_open_incident_comes_back_and_numbers_go_on),
        TEST(fold__the_days_money_is_the_last_figure_of_the_last_window),
        TEST(fold__alerts_are_raised_acknowledged_and_cleared),
        TEST(fold__a_start_ends_the_leases_of_the_process_before_and_no_incident),
        TEST(fold__incidents_silences_and_the_outbox_come_back),
        TEST(fold__genesis_is_set_once_and_numbers_go_on),
        TEST(fold__many_runs_of_a_job_in_one_transaction_leave_what_they_would_alone),
        TEST(fold__no_event_of_any_kind_is_refused),
    };
    return cmocka_run_group_tests_name(test_store_suite("store fold contract"), tests, NULL, NULL);
}
