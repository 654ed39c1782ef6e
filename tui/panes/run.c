/* One run as the store has it: what it was for, when, what it waited for, its steps and attempts, its events, what was kept. A run that goes on is
 * read again while it does. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <string.h>

static void say_times(struct sb_lines *lines, const struct sb_past_run *run)
{
    char line[320];
    struct sb_text text;
    const struct sb_screen *const screen = lines->screen;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_run_state_text(run->state));
    sb_text_add(&text, " | attempt ");
    sb_text_add_u64(&text, run->attempt);
    sb_text_add(&text, " | by ");
    sb_text_add(&text, sb_cause_text(run->cause));
    if (run->nominal.ns != 0) {
        sb_text_add(&text, " for ");
        sb_add_when(screen, &text, run->nominal);
    }
    sb_lines_say(lines, sb_slot_of_run(run->state), "run", line);
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, "queued ");
    sb_add_when(screen, &text, run->queued);
    sb_text_add(&text, " | started ");
    sb_add_when(screen, &text, run->started);
    if (run->started.ns > 0) {
        sb_text_add(&text, " after ");
        sb_model_add_age(&text, sb_time_between(run->queued.ns, run->started.ns));
    }
    sb_text_add(&text, " | ended ");
    sb_add_when(screen, &text, run->ended);
    if (run->ended.ns > 0) {
        sb_text_add(&text, ", took ");
        sb_text_add_duration(&text, run->duration);
    }
    sb_lines_say_all(lines, SB_SLOT_TEXT, "times", line, 2);
    if (run->error[0] == '\0' || run->state == SB_RUN_STATE_SUCCEEDED)
        return;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_class_text(run->class));
    sb_text_add(&text, ": ");
    sb_text_add(&text, run->error);
    sb_lines_say_all(lines, SB_SLOT_BAD, "error", line, 3);
}

/* What it waited for: contexts by the journal, the next attempt by the model. */
static void say_waits(struct sb_lines *lines, const struct sb_findings *found, const struct sb_model_job *job)
{
    char line[320];
    struct sb_text text;
    sb_ns waited = 0;
    unsigned leases = 0;
    sb_text_init(&text, line, sizeof line);
    for (uint32_t i = 0; i < found->event_count; i++) {
        const struct sb_event *const event = &found->events[i].event;
        if (event->kind != SB_EVENT_LEASE_GRANTED)
            continue;
        leases++;
        waited = sb_ns_add(waited, event->as.lease_granted.waited);
    }
    if (leases > 0) {
        sb_text_add_duration(&text, waited);
        sb_text_add(&text, leases == 1 ? " for its context" : " for contexts, ");
        if (leases > 1) {
            sb_text_add_u64(&text, leases);
            sb_text_add(&text, " leases");
        }
        sb_lines_say(lines, SB_SLOT_TEXT, "waited", line);
    }
    const struct sb_model_run *const live = job == NULL ? NULL : &job->run;
    if (live == NULL || live->id != found->runs[0].id)
        return;
    sb_text_init(&text, line, sizeof line);
    sb_model_why(lines->screen->model, lines->screen->selected_job, lines->screen->now.mono, lines->screen->now.wall, &text);
    sb_lines_say_all(lines, SB_SLOT_WARN, "now", line, 2);
    sb_text_init(&text, line, sizeof line);
    if (sb_model_run_is_retryable(live))
        sb_text_add(&text, "r retries it from its failed step, R from its first; ");
    else if (sb_model_run_is_active(live))
        sb_text_add(&text, "x cancels it, K kills it; ");
    sb_text_add(&text, "Enter opens what was kept of its page");
    sb_lines_say_all(lines, SB_SLOT_KEY, "press", line, 2);
}

