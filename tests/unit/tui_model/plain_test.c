/* The console as lines: one per change, states as words, the same model. */
#include "signalbox/tui/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/text.h"
#include "tests/golden/incident.h"

enum { LINES_MAX = 512, LINE_BYTES = 1024 };

static struct scene scene;
static struct sb_model *model;
static struct sb_plain plain;
static char lines[LINES_MAX][LINE_BYTES];
static unsigned line_count, folded;

static void on_line(void *arg, const char *text, size_t size)
{
    (void)arg;
    assert_true(line_count < LINES_MAX && size < LINE_BYTES);
    memcpy(lines[line_count], text, size);
    lines[line_count++][size] = '\0';
}

static void fold_rest(void)
{
    while (folded < scene.count)
        sb_plain_fold(&plain, &scene.events[folded++]);
}

static int setup(void **state)
{
    (void)state;
    line_count = folded = 0;
    model = sb_model_create();
    assert_non_null(model);
    sb_plain_init(&plain, model, on_line, NULL);
    scene_init(&scene);
    scene_start(&scene);
    scene_job(&scene, 0, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_job(&scene, 1, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_described(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_model_destroy(model);
    return 0;
}

static void assert_line(unsigned number, const char *expected)
{
    if (number >= line_count || strcmp(lines[number], expected) != 0)
        fail_msg("line %u is \"%s\", not \"%s\"", number, number < line_count ? lines[number] : "missing", expected);
}

static void plain__begins_with_how_things_stand(void **state)
{
    (void)state;
    fold_rest();
    assert_int_equal(line_count, 1);
    assert_line(0, "2026-11-23T14:41:07Z 2 jobs: 2 idle; contexts 0 of 3 used, 0 waiting; alerts 0 unacknowledged of 0; store is unchecked");
}

static void plain__tells_a_job_when_its_state_changes_and_only_then(void **state)
{
    (void)state;
    fold_rest();
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    fold_rest();
    const unsigned started = line_count;
    assert_non_null(strstr(lines[started - 1], "job posting running"));
    SAY(&scene, STEP_STARTED, step_started, .run = 7, .job = 0, .step = 0, .attempt = 1, .ctx = 1);
    SAY(&scene, STEP_ENDED, step_ended, .run = 7, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED);
    fold_rest();
    assert_int_equal(line_count, started);
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 0, .step = 1, .attempt = 1, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL,
        .error = "the page is gone");
    fold_rest();
    assert_int_equal(line_count, started + 1);
    assert_non_null(strstr(lines[started], "job posting failing, was running: "));
    assert_non_null(strstr(lines[started], "the page is gone"));
}

static void plain__tells_that_a_job_waits_when_it_has_for_a_second(void **state)
{
    (void)state;
    fold_rest();
    const unsigned before = line_count;
    SAY(&scene, RUN_QUEUED, run_queued, .run = 7, .job = 0, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 0, .category = SB_CATEGORY_POSTING, .lane = SB_LANE_POSTING, .ahead = 1);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 8, .job = 1, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(&scene, RUN_STARTED, run_started, .run = 8, .job = 1, .attempt = 1);
    fold_rest();
    assert_int_equal(line_count, before + 1);
    assert_non_null(strstr(lines[before], "job plan running"));
    scene_wait(&scene, SB_S(1));
    SAY(&scene, HEARTBEAT, heartbeat, .inputs = 1);
    fold_rest();
    assert_int_equal(line_count, before + 2);
    assert_non_null(strstr(lines[before + 1], "job posting waiting"));
}

static void plain__tells_a_pause_of_everything_once_per_job_and_once_itself(void **state)
{
    (void)state;
    fold_rest();
    const unsigned before = line_count;
    SAY(&scene, JOB_PAUSED, job_paused, .job = 1, .actor = "ana", .reason = "rate limit");
    fold_rest();
    assert_int_equal(line_count, before + 1);
    assert_non_null(strstr(lines[before], "job plan paused"));
    assert_non_null(strstr(lines[before], "ana"));
}

static void plain__tells_alerts_components_and_warnings_inside_runs(void **state)
{
    (void)state;
    fold_rest();
    unsigned at = line_count;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = SB_NO_JOB,
        .subject = "llm", .text = "llm failed");
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    fold_rest();
    assert_line(at++, "2026-11-23T14:41:07Z page alert 5 dep_down: llm failed");
    assert_non_null(strstr(lines[at], "llm is failed HTTP 503"));
    SAY(&scene, RUN_LATE, run_late, .run = 9, .job = 0, .late = SB_S(90));
    fold_rest();
    assert_non_null(strstr(lines[line_count - 1], "warn posting run 9 is 1m30s late"));
}

static void plain__tells_what_is_not_well_at_the_start_and_again_after_a_gap(void **state)
{
    (void)state;
    incident_play(&scene); /* described after ten events, so the rest is told as it comes */
    line_count = folded = 0;
    fold_rest();
    assert_true(line_count > 20);
    const uint64_t hash = sb_model_hash(model);
    struct sb_model *other = sb_model_create();
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(other, &scene.events[i]);
    assert_true(hash == sb_model_hash(other)); /* the same fold */
    sb_model_destroy(other);
    sb_plain_reset(&plain);
    line_count = folded = 0;
    while (folded < scene.count && !plain.is_described)
        sb_plain_fold(&plain, &scene.events[folded++]);
    assert_int_equal(line_count, 1);
    assert_non_null(strstr(lines[0], "PRACTICE 29 jobs: "));
}

/* Whoever prints the line cleans it, so nothing of it may be lost or split here. */
static void plain__hands_untrusted_text_over_in_one_piece(void **state)
{
    (void)state;
    fold_rest();
    const unsigned before = line_count;
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_WARN, .job = SB_NO_JOB,
        .subject = "llm", .text = "a\nb\033[2J");
    fold_rest();
    assert_int_equal(line_count, before + 1);
    assert_non_null(strstr(lines[before], "a\nb\033[2J"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain__begins_with_how_things_stand),
        TEST(plain__tells_a_job_when_its_state_changes_and_only_then),
        TEST(plain__tells_that_a_job_waits_when_it_has_for_a_second),
        TEST(plain__tells_a_pause_of_everything_once_per_job_and_once_itself),
        TEST(plain__tells_alerts_components_and_warnings_inside_runs),
        TEST(plain__tells_what_is_not_well_at_the_start_and_again_after_a_gap),
        TEST(plain__hands_untrusted_text_over_in_one_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
