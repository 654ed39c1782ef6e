/* A recording as files: what is written is read, old ones go, a torn or hostile line is named and passed over, a full disk leaves whole lines. */
#include "signalbox/recording/recording.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/recording/segments.h"
#include "signalbox/base/hash.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "tests/support/os_support.h"
#include "tests/unit/recording/tape.h"

static const struct sb_recording_limits limits = {
    .keep = SB_HOUR(24), .keep_bytes = 1 << 20, .segment_lasts = SB_MIN(15), .segment_bytes = 1 << 18,
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

static const char *in_folder(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static struct sb_recording *open_recording(const struct sb_recording_limits *with)
{
    struct sb_recording *recording = NULL;
    assert_int_equal(sb_recording_open(&recording, folder, with, NULL), SB_OK);
    return recording;
}

static void begin(struct sb_recording *recording, sb_ns at)
{
    struct sb_event snapshot[TAPE_SNAPSHOT];
    tape_snapshot(snapshot, at);
    assert_int_equal(sb_recording_begin(recording, snapshot, TAPE_SNAPSHOT, (struct sb_wall){ TAPE_START + at }, NULL), SB_OK);
}

static enum sb_err append(struct sb_recording *recording, uint64_t first, size_t count)
{
    struct sb_event events[512];
    assert_true(count <= SB_LEN(events));
    for (size_t i = 0; i < count; i++)
        events[i] = tape_event(first + i);
    return sb_recording_append(recording, events, count, NULL);
}

static struct sb_history *open_history(const char *path)
{
    struct sb_history *history = NULL;
    struct sb_error err = { SB_OK, "" };
    if (sb_history_open(&history, path, &err) != SB_OK)
        fail_msg("%s", err.text);
    return history;
}

static struct sb_history_events load(struct sb_history *history, size_t index)
{
    struct sb_history_events events = { NULL, 0, 0 };
    assert_int_equal(sb_history_load(history, index, &events, NULL), SB_OK);
    return events;
}

static void assert_mistakes(struct sb_history *history, uint64_t count, const char *first_has)
{
    const char *first = "";
    assert_int_equal(sb_history_mistakes(history, &first), count);
    if (strstr(first, first_has) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", first, first_has);
}

static void name__of_a_segment_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", ".", "00000001.jsonl", "0000001-20261127T120000.000Z.jsonl", "00000001-20261127T120000.000Z.jsonl.tmp",
        "00000001-20260231T120000.000Z.jsonl",
        "00000001-20261127T240000.000Z.jsonl", "00000001-20261127t120000.000Z.jsonl", "../00000001-20261127T120000.000Z.jsonl",
    };
    struct segment made = { .number = 12, .from = { TAPE_START + SB_MS(7) } }, parsed = { .number = 0 };
    char name[SEGMENT_NAME_MAX];
    segment_name(&made, name);
    assert_string_equal(name, "00000012-20261127T120000.007Z.jsonl");
    assert_true(segment_parse(name, &parsed));
    assert_int_equal(parsed.number, 12);
    assert_int_equal(parsed.from.ns, made.from.ns);
    for (size_t i = 0; i < SB_LEN(wrong); i++)
        assert_false(segment_parse(wrong[i], &parsed));
}

static void recording__is_read_as_it_was_written_while_it_grows(void **state)
{
    (void)state;
    struct stat status;
    struct sb_recording *recording = open_recording(&limits);
    begin(recording, 0);
    assert_int_equal(append(recording, 1, 100), SB_OK);
    struct sb_history *history = open_history(folder);
    assert_int_equal(sb_history_count(history), 1);
    struct sb_history_events events = load(history, 0);
    assert_int_equal(events.snapshot, TAPE_SNAPSHOT);
    assert_int_equal(events.count, TAPE_SNAPSHOT + 100);
    assert_int_equal(append(recording, 101, 20), SB_OK);
    assert_int_equal(sb_history_refresh(history, NULL), SB_OK);
    events = load(history, 0);
    assert_int_equal(events.count, TAPE_SNAPSHOT + 120);
    for (uint64_t seq = 1; seq <= 120; seq++) {
        const struct sb_event expected = tape_event(seq);
        assert_memory_equal(&events.events[TAPE_SNAPSHOT + seq - 1], &expected, sizeof expected);
    }
    assert_mistakes(history, 0, "");
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(stat(in_folder("00000001-20261127T120000.000Z.jsonl"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    sb_history_close(history);
    sb_recording_close(recording);
}

static void heartbeats__are_not_recorded(void **state)
{
    (void)state;
    struct sb_recording *recording = open_recording(&limits);
    struct sb_event beat;
    memset(&beat, 0, sizeof beat);
    beat.kind = SB_EVENT_HEARTBEAT;
    begin(recording, 0);
    assert_int_equal(sb_recording_append(recording, &beat, 1, NULL), SB_OK);
    sb_recording_close(recording);
    struct sb_history *history = open_history(folder);
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT);
    sb_history_close(history);
}

static void segment__is_due_by_age_by_size_and_when_the_clock_went_back(void **state)
{
    (void)state;
    struct sb_recording *recording = open_recording(&limits);
    assert_false(sb_recording_is_open(recording));
    assert_false(sb_recording_is_due(recording, (struct sb_wall){ TAPE_START + SB_DAY(1) }));
    begin(recording, 0);
    assert_false(sb_recording_is_due(recording, (struct sb_wall){ TAPE_START + SB_MIN(15) - 1 }));
    assert_true(sb_recording_is_due(recording, (struct sb_wall){ TAPE_START + SB_MIN(15) }));
    assert_true(sb_recording_is_due(recording, (struct sb_wall){ TAPE_START - SB_S(1) }));
    for (uint64_t seq = 1; !sb_recording_is_due(recording, (struct sb_wall){ TAPE_START }); seq += 100)
        assert_int_equal(append(recording, seq, 100), SB_OK);
    sb_recording_close(recording);
}

static void old_segments__go_by_age_and_by_size(void **state)
{
    (void)state;
    struct sb_recording *recording = open_recording(&limits);
    for (unsigned hour = 0; hour < 30; hour++) {
        begin(recording, SB_HOUR(hour));
        assert_int_equal(append(recording, hour * 100 + 1, 100), SB_OK);
    }
    struct sb_history *history = open_history(folder);
    assert_int_equal(sb_history_count(history), 26); /* the oldest one ended 24 hours ago */
    assert_int_equal(sb_history_part(history, 0).id, 6);
    struct sb_recording_limits small = limits;
    small.keep_bytes = 0;
    for (size_t i = 23; i < 26; i++)
        small.keep_bytes += sb_history_part(history, i).size;
    sb_recording_close(recording);
    recording = open_recording(&small); /* as after a restart: numbers go on */
    begin(recording, SB_HOUR(30));
    assert_int_equal(sb_history_refresh(history, NULL), SB_OK);
    assert_int_equal(sb_history_count(history), 4); /* three that fit, and the one that has just begun */
    assert_int_equal(sb_history_part(history, 3).id, 32);
    sb_history_close(history);
    sb_recording_close(recording);
}

/* The jobs need the disk more than the past does. */
static void short_disk__loses_its_recordings_and_gets_no_new_ones(void **state)
{
    (void)state;
    struct sb_recording_limits greedy = limits;
    struct sb_history *history = NULL;
    struct sb_event snapshot[TAPE_SNAPSHOT];
    struct sb_error err = { SB_OK, "" };
    greedy.spare_bytes = UINT64_MAX;
    struct sb_recording *recording = open_recording(&limits);
    begin(recording, 0);
    begin(recording, SB_MIN(15));
    sb_recording_close(recording);
    recording = open_recording(&greedy);
    tape_snapshot(snapshot, SB_MIN(30));
    const struct sb_wall at = { TAPE_START + SB_MIN(30) };
    assert_int_equal(sb_recording_begin(recording, snapshot, TAPE_SNAPSHOT, at, &err), SB_ERR_FULL);
    assert_non_null(strstr(err.text, "MiB left"));
    assert_false(sb_recording_is_open(recording));
    assert_int_equal(sb_history_open(&history, folder, &err), SB_ERR_NOT_FOUND);
    sb_recording_close(recording);
}

static void folder__has_strangers_that_are_left_alone(void **state)
{
    (void)state;
    struct sb_recording_limits small = limits;
    small.keep_bytes = 1;
    assert_int_equal(sb_file_write_atomically(in_folder("notes.txt"), "mine", 4, 0600, NULL), SB_OK);
    assert_int_equal(symlink("/etc/passwd", in_folder("00000001-20261127T110000.000Z.jsonl")), 0);
    assert_int_equal(mkfifo(in_folder("00000002-20261127T110000.000Z.jsonl"), 0600), 0);
    struct sb_recording *recording = open_recording(&small);
    begin(recording, 0);
    begin(recording, SB_MIN(15));
    struct sb_history *history = open_history(folder);
    assert_int_equal(sb_history_count(history), 1);
    assert_int_equal(access(in_folder("notes.txt"), F_OK), 0);
    sb_history_close(history);
    sb_recording_close(recording);
}

static void put(const char *name, const char *how, const char *text)
{
    FILE *file = fopen(in_folder(name), how);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void half_a_line__at_the_end_is_waited_for_or_torn(void **state)
{
    (void)state;
    static const char name[] = "00000001-20261127T120000.000Z.jsonl";
    struct sb_recording *recording = open_recording(&limits);
    begin(recording, 0);
    assert_int_equal(append(recording, 1, 5), SB_OK);
    put(name, "a", "{\"seq\":6,\"now\":18000000000000,\"wall\":1795780824000000000,");
    struct sb_history *history = open_history(folder);
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT + 5);
    assert_mistakes(history, 0, ""); /* it may be being written */
    put(name, "a", "\"kind\":\"run_queued\",\"run\":3,\"job\":1}\n");
    assert_int_equal(sb_history_refresh(history, NULL), SB_OK);
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT + 6);
    put(name, "a", "{\"seq\":7,\"now\"");
    begin(recording, SB_MIN(20)); /* whoever wrote it died there */
    assert_int_equal(sb_history_refresh(history, NULL), SB_OK);
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT + 6);
    assert_mistakes(history, 1, "00000001-20261127T120000.000Z.jsonl:15: the last line is torn");
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT + 6);
    assert_mistakes(history, 1, "torn"); /* told once */
    sb_history_close(history);
    sb_recording_close(recording);
}

