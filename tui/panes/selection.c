/* Owns what is selected: a job by its id and name, an alert by its id, a context by its number. Rows may move below a selection, the
 * selection does not. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_selection_take(struct sb_screen *screen, uint16_t job)
{
    screen->selected_job = job;
    sb_copy(screen->selected_name, sizeof screen->selected_name, sb_model_job_name(screen->model, job));
}

/* After a gap or a reload the same name may have another id. */
static void follow_name(struct sb_screen *screen)
{
    const struct sb_model_job *const job = sb_model_job(screen->model, screen->selected_job);
    if (screen->selected_name[0] == '\0' || (job != NULL && sb_streq(job->name, screen->selected_name)))
        return;
    const uint16_t found = sb_model_find(screen->model, screen->selected_name);
    if (found != SB_NO_JOB)
        screen->selected_job = found;
}

void sb_selection_settle(struct sb_screen *screen, sb_ns mono)
{
    sb_order_refresh(screen);
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_JOBS];
    if (screen->order_count == 0 || !screen->model->is_described)
        return; /* the catalogue is still being announced */
    if (!screen->is_chosen) {
        if (screen->selected_job != screen->order[0]) {
            screen->settled_at = mono;
            sb_selection_take(screen, screen->order[0]);
        }
        scroll->selected = 0;
        return;
    }
    follow_name(screen);
    const uint32_t place = sb_order_place(screen, screen->selected_job);
    if (place < screen->order_count) {
        scroll->selected = place;
        return;
    }
    if (screen->nav.depth > 0) /* a view of a job that the filter hides, such as an alert's: it stays on that job */
        return;
    /* The filter took it away: the row keeps its place and another job comes there. */
    if (scroll->selected >= screen->order_count)
        scroll->selected = screen->order_count - 1;
    screen->settled_at = mono;
    sb_selection_take(screen, screen->order[scroll->selected]);
}

void sb_selection_find(struct sb_screen *screen, bool is_choice)
{
    sb_order_refresh(screen);
    if (screen->order_count == 0)
        return;
    if (!screen->is_chosen || sb_order_place(screen, screen->selected_job) == screen->order_count)
        sb_selection_take(screen, screen->order[0]);
    screen->is_chosen = screen->is_chosen || is_choice;
    screen->settled_at = 0; /* the operator moved it, not the list */
}

void sb_selection_move(struct sb_screen *screen, int64_t delta)
{
    sb_order_refresh(screen);
    if (screen->order_count == 0)
        return;
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_JOBS];
    const uint32_t place = sb_order_place(screen, screen->selected_job);
    if (place < screen->order_count)
        scroll->selected = place;
    sb_scroll_move(scroll, delta, screen->order_count);
    sb_selection_take(screen, screen->order[scroll->selected]);
    screen->is_chosen = true;
}

uint32_t sb_alert_order(const struct sb_screen *screen, uint16_t order[SB_ALERTS_MAX])
{
    const struct sb_model *const model = screen->model;
    const struct sb_match *const filter = sb_find_filter(screen, SB_PANE_ALERTS);
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (!sb_match_alert(filter, model, &model->alerts[i]))
            continue;
        uint32_t at = count++;
        while (at > 0 && sb_sort_alert_before(screen, &model->alerts[i], &model->alerts[order[at - 1]])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = (uint16_t)i;
    }
    return count;
}

const struct sb_model_alert *sb_selected_alert(const struct sb_screen *screen)
{
    uint16_t order[SB_ALERTS_MAX];
    const uint32_t count = sb_alert_order(screen, order);
    if (sb_selected_silence(screen) != NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (screen->model->alerts[order[i]].id == screen->selected_alert)
            return &screen->model->alerts[order[i]];
    }
    return count == 0 ? NULL : &screen->model->alerts[order[0]];
}

uint32_t sb_context_list(const struct sb_model *model, uint16_t list[SB_CONTEXTS_MAX])
{
    uint32_t count = 0;
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        const struct sb_model_ctx *const ctx = &model->contexts[i];
        if (ctx->is_defined && !(ctx->is_burst_slot && ctx->state == SB_CTX_STATE_DOWN))
            list[count++] = i;
    }
    return count;
}

uint32_t sb_contexts_shown(const struct sb_screen *screen, uint16_t list[SB_CONTEXTS_MAX])
{
    const struct sb_match *const filter = sb_find_filter(screen, SB_PANE_CONTEXTS);
    const uint32_t count = sb_context_list(screen->model, list);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (sb_match_context(filter, screen->model, list[i]))
            list[kept++] = list[i];
    }
    return kept;
}

static unsigned component_badness(const struct sb_model_component *component)
{
    static const uint8_t badness[SB_COMPONENT_STATE_COUNT] = {
        [SB_COMPONENT_STATE_FAILED] = 4, [SB_COMPONENT_STATE_DEGRADED] = 3, [SB_COMPONENT_STATE_UNCHECKED] = 2, [SB_COMPONENT_STATE_OK] = 1};
    return component->state < SB_COMPONENT_STATE_COUNT ? badness[component->state] : 0;
}

uint32_t sb_component_list(const struct sb_model *model, uint8_t list[SB_COMPONENT_COUNT])
{
    uint32_t count = 0;
    for (uint8_t i = 0; i < SB_COMPONENT_COUNT; i++) {
        if (!model->components[i].is_defined)
            continue;
        uint32_t at = count++;
        while (at > 0 && component_badness(&model->components[i]) > component_badness(&model->components[list[at - 1]])) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = i;
    }
    return count;
}

uint32_t sb_services_shown(const struct sb_screen *screen, uint8_t list[SB_COMPONENT_COUNT])
{
    const struct sb_match *const filter = sb_find_filter(screen, SB_PANE_SERVICES);
    const uint32_t count = sb_component_list(screen->model, list);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (sb_match_component(filter, screen->model, list[i]))
            list[kept++] = list[i];
    }
    return kept;
}
