/* Which notices a channel asks for. */
#include "signalbox/model/notice.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool wants(const char *pattern, const char *rule)
{
    const struct sb_channel_def channel = { .name = "ops", .kind = SB_CHANNEL_SLACK, .rules = &pattern, .rule_count = 1 };
    return sb_channel_wants(&channel, rule, SB_SEVERITY_INFO);
}

static void channel__wants_every_rule_when_it_names_none(void **state)
{
    (void)state;
    const struct sb_channel_def channel = { .name = "ops", .kind = SB_CHANNEL_EXEC };
    assert_true(sb_channel_wants(&channel, "job_failed", SB_SEVERITY_DEBUG));
}

static void channel__wants_its_severity_and_graver_ones(void **state)
{
    (void)state;
    const struct sb_channel_def channel = { .name = "ops", .kind = SB_CHANNEL_SLACK, .min_severity = SB_SEVERITY_WARN };
    assert_false(sb_channel_wants(&channel, "job_failed", SB_SEVERITY_INFO));
    assert_true(sb_channel_wants(&channel, "job_failed", SB_SEVERITY_WARN));
    assert_true(sb_channel_wants(&channel, "job_failed", SB_SEVERITY_PAGE));
}

static void channel__wants_rules_that_fit_a_pattern(void **state)
{
    (void)state;
    assert_true(wants("job_*", "job_failed"));
    assert_true(wants("*", "site_down"));
    assert_true(wants("job_stuck", "job_stuck"));
    assert_true(wants("*_down", "dep_down"));
    assert_true(wants("j*_*d", "job_and_failed"));
    assert_true(wants("job_failed*", "job_failed"));
    assert_false(wants("job_*", "site_down"));
    assert_false(wants("job_", "job_failed"));
    assert_false(wants("*_down", "down_there"));
    assert_false(wants("", "job_failed"));
}

static void deadman__wants_no_alert(void **state)
{
    (void)state;
    const struct sb_channel_def channel = { .name = "heart", .kind = SB_CHANNEL_DEADMAN };
    assert_false(sb_channel_wants(&channel, "job_failed", SB_SEVERITY_PAGE));
}

static void words__are_those_of_the_lists(void **state)
{
    (void)state;
    assert_string_equal("stopping", sb_notice_kind_text(SB_NOTICE_STOPPING));
    assert_string_equal("?", sb_notice_kind_text(SB_NOTICE_KIND_COUNT));
    assert_string_equal("deadman", sb_channel_kind_text(SB_CHANNEL_DEADMAN));
    assert_string_equal("?", sb_channel_kind_text(SB_CHANNEL_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channel__wants_every_rule_when_it_names_none), cmocka_unit_test(channel__wants_its_severity_and_graver_ones),
        cmocka_unit_test(channel__wants_rules_that_fit_a_pattern),      cmocka_unit_test(deadman__wants_no_alert),
        cmocka_unit_test(words__are_those_of_the_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
