/* Incidents: one per rule and subject, with the life that model/alert.h draws. Rules look, this decides what a look means. Core thread only. */
#include "notices.h"
#include "alerts.h"

enum { ALERTS_PER_TIMER = 4 };
#define REMEMBERED_FOR SB_DAY(1)

static alert_rule *const rules[SB_RULE_COUNT] = {
#define X(code, name) [SB_RULE_##code] = sb_alert_rule_##name,
#include "alerts/alerts.def"
#undef X
};

struct alert *sb_alert_find(struct sb_core *core, uint32_t id)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++)
        if (sb_alert_is_open(&core->alerts[i]) && core->alerts[i].id == id)
            return &core->alerts[i];
    return NULL;
}

static struct alert *find(struct sb_core *core, enum sb_rule rule, const char *subject)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct alert *alert = &core->alerts[i];
        if (alert->is_used && alert->rule == rule && sb_streq(alert->subject, subject))
            return alert;
    }
    return NULL;
}

/* A free slot, or that of the incident that ended first. NULL when 256 are open: the operator has enough to look at, and the event that was
 * looked at is in the log. */
static struct alert *take_slot(struct sb_core *core, enum sb_rule rule, const char *subject)
{
    struct alert *best = NULL;
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct alert *alert = &core->alerts[i];
        if (!alert->is_used) {
            best = alert;
            break;
        }
        if (alert->state == SB_ALERT_STATE_OK && (best == NULL || alert->ended < best->ended))
            best = alert;
    }
    if (best == NULL)
        return NULL;
    *best = (struct alert){ .is_used = true, .rule = (uint8_t)rule, .until = SB_NEVER, .ended = core->now };
    for (size_t i = 0; i < SB_LEN(best->changes); i++)
        best->changes[i] = SB_NEVER;
    (void)sb_copy(best->subject, sizeof(best->subject), subject);
    sb_notices_forget(core, best);
    return best;
}

struct sb_event sb_alert_raised_event(const struct sb_core *core, const struct alert *alert)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_RAISED);
    struct sb_ev_alert_raised *raised = &event.as.alert_raised;
    raised->alert = alert->id;
    raised->rule = alert->rule;
    raised->severity = alert->severity;
    raised->job = alert->job;
    raised->component = alert->component;
    memcpy(raised->subject, alert->subject, sizeof(raised->subject));
    memcpy(raised->text, alert->text, sizeof(raised->text));
    return event;
}

struct sb_event sb_alert_moved_event(const struct sb_core *core, const struct alert *alert)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_MOVED);
    struct sb_ev_alert_moved *moved = &event.as.alert_moved;
    moved->alert = alert->id;
    moved->rule = alert->rule;
    moved->state = alert->state;
    moved->is_flapping = alert->is_flapping;
    moved->is_stale = alert->is_stale;
    moved->lasts = alert->until != SB_NEVER ? alert->until - core->now : 0;
    memcpy(moved->subject, alert->subject, sizeof(moved->subject));
    return event;
}

struct sb_event sb_alert_acked_event(const struct sb_core *core, const struct alert *alert, const char *note)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_ACKED);
    event.as.alert_acked.alert = alert->id;
    event.as.alert_acked.lasts = alert->acked_until - core->now;
    (void)sb_copy(event.as.alert_acked.actor, SB_NAME_MAX, alert->acked_by);
    note_copy(event.as.alert_acked.note, note);
    return event;
}

static void say_raised(struct sb_core *core, const struct alert *alert)
{
    struct sb_event event = sb_alert_raised_event(core, alert);
    sb_core_emit(core, &event);
    sb_notices_changed(core);
}

static void say_moved(struct sb_core *core, const struct alert *alert)
{
    struct sb_event event = sb_alert_moved_event(core, alert);
    sb_core_emit(core, &event);
    sb_notices_changed(core);
}

void sb_alert_unack(struct sb_core *core, struct alert *alert, const char *why)
{
    if (!alert->is_acked)
        return;
    alert->is_acked = false;
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_UNACKED);
    event.as.alert_unacked.alert = alert->id;
    memcpy(event.as.alert_unacked.subject, alert->subject, sizeof(alert->subject));
    note_copy(event.as.alert_unacked.reason, why);
    sb_core_emit(core, &event);
    sb_notices_changed(core);
}

