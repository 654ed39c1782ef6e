/* A few connections for queries, each leased by one caller at a time; the same for every database. Private to this room. Any thread. */
#ifndef SIGNALBOX_STORE_SEATS_H
#define SIGNALBOX_STORE_SEATS_H

#include "signalbox/os/os.h"
#include "signalbox/ports/op.h"
#include "signalbox/ports/store.h"

#include <stdint.h>

struct sb_seats {
    struct sb_mutex *mutex;
    struct sb_cond *freed;
    unsigned count;        /* at most 32 */
    uint32_t waiters;
    uint64_t waits_long;
    struct sb_hist waited;
    uint32_t leased, warm; /* bits by seat; warm: its connection is open, so it is preferred */
};

/* False when out of memory; deinit is right in either case. */
bool sb_seats_init(struct sb_seats *seats, unsigned count);
void sb_seats_deinit(struct sb_seats *seats);
/* Waits for a seat within the op; who has it works without a lock. */
enum sb_err sb_seats_lease(struct sb_seats *seats, const struct sb_op *op, unsigned *seat, struct sb_error *err) SB_MUST_USE;
void sb_seats_give_back(struct sb_seats *seats, unsigned seat, bool is_warm);
/* What the port says of the connections. */
void sb_seats_stats(struct sb_seats *seats, struct sb_store_stats *stats);

#endif
