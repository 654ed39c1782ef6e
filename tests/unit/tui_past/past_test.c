/* The past is exact: whatever the way to a place, by steps, jumps or straight, the model there is the same. */
#include "signalbox/tui/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "signalbox/base/hash.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/recording/recording.h"
#include "tests/support/os_support.h"
#include "tests/unit/recording/tape.h"

enum { PART = 400, OVERLAP = 3 };

static const struct sb_recording_limits limits = {
    .keep = SB_DAY(30), .keep_bytes = 1 << 30, .segment_lasts = SB_MIN(15), .segment_bytes = 1 << 18,
};

static char folder[256];

static int folder_make(void **state)
{
    (void)state;
    test_folder(folder, sizeof(folder));
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static sb_ns time_of(uint64_t seq)
{
    return tape_event(seq).wall.ns - TAPE_START;
}

static void record(struct sb_recording *recording, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        const struct sb_event event = tape_event(seq);
        assert_int_equal(sb_recording_append(recording, &event, 1, NULL), SB_OK);
    }
}

/* Segments of PART events that repeat the last OVERLAP of those before them; `gap_at`: the segment that does not, and misses some. */
static struct sb_recording *record_day(uint64_t events, uint64_t gap_at)
{
    struct sb_recording *recording = NULL;
    assert_int_equal(sb_recording_open(&recording, folder, &limits, NULL), SB_OK);
    for (uint64_t part = 0; part * PART < events; part++) {
        struct sb_event snapshot[TAPE_SNAPSHOT];
        const uint64_t first = part * PART + 1, from = part == 0 ? first : part == gap_at ? first + 50 : first - OVERLAP;
        tape_snapshot(snapshot, time_of(from));
        assert_int_equal(sb_recording_begin(recording, snapshot, TAPE_SNAPSHOT, tape_event(from).wall, NULL), SB_OK);
        record(recording, from, part * PART + PART);
    }
    return recording;
}

static struct sb_past *open_past(const char *path, struct sb_history **history)
{
    struct sb_error err = { SB_OK, "" };
    if (sb_history_open(history, path, &err) != SB_OK)
        fail_msg("%s", err.text);
    struct sb_past *past = sb_past_create(*history);
    assert_non_null(past);
    return past;
}

static void close_past(struct sb_past *past, struct sb_history *history)
{
    sb_past_destroy(past);
    sb_history_close(history);
}

static void may_step(struct sb_past *past, enum sb_past_unit unit, bool is_forward)
{
    const enum sb_err rc = sb_past_step(past, unit, is_forward, NULL);
    assert_true(rc == SB_OK || rc == SB_ERR_NOT_FOUND);
}

static uint64_t hash_of(const struct sb_past *past)
{
    return sb_model_hash(sb_past_model(past));
}

/* What a console has that listened from the first description to that time. */
static uint64_t straight(struct sb_wall to)
{
    struct sb_event snapshot[TAPE_SNAPSHOT];
    struct sb_model *model = sb_model_create();
    assert_non_null(model);
    tape_snapshot(snapshot, time_of(1));
    for (unsigned i = 0; i < TAPE_SNAPSHOT; i++)
        sb_model_fold(model, &snapshot[i]);
    for (uint64_t seq = 1; tape_event(seq).wall.ns <= to.ns; seq++) {
        const struct sb_event event = tape_event(seq);
        sb_model_fold(model, &event);
    }
    const uint64_t hash = sb_model_hash(model);
    sb_model_destroy(model);
    return hash;
}

/* The same time, reached at once by another one. */
static uint64_t fresh(const char *path, struct sb_wall to)
{
    struct sb_history *history = NULL;
    struct sb_past *past = open_past(path, &history);
    assert_int_equal(sb_past_go(past, to, NULL), SB_OK);
    const uint64_t hash = hash_of(past);
    close_past(past, history);
    return hash;
}

static void any_way__leads_to_the_model_of_a_straight_fold(void **state)
{
    (void)state;
    enum { EVENTS = 2000 };
    struct sb_history *history = NULL;
    struct sb_rng rng = { 7 };
    sb_recording_close(record_day(EVENTS, UINT64_MAX));
    struct sb_past *past = open_past(folder, &history);
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    assert_true(hash_of(past) == straight(tape_event(EVENTS).wall));
    assert_true(sb_past_is_at_end(past));
    for (unsigned i = 0; i < 150; i++) {
        const uint64_t dice = sb_rng_below(&rng, 10);
        if (dice == 0)
            assert_int_equal(sb_past_go(past, (struct sb_wall){ TAPE_START + time_of(1 + sb_rng_below(&rng, EVENTS)) }, NULL), SB_OK);
        else
            may_step(past, dice < 4 ? SB_PAST_CHANGE : SB_PAST_SAMPLE, sb_rng_below(&rng, 2) == 0);
        assert_true(hash_of(past) == straight(sb_past_wall(past)));
    }
    close_past(past, history);
}

