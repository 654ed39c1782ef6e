/* Stories of policy `legacy`: batches by priority, the whole batch before the next, one place for low priority, no lanes. */
#include "world.h"

static void browser_job(struct world *w, const char *name, enum sb_category category, uint8_t priority, sb_ns lasts)
{
    struct sb_job_def *job = world_job(w, name, 0, 0);
    job->category = (uint8_t)category;
    job->priority = priority;
    job->queue_timeout = SB_S(60);
    world_step(w, "visit", true, lasts);
}

static struct world *legacy_world(void)
{
    struct world *w = world_create();
    w->pool.policy = SB_LANE_POLICY_LEGACY;
    w->pool.burst = 1;
    world_listen(w, SB_EVENT_LEASE_GRANTED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_LEASE_YIELD_ASKED);
    return w;
}

/* Starts with every context open and idle at 1 s. */
static void begin(struct world *w)
{
    world_begin(w);
    world_run(w, SB_S(1));
}

static void legacy__the_next_batch_starts_only_when_the_whole_batch_has_ended(void **state)
{
    (void)state;
    struct world *w = legacy_world();
    browser_job(w, "long", SB_CATEGORY_BACKGROUND, 3, SB_S(20));
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0, SB_S(2));
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(2));
    world_command(w, SB_COMMAND_RUN_JOB, 1); /* two contexts are idle, and yet it waits */
    world_run(w, SB_S(30));
    world_expect(w, "[   1000] ctx 0 leased to long run 1 after 0.0s\n"
                    "[  21000] long run 1 succeeded after 20s\n"
                    "[  21000] ctx 0 leased to posting run 2 after 19s\n"
                    "[  23000] posting run 2 succeeded after 2.0s\n");
    world_destroy(w);
}

/* Scheduled runs: those forced by an operator are a class of their own. */
static void legacy__a_batch_is_taken_by_priority_with_its_second_place_for_the_low(void **state)
{
    (void)state;
    struct world *w = legacy_world();
    static const uint8_t priorities[] = { 5, 3, 2, 0, 8, 9 };
    static const char *const names[] = { "five", "three", "two", "zero", "eight", "nine" };
    browser_job(w, "first", SB_CATEGORY_METRICS, 5, SB_S(10));
    w->jobs[0].schedule = SB_SCHEDULE_EVERY;
    w->jobs[0].every = SB_HOUR(1);
    w->jobs[0].offset = SB_S(2);
    for (int i = 0; i < 6; i++) {
        browser_job(w, names[i], SB_CATEGORY_METRICS, priorities[i], SB_S(10));
        w->jobs[i + 1].schedule = SB_SCHEDULE_EVERY;
        w->jobs[i + 1].every = SB_HOUR(1);
        w->jobs[i + 1].offset = SB_S(3 + i);
    }
    w->listens[SB_EVENT_RUN_ENDED] = false;
    begin(w);
    world_run(w, SB_S(40));
    world_expect(w, "[   2000] ctx 0 leased to first run 1 after 0.0s\n"
                    "[  12000] ctx 0 leased to zero run 5 after 6.0s\n"
                    "[  12000] ctx 1 leased to eight run 6 after 5.0s\n" /* the first low one, before two of higher priority */
                    "[  12000] ctx 2 leased to two run 4 after 7.0s\n"
                    "[  22000] ctx 0 leased to three run 3 after 18s\n"
                    "[  22000] ctx 1 leased to nine run 7 after 14s\n"
                    "[  22000] ctx 2 leased to five run 2 after 19s\n");
    world_destroy(w);
}

static void legacy__a_wait_of_a_minute_ends_in_no_context(void **state)
{
    (void)state;
    struct world *w = legacy_world();
    browser_job(w, "long", SB_CATEGORY_BACKGROUND, 5, SB_S(200));
    w->steps[0].timeout = SB_S(300);
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0, SB_S(2));
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(2));
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(100));
    world_expect(w, "[   1000] ctx 0 leased to long run 1 after 0.0s\n"
                    "[  62000] posting run 2 failed after 1m00s no context of lane posting within 1m00s\n");
    world_destroy(w);
}

static void legacy__an_effect_runs_on_any_context_and_nobody_is_asked_to_yield(void **state)
{
    (void)state;
    struct world *w = legacy_world();
    browser_job(w, "posting", SB_CATEGORY_POSTING, 0, SB_S(5));
    browser_job(w, "reply", SB_CATEGORY_POSTING, 0, SB_S(5));
    w->steps[0].is_effect = w->steps[1].is_effect = true;
    browser_job(w, "scrape", SB_CATEGORY_METRICS, 2, SB_S(5));
    browser_job(w, "wake", SB_CATEGORY_METRICS, 0, SB_S(1));
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 3);
    for (uint16_t i = 0; i < 3; i++)
        world_command(w, SB_COMMAND_RUN_JOB, i);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] ctx 0 leased to wake run 1 after 0.0s\n"
                    "[   2000] wake run 1 succeeded after 1.0s\n"
                    "[   2000] ctx 0 leased to posting run 2 after 1.0s\n"
                    "[   2000] ctx 1 leased to reply run 3 after 1.0s\n"
                    "[   2000] ctx 2 leased to scrape run 4 after 1.0s\n"
                    "[   7000] posting run 2 succeeded after 5.0s\n"
                    "[   7000] reply run 3 succeeded after 5.0s\n"
                    "[   7000] scrape run 4 succeeded after 5.0s\n");
    world_destroy(w);
}

static void legacy__changing_the_policy_lets_lanes_serve_at_once(void **state)
{
    (void)state;
    struct world *w = legacy_world();
    browser_job(w, "long", SB_CATEGORY_POSTING, 5, SB_S(20));
    w->steps[0].is_effect = true;
    browser_job(w, "scrape", SB_CATEGORY_METRICS, 2, SB_S(2));
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, SB_S(2));
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(4));
    struct sb_input input = world_command_input(w, SB_COMMAND_SET_LANE_POLICY, SB_NO_JOB);
    input.as.command.policy = SB_LANE_POLICY_RECLAIM;
    world_input(w, input);
    world_run(w, SB_S(30));
    world_expect(w, "[   1000] ctx 0 leased to long run 1 after 0.0s\n"
                    "[   4000] ctx 1 leased to scrape run 2 after 2.0s\n"
                    "[   6000] scrape run 2 succeeded after 2.0s\n"
                    "[  21000] long run 1 succeeded after 20s\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legacy__the_next_batch_starts_only_when_the_whole_batch_has_ended),
        cmocka_unit_test(legacy__a_batch_is_taken_by_priority_with_its_second_place_for_the_low),
        cmocka_unit_test(legacy__a_wait_of_a_minute_ends_in_no_context),
        cmocka_unit_test(legacy__an_effect_runs_on_any_context_and_nobody_is_asked_to_yield),
        cmocka_unit_test(legacy__changing_the_policy_lets_lanes_serve_at_once),
    };
    return cmocka_run_group_tests_name("sim_legacy", tests, NULL, NULL);
}
