/* The outbox of notices: what is on its way to channels. Delivery is the engine's; it gets one notice per channel at a time, in order, under a number
 * that stays the same over retries and restarts. Core thread only. */
#include "notices.h"

enum { ATTEMPTS_MAX = 40 };
#define GIVE_UP_AFTER SB_DAY(1)

struct told *sb_told_of(struct sb_core *core, const struct alert *alert, uint32_t channel)
{
    return &core->told[alert - core->alerts][channel];
}

void sb_notices_forget(struct sb_core *core, const struct alert *alert)
{
    for (uint32_t c = 0; c < SB_CHANNELS_MAX; c++)
        *sb_told_of(core, alert, c) = (struct told){ .notice = SB_NOTICE_KIND_COUNT };
}

void sb_notices_again(struct sb_core *core, const struct alert *alert)
{
    for (uint32_t c = 0; c < core->setup.channel_count; c++) {
        struct told *told = sb_told_of(core, alert, c);
        bool believes_it_fires = told->notice != SB_NOTICE_KIND_COUNT && told->notice != SB_NOTICE_RESOLVED && core->setup.channels[c].tells_resolved;
        if (!believes_it_fires)
            *told = (struct told){ .notice = SB_NOTICE_KIND_COUNT };
    }
}

bool sb_outbox_holds(const struct sb_core *core, uint64_t id)
{
    for (size_t i = 0; i < SB_LEN(core->notices); i++)
        if (core->notices[i].is_used && core->notices[i].id == id)
            return true;
    return false;
}

static struct notice *free_notice(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->notices); i++)
        if (!core->notices[i].is_used)
            return &core->notices[i];
    return NULL;
}

/* The rate: messages come on average `per_minute`, and at most a minute's worth at once. */
sb_ns sb_outbox_free_at(const struct sb_core *core, uint32_t c)
{
    uint16_t per_minute = core->setup.channels[c].per_minute;
    return per_minute == 0 ? core->now : core->channels[c].token_at - (SB_MIN(1) - SB_MIN(1) / per_minute);
}

static void rate_take(struct sb_core *core, uint32_t c)
{
    struct channel *channel = &core->channels[c];
    uint16_t per_minute = core->setup.channels[c].per_minute;
    if (per_minute > 0)
        channel->token_at = (channel->token_at > core->now ? channel->token_at : core->now) + SB_MIN(1) / per_minute;
}

bool sb_outbox_is_full(const struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->notices); i++)
        if (!core->notices[i].is_used)
            return false;
    return true;
}

static struct notice *first_of(struct sb_core *core, uint32_t c)
{
    struct notice *first = NULL;
    for (size_t i = 0; i < SB_LEN(core->notices); i++) {
        struct notice *notice = &core->notices[i];
        if (notice->is_used && notice->channel == c && (first == NULL || notice->id < first->id))
            first = notice;
    }
    return first;
}

static void order_ping(struct sb_core *core, uint32_t c, enum sb_notice_kind kind)
{
    struct sb_order order = sb_order_make(SB_ORDER_SEND_NOTICE);
    order.as.send_notice.channel = (uint8_t)c;
    order.as.send_notice.notice = (uint8_t)kind;
    order.as.send_notice.attempt = 1;
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) /* the worst that fires now: what a watcher elsewhere may make a failure of */
        if (sb_alert_is_open(&core->alerts[i]) && core->alerts[i].severity > order.as.send_notice.severity)
            order.as.send_notice.severity = core->alerts[i].severity;
    core->channels[c].is_alive_in_flight = true;
    sb_core_order(core, &order);
}

sb_ns sb_outbox_send(struct sb_core *core, uint32_t c)
{
    struct notice *notice = first_of(core, c);
    if (notice == NULL || notice->is_in_flight)
        return SB_NEVER;
    if (notice->next_at > core->now)
        return notice->next_at;
    notice->is_in_flight = true;
    notice->attempt++;
    struct sb_order order = sb_order_make(SB_ORDER_SEND_NOTICE);
    struct sb_or_send_notice *send = &order.as.send_notice;
    send->id = notice->id;
    send->alert = notice->alert;
    send->channel = notice->channel;
    send->notice = notice->kind;
    send->rule = notice->rule;
    send->severity = notice->severity;
    send->attempt = notice->attempt;
    send->count = notice->count;
    send->since = notice->since;
    memcpy(send->subject, notice->subject, sizeof(send->subject));
    memcpy(send->text, notice->text, sizeof(send->text));
    sb_core_order(core, &order);
    return SB_NEVER;
}

