/* Where the panes stand: a pure function of the size. The areas cover the grid exactly, without overlap, for every size from 1x1. */
#ifndef SIGNALBOX_TUI_LAYOUT_H
#define SIGNALBOX_TUI_LAYOUT_H

#include "signalbox/tui/view.h"

#define SB_LIST_AREA(X) \
    X(HEADER) X(JOBS) X(CONTEXTS) X(BUDGET) X(ALERTS) X(SERVICES) X(LOG) X(TIMELINE) X(DETAIL) X(FOOTER)

enum sb_area {
#define SB_AREA_MEMBER(code) SB_AREA_##code,
    SB_LIST_AREA(SB_AREA_MEMBER)
#undef SB_AREA_MEMBER
    SB_AREA_COUNT,
    SB_AREA_NONE = SB_AREA_COUNT
};

struct sb_layout {
    struct sb_box boxes[SB_AREA_COUNT]; /* empty: not shown at this size */
    bool has_left_rule[SB_AREA_COUNT];  /* column 0 of the box is a vertical rule */
    bool is_tiny;                       /* below 60x12: failing jobs and alerts only */
    enum sb_area lent;                  /* the area whose place a pane without one takes while it has the focus; SB_AREA_NONE: the whole body */
};

/* What the events ask for; bounded by the size. */
struct sb_layout_wish {
    unsigned jobs, contexts, alerts; /* rows of content wanted; the timeline wants a row for each job and context */
    enum sb_area zoom;               /* an area that takes the whole body, or SB_AREA_NONE */
};

void sb_layout_make(struct sb_layout *layout, unsigned rows, unsigned cols, const struct sb_layout_wish *wish);

#endif
