/* Folds incidents, silences and what channels are told. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static void name_copy(char dst[SB_NAME_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NAME_MAX, src);
}

static void note_copy(char dst[SB_NOTE_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NOTE_MAX, src);
}

static sb_ns until_of(const struct sb_event *event, sb_ns lasts)
{
    return lasts > 0 ? sb_ns_add(event->now, lasts) : 0;
}

static struct sb_model_alert *alert_of(struct sb_model *model, uint32_t id)
{
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (model->alerts[i].id == id)
            return &model->alerts[i];
    }
    return NULL;
}

/* A new one, or a known one that got worse: it keeps since when it fires and who was told. */
void sb_fold_alert_raised(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_alert_raised *const ev = &event->as.alert_raised;
    struct sb_model_alert *alert = alert_of(model, ev->alert);
    if (alert == NULL) {
        if (model->alert_count == SB_ALERTS_MAX) {
            model->alerts_dropped++;
            return;
        }
        alert = &model->alerts[model->alert_count++];
        memset(alert, 0, sizeof *alert);
        alert->id = ev->alert;
        alert->state = SB_ALERT_STATE_FIRING;
        alert->since = event->now;
        alert->since_wall = event->wall;
    }
    alert->rule = ev->rule;
    alert->severity = ev->severity;
    alert->component = ev->component;
    alert->job = ev->job;
    name_copy(alert->subject, ev->subject);
    note_copy(alert->text, ev->text);
}

void sb_fold_alert_cleared(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_alert *const alert = alert_of(model, event->as.alert_cleared.alert);
    if (alert == NULL)
        return;
    struct sb_model_alert *const end = &model->alerts[model->alert_count];
    memmove(alert, alert + 1, (size_t)(end - alert - 1) * sizeof *alert);
    model->alert_count--;
    memset(&model->alerts[model->alert_count], 0, sizeof *alert);
}

void sb_fold_alert_acked(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_alert *const alert = alert_of(model, event->as.alert_acked.alert);
    if (alert == NULL)
        return;
    alert->is_acked = true;
    alert->acked_at = event->wall;
    alert->acked_until = until_of(event, event->as.alert_acked.lasts);
    name_copy(alert->acked_by, event->as.alert_acked.actor);
}

void sb_fold_alert_unacked(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_alert *const alert = alert_of(model, event->as.alert_unacked.alert);
    if (alert != NULL)
        alert->is_acked = false;
}

void sb_fold_alert_moved(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_alert_moved *const ev = &event->as.alert_moved;
    struct sb_model_alert *const alert = alert_of(model, ev->alert);
    if (alert == NULL || ev->state >= SB_ALERT_STATE_COUNT)
        return;
    alert->state = ev->state;
    alert->is_flapping = ev->is_flapping;
    alert->is_stale = ev->is_stale;
    alert->until = until_of(event, ev->lasts);
}

static struct sb_model_silence *silence_of(struct sb_model *model, uint32_t id)
{
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        if (model->silences[i].id == id)
            return &model->silences[i];
    }
    return NULL;
}

void sb_fold_silence_set(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_silence_set *const ev = &event->as.silence_set;
    struct sb_model_silence *silence = silence_of(model, ev->silence);
    if (silence == NULL)
        silence = silence_of(model, 0);
    if (silence == NULL)
        return; /* the core has no more of them than the model */
    silence->id = ev->silence;
    silence->rule = ev->rule < SB_RULE_COUNT ? ev->rule : SB_RULE_COUNT;
    silence->until = sb_ns_add(event->now, ev->lasts);
    name_copy(silence->subject, ev->subject);
    name_copy(silence->actor, ev->actor);
    note_copy(silence->reason, ev->reason);
}

void sb_fold_silence_ended(struct sb_model *model, const struct sb_event *event)
{
    struct sb_model_silence *const silence = silence_of(model, event->as.silence_ended.silence);
    if (silence != NULL)
        memset(silence, 0, sizeof *silence);
}

