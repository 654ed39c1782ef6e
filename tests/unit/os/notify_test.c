/* The notification socket, and signs of life. */
#include "os_support.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
    return 0;
}

static void notify__says_nothing_when_nobody_asked(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(sb_notify("READY=1", NULL), SB_OK);
    assert_true(sb_notify_interval() == 0);
}

static void notify__reaches_a_name_without_a_file(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[64], message[64] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_true(fd >= 0);
    int size = snprintf(name, sizeof(name), "@signalbox-test-%d", (int)getpid());
    memcpy(address.sun_path + 1, name + 1, (size_t)size - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)size)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(sb_notify("READY=1\nSTATUS=fine", NULL), SB_OK);
    assert_int_equal(recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT), 19);
    assert_string_equal(message, "READY=1\nSTATUS=fine");
    sb_fd_close(&fd);
}

static void notify__names_a_socket_that_is_not_there(void **state)
{
    struct sb_error err = { .text = "" };
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1), 0);
    assert_int_equal(sb_notify("READY=1", &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "NOTIFY_SOCKET /nonexistent/notify"));
    assert_int_equal(setenv("NOTIFY_SOCKET", "notify", 1), 0);
    assert_int_equal(sb_notify("READY=1", &err), SB_ERR_INVALID);
}

static void watchdog__takes_half_of_what_is_meant_for_this_process(void **state)
{
    char pid[16];
    (void)state;
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_true(sb_notify_interval() == SB_S(15));
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_true(sb_notify_interval() == SB_S(15));
    assert_int_equal(setenv("WATCHDOG_USEC", "soon", 1), 0);
    assert_true(sb_notify_interval() == 0);
}

static void pulse__is_owed_from_the_first_question_to_the_answer(void **state)
{
    struct sb_pulse pulse = { 0 };
    const sb_ns begun = sb_now();
    (void)state;
    bool must_wake = false;
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake);
    while (sb_now() - begun < SB_MS(2)) {
    }
    assert_true(sb_pulse_ask(&pulse, &must_wake) >= SB_MS(1) && must_wake);
    sb_pulse_answer(&pulse);
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake); /* at work: asked every time */
}

static void pulse__of_a_loop_that_waits_is_asked_seldom(void **state)
{
    struct sb_pulse pulse = { 0 };
    bool must_wake = false;
    (void)state;
    sb_pulse_rest(&pulse);
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake); /* never asked before */
    assert_true(sb_pulse_ask(&pulse, &must_wake) >= 0 && must_wake); /* a question that is open stays open, at rest too */
    sb_pulse_rise(&pulse);
    sb_pulse_rest(&pulse);
    for (int i = 0; i < 3; i++)
        assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && !must_wake);
    atomic_fetch_sub(&pulse.asked_last, SB_PULSE_REST_MAX); /* long ago */
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake);
    sb_pulse_rise(&pulse);
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake); /* nobody waits: it may hang */
}

/* One of two threads works, for however long: the other one shows that the loop turns. */
static void pulse__of_two_threads_rests_while_one_does(void **state)
{
    struct sb_pulse pulse = { .asked_last = sb_now() };
    bool must_wake = true;
    (void)state;
    sb_pulse_rest(&pulse);
    sb_pulse_rest(&pulse);
    sb_pulse_rise(&pulse);
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && !must_wake);
    sb_pulse_rise(&pulse);
    assert_true(sb_pulse_ask(&pulse, &must_wake) == 0 && must_wake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
        TEST(notify__says_nothing_when_nobody_asked),
        TEST(notify__reaches_a_name_without_a_file),
        TEST(notify__names_a_socket_that_is_not_there),
        TEST(watchdog__takes_half_of_what_is_meant_for_this_process),
        TEST(pulse__is_owed_from_the_first_question_to_the_answer),
        TEST(pulse__of_a_loop_that_waits_is_asked_seldom),
        TEST(pulse__of_two_threads_rests_while_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
