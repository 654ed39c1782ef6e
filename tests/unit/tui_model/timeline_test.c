/* The spans of the timeline: what events begin and end them, that they stay bounded, and that copies and hashes have them too. */
#include "signalbox/tui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/scene.h"

static struct scene scene;
static struct sb_model *model;
static unsigned folded;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    model = sb_model_create();
    folded = 0;
    scene_start(&scene);
    scene_job(&scene, 0, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_job(&scene, 1, "metrics_scraper", SB_CATEGORY_METRICS, 1, 3);
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1);
    scene_described(&scene);
    return model == NULL;
}

static int teardown(void **state)
{
    (void)state;
    sb_model_destroy(model);
    return 0;
}

static void fold(void)
{
    while (folded < scene.count)
        sb_model_fold(model, &scene.events[folded++]);
}

static void assert_span(const struct sb_model_spans *spans, uint64_t back, unsigned kind, unsigned end, sb_ns from, sb_ns to)
{
    fold();
    const struct sb_model_span *const span = sb_model_span_at(spans, back);
    assert_non_null(span);
    assert_int_equal(span->kind, kind);
    assert_int_equal(span->end, end);
    assert_int_equal(span->from, from);
    if (end != SB_SPAN_OPEN)
        assert_int_equal(span->to, to);
}

static void attempt__waits_runs_fails_and_runs_again(void **state)
{
    (void)state;
    const sb_ns begin = scene.now;
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = 7, .job = 0, .lane = SB_LANE_POSTING);
    assert_span(&model->job_spans[0], 0, SB_SPAN_WAIT, SB_SPAN_OPEN, begin, 0);
    scene_wait(&scene, SB_S(3));
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 2, .run = 7, .job = 0, .fence = 1);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 1);
    assert_span(&model->job_spans[0], 1, SB_SPAN_WAIT, SB_SPAN_OK, begin, begin + SB_S(3));
    assert_span(&model->job_spans[0], 0, SB_SPAN_RUN, SB_SPAN_OPEN, begin + SB_S(3), 0);
    assert_span(&model->ctx_spans[2], 0, SB_SPAN_HOLD, SB_SPAN_OPEN, begin + SB_S(3), 0);
    scene_wait(&scene, SB_S(4));
    SAY(&scene, LEASE_ENDED, lease_ended, .ctx = 2, .run = 7, .job = 0);
    SAY(&scene, RUN_RETRYING, run_retrying, .run = 7, .job = 0, .attempt = 2, .attempts_max = 3, .class = SB_CLASS_RETRYABLE);
    assert_span(&model->job_spans[0], 0, SB_SPAN_RUN, SB_SPAN_FAILED, begin + SB_S(3), begin + SB_S(7));
    assert_span(&model->ctx_spans[2], 0, SB_SPAN_HOLD, SB_SPAN_OK, begin + SB_S(3), begin + SB_S(7));
    scene_wait(&scene, SB_S(1));
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 2);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 0, .attempt = 2); /* told twice, as a description does */
    scene_wait(&scene, SB_S(2));
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 0, .state = SB_RUN_STATE_SUCCEEDED);
    assert_span(&model->job_spans[0], 0, SB_SPAN_RUN, SB_SPAN_OK, begin + SB_S(8), begin + SB_S(10));
    assert_int_equal(model->job_spans[0].total, 3);
}

static void attempts__of_two_runs_of_a_job_end_each_by_itself(void **state)
{
    (void)state;
    const sb_ns begin = scene.now;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 1, .attempt = 1);
    scene_wait(&scene, SB_S(1));
    SAY(&scene, RUN_STARTED, run_started, .run = 8, .job = 1, .attempt = 1);
    scene_wait(&scene, SB_S(1));
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 1, .state = SB_RUN_STATE_FAILED);
    assert_span(&model->job_spans[1], 1, SB_SPAN_RUN, SB_SPAN_FAILED, begin, begin + SB_S(2));
    assert_span(&model->job_spans[1], 0, SB_SPAN_RUN, SB_SPAN_OPEN, begin + SB_S(1), 0);
    SAY(&scene, RUN_ENDED, run_ended, .run = 8, .job = 1, .state = SB_RUN_STATE_CANCELLED);
    assert_span(&model->job_spans[1], 0, SB_SPAN_RUN, SB_SPAN_OTHER, begin + SB_S(1), begin + SB_S(2));
}

