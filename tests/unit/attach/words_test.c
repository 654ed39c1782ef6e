/* A command in the words of the interface for programs. */
#include "runtime/attach/parts.h"

#include "signalbox/codec/codec.h"
#include "signalbox/model/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct attached_names names;

static int setup(void **state)
{
    (void)state;
    memset(&names, 0, sizeof(names));
    names.jobs = calloc(SB_JOBS_MAX, sizeof(*names.jobs));
    assert_non_null(names.jobs);
    assert_true(sb_copy(names.jobs[3], SB_NAME_MAX, "posting"));
    assert_true(sb_copy(names.sites[1], SB_NAME_MAX, "practice"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(names.jobs);
    return 0;
}

static struct sb_json *words_of(const struct sb_command *command)
{
    struct sb_json *json = NULL;
    char *words = attached_command_words(&names, 99, command);
    assert_non_null(words);
    assert_int_equal(sb_json_parse(&json, words, strlen(words), NULL), SB_OK);
    free(words);
    return json;
}

static void assert_text(const struct sb_json *json, const char *key, const char *expected)
{
    char *text = sb_json_text(json, key);
    if (text == NULL || strcmp(text, expected) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\"", key, text != NULL ? text : "missing", expected);
    free(text);
}

static void words__have_every_field_of_a_command(void **state)
{
    const struct sb_kind_info *info = &sb_input_infos[SB_INPUT_COMMAND];
    struct sb_command command = sb_command_make(SB_COMMAND_TRIP_BREAKER, 4711, "ana");
    (void)state;
    command.job = 3;
    command.site = 1;
    command.ctx = 2;
    command.alert = 5;
    command.run = 17;
    command.confirmed = true;
    command.lasts = SB_MIN(2);
    command.rule = 0;
    command.policy = SB_LANE_POLICY_LEND;
    command.tier = SB_TIER_LOW;
    assert_true(sb_copy(command.reason, sizeof(command.reason), "it \"rains\"\n"));
    assert_true(sb_copy(command.subject, sizeof(command.subject), "abc*"));
    struct sb_json *json = words_of(&command);
    for (unsigned i = 0; i < info->field_count; i++) {
        const char *field = info->fields[i].name;
        const char *key = sb_streq(field, "ctx") ? "context" : sb_streq(field, "lasts") ? "lasts_ms" : field;
        if (sb_json_type(json, key) == SB_JSON_MISSING)
            fail_msg("the field %s of a command is not sent", field);
    }
    assert_text(json, "console", "99");
    assert_text(json, "id", "4711");
    assert_text(json, "kind", "trip_breaker");
    assert_text(json, "job", "posting");
    assert_text(json, "site", "practice");
    assert_text(json, "context", "2");
    assert_text(json, "alert", "5");
    assert_text(json, "run", "17");
    assert_text(json, "confirmed", "true");
    assert_text(json, "lasts_ms", "120000");
    assert_text(json, "policy", "lend");
    assert_text(json, "tier", "low");
    assert_text(json, "reason", "it \"rains\"\n");
    assert_text(json, "subject", "abc*");
    sb_json_destroy(json);
}

static void words__leave_out_targets_that_are_none(void **state)
{
    struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_ALL, 1, "ana");
    (void)state;
    struct sb_json *json = words_of(&command);
    static const char *const keys[] = { "job", "site", "context", "rule", "subject", "reason" };
    for (size_t i = 0; i < SB_LEN(keys); i++)
        if (sb_json_type(json, keys[i]) != SB_JSON_MISSING)
            fail_msg("%s is there", keys[i]);
    sb_json_destroy(json);
}

static void words__are_not_made_for_a_target_without_a_name(void **state)
{
    struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_JOB, 1, "ana");
    (void)state;
    command.job = 4;
    assert_null(attached_command_words(&names, 99, &command));
    command.job = SB_JOBS_MAX;
    assert_null(attached_command_words(&names, 99, &command));
    command = sb_command_make(SB_COMMAND_RESET_BREAKER, 1, "ana");
    command.site = 2;
    assert_null(attached_command_words(&names, 99, &command));
    command.site = UINT8_MAX;
    assert_null(attached_command_words(&names, 99, &command));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(words__have_every_field_of_a_command),
        TEST(words__leave_out_targets_that_are_none),
        TEST(words__are_not_made_for_a_target_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
