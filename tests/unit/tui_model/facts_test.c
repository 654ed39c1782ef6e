/* What events of contexts, pauses, budget, alerts, components and the log do to the model; equality, reset and copy. */
#include "folding.h"

static void leases__name_holder_and_waiters(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 4, .uses = 9);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 1, .attempt = 1);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 1, .category = SB_CATEGORY_METRICS, .lane = SB_LANE_HIGH, .ahead = 2);
    fold();
    assert_int_equal(model->waiter_count, 1);
    assert_int_equal(model->waiters[0].job, 1);
    scene_wait(&scene, SB_S(5));
    assert_string_equal(why(1), "waits 5.0s for a context of lane high, 2 ahead when it asked; #1 is idle");
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .lane = SB_LANE_HIGH, .deadline = SB_S(35));
    fold();
    assert_int_equal(model->waiter_count, 0);
    assert_int_equal(model->contexts[1].state, SB_CTX_STATE_LEASED);
    assert_int_equal(model->contexts[1].job, 1);
    assert_int_equal(model->contexts[1].deadline, scene.now + SB_S(35));
    assert_int_equal(sb_model_contexts_leased(model), 1);
    SAY(&scene, LEASE_YIELD_ASKED, lease_yield_asked, .ctx = 1, .run = 7, .for_run = 9);
    SAY(&scene, LEASE_REVOKED, lease_revoked, .ctx = 1, .run = 7, .reason = "owner waits");
    fold();
    assert_int_equal(model->contexts[1].yield_for, 9);
    assert_true(model->contexts[1].is_revoked);
    SAY(&scene, LEASE_ENDED, lease_ended, .ctx = 1, .run = 7, .job = 1);
    fold();
    assert_int_equal(model->contexts[1].run, 0);
    assert_int_equal(model->contexts[1].state, SB_CTX_STATE_IDLE);
    assert_int_equal(model->jobs[1].run.ctx, SB_NO_CTX);
}

static void usage__belongs_to_the_page_that_is_open(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 4);
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = 1, .generation = 4, .heap_kib = 3500, .is_cpu_known = true, .cpu_permille = 120);
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = 1, .generation = 3, .heap_kib = 99); /* of the one before */
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = SB_CONTEXTS_MAX, .generation = 4, .heap_kib = 99);
    fold();
    assert_int_equal(model->contexts[1].heap_kib, 3500);
    assert_true(model->contexts[1].is_cpu_known);
    assert_int_equal(model->contexts[1].cpu_permille, 120);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .lane = SB_LANE_HIGH, .deadline = SB_S(35));
    fold();
    assert_int_equal(model->contexts[1].heap_kib, 3500);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_DOWN, .generation = 4, .reason = "closed");
    fold();
    assert_int_equal(model->contexts[1].heap_kib, 0);
    assert_false(model->contexts[1].is_cpu_known);
}

static void waiter__leaves_the_queue_when_its_run_ends(void **state)
{
    (void)state;
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 1, .lane = SB_LANE_HIGH);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 8, .job = 0, .lane = SB_LANE_POSTING);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 1, .lane = SB_LANE_HIGH);
    fold();
    assert_int_equal(model->waiter_count, 2);
    SAY(&scene, RUN_ENDED, run_ended, .run = 8, .job = 0, .state = SB_RUN_STATE_CANCELLED);
    fold();
    assert_int_equal(model->waiter_count, 1);
    assert_int_equal(model->waiters[0].run, 7);
}

static void waiters__stand_in_the_order_of_service(void **state)
{
    (void)state;
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 5, .job = 1, .lane = SB_LANE_LOW, .rank = 1);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 6, .job = 1, .lane = SB_LANE_HIGH, .rank = 30);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 1, .lane = SB_LANE_HIGH, .rank = 20);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 8, .job = 0, .lane = SB_LANE_POSTING, .rank = 99);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 9, .job = 0, .lane = SB_LANE_HIGH, .rank = 20);
    fold();
    static const uint64_t order[] = {8, 7, 9, 6, 5};
    assert_int_equal(model->waiter_count, SB_LEN(order));
    for (unsigned i = 0; i < SB_LEN(order); i++)
        assert_int_equal(model->waiters[i].run, order[i]);
}

static void context__that_goes_down_has_no_holder(void **state)
{
    (void)state;
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .deadline = SB_S(35));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_DOWN, .generation = 5, .reason = "browser gone");
    fold();
    assert_int_equal(model->contexts[1].run, 0);
    assert_string_equal(model->contexts[1].reason, "browser gone");
}

