/* Alerts: what a rule is by default, how the catalogue may change it, and what the core knows of the channels that tell people. Fixed-size values
 * and constant tables. Pure.
 *
 * The life of an incident, one per rule and subject (research/ecosystem.md B2):
 *
 *        raise_n of the last raise_of looks bad          `hold` is over
 *   OK ------------------------------------> PENDING ----------------> FIRING
 *    ^                                          | good again             |  ^ bad again
 *    |<-----------------------------------------+                        v  |
 *    +------------------------- `recover` is over ------------------ RECOVERING
 *
 * Flags lie over the state: FLAPPING (it changed SB_FLAP_CHANGES times within SB_FLAP_WINDOW; channels hear nothing until it is quiet), STALE
 * (restored, and nobody has looked again since), SILENCED, INHIBITED, ACKED. */
#ifndef SIGNALBOX_MODEL_ALERT_H
#define SIGNALBOX_MODEL_ALERT_H

#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SB_SILENCES_MAX = 16,      /* silences in force at once */
    SB_NOTICES_MAX = 64,       /* notices on their way at once */
    SB_LOOKS_MAX = 16,         /* looks that N-of-M can count */
    SB_FLAP_CHANGES = 3,
};
#define SB_FLAP_WINDOW SB_HOUR(1)
#define SB_FLAP_QUIET SB_HOUR(1)      /* doubles with every return of the same day, up to: */
#define SB_FLAP_QUIET_MAX SB_HOUR(8)

/* LEVEL: a start finds out by itself how things are (a component is probed); a restored incident that nobody has confirmed when the start hold
 * ends is over. EDGE: only something that happens tells (the job's next run). MOMENT: it has no duration, and recovers at once. */
enum sb_rule_look { SB_LOOK_LEVEL, SB_LOOK_EDGE, SB_LOOK_MOMENT };

/* A rule as it is shipped. */
struct sb_rule_info {
    enum sb_rule_look look;
    uint8_t raise_n, raise_of, clear_n, clear_of;
    sb_ns hold, recover;
    uint8_t or_n, or_of;       /* it fires for this, too; 0 = only for raise_n of raise_of */
    const char *remedy;        /* the runbook in a line */
};
extern const struct sb_rule_info sb_rule_infos[SB_RULE_COUNT];

/* What to look at first and what to do, in a sentence or two, and the section of docs/OPERATIONS.md that has the rest. */
struct sb_runbook {
    const char *manual, *text;
};
extern const struct sb_runbook sb_runbooks[SB_RULE_COUNT];

/* A rule as the catalogue wants it. */
struct sb_alert_def {
    bool is_off;
    bool has_severity;
    uint8_t severity;          /* enum sb_severity, in place of the rule's own */
    uint8_t raise_n, raise_of; /* bad looks of the last ones; 1 of 1 by default */
    uint8_t clear_n, clear_of; /* good ones */
    uint8_t or_n, or_of;       /* bad looks that are enough, too, while the catalogue says nothing of `raise`; 0 = none */
    sb_ns hold, recover;
    sb_ns repeat;              /* while it fires and nobody has acknowledged it; 0 = by severity: page 1 h, error 4 h, warn 12 h, info never */
    char runbook[SB_NOTE_MAX]; /* in place of the rule's own, a text or a link; "" = the rule's own */
};
/* Whether the catalogue wants it otherwise than it is shipped. */
bool sb_alert_def_is_changed(const struct sb_alert_def *def, enum sb_rule rule);

/* Two bounds of a figure; 0 = none. */
struct sb_bounds {
    uint32_t warn, error;
};
enum { SB_GAUGES_BOUND = SB_GAUGE_LATENESS }; /* the gauges before it have bounds of the catalogue */

/* What is promised of the runs of all jobs together. SUCCESS: a run that ends, succeeds. PUNCTUALITY: a run starts before it counts as late. */
enum sb_objective { SB_OBJECTIVE_SUCCESS, SB_OBJECTIVE_PUNCTUALITY, SB_OBJECTIVE_COUNT };

struct sb_alerts_def {
    uint16_t objectives[SB_OBJECTIVE_COUNT]; /* share of good runs in 30 days, in 1/10,000 */
    struct sb_alert_def rules[SB_RULE_COUNT];
    struct sb_bounds bounds[SB_GAUGES_BOUND]; /* resource */
    sb_ns queue_wait;          /* queue_wait: what 19 of 20 runs wait at most */
    sb_ns start_hold;          /* nobody is told before that */
    sb_ns group_wait;          /* what fires within it is told together */
    sb_ns ack_for;             /* an acknowledgement without a time of its own expires */
};
/* As shipped: what an empty `alerts:` gives. */
void sb_alerts_def_init(struct sb_alerts_def *alerts);

/* A channel as the core decides by it; what it is and how it is reached is nobody's business here. */
struct sb_channel_rule {
    char name[SB_NAME_MAX];
    char kind[SB_NAME_MAX];
    uint8_t min_severity;      /* enum sb_severity */
    uint32_t rules;            /* bits by enum sb_rule; 0 = all */
    bool groups_itself;        /* Alertmanager: gets every alert by itself, and again every `resend` */
    bool tells_resolved;
    uint16_t per_minute;       /* messages; what is more waits and is told together */
    sb_ns after;               /* told only what has fired so long unacknowledged: escalation; 0 = at once */
    sb_ns resend;              /* groups_itself */
    sb_ns alive_every;         /* a dead-man's switch: pinged so often and told nothing else; 0 = none */
};

_Static_assert(SB_RULE_COUNT <= 32, "a channel's rules are 32 bits: widen them and every shift by a rule");

/* Whether a silence's subject ("" all, "abc" one, "abc*" those that begin so) covers a subject. */
bool sb_silence_covers(const char *pattern, const char *subject);

#endif
