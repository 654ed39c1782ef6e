/* Stories of the memory guard: lanes stop from below, posting goes on, and memory that comes back lets them go on. */
#include "world.h"

enum { LOW, HIGH, POST };

static struct world *make_world(uint32_t limit_mib)
{
    static const struct {
        const char *name;
        enum sb_category category;
    } jobs[] = { { "low", SB_CATEGORY_BACKGROUND }, { "high", SB_CATEGORY_METRICS }, { "post", SB_CATEGORY_POSTING } };
    struct world *w = world_create();

    w->pool.memory_max_mib = limit_mib;
    for (size_t i = 0; i < SB_LEN(jobs); i++) {
        struct sb_job_def *job = world_job(w, jobs[i].name, 0, 0);
        job->category = (uint8_t)jobs[i].category;
        job->queue_timeout = SB_MIN(10);
        world_step(w, "a", true, SB_S(2));
        world_step(w, "b", true, SB_S(2));
    }
    world_listen(w, SB_EVENT_POOL_PRESSURE);
    world_listen(w, SB_EVENT_LEASE_GRANTED);
    world_listen(w, SB_EVENT_RUN_YIELDED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    return w;
}

static void begin(struct world *w)
{
    world_begin(w);
    world_run(w, SB_S(1));
}

static void use_mib(struct world *w, uint64_t mib)
{
    struct sb_input input = sb_input_make(SB_INPUT_MEMORY);

    input.as.memory.used = mib << 20;
    world_input(w, input);
}

static void memory__stops_lane_low_first_and_lets_it_go_on(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    begin(w);
    sb_text_init(&w->text, w->story, sizeof(w->story));
    use_mib(w, 999);
    use_mib(w, 1000);
    for (uint16_t job = 0; job < 3; job++)
        world_command(w, SB_COMMAND_RUN_JOB, job);
    world_run(w, SB_S(10));
    use_mib(w, 950); /* not yet: a tenth below the limit is asked for */
    world_run(w, SB_S(20));
    use_mib(w, 899);
    world_run(w, SB_S(40));
    world_expect(w, "[   1000] browser memory 1000 of 1000 MiB: guard at level 1\n"
                    "[   1000] ctx 2 is down closed by the memory guard\n"
                    "[   1000] ctx 1 leased to high run 2 after 0.0s\n"
                    "[   1000] ctx 0 leased to post run 3 after 0.0s\n"
                    "[   5000] high run 2 succeeded after 4.0s\n"
                    "[   5000] post run 3 succeeded after 4.0s\n"
                    "[  20000] browser memory 899 of 1000 MiB: guard at level 0\n"
                    "[  20000] ctx 1 leased to low run 1 after 19s\n"
                    "[  20000] ctx 2 is opening\n"
                    "[  20100] ctx 2 is idle\n"
                    "[  24000] low run 1 succeeded after 4.0s\n");
    world_destroy(w);
}

static void memory__far_above_the_limit_only_posting_goes_on(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    begin(w);
    use_mib(w, 1250);
    for (uint16_t job = 0; job < 3; job++)
        world_command(w, SB_COMMAND_RUN_JOB, job);
    world_run(w, SB_S(10));
    use_mib(w, 1000); /* still level 2 at the limit itself */
    use_mib(w, 999);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] browser memory 1250 of 1000 MiB: guard at level 2\n"
                    "[   1000] ctx 0 leased to post run 3 after 0.0s\n"
                    "[   5000] post run 3 succeeded after 4.0s\n"
                    "[  10000] browser memory 999 of 1000 MiB: guard at level 1\n"
                    "[  10000] ctx 0 leased to high run 2 after 9.0s\n"
                    "[  14000] high run 2 succeeded after 4.0s\n");
    world_destroy(w);
}

static void memory__a_run_of_a_stopped_lane_yields_at_its_next_step(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, LOW);
    world_run(w, SB_S(2));
    use_mib(w, 1100);
    world_run(w, SB_S(30));
    use_mib(w, 0); /* the browser died */
    world_run(w, SB_S(60));
    world_expect(w, "[   1000] ctx 2 leased to low run 1 after 0.0s\n"
                    "[   2000] browser memory 1100 of 1000 MiB: guard at level 1\n"
                    "[   3000] low run 1 yields ctx 2 before step b\n"
                    "[  30000] browser memory 0 of 1000 MiB: guard at level 0\n"
                    "[  30000] ctx 1 leased to low run 1 after 27s\n"
                    "[  32000] low run 1 succeeded after 31s\n");
    world_destroy(w);
}

