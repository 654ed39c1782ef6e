#include "engine_rig.h"

#include "signalbox/codec/codec.h"

#include "runtime/engine/parts.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256], path[300];

static int setup(void **state)
{
    (void)state;
    test_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/flight.jsonl", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static struct sb_input note(uint64_t run)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);

    input.as.note.run = run;
    return input;
}

/* Reads the dump line by line; returns how many inputs it holds, and the first and the last. */
static size_t read_dump(struct sb_input *first, struct sb_input *last)
{
    char *text = NULL;
    size_t size = 0, count = 0;
    struct sb_error error;

    assert_int_equal(sb_file_read(path, 32 << 20, &text, &size, NULL), SB_OK);
    for (char *line = text; *line != '\0'; count++) {
        size_t length = strcspn(line, "\n");
        if (sb_codec_input_read(line, length, last, &error) != SB_OK)
            fail_msg("line %zu: %s", count + 1, error.text);
        if (count == 0)
            *first = *last;
        line += length + 1;
    }
    free(text);
    return count;
}

static void flight__keeps_the_last_inputs_in_order(void **state)
{
    struct sb_flight *flight = sb_flight_create(NULL, NULL);
    struct sb_input first, last;

    (void)state;
    for (uint64_t i = 1; i <= SB_FLIGHT_INPUTS_MAX + 10; i++) {
        struct sb_input input = note(i);
        sb_flight_record(flight, &input);
    }
    assert_int_equal(sb_flight_dump(flight, path, NULL), SB_OK);
    assert_int_equal(read_dump(&first, &last), SB_FLIGHT_INPUTS_MAX);
    assert_true(first.as.note.run == 11);
    assert_true(last.as.note.run == SB_FLIGHT_INPUTS_MAX + 10);
    sb_flight_destroy(flight);
}

static void flight__is_dumped_when_an_assertion_fails(void **state)
{
    struct sb_input first, last;
    int status = 0;

    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(3);
        struct sb_flight *flight = sb_flight_create(path, NULL);
        struct sb_input input = note(7);
        sb_flight_record(flight, &input);
        SB_ASSERT(flight == NULL && "on purpose");
        _exit(4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(read_dump(&first, &last), 1);
    assert_true(last.as.note.run == 7);
}

static void flight__of_an_engine_begins_with_what_was_restored(void **state)
{
    struct sb_input first, last;

    (void)state;
    rig_init();
    rig_job("any");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    assert_int_equal(sb_engine_flight_dump(rig.engine, path, NULL), SB_OK);
    struct sb_error error;
    assert_int_not_equal(sb_engine_flight_dump(rig.engine, "/no/such/folder/x", &error), SB_OK);
    assert_non_null(strstr(error.text, "/no/such/folder/x"));
    rig_stop(false);
    rig_deinit();
    assert_true(read_dump(&first, &last) >= 4); /* base, begin, command, result */
    assert_int_equal(first.kind, SB_INPUT_RESTORE_BASE);
    assert_true(last.now >= first.now && first.now > 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(flight__keeps_the_last_inputs_in_order),
        IN_FOLDER(flight__is_dumped_when_an_assertion_fails),
        IN_FOLDER(flight__of_an_engine_begins_with_what_was_restored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
