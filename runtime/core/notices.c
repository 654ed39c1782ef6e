/* Who is told what of an incident, and when. Each alert and channel has one answer to "why not yet", which is an event when it changes; what is to
 * be told goes into the outbox (outbox.c). Core thread only.
 *
 *   fires -> group_wait -> FIRING -> REPEAT ... -> RESOLVED (only where something was delivered)
 *                            |-> ESCALATED (graver)   |-> FLAPPING (then nothing until it is quiet)
 *
 * Source of the rules: research/ecosystem.md B2. */
#include "notices.h"

enum { DIGEST_FROM = 4, DIGEST_MAX = 20, EVENTS_PER_LOOK = 8 };

/* What a channel is to be told of an alert now. */
struct want {
    bool is_due;
    uint8_t notice;        /* enum sb_notice_kind; SB_NOTICE_KIND_COUNT = nothing */
    uint8_t why;           /* enum sb_told: why not yet */
    sb_ns at;              /* when it is due, or `why` ends; SB_NEVER */
    const char *by;
};

void sb_notices_changed(struct sb_core *core)
{
    if (core->setup.channel_count > 0)
        sb_timer_set(core, timer_single(core, TIMER_NOTICES), core->now);
}

/* ---- what follows from what ---- */

static uint32_t components_of(const struct sb_core *core, const struct alert *alert)
{
    uint32_t mask = 0;
    if (alert->rule == SB_RULE_CONTEXT_POOL_SATURATED || alert->rule == SB_RULE_BROWSER_MEMORY)
        mask |= 1u << SB_COMPONENT_BROWSER;
    if (alert->rule == SB_RULE_LLM_FAILURES || alert->rule == SB_RULE_LLM_ACCOUNT)
        mask |= 1u << SB_COMPONENT_LLM;
    if (alert->rule == SB_RULE_RESOURCE && alert->component < SB_COMPONENT_COUNT)
        mask |= 1u << alert->component;
    if (alert->job == SB_NO_JOB)
        return mask;
    for (uint8_t i = 0; i < job_def(core, alert->job)->step_count; i++) {
        const struct sb_step_def *step = step_def(core, alert->job, i);
        mask |= step->needs | (step->needs_context ? 1u << SB_COMPONENT_BROWSER : 0u);
    }
    return mask;
}

static bool works_on(const struct sb_core *core, const struct alert *alert, const char *site)
{
    if (alert->job == SB_NO_JOB)
        return false;
    for (uint8_t i = 0; i < job_def(core, alert->job)->step_count; i++) {
        const struct sb_step_def *step = step_def(core, alert->job, i);
        if (step->site != 0 && step->site <= core->setup.site_count && sb_streq(core->setup.sites[step->site - 1], site))
            return true;
    }
    return false;
}

/* The incident that this one follows from, or NULL: a dependency of it is down; that a job keeps failing is no news to who was told of its failure
 * as gravely. */
static const struct alert *cause_of(const struct sb_core *core, const struct alert *alert)
{
    uint32_t needs = components_of(core, alert);
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        const struct alert *other = &core->alerts[i];
        if (!sb_alert_is_open(other) || other == alert)
            continue;
        if (other->rule == SB_RULE_DEP_DOWN && other->component < SB_COMPONENT_COUNT && (needs >> other->component & 1u) != 0)
            return other;
        if (alert->rule == SB_RULE_JOB_FAILING_STREAK && other->rule == SB_RULE_JOB_FAILED && other->severity >= alert->severity &&
            sb_streq(other->subject, alert->subject))
            return other;
        if (other->rule == SB_RULE_SITE_DOWN && works_on(core, alert, other->subject))
            return other;
    }
    return NULL;
}

/* ---- one alert, one channel ---- */

