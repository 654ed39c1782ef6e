/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104): names of files, effects and cache entries, and the signatures of webhooks. Written here because
 * every start of the program needs it, and the library that has it costs 3 MiB (docs/decisions/0018). No table lookup and no branch depends on
 * the bytes, so that how long it takes tells nothing about a key. Pure; any thread. */
#ifndef SIGNALBOX_BASE_SHA256_H
#define SIGNALBOX_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SB_SHA256_BYTES = 32, SB_SHA256_HEX = 2 * SB_SHA256_BYTES + 1, SB_SHA256_BLOCK = 64 };

struct sb_sha256 {
    uint32_t state[8];
    uint64_t size;                    /* bytes so far */
    uint8_t block[SB_SHA256_BLOCK];   /* the last `size % SB_SHA256_BLOCK` of them */
};
void sb_sha256_init(struct sb_sha256 *hash);
void sb_sha256_add(struct sb_sha256 *hash, const void *bytes, size_t size);
/* Ends it; `hash` can be used again only after another init. */
void sb_sha256_end(struct sb_sha256 *hash, uint8_t digest[SB_SHA256_BYTES]);

/* All at once, as hexadecimal digits with a NUL. */
void sb_sha256_hex(const void *bytes, size_t size, char hex[SB_SHA256_HEX]);
/* Hexadecimal digits of the first `size` bytes of a digest, and a NUL; `hex` holds 2 * size + 1. */
void sb_sha256_digits(const uint8_t *digest, size_t size, char *hex);

/* The same three moves with a key; what is left of the key in memory is wiped at the end. */
struct sb_hmac {
    struct sb_sha256 inner, outer;
};
void sb_hmac_init(struct sb_hmac *hmac, const void *key, size_t size);
void sb_hmac_add(struct sb_hmac *hmac, const void *bytes, size_t size);
void sb_hmac_end(struct sb_hmac *hmac, uint8_t mac[SB_SHA256_BYTES]);

#endif
