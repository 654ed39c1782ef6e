/* Small files of names and words: what is read, and where each mistake is told. */
#include "files.h"

#include "signalbox/config/words.h"

static const char *const names[] = {"pause", "cancel", "half_down"};
static struct files files;
static struct sb_config_words *words;

static int setup(void **state)
{
    (void)state;
    files_init(&files);
    words = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_config_words_close(words);
    files_deinit(&files);
    return 0;
}

static size_t read_text(const char *text)
{
    struct sb_error err = {0};
    const char *path = files_add(&files, "keys.yaml", text);
    assert_int_equal(SB_OK, sb_config_words_open(&words, path, "action", names, SB_LEN(names), &err));
    return sb_config_words_errors(words)->total;
}

static void words__are_read_in_the_order_of_the_file(void **state)
{
    size_t count;
    (void)state;
    assert_int_equal(0, read_text("# mine\ncancel: [X, Delete]\npause: \"#\"\n"));
    const struct sb_config_word *list = sb_config_words_list(words, &count);
    assert_int_equal(3, count);
    assert_int_equal(1, list[0].name);
    assert_string_equal("X", list[0].text);
    assert_string_equal("Delete", list[1].text);
    assert_int_equal(0, list[2].name);
    assert_string_equal("#", list[2].text);
    char place[64];
    struct sb_text text;
    sb_text_init(&text, place, sizeof place);
    sb_config_words_place(words, 1, &text);
    assert_string_equal("keys.yaml:2:13", place);
}

static void words__with_mistakes_are_told_all_at_once(void **state)
{
    static const struct {
        uint32_t line, column;
        const char *message, *hint;
    } expected[] = {
        {1, 1, "unknown action \"canzel\"", "did you mean \"cancel\"?"},
        {2, 8, "\"pause\" takes a word or a list of words, not a map", ""},
        {3, 1, "half_down", ""},
        {4, 1, "pause", ""},
        {5, 9, "because I say so", "try another one"},
        {5, 12, "no such key", "did you mean \"Space\"?"},
    };
    (void)state;
    assert_true(read_text("canzel: x\npause: {a: b}\nhalf_down: []\npause: z\ncancel: [Y, Spcae]\n") > 0);
    size_t count;
    (void)sb_config_words_list(words, &count);
    static const char *const known[] = {"Space", "Enter"};
    sb_config_words_blame(words, count - 2, "because I say so", "try another one");
    sb_config_words_blame_unknown(words, count - 1, "no such key", known, 2);
    const struct sb_config_errors *errors = sb_config_words_errors(words);
    assert_int_equal(SB_LEN(expected), errors->total);
    for (size_t i = 0; i < SB_LEN(expected); i++) {
        assert_int_equal(expected[i].line, errors->items[i].line);
        assert_true(strstr(errors->items[i].message, expected[i].message) != NULL);
        if (expected[i].hint[0] != '\0') {
            assert_string_equal(expected[i].hint, errors->items[i].hint);
        }
    }
    assert_int_equal(8, errors->items[1].column);
    assert_int_equal(13, errors->items[5].column);
}

static void words__refuse_what_is_no_map_and_no_file(void **state)
{
    struct sb_error err = {0};
    (void)state;
    assert_int_equal(1, read_text("[a, b]\n"));
    assert_string_equal("the file is a map of actions, not a list", sb_config_words_errors(words)->items[0].message);
    struct sb_config_words *none = NULL;
    assert_int_equal(SB_ERR_NOT_FOUND, sb_config_words_open(&none, "/nonexistent/keys.yaml", "action", names, SB_LEN(names), &err));
    assert_non_null(strstr(err.text, "/nonexistent/keys.yaml"));
    assert_null(none);
}

static void words__show_no_control_characters_of_the_file(void **state)
{
    (void)state;
    assert_true(read_text("\"pau\\x1b]0;x\": x\n") > 0);
    const struct sb_config_errors *errors = sb_config_words_errors(words);
    for (size_t i = 0; i < errors->count; i++) {
        assert_null(strchr(errors->items[i].message, '\x1b'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words__are_read_in_the_order_of_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(words__with_mistakes_are_told_all_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(words__refuse_what_is_no_map_and_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(words__show_no_control_characters_of_the_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
