/* What the files of tui/term share. ncurses keeps one terminal per process, and so does this room. */
#ifndef SB_TERM_PRIVATE_H
#define SB_TERM_PRIVATE_H

#include "signalbox/base/units.h"
#include "signalbox/tui/term.h"

#include <curses.h>

struct term_style {
    attr_t attrs;
    int pair;
};

struct sb_term {
    SCREEN *screen;
    enum sb_ability ability;
    bool is_utf8, has_default_colours, has_paste_marks, has_osc;
    bool has_mouse, is_mouse_on; /* the terminal knows reports; they are asked for */
    int resize_fd; /* SIGWINCH; the handler of ncurses never runs, because it hides a size that changed and changed back */

    /* paint.c */
    struct term_style styles[SB_SLOT_COUNT], blanks[SB_SLOT_COUNT]; /* blanks: how a space of the slot is sent */
    struct sb_grid shown;                                          /* what ncurses was last told; cells NULL = nothing yet */
    size_t shown_cap;                                              /* cells allocated */
    bool wants_redraw;

    /* attention.c */
    char title[SB_TERM_TITLE_MAX]; /* the last one sent */
    bool is_unfocused;             /* set by keys.c */

    /* keys.c */
    bool is_pasting, has_more;
    char utf8[4]; /* bytes of a character that has not come whole */
    unsigned utf8_count;
    sb_ns last_key; /* monotonic time of the last key, to leave a paste whose end never came */
};

/* paint.c */
void term_forget_shown(struct sb_term *term);
void term_use_theme(struct sb_term *term, const struct sb_theme *theme);

/* attention.c: OSC 2 with XTWINOPS 22 and 23 (the stack of titles), DECSET 1004 (focus). A terminal without the stack has no title after it. */
#define TERM_TITLE_KEEP "\033[22;2t"
#define TERM_TITLE_BACK "\033]2;\a\033[23;2t"
#define TERM_FOCUS_ON "\033[?1004h"
#define TERM_FOCUS_OFF "\033[?1004l"
bool term_knows_osc(const char *type);
void term_attention_begin(struct sb_term *term);
void term_attention_end(const struct sb_term *term);

/* keys.c: tells ncurses about the marks around a paste. */
void term_keys_init(struct sb_term *term);

/* mouse.c */
#define TERM_MOUSE_OFF "\033[?1006l\033[?1000l"
/* The key of a report "<0;10;5M" without its "ESC ["; SB_KEY_NONE when it says nothing that is wanted. */
uint32_t term_mouse_key(const char *report);
void term_mouse_send(const struct sb_term *term, bool is_on);

/* crash.c: from arm to disarm a fatal signal gives the terminal back first, and standard error is kept off the screen. */
enum sb_err crash_save_terminal(struct sb_error *err) SB_MUST_USE; /* before ncurses touches it */
void crash_arm(const struct sb_term *term);
void crash_disarm(void); /* writes what was held of standard error */

#endif
