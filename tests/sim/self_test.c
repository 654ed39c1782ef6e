/* Stories of the rules about the runtime itself: its queue, its contexts, its file, its thread, its figures, its money, its log. Each fires for a
 * reason, holds while it lasts, does not come and go at a bound, and ends. */
#include "world.h"

struct self {
    struct world *w;
    struct sb_alerts_def alerts;
    struct sb_in_vitals vitals;
};

/* A world with that rule alone, which tells when its alerts begin, move and end. */
static void make(struct self *s, enum sb_rule rule)
{
    memset(s, 0, sizeof(*s));
    s->w = world_create();
    sb_alerts_def_init(&s->alerts);
    for (int i = 0; i < SB_RULE_COUNT; i++)
        s->alerts.rules[i].is_off = i != (int)rule;
    s->w->setup.alerts = &s->alerts;
    s->vitals = (struct sb_in_vitals){ .memory = 100ull << 20, .disk = 10ull << 30, .fds = 50, .fds_max = 1000, .threads = 40 };
    world_listen(s->w, SB_EVENT_ALERT_RAISED);
    world_listen(s->w, SB_EVENT_ALERT_CLEARED);
    world_listen(s->w, SB_EVENT_ALERT_MOVED);
}

static void done(struct self *s)
{
    world_destroy(s->w);
}

/* Says the same figures every ten seconds until then. */
static void measure_until(struct self *s, sb_ns until)
{
    while (s->w->now < until) {
        struct sb_input input = sb_input_make(SB_INPUT_VITALS);
        input.as.vitals = s->vitals;
        s->vitals.late = 0; /* it is the worst since the last time */
        world_input(s->w, input);
        world_run(s->w, s->w->now + SB_S(10));
    }
}

/* --- queue_wait ------------------------------------------------------------------------------------------------------------------- */

static void queue_wait__fires_when_one_run_of_twenty_waits_too_long(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_QUEUE_WAIT);
    s.alerts.queue_wait = SB_S(20);
    s.w->pool.workers = 1;
    world_job(s.w, "a", SB_S(60), SB_S(10));
    world_step(s.w, "work", false, SB_S(28));
    world_job(s.w, "b", SB_S(60), SB_S(10));
    world_step(s.w, "work", false, SB_S(1));
    world_begin(s.w);
    world_run(s.w, SB_MIN(14)); /* twenty starts, of which half waited 28 s, and not yet five minutes since */
    world_expect(s.w, "");
    world_run(s.w, SB_MIN(30));
    world_expect(s.w, "[ 878000] alert 1 queue_wait: 14 of the last 29 runs waited longer than 20s, the longest 28s\n");
    s.w->script[0][0].lasts = SB_S(1);
    world_run(s.w, SB_MIN(58));
    assert_null(strstr(s.w->story, "recovering")); /* more than one of twenty still waited */
    world_run(s.w, SB_MIN(90));
    assert_non_null(strstr(s.w->story, "alert 1 queue_wait queue is recovering\n"));
    assert_non_null(strstr(s.w->story, "alert 1 queue_wait queue cleared after "));
    assert_null(strstr(s.w->story, "alert 2"));
    done(&s);
}

static void queue_wait__fires_when_a_run_waits_while_two_due_times_pass(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_QUEUE_WAIT);
    s.w->pool.workers = 1;
    world_job(s.w, "hog", SB_HOUR(2), SB_S(1));
    world_step(s.w, "work", false, SB_MIN(12))->timeout = SB_HOUR(1);
    world_job(s.w, "b", SB_S(60), SB_S(10));
    world_step(s.w, "work", false, SB_S(1));
    world_begin(s.w);
    world_run(s.w, SB_S(429));
    world_expect(s.w, ""); /* queued at 10 s, the second due time passes at 130 s */
    world_run(s.w, SB_MIN(40));
    /* Bad from 130 s to 670 s, as due times that pass say; good at the first start that is as long after it. */
    world_expect(s.w, "[ 430000] alert 1 queue_wait: b still waits to start while its next due times pass\n"
                      "[1210000] alert 1 queue_wait queue is recovering\n"
                      "[1810000] alert 1 queue_wait queue cleared after 23m00s\n");
    done(&s);
}

