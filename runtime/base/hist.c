/* Log-linear histogram: values below 16 have their own bucket, above that 16 buckets for each power of two. Pure. */
#include "signalbox/base/hist.h"

#include <string.h>

static unsigned bucket_of(uint64_t value)
{
    if (value < 16)
        return (unsigned)value;
    unsigned high = 63u - (unsigned)__builtin_clzll(value);
    return (high - 3u) * 16u + (unsigned)(value >> (high - 4u) & 15u);
}

static uint64_t bucket_top(unsigned bucket)
{
    if (bucket < 16)
        return bucket;
    unsigned high = bucket / 16u + 3u;
    uint64_t low = (1ull << high) + ((uint64_t)(bucket % 16u) << (high - 4u));
    return low + (1ull << (high - 4u)) - 1u;
}

void sb_hist_init(struct sb_hist *hist)
{
    memset(hist, 0, sizeof(*hist));
}

void sb_hist_add(struct sb_hist *hist, sb_ns value)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    if (hist->count == 0 || (sb_ns)v < hist->min)
        hist->min = (sb_ns)v;
    if ((sb_ns)v > hist->max)
        hist->max = (sb_ns)v;
    hist->count++;
    hist->sum = sb_ns_add(hist->sum, (sb_ns)v);
    hist->buckets[bucket_of(v)]++;
}

uint64_t sb_hist_up_to(const struct sb_hist *hist, sb_ns bound)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < SB_HIST_BUCKETS && bound >= 0 && bucket_top(i) <= (uint64_t)bound; i++)
        seen += hist->buckets[i];
    return bound >= 0 && hist->max <= bound ? hist->count : seen;
}

sb_ns sb_hist_permille(const struct sb_hist *hist, unsigned permille)
{
    if (hist->count == 0)
        return 0;
    uint64_t rank = (hist->count * permille + 999u) / 1000u;
    uint64_t seen = 0;
    if (rank == 0)
        rank = 1;
    for (unsigned i = 0; i < SB_HIST_BUCKETS; i++) {
        seen += hist->buckets[i];
        if (seen >= rank)
            return (sb_ns)bucket_top(i) < hist->max ? (sb_ns)bucket_top(i) : hist->max;
    }
    return hist->max;
}
