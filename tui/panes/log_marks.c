/* Owns marks in the log: a line with its UTC time under what was shown, to find again where one was. And wrapping and moving sideways. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

enum { SIDE_STEP = 16, SIDE_MAX = 480 };

void sb_act_mark_line(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_log_marks *const marks = &screen->log_marks;
    const uint64_t total = screen->model->log_total;
    const uint32_t at = marks->count++ % SB_LOG_MARKS;
    marks->at[at] = screen->is_following || screen->log_end > total ? total : screen->log_end;
    marks->wall[at] = now.wall;
}

uint32_t sb_log_mark_above(const struct sb_screen *screen, uint64_t line, uint32_t skip)
{
    const struct sb_log_marks *const marks = &screen->log_marks;
    for (uint32_t back = 0; back < marks->count && back < SB_LOG_MARKS; back++) {
        const uint32_t mark = marks->count - back;
        if (marks->at[(mark - 1) % SB_LOG_MARKS] == line && skip-- == 0)
            return mark;
    }
    return 0;
}

void sb_log_mark_draw(const struct sb_screen *screen, const struct sb_view *view, unsigned row, uint32_t mark)
{
    char buffer[48];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, " mark ");
    sb_text_add_u64(&text, mark);
    sb_text_add(&text, " ");
    sb_text_add_wall(&text, screen->log_marks.wall[(mark - 1) % SB_LOG_MARKS], false);
    sb_text_add(&text, " ");
    sb_view_fill(view, row, 0, view->box.cols, 0x2550, '=', SB_SLOT_MARKED);
    sb_view_text(view, row, 3, view->box.cols, SB_SLOT_MARKED, buffer);
}

void sb_act_wrap(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    screen->is_wrapping = !screen->is_wrapping;
    screen->log_side = 0;
    sb_notice_say(screen, now, false, screen->is_wrapping ? "long lines of the log are wrapped; w cuts them"
                                                          : "long lines of the log are cut; h l move sideways");
}

/* Stays where it is while lines come. */
void sb_log_sideways(struct sb_screen *screen, int step, struct sb_now now)
{
    const int to = (int)screen->log_side + step * SIDE_STEP;
    if (screen->is_wrapping)
        sb_notice_say(screen, now, false, "lines are wrapped: all of them is shown");
    else if (to < 0 || to > SIDE_MAX)
        sb_notice_say(screen, now, false, to < 0 ? "the lines are shown from their beginning" : "no line is longer");
    else
        screen->log_side = (uint16_t)to;
}
