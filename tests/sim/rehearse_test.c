/* Rehearsals: the rules over recorded events say what the live core said, and with other settings what it would have said. */
#include "world.h"

enum { RECORD_MAX = 60000, OPS = 0, ONCALL };

struct rehearsal {
    struct world *w;
    struct sb_channel_rule channels[SB_CHANNELS_MAX];
    struct sb_alerts_def alerts;
    void *memory;
    struct sb_core *core;
    struct sb_text text;
    char story[WORLD_STORY], live[WORLD_STORY];
};

static void make(struct rehearsal *r)
{
    memset(r, 0, sizeof(*r));
    r->w = world_create();
    r->w->record = calloc(RECORD_MAX, sizeof(*r->w->record));
    r->w->record_cap = RECORD_MAX;
    assert_non_null(r->w->record);
    sb_alerts_def_init(&r->alerts);
    r->alerts.start_hold = SB_S(10);
    r->channels[OPS] = (struct sb_channel_rule){ .name = "ops", .kind = "webhook", .min_severity = SB_SEVERITY_WARN, .tells_resolved = true };
    r->channels[ONCALL] = (struct sb_channel_rule){ .name = "oncall", .kind = "ntfy", .min_severity = SB_SEVERITY_ERROR, .tells_resolved = true,
                                                    .after = SB_MIN(5), .per_minute = 1 };
    r->w->setup.alerts = &r->alerts;
    r->w->setup.channels = r->channels;
    r->w->setup.channel_count = 2;
    r->w->components[SB_COMPONENT_STORE].is_used = false;
    r->w->components[SB_COMPONENT_LLM].is_used = false;
    sb_text_init(&r->text, r->story, sizeof(r->story));
}

static void done(struct rehearsal *r)
{
    free(r->memory);
    free(r->w->record);
    world_destroy(r->w);
}

static void tell(const struct rehearsal *r, struct sb_text *text, const struct sb_event *event)
{
    struct sb_event_names names = { r->w, world_job_name, world_step_name };
    if (event->kind != SB_EVENT_ALERT_RAISED && event->kind != SB_EVENT_ALERT_CLEARED && event->kind != SB_EVENT_ALERT_MOVED &&
        event->kind != SB_EVENT_NOTICE_QUEUED)
        return;
    sb_text_add_i64(text, (event->wall.ns - world_start.ns) / SB_MS(1));
    sb_text_add_char(text, ' ');
    sb_event_text(event, &names, text);
    sb_text_add_char(text, '\n');
}

/* As the journal keeps it: no monotonic time, and the wall clock in milliseconds. */
static void rehearse(struct rehearsal *r, struct sb_event event)
{
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
    bool is_taken = false;
    if (r->core == NULL) {
        size_t size = sb_core_size(&r->w->setup);
        r->memory = calloc(1, size);
        assert_non_null(r->memory);
        r->core = sb_core_init(r->memory, size, &r->w->setup);
    }
    event.now = 0;
    event.wall.ns -= event.wall.ns % SB_MS(1);
    while (!is_taken) {
        is_taken = sb_core_rehearse(r->core, &event, &out);
        assert_int_equal(out.order_count, 0);
        sb_core_check(r->core);
        for (uint32_t i = 0; i < out.event_count; i++)
            tell(r, &r->text, &events[i]);
    }
}

static void let_pass(struct rehearsal *r, sb_ns until)
{
    rehearse(r, (struct sb_event){ .kind = SB_EVENT_HEARTBEAT, .wall = { world_start.ns + until } });
}

static void rehearse_all(struct rehearsal *r)
{
    for (size_t i = 0; i < r->w->record_count; i++)
        rehearse(r, r->w->record[i]);
}

/* What the live core said is what the rehearsal says. */
static void expect_live(struct rehearsal *r)
{
    struct sb_text text;
    sb_text_init(&text, r->live, sizeof(r->live));
    for (size_t i = 0; i < r->w->record_count; i++)
        tell(r, &text, &r->w->record[i]);
    assert_string_equal(r->story, r->live);
}

static void say_component(struct world *w, enum sb_component component, bool is_ok)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    w->component_state[component] = is_ok ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
    input.as.component.component = (uint8_t)component;
    input.as.component.state = (uint8_t)w->component_state[component];
    (void)sb_copy(input.as.component.reason, SB_NOTE_MAX, is_ok ? "" : "not there");
    world_input(w, input);
}

