/* The signature of a webhook: HMAC-SHA256 over "TIMESTAMP.BODY". Any thread. */
#include "letter.h"

#include "signalbox/os/digest.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(LETTER_SIGNATURE_SIZE == 3 + SB_SHA256_HEX, "v1=, hexadecimal digits, NUL");

enum sb_err sb_letter_sign(const char *secret, const char *timestamp, const char *body, size_t body_size, char signature[LETTER_SIGNATURE_SIZE],
                           struct sb_error *err)
{
    const size_t head = strlen(timestamp) + 1;
    char *message = malloc(head + body_size);
    if (message == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a signature");
    memcpy(message, timestamp, head - 1);
    message[head - 1] = '.';
    memcpy(message + head, body, body_size);
    memcpy(signature, "v1=", 3);
    enum sb_err code = sb_hmac_sha256_hex(secret, strlen(secret), message, head + body_size, signature + 3, err);
    free(message);
    return code;
}
