/* Incidents: one per rule and subject, raised and cleared by events. Core thread only. */
#include "alerts.h"

static alert_rule *const rules[SB_RULE_COUNT] = {
#define X(code, name) [SB_RULE_##code] = sb_alert_rule_##name,
#include "alerts/alerts.def"
#undef X
};

struct alert *sb_alert_find(struct sb_core *core, uint32_t id)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++)
        if (core->alerts[i].is_active && core->alerts[i].id == id)
            return &core->alerts[i];
    return NULL;
}

static struct alert *active(struct sb_core *core, enum sb_rule rule, const char *subject)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct alert *alert = &core->alerts[i];
        if (alert->is_active && alert->rule == rule && sb_streq(alert->subject, subject))
            return alert;
    }
    return NULL;
}

static struct alert *free_slot(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++)
        if (!core->alerts[i].is_active)
            return &core->alerts[i];
    return NULL;
}

static void raise(struct sb_core *core, enum sb_rule rule, const struct finding *finding)
{
    struct alert *alert = active(core, rule, finding->subject.buf);
    bool is_worse = alert != NULL && (uint8_t)finding->severity > alert->severity;

    if (alert != NULL && !is_worse)
        return;
    if (alert == NULL) {
        alert = free_slot(core);
        if (alert == NULL) /* 256 alerts at once: the operator has enough to look at; the event itself is in the log */
            return;
        *alert = (struct alert){ .is_active = true, .rule = (uint8_t)rule, .id = core->next_alert++, .since = core->now };
        (void)sb_copy(alert->subject, sizeof(alert->subject), finding->subject.buf);
    }
    alert->severity = (uint8_t)finding->severity;
    alert->job = finding->job;
    alert->component = finding->component;
    alert->is_acked = false; /* a graver incident wants a new look */
    note_copy(alert->text, finding->text.buf);
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_RAISED);
    struct sb_ev_alert_raised *raised = &event.as.alert_raised;
    raised->alert = alert->id;
    raised->rule = alert->rule;
    raised->severity = alert->severity;
    raised->job = alert->job;
    raised->component = alert->component;
    memcpy(raised->subject, alert->subject, sizeof(raised->subject));
    memcpy(raised->text, alert->text, sizeof(raised->text));
    sb_core_emit(core, &event);
}

static void clear(struct sb_core *core, enum sb_rule rule, const struct finding *finding)
{
    struct alert *alert = active(core, rule, finding->subject.buf);
    if (alert == NULL)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_ALERT_CLEARED);
    event.as.alert_cleared.alert = alert->id;
    event.as.alert_cleared.rule = alert->rule;
    event.as.alert_cleared.lasted = core->now - alert->since;
    memcpy(event.as.alert_cleared.subject, alert->subject, sizeof(alert->subject));
    alert->is_active = false;
    sb_core_emit(core, &event);
}

void sb_alerts_event(struct sb_core *core, const struct sb_event *event)
{
    char subject[SB_NAME_MAX], text[SB_NOTE_MAX];
    struct finding finding = { .verdict = VERDICT_CLEAR };

    for (int rule = 0; rule < SB_RULE_COUNT; rule++) {
        if (finding.verdict != VERDICT_NOTHING) { /* a rule that finds nothing writes nothing, and that is nearly all of them */
            finding = (struct finding){ .job = SB_NO_JOB, .component = SB_COMPONENT_COUNT };
            sb_text_init(&finding.subject, subject, sizeof(subject));
            sb_text_init(&finding.text, text, sizeof(text));
        }
        rules[rule](core, event, &finding);
        if (finding.verdict == VERDICT_RAISE)
            raise(core, (enum sb_rule)rule, &finding);
        else if (finding.verdict == VERDICT_CLEAR)
            clear(core, (enum sb_rule)rule, &finding);
    }
}