void sb_outbox_mark(struct sb_core *core, const struct alert *alert, uint32_t c, const struct notice *notice, enum sb_notice_kind kind)
{
    struct told *told = sb_told_of(core, alert, c);
    told->why = SB_TOLD_QUEUED;
    told->until = SB_NEVER;
    told->by[0] = '\0';
    told->notice = (uint8_t)kind;
    told->severity = alert->severity;
    told->id = notice->id;
    told->at = core->now;
}

struct notice *sb_outbox_add(struct sb_core *core, const struct alert *alert, uint32_t c, enum sb_notice_kind kind, uint32_t count,
                             const char *text)
{
    struct notice *notice = free_notice(core);
    if (notice == NULL)
        return NULL;
    *notice = (struct notice){ .is_used = true, .channel = (uint8_t)c, .kind = (uint8_t)kind, .rule = alert->rule, .severity = alert->severity,
                               .alert = alert->id, .count = count, .next_at = core->now, .queued_at = core->now,
                               .since = core->wall.ns - (core->now - alert->since) };
    memcpy(notice->subject, alert->subject, sizeof(notice->subject));
    note_copy(notice->text, text);
    struct sb_event event = sb_event_make(core, SB_EVENT_NOTICE_QUEUED);
    struct sb_ev_notice_queued *queued = &event.as.notice_queued;
    queued->alert = notice->alert;
    queued->channel = notice->channel;
    queued->notice = notice->kind;
    queued->rule = notice->rule;
    queued->severity = notice->severity;
    queued->count = count;
    queued->since = notice->since;
    memcpy(queued->subject, notice->subject, sizeof(queued->subject));
    memcpy(queued->text, notice->text, sizeof(queued->text));
    notice->id = sb_core_emit(core, &event);
    rate_take(core, c);
    return notice;
}

void sb_outbox_ping(struct sb_core *core, uint32_t c, sb_ns *next)
{
    struct channel *channel = &core->channels[c];
    sb_ns every = core->setup.channels[c].alive_every;
    if (core->is_draining) /* the last word has been said */
        return;
    if (channel->alive_at <= core->now) {
        channel->alive_at = core->now + every;
        if (!channel->is_alive_in_flight)
            order_ping(core, c, channel->has_started ? SB_NOTICE_ALIVE : SB_NOTICE_STARTING);
        channel->has_started = true;
    }
    if (channel->alive_at < *next)
        *next = channel->alive_at;
}

/* ---- answers ---- */

static void say_failed(struct sb_core *core, const struct notice *notice, sb_ns delay, const char *reason)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_NOTICE_FAILED);
    struct sb_ev_notice_failed *failed = &event.as.notice_failed;
    failed->id = notice->id;
    failed->alert = notice->alert;
    failed->channel = notice->channel;
    failed->notice = notice->kind;
    failed->attempt = notice->attempt;
    failed->delay = delay;
    memcpy(failed->name, core->setup.channels[notice->channel].name, sizeof(failed->name));
    note_copy(failed->reason, reason);
    sb_core_emit(core, &event);
}

static void say_sent(struct sb_core *core, const struct notice *notice, sb_ns took)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_NOTICE_SENT);
    struct sb_ev_notice_sent *sent = &event.as.notice_sent;
    sent->id = notice->id;
    sent->alert = notice->alert;
    sent->channel = notice->channel;
    sent->notice = notice->kind;
    sent->attempt = notice->attempt;
    sent->took = took;
    memcpy(sent->name, core->setup.channels[notice->channel].name, sizeof(sent->name));
    sb_core_emit(core, &event);
}

static void mark_all(struct sb_core *core, const struct notice *notice, enum sb_told why)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct told *told = &core->told[i][notice->channel];
        if (told->id != notice->id || told->notice == SB_NOTICE_KIND_COUNT)
            continue;
        told->why = (uint8_t)why;
        told->is_delivered |= why == SB_TOLD_SENT;
    }
}

/* 5 s doubling to 10 min, a tenth more or less by the notice's number. */
static sb_ns backoff(const struct sb_core *core, const struct notice *notice)
{
    unsigned doublings = notice->attempt < 8 ? notice->attempt - 1 : 7;
    sb_ns delay = SB_S(5) << doublings;
    uint64_t chance = sb_hash_fold(sb_hash_fold(core->setup.seed, notice->id), notice->attempt);
    return (delay < SB_MIN(10) ? delay : SB_MIN(10)) / 100 * (90 + (sb_ns)(chance % 21));
}

/* Whether it goes well with the channel again. */
static bool take_note(struct sb_core *core, const struct sb_in_notice_done *done)
{
    struct channel *channel = &core->channels[done->channel];
    bool was_failing = channel->failures > 0;
    if (done->is_ok) {
        channel->sent++;
        channel->failures = 0;
        channel->sent_at = core->wall.ns;
        return was_failing;
    }
    channel->failed++;
    channel->failures++;
    channel->failed_at = core->wall.ns;
    note_copy(channel->reason, done->reason);
    return false;
}

