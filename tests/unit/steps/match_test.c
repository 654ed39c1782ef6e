/* The one matcher: what counts as the same text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/steps/match.h"

#include "signalbox/base/err.h"

#include <stdlib.h>

static void expect_normal(const char *text, const char *wanted)
{
    char *normal = sb_match_normalise(text);
    assert_non_null(normal);
    assert_string_equal(normal, wanted);
    free(normal);
}

static void match__normalises_case_width_space_and_links(void **state)
{
    (void)state;
    expect_normal("  Hello\n\t WORLD  ", "hello world");
    expect_normal("\xEF\xBC\xA8\xEF\xBD\x89", "hi");                      /* full-width letters */
    expect_normal("a\xC2\xA0" "b\xE2\x80\xA8" "c", "a b c");              /* no-break space, line separator */
    expect_normal("Stra\xC3\x9F" "e", "strasse");
    expect_normal("e\xCC\x81t\xC3\xA9", "\xC3\xA9t\xC3\xA9");             /* composed and decomposed are one */
    expect_normal("read https://x.example/a?b=c now www.y.example", "read now");
    expect_normal("", "");
}

static void match__refuses_invalid_utf8(void **state)
{
    (void)state;
    assert_null(sb_match_normalise("a\xFF"));
    assert_int_equal(sb_match_characters("a\xC3"), -1);
}

static void match__counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(sb_match_characters("abc"), 3);
    assert_int_equal(sb_match_characters("\xC3\xA9\xF0\x9F\x98\x80"), 2);
    assert_int_equal(sb_match_characters("e\xCC\x81"), 1);
}

static void match__measures_word_overlap_in_permille(void **state)
{
    (void)state;
    assert_int_equal(sb_match_jaccard_pm("a b c", "a b c"), 1000);
    assert_int_equal(sb_match_jaccard_pm("a b c d", "c d e f"), 333);
    assert_int_equal(sb_match_jaccard_pm("a b", "c d"), 0);
    assert_int_equal(sb_match_jaccard_pm("a, b. a!", "b a"), 1000);
    assert_int_equal(sb_match_jaccard_pm("!!", "!!"), 1000);
    assert_int_equal(sb_match_jaccard_pm("!!", "??"), 0);
}

static void match__prefers_exact_to_contained_to_similar(void **state)
{
    (void)state;
    const char *const texts[] = { "walk every single day after a good lunch and dinner", "walk every single day after a good lunch", NULL };
    struct sb_match match = sb_match_best("walk every single day after a good lunch", texts, SB_LEN(texts));
    assert_int_equal(match.kind, SB_MATCH_EXACT);
    assert_int_equal(match.index, 1);
    match = sb_match_best("walk every single day after a good lunch", texts, 1);
    assert_int_equal(match.kind, SB_MATCH_CONTAINED);
    const char *const other[] = { "after a good lunch walk every day single" };
    match = sb_match_best("walk every single day after a good lunch", other, 1);
    assert_int_equal(match.kind, SB_MATCH_SIMILAR);
}

static void match__does_not_take_a_short_fragment_for_the_text(void **state)
{
    (void)state;
    const char *const texts[] = { "walk" };
    assert_int_equal(sb_match_best("walk every single day after a good lunch", texts, 1).kind, SB_MATCH_NONE);
}

static void match__calls_two_close_candidates_ambiguous(void **state)
{
    (void)state;
    const char *const texts[] = { "one two three four five six seven nine", "one two three four five six seven ten" };
    struct sb_match match = sb_match_best("one two three four five six seven eight", texts, SB_LEN(texts));
    assert_int_equal(match.kind, SB_MATCH_NONE);
    assert_true(match.is_ambiguous);
    match = sb_match_best("one two three four five six seven eight", texts, 1);
    assert_int_equal(match.kind, SB_MATCH_SIMILAR);
}

static void match__counts_equal_posts(void **state)
{
    (void)state;
    const char *const texts[] = { "same words", "other", "same words" };
    struct sb_match match = sb_match_best("same words", texts, SB_LEN(texts));
    assert_int_equal(match.kind, SB_MATCH_EXACT);
    assert_int_equal(match.exact_count, 2);
    assert_false(match.is_ambiguous);
}

static void match__finds_nothing_in_unrelated_texts(void **state)
{
    (void)state;
    const char *const texts[] = { "a completely different sentence", "something else again" };
    struct sb_match match = sb_match_best("walk every single day after a good lunch", texts, SB_LEN(texts));
    assert_int_equal(match.kind, SB_MATCH_NONE);
    assert_false(match.is_ambiguous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match__normalises_case_width_space_and_links),
        cmocka_unit_test(match__refuses_invalid_utf8),
        cmocka_unit_test(match__counts_characters_not_bytes),
        cmocka_unit_test(match__measures_word_overlap_in_permille),
        cmocka_unit_test(match__prefers_exact_to_contained_to_similar),
        cmocka_unit_test(match__does_not_take_a_short_fragment_for_the_text),
        cmocka_unit_test(match__calls_two_close_candidates_ambiguous),
        cmocka_unit_test(match__counts_equal_posts),
        cmocka_unit_test(match__finds_nothing_in_unrelated_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
