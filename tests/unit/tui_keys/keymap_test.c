/* The keymap table and its lint. */
#include "signalbox/tui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char buffer[4096];
static struct sb_text out;

static int setup(void **state)
{
    (void)state;
    sb_text_init(&out, buffer, sizeof buffer);
    return 0;
}

static void keymap__has_no_finding(void **state)
{
    (void)state;
    const unsigned found = sb_keymap_check(sb_keymap, SB_KEY_ACTION_COUNT, &out);
    if (found != 0)
        fail_msg("%s", buffer);
}

static void keymap_check__finds_a_key_with_two_meanings_in_one_pane(void **state)
{
    (void)state;
    const struct sb_keymap_row rows[] = {
        {.name = "A", .keys = {'a'}, .class = 'V', .where = SB_WHERE_JOBS},
        {.name = "B", .keys = {'b', 'a'}, .class = 'V', .where = SB_WHERE_ALL},
    };
    assert_int_equal(sb_keymap_check(rows, 2, &out), 1);
    assert_string_equal(buffer, "two meanings of a: A and B\n");
}

static void keymap_check__allows_a_key_in_separate_panes(void **state)
{
    (void)state;
    const struct sb_keymap_row rows[] = {
        {.name = "A", .keys = {'a'}, .class = 'V', .where = SB_WHERE_JOBS},
        {.name = "B", .keys = {'a'}, .class = 'V', .where = SB_WHERE_LOG},
    };
    assert_int_equal(sb_keymap_check(rows, 2, &out), 0);
}

static void keymap_check__finds_keys_the_terminal_keeps(void **state)
{
    (void)state;
    const struct sb_keymap_row rows[] = {{.name = "A", .keys = {19}, .class = 'V', .where = SB_WHERE_ALL}};
    assert_int_equal(sb_keymap_check(rows, 1, &out), 1);
    assert_string_equal(buffer, "the terminal keeps C-s: A\n");
}

static void keymap_check__finds_an_action_on_a_movement_key(void **state)
{
    (void)state;
    const struct sb_keymap_row rows[] = {{.name = "A", .keys = {'j'}, .class = 'T', .where = SB_WHERE_ALL}};
    assert_int_equal(sb_keymap_check(rows, 1, &out), 1);
}

static void keymap_check__finds_an_action_without_a_key(void **state)
{
    (void)state;
    const struct sb_keymap_row rows[] = {{.name = "A", .class = 'V', .where = SB_WHERE_ALL}};
    assert_int_equal(sb_keymap_check(rows, 1, &out), 1);
}

static void keymap__finds_the_action_of_the_pane(void **state)
{
    (void)state;
    struct sb_keys keys;
    sb_keys_init(&keys);
    assert_int_equal(sb_keys_find(&keys, 'r', SB_WHERE_JOBS), SB_KEY_ACTION_RETRY);
    assert_int_equal(sb_keys_find(&keys, 'r', SB_WHERE_SERVICES), SB_KEY_ACTION_PROBE);
    assert_int_equal(sb_keys_find(&keys, 'r', SB_WHERE_LOG), SB_KEY_ACTION_NONE);
    assert_int_equal(sb_keys_find(&keys, SB_KEY_DOWN, SB_WHERE_LOG), SB_KEY_ACTION_DOWN);
    assert_int_equal(sb_keys_find(&keys, 0, SB_WHERE_ALL), SB_KEY_ACTION_NONE);
}

static void keymap__gives_every_action_a_help_line(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++) {
        assert_true(strlen(sb_keymap[i].help) > 5);
        assert_non_null(strchr("VRGT", sb_keymap[i].class));
    }
}

static void keymap__offers_viewers_no_command(void **state)
{
    (void)state;
    assert_false(sb_keymap_is_for_viewers(SB_KEY_ACTION_PAUSE));
    assert_false(sb_keymap_is_for_viewers(SB_KEY_ACTION_KILL));
    assert_false(sb_keymap_is_for_viewers(SB_KEY_ACTION_ACK));
    assert_true(sb_keymap_is_for_viewers(SB_KEY_ACTION_FREEZE));
    assert_true(sb_keymap_is_for_viewers(SB_KEY_ACTION_LEAVE));
}

static void key_name__reads_as_an_operator_says_it(void **state)
{
    (void)state;
    const uint32_t keys[] = {'p', 4, SB_KEY_ENTER, SB_KEY_PAGE_DOWN, SB_KEY_BACKTAB};
    for (unsigned i = 0; i < 5; i++) {
        sb_key_name(keys[i], &out);
        sb_text_add(&out, " ");
    }
    assert_string_equal(buffer, "p C-d Enter PgDn S-Tab ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keymap__has_no_finding, setup),
        cmocka_unit_test_setup(keymap_check__finds_a_key_with_two_meanings_in_one_pane, setup),
        cmocka_unit_test_setup(keymap_check__allows_a_key_in_separate_panes, setup),
        cmocka_unit_test_setup(keymap_check__finds_keys_the_terminal_keeps, setup),
        cmocka_unit_test_setup(keymap_check__finds_an_action_on_a_movement_key, setup),
        cmocka_unit_test_setup(keymap_check__finds_an_action_without_a_key, setup),
        cmocka_unit_test_setup(keymap__finds_the_action_of_the_pane, setup),
        cmocka_unit_test_setup(keymap__gives_every_action_a_help_line, setup),
        cmocka_unit_test_setup(keymap__offers_viewers_no_command, setup),
        cmocka_unit_test_setup(key_name__reads_as_an_operator_says_it, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
