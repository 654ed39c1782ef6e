/* The secrets of an installation, by value, for as long as something is cleaned of them. */
#ifndef SIGNALBOX_APP_SECRETS_H
#define SIGNALBOX_APP_SECRETS_H

#include "app.h"

#include "signalbox/base/redact.h"

enum { SECRETS_MAX = 192 };
struct secrets {
    struct sb_redact_secret items[SECRETS_MAX]; /* values as they are, and as JSON, XML and addresses write them */
    char names[SECRETS_MAX][64];
    size_t count;
    size_t known, unknown;      /* references that could be read here, and that could not */
    bool is_full;               /* there are more of them than room */
    struct sb_redactor redactor; /* finds them, and what looks like one */
    struct sb_redactor exact;    /* finds them alone */
    struct secrets *before;      /* that a reader may still be in; owned; NULL = none */
};
/* What is read now beside what was known, which stays secret; owns `known`. NULL: there is nothing new, `known` stays the caller's. */
struct secrets *secrets_renew(struct secrets *known, const struct sb_catalogue *catalogue);
/* Reads what the catalogue (may be NULL) refers to; `has_environment`: and every variable whose name sounds like a secret. Any thread. */
void secrets_open(struct secrets *secrets, const struct sb_catalogue *catalogue, bool has_environment);
/* The text without them, for free(); NULL: no memory. Any thread. */
char *secrets_redact(const struct secrets *secrets, const char *text, size_t size);
/* Wipes the values, and those of `before`. */
void secrets_close(struct secrets *secrets);

#endif
