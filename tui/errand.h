/* What a key asks for and takes longer than a frame: writing a capture, handing a text to the clipboard. One errand at a time, on a thread of its
 * own; the loop starts it, is woken when it is over, and says what came of it. Private to tui. */
#ifndef SB_TUI_ERRAND_H
#define SB_TUI_ERRAND_H

#include "signalbox/tui/tui.h"

struct sb_errand;
enum sb_err errand_create(struct sb_errand **errand, const struct sb_tui_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Waits for an errand that is under way. NULL is fine. */
void errand_destroy(struct sb_errand *errand);
/* Readable when an errand is over. */
int errand_fd(const struct sb_errand *errand);

/* Copies picture and model and starts; SB_ERR_CONFLICT while another errand is under way. Loop's thread. */
enum sb_err errand_capture(struct sb_errand *errand, const struct sb_grid *grid, const struct sb_screen_stamp *stamp,
                           struct sb_error *err) SB_MUST_USE;
/* A pane as it was drawn, row by row; `box` as sb_screen_pane_box has it. For free(); NULL when out of memory. */
char *errand_pane_text(const struct sb_grid *grid, const uint16_t box[4]);
/* Takes the malloc'ed text, also on failure. */
enum sb_err errand_copy(struct sb_errand *errand, char *text, struct sb_error *err) SB_MUST_USE;

struct errand_result {
    bool is_bad;
    char said[400];                   /* what happened; where the text went comes behind it, then: */
    char place[SB_TUI_PATH_MAX + 8];  /* " in FOLDER", or "" */
    char *text;                       /* that is to be copied, or NULL; for free() */
    bool is_copied;                   /* tmux has it; else the terminal may take it */
};
/* What came of it; false when none is over. Loop's thread. */
bool errand_take(struct sb_errand *errand, struct errand_result *result);

#endif
