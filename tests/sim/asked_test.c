/* What the core announces for those who look later: why a command was asked for, and which rules the catalogue changed. */
#include "tests/sim/world.h"

#include "signalbox/model/alert.h"

static void command__is_told_with_its_reason_before_its_answer_and_once(void **state)
{
    (void)state;
    struct world *w = world_create();
    world_job(w, "a", 0, 0);
    world_step(w, "only", false, SB_S(1));
    world_listen(w, SB_EVENT_COMMAND_ASKED);
    world_listen(w, SB_EVENT_COMMAND_DONE);
    world_begin(w);
    struct sb_input input = world_command_input(w, SB_COMMAND_PAUSE_JOB, 0);
    (void)sb_copy(input.as.command.reason, SB_NOTE_MAX, "rate limit");
    world_input(w, input);
    world_input(w, input);                       /* sent again: answered again, not asked again */
    world_command(w, SB_COMMAND_RESUME_JOB, 0); /* its answer says all there is */
    world_expect(w, "[      0] command 1 was asked for because: rate limit\n"
                    "[      0] ana: paused a: rate limit\n"
                    "[      0] ana: paused a: rate limit\n"
                    "[      0] ana: resumed a\n");
    world_destroy(w);
}

static void command__that_is_refused_is_told_with_its_reason_too(void **state)
{
    (void)state;
    struct world *w = world_create();
    struct sb_event events[256];
    world_job(w, "a", 0, 0);
    world_step(w, "only", false, SB_S(1));
    world_begin(w);
    w->record = events;
    w->record_cap = SB_LEN(events);
    struct sb_input input = world_command_input(w, SB_COMMAND_RECYCLE_CONTEXT, SB_NO_JOB);
    input.as.command.ctx = 14;
    (void)sb_copy(input.as.command.reason, SB_NOTE_MAX, "it hangs");
    world_input(w, input);
    assert_int_equal(w->record_count, 2);
    assert_int_equal(events[0].kind, SB_EVENT_COMMAND_ASKED);
    assert_int_equal(events[0].as.command_asked.ctx, 14);
    assert_string_equal(events[0].as.command_asked.reason, "it hangs");
    assert_int_equal(events[1].kind, SB_EVENT_COMMAND_REFUSED);
    assert_true(events[0].as.command_asked.command == events[1].as.command_refused.command);
    world_destroy(w);
}

static void rules__that_the_catalogue_changed_are_announced_and_no_others(void **state)
{
    (void)state;
    struct world *w = world_create();
    struct sb_alerts_def alerts;
    sb_alerts_def_init(&alerts);
    alerts.rules[SB_RULE_JOB_FAILED].hold = SB_MIN(5);
    (void)sb_copy(alerts.rules[SB_RULE_DEP_DOWN].runbook, SB_NOTE_MAX, "wiki/down");
    w->setup.alerts = &alerts;
    world_job(w, "a", 0, 0);
    world_step(w, "only", false, SB_S(1));
    world_listen(w, SB_EVENT_RULE_DEFINED);
    world_begin(w);
    world_expect(w, "[      0] rule job_failed is the catalogue's: 1 of 1, for 5m00s\n"
                    "[      0] rule dep_down is the catalogue's: 1 of 1, for 0.0s\n");
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
    uint64_t cursor = 0;
    unsigned described = 0;
    for (bool is_over = false; !is_over;) {
        is_over = sb_core_describe(w->core, &cursor, &out);
        for (uint32_t i = 0; i < out.event_count; i++) {
            const struct sb_ev_rule_defined *rule = &events[i].as.rule_defined;
            if (events[i].kind != SB_EVENT_RULE_DEFINED)
                continue;
            described++;
            assert_string_equal(rule->runbook, rule->rule == SB_RULE_DEP_DOWN ? "wiki/down" : "");
        }
    }
    assert_int_equal(described, 2);
    world_destroy(w);
}

/* Whoever asks for run after run of one job fills the table but for a place for each of the others: those begin on time. */
static void runs__that_are_asked_for_leave_every_other_job_its_place(void **state)
{
    (void)state;
    enum { ASKED = 200, TIMED = 4, SPARE = 64 };
    struct sb_event events[2048];
    unsigned queued = 0, refused = 0, due = 0, skipped = 0;
    struct world *w = world_create();
    struct sb_job_def *greedy = world_job(w, "greedy", 0, 0);
    greedy->overlap = SB_OVERLAP_ALLOW;
    greedy->overlap_max = ASKED;
    greedy->queue_timeout = SB_HOUR(1);
    world_step(w, "long", false, SB_S(50));
    for (int i = 0; i < TIMED; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "timed_%d", i);
        world_job(w, name, SB_MIN(1), SB_S(10))->queue_timeout = SB_HOUR(1);
        world_step(w, "only", false, SB_S(1));
    }
    world_begin(w);
    w->record = events;
    w->record_cap = SB_LEN(events);
    for (int i = 0; i < ASKED; i++)
        world_command(w, SB_COMMAND_RUN_JOB, 0);
    world_run(w, w->now + SB_S(20));
    for (size_t i = 0; i < w->record_count; i++) {
        queued += events[i].kind == SB_EVENT_RUN_QUEUED && events[i].as.run_queued.job == 0 ? 1 : 0;
        due += events[i].kind == SB_EVENT_RUN_QUEUED && events[i].as.run_queued.job != 0 ? 1 : 0;
        refused += events[i].kind == SB_EVENT_COMMAND_REFUSED ? 1 : 0;
        skipped += events[i].kind == SB_EVENT_NOMINAL_SKIPPED ? 1 : 0;
    }
    assert_int_equal(queued, 1 + SPARE + (1 + TIMED) / 4);
    assert_int_equal(queued + refused, ASKED);
    assert_int_equal(due, TIMED);
    assert_int_equal(skipped, 0);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command__is_told_with_its_reason_before_its_answer_and_once),
        cmocka_unit_test(command__that_is_refused_is_told_with_its_reason_too),
        cmocka_unit_test(rules__that_the_catalogue_changed_are_announced_and_no_others),
        cmocka_unit_test(runs__that_are_asked_for_leave_every_other_job_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
