/* One incident in full: what the rule says and when it fires and ends, who was told and why others were not, what it follows from, what happened
 * so far, and what to do. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <string.h>

static const struct sb_model_alert *shown(const struct sb_screen *screen)
{
    for (uint32_t i = 0; i < screen->model->alert_count; i++) {
        if (screen->model->alerts[i].id == screen->shown.alert)
            return &screen->model->alerts[i];
    }
    return NULL;
}

static void say_what(struct sb_lines *lines, const struct sb_model_alert *alert)
{
    char line[512];
    struct sb_text text;
    const enum sb_slot slot = alert->severity >= SB_SEVERITY_ERROR ? SB_SLOT_BAD : SB_SLOT_WARN;
    sb_lines_say_all(lines, slot, "alert", alert->text[0] != '\0' ? alert->text : sb_rule_text(alert->rule), 3);
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_rule_text(alert->rule));
    sb_text_add(&text, " | ");
    sb_text_add(&text, sb_severity_text(alert->severity));
    sb_text_add(&text, " | subject ");
    sb_text_add(&text, alert->subject[0] != '\0' ? alert->subject : "none");
    sb_lines_say(lines, SB_SLOT_TEXT, "rule", line);
    sb_text_init(&text, line, sizeof line);
    sb_model_rule_line(lines->screen->model, alert->rule, &text);
    sb_lines_say_all(lines, SB_SLOT_TEXT, "bounds", line, 2);
    sb_text_init(&text, line, sizeof line);
    sb_model_alert_state_line(alert, lines->screen->now.mono, &text);
    sb_text_add(&text, "; since ");
    sb_add_when(lines->screen, &text, alert->since_wall);
    sb_lines_say_all(lines, SB_SLOT_TEXT, "state", line, 2);
}

/* The job or component it is about, and how that is now. */
static void say_subject(struct sb_lines *lines, const struct sb_model_alert *alert)
{
    const struct sb_model *const model = lines->screen->model;
    const struct sb_model_job *const job = sb_model_job(model, alert->job);
    char line[512];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    if (job != NULL) {
        sb_text_add(&text, job->name);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_job_state_mark((enum sb_job_state)job->state));
        sb_text_add(&text, ": ");
        sb_model_why(model, alert->job, lines->screen->now.mono, lines->screen->now.wall, &text);
        sb_lines_say_all(lines, sb_slot_of_state(job->state), "job", line, 3);
    } else if (sb_alert_is_of_component(alert) && model->components[alert->component].is_defined) {
        const struct sb_model_component *const component = &model->components[alert->component];
        sb_text_add(&text, sb_component_text(alert->component));
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_component_state_text(component->state));
        sb_text_add(&text, component->reason[0] != '\0' ? ": " : "");
        sb_text_add(&text, component->reason);
        sb_lines_say_all(lines, SB_SLOT_TEXT, "is now", line, 2);
    }
    const struct sb_model_alert *const cause = sb_model_alert_cause(model, alert);
    if (cause == NULL)
        return;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, "alert ");
    sb_text_add_u64(&text, cause->id);
    sb_text_add(&text, " ");
    sb_text_add(&text, sb_rule_text(cause->rule));
    sb_text_add(&text, ": ");
    sb_text_add(&text, cause->text);
    sb_lines_say_all(lines, SB_SLOT_WARN, "follows", line, 2);
}

static void say_todo(struct sb_lines *lines, const struct sb_model_alert *alert)
{
    const struct sb_model *const model = lines->screen->model;
    const char *const manual = sb_model_manual(model, alert->rule);
    char line[512];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_model_runbook(model, alert->rule));
    if (manual[0] != '\0') {
        sb_text_add(&text, " (docs/OPERATIONS.md, ");
        sb_text_add(&text, manual);
        sb_text_add(&text, ")");
    }
    sb_lines_say_all(lines, SB_SLOT_TEXT, "to do", line, 5);
    sb_text_init(&text, line, sizeof line);
    sb_model_alert_press(model, alert, &text);
    sb_lines_say_all(lines, SB_SLOT_KEY, "press", line, 2);
}

