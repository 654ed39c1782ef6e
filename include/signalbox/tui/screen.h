/* The screen: the console without a terminal. Folds events, takes keys, draws a grid, answers with commands. Pure (no clock, no I/O, no
 * allocation after create); the terminal loop (tui/app.c), the golden tests and later the capture use the same object.
 *
 * Thread: one at a time. */
#ifndef SIGNALBOX_TUI_SCREEN_H
#define SIGNALBOX_TUI_SCREEN_H

#include "signalbox/base/err.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"
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
};
/* Control keys are their C0 codes: C-d is 4, C-u 21, C-l 12, C-g 7. */
struct sb_key {
    uint32_t code;
};

struct sb_now {
    sb_ns mono;
    struct sb_wall wall;
};

struct sb_screen_setup {
    const char *actor, *environment;
    bool is_read_only, is_ascii;
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

/* What an operator decides about a content row. */
enum sb_screen_verdict { SB_SCREEN_VERDICT_NONE, SB_SCREEN_APPROVE, SB_SCREEN_REJECT, SB_SCREEN_SETTLE, SB_SCREEN_EDIT };

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
    char theme[32];              /* to be shown in; "" = as it is */
    enum sb_screen_page wants_page; /* text to be shown with sb_screen_show_page; NONE = none */
    uint64_t page_run;           /* KEPT: of which run */
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

/* Shows another model instead of the live one: as it was at that time. Borrowed until the next call; NULL: the present again. The live model goes on
 * being folded. `speed`: how fast time passes there, 0 = it stands. */
void sb_screen_show_past(struct sb_screen *screen, const struct sb_model *model, struct sb_now at, unsigned speed);

/* Says in the last line but one what became of something. */
void sb_screen_say(struct sb_screen *screen, bool is_bad, const char *text, struct sb_now now);

/* Draws into a grid of any size from 1x1 (cells provided by the caller). */
void sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid);

#endif
