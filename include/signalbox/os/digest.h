/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) by OpenSSL's libcrypto, which is loaded when the first one is asked for (docs/decisions/0018).
 * For what must be the same everywhere and for ever: ids of effects, keys of cached answers, signatures. Any thread. SB_ERR_UNAVAILABLE: the
 * library cannot be loaded. */
#ifndef SIGNALBOX_OS_DIGEST_H
#define SIGNALBOX_OS_DIGEST_H

#include "signalbox/base/err.h"

#include <stddef.h>

enum { SB_SHA256_HEX = 65 }; /* hexadecimal digits and a NUL */

enum sb_err sb_sha256_hex(const void *bytes, size_t size, char hex[SB_SHA256_HEX], struct sb_error *err) SB_MUST_USE;
enum sb_err sb_hmac_sha256_hex(const void *key, size_t key_size, const void *bytes, size_t size, char hex[SB_SHA256_HEX],
                               struct sb_error *err) SB_MUST_USE;

#endif
