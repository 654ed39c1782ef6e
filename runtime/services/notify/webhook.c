/* Kind `webhook`: the whole notice as JSON, signed when the channel has a secret. */
#include "letter.h"

enum sb_err sb_channel_write_webhook(const struct sb_channel_def *def, const struct sb_notice *notice, struct sb_wall now, struct letter *letter,
                                     struct sb_error *err)
{
    (void)now;
    letter->headers[letter->header_count++] = (struct sb_http_header){ "Idempotency-Key", notice->key };
    letter->secret = def->secret != NULL ? LETTER_SECRET_SIGNATURE : LETTER_SECRET_NONE;
    return sb_letter_json(letter, def, sb_words_json(def, notice), err);
}
