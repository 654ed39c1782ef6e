/* Stories of bad days: missed times, a clock that jumps, spent money, a dependency that is down, alerts. */
#include "world.h"

static void listen_to_runs(struct world *w)
{
    world_listen(w, SB_EVENT_RUN_STARTED);
    world_listen(w, SB_EVENT_RUN_RETRYING);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_NOMINAL_SKIPPED);
}

static const struct outcome fails = { .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE, .text = "boom" };
static const struct outcome works = { .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED };

static void misfire__missed_times_leave_one_row_and_the_newest_runs_once(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0);
    world_step(w, "work", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_QUEUED);
    world_init_core(w);
    struct sb_input base = sb_input_make(SB_INPUT_RESTORE_BASE);
    base.as.restore_base.genesis = world_start.ns - SB_S(1000);
    struct sb_input job = sb_input_make(SB_INPUT_RESTORE_JOB);
    job.as.restore_job.watermark = world_start.ns - SB_S(55);
    world_input(w, base);
    world_input(w, job);
    world_begin(w);
    world_run(w, SB_S(11));
    world_expect(w, "[      0] a: 5 due time(s) skipped, missed while not running\n"
                    "[      0] a run 1 queued by catch-up\n"
                    "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[   1000] a run 1 succeeded after 1.0s\n"
                    "[  10000] a run 2 queued by schedule\n"
                    "[  10000] a run 2 attempt 1 started after 0.0s\n"
                    "[  11000] a run 2 succeeded after 1.0s\n");
    world_destroy(w);
}

static void clock__set_back_never_fires_a_nominal_time_twice(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0);
    world_step(w, "work", false, SB_MS(100));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_CLOCK_STEPPED);
    world_begin(w);
    world_run(w, SB_S(11));
    w->wall_offset -= SB_S(15);
    world_input(w, sb_input_make(SB_INPUT_TICK));
    world_run(w, SB_S(36));
    world_expect(w, "[      0] a run 1 attempt 1 started after 0.0s\n"
                    "[    100] a run 1 succeeded after 0.1s\n"
                    "[  10000] a run 2 attempt 1 started after 0.0s\n"
                    "[  10100] a run 2 succeeded after 0.1s\n"
                    "[  11000] the wall clock stepped by -15s; due times recomputed\n"
                    "[  35000] a run 3 attempt 1 started after 0.0s\n"
                    "[  35100] a run 3 succeeded after 0.1s\n");
    world_destroy(w);
}

static void budget__at_critical_generation_is_skipped_and_everything_else_goes_on(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "plan", SB_S(10), SB_S(1));
    world_step(w, "generate", false, SB_S(1))->uses_llm = true;
    world_job(w, "posting", SB_S(10), SB_S(2));
    world_step(w, "publish", false, SB_S(1));
    listen_to_runs(w);
    world_listen(w, SB_EVENT_BUDGET_TIER);
    world_begin(w);
    struct sb_input spent = sb_input_make(SB_INPUT_SPENT);
    spent.as.spent.cost = 4600000000;
    world_input(w, spent);
    world_run(w, SB_S(5));
    world_expect(w, "[      0] budget tier high -> critical, 0.4000 of 5.0000 USD left: a call was settled\n"
                    "[   1000] plan run 1 skipped after 0.0s generation skipped: LLM budget is critical\n"
                    "[   2000] posting run 2 attempt 1 started after 0.0s\n"
                    "[   3000] posting run 2 succeeded after 1.0s\n");
    world_destroy(w);
}

static void budget__a_new_day_opens_the_tier_again(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_listen(w, SB_EVENT_BUDGET_WINDOW);
    world_job(w, "a", 0, 0);
    world_step(w, "work", false, SB_S(1));
    world_begin(w);
    struct sb_input spent = sb_input_make(SB_INPUT_SPENT);
    spent.as.spent.cost = 5000000000;
    world_input(w, spent);
    world_run(w, SB_DAY(1));
    world_expect(w, "[      0] budget day opened: 0.0000 of 5.0000 USD spent, tier high\n"
                    "[86400000] budget day opened: 0.0000 of 5.0000 USD spent, tier high\n");
    world_destroy(w);
}

