/* Finding secrets in texts. Pure; no state but the caller's. */
#include "signalbox/base/redact.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { CUT_MIN = 8, KNOWN_MIN = 20, TOKEN_AS_USER_MIN = 16 };

#define BLANKS " \t\r\n\"'<,;&)"

/* A word, what ends its value, and whether ':' or '=' must stand between. */
static const struct {
    const char *word, *ends;
    bool has_separator;
    const char *name; /* NULL: the word itself */
} words[] = {
    {"authorization", "\r\n\"'<", true, NULL},
    {"cookie", "\r\n\"'<", true, NULL},
    {"bearer", BLANKS, false, NULL},
    {"password", BLANKS, true, NULL},
    {"passwd", BLANKS, true, NULL},
    {"secret", BLANKS, true, NULL},
    {"token", BLANKS, true, NULL},
    {"api_key", BLANKS, true, NULL},
    {"api-key", BLANKS, true, NULL},
    {"apikey", BLANKS, true, NULL},
    {"session=", BLANKS, false, "session"},
    {"sessionid", BLANKS, true, NULL},
    {"session_id", BLANKS, true, NULL},
    {"sid", BLANKS, true, NULL},
    {"private_key", BLANKS, true, NULL},
    {"access_key", BLANKS, true, NULL},
    {"key=", BLANKS, false, "key"},
};

/* How keys that leak most often begin. */
static const char *const beginnings[] = {"sk-", "ghp_", "github_pat_", "xoxb-", "xoxp-", "eyJ", "AKIA", "glpat-"};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void sb_redactor_init(struct sb_redactor *redactor, const struct sb_redact_secret *secrets, size_t count, size_t value_min)
{
    *redactor = (struct sb_redactor){.secrets = secrets, .count = count, .value_min = value_min};
    for (size_t i = 0; i < count; i++) {
        const unsigned char first = (unsigned char)secrets[i].value[0];
        redactor->first[first / 8] |= (uint8_t)(1U << first % 8);
    }
}

/* Whether a text ends there, or was cut to a field: an end of line or quotes, '~', an ellipsis. */
static bool is_cut(const char *text, size_t size, size_t at)
{
    return at >= size || strchr("\n\r\"'~|", text[at]) != NULL || (size - at >= 3 && memcmp(text + at, "\xe2\x80\xa6", 3) == 0);
}

static bool find_secret(const struct sb_redactor *r, const char *text, size_t size, size_t at, struct sb_redact_span *span)
{
    const unsigned char first = (unsigned char)text[at];
    size_t longest = 0;
    if ((r->first[first / 8] >> first % 8 & 1) == 0)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        const char *const value = r->secrets[i].value;
        size_t same = 0;
        while (value[same] != '\0' && at + same < size && text[at + same] == value[same])
            same++;
        const bool is_whole = value[same] == '\0', is_start = same >= CUT_MIN && is_cut(text, size, at + same);
        if ((is_whole || is_start) && same > longest) {
            longest = same;
            *span = (struct sb_redact_span){at, same, r->secrets[i].name};
        }
    }
    return longest > 0;
}

static size_t span_of(const char *text, size_t size, size_t at, const char *set)
{
    size_t count = 0;
    while (at + count < size && text[at + count] != '\0' && strchr(set, text[at + count]) != NULL)
        count++;
    return count;
}

static size_t span_without(const char *text, size_t size, size_t at, const char *set)
{
    size_t count = 0;
    while (at + count < size && (text[at + count] == '\0' || strchr(set, text[at + count]) == NULL))
        count++;
    return count;
}