static void lines__that_are_no_events_are_named_and_passed_over(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "nonsense", "{\"seq\":2", "{\"seq\":2,\"now\":1,\"wall\":1,\"kind\":\"no_such_kind\"}", "[]",
        "{\"seq\":-2,\"now\":1,\"wall\":1,\"kind\":\"drained\"}",
        "{\"seq\":2,\"now\":9223372036854775807,\"wall\":1,\"kind\":\"drained\"}", "{\"seq\":2,\"now\":1,\"wall\":-5,\"kind\":\"drained\"}",
        "{\"seq\":2,\"now\":1,\"wall\":1,\"kind\":\"clock_stepped\",\"delta\":9223372036854775807}",
        "{\"seq\":2,\"now\":1,\"wall\":1,\"kind\":\"budget_spent\",\"cost\":9000000000000000000}",
    };
    FILE *file = fopen(in_folder("mine.jsonl"), "w");
    char line[SB_CODEC_EVENT_MAX];
    uint64_t seq = 0;
    assert_non_null(file);
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        const struct sb_event event = tape_event(++seq);
        assert_true(sb_codec_event_write(&event, line, sizeof line) > 0);
        (void)fprintf(file, "%s\n\n%s\r\n", wrong[i], line);
    }
    for (unsigned i = 0; i < 9000; i++)
        (void)fputc('x', file);
    (void)fputc('\n', file);
    assert_int_equal(fclose(file), 0);
    struct sb_history *history = open_history(in_folder("mine.jsonl"));
    assert_int_equal(sb_history_count(history), 1);
    const struct sb_history_events events = load(history, 0);
    assert_int_equal(events.count, SB_LEN(wrong));
    assert_int_equal(events.snapshot, 0);
    assert_mistakes(history, SB_LEN(wrong) + 1, "mine.jsonl:1: ");
    sb_history_close(history);
}