static void dependency__holds_the_run_with_the_reason_until_it_is_back(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(100), 0)->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(1));
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    listen_to_runs(w);
    world_listen(w, SB_EVENT_RUN_HELD);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_MOVED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    world_run(w, SB_S(5));
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_OK;
    world_run(w, SB_S(40));
    world_expect(w, "[      0] a run 1 held: dependency down browser is unchecked\n"
                    "[      1] alert 1 dep_down: browser failed: not there\n"
                    "[   6003] alert 1 dep_down browser is recovering\n"
                    "[   6103] a run 1 attempt 1 started after 6.1s\n"
                    "[   7103] a run 1 succeeded after 1.0s\n"
                    "[  36003] alert 1 dep_down browser cleared after 36s\n");
    world_destroy(w);
}

static void degraded__is_alarmed_once_and_holds_nothing(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->components[SB_COMPONENT_CACHE] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_OPTIONAL, .is_used = true, .probe_every = SB_MIN(1) };
    world_job(w, "a", SB_S(50), SB_S(1));
    world_step(w, "work", false, SB_S(1))->needs = 1u << SB_COMPONENT_CACHE;
    w->component_state[SB_COMPONENT_CACHE] = SB_COMPONENT_STATE_DEGRADED;
    world_listen(w, SB_EVENT_COMPONENT_CHANGED);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_begin(w);
    world_run(w, SB_S(20));
    w->component_state[SB_COMPONENT_CACHE] = SB_COMPONENT_STATE_OK; /* found by the probe of the back-off, not after a minute */
    world_run(w, SB_S(70));
    world_expect(w, "[      1] store is ok\n"
                    "[      1] browser is ok\n"
                    "[      1] llm is ok\n"
                    "[      1] cache is degraded not there\n"
                    "[      1] alert 1 dep_down: cache is degraded: not there\n"
                    "[   2000] a run 1 succeeded after 1.0s\n"
                    "[  30005] cache is ok\n"
                    "[  52000] a run 2 succeeded after 1.0s\n"
                    "[  60005] alert 1 dep_down cache cleared after 1m00s\n");
    world_destroy(w);
}

static void site_down__holds_its_runs_with_the_reason_until_probes_succeed(void **state)
{
    (void)state;
    static const char *const sites[] = { "shop" };
    struct world *w = world_create();
    w->setup.sites = sites;
    w->setup.site_count = 1;
    world_job(w, "a", SB_S(10), 0)->category = SB_CATEGORY_METRICS;
    struct sb_step_def *step = world_step(w, "visit", true, SB_S(1));
    step->site = 1;
    step->asks_site = true;
    world_outcome(w, step, 0, (struct outcome){ SB_S(1), SB_STEP_STATE_FAILED, SB_CLASS_DEPENDENCY_DOWN, 0, "status 500" });
    world_job(w, "b", SB_MIN(1), SB_S(45))->category = SB_CATEGORY_METRICS;
    world_step(w, "other", true, SB_S(1)); /* of no site: it goes on */
    w->is_site_down = true;
    world_listen(w, SB_EVENT_BREAKER_CHANGED);
    world_listen(w, SB_EVENT_RUN_HELD);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_begin(w);
    world_run(w, SB_S(73));
    w->is_site_down = false;
    w->script[0][0] = (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED };
    world_run(w, SB_S(140));
    world_expect(w, "[      0] a run 1 held: dependency down browser is unchecked\n"
                    "[  20101] site shop: breaker open status 500\n"
                    "[  36101] a run 1 held: site does not answer shop: breaker open, status 500\n"
                    "[  46000] b run 2 succeeded after 1.0s\n"
                    "[  52046] site shop: breaker half_open asked again carefully\n"
                    "[  52047] site shop: breaker open no answer yet\n"
                    "[ 106000] b run 3 succeeded after 1.0s\n"
                    "[ 117075] site shop: breaker half_open asked again carefully\n"
                    "[ 117078] site shop: breaker closed it answers again\n"
                    "[ 118078] a run 1 succeeded after 1m57s\n"
                    "[ 121000] a run 4 succeeded after 1.0s\n"
                    "[ 131000] a run 5 succeeded after 1.0s\n");
    world_destroy(w);
}

