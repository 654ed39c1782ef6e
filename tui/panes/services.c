/* Components and their health, and the breakers in front of sites, endpoints and components; the worst first. One a row where there is
 * room, else side by side. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

enum { CELL = 19 };

static const struct {
    const char *word;
    enum sb_slot slot;
} states[SB_COMPONENT_STATE_COUNT] = {
    [SB_COMPONENT_STATE_UNCHECKED] = {"?", SB_SLOT_WAIT},     [SB_COMPONENT_STATE_OK] = {"OK", SB_SLOT_OK},
    [SB_COMPONENT_STATE_DEGRADED] = {"DEGR!", SB_SLOT_WARN},  [SB_COMPONENT_STATE_FAILED] = {"FAIL!", SB_SLOT_BAD},
    [SB_COMPONENT_STATE_DISABLED] = {"off", SB_SLOT_DIM},
};

uint32_t sb_pane_rows_services(const struct sb_screen *screen)
{
    uint16_t list[SB_SERVICES_MAX];
    return sb_service_list(screen, list);
}

static void add_latency(struct sb_text *text, sb_ns latency)
{
    if (latency <= 0)
        return;
    if (latency < SB_S(10)) {
        sb_text_add_u64(text, (uint64_t)((latency + SB_MS(1) - 1) / SB_MS(1)));
        sb_text_add(text, "ms");
    } else {
        sb_text_add_duration(text, latency);
    }
}

static void draw_long(const struct sb_screen *screen, const struct sb_view *view, unsigned row, const struct sb_model_component *component)
{
    char buffer[256];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    add_latency(&text, component->latency);
    sb_view_field(view, row, 17, 7, true, SB_SLOT_TEXT, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    const sb_ns age = screen->now.mono > component->since ? screen->now.mono - component->since : 0;
    const bool is_calm = component->state == SB_COMPONENT_STATE_OK || component->state == SB_COMPONENT_STATE_DISABLED;
    (is_calm ? sb_model_add_minutes : sb_model_add_age)(&text, age);
    sb_view_field(view, row, 25, 6, true, SB_SLOT_DIM, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, sb_component_class_text(component->class));
    if (component->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, component->reason);
    }
    if (view->box.cols > 33)
        sb_view_field(view, row, 32, view->box.cols - 32U, false, SB_SLOT_DIM, buffer);
}

static void draw_one(const struct sb_screen *screen, const struct sb_view *view, unsigned id, bool is_selected, bool is_long)
{
    const struct sb_model_component *const component = &screen->model->components[id];
    const unsigned state = component->state < SB_COMPONENT_STATE_COUNT ? component->state : SB_COMPONENT_STATE_UNCHECKED;
    const enum sb_slot name_slot = is_selected ? SB_SLOT_SELECTED : SB_SLOT_TEXT;
    sb_view_fill(view, 0, 0, 1, is_selected ? '>' : ' ', is_selected ? '>' : ' ', name_slot);
    if (is_long) {
        sb_view_field(view, 0, 1, 9, false, name_slot, sb_component_text(id));
        sb_view_field(view, 0, 11, 5, false, states[state].slot, states[state].word);
        draw_long(screen, view, 0, component);
        return;
    }
    char buffer[32];
    struct sb_text text;
    unsigned at = 1 + sb_view_text(view, 0, 1, 9, name_slot, sb_component_text(id));
    at += 1 + sb_view_text(view, 0, at + 1, 5, states[state].slot, states[state].word);
    sb_text_init(&text, buffer, sizeof buffer);
    add_latency(&text, component->latency);
    if (component->state == SB_COMPONENT_STATE_OK)
        sb_view_text(view, 0, at + 1, view->box.cols > at + 1 ? view->box.cols - at - 1 : 0, SB_SLOT_DIM, buffer);
}

static enum sb_slot slot_of_breaker(unsigned state)
{
    return state == SB_BREAKER_STATE_CLOSED ? SB_SLOT_DIM : state == SB_BREAKER_STATE_HALF_OPEN ? SB_SLOT_WARN : SB_SLOT_BAD;
}

static const char *word_of_breaker(unsigned state)
{
    static const char *const words[SB_BREAKER_STATE_COUNT] = {
        [SB_BREAKER_STATE_CLOSED] = "ok", [SB_BREAKER_STATE_OPEN] = "OPEN!", [SB_BREAKER_STATE_HALF_OPEN] = "HALF.",
        [SB_BREAKER_STATE_TRIPPED] = "TRIP!"};
    return state < SB_BREAKER_STATE_COUNT ? words[state] : "?";
}

/* "%fixture  ok": the mark tells it from a component. */
static void draw_breaker(const struct sb_screen *screen, const struct sb_view *view, unsigned site, bool is_selected, bool is_long)
{
    const struct sb_model_breaker *const breaker = &screen->model->breakers[site];
    const enum sb_slot slot = is_selected ? SB_SLOT_SELECTED : SB_SLOT_TEXT;
    sb_view_fill(view, 0, 0, 1, is_selected ? '>' : ' ', is_selected ? '>' : ' ', slot);
    char buffer[256];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, "%");
    sb_text_add(&text, breaker->name);
    sb_view_field(view, 0, 1, is_long ? 9 : 11, false, slot, buffer);
    sb_view_field(view, 0, is_long ? 11 : 13, 5, false, slot_of_breaker(breaker->state), word_of_breaker(breaker->state));
    if (!is_long || view->box.cols <= 33)
        return;
    sb_text_init(&text, buffer, sizeof buffer);
    const sb_ns age = screen->now.mono > breaker->since ? screen->now.mono - breaker->since : 0;
    (breaker->state == SB_BREAKER_STATE_CLOSED ? sb_model_add_minutes : sb_model_add_age)(&text, age);
    sb_view_field(view, 0, 25, 6, true, SB_SLOT_DIM, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, "breaker ");
    sb_text_add(&text, sb_breaker_state_text(breaker->state));
    if (breaker->until > screen->now.mono) {
        sb_text_add(&text, ", asks again in ");
        sb_model_add_age(&text, breaker->until - screen->now.mono);
    }
    if (breaker->actor[0] != '\0') {
        sb_text_add(&text, ", ");
        sb_text_add(&text, breaker->actor);
    }
    if (breaker->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, breaker->reason);
    }
    sb_view_field(view, 0, 32, view->box.cols - 32U, false, SB_SLOT_DIM, buffer);
}

