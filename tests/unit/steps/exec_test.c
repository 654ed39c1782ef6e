/* Programs as steps: argv without a shell, bounded output, the whole group ends. Real processes, no waiting for time to pass. */
#include "fakes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    f->env.op.deadline = sb_ns_add(sb_now(), SB_S(60));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

#define run_argv(f, ...)                                                                                           \
    do {                                                                                                           \
        static const char *const list[] = { __VA_ARGS__ };                                                         \
        (f)->params.as.exec.argv = list;                                                                           \
        (f)->params.as.exec.argc = SB_LEN(list);                                                                   \
        fixture_run(f, SB_STEP_KIND_EXEC);                                                                         \
    } while (0)

static void exec__passes_arguments_without_a_shell(void **state)
{
    struct fixture *f = *state;
    f->env.outputs = "{\"a\":{\"t\":\"$(id); `ls` > x\"}}";
    run_argv(f, "printf", "%s|%s", "{{steps.a.t}}", "*");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "stdout"), "$(id); `ls` > x|*");
    assert_string_equal(fixture_value(f, "exit"), "0");
}

static void exec__gives_parsed_json_to_later_steps(void **state)
{
    struct fixture *f = *state;
    run_argv(f, "printf", "{\"n\": 5}");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "json.n"), "5");
}

static void exec__feeds_stdin(void **state)
{
    struct fixture *f = *state;
    f->params.as.exec.input = "for {{account}}";
    run_argv(f, "cat");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "stdout"), "for me");
}

static void exec__survives_a_program_that_does_not_read_its_stdin(void **state)
{
    struct fixture *f = *state;
    char *input = malloc(200001);
    memset(input, 'x', 200000);
    input[200000] = '\0';
    f->params.as.exec.input = input;
    run_argv(f, "true");
    assert_succeeded(f);
    free(input);
}

static void exec__tells_the_last_line_of_stderr_when_it_fails(void **state)
{
    struct fixture *f = *state;
    run_argv(f, "sh", "-c", "echo first >&2; echo 'no such thing' >&2; exit 3");
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_string_equal(f->result.text, "sh exited with 3: no such thing");
    assert_null(f->result.output);
}

static void exec__cuts_output_at_its_limit_and_reads_on(void **state)
{
    struct fixture *f = *state;
    f->params.as.exec.output_max = 1000;
    run_argv(f, "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' a");
    assert_succeeded(f);
    assert_int_equal(strlen(fixture_value(f, "stdout")), 1000);
    assert_string_equal(fixture_value(f, "is_cut"), "true");
}

static void exec__makes_foreign_bytes_valid_text(void **state)
{
    struct fixture *f = *state;
    run_argv(f, "printf", "a\\377b");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "stdout"), "a\xEF\xBF\xBD" "b");
}

static void exec__adds_variables_to_a_clean_environment(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair env[] = { { "WHO", "{{account}}" } };
    assert_int_equal(setenv("SB_TEST_SECRET", "leak", 1), 0);
    f->params.as.exec.env = env;
    f->params.as.exec.env_count = 1;
    run_argv(f, "sh", "-c", "printf '%s/%s' \"$WHO\" \"$SB_TEST_SECRET\"");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "stdout"), "me/");
}

static void exec__reports_a_program_that_does_not_exist(void **state)
{
    struct fixture *f = *state;
    run_argv(f, "no-such-program-anywhere");
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "no-such-program-anywhere"));
}

/* Asks for the end as soon as the program's grandchild has written to the pipe. */
struct call_off {
    int fd;
    struct sb_cancel *cancel;
};

static bool is_readable(int fd, short what)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return poll(&wait, 1, 60000) == 1 && (wait.revents & what) != 0;
}

static void call_off_main(void *arg)
{
    const struct call_off *call_off = arg;
    (void)is_readable(call_off->fd, POLLIN);
    sb_cancel_ask(call_off->cancel);
}

static void exec__ends_the_whole_group_when_it_is_called_off(void **state)
{
    struct fixture *f = *state;
    static char script[256];
    char path[128], byte = 0;
    struct sb_thread *thread = NULL;
    (void)snprintf(path, sizeof path, "%s/fifo", f->folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct call_off call_off = { open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), sb_cancel_create(NULL) };
    assert_int_equal(sb_thread_start(&thread, "call-off", call_off_main, &call_off, NULL), SB_OK);
    /* The child goes on at once; its own child, in the background, holds the pipe open and would for an hour. */
    (void)snprintf(script, sizeof script, "(printf x; exec sleep 3600) >%s & wait", path);
    static const char *list[] = { "sh", "-c", script };
    f->params.as.exec.argv = list;
    f->params.as.exec.argc = SB_LEN(list);
    f->env.op.cancel = call_off.cancel;
    fixture_run(f, SB_STEP_KIND_EXEC);
    sb_thread_join(thread);
    assert_failed(f, SB_CLASS_CANCELLED);
    assert_int_equal(read(call_off.fd, &byte, 1), 1);
    assert_true(is_readable(call_off.fd, POLLHUP)); /* the last writer is gone */
    sb_fd_close(&call_off.fd);
    sb_cancel_destroy(call_off.cancel);
}

static void exec__stops_the_program_at_its_deadline(void **state)
{
    struct fixture *f = *state;
    f->env.op.deadline = sb_ns_add(sb_now(), SB_MS(100));
    run_argv(f, "sleep", "3600");
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(f->result.text, "stopped with its group"));
}

static void exec__ends_the_program_when_it_is_cancelled(void **state)
{
    struct fixture *f = *state;
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    sb_cancel_ask(cancel);
    f->env.op.cancel = cancel;
    sb_ns begin = sb_now();
    run_argv(f, "sleep", "3600");
    assert_failed(f, SB_CLASS_CANCELLED);
    assert_true(sb_now() - begin < SB_S(20));
    sb_cancel_destroy(cancel);
}

static void exec__does_not_wait_for_a_background_child_that_keeps_the_pipe(void **state)
{
    struct fixture *f = *state;
    run_argv(f, "sh", "-c", "sleep 3600 & echo done");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "stdout"), "done\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exec__passes_arguments_without_a_shell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__gives_parsed_json_to_later_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__feeds_stdin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__survives_a_program_that_does_not_read_its_stdin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__tells_the_last_line_of_stderr_when_it_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__cuts_output_at_its_limit_and_reads_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__makes_foreign_bytes_valid_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__adds_variables_to_a_clean_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__reports_a_program_that_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__ends_the_whole_group_when_it_is_called_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__stops_the_program_at_its_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__ends_the_program_when_it_is_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec__does_not_wait_for_a_background_child_that_keeps_the_pipe, set_up, tear_down),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does at its start */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
