/* Owns the keymap table and its questions. Pure. */
#include "signalbox/tui/keys.h"

#include <string.h>

const struct sb_keymap_row sb_keymap[SB_KEY_ACTION_COUNT] = {
#define X(code, key1, key2, key3, class_, where_, label_, help_) \
    [SB_KEY_ACTION_##code] = {.name = #code, .keys = {key1, key2, key3}, .class = class_, .where = where_, .label = label_, .help = help_},
#include "signalbox/tui/keymap.def"
#undef X
};

void sb_keys_init(struct sb_keys *keys)
{
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++)
        memcpy(keys->keys[action], sb_keymap[action].keys, sizeof keys->keys[action]);
}

enum sb_key_action sb_keys_find(const struct sb_keys *keys, uint32_t key, uint32_t where)
{
    for (unsigned action = 0; key != 0 && action < SB_KEY_ACTION_COUNT; action++) {
        if ((sb_keymap[action].where & where) == 0)
            continue;
        for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
            if (keys->keys[action][i] == key)
                return (enum sb_key_action)action;
        }
    }
    return SB_KEY_ACTION_NONE;
}

void sb_keys_names(const struct sb_keys *keys, enum sb_key_action action, struct sb_text *out)
{
    for (unsigned i = 0; i < SB_KEY_ACTION_KEYS && keys->keys[action][i] != 0; i++) {
        if (i > 0)
            sb_text_add(out, " ");
        sb_key_name(keys->keys[action][i], out);
    }
}

void sb_key_action_name(enum sb_key_action action, struct sb_text *out)
{
    for (const char *at = sb_keymap[action].name; *at != '\0'; at++)
        sb_text_add_char(out, *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at);
}

bool sb_keymap_is_for_viewers(enum sb_key_action action)
{
    return action < SB_KEY_ACTION_COUNT && (sb_keymap[action].class == 'V' || action == SB_KEY_ACTION_LEAVE);
}

static const struct {
    uint32_t key;
    const char *name;
} key_names[] = {
    {SB_KEY_TAB, "Tab"},      {SB_KEY_ENTER, "Enter"}, {SB_KEY_ESCAPE, "Esc"},     {SB_KEY_BACKSPACE, "Backspace"},
    {SB_KEY_UP, "Up"},        {SB_KEY_DOWN, "Down"},   {SB_KEY_LEFT, "Left"},      {SB_KEY_RIGHT, "Right"},
    {SB_KEY_HOME, "Home"},    {SB_KEY_END, "End"},     {SB_KEY_PAGE_UP, "PgUp"},   {SB_KEY_PAGE_DOWN, "PgDn"},
    {SB_KEY_BACKTAB, "S-Tab"}, {SB_KEY_F5, "F5"},      {SB_KEY_DELETE, "Delete"},  {' ', "Space"},
};

void sb_key_name(uint32_t key, struct sb_text *out)
{
    for (unsigned i = 0; i < SB_LEN(key_names); i++) {
        if (key_names[i].key == key) {
            sb_text_add(out, key_names[i].name);
            return;
        }
    }
    if (key < 0x20) {
        sb_text_add(out, "C-");
        sb_text_add_char(out, (char)('a' + (char)key - 1));
    } else if (key < 0x7f) {
        sb_text_add_char(out, (char)key);
    } else {
        sb_text_add(out, "key ");
        sb_text_add_u64(out, key);
    }
}

const char *sb_key_long_name(unsigned i)
{
    return i < SB_LEN(key_names) ? key_names[i].name : NULL;
}

uint32_t sb_key_parse(const char *name)
{
    for (unsigned i = 0; i < SB_LEN(key_names); i++) {
        if (sb_streq(key_names[i].name, name))
            return key_names[i].key;
    }
    if (name[0] > ' ' && name[0] < 0x7f && name[1] == '\0')
        return (uint32_t)name[0];
    const bool is_control = name[0] == 'C' && name[1] == '-' && name[2] >= 'a' && name[2] <= 'z' && name[3] == '\0';
    return is_control ? (uint32_t)(name[2] - 'a' + 1) : 0;
}

void sb_where_names(uint32_t where, struct sb_text *out)
{
    static const char *const names[32] = {"jobs", "contexts", "budget", "alerts", "services", "log", "detail", "help", "page", "content",
                                          "timeline", "nodes", [16] = "alert", "context", "service", "history", "run", "row", "audit"};
    if (where == SB_WHERE_ALL) {
        sb_text_add(out, "all");
        return;
    }
    bool is_first = true;
    for (unsigned i = 0; i < SB_LEN(names); i++) {
        if (names[i] == NULL || (where & (1U << i)) == 0)
            continue;
        if (!is_first)
            sb_text_add(out, " ");
        sb_text_add(out, names[i]);
        is_first = false;
    }
}
