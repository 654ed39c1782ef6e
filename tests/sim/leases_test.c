/* Stories of what a lease may keep: burst contexts kept open, sequences of steps on one context, a policy set for a time. */
#include "lanes.h"

/* Three borrowers of two steps, and a posting job; one burst context is open before anybody asks. */
static struct world *kept_burst_world(enum sb_lane_policy policy)
{
    struct world *w = world_create();
    w->pool.policy = (uint8_t)policy;
    w->pool.burst = 1;
    w->pool.burst_kept = 1;
    for (int i = 0; i < 3; i++) {
        browser_job(w, i == 0 ? "one" : i == 1 ? "two" : "three", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "a", true, SB_S(3));
        world_step(w, "b", true, SB_S(20));
    }
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0);
    world_step(w, "publish", true, SB_S(1))->is_effect = true;
    listen_to_leases(w);
    return w;
}

static void kept_burst__serves_posting_without_a_wait_and_a_borrower_yields_afterwards(void **state)
{
    (void)state;
    struct world *w = kept_burst_world(SB_LANE_POLICY_RECLAIM);
    begin(w);
    for (uint16_t i = 0; i < 4; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(5));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to three run 3 after 0.0s\n"
                    "[   1000] ctx 3 leased to posting run 4 after 0.0s\n"
                    "[   1000] ctx 0: run 3 is asked to yield to run 4\n"
                    "[   2000] posting run 4 succeeded after 1.0s\n"
                    "[   4000] three run 3 yields ctx 0 before step b\n"
                    "[   4000] ctx 0 leased to three run 3 after 0.0s\n");
    world_destroy(w);
}

static void kept_burst__stays_open_between_posts_and_is_never_lent(void **state)
{
    (void)state;
    struct world *w = kept_burst_world(SB_LANE_POLICY_LEND);
    browser_job(w, "four", SB_CATEGORY_BACKGROUND, 5);
    world_step(w, "a", true, SB_S(3));
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    begin(w);
    const char *opened = strstr(w->story, "ctx 3 is opening");
    assert_non_null(opened);
    for (uint16_t i = 0; i < 5; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(10)); /* `four` waits for 22 s beside an idle burst context */
    world_command(w, SB_COMMAND_RUN_JOB, 3);
    world_run(w, SB_S(12));
    assert_non_null(strstr(w->story, "[   1000] ctx 3 leased to posting run 4 after 0.0s"));
    assert_non_null(strstr(w->story, "[  10000] ctx 3 leased to posting run 6 after 0.0s"));
    assert_null(strstr(w->story, "leased to four"));
    assert_null(strstr(opened + 1, "ctx 3 is opening"));
    world_destroy(w);
}

/* A background job whose first three steps share a context, and a metrics job. */
static struct world *sequence_world(void)
{
    struct world *w = world_create();
    w->pool.lane_contexts[SB_LANE_POSTING] = 0;
    browser_job(w, "form", SB_CATEGORY_BACKGROUND, 5)->retry.attempts = 2;
    world_step(w, "open", true, SB_S(2))->keeps_context = true;
    world_step(w, "fill", true, SB_S(2))->keeps_context = true;
    world_step(w, "read", true, SB_S(2));
    browser_job(w, "other", SB_CATEGORY_BACKGROUND, 0);
    world_step(w, "visit", true, SB_S(3));
    world_listen(w, SB_EVENT_LEASE_GRANTED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    return w;
}

static void sequence__waits_for_a_context_of_its_own_lane_although_another_is_idle(void **state)
{
    (void)state;
    struct world *w = sequence_world();
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(30));
    world_expect(w, "[   1000] ctx 1 leased to other run 1 after 0.0s\n"
                    "[   4000] other run 1 succeeded after 3.0s\n"
                    "[   4000] ctx 1 leased to form run 2 after 3.0s\n"
                    "[  10000] form run 2 succeeded after 6.0s\n");
    world_destroy(w);
}

static void sequence__does_not_yield_between_its_steps_but_after_the_last(void **state)
{
    (void)state;
    struct world *w = sequence_world();
    world_listen(w, SB_EVENT_RUN_YIELDED);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_MS(1500));
    struct sb_input much = sb_input_make(SB_INPUT_MEMORY); /* lane low has to give its contexts back at the next step */
    w->pool.memory_max_mib = 100;
    much.as.memory.used = 110ull << 20;
    world_input(w, much);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] ctx 1 leased to form run 1 after 0.0s\n"
                    "[   7000] form run 1 succeeded after 6.0s\n");
    world_destroy(w);
}

static void sequence__that_loses_its_context_begins_again_at_its_first_step(void **state)
{
    (void)state;
    struct world *w = sequence_world();
    world_outcome(w, &w->steps[1], 0,
                  (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "page is gone" });
    world_outcome(w, &w->steps[1], 1, (struct outcome){ .lasts = SB_S(2), .state = SB_STEP_STATE_SUCCEEDED });
    world_listen(w, SB_EVENT_STEP_STARTED);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(30));
    assert_non_null(strstr(w->story, "form run 1 succeeded"));
    const char *open = strstr(w->story, "open");
    assert_non_null(open);
    assert_non_null(strstr(open + 1, "open"));
    world_destroy(w);
}

