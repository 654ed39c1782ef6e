/* The store's fold: journal events become rows. The same for every database: statements are named by number and executed by whoever
 * owns the connection. Private to this room. */
#ifndef SIGNALBOX_STORE_FOLD_H
#define SIGNALBOX_STORE_FOLD_H

#include "signalbox/ports/store.h"

enum sb_fold_sql {
#define X(code, sql) SB_FOLD_SQL_##code,
#include "fold_sql.def"
#undef X
    SB_FOLD_SQL_COUNT
};

/* Key of meta under which stands when a step with its own cadence succeeded last, in ms: the prefix, JOB, a slash, STEP. */
#define SB_FOLD_STEP_KEY "step_done:"
enum { SB_FOLD_STEP_KEY_MAX = 16 + 2 * SB_NAME_MAX };

extern const char *const sb_fold_sql[SB_FOLD_SQL_COUNT];

enum { SB_FOLD_PARAMS_MAX = 11 };

/* Executes one statement inside the open transaction. */
struct sb_fold_exec {
    void *arg;
    enum sb_err (*run)(void *arg, enum sb_fold_sql sql, const struct sb_cell *params, size_t count, struct sb_error *err);
};

/* What the fold remembers between events: the names of jobs and steps, and the highest numbers seen. */
struct sb_fold;
struct sb_fold *sb_fold_create(void); /* NULL when out of memory */
void sb_fold_destroy(struct sb_fold *fold);

/* Numbers that continue over restarts; each is one more than the highest used. */
enum sb_fold_number { SB_FOLD_NEXT_RUN, SB_FOLD_NEXT_SEQ, SB_FOLD_NEXT_FENCE, SB_FOLD_NEXT_ALERT, SB_FOLD_NUMBER_COUNT };
extern const char *const sb_fold_number_keys[SB_FOLD_NUMBER_COUNT]; /* in meta */
void sb_fold_number_set(struct sb_fold *fold, enum sb_fold_number number, uint64_t value);

/* Before the first event of a transaction: forgets what one that was rolled back had pending. */
void sb_fold_begin(struct sb_fold *fold);
/* Writes the event's rows, but for those of jobs, which the flush writes. Idempotent in memory, so that a rolled back batch can be folded
 * again. */
enum sb_err sb_fold_event(struct sb_fold *fold, const struct sb_event *event, const struct sb_fold_exec *exec,
                          struct sb_error *err) SB_MUST_USE;
/* Writes the rows of jobs and the numbers that changed: once per transaction, before its commit; and the answer of the commit. */
enum sb_err sb_fold_flush(struct sb_fold *fold, const struct sb_fold_exec *exec, struct sb_error *err) SB_MUST_USE;
void sb_fold_committed(struct sb_fold *fold);

#endif
