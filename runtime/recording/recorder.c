/* The flight recorder: an ordinary listener that writes what it hears. The runtime waits for it nowhere: when it falls behind, its feed gives a
 * gap and a fresh description, and that begins a new segment.
 *
 * A new segment begins with a snapshot that the core thread makes, so a second feed is opened for it beside the first one. When the second
 * one has its description and one event more, the first one is read to its end: that event is in both, which tells a reader that nothing is
 * missing between the two segments.
 *
 * Thread: its own. The mutex guards `control`, which others end, and the figures. */
#include "signalbox/recording/recording.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { TAKE_EVENTS = 64, SNAPSHOT_EVENTS_MAX = 1 << 20 };
#define GATHER SB_MS(100)  /* so that many events are one write */
#define TRY_AGAIN SB_S(30)

/* A feed, and its description as far as it has come. */
struct line {
    struct sb_feed *feed;
    struct sb_event *snapshot;
    size_t count, cap;
    bool is_described;
};

struct sb_recorder {
    struct sb_mutex *mutex;
    struct sb_control *control;     /* NULL: detached; guarded by the mutex */
    struct sb_recorder_stats stats; /* guarded by the mutex */
    struct sb_recorder_setup setup;
    char *folder;
    struct sb_recording *recording; /* NULL: its folder cannot be opened */
    struct line now, next;
    bool is_failing;
    sb_ns try_at;                   /* SB_NEVER: there is nothing to try again */
    struct sb_cancel *cancel;
    struct sb_thread *thread;
    struct sb_event events[TAKE_EVENTS];
};

static void line_close(struct line *line)
{
    sb_feed_close(line->feed);
    free(line->snapshot);
    memset(line, 0, sizeof(*line));
}

static enum sb_err line_open(struct sb_recorder *recorder, struct line *line, struct sb_error *err)
{
    enum sb_err rc = SB_ERR_CANCELLED;

    line_close(line);
    sb_mutex_lock(recorder->mutex);
    if (recorder->control != NULL)
        rc = sb_feed_open(recorder->control, &line->feed, err);
    sb_mutex_unlock(recorder->mutex);
    return rc;
}

static void tell(struct sb_recorder *recorder, enum sb_severity severity, const char *what, const char *why)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    struct sb_text text;

    input.as.note.job = SB_NO_JOB;
    input.as.note.step = SB_NO_STEP;
    input.as.note.severity = (uint8_t)severity;
    sb_text_init(&text, input.as.note.text, sizeof(input.as.note.text));
    sb_text_add(&text, what);
    sb_text_add(&text, why);
    sb_log(severity == SB_SEVERITY_INFO ? SB_LOG_INFO : SB_LOG_WARN, "recorder", "%s%s", what, why);
    sb_mutex_lock(recorder->mutex);
    if (recorder->control != NULL && sb_control_input(recorder->control, &input, NULL) != SB_OK)
        sb_log(SB_LOG_WARN, "recorder", "the inbox is full: the console does not hear of it");
    sb_mutex_unlock(recorder->mutex);
}

/* What cannot be written is said once, until it works again. */
static void fail(struct sb_recorder *recorder, const struct sb_error *err)
{
    if (!recorder->is_failing)
        tell(recorder, SB_SEVERITY_WARN, "the flight recorder stands still, jobs go on: ", err->text);
    recorder->is_failing = true;
    recorder->try_at = sb_ns_add(sb_now(), TRY_AGAIN);
}

static void count(struct sb_recorder *recorder, size_t events, sb_ns began)
{
    sb_mutex_lock(recorder->mutex);
    recorder->stats.events += events;
    recorder->stats.busy += sb_now() - began;
    sb_mutex_unlock(recorder->mutex);
}

static void append(struct sb_recorder *recorder, const struct sb_event *events, size_t event_count)
{
    struct sb_error err = { SB_OK, "" };
    const sb_ns began = sb_now();

    if (recorder->recording == NULL || !sb_recording_is_open(recorder->recording) || event_count == 0)
        return; /* it failed: what comes before the next snapshot is of no use */
    if (sb_recording_append(recorder->recording, events, event_count, &err) != SB_OK)
        fail(recorder, &err);
    else
        count(recorder, event_count, began);
}

static void begin(struct sb_recorder *recorder, struct line *line)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_err rc = SB_OK;

    if (recorder->recording == NULL)
        rc = sb_recording_open(&recorder->recording, recorder->folder, &recorder->setup.limits, &err);
    if (rc == SB_OK)
        rc = sb_recording_begin(recorder->recording, line->snapshot, line->count, sb_wall_now(), &err);
    free(line->snapshot);
    line->snapshot = NULL;
    line->count = line->cap = 0;
    if (rc != SB_OK) {
        fail(recorder, &err);
        return;
    }
    if (recorder->is_failing)
        tell(recorder, SB_SEVERITY_INFO, "the flight recorder writes again", "");
    recorder->is_failing = false;
    recorder->try_at = SB_NEVER;
}

