/* Mail by SMTP. libcurl lives only in services/net. Runs on the caller's thread with a connection of its own. */
#ifndef SIGNALBOX_PORTS_MAIL_H
#define SIGNALBOX_PORTS_MAIL_H

#include "signalbox/ports/op.h"

#include <stddef.h>

enum { SB_MAIL_TO_MAX = 64 };

struct sb_mail {
    const char *url;                 /* smtp://HOST[:PORT] or smtps://HOST[:PORT] */
    const char *user, *password;     /* NULL = no login; they never go over a connection without TLS */
    const char *ca_file;             /* PEM of the only authorities trusted; NULL = the system's */
    const char *from;                /* addresses without < > */
    const char *const *to;           /* [to_count], at most SB_MAIL_TO_MAX */
    size_t to_count;
    const char *message;             /* RFC 5322, lines end in CRLF */
    size_t message_size;
    bool is_plain_fine;              /* smtp without a login: go on without TLS when the server offers none */
    bool is_some_enough;             /* deliver when only some of the recipients are taken */
};

struct sb_mail_answer {
    long status;                     /* the reply that refused it, 4xx = later, 5xx = never; 0 = accepted, or there was no such reply */
    bool is_insecure;                /* refused by us: the server offers no TLS */
};

/* Hands the mail to the server, once, within the op; after a refusal the goodbye may take that long again. SB_OK: it has taken it. Any thread. */
enum sb_err sb_mail_send(const struct sb_mail *mail, const struct sb_op *op, struct sb_mail_answer *answer, struct sb_error *err) SB_MUST_USE;

#endif