static void sequence__never_begins_again_before_an_effect(void **state)
{
    (void)state;
    struct world *w = sequence_world();
    w->steps[0].is_effect = true;
    world_outcome(w, &w->steps[1], 0,
                  (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "page is gone" });
    world_outcome(w, &w->steps[1], 1, (struct outcome){ .lasts = SB_S(2), .state = SB_STEP_STATE_SUCCEEDED });
    world_listen(w, SB_EVENT_STEP_STARTED);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(30));
    assert_non_null(strstr(w->story, "form run 1 succeeded"));
    const char *open = strstr(w->story, "open");
    assert_non_null(open);
    assert_null(strstr(open + 1, "open"));
    world_destroy(w);
}

static void sequence__done_once_more_is_no_progress_and_the_run_fails_in_the_end(void **state)
{
    (void)state;
    struct world *w = sequence_world();
    world_outcome(w, &w->steps[1], 0, /* and ever after */
                  (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_DEPENDENCY_DOWN, .text = "no page" });
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_HOUR(1));
    assert_non_null(strstr(w->story, "form run 1 failed"));
    world_destroy(w);
}

static void set_policy(struct world *w, enum sb_lane_policy policy, sb_ns lasts)
{
    struct sb_input input = world_command_input(w, SB_COMMAND_SET_LANE_POLICY, SB_NO_JOB);
    input.as.command.policy = (uint8_t)policy;
    input.as.command.lasts = lasts;
    world_input(w, input);
}

static void policy__set_for_a_time_returns_by_itself_and_decides_meanwhile(void **state)
{
    (void)state;
    struct world *w = world_create();
    for (int i = 0; i < 2; i++) {
        browser_job(w, i == 0 ? "one" : "two", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "visit", true, SB_S(30));
    }
    listen_to_leases(w);
    world_listen(w, SB_EVENT_LANE_POLICY_SET);
    begin(w);
    set_policy(w, SB_LANE_POLICY_STRICT, SB_S(10));
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(12));
    world_expect(w, "[   1000] lane policy strict set by ana\n"
                    "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[  11000] lane policy reclaim set by time over\n"
                    "[  11000] ctx 1 leased to two run 2 after 10s\n");
    world_destroy(w);
}

static void policy__strict_takes_back_what_is_lent_at_the_next_step(void **state)
{
    (void)state;
    struct world *w = world_create();
    for (int i = 0; i < 2; i++) {
        browser_job(w, i == 0 ? "one" : "two", SB_CATEGORY_BACKGROUND, 5);
        world_step(w, "a", true, SB_S(4));
        world_step(w, "b", true, SB_S(4));
    }
    listen_to_leases(w);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(2));
    set_policy(w, SB_LANE_POLICY_STRICT, 0);
    world_run(w, SB_S(30));
    world_expect(w, "[   1000] ctx 2 leased to one run 1 after 0.0s\n"
                    "[   1000] ctx 1 leased to two run 2 after 0.0s\n"
                    "[   5000] two run 2 yields ctx 1 before step b\n"
                    "[   9000] one run 1 succeeded after 8.0s\n"
                    "[   9000] ctx 2 leased to two run 2 after 4.0s\n"
                    "[  13000] two run 2 succeeded after 12s\n");
    world_destroy(w);
}

static void policy__the_catalogues_own_ends_an_override_for_good(void **state)
{
    (void)state;
    struct world *w = world_create();
    browser_job(w, "one", SB_CATEGORY_BACKGROUND, 5);
    world_step(w, "visit", true, SB_S(1));
    world_listen(w, SB_EVENT_LANE_POLICY_SET);
    begin(w);
    set_policy(w, SB_LANE_POLICY_LEND, SB_S(10));
    world_run(w, SB_S(5));
    set_policy(w, SB_LANE_POLICY_RECLAIM, SB_S(10));
    world_run(w, SB_S(60));
    world_expect(w, "[   1000] lane policy lend set by ana\n"
                    "[   5000] lane policy reclaim set by ana\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_burst__serves_posting_without_a_wait_and_a_borrower_yields_afterwards),
        cmocka_unit_test(kept_burst__stays_open_between_posts_and_is_never_lent),
        cmocka_unit_test(sequence__waits_for_a_context_of_its_own_lane_although_another_is_idle),
        cmocka_unit_test(sequence__does_not_yield_between_its_steps_but_after_the_last),
        cmocka_unit_test(sequence__that_loses_its_context_begins_again_at_its_first_step),
        cmocka_unit_test(sequence__never_begins_again_before_an_effect),
        cmocka_unit_test(sequence__done_once_more_is_no_progress_and_the_run_fails_in_the_end),
        cmocka_unit_test(policy__set_for_a_time_returns_by_itself_and_decides_meanwhile),
        cmocka_unit_test(policy__strict_takes_back_what_is_lent_at_the_next_step),
        cmocka_unit_test(policy__the_catalogues_own_ends_an_override_for_good),
    };
    return cmocka_run_group_tests_name("sim_leases", tests, NULL, NULL);
}
