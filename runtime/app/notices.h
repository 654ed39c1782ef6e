/* From the core's notices to the channels of the catalogue. */
#ifndef SIGNALBOX_APP_NOTICES_H
#define SIGNALBOX_APP_NOTICES_H

#include "app.h"

#include "signalbox/ports/notify.h"

/* What the core decides by, of each channel of the catalogue. */
void notices_rules(const struct sb_catalogue *catalogue, struct sb_channel_rule rules[SB_CHANNELS_MAX]);

/* What the notifier's threads work with; lives as long as the engine. */
struct notices {
    const struct sb_catalogue *catalogue;
    struct sb_notify *notify;
    char origin[24];                                /* begins the keys of this installation's notices */
    struct sb_channel_rule rules[SB_CHANNELS_MAX];  /* what the core decides by */
};
enum sb_err notices_open(struct notices *notices, const struct installation *installation, const char *host, struct sb_error *err) SB_MUST_USE;
void notices_close(struct notices *notices);
/* An sb_notice_send. */
enum sb_err notices_send(void *arg, const struct sb_or_send_notice *order, const struct sb_op *op, sb_ns *retry_after, bool *is_final,
                         struct sb_error *err);

#endif
