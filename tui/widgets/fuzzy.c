/* Owns finding by letters: whether, how well and where a few letters stand for a name. Pure. */
#include "signalbox/tui/match.h"

#include <string.h>

enum { EXACT = 100000, PREFIX = 80000, WORDS = 60000, PART = 40000, LETTERS = 20000, SPAN_COST = 64, LENGTH_MAX = 63, SPAN_MAX = 255 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A blank stands for whatever separates words in a name. */
static bool is_separator(char c)
{
    return c == ' ' || c == '_' || c == '-' || c == '.' || c == ':' || c == '/' || c == '#';
}

static bool is_same(char typed, char there)
{
    return lower(typed) == lower(there) || (typed == ' ' && is_separator(there));
}

static bool begins_word(const char *text, size_t at)
{
    return at == 0 || is_separator(text[at - 1]);
}

size_t sb_word_find(const char *word, size_t word_size, const char *text, size_t size)
{
    if (word_size == 0)
        return 0;
    const char first = lower(word[0]);
    for (size_t at = 0; at + word_size <= size; at++) {
        if (lower(text[at]) != first)
            continue;
        size_t same = 1;
        while (same < word_size && lower(text[at + same]) == lower(word[same]))
            same++;
        if (same == word_size)
            return at;
    }
    return SIZE_MAX;
}

bool sb_fuzzy_matches(const char *word, size_t word_size, const char *text, size_t size)
{
    size_t found = 0;
    for (size_t at = 0; at < size && found < word_size; at++)
        found += is_same(word[found], text[at]);
    return found == word_size;
}

/* Whether the word can be spelled by beginnings of words: "mvh", "megvir". Tries each word's beginning, longest run first; the text is
 * a name, so the few ways there are can all be gone. `left` bounds them. */
static bool by_words(const char *word, size_t word_size, const char *text, size_t size, size_t from, unsigned *left, bool *marks)
{
    if (word_size == 0)
        return true;
    for (size_t at = from; at < size; at++) {
        if (!begins_word(text, at) || !is_same(word[0], text[at]))
            continue;
        size_t run = 1;
        while (run < word_size && at + run < size && is_same(word[run], text[at + run]))
            run++;
        for (; run > 0; run--) {
            if (*left == 0)
                return false;
            (*left)--;
            if (!by_words(word + run, word_size - run, text, size, at + run, left, marks))
                continue;
            if (marks != NULL)
                memset(marks + at, true, run);
            return true;
        }
    }
    return false;
}

enum { WAYS_MAX = 64 };

/* The last letters' place is found first; going back from there makes the letters stand as close as they can. */
static size_t spread(const char *word, size_t word_size, const char *text, size_t size, bool *marks)
{
    size_t found = 0, at = 0;
    while (at < size && found < word_size)
        found += is_same(word[found], text[at++]);
    if (found < word_size)
        return SIZE_MAX;
    const size_t end = at;
    while (found > 0) {
        at--;
        if (!is_same(word[found - 1], text[at]))
            continue;
        if (marks != NULL)
            marks[at] = true;
        found--;
    }
    return end - at;
}

static unsigned least(size_t a, size_t b)
{
    return (unsigned)(a < b ? a : b);
}

unsigned sb_fuzzy_score(const char *word, size_t word_size, const char *text, size_t size)
{
    const unsigned brief = LENGTH_MAX - least(size, LENGTH_MAX);
    unsigned ways = WAYS_MAX;
    if (word_size == 0)
        return 1 + brief;
    const size_t span = spread(word, word_size, text, size, NULL);
    if (span == SIZE_MAX)
        return 0;
    size_t same = 0;
    while (same < word_size && same < size && is_same(word[same], text[same]))
        same++;
    if (same == word_size)
        return (word_size == size ? EXACT : PREFIX) + brief;
    if (by_words(word, word_size, text, size, 0, &ways, NULL))
        return WORDS + brief;
    if (sb_word_find(word, word_size, text, size) != SIZE_MAX)
        return PART + brief;
    return LETTERS - SPAN_COST * least(span - word_size, SPAN_MAX) + brief;
}

void sb_fuzzy_mark(const char *word, size_t word_size, const char *text, size_t size, bool *marks)
{
    unsigned ways = WAYS_MAX;
    if (word_size == 0 || !sb_fuzzy_matches(word, word_size, text, size))
        return;
    if (by_words(word, word_size, text, size, 0, &ways, marks))
        return;
    const size_t part = sb_word_find(word, word_size, text, size);
    if (part != SIZE_MAX)
        memset(marks + part, true, word_size);
    else
        (void)spread(word, word_size, text, size, marks);
}
