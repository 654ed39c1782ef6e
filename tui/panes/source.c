/* What the source of events says of itself, as the screen tells it: whether the picture is live, and which commands came to nothing. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_screen_source(struct sb_screen *screen, const struct sb_source_status *status)
{
    memcpy(&screen->source, status, sizeof screen->source);
}

void sb_screen_failed(struct sb_screen *screen, const struct sb_source_failure *failure, struct sb_now now)
{
    struct sb_text text = sb_notice(screen, now, true);
    for (unsigned i = 0; i < SB_PENDING_MAX; i++) {
        struct sb_pending *const pending = &screen->pending[i];
        if (pending->is_used && pending->id == failure->id) {
            pending->is_used = false;
            sb_text_add(&text, pending->text);
            sb_text_add(&text, ": ");
        }
    }
    sb_text_add(&text, failure->text);
    if (screen->undo.is_armed && screen->undo.of == failure->id)
        screen->undo.is_armed = false; /* whether it happened is not known */
}
