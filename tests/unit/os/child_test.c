#include "signalbox/os/os.h"

#include "os_support.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SHELL(script) { "sh", "-c", script, NULL }

/* Reads until end of file or until the buffer is full; the child closes the pipe by ending. */
static void read_text(int fd, char *out, size_t cap)
{
    const struct sb_op op = test_op();
    size_t used = 0, ready;

    while (used + 1 < cap) {
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        ssize_t got = read(fd, out + used, cap - 1 - used);
        assert_true(got >= 0);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    out[used] = '\0';
}

/* Runs a script with its standard output in `out`; returns the wait status. */
static int run_script(struct sb_child_spec spec, char *out, size_t cap)
{
    int ends[2], status = -1;
    const struct sb_op op = test_op();
    struct sb_child child;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    spec.stdin_fd = spec.stderr_fd = -1;
    spec.stdout_fd = ends[1];
    assert_int_equal(sb_child_start(&child, &spec, NULL), SB_OK);
    sb_fd_close(&ends[1]);
    read_text(ends[0], out, cap);
    sb_fd_close(&ends[0]);
    assert_int_equal(sb_child_wait(&child, &op, &status, NULL), SB_OK);
    assert_int_equal(child.pidfd, -1);
    sb_child_end(&child, 0);
    return status;
}

static void child__runs_and_tells_its_status(void **state)
{
    const char *const argv[] = SHELL("printf hello; exit 7");
    char out[64];
    int status = run_script((struct sb_child_spec){ .path = "sh", .argv = argv }, out, sizeof(out));

    (void)state;
    assert_string_equal(out, "hello");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void child__missing_program_is_an_error_of_the_start(void **state)
{
    const char *const argv[] = { "x", NULL };
    struct sb_child child = { .pid = -5, .pidfd = -5 };
    struct sb_child_spec spec = { .path = "no-such-program-here", .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    struct sb_error err;

    (void)state;
    assert_int_equal(sb_child_start(&child, &spec, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "no-such-program-here is not in PATH"));
    spec.path = "/nowhere/at/all";
    assert_int_equal(sb_child_start(&child, &spec, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    spec.path = "/etc/passwd"; /* exists, cannot be executed */
    assert_int_equal(sb_child_start(&child, &spec, &err), SB_ERR_PERMISSION);
    spec.path = "sh";
    spec.directory = "/nowhere";
    assert_int_equal(sb_child_start(&child, &spec, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "enter the folder"));
    assert_int_equal(child.pid, -5);
}

static void child__has_only_the_descriptors_it_was_given(void **state)
{
    const char *const argv[] = SHELL("ls -m /proc/$$/fd; :"); /* no pipeline: the shell would hold its ends for a moment */
    int given[2] = { open("/dev/null", O_RDONLY | O_CLOEXEC), open("/dev/zero", O_RDONLY | O_CLOEXEC) };
    int leaky = open("/dev/null", O_RDONLY); /* what a careless library would leave open */
    char out[64];

    (void)state;
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv, .fds = given, .fd_count = 2 }, out, sizeof(out));
    assert_string_equal(out, "0, 1, 2, 3, 4\n");
    sb_fd_close(&given[0]);
    sb_fd_close(&given[1]);
    sb_fd_close(&leaky);
}

static void child__descriptors_may_swap_places(void **state)
{
    const char *const argv[] = SHELL("readlink /proc/self/fd/3; readlink /proc/self/fd/4");
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char out[64];

    (void)state;
    /* Whatever numbers 3 and 4 are here, the child sees the files in the order of the list. */
    assert_int_equal(dup3(zero, 14, O_CLOEXEC), 14);
    assert_int_equal(dup3(null, 13, O_CLOEXEC), 13);
    const int given[2] = { 14, 13 };
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv, .fds = given, .fd_count = 2 }, out, sizeof(out));
    assert_string_equal(out, "/dev/zero\n/dev/null\n");
    const int crossed[2] = { null, zero };
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv, .fds = crossed, .fd_count = 2 }, out, sizeof(out));
    assert_string_equal(out, "/dev/null\n/dev/zero\n");
    for (int fd = 13; fd <= 14; fd++)
        close(fd);
    sb_fd_close(&null);
    sb_fd_close(&zero);
}

static void child__environment_is_clean_unless_given(void **state)
{
    const char *const argv[] = SHELL("env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e '^_$' | sort | tr '\\n' ' '");
    const char *const own[] = { "ONLY=this", "PATH=/usr/bin:/bin", NULL };
    char out[256];

    (void)state;
    assert_int_equal(setenv("SIGNALBOX_TEST_SECRET", "do not inherit", 1), 0);
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv }, out, sizeof(out));
    assert_string_equal(out, "HOME LANG PATH TMPDIR ");
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv, .envp = own }, out, sizeof(out));
    assert_string_equal(out, "ONLY PATH ");
    assert_int_equal(unsetenv("SIGNALBOX_TEST_SECRET"), 0);
}

static void child__starts_with_default_signals_in_its_own_session(void **state)
{
    const char *const argv[] = SHELL("grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2; "
                                     "test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ && echo leader");
    char out[128];

    (void)state;
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv }, out, sizeof(out));
    assert_string_equal(out, "0000000000000000\n0000000000000000\nleader\n");
}

