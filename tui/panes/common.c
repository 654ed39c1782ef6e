/* Owns small things several panes say in the same way. Pure. */
#include "panes.h"

enum sb_slot sb_slot_of_state(unsigned job_state)
{
    static const uint8_t slots[SB_JOB_STATE_COUNT] = {
        [SB_JOB_STATE_FAIL] = SB_SLOT_BAD,      [SB_JOB_STATE_HELD] = SB_SLOT_WARN, [SB_JOB_STATE_RUN] = SB_SLOT_RUN,
        [SB_JOB_STATE_PAUSED] = SB_SLOT_PAUSED, [SB_JOB_STATE_WAIT] = SB_SLOT_WAIT, [SB_JOB_STATE_OK] = SB_SLOT_OK,
        [SB_JOB_STATE_NONE] = SB_SLOT_DIM,
    };
    return job_state < SB_JOB_STATE_COUNT ? (enum sb_slot)slots[job_state] : SB_SLOT_TEXT;
}

void sb_add_since(const struct sb_screen *screen, struct sb_text *out, sb_ns since, struct sb_wall wall)
{
    if (screen->is_absolute_time && wall.ns != 0)
        sb_text_add_clock(out, wall);
    else
        sb_model_add_age(out, screen->now.mono > since ? screen->now.mono - since : 0);
}