static void file__is_cut_where_descriptions_begin_and_where_it_is_long(void **state)
{
    (void)state;
    FILE *file = fopen(in_folder("day.jsonl"), "w");
    char line[SB_CODEC_EVENT_MAX];
    uint64_t seq = 0;
    assert_non_null(file);
    for (unsigned part = 0; part < 3; part++) {
        struct sb_event snapshot[TAPE_SNAPSHOT];
        tape_snapshot(snapshot, seq == 0 ? 0 : tape_event(seq).wall.ns - TAPE_START);
        for (unsigned i = 0; i < TAPE_SNAPSHOT; i++) {
            snapshot[i].wall.ns -= i + 1 < TAPE_SNAPSHOT ? SB_HOUR(7) : 0; /* facts are older than the description */
            (void)sb_codec_event_write(&snapshot[i], line, sizeof line);
            (void)fprintf(file, "%s\n", line);
        }
        for (unsigned i = 0; i < (part == 1 ? 9000 : 100); i++) {
            const struct sb_event event = tape_event(++seq);
            (void)sb_codec_event_write(&event, line, sizeof line);
            (void)fprintf(file, "%s\n", line);
        }
    }
    assert_int_equal(fclose(file), 0);
    struct sb_history *history = open_history(in_folder("day.jsonl"));
    const size_t count = sb_history_count(history);
    uint64_t expected = 0;
    unsigned snapshots = 0;
    assert_true(count > 4);
    for (size_t i = 0; i < count; i++) {
        const struct sb_history_events events = load(history, i);
        assert_true((events.snapshot > 0) == sb_history_has_snapshot(history, i));
        assert_true(events.count > events.snapshot);
        assert_true(sb_history_part(history, i).from.ns == events.events[events.snapshot].wall.ns);
        snapshots += events.snapshot > 0;
        for (size_t e = events.snapshot; e < events.count; e++)
            assert_int_equal(events.events[e].seq, ++expected);
    }
    assert_int_equal(snapshots, 3);
    assert_int_equal(expected, seq);
    assert_mistakes(history, 0, "");
    sb_history_close(history);
}

