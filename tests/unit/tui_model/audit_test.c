/* What operators asked for as rows, changes of contexts and components, rules as they are in force, and an incident in words. */
#include "signalbox/tui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/scene.h"

static struct scene scene;
static struct sb_model *model;

static int setup(void **state)
{
    (void)state;
    model = sb_model_create();
    assert_non_null(model);
    scene_init(&scene);
    scene_start(&scene);
    scene_job(&scene, 0, "plan", SB_CATEGORY_NONE, 0, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_model_destroy(model);
    return 0;
}

static void fold(void)
{
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(model, &scene.events[i]);
    scene.count = 0;
}

static void ask(uint64_t command, const char *reason)
{
    struct sb_event event = {.kind = SB_EVENT_COMMAND_ASKED, .as.command_asked = {.command = command, .ctx = SB_NO_CTX,
                                                                                  .component = SB_COMPONENT_COUNT}};
    sb_copy(event.as.command_asked.reason, SB_NOTE_MAX, reason);
    scene_push(&scene, &event);
}

static void audit__joins_what_was_asked_with_what_became_of_it(void **state)
{
    (void)state;
    ask(7, "rate limit");
    SAY(&scene, COMMAND_DONE, command_done, .command = 7, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana", .outcome = "paused plan");
    SAY(&scene, COMMAND_REFUSED, command_refused, .command = 8, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "bob", .outcome = "already paused");
    fold();
    const struct sb_model_asked *row = sb_audit_at(&model->audit, 1);
    assert_string_equal(row->reason, "rate limit");
    assert_string_equal(row->actor, "ana");
    assert_string_equal(row->outcome, "paused plan");
    assert_true(row->is_answered && row->is_done);
    row = sb_audit_at(&model->audit, 0);
    assert_string_equal(row->actor, "bob");
    assert_string_equal(row->reason, "");
    assert_true(row->is_answered && !row->is_done);
    assert_null(sb_audit_at(&model->audit, 2));
}

static void audit__a_repeated_answer_is_one_row_and_keeps_its_first_time(void **state)
{
    (void)state;
    SAY(&scene, COMMAND_DONE, command_done, .command = 7, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana", .outcome = "paused plan");
    scene_wait(&scene, SB_MIN(1));
    SAY(&scene, COMMAND_DONE, command_done, .command = 7, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana", .outcome = "paused plan");
    fold();
    assert_int_equal(model->audit.total, 1);
    assert_true(sb_audit_at(&model->audit, 0)->at.ns == SCENE_WALL);
}

static void audit__keeps_the_newest_and_forgets_the_oldest(void **state)
{
    (void)state;
    for (uint64_t command = 1; command <= SB_MODEL_COMMANDS + 10; command++) {
        ask(command, "why");
        SAY(&scene, COMMAND_DONE, command_done, .command = command, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana");
    }
    fold();
    for (uint64_t back = 0; back < SB_MODEL_COMMANDS; back++) {
        assert_true(sb_audit_at(&model->audit, back)->command == SB_MODEL_COMMANDS + 10 - back);
        assert_string_equal(sb_audit_at(&model->audit, back)->reason, "why");
    }
    assert_null(sb_audit_at(&model->audit, SB_MODEL_COMMANDS));
}

static void audit__an_incident_stamps_its_commands_and_fills_a_missing_reason(void **state)
{
    (void)state;
    ask(7, "rate limit");
    SAY(&scene, COMMAND_DONE, command_done, .command = 7, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana");
    SAY(&scene, COMMAND_DONE, command_done, .command = 8, .kind = SB_COMMAND_RESUME_JOB, .job = 0, .actor = "ana");
    fold();
    sb_audit_stamp(&model->audit, 7, "INC-482", "other");
    sb_audit_stamp(&model->audit, 8, "INC-482", "mended");
    sb_audit_stamp(&model->audit, 99, "INC-482", "nobody asked");
    assert_string_equal(sb_audit_at(&model->audit, 1)->incident, "INC-482");
    assert_string_equal(sb_audit_at(&model->audit, 1)->reason, "rate limit");
    assert_string_equal(sb_audit_at(&model->audit, 0)->reason, "mended");
    assert_int_equal(model->audit.total, 2);
}

static void assert_target(const struct sb_model_asked *asked, const char *job, const char *expected)
{
    char buffer[80];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_audit_target(asked, job, &text);
    assert_string_equal(buffer, expected);
}

static void audit__names_what_a_command_was_about(void **state)
{
    (void)state;
    struct sb_model_asked asked = {.ctx = SB_NO_CTX, .component = SB_COMPONENT_COUNT};
    assert_target(&asked, "", "");
    assert_target(&asked, "plan", "plan");
    asked.alert = 12;
    assert_target(&asked, "", "alert 12");
    asked.kind = SB_COMMAND_UNSILENCE;
    assert_target(&asked, "", "silence 12");
    asked.component = SB_COMPONENT_LLM;
    assert_target(&asked, "", "llm");
    asked.ctx = 2;
    assert_target(&asked, "", "ctx2");
}

static const struct sb_model_change *newest(const struct sb_model_history *history)
{
    return &history->changes[(history->total - 1) % SB_MODEL_CHANGES];
}

static void contexts__remember_openings_and_closings_and_not_every_lease(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 1);
    for (unsigned i = 0; i < 20; i++) {
        SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 0);
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 1, .uses = i);
    }
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_CLOSING, .generation = 1, .reason = "a step failed on it");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 2);
    fold();
    const struct sb_model_history *history = &model->context_history[1];
    assert_int_equal(history->total, 3);
    assert_int_equal(newest(history)->generation, 2);
    assert_string_equal(history->changes[1].reason, "a step failed on it");
}

static void components__remember_their_changes_and_a_description_is_none(void **state)
{
    (void)state;
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK, .latency = SB_S(1));
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "503");
    fold();
    struct sb_event described = {.kind = SB_EVENT_COMPONENT_CHANGED,
                                 .as.component_changed = {.component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK}};
    sb_model_fold(model, &described);
    assert_int_equal(model->component_history[SB_COMPONENT_LLM].total, 2);
    assert_string_equal(newest(&model->component_history[SB_COMPONENT_LLM])->reason, "503");
}