/* A pipe held open by a whole group tells when its last member is gone. */
static void child__end_takes_the_grandchildren_too(void **state)
{
    const char *const argv[] = SHELL("trap '' TERM; (trap '' TERM; echo ready; exec sleep 1000) & wait; wait");
    int ends[2];
    char line[8];
    struct sb_child child;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct sb_child_spec spec = { .path = "sh", .argv = argv, .stdin_fd = -1, .stdout_fd = ends[1], .stderr_fd = -1 };
    assert_int_equal(sb_child_start(&child, &spec, NULL), SB_OK);
    sb_fd_close(&ends[1]);
    assert_int_equal(read(ends[0], line, 6), 6); /* the grandchild runs */
    sb_child_end(&child, SB_MS(1));
    read_text(ends[0], line, sizeof(line)); /* end of file: nobody of the group is left */
    assert_string_equal(line, "");
    sb_fd_close(&ends[0]);
    sb_child_end(&child, SB_S(1)); /* once more is harmless */
}

static void child__end_of_the_leader_ends_its_group(void **state)
{
    const char *const argv[] = SHELL("sleep 1000 & exit 3");
    int ends[2], status = 0;
    char line[8];
    const struct sb_op op = test_op();
    struct sb_child child;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct sb_child_spec spec = { .path = "sh", .argv = argv, .stdin_fd = -1, .stdout_fd = ends[1], .stderr_fd = -1 };
    assert_int_equal(sb_child_start(&child, &spec, NULL), SB_OK);
    sb_fd_close(&ends[1]);
    assert_int_equal(sb_child_wait(&child, &op, &status, NULL), SB_OK);
    assert_int_equal(WEXITSTATUS(status), 3);
    read_text(ends[0], line, sizeof(line));
    assert_string_equal(line, "");
    sb_fd_close(&ends[0]);
}

static void child__wait_obeys_deadline_and_cancel(void **state)
{
    const char *const argv[] = { "sleep", "1000", NULL };
    const struct sb_child_spec spec = { .path = "sleep", .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    struct sb_op op = { .deadline = sb_now() + SB_MS(1) };
    struct sb_child child;
    int status = 77;

    (void)state;
    assert_int_equal(sb_child_start(&child, &spec, NULL), SB_OK);
    assert_int_equal(sb_child_wait(&child, &op, &status, NULL), SB_ERR_TIMEOUT);
    sb_cancel_ask(cancel);
    op = (struct sb_op){ .deadline = SB_NEVER, .cancel = cancel };
    assert_int_equal(sb_child_wait(&child, &op, &status, NULL), SB_ERR_CANCELLED);
    assert_int_equal(status, 77);
    pid_t pid = child.pid;
    sb_child_end(&child, SB_S(10));
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    sb_cancel_destroy(cancel);
}

static void child__leaves_no_descriptor_behind(void **state)
{
    const char *const argv[] = SHELL("exit 0"), *const missing[] = { "x", NULL };
    const struct sb_child_spec bad = { .path = "/nowhere/x", .argv = missing, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    struct sb_child child;
    char out[8];
    unsigned before = test_count("/proc/self/fd");

    (void)state;
    (void)run_script((struct sb_child_spec){ .path = "sh", .argv = argv }, out, sizeof(out));
    assert_int_not_equal(sb_child_start(&child, &bad, NULL), SB_OK);
    assert_int_equal(test_count("/proc/self/fd"), before);
}

static void talk__gives_input_and_keeps_output_within_bounds(void **state)
{
    const char *const argv[] = SHELL("cat; echo \"$NAME\" >&2; exit 3"), *const more[] = { "NAME=word", NULL };
    const struct sb_child_spec spec = { .path = "sh", .argv = argv, .more_env = more };
    struct sb_child_talk talk = { .input = "0123456789", .input_size = 10, .output_max = 5 };
    const struct sb_op op = test_op();

    (void)state;
    assert_int_equal(sb_child_talk(&spec, &talk, &op, NULL), SB_OK);
    assert_int_equal(WEXITSTATUS(talk.status), 3);
    assert_string_equal(talk.out, "01234");
    assert_true(talk.out_is_cut);
    assert_string_equal(talk.errors, "word\n");
    assert_false(talk.errors_is_cut);
    free(talk.out);
    free(talk.errors);
}

/* With SIGPIPE as a fresh process has it, a write to a program that is gone would end the test. */
static void talk__survives_a_program_that_does_not_listen(void **state)
{
    const char *const argv[] = SHELL("exec <&-; exit 0");
    const struct sb_child_spec spec = { .path = "sh", .argv = argv };
    static char input[1 << 20];
    struct sb_child_talk talk = { .input = input, .input_size = sizeof(input), .output_max = 5 };
    const struct sb_op op = test_op();
    const struct sigaction fresh = { .sa_handler = SIG_DFL };
    struct sigaction before;

    (void)state;
    assert_int_equal(sigaction(SIGPIPE, &fresh, &before), 0);
    assert_int_equal(sb_child_talk(&spec, &talk, &op, NULL), SB_OK);
    assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
    assert_int_equal(talk.status, 0);
    free(talk.out);
    free(talk.errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child__runs_and_tells_its_status),
        cmocka_unit_test(child__missing_program_is_an_error_of_the_start),
        cmocka_unit_test(child__has_only_the_descriptors_it_was_given),
        cmocka_unit_test(child__descriptors_may_swap_places),
        cmocka_unit_test(child__environment_is_clean_unless_given),
        cmocka_unit_test(child__starts_with_default_signals_in_its_own_session),
        cmocka_unit_test(child__end_takes_the_grandchildren_too),
        cmocka_unit_test(child__end_of_the_leader_ends_its_group),
        cmocka_unit_test(child__wait_obeys_deadline_and_cancel),
        cmocka_unit_test(child__leaves_no_descriptor_behind),
        cmocka_unit_test(talk__gives_input_and_keeps_output_within_bounds),
        cmocka_unit_test(talk__survives_a_program_that_does_not_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