static void new_boot__forgets_the_contexts_of_the_old_process(void **state)
{
    (void)state;
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .deadline = SB_S(35));
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 8, .job = 0, .lane = SB_LANE_POSTING);
    SAY(&scene, RUNTIME_STARTED, runtime_started, .boot = 4, .version = "0.1.0", .host = "ops1");
    fold();
    assert_int_equal(sb_model_contexts_leased(model), 0);
    assert_int_equal(model->waiter_count, 0);
}

static void pool_saturation__is_raised_and_relieved(void **state)
{
    (void)state;
    SAY(&scene, POOL_SATURATED, pool_saturated, .waiting = 5, .oldest = SB_S(40));
    fold();
    assert_true(model->is_saturated);
    SAY(&scene, POOL_RELIEVED, pool_relieved, .lasted = SB_S(40));
    fold();
    assert_false(model->is_saturated);
}

static void job_pause__shows_until_it_is_resumed(void **state)
{
    (void)state;
    SAY(&scene, JOB_PAUSED, job_paused, .job = 0, .actor = "ana", .reason = "rate limit");
    assert_state(0, SB_JOB_STATE_PAUSED);
    assert_string_equal(why(0), "job paused by ana 14:41:07Z: rate limit");
    SAY(&scene, JOB_RESUMED, job_resumed, .job = 0, .actor = "ana");
    assert_state(0, SB_JOB_STATE_NONE);
}

static void failure__shows_through_a_pause(void **state)
{
    (void)state;
    run_job(1, 0, SB_RUN_STATE_FAILED, SB_S(1));
    SAY(&scene, JOB_PAUSED, job_paused, .job = 0, .actor = "ana");
    assert_state(0, SB_JOB_STATE_FAIL);
    assert_true(sb_model_is_paused(model, &model->jobs[0]));
}

static void category_pause__pauses_its_jobs_only(void **state)
{
    (void)state;
    SAY(&scene, CATEGORY_PAUSED, category_paused, .category = SB_CATEGORY_METRICS, .actor = "ana");
    assert_state(0, SB_JOB_STATE_NONE);
    assert_state(1, SB_JOB_STATE_PAUSED);
    SAY(&scene, CATEGORY_RESUMED, category_resumed, .category = SB_CATEGORY_METRICS, .actor = "ana");
    assert_state(1, SB_JOB_STATE_NONE);
}

static void pause_of_everything__pauses_every_job(void **state)
{
    (void)state;
    SAY(&scene, ALL_PAUSED, all_paused, .actor = "ana", .reason = "incident");
    assert_state(0, SB_JOB_STATE_PAUSED);
    assert_state(2, SB_JOB_STATE_PAUSED);
    SAY(&scene, ALL_RESUMED, all_resumed, .actor = "ana");
    assert_state(2, SB_JOB_STATE_NONE);
    SAY(&scene, LANE_POLICY_SET, lane_policy_set, .policy = SB_LANE_POLICY_STRICT, .actor = "ana");
    fold();
    assert_int_equal(model->lane_policy, SB_LANE_POLICY_STRICT);
}