static void run__that_fails_before_it_starts_is_a_moment_that_failed(void **state)
{
    (void)state;
    SAY(&scene, RUN_ENDED, run_ended, .run = 7, .job = 1, .state = SB_RUN_STATE_FAILED);
    assert_span(&model->job_spans[1], 0, SB_SPAN_RUN, SB_SPAN_FAILED, scene.now, scene.now);
    SAY(&scene, RUN_ENDED, run_ended, .run = 8, .job = 1, .state = SB_RUN_STATE_SKIPPED); /* nothing happened */
    fold();
    assert_int_equal(model->job_spans[1].total, 1);
}

/* Each run asks for a context and nearly always gets it at once: such waits must not push out what happened. */
static void wait__that_is_over_at_once_takes_no_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_MODEL_SPANS; i++) {
        SAY(&scene, LEASE_WANTED, lease_wanted, .run = 100 + i, .job = 1, .lane = SB_LANE_HIGH);
        scene_wait(&scene, SB_MS(5));
        SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 100 + i, .job = 1, .fence = i);
        SAY(&scene, RUN_STARTED, run_started, .run = 100 + i, .job = 1, .attempt = 1);
        scene_wait(&scene, SB_S(2));
        SAY(&scene, LEASE_ENDED, lease_ended, .ctx = 1, .run = 100 + i, .job = 1);
        SAY(&scene, RUN_ENDED, run_ended, .run = 100 + i, .job = 1, .state = SB_RUN_STATE_SUCCEEDED);
    }
    fold();
    assert_int_equal(model->job_spans[1].total, SB_MODEL_SPANS);
    for (unsigned back = 0; back < SB_MODEL_SPANS; back++) {
        const struct sb_model_span *const span = sb_model_span_at(&model->job_spans[1], back);
        assert_int_equal(span->kind, SB_SPAN_RUN);
        assert_int_equal(span->run, 100 + SB_MODEL_SPANS - 1 - back);
        assert_int_equal(span->to - span->from, SB_S(2));
    }
}

static void context__that_dies_is_gone_until_it_can_be_used_again(void **state)
{
    (void)state;
    const sb_ns begin = scene.now;
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .fence = 1);
    scene_wait(&scene, SB_S(5));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_DOWN, .generation = 1, .reason = "signal 9");
    assert_span(&model->ctx_spans[1], 1, SB_SPAN_HOLD, SB_SPAN_FAILED, begin, begin + SB_S(5));
    scene_wait(&scene, SB_S(2));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_OPENING, .generation = 2);
    assert_span(&model->ctx_spans[1], 0, SB_SPAN_GONE, SB_SPAN_OPEN, begin + SB_S(5), 0);
    scene_wait(&scene, SB_S(1));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 1, .state = SB_CTX_STATE_IDLE, .generation = 2);
    assert_span(&model->ctx_spans[1], 0, SB_SPAN_GONE, SB_SPAN_OK, begin + SB_S(5), begin + SB_S(8));
    assert_int_equal(model->ctx_spans[0].total, 0); /* that a context opens at the start is no loss */
}

static void burst_context__that_closes_after_its_post_is_no_loss(void **state)
{
    (void)state;
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 3, .state = SB_CTX_STATE_IDLE, .generation = 1);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 3, .run = 7, .job = 0, .fence = 1, .is_burst = true);
    SAY(&scene, LEASE_ENDED, lease_ended, .ctx = 3, .run = 7, .job = 0);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 3, .state = SB_CTX_STATE_CLOSING, .generation = 1);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 3, .state = SB_CTX_STATE_DOWN, .generation = 1);
    fold();
    assert_int_equal(model->ctx_spans[3].total, 1);
}

