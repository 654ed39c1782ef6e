/* The share of runs that succeeded, over random interleavings of attempts: only final states count, however many attempts came before and in
 * whatever order the runs of several jobs went on. */
#include "signalbox/tui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "tests/golden/scene.h"

enum { JOBS = 4, WORLDS = 40, MOVES = 120 };

/* One job's truth: its run under way, and the final states of its ended ones, oldest first. */
struct truth {
    uint64_t run;   /* 0 = none */
    uint8_t attempt;
    bool is_running;
    uint32_t ended;
    bool succeeded[MOVES];
};

static int expected_share(const struct truth *truth)
{
    uint32_t count = truth->ended < SB_MODEL_RECENT ? truth->ended : SB_MODEL_RECENT, good = 0;
    for (uint32_t i = truth->ended - count; i < truth->ended; i++)
        good += truth->succeeded[i];
    return count == 0 ? -1 : (int)(good * 100 / count);
}

static void move(struct scene *scene, struct truth *truth, uint16_t job, struct sb_rng *rng, uint64_t *next_run)
{
    if (truth->run == 0) {
        truth->run = (*next_run)++;
        truth->attempt = 1;
        truth->is_running = false;
        SAY(scene, RUN_QUEUED, run_queued, .run = truth->run, .job = job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    } else if (!truth->is_running) {
        truth->is_running = true;
        SAY(scene, RUN_STARTED, run_started, .run = truth->run, .job = job, .attempt = truth->attempt);
    } else if (truth->attempt < 3 && sb_rng_below(rng, 2) == 0) {
        SAY(scene, RUN_RETRYING, run_retrying, .run = truth->run, .job = job, .attempt = truth->attempt, .attempts_max = 3,
            .class = SB_CLASS_RETRYABLE);
        truth->attempt++;
        truth->is_running = false;
    } else {
        bool is_good = sb_rng_below(rng, 3) != 0;
        SAY(scene, RUN_ENDED, run_ended, .run = truth->run, .job = job, .attempt = truth->attempt,
            .state = is_good ? SB_RUN_STATE_SUCCEEDED : SB_RUN_STATE_FAILED, .duration = SB_S(1));
        truth->succeeded[truth->ended++] = is_good;
        truth->run = 0;
    }
}

static void success_share__counts_final_states_alone_however_attempts_interleave(void **state)
{
    static struct scene scene;
    static struct truth truths[JOBS];
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct sb_rng rng = { .state = sb_hash_mix(seed) };
        struct sb_model *model = sb_model_create();
        uint64_t next_run = 1;
        assert_non_null(model);
        memset(truths, 0, sizeof(truths));
        scene_init(&scene);
        scene_start(&scene);
        for (uint16_t job = 0; job < JOBS; job++) {
            static const char *const names[JOBS] = { "posting", "plan", "learn", "metrics_scraper" };
            scene_job(&scene, job, names[job], SB_CATEGORY_NONE, 0, 2);
        }
        scene_described(&scene);
        for (int i = 0; i < MOVES; i++) {
            uint16_t job = (uint16_t)sb_rng_below(&rng, JOBS);
            move(&scene, &truths[job], job, &rng, &next_run);
        }
        for (uint32_t i = 0; i < scene.count; i++)
            sb_model_fold(model, &scene.events[i]);
        for (uint16_t job = 0; job < JOBS; job++) {
            const struct sb_model_job *shown = sb_model_job(model, job);
            assert_int_equal(sb_model_recent_ok(shown), expected_share(&truths[job]));
            assert_int_equal(shown->runs_ended, truths[job].ended);
        }
        sb_model_destroy(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_share__counts_final_states_alone_however_attempts_interleave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
