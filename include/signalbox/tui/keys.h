/* The keymap: one table of actions, keys, classes and help. Pure. */
#ifndef SIGNALBOX_TUI_KEYS_H
#define SIGNALBOX_TUI_KEYS_H

#include "signalbox/base/text.h"
#include "signalbox/tui/screen.h"

enum sb_key_action {
#define X(code, key1, key2, key3, class, where, label, help) SB_KEY_ACTION_##code,
#include "signalbox/tui/keymap.def"
#undef X
    SB_KEY_ACTION_COUNT,
    SB_KEY_ACTION_NONE = SB_KEY_ACTION_COUNT
};

/* Where keys work: one bit per pane. */
enum {
    SB_WHERE_JOBS = 1,
    SB_WHERE_CONTEXTS = 2,
    SB_WHERE_BUDGET = 4,
    SB_WHERE_ALERTS = 8,
    SB_WHERE_SERVICES = 16,
    SB_WHERE_LOG = 32,
    SB_WHERE_DETAIL = 64,
    SB_WHERE_HELP = 128,
    SB_WHERE_PAGE = 256,
    SB_WHERE_ALL = 511,
    SB_WHERE_JOB = SB_WHERE_JOBS | SB_WHERE_DETAIL,
    SB_WHERE_MARKS = SB_WHERE_JOBS | SB_WHERE_CONTEXTS | SB_WHERE_ALERTS,
    SB_WHERE_FILTERED = SB_WHERE_JOBS | SB_WHERE_LOG | SB_WHERE_HELP,
    SB_WHERE_OPENING = SB_WHERE_JOBS | SB_WHERE_CONTEXTS | SB_WHERE_ALERTS | SB_WHERE_DETAIL,
};

enum { SB_KEY_ACTION_KEYS = 3 };

struct sb_keymap_row {
    const char *name;                /* "pause" */
    uint32_t keys[SB_KEY_ACTION_KEYS];   /* 0 = none */
    char class;                      /* 'V', 'R', 'G' or 'T' */
    uint16_t where;
    const char *label, *help;
};

extern const struct sb_keymap_row sb_keymap[SB_KEY_ACTION_COUNT];

/* Action of a key in a pane (one bit of `where`), or SB_KEY_ACTION_NONE. */
enum sb_key_action sb_keymap_find(uint32_t key, uint16_t where);
/* Whether an action is offered to a viewer: everything of class V, and leaving. */
bool sb_keymap_is_for_viewers(enum sb_key_action action);
/* "p", "C-d", "Enter", "PgDn". */
void sb_key_name(uint32_t key, struct sb_text *out);
/* Words of the panes in `where`: "jobs detail", or "all". */
void sb_where_names(uint16_t where, struct sb_text *out);

/* What is wrong with a keymap: one line per finding into `out`; returns their number. Finds a key with two meanings in one pane, a key that
 * cannot be bound (C-a C-b C-c C-h C-i C-j C-m C-q C-s C-z), an action without a key and an action of class R, G or T on a movement key. */
unsigned sb_keymap_check(const struct sb_keymap_row *rows, unsigned count, struct sb_text *out);

#endif
