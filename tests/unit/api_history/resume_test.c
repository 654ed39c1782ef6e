/* Event streams that are resumed: a scripted feed, a real journal. */
#include "call.h"

#include "signalbox/ports/console.h"

#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS_MAX = 16, TEXT_BYTES = 1 << 20 };

/* --- the control port: every feed gives the description, then what the test has put in ------------------------------------------ */

struct sb_control {
    struct sb_event live[EVENTS_MAX];
    size_t live_count;
    unsigned feeds_opened;
};
struct sb_feed {
    const struct sb_control *control;
    size_t at;
    int fd;
    bool is_described;
};

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)control;
    (void)command;
    (void)id;
    return sb_error_set(err, SB_ERR_UNSUPPORTED, "not here");
}

/* No stream of this test is a console's. */
enum sb_err sb_console_join(struct sb_control *control, uint64_t id, const char *name, bool wants_to_write, uint64_t *visit, struct sb_error *err)
{
    (void)control, (void)id, (void)name, (void)wants_to_write, (void)visit;
    return sb_error_set(err, SB_ERR_UNSUPPORTED, "not here");
}

void sb_console_leave(struct sb_control *control, uint64_t id, uint64_t visit)
{
    (void)control, (void)id, (void)visit;
    fail_msg("nobody has joined");
}

void sb_console_look(struct sb_control *control, uint64_t id, struct sb_seat *seat)
{
    (void)control, (void)id, (void)seat;
    fail_msg("nobody has joined");
}

enum sb_err sb_feed_open(struct sb_control *control, struct sb_feed **feed, struct sb_error *err)
{
    struct sb_feed *fresh = calloc(1, sizeof(*fresh));
    assert_non_null(fresh);
    control->feeds_opened++;
    fresh->control = control;
    enum sb_err rc = sb_wake_open(&fresh->fd, err);
    sb_wake_post(fresh->fd);
    *feed = fresh;
    return rc;
}

void sb_feed_close(struct sb_feed *feed)
{
    if (feed == NULL)
        return;
    sb_fd_close(&feed->fd);
    free(feed);
}

int sb_feed_fd(const struct sb_feed *feed)
{
    return feed->fd;
}

void sb_feed_ping(struct sb_feed *feed)
{
    (void)feed;
}

size_t sb_feed_take(struct sb_feed *feed, struct sb_event *events, size_t cap, bool *is_gap)
{
    *is_gap = false;
    assert_true(cap >= 2);
    if (!feed->is_described) {
        feed->is_described = true;
        events[0] = (struct sb_event){ .kind = SB_EVENT_JOB_DEFINED };
        events[1] = (struct sb_event){ .kind = SB_EVENT_DESCRIBED };
        return 2;
    }
    size_t count = feed->control->live_count - feed->at;
    count = count < cap ? count : cap;
    memcpy(events, feed->control->live + feed->at, count * sizeof(*events));
    feed->at += count;
    if (count == 0)
        sb_wake_clear(feed->fd);
    return count;
}

/* --- the tests -------------------------------------------------------------------------------------------------------------------- */

struct fixture {
    char dir[64];
    struct sb_control control;
    struct sb_store *journal;
    struct sb_api_setup setup;
    struct stream *stream;
    int stop_fd;
    char text[TEXT_BYTES];
};
static struct fixture fx;

static int setup(void **state)
{
    char location[128];
    struct sb_error error = { .text = "" };
    (void)state;
    memset(&fx, 0, sizeof(fx));
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-resume-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(location, sizeof(location), "sqlite:%s/journal.db", fx.dir);
    if (sb_store_open(&fx.journal, location, &error) != SB_OK)
        fail_msg("store: %s", error.text);
    assert_int_equal(sb_wake_open(&fx.stop_fd, &error), SB_OK);
    fx.setup = (struct sb_api_setup){ .store = fx.journal, .control = &fx.control };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stream_close(fx.stream);
    fx.journal->ops->close(fx.journal);
    sb_fd_close(&fx.stop_fd);
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

static struct sb_event note(uint64_t seq)
{
    struct sb_event event = { .kind = SB_EVENT_NOTE, .seq = seq, .wall = { SB_S(1000) + SB_MS((int64_t)seq) } };
    event.as.note.job = SB_NO_JOB;
    event.as.note.step = SB_NO_STEP;
    (void)snprintf(event.as.note.text, sizeof(event.as.note.text), "note %llu", (unsigned long long)seq);
    return event;
}

static void keep(uint64_t first, uint64_t last)
{
    struct sb_op op = test_op();
    for (uint64_t seq = first; seq <= last; seq++) {
        struct sb_event event = note(seq);
        assert_int_equal(fx.journal->ops->append(fx.journal, &event, 1, NULL), SB_OK);
    }
    assert_int_equal(fx.journal->ops->check(fx.journal, &op, NULL), SB_OK); /* a write: what was queued before it is on disk */
}

static void happen(uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++)
        fx.control.live[fx.control.live_count++] = note(seq);
}

