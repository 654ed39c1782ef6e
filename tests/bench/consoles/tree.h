/* A contender with everything it started: the benchmark adopts what becomes a daemon, so that a server's figures are in the sum and it is
 * ended with the rest. */
#ifndef SIGNALBOX_BENCH_TREE_H
#define SIGNALBOX_BENCH_TREE_H

#include "signalbox/base/units.h"

#include <stdint.h>

struct tree {
    unsigned count;     /* processes */
    sb_ns cpu;          /* of all their threads, those that ended too */
    uint64_t rss, pss;  /* bytes; read only when asked for */
};

/* Orphans of this process's children become its own. Ends the process when the kernel refuses. */
void tree_adopt(void);
/* The descendants of this process as they are now. A process that ends while it is looked at counts as gone. */
struct tree tree_look(int with_memory);
/* Asks every descendant to end, then ends it, each by its pid, and reaps it. */
void tree_end(void);

#endif
