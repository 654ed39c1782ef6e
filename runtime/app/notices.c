/* What the core knows of a channel, and the notice made of an order. */
#include "notices.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The rules a channel is for, as a mask; 0 = all. */
static uint32_t rules_of(const struct sb_channel_def *channel)
{
    uint32_t mask = 0;
    _Static_assert(SB_RULE_COUNT <= 32, "a mask of rules");
    for (unsigned rule = 0; channel->rule_count > 0 && rule < SB_RULE_COUNT; rule++)
        if (sb_channel_wants(channel, sb_rule_text(rule), SB_SEVERITY_PAGE))
            mask |= 1u << rule;
    return mask;
}

static void make_rule(struct sb_channel_rule *rule, const struct sb_channel_def *channel)
{
    *rule = (struct sb_channel_rule){ .min_severity = channel->min_severity,
                                      .rules = rules_of(channel),
                                      .tells_resolved = channel->sends_resolved,
                                      .per_minute = channel->per_minute,
                                      .after = channel->after };
    (void)sb_copy(rule->name, sizeof(rule->name), channel->name);
    (void)sb_copy(rule->kind, sizeof(rule->kind), sb_channel_kind_text(channel->kind));
    if (channel->kind == SB_CHANNEL_ALERTMANAGER) {
        rule->groups_itself = true;
        rule->resend = channel->every;
    } else if (channel->kind == SB_CHANNEL_DEADMAN) {
        rule->alive_every = channel->every;
    }
}

void notices_rules(const struct sb_catalogue *catalogue, struct sb_channel_rule rules[SB_CHANNELS_MAX])
{
    for (size_t i = 0; i < catalogue->channel_count; i++)
        make_rule(&rules[i], &catalogue->channels[i]);
}

enum sb_err notices_open(struct notices *notices, const struct installation *installation, const char *host, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = installation->catalogue;
    const char *folder = installation->paths.state_dir;
    uint64_t hash = sb_hash_fold(sb_hash_bytes(host, strlen(host)), sb_hash_bytes(folder, strlen(folder)));
    *notices = (struct notices){ .catalogue = catalogue };
    (void)snprintf(notices->origin, sizeof(notices->origin), "sb-%012" PRIx64, hash & UINT64_C(0xffffffffffff));
    notices_rules(catalogue, notices->rules);
    return sb_notify_create(&notices->notify, installation->services.http, catalogue->channels, catalogue->channel_count, err);
}

void notices_close(struct notices *notices)
{
    sb_notify_destroy(notices->notify);
    notices->notify = NULL;
}

enum sb_err notices_send(void *arg, const struct sb_or_send_notice *order, const struct sb_op *op, sb_ns *retry_after, bool *is_final,
                         struct sb_error *err)
{
    const struct notices *notices = arg;
    struct sb_notify_answer answer = { 0 };
    struct sb_notice notice;
    bool is_ping = order->id == 0;
    memset(&notice, 0, sizeof(notice));
    notice.kind = order->notice;
    notice.severity = order->severity;
    notice.alert = order->alert;
    notice.count = order->count > 0 ? order->count : 1;
    notice.at = sb_wall_now();
    notice.since.ns = is_ping ? notice.at.ns : order->since;
    (void)sb_copy(notice.environment, sizeof(notice.environment), notices->catalogue->name);
    if (is_ping) {
        (void)snprintf(notice.key, sizeof(notice.key), "%s-%" PRId64, notices->origin, notice.at.ns / SB_MS(1));
    } else {
        (void)snprintf(notice.key, sizeof(notice.key), "%s-%" PRIu64, notices->origin, order->id);
        if (order->notice != SB_NOTICE_DIGEST) {
            (void)snprintf(notice.incident, sizeof(notice.incident), "%s-alert-%" PRIu32, notices->origin, order->alert);
            (void)sb_copy(notice.rule, sizeof(notice.rule), sb_rule_text(order->rule));
            (void)sb_copy(notice.subject, sizeof(notice.subject), order->subject);
        }
        (void)sb_copy(notice.text, sizeof(notice.text), order->text);
        (void)sb_copy(notice.remedy, sizeof(notice.remedy), sb_rule_infos[order->rule].remedy);
    }
    enum sb_err rc = sb_notify_send(notices->notify, order->channel, &notice, op, &answer, err);
    *retry_after = answer.retry_after;
    *is_final = answer.is_permanent;
    return rc;
}