static void steps__visit_every_second_in_which_something_happened(void **state)
{
    (void)state;
    enum { EVENTS = 1200 };
    struct sb_history *history = NULL;
    sb_recording_close(record_day(EVENTS, UINT64_MAX));
    struct sb_past *past = open_past(folder, &history);
    unsigned seconds = 1, back = 0, forth = 0;
    for (uint64_t seq = 2; seq <= EVENTS; seq++)
        seconds += tape_event(seq).wall.ns / SB_S(1) != tape_event(seq - 1).wall.ns / SB_S(1);
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    for (int64_t last = INT64_MAX; sb_past_step(past, SB_PAST_SAMPLE, false, NULL) == SB_OK; back++) {
        assert_true(sb_past_wall(past).ns / SB_S(1) < last);
        last = sb_past_wall(past).ns / SB_S(1);
    }
    assert_int_equal(back, seconds - 1);
    for (int64_t last = sb_past_wall(past).ns / SB_S(1); sb_past_step(past, SB_PAST_SAMPLE, true, NULL) == SB_OK; forth++) {
        assert_true(sb_past_wall(past).ns / SB_S(1) > last);
        last = sb_past_wall(past).ns / SB_S(1);
    }
    assert_int_equal(forth, seconds - 1);
    assert_true(sb_past_is_at_end(past));
    close_past(past, history);
}

static void changes__and_alerts_are_found_both_ways(void **state)
{
    (void)state;
    enum { EVENTS = 1200 };
    struct sb_history *history = NULL;
    struct sb_error err = { SB_OK, "" };
    sb_recording_close(record_day(EVENTS, UINT64_MAX));
    struct sb_past *past = open_past(folder, &history);
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    for (uint64_t seq = EVENTS - EVENTS % 97; seq > 0; seq -= 97) {
        assert_int_equal(sb_past_step(past, SB_PAST_ALERT, false, NULL), SB_OK);
        assert_int_equal(sb_past_wall(past).ns / SB_S(1), tape_event(seq).wall.ns / SB_S(1));
        assert_true(sb_past_model(past)->alert_count > 0);
    }
    assert_int_equal(sb_past_step(past, SB_PAST_ALERT, false, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "no alert was raised before; the recording begins at 2026-11-27T12:0"));
    assert_int_equal(sb_past_go(past, (struct sb_wall){ 0 }, NULL), SB_OK);
    int64_t last = 0;
    for (uint64_t seq = 1; seq <= EVENTS; seq++) { /* every change, in its second, none twice */
        const struct sb_event event = tape_event(seq);
        if (!sb_past_is_change(&event) || event.wall.ns / SB_S(1) == last)
            continue;
        last = event.wall.ns / SB_S(1);
        assert_int_equal(sb_past_step(past, SB_PAST_CHANGE, true, NULL), SB_OK);
        assert_int_equal(sb_past_wall(past).ns / SB_S(1), last);
    }
    assert_int_equal(sb_past_step(past, SB_PAST_CHANGE, true, &err), SB_ERR_NOT_FOUND);
    assert_string_equal(err.text, "no change has been recorded after this");
    /* the present, a moment after an alert: it is found in the same second, and then the one before */
    struct sb_wall soon = tape_event(97 * 5).wall;
    soon.ns += 1;
    assert_int_equal(sb_past_go(past, soon, NULL), SB_OK);
    assert_int_equal(sb_past_step(past, SB_PAST_ALERT, false, NULL), SB_OK);
    assert_int_equal(sb_past_wall(past).ns / SB_S(1), soon.ns / SB_S(1));
    assert_int_equal(sb_past_step(past, SB_PAST_ALERT, false, NULL), SB_OK);
    assert_int_equal(sb_past_wall(past).ns / SB_S(1), tape_event(97 * 4).wall.ns / SB_S(1));
    close_past(past, history);
}

