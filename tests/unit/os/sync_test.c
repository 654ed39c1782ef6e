#include "signalbox/os/os.h"

#include "os_support.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct counter {
    struct sb_mutex *mutex;
    struct sb_cond *cond;
    unsigned value;
};

static void count_up(void *argument)
{
    struct counter *counter = argument;

    for (unsigned i = 0; i < 1000; i++) {
        sb_mutex_lock(counter->mutex);
        counter->value++;
        sb_mutex_unlock(counter->mutex);
    }
    sb_cond_signal(counter->cond);
}

static void mutex__excludes_and_cond_tells(void **state)
{
    struct counter counter = { .mutex = sb_mutex_create(SB_RANK_INBOX), .cond = sb_cond_create() };
    struct sb_thread *threads[2] = { NULL, NULL };

    (void)state;
    assert_non_null(counter.mutex);
    assert_non_null(counter.cond);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sb_thread_start(&threads[i], "counter", count_up, &counter, NULL), SB_OK);
    sb_mutex_lock(counter.mutex);
    while (counter.value < 2000)
        assert_true(sb_cond_wait(counter.cond, counter.mutex, sb_now() + SB_S(30)) || counter.value == 2000);
    sb_mutex_unlock(counter.mutex);
    for (size_t i = 0; i < 2; i++)
        sb_thread_join(threads[i]);
    assert_int_equal(counter.value, 2000);
    sb_cond_destroy(counter.cond);
    sb_mutex_destroy(counter.mutex);
}

static void cond__gives_up_at_its_monotonic_deadline(void **state)
{
    struct sb_mutex *mutex = sb_mutex_create(SB_RANK_INBOX);
    struct sb_cond *cond = sb_cond_create();
    sb_ns deadline = sb_now() + SB_MS(2);

    (void)state;
    sb_mutex_lock(mutex);
    while (sb_cond_wait(cond, mutex, deadline))
        ;
    sb_mutex_unlock(mutex);
    assert_true(sb_now() >= deadline);
    sb_cond_destroy(cond);
    sb_mutex_destroy(mutex);
}

/* Locks in the given order in a process of its own and tells how that ended. */
static int status_of_locking(enum sb_rank first, enum sb_rank second)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct sb_mutex *a = sb_mutex_create(first), *b = sb_mutex_create(second);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(3);
        sb_mutex_lock(a);
        sb_mutex_lock(b);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void mutex__rising_ranks_are_fine(void **state)
{
    (void)state;
    assert_true(status_of_locking(SB_RANK_INBOX, SB_RANK_STORE) == 0);
}

static void mutex__wrong_order_aborts_in_debug_builds(void **state)
{
    (void)state;
#ifdef SB_DEBUG
    int falling = status_of_locking(SB_RANK_STORE, SB_RANK_INBOX), equal = status_of_locking(SB_RANK_STORE, SB_RANK_STORE);

    assert_true(WIFSIGNALED(falling) && WTERMSIG(falling) == SIGABRT);
    assert_true(WIFSIGNALED(equal) && WTERMSIG(equal) == SIGABRT);
#else
    skip(); /* release builds do not check */
#endif
}

static void mutex__a_wait_gives_its_rank_back(void **state)
{
    struct sb_mutex *outer = sb_mutex_create(SB_RANK_INBOX), *inner = sb_mutex_create(SB_RANK_STORE);
    struct sb_cond *cond = sb_cond_create();

    (void)state;
    sb_mutex_lock(outer);
    (void)sb_cond_wait(cond, outer, sb_now());
    sb_mutex_lock(inner);
    sb_mutex_unlock(outer); /* not in the order of locking: allowed */
    sb_mutex_unlock(inner);
    sb_mutex_lock(outer);
    sb_mutex_unlock(outer);
    sb_cond_destroy(cond);
    sb_mutex_destroy(inner);
    sb_mutex_destroy(outer);
}

static void note_mask(void *mask)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, mask);
}

static void thread__blocks_signals_from_outside_but_no_faults(void **state)
{
    struct sb_thread *thread = NULL;
    sigset_t mask, own;

    (void)state;
    assert_int_equal(sb_thread_start(&thread, "a name longer than fifteen", note_mask, &mask, NULL), SB_OK);
    sb_thread_join(thread);
    assert_int_equal(sigismember(&mask, SIGTERM), 1);
    assert_int_equal(sigismember(&mask, SIGINT), 1);
    assert_int_equal(sigismember(&mask, SIGSEGV), 0);
    note_mask(&own);
    assert_int_equal(sigismember(&own, SIGTERM), 0);
}

static void signals__arrive_on_the_descriptor(void **state)
{
    const int wanted[] = { SIGUSR1, SIGTERM };
    const struct sb_op op = test_op();
    size_t ready;
    int fd = -1;

    (void)state;
    assert_int_equal(sb_signals_open(&fd, wanted, SB_LEN(wanted), NULL), SB_OK);
    assert_int_equal(sb_signals_take(fd), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
    assert_int_equal(sb_signals_take(fd), SIGTERM);
    assert_int_equal(sb_signals_take(fd), 0);
    sb_fd_close(&fd);
}

static void clocks__move_forward_and_know_the_date(void **state)
{
    sb_ns first = sb_now(), cpu = sb_cpu_time();

    (void)state;
    assert_true(sb_now() >= first);
    assert_true(cpu > 0 && sb_cpu_time() >= cpu);
    assert_true(sb_wall_civil(sb_wall_now()).year >= 2024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutex__excludes_and_cond_tells),
        cmocka_unit_test(cond__gives_up_at_its_monotonic_deadline),
        cmocka_unit_test(mutex__rising_ranks_are_fine),
        cmocka_unit_test(mutex__wrong_order_aborts_in_debug_builds),
        cmocka_unit_test(mutex__a_wait_gives_its_rank_back),
        cmocka_unit_test(thread__blocks_signals_from_outside_but_no_faults),
        cmocka_unit_test(clocks__move_forward_and_know_the_date),
        cmocka_unit_test(signals__arrive_on_the_descriptor), /* last: it changes the mask of this thread */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
