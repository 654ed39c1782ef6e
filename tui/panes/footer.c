/* The last two lines: the last operation with its result, and the keys that work here, read from the keymap. A prompt or a notice takes
 * the first of them while it lasts. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static const struct sb_pending *newest_pending(const struct sb_screen *screen)
{
    const struct sb_pending *newest = NULL;
    for (unsigned i = 0; i < SB_PENDING_MAX; i++) {
        if (screen->pending[i].is_used && (newest == NULL || screen->pending[i].since >= newest->since))
            newest = &screen->pending[i];
    }
    return newest;
}

static enum sb_slot say_pending(const struct sb_screen *screen, const struct sb_pending *pending, struct sb_now now, struct sb_text *text)
{
    sb_text_add(text, "last op ");
    sb_text_add_clock(text, pending->at);
    sb_text_add(text, " ");
    sb_text_add(text, screen->actor);
    sb_text_add(text, " ");
    sb_text_add(text, pending->text);
    sb_text_add(text, " -> sent");
    if (now.mono - pending->since > SB_S(1)) {
        sb_text_add(text, ", no answer for ");
        sb_model_add_age(text, now.mono - pending->since);
        return SB_SLOT_BAR_WARN;
    }
    return SB_SLOT_BAR;
}

static enum sb_slot say_last(const struct sb_screen *screen, struct sb_text *text)
{
    const struct sb_model_command *const last = &screen->live->last_command;
    if (!last->is_known) {
        sb_text_add(text, "last op none");
        return SB_SLOT_BAR;
    }
    sb_text_add(text, "last op ");
    sb_text_add_clock(text, last->at);
    sb_text_add(text, " ");
    sb_text_add(text, last->actor);
    sb_text_add(text, " ");
    sb_text_add(text, last->kind < SB_COMMAND_COUNT ? sb_command_infos[last->kind].name : "?");
    const struct sb_model_job *const job = sb_model_job(screen->live, last->job);
    if (job != NULL) {
        sb_text_add(text, " ");
        sb_text_add(text, job->name);
    }
    sb_text_add(text, last->is_done ? " -> ok: " : " -> REFUSED: ");
    sb_text_add(text, last->outcome);
    return last->is_done ? SB_SLOT_BAR : SB_SLOT_BAR_BAD;
}

static void draw_undo(const struct sb_screen *screen, const struct sb_view *view, struct sb_now now)
{
    if (!screen->undo.is_armed || now.mono >= screen->undo.until || view->box.cols < 40 || screen->keys.keys[SB_KEY_ACTION_UNDO][0] == 0)
        return;
    char buffer[32];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_key_name(screen->keys.keys[SB_KEY_ACTION_UNDO][0], &text);
    sb_text_add(&text, " undoes, ");
    sb_text_add_u64(&text, (uint64_t)((screen->undo.until - now.mono + SB_S(1) - 1) / SB_S(1)));
    sb_text_add(&text, "s");
    const unsigned width = (unsigned)text.len;
    sb_view_field(view, 0, view->box.cols - width - 1U, width + 1U, true, SB_SLOT_KEY, buffer);
}

static void draw_prompt(const struct sb_screen *screen, const struct sb_view *view)
{
    sb_view_fill(view, 0, 0, view->box.cols, ' ', ' ', SB_SLOT_PROMPT);
    sb_view_text(view, 0, 0, 2, SB_SLOT_KEY, "/");
    const unsigned used = sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_PROMPT, screen->filters[screen->focus]);
    sb_view_fill(view, 0, 1 + used, 1, '_', '_', SB_SLOT_PROMPT);
    if (screen->find.why[0] != '\0' && view->box.cols > used + 4)
        sb_view_text(view, 0, 4 + used, view->box.cols - used - 4U, SB_SLOT_BAR_BAD, screen->find.why);
    view->grid->cursor_row = view->box.row;
    view->grid->cursor_col = (uint16_t)(view->box.col + (1U + used < view->box.cols ? 1U + used : view->box.cols - 1U));
}

static void draw_operation(const struct sb_screen *screen, const struct sb_view *view, struct sb_now now)
{
    if (screen->is_prompting) {
        draw_prompt(screen, view);
        return;
    }
    if (screen->is_asking_time) {
        sb_past_prompt_draw(screen, view);
        return;
    }
    char buffer[320];
    struct sb_text text;
    enum sb_slot slot = SB_SLOT_BAR;
    sb_text_init(&text, buffer, sizeof buffer);
    const struct sb_pending *const pending = newest_pending(screen);
    if (screen->notice.text[0] != '\0' && now.mono < screen->notice.until) {
        sb_text_add(&text, screen->notice.text);
        slot = screen->notice.is_bad ? SB_SLOT_BAR_WARN : SB_SLOT_BAR;
    } else if (screen->source.state != SB_SOURCE_LIVE && screen->source.text[0] != '\0') {
        sb_text_add(&text, screen->source.text);
        slot = SB_SLOT_BAR_BAD;
    } else if (screen->past != NULL) {
        sb_past_add_line(screen, &text);
        slot = SB_SLOT_BAR_WARN;
    } else if (pending != NULL) {
        slot = say_pending(screen, pending, now, &text);
    } else if (!sb_bulk_say(screen, now, &text, &slot)) {
        slot = say_last(screen, &text);
    }
    sb_view_field(view, 0, 0, view->box.cols, false, slot, buffer);
    draw_undo(screen, view, now);
}

/* "p pause", "?help": a mark needs no space to its word. */
static unsigned draw_hint(const struct sb_view *view, unsigned row, unsigned at, const char *key, const char *label)
{
    const unsigned key_width = (unsigned)strlen(key);
    const bool is_mark = key_width == 1 && strchr("?/!:", key[0]) != NULL;
    const unsigned start = key_width + (is_mark ? 0 : 1), width = start + (unsigned)strlen(label);
    if (at + width > view->box.cols)
        return 0;
    sb_view_text(view, row, at, key_width, SB_SLOT_KEY, key);
    sb_view_text(view, row, at + start, width, SB_SLOT_DIM, label);
    return width + 1;
}

