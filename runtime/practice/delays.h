/* Connections that wait for their delay to pass. Private to practice. */
#ifndef SIGNALBOX_PRACTICE_DELAYS_H
#define SIGNALBOX_PRACTICE_DELAYS_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stdbool.h>

struct sb_delays;

/* `resume(connection)` is called on the delays' own thread when the time has come. */
enum sb_err sb_delays_start(struct sb_delays **delays, void (*resume)(void *connection), struct sb_error *err) SB_MUST_USE;
/* Resumes what still waits, takes nothing more, ends the thread. */
void sb_delays_stop(struct sb_delays *delays);
void sb_delays_destroy(struct sb_delays *delays); /* after stop; NULL is fine */
/* The connection is suspended already. False when it cannot be taken: then the caller resumes it. */
bool sb_delays_add(struct sb_delays *delays, void *connection, sb_ns delay);

#endif