/* A day with jobs that fail for a time, one that always fails, and a browser that comes and goes, longer each time. */
static void live_through_a_day(struct rehearsal *r)
{
    static const sb_ns flips[] = { SB_MIN(61), SB_MIN(63), SB_MIN(70), SB_MIN(71), SB_MIN(75), SB_MIN(130), SB_HOUR(9), SB_HOUR(10), SB_HOUR(15) };
    struct outcome bad = { .lasts = SB_S(1), .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL, .text = "boom" };
    struct outcome good = { .lasts = SB_S(1), .state = SB_STEP_STATE_SUCCEEDED };
    char name[] = "a";
    for (int i = 0; i < 5; i++, name[0]++) {
        world_job(r->w, name, SB_HOUR(2), SB_S(20) + i * SB_S(2))->is_critical = i == 2;
        struct sb_step_def *step = world_step(r->w, "work", false, SB_S(1));
        for (uint32_t n = 0; n < 3; n++)
            world_outcome(r->w, step, n, n % 2 == 0 ? bad : good);
        world_outcome(r->w, step, 3, i == 4 ? bad : good);
    }
    world_job(r->w, "visitor", SB_HOUR(1), SB_MIN(1))->category = SB_CATEGORY_METRICS;
    world_step(r->w, "visit", true, SB_S(5));
    world_begin(r->w);
    for (size_t i = 0; i < SB_LEN(flips); i++) {
        world_run(r->w, flips[i]);
        say_component(r->w, SB_COMPONENT_BROWSER, i % 2 == 1);
    }
    world_run(r->w, SB_HOUR(24));
}

static void rehearsal__a_recorded_day_gives_what_the_live_core_said(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    live_through_a_day(&r);
    rehearse_all(&r);
    let_pass(&r, SB_HOUR(24));
    expect_live(&r);
    /* It was a day with something of everything. */
    assert_non_null(strstr(r.live, "notice for channel 0: digest"));
    assert_non_null(strstr(r.live, "notice for channel 0: flapping dep_down browser\n"));
    assert_non_null(strstr(r.live, "notice for channel 0: repeat"));
    assert_non_null(strstr(r.live, "notice for channel 1: firing"));
    assert_non_null(strstr(r.live, "job_failing_streak"));
    assert_non_null(strstr(r.live, "dep_down browser is recovering\n"));
    assert_non_null(strstr(r.live, "job_failed b cleared after"));
    done(&r);
}

static void rehearsal__other_settings_give_another_day(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    live_through_a_day(&r);
    for (int rule = 0; rule < SB_RULE_COUNT; rule++)
        r.alerts.rules[rule].is_off = rule != SB_RULE_DEP_DOWN;
    r.alerts.rules[SB_RULE_DEP_DOWN].hold = SB_MIN(50);
    r.channels[OPS].min_severity = SB_SEVERITY_PAGE;
    rehearse_all(&r);
    let_pass(&r, SB_HOUR(24));
    assert_string_equal(r.story, "7500000 alert 1 dep_down: browser failed: not there\n"
                                 "7800000 alert 1 dep_down browser is recovering\n"
                                 "7830000 alert 1 dep_down browser cleared after 5m30s\n"
                                 "35400000 alert 2 dep_down: browser failed: not there\n"
                                 "35730000 notice for channel 1: firing dep_down browser\n"
                                 "36000000 alert 2 dep_down browser is recovering\n"
                                 "36030000 alert 2 dep_down browser cleared after 10m30s\n"
                                 "36030000 notice for channel 1: resolved dep_down browser\n"
                                 "57000000 alert 3 dep_down: browser failed: not there\n"
                                 "57330000 notice for channel 1: firing dep_down browser\n"
                                 "71730000 notice for channel 1: repeat dep_down browser\n"
                                 "86130000 notice for channel 1: repeat dep_down browser\n");
    done(&r);
}

static void rehearsal__time_alone_makes_what_is_held_fire(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    r.alerts.rules[SB_RULE_DEP_DOWN].hold = SB_MIN(2);
    world_init_core(r.w);
    struct sb_event event = { .kind = SB_EVENT_COMPONENT_CHANGED, .wall = world_start };
    event.as.component_changed = (struct sb_ev_component_changed){ .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED,
                                                                   .reason = "gone" };
    rehearse(&r, event);
    let_pass(&r, SB_MIN(2));
    assert_string_equal(r.story, "");
    let_pass(&r, SB_MIN(2) + SB_S(31));
    assert_string_equal(r.story, "120000 alert 1 dep_down: browser failed: gone\n"
                                 "150000 notice for channel 0: firing dep_down browser\n");
    done(&r);
}

static void rehearsal__a_clock_that_was_set_back_stands_still(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    world_init_core(r.w);
    let_pass(&r, SB_HOUR(2));
    struct sb_event event = { .kind = SB_EVENT_COMPONENT_CHANGED, .wall = { world_start.ns + SB_HOUR(1) } };
    event.as.component_changed = (struct sb_ev_component_changed){ .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED,
                                                                   .reason = "gone" };
    rehearse(&r, event);
    let_pass(&r, SB_HOUR(1) + SB_MIN(10));
    let_pass(&r, SB_HOUR(2) + SB_MIN(1));
    assert_string_equal(r.story, "7200000 alert 1 dep_down: browser failed: gone\n"
                                 "7230000 notice for channel 0: firing dep_down browser\n");
    done(&r);
}