static sb_ns repeat_after(const struct sb_core *core, const struct alert *alert, const struct sb_channel_rule *channel)
{
    const struct sb_alert_def *def = &core->alert_defs->rules[alert->rule];
    if (channel->groups_itself)
        return channel->resend > 0 ? channel->resend : SB_MIN(1);
    if (def->repeat > 0)
        return def->repeat;
    switch ((enum sb_severity)alert->severity) {
    case SB_SEVERITY_PAGE:
        return SB_HOUR(1);
    case SB_SEVERITY_ERROR:
        return SB_HOUR(4);
    case SB_SEVERITY_WARN:
        return SB_HOUR(12);
    case SB_SEVERITY_INFO:
    case SB_SEVERITY_DEBUG:
    case SB_SEVERITY_COUNT:
        break;
    }
    return SB_NEVER;
}

/* What would be told if nothing kept it. */
static struct want plain_want(const struct sb_core *core, const struct alert *alert, uint32_t c)
{
    const struct sb_channel_rule *channel = &core->setup.channels[c];
    const struct told *told = &core->told[alert - core->alerts][c];
    uint8_t as_told = told->notice == SB_NOTICE_KIND_COUNT ? (uint8_t)SB_TOLD_NOTHING : told->why;
    struct want nothing = { .notice = SB_NOTICE_KIND_COUNT, .why = as_told, .at = SB_NEVER, .by = "" };
    struct want want = { .why = SB_TOLD_GROUPING, .at = core->now, .by = "" };
    bool has_told = told->notice != SB_NOTICE_KIND_COUNT && told->notice != SB_NOTICE_RESOLVED;

    if (!sb_alert_is_open(alert)) {
        want.notice = SB_NOTICE_RESOLVED;
        if (alert->is_flapping && !channel->groups_itself) /* when it has been quiet */
            return nothing;
        return has_told && channel->tells_resolved && (told->is_delivered || sb_outbox_holds(core, told->id)) ? want : nothing;
    }
    if (!has_told) {
        want.notice = alert->is_flapping ? SB_NOTICE_FLAPPING : SB_NOTICE_FIRING;
        want.at = sb_ns_add(sb_ns_add(alert->since, core->alert_defs->group_wait), channel->after);
        if (channel->after > 0)
            want.why = SB_TOLD_LATER;
        return alert->state == SB_ALERT_STATE_FIRING || alert->is_flapping ? want : nothing;
    }
    if (alert->severity > told->severity) {
        want.notice = SB_NOTICE_ESCALATED;
    } else if (alert->is_flapping && told->notice != SB_NOTICE_FLAPPING && !channel->groups_itself) {
        want.notice = SB_NOTICE_FLAPPING;
    } else if (alert->state == SB_ALERT_STATE_FIRING && (!alert->is_flapping || channel->groups_itself)) {
        want.notice = SB_NOTICE_REPEAT;
        want.why = told->why;
        want.at = sb_ns_add(told->at, repeat_after(core, alert, channel));
    } else {
        return nothing;
    }
    return want;
}

/* What keeps it. False: nothing does. */
static bool is_kept(const struct sb_core *core, const struct alert *alert, uint32_t c, const struct alert *cause, struct want *want)
{
    const struct sb_channel_rule *channel = &core->setup.channels[c];
    const struct silence *silence = sb_silence_of(core, alert);
    sb_ns until = SB_NEVER;

    if ((channel->rules != 0 && (channel->rules >> alert->rule & 1u) == 0) ||
        (alert->rule == SB_RULE_CHANNEL_FAILING && sb_streq(alert->subject, channel->name))) {
        want->why = SB_TOLD_RULE;
    } else if (alert->severity < channel->min_severity) {
        want->why = SB_TOLD_SEVERITY;
    } else if (silence != NULL) {
        want->why = SB_TOLD_SILENCED;
        want->by = silence->actor;
        until = silence->until;
    } else if (cause != NULL) {
        want->why = SB_TOLD_INHIBITED;
        want->by = cause->subject;
    } else if (alert->is_acked && want->notice != SB_NOTICE_ESCALATED && !channel->groups_itself) {
        want->why = SB_TOLD_ACKED;
        want->by = alert->acked_by;
        until = alert->acked_until;
    } else if (core->now < core->start_hold_ends) {
        want->why = SB_TOLD_START_HOLD;
        until = core->start_hold_ends;
    } else {
        return false;
    }
    want->at = until;
    return true;
}

