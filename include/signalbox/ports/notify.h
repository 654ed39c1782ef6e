/* The notification port: sends one notice through one channel, once. No queue, no retry and no memory of what was sent: the core decides what is
 * due, the outbox keeps it, the engine tries again. A notice may arrive twice (at-least-once); its key is in every message. */
#ifndef SIGNALBOX_PORTS_NOTIFY_H
#define SIGNALBOX_PORTS_NOTIFY_H

#include "signalbox/model/notice.h"
#include "signalbox/ports/op.h"

struct sb_http;
struct sb_notify;

/* What became of an attempt. Filled on success and on failure. */
struct sb_notify_answer {
    sb_ns retry_after;   /* what the receiver asked for, at most a day; 0 = it did not say */
    uint16_t status;     /* of HTTP or SMTP, or the program's exit code; 0 = there was no answer */
    bool is_permanent;   /* trying again is of no use before somebody changes something: a refusal, a mistake in the settings */
};

/* `http` and `channels` (at most SB_CHANNELS_MAX) are borrowed for the life of the object. Opens nothing; secrets are read at each call, so that a
 * changed file works. */
enum sb_err sb_notify_create(struct sb_notify **notify, struct sb_http *http, const struct sb_channel_def *channels, size_t channel_count,
                             struct sb_error *err) SB_MUST_USE;
void sb_notify_destroy(struct sb_notify *notify);

/* Sends `notice` through channels[channel] within the op and the channel's timeout. Any thread, several at once. SB_OK: the receiver has accepted it.
 * The failure's text names the channel and never holds a secret, nor the notice unless the receiver repeats it. SB_ERR_UNSUPPORTED: this kind of
 * channel has no message for this kind of notice (answer->is_permanent); nothing was sent. */
enum sb_err sb_notify_send(struct sb_notify *notify, size_t channel, const struct sb_notice *notice, const struct sb_op *op,
                           struct sb_notify_answer *answer, struct sb_error *err) SB_MUST_USE;

/* What sb_notify_send would send, as text for people: secrets are hidden, nothing is sent or read. The caller's to free(). */
enum sb_err sb_notify_preview(struct sb_notify *notify, size_t channel, const struct sb_notice *notice, char **text,
                              struct sb_error *err) SB_MUST_USE;

/* Where a channel leads, for people: the address without what may be secret in it, a reference as it is, a program. */
struct sb_text;
void sb_notify_target(const struct sb_channel_def *channel, struct sb_text *out);

#endif
