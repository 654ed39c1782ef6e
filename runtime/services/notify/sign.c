/* The signature of a webhook: HMAC-SHA256 over "TIMESTAMP.BODY". Any thread. */
#include "letter.h"

#include "signalbox/base/sha256.h"

#include <string.h>

_Static_assert(LETTER_SIGNATURE_SIZE == 3 + SB_SHA256_HEX, "v1=, hexadecimal digits, NUL");

void sb_letter_sign(const char *secret, const char *timestamp, const char *body, size_t body_size, char signature[LETTER_SIGNATURE_SIZE])
{
    uint8_t mac[SB_SHA256_BYTES];
    struct sb_hmac hmac;
    sb_hmac_init(&hmac, secret, strlen(secret));
    sb_hmac_add(&hmac, timestamp, strlen(timestamp));
    sb_hmac_add(&hmac, ".", 1);
    sb_hmac_add(&hmac, body, body_size);
    sb_hmac_end(&hmac, mac);
    memcpy(signature, "v1=", 3);
    sb_sha256_digits(mac, sizeof(mac), signature + 3);
}
