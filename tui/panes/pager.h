/* Inside tui/panes: a list of which a page is here and the rest is elsewhere. Moving beyond its ends asks for the next page. */
#ifndef SB_TUI_PAGER_H
#define SB_TUI_PAGER_H

#include "signalbox/base/units.h"

#include <stdbool.h>
#include <stdint.h>

struct sb_screen;

/* Where the selection goes when the page that is asked for has come. */
enum sb_page_to { SB_PAGE_KEEP, SB_PAGE_FIRST, SB_PAGE_LAST };

/* Moves in the list of the pane in front (history or audit); asks for the page above or below when it goes beyond. */
void sb_page_move(struct sb_screen *screen, int64_t delta);

#endif
