/* Owns which columns of the job table are shown: switched off by the operator, dropped for want of width, or scrolled to. Their order is
 * fixed, state and name always stay. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

unsigned sb_columns_choose(struct sb_screen *screen, const struct sb_column *all, unsigned count, struct sb_column *own)
{
    unsigned chosen = 0, skipped = 0;
    for (unsigned i = 0; i < count; i++) {
        const bool is_fixed = i < SB_COLUMNS_FIXED, is_hidden = !is_fixed && (screen->columns.hidden & (1U << i)) != 0;
        if (is_hidden)
            continue;
        if (!is_fixed && !all[i].is_flex && skipped < screen->columns.first) {
            skipped++;
            continue;
        }
        own[chosen] = all[i];
        if (screen->columns.first > 0 && all[i].drop > 0)
            own[chosen].drop = (uint8_t)(1 + i); /* scrolled: what does not fit goes from the right */
        screen->columns.map[chosen++] = (uint8_t)i;
    }
    return chosen;
}

void sb_columns_planned(struct sb_screen *screen, unsigned chosen, unsigned shown)
{
    screen->columns.has_more = shown < chosen;
}

void sb_columns_title(const struct sb_screen *screen, struct sb_text *text)
{
    if (screen->columns.first == 0)
        return;
    sb_text_add(text, " columns:+");
    sb_text_add_u64(text, screen->columns.first);
}

void sb_columns_toggle(struct sb_screen *screen, unsigned column)
{
    if (column < SB_COLUMNS_FIXED)
        return;
    screen->columns.hidden ^= (uint16_t)(1U << column);
    screen->columns.first = 0;
}

void sb_act_columns(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (screen->focus == SB_PANE_JOBS)
        sb_menu_open(screen, SB_MENU_COLUMNS);
    else
        sb_notice_say(screen, now, false, "columns are chosen in the jobs (1)");
}

void sb_act_column_left(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (screen->focus == SB_PANE_LOG)
        sb_log_sideways(screen, -1, now);
    else if (screen->columns.first > 0)
        screen->columns.first--;
    else
        sb_notice_say(screen, now, false, "the first column is shown");
}

void sb_act_column_right(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (screen->focus == SB_PANE_LOG)
        sb_log_sideways(screen, 1, now);
    else if (screen->columns.has_more)
        screen->columns.first++;
    else
        sb_notice_say(screen, now, false, "every further column is shown; c chooses columns");
}