void sb_alert_ack(struct sb_core *core, struct alert *alert, const char *actor, const char *note, sb_ns lasts)
{
    alert->is_acked = true;
    alert->acked_until = sb_ns_add(core->now, lasts > 0 ? lasts : core->alert_defs->ack_for);
    (void)sb_copy(alert->acked_by, sizeof(alert->acked_by), actor);
    struct sb_event event = sb_alert_acked_event(core, alert, note);
    sb_core_emit(core, &event);
    sb_notices_changed(core);
    sb_alerts_arm(core);
}

/* ---- looks ---- */

/* Whether n of the last `of` looks are such. */
static bool has_seen(const struct alert *alert, bool is_bad, unsigned n, unsigned of)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < of && i < alert->look_count; i++)
        seen += ((alert->looks >> i & 1u) != 0) == is_bad;
    return seen >= n;
}

static bool is_raised(const struct alert *alert, const struct sb_alert_def *def)
{
    return has_seen(alert, true, def->raise_n, def->raise_of) || (def->or_n > 0 && has_seen(alert, true, def->or_n, def->or_of));
}

static sb_ns quiet_time(const struct alert *alert)
{
    sb_ns quiet = SB_FLAP_QUIET;
    for (unsigned i = 1; i < alert->flaps && quiet < SB_FLAP_QUIET_MAX; i++)
        quiet *= 2;
    return quiet < SB_FLAP_QUIET_MAX ? quiet : SB_FLAP_QUIET_MAX;
}

/* The condition changed. Three changes within an hour, or one within the day that it last flapped, and it flaps. */
static void note_change(const struct sb_core *core, struct alert *alert)
{
    for (size_t i = SB_LEN(alert->changes) - 1; i > 0; i--)
        alert->changes[i] = alert->changes[i - 1];
    alert->changes[0] = core->now;
    sb_ns first = alert->changes[SB_LEN(alert->changes) - 1];
    bool is_often = first != SB_NEVER && core->now - first <= SB_FLAP_WINDOW;
    if (alert->is_flapping || (!is_often && alert->flaps == 0))
        return;
    alert->is_flapping = true;
    if (alert->flaps < UINT8_MAX)
        alert->flaps++;
}

static void fire(struct sb_core *core, struct alert *alert)
{
    alert->state = SB_ALERT_STATE_FIRING;
    alert->id = core->next_alert++;
    alert->since = core->now;
    alert->is_acked = false;
    sb_notices_again(core, alert);
    note_change(core, alert);
    alert->until = alert->is_flapping ? core->now + quiet_time(alert) : SB_NEVER;
    say_raised(core, alert);
    if (alert->is_flapping)
        say_moved(core, alert);
}

static void resolve(struct sb_core *core, struct alert *alert)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_CLEARED);
    event.as.alert_cleared.alert = alert->id;
    event.as.alert_cleared.rule = alert->rule;
    event.as.alert_cleared.lasted = core->now - alert->since;
    memcpy(event.as.alert_cleared.subject, alert->subject, sizeof(alert->subject));
    alert->state = SB_ALERT_STATE_OK;
    alert->until = alert->is_flapping ? core->now + quiet_time(alert) : SB_NEVER; /* it may be back at once: nobody is told before that */
    alert->ended = core->now;
    alert->is_acked = alert->is_stale = false;
    sb_core_emit(core, &event);
    sb_notices_changed(core);
}

static void begin_recovery(struct sb_core *core, struct alert *alert)
{
    const struct sb_alert_def *def = &core->alert_defs->rules[alert->rule];
    if (alert->state == SB_ALERT_STATE_FIRING)
        note_change(core, alert);
    if (def->recover == 0) {
        resolve(core, alert);
        return;
    }
    alert->state = SB_ALERT_STATE_RECOVERING;
    alert->until = core->now + def->recover;
    say_moved(core, alert);
}

static void fall_back(struct sb_core *core, struct alert *alert)
{
    note_change(core, alert);
    alert->state = SB_ALERT_STATE_FIRING;
    alert->until = alert->is_flapping ? core->now + quiet_time(alert) : SB_NEVER;
    say_moved(core, alert);
}

