/* One job in full: what it is, why it waits, the steps of its run, its attempts, how it went lately. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <string.h>

static void say_what(struct sb_lines *page, const struct sb_model_job *job)
{
    char buffer[256];
    struct sb_text text;
    const struct sb_model_run *const run = &job->run;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, job->schedule);
    sb_text_add(&text, " | priority ");
    sb_text_add_u64(&text, job->priority);
    sb_text_add(&text, " | ");
    sb_text_add(&text, sb_category_text(job->category));
    if (job->is_critical)
        sb_text_add(&text, " | critical");
    if (job->timeout > 0) {
        sb_text_add(&text, " | limit ");
        sb_text_add_duration(&text, job->timeout);
    }
    if (job->next_due.ns != 0) {
        sb_text_add(&text, " | due ");
        sb_text_add_clock(&text, job->next_due);
    }
    sb_lines_say(page, SB_SLOT_TEXT, "job", buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    if (run->id == 0) {
        sb_text_add(&text, "none yet");
    } else {
        sb_text_add_u64(&text, run->id);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_run_state_text(run->state));
        sb_text_add(&text, " | attempt ");
        sb_text_add_u64(&text, run->attempt);
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, run->attempts_max);
        sb_text_add(&text, " | by ");
        sb_text_add(&text, sb_cause_text(run->cause));
        if (run->nominal.ns != 0) {
            sb_text_add(&text, " for ");
            sb_text_add_clock(&text, run->nominal);
        }
        if (run->waited > 0) {
            sb_text_add(&text, " | waited ");
            sb_text_add_duration(&text, run->waited);
        }
        if (run->is_late) {
            sb_text_add(&text, " | LATE ");
            sb_text_add_duration(&text, run->late);
        }
        if (!sb_model_run_is_active(run)) {
            sb_text_add(&text, " | took ");
            sb_text_add_duration(&text, run->duration);
        }
        for (unsigned i = 0; i < SB_MODEL_OTHERS && job->others[i] != 0; i++) {
            sb_text_add(&text, i == 0 ? " | also active: " : " ");
            sb_text_add_u64(&text, job->others[i]);
        }
    }
    sb_lines_say(page, sb_slot_of_state(job->state), "run", buffer);
}

static void say_why(struct sb_lines *page, uint16_t id, const struct sb_model_job *job)
{
    char buffer[512];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_model_why(page->screen->model, id, page->screen->now.mono, page->screen->now.wall, &text);
    sb_lines_say_all(page, SB_SLOT_WARN, "why", buffer, 6);
    if (job->run.id != 0 && job->run.error[0] != '\0' && job->run.state != SB_RUN_STATE_SUCCEEDED) {
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, sb_class_text(job->run.class));
        sb_text_add(&text, ": ");
        sb_text_add(&text, job->run.error);
        sb_lines_say_all(page, SB_SLOT_BAD, "error", buffer, 6);
    }
}

static const struct {
    const char *word;
    enum sb_slot slot;
} step_states[SB_STEP_STATE_COUNT] = {
    [SB_STEP_STATE_PENDING] = {"-", SB_SLOT_DIM},      [SB_STEP_STATE_RUNNING] = {"RUN", SB_SLOT_RUN},
    [SB_STEP_STATE_SUCCEEDED] = {"ok", SB_SLOT_OK},    [SB_STEP_STATE_NOTHING_TO_DO] = {"none", SB_SLOT_OK},
    [SB_STEP_STATE_FAILED] = {"FAIL!", SB_SLOT_BAD},   [SB_STEP_STATE_SKIPPED] = {"skip", SB_SLOT_DIM},
    [SB_STEP_STATE_YIELDED] = {"yield", SB_SLOT_WAIT},
};

static unsigned step_state(const struct sb_model_step *step)
{
    return step->state < SB_STEP_STATE_COUNT ? step->state : SB_STEP_STATE_PENDING;
}

static void add_step_time(const struct sb_screen *screen, const struct sb_model_step *step, struct sb_text *text)
{
    if (step->state == SB_STEP_STATE_RUNNING)
        sb_model_add_age(text, screen->now.mono > step->started ? screen->now.mono - step->started : 0);
    else if (step->state != SB_STEP_STATE_PENDING)
        sb_text_add_duration(text, step->duration);
}

/* "3 login FAIL! 30s retryable no such selector", one a row. */
static void say_step(struct sb_lines *page, unsigned number, const struct sb_model_step *step)
{
    bool is_visible = false;
    const unsigned row = sb_lines_row(page, &is_visible), cols = page->view->box.cols;
    if (!is_visible)
        return;
    char buffer[320];
    struct sb_text text;
    const unsigned state = step_state(step);
    sb_text_init(&text, buffer, sizeof buffer);
    if (number == 0)
        sb_text_add(&text, "steps");
    sb_view_field(page->view, row, 1, 7, false, SB_SLOT_DIM, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add_u64(&text, number + 1U);
    sb_view_field(page->view, row, 9, 2, true, SB_SLOT_DIM, buffer);
    sb_view_field(page->view, row, 12, 24, false, SB_SLOT_TEXT, step->name);
    sb_view_field(page->view, row, 37, 6, false, SB_SLOT_DIM, sb_step_kind_text(step->kind));
    sb_view_field(page->view, row, 44, 5, false, step_states[state].slot, step_states[state].word);
    sb_text_init(&text, buffer, sizeof buffer);
    add_step_time(page->screen, step, &text);
    sb_view_field(page->view, row, 50, 6, true, SB_SLOT_TEXT, buffer);
    sb_text_init(&text, buffer, sizeof buffer);
    if (step->is_effect)
        sb_text_add(&text, "effect ");
    if (step->ctx != SB_NO_CTX && step->state != SB_STEP_STATE_PENDING) {
        sb_text_add(&text, "#");
        sb_text_add_u64(&text, step->ctx);
        sb_text_add(&text, " ");
    }
    if (step->attempt > 1) {
        sb_text_add(&text, "a");
        sb_text_add_u64(&text, step->attempt);
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
    if (cols > 58)
        sb_view_field(page->view, row, 57, cols - 57, false, step->state == SB_STEP_STATE_FAILED ? SB_SLOT_BAD : SB_SLOT_TEXT, buffer);
}

/* "1 open ok 1.2s | 2 login FAIL! 30s", as many lines as they need. */
static void say_steps_short(struct sb_lines *page, uint16_t id, const struct sb_model_job *job)
{
    char buffer[512], one[96];
    struct sb_text line, text;
    bool is_first = true;
    sb_text_init(&line, buffer, sizeof buffer);
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_model_step *const step = sb_model_step(page->screen->model, id, i);
        sb_text_init(&text, one, sizeof one);
        sb_text_add_u64(&text, i + 1U);
        sb_text_add(&text, " ");
        sb_text_add(&text, step->name);
        sb_text_add(&text, " ");
        sb_text_add(&text, step_states[step_state(step)].word);
        if (step->state != SB_STEP_STATE_PENDING)
            sb_text_add(&text, " ");
        add_step_time(page->screen, step, &text);
        if (line.len > 0 && line.len + text.len + 12 > page->view->box.cols) {
            sb_lines_say(page, SB_SLOT_TEXT, is_first ? "steps" : "", buffer);
            is_first = false;
            sb_text_init(&line, buffer, sizeof buffer);
        }
        if (line.len > 0)
            sb_text_add(&line, " | ");
        sb_text_add(&line, one);
    }
    if (line.len > 0)
        sb_lines_say(page, SB_SLOT_TEXT, is_first ? "steps" : "", buffer);
}

static void say_tries(struct sb_lines *page, const struct sb_model_run *run)
{
    for (unsigned i = run->try_count; i-- > 0;) { /* the newest first */
        const struct sb_model_try *const try = &run->tries[i];
        char buffer[256];
        struct sb_text text;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, "#");
        sb_text_add_u64(&text, try->attempt);
        sb_text_add(&text, " ");
        sb_text_add_clock(&text, try->started);
        sb_text_add(&text, !try->is_over ? " running" : try->is_failed ? " FAIL! " : " ok ");
        if (try->is_over)
            sb_text_add_duration(&text, try->duration);
        if (try->ctx != SB_NO_CTX) {
            sb_text_add(&text, " on #");
            sb_text_add_u64(&text, try->ctx);
        }
        if (try->is_failed) {
            sb_text_add(&text, " step ");
            sb_text_add_u64(&text, try->step + 1U);
            sb_text_add(&text, " ");
            sb_text_add(&text, sb_class_text(try->class));
            sb_text_add(&text, ": ");
            sb_text_add(&text, try->error);
        }
        sb_lines_say(page, try->is_failed ? SB_SLOT_BAD : SB_SLOT_TEXT, i + 1U == run->try_count ? "tries" : "", buffer);
    }
}

