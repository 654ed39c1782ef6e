/* The vocabulary: reflection, log lines, severities, commands. */
#include "signalbox/model/catalogue.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"
#include "signalbox/model/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void check_info(const struct sb_kind_info *info)
{
    assert_non_null(info->name);
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *field = &info->fields[i];
        size_t size = sb_field_size(field->type);
        assert_true(size > 0);
        assert_true(field->offset + size <= info->size);
        for (unsigned k = 0; k < i; k++) {
            const struct sb_field *other = &info->fields[k];
            assert_true(strcmp(field->name, other->name) != 0);
            assert_true(field->offset >= other->offset + sb_field_size(other->type) || other->offset >= field->offset + size);
        }
    }
}

static void reflection__fields_lie_inside_their_struct_and_never_overlap(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_EVENT_COUNT; i++)
        check_info(&sb_event_infos[i]);
    for (unsigned i = 0; i < SB_INPUT_COUNT; i++)
        check_info(&sb_input_infos[i]);
    for (unsigned i = 0; i < SB_ORDER_COUNT; i++)
        check_info(&sb_order_infos[i]);
}

/* A place in a log line that names no field would silently vanish. */
static void event_lines__name_only_fields_that_exist(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < SB_EVENT_COUNT; kind++) {
        const struct sb_kind_info *info = &sb_event_infos[kind];
        for (const char *at = strchr(info->text, '{'); at != NULL; at = strchr(at + 1, '{')) {
            const char *end = strchr(at, '}');
            assert_non_null(end);
            bool is_known = false;
            for (unsigned i = 0; i < info->field_count; i++)
                is_known = is_known || (strlen(info->fields[i].name) == (size_t)(end - at - 1) &&
                                        memcmp(info->fields[i].name, at + 1, (size_t)(end - at - 1)) == 0);
            if (!is_known)
                fail_msg("%s: \"%s\" names a field that does not exist", info->name, info->text);
        }
    }
}

static const char *job_name(const void *self, uint16_t job)
{
    (void)self;
    return job == 3 ? "posting" : NULL;
}

static const char *step_name(const void *self, uint16_t job, uint8_t step)
{
    (void)self;
    return job == 3 && step == 1 ? "publish" : NULL;
}

static void event_lines__show_names_durations_and_money(void **state)
{
    (void)state;
    struct sb_event event;
    struct sb_event_names names = { NULL, job_name, step_name };
    char line[256];
    struct sb_text text;

    memset(&event, 0, sizeof(event));
    event.kind = SB_EVENT_STEP_ENDED;
    event.as.step_ended.run = 17;
    event.as.step_ended.job = 3;
    event.as.step_ended.step = 1;
    event.as.step_ended.state = SB_STEP_STATE_FAILED;
    event.as.step_ended.duration = SB_S(30);
    (void)sb_copy(event.as.step_ended.text, SB_NOTE_MAX, "no button");
    sb_text_init(&text, line, sizeof(line));
    sb_event_text(&event, &names, &text);
    assert_string_equal(line, "posting run 17 step publish failed in 30s no button");
    assert_int_equal(sb_event_severity(&event), SB_SEVERITY_WARN);

    sb_text_init(&text, line, sizeof(line));
    sb_event_text(&event, NULL, &text);
    assert_string_equal(line, "job 3 run 17 step #1 failed in 30s no button");

    memset(&event, 0, sizeof(event));
    event.kind = SB_EVENT_BUDGET_TIER;
    event.as.budget_tier.to = SB_TIER_LOW;
    event.as.budget_tier.remaining = 1900000000;
    event.as.budget_tier.limit = 5000000000;
    sb_text_init(&text, line, sizeof(line));
    sb_event_text(&event, NULL, &text);
    assert_string_equal(line, "budget tier high -> low, 1.9000 of 5.0000 USD left:");
}

static void severity__of_an_end_depends_on_how_it_ended(void **state)
{
    (void)state;
    struct sb_event event;
    memset(&event, 0, sizeof(event));
    event.kind = SB_EVENT_RUN_ENDED;
    event.as.run_ended.state = SB_RUN_STATE_SUCCEEDED;
    assert_int_equal(sb_event_severity(&event), SB_SEVERITY_INFO);
    event.as.run_ended.state = SB_RUN_STATE_FAILED;
    assert_int_equal(sb_event_severity(&event), SB_SEVERITY_ERROR);
    event.kind = SB_EVENT_COMPONENT_CHANGED;
    event.as.component_changed.state = SB_COMPONENT_STATE_DEGRADED;
    assert_int_equal(sb_event_severity(&event), SB_SEVERITY_WARN);
}

static void words__every_text_parses_back_to_its_value(void **state)
{
    (void)state;
    for (int type = 0; type < SB_FIELD_TYPE_COUNT; type++) {
        for (unsigned value = 0; sb_field_enum_text((enum sb_field_type)type, value) != NULL; value++) {
            const char *word = sb_field_enum_text((enum sb_field_type)type, value);
            assert_int_equal(sb_field_enum_parse((enum sb_field_type)type, word), value);
        }
        assert_int_equal(sb_field_enum_parse((enum sb_field_type)type, "no such word"), -1);
    }
    assert_string_equal(sb_tier_text(99), "?");
}

static void commands__have_a_name_a_guard_and_help(void **state)
{
    (void)state;
    for (int i = 0; i < SB_COMMAND_COUNT; i++) {
        assert_int_equal(sb_command_parse(sb_command_infos[i].name), i);
        assert_non_null(strchr("VRGT", sb_command_infos[i].guard));
        assert_true(strlen(sb_command_infos[i].help) > 10);
    }
    struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_JOB, 5, "ana");
    assert_int_equal(command.job, SB_NO_JOB);
    assert_int_equal(command.ctx, SB_NO_CTX);
    assert_string_equal(command.actor, "ana");
}

static void lanes__each_category_with_contexts_has_one(void **state)
{
    (void)state;
    assert_int_equal(sb_category_lane(SB_CATEGORY_POSTING), SB_LANE_POSTING);
    assert_int_equal(sb_category_lane(SB_CATEGORY_METRICS), SB_LANE_HIGH);
    assert_int_equal(sb_category_lane(SB_CATEGORY_HARVESTING), SB_LANE_HIGH);
    assert_int_equal(sb_category_lane(SB_CATEGORY_BACKGROUND), SB_LANE_LOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reflection__fields_lie_inside_their_struct_and_never_overlap),
        cmocka_unit_test(event_lines__name_only_fields_that_exist),
        cmocka_unit_test(event_lines__show_names_durations_and_money),
        cmocka_unit_test(severity__of_an_end_depends_on_how_it_ended),
        cmocka_unit_test(words__every_text_parses_back_to_its_value),
        cmocka_unit_test(commands__have_a_name_a_guard_and_help),
        cmocka_unit_test(lanes__each_category_with_contexts_has_one),
    };
    return cmocka_run_group_tests_name("unit_model", tests, NULL, NULL);
}
