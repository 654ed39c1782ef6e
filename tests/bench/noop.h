/* The real engine with the real core, its threads, and a step kind that does nothing but tell when its code began. One engine at a time in a
 * process; everything here is for the thread that started it. What must work and does not ends the process. */
#ifndef SIGNALBOX_BENCH_NOOP_H
#define SIGNALBOX_BENCH_NOOP_H

#include "jobs.h"

#include "signalbox/engine/engine.h"

enum { NOOP_ARRIVALS_MAX = 4096 };

/* The first instruction of a step. */
struct noop_arrival {
    sb_ns at;
    uint16_t job;
};

struct sb_engine *noop_start(const struct jobs *jobs, struct sb_store *store);
void noop_stop(struct sb_engine *engine);

/* How many steps have run, and when the first of them did: written before they are counted. */
uint64_t noop_done(void);
const struct noop_arrival *noop_arrivals(void);
/* Until so many have run. */
void noop_wait(uint64_t wanted);

/* Posts the command to run that job now. */
void noop_ask(struct sb_control *control, uint16_t job);
/* Commands are refused until the catalogue is announced: asks for the job `herald` until it has run. Its runs, of which there may be several,
 * are counted nowhere here. */
void noop_begin(struct sb_engine *engine, uint16_t herald);
/* Everything that was decided is on disk. */
void noop_wait_durable(struct sb_store *store, struct sb_engine *engine);

/* The job beside those that are measured. */
enum { NOOP_HERALD = 1000 };
/* `runs` runs of NOOP_HERALD jobs that have no schedule, asked for from this process with a bounded number ahead; with a store until what was
 * decided is on disk. `on_begun` (may be NULL) is called when the engine has begun, before the first run is asked for. */
struct noop_load {
    struct sb_store *store;
    uint16_t workers;
    bool is_effect; /* each step begins only when its start is on disk */
    uint64_t runs;
    void (*on_begun)(void);
};
struct noop_rates {
    double runs, events; /* a second */
};
struct noop_rates noop_throughput(const struct noop_load *load);

#endif
