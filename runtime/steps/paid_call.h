/* One LLM call as the budget wants it: held before, settled after. Private to steps. */
#ifndef SIGNALBOX_STEPS_PAID_CALL_H
#define SIGNALBOX_STEPS_PAID_CALL_H

#include "signalbox/ports/step.h"

/* Makes the call with the best alias of the intent that the money pays, and tells the core what it cost or why it failed. `alias` is set to the
 * one that was used, or wanted first; it lives as long as the catalogue. `failure` is set when it fails. */
enum sb_err sb_paid_call(const struct sb_step_env *env, const struct sb_llm_params *params, const char *system, const char *user,
                         const char **alias, struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err) SB_MUST_USE;

#endif