static void spans__are_bounded_and_the_newest_stay(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * SB_MODEL_SPANS; i++) {
        SAY(&scene, RUN_STARTED, run_started, .run = 100 + i, .job = 1, .attempt = 1);
        SAY(&scene, RUN_ENDED, run_ended, .run = 100 + i, .job = 1, .state = SB_RUN_STATE_SUCCEEDED);
        scene_wait(&scene, SB_S(1));
    }
    const sb_ns last = scene.now - SB_S(1);
    assert_span(&model->job_spans[1], 0, SB_SPAN_RUN, SB_SPAN_OK, last, last);
    assert_span(&model->job_spans[1], SB_MODEL_SPANS - 1, SB_SPAN_RUN, SB_SPAN_OK, last - (SB_MODEL_SPANS - 1) * SB_S(1),
                last - (SB_MODEL_SPANS - 1) * SB_S(1));
    assert_null(sb_model_span_at(&model->job_spans[1], SB_MODEL_SPANS));
    assert_int_equal(model->job_spans[0].total, 0);
}

static void spans__are_copied_hashed_and_forgotten_with_the_model(void **state)
{
    (void)state;
    struct sb_model *const copy = sb_model_create();
    assert_non_null(copy);
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 1, .attempt = 1);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = 1, .run = 7, .job = 1, .fence = 1);
    fold();
    sb_model_copy(copy, model);
    assert_int_equal(sb_model_hash(copy), sb_model_hash(model));
    assert_int_equal(copy->job_spans[1].ring[0].run, 7);
    copy->ctx_spans[1].ring[0].job = 0;
    assert_int_not_equal(sb_model_hash(copy), sb_model_hash(model));
    sb_model_copy(copy, model);
    copy->job_spans[1].ring[0].from++;
    assert_int_not_equal(sb_model_hash(copy), sb_model_hash(model));
    sb_model_reset(copy);
    assert_int_equal(copy->job_spans[1].total + copy->ctx_spans[1].total, 0);
    for (unsigned i = 0; i < scene.count; i++)
        sb_model_fold(copy, &scene.events[i]);
    assert_int_equal(sb_model_hash(copy), sb_model_hash(model)); /* folded twice, equal */
    sb_model_destroy(copy);
}

/* The clock of another process begins elsewhere: spans of two of them cannot stand on one line. */
static void spans__end_with_their_process(void **state)
{
    (void)state;
    SAY(&scene, RUN_STARTED, run_started, .run = 7, .job = 1, .attempt = 1);
    fold();
    assert_int_equal(model->known_since, SCENE_NOW);
    scene.now = SB_S(3);
    SAY(&scene, RUNTIME_STARTED, runtime_started, .boot = 4, .version = "0.1.0", .host = "ops1", .jobs = 4);
    fold();
    assert_int_equal(model->job_spans[1].total, 0);
    assert_int_equal(model->known_since, 0);
    scene_described(&scene);
    fold();
    assert_int_equal(model->known_since, SB_S(3));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attempt__waits_runs_fails_and_runs_again),
        TEST(attempts__of_two_runs_of_a_job_end_each_by_itself),
        TEST(run__that_fails_before_it_starts_is_a_moment_that_failed),
        TEST(wait__that_is_over_at_once_takes_no_room),
        TEST(context__that_dies_is_gone_until_it_can_be_used_again),
        TEST(burst_context__that_closes_after_its_post_is_no_loss),
        TEST(spans__are_bounded_and_the_newest_stay),
        TEST(spans__are_copied_hashed_and_forgotten_with_the_model),
        TEST(spans__end_with_their_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