/* Takes over what was found; whether it is worse than what was known of an open incident. */
static bool take_finding(const struct sb_core *core, struct alert *alert, const struct finding *finding)
{
    const struct sb_alert_def *def = &core->alert_defs->rules[alert->rule];
    uint8_t severity = def->has_severity ? def->severity : (uint8_t)finding->severity;
    bool is_worse = sb_alert_is_open(alert) && severity > alert->severity;
    if (sb_alert_is_open(alert) && !is_worse)
        return false;
    alert->severity = severity;
    alert->job = finding->job;
    alert->component = finding->component;
    note_copy(alert->text, finding->text.buf);
    return is_worse;
}

static void look_bad(struct sb_core *core, struct alert *alert, const struct finding *finding)
{
    const struct sb_alert_def *def = &core->alert_defs->rules[alert->rule];
    bool is_met = is_raised(alert, def);
    bool is_worse = take_finding(core, alert, finding), was_stale = alert->is_stale;

    alert->is_stale = false;
    if (alert->state == SB_ALERT_STATE_OK && is_met && def->hold > 0) {
        alert->state = SB_ALERT_STATE_PENDING;
        alert->until = core->now + def->hold;
    } else if (alert->state == SB_ALERT_STATE_OK && is_met) {
        fire(core, alert);
    } else if (alert->state == SB_ALERT_STATE_RECOVERING && is_met) {
        fall_back(core, alert);
    } else if (was_stale) {
        say_moved(core, alert);
    }
    if (is_worse) {
        sb_alert_unack(core, alert, "it got worse");
        say_raised(core, alert);
    }
    if (sb_rule_infos[alert->rule].look == SB_LOOK_MOMENT && sb_alert_is_open(alert))
        begin_recovery(core, alert);
}

static void look_good(struct sb_core *core, struct alert *alert)
{
    const struct sb_alert_def *def = &core->alert_defs->rules[alert->rule];
    bool is_met = has_seen(alert, false, def->clear_n, def->clear_of);
    alert->is_stale = false;
    if (alert->state == SB_ALERT_STATE_PENDING && is_met) {
        alert->state = SB_ALERT_STATE_OK;
        alert->until = alert->is_flapping ? core->now + quiet_time(alert) : SB_NEVER;
        alert->ended = core->now;
    } else if (alert->state == SB_ALERT_STATE_FIRING && is_met) {
        begin_recovery(core, alert);
    }
}

static void look(struct sb_core *core, enum sb_rule rule, const struct finding *finding)
{
    bool is_bad = finding->verdict == VERDICT_RAISE;
    struct alert *alert = find(core, rule, finding->subject.buf);
    if ((alert == NULL && !is_bad) || core->alert_defs->rules[rule].is_off)
        return;
    if (alert == NULL)
        alert = take_slot(core, rule, finding->subject.buf);
    if (alert == NULL)
        return;
    alert->looks = (uint16_t)((unsigned)alert->looks << 1 | (is_bad ? 1u : 0u));
    alert->look_count = alert->look_count < SB_LOOKS_MAX ? alert->look_count + 1 : SB_LOOKS_MAX;
    if (alert->state == SB_ALERT_STATE_OK && !alert->is_flapping && core->now - alert->ended >= REMEMBERED_FOR)
        alert->flaps = 0;
    if (is_bad)
        look_bad(core, alert, finding);
    else
        look_good(core, alert);
    sb_alerts_arm(core);
}

void sb_alerts_event(struct sb_core *core, const struct sb_event *event)
{
    char subject[SB_NAME_MAX], text[SB_NOTE_MAX];
    struct finding finding = { .verdict = VERDICT_CLEAR };

    sb_service_event(core, event);
    sb_waits_event(core, event);
    sb_outlay_event(core, event);
    for (int rule = 0; rule < SB_RULE_COUNT; rule++) {
        if (finding.verdict != VERDICT_NOTHING) { /* a rule that finds nothing writes nothing, and that is nearly all of them */
            finding = (struct finding){ .job = SB_NO_JOB, .component = SB_COMPONENT_COUNT };
            sb_text_init(&finding.subject, subject, sizeof(subject));
            sb_text_init(&finding.text, text, sizeof(text));
        }
        rules[rule](core, event, &finding);
        if (finding.verdict != VERDICT_NOTHING)
            look(core, (enum sb_rule)rule, &finding);
    }
    if (event->kind == SB_EVENT_RUN_ENDED)
        sb_service_ended(core, &event->as.run_ended);
}

