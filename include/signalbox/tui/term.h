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
 * and back: the next paint then sends every cell. Asks the kernel too, so that a signal that another thread got does no harm. */
bool sb_term_size(struct sb_term *term, uint16_t *rows, uint16_t *cols);

/* Loads theme_dir/NAME.theme; a monochrome terminal gets "mono" whatever the name. On failure the built-in theme is set, the console
 * works, and the error says what is wrong with the file. */
enum sb_err sb_term_theme(struct sb_term *term, const char *theme_dir, const char *name, struct sb_error *err) SB_MUST_USE;

/* Shows the grid: only cells that differ from the last one are touched, and nothing is written when none does. Cells outside the
 * terminal are ignored. May block while nobody reads the terminal. Returns whether anything was sent. */
bool sb_term_paint(struct sb_term *term, const struct sb_grid *grid);
/* The next paint sends every cell (C-l: something else wrote on the screen). */
void sb_term_redraw(struct sb_term *term);

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
