/* The screen: the console without a terminal. Folds events, takes keys, draws a grid, answers with commands. Pure (no clock, no I/O, no
 * allocation after create); the terminal loop (tui/app.c), the golden tests and later the capture use the same object.
 *
 * Thread: one at a time. */
#ifndef SIGNALBOX_TUI_SCREEN_H
#define SIGNALBOX_TUI_SCREEN_H

#include "signalbox/base/err.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"
#include "signalbox/ports/lookup.h"
#include "signalbox/ports/source.h"
#include "signalbox/tui/grid.h"

/* A key: a code point, or one of these above the Unicode range. */
enum sb_key_code {
    SB_KEY_NONE = 0,
    SB_KEY_TAB = 9,
    SB_KEY_ENTER = 13,
    SB_KEY_ESCAPE = 27,
    SB_KEY_BACKSPACE = 127,
    SB_KEY_UP = 0x110000,
    SB_KEY_DOWN,
    SB_KEY_LEFT,
    SB_KEY_RIGHT,
    SB_KEY_HOME,
    SB_KEY_END,
    SB_KEY_PAGE_UP,
    SB_KEY_PAGE_DOWN,
    SB_KEY_BACKTAB,
    SB_KEY_F5,
    SB_KEY_DELETE,
    SB_KEY_RESIZE,
    SB_KEY_WHEEL_UP,
    SB_KEY_WHEEL_DOWN,
    SB_KEY_CLICK = 0x200000, /* + row * SB_KEY_CLICK_COLS + column: the left button was pressed there */
    SB_KEY_CLICK_COLS = 1024,
    SB_KEY_CLICK_END = SB_KEY_CLICK + SB_KEY_CLICK_COLS * SB_KEY_CLICK_COLS,
};
/* Control keys are their C0 codes: C-d is 4, C-u 21, C-l 12, C-g 7. */
struct sb_key {
    uint32_t code;
};

struct sb_now {
    sb_ns mono;
    struct sb_wall wall;
};

struct sb_keys;
struct sb_screen_setup {
    const char *actor, *environment;
    bool is_read_only, is_ascii;
    const struct sb_keys *keys; /* copied; NULL = the built-in ones */
    const char *themes;          /* names of the themes that can be chosen, blanks between them; copied; NULL = none */
    bool is_recording;           /* there is no runtime behind it: the past is all there is */
};

struct sb_screen;
struct sb_model;
struct sb_screen *sb_screen_create(const struct sb_screen_setup *setup, struct sb_error *err);
void sb_screen_destroy(struct sb_screen *screen);
/* Forgets the model (after a gap); the operator's view state (selection by name, filter, pane) stays. */
void sb_screen_reset(struct sb_screen *screen);
void sb_screen_fold(struct sb_screen *screen, const struct sb_event *event);
/* Which of several nodes this is, "node a of 3"; "" = there is one. */
void sb_screen_node(struct sb_screen *screen, const char *text);

/* An event of before the picture: into the log alone. */
void sb_screen_recall(struct sb_screen *screen, const struct sb_event *event);
/* How it stands with the source of the events. */
void sb_screen_source(struct sb_screen *screen, const struct sb_source_status *status, struct sb_now now);

/* Texts that a screen shows and others must get: what was kept of a failed run's page; the content queue; the nodes. The last two fill panes
 * that are polled; their first line is for the title. A line of NODES is a node: name, state, since, lease, heard, version, host and pid, with
 * tabs between; one without a tab is said as it is. */
enum sb_screen_page { SB_SCREEN_PAGE_NONE, SB_SCREEN_PAGE_KEPT, SB_SCREEN_PAGE_CONTENT, SB_SCREEN_PAGE_NODES, SB_SCREEN_PAGE_COUNT };

/* What is told beside the picture: a title of numbers and the program's own words ("signalbox 2F 1P T2 !2": jobs that failed and are paused,
 * the budget's tier from T0 high to T4 closed, unacknowledged alerts), and the alerts that page: neither acknowledged nor silenced. */
struct sb_screen_attention {
    bool is_known;               /* false until everything has been described */
    char title[64];
    uint32_t pages, newest_page; /* how many; the highest id among them, 0 = none */
};
void sb_screen_attention(const struct sb_screen *screen, struct sb_screen_attention *out);

/* What an operator decides about a content row. */
enum sb_screen_verdict { SB_SCREEN_VERDICT_NONE, SB_SCREEN_APPROVE, SB_SCREEN_REJECT, SB_SCREEN_SETTLE, SB_SCREEN_EDIT };

/* What is to go to the clipboard: a short text of the answer, or the pane that has the focus (sb_screen_pane_box). */
enum sb_screen_copy { SB_SCREEN_COPY_NONE, SB_SCREEN_COPY_TEXT, SB_SCREEN_COPY_PANE };

/* Where in the past an operator wants to be. SPEED: there, at that many seconds a second; 0 = stand. */
enum sb_screen_past {
    SB_SCREEN_PAST_NONE,
    SB_SCREEN_PAST_BACK,          /* one second in which something happened */
    SB_SCREEN_PAST_FORWARD,
    SB_SCREEN_PAST_CHANGE_BEFORE, /* to a change that is worth seeing */
    SB_SCREEN_PAST_CHANGE_AFTER,
    SB_SCREEN_PAST_ALERT,         /* the last alert that was raised before */
    SB_SCREEN_PAST_GO,            /* to `past_at` */
    SB_SCREEN_PAST_BEGIN,
    SB_SCREEN_PAST_END,
    SB_SCREEN_PAST_SPEED,
    SB_SCREEN_PAST_LIVE,          /* back to the present */
};

