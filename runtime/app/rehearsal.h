/* What the alert rules, as the catalogue has them now, would have made of the journal. Reads the store alone; sends nothing. */
#ifndef SIGNALBOX_APP_REHEARSAL_H
#define SIGNALBOX_APP_REHEARSAL_H

#include "app.h"

#include "signalbox/model/alert.h"

/* An incident of the rule that is asked for. */
struct rehearsed {
    uint32_t alert;
    uint8_t severity;          /* the worst it had */
    bool is_over, is_flapping;
    int64_t at;                /* wall ns */
    sb_ns lasted;              /* until it was over, or until `to` */
    char subject[SB_NAME_MAX];
    char text[SB_NOTE_MAX];
};

struct rehearsal_tally {
    uint32_t fired, firing, flapped; /* firing: at the end; flapped: of those that fired */
    int64_t last;                    /* wall ns of the last one, 0 = none */
    uint32_t notices[SB_CHANNELS_MAX];
};

struct rehearsal {
    int64_t from, to;          /* wall ns */
    uint8_t rule;              /* whose incidents are kept; SB_RULE_COUNT = none */
    uint64_t events;           /* read */
    uint64_t passed_over;      /* of them, of jobs the catalogue no longer has */
    uint64_t unread;           /* of them, of another version or damaged */
    struct rehearsal_tally rules[SB_RULE_COUNT];
    struct rehearsed *kept;    /* the newest `kept_max`, a ring: number n is at n % kept_max */
    uint32_t kept_max, kept_count; /* kept_count: all that there were */
};

/* Fills the tallies from the journal between `from` and `to`; rule and kept_max are the caller's. Afterwards rehearsal_deinit, also on failure. */
enum sb_err rehearsal_run(struct rehearsal *rehearsal, const struct installation *installation, struct sb_error *err) SB_MUST_USE;
void rehearsal_deinit(struct rehearsal *rehearsal);

#endif
