/* Things panes are made of: tables, gauges, sparks, dialogs. Pure. */
#ifndef SIGNALBOX_TUI_WIDGETS_H
#define SIGNALBOX_TUI_WIDGETS_H

#include "signalbox/base/text.h"
#include "signalbox/tui/view.h"

/* ---- table ---- */

struct sb_column {
    const char *title;
    uint8_t width;      /* columns; the least ones for a flexible column */
    uint8_t drop;       /* 0: never dropped; else the highest goes first when the width is short */
    bool is_right, is_flex; /* one column takes what is left */
};

enum { SB_COLUMNS_MAX = 16 };

/* Which columns fit and where. */
struct sb_table_plan {
    unsigned count;
    uint8_t column[SB_COLUMNS_MAX];
    uint16_t start[SB_COLUMNS_MAX], width[SB_COLUMNS_MAX];
};
/* The first column of the view is kept for the selection mark. */
void sb_table_plan(struct sb_table_plan *plan, const struct sb_column *columns, unsigned count, unsigned cols);

/* A list seen through a window. */
struct sb_scroll {
    uint32_t top, selected;
};
/* Moves the selection by `delta` rows within the list. */
void sb_scroll_move(struct sb_scroll *scroll, int64_t delta, uint32_t total);
/* Makes the selection lie in the list and the window show it. */
void sb_scroll_fit(struct sb_scroll *scroll, uint32_t total, uint32_t visible);

/* The text of one cell and its slot (SB_SLOT_TEXT unless set). Texts may be untrusted. */
typedef void sb_table_cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot);

struct sb_table {
    const struct sb_column *columns;
    unsigned column_count;
    sb_table_cell *cell;
    const void *context;
    uint32_t total;
    bool has_header, has_selection, has_focus;
    bool (*is_marked)(const void *context, uint32_t row); /* NULL: nothing is */
};
/* A row begins with '>' when it is selected, '*' when it is marked, '+' when it is both. Draws the rows that are visible; parks the grid's
 * cursor on the selection when the table has the focus. Returns the rows shown. */
uint32_t sb_table_draw(const struct sb_view *view, const struct sb_table *table, struct sb_scroll *scroll);

/* ---- small graphics ---- */

/* "[####......]" of exactly `cols` columns; `permille` of it filled. */
void sb_gauge_draw(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, unsigned permille, enum sb_slot slot);
/* One column per value, oldest first, scaled to the largest; eight levels. */
void sb_spark_draw(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, const int64_t *values, unsigned count, enum sb_slot slot);
/* The same as text, for the cell of a table. */
void sb_spark_add(struct sb_text *text, const int64_t *values, unsigned count, bool is_ascii);

/* ---- dialog ---- */

enum { SB_DIALOG_LINES = 8, SB_DIALOG_LINE_MAX = 160, SB_DIALOG_FIELDS = 4 };
/* A line that takes text; the one with the focus shows where. */
struct sb_dialog_field {
    const char *label, *text; /* label NULL: a plain line */
    bool has_focus;
};
struct sb_dialog_text {
    const char *title;
    unsigned line_count;
    const char *lines[SB_DIALOG_LINES];
    const char *question; /* always visible, even when only one row is left */
    unsigned field_count;
    struct sb_dialog_field fields[SB_DIALOG_FIELDS];
};
/* In the middle of the view, over what is there. */
void sb_dialog_draw(const struct sb_view *view, const struct sb_dialog_text *dialog);

#endif
