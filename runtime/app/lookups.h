/* What a console asks about the past: the `lookup` of its setup. */
#ifndef SIGNALBOX_APP_LOOKUPS_H
#define SIGNALBOX_APP_LOOKUPS_H

#include "verdicts.h"

#include "signalbox/ports/lookup.h"

/* `self` is a struct verdict_source. See signalbox/tui/tui.h. Any thread. */
enum sb_err lookups_answer(const void *self, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                           struct sb_error *err);

#endif