static void say_recent(struct sb_lines *page, const struct sb_model_job *job)
{
    char buffer[200];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    if (job->runs_ended == 0) {
        sb_text_add(&text, "no run has ended yet");
    } else {
        sb_text_add_u64(&text, job->runs_ok);
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, job->runs_ended);
        sb_text_add(&text, " ok");
    }
    if (job->recent_count > 0) {
        sb_text_add(&text, ", p50 ");
        sb_text_add_duration(&text, sb_model_recent_permille(job, 500));
        sb_text_add(&text, ", p95 ");
        sb_text_add_duration(&text, sb_model_recent_permille(job, 950));
    }
    if (job->failures > 0) {
        sb_text_add(&text, ", failed ");
        sb_text_add_u64(&text, job->failures);
        sb_text_add(&text, " in a row");
    }
    if (job->skipped > 0) {
        sb_text_add(&text, ", ");
        sb_text_add_u64(&text, job->skipped);
        sb_text_add(&text, " due times skipped, last: ");
        sb_text_add(&text, sb_skip_text(job->last_skip));
    }
    sb_lines_say(page, SB_SLOT_TEXT, "recent", buffer);
    if (job->recent_count == 0)
        return;
    bool is_visible = false;
    const unsigned row = sb_lines_row(page, &is_visible);
    if (!is_visible)
        return;
    int64_t values[SB_MODEL_RECENT];
    for (unsigned i = 0; i < job->recent_count; i++) {
        const unsigned at = sb_model_recent_at(job, i);
        const bool is_good = job->recent_outcome[at] == SB_RUN_STATE_SUCCEEDED;
        values[i] = job->recent_duration[at];
        sb_view_fill(page->view, row, 9 + i, 1, is_good ? '.' : 'x', is_good ? '.' : 'x', is_good ? SB_SLOT_OK : SB_SLOT_BAD);
    }
    sb_view_text(page->view, row, 10 + job->recent_count, 4, SB_SLOT_DIM, "took");
    sb_spark_draw(page->view, row, 15 + job->recent_count, SB_MODEL_RECENT, values, job->recent_count, SB_SLOT_GAUGE);
}

