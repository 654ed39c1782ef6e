/* Leasing of the connections for queries. */
#include "seats.h"

#include "signalbox/base/assert.h"

#define SLICE SB_MS(50)
#define LONG_WAIT SB_S(1)

bool sb_seats_init(struct sb_seats *seats, unsigned count)
{
    SB_ASSERT(count <= 32);
    *seats = (struct sb_seats){ .mutex = sb_mutex_create(SB_RANK_STORE), .freed = sb_cond_create(), .count = count };
    sb_hist_init(&seats->waited);
    return seats->mutex && seats->freed;
}

void sb_seats_deinit(struct sb_seats *seats)
{
    SB_ASSERT(seats->leased == 0);
    sb_cond_destroy(seats->freed);
    sb_mutex_destroy(seats->mutex);
    *seats = (struct sb_seats){ 0 };
}

/* `count` when all are leased. */
static unsigned find_free(const struct sb_seats *seats)
{
    unsigned found = seats->count;
    for (unsigned i = 0; i < seats->count; i++)
        if ((seats->leased >> i & 1u) == 0 && (found == seats->count || (seats->warm >> i & 1u) != 0))
            found = i;
    return found;
}

/* A cancellation has no condition variable to wake, so the wait is cut into slices. */
enum sb_err sb_seats_lease(struct sb_seats *seats, const struct sb_op *op, unsigned *seat, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    const sb_ns since = sb_now();
    sb_mutex_lock(seats->mutex);
    unsigned found = find_free(seats);
    seats->waiters++;
    while (found == seats->count && !code) {
        struct sb_op slice = sb_op_within(op, SLICE);
        (void)sb_cond_wait(seats->freed, seats->mutex, slice.deadline);
        found = find_free(seats);
        if (found == seats->count)
            code = sb_op_check(op, "waiting for a reader of the store", err);
    }
    const sb_ns waited = sb_now() - since;
    seats->waiters--;
    seats->waits_long += waited >= LONG_WAIT ? 1 : 0;
    sb_hist_add(&seats->waited, waited);
    if (found < seats->count) {
        seats->leased |= 1u << found;
        *seat = found;
        code = SB_OK;
    }
    sb_mutex_unlock(seats->mutex);
    return code;
}

void sb_seats_give_back(struct sb_seats *seats, unsigned seat, bool is_warm)
{
    const uint32_t bit = 1u << seat;
    sb_mutex_lock(seats->mutex);
    SB_ASSERT((seats->leased & bit) != 0);
    seats->leased &= ~bit;
    seats->warm = is_warm ? seats->warm | bit : seats->warm & ~bit;
    sb_mutex_unlock(seats->mutex);
    sb_cond_signal(seats->freed);
}

void sb_seats_stats(struct sb_seats *seats, struct sb_store_stats *stats)
{
    sb_mutex_lock(seats->mutex);
    stats->readers_max = seats->count;
    stats->readers_open = (uint32_t)__builtin_popcount(seats->warm | seats->leased);
    stats->readers_leased = (uint32_t)__builtin_popcount(seats->leased);
    stats->reader_waiters = seats->waiters;
    stats->reader_waits_long = seats->waits_long;
    stats->reader_wait = seats->waited;
    sb_mutex_unlock(seats->mutex);
}
