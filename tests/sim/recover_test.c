/* Bringing components back: when it is done, when it is refused, and that each ends in an event that says what it came to. */
#include "world.h"

static void ask(struct world *w, enum sb_component component, bool is_confirmed)
{
    struct sb_input input = world_command_input(w, SB_COMMAND_RECOVER_COMPONENT, SB_NO_JOB);
    (void)sb_copy(input.as.command.actor, SB_NAME_MAX, is_confirmed ? "ana" : "health_monitor");
    (void)sb_copy(input.as.command.reason, SB_NOTE_MAX, "check found trouble");
    input.as.command.component = (uint8_t)component;
    input.as.command.confirmed = is_confirmed;
    world_input(w, input);
}

static struct world *make(void)
{
    struct world *w = world_create();
    for (int i = 0; i < SB_COMPONENT_COUNT; i++) {
        w->components[i].probe_every = SB_S(30);
        w->components[i].recover_every = SB_MIN(10);
        w->components[i].recoveries_a_day = 3;
    }
    world_listen(w, SB_EVENT_COMMAND_DONE);
    world_listen(w, SB_EVENT_COMMAND_REFUSED);
    world_listen(w, SB_EVENT_RECOVERY_ENDED);
    return w;
}

static void recovery__restarts_a_failed_browser_and_tells_what_came_of_it(void **state)
{
    (void)state;
    struct world *w = make();
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    w->restart_heals = true;
    world_begin(w);
    world_run(w, SB_S(5));
    ask(w, SB_COMPONENT_BROWSER, false);
    ask(w, SB_COMPONENT_BROWSER, false);
    world_run(w, SB_S(20));
    world_expect(w, "[   5000] health_monitor: restarting browser: check found trouble\n"
                    "[   5000] health_monitor: refused, browser: its recovery is under way\n"
                    "[   5001] browser: the recovery by health_monitor ended ok after 1ms\n");
    assert_int_equal(w->restarts, 1);
    world_destroy(w);
}

static void recovery__leaves_alone_what_works(void **state)
{
    (void)state;
    struct world *w = make();
    world_begin(w);
    world_run(w, SB_S(5));
    ask(w, SB_COMPONENT_BROWSER, false);
    ask(w, SB_COMPONENT_STORE, true); /* not even when an operator confirms */
    ask(w, SB_COMPONENT_CACHE, true);
    world_expect(w, "[   5000] health_monitor: refused, browser: it works\n"
                    "[   5000] ana: refused, store: it works\n"
                    "[   5000] ana: refused, that component is not in use\n");
    assert_int_equal(w->restarts, 0);
    world_destroy(w);
}

static void recovery__that_did_not_help_says_so_and_is_not_repeated_too_often(void **state)
{
    (void)state;
    struct world *w = make();
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    world_begin(w);
    world_run(w, SB_S(5));
    ask(w, SB_COMPONENT_BROWSER, false);
    world_run(w, SB_MIN(5));
    ask(w, SB_COMPONENT_BROWSER, false);
    for (int i = 2; i <= 4; i++) {
        world_run(w, SB_MIN(20) * i);
        ask(w, SB_COMPONENT_BROWSER, false);
    }
    ask(w, SB_COMPONENT_BROWSER, true); /* an operator knows better */
    world_run(w, SB_HOUR(25) + SB_MIN(20));
    ask(w, SB_COMPONENT_BROWSER, false);
    world_expect(w, "[   5000] health_monitor: restarting browser: check found trouble\n"
                    "[  65006] browser: the recovery by health_monitor ended failed after 1m00s not there\n"
                    "[ 300000] health_monitor: refused, browser: the last recovery was 4m55s ago, there is one in 10m00s\n"
                    "[2400000] health_monitor: restarting browser: check found trouble\n"
                    "[2460006] browser: the recovery by health_monitor ended failed after 1m00s not there\n"
                    "[3600000] health_monitor: restarting browser: check found trouble\n"
                    "[3660006] browser: the recovery by health_monitor ended failed after 1m00s not there\n"
                    "[4800000] health_monitor: refused, browser: 3 recoveries in a day did not last: somebody has to look\n"
                    "[4800000] ana: restarting browser: check found trouble\n"
                    "[4860006] browser: the recovery by ana ended failed after 1m00s not there\n"
                    "[91200000] health_monitor: restarting browser: check found trouble\n");
    assert_int_equal(w->restarts, 5);
    world_destroy(w);
}

static void recovery__of_before_a_restart_counts(void **state)
{
    (void)state;
    struct world *w = make();
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    world_init_core(w);
    static const int minutes_ago[] = { 15, 300, 1439, 1441 }; /* the last one is longer ago than a day */
    for (size_t i = 0; i < SB_LEN(minutes_ago); i++) {
        struct sb_input input = sb_input_make(SB_INPUT_RESTORE_RECOVERY);
        input.as.restore_recovery.component = SB_COMPONENT_BROWSER;
        input.as.restore_recovery.at = world_start.ns - SB_MIN(minutes_ago[i]);
        world_input(w, input);
    }
    world_begin(w);
    world_run(w, SB_S(5));
    ask(w, SB_COMPONENT_BROWSER, false);
    world_run(w, SB_S(70));
    ask(w, SB_COMPONENT_BROWSER, false); /* the third one is a day ago */
    world_run(w, SB_S(80));
    ask(w, SB_COMPONENT_BROWSER, false);
    world_run(w, SB_MIN(15));
    world_expect(w, "[   5000] health_monitor: refused, browser: 3 recoveries in a day did not last: somebody has to look\n"
                    "[  70000] health_monitor: restarting browser: check found trouble\n"
                    "[  80000] health_monitor: refused, browser: its recovery is under way\n"
                    "[ 130006] browser: the recovery by health_monitor ended failed after 1m00s not there\n");
    world_destroy(w);
}

