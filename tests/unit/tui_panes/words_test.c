/* Colour only repeats: with every style taken away each state is still told by a word and a mark of its own. */
#include "desk.h"

#include "signalbox/tui/model.h"

/* The row of the screen that has the text, without its line break; "" when there is none. */
static const char *row_with(const char *text)
{
    static char row[512];
    row[0] = '\0';
    for (const char *at = picture; *at != '\0'; at += strcspn(at, "\n") + 1) {
        const size_t size = strcspn(at, "\n");
        const char *const found = strstr(at, text);
        if (found != NULL && found < at + size) {
            sb_copy_n(row, sizeof row, at, size);
            break;
        }
    }
    return row;
}

static void assert_row(const char *name, const char *word)
{
    const char *const row = row_with(name);
    if (strstr(row, word) == NULL)
        fail_msg("the row of %s does not say \"%s\": %s", name, word, row);
}

static void words__of_job_states_are_all_different_and_none_is_empty(void **state)
{
    (void)state;
    for (unsigned a = 0; a < SB_JOB_STATE_COUNT; a++) {
        assert_true(strlen(sb_job_state_mark((enum sb_job_state)a)) > 0);
        for (unsigned b = a + 1; b < SB_JOB_STATE_COUNT; b++) {
            const char *const x = sb_job_state_mark((enum sb_job_state)a), *const y = sb_job_state_mark((enum sb_job_state)b);
            assert_true(strncmp(x, y, 2) != 0); /* also when little room is left */
        }
    }
}

static void words__say_the_state_of_every_job(void **state)
{
    (void)state;
    grid.rows = 40;
    grid.cols = 120;
    scene_job(&scene, 4, "held_job", SB_CATEGORY_NONE, 5, 1);
    scene_job(&scene, 5, "good_job", SB_CATEGORY_NONE, 5, 1);
    scene_job(&scene, 6, "idle_job", SB_CATEGORY_NONE, 5, 1);
    fail_run(11, POSTING);
    start_run(12, METRICS);
    SAY(&scene, JOB_PAUSED, job_paused, .job = PLAN, .actor = "ana");
    SAY(&scene, RUN_QUEUED, run_queued, .run = 13, .job = ANALYTICS, .attempt = 1);
    SAY(&scene, RUN_QUEUED, run_queued, .run = 14, .job = 4, .attempt = 1);
    SAY(&scene, RUN_HELD, run_held, .run = 14, .job = 4, .hold = SB_HOLD_DEPENDENCY, .component = SB_COMPONENT_LLM);
    SAY(&scene, RUN_STARTED, run_started, .run = 15, .job = 5, .attempt = 1);
    SAY(&scene, RUN_ENDED, run_ended, .run = 15, .job = 5, .attempt = 1, .state = SB_RUN_STATE_SUCCEEDED);
    draw();
    assert_row(" posting ", "FAIL!");
    assert_row("metrics_scraper", "RUN");
    assert_row(" plan ", "PAUS=");
    assert_row(" analytics ", "WAIT.");
    assert_row("held_job", "HELD");
    assert_row("good_job", "OK");
    assert_row("idle_job", "- ");
    assert_shows(">FAIL! posting"); /* the selection has a mark, too */
}

static void words__say_how_bad_alerts_and_services_are(void **state)
{
    (void)state;
    grid.rows = 40;
    grid.cols = 120;
    static const struct {
        enum sb_severity severity;
        const char *subject, *word;
    } alerts[] = {{SB_SEVERITY_PAGE, "one", "PAGE"}, {SB_SEVERITY_ERROR, "two", "ERR"}, {SB_SEVERITY_WARN, "three", "WARN"}};
    for (unsigned i = 0; i < SB_LEN(alerts); i++) {
        struct sb_event event = {.kind = SB_EVENT_ALERT_RAISED};
        event.as.alert_raised.alert = 20 + i;
        event.as.alert_raised.rule = SB_RULE_JOB_FAILED;
        event.as.alert_raised.severity = (uint8_t)alerts[i].severity;
        event.as.alert_raised.job = SB_NO_JOB;
        sb_copy(event.as.alert_raised.subject, SB_NAME_MAX, alerts[i].subject);
        sb_copy(event.as.alert_raised.text, SB_NOTE_MAX, alerts[i].subject);
        scene_push(&scene, &event);
    }
    SAY(&scene, ALERT_ACKED, alert_acked, .alert = 22, .actor = "ana", .lasts = SB_HOUR(1));
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_STORE, .state = SB_COMPONENT_STATE_OK);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_LLM, .state = SB_COMPONENT_STATE_FAILED, .reason = "HTTP 503");
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_DEGRADED, .reason = "slow");
    draw();
    assert_shows("!PAGE");
    assert_shows("!ERR");
    assert_shows("UNACK");
    assert_row("three", "WARN");
    if (strstr(row_with("three"), "UNACK") != NULL)
        fail_msg("an acknowledged alert says UNACK: %s", row_with("three"));
    assert_row(" store ", "OK");
    const char *const llm = row_with("HTTP 503");
    assert_true(llm[0] != '\0' && strstr(llm, " OK ") == NULL);
    const char *const browser = row_with(" slow");
    assert_true(browser[0] != '\0' && strstr(browser, " OK ") == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words__of_job_states_are_all_different_and_none_is_empty),
        TEST(words__say_the_state_of_every_job),
        TEST(words__say_how_bad_alerts_and_services_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