/* One worker; a job that takes it for a while in every `every`, and one that is due every minute. */
static void make_turns(struct self *s, sb_ns every, sb_ns takes)
{
    make(s, SB_RULE_QUEUE_WAIT);
    s->w->pool.workers = 1;
    world_job(s->w, "hog", every, SB_S(1));
    world_step(s->w, "work", false, takes)->timeout = SB_HOUR(1);
    world_job(s->w, "b", SB_S(60), SB_S(10));
    world_step(s->w, "work", false, SB_S(1));
    world_begin(s->w);
}

static void queue_wait__is_one_alert_while_the_queue_is_bad_by_turns(void **state)
{
    (void)state;
    struct self s;
    make_turns(&s, SB_MIN(6), SB_MIN(4));
    world_run(s.w, SB_HOUR(4));
    world_expect(s.w, "[ 430000] alert 1 queue_wait: b still waits to start while its next due times pass\n");
    done(&s);
}

static void queue_wait__is_none_for_a_moment(void **state)
{
    (void)state;
    struct self s;
    make_turns(&s, SB_MIN(30), SB_S(140)); /* behind for ten seconds of each half hour */
    world_run(s.w, SB_HOUR(4));
    world_expect(s.w, "");
    done(&s);
}

static void queue_wait__does_not_count_what_a_dependency_or_an_operator_holds(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_QUEUE_WAIT);
    s.alerts.queue_wait = SB_S(20);
    for (int i = 0; i < 30; i++) {
        static char names[30][SB_NAME_MAX];
        (void)snprintf(names[i], sizeof(names[i]), "job%d", i);
        world_job(s.w, names[i], SB_MIN(2), SB_S(10));
        world_step(s.w, "call", false, SB_MS(100))->needs = 1u << SB_COMPONENT_LLM;
    }
    s.w->component_state[SB_COMPONENT_LLM] = SB_COMPONENT_STATE_FAILED;
    world_begin(s.w);
    world_run(s.w, SB_MIN(30));
    s.w->component_state[SB_COMPONENT_LLM] = SB_COMPONENT_STATE_OK;
    world_run(s.w, SB_MIN(50));
    world_expect(s.w, "");
    assert_true(s.w->ends_total >= 30); /* they did wait, and run */
    done(&s);
}

/* --- context_leak ------------------------------------------------------------------------------------------------------------------ */

static void context_leak__tells_of_a_context_kept_between_two_steps(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_CONTEXT_LEAK);
    s.w->pool.workers = 1;
    world_job(s.w, "hog", SB_HOUR(2), SB_S(1));
    world_step(s.w, "work", false, SB_MIN(5))->timeout = SB_HOUR(1);
    world_job(s.w, "a", SB_HOUR(2), SB_S(10))->category = SB_CATEGORY_METRICS;
    struct sb_step_def *open = world_step(s.w, "open", true, SB_S(2));
    open->keeps_context = true;
    open->timeout = SB_S(20);
    world_step(s.w, "count", false, SB_S(1));
    s.w->steps[2].keeps_context = true;
    world_step(s.w, "close", true, SB_S(3));
    world_begin(s.w);
    world_run(s.w, SB_HOUR(1));
    /* Given at 10 s with 20 s and 5 s of grace; a worker is free at 301 s. */
    world_expect(s.w, "[  36000] alert 1 context_leak: a keeps it, 1.0s beyond its time\n"
                      "[ 305000] alert 1 context_leak ctx 1 cleared after 4m29s\n");
    done(&s);
}

static void context_leak__is_none_when_a_step_is_stopped_at_its_limit(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_CONTEXT_LEAK);
    world_job(s.w, "a", SB_MIN(10), SB_S(10))->category = SB_CATEGORY_METRICS;
    world_step(s.w, "open", true, SB_HOUR(1))->timeout = SB_S(20);
    s.w->ignores_stop[0] = true;
    world_listen(s.w, SB_EVENT_RUN_STUCK);
    world_begin(s.w);
    world_run(s.w, SB_MIN(5));
    world_expect(s.w, "[  45000] a run 1 does not stop: step open is 15s over its limit\n");
    done(&s);
}

/* --- config_stale ------------------------------------------------------------------------------------------------------------------ */

static void say_config(struct self *s, enum sb_component_state component_state, const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = SB_COMPONENT_CONFIG;
    input.as.component.state = (uint8_t)component_state;
    (void)sb_copy(input.as.component.reason, SB_NOTE_MAX, reason);
    world_input(s->w, input);
}

