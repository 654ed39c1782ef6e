/* The form of /v1/lookup, for both of its sides. */
#ifndef SIGNALBOX_API_LOOKUP_H
#define SIGNALBOX_API_LOOKUP_H

#include "signalbox/ports/lookup.h"

extern const char *const sb_lookup_kinds[SB_LOOKUP_COUNT];

#endif
