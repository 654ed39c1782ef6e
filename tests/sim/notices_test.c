/* Stories of incidents and of who is told: holds, N of M, flapping, groups, silences, acknowledgements, inhibition, escalation, channels that fail,
 * and a restart in the middle. */
#include "world.h"

enum { OPS, ONCALL, CHANNELS };

struct told_world {
    struct world *w;
    struct sb_channel_rule channels[SB_CHANNELS_MAX];
    struct sb_alerts_def alerts;
};

static void say_component(struct world *w, enum sb_component component, bool is_ok)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    w->component_state[component] = is_ok ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
    input.as.component.component = (uint8_t)component;
    input.as.component.state = (uint8_t)w->component_state[component];
    (void)sb_copy(input.as.component.reason, SB_NOTE_MAX, is_ok ? "" : "not there");
    world_input(w, input);
}

static void make(struct told_world *t, uint32_t channel_count)
{
    memset(t, 0, sizeof(*t));
    t->w = world_create();
    sb_alerts_def_init(&t->alerts);
    t->alerts.start_hold = SB_S(10);
    t->channels[OPS] = (struct sb_channel_rule){ .name = "ops", .kind = "webhook", .min_severity = SB_SEVERITY_WARN, .tells_resolved = true };
    t->channels[ONCALL] = (struct sb_channel_rule){ .name = "oncall", .kind = "ntfy", .min_severity = SB_SEVERITY_ERROR, .tells_resolved = true };
    t->alerts.rules[SB_RULE_SLO_BURN].is_off = true; /* the jobs of these stories run once or twice: every failure burns */
    t->w->setup.alerts = &t->alerts;
    t->w->setup.channels = t->channels;
    t->w->setup.channel_count = channel_count;
    t->w->components[SB_COMPONENT_STORE].is_used = false;
    t->w->components[SB_COMPONENT_LLM].is_used = false;
    world_listen(t->w, SB_EVENT_NOTICE_QUEUED);
}

static void done(struct told_world *t)
{
    world_destroy(t->w);
}

static void notices__an_incident_is_told_after_its_group_and_once_more_when_it_is_over(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_listen(t.w, SB_EVENT_NOTICE_SENT);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_S(300));
    say_component(t.w, SB_COMPONENT_BROWSER, true);
    world_run(t.w, SB_S(400));
    world_expect(t.w, "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[  50020] channel ops took the firing notice of alert 1 in 20ms\n"
                      "[ 330000] notice for channel 0: resolved dep_down browser\n"
                      "[ 330020] channel ops took the resolved notice of alert 1 in 20ms\n");
    done(&t);
}

static void notices__what_is_over_before_it_was_told_is_never_told(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.alerts.rules[SB_RULE_DEP_DOWN].recover = SB_S(5);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_S(30));
    say_component(t.w, SB_COMPONENT_BROWSER, true);
    world_run(t.w, SB_HOUR(2));
    world_expect(t.w, "");
    done(&t);
}

static void notices__a_start_settles_before_anybody_is_told(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.alerts.start_hold = SB_MIN(5);
    world_listen(t.w, SB_EVENT_NOTICE_HELD);
    t.w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
    world_begin(t.w);
    world_run(t.w, SB_MIN(6));
    world_expect(t.w, "[      1] alert 1, channel 0: waits for the start to settle\n"
                      "[ 300000] notice for channel 0: firing dep_down browser\n");
    done(&t);
}

/* `flips` changes of one condition, spread over a day as `at` says; how many messages came of it in a day and a half. */
static uint32_t messages_of(unsigned flips, sb_ns (*at)(unsigned i))
{
    struct told_world t;
    make(&t, 1);
    world_begin(t.w);
    for (unsigned i = 0; i < flips; i++) {
        world_run(t.w, SB_MIN(1) + at(i));
        say_component(t.w, SB_COMPONENT_BROWSER, i % 2 == 1);
    }
    world_run(t.w, SB_HOUR(36));
    uint32_t messages = t.w->messages;
    done(&t);
    return messages;
}