static void config_stale__is_one_alert_and_ends_with_the_file_that_was_loaded(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_CONFIG_STALE);
    s.alerts.rules[SB_RULE_DEP_DOWN].is_off = false;
    world_begin(s.w);
    world_run(s.w, SB_S(10));
    say_config(&s, SB_COMPONENT_STATE_OK, "");
    say_config(&s, SB_COMPONENT_STATE_DEGRADED, "the file was changed");
    world_run(s.w, SB_S(20));
    say_config(&s, SB_COMPONENT_STATE_DEGRADED, "the file was changed and does not load");
    say_config(&s, SB_COMPONENT_STATE_OK, "");
    world_run(s.w, SB_HOUR(1));
    world_expect(s.w, "[  10000] alert 1 config_stale: the file was changed\n"
                      "[  20000] alert 1 config_stale catalogue cleared after 10s\n");
    done(&s);
}

/* --- resource ------------------------------------------------------------------------------------------------------------------------ */

static void resource__warns_after_five_minutes_gets_worse_and_ends_a_tenth_below(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_RESOURCE);
    world_begin(s.w);
    measure_until(&s, SB_MIN(1));
    s.vitals.memory = 1024ull << 20;
    measure_until(&s, SB_MIN(3));
    s.vitals.memory = 900ull << 20; /* a peak is none */
    measure_until(&s, SB_MIN(10));
    world_expect(s.w, "");
    s.vitals.memory = 1100ull << 20;
    measure_until(&s, SB_MIN(16));
    s.vitals.memory = 2048ull << 20;
    measure_until(&s, SB_MIN(17));
    for (int i = 0; i < 60; i++) { /* it trembles at both bounds */
        s.vitals.memory = (i % 2 == 0 ? 2040ull : 2060ull) << 20;
        measure_until(&s, s.w->now + SB_S(10));
    }
    for (int i = 0; i < 60; i++) {
        s.vitals.memory = (i % 2 == 0 ? 1000ull : 1050ull) << 20;
        measure_until(&s, s.w->now + SB_S(10));
    }
    s.vitals.memory = 900ull << 20;
    measure_until(&s, SB_HOUR(1));
    world_expect(s.w, "[ 900000] alert 1 resource: signalbox itself uses 1100 MiB; the warning bound is 1024\n"
                      "[ 960000] alert 1 resource: signalbox itself uses 2048 MiB; the error bound is 2048\n"
                      "[2220000] alert 1 resource memory is recovering\n"
                      "[2820000] alert 1 resource memory cleared after 32m00s\n");
    done(&s);
}

static void resource__has_its_own_alert_for_each_figure(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_RESOURCE);
    s.alerts.rules[SB_RULE_RESOURCE].hold = 0;
    s.alerts.bounds[SB_GAUGE_THREADS] = (struct sb_bounds){ .warn = 0, .error = 300 };
    world_begin(s.w);
    measure_until(&s, SB_S(10));
    s.vitals.disk = 1024ull << 20;
    s.vitals.fds = 901;
    s.vitals.threads = 299;
    measure_until(&s, SB_S(20));
    s.vitals.threads = 300;
    s.vitals.memory = 0; /* not known: nothing is said of it */
    measure_until(&s, SB_S(30));
    world_expect(s.w, "[  10000] alert 1 resource: the state folder has 1024 MiB left; the warning bound is 1024\n"
                      "[  10000] alert 2 resource: of the descriptors 90 percent are open; the error bound is 90\n"
                      "[  20000] alert 3 resource: there are 300 threads; the error bound is 300\n");
    done(&s);
}

/* --- loop_stall ------------------------------------------------------------------------------------------------------------------------ */

static void loop_stall__fires_when_it_lasts_and_not_for_one_late_moment(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_LOOP_STALL);
    world_begin(s.w);
    s.vitals.late = SB_S(3);
    measure_until(&s, SB_MIN(5));
    world_expect(s.w, "");
    for (int i = 0; i < 6; i++) { /* late in every look of a minute */
        s.vitals.late = SB_MS(1200);
        measure_until(&s, s.w->now + SB_S(10));
    }
    s.vitals.late = SB_S(1); /* is not late */
    measure_until(&s, SB_MIN(10));
    world_expect(s.w, "[ 330000] alert 1 loop_stall: decisions come late, first by 1.2s; due times wait, nothing is lost\n"
                      "[ 370000] alert 1 loop_stall core is recovering\n"
                      "[ 400000] alert 1 loop_stall core cleared after 1m10s\n");
    done(&s);
}

