/* A circuit breaker in front of one dependency: stops asking somebody who does not answer, and asks again carefully. Pure: everything is given.
 *
 *   closed    the last 20 calls of at most 15 minutes are watched; it opens at 5 failures in a row, or when of at least 5 calls half failed or
 *             four fifths were slow
 *   open      nothing passes until its time: 30 s, doubled each time it opens again within 15 minutes of closing, at most 15 minutes, a tenth of it
 *             jitter; or as long as the other side asked for
 *   half_open probes pass, one at a time: a cheap idempotent call, never an effect. Three that succeed close it, one that fails opens it again. A
 *             probe carries the breaker's generation and counts as failed when it does not answer in 30 s; an answer of an older one moves nothing
 *   tripped   open until an operator resets it
 *
 * A reset closes it and keeps the back-off: if it opens again at once, it stays open longer. */
#ifndef SIGNALBOX_CORE_BREAKER_H
#define SIGNALBOX_CORE_BREAKER_H

#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"

#include <stdint.h>

enum { SB_BREAKER_WINDOW = 20 };

struct sb_breaker {
    uint8_t state;          /* enum sb_breaker_state */
    uint8_t count, next;    /* calls in the window; where the next goes */
    uint8_t failed_in_row, probes_ok;
    bool is_probing;
    bool is_failed[SB_BREAKER_WINDOW], is_slow[SB_BREAKER_WINDOW];
    sb_ns at[SB_BREAKER_WINDOW];
    uint32_t generation;    /* grows with each change of state */
    sb_ns until;            /* open: end; half_open: the probe's expiry */
    sb_ns backoff, closed_at;
};

void sb_breaker_init(struct sb_breaker *breaker);
bool sb_breaker_is_open(const struct sb_breaker *breaker); /* nothing but probes may pass */
/* A call ended. `jitter`: any number. Each returns whether the state changed. */
bool sb_breaker_call(struct sb_breaker *breaker, sb_ns now, bool is_failed, bool is_slow, uint64_t jitter);
/* The other side asked for a pause. */
bool sb_breaker_limited(struct sb_breaker *breaker, sb_ns now, sb_ns pause);
/* Its time has come: half-opens, or a probe has expired. */
bool sb_breaker_due(struct sb_breaker *breaker, sb_ns now, uint64_t jitter);
bool sb_breaker_probed(struct sb_breaker *breaker, uint32_t generation, sb_ns now, bool is_ok, uint64_t jitter);
bool sb_breaker_trip(struct sb_breaker *breaker);
bool sb_breaker_reset(struct sb_breaker *breaker, sb_ns now);
/* Whether a probe should be sent now; sending it is told by sb_breaker_probing. */
bool sb_breaker_wants_probe(const struct sb_breaker *breaker);
void sb_breaker_probing(struct sb_breaker *breaker, sb_ns now);
/* When sb_breaker_due is to be called; SB_NEVER = not. */
sb_ns sb_breaker_next(const struct sb_breaker *breaker);

#endif
