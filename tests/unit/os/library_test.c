/* Libraries that are loaded when they are needed: the table is filled once, and what is missing is named. */
#include "signalbox/os/library.h"
#include "signalbox/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LETTERS_FUNCTIONS(X) X(strlen) X(strspn)
SB_LIBRARY_DECLARE(letters, LETTERS_FUNCTIONS);
SB_LIBRARY_DEFINE(letters, LETTERS_FUNCTIONS, "libc.so.6", "the test");

static void table__has_the_functions_of_its_list_in_their_places(void **state)
{
    struct sb_error err = { 0 };
    (void)state;
    assert_null(letters.strlen);
    assert_int_equal(letters_load(&err), SB_OK);
    assert_int_equal(letters.strlen("signal"), 6);
    assert_int_equal(letters.strspn("aab", "a"), 2);
    memset(&letters, 0, sizeof(letters));
    assert_int_equal(letters_load(&err), SB_OK); /* once */
    assert_null(letters.strlen);
}

static void load__that_fails_names_file_purpose_and_remedy_and_is_tried_again(void **state)
{
    static const char *const names[] = { "strlen" };
    void (*functions[1])(void) = { NULL };
    struct sb_library absent = { "libsignalbox-absent.so.9", "sending a test", names, functions, 1, false };
    struct sb_error err = { 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sb_library_load(&absent, &err), SB_ERR_UNAVAILABLE);
        assert_non_null(strstr(err.text, "sending a test needs a library"));
        assert_non_null(strstr(err.text, "libsignalbox-absent.so.9"));
        assert_non_null(strstr(err.text, "install the package"));
    }
    assert_null(functions[0]);
    absent.file = "libc.so.6"; /* the package was installed meanwhile */
    assert_int_equal(sb_library_load(&absent, &err), SB_OK);
    assert_non_null(functions[0]);
}

static void library__that_is_too_old_is_told_by_the_function_it_lacks(void **state)
{
    static const char *const names[] = { "strlen", "strlen_of_tomorrow" };
    void (*functions[2])(void) = { NULL, NULL };
    struct sb_library old = { "libc.so.6", "sending a test", names, functions, 2, false };
    struct sb_error err = { 0 };
    (void)state;
    assert_int_equal(sb_library_load(&old, &err), SB_ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "strlen_of_tomorrow"));
    assert_false(old.is_loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table__has_the_functions_of_its_list_in_their_places),
        cmocka_unit_test(load__that_fails_names_file_purpose_and_remedy_and_is_tried_again),
        cmocka_unit_test(library__that_is_too_old_is_told_by_the_function_it_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