static void loop_stall__fires_for_one_that_was_long(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_LOOP_STALL);
    world_begin(s.w);
    s.vitals.late = SB_S(45);
    measure_until(&s, SB_MIN(5));
    assert_non_null(strstr(s.w->story, "[  30000] alert 1 loop_stall: decisions come late, first by 45s"));
    assert_non_null(strstr(s.w->story, "cleared after"));
    done(&s);
}

/* --- log_drop ---------------------------------------------------------------------------------------------------------------------------- */

static void log_drop__stays_while_lines_get_lost_and_ends_when_none_does(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_LOG_DROP);
    world_begin(s.w);
    measure_until(&s, SB_MIN(1));
    for (int i = 0; i < 20; i++) { /* every half minute some */
        s.vitals.lost += 7;
        measure_until(&s, s.w->now + SB_S(30));
    }
    measure_until(&s, SB_MIN(40));
    world_expect(s.w, "[  60000] alert 1 log_drop: lines or events were given up, 7 since the start: the log and the counters have a hole\n"
                      "[ 690000] alert 1 log_drop log is recovering\n"
                      "[1290000] alert 1 log_drop log cleared after 20m30s\n");
    done(&s);
}

/* --- db_pool_exhausted ------------------------------------------------------------------------------------------------------------------- */

static void db_pool_exhausted__fires_when_it_lasts_and_not_for_one_busy_moment(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_DB_POOL_EXHAUSTED);
    world_begin(s.w);
    s.vitals.queries = 3; /* once */
    measure_until(&s, SB_MIN(5));
    for (int i = 0; i < 6; i++) { /* and every half minute some */
        s.vitals.queries += 2;
        measure_until(&s, s.w->now + SB_S(30));
    }
    measure_until(&s, SB_MIN(20));
    world_expect(s.w, "[ 360000] alert 1 db_pool_exhausted: queries wait a second and longer for a connection, 5 since the start\n"
                      "[ 500000] alert 1 db_pool_exhausted store is recovering\n"
                      "[ 620000] alert 1 db_pool_exhausted store cleared after 4m20s\n");
    done(&s);
}

/* --- model_shutdown ------------------------------------------------------------------------------------------------------------------------ */

static void say_ending(struct self *s, const char *model, uint32_t days)
{
    struct sb_input input = sb_input_make(SB_INPUT_MODEL_END);
    (void)sb_copy(input.as.model_end.model, sizeof(input.as.model_end.model), model);
    input.as.model_end.days = days;
    world_input(s->w, input);
    world_run(s->w, s->w->now + SB_MIN(1));
}

static void model_shutdown__gets_worse_with_the_days_and_ends_with_the_alias(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_MODEL_SHUTDOWN);
    world_begin(s.w);
    say_ending(&s, "old", 61);
    world_expect(s.w, "");
    say_ending(&s, "old", 60);
    say_ending(&s, "old", 59);
    world_expect(s.w, "[  60000] alert 1 model_shutdown: its provider ends it on 2026-02-02\n");
    say_ending(&s, "old", 14);
    say_ending(&s, "old", 3);
    say_ending(&s, "other", 30); /* the alias names another one */
    world_expect(s.w, "[  60000] alert 1 model_shutdown: its provider ends it on 2026-02-02\n"
                      "[ 180000] alert 1 model_shutdown: its provider ends it on 2025-12-18\n"
                      "[ 240000] alert 1 model_shutdown: its provider ends it on 2025-12-07\n"
                      "[ 300000] alert 1 model_shutdown old cleared after 4m00s\n"
                      "[ 300000] alert 2 model_shutdown: its provider ends it on 2026-01-03\n");
    say_ending(&s, "", 0);
    world_expect(s.w, "[  60000] alert 1 model_shutdown: its provider ends it on 2026-02-02\n"
                      "[ 180000] alert 1 model_shutdown: its provider ends it on 2025-12-18\n"
                      "[ 240000] alert 1 model_shutdown: its provider ends it on 2025-12-07\n"
                      "[ 300000] alert 1 model_shutdown old cleared after 4m00s\n"
                      "[ 300000] alert 2 model_shutdown: its provider ends it on 2026-01-03\n"
                      "[ 360000] alert 2 model_shutdown other cleared after 1m00s\n");
    done(&s);
}

