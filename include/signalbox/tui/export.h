/* A screen as a file: what a capture and the goldens are made of. Pure: a grid in, bytes out, no terminal, no clock.
 *
 * Cells hold printable code points only (tui/view), so nothing that is written here can move a cursor, whoever reads it. */
#ifndef SIGNALBOX_TUI_EXPORT_H
#define SIGNALBOX_TUI_EXPORT_H

#include "signalbox/tui/grid.h"
#include "signalbox/tui/theme.h"

#include <stddef.h>

/* Takes bytes in order; what becomes of them is the owner's business. */
struct sb_export_sink {
    void (*write)(void *arg, const char *bytes, size_t size);
    void *arg;
};

/* UTF-8, each row with `row_end` behind it. `is_trimmed`: blanks at the end of a row are left out. */
void sb_export_text(const struct sb_grid *grid, const char *row_end, bool is_trimmed, struct sb_export_sink sink);
/* The same with the colours and attributes of the theme as terminals of that ability take them: `cat` shows the screen again. Every row ends in
 * the terminal's own colours. */
void sb_export_ansi(const struct sb_grid *grid, const struct sb_theme *theme, enum sb_ability ability, struct sb_export_sink sink);
/* A picture whose text can be selected and searched. Every run of cells stands at its column and has its length given, so that the columns meet
 * whatever monospaced font the reader has; no font, script or address is asked for. `title` is escaped; `is_light`: dark text on white where the
 * theme leaves the colour to the terminal. */
void sb_export_svg(const struct sb_grid *grid, const struct sb_theme *theme, bool is_light, const char *title, struct sb_export_sink sink);

#endif
