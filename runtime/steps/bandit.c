/* Draws from a beta distribution with whole parameters: the a-th smallest of a + b - 1 uniform numbers is Beta(a, b). Pure. */
#include "bandit.h"

#include <stdlib.h>

enum { DRAWS_MAX = 400 }; /* an arm known better than this is sampled as if known this well: by then it is close to its mean */

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

uint32_t sb_arm_sample(struct sb_arm arm, struct sb_rng *rng)
{
    uint32_t draws[DRAWS_MAX];
    int64_t wins = (arm.wins_milli > 0 ? arm.wins_milli + 500 : 0) / 1000, losses = (arm.losses_milli > 0 ? arm.losses_milli + 500 : 0) / 1000;
    int64_t total = wins + losses;
    if (total > DRAWS_MAX - 1) {
        wins = wins * (DRAWS_MAX - 1) / total;
        losses = DRAWS_MAX - 1 - wins;
    }
    size_t count = (size_t)(wins + losses) + 1; /* a = wins + 1, b = losses + 1 */
    for (size_t i = 0; i < count; i++)
        draws[i] = (uint32_t)(sb_rng_next(rng) >> 32);
    qsort(draws, count, sizeof draws[0], compare);
    return draws[wins];
}
