/* Inside tui/panes: the command palette. Included by panes.h. */
#ifndef SB_TUI_PANES_PALETTE_H
#define SB_TUI_PANES_PALETTE_H

enum { SB_PALETTE_ENTRIES = 64, SB_PALETTE_HISTORY = 16, SB_PALETTE_ROWS = 10, SB_THEMES_BYTES = 512,
       SB_PALETTE_LINE = 192 }; /* a command, a name, a time and a reason */

/* What an entry is; the order in which equals stand. */
enum sb_palette_kind {
    SB_PALETTE_ACTION,    /* id: enum sb_key_action */
    SB_PALETTE_JOB,       /* id: job */
    SB_PALETTE_CONTEXT,
    SB_PALETTE_ALERT,     /* id: of the alert */
    SB_PALETTE_COMPONENT,
    SB_PALETTE_PANE,
    SB_PALETTE_THEME,     /* id: place in the list of themes */
    SB_PALETTE_SORT,      /* id: enum sb_job_sort or sb_alert_sort of the pane with the focus */
    SB_PALETTE_TIER,      /* id: enum sb_tier, SB_TIER_COUNT = free */
    SB_PALETTE_POLICY,    /* id: enum sb_lane_policy */
    SB_PALETTE_VERB,      /* id: place in the verbs: a command that wants a name */
    SB_PALETTE_KINDS
};

struct sb_palette_entry {
    uint8_t kind;
    uint8_t verb;         /* 1 + place in the verbs when the line names one, 0 = the entry alone */
    uint32_t id;
    uint32_t score;
};

struct sb_palette {
    bool is_open;
    char line[SB_PALETTE_LINE];
    uint32_t args_at;     /* of the line: where behind verb and name the rest begins, 0 = there is none */
    uint32_t selected, count, total; /* entries kept, and how many fitted */
    struct sb_palette_entry entries[SB_PALETTE_ENTRIES]; /* the best first */
    char history[SB_PALETTE_HISTORY][SB_PALETTE_LINE];
    uint32_t history_count, history_back; /* ever run; how far back the line was fetched from, 0 = it is typed */
    char themes[SB_THEMES_BYTES]; /* names of the themes there are, blanks between them */
};

/* palette.c */
void sb_palette_key(struct sb_screen *screen, uint32_t key, bool is_typed, struct sb_now now, struct sb_screen_answer *answer);
void sb_palette_draw(const struct sb_screen *screen, const struct sb_view *whole);

/* palette_list.c: fills the entries for the line. */
void sb_palette_list(struct sb_screen *screen);
/* Name of an entry, as it is typed; what stands beside it in the list. */
void sb_palette_name(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out);
void sb_palette_about(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out);
/* The line that names the entry in full. */
void sb_palette_complete(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out);

/* palette_run.c */
/* Does what the entry says. */
void sb_palette_run(struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_now now, struct sb_screen_answer *answer);
/* What it would do, its class and its key. */
void sb_palette_preview(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out);

/* Commands with a name after them. */
struct sb_palette_verb {
    const char *word;
    uint8_t kind;         /* enum sb_palette_kind of what follows; SB_PALETTE_KINDS = anything */
    uint8_t action;       /* enum sb_key_action done on it, SB_KEY_ACTION_NONE = it is gone to, or chosen */
    const char *help;
    bool takes_reason, takes_time; /* behind the name: a reason, and before it how long */
};
extern const struct sb_palette_verb sb_palette_verbs[];
extern const unsigned sb_palette_verb_count;

/* palette_args.c. `line`: what stands behind the name, "" = nothing. */
const char *sb_palette_args(const struct sb_palette *palette);
void sb_palette_args_say(const struct sb_palette_verb *verb, const char *line, struct sb_now now, struct sb_text *out);
/* After the action was done or has asked: into its fields. */
void sb_palette_args_fill(struct sb_screen *screen, const struct sb_palette_verb *verb, const char *line, struct sb_now now,
                          struct sb_screen_answer *answer);
/* Of the question that has just come up; when it does not have that choice it is closed and it is said why. */
void sb_palette_choose_tier(struct sb_screen *screen, uint32_t tier, struct sb_now now);
void sb_palette_choose_policy(struct sb_screen *screen, uint32_t policy, struct sb_now now);

#endif