static void say_told(struct sb_lines *lines, const struct sb_model_alert *alert)
{
    const struct sb_model *const model = lines->screen->model;
    char line[512];
    struct sb_text text;
    bool has_channel = false;
    sb_lines_head(lines, "who was told");
    for (unsigned c = 0; c < SB_CHANNELS_MAX; c++) {
        if (!model->channels[c].is_defined)
            continue;
        has_channel = true;
        sb_text_init(&text, line, sizeof line);
        sb_text_add(&text, model->channels[c].name);
        sb_text_add(&text, " (");
        sb_text_add(&text, model->channels[c].kind);
        sb_text_add(&text, "): ");
        sb_model_told_line(model, alert, c, lines->screen->now.mono, &text);
        sb_lines_say_all(lines, alert->told[c].why == SB_TOLD_FAILED ? SB_SLOT_BAD : SB_SLOT_TEXT, "", line, 3);
    }
    if (!has_channel)
        sb_lines_say(lines, SB_SLOT_WARN, "", "no channel is configured: nobody is told of anything");
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        const struct sb_model_silence *const silence = &model->silences[i];
        if (!sb_model_is_silenced(silence, alert, lines->screen->now.mono))
            continue;
        sb_text_init(&text, line, sizeof line);
        sb_text_add_u64(&text, silence->id);
        sb_text_add(&text, " by ");
        sb_text_add(&text, silence->actor);
        sb_text_add(&text, ", for ");
        sb_model_add_age(&text, sb_time_between(lines->screen->now.mono, silence->until));
        sb_text_add(&text, ": ");
        sb_text_add(&text, silence->reason);
        sb_lines_say_all(lines, SB_SLOT_PAUSED, "silence", line, 2);
    }
}

/* The journal's events, then what happened since: the log of the model goes on where the journal was read. */
static void say_story(struct sb_lines *lines, uint32_t alert)
{
    const struct sb_model *const model = lines->screen->model;
    const struct sb_findings *const found = sb_wants_found(lines->screen, SB_LOOKUP_ALERT, "", alert);
    uint64_t last = 0;
    sb_lines_head(lines, "what happened");
    for (uint32_t i = 0; found != NULL && i < found->event_count; i++) {
        last = found->events[i].event.seq;
        sb_lines_event(lines, "", &found->events[i].event);
    }
    for (uint64_t back = SB_MODEL_LOG; back-- > 0;) {
        const struct sb_event *const event = sb_model_log_at(model, back);
        if (event != NULL && event->seq > last && sb_event_field(event, "alert") == alert && event->kind != SB_EVENT_COMMAND_ASKED)
            sb_lines_event(lines, "", event);
    }
    sb_wants_line(lines, SB_LOOKUP_ALERT);
}

uint32_t sb_pane_rows_alert_detail(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_ALERT_DETAIL];
}

void sb_pane_draw_alert_detail(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_model_alert *const alert = shown(screen);
    struct sb_lines lines;
    sb_lines_begin(&lines, screen, view, SB_PANE_ALERT_DETAIL);
    if (alert == NULL) {
        sb_lines_say(&lines, SB_SLOT_OK, "alert", "it has cleared");
    } else {
        say_what(&lines, alert);
        say_subject(&lines, alert);
        say_todo(&lines, alert);
        say_told(&lines, alert);
    }
    say_story(&lines, screen->shown.alert);
    sb_lines_end(&lines, right);
    sb_text_add_u64(text, screen->shown.alert);
    if (alert == NULL)
        return;
    sb_text_add(text, " ");
    sb_text_add(text, sb_rule_text(alert->rule));
    sb_text_add(text, " ");
    sb_text_add(text, sb_severity_text(alert->severity));
    sb_text_add(text, alert->is_acked ? " ack " : " UNACK ");
    sb_add_since(screen, text, alert->since, alert->since_wall);
}
