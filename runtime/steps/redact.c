/* Takes secrets out of pages and what scripts say: the redactor of runtime/base, and what HTML hides in its elements. Pure; any thread. */
#include "redact.h"
#include "steps.h"

#include "signalbox/base/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char mark[] = "[redacted]";

static void add_mark(struct sb_blob *out)
{
    sb_blob_add(out, mark, sizeof mark - 1);
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

/* An input that holds a password, a token or what nobody sees; a meta element with a token. Returns how many bytes it covers; 0 = there is none. */
static size_t take_tag(struct sb_blob *out, const char *at)
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
            sb_blob_add(out, from, length + 1);
            add_mark(out);
            from += length + 1;
            from += value_size(from, end);
        } else {
            sb_blob_add(out, from++, 1);
        }
    }
    return size;
}

static char *redact(const struct sb_redactor *redactor, const char *text, size_t max)
{
    struct sb_blob out = { .max = max };
    const size_t size = strlen(text);

    for (size_t at = 0; at < size && !out.is_bad;) {
        struct sb_redact_span span;
        size_t covered = text[at] == '<' ? take_tag(&out, text + at) : 0;
        if (covered == 0 && sb_redact_at(redactor, text, size, at, &span)) {
            sb_blob_add(&out, text + at, span.start - at);
            add_mark(&out);
            covered = span.start + span.size - at;
        }
        if (covered == 0)
            sb_blob_add(&out, text + at, covered = 1);
        at += covered;
    }
    return sb_blob_take(&out);
}

char *sb_redact(const char *text, const char *const *secrets, size_t count, size_t max)
{
    struct sb_redact_secret *named = calloc(count + 1, sizeof *named);
    struct sb_redactor redactor;
    size_t kept = 0;

    if (named == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (secrets[i][0] != '\0')
            named[kept++] = (struct sb_redact_secret){ "secret", secrets[i] };
    sb_redactor_init(&redactor, named, kept, 1);
    char *out = redact(&redactor, text, max);
    free(named);
    return out;
}
