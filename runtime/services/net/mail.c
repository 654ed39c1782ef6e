/* Mail by SMTP: one call, one connection, on the caller's thread, so that a mail server that hangs holds up nobody else. It must never send anything
 * twice, follow a proxy of the environment, give a password to a connection without TLS, or put one into a message. */
#include "signalbox/ports/mail.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include "transfer.h"

#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_MAX = 324, POLL_MS_MAX = 3600 * 1000 };

struct upload {
    const char *bytes;
    size_t left;
};

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
    struct upload *upload = arg;
    const size_t room = size * count, taken = upload->left < room ? upload->left : room;
    memcpy(out, upload->bytes, taken);
    upload->bytes += taken;
    upload->left -= taken;
    return taken;
}

static struct curl_slist *recipients(const struct sb_mail *mail)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < mail->to_count; i++) {
        char address[ADDRESS_MAX];
        struct sb_text text;
        sb_text_init(&text, address, sizeof address);
        sb_text_addf(&text, "<%s>", mail->to[i]);
        struct curl_slist *longer = curl_slist_append(list, address);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static CURLcode set_security(CURL *easy, const struct sb_mail *mail)
{
    const bool is_tls_needed = !mail->is_plain_fine || mail->user;
    CURLcode code = sb_transfer_guard(easy, "smtp,smtps");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(is_tls_needed ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (mail->ca_file) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO, mail->ca_file);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (mail->user) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password);
    }
    return code;
}

static CURLcode set_mail(CURL *easy, const struct sb_mail *mail, const struct sb_op *op, struct upload *upload, struct curl_slist *to, char *text)
{
    char from[ADDRESS_MAX];
    struct sb_text address;
    const int left_ms = sb_op_poll_ms(op);
    sb_text_init(&address, from, sizeof from);
    sb_text_addf(&address, "<%s>", mail->from);
    CURLcode code = set_security(easy, mail);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_URL, mail->url);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, mail->is_some_enough ? 1L : 0L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, upload);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message_size);
    if (left_ms >= 0) { /* bounds the goodbye after a refusal, which libcurl waits for; the rest is bounded by the op */
        code = code ? code : curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(left_ms / 1000 + 1));
    }
    return code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text);
}

/* Drives the transfer to its end, or until the op is over. */
static enum sb_err drive(CURLM *multi, const struct sb_op *op, CURLcode *result, struct sb_error *err)
{
    for (;;) {
        int running = 0, left = 0;
        enum sb_err code = sb_op_check(op, "mail", err);
        if (code != SB_OK) {
            return code;
        }
        (void)curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)) != NULL;) {
            if (message->msg == CURLMSG_DONE) {
                *result = message->data.result;
                return SB_OK;
            }
        }
        const int wait_ms = sb_op_poll_ms(op);
        struct curl_waitfd cancel = { .fd = sb_cancel_fd(op->cancel), .events = CURL_WAIT_POLLIN };
        (void)curl_multi_poll(multi, &cancel, cancel.fd >= 0 ? 1 : 0, wait_ms >= 0 && wait_ms < POLL_MS_MAX ? wait_ms : POLL_MS_MAX, NULL);
    }
}

/* libcurl says QUIT when the connection is closed and waits for an answer, in which nobody is interested any more: it finds the end of the stream. */
static void hear_no_more(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RD); /* one that is closed already is as good */
    }
}

static enum sb_err judge(CURL *easy, CURLcode result, const char *target, const char *text, struct sb_mail_answer *answer, struct sb_error *err)
{
    long status = 0;
    const char *said = text[0] ? text : curl_easy_strerror(result);
    if (result == CURLE_OK) {
        return SB_OK;
    }
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    answer->is_insecure = result == CURLE_USE_SSL_FAILED;
    answer->status = status >= 400 ? status : 0;
    if (answer->is_insecure) {
        return sb_error_set(err, SB_ERR_REFUSED, "%s: %s", target, said);
    }
    if (result == CURLE_LOGIN_DENIED) {
        return sb_error_set(err, SB_ERR_PERMISSION, "%s: %s", target, said);
    }
    return sb_error_set(err, status >= 500 ? SB_ERR_REFUSED : sb_transfer_map(result), "%s: %s", target, said);
}

enum sb_err sb_mail_send(const struct sb_mail *mail, const struct sb_op *op, struct sb_mail_answer *answer, struct sb_error *err)
{
    char target[160], text[CURL_ERROR_SIZE] = "";
    struct upload upload = { mail->message, mail->message_size };
    CURLcode result = CURLE_OK;
    SB_ASSERT(mail->to_count > 0 && mail->to_count <= SB_MAIL_TO_MAX && (!mail->user || mail->password));
    *answer = (struct sb_mail_answer){ 0 };
    (void)sb_copy(target, sizeof target, mail->url);
    enum sb_err code = sb_curl_load(err);
    if (code != SB_OK) {
        return code;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return sb_error_set(err, SB_ERR_NOMEM, "libcurl cannot be initialised");
    }
    CURLM *multi = curl_multi_init();
    CURL *easy = curl_easy_init();
    struct curl_slist *to = recipients(mail);
    code = multi && easy && to ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a mail to %s", target);
    if (code == SB_OK && (result = set_mail(easy, mail, op, &upload, to, text)) != CURLE_OK) {
        code = sb_error_set(err, SB_ERR_INVALID, "mail to %s: %s", target, curl_easy_strerror(result));
    }
    if (code == SB_OK && curl_multi_add_handle(multi, easy) != CURLM_OK) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a mail to %s", target);
    } else if (code == SB_OK) {
        code = drive(multi, op, &result, err);
        if (code == SB_OK) {
            hear_no_more(easy);
            code = judge(easy, result, target, text, answer, err);
        } else if (err) {
            (void)sb_error_wrap(err, "%s", target);
        }
        (void)curl_multi_remove_handle(multi, easy);
    }
    curl_easy_cleanup(easy);
    if (multi) {
        (void)curl_multi_cleanup(multi);
    }
    curl_slist_free_all(to);
    curl_global_cleanup();
    return code;
}