/* --- budget_drift --------------------------------------------------------------------------------------------------------------------------- */

static void say_bill(struct self *s, int64_t charged, int64_t spent, int64_t uncertain)
{
    struct sb_input input = sb_input_make(SB_INPUT_BILL);
    input.as.bill = (struct sb_in_bill){ .day_start = world_start.ns, .charged = charged, .spent = spent, .uncertain = uncertain, .actor = "ana" };
    world_input(s->w, input);
}

static void budget_drift__shows_both_figures_until_they_agree(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_BUDGET_DRIFT);
    world_listen(s.w, SB_EVENT_BUDGET_COMPARED);
    world_begin(s.w);
    say_bill(&s, 1020000000, 1000000000, 100000000); /* between what is settled and what may have cost something on top */
    say_bill(&s, 981000000, 1000000000, 100000000);  /* less than two of a hundred beside it */
    world_run(s.w, SB_S(10));
    say_bill(&s, 1500000000, 1000000000, 100000000);
    world_run(s.w, SB_HOUR(30)); /* the next day changes nothing */
    say_bill(&s, 9000000, 0, 0); /* less than a cent */
    world_expect(s.w, "[      0] ana: the provider has 1.0200 USD for the day, the ledger 1.0000\n"
                      "[      0] ana: the provider has 0.9810 USD for the day, the ledger 1.0000\n"
                      "[  10000] ana: the provider has 1.5000 USD for the day, the ledger 1.0000\n"
                      "[  10000] alert 1 budget_drift: the provider has 1.5000 USD for the day, the ledger 1.0000 and at most 0.1000 more\n"
                      "[108000000] ana: the provider has 0.0090 USD for the day, the ledger 0.0000\n"
                      "[108000000] alert 1 budget_drift budget cleared after 1d05h\n");
    done(&s);
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------------------ */

static void rules__about_itself_say_nothing_of_a_quiet_day(void **state)
{
    (void)state;
    struct self s;
    make(&s, SB_RULE_QUEUE_WAIT);
    for (int i = 0; i < SB_RULE_COUNT; i++)
        s.alerts.rules[i].is_off = false;
    world_job(s.w, "a", SB_MIN(1), SB_S(10))->category = SB_CATEGORY_METRICS;
    world_step(s.w, "visit", true, SB_S(20));
    world_job(s.w, "b", SB_MIN(1), SB_S(12));
    world_step(s.w, "count", false, SB_S(5));
    world_begin(s.w);
    measure_until(&s, SB_DAY(1));
    world_expect(s.w, "");
    assert_true(s.w->ends_total > 2800);
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_wait__fires_when_one_run_of_twenty_waits_too_long),
        cmocka_unit_test(queue_wait__fires_when_a_run_waits_while_two_due_times_pass),
        cmocka_unit_test(queue_wait__is_one_alert_while_the_queue_is_bad_by_turns),
        cmocka_unit_test(queue_wait__is_none_for_a_moment),
        cmocka_unit_test(queue_wait__does_not_count_what_a_dependency_or_an_operator_holds),
        cmocka_unit_test(context_leak__tells_of_a_context_kept_between_two_steps),
        cmocka_unit_test(context_leak__is_none_when_a_step_is_stopped_at_its_limit),
        cmocka_unit_test(config_stale__is_one_alert_and_ends_with_the_file_that_was_loaded),
        cmocka_unit_test(resource__warns_after_five_minutes_gets_worse_and_ends_a_tenth_below),
        cmocka_unit_test(resource__has_its_own_alert_for_each_figure),
        cmocka_unit_test(loop_stall__fires_when_it_lasts_and_not_for_one_late_moment),
        cmocka_unit_test(loop_stall__fires_for_one_that_was_long),
        cmocka_unit_test(log_drop__stays_while_lines_get_lost_and_ends_when_none_does),
        cmocka_unit_test(db_pool_exhausted__fires_when_it_lasts_and_not_for_one_busy_moment),
        cmocka_unit_test(model_shutdown__gets_worse_with_the_days_and_ends_with_the_alias),
        cmocka_unit_test(budget_drift__shows_both_figures_until_they_agree),
        cmocka_unit_test(rules__about_itself_say_nothing_of_a_quiet_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
