/* The clocks of the process. Any thread. No other room reads a clock. */
#include "os_private.h"

#include "signalbox/base/assert.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);

    SB_ASSERT(rc == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

sb_ns sb_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

sb_ns sb_now_with_sleep(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

struct sb_wall sb_wall_now(void)
{
    return (struct sb_wall){ .ns = clock_ns(CLOCK_REALTIME) };
}

sb_ns sb_cpu_time(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

struct timespec os_timespec(sb_ns time)
{
    if (time < 0)
        time = 0;
    return (struct timespec){ .tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000) };
}