static const char *rule_line(uint8_t rule)
{
    static char buffer[320];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_model_rule_line(model, rule, &text);
    return buffer;
}

static void rules__are_as_shipped_until_the_catalogue_says_otherwise(void **state)
{
    (void)state;
    assert_string_equal(rule_line(SB_RULE_DEP_DOWN), "fires at the first bad look; ends at the first good look and so for 30s");
    assert_string_equal(rule_line(SB_RULE_JOB_SLOW), "fires when 2 of the last 3 looks are bad; ends when 2 of the last 3 looks are good");
    assert_string_equal(rule_line(SB_RULE_CLOCK_JUMP), "fires at the first bad look; ends by itself after 10m00s");
    assert_string_equal(sb_model_runbook(model, SB_RULE_DEP_DOWN), sb_runbooks[SB_RULE_DEP_DOWN].text);
    SAY(&scene, RULE_DEFINED, rule_defined, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_COUNT, .raise_n = 3, .raise_of = 3, .clear_n = 1,
        .clear_of = 1, .runbook = "wiki/down");
    fold();
    assert_string_equal(rule_line(SB_RULE_DEP_DOWN),
                        "fires when the last 3 looks are bad; ends at the first good look (as the catalogue has it)");
    assert_string_equal(sb_model_runbook(model, SB_RULE_DEP_DOWN), "wiki/down");
    assert_string_equal(sb_model_manual(model, SB_RULE_DEP_DOWN), "");
    assert_string_equal(sb_model_manual(model, SB_RULE_SITE_DOWN), "Recovery");
}

static void alert__that_follows_from_another_names_it_while_that_one_is_there(void **state)
{
    (void)state;
    SAY(&scene, CHANNEL_DEFINED, channel_defined, .channel = 0, .name = "team", .kind = "slack");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 1, .rule = SB_RULE_DEP_DOWN, .job = SB_NO_JOB, .component = SB_COMPONENT_LLM, .subject = "llm");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 2, .rule = SB_RULE_JOB_FAILED, .job = 0, .subject = "plan");
    SAY(&scene, NOTICE_HELD, notice_held, .alert = 2, .channel = 0, .why = SB_TOLD_INHIBITED, .notice = SB_NOTICE_KIND_COUNT, .by = "llm");
    fold();
    assert_ptr_equal(sb_model_alert_cause(model, &model->alerts[1]), &model->alerts[0]);
    assert_null(sb_model_alert_cause(model, &model->alerts[0]));
    SAY(&scene, ALERT_CLEARED, alert_cleared, .alert = 1, .rule = SB_RULE_DEP_DOWN, .subject = "llm");
    fold();
    assert_null(sb_model_alert_cause(model, &model->alerts[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(audit__joins_what_was_asked_with_what_became_of_it),
        TEST(audit__a_repeated_answer_is_one_row_and_keeps_its_first_time),
        TEST(audit__keeps_the_newest_and_forgets_the_oldest),
        TEST(audit__an_incident_stamps_its_commands_and_fills_a_missing_reason),
        TEST(audit__names_what_a_command_was_about),
        TEST(contexts__remember_openings_and_closings_and_not_every_lease),
        TEST(components__remember_their_changes_and_a_description_is_none),
        TEST(rules__are_as_shipped_until_the_catalogue_says_otherwise),
        TEST(alert__that_follows_from_another_names_it_while_that_one_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
