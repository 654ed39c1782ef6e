/* Thompson sampling over Bernoulli arms. Pure; any thread. Source of the rule: W. R. Thompson, Biometrika 25 (1933). */
#ifndef SIGNALBOX_STEPS_BANDIT_H
#define SIGNALBOX_STEPS_BANDIT_H

#include "signalbox/base/hash.h"

/* What is known of an arm: thousandths of successes and failures so far. */
struct sb_arm {
    int64_t wins_milli, losses_milli;
};

/* A draw from Beta(1 + wins, 1 + losses) as a number from 0 to UINT32_MAX. */
uint32_t sb_arm_sample(struct sb_arm arm, struct sb_rng *rng);

#endif