static struct want want_of(const struct sb_core *core, const struct alert *alert, uint32_t c, const struct alert *cause)
{
    struct want want = plain_want(core, alert, c);
    if (want.notice == SB_NOTICE_KIND_COUNT)
        return want;
    want.is_due = (want.notice == SB_NOTICE_RESOLVED || !is_kept(core, alert, c, cause, &want)) && want.at <= core->now;
    return want;
}

struct sb_event sb_notice_held_event(const struct sb_core *core, const struct alert *alert, uint32_t channel)
{
    const struct told *told = &core->told[alert - core->alerts][channel];
    struct sb_event event = sb_event_make(core, SB_EVENT_NOTICE_HELD);
    event.as.notice_held.alert = alert->id;
    event.as.notice_held.channel = (uint8_t)channel;
    event.as.notice_held.why = told->why;
    event.as.notice_held.notice = told->notice;
    event.as.notice_held.lasts = told->until == SB_NEVER || told->until <= core->now ? 0 : told->until - core->now;
    memcpy(event.as.notice_held.by, told->by, sizeof(told->by));
    return event;
}

/* Tells why nothing is told, when that changed. */
static bool say_why(struct sb_core *core, const struct alert *alert, uint32_t c, const struct want *want)
{
    struct told *told = sb_told_of(core, alert, c);
    if (!sb_alert_is_open(alert) || told->why == want->why)
        return false;
    told->why = want->why;
    told->until = want->at;
    (void)sb_copy(told->by, sizeof(told->by), want->by);
    struct sb_event event = sb_notice_held_event(core, alert, c);
    sb_core_emit(core, &event);
    return true;
}

static const char *text_of(const struct alert *alert, enum sb_notice_kind kind)
{
    if (kind == SB_NOTICE_FLAPPING)
        return "it comes and goes; the next word follows when it has been quiet for long, or gets worse";
    return alert->text;
}

/* ---- one channel ---- */

/* The alerts a channel is to be told of now, as indices, the gravest first; and when to look again. */
struct due_list {
    uint16_t alerts[DIGEST_MAX];
    uint8_t kinds[DIGEST_MAX];
    uint32_t count;
    unsigned said;
    sb_ns next;
};

static bool is_news(uint8_t kind)
{
    return kind == SB_NOTICE_FIRING || kind == SB_NOTICE_FLAPPING;
}

static void add_due(struct sb_core *core, struct due_list *list, size_t index, uint8_t kind)
{
    if (list->count == DIGEST_MAX)
        return; /* the next look finds it */
    uint32_t at = list->count++;
    for (; at > 0 && core->alerts[list->alerts[at - 1]].severity < core->alerts[index].severity; at--) {
        list->alerts[at] = list->alerts[at - 1];
        list->kinds[at] = list->kinds[at - 1];
    }
    list->alerts[at] = (uint16_t)index;
    list->kinds[at] = kind;
}

/* Two passes: when somebody is told news, what waits for its group comes along. */
static void collect(struct sb_core *core, uint32_t c, struct due_list *list)
{
    bool has_news = false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
            const struct alert *alert = &core->alerts[i];
            if (!alert->is_used)
                continue;
            struct want want = want_of(core, alert, c, cause_of(core, alert));
            bool joins = has_news && !want.is_due && want.why == SB_TOLD_GROUPING && is_news(want.notice);
            if (pass == 0 && want.is_due && is_news(want.notice))
                has_news = true;
            if (pass == 0)
                continue;
            if (want.is_due || joins) {
                add_due(core, list, i, want.notice);
            } else {
                if (list->said < EVENTS_PER_LOOK && say_why(core, alert, c, &want))
                    list->said++;
                if (want.notice != SB_NOTICE_KIND_COUNT && want.at < list->next)
                    list->next = want.at;
            }
        }
    }
}

