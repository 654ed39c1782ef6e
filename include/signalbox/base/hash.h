/* Deterministic hashing and a small seeded generator. Not cryptographic. Pure.
 * Mixer: the finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
#ifndef SIGNALBOX_BASE_HASH_H
#define SIGNALBOX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t sb_hash_mix(uint64_t value);
/* Folds `value` into `state`; order matters. */
uint64_t sb_hash_fold(uint64_t state, uint64_t value);
/* FNV-1a over bytes, then mixed. */
uint64_t sb_hash_bytes(const void *bytes, size_t count);

struct sb_rng {
    uint64_t state;
};
uint64_t sb_rng_next(struct sb_rng *rng);
/* Uniform in [0, bound), bound > 0, without modulo bias worth noticing (128-bit multiply). */
uint64_t sb_rng_below(struct sb_rng *rng, uint64_t bound);

/* CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as used by iSCSI and ext4; start with 0. */
uint32_t sb_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
