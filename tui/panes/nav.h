/* Inside tui/panes: where Enter came from. Each view that is opened remembers the one below it with its selection; going back is popping. */
#ifndef SB_TUI_NAV_H
#define SB_TUI_NAV_H

#include "signalbox/tui/widgets.h"

enum { SB_NAV_DEPTH = 12 };

/* What the views show: set when they are opened. */
struct sb_shown {
    uint32_t alert;        /* id */
    uint16_t ctx;
    uint8_t component;
    uint64_t run;
    char job[SB_NAME_MAX]; /* of the run, or whose history it is */
    char content[64];      /* id of a content row */
};

struct sb_place {
    unsigned pane;         /* enum sb_pane */
    bool is_zoomed, is_chosen;
    uint16_t selected_job;
    char selected_name[SB_NAME_MAX];
    struct sb_scroll scroll;
    struct sb_shown shown;
};

struct sb_nav {
    unsigned depth;
    struct sb_place places[SB_NAV_DEPTH];
};

#endif
