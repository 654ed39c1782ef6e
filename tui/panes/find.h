/* Inside tui/panes: filters, searches and what they are made of. Included by panes.h. */
#ifndef SB_TUI_PANES_FIND_H
#define SB_TUI_PANES_FIND_H

#include "signalbox/tui/match.h"

struct sb_screen;
struct sb_view;

/* Words before a colon: X(CODE, "word"). Which pane knows which: match.c. */
#define SB_LIST_MATCH_KEY(X)                                                                                              \
    X(STATE, "state") X(JOB, "job") X(CATEGORY, "category") X(CTX, "ctx") X(STEP, "step") X(ERROR, "error") X(ALERT, "alert") \
    X(PAUSED, "paused") X(CRITICAL, "critical") X(SEVERITY, "severity") X(ACKED, "acked") X(RUN, "run") X(EVENT, "event")     \
    X(CLASS, "class") X(KEY, "key") X(WHERE, "where") X(LANE, "lane")

enum sb_match_key {
#define SB_MATCH_KEY_MEMBER(code, word) SB_MATCH_KEY_##code,
    SB_LIST_MATCH_KEY(SB_MATCH_KEY_MEMBER)
#undef SB_MATCH_KEY_MEMBER
    SB_MATCH_KEY_COUNT
};

enum { SB_MATCH_TERMS = 16 };
enum sb_match_kind { SB_MATCH_WORD, SB_MATCH_FUZZY, SB_MATCH_REGEX, SB_MATCH_FIELD };

/* What was typed, taken apart: all of its terms must fit. */
struct sb_match {
    char text[SB_FILTER_MAX];
    uint8_t term_count;
    struct {
        uint8_t kind, key; /* enum sb_match_kind, enum sb_match_key */
        uint8_t at, size;  /* of the word or value inside `text` */
    } terms[SB_MATCH_TERMS];
    struct sb_regex regex; /* of the one term of that kind */
};

/* What is looked for in the panes. The filter of a pane is screen->filters[pane]; here it is compiled. */
struct sb_find {
    struct sb_match filter[SB_PANE_COUNT]; /* the newest good one */
    char seen[SB_PANE_COUNT][SB_FILTER_MAX];
    struct sb_match last[SB_PANE_COUNT];   /* what was looked for last, also after it was cleared: n goes on with it */
    bool is_searching[SB_PANE_COUNT];      /* `last` is painted though it filters nothing */
    char why[160];                         /* what is wrong with what is being typed; "" = nothing */
    uint64_t line[SB_PANE_COUNT];          /* panes that are read, not selected in: the line that was found, in the log its absolute number */
    uint16_t cols[SB_PANE_COUNT];          /* width of the pane's content when it was drawn */
    struct sb_grid_cell *scratch;          /* [SB_FIND_ROWS * SB_FIND_COLS]: a detail longer than the screen is drawn there to be searched */
};
enum { SB_FIND_ROWS = 256, SB_FIND_COLS = 256 };
#define SB_NO_LINE UINT64_MAX

/* Whether a thing has the value; the value is not NUL-terminated. */
typedef bool sb_match_field(const void *of, enum sb_match_key key, const char *value, size_t size);

/* match.c: takes a pane's filter apart. False with the reason when it is none; `match` is then as before. */
bool sb_match_compile(struct sb_match *match, enum sb_pane pane, const char *text, struct sb_text *why);
/* " state: job: ..." of a pane. */
void sb_match_add_keys(enum sb_pane pane, struct sb_text *out);
/* Words, letters and pattern must fit the text, values the field function (NULL: there are none). */
bool sb_match_fits(const struct sb_match *match, const char *text, const void *of, sb_match_field *field);
/* Sets marks[i] for each byte of the text that words, letters and pattern mean. */
void sb_match_mark(const struct sb_match *match, const char *text, size_t size, bool *marks);
/* Whether a value fits: "yes", "no" or their beginnings; a part of a text; a beginning of a word. */
bool sb_match_is_yes(const char *value, size_t size, bool is_so);
bool sb_match_is_part(const char *value, size_t size, const char *text);
bool sb_match_is_begin(const char *value, size_t size, const char *word);
bool sb_match_is_number(const char *value, size_t size, uint64_t number);

