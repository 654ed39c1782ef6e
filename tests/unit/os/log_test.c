#include "signalbox/os/os.h"

#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char folder[256], path[300];

static int log_to_file(void **state)
{
    (void)state;
    test_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    sb_log_level_set(SB_LOG_INFO);
    return sb_log_open(path, NULL) == SB_OK ? 0 : -1;
}

static int log_to_stderr(void **state)
{
    (void)state;
    return sb_log_open(NULL, NULL) == SB_OK && sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static char *logged(void)
{
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(sb_file_read(path, 1 << 20, &text, &size, NULL), SB_OK);
    return text;
}

/* What follows the time stamp, whose shape is checked here. */
static const char *after_stamp(const char *line)
{
    assert_true(strlen(line) > 25);
    assert_true(line[4] == '-' && line[10] == 'T' && line[19] == '.' && line[23] == 'Z' && line[24] == ' ');
    return line + 25;
}

static void log__line_has_time_level_area_and_text(void **state)
{
    (void)state;
    sb_log(SB_LOG_WARN, "engine", "%d of %s", 3, "four");
    char *text = logged();
    assert_string_equal(after_stamp(text), "W engine 3 of four\n");
    free(text);
}

static void log__makes_control_bytes_visible(void **state)
{
    (void)state;
    sb_log(SB_LOG_ERROR, "page", "%s", "a\x1b[31mb\nc\td\x7f\xc2\x9b""e\xff\xe2\x80\xae""f \xc3\xa4");
    char *text = logged();
    assert_string_equal(after_stamp(text), "E page a\\x1b[31mb\\x0ac\\x09d\\x7f\\xc2\\x9be\\xff\\xe2\\x80\\xaef \xc3\xa4\n");
    free(text);
}

static void log__below_its_level_is_dropped(void **state)
{
    (void)state;
    sb_log(SB_LOG_DEBUG, "x", "unseen");
    sb_log_level_set(SB_LOG_DEBUG);
    sb_log(SB_LOG_DEBUG, "x", "seen");
    char *text = logged();
    assert_string_equal(after_stamp(text), "D x seen\n");
    free(text);
}

static void log__cuts_long_lines_and_says_so(void **state)
{
    static char longer[5000];

    (void)state;
    memset(longer, '\x01', sizeof(longer) - 1);
    sb_log(SB_LOG_INFO, "x", "%s", longer);
    char *text = logged();
    size_t length = strlen(text);
    assert_true(length < 4300);
    assert_string_equal(text + length - 5, " ...\n");
    free(text);
}

static void log__moves_to_another_file_at_once(void **state)
{
    char other[300];

    (void)state;
    unsigned before = test_count("/proc/self/fd");
    snprintf(other, sizeof(other), "%s/other", folder);
    assert_int_equal(sb_log_open(other, NULL), SB_OK);
    sb_log(SB_LOG_INFO, "x", "second file");
    char *first = logged();
    assert_string_equal(first, "");
    free(first);
    assert_int_equal(test_count("/proc/self/fd"), before);
    assert_int_equal(sb_log_open("/no/such/folder/log", NULL), SB_ERR_NOT_FOUND);
}

#define LOGGING(test) cmocka_unit_test_setup_teardown(test, log_to_file, log_to_stderr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOGGING(log__line_has_time_level_area_and_text), LOGGING(log__makes_control_bytes_visible),
        LOGGING(log__below_its_level_is_dropped),        LOGGING(log__cuts_long_lines_and_says_so),
        LOGGING(log__moves_to_another_file_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
