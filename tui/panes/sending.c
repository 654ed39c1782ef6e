/* Owns an action on many from the answer on: every item is looked at again, sent as a command of its own and told with its own result.
 * Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { IN_FLIGHT_MAX = 8 }; /* unanswered at a time: fewer than any way to the runtime holds */
#define FORGOTTEN_AFTER SB_S(30) /* an answer that has not come by then does not keep others from asking */

bool sb_bulk_is_busy(struct sb_screen *screen, struct sb_now now)
{
    if (!screen->bulk.is_running || now.mono - screen->bulk.since > FORGOTTEN_AFTER)
        return false;
    sb_notice_say(screen, now, true, "the last action on many is not answered in full yet; wait for its result");
    return true;
}

void sb_bulk_start(struct sb_screen *screen, struct sb_now now)
{
    struct sb_bulk *const bulk = &screen->bulk;
    sb_bulk_look(screen);
    bulk->is_running = bulk->is_said = true;
    bulk->next = 0;
    bulk->since = now.mono;
    bulk->at = now.wall;
    screen->notice.text[0] = '\0';
    sb_undo_arm_bulk(screen, now);
}

void sb_bulk_undo(struct sb_screen *screen, struct sb_now now)
{
    struct sb_bulk *const bulk = &screen->bulk;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < bulk->count; i++) {
        struct sb_command inverse;
        if (bulk->items[i].state != SB_BULK_DONE || !sb_undo_make(screen, &bulk->items[i].command, &inverse))
            continue;
        struct sb_bulk_item *const item = &bulk->items[kept];
        if (kept != i)
            *item = bulk->items[i];
        kept++;
        item->state = SB_BULK_READY;
        item->id = 0;
        item->command = inverse;
        item->why[0] = '\0';
    }
    bulk->count = kept;
    if (kept == 0) {
        bulk->is_running = false;
        sb_notice_say(screen, now, true, "nothing to undo: none of them has been done");
        return;
    }
    bulk->kind = bulk->items[0].command.kind;
    sb_bulk_start(screen, now);
    screen->undo.is_armed = false;
}

static void finish_when_over(struct sb_screen *screen)
{
    struct sb_bulk *const bulk = &screen->bulk;
    const bool is_over = sb_bulk_count(bulk, SB_BULK_READY) + sb_bulk_count(bulk, SB_BULK_TAKEN) + sb_bulk_count(bulk, SB_BULK_SENT) == 0;
    if (bulk->is_running && is_over)
        bulk->is_running = false;
}

bool sb_screen_take_command(struct sb_screen *screen, struct sb_command *command)
{
    struct sb_bulk *const bulk = &screen->bulk;
    if (!bulk->is_running || sb_bulk_count(bulk, SB_BULK_SENT) >= IN_FLIGHT_MAX)
        return false;
    for (; bulk->next < bulk->count; bulk->next++) {
        struct sb_bulk_item *const item = &bulk->items[bulk->next];
        if (item->state != SB_BULK_READY)
            continue;
        item->state = SB_BULK_TAKEN;
        *command = item->command;
        bulk->next++;
        return true;
    }
    finish_when_over(screen);
    return false;
}

bool sb_bulk_posted(struct sb_screen *screen, uint64_t command_id, enum sb_err result)
{
    struct sb_bulk *const bulk = &screen->bulk;
    for (uint32_t i = 0; i < bulk->count; i++) {
        struct sb_bulk_item *const item = &bulk->items[i];
        if (item->state != SB_BULK_TAKEN)
            continue;
        item->id = command_id;
        item->state = result == SB_OK ? SB_BULK_SENT : SB_BULK_FAILED;
        if (result != SB_OK)
            sb_copy(item->why, sizeof item->why, sb_err_text(result));
        finish_when_over(screen);
        return true;
    }
    return false;
}

