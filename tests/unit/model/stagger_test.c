/* Staggering: due times of new jobs keep away from those of earlier ones. */
#include "signalbox/model/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct sb_job_def job_of(sb_ns every, sb_ns offset, enum sb_category category)
{
    return (struct sb_job_def){ .is_enabled = true, .schedule = SB_SCHEDULE_EVERY, .every = every, .offset = offset,
                                .category = (uint8_t)category };
}

/* The smallest distance between due times of two jobs within a day. */
static sb_ns nearest(const struct sb_job_def *a, const struct sb_job_def *b)
{
    sb_ns best = SB_NEVER;
    for (sb_ns x = a->offset; x < SB_DAY(1); x += a->every)
        for (sb_ns y = b->offset; y < SB_DAY(1); y += b->every) {
            sb_ns away = x > y ? x - y : y - x;
            best = away < best ? away : best;
        }
    return best;
}

static void stagger__keeps_the_due_times_of_equal_jobs_apart(void **state)
{
    (void)state;
    struct sb_job_def jobs[6];
    for (uint32_t i = 0; i < 6; i++) {
        jobs[i] = job_of(SB_MIN(30), 0, SB_CATEGORY_METRICS);
        jobs[i].offset = sb_stagger_offset(jobs, i, &jobs[i]);
        assert_true(jobs[i].offset >= 0 && jobs[i].offset < jobs[i].every);
    }
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < i; k++)
            assert_true(nearest(&jobs[i], &jobs[k]) >= SB_MIN(2));
}

static void stagger__a_new_job_never_moves_an_old_one(void **state)
{
    (void)state;
    struct sb_job_def jobs[3] = { job_of(SB_MIN(20), 0, SB_CATEGORY_METRICS), job_of(SB_MIN(15), 0, SB_CATEGORY_METRICS),
                                  job_of(SB_MIN(10), 0, SB_CATEGORY_METRICS) };
    sb_ns second = sb_stagger_offset(jobs, 1, &jobs[1]);
    jobs[1].offset = second;
    jobs[2].offset = sb_stagger_offset(jobs, 2, &jobs[2]);
    assert_true(sb_stagger_offset(jobs, 1, &jobs[1]) == second);
}

static void stagger__a_job_with_a_context_ignores_those_without(void **state)
{
    (void)state;
    struct sb_job_def plain = job_of(SB_MIN(10), 0, SB_CATEGORY_NONE);
    struct sb_job_def visit = job_of(SB_MIN(10), 0, SB_CATEGORY_BACKGROUND);
    assert_true(sb_stagger_offset(&plain, 1, &visit) == 0);
    assert_true(sb_stagger_offset(&visit, 1, &plain) > 0);
}

static void stagger__without_an_interval_there_is_nothing_to_shift(void **state)
{
    (void)state;
    struct sb_job_def other = job_of(SB_MIN(10), 0, SB_CATEGORY_METRICS);
    struct sb_job_def forced = { .schedule = SB_SCHEDULE_NONE };
    assert_true(sb_stagger_offset(&other, 1, &forced) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stagger__keeps_the_due_times_of_equal_jobs_apart),
        cmocka_unit_test(stagger__a_new_job_never_moves_an_old_one),
        cmocka_unit_test(stagger__a_job_with_a_context_ignores_those_without),
        cmocka_unit_test(stagger__without_an_interval_there_is_nothing_to_shift),
    };
    return cmocka_run_group_tests_name("unit_stagger", tests, NULL, NULL);
}
