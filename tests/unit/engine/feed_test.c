#include "engine_rig.h"

#include "runtime/engine/parts.h"

#include <sched.h>

static int setup(void **state)
{
    (void)state;
    rig_init();
    rig.setup.checks_core = false;
    rig_job("first");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_job("second");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    return 0;
}

/* Takes a whole describe stream of a feed whose core is quiet; returns its length. */
static size_t take_picture(struct sb_feed *feed, struct sb_event *events, size_t cap, bool *is_gap)
{
    const struct sb_op op = test_op();
    const int fd = sb_feed_fd(feed);
    size_t count = 0, ready;

    *is_gap = false;
    while (count == 0 || events[count - 1].kind != SB_EVENT_DESCRIBED) {
        bool gap_now = false;
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        count += sb_feed_take(feed, events + count, cap - count < 7 ? cap - count : 7, &gap_now);
        assert_true(count < cap);
        assert_false(gap_now && count > 7); /* only before the first */
        *is_gap = *is_gap || gap_now;
    }
    return count;
}

/* The rig's own feed follows in small portions, so that it never falls behind. */
static void make_events(size_t count)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);

    while (count > 0) {
        size_t portion = count < 500 ? count : 500, wanted = rig_count(SB_EVENT_NOTE) + portion;
        for (size_t i = 0; i < portion; i++)
            assert_int_equal(sb_control_input(sb_engine_control(rig.engine), &input, NULL), SB_OK);
        while (rig_count(SB_EVENT_NOTE) < wanted)
            rig_take();
        rig.log_seen = rig.log_count;
        count -= portion;
    }
    assert_int_equal(rig.gaps, 0);
}

static void feed__begins_with_the_whole_picture(void **state)
{
    struct sb_feed *feed = NULL;
    struct sb_event events[256];
    bool is_gap;

    (void)state;
    rig_command(SB_COMMAND_PAUSE_JOB, 1, 0);
    (void)rig_wait(SB_EVENT_COMMAND_DONE);
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &feed, NULL), SB_OK);
    size_t count = take_picture(feed, events, SB_LEN(events), &is_gap), paused = 0;
    assert_false(is_gap);
    for (size_t i = 0; i < count; i++) {
        assert_true(events[i].seq == 0);
        paused += events[i].kind == SB_EVENT_JOB_PAUSED && events[i].as.job_paused.job == 1;
    }
    assert_int_equal(events[0].kind, SB_EVENT_RUNTIME_STARTED);
    assert_int_equal(paused, 1);
    sb_feed_close(feed);
}

static void feed__is_readable_only_while_events_wait(void **state)
{
    struct sb_feed *feed = NULL;
    struct sb_event events[256];
    const struct sb_op now = { .deadline = 0 };
    size_t ready;
    bool is_gap;

    (void)state;
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &feed, NULL), SB_OK);
    (void)take_picture(feed, events, SB_LEN(events), &is_gap);
    const int fd = sb_feed_fd(feed);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_ERR_TIMEOUT);
    assert_int_equal(sb_feed_take(feed, events, SB_LEN(events), &is_gap), 0);
    make_events(2);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_OK);
    assert_int_equal(sb_feed_take(feed, events, 1, &is_gap), 1);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_OK); /* one is left */
    assert_int_equal(sb_feed_take(feed, events, 1, &is_gap), 1);
    assert_int_equal(events[0].kind, SB_EVENT_NOTE);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_ERR_TIMEOUT);
    sb_feed_close(feed);
}

static void feed__a_slow_listener_gets_a_gap_and_an_equal_picture(void **state)
{
    static struct sb_event slow_picture[256], fresh_picture[256];
    struct sb_feed *slow = NULL, *fresh = NULL;
    bool is_gap, is_fresh_gap;

    (void)state;
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &slow, NULL), SB_OK);
    (void)take_picture(slow, slow_picture, SB_LEN(slow_picture), &is_gap);
    make_events(SB_FEED_EVENTS_MAX + 1);
    rig_command(SB_COMMAND_PAUSE_JOB, 0, 0);
    (void)rig_wait(SB_EVENT_COMMAND_DONE);

    size_t count = take_picture(slow, slow_picture, SB_LEN(slow_picture), &is_gap);
    assert_true(is_gap);
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &fresh, NULL), SB_OK);
    assert_int_equal(take_picture(fresh, fresh_picture, SB_LEN(fresh_picture), &is_fresh_gap), count);
    assert_false(is_fresh_gap);
    assert_memory_equal(slow_picture, fresh_picture, count * sizeof(*slow_picture));
    /* From here on it follows like any other. */
    make_events(1);
    assert_int_equal(sb_feed_take(slow, slow_picture, SB_LEN(slow_picture), &is_gap), 1);
    assert_false(is_gap);
    assert_int_equal(slow_picture[0].kind, SB_EVENT_NOTE);
    sb_feed_close(fresh);
    sb_feed_close(slow);
}

