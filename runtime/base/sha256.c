/* SHA-256 and HMAC-SHA256, from FIPS 180-4 and RFC 2104. */
#include "signalbox/base/sha256.h"

#include <string.h>

enum { ROUNDS = 64, SIZE_BYTES = 8 };

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_words[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turned(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void spread(const uint8_t *block, uint32_t words[ROUNDS])
{
    for (size_t i = 0; i < 16; i++)
        words[i] = read_word(block + 4 * i);
    for (size_t i = 16; i < ROUNDS; i++) {
        const uint32_t early = words[i - 15], late = words[i - 2];
        words[i] = words[i - 16] + (turned(early, 7) ^ turned(early, 18) ^ early >> 3) + words[i - 7] +
                   (turned(late, 17) ^ turned(late, 19) ^ late >> 10);
    }
}

static void take_block(struct sb_sha256 *hash, const uint8_t *block)
{
    uint32_t words[ROUNDS], s[8];
    spread(block, words);
    memcpy(s, hash->state, sizeof(s));
    for (size_t i = 0; i < ROUNDS; i++) {
        const uint32_t mixed = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25), choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const uint32_t first = s[7] + mixed + choice + round_words[i] + words[i];
        const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        const uint32_t second = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += first;
        s[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++)
        hash->state[i] += s[i];
}

void sb_sha256_init(struct sb_sha256 *hash)
{
    /* of the square roots of the first eight primes */
    static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    memset(hash, 0, sizeof(*hash));
    memcpy(hash->state, start, sizeof(start));
}

void sb_sha256_add(struct sb_sha256 *hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        const size_t used = hash->size % SB_SHA256_BLOCK, room = SB_SHA256_BLOCK - used, taken = size < room ? size : room;
        memcpy(hash->block + used, at, taken);
        hash->size += taken;
        at += taken;
        size -= taken;
        if (used + taken == SB_SHA256_BLOCK)
            take_block(hash, hash->block);
    }
}

void sb_sha256_end(struct sb_sha256 *hash, uint8_t digest[SB_SHA256_BYTES])
{
    static const uint8_t padding[SB_SHA256_BLOCK] = { 0x80 };
    const uint64_t bits = 8 * hash->size;
    const size_t used = hash->size % SB_SHA256_BLOCK, room = SB_SHA256_BLOCK - SIZE_BYTES;
    uint8_t size[SIZE_BYTES];
    for (size_t i = 0; i < SIZE_BYTES; i++)
        size[i] = (uint8_t)(bits >> (8 * (SIZE_BYTES - 1 - i)));
    sb_sha256_add(hash, padding, used < room ? room - used : SB_SHA256_BLOCK + room - used);
    sb_sha256_add(hash, size, sizeof(size));
    for (size_t i = 0; i < SB_SHA256_BYTES; i++)
        digest[i] = (uint8_t)(hash->state[i / 4] >> (8 * (3 - i % 4)));
}

void sb_sha256_digits(const uint8_t *digest, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
}

void sb_sha256_hex(const void *bytes, size_t size, char hex[SB_SHA256_HEX])
{
    struct sb_sha256 hash;
    uint8_t digest[SB_SHA256_BYTES];
    sb_sha256_init(&hash);
    sb_sha256_add(&hash, bytes, size);
    sb_sha256_end(&hash, digest);
    sb_sha256_digits(digest, sizeof(digest), hex);
}

void sb_hmac_init(struct sb_hmac *hmac, const void *key, size_t size)
{
    uint8_t block[SB_SHA256_BLOCK] = { 0 };
    struct sb_sha256 hash;
    if (size > SB_SHA256_BLOCK) {
        sb_sha256_init(&hash);
        sb_sha256_add(&hash, key, size);
        sb_sha256_end(&hash, block);
        explicit_bzero(&hash, sizeof(hash));
    } else if (size > 0) {
        memcpy(block, key, size);
    }
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    sb_sha256_init(&hmac->inner);
    sb_sha256_add(&hmac->inner, block, sizeof(block));
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    sb_sha256_init(&hmac->outer);
    sb_sha256_add(&hmac->outer, block, sizeof(block));
    explicit_bzero(block, sizeof(block));
}

void sb_hmac_add(struct sb_hmac *hmac, const void *bytes, size_t size)
{
    sb_sha256_add(&hmac->inner, bytes, size);
}

void sb_hmac_end(struct sb_hmac *hmac, uint8_t mac[SB_SHA256_BYTES])
{
    sb_sha256_end(&hmac->inner, mac);
    sb_sha256_add(&hmac->outer, mac, SB_SHA256_BYTES);
    sb_sha256_end(&hmac->outer, mac);
    explicit_bzero(hmac, sizeof(*hmac));
}