static void breaker__does_not_open_for_calls_that_the_store_prevents(void **state)
{
    (void)state;
    static const char *const sites[] = { "llm" };
    for (int is_store_down = 0; is_store_down < 2; is_store_down++) {
        struct world *w = world_create();
        w->setup.sites = sites;
        w->setup.site_count = 1;
        world_job(w, "a", SB_S(5), 0);
        struct sb_step_def *step = world_step(w, "generate", false, SB_MS(100));
        step->site = 1;
        step->asks_site = true;
        world_outcome(w, step, 0, (struct outcome){ SB_MS(100), SB_STEP_STATE_FAILED, SB_CLASS_DEPENDENCY_DOWN, 0, "no ledger" });
        world_listen(w, SB_EVENT_BREAKER_CHANGED);
        if (is_store_down)
            w->component_state[SB_COMPONENT_STORE] = SB_COMPONENT_STATE_FAILED;
        world_begin(w);
        world_run(w, SB_S(20));
        assert_int_equal(strstr(w->story, "breaker open") == NULL, is_store_down);
        world_destroy(w);
    }
}

static void tripped_breaker__stays_tripped_over_a_restart_until_it_is_reset(void **state)
{
    (void)state;
    static const char *const sites[] = { "shop", "llm" };
    struct world *w = world_create();
    w->setup.sites = sites;
    w->setup.site_count = 2;
    world_job(w, "a", SB_S(10), 0);
    struct sb_step_def *step = world_step(w, "generate", false, SB_S(1));
    step->site = 2;
    step->asks_site = true;
    world_listen(w, SB_EVENT_BREAKER_CHANGED);
    world_listen(w, SB_EVENT_RUN_HELD);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_init_core(w);
    struct sb_input trip = sb_input_make(SB_INPUT_RESTORE_TRIP);
    (void)sb_copy(trip.as.restore_trip.site, SB_NAME_MAX, "llm");
    (void)sb_copy(trip.as.restore_trip.actor, SB_NAME_MAX, "ana");
    (void)sb_copy(trip.as.restore_trip.reason, SB_NOTE_MAX, "too dear");
    world_input(w, trip);
    world_begin(w);
    world_run(w, SB_S(15));
    struct sb_input reset = world_command_input(w, SB_COMMAND_RESET_BREAKER, SB_NO_JOB);
    reset.as.command.site = 1;
    world_input(w, reset);
    world_run(w, SB_S(17));
    world_expect(w, "[      0] site llm: breaker tripped too dear\n"
                    "[      0] alert 1 site_down: tripped by ana; its runs wait and go on by themselves\n"
                    "[      0] a run 1 held: site does not answer llm: breaker tripped, too dear\n"
                    "[  15000] site llm: breaker closed\n"
                    "[  16000] a run 1 succeeded after 1.0s\n");
    world_destroy(w);
}

static void job_slow__needs_two_of_three_and_ends_with_two_of_three(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_MIN(2), 0);
    world_step(w, "work", false, SB_S(2));
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    world_run(w, SB_MIN(17)); /* nine of two seconds */
    w->script[0][0].lasts = SB_S(31); /* slower, and not by half a minute */
    world_run(w, SB_MIN(19));
    w->script[0][0].lasts = SB_S(40);
    world_run(w, SB_MIN(21));
    w->script[0][0].lasts = SB_S(2);
    world_run(w, SB_MIN(23));
    w->script[0][0].lasts = SB_S(40);
    world_run(w, SB_MIN(25));
    w->script[0][0].lasts = SB_S(2);
    world_run(w, SB_MIN(31));
    world_expect(w, "[1480000] alert 1 job_slow: a took 40s, usually 2.0s\n"
                    "[1562000] alert 1 job_slow a cleared after 1m22s\n");
    world_destroy(w);
}

