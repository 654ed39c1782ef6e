/* Owns what the mouse does: a click gives the focus to a pane and selects its row, the wheel moves the selection. It never acts, and it
 * answers no question. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

enum { WHEEL_ROWS = 3 };

bool sb_mouse_is(uint32_t key)
{
    return key == SB_KEY_WHEEL_UP || key == SB_KEY_WHEEL_DOWN || (key >= SB_KEY_CLICK && key < SB_KEY_CLICK_END);
}

/* Rows above the first one that can be selected. */
static unsigned header_of(const struct sb_screen *screen, enum sb_pane pane, unsigned rows)
{
    uint16_t list[SB_CONTEXTS_MAX];
    if (pane == SB_PANE_JOBS)
        return screen->is_tiny ? 0 : 1;
    if (pane != SB_PANE_CONTEXTS)
        return 0;
    const uint32_t count = sb_contexts_shown(screen, list);
    return count > 0 && rows > count + 1 ? 1 : 0;
}

/* Selects the row of a list of one row each; services stand in columns where there is little room, and are reached by the wheel there. */
static void select_row(struct sb_screen *screen, enum sb_pane pane, unsigned row)
{
    const struct sb_box box = screen->places[pane];
    const unsigned header = header_of(screen, pane, box.rows);
    const uint32_t total = sb_pane_infos[pane].rows(screen), target = screen->scrolls[pane].top + row - header;
    const bool is_list = pane == SB_PANE_JOBS || pane == SB_PANE_ALERTS || pane == SB_PANE_CONTEXTS;
    if (is_list && row >= header && target < total)
        sb_act_move_by(screen, (int64_t)target - (int64_t)screen->scrolls[pane].selected);
}

static void click(struct sb_screen *screen, unsigned row, unsigned col)
{
    for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++) {
        const struct sb_box box = screen->places[pane];
        const bool is_in = row + 1U >= box.row && row < box.row + box.rows && col >= box.col && col < box.col + box.cols; /* or its title */
        if (box.cols == 0 || !is_in)
            continue;
        if (pane < SB_PANE_NUMBERED)
            screen->focus = (enum sb_pane)pane;
        if (screen->focus == (enum sb_pane)pane && row >= box.row)
            select_row(screen, (enum sb_pane)pane, row - box.row);
        return;
    }
}

void sb_mouse_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    if (!screen->has_mouse || screen->dialog.is_open || screen->is_prompting)
        return;
    if (key == SB_KEY_WHEEL_UP || key == SB_KEY_WHEEL_DOWN)
        sb_act_move_by(screen, key == SB_KEY_WHEEL_DOWN ? WHEEL_ROWS : -WHEEL_ROWS);
    else
        click(screen, (key - SB_KEY_CLICK) / SB_KEY_CLICK_COLS, (key - SB_KEY_CLICK) % SB_KEY_CLICK_COLS);
}

void sb_act_mouse(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    answer->wants_mouse = !screen->has_mouse;
    answer->wants_no_mouse = screen->has_mouse;
}

void sb_screen_mouse(struct sb_screen *screen, bool is_on, struct sb_now now)
{
    const bool was_on = screen->has_mouse;
    screen->has_mouse = is_on;
    if (is_on)
        sb_notice_keys(screen, now, false, "mouse on: a click selects, the wheel moves, Shift selects text; {MOUSE} turns it off");
    else
        sb_notice_say(screen, now, !was_on, was_on ? "mouse off" : "this terminal reports no mouse");
}
