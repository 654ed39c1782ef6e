/* Takes secrets out of texts. Pure; any thread. It errs on the side of taking out too much: what is kept is read by people who look for the
 * reason of a failure, and may be passed on by them. */
#include "redact.h"
#include "steps.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char mark[] = "[redacted]";

/* A word, what ends its value, and whether ':' or '=' must stand between. */
static const struct {
    const char *word, *ends;
    bool has_separator;
} words[] = {
    { "authorization", "\r\n\"'<", true }, { "cookie", "\r\n\"'<", true },         { "bearer", " \t\r\n\"'<,;&)", false },
    { "password", " \t\r\n\"'<,;&)", true }, { "passwd", " \t\r\n\"'<,;&)", true }, { "secret", " \t\r\n\"'<,;&)", true },
    { "token", " \t\r\n\"'<,;&)", true },  { "api_key", " \t\r\n\"'<,;&)", true }, { "api-key", " \t\r\n\"'<,;&)", true },
    { "apikey", " \t\r\n\"'<,;&)", true }, { "session", " \t\r\n\"'<,;&)", true }, { "sessionid", " \t\r\n\"'<,;&)", true },
    { "session_id", " \t\r\n\"'<,;&)", true }, { "sid", " \t\r\n\"'<,;&)", true },
};

struct redaction {
    const char *const *secrets;
    size_t count;
    struct sb_blob out;
};

static void add_mark(struct redaction *redaction)
{
    sb_blob_add(&redaction->out, mark, sizeof mark - 1);
}

/* Each of these looks at `at`, writes what stands in its place and returns how many bytes that covers; 0 = nothing of its kind is there. */

static size_t take_secret(struct redaction *redaction, const char *at)
{
    for (size_t i = 0; i < redaction->count; i++) {
        size_t size = strlen(redaction->secrets[i]);
        if (size == 0 || redaction->secrets[i][0] != *at || strncmp(at, redaction->secrets[i], size) != 0)
            continue;
        add_mark(redaction);
        return size;
    }
    return 0;
}

/* Bytes from behind the word to the value: "=", ": ", "\": \"" and so on. 0 = no value follows. */
static size_t separator(const char *at, bool has_separator)
{
    size_t size = strspn(at, " \t\"'");

    if (has_separator) {
        if (at[size] != ':' && at[size] != '=')
            return 0;
        size++;
    } else if (size == 0) {
        return 0;
    }
    return size + strspn(at + size, " \t\"'");
}

static size_t take_word(struct redaction *redaction, const char *text, const char *at)
{
    if (at > text && isalpha((unsigned char)at[-1]))
        return 0;
    for (size_t i = 0; i < SB_LEN(words); i++) {
        size_t size = strlen(words[i].word);
        if (strncasecmp(at, words[i].word, size) != 0)
            continue;
        size_t gap = separator(at + size, words[i].has_separator);
        size_t value = gap > 0 ? strcspn(at + size + gap, words[i].ends) : 0;
        if (value == 0)
            continue;
        sb_blob_add(&redaction->out, at, size + gap);
        add_mark(redaction);
        return size + gap + value;
    }
    return 0;
}

/* Bytes of a tag up to and with its ">", quotes respected. */
static size_t tag_size(const char *at)
{
    char quote = '\0';
    size_t size = 0;

    for (; at[size] != '\0'; size++) {
        if (quote != '\0')
            quote = at[size] == quote ? '\0' : quote;
        else if (at[size] == '"' || at[size] == '\'')
            quote = at[size];
        else if (at[size] == '>')
            return size + 1;
    }
    return size;
}

static bool holds(const char *at, size_t size, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= size; i++)
        if (strncasecmp(at + i, word, length) == 0)
            return true;
    return false;
}

/* Bytes of an attribute's value behind its "=": with its quotes. */
static size_t value_size(const char *at, const char *end)
{
    if (*at == '"' || *at == '\'') {
        const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
        return close != NULL ? (size_t)(close - at) + 1 : (size_t)(end - at);
    }
    size_t size = strcspn(at, " \t\r\n>");
    return size < (size_t)(end - at) ? size : (size_t)(end - at);
}

/* An input that holds a password, a token or what nobody sees; a meta element with a token. */
static size_t take_tag(struct redaction *redaction, const char *at)
{
    static const char *const holders[] = { "password", "hidden", "token", "csrf", "secret" };
    bool is_input = strncasecmp(at, "<input", 6) == 0, is_meta = strncasecmp(at, "<meta", 5) == 0, is_secret = false;
    size_t size = is_input || is_meta ? tag_size(at) : 0;
    const char *end = at + size, *attribute = is_input ? "value" : "content";

    for (size_t i = 0; i < SB_LEN(holders) && size > 0; i++)
        is_secret = is_secret || holds(at, size, holders[i]);
    if (!is_secret)
        return 0;
    for (const char *from = at; from < end;) {
        size_t length = strlen(attribute);
        if (from > at && isspace((unsigned char)from[-1]) && strncasecmp(from, attribute, length) == 0 && from[length] == '=') {
            sb_blob_add(&redaction->out, from, length + 1);
            add_mark(redaction);
            from += length + 1;
            from += value_size(from, end);
        } else {
            sb_blob_add(&redaction->out, from++, 1);
        }
    }
    return size;
}

char *sb_redact(const char *text, const char *const *secrets, size_t count, size_t max)
{
    struct redaction redaction = { .secrets = secrets, .count = count, .out = { .max = max } };

    for (const char *at = text; *at != '\0' && !redaction.out.is_bad;) {
        size_t covered = take_secret(&redaction, at);
        if (covered == 0 && *at == '<')
            covered = take_tag(&redaction, at);
        if (covered == 0 && isalpha((unsigned char)*at))
            covered = take_word(&redaction, text, at);
        if (covered == 0)
            sb_blob_add(&redaction.out, at, covered = 1);
        at += covered;
    }
    return sb_blob_take(&redaction.out);
}
