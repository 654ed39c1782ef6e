/* Finding in texts: extended regular expressions, and names by a few of their letters. Pure, bounded in space and time, no allocation.
 *
 * Letters of ASCII are equal in either case. Texts may be anything: a byte that is no UTF-8 counts as a character of its own. */
#ifndef SIGNALBOX_TUI_MATCH_H
#define SIGNALBOX_TUI_MATCH_H

#include "signalbox/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- regular expressions ---- */

enum {
    SB_REGEX_BYTES = 64,  /* of a pattern, NUL included */
    SB_REGEX_PLACES = 64, /* characters a pattern waits for, repeats counted out: "ab{3}" has 4 */
    SB_REGEX_RANGES = 96, /* of all brackets together */
};

/* A set of characters: '.', a letter, a bracket. */
struct sb_regex_set {
    uint64_t ascii[2];     /* bit per character below 128 */
    uint8_t first, count;  /* ranges of the rest */
    bool is_negated, is_any;
};

/* A pattern as one automaton: a bit per place, so that a step over a character is a few words' work whatever the pattern is. */
struct sb_regex {
    uint64_t first, last;                 /* places a match begins and ends with */
    uint64_t begins, ends;                /* places that are ^ and $ */
    uint64_t follow[SB_REGEX_PLACES];     /* places that may come after */
    uint64_t ascii[128];                  /* places that take the character */
    uint8_t place_count, set_count, range_count;
    bool is_nullable;                     /* matches nothing at all, hence everywhere */
    uint8_t set_of[SB_REGEX_PLACES];
    struct sb_regex_set sets[SB_REGEX_PLACES];
    struct {
        uint32_t low, high;
    } ranges[SB_REGEX_RANGES];
};

/* POSIX extended syntax: . [] () | * + ? {m,n} ^ $ and \ before a mark; classes such as [[:digit:]]. What groups matched cannot be asked
 * for (\1). False with a reason of a few words when it is none, or too large; `regex` is then undefined. */
bool sb_regex_compile(struct sb_regex *regex, const char *pattern, size_t size, struct sb_text *why);
/* Whether it matches anywhere. Time: proportional to `size`, at most SB_REGEX_PLACES words of work for each character. */
bool sb_regex_matches(const struct sb_regex *regex, const char *text, size_t size);
/* The leftmost match that begins at `from` or later and has a length, the longest there: bytes [*begin, *end). Time: up to the square of
 * `size`; for lines on a screen. */
bool sb_regex_find(const struct sb_regex *regex, const char *text, size_t size, size_t from, size_t *begin, size_t *end);

/* ---- names by their letters ---- */

/* Whether the word's characters occur in the text in this order. */
bool sb_fuzzy_matches(const char *word, size_t word_size, const char *text, size_t size);
/* How well; 0 = not at all. The same name beats a prefix, that one beginnings of words ("mvh": mega_viral_harvester), that one a part,
 * that one letters here and there; among equals the shorter text and the closer letters win. A word of no letters fits anything. */
unsigned sb_fuzzy_score(const char *word, size_t word_size, const char *text, size_t size);
/* Sets marks[i] for each byte of the text that the word's letters stand for, the first `size` of them. */
void sb_fuzzy_mark(const char *word, size_t word_size, const char *text, size_t size, bool *marks);

/* Where the word occurs in the text, or SIZE_MAX. */
size_t sb_word_find(const char *word, size_t word_size, const char *text, size_t size);

#endif
