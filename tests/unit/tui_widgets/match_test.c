/* Regular expressions against the C library's, hostile ones, and names found by their letters. */
#include "signalbox/tui/match.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/hash.h"

static struct sb_regex compiled;
static char why[160];

static bool compile(const char *pattern)
{
    struct sb_text text;
    sb_text_init(&text, why, sizeof why);
    return sb_regex_compile(&compiled, pattern, strlen(pattern), &text);
}

static bool matches(const char *pattern, const char *text)
{
    if (!compile(pattern))
        fail_msg("%s: %s", pattern, why);
    return sb_regex_matches(&compiled, text, strlen(text));
}

static void assert_refused(const char *pattern, const char *reason)
{
    if (compile(pattern))
        fail_msg("%s is taken", pattern);
    if (strstr(why, reason) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", pattern, why, reason);
}

static void assert_found(const char *pattern, const char *text, const char *part)
{
    size_t begin = 0, end = 0;
    assert_true(matches(pattern, text));
    assert_true(sb_regex_find(&compiled, text, strlen(text), 0, &begin, &end));
    if (end - begin != strlen(part) || memcmp(text + begin, part, end - begin) != 0)
        fail_msg("%s in %s: %.*s, not %s", pattern, text, (int)(end - begin), text + begin, part);
}

static void regex__matches_anywhere_unless_it_is_held(void **state)
{
    (void)state;
    assert_true(matches("scr", "metrics_scraper"));
    assert_false(matches("^scr", "metrics_scraper"));
    assert_true(matches("^met.*r$", "metrics_scraper"));
    assert_false(matches("scrape$", "metrics_scraper"));
    assert_true(matches("^(post|reply)_", "reply_posting"));
    assert_true(matches("^$", ""));
    assert_false(matches("^$", "x"));
    assert_true(matches("", "anything"));
    assert_true(matches("^^a$$", "a"));
}

static void regex__counts_and_classes(void **state)
{
    (void)state;
    assert_true(matches("run [0-9]{3,4}$", "posting run 1734"));
    assert_false(matches("run [0-9]{3,4}$", "posting run 17"));
    assert_true(matches("^a{0}b$", "b"));
    assert_true(matches("^(ab){2,}$", "ababab"));
    assert_false(matches("^(ab){2,}$", "ab"));
    assert_true(matches("^[[:alpha:]_]+$", "plan_b"));
    assert_false(matches("^[^[:digit:]]+$", "plan_2"));
    assert_true(matches("^[]a-]+$", "]-a"));
    assert_true(matches("1\\.2", "1.2"));
    assert_false(matches("1\\.2", "1x2"));
}

static void regex__takes_letters_of_either_case(void **state)
{
    (void)state;
    assert_true(matches("http 5..", "HTTP 503"));
    assert_true(matches("[A-C]{3}", "abc"));
    assert_false(matches("^[^a]$", "A"));
}

static void regex__counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_true(matches("^.{3}$", "\xe6\xbc\xa2\xe5\xad\x97!"));
    assert_true(matches("^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9"));
    assert_false(matches("^[^\xc3\xa9]$", "\xc3\xa9"));
    assert_found("\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97!", "\xe5\xad\x97");
}

static void regex__survives_what_is_no_utf8(void **state)
{
    (void)state;
    assert_true(matches("^a.b$", "a\xff" "b"));
    assert_true(matches("^a..b$", "a\xe6\xbc" "b"));
    assert_false(matches("\xc3\xa9", "\xe9"));
    (void)compile("[\xff-\xfe]");
    (void)compile("\xc3");
    assert_true(matches("x$", "\x80\x80\xc0x"));
}

static void regex__finds_the_leftmost_and_longest(void **state)
{
    (void)state;
    assert_found("a|ab|abc", "xxabcd", "abc");
    assert_found("b*", "aabbb", "bbb");
    assert_found("[0-9]+s", "took 15s of 30s", "15s");
    assert_found("r$", "rr", "r");
}

static void regex__says_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("(ab", "( without its )");
    assert_refused("ab)", ") without its (");
    assert_refused("[ab", "[ without its ]");
    assert_refused("*a", "nothing stands before");
    assert_refused("a|+b", "nothing stands before");
    assert_refused("a{x}", "{ } wants numbers");
    assert_refused("a{3,2}", "{ } wants numbers");
    assert_refused("a{256}", "{ } wants numbers");
    assert_refused("a{99999999999}", "{ } wants numbers");
    assert_refused("ab\\", "a \\ at the end");
    assert_refused("(a)\\1", "cannot be asked for");
    assert_refused("\\d", "means nothing");
    assert_refused("[z-a]", "ends before it begins");
    assert_refused("[[:nope:]]", "no such class");
    assert_refused("[[=a=]]", "not offered");
}

