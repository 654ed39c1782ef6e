/* Owns what can be done about a service: which one is selected, and the questions about breakers and recoveries. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static uint32_t add_breakers(const struct sb_screen *screen, bool is_closed, uint16_t list[SB_SERVICES_MAX], uint32_t count)
{
    const struct sb_model *const model = screen->model;
    const struct sb_match *const filter = sb_find_filter(screen, SB_PANE_SERVICES);
    for (uint16_t site = 0; site < SB_SITES_MAX; site++) {
        const struct sb_model_breaker *const breaker = &model->breakers[site];
        if (breaker->is_defined && (breaker->state == SB_BREAKER_STATE_CLOSED) == is_closed && sb_match_fits(filter, breaker->name, NULL, NULL))
            list[count++] = (uint16_t)(SB_SERVICE_SITE + site);
    }
    return count;
}

static bool is_bad(const struct sb_model_component *component)
{
    return component->state == SB_COMPONENT_STATE_FAILED || component->state == SB_COMPONENT_STATE_DEGRADED;
}

/* The worst first: what fails, what is not asked, what works. */
uint32_t sb_service_list(const struct sb_screen *screen, uint16_t list[SB_SERVICES_MAX])
{
    const struct sb_model *const model = screen->model;
    uint8_t components[SB_COMPONENT_COUNT];
    const uint32_t all = sb_services_shown(screen, components);
    uint32_t i = 0, count = 0;
    for (; i < all && is_bad(&model->components[components[i]]); i++)
        list[count++] = components[i];
    count = add_breakers(screen, false, list, count);
    for (; i < all; i++)
        list[count++] = components[i];
    return add_breakers(screen, true, list, count);
}

uint32_t sb_service_place(const struct sb_screen *screen)
{
    uint16_t list[SB_SERVICES_MAX];
    const uint32_t count = sb_service_list(screen, list);
    for (uint32_t i = 0; screen->has_service && i < count; i++) {
        if (list[i] == screen->selected_service)
            return i;
    }
    const uint32_t row = screen->scrolls[SB_PANE_SERVICES].selected;
    return row < count || count == 0 ? row : count - 1;
}

void sb_service_take(struct sb_screen *screen, uint32_t row)
{
    uint16_t list[SB_SERVICES_MAX];
    screen->scrolls[SB_PANE_SERVICES].selected = row;
    screen->has_service = row < sb_service_list(screen, list);
    screen->selected_service = screen->has_service ? list[row] : 0;
}

void sb_service_move(struct sb_screen *screen, int64_t delta)
{
    uint16_t list[SB_SERVICES_MAX];
    const uint32_t count = sb_service_list(screen, list);
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_SERVICES];
    scroll->selected = sb_service_place(screen);
    sb_scroll_move(scroll, delta, count);
    if (count == 0)
        return;
    screen->has_service = true; /* from here on it is that service, wherever it stands */
    screen->selected_service = list[scroll->selected];
}

/* False after a notice: nothing is known yet. */
static bool selected(struct sb_screen *screen, struct sb_now now, uint16_t *service)
{
    uint16_t list[SB_SERVICES_MAX];
    if (sb_service_list(screen, list) == 0) {
        sb_notice_say(screen, now, true, "no component is known yet");
        return false;
    }
    *service = list[sb_service_place(screen)];
    return true;
}

static bool selected_component(struct sb_screen *screen, struct sb_now now, uint8_t *component)
{
    uint16_t service = 0;
    if (screen->focus == SB_PANE_COMPONENT_DETAIL) {
        *component = screen->shown.component;
        return true;
    }
    if (!selected(screen, now, &service))
        return false;
    if (service >= SB_SERVICE_SITE) {
        sb_notice_keys(screen, now, false, "that is a breaker, not a component; {BREAKER} trips or resets it");
        return false;
    }
    *component = (uint8_t)service;
    return true;
}

void sb_act_probe(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    uint8_t component = 0;
    if (!selected_component(screen, now, &component))
        return;
    struct sb_command command = sb_command_make(SB_COMMAND_PROBE_COMPONENT, 0, screen->actor);
    command.component = component;
    sb_emit(screen, now, &command, sb_component_text(component), answer);
}

