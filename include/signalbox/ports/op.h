/* What every blocking call to a service carries: when it must be over, and who may call it off. */
#ifndef SIGNALBOX_PORTS_OP_H
#define SIGNALBOX_PORTS_OP_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stdbool.h>

/* A cancellation token: set once, seen by every waiter. Implemented in os. */
struct sb_cancel;
struct sb_cancel *sb_cancel_create(struct sb_error *err) SB_MUST_USE;
void sb_cancel_destroy(struct sb_cancel *cancel);
/* Any thread, any number of times. The descriptor becomes readable and stays so. */
void sb_cancel_ask(struct sb_cancel *cancel);
bool sb_cancel_is_asked(const struct sb_cancel *cancel);
/* A descriptor for poll(); -1 for NULL. */
int sb_cancel_fd(const struct sb_cancel *cancel);

struct sb_op {
    sb_ns deadline;                 /* monotonic; SB_NEVER = none (only for start-up and shut-down) */
    const struct sb_cancel *cancel; /* may be NULL */
};

/* SB_OK while the operation may go on, else SB_ERR_CANCELLED or SB_ERR_TIMEOUT with a text. */
enum sb_err sb_op_check(const struct sb_op *op, const char *what, struct sb_error *err) SB_MUST_USE;
/* The same operation with a deadline at most `timeout` from now (0 = unchanged). */
struct sb_op sb_op_within(const struct sb_op *op, sb_ns timeout);
/* Milliseconds until the deadline for poll(): 0 when over, -1 for never. Rounded up. */
int sb_op_poll_ms(const struct sb_op *op);

#endif
