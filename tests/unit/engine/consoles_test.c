/* Seats of consoles without an engine around them: who writes, when places are short and connections break. */
#include "engine_rig.h"

#include "runtime/engine/parts.h"

static struct sb_control control;

static int setup(void **state)
{
    (void)state;
    memset(&control, 0, sizeof(control));
    control.consoles = sb_consoles_create(NULL);
    control.inbox = sb_inbox_create(NULL);
    return control.consoles != NULL && control.inbox != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sb_consoles_destroy(control.consoles);
    sb_inbox_destroy(control.inbox);
    return 0;
}

static uint64_t join(uint64_t id, const char *name, bool wants_to_write)
{
    uint64_t visit = 0;
    assert_int_equal(sb_console_join(&control, id, name, wants_to_write, &visit, NULL), SB_OK);
    return visit;
}

static struct sb_seat look(uint64_t id)
{
    struct sb_seat seat;
    sb_console_look(&control, id, &seat);
    return seat;
}

static void consoles__have_one_writer_at_a_time(void **state)
{
    struct sb_error error = { .text = "" };
    (void)state;
    (void)join(1, "ana", true);
    (void)join(2, "bo", true);
    assert_true(look(1).writes && !look(2).writes);
    assert_string_equal(look(2).writer, "ana");
    assert_int_equal(sb_console_check(&control, 1, &error), SB_OK);
    assert_int_equal(sb_console_check(&control, 2, &error), SB_ERR_REFUSED);
    assert_non_null(strstr(error.text, "ana writes"));
    assert_int_equal(sb_console_check(&control, 3, &error), SB_ERR_REFUSED); /* who has not joined */
    assert_int_equal(sb_console_take_over(&control, 3, &error), SB_ERR_NOT_FOUND);
    assert_int_equal(sb_console_take_over(&control, 2, &error), SB_OK);
    assert_true(!look(1).writes && look(2).writes);
    assert_int_equal(sb_inbox_depth(control.inbox), 1); /* the note for the journal */
    assert_int_equal(sb_console_take_over(&control, 2, &error), SB_OK);
    assert_int_equal(sb_inbox_depth(control.inbox), 1); /* nothing has changed */
}

static void consoles__that_come_again_keep_their_place_and_leave_with_their_last_visit(void **state)
{
    (void)state;
    const uint64_t first = join(1, "ana", true);
    const uint64_t second = join(1, "ana", true); /* the connection broke, and the end of the old one is not known yet */
    assert_true(look(1).writes);
    assert_int_equal(look(1).consoles, 1);
    sb_console_leave(&control, 1, first);
    assert_true(look(1).writes);
    sb_console_leave(&control, 1, second);
    assert_int_equal(look(1).consoles, 0);
    assert_string_equal(look(1).writer, "");
    (void)join(1, "ana", true);
    (void)join(1, "ana", false); /* it came again as a viewer: the writing is free */
    assert_string_equal(look(1).writer, "");
}

static void consoles__tell_by_a_number_that_something_changed(void **state)
{
    (void)state;
    const uint64_t none = look(1).changes;
    const uint64_t visit = join(1, "ana", true);
    const uint64_t one = look(1).changes;
    assert_true(one > none && look(1).changes == one);
    (void)join(2, "bo", false);
    const uint64_t two = look(1).changes;
    sb_console_leave(&control, 1, visit);
    assert_true(two > one && look(2).changes > two);
}

static void consoles__beyond_the_limit_are_refused(void **state)
{
    struct sb_console list[SB_CONSOLES_MAX];
    struct sb_error error = { .text = "" };
    uint64_t visit = 0;
    (void)state;
    for (uint64_t id = 1; id <= SB_CONSOLES_MAX; id++)
        (void)join(id, "crowd", id == 7);
    assert_int_equal(sb_console_join(&control, 99, "late", true, &visit, &error), SB_ERR_FULL);
    assert_int_equal(sb_console_join(&control, 0, "nobody", true, &visit, &error), SB_ERR_INVALID);
    (void)join(7, "again", true); /* who is there is let in */
    assert_int_equal(sb_console_list(&control, list), SB_CONSOLES_MAX);
    for (size_t i = 0; i < SB_CONSOLES_MAX; i++)
        assert_int_equal(list[i].writes, i == 6);
    assert_string_equal(list[6].name, "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(consoles__have_one_writer_at_a_time),
        TEST(consoles__that_come_again_keep_their_place_and_leave_with_their_last_visit),
        TEST(consoles__tell_by_a_number_that_something_changed),
        TEST(consoles__beyond_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
