/* What panes whose text others read say alike: the text's first line in the title, and how old it is. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_polled_title(const struct sb_screen *screen, enum sb_screen_page page, struct sb_text *text, struct sb_text *right)
{
    const struct sb_polled *const polled = &screen->polled[page];
    if (screen->past != NULL) {
        sb_text_add(text, "not recorded");
        return;
    }
    if (polled->text == NULL)
        return;
    const sb_ns age = screen->now.mono > polled->at ? screen->now.mono - polled->at : 0;
    const bool is_stale = age > 2 * SB_SCREEN_POLL;
    if (is_stale) { /* before all else: what follows may not be true any more */
        sb_text_add(text, "STALE ");
        sb_model_add_age(text, age);
        sb_text_add(text, " ");
    }
    sb_text_add_n(text, polled->text, strcspn(polled->text, "\n"));
    if (is_stale && polled->trouble[0] != '\0') {
        sb_text_add(text, "; ");
        sb_text_add(text, polled->trouble);
    }
    if (age < SB_S(1))
        sb_text_add(right, "0s"); /* tenths of what is read once a second say nothing */
    else
        sb_model_add_age(right, age);
    sb_text_add(right, " old");
}

const char *sb_polled_body(const struct sb_screen *screen, enum sb_screen_page page)
{
    const char *const text = screen->past != NULL ? NULL : screen->polled[page].text;
    const char *const end = text == NULL ? NULL : strchr(text, '\n');
    return end == NULL ? "" : end + 1;
}

void sb_polled_say_none(const struct sb_screen *screen, enum sb_screen_page page, const struct sb_view *view)
{
    const struct sb_polled *const polled = &screen->polled[page];
    if (screen->past != NULL) { /* what others read is no event: what is now would be no picture of then */
        char line[160];
        struct sb_text text;
        sb_text_init(&text, line, sizeof line);
        sb_text_add(&text, "not recorded: nothing is known of ");
        sb_text_add_clock(&text, screen->past_at.wall);
        sb_text_add(&text, " here; ");
        sb_add_keys(screen, &text, "{FREEZE} returns to what is now");
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_WARN, line);
    } else if (polled->text == NULL) {
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM, polled->trouble[0] == '\0' ? "being read" : polled->trouble);
    }
}
