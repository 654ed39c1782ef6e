/* Models that their provider ends: days become an event when they pass a bound, for the rule model_shutdown. Core thread only. */
#include "state.h"

static void tell_ending(struct sb_core *core, const char *model, uint8_t level, uint32_t days)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_MODEL_ENDING);
    (void)sb_copy(event.as.model_ending.model, sizeof(event.as.model_ending.model), model); /* same capacity */
    event.as.model_ending.level = level;
    event.as.model_ending.days = days;
    sb_core_emit(core, &event);
}

static uint8_t level_of(uint32_t days)
{
    return days > 60 ? 0 : days > 14 ? 1 : days > 3 ? 2 : 3;
}

void sb_endings_input(struct sb_core *core, const struct sb_in_model_end *end)
{
    if (!core->is_begun)
        return;
    const uint8_t level = end->model[0] == '\0' ? 0 : level_of(end->days);
    const bool is_same = sb_streq(core->ending.model, end->model);
    if (!is_same && core->ending.level > 0)
        tell_ending(core, core->ending.model, 0, 0);
    if (level != (is_same ? core->ending.level : 0))
        tell_ending(core, end->model, level, end->days);
    (void)sb_copy(core->ending.model, sizeof(core->ending.model), end->model); /* same capacity */
    core->ending.level = level;
}