static void job_overrun__a_run_that_takes_most_of_its_time(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_MIN(10), 0);
    world_step(w, "work", false, SB_S(130));
    w->jobs[0].timeout = SB_S(150);
    w->steps[0].timeout = SB_S(150);
    w->script[0][0].lasts = SB_S(130);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    world_run(w, SB_MIN(9));
    world_expect(w, "[ 120000] alert 1 job_overrun: a still runs after 2m00s, in step work\n"
                    "[ 130000] alert 1 job_overrun a cleared after 10s\n");
    world_destroy(w);
}

static void job_overrun__a_run_that_takes_twice_as_long_as_ever(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_MIN(10), 0);
    world_step(w, "work", false, SB_S(40));
    w->jobs[0].timeout = 0;
    w->steps[0].timeout = SB_MIN(9);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_begin(w);
    world_run(w, SB_MIN(89)); /* eight runs: now it is known how long they take */
    w->script[0][0].lasts = SB_S(79);
    world_run(w, SB_MIN(99)); /* that, too, is how long they may take */
    w->script[0][0].lasts = SB_S(170);
    world_run(w, SB_MIN(104));
    world_expect(w, "[6158000] alert 1 job_overrun: a still runs after 2m38s, in step work; lately at most 1m19s\n");
    world_destroy(w);
}

static void say_latency(struct world *w, sb_ns latency)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = SB_COMPONENT_LLM;
    input.as.component.state = SB_COMPONENT_STATE_OK;
    input.as.component.latency = latency;
    world_input(w, input);
}

static void dep_slow__needs_three_slow_answers_and_ends_with_three_others(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    for (int i = 0; i < 12; i++)
        say_latency(w, SB_MS(100));
    say_latency(w, SB_MS(900)); /* once, and twice, may happen */
    say_latency(w, SB_MS(900));
    say_latency(w, SB_MS(100));
    world_expect(w, "");
    for (int i = 0; i < 3; i++)
        say_latency(w, SB_MS(900));
    say_latency(w, SB_MS(400));
    say_latency(w, SB_MS(900)); /* not yet over */
    world_expect(w, "[      0] alert 1 dep_slow: llm answers in 0.9s, usually in 0.1s\n");
    for (int i = 0; i < 3; i++)
        say_latency(w, SB_MS(400));
    assert_non_null(strstr(w->story, "alert 1 dep_slow llm cleared after 0.0s"));
    world_destroy(w);
}

static void slo_burn__needs_three_failures_and_a_share_of_them(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_MIN(1), 0);
    world_step(w, "work", false, SB_S(1));
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    struct sb_alerts_def alerts;
    sb_alerts_def_init(&alerts);
    for (int rule = 0; rule < SB_RULE_COUNT; rule++)
        alerts.rules[rule].is_off = rule != SB_RULE_SLO_BURN;
    w->setup.alerts = &alerts;
    world_begin(w);
    for (int bad = 0; bad < 9; bad++) { /* one of twenty: five times too many, and that is not for the pager within an hour */
        world_run(w, SB_MIN(19 + 20 * bad) + SB_S(30));
        w->script[0][0].state = SB_STEP_STATE_FAILED;
        w->script[0][0].class = SB_CLASS_FATAL;
        world_run(w, SB_MIN(20 + 20 * bad) + SB_S(30));
        w->script[0][0].state = SB_STEP_STATE_SUCCEEDED;
        w->script[0][0].class = SB_CLASS_NONE;
    }
    world_expect(w, "[3601000] alert 1 slo_burn: 3 of 61 runs failed within 3d00h; the month's objective allows 1 of 100\n");
    world_run(w, SB_MIN(181)); /* and now every run of ten minutes */
    w->script[0][0].state = SB_STEP_STATE_FAILED;
    w->script[0][0].class = SB_CLASS_FATAL;
    world_run(w, SB_MIN(191));
    assert_non_null(strstr(w->story, " runs failed within 6h00m; the month's objective allows 1 of 100\n"));
    world_destroy(w);
}

