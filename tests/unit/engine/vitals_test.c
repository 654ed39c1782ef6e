/* What the engine says of itself without its core: the first feed, the loops that owe an answer, the figures. */
#include "engine_rig.h"

#include <sched.h>

static int setup(void **state)
{
    (void)state;
    rig_init();
    rig_job("walk");
    rig_step("only", SB_STEP_KIND_NATIVE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    return 0;
}

static sb_ns silence_of(const char *name)
{
    struct sb_loop loops[SB_LOOPS_MAX];
    size_t count = sb_control_loops(sb_engine_control(rig.engine), loops);
    for (size_t i = 0; i < count; i++)
        if (sb_streq(loops[i].name, name))
            return loops[i].silence;
    fail_msg("no loop %s", name);
    return 0;
}

/* Until the loop has been silent for longer than a moment, or has not. */
static void await_silence(const char *name, bool is_silent)
{
    const struct sb_op op = test_op();
    sb_ns silence = silence_of(name);
    while ((silence > SB_MS(20)) != is_silent) {
        if (sb_now() > op.deadline)
            fail_msg("%s: silent for %lld ms", name, (long long)(silence / SB_MS(1)));
        (void)sched_yield();
        silence = silence_of(name);
    }
}

static void note(void)
{
    const struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    assert_int_equal(sb_control_input(sb_engine_control(rig.engine), &input, NULL), SB_OK);
}

static void first_feed__has_every_event_from_the_first_on(void **state)
{
    struct sb_feed *first = NULL;
    struct sb_event event;
    uint64_t seq = 0;
    bool is_gap = false;
    (void)state;
    rig.setup.first_feed = &first;
    rig_start();
    (void)rig_run_job(0);
    const uint64_t last = rig_wait(SB_EVENT_RUN_ENDED)->seq;
    const int fd = sb_feed_fd(first);
    const struct sb_op op = test_op();
    size_t ready;
    while (seq < last) {
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        while (sb_feed_take(first, &event, 1, &is_gap) == 1) {
            assert_false(is_gap);
            assert_int_equal(event.seq, ++seq);
        }
    }
    sb_feed_close(first);
}

static void loops__owe_nothing_while_they_turn(void **state)
{
    static const char *const names[] = { "core", "workers", "journal", "keeper" };
    (void)state;
    rig_start();
    rig_wait_begun();
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < SB_LEN(names); i++)
            await_silence(names[i], false);
}

static void loops__name_the_core_that_is_stopped(void **state)
{
    (void)state;
    rig_start();
    rig_wait_begun();
    fake_store_block_append(rig.store, true);
    note();
    await_silence("core", true);
    await_silence("keeper", false);
    fake_store_block_append(rig.store, false);
    await_silence("core", false);
}

static void loops__name_the_journal_that_neither_writes_nor_complains(void **state)
{
    (void)state;
    rig_start();
    rig_wait_begun();
    fake_store_hold(rig.store, true, false);
    note();
    await_silence("journal", true);
    await_silence("core", false);
    fake_store_hold(rig.store, false, false);
    await_silence("journal", false);
}

static void vitals__count_what_the_core_does(void **state)
{
    struct sb_vitals before, after;
    (void)state;
    rig_start();
    rig_wait_begun();
    sb_control_vitals(sb_engine_control(rig.engine), &before);
    (void)rig_run_job(0);
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    note(); /* the step before it has been counted when its event is out */
    (void)rig_wait(SB_EVENT_NOTE);
    sb_control_vitals(sb_engine_control(rig.engine), &after);
    assert_true(after.inputs >= before.inputs + 2);
    assert_true(after.events > before.events);
    assert_int_equal(after.steps_run, before.steps_run + 1);
    assert_int_equal(after.step.count, after.inputs);
    assert_true(after.step.sum > before.step.sum);
    assert_true(after.workers > 0 && after.workers_busy <= after.workers);
}

static enum sb_component_state answers(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg, (void)component, (void)op, (void)err;
    return SB_COMPONENT_STATE_OK;
}

static void health__tells_how_late_the_core_came_and_forgets_it(void **state)
{
    struct sb_health first, second;
    (void)state;
    rig.catalogue.components[SB_COMPONENT_DISK] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_OPTIONAL, .is_used = true,
                                                                              .probe_every = SB_MS(300) };
    rig.setup.probe = answers;
    rig_start();
    (void)rig_wait_component(SB_COMPONENT_DISK, SB_COMPONENT_STATE_OK); /* its next check is a deadline from here on */
    fake_store_block_append(rig.store, true);
    note();
    while (silence_of("core") < SB_MS(900))
        (void)sched_yield();
    fake_store_block_append(rig.store, false);
    (void)rig_wait(SB_EVENT_NOTE);
    const struct sb_op op = test_op();
    sb_control_health(sb_engine_control(rig.engine), &first);
    while (first.late < SB_MS(300)) { /* the core is just waking */
        if (sb_now() > op.deadline)
            fail_msg("late by %lld ms at most", (long long)(first.late / SB_MS(1)));
        (void)sched_yield();
        sb_control_health(sb_engine_control(rig.engine), &first);
    }
    sb_control_health(sb_engine_control(rig.engine), &second);
    assert_true(second.late < first.late);
    assert_int_equal(second.lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(first_feed__has_every_event_from_the_first_on),
        TEST(loops__owe_nothing_while_they_turn),
        TEST(loops__name_the_core_that_is_stopped),
        TEST(loops__name_the_journal_that_neither_writes_nor_complains),
        TEST(vitals__count_what_the_core_does),
        TEST(health__tells_how_late_the_core_came_and_forgets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
