/* One GET over the Unix socket of a runtime, without an HTTP library: what a status line asks every few seconds must cost nothing. HTTP/1.0, so
 * that the answer comes as it is and ends with the connection. */
#ifndef SIGNALBOX_APP_FETCH_H
#define SIGNALBOX_APP_FETCH_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>

/* Connects and sends the request; *fd is the caller's to close. */
enum sb_err fetch_begin(const char *socket_path, const char *target, int *fd, struct sb_error *err) SB_MUST_USE;
/* The whole answer until `deadline` (monotonic): its status and its body, NUL-terminated, for free(). More than `max` bytes is SB_ERR_TOO_LARGE. */
enum sb_err fetch(const char *socket_path, const char *target, sb_ns deadline, size_t max, unsigned *status, char **body,
                  struct sb_error *err) SB_MUST_USE;

#endif
