/* The one matcher. Owns how two texts are compared; holds no state, any thread. It must never decide what a match means: that is its
 * callers' business, and "ambiguous" is an answer. */
#include "match.h"

#include "signalbox/base/text.h"

#include <utf8proc.h>

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1024 };

/* A word inside a normalised text. */
struct word {
    const char *at;
    size_t size;
};

static bool is_link(const char *at, size_t size)
{
    static const char *const heads[] = { "http://", "https://", "www." };
    for (size_t i = 0; i < SB_LEN(heads); i++)
        if (size > strlen(heads[i]) && strncmp(at, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

/* Length of the white space character at `at`, or 0. */
static size_t space_at(const char *at)
{
    uint32_t code_point = 0;
    unsigned length = sb_utf8_decode(at, strlen(at) > 4 ? 4 : strlen(at), &code_point);
    if (length == 0)
        return 0;
    if (code_point == ' ' || (code_point >= '\t' && code_point <= '\r') || code_point == 0x85)
        return length;
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code_point);
    bool is_space = category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
    return is_space ? length : 0;
}

char *sb_match_normalise(const char *text)
{
    utf8proc_uint8_t *folded = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)text);
    if (folded == NULL)
        return NULL;
    char *from = (char *)folded, *to = (char *)folded;
    while (*from) {
        size_t gap = space_at(from);
        if (gap > 0) {
            from += gap;
            continue;
        }
        char *end = from;
        while (*end && space_at(end) == 0)
            end++;
        size_t size = (size_t)(end - from);
        if (!is_link(from, size)) {
            if (to != (char *)folded)
                *to++ = ' ';
            memmove(to, from, size);
            to += size;
        }
        from = end;
    }
    *to = '\0';
    return (char *)folded;
}

static bool is_word_character(utf8proc_int32_t code_point)
{
    utf8proc_category_t category = utf8proc_category(code_point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO); /* letters, marks, numbers */
}

static int word_compare(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    size_t size = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->at, b->at, size);
    if (order != 0)
        return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* The distinct words of a text, sorted. Words beyond WORDS_MAX are not looked at: posts are far shorter. */
static size_t words_of(const char *text, struct word words[WORDS_MAX])
{
    size_t count = 0, distinct = 0, size = strlen(text);
    for (size_t i = 0; i < size && count < WORDS_MAX;) {
        size_t from = i;
        uint32_t code_point = 0;
        unsigned length = 0;
        while (i < size && (length = sb_utf8_decode(text + i, size - i, &code_point)) > 0 &&
               is_word_character((utf8proc_int32_t)code_point))
            i += length;
        if (i > from)
            words[count++] = (struct word){ text + from, i - from };
        if (i < size)
            i += length ? length : 1;
    }
    qsort(words, count, sizeof *words, word_compare);
    for (size_t i = 0; i < count; i++)
        if (distinct == 0 || word_compare(&words[distinct - 1], &words[i]) != 0)
            words[distinct++] = words[i];
    return distinct;
}

uint32_t sb_match_jaccard_pm(const char *a, const char *b)
{
    struct word left[WORDS_MAX], right[WORDS_MAX];
    size_t left_count = words_of(a, left), right_count = words_of(b, right), shared = 0;
    for (size_t i = 0, k = 0; i < left_count && k < right_count;) {
        int order = word_compare(&left[i], &right[k]);
        shared += order == 0;
        i += order <= 0;
        k += order >= 0;
    }
    size_t either = left_count + right_count - shared;
    if (either == 0)
        return strcmp(a, b) == 0 ? 1000 : 0;
    return (uint32_t)(shared * 1000 / either);
}

/* Permille of the longer text that the shorter one covers when it is contained in it and long enough, else 0. */
static uint32_t contained_pm(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    const char *longer = a_size >= b_size ? a : b, *shorter = a_size >= b_size ? b : a;
    size_t more = a_size >= b_size ? a_size : b_size, less = a_size >= b_size ? b_size : a_size;
    if (less < SB_MATCH_CONTAINED_MIN || less * 2 < more || strstr(longer, shorter) == NULL)
        return 0;
    return (uint32_t)(less * 1000 / more);
}

enum sb_match_kind sb_match_pair(const char *a, const char *b, uint32_t *score_pm)
{
    uint32_t score = 1000;
    enum sb_match_kind kind = SB_MATCH_EXACT;
    if (strcmp(a, b) != 0) {
        score = contained_pm(a, b);
        kind = SB_MATCH_CONTAINED;
        if (score == 0) {
            score = sb_match_jaccard_pm(a, b);
            kind = score >= SB_MATCH_SIMILAR_PM ? SB_MATCH_SIMILAR : SB_MATCH_NONE;
        }
    }
    if (score_pm != NULL)
        *score_pm = score;
    return kind;
}

struct sb_match sb_match_best(const char *text, const char *const *candidates, size_t count)
{
    struct sb_match best = { .kind = SB_MATCH_NONE };
    for (size_t i = 0; i < count; i++) {
        uint32_t score = 0;
        if (candidates[i] == NULL)
            continue;
        enum sb_match_kind kind = sb_match_pair(text, candidates[i], &score);
        best.exact_count += kind == SB_MATCH_EXACT;
        if (kind == SB_MATCH_NONE || (best.kind != SB_MATCH_NONE && (kind < best.kind || (kind == best.kind && score <= best.score_pm)))) {
            if (score > best.second_pm)
                best.second_pm = score;
            continue;
        }
        if (best.score_pm > best.second_pm)
            best.second_pm = best.score_pm;
        best.kind = kind;
        best.index = i;
        best.score_pm = score;
    }
    /* Exact duplicates are told by exact_count: which of them is meant is a question of time, not of similarity. */
    if (best.kind != SB_MATCH_NONE && best.kind != SB_MATCH_EXACT && best.second_pm + SB_MATCH_MARGIN_PM > best.score_pm) {
        best.is_ambiguous = best.second_pm > 0;
        if (best.is_ambiguous)
            best.kind = SB_MATCH_NONE;
    }
    return best;
}

int64_t sb_match_characters(const char *text)
{
    utf8proc_uint8_t *composed = utf8proc_NFC((const utf8proc_uint8_t *)text);
    if (composed == NULL)
        return -1;
    int64_t count = 0;
    for (const utf8proc_uint8_t *at = composed; *at; at++)
        count += (*at & 0xC0) != 0x80; /* every byte that begins a character */
    free(composed);
    return count;
}
