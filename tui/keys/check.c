/* Owns the keymap's lint. Pure. */
#include "signalbox/tui/keys.h"

#include <string.h>

static bool has_key(const struct sb_keymap_row *row, uint32_t key)
{
    for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
        if (row->keys[i] == key)
            return true;
    }
    return false;
}

static void report(struct sb_text *out, const char *what, uint32_t key, const char *first, const char *second)
{
    sb_text_add(out, what);
    sb_text_add(out, " ");
    sb_key_name(key, out);
    sb_text_add(out, ": ");
    sb_text_add(out, first);
    if (second != NULL) {
        sb_text_add(out, " and ");
        sb_text_add(out, second);
    }
    sb_text_add(out, "\n");
}

/* Terminals and multiplexers take these for themselves: prefix keys, flow control, suspend, and what Enter, Tab and Backspace send. */
bool sb_key_is_taken(uint32_t key)
{
    static const uint8_t taken[] = {1, 2, 3, 8, 10, 17, 19, 26};
    for (unsigned i = 0; i < SB_LEN(taken); i++) {
        if (key == taken[i])
            return true;
    }
    return false;
}

bool sb_key_is_movement(uint32_t key)
{
    return (key != 0 && key < 0x7f && memchr("hjklgG", (int)key, 6) != NULL) || (key >= SB_KEY_UP && key <= SB_KEY_PAGE_DOWN);
}

static unsigned check_key(const struct sb_keymap_row *rows, unsigned count, unsigned at, uint32_t key, struct sb_text *out)
{
    unsigned found = 0;
    for (unsigned other = at + 1; other < count; other++) {
        if ((rows[at].where & rows[other].where) != 0 && has_key(&rows[other], key)) {
            report(out, "two meanings of", key, rows[at].name, rows[other].name);
            found++;
        }
    }
    if (sb_key_is_taken(key)) {
        report(out, "the terminal keeps", key, rows[at].name, NULL);
        found++;
    }
    if (rows[at].class != 'V' && (sb_key_is_movement(key) || key == SB_KEY_ENTER)) {
        report(out, "an action on a movement key", key, rows[at].name, NULL);
        found++;
    }
    return found;
}

unsigned sb_keymap_check(const struct sb_keymap_row *rows, unsigned count, struct sb_text *out)
{
    unsigned found = 0;
    for (unsigned at = 0; at < count; at++) {
        unsigned keys = 0;
        for (unsigned i = 0; i < SB_KEY_ACTION_KEYS; i++) {
            if (rows[at].keys[i] == 0)
                continue;
            keys++;
            found += check_key(rows, count, at, rows[at].keys[i], out);
        }
        if (keys == 0) {
            report(out, "no key, that is", 0, rows[at].name, NULL);
            found++;
        }
    }
    return found;
}
