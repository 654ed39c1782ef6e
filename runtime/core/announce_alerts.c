/* The part of the describe stream that tells of incidents, silences, channels and what these have been told. Reads only. */
#include "notices.h"
#include "announce.h"

static void backdate(const struct sb_core *core, struct sb_event *event, sb_ns at)
{
    event->now = at;
    event->wall.ns = core->wall.ns - (core->now - at);
}

enum said sb_say_channel(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->setup.channel_count)
        return SAID_SECTION_OVER;
    const struct sb_channel_rule *channel = &core->setup.channels[item];
    *event = sb_event_make(core, SB_EVENT_CHANNEL_DEFINED);
    event->as.channel_defined.channel = (uint8_t)item;
    event->as.channel_defined.min_severity = channel->min_severity;
    memcpy(event->as.channel_defined.name, channel->name, sizeof(channel->name));
    memcpy(event->as.channel_defined.kind, channel->kind, sizeof(channel->kind));
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

enum said sb_say_rule(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= SB_RULE_COUNT)
        return SAID_SECTION_OVER;
    const struct sb_alert_def *def = &core->alert_defs->rules[item];
    if (part > 0 || !sb_alert_def_is_changed(def, (enum sb_rule)item))
        return SAID_ITEM_OVER;
    *event = sb_event_make(core, SB_EVENT_RULE_DEFINED);
    struct sb_ev_rule_defined *rule = &event->as.rule_defined;
    rule->rule = (uint8_t)item;
    rule->is_off = def->is_off;
    rule->severity = def->has_severity ? def->severity : (uint8_t)SB_SEVERITY_COUNT;
    rule->raise_n = def->raise_n;
    rule->raise_of = def->raise_of;
    rule->clear_n = def->clear_n;
    rule->clear_of = def->clear_of;
    rule->or_n = def->or_n;
    rule->or_of = def->or_of;
    rule->hold = def->hold;
    rule->recover = def->recover;
    rule->repeat = def->repeat;
    memcpy(rule->runbook, def->runbook, sizeof(rule->runbook));
    return SAID_EVENT;
}

enum said sb_say_channel_state(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= core->setup.channel_count)
        return SAID_SECTION_OVER;
    const struct channel *channel = &core->channels[item];
    *event = sb_event_make(core, SB_EVENT_CHANNEL_STATE);
    struct sb_ev_channel_state *state = &event->as.channel_state;
    state->channel = (uint8_t)item;
    state->sent = channel->sent;
    state->failed = channel->failed;
    state->failing = channel->failures;
    state->sent_at = channel->sent_at;
    state->failed_at = channel->failed_at;
    note_copy(state->reason, channel->reason);
    return part == 0 ? SAID_EVENT : SAID_ITEM_OVER;
}

enum said sb_say_silence(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    if (item >= SB_SILENCES_MAX)
        return SAID_SECTION_OVER;
    if (!core->silences[item].is_used || part > 0)
        return SAID_ITEM_OVER;
    *event = sb_silence_event(core, &core->silences[item]);
    return SAID_EVENT;
}

/* Raised, moved, acknowledged, and a word for each channel. */
enum said sb_say_alert(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event)
{
    enum { RAISED, MOVED, ACKED, CHANNELS };
    if (item >= SB_ALERTS_MAX)
        return SAID_SECTION_OVER;
    const struct alert *alert = &core->alerts[item];
    if (!sb_alert_is_open(alert) || part >= CHANNELS + core->setup.channel_count)
        return SAID_ITEM_OVER;
    if (part == RAISED) {
        *event = sb_alert_raised_event(core, alert);
        backdate(core, event, alert->since);
        return SAID_EVENT;
    }
    if (part == MOVED) {
        *event = sb_alert_moved_event(core, alert);
        return alert->state != SB_ALERT_STATE_FIRING || alert->is_flapping || alert->is_stale ? SAID_EVENT : SAID_SKIP;
    }
    if (part == ACKED) {
        *event = sb_alert_acked_event(core, alert, "");
        return alert->is_acked ? SAID_EVENT : SAID_SKIP;
    }
    *event = sb_notice_held_event(core, alert, part - CHANNELS);
    if (core->told[item][part - CHANNELS].notice != SB_NOTICE_KIND_COUNT)
        backdate(core, event, core->told[item][part - CHANNELS].at);
    return SAID_EVENT;
}
