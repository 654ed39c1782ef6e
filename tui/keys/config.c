/* Owns what a keymap file may change, and why not the rest. Pure. */
#include "signalbox/tui/keys.h"

#include "signalbox/base/text.h"

#include <string.h>

struct applying {
    struct sb_keys *keys;
    const struct sb_key_setting *settings;
    size_t count;
    sb_key_blame *blame;
    void *arg;
    unsigned mistakes;
};

static void blame(struct applying *applying, size_t at, const struct sb_text *message, const char *hint)
{
    applying->mistakes++;
    applying->blame(applying->arg, at, message->buf, hint);
}

/* Actions that are set lose their built-in keys, all of them first: two may change places. */
static void clear_set(struct applying *applying)
{
    for (size_t i = 0; i < applying->count; i++)
        memset(applying->keys->keys[applying->settings[i].action], 0, sizeof applying->keys->keys[0]);
}

static void add_action(struct sb_text *text, enum sb_key_action action)
{
    sb_text_add(text, "\"");
    sb_key_action_name(action, text);
    sb_text_add(text, "\"");
}

static bool has_key(const uint32_t keys[SB_KEY_ACTION_KEYS], uint32_t key)
{
    for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
        if (keys[i] == key)
            return true;
    }
    return false;
}

static void put(struct applying *applying, size_t at)
{
    const struct sb_key_setting setting = applying->settings[at];
    uint32_t *const keys = applying->keys->keys[setting.action];
    char buffer[160];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    if (setting.key == 0)
        return;
    add_action(&text, setting.action);
    if (has_key(keys, setting.key)) {
        sb_text_add(&text, " has ");
        sb_key_name(setting.key, &text);
        sb_text_add(&text, " twice");
        blame(applying, at, &text, NULL);
        return;
    }
    for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
        if (keys[i] == 0) {
            keys[i] = setting.key;
            return;
        }
    }
    sb_text_add(&text, " has more than three keys");
    blame(applying, at, &text, NULL);
}

/* What the key itself forbids; false when it does. */
static bool check_key(struct applying *applying, size_t at)
{
    const struct sb_key_setting setting = applying->settings[at];
    const char class = sb_keymap[setting.action].class;
    char buffer[160];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_key_name(setting.key, &text);
    if (sb_key_is_taken(setting.key)) {
        sb_text_add(&text, " cannot be bound: terminals and multiplexers keep it for themselves");
        blame(applying, at, &text, NULL);
    } else if (class != 'V' && (sb_key_is_movement(setting.key) || setting.key == SB_KEY_ENTER)) {
        sb_text_add(&text, " moves or opens; ");
        add_action(&text, setting.action);
        sb_text_add(&text, " changes something and must not be beside it");
        blame(applying, at, &text, "an action of class R, G or T needs a key that moves nothing in any keymap");
    } else if ((class == 'G' || class == 'T') && setting.key == 'y') {
        sb_text_add(&text, " answers questions; ");
        add_action(&text, setting.action);
        sb_text_add(&text, " asks one, and a key that is held down would answer it");
        blame(applying, at, &text, NULL);
    } else {
        return true;
    }
    return false;
}

static size_t setting_of(const struct applying *applying, enum sb_key_action action, uint32_t key)
{
    for (size_t i = 0; i < applying->count; i++) {
        if (applying->settings[i].action == action && applying->settings[i].key == key)
            return i;
    }
    return applying->count;
}

/* Another action that the same key means in one of the same panes. Of two that a file sets, the later one is told. */
static void check_meaning(struct applying *applying, size_t at)
{
    const struct sb_key_setting setting = applying->settings[at];
    for (unsigned other = 0; other < SB_KEY_ACTION_COUNT; other++) {
        const uint32_t both = sb_keymap[other].where & sb_keymap[setting.action].where;
        if (other == (unsigned)setting.action || both == 0 || !has_key(applying->keys->keys[other], setting.key))
            continue;
        const size_t set = setting_of(applying, (enum sb_key_action)other, setting.key);
        if (set < applying->count && set > at)
            continue;
        char buffer[160], hint[160];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_key_name(setting.key, &text);
        sb_text_add(&text, " means ");
        add_action(&text, (enum sb_key_action)other);
        sb_text_add(&text, " already; panes: ");
        sb_where_names(both, &text);
        struct sb_text advice;
        sb_text_init(&advice, hint, sizeof hint);
        sb_text_add(&advice, "give that one another key: ");
        sb_key_action_name((enum sb_key_action)other, &advice);
        sb_text_add(&advice, ": KEY, or none");
        blame(applying, at, &text, hint);
        return;
    }
}

static void check_none(struct applying *applying, size_t at)
{
    const enum sb_key_action action = applying->settings[at].action;
    char buffer[160];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    add_action(&text, action);
    if (applying->keys->keys[action][0] != 0) {
        sb_text_add(&text, " has keys and none");
        blame(applying, at, &text, NULL);
    } else if (action == SB_KEY_ACTION_BACK || action == SB_KEY_ACTION_LEAVE) {
        sb_text_add(&text, " must keep a key: without one there is no way out");
        blame(applying, at, &text, NULL);
    }
}

unsigned sb_keys_apply(struct sb_keys *keys, const struct sb_key_setting *settings, size_t count, sb_key_blame *blame_fn, void *arg)
{
    struct applying applying = {.keys = keys, .settings = settings, .count = count, .blame = blame_fn, .arg = arg};
    clear_set(&applying);
    for (size_t i = 0; i < count; i++)
        put(&applying, i);
    for (size_t i = 0; i < count; i++) {
        if (settings[i].key == 0)
            check_none(&applying, i);
        else if (check_key(&applying, i))
            check_meaning(&applying, i);
    }
    return applying.mistakes;
}
