/* The circuit breaker as a pure state machine; see the header for the rule. */
#include "signalbox/core/breaker.h"

#include <string.h>

static const sb_ns window_age = SB_MIN(15), backoff_first = SB_S(30), backoff_max = SB_MIN(15), relapse = SB_MIN(15), probe_limit = SB_S(30);
enum { CALLS_MIN = 5, ROW_MAX = 5, FAILED_PCT = 50, SLOW_PCT = 80, PROBES = 3 };

void sb_breaker_init(struct sb_breaker *breaker)
{
    memset(breaker, 0, sizeof(*breaker));
    breaker->state = SB_BREAKER_STATE_CLOSED;
    breaker->until = SB_NEVER;
    breaker->closed_at = INT64_MIN / 2;
}

bool sb_breaker_is_open(const struct sb_breaker *breaker)
{
    return breaker->state != SB_BREAKER_STATE_CLOSED;
}

static void enter(struct sb_breaker *breaker, enum sb_breaker_state state)
{
    breaker->state = (uint8_t)state;
    breaker->generation++;
    breaker->is_probing = false;
    breaker->probes_ok = 0;
    breaker->until = SB_NEVER;
}

static void open_for(struct sb_breaker *breaker, sb_ns now, sb_ns time)
{
    enter(breaker, SB_BREAKER_STATE_OPEN);
    breaker->until = sb_ns_add(now, time);
}

/* Longer each time it opens again soon after it had closed. */
static void open_again(struct sb_breaker *breaker, sb_ns now, uint64_t jitter)
{
    bool is_relapse = breaker->backoff > 0 && (sb_breaker_is_open(breaker) || now - breaker->closed_at < relapse);
    breaker->backoff = !is_relapse ? backoff_first : breaker->backoff > backoff_max / 2 ? backoff_max : breaker->backoff * 2;
    open_for(breaker, now, breaker->backoff + (sb_ns)(jitter % (uint64_t)(breaker->backoff / 10)));
}

static void close_it(struct sb_breaker *breaker, sb_ns now)
{
    enter(breaker, SB_BREAKER_STATE_CLOSED);
    breaker->count = breaker->next = breaker->failed_in_row = 0;
    breaker->closed_at = now;
}

/* Whether the calls of the window are bad enough. */
static bool is_bad(const struct sb_breaker *breaker, sb_ns now)
{
    unsigned calls = 0, failed = 0, slow = 0;
    for (unsigned i = 0; i < breaker->count; i++) {
        if (now - breaker->at[i] > window_age)
            continue;
        calls++;
        failed += breaker->is_failed[i];
        slow += breaker->is_slow[i];
    }
    return breaker->failed_in_row >= ROW_MAX || (calls >= CALLS_MIN && (failed * 100 >= calls * FAILED_PCT || slow * 100 >= calls * SLOW_PCT));
}

bool sb_breaker_call(struct sb_breaker *breaker, sb_ns now, bool is_failed, bool is_slow, uint64_t jitter)
{
    if (sb_breaker_is_open(breaker)) /* it was under way when the breaker opened; probes speak now */
        return false;
    breaker->is_failed[breaker->next] = is_failed;
    breaker->is_slow[breaker->next] = is_slow;
    breaker->at[breaker->next] = now;
    breaker->next = (uint8_t)((breaker->next + 1) % SB_BREAKER_WINDOW);
    breaker->count = breaker->count < SB_BREAKER_WINDOW ? (uint8_t)(breaker->count + 1) : SB_BREAKER_WINDOW;
    breaker->failed_in_row = !is_failed ? 0 : breaker->failed_in_row < UINT8_MAX ? (uint8_t)(breaker->failed_in_row + 1) : UINT8_MAX;
    if (!is_bad(breaker, now))
        return false;
    open_again(breaker, now, jitter);
    return true;
}

bool sb_breaker_limited(struct sb_breaker *breaker, sb_ns now, sb_ns pause)
{
    if (sb_breaker_is_open(breaker) || pause <= 0)
        return false;
    open_for(breaker, now, pause < backoff_max ? pause : backoff_max);
    return true;
}

bool sb_breaker_due(struct sb_breaker *breaker, sb_ns now, uint64_t jitter)
{
    if (now < breaker->until)
        return false;
    if (breaker->state == SB_BREAKER_STATE_OPEN) {
        enter(breaker, SB_BREAKER_STATE_HALF_OPEN);
        return true;
    }
    if (breaker->state == SB_BREAKER_STATE_HALF_OPEN && breaker->is_probing) {
        open_again(breaker, now, jitter);
        return true;
    }
    return false;
}

bool sb_breaker_probed(struct sb_breaker *breaker, uint32_t generation, sb_ns now, bool is_ok, uint64_t jitter)
{
    if (breaker->state != SB_BREAKER_STATE_HALF_OPEN || generation != breaker->generation || !breaker->is_probing)
        return false;
    breaker->is_probing = false;
    breaker->until = SB_NEVER;
    if (!is_ok) {
        open_again(breaker, now, jitter);
        return true;
    }
    if (++breaker->probes_ok < PROBES)
        return false;
    close_it(breaker, now);
    return true;
}

bool sb_breaker_trip(struct sb_breaker *breaker)
{
    if (breaker->state == SB_BREAKER_STATE_TRIPPED)
        return false;
    enter(breaker, SB_BREAKER_STATE_TRIPPED);
    return true;
}

bool sb_breaker_reset(struct sb_breaker *breaker, sb_ns now)
{
    if (!sb_breaker_is_open(breaker))
        return false;
    close_it(breaker, now);
    return true;
}

bool sb_breaker_wants_probe(const struct sb_breaker *breaker)
{
    return breaker->state == SB_BREAKER_STATE_HALF_OPEN && !breaker->is_probing;
}

void sb_breaker_probing(struct sb_breaker *breaker, sb_ns now)
{
    breaker->is_probing = true;
    breaker->until = sb_ns_add(now, probe_limit);
}

sb_ns sb_breaker_next(const struct sb_breaker *breaker)
{
    return breaker->until;
}
