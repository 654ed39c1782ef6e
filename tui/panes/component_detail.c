/* One component in full: how it is and why, the breakers that stand for it, which jobs need it, how it changed lately. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

static void say_state(struct sb_lines *lines, const struct sb_model_component *component)
{
    char line[320];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_component_state_text(component->state));
    sb_text_add(&text, " for ");
    sb_model_add_age(&text, sb_time_between(component->since, lines->screen->now.mono));
    sb_text_add(&text, " | ");
    sb_text_add(&text, sb_component_class_text(component->class));
    if (component->latency > 0) {
        sb_text_add(&text, " | its last check took ");
        sb_text_add_duration(&text, component->latency);
    }
    const bool is_bad = component->state == SB_COMPONENT_STATE_FAILED, is_weak = component->state == SB_COMPONENT_STATE_DEGRADED;
    sb_lines_say(lines, is_bad ? SB_SLOT_BAD : is_weak ? SB_SLOT_WARN : SB_SLOT_TEXT, "state", line);
    sb_lines_say_all(lines, is_bad ? SB_SLOT_BAD : SB_SLOT_TEXT, "reason", component->reason[0] != '\0' ? component->reason : "none", 3);
    static const char *const means[] = {
        [SB_COMPONENT_CLASS_REQUIRED] = "without it the runtime is not ready; what needs it waits",
        [SB_COMPONENT_CLASS_IMPORTANT] = "what needs it waits; everything else goes on",
        [SB_COMPONENT_CLASS_OPTIONAL] = "everything goes on without it, some of it slower",
    };
    if (component->class < SB_LEN(means))
        sb_lines_say(lines, SB_SLOT_DIM, "means", means[component->class]);
}

static void say_breakers(struct sb_lines *lines)
{
    char line[320];
    struct sb_text text;
    const struct sb_model *const model = lines->screen->model;
    for (unsigned i = 0; i < SB_SITES_MAX; i++) {
        const struct sb_model_breaker *const breaker = &model->breakers[i];
        if (!breaker->is_defined)
            continue;
        sb_text_init(&text, line, sizeof line);
        sb_text_add(&text, breaker->name);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_breaker_state_text(breaker->state));
        sb_text_add(&text, " for ");
        sb_model_add_age(&text, sb_time_between(breaker->since, lines->screen->now.mono));
        if (breaker->until > lines->screen->now.mono) {
            sb_text_add(&text, ", tried again in ");
            sb_model_add_age(&text, sb_time_between(lines->screen->now.mono, breaker->until));
        }
        sb_text_add(&text, breaker->actor[0] != '\0' ? " by " : "");
        sb_text_add(&text, breaker->actor);
        sb_text_add(&text, breaker->reason[0] != '\0' ? ": " : "");
        sb_text_add(&text, breaker->reason);
        sb_lines_say_all(lines, breaker->state == SB_BREAKER_STATE_CLOSED ? SB_SLOT_DIM : SB_SLOT_WARN, "breaker", line, 2);
    }
}

static bool needs(const struct sb_model_job *job, uint8_t component)
{
    return (component == SB_COMPONENT_BROWSER && job->needs_browser) || (component == SB_COMPONENT_LLM && job->needs_llm);
}

static void say_jobs(struct sb_lines *lines, uint8_t id)
{
    const struct sb_model *const model = lines->screen->model;
    char line[4096];
    struct sb_text text;
    uint32_t count = 0, held = 0;
    sb_lines_head(lines, "who needs it");
    if (id == SB_COMPONENT_CACHE)
        sb_lines_say(lines, SB_SLOT_TEXT, "", "steps that keep something in it; they go on without");
    else if (id != SB_COMPONENT_BROWSER && id != SB_COMPONENT_LLM)
        sb_lines_say(lines, SB_SLOT_TEXT, "", "every job");
    sb_text_init(&text, line, sizeof line);
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_job *const job = sb_model_job(model, (uint16_t)i);
        if (job == NULL)
            continue;
        held += job->run.state == SB_RUN_STATE_HELD && job->run.hold == SB_HOLD_DEPENDENCY && job->run.component == id;
        if (!needs(job, id))
            continue;
        sb_text_add(&text, count++ > 0 ? " " : "");
        sb_text_add(&text, job->name);
    }
    if (count > 0)
        sb_lines_say_all(lines, SB_SLOT_TEXT, "jobs", line, 12);
    sb_text_init(&text, line, sizeof line);
    for (uint32_t i = 0; held > 0 && i < model->job_high; i++) {
        const struct sb_model_job *const job = sb_model_job(model, (uint16_t)i);
        if (job == NULL || job->run.state != SB_RUN_STATE_HELD || job->run.hold != SB_HOLD_DEPENDENCY || job->run.component != id)
            continue;
        sb_text_add(&text, text.len > 0 ? " " : "");
        sb_text_add(&text, job->name);
    }
    sb_lines_say_all(lines, held > 0 ? SB_SLOT_WARN : SB_SLOT_DIM, "held", held > 0 ? line : "no run waits for it", 6);
}

static void say_history(struct sb_lines *lines, uint8_t id)
{
    const struct sb_model_history *const history = &lines->screen->model->component_history[id];
    char line[320];
    struct sb_text text;
    sb_lines_head(lines, "its changes, the newest first");
    for (uint32_t back = 0; back < history->total && back < SB_MODEL_CHANGES; back++) {
        const struct sb_model_change *const change = &history->changes[(history->total - 1 - back) % SB_MODEL_CHANGES];
        sb_text_init(&text, line, sizeof line);
        sb_add_when(lines->screen, &text, change->at);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_component_state_text(change->state));
        sb_text_add(&text, change->reason[0] != '\0' ? ": " : "");
        sb_text_add(&text, change->reason);
        sb_lines_say_all(lines, SB_SLOT_TEXT, "", line, 2);
    }
}

uint32_t sb_pane_rows_component_detail(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_COMPONENT_DETAIL];
}

void sb_pane_draw_component_detail(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const uint8_t id = screen->shown.component;
    struct sb_lines lines;
    sb_lines_begin(&lines, screen, view, SB_PANE_COMPONENT_DETAIL);
    if (id < SB_COMPONENT_COUNT) {
        say_state(&lines, &screen->model->components[id]);
        if (id == SB_COMPONENT_BROWSER) /* sites are reached through it */
            say_breakers(&lines);
        sb_lines_say(&lines, SB_SLOT_KEY, "press", "r checks it now; it is checked by itself while it does not work");
        say_jobs(&lines, id);
        say_history(&lines, id);
    }
    sb_lines_end(&lines, right);
    sb_text_add(text, id < SB_COMPONENT_COUNT ? sb_component_text(id) : "none");
}