/* A day that is larger than the window: the fold begins at a snapshot in its middle. */
static void long_recording__gives_one_model_per_place(void **state)
{
    (void)state;
    enum { EVENTS = 16000 };
    struct sb_history *history = NULL;
    struct sb_rng rng = { 11 };
    sb_recording_close(record_day(EVENTS, UINT64_MAX));
    struct sb_past *past = open_past(folder, &history);
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    for (unsigned i = 0; i < 24; i++) {
        if (sb_rng_below(&rng, 3) == 0)
            assert_int_equal(sb_past_go(past, (struct sb_wall){ TAPE_START + time_of(1 + sb_rng_below(&rng, EVENTS)) }, NULL), SB_OK);
        else
            may_step(past, (enum sb_past_unit)sb_rng_below(&rng, 3), sb_rng_below(&rng, 2) == 0);
        assert_true(hash_of(past) == fresh(folder, sb_past_wall(past)));
        assert_true(sb_past_model(past)->log_total > 300 || sb_past_wall(past).ns < TAPE_START + time_of(2000)); /* it knows what led to it */
    }
    close_past(past, history);
}

static void gap__begins_anew_with_its_snapshot(void **state)
{
    (void)state;
    enum { EVENTS = 1200 };
    struct sb_history *history = NULL;
    sb_recording_close(record_day(EVENTS, 2));
    struct sb_past *past = open_past(folder, &history);
    assert_int_equal(sb_past_go(past, tape_event(2 * PART).wall, NULL), SB_OK);
    assert_true(hash_of(past) == straight(tape_event(2 * PART).wall));
    assert_int_equal(sb_past_go(past, tape_event(2 * PART + 20).wall, NULL), SB_OK); /* in the gap: what was known last */
    assert_true(hash_of(past) == straight(tape_event(2 * PART).wall));
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    struct sb_model *model = sb_model_create();
    struct sb_event snapshot[TAPE_SNAPSHOT];
    assert_non_null(model);
    tape_snapshot(snapshot, time_of(2 * PART + 51));
    for (unsigned i = 0; i < TAPE_SNAPSHOT; i++)
        sb_model_fold(model, &snapshot[i]);
    for (uint64_t seq = 2 * PART + 51; seq <= 3 * PART; seq++) {
        const struct sb_event event = tape_event(seq);
        sb_model_fold(model, &event);
    }
    assert_true(hash_of(past) == sb_model_hash(model));
    sb_model_destroy(model);
    while (sb_past_wall(past).ns > tape_event(2 * PART).wall.ns)
        assert_int_equal(sb_past_step(past, SB_PAST_SAMPLE, false, NULL), SB_OK);
    assert_true(hash_of(past) == straight(sb_past_wall(past)));
    close_past(past, history);
}

/* While somebody stands in it, a recording grows at its end and loses its beginning. */
static void recording__that_is_being_written_can_be_walked(void **state)
{
    (void)state;
    struct sb_history *history = NULL;
    struct sb_recording *recording = record_day(3 * PART, UINT64_MAX);
    struct sb_past *past = open_past(folder, &history);
    assert_int_equal(sb_past_go_to_end(past, NULL), SB_OK);
    assert_int_equal(sb_past_step(past, SB_PAST_SAMPLE, true, NULL), SB_ERR_NOT_FOUND);
    record(recording, 3 * PART + 1, 3 * PART + 40);
    assert_int_equal(sb_past_step(past, SB_PAST_SAMPLE, true, NULL), SB_OK);
    assert_true(hash_of(past) == straight(sb_past_wall(past)));
    struct sb_event snapshot[TAPE_SNAPSHOT];
    tape_snapshot(snapshot, time_of(3 * PART + 40));
    assert_int_equal(sb_recording_begin(recording, snapshot, TAPE_SNAPSHOT, tape_event(3 * PART + 40).wall, NULL), SB_OK);
    assert_int_equal(sb_past_step(past, SB_PAST_SAMPLE, true, NULL), SB_OK); /* it has a description only, so far */
    record(recording, 3 * PART + 39, 3 * PART + 90);
    while (sb_past_step(past, SB_PAST_SAMPLE, true, NULL) == SB_OK)
        assert_true(hash_of(past) == straight(sb_past_wall(past)));
    assert_int_equal(sb_past_wall(past).ns, tape_event(3 * PART + 90).wall.ns);
    sb_recording_close(recording);
    assert_int_equal(sb_past_go(past, tape_event(10).wall, NULL), SB_OK);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/00000001-20261127T120001.100Z.jsonl", folder);
    if (access(path, F_OK) != 0)
        (void)snprintf(path, sizeof path, "%s/00000001-20261127T120000.150Z.jsonl", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sb_past_step(past, SB_PAST_CHANGE, true, NULL), SB_OK); /* the part it stood in is gone */
    assert_true(sb_past_wall(past).ns > tape_event(PART - OVERLAP).wall.ns);
    assert_true(hash_of(past) == fresh(folder, sb_past_wall(past)));
    close_past(past, history);
}

