/* One browser context in full: who has it, until when, whom it keeps waiting, and why it was opened anew lately. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

static void add_left(struct sb_lines *lines, struct sb_text *text, sb_ns deadline)
{
    const sb_ns now = lines->screen->now.mono;
    if (deadline == 0)
        return;
    sb_text_add(text, deadline > now ? ", deadline in " : ", OVER its deadline by ");
    sb_model_add_age(text, deadline > now ? sb_time_between(now, deadline) : sb_time_between(deadline, now));
}

static void say_state(struct sb_lines *lines, const struct sb_model_ctx *ctx)
{
    char line[320];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_ctx_state_text(ctx->state));
    sb_text_add(&text, " for ");
    sb_model_add_age(&text, sb_time_between(ctx->since, lines->screen->now.mono));
    sb_text_add(&text, " | generation ");
    sb_text_add_u64(&text, ctx->generation);
    sb_text_add(&text, " | ");
    sb_text_add_u64(&text, ctx->uses);
    sb_text_add(&text, " uses | lane ");
    sb_text_add(&text, sb_lane_text(ctx->lane));
    if (ctx->is_burst_slot)
        sb_text_add(&text, " | opened for bursts of posting");
    sb_lines_say(lines, ctx->state == SB_CTX_STATE_DOWN ? SB_SLOT_BAD : SB_SLOT_TEXT, "state", line);
    if (ctx->reason[0] != '\0')
        sb_lines_say_all(lines, SB_SLOT_TEXT, "reason", ctx->reason, 2);
    sb_text_init(&text, line, sizeof line);
    if (ctx->heap_kib == 0) {
        sb_text_add(&text, "of its page not known");
    } else {
        sb_text_add(&text, "scripts of its page ");
        sb_add_heap(ctx, &text);
        sb_text_add(&text, "iB, processor of its renderer ");
        sb_add_cpu(ctx, &text);
        sb_text_add(&text, ctx->is_cpu_known ? " of a core" : " (not known yet)");
    }
    sb_text_add(&text, "; the whole browser: ");
    if (lines->screen->model->memory_limit_mib > 0) {
        sb_text_add_u64(&text, lines->screen->model->memory_used_mib);
        sb_text_add(&text, " of ");
        sb_text_add_u64(&text, lines->screen->model->memory_limit_mib);
        sb_text_add(&text, " MiB");
    } else {
        sb_text_add(&text, "below its limit");
    }
    sb_lines_say_all(lines, SB_SLOT_DIM, "memory", line, 2);
}

static void say_holder(struct sb_lines *lines, const struct sb_model_ctx *ctx)
{
    const struct sb_model *const model = lines->screen->model;
    const struct sb_model_job *const job = sb_model_job(model, ctx->job);
    char line[320];
    struct sb_text text;
    if (ctx->run == 0) {
        sb_lines_say(lines, SB_SLOT_DIM, "holder", "nobody");
        return;
    }
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, sb_model_job_name(model, ctx->job));
    sb_text_add(&text, " run ");
    sb_text_add_u64(&text, ctx->run);
    sb_text_add(&text, " for ");
    sb_model_add_age(&text, sb_time_between(ctx->leased_at, lines->screen->now.mono));
    add_left(lines, &text, ctx->deadline);
    const bool is_over = ctx->deadline != 0 && ctx->deadline <= lines->screen->now.mono;
    sb_lines_say(lines, is_over ? SB_SLOT_BAD : SB_SLOT_RUN, "holder", line);
    if (job != NULL && job->run.id == ctx->run && job->run.step < job->step_count) {
        const struct sb_model_step *const step = sb_model_step(model, ctx->job, job->run.step);
        sb_text_init(&text, line, sizeof line);
        sb_text_add_u64(&text, job->run.step + 1U);
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, job->step_count);
        sb_text_add(&text, " ");
        sb_text_add(&text, step->name);
        if (step->state == SB_STEP_STATE_RUNNING) {
            sb_text_add(&text, " for ");
            sb_model_add_age(&text, sb_time_between(step->started, lines->screen->now.mono));
            sb_text_add(&text, " of ");
            sb_text_add_duration(&text, step->timeout);
        }
        sb_text_add(&text, step->is_effect ? ", an outside effect: never interrupted" : "");
        sb_lines_say(lines, SB_SLOT_TEXT, "step", line);
    }
    sb_text_init(&text, line, sizeof line);
    if (ctx->is_borrowed) {
        sb_text_add(&text, "from lane ");
        sb_text_add(&text, sb_lane_text(ctx->lane));
        sb_text_add(&text, job == NULL ? "" : " by a job of category ");
        sb_text_add(&text, job == NULL ? "" : sb_category_text(job->category));
    }
    if (ctx->yield_for != 0) {
        sb_text_add(&text, text.len > 0 ? "; " : "");
        sb_text_add(&text, ctx->is_revoked ? "revoked for run " : "asked to yield to run ");
        sb_text_add_u64(&text, ctx->yield_for);
    } else if (ctx->is_revoked) {
        sb_text_add(&text, text.len > 0 ? "; revoked" : "revoked");
    }
    if (text.len > 0)
        sb_lines_say_all(lines, SB_SLOT_WARN, "lent", line, 2);
}

static void say_queue(struct sb_lines *lines, const struct sb_model_ctx *ctx)
{
    const struct sb_model *const model = lines->screen->model;
    char line[320];
    struct sb_text text;
    unsigned place = 0;
    sb_lines_head(lines, "who waits");
    for (uint32_t i = 0; i < model->waiter_count; i++) {
        const struct sb_model_waiter *const waiter = &model->waiters[i];
        sb_text_init(&text, line, sizeof line);
        sb_text_add_u64(&text, ++place);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_model_job_name(model, waiter->job));
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, waiter->run);
        sb_text_add(&text, " lane ");
        sb_text_add(&text, sb_lane_text(waiter->lane));
        sb_text_add(&text, " for ");
        sb_model_add_age(&text, sb_time_between(waiter->since, lines->screen->now.mono));
        sb_text_add(&text, waiter->lane == ctx->lane ? "" : ": another lane");
        sb_lines_say(lines, waiter->lane == ctx->lane ? SB_SLOT_WAIT : SB_SLOT_DIM, "", line);
    }
    if (place == 0)
        sb_lines_say(lines, SB_SLOT_DIM, "", "nobody");
}

static void say_history(struct sb_lines *lines, uint16_t id)
{
    const struct sb_model_history *const history = &lines->screen->model->context_history[id];
    char line[320];
    struct sb_text text;
    sb_lines_head(lines, "opened and closed, the newest first");
    for (uint32_t back = 0; back < history->total && back < SB_MODEL_CHANGES; back++) {
        const struct sb_model_change *const change = &history->changes[(history->total - 1 - back) % SB_MODEL_CHANGES];
        sb_text_init(&text, line, sizeof line);
        sb_add_when(lines->screen, &text, change->at);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_ctx_state_text(change->state));
        sb_text_add(&text, ", generation ");
        sb_text_add_u64(&text, change->generation);
        sb_text_add(&text, change->reason[0] != '\0' ? ": " : "");
        sb_text_add(&text, change->reason);
        sb_lines_say_all(lines, SB_SLOT_TEXT, "", line, 2);
    }
    if (history->total == 0)
        sb_lines_say(lines, SB_SLOT_DIM, "", "nothing since this console began to listen");
}

static void say_press(struct sb_lines *lines, uint16_t id, const struct sb_model_ctx *ctx)
{
    char line[320];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    if (ctx->run != 0) {
        sb_text_add(&text, "Enter opens ");
        sb_text_add(&text, sb_model_job_name(lines->screen->model, ctx->job));
        sb_text_add(&text, "; ");
    }
    sb_text_add(&text, "K closes it and opens a fresh one (wants ctx");
    sb_text_add_u64(&text, id);
    sb_text_add(&text, "); a run on it is stopped and retried");
    sb_lines_say_all(lines, SB_SLOT_KEY, "press", line, 2);
}

uint32_t sb_pane_rows_context_detail(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_CONTEXT_DETAIL];
}

void sb_pane_draw_context_detail(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const uint16_t id = screen->shown.ctx;
    struct sb_lines lines;
    sb_lines_begin(&lines, screen, view, SB_PANE_CONTEXT_DETAIL);
    const struct sb_model_ctx *const ctx = id < SB_CONTEXTS_MAX ? &screen->model->contexts[id] : NULL;
    if (ctx == NULL || !ctx->is_defined) {
        sb_lines_say(&lines, SB_SLOT_DIM, "", "there is no such context");
    } else {
        say_state(&lines, ctx);
        say_holder(&lines, ctx);
        say_press(&lines, id, ctx);
        say_queue(&lines, ctx);
        say_history(&lines, id);
    }
    sb_lines_end(&lines, right);
    sb_text_add(text, "#");
    sb_text_add_u64(text, id);
    if (ctx != NULL && ctx->is_defined) {
        sb_text_add(text, " lane ");
        sb_text_add(text, sb_lane_text(ctx->lane));
    }
}
