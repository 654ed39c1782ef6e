/* A scene of three jobs and the model that folds it: what the tests of the fold share. Header only; the program is one test file. */
#ifndef SIGNALBOX_TESTS_FOLDING_H
#define SIGNALBOX_TESTS_FOLDING_H

#include "signalbox/tui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/text.h"
#include "tests/golden/scene.h"

static struct scene scene;
static struct sb_model *model;
static unsigned folded;

static inline int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    model = sb_model_create();
    folded = 0;
    scene_start(&scene);
    scene_job(&scene, 0, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_job(&scene, 1, "metrics_scraper", SB_CATEGORY_METRICS, 1, 3);
    scene_job(&scene, 2, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_described(&scene);
    return model == NULL;
}

static inline int teardown(void **state)
{
    (void)state;
    sb_model_destroy(model);
    return 0;
}

static inline void fold(void)
{
    while (folded < scene.count)
        sb_model_fold(model, &scene.events[folded++]);
}

static inline void assert_state(uint16_t job, enum sb_job_state expected)
{
    fold();
    assert_string_equal(sb_job_state_mark((enum sb_job_state)model->jobs[job].state), sb_job_state_mark(expected));
    uint32_t sum = 0;
    for (unsigned i = 0; i < SB_JOB_STATE_COUNT; i++)
        sum += model->jobs_in_state[i];
    assert_int_equal(sum, model->job_count);
}

static inline const char *why(uint16_t job)
{
    static char buffer[512];
    struct sb_text text;
    fold();
    sb_text_init(&text, buffer, sizeof buffer);
    sb_model_why(model, job, scene.now, scene.wall, &text);
    return buffer;
}

static inline void run_job(uint64_t run, uint16_t job, enum sb_run_state end, sb_ns duration)
{
    SAY(&scene, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    SAY(&scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
    scene_wait(&scene, duration);
    SAY(&scene, RUN_ENDED, run_ended, .run = run, .job = job, .attempt = 1, .state = (uint8_t)end, .duration = duration);
}

#endif
