#include "signalbox/os/os.h"

#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void cancel__is_seen_by_every_waiter_for_ever(void **state)
{
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    struct sb_op op = test_op();
    struct sb_error err;
    size_t ready = 9;

    (void)state;
    assert_non_null(cancel);
    op.cancel = cancel;
    assert_false(sb_cancel_is_asked(cancel));
    assert_int_equal(sb_op_check(&op, "job", &err), SB_OK);
    sb_cancel_ask(cancel);
    sb_cancel_ask(cancel);
    assert_true(sb_cancel_is_asked(cancel));
    assert_int_equal(sb_poll_readable(NULL, 0, &op, &ready, &err), SB_ERR_CANCELLED);
    assert_int_equal(sb_poll_readable(NULL, 0, &op, &ready, &err), SB_ERR_CANCELLED);
    assert_int_equal(sb_op_check(&op, "fetch", &err), SB_ERR_CANCELLED);
    assert_string_equal(err.text, "fetch: cancelled");
    assert_int_equal(ready, 9);
    sb_cancel_destroy(cancel);
}

static void ask(void *cancel)
{
    sb_cancel_ask(cancel);
}

static void cancel__wakes_a_poll_in_another_thread(void **state)
{
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    struct sb_op op = test_op();
    struct sb_thread *thread = NULL;
    size_t ready;

    (void)state;
    op.cancel = cancel;
    assert_int_equal(sb_thread_start(&thread, "asker", ask, cancel, NULL), SB_OK);
    assert_int_equal(sb_poll_readable(NULL, 0, &op, &ready, NULL), SB_ERR_CANCELLED);
    sb_thread_join(thread);
    sb_cancel_destroy(cancel);
}

static void cancel__null_is_a_token_nobody_asked(void **state)
{
    (void)state;
    assert_false(sb_cancel_is_asked(NULL));
    assert_int_equal(sb_cancel_fd(NULL), -1);
    sb_cancel_destroy(NULL);
}

static void op__is_over_at_its_deadline(void **state)
{
    const struct sb_op op = { .deadline = sb_now() };
    struct sb_error err;
    size_t ready;

    (void)state;
    assert_int_equal(sb_op_check(&op, "look", &err), SB_ERR_TIMEOUT);
    assert_int_equal(sb_op_poll_ms(&op), 0);
    assert_int_equal(sb_poll_readable(NULL, 0, &op, &ready, &err), SB_ERR_TIMEOUT);
}

static void op__within_only_ever_shortens(void **state)
{
    const struct sb_op near = { .deadline = sb_now() + SB_MS(5) }, never = { .deadline = SB_NEVER };
    sb_ns before = sb_now();

    (void)state;
    assert_true(sb_op_within(&near, SB_S(10)).deadline == near.deadline);
    assert_true(sb_op_within(&never, 0).deadline == SB_NEVER);
    struct sb_op narrowed = sb_op_within(&never, SB_S(10));
    assert_true(narrowed.deadline >= before + SB_S(10));
    assert_true(narrowed.deadline <= sb_now() + SB_S(10));
}

static void op__poll_time_is_rounded_up_and_bounded(void **state)
{
    const struct sb_op never = { .deadline = SB_NEVER }, far = { .deadline = SB_NEVER - 1 };
    const struct sb_op soon = { .deadline = sb_now() + SB_S(60) };

    (void)state;
    assert_int_equal(sb_op_poll_ms(&never), -1);
    assert_true(sb_op_poll_ms(&far) > 0);
    int millis = sb_op_poll_ms(&soon);
    assert_true(millis > 0 && millis <= 60000);
}

static void poll__names_the_ready_descriptor_and_ignores_negative_ones(void **state)
{
    int fds[3] = { -1, -1, -1 };
    const struct sb_op op = test_op();
    size_t ready = 9;

    (void)state;
    assert_int_equal(sb_wake_open(&fds[1], NULL), SB_OK);
    assert_int_equal(sb_wake_open(&fds[2], NULL), SB_OK);
    sb_wake_post(fds[2]);
    assert_int_equal(sb_poll_readable(fds, 3, &op, &ready, NULL), SB_OK);
    assert_int_equal(ready, 2);
    sb_wake_clear(fds[2]);
    const struct sb_op now = { .deadline = sb_now() };
    assert_int_equal(sb_poll_readable(fds, 3, &now, &ready, NULL), SB_ERR_TIMEOUT);
    sb_fd_close(&fds[1]);
    sb_fd_close(&fds[2]);
    assert_int_equal(fds[2], -1);
}

static void poll__reports_a_closed_descriptor_instead_of_spinning(void **state)
{
    int fd = -1, number;
    const struct sb_op op = test_op();
    size_t ready;

    (void)state;
    assert_int_equal(sb_wake_open(&fd, NULL), SB_OK);
    number = fd;
    sb_fd_close(&fd);
    assert_int_equal(sb_poll_readable(&number, 1, &op, &ready, NULL), SB_ERR_BUG);
}

static void wake__counts_for_several_posts_and_clears_once(void **state)
{
    int fd = -1;
    const struct sb_op now = { .deadline = 0 };
    size_t ready;

    (void)state;
    assert_int_equal(sb_wake_open(&fd, NULL), SB_OK);
    sb_wake_clear(fd);
    sb_wake_post(fd);
    sb_wake_post(fd);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_OK);
    sb_wake_clear(fd);
    assert_int_equal(sb_poll_readable(&fd, 1, &now, &ready, NULL), SB_ERR_TIMEOUT);
    sb_fd_close(&fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancel__is_seen_by_every_waiter_for_ever),
        cmocka_unit_test(cancel__wakes_a_poll_in_another_thread),
        cmocka_unit_test(cancel__null_is_a_token_nobody_asked),
        cmocka_unit_test(op__is_over_at_its_deadline),
        cmocka_unit_test(op__within_only_ever_shortens),
        cmocka_unit_test(op__poll_time_is_rounded_up_and_bounded),
        cmocka_unit_test(poll__names_the_ready_descriptor_and_ignores_negative_ones),
        cmocka_unit_test(poll__reports_a_closed_descriptor_instead_of_spinning),
        cmocka_unit_test(wake__counts_for_several_posts_and_clears_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
