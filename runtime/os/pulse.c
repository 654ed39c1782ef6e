/* Signs of life of loops. Any thread; atomic words, each with a meaning of its own. */
#include "signalbox/os/os.h"

#include <stdatomic.h>

sb_ns sb_pulse_ask(struct sb_pulse *pulse, bool *must_wake)
{
    sb_ns asked = atomic_load(&pulse->asked), now = sb_now();

    *must_wake = asked != 0 || atomic_load(&pulse->resting) == 0 || now - atomic_load(&pulse->asked_last) >= SB_PULSE_REST_MAX;
    if (!*must_wake)
        return 0;
    if (asked == 0 && atomic_compare_exchange_strong(&pulse->asked, &asked, now)) {
        atomic_store(&pulse->asked_last, now);
        return 0;
    }
    return asked != 0 && now > asked ? now - asked : 0;
}

void sb_pulse_answer(struct sb_pulse *pulse)
{
    atomic_store(&pulse->asked, 0);
}

void sb_pulse_rest(struct sb_pulse *pulse)
{
    atomic_fetch_add(&pulse->resting, 1);
}

void sb_pulse_rise(struct sb_pulse *pulse)
{
    atomic_fetch_sub(&pulse->resting, 1);
    sb_pulse_answer(pulse);
}
