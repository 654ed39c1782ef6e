/* Owns what Enter opens, and what an action is about in a view that shows one thing. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

static void open_job(struct sb_screen *screen, uint16_t job, struct sb_now now)
{
    if (sb_model_job(screen->model, job) == NULL) {
        sb_notice_say(screen, now, false, "no job stands behind the selection");
        return;
    }
    sb_nav_open(screen, SB_PANE_DETAIL);
    sb_selection_take(screen, job);
    screen->is_chosen = true;
}

static void open_component(struct sb_screen *screen, uint8_t component)
{
    sb_nav_open(screen, SB_PANE_COMPONENT_DETAIL);
    screen->shown.component = component;
}

static void open_history(struct sb_screen *screen)
{
    sb_nav_open(screen, SB_PANE_HISTORY);
    (void)sb_copy(screen->shown.job, sizeof screen->shown.job, screen->selected_name);
}

static void open_run(struct sb_screen *screen, struct sb_now now)
{
    const struct sb_past_run *const run = sb_history_selected(screen);
    if (run == NULL) {
        sb_notice_say(screen, now, false, "no run is under the cursor");
        return;
    }
    const uint64_t id = run->id;
    sb_nav_open(screen, SB_PANE_RUN);
    screen->shown.run = id;
}

static void open_context(struct sb_screen *screen, struct sb_now now)
{
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_contexts_shown(screen, list), selected = screen->scrolls[SB_PANE_CONTEXTS].selected;
    if (selected >= count) {
        sb_notice_say(screen, now, false, "no context is defined");
        return;
    }
    sb_nav_open(screen, SB_PANE_CONTEXT_DETAIL);
    screen->shown.ctx = list[selected];
}

static void open_alert(struct sb_screen *screen, struct sb_now now)
{
    const struct sb_model_alert *const alert = sb_selected_alert(screen);
    if (alert == NULL) {
        sb_notice_say(screen, now, false, "no alert is active");
        return;
    }
    screen->selected_alert = alert->id; /* who opens it has chosen it */
    sb_nav_open(screen, SB_PANE_ALERT_DETAIL);
    screen->shown.alert = alert->id;
}

/* From an incident to what it is about. */
static void open_subject(struct sb_screen *screen, struct sb_now now)
{
    const struct sb_model_alert *const alert = sb_target_alert(screen);
    if (alert == NULL)
        sb_notice_say(screen, now, false, "the alert has cleared");
    else if (alert->job == SB_NO_JOB && sb_alert_is_of_component(alert))
        open_component(screen, alert->component);
    else
        open_job(screen, alert->job, now);
}

static void open_row(struct sb_screen *screen, struct sb_now now)
{
    if (screen->content.item[0] == '\0') {
        sb_notice_say(screen, now, false, "no content row is under the cursor");
        return;
    }
    sb_nav_open(screen, SB_PANE_CONTENT_ROW);
    (void)sb_copy(screen->shown.content, sizeof screen->shown.content, screen->content.item);
}

/* A bar of the timeline: the job that it is of, or the context that nobody holds. */
static void open_bar(struct sb_screen *screen, struct sb_now now)
{
    uint16_t ctx = SB_NO_CTX;
    const uint16_t job = sb_timeline_job(screen, &ctx);
    if (job != SB_NO_JOB || ctx == SB_NO_CTX) {
        open_job(screen, job, now);
        return;
    }
    sb_nav_open(screen, SB_PANE_CONTEXT_DETAIL);
    screen->shown.ctx = ctx;
}

void sb_act_open(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    const unsigned component = sb_target_component(screen);
    switch (screen->focus) {
    case SB_PANE_JOBS:
        open_job(screen, screen->selected_job, now);
        break;
    case SB_PANE_CONTEXTS:
        open_context(screen, now);
        break;
    case SB_PANE_ALERTS:
        open_alert(screen, now);
        break;
    case SB_PANE_SERVICES:
        if (component < SB_COMPONENT_COUNT)
            open_component(screen, (uint8_t)component);
        else
            sb_notice_keys(screen, now, false, "a breaker has no view of its own; {BREAKER} trips or resets it");
        break;
    case SB_PANE_DETAIL:
        open_history(screen);
        break;
    case SB_PANE_ALERT_DETAIL:
        open_subject(screen, now);
        break;
    case SB_PANE_CONTEXT_DETAIL:
        open_job(screen, screen->shown.ctx < SB_CONTEXTS_MAX && screen->model->contexts[screen->shown.ctx].run != 0
                             ? screen->model->contexts[screen->shown.ctx].job : (uint16_t)SB_NO_JOB, now);
        break;
    case SB_PANE_HISTORY:
        open_run(screen, now);
        break;
    case SB_PANE_RUN: /* whether anything is kept, the folder knows */
        answer->wants_page = SB_SCREEN_PAGE_KEPT;
        answer->page_run = screen->shown.run;
        break;
    case SB_PANE_AUDIT:
        open_job(screen, sb_audit_selected_job(screen), now);
        break;
    case SB_PANE_CONTENT:
        open_row(screen, now);
        break;
    case SB_PANE_TIMELINE:
        open_bar(screen, now);
        break;
    case SB_PANE_PAGE:
    case SB_PANE_NODES:
    case SB_PANE_BUDGET:
    case SB_PANE_LOG:
    case SB_PANE_COMPONENT_DETAIL:
    case SB_PANE_CONTENT_ROW:
    case SB_PANE_HELP:
    case SB_PANE_COUNT:
        break;
    }
    sb_wants_arrive(screen, false);
}

void sb_act_audit(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    if (screen->focus != SB_PANE_AUDIT)
        sb_nav_open(screen, SB_PANE_AUDIT);
    sb_wants_arrive(screen, true); /* it may have grown by what another console asked for */
}

const struct sb_model_alert *sb_target_alert(const struct sb_screen *screen)
{
    if (screen->focus != SB_PANE_ALERT_DETAIL)
        return sb_selected_alert(screen);
    for (uint32_t i = 0; i < screen->model->alert_count; i++) {
        if (screen->model->alerts[i].id == screen->shown.alert)
            return &screen->model->alerts[i];
    }
    return NULL;
}

unsigned sb_target_component(const struct sb_screen *screen)
{
    uint16_t list[SB_SERVICES_MAX];
    if (screen->focus == SB_PANE_COMPONENT_DETAIL)
        return screen->shown.component;
    if (sb_service_list(screen, list) == 0)
        return SB_COMPONENT_COUNT;
    const uint16_t service = list[sb_service_place(screen)];
    return service < SB_SERVICE_SITE ? service : (unsigned)SB_COMPONENT_COUNT;
}

uint32_t sb_target_context(const struct sb_screen *screen, const uint16_t *list, uint32_t count)
{
    if (screen->focus != SB_PANE_CONTEXT_DETAIL)
        return screen->scrolls[SB_PANE_CONTEXTS].selected;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == screen->shown.ctx)
            return i;
    }
    return count;
}
