/* Takes secrets out of texts that are kept for people: page sources, messages of scripts. Pure. */
#ifndef SIGNALBOX_STEPS_REDACT_H
#define SIGNALBOX_STEPS_REDACT_H

#include <stddef.h>

/* A copy with "[redacted]" in the place of the given secrets, of what follows Authorization:, Cookie:, password=, token= and the like, and of
 * the values of HTML inputs that hold passwords or tokens. malloc'ed; NULL without memory or when the copy would have more than `max` bytes. */
char *sb_redact(const char *text, const char *const *secrets, size_t count, size_t max);

#endif
