/* Hashing and the seeded generator. Pure. */
#include "signalbox/base/hash.h"

#include "signalbox/base/assert.h"

__extension__ typedef unsigned __int128 sb_u128;

uint64_t sb_hash_mix(uint64_t value)
{
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9u;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebu;
    value ^= value >> 31;
    return value;
}

uint64_t sb_hash_fold(uint64_t state, uint64_t value)
{
    return sb_hash_mix(state * 0x9e3779b97f4a7c15u + value + 0x632be59bd9b4e019u);
}

uint64_t sb_hash_bytes(const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return sb_hash_mix(hash);
}

uint64_t sb_rng_next(struct sb_rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    return sb_hash_mix(rng->state);
}

uint64_t sb_rng_below(struct sb_rng *rng, uint64_t bound)
{
    SB_ASSERT(bound > 0);
    return (uint64_t)(((sb_u128)sb_rng_next(rng) * bound) >> 64);
}

/* Four bits a step: a 16-entry table, small enough to be written down and checked. */
uint32_t sb_crc32c(uint32_t crc, const void *bytes, size_t count)
{
    static const uint32_t table[16] = {
        0x00000000u, 0x105ec76fu, 0x20bd8edeu, 0x30e349b1u, 0x417b1dbcu, 0x5125dad3u, 0x61c69362u, 0x7198540du,
        0x82f63b78u, 0x92a8fc17u, 0xa24bb5a6u, 0xb21572c9u, 0xc38d26c4u, 0xd3d3e1abu, 0xe330a81au, 0xf36e6f75u,
    };
    const unsigned char *at = bytes;
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ table[crc & 15u];
        crc = crc >> 4 ^ table[crc & 15u];
    }
    return ~crc;
}
