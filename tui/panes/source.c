/* What the source of events says of itself, as the screen tells it: whether the picture is live, whether this console may act, and which
 * commands came to nothing. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

bool sb_is_viewer(const struct sb_screen *screen)
{
    return screen->is_read_only || screen->source.is_viewer;
}

bool sb_is_offered(const struct sb_screen *screen, enum sb_key_action action)
{
    if (action == SB_KEY_ACTION_TAKE_OVER)
        return !screen->is_read_only;
    return !sb_is_viewer(screen) || sb_keymap_is_for_viewers(action);
}

void sb_add_writer(const struct sb_screen *screen, struct sb_text *text)
{
    sb_text_add(text, screen->source.writer[0] != '\0' ? screen->source.writer : "nobody");
    sb_text_add(text, " writes");
}

void sb_say_viewer(struct sb_screen *screen, struct sb_now now)
{
    struct sb_text text = sb_notice(screen, now, true);
    sb_text_add(&text, "this console is a viewer: ");
    if (screen->is_read_only) {
        sb_text_add(&text, "actions are off");
    } else {
        sb_add_writer(screen, &text);
        sb_text_add(&text, "; W takes over");
    }
}

void sb_screen_source(struct sb_screen *screen, const struct sb_source_status *status, struct sb_now now)
{
    const bool was_viewer = screen->source.is_viewer, was_live = screen->source.state == SB_SOURCE_LIVE;
    memcpy(&screen->source, status, sizeof screen->source);
    if (screen->is_read_only || !was_live || status->state != SB_SOURCE_LIVE || was_viewer == status->is_viewer)
        return;
    if (status->is_viewer) {
        screen->dialog.is_open = false; /* its answer would be refused */
        screen->undo.is_armed = false;
        sb_say_viewer(screen, now);
    } else {
        sb_notice_say(screen, now, false, "this console writes now");
    }
}

void sb_screen_recall(struct sb_screen *screen, const struct sb_event *event)
{
    sb_model_recall(screen->live, event);
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
    sb_bulk_fail(screen, failure->id, failure->text);
    if (screen->undo.is_armed && screen->undo.of == failure->id)
        screen->undo.is_armed = false; /* whether it happened is not known */
}