static sb_ns evenly(unsigned i)
{
    return i * SB_S(432);
}

/* 0 to 14 minutes apart, seven on average. */
static sb_ns irregularly(unsigned i)
{
    static const sb_ns gaps[] = { SB_S(30), SB_MIN(14), SB_MIN(3), SB_MIN(11), SB_S(2), SB_MIN(9), SB_MIN(12), SB_MIN(6) };
    sb_ns at = 0;
    for (unsigned k = 0; k < i; k++)
        at += gaps[(k * 5 + k / 8) % SB_LEN(gaps)];
    return at;
}

/* Ten within half a minute, twenty times. */
static sb_ns in_bursts(unsigned i)
{
    return i / 10 * SB_MIN(50) + i % 10 * SB_S(3);
}

static void notices__two_hundred_flips_of_one_condition_in_a_day_are_four_messages_at_most(void **state)
{
    (void)state;
    assert_in_range(messages_of(200, evenly), 2, 4);
    assert_in_range(messages_of(200, irregularly), 2, 4);
    assert_in_range(messages_of(200, in_bursts), 2, 4);
}

static void notices__flapping_is_said_once_and_ends_when_it_has_been_quiet(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_listen(t.w, SB_EVENT_ALERT_RAISED);
    world_listen(t.w, SB_EVENT_ALERT_CLEARED);
    world_begin(t.w);
    for (unsigned i = 0; i < 6; i++) {
        world_run(t.w, SB_MIN(1) + i * SB_MIN(10));
        say_component(t.w, SB_COMPONENT_BROWSER, i % 2 == 1);
    }
    world_run(t.w, SB_HOUR(3));
    world_expect(t.w, "[  60000] alert 1 dep_down: browser failed: not there\n"
                      "[  90000] notice for channel 0: firing dep_down browser\n"
                      "[ 690000] alert 1 dep_down browser cleared after 10m30s\n"
                      "[ 690000] notice for channel 0: resolved dep_down browser\n"
                      "[1260000] alert 2 dep_down: browser failed: not there\n"
                      "[1290000] notice for channel 0: flapping dep_down browser\n"
                      "[1890000] alert 2 dep_down browser cleared after 10m30s\n"
                      "[2460000] alert 3 dep_down: browser failed: not there\n"
                      "[3090000] alert 3 dep_down browser cleared after 10m30s\n"
                      "[6690000] notice for channel 0: resolved dep_down browser\n");
    done(&t);
}

static void alert__fires_when_enough_of_the_last_looks_are_bad(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_job(t.w, "a", SB_MIN(1), 0);
    struct sb_step_def *step = world_step(t.w, "work", false, SB_S(1));
    static const bool is_bad[] = { true, true, false, true };
    for (uint32_t i = 0; i < SB_LEN(is_bad); i++)
        world_outcome(t.w, step, i, (struct outcome){ .lasts = SB_S(1), .class = SB_CLASS_FATAL, .text = "boom",
                                                      .state = is_bad[i] ? SB_STEP_STATE_FAILED : SB_STEP_STATE_SUCCEEDED });
    t.alerts.rules[SB_RULE_JOB_FAILED].is_off = true;
    world_listen(t.w, SB_EVENT_ALERT_RAISED);
    world_begin(t.w);
    world_run(t.w, SB_MIN(5) + SB_S(30)); /* bad bad good bad bad bad */
    world_expect(t.w, "[ 301000] alert 1 job_failing_streak: a keeps failing, last fatal: boom\n");
    done(&t);
}

