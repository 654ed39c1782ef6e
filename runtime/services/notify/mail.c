/* Carrying a letter by SMTP. Any thread; never keeps or shows a password. */
#include "letter.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/mail.h"

static enum sb_err judge(const struct sb_mail_answer *mail, enum sb_err code, struct sb_notify_answer *answer, struct sb_error *err)
{
    answer->status = (uint16_t)mail->status;
    answer->is_permanent = mail->status >= 500 || mail->is_insecure;
    if (mail->is_insecure)
        return sb_error_set(err, code, "the mail server offers no TLS and nothing was sent: use smtps:// or another server; for one on this machine "
                                       "set allow_insecure: true");
    return code;
}

/* All recipients or, when the server refuses one of several for good, those it takes: a wrong address must not keep a page from the others. */
static enum sb_err deliver(const struct sb_channel_def *def, struct sb_mail *mail, const struct sb_op *op, struct sb_mail_answer *mail_answer,
                           struct sb_error *err)
{
    enum sb_err code = sb_mail_send(mail, op, mail_answer, err);
    if (code != SB_ERR_REFUSED || mail_answer->status < 500 || mail->to_count < 2)
        return code;
    const struct sb_error first = *err;
    mail->is_some_enough = true;
    code = sb_mail_send(mail, op, mail_answer, err);
    if (code == SB_OK)
        sb_log(SB_LOG_WARN, "notify", "channel %s: not all of its recipients were taken: %s; the others have the mail", def->name, first.text);
    return code;
}

enum sb_err sb_carry_mail(struct sb_http *http, const struct sb_channel_def *def, const struct sb_notice *notice, const struct letter *letter,
                          const struct sb_op *op, struct sb_notify_answer *answer, struct sb_error *err)
{
    char *url = NULL, *password = NULL;
    struct sb_mail_answer mail_answer = { 0 };
    (void)http;
    (void)notice;
    enum sb_err code = sb_letter_url(def, "", &url, err);
    if (code == SB_OK && letter->secret == LETTER_SECRET_PASSWORD)
        code = sb_secret_read(def->secret, &password, err);
    if (code == SB_OK) {
        struct sb_mail mail = {
            .url = url,
            .user = def->user,
            .password = password,
            .ca_file = def->ca_file,
            .from = def->from,
            .to = def->to,
            .to_count = def->to_count,
            .message = letter->body,
            .message_size = letter->body_size,
            .is_plain_fine = def->allows_insecure,
        };
        code = deliver(def, &mail, op, &mail_answer, err);
        if (code != SB_OK)
            code = judge(&mail_answer, code, answer, err);
    }
    sb_secret_free(password);
    sb_secret_free(url);
    return code;
}

void sb_show_mail(const struct sb_channel_def *def, const struct letter *letter, struct sb_text *out)
{
    sb_text_add(out, "mail by ");
    sb_letter_url_shown(def, "", out);
    if (def->user != NULL)
        sb_text_addf(out, " as %s, password (%s)", def->user, def->secret);
    sb_text_add(out, "\n\n");
    sb_text_add_n(out, letter->body, letter->body_size);
}
