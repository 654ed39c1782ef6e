/* Inside tui/panes: a pane that is a text of labelled lines, scrolled as a whole; and what such panes say in the same way. */
#ifndef SB_TUI_LINES_H
#define SB_TUI_LINES_H

#include "panes.h"

enum { SB_LINES_TEXT = 9 }; /* column in which the text of a line begins; the label stands before it */

/* Lines are written one after the other; those above the scroll are counted and not drawn. */
struct sb_lines {
    struct sb_screen *screen;
    const struct sb_view *view;
    enum sb_pane pane;
    uint32_t top, count;
};

/* Keeps the scroll within the text as it was drawn last. Without the focus a pane shows its beginning. */
void sb_lines_begin(struct sb_lines *lines, struct sb_screen *screen, const struct sb_view *view, enum sb_pane pane);
/* Remembers how long the text is, and says in the title which part of it is seen. */
void sb_lines_end(struct sb_lines *lines, struct sb_text *right);
/* The row of the next line; 0 and not visible when it lies outside. */
unsigned sb_lines_row(struct sb_lines *lines, bool *is_visible);
/* One line, cut with a mark. */
void sb_lines_say(struct sb_lines *lines, enum sb_slot slot, const char *label, const char *text);
/* As many lines as the text needs, up to `max`, cut between words where there are any. */
void sb_lines_say_all(struct sb_lines *lines, enum sb_slot slot, const char *label, const char *text, unsigned max);
/* A headline, with an empty line above it. */
void sb_lines_head(struct sb_lines *lines, const char *text);
/* "14:35:10Z W llm failed", in its colour. */
void sb_lines_event(struct sb_lines *lines, const char *label, const struct sb_event *event);
/* Each line of a text as it is; such that begin with "= " are headlines. */
void sb_lines_text(struct sb_lines *lines, const char *text);

/* The time of day, and the date before it when it was another day than now. "-" for 0. */
void sb_add_when(const struct sb_screen *screen, struct sb_text *out, struct sb_wall at);

/* From one time to a later one; 0 when it is not later, and never more than fits. */
sb_ns sb_time_between(sb_ns from, sb_ns to);

/* Whether the event is about that job. */
bool sb_event_is_of_job(const struct sb_event *event, uint16_t job);
/* A number of an event by its field's name; 0 when it has none such. */
uint64_t sb_event_field(const struct sb_event *event, const char *name);

#endif
