/* Owns small things several panes say in the same way. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static void add_key_of(const struct sb_screen *screen, struct sb_text *out, const char *name, size_t size)
{
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        if (strlen(sb_keymap[action].name) != size || strncmp(sb_keymap[action].name, name, size) != 0)
            continue;
        if (screen->keys.keys[action][0] != 0)
            sb_key_name(screen->keys.keys[action][0], out);
        else
            sb_text_add_n(out, name, size); /* it has none: its name, which `signalbox keys` lists */
        return;
    }
}

void sb_add_keys(const struct sb_screen *screen, struct sb_text *out, const char *words)
{
    while (*words != '\0') {
        const size_t plain = strcspn(words, "{");
        sb_text_add_n(out, words, plain);
        words += plain;
        const char *const end = strchr(words, '}');
        if (*words == '\0' || end == NULL)
            return;
        add_key_of(screen, out, words + 1, (size_t)(end - words - 1));
        words = end + 1;
    }
}

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