static void alert__fires_when_every_second_look_is_bad(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_job(t.w, "a", SB_MIN(1), 0);
    struct sb_step_def *step = world_step(t.w, "work", false, SB_S(1));
    t.alerts.rules[SB_RULE_JOB_FAILED].is_off = true;
    world_listen(t.w, SB_EVENT_ALERT_RAISED);
    world_begin(t.w);
    for (int run = 1; run < 10; run++) { /* bad good bad good: five of the last ten, never two in a row */
        world_outcome(t.w, step, 0, (struct outcome){ .lasts = SB_S(1), .class = SB_CLASS_FATAL, .text = "boom",
                                                      .state = run % 2 != 0 ? SB_STEP_STATE_FAILED : SB_STEP_STATE_SUCCEEDED });
        world_run(t.w, SB_MIN(run) + SB_S(30));
    }
    world_expect(t.w, "[ 541000] alert 1 job_failing_streak: a keeps failing, last fatal: boom\n");
    done(&t);
}

static void notices__many_at_once_are_one_message(void **state)
{
    (void)state;
    struct told_world t;
    char name[] = "a";
    make(&t, 1);
    for (int i = 0; i < 6; i++, name[0]++) {
        world_job(t.w, name, SB_HOUR(10), SB_S(20) + i * SB_S(2));
        world_outcome(t.w, world_step(t.w, "work", false, SB_S(1)), 0,
                      (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "boom" });
    }
    world_begin(t.w);
    world_run(t.w, SB_HOUR(1));
    assert_int_equal(t.w->messages, 1);
    world_expect(t.w, "[  51000] notice for channel 0: digest job_failed a\n");
    done(&t);
}

static void notices__what_follows_from_a_dependency_is_not_told(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_job(t.w, "a", SB_HOUR(1), SB_S(30))->category = SB_CATEGORY_METRICS;
    world_step(t.w, "visit", true, SB_S(1));
    world_listen(t.w, SB_EVENT_ALERT_RAISED);
    world_listen(t.w, SB_EVENT_NOTICE_HELD);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(5));
    world_expect(t.w, "[  20000] alert 1 dep_down: browser failed: not there\n"
                      "[  20000] alert 1, channel 0: waits for its group\n"
                      "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[ 150000] alert 2 job_late_start: a should have started 2m00s ago; its row says what it waits for\n"
                      "[ 150000] alert 2, channel 0: follows from another alert browser\n");
    done(&t);
}

static void notices__a_critical_job_that_keeps_failing_pages_once(void **state)
{
    (void)state;
    for (int is_critical = 0; is_critical < 2; is_critical++) {
        struct told_world t;
        make(&t, 1);
        world_job(t.w, "a", SB_MIN(1), SB_S(20))->is_critical = is_critical == 1;
        world_outcome(t.w, world_step(t.w, "work", false, SB_S(1)), 0,
                      (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "boom" });
        world_begin(t.w);
        world_run(t.w, SB_MIN(30));
        assert_string_equal(t.w->story, is_critical == 1 ? "[  51000] notice for channel 0: firing job_failed a\n"
                                                         : "[  51000] notice for channel 0: firing job_failed a\n"
                                                           "[ 171000] notice for channel 0: firing job_failing_streak a\n");
        done(&t);
    }
}

static void notices__a_silence_keeps_an_incident_until_it_ends(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_listen(t.w, SB_EVENT_NOTICE_HELD);
    world_listen(t.w, SB_EVENT_SILENCE_SET);
    world_listen(t.w, SB_EVENT_SILENCE_ENDED);
    world_listen(t.w, SB_EVENT_COMMAND_REFUSED);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    struct sb_input all = world_command_input(t.w, SB_COMMAND_SILENCE, SB_NO_JOB), silence = all;
    world_input(t.w, all); /* nobody would hear of anything */
    silence.as.command.id = 77;
    silence.as.command.rule = SB_RULE_DEP_DOWN;
    silence.as.command.lasts = SB_MIN(10);
    (void)sb_copy(silence.as.command.subject, SB_NAME_MAX, "bro*");
    (void)sb_copy(silence.as.command.reason, SB_NOTE_MAX, "it is being replaced");
    world_input(t.w, silence);
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(15));
    world_expect(t.w, "[  20000] ana: refused, a silence names a rule or a subject; nobody would hear of anything\n"
                      "[  20000] ana silenced dep_down bro* for 10m00s: it is being replaced\n"
                      "[  20000] alert 1, channel 0: silenced ana\n"
                      "[ 620000] silence 1 ended\n"
                      "[ 620000] notice for channel 0: firing dep_down browser\n");
    done(&t);
}

