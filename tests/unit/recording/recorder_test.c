/* The flight recorder as a listener, with feeds that the test fills: what it hears is written, a gap begins anew, a new segment misses nothing
 * and says so, and a folder that cannot be written is told once and costs nothing else. */
#include "signalbox/recording/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "signalbox/os/os.h"
#include "tests/support/os_support.h"
#include "tests/unit/recording/tape.h"

enum { FEED_MAX = 4096, FEEDS_MAX = 8 };

struct sb_control {
    int nothing;
};

struct sb_feed {
    int fd;
    bool is_open, is_gap;
    size_t head, count;
    struct sb_event events[FEED_MAX];
};

static struct sb_control control;
static struct sb_mutex *mutex;
static struct sb_cond *changed;
static struct {
    struct sb_feed feeds[FEEDS_MAX];
    unsigned opened;
    uint64_t told;              /* seq of the last event */
    unsigned notes;
    char note[SB_NOTE_MAX];
} world;

static char folder[256];

/* Under the mutex. */
static void push(struct sb_feed *feed, const struct sb_event *event)
{
    assert_true(feed->count < FEED_MAX);
    feed->events[feed->count++] = *event;
    sb_wake_post(feed->fd);
}

static void describe(struct sb_feed *feed)
{
    struct sb_event snapshot[TAPE_SNAPSHOT];
    tape_snapshot(snapshot, tape_event(world.told + 1).wall.ns - TAPE_START);
    for (unsigned i = 0; i < TAPE_SNAPSHOT; i++)
        push(feed, &snapshot[i]);
}

enum sb_err sb_feed_open(struct sb_control *of, struct sb_feed **feed, struct sb_error *err)
{
    (void)of;
    sb_mutex_lock(mutex);
    assert_true(world.opened < FEEDS_MAX);
    *feed = &world.feeds[world.opened++];
    enum sb_err rc = sb_wake_open(&(*feed)->fd, err);
    (*feed)->is_open = rc == SB_OK;
    if (rc == SB_OK)
        describe(*feed);
    sb_cond_broadcast(changed);
    sb_mutex_unlock(mutex);
    return rc;
}

void sb_feed_close(struct sb_feed *feed)
{
    if (feed == NULL)
        return;
    sb_mutex_lock(mutex);
    feed->is_open = false;
    sb_fd_close(&feed->fd);
    sb_mutex_unlock(mutex);
}

int sb_feed_fd(const struct sb_feed *feed)
{
    return feed->fd;
}

size_t sb_feed_take(struct sb_feed *feed, struct sb_event *events, size_t cap, bool *is_gap)
{
    size_t count = 0;
    sb_mutex_lock(mutex);
    *is_gap = feed->is_gap && feed->head < feed->count;
    feed->is_gap = feed->is_gap && !*is_gap;
    while (count < cap && feed->head < feed->count)
        events[count++] = feed->events[feed->head++];
    if (feed->head == feed->count)
        sb_wake_clear(feed->fd);
    sb_mutex_unlock(mutex);
    return count;
}

enum sb_err sb_control_input(struct sb_control *of, const struct sb_input *input, struct sb_error *err)
{
    (void)of;
    (void)err;
    sb_mutex_lock(mutex);
    world.notes++;
    (void)sb_copy(world.note, sizeof world.note, input->as.note.text);
    sb_cond_broadcast(changed);
    sb_mutex_unlock(mutex);
    return SB_OK;
}

/* Something happens: every open feed hears of it. */
static void happen(size_t events)
{
    sb_mutex_lock(mutex);
    for (; events > 0; events--) {
        const struct sb_event event = tape_event(++world.told);
        for (unsigned i = 0; i < world.opened; i++)
            if (world.feeds[i].is_open)
                push(&world.feeds[i], &event);
    }
    sb_mutex_unlock(mutex);
}

static void until_opened(unsigned feeds)
{
    const sb_ns deadline = sb_now() + SB_S(30);
    sb_mutex_lock(mutex);
    while (world.opened < feeds)
        assert_true(sb_cond_wait(changed, mutex, deadline));
    sb_mutex_unlock(mutex);
}

static void until_noted(unsigned notes)
{
    const sb_ns deadline = sb_now() + SB_S(30);
    sb_mutex_lock(mutex);
    while (world.notes < notes)
        assert_true(sb_cond_wait(changed, mutex, deadline));
    sb_mutex_unlock(mutex);
}

static int world_make(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < FEEDS_MAX; i++)
        world.feeds[i].fd = -1;
    mutex = sb_mutex_create(SB_RANK_FEED);
    changed = sb_cond_create();
    test_folder(folder, sizeof(folder));
    return mutex == NULL || changed == NULL;
}