static void commands__keep_the_last_outcome(void **state)
{
    (void)state;
    SAY(&scene, COMMAND_DONE, command_done, .command = 11, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana", .outcome = "paused");
    fold();
    assert_true(model->last_command.is_done);
    assert_int_equal(model->last_command.id, 11);
    SAY(&scene, COMMAND_REFUSED, command_refused, .command = 12, .kind = SB_COMMAND_RETRY_RUN, .job = 0, .actor = "bo", .outcome = "no");
    fold();
    assert_false(model->last_command.is_done);
    assert_string_equal(model->last_command.actor, "bo");
    assert_string_equal(model->last_command.outcome, "no");
}

static void budget__sums_calls_by_alias_and_job(void **state)
{
    (void)state;
    SAY(&scene, BUDGET_WINDOW, budget_window, .day_start = 1, .day_end = 2, .limit = 5 * SB_USD_NANO, .tier = SB_TIER_HIGH);
    SAY(&scene, BUDGET_SPENT, budget_spent, .run = 7, .job = 2, .tokens_in = 100, .tokens_out = 20, .cost = 1000, .spent = 1000, .alias = "premium");
    SAY(&scene, BUDGET_SPENT, budget_spent, .run = 7, .job = 2, .tokens_in = 1, .tokens_out = 2, .cost = 500, .spent = 1500, .alias = "economy");
    SAY(&scene, BUDGET_SPENT, budget_spent, .run = 8, .job = 2, .cost = 250, .spent = 1750, .alias = "premium");
    SAY(&scene, BUDGET_TIER, budget_tier, .from = SB_TIER_HIGH, .to = SB_TIER_LOW, .limit = 5 * SB_USD_NANO);
    fold();
    assert_int_equal(model->budget.spent.nano, 1750);
    assert_int_equal(model->budget.calls, 3);
    assert_int_equal(model->budget.tokens_in + model->budget.tokens_out, 123);
    assert_int_equal(model->budget.tier, SB_TIER_LOW);
    assert_int_equal(model->budget.alias_count, 2);
    assert_int_equal(model->budget.aliases[0].cost.nano, 1250);
    assert_int_equal(model->jobs[2].spent.nano, 1750);
    SAY(&scene, BUDGET_WINDOW, budget_window, .day_start = 2, .day_end = 3, .limit = 5 * SB_USD_NANO);
    fold();
    assert_int_equal(model->budget.calls, 0);
    assert_int_equal(model->jobs[2].spent.nano, 0);
}

static void budget__collects_aliases_without_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct sb_event event = {.kind = SB_EVENT_BUDGET_SPENT};
        event.as.budget_spent.cost = 10;
        event.as.budget_spent.alias[0] = (char)('a' + (char)i);
        scene_push(&scene, &event);
    }
    fold();
    assert_int_equal(model->budget.alias_count, SB_MODEL_ALIASES);
    assert_string_equal(model->budget.aliases[SB_MODEL_ALIASES - 1].name, "(others)");
    assert_int_equal(model->budget.aliases[SB_MODEL_ALIASES - 1].cost.nano, 130);
}

static void alerts__are_raised_acknowledged_and_cleared(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 1, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_PAGE, .job = 0, .text = "3 failures");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 2, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB);
    fold();
    assert_int_equal(model->alert_count, 2);
    assert_int_equal(sb_model_alerts_unacked(model), 2);
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 1, .actor = "ana");
    fold();
    assert_int_equal(sb_model_alerts_unacked(model), 1);
    assert_string_equal(model->alerts[0].acked_by, "ana");
    SAY(&scene, ALERT_CLEARED, alert_cleared, .alert = 1);
    SAY(&scene, ALERT_CLEARED, alert_cleared, .alert = 99);
    fold();
    assert_int_equal(model->alert_count, 1);
    assert_int_equal(model->alerts[0].id, 2);
}

static void alerts__say_whether_anybody_was_told(void **state)
{
    (void)state;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 1, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB, .subject = "llm");
    fold();
    assert_string_equal(sb_model_alert_told(model, &model->alerts[0]), "");
    SAY(&scene, CHANNEL_DEFINED, channel_defined, .channel = 0, .name = "team", .kind = "slack");
    SAY(&scene, CHANNEL_DEFINED, channel_defined, .channel = 1, .name = "oncall", .kind = "ntfy");
    SAY(&scene, NOTICE_HELD, notice_held, .alert = 1, .channel = 0, .why = SB_TOLD_SILENCED, .by = "ana");
    SAY(&scene, NOTICE_HELD, notice_held, .alert = 1, .channel = 1, .why = SB_TOLD_SEVERITY);
    fold();
    assert_string_equal(sb_model_alert_told(model, &model->alerts[0]), "silenced");
    assert_string_equal(model->alerts[0].told[0].by, "ana");
    SAY(&scene, NOTICE_QUEUED, notice_queued, .alert = 1, .channel = 0, .notice = SB_NOTICE_FIRING);
    fold();
    assert_string_equal(sb_model_alert_told(model, &model->alerts[0]), "going");
    SAY(&scene, NOTICE_FAILED, notice_failed, .alert = 1, .channel = 0, .notice = SB_NOTICE_FIRING, .attempt = 1, .delay = 1, .reason = "503");
    fold();
    assert_string_equal(sb_model_alert_told(model, &model->alerts[0]), "FAILS");
    assert_int_equal(model->channels[0].failing, 1);
    SAY(&scene, NOTICE_SENT, notice_sent, .alert = 1, .channel = 0, .notice = SB_NOTICE_FIRING, .attempt = 2);
    fold();
    assert_string_equal(sb_model_alert_told(model, &model->alerts[0]), "told");
    assert_int_equal(model->channels[0].failing, 0);
}

static void alerts__beyond_the_maximum_are_counted(void **state)
{
    (void)state;
    fold();
    struct sb_event event = {.kind = SB_EVENT_ALERT_RAISED, .seq = 1000};
    for (uint32_t i = 0; i < SB_ALERTS_MAX + 3; i++) {
        event.as.alert_raised.alert = i + 1;
        sb_model_fold(model, &event);
    }
    assert_int_equal(model->alert_count, SB_ALERTS_MAX);
    assert_int_equal(model->alerts_dropped, 3);
}