static void say_step(struct sb_lines *lines, const struct sb_past_step *step, bool is_first_attempt)
{
    bool is_visible = false;
    const unsigned row = sb_lines_row(lines, &is_visible), cols = lines->view->box.cols;
    const struct sb_view *const view = lines->view;
    char buffer[320];
    struct sb_text text;
    if (!is_visible)
        return;
    const bool is_bad = step->state == SB_STEP_STATE_FAILED;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, "#");
    sb_text_add_u64(&text, step->attempt);
    sb_view_field(view, row, 1, 4, false, SB_SLOT_DIM, is_first_attempt ? buffer : "");
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_u64(&text, step->step + 1U);
    sb_view_field(view, row, 6, 2, true, SB_SLOT_DIM, buffer);
    sb_view_field(view, row, 9, 20, false, SB_SLOT_TEXT, step->name);
    sb_view_field(view, row, 30, 10, false, is_bad ? SB_SLOT_BAD : SB_SLOT_TEXT, sb_step_state_text(step->state));
    sb_text_init(&text, buffer, sizeof buffer);
    if (step->state != SB_STEP_STATE_RUNNING && step->state != SB_STEP_STATE_PENDING)
        sb_text_add_duration(&text, step->duration);
    sb_view_field(view, row, 41, 6, true, SB_SLOT_TEXT, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    if (step->is_effect)
        sb_text_add(&text, "effect ");
    if (step->ctx != SB_NO_CTX) {
        sb_text_add(&text, "#");
        sb_text_add_u64(&text, step->ctx);
        sb_text_add(&text, " ");
    }
    if (step->rows > 0) {
        sb_text_add_i64(&text, step->rows);
        sb_text_add(&text, " rows ");
    }
    if (step->class != SB_CLASS_NONE) {
        sb_text_add(&text, sb_class_text(step->class));
        sb_text_add(&text, " ");
    }
    sb_text_add(&text, step->text);
    if (cols > 49)
        sb_view_field(view, row, 48, cols - 48, false, is_bad ? SB_SLOT_BAD : SB_SLOT_TEXT, buffer);
}

static void say_events(struct sb_lines *lines, const struct sb_findings *found)
{
    const struct sb_model *const model = lines->screen->model;
    uint64_t last = 0;
    sb_lines_head(lines, "what happened");
    for (uint32_t i = 0; i < found->event_count; i++) {
        last = found->events[i].event.seq;
        if (sb_event_severity(&found->events[i].event) >= SB_SEVERITY_INFO)
            sb_lines_event(lines, "", &found->events[i].event);
    }
    for (uint64_t back = SB_MODEL_LOG; back-- > 0;) {
        const struct sb_event *const event = sb_model_log_at(model, back);
        if (event != NULL && event->seq > last && sb_event_field(event, "run") == found->runs[0].id)
            sb_lines_event(lines, "", event);
    }
    if (found->event_count == SB_LOOKUP_EVENTS_MAX)
        sb_lines_say(lines, SB_SLOT_DIM, "", "... and more: the beginning is shown");
    if (found->event_count == 0)
        sb_lines_say(lines, SB_SLOT_DIM, "", "the journal no longer has its events");
}

uint32_t sb_pane_rows_run(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_RUN];
}

void sb_pane_draw_run(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_findings *const found = sb_wants_found(screen, SB_LOOKUP_RUN, "", screen->shown.run);
    struct sb_lines lines;
    sb_lines_begin(&lines, screen, view, SB_PANE_RUN);
    if (found != NULL && found->run_count > 0) {
        say_times(&lines, &found->runs[0]);
        say_waits(&lines, found, sb_model_job(screen->model, screen->selected_job));
        if (found->text[0] != '\0')
            sb_lines_say_all(&lines, SB_SLOT_TEXT, "kept", found->text, 3);
        sb_lines_head(&lines, "steps of each attempt");
        for (uint32_t i = 0; i < found->step_count; i++)
            say_step(&lines, &found->steps[i], i == 0 || found->steps[i].attempt != found->steps[i - 1].attempt);
        if (found->step_count == 0)
            sb_lines_say(&lines, SB_SLOT_DIM, "", "none has begun");
        say_events(&lines, found);
    }
    sb_wants_line(&lines, SB_LOOKUP_RUN);
    sb_lines_end(&lines, right);
    sb_text_add_u64(text, screen->shown.run);
    sb_text_add(text, " of ");
    sb_text_add(text, screen->shown.job);
}
