/* What the programs of this comparison share: the local pages, the seeded durations, and how a result is told. A result is one line of
 * JSON on standard output; table.js makes medians and the table of them. peers.js does the same with other people's libraries. */
#ifndef SIGNALBOX_BENCH_PEERS_H
#define SIGNALBOX_BENCH_PEERS_H

#include "bench.h"

#include "signalbox/base/units.h"
#include "signalbox/ports/browser.h"

#include <stddef.h>

enum { PEER_CONTEXTS = 3, PEER_ROWS = 20, PEER_STEPS = 4, PEER_WAITING = 20, PEER_WARM_UP_S = 4, PEER_PATIENCE_S = 60 };

/* One measured series of visits. */
struct peer_visits {
    const char *who, *variant;
    sb_ns *each; /* [count], sorted by the telling */
    size_t count;
    sb_ns wall, cpu;
};
void peer_tell_visits(const struct peer_visits *visits);

/* One run of the pool under saturation. */
struct peer_pool {
    const char *who;
    sb_ns *waits; /* [count], sorted by the telling */
    size_t count, cap;
    unsigned asked, background;
    double seconds;
};
void peer_tell_pool(const struct peer_pool *pool);

/* The same durations for the same number in every contender: 100 to 600 ms. */
unsigned peer_step_ms(uint64_t number);

struct sb_op peer_op(void);
struct sb_browser *peer_browser(void);
struct sb_context *peer_context(struct sb_browser *browser);
/* Navigates to the page of rows and brings title and rows as JSON. */
void peer_read_rows(struct sb_browser *browser, struct sb_context *context, const char *base);
/* Navigates to the page that is done after `ms` and waits for that. */
enum sb_err peer_background_step(struct sb_browser *browser, struct sb_context *context, const char *base, unsigned ms, const struct sb_op *op,
                                 struct sb_error *err);

void peer_serve(void);                                              /* server.c */
void peer_run_visits(const char *base, bool keeps, size_t count);   /* visits.c */
void peer_run_floor(const char *base, bool keeps, size_t count);    /* floor.c */
void peer_run_engine(const char *base, unsigned seconds);           /* pool.c */
void peer_run_fifo(const char *base, unsigned seconds);             /* fifo.c */

#endif
