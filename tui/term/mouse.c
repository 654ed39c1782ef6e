/* The mouse: asking the terminal for its reports (xterm's, with decimal numbers), and reading them.
 *
 * Thread: the one that opened the terminal. Off unless asked for: while it is on, the terminal does not let text be selected without Shift. */
#include "term_private.h"

#include <stdio.h>
#include <string.h>

enum { BUTTON_LEFT = 0, BUTTON_WHEEL_UP = 64, BUTTON_WHEEL_DOWN = 65 };

void term_mouse_send(const struct sb_term *term, bool is_on)
{
    if (!term->has_mouse || (!is_on && !term->is_mouse_on)) {
        return;
    }
    (void)fputs(is_on ? "\033[?1000h\033[?1006h" : TERM_MOUSE_OFF, stdout);
    (void)fflush(stdout);
}

bool sb_term_mouse(struct sb_term *term, bool is_on)
{
    if (!is_on) {
        term_mouse_send(term, false);
    }
    term->is_mouse_on = is_on && term->has_mouse;
    if (is_on) {
        term_mouse_send(term, true);
    }
    return term->is_mouse_on;
}

/* A number and the mark behind it; -1 when there is none, or it is beyond every terminal. */
static int take_number(const char **at, char mark)
{
    int value = 0;
    const char *begin = *at;
    while (**at >= '0' && **at <= '9' && value < 100000) {
        value = value * 10 + (**at - '0');
        (*at)++;
    }
    if (*at == begin || **at != mark) {
        return -1;
    }
    (*at)++;
    return value;
}

uint32_t term_mouse_key(const char *report)
{
    if (*report++ != '<') {
        return SB_KEY_NONE;
    }
    int button = take_number(&report, ';');
    int col = take_number(&report, ';');
    int row = take_number(&report, 'M'); /* a release ends in m and says nothing new */
    if (button < 0 || col < 1 || row < 1 || col > SB_KEY_CLICK_COLS || row > SB_KEY_CLICK_COLS) {
        return SB_KEY_NONE;
    }
    if (button == BUTTON_WHEEL_UP || button == BUTTON_WHEEL_DOWN) {
        return button == BUTTON_WHEEL_UP ? SB_KEY_WHEEL_UP : SB_KEY_WHEEL_DOWN;
    }
    return button == BUTTON_LEFT ? (uint32_t)(SB_KEY_CLICK + (row - 1) * SB_KEY_CLICK_COLS + col - 1) : SB_KEY_NONE;
}
