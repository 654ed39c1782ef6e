/* The incident that operators work on: its part of the core's state. Private to the room; core thread only. */
#ifndef SIGNALBOX_CORE_INCIDENTS_H
#define SIGNALBOX_CORE_INCIDENTS_H

#include "signalbox/base/text.h"
#include "signalbox/core/core.h"

/* The one that is open, and the last number that was given out on a day. */
struct incident {
    bool is_open;
    sb_ns since;
    struct sb_wall since_wall;
    uint64_t day;               /* 20261127: of the last number */
    uint32_t number;
    char id[SB_NAME_MAX], actor[SB_NAME_MAX], reason[SB_NOTE_MAX];
};

/* Each of them answers a command: false = refused, `outcome` says why. */
bool sb_incident_open(struct sb_core *core, const struct sb_command *command, struct sb_text *outcome);
bool sb_incident_close(struct sb_core *core, const struct sb_command *command, struct sb_text *outcome);
/* A command of an operator was carried out: notes it under the open incident, if there is one. */
void sb_incident_note(struct sb_core *core, const struct sb_command *command);
void sb_incident_restore(struct sb_core *core, const struct sb_in_restore_incident *restored);
struct sb_event sb_incident_event(const struct sb_core *core);

#endif
