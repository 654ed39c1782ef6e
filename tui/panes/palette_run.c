/* Owns what an entry of the palette does, and saying so before. An action goes the same way as by its key: the same checks, the same
 * question. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

/* Views mean the rows of the pane in front, and from elsewhere there is nothing they could mean, but for these: they say so themselves, or
 * they mean the log or the selected job wherever one is. */
static bool is_bound_to_focus(enum sb_key_action action)
{
    static const uint16_t free_ones[] = {SB_KEY_ACTION_FOLLOW, SB_KEY_ACTION_WRAP, SB_KEY_ACTION_MARK_LINE, SB_KEY_ACTION_OPEN, SB_KEY_ACTION_TAIL,
                                         SB_KEY_ACTION_SORT, SB_KEY_ACTION_SORT_LEFT, SB_KEY_ACTION_SORT_RIGHT, SB_KEY_ACTION_INVERT,
                                         SB_KEY_ACTION_COLUMNS, SB_KEY_ACTION_COLUMN_LEFT, SB_KEY_ACTION_COLUMN_RIGHT};
    for (unsigned i = 0; i < SB_LEN(free_ones); i++) {
        if (free_ones[i] == action)
            return false;
    }
    return sb_keymap[action].class == 'V' || sb_keymap[action].where == SB_WHERE_CONTENT || action == SB_KEY_ACTION_UNSILENCE;
}

static bool can_do(const struct sb_screen *screen, enum sb_key_action action)
{
    return !is_bound_to_focus(action) || (sb_keymap[action].where & sb_pane_infos[screen->focus].where) != 0;
}

static void say_where(enum sb_key_action action, struct sb_text *out)
{
    sb_text_add(out, "not here: it works in ");
    sb_where_names(sb_keymap[action].where, out);
}

static void do_action(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, struct sb_screen_answer *answer)
{
    if (!sb_is_offered(screen, action)) { /* it may have become a viewer since the list was made */
        sb_say_viewer(screen, now);
        return;
    }
    if (!can_do(screen, action)) {
        struct sb_text text = sb_notice(screen, now, true);
        say_where(action, &text);
        return;
    }
    sb_act_do(screen, action, now, answer);
}

static void take_job(struct sb_screen *screen, uint16_t job)
{
    sb_selection_take(screen, job);
    screen->is_chosen = true;
    screen->settled_at = 0;
}

static void go_to_job(struct sb_screen *screen, uint16_t job, struct sb_now now)
{
    take_job(screen, job);
    sb_focus_on(screen, SB_PANE_JOBS);
    sb_order_refresh(screen);
    if (sb_order_place(screen, job) < screen->order_count || screen->filters[SB_PANE_JOBS][0] == '\0')
        return;
    screen->filters[SB_PANE_JOBS][0] = '\0';
    sb_order_invalidate(screen);
    sb_notice_say(screen, now, false, "the filter hid it and was cleared");
}

/* Selects the thing in its pane; false when it is gone. */
static bool take_thing(struct sb_screen *screen, const struct sb_palette_entry *entry)
{
    uint16_t contexts[SB_CONTEXTS_MAX], order[SB_ALERTS_MAX];
    uint16_t services[SB_SERVICES_MAX];
    const struct sb_model *const model = screen->model;
    if (entry->kind == SB_PALETTE_CONTEXT) {
        screen->filters[SB_PANE_CONTEXTS][0] = '\0';
        sb_find_refresh(screen);
        const uint32_t count = sb_context_list(model, contexts);
        for (uint32_t i = 0; i < count; i++) {
            if (contexts[i] == entry->id) {
                screen->scrolls[SB_PANE_CONTEXTS].selected = i;
                return true;
            }
        }
    } else if (entry->kind == SB_PALETTE_COMPONENT) {
        screen->filters[SB_PANE_SERVICES][0] = '\0';
        sb_find_refresh(screen);
        const uint32_t count = sb_service_list(screen, services);
        for (uint32_t i = 0; i < count; i++) {
            if (services[i] == entry->id) {
                sb_service_take(screen, i);
                return true;
            }
        }
    } else if (entry->kind == SB_PALETTE_ALERT) {
        screen->filters[SB_PANE_ALERTS][0] = '\0';
        sb_find_refresh(screen);
        const uint32_t count = sb_alert_order(screen, order);
        for (uint32_t i = 0; i < count; i++) {
            if (model->alerts[order[i]].id == entry->id) {
                screen->selected_alert = entry->id;
                screen->selected_silence = 0;
                return true;
            }
        }
    }
    return false;
}

static enum sb_pane pane_of(const struct sb_palette_entry *entry)
{
    if (entry->kind == SB_PALETTE_CONTEXT)
        return SB_PANE_CONTEXTS;
    return entry->kind == SB_PALETTE_ALERT ? SB_PANE_ALERTS : SB_PANE_SERVICES;
}

/* An action on marks would leave what was named alone. */
static bool is_marked(struct sb_screen *screen, const struct sb_palette_verb *verb, enum sb_pane pane, struct sb_now now)
{
    if (verb == NULL || verb->action == SB_KEY_ACTION_NONE || sb_keymap[verb->action].class == 'V' || sb_marks_count(screen, pane).all == 0)
        return false;
    sb_ask_refuse(screen, now, "rows are marked, and a name is another target; {MARK_CLEAR} clears the marks");
    return true;
}

