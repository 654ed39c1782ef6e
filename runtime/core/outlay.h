/* How much was spent lately, from the ledger's figures as events tell them. Core thread only. */
#ifndef SIGNALBOX_CORE_OUTLAY_H
#define SIGNALBOX_CORE_OUTLAY_H

#include "signalbox/core/core.h"

enum { OUTLAY_KEPT = 64 };
#define OUTLAY_APART SB_MIN(1) /* so that the ring has an hour */

struct outlay {
    struct {
        sb_ns at;
        int64_t spent;  /* of the day until then, nano-dollars */
    } marks[OUTLAY_KEPT]; /* a ring */
    uint8_t next, count;
    int64_t spent, forecast; /* of the day, as told last */
};

/* Before the rules look at the event. */
void sb_outlay_event(struct sb_core *core, const struct sb_event *event);
/* What came within the span. Less than there was when the day or the process is younger. */
int64_t sb_outlay_within(const struct sb_core *core, sb_ns span);

#endif