static void tell_each(struct sb_core *core, uint32_t c, const struct due_list *list)
{
    for (uint32_t i = 0; i < list->count && sb_outbox_free_at(core, c) <= core->now; i++) {
        const struct alert *alert = &core->alerts[list->alerts[i]];
        enum sb_notice_kind kind = (enum sb_notice_kind)list->kinds[i];
        const struct notice *notice = sb_outbox_add(core, alert, c, kind, 1, text_of(alert, kind));
        if (notice == NULL)
            return;
        sb_outbox_mark(core, alert, c, notice, kind);
    }
}

/* One message for many: the gravest speaks, and the first few are named. */
static void tell_together(struct sb_core *core, uint32_t c, const struct due_list *list)
{
    char buffer[SB_NOTE_MAX];
    struct sb_text text;
    uint32_t resolved = 0;
    sb_text_init(&text, buffer, sizeof(buffer));
    for (uint32_t i = 0; i < list->count; i++)
        resolved += list->kinds[i] == SB_NOTICE_RESOLVED;
    sb_text_add_u64(&text, list->count);
    sb_text_add(&text, " alerts");
    if (resolved > 0) {
        sb_text_add(&text, ", ");
        sb_text_add_u64(&text, resolved);
        sb_text_add(&text, " of them resolved");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct alert *alert = &core->alerts[list->alerts[i]];
        sb_text_add(&text, i == 0 ? ": " : ", ");
        sb_text_add(&text, sb_rule_text(alert->rule));
        sb_text_add(&text, " ");
        sb_text_add(&text, alert->subject);
    }
    const struct notice *notice = sb_outbox_add(core, &core->alerts[list->alerts[0]], c, SB_NOTICE_DIGEST, list->count, buffer);
    for (uint32_t i = 0; i < list->count && notice != NULL; i++) {
        const struct alert *alert = &core->alerts[list->alerts[i]];
        sb_outbox_mark(core, alert, c, notice, (enum sb_notice_kind)list->kinds[i]);
        struct sb_event event = sb_event_make(core, SB_EVENT_NOTICE_JOINED);
        event.as.notice_joined.id = notice->id;
        event.as.notice_joined.alert = alert->id;
        event.as.notice_joined.channel = (uint8_t)c;
        event.as.notice_joined.notice = list->kinds[i];
        event.as.notice_joined.severity = alert->severity;
        sb_core_emit(core, &event);
    }
}

/* Whether it did so much that the next channel waits for the next unit. */
static bool look_at(struct sb_core *core, uint32_t c, sb_ns *next)
{
    struct due_list list = { .next = SB_NEVER };
    if (core->setup.channels[c].alive_every > 0) {
        sb_outbox_ping(core, c, next);
        return false;
    }
    collect(core, c, &list);
    sb_ns free_at = sb_outbox_free_at(core, c);
    bool is_kept = list.count > 0 && (free_at > core->now || sb_outbox_is_full(core)); /* a full one asks again when it has room */
    if (is_kept) {
        if (free_at > core->now && free_at < list.next)
            list.next = free_at;
    } else if (list.count >= DIGEST_FROM && !core->setup.channels[c].groups_itself) {
        tell_together(core, c, &list);
    } else if (list.count > 0) {
        tell_each(core, c, &list);
    }
    sb_ns next_send = sb_outbox_send(core, c);
    if (next_send < list.next)
        list.next = next_send;
    if (list.next < *next)
        *next = list.next;
    return (list.count > 0 && !is_kept) || list.said == EVENTS_PER_LOOK;
}

void sb_notices_timer(struct sb_core *core)
{
    sb_ns next = SB_NEVER;
    for (uint32_t c = 0; c < core->setup.channel_count; c++) {
        if (look_at(core, c, &next)) {
            next = core->now; /* the rest in a unit of its own */
            break;
        }
    }
    sb_timer_set(core, timer_single(core, TIMER_NOTICES), next);
}