static void nothing__is_said_to_be_nothing(void **state)
{
    (void)state;
    struct sb_history *history = NULL;
    struct sb_error err = { SB_OK, "" };
    assert_int_equal(sb_history_open(&history, in_folder("missing"), &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "missing: "));
    assert_int_equal(sb_history_open(&history, folder, &err), SB_ERR_NOT_FOUND);
    put("text.jsonl", "w", "once upon a time\n");
    assert_int_equal(sb_history_open(&history, in_folder("text.jsonl"), &err), SB_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "text.jsonl: no line of it is an event"));
    put("empty.jsonl", "w", "");
    assert_int_equal(sb_history_open(&history, in_folder("empty.jsonl"), &err), SB_ERR_CORRUPT);
    assert_int_equal(sb_history_open(&history, "/dev/zero", &err), SB_ERR_UNSUPPORTED);
    put("bad.tar.gz", "w", "no archive");
    assert_int_equal(sb_history_open(&history, in_folder("bad.tar.gz"), &err), SB_ERR_CORRUPT);
    char *wide = malloc((300 << 10) + 2);
    assert_non_null(wide);
    memset(wide, 'x', 300 << 10);
    wide[300 << 10] = '\n';
    wide[(300 << 10) + 1] = '\0';
    put("wide.jsonl", "w", wide);
    free(wide);
    assert_int_equal(sb_history_open(&history, in_folder("wide.jsonl"), &err), SB_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "wide.jsonl:1: "));
    assert_null(history);
}