static void notices__an_acknowledgement_stops_repeats_and_expires(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.alerts.rules[SB_RULE_DEP_DOWN].repeat = SB_MIN(10);
    world_listen(t.w, SB_EVENT_ALERT_UNACKED);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(12));
    struct sb_input ack = world_command_input(t.w, SB_COMMAND_ACK_ALERT, SB_NO_JOB);
    ack.as.command.alert = 1;
    ack.as.command.lasts = SB_HOUR(2);
    world_input(t.w, ack);
    world_run(t.w, SB_HOUR(2) + SB_MIN(15));
    world_expect(t.w, "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[ 650000] notice for channel 0: repeat dep_down browser\n"
                      "[7920000] alert 1 browser is unacknowledged again: the acknowledgement expired\n"
                      "[7920000] notice for channel 0: repeat dep_down browser\n");
    done(&t);
}

static void notices__go_on_when_an_acknowledgement_is_taken_back(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.alerts.rules[SB_RULE_DEP_DOWN].repeat = SB_MIN(10);
    world_listen(t.w, SB_EVENT_ALERT_UNACKED);
    world_listen(t.w, SB_EVENT_COMMAND_DONE);
    world_listen(t.w, SB_EVENT_COMMAND_REFUSED);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(2));
    struct sb_input input = world_command_input(t.w, SB_COMMAND_ACK_ALERT, SB_NO_JOB);
    input.as.command.alert = 1;
    (void)sb_copy(input.as.command.reason, SB_NOTE_MAX, "on it");
    world_input(t.w, input);
    world_run(t.w, SB_MIN(15));
    for (unsigned i = 0; i < 2; i++) {
        input = world_command_input(t.w, SB_COMMAND_UNACK_ALERT, SB_NO_JOB);
        input.as.command.alert = 1;
        world_input(t.w, input);
    }
    world_run(t.w, SB_MIN(16));
    world_expect(t.w, "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[ 120000] ana: acknowledged dep_down browser: on it\n"
                      "[ 900000] alert 1 browser is unacknowledged again: its acknowledgement was taken back\n"
                      "[ 900000] ana: no longer acknowledged: dep_down browser\n"
                      "[ 900000] notice for channel 0: repeat dep_down browser\n"
                      "[ 900000] ana: refused, it is not acknowledged\n");
    done(&t);
}

static void notices__an_escalation_channel_hears_only_of_what_nobody_acknowledged(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, CHANNELS);
    t.channels[ONCALL].after = SB_MIN(15);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(20));
    world_expect(t.w, "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[ 950000] notice for channel 1: firing dep_down browser\n");
    done(&t);
}

static void notices__a_failing_channel_is_tried_again_and_told_of_through_another(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, CHANNELS);
    world_listen(t.w, SB_EVENT_ALERT_RAISED);
    world_listen(t.w, SB_EVENT_ALERT_CLEARED);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    t.w->is_channel_down[OPS] = true;
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(3));
    assert_int_equal(t.w->messages, 2); /* both through oncall */
    t.w->is_channel_down[OPS] = false;
    world_run(t.w, SB_MIN(10));
    assert_int_equal(t.w->messages, 4);
    assert_non_null(strstr(t.w->story, "alert 2 channel_failing: channel ops takes no notices: 503\n"));
    assert_non_null(strstr(t.w->story, "notice for channel 1: firing channel_failing ops\n"));
    assert_null(strstr(t.w->story, "notice for channel 0: firing channel_failing ops\n"));
    assert_non_null(strstr(t.w->story, "alert 2 channel_failing ops cleared after "));
    done(&t);
}

