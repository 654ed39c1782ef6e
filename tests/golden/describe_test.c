/* The way back from a model to events: a picture that was told and folded again is the same picture. */
#include "signalbox/codec/codec.h"
#include "signalbox/tui/model.h"
#include "tests/golden/incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct scene scene;
static char once[1 << 20], twice[1 << 20];

struct retelling {
    struct sb_model *model;
    struct sb_text *lines;
    unsigned count;
};

static void retell(void *arg, const struct sb_event *event)
{
    struct retelling *const into = arg;
    char line[SB_CODEC_EVENT_MAX];
    struct sb_event read;
    struct sb_error err;
    const size_t size = sb_codec_event_write(event, line, sizeof line);
    assert_true(size > 0);
    assert_int_equal(event->seq, 0);
    assert_int_equal(sb_codec_event_read(line, size, &read, &err), SB_OK);
    if (into->lines != NULL) {
        sb_text_add_n(into->lines, line, size);
        sb_text_add_char(into->lines, '\n');
        assert_false(into->lines->is_cut);
    }
    if (into->model != NULL)
        sb_model_fold(into->model, &read); /* through the codec, as a reader of the file does */
    into->count++;
}

static struct sb_model *played(void)
{
    struct sb_model *const model = sb_model_create();
    assert_non_null(model);
    scene_init(&scene);
    incident_play(&scene);
    SAY(&scene, INCIDENT_OPENED, incident_opened, .incident = "INC-20261123-1", .actor = "ana", .reason = "posts fail");
    SAY(&scene, JOB_PAUSED, job_paused, .job = 2, .actor = "bob", .reason = "it \"floods\"\n");
    SAY(&scene, LANE_POLICY_SET, lane_policy_set, .policy = SB_LANE_POLICY_STRICT, .actor = "ana", .lasts = SB_HOUR(1));
    SAY(&scene, SILENCE_SET, silence_set, .silence = 4, .rule = SB_RULE_JOB_FAILED, .lasts = SB_MIN(15), .subject = "posting", .actor = "ana");
    SAY(&scene, BUDGET_FORCED, budget_forced, .tier = SB_TIER_LOW, .is_on = true, .actor = "ana", .lasts = SB_HOUR(2), .reason = "careful");
    SAY(&scene, COMMAND_DONE, command_done, .command = 9, .kind = SB_COMMAND_PAUSE_JOB, .job = 2, .actor = "bob", .outcome = "paused");
    scene_wait(&scene, SB_S(3));
    SAY(&scene, HEARTBEAT, heartbeat, .inputs = 1);
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(model, &scene.events[i]);
    return model;
}

static void model__told_and_folded_again_tells_the_same(void **state)
{
    (void)state;
    struct sb_model *const first = played(), *const second = sb_model_create();
    struct sb_text text;
    sb_text_init(&text, once, sizeof once);
    struct retelling into = {.model = second, .lines = &text};
    sb_model_describe(first, retell, &into);
    assert_true(into.count > 50);
    sb_text_init(&text, twice, sizeof twice);
    into = (struct retelling){.lines = &text};
    sb_model_describe(second, retell, &into);
    assert_string_equal(twice, once);
    sb_model_destroy(first);
    sb_model_destroy(second);
}

static void model__told_and_folded_again_counts_the_same(void **state)
{
    (void)state;
    struct sb_model *const first = played(), *const second = sb_model_create();
    struct retelling into = {.model = second};
    sb_model_describe(first, retell, &into);
    assert_true(second->is_described);
    assert_memory_equal(first->jobs_in_state, second->jobs_in_state, sizeof first->jobs_in_state);
    assert_true(first->jobs_in_state[SB_JOB_STATE_FAIL] > 0 && first->jobs_in_state[SB_JOB_STATE_RUN] > 0);
    assert_int_equal(first->job_count, second->job_count);
    assert_int_equal(first->waiter_count, second->waiter_count);
    assert_int_equal(first->alert_count, second->alert_count);
    assert_int_equal(sb_model_alerts_unacked(first), sb_model_alerts_unacked(second));
    assert_int_equal(sb_model_contexts_leased(first), sb_model_contexts_leased(second));
    assert_int_equal(first->now, second->now);
    assert_int_equal(first->wall.ns, second->wall.ns);
    assert_string_equal(second->incident.id, "INC-20261123-1");
    assert_int_equal(second->lane_policy_until, first->lane_policy_until);
    assert_int_equal(second->budget.forced_until.ns, first->budget.forced_until.ns);
    for (uint32_t i = 0; i < first->job_high; i++) {
        const struct sb_model_job *const a = &first->jobs[i], *const b = &second->jobs[i];
        assert_int_equal(a->run.id, b->run.id);
        assert_int_equal(a->run.state, b->run.state);
        assert_int_equal(a->run.step, b->run.step);
        assert_int_equal(a->run.attempt, b->run.attempt);
        assert_int_equal(a->run.started, b->run.started);
        assert_string_equal(a->run.error, b->run.error);
        assert_int_equal(a->failures, b->failures);
        assert_int_equal(a->recent_count, b->recent_count);
        assert_int_equal(a->next_due.ns, b->next_due.ns);
    }
    sb_model_destroy(first);
    sb_model_destroy(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model__told_and_folded_again_tells_the_same),
        cmocka_unit_test(model__told_and_folded_again_counts_the_same),
    };
    return cmocka_run_group_tests_name("golden_describe", tests, NULL, NULL);
}