static void budget_pace__warns_before_the_money_is_short(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->budget.policy = SB_BUDGET_POLICY_PACED;
    w->budget.calls_per_day = 240;
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_begin(w);
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER);
    ledger.as.ledger.day_start = world_start.ns;
    for (uint64_t hour = 1; hour <= 6; hour++) {
        world_run(w, SB_HOUR((sb_ns)hour));
        ledger.as.ledger.version = hour;
        ledger.as.ledger.spent = (int64_t)hour * 300000000; /* 7.20 a day at this rate, of 5.00 */
        world_input(w, ledger);
    }
    world_run(w, SB_HOUR(7));
    assert_non_null(strstr(w->story, "budget_pace: at this rate the day costs "));
    world_destroy(w);
}

static void spend(struct world *w, struct sb_input *ledger, sb_ns until, int64_t a_minute)
{
    while (w->now < until) {
        world_run(w, w->now + SB_MIN(1));
        ledger->as.ledger.version++;
        ledger->as.ledger.spent += a_minute;
        world_input(w, *ledger);
    }
}

static void budget_pace__warns_of_an_hour_that_takes_the_money_of_six(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->budget.policy = SB_BUDGET_POLICY_ABSOLUTE; /* without a forecast; 5.00 a day are 0.0035 a minute */
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER);
    ledger.as.ledger.day_start = world_start.ns;
    spend(w, &ledger, SB_HOUR(2), 18000000); /* five times that */
    assert_null(strstr(w->story, "budget_pace"));
    spend(w, &ledger, SB_HOUR(2) + SB_MIN(6), 50000000); /* fourteen times, but not for long */
    spend(w, &ledger, SB_HOUR(4), 1000000);
    assert_null(strstr(w->story, "budget_pace"));
    spend(w, &ledger, SB_HOUR(6), 25000000); /* seven times */
    assert_non_null(strstr(w->story, "budget_pace: the last hour cost 1.48, six times an even pace and more, of 5.00 USD a day"));
    assert_null(strstr(w->story, "budget_pace budget cleared"));
    spend(w, &ledger, SB_HOUR(7), 1000000);
    assert_non_null(strstr(w->story, "budget_pace budget cleared"));
    world_destroy(w);
}

static void budget_pace__is_over_although_nothing_more_is_spent(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->budget.policy = SB_BUDGET_POLICY_ABSOLUTE;
    world_job(w, "a", SB_MIN(10), 0);
    world_step(w, "work", false, SB_S(1));
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER);
    ledger.as.ledger.day_start = world_start.ns;
    spend(w, &ledger, SB_HOUR(1) + SB_MIN(30), 25000000);
    world_run(w, SB_HOUR(3));
    assert_non_null(strstr(w->story, "budget_pace budget cleared"));
    world_destroy(w);
}

static void budget_pace__counts_a_burst_of_hours_ago_no_more(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->budget.policy = SB_BUDGET_POLICY_ABSOLUTE;
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_begin(w);
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER);
    ledger.as.ledger.day_start = world_start.ns;
    for (unsigned i = 0; i < 3; i++) { /* 1.00 of 5.00 within half a minute, 0.32 after four hours; 1.32 within one would be too much */
        world_run(w, SB_HOUR(1) + SB_S(15 * (int64_t)i));
        ledger.as.ledger.version++;
        ledger.as.ledger.spent += i > 0 ? 500000000 : 1000;
        world_input(w, ledger);
    }
    world_run(w, SB_HOUR(5));
    ledger.as.ledger.version++;
    ledger.as.ledger.spent += 320000000;
    world_input(w, ledger);
    world_run(w, SB_HOUR(6));
    assert_null(strstr(w->story, "budget_pace"));
    world_destroy(w);
}