static void notices__a_rate_keeps_the_rest_for_later(void **state)
{
    (void)state;
    struct told_world t;
    char name[] = "a";
    make(&t, 1);
    t.channels[OPS].per_minute = 1;
    for (int i = 0; i < 3; i++, name[0]++) {
        world_job(t.w, name, SB_HOUR(10), SB_S(20) + i * SB_S(40));
        world_outcome(t.w, world_step(t.w, "work", false, SB_S(1)), 0,
                      (struct outcome){ .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "boom" });
    }
    world_begin(t.w);
    world_run(t.w, SB_HOUR(1));
    world_expect(t.w, "[  51000] notice for channel 0: firing job_failed a\n"
                      "[ 111000] notice for channel 0: firing job_failed b\n"
                      "[ 171000] notice for channel 0: firing job_failed c\n");
    done(&t);
}

static void notices__a_receiver_that_groups_by_itself_hears_again_until_it_is_over(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.channels[OPS].groups_itself = true;
    t.channels[OPS].resend = SB_MIN(1);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_S(150));
    say_component(t.w, SB_COMPONENT_BROWSER, true);
    world_run(t.w, SB_S(250));
    world_expect(t.w, "[  50000] notice for channel 0: firing dep_down browser\n"
                      "[ 110000] notice for channel 0: repeat dep_down browser\n"
                      "[ 180000] notice for channel 0: resolved dep_down browser\n");
    done(&t);
}

static void notices__a_dead_mans_switch_is_pinged_and_hears_of_a_stop_that_is_meant(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    t.channels[OPS].alive_every = SB_S(60);
    world_begin(t.w);
    world_run(t.w, SB_S(20));
    say_component(t.w, SB_COMPONENT_BROWSER, false);
    world_run(t.w, SB_MIN(5) + SB_S(1));
    assert_int_equal(t.w->messages, 6);
    world_command(t.w, SB_COMMAND_DRAIN, SB_NO_JOB);
    world_run(t.w, SB_MIN(10));
    assert_int_equal(t.w->messages, 7);
    world_expect(t.w, "");
    done(&t);
}

/* What a store would give back of the story so far. */
static void restore_incident(struct world *w, bool was_delivered)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_ALERT);
    input.as.restore_alert.alert = 1;
    input.as.restore_alert.rule = SB_RULE_DEP_DOWN;
    input.as.restore_alert.severity = SB_SEVERITY_ERROR;
    input.as.restore_alert.job = SB_NO_JOB;
    input.as.restore_alert.component = SB_COMPONENT_BROWSER;
    input.as.restore_alert.since = w->wall_offset - SB_MIN(3);
    (void)sb_copy(input.as.restore_alert.subject, SB_NAME_MAX, "browser");
    (void)sb_copy(input.as.restore_alert.text, SB_NOTE_MAX, "browser failed: not there");
    world_input(w, input);
    input = sb_input_make(SB_INPUT_RESTORE_TOLD);
    input.as.restore_told.id = 40;
    input.as.restore_told.alert = 1;
    input.as.restore_told.notice = SB_NOTICE_FIRING;
    input.as.restore_told.severity = SB_SEVERITY_ERROR;
    input.as.restore_told.is_delivered = was_delivered;
    input.as.restore_told.at = w->wall_offset - SB_MIN(2);
    (void)sb_copy(input.as.restore_told.channel, SB_NAME_MAX, "ops");
    world_input(w, input);
    if (was_delivered)
        return;
    input = sb_input_make(SB_INPUT_RESTORE_NOTICE);
    input.as.restore_notice.id = 40;
    input.as.restore_notice.alert = 1;
    input.as.restore_notice.notice = SB_NOTICE_FIRING;
    input.as.restore_notice.rule = SB_RULE_DEP_DOWN;
    input.as.restore_notice.at = w->wall_offset - SB_MIN(2);
    (void)sb_copy(input.as.restore_notice.channel, SB_NAME_MAX, "ops");
    world_input(w, input);
}

