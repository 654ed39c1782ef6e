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
};
/* Reads what the catalogue (may be NULL) refers to; `has_environment`: and every variable whose name sounds like a secret. Any thread. */
void secrets_open(struct secrets *secrets, const struct sb_catalogue *catalogue, bool has_environment);
/* Wipes the values. */
void secrets_close(struct secrets *secrets);

#endif
