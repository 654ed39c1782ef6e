/* The notification port: writes the letter of a notice and has it carried, once. Owns nothing but borrowed pointers, so any thread may call. It
 * must never retry (the engine does) and never keep anything of a notice or of a secret. */
#include "letter.h"

#include "signalbox/base/assert.h"
#include "signalbox/model/catalogue.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { PREVIEW_HEAD_MAX = 8192 };

struct sb_notify {
    struct sb_http *http;
    const struct sb_channel_def *channels;
    size_t channel_count;
};

static const struct channel_kind {
    letter_write *write;
    letter_carry *carry;
    letter_show *show;
} kinds[] = {
#define X(code, name, carrier) [SB_CHANNEL_##code] = { sb_channel_write_##name, sb_carry_##carrier, sb_show_##carrier },
#include "channels.def"
#undef X
};
_Static_assert(SB_LEN(kinds) == SB_CHANNEL_COUNT, "a row of channels.def per kind of channel");

enum sb_err sb_notify_create(struct sb_notify **out_notify, struct sb_http *http, const struct sb_channel_def *channels, size_t channel_count,
                             struct sb_error *err)
{
    SB_ASSERT(channel_count <= SB_CHANNELS_MAX);
    struct sb_notify *notify = calloc(1, sizeof *notify);
    if (notify == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the notification channels");
    *notify = (struct sb_notify){ .http = http, .channels = channels, .channel_count = channel_count };
    *out_notify = notify;
    return SB_OK;
}

void sb_notify_destroy(struct sb_notify *notify)
{
    free(notify);
}

enum sb_err sb_letter_json(struct letter *letter, const struct sb_channel_def *def, char *json, struct sb_error *err)
{
    if (json == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a message of channel %s", def->name);
    letter->body = json;
    letter->body_size = strlen(json);
    letter->headers[letter->header_count++] = (struct sb_http_header){ "Content-Type", "application/json" };
    return SB_OK;
}

static bool is_of_a_deadman(const struct sb_notice *notice)
{
    return notice->kind == SB_NOTICE_STARTING || notice->kind == SB_NOTICE_ALIVE || notice->kind == SB_NOTICE_STOPPING;
}

static enum sb_err write_letter(const struct sb_channel_def *def, const struct sb_notice *notice, struct letter *letter, struct sb_error *err)
{
    SB_ASSERT(notice->kind < SB_NOTICE_KIND_COUNT && notice->severity < SB_SEVERITY_COUNT && notice->key[0] != '\0');
    *letter = (struct letter){ .path = "" };
    if (notice->kind != SB_NOTICE_TEST && is_of_a_deadman(notice) != (def->kind == SB_CHANNEL_DEADMAN))
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "a %s channel has no message for a notice of kind %s", sb_channel_kind_text(def->kind),
                            sb_notice_kind_text(notice->kind));
    return kinds[def->kind].write(def, notice, sb_wall_now(), letter, err);
}

/* Failures that stay until somebody changes something. What an answer says is decided where it is read. */
static bool is_permanent(enum sb_err code)
{
    return code != SB_ERR_CANCELLED && !sb_err_is_retryable(code);
}

enum sb_err sb_notify_send(struct sb_notify *notify, size_t channel, const struct sb_notice *notice, const struct sb_op *op,
                           struct sb_notify_answer *answer, struct sb_error *err)
{
    SB_ASSERT(channel < notify->channel_count);
    const struct sb_channel_def *def = &notify->channels[channel];
    const struct sb_op within = sb_op_within(op, def->timeout);
    struct letter letter;
    struct sb_error local;
    err = err != NULL ? err : &local;
    *answer = (struct sb_notify_answer){ 0 };
    enum sb_err code = write_letter(def, notice, &letter, err);
    if (code == SB_OK)
        code = kinds[def->kind].carry(notify->http, def, notice, &letter, &within, answer, err);
    free(letter.body);
    if (code == SB_OK)
        return SB_OK;
    answer->is_permanent = answer->is_permanent || (answer->status == 0 && is_permanent(code));
    return sb_error_wrap(err, "channel %s", def->name);
}

enum sb_err sb_notify_preview(struct sb_notify *notify, size_t channel, const struct sb_notice *notice, char **out_text, struct sb_error *err)
{
    SB_ASSERT(channel < notify->channel_count);
    const struct sb_channel_def *def = &notify->channels[channel];
    struct letter letter;
    struct sb_text text;
    enum sb_err code = write_letter(def, notice, &letter, err);
    if (code != SB_OK)
        return err != NULL ? sb_error_wrap(err, "channel %s", def->name) : code;
    const size_t cap = letter.body_size + PREVIEW_HEAD_MAX;
    char *buf = malloc(cap);
    if (buf != NULL) {
        sb_text_init(&text, buf, cap);
        kinds[def->kind].show(def, &letter, &text);
        *out_text = buf;
    } else {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a preview");
    }
    free(letter.body);
    return code;
}