static void restart__in_the_middle_of_an_incident_tells_nothing_twice_and_nothing_never(void **state)
{
    (void)state;
    for (int is_delivered = 0; is_delivered < 2; is_delivered++) {
        struct told_world t;
        make(&t, 1);
        world_listen(t.w, SB_EVENT_ALERT_RAISED);
        world_listen(t.w, SB_EVENT_NOTICE_SENT);
        t.w->component_state[SB_COMPONENT_BROWSER] = SB_COMPONENT_STATE_FAILED;
        world_init_core(t.w);
        restore_incident(t.w, is_delivered == 1);
        world_begin(t.w);
        world_run(t.w, SB_MIN(10));
        say_component(t.w, SB_COMPONENT_BROWSER, true);
        world_run(t.w, SB_MIN(20));
        assert_int_equal(t.w->messages, is_delivered == 1 ? 1 : 2);
        assert_string_equal(t.w->story, is_delivered == 1 ? "[ 630000] notice for channel 0: resolved dep_down browser\n"
                                              "[ 630020] channel ops took the resolved notice of alert 1 in 20ms\n"
                                            : "[     20] channel ops took the firing notice of alert 1 in 20ms\n"
                                              "[ 630000] notice for channel 0: resolved dep_down browser\n"
                                              "[ 630020] channel ops took the resolved notice of alert 1 in 20ms\n");
        done(&t);
    }
}

static void restart__ends_what_is_no_longer_so(void **state)
{
    (void)state;
    struct told_world t;
    make(&t, 1);
    world_listen(t.w, SB_EVENT_ALERT_CLEARED);
    world_init_core(t.w);
    restore_incident(t.w, true);
    world_begin(t.w); /* the browser works */
    world_run(t.w, SB_MIN(5));
    world_expect(t.w, "[  30001] alert 1 dep_down browser cleared after 3m30s\n"
                      "[  30001] notice for channel 0: resolved dep_down browser\n");
    done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices__an_incident_is_told_after_its_group_and_once_more_when_it_is_over),
        cmocka_unit_test(notices__what_is_over_before_it_was_told_is_never_told),
        cmocka_unit_test(notices__a_start_settles_before_anybody_is_told),
        cmocka_unit_test(notices__two_hundred_flips_of_one_condition_in_a_day_are_four_messages_at_most),
        cmocka_unit_test(notices__flapping_is_said_once_and_ends_when_it_has_been_quiet),
        cmocka_unit_test(alert__fires_when_enough_of_the_last_looks_are_bad),
        cmocka_unit_test(alert__fires_when_every_second_look_is_bad),
        cmocka_unit_test(notices__many_at_once_are_one_message),
        cmocka_unit_test(notices__what_follows_from_a_dependency_is_not_told),
        cmocka_unit_test(notices__a_critical_job_that_keeps_failing_pages_once),
        cmocka_unit_test(notices__a_silence_keeps_an_incident_until_it_ends),
        cmocka_unit_test(notices__an_acknowledgement_stops_repeats_and_expires),
        cmocka_unit_test(notices__an_escalation_channel_hears_only_of_what_nobody_acknowledged),
        cmocka_unit_test(notices__a_failing_channel_is_tried_again_and_told_of_through_another),
        cmocka_unit_test(notices__go_on_when_an_acknowledgement_is_taken_back),
        cmocka_unit_test(notices__a_rate_keeps_the_rest_for_later),
        cmocka_unit_test(notices__a_receiver_that_groups_by_itself_hears_again_until_it_is_over),
        cmocka_unit_test(notices__a_dead_mans_switch_is_pinged_and_hears_of_a_stop_that_is_meant),
        cmocka_unit_test(restart__in_the_middle_of_an_incident_tells_nothing_twice_and_nothing_never),
        cmocka_unit_test(restart__ends_what_is_no_longer_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