void sb_pane_draw_services(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    uint8_t components[SB_COMPONENT_COUNT];
    uint16_t list[SB_SERVICES_MAX];
    const uint32_t count = sb_service_list(screen, list), component_count = sb_component_list(screen->model, components);
    const unsigned rows = view->box.rows, cols = view->box.cols;
    const bool is_long = rows >= component_count && cols >= 40;
    const unsigned across = is_long || cols < CELL ? 1 : cols / CELL;
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_SERVICES];
    scroll->selected = sb_service_place(screen);
    const bool has_focus = screen->focus == SB_PANE_SERVICES;
    const uint32_t room = rows * across;
    const uint32_t first = has_focus && room > 0 && scroll->selected >= room ? (scroll->selected / across - rows + 1) * across : 0;
    for (uint32_t i = first; i < count && i - first < room; i++) {
        const unsigned row = (i - first) / across, col = (i - first) % across * CELL;
        const struct sb_view part = sb_view_part(view, row, col, 1, is_long ? cols : CELL);
        if (list[i] >= SB_SERVICE_SITE)
            draw_breaker(screen, &part, list[i] - SB_SERVICE_SITE, has_focus && i == scroll->selected, is_long);
        else
            draw_one(screen, &part, list[i], has_focus && i == scroll->selected, is_long);
        sb_find_paint(screen, SB_PANE_SERVICES, &part, 0, 1, is_long ? cols : 9);
        if (has_focus && i == scroll->selected) {
            view->grid->cursor_row = part.box.row;
            view->grid->cursor_col = part.box.col;
        }
    }
    screen->visible[SB_PANE_SERVICES] = rows;
    if (count == 0)
        sb_view_text(view, 0, 1, cols, SB_SLOT_DIM,
                     screen->filters[SB_PANE_SERVICES][0] == '\0' ? "no component is known yet" : "no component matches the filter; \\ clears it");
    const unsigned worst = sb_model_worst_component(screen->model);
    sb_text_add(text, component_count == 0 ? "" : worst == SB_COMPONENT_COUNT ? "all ok" : sb_component_text(worst));
    if (worst != SB_COMPONENT_COUNT) {
        sb_text_add(text, " ");
        sb_text_add(text, sb_component_state_text(screen->model->components[worst].state));
    }
    const unsigned site = sb_model_open_breaker(screen->model);
    if (site != SB_SITES_MAX) {
        sb_text_add(text, ", breaker ");
        sb_text_add(text, screen->model->breakers[site].name);
        sb_text_add(text, " ");
        sb_text_add(text, sb_breaker_state_text(screen->model->breakers[site].state));
    }
    sb_find_title(screen, SB_PANE_SERVICES, text);
    if (room < count) {
        sb_text_add(right, "+");
        sb_text_add_u64(right, count - room);
    }
}