static int world_remove(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FEEDS_MAX; i++)
        if (world.feeds[i].is_open)
            return -1; /* the recorder leaves no feed open */
    sb_cond_destroy(changed);
    sb_mutex_destroy(mutex);
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static struct sb_recorder *start(const char *to, uint64_t segment_bytes)
{
    const struct sb_recorder_setup setup = {
        .control = &control, .folder = to,
        .limits = { .keep = SB_DAY(1), .keep_bytes = 1 << 30, .segment_lasts = SB_HOUR(10), .segment_bytes = segment_bytes },
    };
    struct sb_recorder *recorder = NULL;
    assert_int_equal(sb_recorder_start(&recorder, &setup, NULL), SB_OK);
    return recorder;
}

static struct sb_history *read_back(size_t parts)
{
    struct sb_history *history = NULL;
    struct sb_error err = { SB_OK, "" };
    const char *first = "";
    if (sb_history_open(&history, folder, &err) != SB_OK)
        fail_msg("%s", err.text);
    assert_int_equal(sb_history_count(history), parts);
    assert_int_equal(sb_history_mistakes(history, &first), 0);
    return history;
}

static struct sb_history_events load(struct sb_history *history, size_t index)
{
    struct sb_history_events events = { NULL, 0, 0 };
    assert_int_equal(sb_history_load(history, index, &events, NULL), SB_OK);
    assert_int_equal(events.snapshot, TAPE_SNAPSHOT);
    return events;
}

static void what_it_hears__is_on_disk_when_it_has_stopped(void **state)
{
    (void)state;
    struct sb_recorder *recorder = start(folder, 1 << 20);
    happen(300);
    sb_recorder_detach(recorder);
    happen(20); /* the last ones come while the runtime ends */
    sb_recorder_stop(recorder);
    struct sb_history *history = read_back(1);
    const struct sb_history_events events = load(history, 0);
    assert_int_equal(events.count, TAPE_SNAPSHOT + 320);
    for (uint64_t seq = 1; seq <= 320; seq++)
        assert_int_equal(events.events[TAPE_SNAPSHOT + seq - 1].seq, seq);
    assert_int_equal(world.notes, 0);
    sb_history_close(history);
}

static void gap__begins_a_new_segment(void **state)
{
    (void)state;
    struct sb_recorder *recorder = start(folder, 1 << 20);
    happen(30);
    sb_mutex_lock(mutex);
    struct sb_feed *feed = &world.feeds[0];
    const size_t heard = feed->head; /* it fell behind: what it had not taken is lost */
    feed->head = feed->count = 0;
    feed->is_gap = true;
    world.told += 1000;
    describe(feed);
    sb_mutex_unlock(mutex);
    happen(5);
    sb_recorder_stop(recorder);
    const bool has_first = heard >= TAPE_SNAPSHOT;
    struct sb_history *history = read_back(has_first ? 2 : 1);
    const struct sb_history_events events = load(history, has_first ? 1 : 0);
    assert_int_equal(events.count, TAPE_SNAPSHOT + 5);
    assert_int_equal(events.events[TAPE_SNAPSHOT].seq, 1031);
    sb_history_close(history);
}

static void next_segment__repeats_what_the_one_before_ends_with(void **state)
{
    (void)state;
    struct sb_recorder *recorder = start(folder, 2000); /* a description and a few events */
    for (unsigned round = 1; round <= 4; round++) {
        happen(40);
        until_opened(round + 1);
        happen(1);
    }
    sb_recorder_stop(recorder);
    struct sb_history *history = NULL;
    assert_int_equal(sb_history_open(&history, folder, NULL), SB_OK);
    const size_t parts = sb_history_count(history);
    assert_true(parts >= 4);
    uint64_t seq = 0;
    for (size_t i = 0; i < parts; i++) {
        const struct sb_history_events events = load(history, i);
        assert_true(events.count > events.snapshot);
        assert_true(i == 0 ? events.events[events.snapshot].seq == 1 : events.events[events.snapshot].seq <= seq);
        for (size_t e = events.snapshot; e < events.count; e++) {
            assert_true(events.events[e].seq <= seq + 1); /* nothing is missing */
            seq = events.events[e].seq > seq ? events.events[e].seq : seq;
        }
    }
    assert_int_equal(seq, world.told);
    sb_history_close(history);
}

static void folder__that_cannot_be_made_is_told_once(void **state)
{
    (void)state;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(sb_file_write_atomically(path, "x", 1, 0600, NULL), SB_OK);
    struct sb_recorder *recorder = start(path, 1 << 20);
    until_noted(1);
    happen(500);
    happen(500);
    sb_recorder_stop(recorder);
    assert_int_equal(world.notes, 1);
    assert_non_null(strstr(world.note, "the flight recorder stands still, jobs go on: "));
    assert_non_null(strstr(world.note, "/file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_hears__is_on_disk_when_it_has_stopped, world_make, world_remove),
        cmocka_unit_test_setup_teardown(gap__begins_a_new_segment, world_make, world_remove),
        cmocka_unit_test_setup_teardown(next_segment__repeats_what_the_one_before_ends_with, world_make, world_remove),
        cmocka_unit_test_setup_teardown(folder__that_cannot_be_made_is_told_once, world_make, world_remove),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