/* Takes what belongs to the description; returns how many events that were. */
static size_t describe(struct line *line, const struct sb_event *events, size_t event_count, struct sb_error *err)
{
    size_t at = 0;

    while (at < event_count && !line->is_described) {
        if (line->count == line->cap) {
            const size_t cap = line->cap == 0 ? 512 : line->cap * 2;
            struct sb_event *grown = cap <= SNAPSHOT_EVENTS_MAX ? realloc(line->snapshot, cap * sizeof(*grown)) : NULL;
            if (grown == NULL) {
                (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for a snapshot of %zu events", cap);
                return event_count;
            }
            line->snapshot = grown;
            line->cap = cap;
        }
        line->snapshot[line->count++] = events[at];
        line->is_described = events[at].seq == 0 && events[at].kind == SB_EVENT_DESCRIBED;
        at++;
    }
    return at;
}

static void forget(struct line *line)
{
    line->count = 0;
    line->is_described = false;
}

static void read_now(struct sb_recorder *recorder)
{
    struct line *line = &recorder->now;
    bool is_gap = false;
    size_t taken;

    while (line->feed != NULL && (taken = sb_feed_take(line->feed, recorder->events, TAKE_EVENTS, &is_gap)) > 0) {
        struct sb_error err = { SB_OK, "" };
        size_t at = 0;
        if (is_gap)
            forget(line);
        if (!line->is_described) {
            at = describe(line, recorder->events, taken, &err);
            if (err.code != SB_OK)
                fail(recorder, &err);
            else if (line->is_described)
                begin(recorder, line);
        }
        append(recorder, recorder->events + at, taken - at);
    }
}

/* The next segment's feed: its description is kept until an event follows. */
static void read_next(struct sb_recorder *recorder)
{
    struct line *line = &recorder->next;
    struct sb_error err = { SB_OK, "" };
    bool is_gap = false;
    size_t taken, at = 0;

    while (line->feed != NULL && (taken = sb_feed_take(line->feed, recorder->events, TAKE_EVENTS, &is_gap)) > 0) {
        if (is_gap)
            forget(line);
        at = line->is_described ? 0 : describe(line, recorder->events, taken, &err);
        if (err.code != SB_OK) {
            line_close(line);
            fail(recorder, &err);
        } else if (at < taken) {
            struct sb_event kept[TAKE_EVENTS];
            memcpy(kept, recorder->events + at, (taken - at) * sizeof(*kept));
            read_now(recorder); /* to its end: the events that were kept here are in it */
            line_close(&recorder->now);
            recorder->now = *line;
            memset(line, 0, sizeof(*line));
            begin(recorder, &recorder->now);
            append(recorder, kept, taken - at);
        }
    }
}

static void look_ahead(struct sb_recorder *recorder)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_err rc = SB_OK;

    if (recorder->try_at <= sb_now()) {
        recorder->try_at = sb_ns_add(sb_now(), TRY_AGAIN);
        line_close(&recorder->next);
        rc = line_open(recorder, &recorder->now, &err);
    } else if (recorder->next.feed == NULL && recorder->recording != NULL && sb_recording_is_due(recorder->recording, sb_wall_now())) {
        rc = line_open(recorder, &recorder->next, &err);
    }
    if (rc != SB_OK && rc != SB_ERR_CANCELLED)
        fail(recorder, &err);
}

static void record(void *arg)
{
    struct sb_recorder *recorder = arg;
    const struct sb_op gather = { .cancel = recorder->cancel };

    while (!sb_cancel_is_asked(recorder->cancel)) {
        const int fds[] = { recorder->now.feed != NULL ? sb_feed_fd(recorder->now.feed) : -1,
                            recorder->next.feed != NULL ? sb_feed_fd(recorder->next.feed) : -1 };
        struct sb_op op = gather;
        size_t ready = 0;
        op.deadline = recorder->try_at;
        enum sb_err rc = sb_poll_readable(fds, SB_LEN(fds), &op, &ready, NULL);
        if (rc == SB_OK) {
            op.deadline = sb_ns_add(sb_now(), GATHER);
            rc = sb_poll_readable(NULL, 0, &op, &ready, NULL);
        }
        if (rc == SB_ERR_CANCELLED)
            break;
        read_next(recorder);
        read_now(recorder);
        look_ahead(recorder);
    }
    read_now(recorder);
}

enum sb_err sb_recorder_start(struct sb_recorder **recorder, const struct sb_recorder_setup *setup, struct sb_error *err)
{
    struct sb_recorder *fresh = calloc(1, sizeof(*fresh));

    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the flight recorder");
    fresh->setup = *setup;
    fresh->control = setup->control;
    fresh->try_at = SB_NEVER;
    fresh->folder = strdup(setup->folder);
    fresh->mutex = sb_mutex_create(SB_RANK_RECORDER);
    fresh->cancel = sb_cancel_create(err);
    enum sb_err rc = fresh->folder != NULL && fresh->mutex != NULL && fresh->cancel != NULL
                         ? line_open(fresh, &fresh->now, err)
                         : sb_error_set(err, SB_ERR_NOMEM, "no memory for the flight recorder");
    if (rc == SB_OK)
        rc = sb_thread_start(&fresh->thread, "sb-recorder", record, fresh, err);
    if (rc != SB_OK) {
        sb_recorder_stop(fresh);
        return rc;
    }
    *recorder = fresh;
    return SB_OK;
}

void sb_recorder_detach(struct sb_recorder *recorder)
{
    if (recorder == NULL)
        return;
    sb_mutex_lock(recorder->mutex);
    recorder->control = NULL;
    sb_mutex_unlock(recorder->mutex);
}

void sb_recorder_stop(struct sb_recorder *recorder)
{
    if (recorder == NULL)
        return;
    if (recorder->thread != NULL) {
        sb_cancel_ask(recorder->cancel);
        sb_thread_join(recorder->thread);
    }
    line_close(&recorder->now);
    line_close(&recorder->next);
    sb_recording_close(recorder->recording);
    sb_cancel_destroy(recorder->cancel);
    sb_mutex_destroy(recorder->mutex);
    free(recorder->folder);
    free(recorder);
}

void sb_recorder_stats(struct sb_recorder *recorder, struct sb_recorder_stats *stats)
{
    sb_mutex_lock(recorder->mutex);
    *stats = recorder->stats;
    sb_mutex_unlock(recorder->mutex);
}
