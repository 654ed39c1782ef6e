/* Signs of life of loops. Any thread; one atomic word each. */
#include "signalbox/os/os.h"

#include <stdatomic.h>

sb_ns sb_pulse_ask(struct sb_pulse *pulse)
{
    sb_ns asked = 0, now = sb_now();

    if (atomic_compare_exchange_strong(&pulse->asked, &asked, now))
        return 0;
    return now > asked ? now - asked : 0;
}

void sb_pulse_answer(struct sb_pulse *pulse)
{
    atomic_store(&pulse->asked, 0);
}