static void draw_hints(const struct sb_screen *screen, const struct sb_view *view, unsigned row)
{
    unsigned at = 0;
    char back[16];
    struct sb_text back_text;
    sb_text_init(&back_text, back, sizeof back);
    sb_key_name(screen->keys.keys[SB_KEY_ACTION_BACK][0], &back_text);
    if (screen->is_prompting) {
        at += draw_hint(view, row, at, "Enter", "keep the filter");
        at += draw_hint(view, row, at, "Esc", "as before");
        char buffer[160];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, "~letters =pattern");
        sb_match_add_keys(screen->focus, &text);
        if (at < view->box.cols)
            sb_view_field(view, row, at, view->box.cols - at, false, SB_SLOT_DIM, buffer);
        return;
    }
    if (screen->focus == SB_PANE_DETAIL || sb_pane_infos[screen->focus].area == SB_AREA_NONE || screen->is_zoomed)
        at += draw_hint(view, row, at, back, "back");
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        const struct sb_keymap_row *const keys = &sb_keymap[action];
        if (keys->label[0] == '\0' || (keys->where & sb_pane_infos[screen->focus].where) == 0)
            continue;
        if (!sb_past_allows(screen, (enum sb_key_action)action) || (action == SB_KEY_ACTION_FREEZE && screen->is_recording))
            continue;
        if (!sb_is_offered(screen, (enum sb_key_action)action) || (action == SB_KEY_ACTION_TAKE_OVER && !sb_is_viewer(screen)))
            continue;
        char buffer[16];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        if (screen->keys.keys[action][0] == 0)
            continue;
        sb_key_name(screen->keys.keys[action][0], &text);
        const char *label = keys->label;
        if (action == SB_KEY_ACTION_LEAVE && screen->source.is_attached)
            label = "detach";
        else if (action == SB_KEY_ACTION_PAUSE_ALL && screen->model->all_paused.is_on)
            label = "resume all";
        else if (action == SB_KEY_ACTION_FREEZE && screen->past != NULL)
            label = "live";
        at += draw_hint(view, row, at, buffer, label);
    }
}

void sb_footer_draw(struct sb_screen *screen, const struct sb_view *view, struct sb_now now)
{
    sb_view_clear(view, SB_SLOT_TEXT);
    draw_operation(screen, view, now);
    if (view->box.rows > 1)
        draw_hints(screen, view, 1);
}