/* The newest lines of the log about the job: what the last columns have no room for. */
static void say_log(struct sb_lines *page, uint16_t id)
{
    enum { SHOWN = 8 };
    const struct sb_model *const model = page->screen->model;
    const struct sb_event *events[SHOWN];
    unsigned count = 0;
    for (uint64_t back = 0; back < SB_MODEL_LOG && count < SHOWN; back++) {
        const struct sb_event *const event = sb_model_log_at(model, back);
        if (event == NULL)
            break;
        if (sb_event_is_of_job(event, id))
            events[count++] = event;
    }
    sb_lines_head(page, "log of this job; 6 has everything");
    for (unsigned i = count; i-- > 0;)
        sb_lines_event(page, "", events[i]);
    if (count == 0)
        sb_lines_say(page, SB_SLOT_DIM, "", "nothing since this console began to listen");
}

/* What the catalogue says of it, with the place of each value. */
static void say_definition(struct sb_lines *page)
{
    const struct sb_findings *const found = sb_wants_found(page->screen, SB_LOOKUP_JOB, page->screen->selected_name, 0);
    if (found != NULL)
        sb_lines_text(page, found->text);
    sb_wants_line(page, SB_LOOKUP_JOB);
}

static void say_press(struct sb_lines *page, const struct sb_model_job *job)
{
    char buffer[200];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    if (sb_model_run_is_retryable(&job->run))
        sb_text_add(&text, "r retries its failed run; ");
    else if (sb_model_run_is_active(&job->run))
        sb_text_add(&text, "x cancels its run; ");
    sb_text_add(&text, job->is_paused ? "p resumes it; " : "p pauses it; ");
    sb_text_add(&text, "Enter opens its last runs");
    sb_lines_say_all(page, SB_SLOT_KEY, "press", buffer, 2);
}

uint32_t sb_pane_rows_detail(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_DETAIL];
}

void sb_pane_draw_detail(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const uint16_t id = screen->selected_job;
    const struct sb_model_job *const job = sb_model_job(screen->model, id);
    if (job == NULL) {
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM, "no job is selected");
        return;
    }
    const bool is_open = screen->focus == SB_PANE_DETAIL; /* else it stands beside the list, and shows the beginning */
    struct sb_lines page;
    sb_lines_begin(&page, screen, view, SB_PANE_DETAIL);
    say_what(&page, job);
    say_why(&page, id, job);
    if (is_open)
        say_press(&page, job);
    if (!is_open && view->box.rows < 14) { /* an open one scrolls */
        say_steps_short(&page, id, job);
    } else {
        for (uint8_t i = 0; i < job->step_count; i++)
            say_step(&page, i, sb_model_step(screen->model, id, i));
    }
    say_tries(&page, &job->run);
    say_recent(&page, job);
    if (is_open) {
        say_log(&page, id);
        say_definition(&page);
    }
    sb_lines_end(&page, right);
    sb_find_paint_all(screen, SB_PANE_DETAIL, view);
    sb_text_add(text, job->name);
    sb_text_add(text, " ");
    sb_text_add(text, sb_job_state_mark((enum sb_job_state)job->state));
    sb_text_add(text, " ");
    if (job->state == SB_JOB_STATE_OK || job->state == SB_JOB_STATE_NONE)
        sb_model_add_minutes(text, sb_time_between(job->since, screen->now.mono));
    else
        sb_add_since(screen, text, job->since, (struct sb_wall){0});
    sb_find_title(screen, SB_PANE_DETAIL, text);
}
