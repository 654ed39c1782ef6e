/* Carrying a letter by HTTP POST: signature or token, and what the receiver's status means. Any thread. It must never follow a redirect, keep a
 * secret or put one into a message. */
#include "letter.h"

#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4096, ANSWER_SHOWN = 100, BEARER_MAX = 4096 };

/* Headers that are made at the moment of sending. */
struct stamp {
    char authorization[BEARER_MAX]; /* holds the secret: wiped */
    char timestamp[24];
    char signature[LETTER_SIGNATURE_SIZE];
};

static enum sb_err add_secret(struct stamp *stamp, const char *secret, const struct letter *letter, struct sb_http_header *headers, size_t *count,
                              struct sb_error *err)
{
    struct sb_text text;
    if (letter->secret == LETTER_SECRET_SIGNATURE) {
        sb_text_init(&text, stamp->timestamp, sizeof stamp->timestamp);
        sb_text_add_i64(&text, sb_wall_now().ns / SB_S(1));
        headers[(*count)++] = (struct sb_http_header){ "X-Signalbox-Timestamp", stamp->timestamp };
        headers[(*count)++] = (struct sb_http_header){ "X-Signalbox-Signature", stamp->signature };
        return sb_letter_sign(secret, stamp->timestamp, letter->body, letter->body_size, stamp->signature, err);
    }
    sb_text_init(&text, stamp->authorization, sizeof stamp->authorization);
    sb_text_add(&text, "Bearer ");
    sb_text_add(&text, secret);
    headers[(*count)++] = (struct sb_http_header){ "Authorization", stamp->authorization };
    return text.is_cut ? sb_error_set(err, SB_ERR_CONFIG, "its secret is longer than %d bytes", BEARER_MAX - 8) : SB_OK;
}

/* The beginning of what the receiver says, unless it says our secret back. */
static void add_answer(struct sb_text *out, const char *body, const char *secret)
{
    char part[ANSWER_SHOWN];
    (void)sb_copy(part, sizeof part, body);
    if (part[0] == '\0' || (secret != NULL && strstr(body, secret) != NULL))
        return;
    sb_text_add(out, ": ");
    sb_words_clean(out, part, false);
}

static enum sb_err judge(const struct sb_http_response *response, const char *secret, struct sb_notify_answer *answer, struct sb_error *err)
{
    char said_buf[4 * ANSWER_SHOWN];
    struct sb_text said;
    const long status = response->status;
    answer->status = (uint16_t)status;
    if (status >= 200 && status < 300)
        return SB_OK;
    answer->retry_after = response->retry_after;
    answer->is_permanent = status != 408 && status != 429 && status < 500;
    sb_text_init(&said, said_buf, sizeof said_buf);
    add_answer(&said, response->body, secret);
    if (status >= 300 && status < 400)
        return sb_error_set(err, SB_ERR_REFUSED, "it answers %ld, a redirect, which is never followed: give the address it leads to", status);
    if (status == 401 || status == 403)
        return sb_error_set(err, SB_ERR_PERMISSION, "it answers %ld%s; is its secret right?", status, said_buf);
    if (status == 429)
        return sb_error_set(err, SB_ERR_RATE_LIMITED, "it answers 429%s", said_buf);
    return sb_error_set(err, answer->is_permanent ? SB_ERR_REFUSED : SB_ERR_UNAVAILABLE, "it answers %ld%s", status, said_buf);
}

enum sb_err sb_carry_post(struct sb_http *http, const struct sb_channel_def *def, const struct sb_notice *notice, const struct letter *letter,
                          const struct sb_op *op, struct sb_notify_answer *answer, struct sb_error *err)
{
    struct sb_http_header headers[LETTER_HEADERS_MAX + 2];
    struct sb_http_response response = { 0 };
    struct stamp stamp;
    char *url = NULL, *secret = NULL;
    size_t count = letter->header_count;
    (void)notice;
    memcpy(headers, letter->headers, count * sizeof headers[0]);
    enum sb_err code = sb_letter_url(def, letter->path, &url, err);
    if (code == SB_OK && letter->secret != LETTER_SECRET_NONE)
        code = sb_secret_read(def->secret, &secret, err);
    if (code == SB_OK && secret != NULL)
        code = add_secret(&stamp, secret, letter, headers, &count, err);
    if (code == SB_OK) {
        const struct sb_http_request request = {
            .method = "POST",
            .url = url,
            .headers = headers,
            .header_count = count,
            .body = letter->body,
            .body_size = letter->body_size,
            .response_max = ANSWER_MAX,
            .cuts_body = true,
            .is_public_only = !def->allows_private,
            .hides_path = true,
            .ca_file = def->ca_file,
        };
        code = sb_http_send(http, &request, op, &response, err);
    }
    if (code == SB_ERR_REFUSED)
        code = sb_error_set(err, code, "its address leads into a private network or to this machine: set allow_private: true when that is meant");
    if (code == SB_OK)
        code = judge(&response, secret, answer, err);
    free(response.body);
    explicit_bzero(&stamp, sizeof stamp);
    sb_secret_free(secret);
    sb_secret_free(url);
    return code;
}

void sb_show_post(const struct sb_channel_def *def, const struct letter *letter, struct sb_text *out)
{
    sb_text_add(out, "POST ");
    sb_letter_url_shown(def, letter->path, out);
    sb_text_add_char(out, '\n');
    for (size_t i = 0; i < letter->header_count; i++)
        sb_text_addf(out, "%s: %s\n", letter->headers[i].name, letter->headers[i].value);
    if (letter->secret == LETTER_SECRET_SIGNATURE)
        sb_text_addf(out, "X-Signalbox-Timestamp: (seconds since 1970)\nX-Signalbox-Signature: v1=(signed with %s)\n", def->secret);
    else if (letter->secret == LETTER_SECRET_BEARER)
        sb_text_addf(out, "Authorization: Bearer (%s)\n", def->secret);
    sb_text_add_char(out, '\n');
    sb_text_add_n(out, letter->body, letter->body_size);
    sb_text_add_char(out, '\n');
}