static void tripped_breaker__of_the_browser_holds_what_needs_a_context(void **state)
{
    (void)state;
    static const char *const sites[] = { "browser" };
    struct world *w = world_create();
    w->setup.sites = sites;
    w->setup.site_count = 1;
    world_job(w, "a", SB_S(60), SB_S(10))->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(1));
    world_job(w, "b", SB_S(60), SB_S(12));
    world_step(w, "count", false, SB_S(1));
    world_listen(w, SB_EVENT_RUN_HELD);
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_begin(w);
    world_run(w, SB_S(5));
    struct sb_input trip = world_command_input(w, SB_COMMAND_TRIP_BREAKER, SB_NO_JOB);
    trip.as.command.site = 0;
    (void)sb_copy(trip.as.command.reason, SB_NOTE_MAX, "upgrade");
    world_input(w, trip);
    world_run(w, SB_S(20));
    struct sb_input reset = world_command_input(w, SB_COMMAND_RESET_BREAKER, SB_NO_JOB);
    reset.as.command.site = 0;
    world_input(w, reset);
    world_run(w, SB_S(30));
    world_expect(w, "[  10000] a run 1 held: site does not answer browser: breaker tripped, upgrade\n"
                    "[  13000] b run 2 succeeded after 1.0s\n"
                    "[  21000] a run 1 succeeded after 1.0s\n");
    world_destroy(w);
}

static void late_start__raises_once_and_clears_when_the_run_starts(void **state)
{
    (void)state;
    struct world *w = world_create();
    w->pool.workers = 1;
    world_job(w, "hog", 0, 0);
    world_step(w, "work", false, SB_S(50));
    world_job(w, "a", 0, 0)->late_after = SB_S(20);
    world_step(w, "work", false, SB_S(1));
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_command(w, SB_COMMAND_RUN_JOB, 1);
    world_run(w, SB_S(60));
    world_expect(w, "[  20000] alert 1 job_late_start: a should have started 20s ago; its row says what it waits for\n"
                    "[  50000] alert 1 job_late_start a cleared after 30s\n");
    world_destroy(w);
}

static void job_failed__alert_clears_with_the_next_success(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", SB_S(10), 0)->is_critical = true;
    world_outcome(w, world_step(w, "work", false, SB_S(1)), 0, fails);
    world_outcome(w, &w->steps[0], 1, works);
    world_listen(w, SB_EVENT_ALERT_RAISED);
    world_listen(w, SB_EVENT_ALERT_CLEARED);
    world_begin(w);
    world_run(w, SB_S(20));
    world_expect(w, "[   1000] alert 1 job_failed: a retryable at work: boom\n[  11000] alert 1 job_failed a cleared after 10s\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misfire__missed_times_leave_one_row_and_the_newest_runs_once),
        cmocka_unit_test(clock__set_back_never_fires_a_nominal_time_twice),
        cmocka_unit_test(budget__at_critical_generation_is_skipped_and_everything_else_goes_on),
        cmocka_unit_test(budget__a_new_day_opens_the_tier_again),
        cmocka_unit_test(degraded__is_alarmed_once_and_holds_nothing),
        cmocka_unit_test(site_down__holds_its_runs_with_the_reason_until_probes_succeed),
        cmocka_unit_test(breaker__does_not_open_for_calls_that_the_store_prevents),
        cmocka_unit_test(tripped_breaker__stays_tripped_over_a_restart_until_it_is_reset),
        cmocka_unit_test(job_slow__needs_two_of_three_and_ends_with_two_of_three),
        cmocka_unit_test(job_overrun__a_run_that_takes_most_of_its_time),
        cmocka_unit_test(job_overrun__a_run_that_takes_twice_as_long_as_ever),
        cmocka_unit_test(dep_slow__needs_three_slow_answers_and_ends_with_three_others),
        cmocka_unit_test(slo_burn__needs_three_failures_and_a_share_of_them),
        cmocka_unit_test(budget_pace__warns_before_the_money_is_short),
        cmocka_unit_test(budget_pace__warns_of_an_hour_that_takes_the_money_of_six),
        cmocka_unit_test(budget_pace__is_over_although_nothing_more_is_spent),
        cmocka_unit_test(budget_pace__counts_a_burst_of_hours_ago_no_more),
        cmocka_unit_test(tripped_breaker__of_the_browser_holds_what_needs_a_context),
        cmocka_unit_test(dependency__holds_the_run_with_the_reason_until_it_is_back),
        cmocka_unit_test(late_start__raises_once_and_clears_when_the_run_starts),
        cmocka_unit_test(job_failed__alert_clears_with_the_next_success),
    };
    return cmocka_run_group_tests_name("sim_incidents", tests, NULL, NULL);
}