static void components__keep_state_latency_and_reason(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_STORE, .state = SB_COMPONENT_STATE_OK, .latency = SB_MS(4));
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK);
    fold();
    assert_int_equal(sb_model_worst_component(model), SB_COMPONENT_COUNT);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_DEGRADED);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED, .reason = "gone");
    fold();
    assert_int_equal(sb_model_worst_component(model), SB_COMPONENT_BROWSER);
    assert_string_equal(model->components[SB_COMPONENT_BROWSER].reason, "gone");
}

static void schedule__keeps_due_and_skipped_times(void **state)
{
    (void)state;
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = 0, .due = SCENE_WALL + SB_MIN(4));
    SAY(&scene, NOMINAL_SKIPPED, nominal_skipped, .job = 0, .reason = SB_SKIP_PAUSED, .count = 3);
    fold();
    assert_int_equal(model->jobs[0].next_due.ns, SCENE_WALL + SB_MIN(4));
    assert_int_equal(model->jobs[0].skipped, 3);
    assert_string_equal(why(0), "not due yet: next at 14:45:07Z in 4m00s");
}

static void drain__is_announced_and_ends(void **state)
{
    (void)state;
    SAY(&scene, DRAIN_STARTED, drain_started, .actor = "ana", .grace = SB_S(30), .running = 2);
    fold();
    assert_true(model->is_draining);
    assert_string_equal(why(0), "shutting down, nothing new starts");
    SAY(&scene, DRAINED, drained, .cancelled = 1);
    fold();
    assert_true(model->is_drained);
}

static void log__keeps_what_happened_and_not_what_was_described(void **state)
{
    (void)state;
    fold();
    const uint64_t before = model->log_total;
    SAY(&scene, NOTE, note, .run = 7, .job = 0, .severity = SB_SEVERITY_INFO, .text = "hello");
    SAY(&scene, CLOCK_STEPPED, clock_stepped, .delta = SB_S(2));
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = 0, .due = 5); /* debug */
    fold();
    assert_int_equal(model->log_total, before + 2);
    struct sb_event described = scene.events[scene.count - 2];
    described.seq = 0;
    sb_model_fold(model, &described);
    assert_int_equal(model->log_total, before + 2);
    assert_int_equal(sb_model_log_at(model, 0)->kind, SB_EVENT_CLOCK_STEPPED);
    assert_int_equal(sb_model_log_at(model, 1)->kind, SB_EVENT_NOTE);
    assert_null(sb_model_log_at(model, 5000));
}

static void log__keeps_the_newest_events_only(void **state)
{
    (void)state;
    fold();
    struct sb_event event = {.kind = SB_EVENT_NOTE};
    event.as.note.severity = SB_SEVERITY_INFO;
    for (uint64_t i = 0; i < SB_MODEL_LOG * 2; i++) {
        event.seq = 5000 + i;
        sb_model_fold(model, &event);
    }
    assert_int_equal(sb_model_log_at(model, 0)->seq, 5000 + SB_MODEL_LOG * 2 - 1);
    assert_int_equal(sb_model_log_at(model, SB_MODEL_LOG - 1)->seq, 5000 + SB_MODEL_LOG);
    assert_null(sb_model_log_at(model, SB_MODEL_LOG));
}

static void fold__ignores_what_is_out_of_range(void **state)
{
    (void)state;
    fold();
    const uint32_t jobs = model->job_count;
    const struct sb_event events[] = {
        {.kind = SB_EVENT_RUN_STARTED, .as.run_started = {.run = 1, .job = 999}},
        {.kind = SB_EVENT_JOB_DEFINED, .as.job_defined = {.job = SB_NO_JOB}},
        {.kind = SB_EVENT_STEP_DEFINED, .as.step_defined = {.job = 0, .step = 200}},
        {.kind = SB_EVENT_CONTEXT_CHANGED, .as.context_changed = {.ctx = SB_NO_CTX}},
        {.kind = SB_EVENT_CONTEXT_CHANGED, .as.context_changed = {.ctx = 1, .state = 99}},
        {.kind = SB_EVENT_COMPONENT_CHANGED, .as.component_changed = {.component = 99}},
        {.kind = SB_EVENT_CATEGORY_PAUSED, .as.category_paused = {.category = 99}},
        {.kind = SB_EVENT_RUN_ENDED, .as.run_ended = {.run = 1, .job = 0, .state = 99}},
        {.kind = SB_EVENT_COUNT},
        {.kind = 60000},
    };
    for (unsigned i = 0; i < SB_LEN(events); i++)
        sb_model_fold(model, &events[i]);
    assert_int_equal(model->job_count, jobs);
    assert_int_equal(model->jobs[0].runs_ended, 0);
}