/* One file, long and with one description: parts without snapshots. */
static void file__gives_the_same_models_as_a_straight_fold(void **state)
{
    (void)state;
    enum { EVENTS = 12000 };
    char path[512], line[SB_CODEC_EVENT_MAX];
    struct sb_history *history = NULL;
    struct sb_event snapshot[TAPE_SNAPSHOT];
    struct sb_rng rng = { 3 };
    (void)snprintf(path, sizeof path, "%s/one.jsonl", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    tape_snapshot(snapshot, time_of(1));
    for (uint64_t i = 0; i < TAPE_SNAPSHOT + EVENTS; i++) {
        const struct sb_event event = i < TAPE_SNAPSHOT ? snapshot[i] : tape_event(i - TAPE_SNAPSHOT + 1);
        assert_true(sb_codec_event_write(&event, line, sizeof line) > 0);
        (void)fprintf(file, "%s\n", line);
    }
    assert_int_equal(fclose(file), 0);
    struct sb_past *past = open_past(path, &history);
    assert_true(sb_history_count(history) > 2);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(sb_past_go(past, (struct sb_wall){ TAPE_START + time_of(1 + sb_rng_below(&rng, EVENTS)) }, NULL), SB_OK);
        may_step(past, SB_PAST_SAMPLE, false);
        assert_true(hash_of(past) == straight(sb_past_wall(past)));
    }
    close_past(past, history);
}

/* Whatever bytes a file has, it can be walked: each line is an event or is passed over. */
static void damaged_files__can_be_walked(void **state)
{
    (void)state;
    static char text[200000], damaged[200000];
    char path[512];
    struct sb_rng rng = { 5 };
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(sb_file_read(SB_SOURCE_DIR "/tests/golden/incident.jsonl", sizeof text - 1, &bytes, &size, NULL), SB_OK);
    memcpy(text, bytes, size);
    free(bytes);
    (void)snprintf(path, sizeof path, "%s/damaged.jsonl", folder);
    for (unsigned round = 0; round < 25; round++) {
        static const char *const digits[] = { "9223372036854775807", "-9223372036854775808", "255", "65535", "18446744073709551615", "null", "\"\"" };
        memcpy(damaged, text, size);
        for (unsigned i = 0; i < 60; i++) {
            const size_t at = (size_t)sb_rng_below(&rng, size);
            if (sb_rng_below(&rng, 2) == 0) {
                damaged[at] = (char)sb_rng_below(&rng, 256);
                continue;
            }
            const char *const colon = memchr(damaged + at, ':', size - at); /* another value of some field, as long as it fits */
            const char *const value = digits[sb_rng_below(&rng, SB_LEN(digits))];
            const size_t end = colon != NULL ? strcspn(colon + 1, ",}\n") : 0;
            if (end >= strlen(value)) {
                memset(damaged + (colon - damaged) + 1, ' ', end);
                memcpy(damaged + (colon - damaged) + 1, value, strlen(value));
            }
        }
        assert_int_equal(sb_file_write_atomically(path, damaged, size, 0600, NULL), SB_OK);
        struct sb_history *history = NULL;
        if (sb_history_open(&history, path, NULL) != SB_OK)
            continue;
        struct sb_past *past = sb_past_create(history);
        assert_non_null(past);
        for (unsigned i = 0; i < 60; i++) {
            char why[512];
            struct sb_text said;
            may_step(past, (enum sb_past_unit)sb_rng_below(&rng, 3), sb_rng_below(&rng, 4) == 0);
            sb_text_init(&said, why, sizeof why);
            sb_model_why(sb_past_model(past), (uint16_t)sb_rng_below(&rng, 29), sb_past_mono(past), sb_past_wall(past), &said);
        }
        close_past(past, history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_way__leads_to_the_model_of_a_straight_fold, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(steps__visit_every_second_in_which_something_happened, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(changes__and_alerts_are_found_both_ways, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(long_recording__gives_one_model_per_place, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(gap__begins_anew_with_its_snapshot, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(recording__that_is_being_written_can_be_walked, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(file__gives_the_same_models_as_a_straight_fold, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(damaged_files__can_be_walked, folder_make, folder_remove),
    };
    return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
