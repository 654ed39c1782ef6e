/* The circuit breaker, move by move. */
#include "signalbox/core/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T0 SB_HOUR(1)

static struct sb_breaker breaker;

static int setup(void **state)
{
    (void)state;
    sb_breaker_init(&breaker);
    return 0;
}

static bool call(sb_ns now, bool is_failed)
{
    return sb_breaker_call(&breaker, now, is_failed, false, 0);
}

static void assert_state(enum sb_breaker_state expected)
{
    assert_string_equal(sb_breaker_state_text(breaker.state), sb_breaker_state_text(expected));
}

/* Opens it by five failures in a row at `now`. */
static void break_at(sb_ns now)
{
    for (int i = 0; i < 5; i++)
        (void)call(now, true);
    assert_state(SB_BREAKER_STATE_OPEN);
}

static void probe(sb_ns now, bool is_ok)
{
    assert_true(sb_breaker_wants_probe(&breaker));
    sb_breaker_probing(&breaker, now);
    (void)sb_breaker_probed(&breaker, breaker.generation, now, is_ok, 0);
}

static void breaker__opens_at_five_failures_in_a_row_and_not_at_four(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++)
        assert_false(call(T0, false));
    for (int i = 0; i < 4; i++)
        assert_false(call(T0, true));
    assert_true(call(T0, true));
    assert_state(SB_BREAKER_STATE_OPEN);
    assert_int_equal(breaker.until, T0 + SB_S(30));
}

static void breaker__opens_when_half_of_the_calls_fail(void **state)
{
    (void)state;
    assert_false(call(T0, true));
    assert_false(call(T0, true));
    assert_false(call(T0, false));
    assert_false(call(T0, true)); /* three of four: too few calls to judge by */
    assert_true(call(T0, false)); /* three of five */
    assert_state(SB_BREAKER_STATE_OPEN);
}

static void breaker__forgets_calls_older_than_its_window(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)call(T0 + i, i % 2 == 0);
    for (int i = 0; i < 4; i++)
        assert_false(call(T0 + SB_MIN(20), false));
    assert_false(call(T0 + SB_MIN(20), true));
    assert_state(SB_BREAKER_STATE_CLOSED);
}

static void breaker__opens_when_nearly_all_calls_are_slow(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_false(sb_breaker_call(&breaker, T0, false, true, 0));
    assert_true(sb_breaker_call(&breaker, T0, false, true, 0));
}

static void breaker__stays_open_until_three_probes_have_succeeded_one_after_another(void **state)
{
    (void)state;
    break_at(T0);
    assert_false(sb_breaker_due(&breaker, T0 + SB_S(29), 0));
    assert_true(sb_breaker_due(&breaker, T0 + SB_S(30), 0));
    assert_state(SB_BREAKER_STATE_HALF_OPEN);
    probe(T0 + SB_S(30), true);
    sb_breaker_probing(&breaker, T0 + SB_S(31));
    assert_false(sb_breaker_wants_probe(&breaker)); /* one at a time */
    (void)sb_breaker_probed(&breaker, breaker.generation, T0 + SB_S(31), true, 0);
    assert_true(sb_breaker_is_open(&breaker));
    probe(T0 + SB_S(32), true);
    assert_state(SB_BREAKER_STATE_CLOSED);
}

static void breaker__a_failed_probe_opens_it_for_twice_as_long(void **state)
{
    (void)state;
    break_at(T0);
    (void)sb_breaker_due(&breaker, T0 + SB_S(30), 0);
    probe(T0 + SB_S(30), false);
    assert_state(SB_BREAKER_STATE_OPEN);
    assert_int_equal(breaker.until, T0 + SB_S(30) + SB_S(60));
    sb_ns now = T0;
    for (int i = 0; i < 12; i++) {
        now = breaker.until;
        assert_true(sb_breaker_due(&breaker, now, 0));
        probe(now, false);
    }
    assert_int_equal(breaker.until - now, SB_MIN(15)); /* and no longer than that */
}

static void breaker__a_probe_without_answer_counts_as_failed_and_its_late_answer_as_nothing(void **state)
{
    (void)state;
    break_at(T0);
    (void)sb_breaker_due(&breaker, T0 + SB_S(30), 0);
    uint32_t generation = breaker.generation;
    sb_breaker_probing(&breaker, T0 + SB_S(30));
    assert_false(sb_breaker_due(&breaker, T0 + SB_S(59), 0));
    assert_true(sb_breaker_due(&breaker, T0 + SB_S(60), 0));
    assert_state(SB_BREAKER_STATE_OPEN);
    assert_false(sb_breaker_probed(&breaker, generation, T0 + SB_S(61), true, 0));
    assert_state(SB_BREAKER_STATE_OPEN);
}

static void breaker__calls_that_were_under_way_when_it_opened_move_nothing(void **state)
{
    (void)state;
    break_at(T0);
    uint32_t generation = breaker.generation;
    assert_false(call(T0 + 1, true));
    assert_false(call(T0 + 1, false));
    assert_int_equal(breaker.generation, generation);
}

static void breaker__reset_keeps_the_back_off(void **state)
{
    (void)state;
    break_at(T0);
    assert_true(sb_breaker_reset(&breaker, T0 + SB_S(1)));
    assert_state(SB_BREAKER_STATE_CLOSED);
    break_at(T0 + SB_S(2));
    assert_int_equal(breaker.until, T0 + SB_S(2) + SB_S(60));
    assert_true(sb_breaker_reset(&breaker, T0 + SB_S(3)));
    break_at(T0 + SB_HOUR(1)); /* long after: from the beginning */
    assert_int_equal(breaker.until, T0 + SB_HOUR(1) + SB_S(30));
}

static void breaker__tripped_waits_for_its_operator(void **state)
{
    (void)state;
    assert_true(sb_breaker_trip(&breaker));
    assert_false(sb_breaker_due(&breaker, T0 + SB_DAY(9), 0));
    assert_false(sb_breaker_wants_probe(&breaker));
    assert_true(sb_breaker_reset(&breaker, T0));
}

static void breaker__opens_for_as_long_as_the_other_side_asks(void **state)
{
    (void)state;
    assert_true(sb_breaker_limited(&breaker, T0, SB_S(7)));
    assert_int_equal(breaker.until, T0 + SB_S(7));
    assert_false(sb_breaker_limited(&breaker, T0, SB_S(70)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(breaker__opens_at_five_failures_in_a_row_and_not_at_four, setup),
        cmocka_unit_test_setup(breaker__opens_when_half_of_the_calls_fail, setup),
        cmocka_unit_test_setup(breaker__forgets_calls_older_than_its_window, setup),
        cmocka_unit_test_setup(breaker__opens_when_nearly_all_calls_are_slow, setup),
        cmocka_unit_test_setup(breaker__stays_open_until_three_probes_have_succeeded_one_after_another, setup),
        cmocka_unit_test_setup(breaker__a_failed_probe_opens_it_for_twice_as_long, setup),
        cmocka_unit_test_setup(breaker__a_probe_without_answer_counts_as_failed_and_its_late_answer_as_nothing, setup),
        cmocka_unit_test_setup(breaker__calls_that_were_under_way_when_it_opened_move_nothing, setup),
        cmocka_unit_test_setup(breaker__reset_keeps_the_back_off, setup),
        cmocka_unit_test_setup(breaker__tripped_waits_for_its_operator, setup),
        cmocka_unit_test_setup(breaker__opens_for_as_long_as_the_other_side_asks, setup),
    };
    return cmocka_run_group_tests_name("core: breaker", tests, NULL, NULL);
}