static void resume_after(const char *last)
{
    struct sb_error error = { .text = "" };
    struct call call = { .setup = &fx.setup, .target = "/v1/events", .op = test_op() };
    fx.stream = stream_open(&call, last, false, NULL, fx.stop_fd, &error);
    assert_non_null(fx.stream);
}

/* Reads until `words` have come. */
static const char *read_until(const char *words)
{
    size_t size = 0;
    fx.text[0] = '\0';
    while (strstr(fx.text, words) == NULL) {
        size_t count = stream_read(fx.stream, fx.text + size, sizeof(fx.text) - size - 1);
        if (count == 0)
            fail_msg("the stream ended before %s: %s", words, fx.text);
        size += count;
        fx.text[size] = '\0';
    }
    return fx.text;
}

/* The numbered events of the text are first .. last, each once, in order. */
static void assert_numbers(const char *text, unsigned long long first, unsigned long long last)
{
    unsigned long long next = first;
    for (const char *at = strstr(text, "id: "); at != NULL; at = strstr(at + 1, "id: "))
        assert_int_equal(strtoull(at + 4, NULL, 10), next++);
    assert_int_equal(next, last + 1);
}

static void resumed__goes_on_from_the_journal_and_then_live_each_event_once(void **state)
{
    (void)state;
    keep(1, 9);
    happen(8, 11); /* two of them are in the journal already */
    resume_after("4");
    const char *text = read_until("note 11");
    assert_numbers(text, 5, 11);
    assert_null(strstr(text, "event: job_defined"));
    assert_null(strstr(text, "event: gap"));
}

static void resumed__reads_the_journal_again_when_the_writer_was_behind(void **state)
{
    (void)state;
    keep(1, 5);
    happen(9, 9);
    resume_after("3");
    assert_numbers(read_until("note 5"), 4, 5);
    keep(6, 9);
    assert_numbers(read_until("note 9"), 6, 9);
}

/* Some kinds have a field named as a member of the envelope is. */
static void resumed__writes_a_journal_row_as_the_event_was_written(void **state)
{
    struct sb_event event = { .kind = SB_EVENT_CHANNEL_DEFINED, .seq = 5, .wall = { SB_S(1005) } }, back;
    struct sb_error error = { .text = "" };
    char line[SB_CODEC_EVENT_MAX];
    (void)state;
    (void)sb_copy(event.as.channel_defined.kind, SB_NAME_MAX, "exec");
    keep(1, 4);
    assert_int_equal(fx.journal->ops->append(fx.journal, &event, 1, NULL), SB_OK);
    keep(6, 6);
    resume_after("4");
    const char *data = strstr(read_until("note 6"), "event: channel_defined\ndata: ");
    assert_non_null(data);
    data = strchr(data, '{');
    if (sb_codec_event_read(data, strcspn(data, "\n"), &back, &error) != SB_OK)
        fail_msg("%s: %.200s", error.text, data);
    assert_memory_equal(&back, &event, sizeof(event));
    assert_true(sb_codec_event_write(&event, line, sizeof(line)) > 0);
    assert_memory_equal(data, line, strlen(line));
}

static void resumed__after_pruned_events_begins_anew(void **state)
{
    (void)state;
    keep(7, 9);
    resume_after("4");
    const char *text = read_until("event: described");
    assert_non_null(strstr(text, "event: gap"));
    assert_non_null(strstr(text, "event: job_defined"));
    assert_int_equal(fx.control.feeds_opened, 2);
}

static void resumed__after_a_number_of_another_journal_begins_anew(void **state)
{
    (void)state;
    keep(1, 3);
    happen(4, 4);
    resume_after("900");
    assert_non_null(strstr(read_until("note 4"), "event: gap"));
}

static void fresh__begins_with_everything(void **state)
{
    (void)state;
    keep(1, 3);
    happen(4, 5);
    resume_after(NULL);
    const char *text = read_until("note 5");
    assert_non_null(strstr(text, "event: job_defined"));
    assert_numbers(text, 4, 5);
}

static void stream__ends_when_it_is_stopped(void **state)
{
    (void)state;
    resume_after(NULL);
    (void)read_until("event: described");
    sb_wake_post(fx.stop_fd);
    assert_int_equal(stream_read(fx.stream, fx.text, sizeof(fx.text)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(resumed__goes_on_from_the_journal_and_then_live_each_event_once),
        TEST(resumed__reads_the_journal_again_when_the_writer_was_behind),
        TEST(resumed__writes_a_journal_row_as_the_event_was_written),
        TEST(resumed__after_pruned_events_begins_anew),
        TEST(resumed__after_a_number_of_another_journal_begins_anew),
        TEST(fresh__begins_with_everything),
        TEST(stream__ends_when_it_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