static void rehearsal__a_step_that_is_gone_is_not_named(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    world_job(r.w, "a", SB_HOUR(1), 0);
    world_step(r.w, "work", false, SB_S(1));
    world_init_core(r.w);
    struct sb_event event = { .kind = SB_EVENT_RUN_STUCK, .wall = world_start };
    event.as.run_stuck = (struct sb_ev_run_stuck){ .step = SB_NO_STEP, .over = SB_S(5) };
    rehearse(&r, event);
    assert_string_equal(r.story, "0 alert 1 job_stuck: a does not end, 5.0s over its limit; given up, a restart frees its thread\n");
    done(&r);
}

/* What the store gives back of dep_down browser, told to both channels. */
static void restore_told(struct world *w, const struct sb_event *raised)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_ALERT);
    struct sb_in_restore_alert *alert = &input.as.restore_alert;
    alert->alert = raised->as.alert_raised.alert;
    alert->rule = raised->as.alert_raised.rule;
    alert->severity = raised->as.alert_raised.severity;
    alert->job = SB_NO_JOB;
    alert->component = raised->as.alert_raised.component;
    alert->since = raised->wall.ns;
    (void)sb_copy(alert->subject, SB_NAME_MAX, raised->as.alert_raised.subject);
    (void)sb_copy(alert->text, SB_NOTE_MAX, raised->as.alert_raised.text);
    world_input(w, input);
    input = sb_input_make(SB_INPUT_RESTORE_TOLD);
    input.as.restore_told.id = 40;
    input.as.restore_told.alert = raised->as.alert_raised.alert;
    input.as.restore_told.notice = SB_NOTICE_FIRING;
    input.as.restore_told.severity = raised->as.alert_raised.severity;
    input.as.restore_told.is_delivered = true;
    input.as.restore_told.at = raised->wall.ns + SB_S(30);
    (void)sb_copy(input.as.restore_told.channel, SB_NAME_MAX, "ops");
    world_input(w, input);
}

static void rehearsal__goes_over_a_restart_as_the_live_core_did(void **state)
{
    (void)state;
    struct rehearsal before, after;
    struct sb_event raised = { 0 };
    make(&before);
    make(&after);
    world_begin(before.w);
    world_run(before.w, SB_S(20));
    say_component(before.w, SB_COMPONENT_BROWSER, false);
    world_run(before.w, SB_MIN(4));
    for (size_t i = 0; i < before.w->record_count; i++)
        if (before.w->record[i].kind == SB_EVENT_ALERT_RAISED)
            raised = before.w->record[i];
    assert_int_equal(raised.as.alert_raised.alert, 1);

    after.w->wall_offset = before.w->wall_offset + SB_MIN(5); /* it was away for a minute */
    world_init_core(after.w);
    struct sb_input base = sb_input_make(SB_INPUT_RESTORE_BASE);
    base.as.restore_base.next_alert = 2;
    base.as.restore_base.next_seq = 100;
    world_input(after.w, base);
    restore_told(after.w, &raised);
    world_begin(after.w); /* the browser works */
    world_run(after.w, SB_MIN(3));
    say_component(after.w, SB_COMPONENT_BROWSER, false);
    world_run(after.w, SB_MIN(9));
    say_component(after.w, SB_COMPONENT_BROWSER, true);
    world_run(after.w, SB_HOUR(3));

    for (size_t i = 0; i < after.w->record_count; i++) {
        assert_true(before.w->record_count < before.w->record_cap);
        before.w->record[before.w->record_count++] = after.w->record[i];
    }
    rehearse_all(&before);
    let_pass(&before, SB_HOUR(4));
    expect_live(&before);
    assert_non_null(strstr(before.live, "alert 2 dep_down: browser failed: not there\n"));
    done(&before);
    done(&after);
}

static void rehearsal__knows_when_money_was_spent(void **state)
{
    (void)state;
    struct rehearsal r;
    make(&r);
    r.w->budget.policy = SB_BUDGET_POLICY_ABSOLUTE; /* without a forecast: only how fast it goes out counts */
    world_begin(r.w);
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER);
    ledger.as.ledger.day_start = world_start.ns;
    for (int64_t minute = 1; minute <= 180; minute++) {
        world_run(r.w, SB_S(61 * minute)); /* no mark is an hour old to the millisecond, which the journal rounds */
        ledger.as.ledger.version++;
        ledger.as.ledger.spent += minute < 120 ? 25000000 : 1000000; /* seven times the even pace of 5.00 a day, and none to speak of */
        world_input(r.w, ledger);
    }
    rehearse_all(&r);
    expect_live(&r);
    assert_non_null(strstr(r.story, "budget_pace: the last hour cost 1."));
    assert_non_null(strstr(r.story, "budget_pace budget cleared"));
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rehearsal__a_recorded_day_gives_what_the_live_core_said),
        cmocka_unit_test(rehearsal__other_settings_give_another_day),
        cmocka_unit_test(rehearsal__time_alone_makes_what_is_held_fire),
        cmocka_unit_test(rehearsal__a_clock_that_was_set_back_stands_still),
        cmocka_unit_test(rehearsal__a_step_that_is_gone_is_not_named),
        cmocka_unit_test(rehearsal__goes_over_a_restart_as_the_live_core_did),
        cmocka_unit_test(rehearsal__knows_when_money_was_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