/* ---- recovering ---- */

static const char *component_moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const uint8_t state = screen->live->components[dialog->command.component].state;
    return state == dialog->generation ? NULL : "its state has changed meanwhile";
}


void sb_act_recover(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint8_t id = 0;
    if (!selected_component(screen, now, &id))
        return;
    const struct sb_model_component *const component = &screen->live->components[id];
    if (component->state != screen->model->components[id].state) {
        sb_ask_refuse(screen, now, "its state has changed since the picture was frozen ({FREEZE} shows it)");
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_RECOVER, now, SB_COMMAND_RECOVER_COMPONENT);
    dialog->command.component = id;
    dialog->generation = component->state;
    dialog->moved = component_moved;
    dialog->has_reason = true;
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "RECOVER ");
    sb_text_add(&text, sb_component_text(id));
    text = sb_ask_line(dialog);
    sb_text_add(&text, "now ");
    sb_text_add(&text, sb_component_state_text(component->state));
    if (component->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, component->reason);
    }
    if (id == SB_COMPONENT_BROWSER) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "the browser is ended and started anew: ");
        sb_text_add_u64(&text, sb_model_contexts_leased(screen->live));
        sb_text_add(&text, " contexts in use are lost, their runs retried");
    } else {
        sb_ask_say(dialog, "it is asked at once, without waiting for its next check");
    }
    sb_ask_say(dialog, "never what works, and never while an outside effect is under way");
    sb_copy(dialog->word, sizeof dialog->word, sb_component_text(id));
    sb_copy(dialog->job_name, sizeof dialog->job_name, sb_component_text(id));
}

/* ---- breakers ---- */

static const char *breaker_moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const struct sb_model_breaker *const breaker = &screen->live->breakers[dialog->command.site];
    return breaker->state == dialog->generation && sb_streq(breaker->name, dialog->job_name) ? NULL : "the breaker has moved meanwhile";
}

static void write_breaker(const struct sb_screen *screen, const struct sb_model_breaker *breaker, bool is_trip, struct sb_dialog *dialog,
                          struct sb_now now)
{
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, is_trip ? "Trip the breaker of " : "Reset the breaker of ");
    sb_text_add(&text, breaker->name);
    text = sb_ask_line(dialog);
    sb_text_add(&text, "now ");
    sb_text_add(&text, sb_breaker_state_text(breaker->state));
    sb_text_add(&text, " for ");
    sb_model_add_age(&text, now.mono > breaker->since ? now.mono - breaker->since : 0);
    if (breaker->actor[0] != '\0') {
        sb_text_add(&text, " by ");
        sb_text_add(&text, breaker->actor);
    }
    if (breaker->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, breaker->reason);
    }
    text = sb_ask_line(dialog);
    sb_add_keys(screen, &text, is_trip ? "it is asked nothing until {BREAKER} resets it; runs that need it are held"
                                       : "it is asked again at once; the back-off is kept");
}

void sb_act_breaker(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t service = 0;
    if (!selected(screen, now, &service))
        return;
    if (service < SB_SERVICE_SITE) {
        sb_notice_say(screen, now, false, "that is a component; breakers have a % before their name");
        return;
    }
    const uint8_t site = (uint8_t)(service - SB_SERVICE_SITE);
    const struct sb_model_breaker *const breaker = &screen->live->breakers[site];
    if (breaker->state != screen->model->breakers[site].state) {
        sb_ask_refuse(screen, now, "the breaker has moved since the picture was frozen ({FREEZE} shows it)");
        return;
    }
    const bool is_trip = breaker->state == SB_BREAKER_STATE_CLOSED;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_BREAKER, now, is_trip ? SB_COMMAND_TRIP_BREAKER : SB_COMMAND_RESET_BREAKER);
    dialog->command.site = site;
    dialog->generation = breaker->state;
    dialog->moved = breaker_moved;
    dialog->has_reason = true;
    dialog->needs_reason = is_trip;
    sb_copy(dialog->job_name, sizeof dialog->job_name, breaker->name);
    write_breaker(screen, breaker, is_trip, dialog, now);
}
