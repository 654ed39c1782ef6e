/* Leasing of connections: what the port says of it. */
#include "seats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void seats__who_finds_none_for_a_second_is_counted(void **state)
{
    (void)state;
    struct sb_seats seats;
    struct sb_store_stats stats = { 0 };
    unsigned first = 0, second = 0, third = 0;
    const struct sb_op now = { .deadline = sb_now() + SB_S(20) };
    assert_true(sb_seats_init(&seats, 2));
    assert_int_equal(sb_seats_lease(&seats, &now, &first, NULL), SB_OK);
    assert_int_equal(sb_seats_lease(&seats, &now, &second, NULL), SB_OK);
    assert_int_not_equal(first, second);
    const struct sb_op a_second = { .deadline = sb_now() + SB_MS(1001) };
    assert_int_equal(sb_seats_lease(&seats, &a_second, &third, NULL), SB_ERR_TIMEOUT);
    sb_seats_give_back(&seats, first, true);
    sb_seats_stats(&seats, &stats);
    assert_int_equal(stats.readers_max, 2);
    assert_int_equal(stats.readers_leased, 1);
    assert_int_equal(stats.readers_open, 2);
    assert_int_equal(stats.reader_waiters, 0);
    assert_int_equal(stats.reader_waits_long, 1);
    assert_int_equal(stats.reader_wait.count, 3);
    sb_seats_give_back(&seats, second, false);
    sb_seats_stats(&seats, &stats);
    assert_int_equal(stats.readers_open, 1); /* the other one was closed by who had it */
    sb_seats_deinit(&seats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seats__who_finds_none_for_a_second_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
