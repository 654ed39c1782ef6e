/* The last changes of contexts and components. A description (seq 0) says how things are and is no change, but the first one begins the list.
 * Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_history_put(struct sb_model_history *history, const struct sb_event *event, uint8_t state, uint32_t generation, const char *reason)
{
    if (event->seq == 0 && history->total > 0)
        return;
    struct sb_model_change *const change = &history->changes[history->total++ % SB_MODEL_CHANGES];
    memset(change, 0, sizeof *change);
    change->at = event->wall;
    change->state = state;
    change->generation = generation;
    sb_copy_n(change->reason, sizeof change->reason, reason, strnlen(reason, SB_NOTE_MAX));
}
