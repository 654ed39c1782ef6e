/* What a keymap file may change, and what is said of the rest. */
#include "signalbox/tui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sb_keys keys;
static char buffer[4096];
static struct sb_text said;

static int setup(void **state)
{
    (void)state;
    sb_text_init(&said, buffer, sizeof buffer);
    sb_keys_init(&keys);
    return 0;
}

static void blame(void *arg, size_t setting, const char *message, const char *hint)
{
    (void)arg;
    (void)hint;
    sb_text_add_u64(&said, setting);
    sb_text_add(&said, ": ");
    sb_text_add(&said, message);
    sb_text_add(&said, "\n");
}

#define APPLY(...) \
    sb_keys_apply(&keys, (const struct sb_key_setting[]){__VA_ARGS__}, \
                  sizeof((const struct sb_key_setting[]){__VA_ARGS__}) / sizeof(struct sb_key_setting), blame, NULL)

static void keys__are_the_built_in_ones_without_a_file(void **state)
{
    (void)state;
    assert_int_equal(sb_keys_apply(&keys, NULL, 0, blame, NULL), 0);
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++)
        assert_memory_equal(keys.keys[i], sb_keymap[i].keys, sizeof keys.keys[i]);
}

static void setting__replaces_all_keys_of_its_action(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_BACK, 'Z'}, {SB_KEY_ACTION_BACK, SB_KEY_DELETE}), 0);
    assert_int_equal(sb_keys_find(&keys, 'Z', SB_WHERE_JOBS), SB_KEY_ACTION_BACK);
    assert_int_equal(sb_keys_find(&keys, SB_KEY_DELETE, SB_WHERE_JOBS), SB_KEY_ACTION_BACK);
    assert_int_equal(sb_keys_find(&keys, 'q', SB_WHERE_JOBS), SB_KEY_ACTION_NONE);
}

static void settings__may_let_two_actions_change_places(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_PAUSE, 'x'}, {SB_KEY_ACTION_CANCEL, 'p'}), 0);
    assert_int_equal(sb_keys_find(&keys, 'x', SB_WHERE_JOBS), SB_KEY_ACTION_PAUSE);
    assert_int_equal(sb_keys_find(&keys, 'p', SB_WHERE_DETAIL), SB_KEY_ACTION_CANCEL);
    assert_int_equal(sb_keys_find(&keys, 'x', SB_WHERE_CONTENT), SB_KEY_ACTION_REJECT); /* another pane, another meaning */
}

static void setting__that_shadows_another_action_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_PAUSE, 'x'}), 1);
    assert_string_equal(buffer, "0: x means \"cancel\" already; panes: jobs detail run\n");
}

static void settings__with_the_same_key_are_told_once_at_the_later_one(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_PAUSE, 'Z'}, {SB_KEY_ACTION_CANCEL, 'Z'}), 1);
    assert_string_equal(buffer, "1: Z means \"pause\" already; panes: jobs detail run\n");
}

static void setting__of_none_takes_the_keys_away(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_PAUSE_ALL, 0}), 0);
    assert_int_equal(sb_keys_find(&keys, 'P', SB_WHERE_JOBS), SB_KEY_ACTION_NONE);
    assert_int_equal(APPLY({SB_KEY_ACTION_BACK, 0}, {SB_KEY_ACTION_LEAVE, 0}), 2);
    assert_int_equal(APPLY({SB_KEY_ACTION_ZOOM, 'Z'}, {SB_KEY_ACTION_ZOOM, 0}), 1);
}

static void keys__that_cannot_be_bound_are_told(void **state)
{
    (void)state;
    static const uint32_t taken[] = {1, 2, 3, 8, 17, 19, 26};
    for (unsigned i = 0; i < SB_LEN(taken); i++)
        assert_int_equal(APPLY({SB_KEY_ACTION_FREEZE, taken[i]}), 1);
    assert_non_null(strstr(buffer, "C-b cannot be bound"));
}

static void actions_that_change_something__keep_away_from_movement_and_answers(void **state)
{
    (void)state;
    static const uint32_t moving[] = {'h', 'l', 'j', 'k', 'g', 'G', SB_KEY_LEFT, SB_KEY_ENTER};
    for (unsigned i = 0; i < SB_LEN(moving); i++) {
        assert_int_equal(APPLY({SB_KEY_ACTION_PAUSE, moving[i]}), 1); /* R */
        assert_int_equal(APPLY({SB_KEY_ACTION_FORCE, moving[i]}), 1); /* G */
        assert_int_equal(APPLY({SB_KEY_ACTION_KILL, moving[i]}), 1);  /* T */
    }
    assert_int_equal(APPLY({SB_KEY_ACTION_FORCE, 'y'}), 1);
    sb_keys_init(&keys);
    assert_int_equal(APPLY({SB_KEY_ACTION_COPY, 0}, {SB_KEY_ACTION_PAUSE, 'y'}), 0); /* it asks nothing */
    assert_int_equal(APPLY({SB_KEY_ACTION_COLUMN_LEFT, 0}, {SB_KEY_ACTION_FREEZE, 'h'}), 0); /* it changes nothing */
}

static void action__has_at_most_three_keys_and_none_twice(void **state)
{
    (void)state;
    assert_int_equal(APPLY({SB_KEY_ACTION_TIME, 'U'}, {SB_KEY_ACTION_TIME, '%'}, {SB_KEY_ACTION_TIME, '^'}, {SB_KEY_ACTION_TIME, '&'}), 1);
    sb_keys_init(&keys);
    assert_int_equal(APPLY({SB_KEY_ACTION_TIME, 'U'}, {SB_KEY_ACTION_TIME, 'U'}), 1);
    assert_non_null(strstr(buffer, "\"time\" has more than three keys"));
    assert_non_null(strstr(buffer, "\"time\" has U twice"));
}

static void key_names__read_back_as_the_same_key(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++) {
        for (unsigned k = 0; k < SB_KEY_ACTION_KEYS && sb_keymap[i].keys[k] != 0; k++) {
            sb_text_init(&said, buffer, sizeof buffer);
            sb_key_name(sb_keymap[i].keys[k], &said);
            assert_int_equal(sb_key_parse(buffer), sb_keymap[i].keys[k]);
        }
    }
    static const char *const wrong[] = {"", "C-", "C-A", "C-1", "pp", "space", "M-x", "\x01", "\xc3\xa9", "F1", " "};
    for (unsigned i = 0; i < SB_LEN(wrong); i++)
        assert_int_equal(sb_key_parse(wrong[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys__are_the_built_in_ones_without_a_file, setup),
        cmocka_unit_test_setup(setting__replaces_all_keys_of_its_action, setup),
        cmocka_unit_test_setup(settings__may_let_two_actions_change_places, setup),
        cmocka_unit_test_setup(setting__that_shadows_another_action_is_a_mistake, setup),
        cmocka_unit_test_setup(settings__with_the_same_key_are_told_once_at_the_later_one, setup),
        cmocka_unit_test_setup(setting__of_none_takes_the_keys_away, setup),
        cmocka_unit_test_setup(keys__that_cannot_be_bound_are_told, setup),
        cmocka_unit_test_setup(actions_that_change_something__keep_away_from_movement_and_answers, setup),
        cmocka_unit_test_setup(action__has_at_most_three_keys_and_none_twice, setup),
        cmocka_unit_test_setup(key_names__read_back_as_the_same_key, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
