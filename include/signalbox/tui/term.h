/* The terminal: the only room that knows ncurses. Shows grids, reads keys, and gives the terminal back on every way out.
 *
 * Thread: everything on the thread that called sb_term_open; at most one terminal is open in a process (ncurses keeps one). */
#ifndef SIGNALBOX_TUI_TERM_H
#define SIGNALBOX_TUI_TERM_H

#include "signalbox/base/err.h"
#include "signalbox/tui/grid.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/theme.h"

#include <stddef.h>

struct sb_term;

/* Takes over standard input and output, which must be a terminal. Reads TERM and NO_COLOR; the caller has called setlocale. While
 * it is open, standard error is kept off the screen when it is a terminal: up to 64 KiB are held back and written when it closes.
 * SB_ERR_UNSUPPORTED when there is no terminal or its type is unknown. */
enum sb_err sb_term_open(struct sb_term **term, struct sb_error *err) SB_MUST_USE;
/* Gives the terminal back. NULL is fine. */
void sb_term_close(struct sb_term *term);

/* SB_ABILITY_MONO also when NO_COLOR is set (and not empty). */
enum sb_ability sb_term_ability(const struct sb_term *term);
/* Whether code points above 0x7e may be sent. */
bool sb_term_is_utf8(const struct sb_term *term);
/* The descriptor to poll for keys. */
int sb_term_fd(const struct sb_term *term);
/* Readable when the window was resized; sb_term_size takes it. */
int sb_term_resize_fd(const struct sb_term *term);
/* The size now, at least 1x1. True when the picture on the terminal can no longer be trusted, also when a window went to another size
 * and back: the next paint then sends every cell. Asks the kernel too, so that a signal that another thread got does no harm. When SIGTSTP
 * came the program stops in here, with the terminal given back, until SIGCONT. */
bool sb_term_size(struct sb_term *term, uint16_t *rows, uint16_t *cols);

/* Loads theme_dir/NAME.theme, at the start or at any time later: the next paint sends every cell. A monochrome terminal gets "mono"
 * whatever the name. On failure the theme in use stays (after open that is the built-in one) and the error says what is wrong. */
enum sb_err sb_term_theme(struct sb_term *term, const char *theme_dir, const char *name, struct sb_error *err) SB_MUST_USE;

/* Shows the grid: only cells that differ from the last one are touched, and nothing is written when none does. Cells outside the
 * terminal are ignored. May block while nobody reads the terminal. Returns whether anything was sent. */
bool sb_term_paint(struct sb_term *term, const struct sb_grid *grid);
/* The next paint sends every cell (C-l: something else wrote on the screen). */
void sb_term_redraw(struct sb_term *term);

/* The title of the window, cut and made printable; sent only when it differs from the last one, and to no terminal that might print it. The
 * title from before comes back at close, at a suspension and in a crash. */
#define SB_TERM_TITLE_MAX 64
void sb_term_title(struct sb_term *term, const char *title);
/* Calls the operator: BEL, or OSC 9 where the terminal reads it. `pages`: how many alerts want somebody. */
void sb_term_call(struct sb_term *term, bool is_notice, uint32_t pages);
/* False while the terminal says that its window has no focus; terminals that do not say are always looked at. */
bool sb_term_is_focused(const struct sb_term *term);
/* Turns the reports of the mouse on or off (they are off at first); returns whether they are on now: not every terminal has any. */
bool sb_term_mouse(struct sb_term *term, bool is_on);
/* Asks the terminal to take a text into its clipboard (OSC 52, base64). False when it is of a type without one, or the text too long; whether it
 * was taken, no terminal says. */
enum { SB_TERM_COPY_MAX = 74000 };
bool sb_term_copy(struct sb_term *term, const char *bytes, size_t size);

/* Gives the terminal to another program until sb_term_resume, after which the next paint sends every cell. */
void sb_term_suspend(struct sb_term *term);
void sb_term_resume(struct sb_term *term);

/* Takes keys that have arrived, up to `cap`, without waiting; 0 = no more. All of one answer were pasted or none was. */
size_t sb_term_keys(struct sb_term *term, struct sb_key *keys, size_t cap, bool *is_paste);
/* Whether taken input is still buffered, so that polling the descriptor would miss it. */
bool sb_term_has_more(const struct sb_term *term);

#endif
