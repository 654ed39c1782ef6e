/* Stories of contexts: reservation, lending, reclaiming, burst, queue limits, ageing, recycling. */
#include "lanes.h"

static void strict__idle_contexts_of_other_lanes_stay_idle(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.policy = SB_LANE_POLICY_STRICT;
    browser_job(w, "one", SB_CATEGORY_BACKGROUND, 5);
    world_step(w, "visit", true, SB_S(10));
    browser_job(w, "two", SB_CATEGORY_BACKGROUND, 5);
    world_step(w, "visit", true, SB_S(10));
    listen_to_leases(w);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(30));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[  11000] one run 1 succeeded after 10s\n"
                    "[  11000] ctx 2 leased to two run 2 after 10s\n"
                    "[  21000] two run 2 succeeded after 10s\n");
    world_destroy(w);
}

static void reclaim__lends_the_lowest_lane_first_and_posting_last(void **state)
{
    (void)state;
    struct world *w = world_create();
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_METRICS, 5);
        world_step(w, "visit", true, SB_S(10));
    }
    listen_to_leases(w);
    begin(w);
    for (uint16_t i = 0; i < 3; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(2));
    world_expect(w, "[   1000] ctx 1 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 2 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n");
    world_destroy(w);
}

static void reclaim__a_borrower_yields_at_its_next_step_boundary(void **state)
{
    (void)state;
    struct world *w = world_create();
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "a", true, SB_S(3));
        world_step(w, "b", true, SB_S(3));
    }
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1))->is_effect = true;
    listen_to_leases(w);
    begin(w);
    for (uint16_t i = 0; i < 3; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(2));
    world_command(w, SB_COMMAND_RUN_JOB, 3);
    world_run(w, SB_S(12));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n"
                    "[   2000] ctx 0: run 3 is asked to yield to run 4\n"
                    "[   4000] three run 3 yields ctx 0 before step b\n"
                    "[   4000] ctx 0 leased to posting run 4 after 2.0s\n"
                    "[   5000] posting run 4 succeeded after 1.0s\n"
                    "[   5000] ctx 0 leased to three run 3 after 1.0s\n"
                    "[   7000] one run 1 succeeded after 6.0s\n"
                    "[   7000] two run 2 succeeded after 6.0s\n"
                    "[   8000] three run 3 succeeded after 7.0s\n");
    world_destroy(w);
}

static void reclaim__after_the_grace_the_lease_is_revoked_without_a_failed_attempt(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.lane_contexts[SB_LANE_HIGH] = 0;
    w->pool.lane_contexts[SB_LANE_LOW] = 0;
    browser_job(w, "long", SB_CATEGORY_BACKGROUND, 5);
    world_step(w, "visit", true, SB_S(50));
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1));
    listen_to_leases(w);
    world_listen(w, SB_EVENT_RUN_RETRYING);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(60));
    world_expect(w, "[   1000] ctx 0 leased to long run 1 after 0.0s\n"
                    "[   1000] ctx 0: run 1 is asked to yield to run 2\n"
                    "[   6000] ctx 0 revoked from run 1: lane reclaimed after grace\n"
                    "[   6100] ctx 0 leased to posting run 2 after 5.1s\n"
                    "[   7100] posting run 2 succeeded after 1.0s\n"
                    "[   7100] ctx 0 leased to long run 1 after 1.0s\n"
                    "[  57100] long run 1 succeeded after 56s\n");
    world_destroy(w);
}

static void burst__posting_opens_one_context_above_the_pool_at_once(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.burst = 1;
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "visit", true, SB_S(4));
    }
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1))->is_effect = true;
    listen_to_leases(w);
    begin(w);
    for (uint16_t i = 0; i < 4; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(3));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n"
                    "[   1000] ctx 0: run 3 is asked to yield to run 4\n"
                    "[   1100] ctx 3 leased to posting run 4 after 0.1s\n"
                    "[   2100] posting run 4 succeeded after 1.0s\n");
    world_destroy(w);
}

static void effect__never_runs_on_a_borrowed_context(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.lane_contexts[SB_LANE_POSTING] = 1;
    w->pool.reclaim_grace = SB_S(100);
    browser_job(w, "first", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(5))->is_effect = true;
    browser_job(w, "second", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(5))->is_effect = true;
    listen_to_leases(w);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] ctx 0 leased to first run 1 after 0.0s\n"
                    "[   6000] first run 1 succeeded after 5.0s\n"
                    "[   6000] ctx 0 leased to second run 2 after 5.0s\n"
                    "[  11000] second run 2 succeeded after 5.0s\n");
    world_destroy(w);
}

