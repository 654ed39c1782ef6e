/* A notice: what a notification channel is told about an incident, once. And a channel: where notices go. Fixed-size values without pointers and
 * constant settings; the core decides which notice is due where, runtime/services/notify turns one into a message. */
#ifndef SIGNALBOX_MODEL_NOTICE_H
#define SIGNALBOX_MODEL_NOTICE_H

#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/limits.h"

#include <stddef.h>

enum {
    SB_CHANNEL_TO_MAX = 16,       /* recipients of one mail channel */
    SB_CHANNEL_LABELS_MAX = 16,   /* labels of one channel */
    SB_NOTICE_KEY_MAX = 64,       /* bytes of a key, NUL included */
    SB_NOTICE_TEXT_MAX = 2048,    /* bytes of the text, NUL included: a digest lists many alerts */
    SB_NOTICE_REMEDY_MAX = 256,   /* bytes of the remedy, NUL included */
};

/* What happened is an enum sb_notice_kind: about an incident (or several of them: digest), or what a dead man's switch is told. */

/* Texts are UTF-8 and may be untrusted: each channel escapes them for its format. Zeroed before it is filled. */
struct sb_notice {
    uint8_t kind;                      /* enum sb_notice_kind */
    uint8_t severity;                  /* enum sb_severity; of an ALIVE: the worst that is firing, DEBUG = nothing is */
    char key[SB_NOTICE_KEY_MAX];       /* of this notice on this channel, the same over its retries: letters, digits and . _ - alone */
    char incident[SB_NOTICE_KEY_MAX];  /* the same for all notices of one incident, same letters; "" = a thread of its own */
    char rule[SB_NAME_MAX];            /* "job_failed"; of a digest "" */
    char subject[SB_NOTE_MAX];         /* what it is about: a job, a component, a site */
    char text[SB_NOTICE_TEXT_MAX];     /* what is wrong; lines end in '\n' */
    char remedy[SB_NOTICE_REMEDY_MAX]; /* what to do about it; may be "" */
    char environment[SB_NAME_MAX];     /* which installation says so: the catalogue's name */
    uint32_t alert;                    /* id for `signalbox alert`, 0 = none */
    uint32_t count;                    /* alerts that this notice stands for, at least 1 */
    struct sb_wall since, at;          /* start of the incident; when the notice was decided */
};

/* The kinds of channels: X(code, text); runtime/services/notify/channels.def has a row for each. */
#define SB_LIST_CHANNEL(X)             \
    X(WEBHOOK, "webhook")              \
    X(SLACK, "slack")                  \
    X(ALERTMANAGER, "alertmanager")    \
    X(NTFY, "ntfy")                    \
    X(SMTP, "smtp")                    \
    X(EXEC, "exec")                    \
    X(DEADMAN, "deadman")
enum sb_channel_kind {
#define SB_CHANNEL_MEMBER(code, text) SB_CHANNEL_##code,
    SB_LIST_CHANNEL(SB_CHANNEL_MEMBER)
#undef SB_CHANNEL_MEMBER
    SB_CHANNEL_COUNT
};
const char *sb_channel_kind_text(unsigned value);

struct sb_pair;

/* One channel. Built by the config room, immutable; strings belong to the catalogue. References to secrets are file:PATH, env:NAME or cred:NAME. */
struct sb_channel_def {
    const char *name;
    uint8_t kind;                      /* enum sb_channel_kind */
    /* Which notices it wants: for the core. A DEADMAN wants STARTING, ALIVE (every `every`) and STOPPING, and nothing else. */
    uint8_t min_severity;              /* enum sb_severity */
    const char *const *rules;          /* names of rules, a '*' stands for any text; none = all */
    size_t rule_count;
    bool sends_resolved;
    uint16_t per_minute;               /* messages; what is more is for a digest */
    sb_ns after;                       /* told only what has fired unacknowledged for so long; 0 = at once */
    sb_ns timeout;                     /* of one attempt; sb_notify_send keeps it */
    /* How it sends. */
    const char *url;                   /* address, or a reference to one that holds a token; all but EXEC */
    const char *secret;                /* reference, or NULL: WEBHOOK: key of the signature; ALERTMANAGER, NTFY: bearer token; SMTP: password */
    const char *ca_file;               /* PEM of the only authorities trusted, or NULL = the system's */
    bool allows_private, allows_insecure;
    const struct sb_pair *labels;      /* added to each message */
    size_t label_count;
    sb_ns every;                       /* ALERTMANAGER: how often the core repeats a firing alert (endsAt is three times that ahead); DEADMAN: ping */
    const char *link;                  /* where people can look, or NULL; ALERTMANAGER: generatorURL */
    const char *topic;                 /* NTFY */
    const char *from, *user;           /* SMTP; user NULL = no login */
    const char *const *to;             /* SMTP */
    size_t to_count;
    const char *const *argv;           /* EXEC; no shell, no templates */
    size_t argc;
};

/* Whether an http or https address names this machine itself: 127.0.0.1, ::1 or localhost. Pure. */
bool sb_channel_url_is_loopback(const char *url);
/* Whether the channel asks for notices of this rule at this severity; a DEADMAN never does. Pure. */
bool sb_channel_wants(const struct sb_channel_def *channel, const char *rule, enum sb_severity severity);

#endif
