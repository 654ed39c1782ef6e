/* The cell grid: what a screen is, before any terminal. Pure. Text is made safe and measured when it enters a cell (tui/view), so nothing
 * untrusted can move a cursor. */
#ifndef SIGNALBOX_TUI_GRID_H
#define SIGNALBOX_TUI_GRID_H

#include <stdbool.h>
#include <stdint.h>

/* Style slots: panes name a meaning, themes give it colours and attributes. X(CODE, "name in theme files") */
#define SB_LIST_SLOT(X)                                                                                                      \
    X(TEXT, "text") X(DIM, "dim") X(TITLE, "title") X(TITLE_FOCUS, "title-focus") X(FRAME, "frame") X(HEADER, "header")        \
    X(BAR, "bar") X(BAR_WARN, "bar-warn") X(BAR_BAD, "bar-bad") X(BANNER, "banner") X(SELECTED, "selected") X(MARKED, "marked") \
    X(OK, "ok") X(RUN, "run") X(WAIT, "wait") X(WARN, "warn") X(BAD, "bad") X(PAUSED, "paused")                                \
    X(GAUGE, "gauge") X(GAUGE_EMPTY, "gauge-empty") X(KEY, "key") X(DIALOG, "dialog") X(PROMPT, "prompt") X(MATCH, "match")

enum sb_slot {
#define SB_SLOT_MEMBER(code, name) SB_SLOT_##code,
    SB_LIST_SLOT(SB_SLOT_MEMBER)
#undef SB_SLOT_MEMBER
    SB_SLOT_COUNT
};

struct sb_grid_cell {
    uint32_t code_point; /* printable, never a control; ' ' when empty */
    uint8_t slot;        /* enum sb_slot */
    uint8_t width;       /* 1 or 2; 0 = right half of the wide cell before it */
    uint16_t reserved;
};

struct sb_grid {
    uint16_t rows, cols;
    uint16_t cursor_row, cursor_col; /* parked on the selection */
    struct sb_grid_cell *cells;      /* [rows * cols] */
};

#endif