static void queue__a_wait_over_its_limit_ends_as_no_context(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.policy = SB_LANE_POLICY_STRICT;
    browser_job(w, "hog", SB_CATEGORY_METRICS, 5);
    world_step(w, "visit", true, SB_S(300))->timeout = SB_S(400);
    browser_job(w, "a", SB_CATEGORY_METRICS, 5);
    world_step(w, "visit", true, SB_S(1));
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_POOL_SATURATED);
    world_listen(w, SB_EVENT_POOL_RELIEVED);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(70));
    world_expect(w, "[  31000] 1 runs wait for a context, the oldest for 30s\n"
                    "[  31000] alert 1 context_pool_saturated: 1 runs wait for a browser context, the oldest for 30s\n"
                    "[  61000] context queue is short again after 30s\n"
                    "[  61000] a run 2 failed after 1m00s no context of lane high within 1m00s\n"
                    "[  61000] alert 2 job_failed: a no_context at visit: no context of lane high within 1m00s\n");
    world_destroy(w);
}

static void queue__ageing_bounds_how_long_a_higher_priority_goes_first(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.policy = SB_LANE_POLICY_STRICT;
    struct sb_job_def *hog = world_job(w, "hog", SB_S(10000), 0);
    hog->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(400))->timeout = SB_S(500);
    static const char *const names[] = { "old", "newer", "newest" };
    for (int i = 0; i < 3; i++) {
        struct sb_job_def *job = world_job(w, names[i], SB_S(10000), i == 0 ? SB_S(1) : i == 1 ? SB_S(100) : SB_S(130));
        job->category = SB_CATEGORY_METRICS;
        job->priority = i == 0 ? 5 : 3; /* two levels are worth 120 s */
        job->queue_timeout = SB_S(1000);
        world_step(w, "visit", true, SB_S(1));
    }
    world_listen(w, SB_EVENT_LEASE_GRANTED);
    world_begin(w);
    world_run(w, SB_S(410));
    world_expect(w, "[    101] ctx 1 leased to hog run 1 after 0.1s\n"
                    "[ 400101] ctx 1 leased to newer run 3 after 5m00s\n"
                    "[ 401101] ctx 1 leased to old run 2 after 6m40s\n"
                    "[ 402101] ctx 1 leased to newest run 4 after 4m32s\n");
    world_destroy(w);
}

static void context__lost_under_a_step_voids_the_lease_and_is_opened_again(void **state)
{
    (void)state;
    struct world *w = world_create();
    browser_job(w, "a", SB_CATEGORY_METRICS, 5)->retry.attempts = 2;
    world_outcome(w, world_step(w, "visit", true, SB_S(1)), 0,
                  (struct outcome){ .lasts = SB_S(3), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "page is gone" });
    world_outcome(w, &w->steps[0], 1, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED });
    world_listen(w, SB_EVENT_LEASE_ENDED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_RUN_RETRYING);
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    begin(w);
    w->text.len = 0;
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(3));
    struct sb_input down = sb_input_make(SB_INPUT_CONTEXT_DOWN);
    down.as.context_down.ctx = 1;
    down.as.context_down.generation = 1;
    (void)sb_copy(down.as.context_down.reason, SB_NOTE_MAX, "browser died");
    world_input(w, down);
    world_run(w, SB_S(10));
    world_expect(w, "[   3000] ctx 1 given back by a run 1 after 2.0s\n"
                    "[   3000] ctx 1 is down browser died\n"
                    "[   3000] ctx 1 is opening\n"
                    "[   3100] ctx 1 is idle\n"
                    "[   4000] a run 1 attempt 2 of 2 in 1.0s: retryable, page is gone\n"
                    "[   6000] ctx 1 given back by a run 1 after 1.0s\n"
                    "[   6000] a run 1 succeeded after 5.0s\n");
    world_destroy(w);
}

static void context__is_closed_after_a_failed_step_because_its_page_is_unknown(void **state)
{
    (void)state;
    struct world *w = world_create();
    browser_job(w, "a", SB_CATEGORY_METRICS, 5);
    struct sb_step_def *first = world_step(w, "visit", true, SB_S(1));
    first->goes_on = true;
    world_outcome(w, first, 0, (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "crashed" });
    world_step(w, "again", true, SB_S(1));
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    begin(w);
    w->text.len = 0;
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(10));
    world_expect(w, "[   2000] ctx 1 is down closed after a failed step\n"
                    "[   2000] ctx 1 is opening\n"
                    "[   2100] ctx 1 is idle\n"
                    "[   3000] a run 1 failed after 2.0s crashed\n");
    world_destroy(w);
}

static void context__is_recycled_after_its_uses(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.max_uses = 2;
    struct sb_job_def *job = world_job(w, "a", SB_S(10), SB_S(1));
    job->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(1));
    begin(w);
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    world_run(w, SB_S(40));
    world_expect(w, "[  12000] ctx 1 is down recycled after use\n[  12000] ctx 1 is opening\n[  12100] ctx 1 is idle\n"
                    "[  32000] ctx 1 is down recycled after use\n[  32000] ctx 1 is opening\n[  32100] ctx 1 is idle\n");
    world_destroy(w);
}