static void ping_done(struct sb_core *core, const struct sb_in_notice_done *done, bool is_back)
{
    struct channel *channel = &core->channels[done->channel];
    struct notice ping = { .channel = done->channel, .kind = SB_NOTICE_ALIVE };
    channel->is_alive_in_flight = false;
    ping.attempt = done->is_ok ? 1 : channel->failures;
    if (!done->is_ok)
        say_failed(core, &ping, core->setup.channels[done->channel].alive_every, done->reason);
    else if (is_back) /* that it is alive as always is no news */
        say_sent(core, &ping, done->took);
}

void sb_notices_done(struct sb_core *core, const struct sb_in_notice_done *done)
{
    struct notice *notice = NULL;
    if (done->channel >= core->setup.channel_count)
        return;
    bool is_back = take_note(core, done);
    if (done->id == 0) {
        ping_done(core, done, is_back);
        return;
    }
    for (size_t i = 0; i < SB_LEN(core->notices); i++)
        if (core->notices[i].is_used && core->notices[i].is_in_flight && core->notices[i].id == done->id)
            notice = &core->notices[i];
    if (notice == NULL)
        return;
    notice->is_in_flight = false;
    bool is_over = done->is_ok || done->is_final || notice->attempt >= ATTEMPTS_MAX || core->now - notice->queued_at >= GIVE_UP_AFTER;
    mark_all(core, notice, done->is_ok ? SB_TOLD_SENT : SB_TOLD_FAILED);
    notice->is_used = !is_over;
    if (done->is_ok) {
        say_sent(core, notice, done->took);
    } else {
        sb_ns delay = is_over ? 0 : done->retry_after > 0 ? done->retry_after : backoff(core, notice);
        notice->next_at = core->now + delay;
        say_failed(core, notice, delay, done->reason);
    }
    sb_notices_changed(core);
}

void sb_notices_arrive(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->notices); i++) {
        struct notice *notice = &core->notices[i];
        if (!notice->is_used || !notice->is_in_flight)
            continue;
        mark_all(core, notice, SB_TOLD_SENT);
        notice->is_used = notice->is_in_flight = false;
        sb_notices_changed(core);
    }
}

/* ---- start and end ---- */

void sb_notices_begin(struct sb_core *core)
{
    for (uint32_t c = 0; c < core->setup.channel_count; c++)
        core->channels[c].alive_at = core->now;
    sb_notices_changed(core);
}

void sb_notices_stopping(struct sb_core *core)
{
    for (uint32_t c = 0; c < core->setup.channel_count; c++)
        if (core->setup.channels[c].alive_every > 0)
            order_ping(core, c, SB_NOTICE_STOPPING);
}

static uint32_t channel_of(const struct sb_core *core, const char *name)
{
    for (uint32_t c = 0; c < core->setup.channel_count; c++)
        if (sb_streq(core->setup.channels[c].name, name))
            return c;
    return SB_CHANNELS_MAX; /* no longer configured */
}

static sb_ns ago(const struct sb_core *core, int64_t wall)
{
    return core->now - (wall < core->wall.ns ? core->wall.ns - wall : 0);
}

void sb_notices_restore(struct sb_core *core, const struct sb_in_restore_notice *restored)
{
    uint32_t c = channel_of(core, restored->channel);
    struct notice *notice = free_notice(core);
    if (c == SB_CHANNELS_MAX || notice == NULL || restored->rule >= SB_RULE_COUNT)
        return;
    *notice = (struct notice){ .is_used = true, .channel = (uint8_t)c, .kind = restored->notice, .rule = restored->rule,
                               .severity = restored->severity, .alert = restored->alert, .count = restored->count, .id = restored->id,
                               .attempt = restored->attempt, .next_at = core->now, .queued_at = ago(core, restored->at),
                               .since = restored->since };
    memcpy(notice->subject, restored->subject, sizeof(notice->subject));
    memcpy(notice->text, restored->text, sizeof(notice->text));
}

void sb_notices_restore_told(struct sb_core *core, const struct sb_in_restore_told *restored)
{
    uint32_t c = channel_of(core, restored->channel);
    for (size_t i = 0; i < SB_LEN(core->alerts) && c < SB_CHANNELS_MAX; i++) {
        if (!core->alerts[i].is_used || core->alerts[i].id != restored->alert)
            continue;
        core->told[i][c] = (struct told){ .why = restored->is_delivered ? SB_TOLD_SENT : SB_TOLD_QUEUED, .notice = restored->notice,
                                          .severity = restored->severity, .is_delivered = restored->is_delivered, .id = restored->id,
                                          .at = ago(core, restored->at), .until = SB_NEVER };
        return;
    }
}
