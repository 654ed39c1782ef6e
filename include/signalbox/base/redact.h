/* The redactor: finds what must not be passed on in texts of any kind - pages, logs, screens, JSON. Everything that is kept for people goes through
 * it. Pure; any thread. It errs on the side of taking out too much: who reads what is kept looks for the reason of a failure.
 *
 * It knows the values of secrets, and words before a value: Authorization:, Cookie:, Bearer, password=, token=, api_key= and the like, in any
 * quoting; passwords in addresses (scheme://user:password@); keys and tokens by their well-known beginnings. A reference to a secret (env:NAME,
 * file:PATH, cred:NAME) is none. */
#ifndef SIGNALBOX_BASE_REDACT_H
#define SIGNALBOX_BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_redact_secret {
    const char *name;  /* what it is, for "[redacted:NAME]" */
    const char *value; /* NUL-terminated, not empty */
};

struct sb_redactor {
    const struct sb_redact_secret *secrets; /* borrowed, as long as this is used */
    size_t count;
    bool is_exact;        /* only the secrets themselves; no words, no addresses */
    size_t value_min;     /* shorter values behind a word are kept: "sid: 7" */
    uint8_t first[32];    /* which bytes secrets begin with */
};
void sb_redactor_init(struct sb_redactor *redactor, const struct sb_redact_secret *secrets, size_t count, size_t value_min);

/* Bytes [start, start + size) of a text are to be replaced. */
struct sb_redact_span {
    size_t start, size;
    const char *name; /* of the secret, or the word before the value */
};
/* What begins at this byte: the secret itself, or a word and then its value. A secret whose end was cut off is found when 8 of its bytes are left. */
bool sb_redact_at(const struct sb_redactor *redactor, const char *text, size_t size, size_t at, struct sb_redact_span *span);
/* The first span that begins at `from` or later. */
bool sb_redact_next(const struct sb_redactor *redactor, const char *text, size_t size, size_t from, struct sb_redact_span *span);

#endif