/* A bundle as a folder and packed. */
static void bundle__is_read_by_its_events(void **state)
{
    (void)state;
    char bundle[300], packed[300], from[300];
    struct sb_event snapshot[TAPE_SNAPSHOT];
    char line[SB_CODEC_EVENT_MAX], text[SB_CODEC_EVENT_MAX * 2] = "";
    (void)snprintf(bundle, sizeof bundle, "%s/incident-7", folder);
    (void)snprintf(packed, sizeof packed, "%s/incident-7.tar.gz", folder);
    assert_int_equal(sb_dir_make(bundle, 0700, NULL), SB_OK);
    tape_snapshot(snapshot, 0);
    struct sb_text all;
    sb_text_init(&all, text, sizeof text);
    for (unsigned i = 0; i < TAPE_SNAPSHOT; i++) {
        (void)sb_codec_event_write(&snapshot[i], line, sizeof line);
        sb_text_add(&all, line);
        sb_text_add(&all, "\n");
    }
    assert_false(all.is_cut);
    put("incident-7/events.jsonl", "w", text);
    (void)snprintf(from, sizeof from, "--directory=%s", folder);
    const char *const argv[] = { "tar", "--create", "--gzip", "--file", packed, from, "incident-7", NULL };
    const struct sb_child_spec spec = { .path = "tar", .argv = argv };
    struct sb_child_talk talk = { .output_max = 1000 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(30) };
    assert_int_equal(sb_child_talk(&spec, &talk, &op, NULL), SB_OK);
    assert_int_equal(talk.status, 0);
    free(talk.out);
    free(talk.errors);
    const char *const paths[] = { bundle, packed };
    for (size_t i = 0; i < SB_LEN(paths); i++) {
        struct sb_history *history = open_history(paths[i]);
        assert_int_equal(load(history, 0).snapshot, TAPE_SNAPSHOT);
        sb_history_close(history);
    }
}

/* The system refuses in the middle of a line, as a full disk does. */
static void full_disk__leaves_whole_lines_and_a_new_segment_works(void **state)
{
    (void)state;
    struct sb_recording *recording = open_recording(&limits);
    struct sb_error err = { SB_OK, "" };
    struct sb_event events[200];
    struct rlimit before, small;
    begin(recording, 0);
    assert_int_equal(append(recording, 1, 10), SB_OK);
    for (size_t i = 0; i < SB_LEN(events); i++)
        events[i] = tape_event(11 + i);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4001;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum sb_err rc = sb_recording_append(recording, events, SB_LEN(events), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, SB_ERR_IO);
    assert_non_null(strstr(err.text, "00000001-20261127T120000.000Z.jsonl: File too large"));
    assert_false(sb_recording_is_open(recording));
    assert_int_equal(append(recording, 300, 1), SB_ERR_INVALID); /* not without a description */
    begin(recording, SB_MIN(1));
    assert_int_equal(append(recording, 300, 10), SB_OK);
    sb_recording_close(recording);
    struct sb_history *history = open_history(folder);
    assert_int_equal(sb_history_count(history), 2);
    assert_int_equal(load(history, 0).count, TAPE_SNAPSHOT + 10);
    assert_int_equal(load(history, 1).count, TAPE_SNAPSHOT + 10);
    assert_mistakes(history, 0, "");
    sb_history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__of_a_segment_is_read_as_it_was_written),
        cmocka_unit_test_setup_teardown(recording__is_read_as_it_was_written_while_it_grows, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(heartbeats__are_not_recorded, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(segment__is_due_by_age_by_size_and_when_the_clock_went_back, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(old_segments__go_by_age_and_by_size, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(short_disk__loses_its_recordings_and_gets_no_new_ones, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(folder__has_strangers_that_are_left_alone, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(half_a_line__at_the_end_is_waited_for_or_torn, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(lines__that_are_no_events_are_named_and_passed_over, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(file__is_cut_where_descriptions_begin_and_where_it_is_long, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(nothing__is_said_to_be_nothing, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(bundle__is_read_by_its_events, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(full_disk__leaves_whole_lines_and_a_new_segment_works, folder_make, folder_remove),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
