/* Kind `webhook`: the whole notice as JSON, signed when the channel has a secret. */
#include "letter.h"

#include <string.h>

enum sb_err sb_channel_write_webhook(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                     struct sb_error *err)
{
    (void)now;
    letter->body = sb_words_json(def, notice);
    if (letter->body == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a message of channel %s", def->name);
    letter->body_size = strlen(letter->body);
    letter->headers[0] = (struct sb_http_header){ "Content-Type", "application/json" };
    letter->headers[1] = (struct sb_http_header){ "Idempotency-Key", notice->key };
    letter->header_count = 2;
    letter->secret = def->secret != NULL ? LETTER_SECRET_SIGNATURE : LETTER_SECRET_NONE;
    return SB_OK;
}
