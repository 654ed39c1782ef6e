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
    SB_WHERE_CONTENT = 512,
    SB_WHERE_TIMELINE = 1024,
    SB_WHERE_NODES = 2048,
    SB_WHERE_ALERT_DETAIL = 1 << 16,
    SB_WHERE_CONTEXT_DETAIL = 1 << 17,
    SB_WHERE_COMPONENT_DETAIL = 1 << 18,
    SB_WHERE_HISTORY = 1 << 19,
    SB_WHERE_RUN = 1 << 20,
    SB_WHERE_CONTENT_ROW = 1 << 21,
    SB_WHERE_AUDIT = 1 << 22,
    SB_WHERE_ALL = 4095 | 127 << 16,
    SB_WHERE_JOB = SB_WHERE_JOBS | SB_WHERE_DETAIL | SB_WHERE_RUN,
    SB_WHERE_MARKS = SB_WHERE_JOBS | SB_WHERE_CONTEXTS | SB_WHERE_ALERTS,
    SB_WHERE_FILTERED = SB_WHERE_ALL, /* what has rows is filtered, what is read is searched */
    SB_WHERE_SORTED = SB_WHERE_JOBS | SB_WHERE_ALERTS | SB_WHERE_CONTENT,
    SB_WHERE_SIDEWAYS = SB_WHERE_JOBS | SB_WHERE_LOG,
    SB_WHERE_TAILED = SB_WHERE_JOBS | SB_WHERE_CONTEXTS | SB_WHERE_ALERTS | SB_WHERE_SERVICES | SB_WHERE_LOG | SB_WHERE_DETAIL,
    SB_WHERE_OPENING = SB_WHERE_JOBS | SB_WHERE_CONTEXTS | SB_WHERE_ALERTS | SB_WHERE_SERVICES | SB_WHERE_DETAIL |
                       SB_WHERE_ALERT_DETAIL | SB_WHERE_CONTEXT_DETAIL | SB_WHERE_HISTORY | SB_WHERE_RUN | SB_WHERE_AUDIT |
                       SB_WHERE_CONTENT | SB_WHERE_TIMELINE,
};

enum { SB_KEY_ACTION_KEYS = 3 };

struct sb_keymap_row {
    const char *name;                /* "pause" */
    uint32_t keys[SB_KEY_ACTION_KEYS];   /* 0 = none */
    char class;                      /* 'V', 'R', 'G' or 'T' */
    uint32_t where;
    const char *label, *help;
};

extern const struct sb_keymap_row sb_keymap[SB_KEY_ACTION_COUNT];

/* Which keys do what now: the built-in ones, or what an operator's file makes of them. A value. */
struct sb_keys {
    uint32_t keys[SB_KEY_ACTION_COUNT][SB_KEY_ACTION_KEYS]; /* 0 = none; the used ones come first */
};
void sb_keys_init(struct sb_keys *keys); /* the built-in ones */

/* One word of a keymap file: a key that an action shall have. key 0: it shall have none. */
struct sb_key_setting {
    enum sb_key_action action;
    uint32_t key;
};
/* Told of each setting that cannot be; `hint` may be NULL. */
typedef void sb_key_blame(void *arg, size_t setting, const char *message, const char *hint);
/* Puts settings over the built-in keys: an action that is set has its settings' keys and no others. Returns the number of mistakes: a key
 * that cannot be bound, more than three keys, a key that has another meaning in one of the panes, an action of class R, G or T on a movement
 * key or on Enter, one that asks on the key that answers, `none` beside keys, or a view that could not be left. */
unsigned sb_keys_apply(struct sb_keys *keys, const struct sb_key_setting *settings, size_t count, sb_key_blame *blame, void *arg);

/* Action of a key in a pane (one bit of `where`), or SB_KEY_ACTION_NONE. */
enum sb_key_action sb_keys_find(const struct sb_keys *keys, uint32_t key, uint32_t where);
/* Names of an action's keys with a space between; "" when it has none. */
void sb_keys_names(const struct sb_keys *keys, enum sb_key_action action, struct sb_text *out);
/* The action's name as a file writes it: "pause_all". */
void sb_key_action_name(enum sb_key_action action, struct sb_text *out);
/* What sb_key_name writes, back into a key; 0 = it is none. */
uint32_t sb_key_parse(const char *name);
/* The i-th of the names that are longer than a character, for suggestions; NULL at the end. */
const char *sb_key_long_name(unsigned i);
/* Whether terminals and multiplexers keep the key for themselves; whether it moves. */
bool sb_key_is_taken(uint32_t key);
bool sb_key_is_movement(uint32_t key);
/* Whether an action is offered to a viewer: everything of class V, and leaving. */
bool sb_keymap_is_for_viewers(enum sb_key_action action);
/* "p", "C-d", "Enter", "PgDn". */
void sb_key_name(uint32_t key, struct sb_text *out);
/* Words of the panes in `where`: "jobs detail", or "all". */
void sb_where_names(uint32_t where, struct sb_text *out);

/* What is wrong with a keymap: one line per finding into `out`; returns their number. Finds a key with two meanings in one pane, a key that
 * cannot be bound (C-a C-b C-c C-h C-i C-j C-m C-q C-s C-z), an action without a key and an action of class R, G or T on a movement key. */
unsigned sb_keymap_check(const struct sb_keymap_row *rows, unsigned count, struct sb_text *out);

#endif
