/* Owns the language of filters: words of the text, `key:value`, and after `~` letters or after `=` a regular expression up to the end. All
 * terms must fit. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static const char *const key_words[SB_MATCH_KEY_COUNT] = {
#define SB_MATCH_KEY_WORD(code, word) [SB_MATCH_KEY_##code] = word,
    SB_LIST_MATCH_KEY(SB_MATCH_KEY_WORD)
#undef SB_MATCH_KEY_WORD
};

#define K(code) (1U << SB_MATCH_KEY_##code)
/* Which keys a pane knows. In a pane without keys a colon is a character. */
static const uint32_t key_sets[SB_PANE_COUNT] = {
    [SB_PANE_JOBS] = K(STATE) | K(JOB) | K(CATEGORY) | K(CTX) | K(STEP) | K(ERROR) | K(ALERT) | K(PAUSED) | K(CRITICAL),
    [SB_PANE_CONTEXTS] = K(STATE) | K(JOB) | K(CTX) | K(LANE),
    [SB_PANE_ALERTS] = K(STATE) | K(JOB) | K(ALERT) | K(SEVERITY) | K(ACKED),
    [SB_PANE_SERVICES] = K(STATE) | K(CLASS),
    [SB_PANE_LOG] = K(JOB) | K(RUN) | K(CTX) | K(ALERT) | K(SEVERITY) | K(EVENT),
    [SB_PANE_HELP] = K(CLASS) | K(KEY) | K(WHERE),
};
#define YES_OR_NO (K(PAUSED) | K(CRITICAL) | K(ACKED))

/* ---- values ---- */

bool sb_match_is_begin(const char *value, size_t size, const char *word)
{
    return size <= strlen(word) && sb_word_find(value, size, word, size) == 0;
}

bool sb_match_is_part(const char *value, size_t size, const char *text)
{
    return sb_word_find(value, size, text, strlen(text)) != SIZE_MAX;
}

bool sb_match_is_yes(const char *value, size_t size, bool is_so)
{
    return sb_match_is_begin(value, size, is_so ? "yes" : "no");
}

bool sb_match_is_number(const char *value, size_t size, uint64_t number)
{
    char digits[24];
    uint64_t wanted = 0;
    if (size > 0 && value[0] == '#') {
        value++;
        size--;
    }
    return size == 0 || (sb_copy_n(digits, sizeof digits, value, size) && sb_parse_u64(digits, &wanted) && wanted == number);
}

/* ---- taking apart ---- */

void sb_match_add_keys(enum sb_pane pane, struct sb_text *out)
{
    for (unsigned key = 0; key < SB_MATCH_KEY_COUNT; key++) {
        if ((key_sets[pane] & (1U << key)) == 0)
            continue;
        sb_text_add(out, " ");
        sb_text_add(out, key_words[key]);
        sb_text_add(out, ":");
    }
}

static size_t key_size(const char *word, size_t size)
{
    size_t at = 0;
    while (at < size && word[at] >= 'a' && word[at] <= 'z')
        at++;
    return at > 0 && at < size && word[at] == ':' ? at : 0;
}

static bool add_term(struct sb_match *match, struct sb_text *why, enum sb_match_kind kind, unsigned key, size_t at, size_t size)
{
    if (match->term_count == SB_MATCH_TERMS) {
        sb_text_add(why, "more than 16 words");
        return false;
    }
    match->terms[match->term_count].kind = (uint8_t)kind;
    match->terms[match->term_count].key = (uint8_t)key;
    match->terms[match->term_count].at = (uint8_t)at;
    match->terms[match->term_count].size = (uint8_t)size;
    match->term_count++;
    return true;
}

static bool add_field(struct sb_match *match, struct sb_text *why, enum sb_pane pane, size_t at, size_t size, size_t name)
{
    const char *const word = match->text + at;
    const size_t value = size - name - 1;
    for (unsigned key = 0; key < SB_MATCH_KEY_COUNT; key++) {
        if ((key_sets[pane] & (1U << key)) == 0 || strlen(key_words[key]) != name || strncmp(key_words[key], word, name) != 0)
            continue;
        const char *const is = word + name + 1;
        if ((YES_OR_NO & (1U << key)) != 0 && !sb_match_is_yes(is, value, true) && !sb_match_is_yes(is, value, false)) {
            sb_text_add(why, key_words[key]);
            sb_text_add(why, ": wants yes or no");
            return false;
        }
        return value == 0 || add_term(match, why, SB_MATCH_FIELD, key, at + name + 1, value); /* its value is still to come */
    }
    sb_text_add(why, "no key ");
    sb_text_add_n(why, word, name);
    sb_text_add(why, ": here; there are");
    sb_match_add_keys(pane, why);
    return false;
}

