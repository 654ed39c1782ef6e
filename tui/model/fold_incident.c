/* Folds the incident that operators work on. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static void text_copy(char *to, size_t cap, const char *from)
{
    sb_copy_n(to, cap, from, strnlen(from, cap));
}

void sb_fold_incident_opened(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_incident_opened *const ev = &event->as.incident_opened;
    struct sb_model_incident *const incident = &model->incident;
    memset(incident, 0, sizeof *incident);
    incident->is_open = true;
    incident->since = event->now;
    incident->since_wall = event->wall;
    text_copy(incident->id, sizeof incident->id, ev->incident);
    text_copy(incident->actor, sizeof incident->actor, ev->actor);
    text_copy(incident->reason, sizeof incident->reason, ev->reason);
}

void sb_fold_incident_joined(struct sb_model *model, const struct sb_event *event)
{
    model->incident.joined_count++;
    text_copy(model->incident.joined, sizeof model->incident.joined, event->as.incident_joined.actor);
}

void sb_fold_incident_action(struct sb_model *model, const struct sb_event *event)
{
    (void)event; /* audit.c stamps the command with it */
    model->incident.actions++;
}

void sb_fold_incident_closed(struct sb_model *model, const struct sb_event *event)
{
    (void)event;
    model->incident.is_open = false;
}