static void memory__posting_still_borrows_contexts_of_stopped_lanes(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    begin(w);
    use_mib(w, 2000);
    for (int i = 0; i < 3; i++) {
        w->jobs[POST].overlap = SB_OVERLAP_ALLOW;
        w->jobs[POST].overlap_max = 9;
        world_command(w, SB_COMMAND_RUN_JOB, POST);
    }
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] browser memory 2000 of 1000 MiB: guard at level 2\n"
                    "[   1000] ctx 0 leased to post run 1 after 0.0s\n"
                    "[   1100] ctx 1 leased to post run 2 after 0.1s\n"
                    "[   1100] ctx 2 leased to post run 3 after 0.1s\n"
                    "[   5000] post run 1 succeeded after 4.0s\n"
                    "[   5100] post run 2 succeeded after 4.0s\n"
                    "[   5100] post run 3 succeeded after 4.0s\n");
    world_destroy(w);
}

static void memory__burst_is_refused_far_above_the_limit_only(void **state)
{
    (void)state;
    for (int level = 1; level <= 2; level++) {
        struct world *w = make_world(1000);
        w->pool.policy = SB_LANE_POLICY_STRICT;
        w->pool.burst = 1;
        w->jobs[POST].overlap = SB_OVERLAP_ALLOW;
        w->jobs[POST].overlap_max = 9;
        begin(w);
        use_mib(w, level == 1 ? 1100 : 2000);
        world_command(w, SB_COMMAND_RUN_JOB, POST);
        world_command(w, SB_COMMAND_RUN_JOB, POST);
        world_run(w, SB_S(10));
        assert_true((strstr(w->story, "leased to post run 2 after 0.1s") != NULL) == (level == 1));
        assert_non_null(strstr(w->story, "post run 2 succeeded")); /* later, on its own context */
        world_destroy(w);
    }
}

static void memory__a_kept_burst_context_is_given_up_at_the_first_level_and_opened_again(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    w->pool.burst = w->pool.burst_kept = 1;
    world_listen(w, SB_EVENT_CONTEXT_CHANGED);
    begin(w);
    use_mib(w, 1100);
    world_run(w, SB_S(10));
    const char *closed = strstr(w->story, "ctx 3 is down");
    assert_non_null(closed);
    assert_null(strstr(closed, "ctx 3 is opening"));
    use_mib(w, 500);
    world_run(w, SB_S(11));
    assert_non_null(strstr(closed, "ctx 3 is opening"));
    world_destroy(w);
}

static void memory__without_a_limit_nothing_is_guarded(void **state)
{
    (void)state;
    struct world *w = make_world(0);
    begin(w);
    use_mib(w, 1u << 20);
    world_command(w, SB_COMMAND_RUN_JOB, LOW);
    world_run(w, SB_S(10));
    world_expect(w, "[   1000] ctx 2 leased to low run 1 after 0.0s\n"
                    "[   5000] low run 1 succeeded after 4.0s\n");
    world_destroy(w);
}

static void memory__pressure_is_an_alert_and_told_to_who_comes_later(void **state)
{
    (void)state;
    struct world *w = make_world(1000);
    struct sb_event events[512];
    struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events) };
    uint64_t cursor = 0;
    bool is_told = false;
    memset(w->listens, 0, sizeof(w->listens));
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    begin(w);
    use_mib(w, 1100);
    use_mib(w, 1300);
    assert_true(sb_core_describe(w->core, &cursor, &out));
    for (uint32_t i = 0; i < out.event_count; i++)
        is_told = is_told || (events[i].kind == SB_EVENT_POOL_PRESSURE && events[i].as.pool_pressure.level == 2 &&
                              events[i].as.pool_pressure.used_mib == 1300);
    assert_true(is_told);
    world_run(w, SB_S(31));
    use_mib(w, 500);
    world_run(w, SB_S(160));
    world_expect(w, "[   1000] alert 1 browser_memory: the browser uses 1100 of 1000 MiB: lane low stands still\n"
                    "[ 151000] alert 1 browser_memory memory cleared after 2m30s\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory__stops_lane_low_first_and_lets_it_go_on),
        cmocka_unit_test(memory__far_above_the_limit_only_posting_goes_on),
        cmocka_unit_test(memory__a_run_of_a_stopped_lane_yields_at_its_next_step),
        cmocka_unit_test(memory__posting_still_borrows_contexts_of_stopped_lanes),
        cmocka_unit_test(memory__burst_is_refused_far_above_the_limit_only),
        cmocka_unit_test(memory__a_kept_burst_context_is_given_up_at_the_first_level_and_opened_again),
        cmocka_unit_test(memory__without_a_limit_nothing_is_guarded),
        cmocka_unit_test(memory__pressure_is_an_alert_and_told_to_who_comes_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