static void describe__folded_later_tells_the_same_as_having_listened_from_the_start(void **state)
{
    (void)state;
    struct world *w = world_create();
    browser_job(w, "a", SB_CATEGORY_METRICS, 5);
    world_step(w, "visit", true, SB_S(30));
    browser_job(w, "b", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(30));
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_PAUSE_JOB, 1);
    world_run(w, SB_S(5));
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
    uint64_t cursor = 0;
    unsigned counts[SB_EVENT_COUNT] = { 0 };
    bool is_over;
    do {
        is_over = sb_core_describe(w->core, &cursor, &out);
        for (uint32_t i = 0; i < out.event_count; i++) {
            assert_int_equal(events[i].seq, 0);
            counts[events[i].kind]++;
            if (events[i].kind == SB_EVENT_STEP_STARTED)
                assert_int_equal(events[i].now, SB_S(1));
        }
    } while (!is_over);
    assert_int_equal(counts[SB_EVENT_JOB_DEFINED], 2);
    assert_int_equal(counts[SB_EVENT_STEP_DEFINED], 2);
    assert_int_equal(counts[SB_EVENT_STEP_STARTED], 1);
    assert_int_equal(counts[SB_EVENT_LEASE_GRANTED], 1);
    assert_int_equal(counts[SB_EVENT_JOB_PAUSED], 1);
    assert_int_equal(counts[SB_EVENT_DESCRIBED], 1);
    assert_int_equal(events[out.event_count - 1].kind, SB_EVENT_DESCRIBED);
    world_destroy(w);
}

static void burst__while_posting_works_above_the_pool_its_own_context_is_kept_for_the_next_post(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.burst = 1;
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "a", true, SB_S(3));
        world_step(w, "b", true, SB_S(20));
    }
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(10))->is_effect = true;
    browser_job(w, "reply", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1))->is_effect = true;
    listen_to_leases(w);
    begin(w);
    for (uint16_t i = 0; i < 4; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(6)); /* the borrower has yielded at 4 s; its context is not lent again */
    world_command(w, SB_COMMAND_RUN_JOB, 4);
    world_run(w, SB_S(12));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n"
                    "[   1000] ctx 0: run 3 is asked to yield to run 4\n"
                    "[   1100] ctx 3 leased to posting run 4 after 0.1s\n"
                    "[   4000] three run 3 yields ctx 0 before step b\n"
                    "[   6000] ctx 0 leased to reply run 5 after 0.0s\n"
                    "[   7000] reply run 5 succeeded after 1.0s\n"
                    "[  11100] posting run 4 succeeded after 10s\n"
                    "[  11100] ctx 0 leased to three run 3 after 7.1s\n");
    world_destroy(w);
}

static void reclaim__nobody_loses_work_for_a_waiter_that_was_served_elsewhere(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.burst = 1;
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "visit", true, SB_S(40));
    }
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(20))->is_effect = true;
    browser_job(w, "reply", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1))->is_effect = true;
    listen_to_leases(w);
    begin(w);
    for (uint16_t i = 0; i < 4; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(10)); /* the grace is over, nobody waits: nothing is revoked */
    world_command(w, SB_COMMAND_RUN_JOB, 4);
    world_run(w, SB_S(18));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n"
                    "[   1000] ctx 0: run 3 is asked to yield to run 4\n"
                    "[   1100] ctx 3 leased to posting run 4 after 0.1s\n"
                    "[  10000] ctx 0: run 3 is asked to yield to run 5\n"
                    "[  15000] ctx 0 revoked from run 3: lane reclaimed after grace\n"
                    "[  15100] ctx 0 leased to reply run 5 after 5.1s\n"
                    "[  16100] reply run 5 succeeded after 1.0s\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict__idle_contexts_of_other_lanes_stay_idle),
        cmocka_unit_test(reclaim__lends_the_lowest_lane_first_and_posting_last),
        cmocka_unit_test(reclaim__a_borrower_yields_at_its_next_step_boundary),
        cmocka_unit_test(reclaim__after_the_grace_the_lease_is_revoked_without_a_failed_attempt),
        cmocka_unit_test(burst__posting_opens_one_context_above_the_pool_at_once),
        cmocka_unit_test(burst__while_posting_works_above_the_pool_its_own_context_is_kept_for_the_next_post),
        cmocka_unit_test(reclaim__nobody_loses_work_for_a_waiter_that_was_served_elsewhere),
        cmocka_unit_test(effect__never_runs_on_a_borrowed_context),
        cmocka_unit_test(queue__a_wait_over_its_limit_ends_as_no_context),
        cmocka_unit_test(queue__ageing_bounds_how_long_a_higher_priority_goes_first),
        cmocka_unit_test(context__lost_under_a_step_voids_the_lease_and_is_opened_again),
        cmocka_unit_test(context__is_closed_after_a_failed_step_because_its_page_is_unknown),
        cmocka_unit_test(context__is_recycled_after_its_uses),
        cmocka_unit_test(describe__folded_later_tells_the_same_as_having_listened_from_the_start),
    };
    return cmocka_run_group_tests_name("sim_lanes", tests, NULL, NULL);
}
