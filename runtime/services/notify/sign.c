/* The signature of a webhook: HMAC-SHA256 over "TIMESTAMP.BODY". Any thread. */
#include "letter.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_SIZE = 32 };
_Static_assert(LETTER_SIGNATURE_SIZE == 3 + 2 * MAC_SIZE + 1, "v1=, hexadecimal digits, NUL");

enum sb_err sb_letter_sign(const char *secret, const char *timestamp, const char *body, size_t body_size, char signature[LETTER_SIGNATURE_SIZE],
                           struct sb_error *err)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct sb_text text;
    const size_t head = strlen(timestamp) + 1;
    unsigned char *message = malloc(head + body_size);
    if (message == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a signature");
    memcpy(message, timestamp, head - 1);
    message[head - 1] = '.';
    memcpy(message + head, body, body_size);
    const bool is_signed = HMAC(EVP_sha256(), secret, (int)strlen(secret), message, head + body_size, mac, &size) != NULL;
    free(message);
    if (!is_signed || size != MAC_SIZE)
        return sb_error_set(err, SB_ERR_BUG, "libcrypto does not sign with SHA-256");
    sb_text_init(&text, signature, LETTER_SIGNATURE_SIZE);
    sb_text_add(&text, "v1=");
    for (unsigned i = 0; i < size; i++) {
        sb_text_add_char(&text, "0123456789abcdef"[mac[i] >> 4]);
        sb_text_add_char(&text, "0123456789abcdef"[mac[i] & 15]);
    }
    return SB_OK;
}