/* ---- time ---- */

static sb_ns next_of(const struct alert *alert)
{
    if (!alert->is_used)
        return SB_NEVER;
    return alert->is_acked && alert->acked_until < alert->until ? alert->acked_until : alert->until;
}

void sb_alerts_arm(struct sb_core *core)
{
    sb_ns next = sb_silences_next(core);
    for (size_t i = 0; i < SB_LEN(core->alerts); i++)
        if (next_of(&core->alerts[i]) < next)
            next = next_of(&core->alerts[i]);
    sb_timer_set(core, timer_single(core, TIMER_ALERTS), next);
}

static void due(struct sb_core *core, struct alert *alert)
{
    if (alert->is_acked && alert->acked_until <= core->now)
        sb_alert_unack(core, alert, "the acknowledgement expired");
    if (alert->until > core->now)
        return;
    alert->until = SB_NEVER;
    if (alert->is_stale && sb_rule_infos[alert->rule].look != SB_LOOK_EDGE) /* nobody has confirmed it although a start would have */
        begin_recovery(core, alert);
    else if (alert->state == SB_ALERT_STATE_PENDING)
        fire(core, alert);
    else if (alert->state == SB_ALERT_STATE_RECOVERING)
        resolve(core, alert);
    else if (alert->is_flapping) { /* it has been the same for so long that it simply is so */
        alert->is_flapping = false;
        if (sb_alert_is_open(alert))
            say_moved(core, alert);
        sb_notices_changed(core);
    }
}

void sb_alerts_timer(struct sb_core *core)
{
    unsigned done = 0;
    while (done < ALERTS_PER_TIMER && sb_silences_due(core))
        done++;
    for (size_t i = 0; i < SB_LEN(core->alerts) && done < ALERTS_PER_TIMER; i++) {
        if (next_of(&core->alerts[i]) > core->now)
            continue;
        due(core, &core->alerts[i]);
        done++;
    }
    sb_alerts_arm(core);
}

/* ---- restart ---- */

void sb_alerts_restore(struct sb_core *core, const struct sb_in_restore_alert *restored)
{
    if (restored->rule >= SB_RULE_COUNT || core->alert_defs->rules[restored->rule].is_off ||
        find(core, (enum sb_rule)restored->rule, restored->subject) != NULL)
        return;
    struct alert *alert = take_slot(core, (enum sb_rule)restored->rule, restored->subject);
    if (alert == NULL)
        return;
    alert->state = restored->is_over ? SB_ALERT_STATE_OK : SB_ALERT_STATE_FIRING;
    alert->is_stale = !restored->is_over;
    alert->id = restored->alert;
    alert->severity = restored->severity;
    alert->component = restored->component;
    alert->job = restored->job < core->setup.job_count ? restored->job : SB_NO_JOB;
    alert->looks = 1;
    alert->look_count = 1;
    alert->since = core->now - (restored->since < core->wall.ns ? core->wall.ns - restored->since : 0);
    alert->changes[0] = alert->since;
    alert->is_flapping = restored->is_flapping;
    alert->flaps = restored->is_flapping ? 1 : 0;
    note_copy(alert->text, restored->text);
}

void sb_alerts_restore_ack(struct sb_core *core, const struct sb_in_restore_ack *ack)
{
    struct alert *alert = sb_alert_find(core, ack->alert);
    if (alert == NULL || ack->until <= core->wall.ns)
        return;
    alert->is_acked = true;
    alert->acked_until = core->now + (ack->until - core->wall.ns);
    (void)sb_copy(alert->acked_by, sizeof(alert->acked_by), ack->actor);
}

void sb_alerts_begin(struct sb_core *core)
{
    core->start_hold_ends = core->now + core->alert_defs->start_hold;
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct alert *alert = &core->alerts[i];
        if (!sb_alert_is_open(alert) || !alert->is_stale)
            continue;
        if (sb_rule_infos[alert->rule].look != SB_LOOK_EDGE)
            alert->until = core->start_hold_ends;
        else if (alert->is_flapping)
            alert->until = core->now + quiet_time(alert);
    }
    sb_alerts_arm(core);
    sb_notices_begin(core);
}