static void regex__is_refused_before_it_costs_anything(void **state)
{
    (void)state;
    assert_refused("((a{255}){255}){255}", "more than 64");
    assert_refused("(((){255}){255}){255}", "too large");
    assert_refused("((((((((((a?){9}){9}){9}){9}){9}){9}){9}){9}){9}){9}", "more than 64");
    assert_refused("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "longer than 63");
    char open[SB_REGEX_BYTES];
    memset(open, '(', sizeof open - 1);
    open[sizeof open - 1] = '\0';
    assert_refused(open, "( without its )");
}

/* What makes matchers that go back double their work with each character is one step a character here: this test ends. */
static void regex__is_linear_for_patterns_that_make_others_explode(void **state)
{
    (void)state;
    static char text[10001];
    memset(text, 'a', sizeof text - 1);
    assert_false(matches("^(a+)+$b", text));
    assert_false(matches("(a|a)*(a|aa)+b", text));
    assert_false(matches("(a*)*(a*)*(a*)*(a*)*b", text));
    assert_false(matches("^(a?){30}a{30}$", text));
    assert_true(matches("(a|b)*a.{40}", text));
    text[9999] = 'b';
    assert_true(matches("(a*)*b$", text));
}

/* ---- against the C library ---- */

static struct sb_rng rng = {.state = 20261128};

static void random_pattern(struct sb_text *out, unsigned depth)
{
    const unsigned parts = 1 + (unsigned)sb_rng_below(&rng, 3);
    for (unsigned i = 0; i < parts; i++) {
        switch (sb_rng_below(&rng, depth > 2 ? 4 : 6)) {
        case 0: sb_text_add(out, "."); break;
        case 1: sb_text_add(out, "[ac]"); break;
        case 2: sb_text_add(out, "[^b]"); break;
        case 3: sb_text_add_char(out, (char)('a' + (char)sb_rng_below(&rng, 3))); break;
        default:
            sb_text_add(out, "(");
            random_pattern(out, depth + 1);
            if (sb_rng_below(&rng, 2) == 0) {
                sb_text_add(out, "|");
                random_pattern(out, depth + 1);
            }
            sb_text_add(out, ")");
            break;
        }
        static const char *const repeats[] = {"", "", "", "", "*", "+", "?", "{2}", "{1,2}", "{2,}"};
        sb_text_add(out, repeats[sb_rng_below(&rng, SB_LEN(repeats))]);
    }
}

static void regex__agrees_with_the_c_library(void **state)
{
    (void)state;
    unsigned compared = 0, found = 0;
    for (unsigned round = 0; round < 3000; round++) {
        char pattern[SB_REGEX_BYTES], text[16];
        struct sb_text out;
        regex_t theirs;
        sb_text_init(&out, pattern, sizeof pattern);
        if (sb_rng_below(&rng, 4) == 0)
            sb_text_add(&out, "^");
        random_pattern(&out, 0);
        if (sb_rng_below(&rng, 4) == 0)
            sb_text_add(&out, "$");
        if (out.is_cut || !compile(pattern))
            continue; /* too large for us */
        assert_int_equal(regcomp(&theirs, pattern, REG_EXTENDED | REG_ICASE), 0);
        for (unsigned i = 0; i < 10; i++) {
            const size_t size = (size_t)sb_rng_below(&rng, sizeof text);
            for (size_t at = 0; at < size; at++)
                text[at] = "abcA"[sb_rng_below(&rng, 4)];
            text[size] = '\0';
            regmatch_t match;
            size_t begin = 0, end = 0;
            const bool is_theirs = regexec(&theirs, text, 1, &match, 0) == 0;
            if (sb_regex_matches(&compiled, text, size) != is_theirs)
                fail_msg("%s on \"%s\": the C library says %d", pattern, text, is_theirs);
            compared++;
            if (!is_theirs || match.rm_so == match.rm_eo)
                continue;
            found++;
            if (!sb_regex_find(&compiled, text, size, 0, &begin, &end) || (regoff_t)begin != match.rm_so || (regoff_t)end != match.rm_eo)
                fail_msg("%s on \"%s\": %zu-%zu, the C library says %d-%d", pattern, text, begin, end, match.rm_so, match.rm_eo);
        }
        regfree(&theirs);
    }
    assert_true(compared > 10000 && found > 3000);
}

/* Anything at all as a pattern and as a text: refused or answered, never more. */
static void regex__survives_random_bytes(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char pattern[80], text[80];
        const size_t size = (size_t)sb_rng_below(&rng, sizeof pattern), length = (size_t)sb_rng_below(&rng, sizeof text);
        for (size_t i = 0; i < size; i++)
            pattern[i] = sb_rng_below(&rng, 2) == 0 ? (char)sb_rng_next(&rng) : "()[]{}|*+?^$.\\,19a:"[sb_rng_below(&rng, 19)];
        for (size_t i = 0; i < length; i++)
            text[i] = (char)sb_rng_next(&rng);
        struct sb_text out;
        sb_text_init(&out, why, sizeof why);
        if (!sb_regex_compile(&compiled, pattern, size, &out)) {
            assert_true(out.len > 0 && !out.is_cut);
            continue;
        }
        size_t begin = 0, end = 0;
        const bool is_found = sb_regex_find(&compiled, text, length, 0, &begin, &end);
        assert_true(!is_found || (begin < end && end <= length && sb_regex_matches(&compiled, text, length)));
    }
}