static bool begins(const char *text, size_t size, size_t at, const char *word, bool folds_case)
{
    const size_t length = strlen(word);
    if (size - at < length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((folds_case ? lower(text[at + i]) : text[at + i]) != word[i])
            return false;
    return true;
}

/* Bytes from behind the word to the value: "=", ": ", "\": \"" and so on. 0 = no value follows. */
static size_t separator(const char *text, size_t size, size_t at, bool has_separator)
{
    size_t count = span_of(text, size, at, " \t\"'\\");
    if (has_separator) {
        if (at + count >= size || (text[at + count] != ':' && text[at + count] != '='))
            return 0;
        count++;
    } else if (count == 0) {
        return 0;
    }
    return count + span_of(text, size, at + count, " \t\"'\\");
}

/* A place where a secret is, a word of JSON, or what was taken out before. */
static bool is_harmless(const char *text, size_t size, size_t at, size_t length)
{
    static const char *const whole[] = {"null", "true", "false", "none"};
    static const char *const starts[] = {"env:", "file:", "cred:", "[redacted"};
    for (size_t i = 0; i < SB_LEN(whole); i++)
        if (strlen(whole[i]) == length && begins(text, size, at, whole[i], true))
            return true;
    for (size_t i = 0; i < SB_LEN(starts); i++)
        if (begins(text, size, at, starts[i], false))
            return true;
    return false;
}

static bool find_word(const struct sb_redactor *r, const char *text, size_t size, size_t at, struct sb_redact_span *span)
{
    if (!is_letter(text[at]) || (at > 0 && is_letter(text[at - 1])))
        return false;
    for (size_t i = 0; i < SB_LEN(words); i++) {
        if (lower(text[at]) != words[i].word[0] || !begins(text, size, at, words[i].word, true))
            continue;
        const size_t length = strlen(words[i].word);
        const bool is_closed = words[i].word[length - 1] == '='; /* the word brings its separator along */
        const size_t gap = is_closed ? 0 : separator(text, size, at + length, words[i].has_separator), start = at + length + gap;
        if (gap == 0 && !is_closed)
            continue;
        size_t value = span_without(text, size, start, words[i].ends);
        while (value > 0 && text[start + value - 1] == '\\') /* of a quote inside JSON */
            value--;
        if (value == 0 || value < r->value_min || is_harmless(text, size, start, value))
            continue;
        *span = (struct sb_redact_span){start, value, words[i].name != NULL ? words[i].name : words[i].word};
        return true;
    }
    return false;
}

static bool find_known(const char *text, size_t size, size_t at, struct sb_redact_span *span)
{
    if (at > 0 && is_token(text[at - 1]))
        return false;
    for (size_t i = 0; i < SB_LEN(beginnings); i++) {
        size_t length = 0;
        if (text[at] != beginnings[i][0] || !begins(text, size, at, beginnings[i], false))
            continue;
        while (at + length < size && is_token(text[at + length]))
            length++;
        if (length < KNOWN_MIN)
            continue;
        *span = (struct sb_redact_span){at, length, "token"};
        return true;
    }
    return false;
}

/* RFC 3986, 3.2.1: what stands between "://" and '@'. The name alone is kept, unless it looks like a token. */
static bool find_userinfo(const char *text, size_t size, size_t at, struct sb_redact_span *span)
{
    if (!begins(text, size, at, "://", false))
        return false;
    const size_t start = at + 3, length = span_without(text, size, start, "/?# \t\r\n\"'<>");
    size_t end = length, colon = 0;
    while (end > 0 && text[start + end - 1] != '@')
        end--;
    if (end < 2)
        return false;
    end--; /* now the bytes before '@' */
    while (colon < end && text[start + colon] != ':')
        colon++;
    const size_t from = colon < end ? colon + 1 : 0;
    if (from == end || (from == 0 && end < TOKEN_AS_USER_MIN) || is_harmless(text, size, start + from, end - from))
        return false;
    *span = (struct sb_redact_span){start + from, end - from, "userinfo"};
    return true;
}

bool sb_redact_at(const struct sb_redactor *redactor, const char *text, size_t size, size_t at, struct sb_redact_span *span)
{
    if (redactor->is_exact)
        return find_secret(redactor, text, size, at, span);
    return find_secret(redactor, text, size, at, span) || find_word(redactor, text, size, at, span) || find_known(text, size, at, span) ||
           (text[at] == ':' && find_userinfo(text, size, at, span));
}

bool sb_redact_next(const struct sb_redactor *redactor, const char *text, size_t size, size_t from, struct sb_redact_span *span)
{
    for (size_t at = from; at < size; at++)
        if (sb_redact_at(redactor, text, size, at, span))
            return true;
    return false;
}
