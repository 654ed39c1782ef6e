/* What a second changes on a screen where nothing happens: the clock. Every other cell would cost bytes on every line to an operator. */
#include "tests/unit/tui_panes/desk.h"

static struct sb_grid_cell before[200 * 60];

/* Cells below the first line that differ from those a second ago. */
static unsigned changed_in_a_second(void)
{
    unsigned changed = 0;
    draw();
    memcpy(before, cells, sizeof before);
    wait_for(SB_S(1));
    draw();
    for (size_t i = grid.cols; i < (size_t)grid.rows * grid.cols; i++)
        changed += before[i].code_point != cells[i].code_point || before[i].slot != cells[i].slot;
    return changed;
}

static void be_well(void)
{
    grid.rows = 50;
    grid.cols = 200;
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_STORE, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = POSTING, .due = now.wall.ns + SB_MIN(25) + SB_S(50));
    wait_for(SB_S(75));
}

static void idle__second_changes_the_clock_alone(void **state)
{
    (void)state;
    be_well();
    assert_shows("+24m");
    assert_shows("|-15m");
    assert_int_equal(changed_in_a_second(), 0);
    assert_int_equal(changed_in_a_second(), 0);
}

static void idle__ages_of_what_is_not_well_count_seconds(void **state)
{
    (void)state;
    be_well();
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    wait_for(SB_S(70));
    assert_shows("1m11s"); /* the desk's clock is a second ahead */
    assert_int_not_equal(changed_in_a_second(), 0);
    assert_shows("1m12s");
}

static void idle__due_times_that_are_near_count_seconds(void **state)
{
    (void)state;
    be_well();
    wait_for(SB_MIN(20));
    assert_int_not_equal(changed_in_a_second(), 0);
    assert_shows("+4m34s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(idle__second_changes_the_clock_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(idle__ages_of_what_is_not_well_count_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(idle__due_times_that_are_near_count_seconds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
