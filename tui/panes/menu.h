/* Inside tui/panes: the sort order, the columns of the job table, and the small menus that choose them. Included by panes.h. */
#ifndef SB_TUI_PANES_MENU_H
#define SB_TUI_PANES_MENU_H

/* What jobs can be sorted by, in the order of `<` and `>`: X(CODE, "word", "what stands first") */
#define SB_LIST_JOB_SORT(X)                                     \
    X(SEVERITY, "severity", "the worst state, then the longest in it") \
    X(NAME, "name", "a before z")                               \
    X(ATTEMPT, "attempts", "most attempts of this run")         \
    X(LAST, "last", "the longest last run")                     \
    X(P50, "p50", "the longest median")                         \
    X(P95, "p95", "the longest 95th percentile")                \
    X(NEXT, "next", "the next to be due")                       \
    X(CONTEXT, "ctx", "the lowest context")                     \
    X(GOOD, "ok%", "the fewest runs that succeeded")            \
    X(SPENT, "usd", "the most spent in this window")            \
    X(AGE, "age", "the longest in its state")                   \
    X(PRIORITY, "priority", "the highest priority")
/* ... and alerts. */
#define SB_LIST_ALERT_SORT(X)                                                  \
    X(SEVERITY, "severity", "what nobody has acknowledged, then the worst")    \
    X(AGE, "age", "the newest")                                                \
    X(SUBJECT, "subject", "a before z")
/* ... and content, inside each of its parts. */
#define SB_LIST_CONTENT_SORT(X)                                                \
    X(TIME, "time", "when it is due or was out, as its part says")             \
    X(KIND, "kind", "kind and account")                                        \
    X(ID, "id", "a before z")

#define SB_JOB_SORT_MEMBER(code, word, help) SB_JOB_SORT_##code,
#define SB_ALERT_SORT_MEMBER(code, word, help) SB_ALERT_SORT_##code,
enum sb_job_sort { SB_LIST_JOB_SORT(SB_JOB_SORT_MEMBER) SB_JOB_SORT_COUNT };
#define SB_CONTENT_SORT_MEMBER(code, word, help) SB_CONTENT_SORT_##code,
enum sb_content_sort { SB_LIST_CONTENT_SORT(SB_CONTENT_SORT_MEMBER) SB_CONTENT_SORT_COUNT };
#undef SB_CONTENT_SORT_MEMBER
enum sb_alert_sort { SB_LIST_ALERT_SORT(SB_ALERT_SORT_MEMBER) SB_ALERT_SORT_COUNT };
#undef SB_JOB_SORT_MEMBER
#undef SB_ALERT_SORT_MEMBER

struct sb_sort {
    uint8_t by[SB_PANE_COUNT]; /* enum of the pane; 0 = severity */
    bool is_inverted[SB_PANE_COUNT];
};

/* Columns of the job table. */
struct sb_columns {
    uint16_t hidden;     /* bit per column that is switched off */
    uint8_t first;       /* columns after the name that are scrolled away to the left */
    bool has_more;       /* some did not fit when it was drawn */
    uint8_t map[16];     /* of the frame: which of all columns each of the chosen ones is */
};

enum sb_menu_kind { SB_MENU_NONE, SB_MENU_SORT, SB_MENU_COLUMNS };
struct sb_menu {
    uint8_t kind;        /* enum sb_menu_kind */
    uint8_t pane;        /* SORT: whose */
    uint32_t selected;
};

/* menu.c */
void sb_menu_open(struct sb_screen *screen, enum sb_menu_kind kind);
void sb_menu_key(struct sb_screen *screen, uint32_t key);
void sb_menu_draw(const struct sb_screen *screen, const struct sb_view *view);

/* sort.c */
struct sb_model_alert;
/* Fills screen->order_keys for the jobs of the order. */
void sb_sort_keys(struct sb_screen *screen);
bool sb_sort_job_before(const struct sb_screen *screen, uint16_t a, uint16_t b);
bool sb_sort_alert_before(const struct sb_screen *screen, const struct sb_model_alert *a, const struct sb_model_alert *b);
/* Ways to sort a pane, 0 = it has one only. */
uint32_t sb_sort_count(enum sb_pane pane);
const char *sb_sort_word(enum sb_pane pane, uint32_t by);
const char *sb_sort_help(enum sb_pane pane, uint32_t by);
void sb_sort_set(struct sb_screen *screen, enum sb_pane pane, uint32_t by, bool is_inverted);
/* "sort:severity", "sort:name inverted". */
void sb_sort_title(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text);

/* columns.c: what of the table is shown: own[] and columns.map get the columns in their order, to be dropped as the operator scrolled. */
struct sb_column;
unsigned sb_columns_choose(struct sb_screen *screen, const struct sb_column *all, unsigned count, struct sb_column *own);
/* Notes what the plan had to leave out. */
void sb_columns_planned(struct sb_screen *screen, unsigned chosen, unsigned shown);
void sb_columns_title(const struct sb_screen *screen, struct sb_text *text);
void sb_columns_toggle(struct sb_screen *screen, unsigned column);
/* jobs.c: the columns there are; the first two are always shown. */
const struct sb_column *sb_job_columns(unsigned *count);
enum { SB_COLUMNS_FIXED = 2 };

#endif