static bool take_apart(struct sb_match *match, enum sb_pane pane, struct sb_text *why)
{
    const char *const text = match->text;
    bool is_fuzzy = false;
    for (size_t at = 0; text[at] != '\0';) {
        if (text[at] == ' ') {
            at++;
            continue;
        }
        if (text[at] == '=' && !is_fuzzy) {
            const size_t size = strlen(text + at + 1);
            return (size == 0 || add_term(match, why, SB_MATCH_REGEX, 0, at + 1, size)) &&
                   sb_regex_compile(&match->regex, text + at + 1, size, why);
        }
        if (text[at] == '~' && !is_fuzzy) {
            is_fuzzy = true;
            at++;
            continue;
        }
        const size_t size = strcspn(text + at, " "), name = key_sets[pane] == 0 ? 0 : key_size(text + at, size);
        const bool is_good = name > 0 ? add_field(match, why, pane, at, size, name)
                                      : add_term(match, why, is_fuzzy ? SB_MATCH_FUZZY : SB_MATCH_WORD, 0, at, size);
        if (!is_good)
            return false;
        at += size;
    }
    return true;
}

bool sb_match_compile(struct sb_match *match, enum sb_pane pane, const char *text, struct sb_text *why)
{
    struct sb_match made;
    memset(&made, 0, sizeof made);
    if (!sb_copy(made.text, sizeof made.text, text)) {
        sb_text_add(why, "longer than 63 bytes");
        return false;
    }
    if (!take_apart(&made, pane, why))
        return false;
    memcpy(match, &made, sizeof *match);
    return true;
}

/* ---- fitting ---- */

bool sb_match_fits(const struct sb_match *match, const char *text, const void *of, sb_match_field *field)
{
    const size_t size = match->term_count == 0 ? 0 : strlen(text);
    for (unsigned i = 0; i < match->term_count; i++) {
        const char *const word = match->text + match->terms[i].at;
        const size_t length = match->terms[i].size;
        bool is_fit = false;
        switch ((enum sb_match_kind)match->terms[i].kind) {
        case SB_MATCH_WORD: is_fit = sb_word_find(word, length, text, size) != SIZE_MAX; break;
        case SB_MATCH_FUZZY: is_fit = sb_fuzzy_matches(word, length, text, size); break;
        case SB_MATCH_REGEX: is_fit = sb_regex_matches(&match->regex, text, size); break;
        case SB_MATCH_FIELD: is_fit = field != NULL && field(of, (enum sb_match_key)match->terms[i].key, word, length); break;
        }
        if (!is_fit)
            return false;
    }
    return true;
}

static void mark_words(const char *word, size_t length, const char *text, size_t size, bool *marks)
{
    for (size_t at = 0; at < size;) {
        const size_t found = sb_word_find(word, length, text + at, size - at);
        if (found == SIZE_MAX || length == 0)
            return;
        memset(marks + at + found, true, length);
        at += found + length;
    }
}

static void mark_pattern(const struct sb_regex *regex, const char *text, size_t size, bool *marks)
{
    size_t begin = 0, end = 0;
    for (size_t at = 0; at < size && sb_regex_find(regex, text, size, at, &begin, &end); at = end)
        memset(marks + begin, true, end - begin);
}

void sb_match_mark(const struct sb_match *match, const char *text, size_t size, bool *marks)
{
    for (unsigned i = 0; i < match->term_count; i++) {
        const char *const word = match->text + match->terms[i].at;
        const size_t length = match->terms[i].size;
        switch ((enum sb_match_kind)match->terms[i].kind) {
        case SB_MATCH_WORD: mark_words(word, length, text, size, marks); break;
        case SB_MATCH_FUZZY: sb_fuzzy_mark(word, length, text, size, marks); break;
        case SB_MATCH_REGEX: mark_pattern(&match->regex, text, size, marks); break;
        case SB_MATCH_FIELD: break; /* what it means stands in other columns */
        }
    }
}
