/* Owns the way into views and back. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_nav_open(struct sb_screen *screen, enum sb_pane pane)
{
    struct sb_nav *const nav = &screen->nav;
    if (nav->depth == SB_NAV_DEPTH) { /* the way is longer than anybody remembers: the oldest place is forgotten */
        memmove(&nav->places[0], &nav->places[1], (SB_NAV_DEPTH - 1) * sizeof nav->places[0]);
        nav->depth--;
    }
    struct sb_place *const place = &nav->places[nav->depth++];
    memset(place, 0, sizeof *place);
    place->pane = screen->focus;
    place->is_zoomed = screen->is_zoomed;
    place->is_chosen = screen->is_chosen;
    place->selected_job = screen->selected_job;
    memcpy(place->selected_name, screen->selected_name, sizeof place->selected_name);
    place->scroll = screen->scrolls[screen->focus];
    place->shown = screen->shown;
    screen->focus = pane;
    screen->is_zoomed = sb_pane_infos[pane].area != SB_AREA_NONE;
    screen->scrolls[pane] = (struct sb_scroll){0};
}

/* The job that was selected there, unless the catalogue has it no more. */
static void reselect(struct sb_screen *screen, const struct sb_place *place)
{
    const struct sb_model_job *const job = sb_model_job(screen->model, place->selected_job);
    if (job == NULL || !sb_streq(job->name, place->selected_name) || place->selected_job == screen->selected_job)
        return;
    sb_selection_take(screen, place->selected_job);
    screen->is_chosen = place->is_chosen;
    sb_order_invalidate(screen);
}

bool sb_nav_back(struct sb_screen *screen)
{
    if (screen->nav.depth == 0)
        return false;
    const struct sb_place place = screen->nav.places[--screen->nav.depth];
    screen->focus = (enum sb_pane)place.pane;
    screen->is_zoomed = place.is_zoomed;
    screen->shown = place.shown;
    screen->scrolls[screen->focus] = place.scroll;
    reselect(screen, &place);
    return true;
}

void sb_nav_forget(struct sb_screen *screen)
{
    screen->nav.depth = 0;
}