static void recovery__never_cuts_an_outside_effect(void **state)
{
    (void)state;
    struct world *w = make();
    world_job(w, "post", SB_MIN(10), 0)->category = SB_CATEGORY_POSTING;
    world_step(w, "publish", true, SB_S(20))->is_effect = true;
    world_begin(w);
    world_run(w, SB_S(5));
    /* The browser is reported failed while the click is under way: what is on its way may yet arrive. */
    struct sb_input failed = sb_input_make(SB_INPUT_COMPONENT);
    failed.as.component.component = SB_COMPONENT_BROWSER;
    failed.as.component.state = SB_COMPONENT_STATE_FAILED;
    w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    world_input(w, failed);
    ask(w, SB_COMPONENT_BROWSER, true);
    assert_int_equal(w->restarts, 0);
    world_run(w, SB_S(30));
    ask(w, SB_COMPONENT_BROWSER, true);
    assert_int_equal(w->restarts, 1);
    world_expect(w, "[   5000] ana: refused, browser: an outside effect is under way in it\n"
                    "[  30000] ana: restarting browser: check found trouble\n");
    world_destroy(w);
}

static void recovery__restarts_a_browser_that_answers_and_opens_no_contexts(void **state)
{
    (void)state;
    struct world *w = make();
    world_job(w, "read", SB_S(10), 0)->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(1));
    w->opens_nothing = true;
    w->restart_heals = true;
    world_begin(w);
    world_run(w, SB_S(1));
    ask(w, SB_COMPONENT_BROWSER, false); /* one failure is none */
    world_run(w, SB_S(20));
    ask(w, SB_COMPONENT_BROWSER, false);
    world_run(w, SB_MIN(2));
    world_expect(w, "[   1000] health_monitor: refused, browser: it works\n"
                    "[  20000] health_monitor: restarting browser: check found trouble\n"
                    "[  31601] browser: the recovery by health_monitor ended ok after 11s\n");
    world_destroy(w);
}

static void recovery__asks_other_components_at_once(void **state)
{
    (void)state;
    struct world *w = make();
    w->component_state[SB_COMPONENT_LLM] = SB_COMPONENT_STATE_FAILED;
    world_begin(w);
    world_run(w, SB_S(40)); /* the back-off has come to half a minute */
    w->component_state[SB_COMPONENT_LLM] = SB_COMPONENT_STATE_OK;
    ask(w, SB_COMPONENT_LLM, false);
    world_run(w, SB_S(41));
    world_expect(w, "[  40000] health_monitor: asking llm: check found trouble\n"
                    "[  40001] llm: the recovery by health_monitor ended ok after 1ms\n");
    assert_int_equal(w->restarts, 0);
    world_destroy(w);
}

/* A runtime with one worker whose steps hang: each costs its own run, and others go on, until the limit of recoveries. */
static void stuck__workers_are_replaced_within_limits_and_told_beyond(void **state)
{
    (void)state;
    struct world *w = make();
    w->components[SB_COMPONENT_ENGINE].is_used = true;
    w->pool.workers = 1;
    world_job(w, "hangs", SB_MIN(15), 0)->misfire = SB_MISFIRE_SKIP;
    world_step(w, "work", false, SB_HOUR(2))->timeout = SB_S(10);
    w->ignores_stop[0] = true;
    world_job(w, "goes_on", SB_MIN(15), SB_MIN(5));
    world_step(w, "work", false, SB_S(1));
    world_listen(w, SB_EVENT_RUN_ENDED);
    world_listen(w, SB_EVENT_COMPONENT_CHANGED);
    world_begin(w);
    world_run(w, SB_MS(5));
    sb_text_init(&w->text, w->story, sizeof(w->story)); /* everything is ok */
    world_run(w, SB_MIN(59));
    world_expect(w, "[  25000] hangs run 1 failed after 25s the step did not stop and was given up\n"
                    "[  25000] engine: the recovery by the runtime ended ok after 0.0s\n"
                    "[ 301000] goes_on run 2 succeeded after 1.0s\n"
                    "[ 925000] hangs run 3 failed after 25s the step did not stop and was given up\n"
                    "[ 925000] engine: the recovery by the runtime ended ok after 0.0s\n"
                    "[1201000] goes_on run 4 succeeded after 1.0s\n"
                    "[1825000] hangs run 5 failed after 25s the step did not stop and was given up\n"
                    "[1825000] engine: the recovery by the runtime ended ok after 0.0s\n"
                    "[2101000] goes_on run 6 succeeded after 1.0s\n"
                    "[2725000] hangs run 7 failed after 25s the step did not stop and was given up\n"
                    "[2725000] engine is degraded workers held by steps that do not stop: 1\n");
    assert_int_equal(w->workers_added, 3);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recovery__restarts_a_failed_browser_and_tells_what_came_of_it),
        cmocka_unit_test(recovery__leaves_alone_what_works),
        cmocka_unit_test(recovery__that_did_not_help_says_so_and_is_not_repeated_too_often),
        cmocka_unit_test(recovery__of_before_a_restart_counts),
        cmocka_unit_test(recovery__never_cuts_an_outside_effect),
        cmocka_unit_test(recovery__restarts_a_browser_that_answers_and_opens_no_contexts),
        cmocka_unit_test(recovery__asks_other_components_at_once),
        cmocka_unit_test(stuck__workers_are_replaced_within_limits_and_told_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
