/* What the files of the os room share with each other and with nobody else. */
#ifndef SIGNALBOX_OS_PRIVATE_H
#define SIGNALBOX_OS_PRIVATE_H

#include "signalbox/os/os.h"

#include <time.h>

/* The error code that an errno value stands for. */
enum sb_err os_errno_code(int number);
/* Fills `err` with "cannot VERB PATH: reason" plus `advice` (may be NULL) and returns the code of `number`. */
enum sb_err os_error_path(struct sb_error *err, int number, const char *verb, const char *path, const char *advice);
/* Static text of an errno value; unlike strerror() it may be called from any thread. */
const char *os_errno_text(int number);

/* A duration or a monotonic time as a timespec; negative times become zero. */
struct timespec os_timespec(sb_ns time);

#endif
