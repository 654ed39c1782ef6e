/* The fold of incidents, silences and notices. The outbox is these rows: a notice is in them in the same transaction as its event, and what was
 * not taken when the process ended is sent again by the next one. Writer thread only. */
#include "folding.h"

#include "signalbox/base/text.h"

enum sb_err sb_store_on_alert_raised(const struct folding *f)
{
    const struct sb_ev_alert_raised *e = &f->event->as.alert_raised;
    sb_fold_saw(f->fold, SB_FOLD_NEXT_ALERT, e->alert);
    return RUN(f, ALERT_RAISED, sb_cell_int(e->alert), sb_cell_text(sb_rule_text(e->rule)),
               sb_cell_text(sb_severity_text(e->severity)), sb_fold_job_name(f, e->job), sb_cell_text(sb_component_text(e->component)),
               WORDS(e->subject), WORDS(e->text), sb_cell_int(f->at_ms));
}

enum sb_err sb_store_on_alert_cleared(const struct folding *f)
{
    return RUN(f, ALERT_CLEARED, sb_cell_int(f->event->as.alert_cleared.alert), sb_cell_int(f->at_ms));
}

enum sb_err sb_store_on_alert_acked(const struct folding *f)
{
    const struct sb_ev_alert_acked *e = &f->event->as.alert_acked;
    return RUN(f, ALERT_ACKED, sb_cell_int(e->alert), sb_cell_int(f->at_ms), WORDS(e->actor), sb_cell_int(f->at_ms + e->lasts / SB_MS(1)));
}

enum sb_err sb_store_on_alert_unacked(const struct folding *f)
{
    return RUN(f, ALERT_UNACKED, sb_cell_int(f->event->as.alert_unacked.alert));
}

enum sb_err sb_store_on_alert_moved(const struct folding *f)
{
    const struct sb_ev_alert_moved *e = &f->event->as.alert_moved;
    return RUN(f, ALERT_MOVED, sb_cell_int(e->alert), sb_cell_int(e->is_flapping));
}

enum sb_err sb_store_on_breaker_changed(const struct folding *f)
{
    const struct sb_ev_breaker_changed *e = &f->event->as.breaker_changed;
    if (e->state != SB_BREAKER_STATE_TRIPPED)
        return RUN(f, NOT_TRIPPED, WORDS(e->name));
    return RUN(f, TRIPPED, WORDS(e->name), WORDS(e->actor), WORDS(e->reason), sb_cell_int(f->at_ms));
}

enum sb_err sb_store_on_silence_set(const struct folding *f)
{
    const struct sb_ev_silence_set *e = &f->event->as.silence_set;
    return RUN(f, SILENCE_SET, sb_cell_int(e->silence), e->rule < SB_RULE_COUNT ? sb_cell_text(sb_rule_text(e->rule)) : sb_cell_null(),
               WORDS(e->subject), WORDS(e->actor), WORDS(e->reason), sb_cell_int(f->at_ms), sb_cell_int(f->at_ms + e->lasts / SB_MS(1)));
}

enum sb_err sb_store_on_silence_ended(const struct folding *f)
{
    const struct sb_ev_silence_ended *e = &f->event->as.silence_ended;
    return RUN(f, SILENCE_ENDED, sb_cell_int(e->silence), sb_cell_int(f->at_ms), WORDS(e->actor));
}

enum sb_err sb_store_on_channel_defined(const struct folding *f)
{
    const struct sb_ev_channel_defined *e = &f->event->as.channel_defined;
    if (e->channel < SB_CHANNELS_MAX)
        (void)sb_copy(f->fold->channels[e->channel], SB_NAME_MAX, e->name);
    return SB_OK;
}

/* Rows name their channel, because numbers change with the configuration. */
static struct sb_cell channel_name(const struct folding *f, uint8_t channel)
{
    return channel < SB_CHANNELS_MAX ? WORDS(f->fold->channels[channel]) : sb_cell_text("");
}

enum sb_err sb_store_on_notice_queued(const struct folding *f)
{
    const struct sb_ev_notice_queued *e = &f->event->as.notice_queued;
    const struct sb_cell severity = sb_cell_text(sb_severity_text(e->severity)), kind = sb_cell_text(sb_notice_kind_text(e->notice));
    enum sb_err code = RUN(f, NOTICE_QUEUED, sb_fold_integer(f->event->seq), sb_cell_int(e->alert), channel_name(f, e->channel), kind,
                           sb_cell_text(sb_rule_text(e->rule)), severity, sb_cell_int(e->count), sb_cell_int(e->since / SB_MS(1)),
                           WORDS(e->subject), WORDS(e->text), sb_cell_int(f->at_ms));
    if (code || e->notice == SB_NOTICE_DIGEST) /* whom a digest tells of what says notice_joined */
        return code;
    return RUN(f, NOTICE_TOLD, sb_cell_int(e->alert), channel_name(f, e->channel), sb_fold_integer(f->event->seq), kind, severity,
               sb_cell_int(f->at_ms));
}

enum sb_err sb_store_on_notice_joined(const struct folding *f)
{
    const struct sb_ev_notice_joined *e = &f->event->as.notice_joined;
    return RUN(f, NOTICE_TOLD, sb_cell_int(e->alert), channel_name(f, e->channel), sb_fold_integer(e->id),
               sb_cell_text(sb_notice_kind_text(e->notice)), sb_cell_text(sb_severity_text(e->severity)), sb_cell_int(f->at_ms));
}

enum sb_err sb_store_on_notice_sent(const struct folding *f)
{
    const struct sb_ev_notice_sent *e = &f->event->as.notice_sent;
    enum sb_err code = RUN(f, NOTICE_SENT, sb_fold_integer(e->id), sb_cell_int(e->attempt), sb_cell_int(f->at_ms));
    return code ? code : RUN(f, TOLD_DELIVERED, sb_fold_integer(e->id));
}

enum sb_err sb_store_on_notice_failed(const struct folding *f)
{
    const struct sb_ev_notice_failed *e = &f->event->as.notice_failed;
    bool is_over = e->delay == 0;
    return RUN(f, NOTICE_FAILED, sb_fold_integer(e->id), sb_cell_text(is_over ? "failed" : "queued"), sb_cell_int(e->attempt),
               is_over ? sb_cell_int(f->at_ms) : sb_cell_null(), WORDS(e->reason));
}
