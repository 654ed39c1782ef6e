/* What an alert rule sees and answers. One rule per file in alerts/, one row in alerts.def. Rules are pure functions of an event; the state (active,
 * acknowledged, since) is kept by alerts.c. */
#ifndef SIGNALBOX_CORE_ALERTS_H
#define SIGNALBOX_CORE_ALERTS_H

#include "state.h"

enum verdict { VERDICT_NOTHING, VERDICT_RAISE, VERDICT_CLEAR };

struct finding {
    enum verdict verdict;
    enum sb_severity severity;   /* RAISE */
    uint16_t job;                /* subject: a job, */
    uint8_t component;           /* or a component (SB_COMPONENT_COUNT = none) */
    struct sb_text subject;      /* what it is about, short; also the label that makes it unique */
    struct sb_text text;         /* what is wrong and what to do */
};

typedef void alert_rule(const struct sb_core *core, const struct sb_event *event, struct finding *finding);

/* Ends an acknowledgement. Who calls it arms the alerts. */
void sb_alert_unack(struct sb_core *core, struct alert *alert, const char *why);

#define X(code, name) alert_rule sb_alert_rule_##name;
#include "alerts/alerts.def"
#undef X

#endif