static void long_story(void)
{
    run_job(1, 0, SB_RUN_STATE_FAILED, SB_S(3));
    run_job(2, 1, SB_RUN_STATE_SUCCEEDED, SB_S(3));
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 9, .job = 1, .lane = SB_LANE_HIGH);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 9, .job = 1, .deadline = SB_S(35));
    SAY(&scene, JOB_PAUSED, job_paused, .job = 2, .actor = "ana");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 1, .rule = SB_RULE_JOB_FAILED, .job = 0);
}

static void fold__of_the_same_events_gives_the_same_model(void **state)
{
    (void)state;
    long_story();
    fold();
    struct sb_model *const other = sb_model_create();
    assert_non_null(other);
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(other, &scene.events[i]);
    assert_int_equal(sb_model_hash(other), sb_model_hash(model));
    SAY(&scene, JOB_RESUMED, job_resumed, .job = 2);
    fold();
    assert_int_not_equal(sb_model_hash(other), sb_model_hash(model));
    sb_model_destroy(other);
}

static void reset__forgets_everything(void **state)
{
    (void)state;
    struct sb_model *const other = sb_model_create();
    assert_non_null(other);
    long_story();
    fold();
    assert_int_not_equal(sb_model_hash(other), sb_model_hash(model));
    sb_model_reset(model);
    assert_int_equal(sb_model_hash(other), sb_model_hash(model));
    folded = 0;
    fold();
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(other, &scene.events[i]);
    assert_int_equal(sb_model_hash(other), sb_model_hash(model));
    sb_model_destroy(other);
}

static void copy__is_equal_and_independent(void **state)
{
    (void)state;
    struct sb_model *const other = sb_model_create();
    assert_non_null(other);
    long_story();
    fold();
    sb_model_copy(other, model);
    assert_int_equal(sb_model_hash(other), sb_model_hash(model));
    SAY(&scene, JOB_PAUSED, job_paused, .job = 0, .actor = "ana");
    fold();
    assert_false(other->jobs[0].is_paused);
    sb_model_destroy(other);
}

static void create__reserves_the_largest_catalogue(void **state)
{
    (void)state;
    struct sb_event event = {.kind = SB_EVENT_JOB_DEFINED};
    for (uint32_t i = 0; i < SB_JOBS_MAX; i++) {
        event.as.job_defined.job = (uint16_t)i;
        event.as.job_defined.steps = SB_JOB_STEPS_MAX;
        sb_model_fold(model, &event);
    }
    assert_int_equal(model->job_count, SB_JOBS_MAX);
    assert_non_null(sb_model_step(model, SB_JOBS_MAX - 1, SB_JOB_STEPS_MAX - 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leases__name_holder_and_waiters),
        TEST(usage__belongs_to_the_page_that_is_open),
        TEST(waiter__leaves_the_queue_when_its_run_ends),
        TEST(waiters__stand_in_the_order_of_service),
        TEST(context__that_goes_down_has_no_holder),
        TEST(new_boot__forgets_the_contexts_of_the_old_process),
        TEST(pool_saturation__is_raised_and_relieved),
        TEST(job_pause__shows_until_it_is_resumed),
        TEST(failure__shows_through_a_pause),
        TEST(category_pause__pauses_its_jobs_only),
        TEST(pause_of_everything__pauses_every_job),
        TEST(commands__keep_the_last_outcome),
        TEST(budget__sums_calls_by_alias_and_job),
        TEST(budget__collects_aliases_without_room),
        TEST(alerts__are_raised_acknowledged_and_cleared),
        TEST(alerts__say_whether_anybody_was_told),
        TEST(alerts__beyond_the_maximum_are_counted),
        TEST(components__keep_state_latency_and_reason),
        TEST(schedule__keeps_due_and_skipped_times),
        TEST(drain__is_announced_and_ends),
        TEST(log__keeps_what_happened_and_not_what_was_described),
        TEST(log__keeps_the_newest_events_only),
        TEST(fold__ignores_what_is_out_of_range),
        TEST(fold__of_the_same_events_gives_the_same_model),
        TEST(reset__forgets_everything),
        TEST(copy__is_equal_and_independent),
        TEST(create__reserves_the_largest_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