void sb_bulk_fold(struct sb_screen *screen, const struct sb_event *event)
{
    struct sb_bulk *const bulk = &screen->bulk;
    const bool is_done = event->kind == SB_EVENT_COMMAND_DONE;
    if (!is_done && event->kind != SB_EVENT_COMMAND_REFUSED)
        return;
    const uint64_t id = is_done ? event->as.command_done.command : event->as.command_refused.command;
    for (uint32_t i = 0; i < bulk->count; i++) {
        struct sb_bulk_item *const item = &bulk->items[i];
        if (item->state != SB_BULK_SENT || item->id != id)
            continue;
        item->state = is_done ? SB_BULK_DONE : SB_BULK_REFUSED;
        if (is_done) /* what is done needs its mark no more; what was refused keeps it */
            sb_mark_drop(screen, (enum sb_pane)bulk->pane, item->mark);
        else
            sb_copy(item->why, sizeof item->why, event->as.command_refused.outcome);
        finish_when_over(screen);
        return;
    }
    if (!bulk->is_running)
        bulk->is_said = false; /* another command is news */
}

void sb_bulk_fail(struct sb_screen *screen, uint64_t command_id, const char *why)
{
    struct sb_bulk *const bulk = &screen->bulk;
    for (uint32_t i = 0; i < bulk->count; i++) {
        struct sb_bulk_item *const item = &bulk->items[i];
        if (item->state != SB_BULK_SENT || item->id != command_id)
            continue;
        item->state = SB_BULK_FAILED;
        sb_copy(item->why, sizeof item->why, why);
        finish_when_over(screen);
        return;
    }
}

void sb_bulk_lose(struct sb_screen *screen)
{
    struct sb_bulk *const bulk = &screen->bulk;
    for (uint32_t i = 0; i < bulk->count; i++) {
        if (!bulk->is_running || bulk->items[i].state > SB_BULK_SENT)
            continue;
        bulk->items[i].state = SB_BULK_FAILED;
        sb_copy(bulk->items[i].why, sizeof bulk->items[i].why, "its answer was passed over; look at the log");
    }
    bulk->is_running = false;
}

static void say_count(const struct sb_bulk *bulk, enum sb_bulk_state state, const char *word, bool is_always, struct sb_text *text)
{
    const uint32_t count = sb_bulk_count(bulk, state);
    if (count == 0 && !is_always)
        return;
    sb_text_add(text, ", ");
    sb_text_add_u64(text, count);
    sb_text_add(text, word);
}

/* The first item of that state and why, with a mark when there are more; the log has each of them. */
static void say_why(const struct sb_bulk *bulk, enum sb_bulk_state state, struct sb_text *text)
{
    for (uint32_t i = 0; i < bulk->count; i++) {
        if (bulk->items[i].state != state)
            continue;
        sb_text_add(text, "; ");
        sb_text_add(text, bulk->items[i].name);
        sb_text_add(text, " ");
        sb_text_add(text, bulk->items[i].why);
        sb_text_add(text, sb_bulk_count(bulk, state) > 1 ? " ..." : "");
        return;
    }
}

bool sb_bulk_say(const struct sb_screen *screen, struct sb_now now, struct sb_text *text, enum sb_slot *slot)
{
    const struct sb_bulk *const bulk = &screen->bulk;
    if (!bulk->is_said)
        return false;
    const uint32_t bad = sb_bulk_count(bulk, SB_BULK_REFUSED) + sb_bulk_count(bulk, SB_BULK_FAILED);
    sb_text_add(text, "last op ");
    sb_text_add_clock(text, bulk->at);
    sb_text_add(text, " ");
    sb_text_add(text, screen->actor);
    sb_text_add(text, " ");
    sb_text_add(text, sb_command_infos[bulk->kind].name);
    sb_text_add(text, " of ");
    sb_text_add_u64(text, bulk->count);
    sb_text_add(text, bulk->is_running ? ", under way: " : ": ");
    sb_text_add_u64(text, sb_bulk_count(bulk, SB_BULK_DONE));
    sb_text_add(text, " done");
    say_count(bulk, SB_BULK_REFUSED, " refused", true, text);
    say_count(bulk, SB_BULK_FAILED, " failed", true, text);
    say_count(bulk, SB_BULK_SKIPPED, " skipped", false, text);
    say_why(bulk, SB_BULK_REFUSED, text);
    say_why(bulk, SB_BULK_FAILED, text);
    say_why(bulk, SB_BULK_SKIPPED, text);
    const bool is_slow = bulk->is_running && now.mono - bulk->since > SB_S(1);
    *slot = bad > 0 ? SB_SLOT_BAR_BAD : is_slow ? SB_SLOT_BAR_WARN : SB_SLOT_BAR;
    return true;
}
