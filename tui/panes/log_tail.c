/* Owns the tail: the log of one job, context, component or alert, the one that is selected when `t` is pressed. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

/* A run's events belong to its job also where they name the run only. */
static bool is_run_of(const struct sb_model *model, uint64_t job, uint64_t run)
{
    const struct sb_model_job *const of = sb_model_job(model, (uint16_t)job);
    if (of == NULL || run == 0)
        return false;
    bool is_one = of->run.id == run;
    for (unsigned i = 0; i < SB_MODEL_OTHERS; i++)
        is_one = is_one || of->others[i] == run;
    return is_one;
}

bool sb_tail_shows(const struct sb_screen *screen, const struct sb_event *event)
{
    const struct sb_tail *const tail = &screen->tail;
    if (!tail->is_on || event->kind >= SB_EVENT_COUNT)
        return !tail->is_on;
    const struct sb_kind_info *const info = &sb_event_infos[event->kind];
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *const field = &info->fields[i];
        const bool is_run = tail->type == SB_FIELD_job && field->type == SB_FIELD_run;
        if ((field->type != tail->type && !is_run) || (field->type == SB_FIELD_u32 && !sb_streq(field->name, "alert")))
            continue;
        const uint64_t value = sb_event_number(event, field);
        if (is_run ? is_run_of(screen->model, tail->value, value) : value == tail->value)
            return true;
    }
    return false;
}

void sb_tail_settle(struct sb_screen *screen)
{
    struct sb_tail *const tail = &screen->tail;
    if (!tail->is_on || tail->type != SB_FIELD_job || sb_streq(sb_model_job_name(screen->model, (uint16_t)tail->value), tail->name))
        return;
    const uint16_t found = sb_model_find(screen->model, tail->name);
    if (found != SB_NO_JOB)
        tail->value = found;
}

static bool tail_job(struct sb_screen *screen, uint16_t job)
{
    if (sb_model_job(screen->model, job) == NULL)
        return false;
    screen->tail = (struct sb_tail){.is_on = true, .type = SB_FIELD_job, .value = job};
    sb_copy(screen->tail.name, SB_NAME_MAX, sb_model_job_name(screen->model, job));
    return true;
}

static bool tail_context(struct sb_screen *screen)
{
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_contexts_shown(screen, list), selected = screen->scrolls[SB_PANE_CONTEXTS].selected;
    if (selected >= count)
        return false;
    screen->tail = (struct sb_tail){.is_on = true, .type = SB_FIELD_ctx, .value = list[selected]};
    struct sb_text text;
    sb_text_init(&text, screen->tail.name, SB_NAME_MAX);
    sb_text_add(&text, "ctx");
    sb_text_add_u64(&text, list[selected]);
    return true;
}

static bool tail_alert(struct sb_screen *screen)
{
    const struct sb_model_alert *const alert = sb_selected_alert(screen);
    if (alert == NULL)
        return false;
    if (tail_job(screen, alert->job)) /* what led to it says more than the alert's own three lines */
        return true;
    screen->tail = (struct sb_tail){.is_on = true, .type = SB_FIELD_u32, .value = alert->id};
    if (alert->component < SB_COMPONENT_COUNT && sb_streq(alert->subject, sb_component_text(alert->component))) {
        screen->tail.type = SB_FIELD_component;
        screen->tail.value = alert->component;
    }
    struct sb_text text;
    sb_text_init(&text, screen->tail.name, SB_NAME_MAX);
    sb_text_add(&text, "alert ");
    sb_text_add_u64(&text, alert->id);
    return true;
}

static bool tail_service(struct sb_screen *screen)
{
    uint16_t list[SB_SERVICES_MAX];
    const uint32_t count = sb_service_list(screen, list), selected = sb_service_place(screen);
    if (selected >= count || list[selected] >= SB_SERVICE_SITE)
        return false;
    screen->tail = (struct sb_tail){.is_on = true, .type = SB_FIELD_component, .value = list[selected]};
    sb_copy(screen->tail.name, SB_NAME_MAX, sb_component_text(list[selected]));
    return true;
}

void sb_act_tail(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    bool is_found = false;
    if (screen->focus == SB_PANE_LOG && screen->tail.is_on) {
        screen->tail.is_on = false;
        return;
    }
    if (screen->focus == SB_PANE_CONTEXTS)
        is_found = tail_context(screen);
    else if (screen->focus == SB_PANE_ALERTS)
        is_found = tail_alert(screen);
    else if (screen->focus == SB_PANE_SERVICES)
        is_found = tail_service(screen);
    else
        is_found = tail_job(screen, screen->selected_job);
    if (!is_found) {
        sb_notice_say(screen, now, false, "nothing is selected whose log could be shown");
        return;
    }
    screen->is_following = true;
    sb_focus_on(screen, SB_PANE_LOG);
    struct sb_text text = sb_notice(screen, now, false);
    sb_text_add(&text, "the log shows ");
    sb_text_add(&text, screen->tail.name);
    sb_text_add(&text, " only; t or \\ shows all of it again");
}