/* A job for an action on it; pause and resume are one key, and two words that must not turn into each other. */
static void do_on_job(struct sb_screen *screen, const struct sb_palette_verb *verb, uint16_t id, struct sb_now now, struct sb_screen_answer *answer)
{
    const struct sb_model_job *const job = sb_model_job(screen->model, id);
    const bool is_resume = strcmp(verb->word, "resume") == 0;
    if (is_marked(screen, verb, SB_PANE_JOBS, now))
        return;
    if (verb->action == SB_KEY_ACTION_PAUSE && job != NULL && job->is_paused != is_resume) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, job->name);
        sb_text_add(&text, is_resume ? " is not paused" : " is paused already");
        return;
    }
    take_job(screen, id);
    if (verb->action == SB_KEY_ACTION_OPEN || verb->action == SB_KEY_ACTION_TAIL)
        sb_focus_on(screen, SB_PANE_JOBS); /* they read the pane in front */
    do_action(screen, (enum sb_key_action)verb->action, now, answer);
}

static void do_on_thing(struct sb_screen *screen, const struct sb_palette_entry *entry, const struct sb_palette_verb *verb, struct sb_now now,
                        struct sb_screen_answer *answer)
{
    if (!take_thing(screen, entry)) {
        sb_notice_say(screen, now, true, "it is gone");
        return;
    }
    sb_focus_on(screen, pane_of(entry));
    if (is_marked(screen, verb, pane_of(entry), now))
        return;
    if (verb != NULL && verb->action != SB_KEY_ACTION_NONE)
        do_action(screen, (enum sb_key_action)verb->action, now, answer);
}

void sb_palette_run(struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_now now, struct sb_screen_answer *answer)
{
    const struct sb_palette_verb *const verb = entry->verb == 0 ? NULL : &sb_palette_verbs[entry->verb - 1];
    struct sb_text text;
    switch ((enum sb_palette_kind)entry->kind) {
    case SB_PALETTE_ACTION: do_action(screen, (enum sb_key_action)entry->id, now, answer); break;
    case SB_PALETTE_JOB:
        if (verb != NULL && verb->action != SB_KEY_ACTION_NONE)
            do_on_job(screen, verb, (uint16_t)entry->id, now, answer);
        else
            go_to_job(screen, (uint16_t)entry->id, now);
        break;
    case SB_PALETTE_CONTEXT:
    case SB_PALETTE_ALERT:
    case SB_PALETTE_COMPONENT: do_on_thing(screen, entry, verb, now, answer); break;
    case SB_PALETTE_PANE: sb_focus_on(screen, (enum sb_pane)entry->id); break;
    case SB_PALETTE_THEME:
        sb_text_init(&text, answer->theme, sizeof answer->theme);
        sb_palette_name(screen, entry, &text);
        break;
    case SB_PALETTE_SORT: sb_sort_set(screen, screen->focus, entry->id, false); break;
    case SB_PALETTE_TIER:
        do_action(screen, SB_KEY_ACTION_TIER, now, answer);
        sb_palette_choose_tier(screen, entry->id, now);
        break;
    case SB_PALETTE_POLICY:
        do_action(screen, SB_KEY_ACTION_POLICY, now, answer);
        sb_palette_choose_policy(screen, entry->id, now);
        break;
    case SB_PALETTE_VERB: /* its name is still to come: the palette completes it instead */
    case SB_PALETTE_KINDS: break;
    }
}

/* ---- before ---- */

static const char *class_text(char class)
{
    return class == 'V' ? "V view" : class == 'R' ? "R at once" : class == 'G' ? "G asks first" : "T wants it typed";
}

/* `verb` NULL: the action alone. */
static void preview_action(const struct sb_screen *screen, enum sb_key_action action, const struct sb_palette_verb *verb, const char *on,
                           struct sb_text *out)
{
    const struct sb_keymap_row *const row = &sb_keymap[action];
    if (screen->keys.keys[action][0] == 0)
        sb_text_add(out, "no key");
    else
        sb_key_name(screen->keys.keys[action][0], out);
    sb_text_add(out, "  ");
    sb_text_add(out, class_text(row->class));
    sb_text_add(out, "  ");
    if (!can_do(screen, action)) {
        say_where(action, out);
        return;
    }
    if (on == NULL && row->class != 'V' && (row->where & SB_WHERE_JOBS) != 0 && row->where != SB_WHERE_ALL)
        on = screen->selected_name;
    if (on != NULL) { /* first, what has no room is cut */
        sb_text_add(out, on);
        sb_text_add(out, ": ");
    }
    if (verb != NULL && verb->takes_reason && screen->palette.args_at > 0)
        sb_palette_args_say(verb, sb_palette_args(&screen->palette), screen->now, out);
    else
        sb_text_add(out, verb != NULL && verb->takes_time ? verb->help : row->help);
}

void sb_palette_preview(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out)
{
    const struct sb_palette_verb *const verb = entry->verb == 0 ? NULL : &sb_palette_verbs[entry->verb - 1];
    char name[2 * SB_NAME_MAX + 2];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_palette_name(screen, entry, &text);
    if (entry->kind == SB_PALETTE_ACTION) {
        preview_action(screen, (enum sb_key_action)entry->id, NULL, NULL, out);
    } else if (entry->kind == SB_PALETTE_VERB) {
        sb_text_add(out, "Tab, then a name: ");
        sb_text_add(out, sb_palette_verbs[entry->id].help);
    } else if (verb != NULL && verb->action != SB_KEY_ACTION_NONE) {
        preview_action(screen, (enum sb_key_action)verb->action, verb, name, out);
    } else {
        sb_text_add(out, "V view  ");
        sb_text_add(out, entry->kind == SB_PALETTE_THEME ? "show the console in the theme " : entry->kind == SB_PALETTE_SORT ? "sort by " : "go to ");
        sb_text_add(out, name);
    }
}
