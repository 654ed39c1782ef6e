/* Who paused what: its part of the core's state. Private to the room; core thread only. */
#ifndef SIGNALBOX_CORE_PAUSES_H
#define SIGNALBOX_CORE_PAUSES_H

#include "signalbox/core/core.h"

/* Who paused a job (its number), a category (PAUSE_CATEGORY + it) or everything. */
enum { PAUSE_NOTES_MAX = 64, PAUSE_CATEGORY = 0x10000, PAUSE_ALL = 0x20000 };
struct pause_note {
    bool is_used;
    uint32_t target;
    sb_ns now;
    struct sb_wall wall;
    char actor[SB_NAME_MAX];
    char reason[SB_NOTE_MAX];
};

/* `ago`: how long it has been on. */
void sb_pauses_note(struct sb_core *core, uint32_t target, const char *actor, const char *reason, sb_ns ago);
void sb_pauses_forget(struct sb_core *core, uint32_t target);
/* Fills in time, actor and reason of a pause's event; leaves what is not known. */
void sb_pauses_tell(const struct sb_core *core, uint32_t target, struct sb_event *event, char actor[SB_NAME_MAX], char reason[SB_NOTE_MAX]);

#endif