/* What a key asked for. */
struct sb_screen_answer {
    bool has_command;            /* post `command`, then tell sb_screen_posted */
    struct sb_command command;
    bool wants_redraw;           /* C-l: repaint everything */
    bool wants_leave;            /* Q, confirmed */
    bool wants_take_over;        /* W, confirmed: this console is to be the one that writes */
    bool wants_mouse, wants_no_mouse; /* turn the reports of the mouse on, or off; tell sb_screen_mouse */
    char theme[32];              /* to be shown in; "" = as it is */
    enum sb_screen_page wants_page; /* text to be shown with sb_screen_show_page; NONE = none */
    uint64_t page_run;           /* KEPT: of which run */
    bool wants_capture;          /* C: an incident bundle of what is shown */
    enum sb_screen_copy copy;
    char copy_text[SB_NOTE_MAX]; /* COPY_TEXT; UNTRUSTED */
    enum sb_screen_past past;    /* to be answered with sb_screen_show_past, or with sb_screen_say why not */
    struct sb_wall past_at;
    unsigned past_speed;
    enum sb_screen_verdict verdict; /* on the row of this id; then the content is to be shown anew */
    char content_id[40];
    char post_id[64];            /* SETTLE: the post that the row is */
};
void sb_screen_key(struct sb_screen *screen, struct sb_key key, struct sb_now now, struct sb_screen_answer *answer);
/* Keys that came in one read, in order: the paste guard needs to see the burst. Answers[i] belongs to keys[i]. */
void sb_screen_keys(struct sb_screen *screen, const struct sb_key *keys, size_t count, bool is_paste, struct sb_now now,
                    struct sb_screen_answer *answers);
/* The next command of an action on many: call it after keys and after events until it says false, and tell sb_screen_posted of every command
 * before the next call. False: there is none, or the ones before it have to be answered first. */
bool sb_screen_take_command(struct sb_screen *screen, struct sb_command *command);
/* What became of wants_mouse: whether the terminal reports its mouse now. */
void sb_screen_mouse(struct sb_screen *screen, bool is_on, struct sb_now now);
/* Whether the command was accepted by the inbox; its outcome comes as an event. */
void sb_screen_posted(struct sb_screen *screen, uint64_t command_id, enum sb_err result);
/* A command that was accepted and that no event will answer. */
void sb_screen_failed(struct sb_screen *screen, const struct sb_source_failure *failure, struct sb_now now);

/* Shows such a text; cleaned like everything untrusted. Borrowed until the next one of its kind or destroy. `text` NULL: there is none, and
 * `why` is said instead; a polled pane goes on showing the one it has, with its age. */
void sb_screen_show_page(struct sb_screen *screen, enum sb_screen_page page, uint64_t run, const char *text, const char *why,
                         struct sb_now now);

/* The polled text that is on the screen, to be shown anew at least every SB_SCREEN_POLL: its pane says STALE when it is twice as old. NONE:
 * none is, or it is frozen. */
#define SB_SCREEN_POLL SB_S(1)
enum sb_screen_page sb_screen_polls(const struct sb_screen *screen);

/* What a view wants to know of the past and has not asked yet: to be asked of whoever knows, without waiting for it here. Asked after keys and
 * before each frame; false = nothing. */
bool sb_screen_wants(struct sb_screen *screen, struct sb_now now, struct sb_lookup *lookup);
/* The answer, or why there is none; copied. One to an older question is passed over. */
void sb_screen_found(struct sb_screen *screen, const struct sb_findings *findings, struct sb_now now);

/* Shows another model instead of the live one: as it was at that time. Borrowed until the next call; NULL: the present again. The live model goes on
 * being folded. `speed`: how fast time passes there, 0 = it stands. */
void sb_screen_show_past(struct sb_screen *screen, const struct sb_model *model, struct sb_now at, unsigned speed);

/* Says in the last line but one what became of something. */
void sb_screen_say(struct sb_screen *screen, bool is_bad, const char *text, struct sb_now now);

/* What a capture is stamped with. */
struct sb_model;
struct sb_screen_stamp {
    struct sb_now at;               /* of the picture: now, or of the frozen moment */
    sb_ns data_age;                 /* how old the newest fact was at that time */
    bool is_frozen, is_ascii;
    char state[40];                 /* "LIVE", "FROZEN -01:12", "STALE" ... */
    char actor[SB_NAME_MAX], environment[SB_NAME_MAX];
    const struct sb_model *model;   /* what is shown; borrowed until the next call */
};
void sb_screen_stamp(const struct sb_screen *screen, struct sb_now now, struct sb_screen_stamp *stamp);
/* Where the pane with the focus stood in the last picture: row, column, rows, columns. */
void sb_screen_pane_box(const struct sb_screen *screen, uint16_t box[4]);

/* Draws into a grid of any size from 1x1 (cells provided by the caller). */
void sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid);

#endif
