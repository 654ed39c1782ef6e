/* Owns the keymap table and its questions. Pure. */
#include "signalbox/tui/keys.h"

#include <string.h>

const struct sb_keymap_row sb_keymap[SB_KEY_ACTION_COUNT] = {
#define X(code, key1, key2, key3, class_, where_, label_, help_) \
    [SB_KEY_ACTION_##code] = {.name = #code, .keys = {key1, key2, key3}, .class = class_, .where = where_, .label = label_, .help = help_},
#include "signalbox/tui/keymap.def"
#undef X
};

enum sb_key_action sb_keymap_find(uint32_t key, uint32_t where)
{
    for (unsigned action = 0; key != 0 && action < SB_KEY_ACTION_COUNT; action++) {
        if ((sb_keymap[action].where & where) == 0)
            continue;
        for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
            if (sb_keymap[action].keys[i] == key)
                return (enum sb_key_action)action;
        }
    }
    return SB_KEY_ACTION_NONE;
}

bool sb_keymap_is_for_viewers(enum sb_key_action action)
{
    return action < SB_KEY_ACTION_COUNT && (sb_keymap[action].class == 'V' || action == SB_KEY_ACTION_LEAVE);
}

void sb_key_name(uint32_t key, struct sb_text *out)
{
    static const struct {
        uint32_t key;
        const char *name;
    } names[] = {
        {SB_KEY_TAB, "Tab"},      {SB_KEY_ENTER, "Enter"}, {SB_KEY_ESCAPE, "Esc"},     {SB_KEY_BACKSPACE, "Backspace"},
        {SB_KEY_UP, "Up"},        {SB_KEY_DOWN, "Down"},   {SB_KEY_LEFT, "Left"},      {SB_KEY_RIGHT, "Right"},
        {SB_KEY_HOME, "Home"},    {SB_KEY_END, "End"},     {SB_KEY_PAGE_UP, "PgUp"},   {SB_KEY_PAGE_DOWN, "PgDn"},
        {SB_KEY_BACKTAB, "S-Tab"}, {SB_KEY_F5, "F5"},      {SB_KEY_DELETE, "Delete"},  {' ', "Space"},
    };
    for (unsigned i = 0; i < SB_LEN(names); i++) {
        if (names[i].key == key) {
            sb_text_add(out, names[i].name);
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