/* ---- letters ---- */

static unsigned score(const char *word, const char *text)
{
    return sb_fuzzy_score(word, strlen(word), text, strlen(text));
}

static void fuzzy__ranks_the_same_before_prefix_words_part_and_letters(void **state)
{
    (void)state;
    static const char *const order[] = {"posting", "posting_archive", "reply_posting", "reposting", "pxoxsxtxixnxg"};
    for (unsigned i = 0; i + 1 < SB_LEN(order); i++) {
        if (score("posting", order[i]) <= score("posting", order[i + 1]))
            fail_msg("%s does not beat %s", order[i], order[i + 1]);
    }
    assert_true(score("mvh", "mega_viral_harvester") > score("mvh", "meavoh"));
    assert_true(score("mvh", "mega_viral_harvester") > score("mvh", "xmvh"));
    assert_true(score("abc", "axbxc") > score("abc", "axxxxbxxxxc"));
    assert_true(score("plan", "plan") > score("plan", "plan_b"));
    assert_int_equal(score("xyz", "posting"), 0);
    assert_true(score("", "posting") > 0);
    assert_true(score("pause all", "pause-all") > score("pause all", "pause-a-l-l"));
}

static void fuzzy__marks_the_letters_it_means(void **state)
{
    (void)state;
    static const struct {
        const char *word, *text, *marks;
    } cases[] = {
        {"mvh", "mega_viral_harvester", "#....#.....#........"}, {"POST", "reply_posting", "......####..."},
        {"ost", "reply_posting", ".......###..."},              {"tig", "posting", "...##.#"}, {"no", "posting", "......."},
    };
    for (unsigned i = 0; i < SB_LEN(cases); i++) {
        bool marks[32] = {false};
        sb_fuzzy_mark(cases[i].word, strlen(cases[i].word), cases[i].text, strlen(cases[i].text), marks);
        for (size_t at = 0; at < strlen(cases[i].text); at++)
            if (marks[at] != (cases[i].marks[at] == '#'))
                fail_msg("%s in %s: byte %zu", cases[i].word, cases[i].text, at);
    }
}

static void fuzzy__ends_on_ten_thousand_characters(void **state)
{
    (void)state;
    static char text[10001];
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 1; i < sizeof text - 1; i += 2)
        text[i] = '_';
    assert_true(score("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", text) > 0);
    assert_int_equal(score("aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", text), 0);
    assert_true(score("\xff", text) == 0);
    static bool marks[sizeof text];
    sb_fuzzy_mark("aaaaaaaaaaaaaaaaaaaaaaaaa", 25, text, sizeof text - 1, marks);
    assert_true(marks[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regex__matches_anywhere_unless_it_is_held),
        cmocka_unit_test(regex__counts_and_classes),
        cmocka_unit_test(regex__takes_letters_of_either_case),
        cmocka_unit_test(regex__counts_characters_not_bytes),
        cmocka_unit_test(regex__survives_what_is_no_utf8),
        cmocka_unit_test(regex__finds_the_leftmost_and_longest),
        cmocka_unit_test(regex__says_what_is_wrong),
        cmocka_unit_test(regex__is_refused_before_it_costs_anything),
        cmocka_unit_test(regex__is_linear_for_patterns_that_make_others_explode),
        cmocka_unit_test(regex__agrees_with_the_c_library),
        cmocka_unit_test(regex__survives_random_bytes),
        cmocka_unit_test(fuzzy__ranks_the_same_before_prefix_words_part_and_letters),
        cmocka_unit_test(fuzzy__marks_the_letters_it_means),
        cmocka_unit_test(fuzzy__ends_on_ten_thousand_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