void sb_fold_channel_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_channel_defined *const ev = &event->as.channel_defined;
    if (ev->channel >= SB_CHANNELS_MAX)
        return;
    struct sb_model_channel *const channel = &model->channels[ev->channel];
    channel->is_defined = true;
    channel->min_severity = ev->min_severity;
    name_copy(channel->name, ev->name);
    name_copy(channel->kind, ev->kind);
}

void sb_fold_channel_state(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_channel_state *const ev = &event->as.channel_state;
    if (ev->channel >= SB_CHANNELS_MAX)
        return;
    struct sb_model_channel *const channel = &model->channels[ev->channel];
    channel->sent = ev->sent;
    channel->failed = ev->failed;
    channel->failing = ev->failing;
    channel->sent_at.ns = ev->sent_at;
    channel->failed_at.ns = ev->failed_at;
    note_copy(channel->reason, ev->reason);
}

static struct sb_model_told *told_of(struct sb_model *model, uint32_t id, uint8_t channel)
{
    struct sb_model_alert *const alert = alert_of(model, id);
    return alert != NULL && channel < SB_CHANNELS_MAX ? &alert->told[channel] : NULL;
}

static void tell(struct sb_model *model, const struct sb_event *event, uint32_t alert, uint8_t channel, uint8_t why, uint8_t notice)
{
    struct sb_model_told *const told = told_of(model, alert, channel);
    if (told == NULL || why >= SB_TOLD_COUNT)
        return;
    memset(told, 0, sizeof *told);
    told->why = why;
    told->notice = notice;
    told->at = event->now;
}

void sb_fold_notice_held(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_notice_held *const ev = &event->as.notice_held;
    struct sb_model_told *const told = told_of(model, ev->alert, ev->channel);
    if (told == NULL || ev->why >= SB_TOLD_COUNT)
        return;
    tell(model, event, ev->alert, ev->channel, ev->why, ev->notice);
    told->until = until_of(event, ev->lasts);
    name_copy(told->by, ev->by);
}

void sb_fold_notice_queued(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_notice_queued *const ev = &event->as.notice_queued;
    tell(model, event, ev->alert, ev->channel, SB_TOLD_QUEUED, ev->notice);
}

void sb_fold_notice_joined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_notice_joined *const ev = &event->as.notice_joined;
    tell(model, event, ev->alert, ev->channel, SB_TOLD_QUEUED, ev->notice);
}

/* A digest was about several alerts: whatever waits for this channel's answer has it now. */
static void answered(struct sb_model *model, const struct sb_event *event, uint8_t channel, uint8_t why)
{
    for (uint32_t i = 0; channel < SB_CHANNELS_MAX && i < model->alert_count; i++) {
        struct sb_model_told *const told = &model->alerts[i].told[channel];
        if (told->why == SB_TOLD_QUEUED || told->why == SB_TOLD_FAILED) {
            told->why = why;
            told->at = event->now;
        }
    }
}

static void alert_answered(struct sb_model *model, const struct sb_event *event, uint32_t alert, uint8_t channel, uint8_t notice, uint8_t why)
{
    struct sb_model_told *const told = told_of(model, alert, channel);
    if (notice == SB_NOTICE_DIGEST)
        answered(model, event, channel, why);
    else if (told != NULL && (told->why == SB_TOLD_QUEUED || told->why == SB_TOLD_FAILED))
        tell(model, event, alert, channel, why, notice);
}

void sb_fold_notice_sent(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_notice_sent *const ev = &event->as.notice_sent;
    alert_answered(model, event, ev->alert, ev->channel, ev->notice, SB_TOLD_SENT);
    if (ev->channel >= SB_CHANNELS_MAX)
        return;
    struct sb_model_channel *const channel = &model->channels[ev->channel];
    channel->sent++;
    channel->failing = 0;
    channel->sent_at = event->wall;
}

void sb_fold_notice_failed(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_notice_failed *const ev = &event->as.notice_failed;
    alert_answered(model, event, ev->alert, ev->channel, ev->notice, SB_TOLD_FAILED);
    if (ev->channel >= SB_CHANNELS_MAX)
        return;
    struct sb_model_channel *const channel = &model->channels[ev->channel];
    channel->failed++;
    channel->failing++;
    channel->failed_at = event->wall;
    note_copy(channel->reason, ev->reason);
}
