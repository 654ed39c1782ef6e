/* Pauses: who asked for them, when and why, so that a picture made later says it too. What is paused is kept where it is decided on; these are
 * the notes, a bounded number of them: the oldest goes first, and its pause is shown without a name. Core thread only. */
#include "state.h"

static struct pause_note *find(struct sb_core *core, uint32_t target)
{
    for (uint32_t i = 0; i < PAUSE_NOTES_MAX; i++)
        if (core->pause_notes[i].is_used && core->pause_notes[i].target == target)
            return &core->pause_notes[i];
    return NULL;
}

void sb_pauses_note(struct sb_core *core, uint32_t target, const char *actor, const char *reason, sb_ns ago)
{
    struct pause_note *note = find(core, target);
    for (uint32_t i = 0; note == NULL && i < PAUSE_NOTES_MAX; i++)
        if (!core->pause_notes[i].is_used)
            note = &core->pause_notes[i];
    if (note == NULL)
        note = &core->pause_notes[core->pause_note_next++ % PAUSE_NOTES_MAX];
    *note = (struct pause_note){ .is_used = true, .target = target, .now = core->now - ago, .wall = { core->wall.ns - ago } };
    (void)sb_copy(note->actor, sizeof(note->actor), actor);
    note_copy(note->reason, reason);
}

void sb_pauses_forget(struct sb_core *core, uint32_t target)
{
    struct pause_note *note = find(core, target);
    if (note != NULL)
        note->is_used = false;
}

void sb_pauses_tell(const struct sb_core *core, uint32_t target, struct sb_event *event, char actor[SB_NAME_MAX], char reason[SB_NOTE_MAX])
{
    for (uint32_t i = 0; i < PAUSE_NOTES_MAX; i++) {
        const struct pause_note *note = &core->pause_notes[i];
        if (!note->is_used || note->target != target)
            continue;
        event->now = note->now;
        event->wall = note->wall;
        (void)sb_copy(actor, SB_NAME_MAX, note->actor);
        note_copy(reason, note->reason);
    }
}
