/* Digests and signatures by libcrypto. */
#include "signalbox/os/digest.h"
#include "signalbox/os/library.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };
_Static_assert(SB_SHA256_HEX == 2 * DIGEST_BYTES + 1, "two digits for each byte and a NUL");

#define CRYPTO_FUNCTIONS(X) X(EVP_Digest) X(EVP_sha256) X(HMAC)
SB_LIBRARY_DECLARE(crypto, CRYPTO_FUNCTIONS);
SB_LIBRARY_DEFINE(crypto, CRYPTO_FUNCTIONS, SB_FILE_LIBCRYPTO, "SHA-256");

static enum sb_err write_digits(const uint8_t *digest, unsigned size, char hex[SB_SHA256_HEX], struct sb_error *err)
{
    static const char digits[] = "0123456789abcdef";

    if (size != DIGEST_BYTES)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "libcrypto does not do SHA-256: do its settings forbid it?");
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
    return SB_OK;
}

enum sb_err sb_sha256_hex(const void *bytes, size_t size, char hex[SB_SHA256_HEX], struct sb_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned written = 0;

    enum sb_err code = crypto_load(err);
    if (code != SB_OK)
        return code;
    if (crypto.EVP_Digest(bytes, size, digest, &written, crypto.EVP_sha256(), NULL) != 1)
        written = 0;
    return write_digits(digest, written, hex, err);
}

enum sb_err sb_hmac_sha256_hex(const void *key, size_t key_size, const void *bytes, size_t size, char hex[SB_SHA256_HEX], struct sb_error *err)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned written = 0;

    enum sb_err code = crypto_load(err);
    if (code != SB_OK)
        return code;
    if (key_size > INT32_MAX || crypto.HMAC(crypto.EVP_sha256(), key, (int)key_size, bytes, size, mac, &written) == NULL)
        written = 0;
    return write_digits(mac, written, hex, err);
}