static void feed__exactly_full_is_not_behind(void **state)
{
    static struct sb_event events[SB_FEED_EVENTS_MAX + 16];
    struct sb_feed *feed = NULL;
    bool is_gap;

    (void)state;
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &feed, NULL), SB_OK);
    (void)take_picture(feed, events, 256, &is_gap);
    make_events(SB_FEED_EVENTS_MAX);
    assert_int_equal(sb_feed_take(feed, events, SB_LEN(events), &is_gap), SB_FEED_EVENTS_MAX);
    assert_false(is_gap);
    for (size_t i = 1; i < SB_FEED_EVENTS_MAX; i++)
        assert_true(events[i].seq == events[i - 1].seq + 1);
    sb_feed_close(feed);
}

static void feed__outlives_the_engine_in_silence(void **state)
{
    struct sb_feed *feed = NULL;
    struct sb_event events[256];
    bool is_gap;

    (void)state;
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &feed, NULL), SB_OK);
    (void)take_picture(feed, events, SB_LEN(events), &is_gap);
    rig_stop(false);
    size_t last = sb_feed_take(feed, events, SB_LEN(events), &is_gap);
    assert_true(last > 0);
    assert_int_equal(events[last - 1].kind, SB_EVENT_DRAINED); /* what was said to the end is still there */
    assert_int_equal(sb_feed_take(feed, events, SB_LEN(events), &is_gap), 0);
    sb_feed_close(feed);
    sb_feed_close(NULL);
}

/* Starts an engine whose threads give way to every other one. */
static void start_meekly(void *arg)
{
    const struct sched_param param = { 0 };

    (void)arg;
    assert_int_equal(sched_setscheduler(0, SCHED_IDLE, &param), 0);
    rig_start();
}

/* Whoever waits for the end and then reads what was said must find the last word. On one processor, and before an engine that gives way, the
 * waiting thread goes on at the very instant it is woken: an end that is told too early is seen. */
static void feed__has_the_last_event_when_the_end_is_told(void **state)
{
    enum { ROUNDS = 10 };
    cpu_set_t all, one;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    CPU_ZERO(&one);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0); /* threads made from now on inherit it */
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct sb_thread *starter = NULL;
        struct sb_event events[256];
        const struct sb_op op = test_op();
        size_t ready = 0;
        bool is_gap, is_told = false;

        rig_stop(true);
        assert_int_equal(sb_thread_start(&starter, "starter", start_meekly, NULL, NULL), SB_OK);
        sb_thread_join(starter);
        const int finished = sb_engine_finished_fd(rig.engine);
        (void)take_picture(rig.feed, events, SB_LEN(events), &is_gap);
        (void)rig_command(SB_COMMAND_DRAIN, SB_NO_JOB, 0);
        assert_int_equal(sb_poll_readable(&finished, 1, &op, &ready, NULL), SB_OK);
        for (size_t count; (count = sb_feed_take(rig.feed, events, SB_LEN(events), &is_gap)) > 0;)
            for (size_t i = 0; i < count; i++)
                is_told = is_told || events[i].kind == SB_EVENT_DRAINED;
        assert_true(is_told);
    }
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(feed__begins_with_the_whole_picture),
        RIGGED(feed__is_readable_only_while_events_wait),
        RIGGED(feed__a_slow_listener_gets_a_gap_and_an_equal_picture),
        RIGGED(feed__exactly_full_is_not_behind),
        RIGGED(feed__outlives_the_engine_in_silence),
        RIGGED(feed__has_the_last_event_when_the_end_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
