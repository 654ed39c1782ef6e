/* Whether endpoints obey the output cap that the budget relies on. */
#ifndef SIGNALBOX_APP_CAP_PROBE_H
#define SIGNALBOX_APP_CAP_PROBE_H

#include "app.h"

/* Asks each model that costs something for one token, through the ledger like any call, and fails when it was charged for more: then no call to it
 * has a bounded cost. `*is_proven` when all have obeyed; it stays false when a call could not be made now (no money, no answer), which is no
 * failure of this check. */
enum sb_err cap_probe(const struct installation *in, const struct sb_op *op, bool *is_proven, struct sb_error *err) SB_MUST_USE;

#endif
