/* Every rule says what to do, and where the rest is written. */
#include "signalbox/base/text.h"
#include "signalbox/model/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool has_section(const char *name)
{
    char line[4096], headline[128];
    bool is_there = false;
    FILE *file = fopen(SB_SOURCE_DIR "/docs/OPERATIONS.md", "r");
    assert_non_null(file);
    (void)snprintf(headline, sizeof headline, "## %s\n", name);
    while (fgets(line, sizeof line, file) != NULL)
        is_there = is_there || strcmp(line, headline) == 0;
    fclose(file);
    return is_there;
}

static void runbook__of_every_rule_says_what_to_do_and_names_a_section_of_the_manual(void **state)
{
    (void)state;
    for (unsigned rule = 0; rule < SB_RULE_COUNT; rule++) {
        const struct sb_runbook *runbook = &sb_runbooks[rule];
        if (runbook->text == NULL || strlen(runbook->text) < 40 || runbook->manual == NULL)
            fail_msg("rule %s has no runbook", sb_rule_text(rule));
        if (!has_section(runbook->manual))
            fail_msg("docs/OPERATIONS.md has no section \"%s\", which rule %s names", runbook->manual, sb_rule_text(rule));
    }
}

static void rule__is_changed_when_any_part_of_it_is(void **state)
{
    (void)state;
    struct sb_alerts_def alerts;
    sb_alerts_def_init(&alerts);
    for (unsigned rule = 0; rule < SB_RULE_COUNT; rule++)
        assert_false(sb_alert_def_is_changed(&alerts.rules[rule], (enum sb_rule)rule));
    struct sb_alert_def def = alerts.rules[SB_RULE_JOB_SLOW];
    def.raise_n = 3;
    assert_true(sb_alert_def_is_changed(&def, SB_RULE_JOB_SLOW));
    def = alerts.rules[SB_RULE_JOB_SLOW];
    sb_copy(def.runbook, sizeof def.runbook, "wiki/slow");
    assert_true(sb_alert_def_is_changed(&def, SB_RULE_JOB_SLOW));
    def = alerts.rules[SB_RULE_JOB_SLOW];
    def.is_off = true;
    assert_true(sb_alert_def_is_changed(&def, SB_RULE_JOB_SLOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runbook__of_every_rule_says_what_to_do_and_names_a_section_of_the_manual),
        cmocka_unit_test(rule__is_changed_when_any_part_of_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