/* match_fields.c: the things that have fields. */
struct sb_model;
struct sb_model_alert;
bool sb_match_job(const struct sb_match *match, const struct sb_model *model, uint16_t job);
bool sb_match_alert(const struct sb_match *match, const struct sb_model *model, const struct sb_model_alert *alert);
bool sb_match_context(const struct sb_match *match, const struct sb_model *model, uint16_t ctx);
bool sb_match_component(const struct sb_match *match, const struct sb_model *model, unsigned component);
/* A field of at most eight bytes that is no text. */
uint64_t sb_event_number(const struct sb_event *event, const struct sb_field *field);
bool sb_match_event(const struct sb_match *match, const struct sb_model *model, const struct sb_event *event, const char *line);

/* search.c */
/* Compiles filters that have changed. */
void sb_find_refresh(struct sb_screen *screen);
/* What the pane filters by; has no terms when it does not. */
const struct sb_match *sb_find_filter(const struct sb_screen *screen, enum sb_pane pane);
/* Whether a text passes the pane's filter: for panes whose rows are texts. */
bool sb_find_shows(const struct sb_screen *screen, enum sb_pane pane, const char *text);
/* Paints what the pane looks for, in cells that are drawn already. */
void sb_find_paint(const struct sb_screen *screen, enum sb_pane pane, const struct sb_view *view, unsigned row, unsigned col, unsigned cols);
/* ... in every row of the view. */
void sb_find_paint_all(const struct sb_screen *screen, enum sb_pane pane, const struct sb_view *view);
/* " filter:..." or " search:..." for the title; nothing when nothing is looked for. */
void sb_find_title(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text);
/* Whether sb_find_paint_all and sb_find_title are done for the pane by who draws all of them. */
bool sb_find_is_painted(enum sb_pane pane);
/* Goes to the first match at or after where the view is, while it is being typed: panes that search and do not filter. */
void sb_find_follow(struct sb_screen *screen);
/* The operator moved: what was found is no longer the place to go on from. */
void sb_find_forget(struct sb_screen *screen);

/* The way of a search through the rows of a pane, offered one after the other, each that matches once. */
struct sb_seek {
    const struct sb_match *match;
    int64_t at, best, wrapped; /* where it began; the next one from there; the first from the other end; -1 = none */
    bool is_back;
};
void sb_seek_offer(struct sb_seek *seek, int64_t row);
/* Panes that know their rows' texts. */
void sb_help_seek(const struct sb_screen *screen, struct sb_seek *seek);
void sb_page_seek(const struct sb_screen *screen, struct sb_seek *seek);
void sb_content_seek(const struct sb_screen *screen, struct sb_seek *seek);
void sb_timeline_seek(const struct sb_screen *screen, struct sb_seek *seek);
void sb_timeline_go(struct sb_screen *screen, uint32_t row);
void sb_log_seek(const struct sb_screen *screen, struct sb_seek *seek);

/* The log shows one job, run, context, component or alert only. */
struct sb_tail {
    bool is_on;
    uint8_t type;              /* enum sb_field_type of the fields that must hold `value`; u32 = an alert */
    uint64_t value;
    char name[SB_NAME_MAX];    /* a job's, to find it again after a gap; else what the title says */
};
/* log_tail.c */
bool sb_tail_shows(const struct sb_screen *screen, const struct sb_event *event);
void sb_tail_settle(struct sb_screen *screen);

/* Lines drawn into the log by the operator. */
enum { SB_LOG_MARKS = 16 };
struct sb_log_marks {
    uint32_t count;            /* ever set since the last gap; the newest SB_LOG_MARKS are kept */
    uint64_t at[SB_LOG_MARKS]; /* absolute number of the log line below the mark */
    struct sb_wall wall[SB_LOG_MARKS];
};
/* log_marks.c: the number of the newest mark right above that line, from 1; 0 = none. `skip`: how many of them are drawn already. */
uint32_t sb_log_mark_above(const struct sb_screen *screen, uint64_t line, uint32_t skip);
void sb_log_mark_draw(const struct sb_screen *screen, const struct sb_view *view, unsigned row, uint32_t mark);

#endif
