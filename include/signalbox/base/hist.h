/* A log-linear histogram of durations: 16 sub-buckets per power of two, so a percentile is exact to about 6 %.
 * Covers 0 .. 2^63 ns. Fixed size, pure. */
#ifndef SIGNALBOX_BASE_HIST_H
#define SIGNALBOX_BASE_HIST_H

#include "signalbox/base/units.h"

#define SB_HIST_BUCKETS 976

struct sb_hist {
    uint64_t count;
    sb_ns sum; /* saturates */
    sb_ns min, max;
    uint32_t buckets[SB_HIST_BUCKETS];
};

void sb_hist_init(struct sb_hist *hist);
void sb_hist_add(struct sb_hist *hist, sb_ns value); /* negative counts as 0 */
/* How many values are at most `bound`; exact when it is the top of a bucket, else too low by at most that bucket. */
uint64_t sb_hist_up_to(const struct sb_hist *hist, sb_ns bound);
/* Upper bound of the bucket that holds the `permille`-th value (500 = median); 0 when empty. */
sb_ns sb_hist_permille(const struct sb_hist *hist, unsigned permille);

#endif
