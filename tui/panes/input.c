/* Owns the way of a key: prompt, dialog, or an action of the keymap; and the guard against text that was not meant as keys. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static bool is_printable(uint32_t code)
{
    return code >= 0x20 && code != 0x7f && code < 0x110000;
}

/* Notes a printable key and tells whether it belongs to a burst: more than SB_BURST_KEYS mixed ones within SB_BURST_WINDOW. The same key
 * again and again is a key that is held down. */
static bool burst_note(struct sb_screen *screen, uint32_t code, sb_ns now)
{
    const unsigned size = SB_LEN(screen->burst.at);
    if (is_printable(code)) {
        screen->burst.at[screen->burst.next % size] = now;
        screen->burst.code[screen->burst.next % size] = code;
        screen->burst.next++;
    }
    const unsigned kept = screen->burst.next < size ? screen->burst.next : size;
    unsigned close = 0;
    bool is_mixed = false;
    for (unsigned i = 0; i < kept; i++) {
        if (now - screen->burst.at[i] > SB_BURST_WINDOW)
            continue;
        close++;
        is_mixed = is_mixed || screen->burst.code[i] != screen->burst.code[(screen->burst.next + size - 1) % size];
    }
    if (close > SB_BURST_KEYS && is_mixed)
        screen->burst.until = now + SB_BURST_TAIL;
    return screen->burst.next > 0 && now < screen->burst.until;
}

static void filter_add(char *filter, uint32_t code)
{
    char bytes[4];
    const unsigned count = sb_utf8_encode(code, bytes);
    const size_t used = strlen(filter);
    if (used + count < SB_FILTER_MAX) {
        memcpy(filter + used, bytes, count);
        filter[used + count] = '\0';
    }
}

/* Takes the last character off, whole. */
static void filter_drop(char *filter)
{
    size_t used = strlen(filter);
    while (used > 0 && ((unsigned char)filter[used - 1] & 0xc0U) == 0x80)
        used--;
    if (used > 0)
        filter[used - 1] = '\0';
}

bool sb_prompt_edit(char *line, uint32_t key)
{
    if (key == SB_KEY_BACKSPACE || key == 8)
        filter_drop(line);
    else if (key == 21)
        line[0] = '\0';
    else if (is_printable(key) && (key < 0xd800 || key > 0xdfff))
        filter_add(line, key);
    else
        return false;
    return true;
}

static void prompt_key(struct sb_screen *screen, uint32_t key)
{
    char *const filter = screen->filters[screen->focus];
    if (key == SB_KEY_ENTER) {
        screen->is_prompting = screen->find.why[0] != '\0'; /* what is no filter is not kept: its line says why */
    } else if (key == SB_KEY_ESCAPE || key == 7) {
        sb_copy(filter, SB_FILTER_MAX, screen->prompt_before);
        screen->is_prompting = false;
    } else if (!sb_prompt_edit(filter, key)) {
        return;
    }
    sb_find_refresh(screen);
    sb_find_follow(screen);
    if (screen->focus == SB_PANE_JOBS)
        sb_selection_find(screen, !screen->is_prompting && key == SB_KEY_ENTER && filter[0] != '\0');
}

static void say_unbound(struct sb_screen *screen, struct sb_now now, uint32_t key)
{
    if (key >= SB_KEY_UP)
        return;
    struct sb_text text = sb_notice(screen, now, false);
    sb_key_name(key, &text);
    sb_text_add(&text, " does nothing in ");
    sb_text_add(&text, sb_pane_infos[screen->focus].title);
    sb_text_add(&text, "; ");
    sb_keys_names(&screen->keys, SB_KEY_ACTION_HELP, &text);
    sb_text_add(&text, " lists the keys");
}

/* The rest of a paste would become choices. */
static bool opens_menu(enum sb_key_action action)
{
    return action == SB_KEY_ACTION_PALETTE || action == SB_KEY_ACTION_SORT || action == SB_KEY_ACTION_COLUMNS;
}

static void handle(struct sb_screen *screen, uint32_t key, struct sb_now now, bool is_paste, bool is_burst, struct sb_screen_answer *answer)
{
    if (key == SB_KEY_NONE || key == SB_KEY_RESIZE)
        return;
    if (sb_mouse_is(key)) {
        sb_mouse_key(screen, key, now, answer);
        return;
    }
    if (screen->dialog.is_open) {
        if (is_paste || is_burst)
            sb_dialog_paste(screen, key, now);
        else
            sb_dialog_key(screen, key, now, answer);
        return;
    }
    if (screen->is_prompting) {
        prompt_key(screen, key);
        return;
    }
    if (screen->is_asking_time) {
        sb_past_prompt_key(screen, key, now, answer);
        return;
    }
    if (screen->palette.is_open) {
        sb_palette_key(screen, key, !is_paste && !is_burst, now, answer);
        return;
    }
    if (screen->menu.kind != SB_MENU_NONE) {
        if (!is_paste && !is_burst)
            sb_menu_key(screen, key);
        return;
    }
    const enum sb_key_action action = sb_keys_find(&screen->keys, key, sb_pane_infos[screen->focus].where);
    if (action == SB_KEY_ACTION_NONE) {
        if (!is_paste && !is_burst)
            say_unbound(screen, now, key);
    } else if (!sb_past_allows(screen, action)) {
        (void)sb_past_refuses(screen, action, now);
    } else if (!sb_is_offered(screen, action)) {
        sb_say_viewer(screen, now);
    } else if ((is_paste || is_burst) && (sb_keymap[action].class != 'V' || opens_menu(action))) {
        sb_notice_say(screen, now, true, is_paste ? "pasted text: its action keys were ignored"
                                                  : "many mixed keys at once look like pasted text: action keys were ignored");
    } else {
        sb_act_do(screen, action, now, answer);
    }
}

void sb_screen_keys(struct sb_screen *screen, const struct sb_key *keys, size_t count, bool is_paste, struct sb_now now,
                    struct sb_screen_answer *answers)
{
    bool is_burst = false;
    memset(answers, 0, count * sizeof *answers);
    for (size_t i = 0; i < count; i++) /* the whole read first: its first keys are part of the burst too */
        is_burst = burst_note(screen, keys[i].code, now.mono) || is_burst;
    sb_past_choose_model(screen);
    for (size_t i = 0; i < count; i++)
        handle(screen, keys[i].code, now, is_paste, is_burst, &answers[i]);
}

void sb_screen_key(struct sb_screen *screen, struct sb_key key, struct sb_now now, struct sb_screen_answer *answer)
{
    sb_screen_keys(screen, &key, 1, false, now, answer);
}
