/* The sections of the benchmark. Each runs alone in a fresh process, tells its rows through figures.h, and ends the process with
 * give_up() when something that must work does not: a figure of a failed run is no figure. */
#ifndef SIGNALBOX_BENCH_BENCH_H
#define SIGNALBOX_BENCH_BENCH_H

#include "signalbox/base/err.h"

struct bench {
    const char *program; /* the release binary */
    const char *scratch; /* an empty folder for this benchmark, removed at its end */
    const char *source;  /* the checkout: catalogues of the console's sections */
};

void bench_core(const struct bench *bench);
void bench_week(const struct bench *bench);
void bench_dispatch(const struct bench *bench);
void bench_throughput(const struct bench *bench);
void bench_store(const struct bench *bench);
void bench_postgres(const struct bench *bench);
void bench_receipts(const struct bench *bench);
void bench_ledger(const struct bench *bench);
void bench_history(const struct bench *bench);
void bench_start(const struct bench *bench);
void bench_idle(const struct bench *bench);
void bench_keys(const struct bench *bench);
void bench_picture(const struct bench *bench);
void bench_find(const struct bench *bench);
void bench_past(const struct bench *bench);
void bench_browser(const struct bench *bench);

_Noreturn void give_up(const char *format, ...) SB_PRINTF(1, 2);
/* Ends the process with the error's text unless `rc` is SB_OK. */
void must(enum sb_err rc, const char *what, const struct sb_error *err);

#endif
