/* Owns the spans of the timeline: attempts and waits of jobs, leases and losses of contexts. A ring per job and per context, so that who
 * runs often never pushes out who runs seldom. Times are the events'. Pure. */
#include "fold.h"

#include <string.h>

const struct sb_model_span *sb_model_span_at(const struct sb_model_spans *spans, uint64_t back)
{
    if (back >= spans->total || back >= SB_MODEL_SPANS)
        return NULL;
    return &spans->ring[(spans->total - 1 - back) % SB_MODEL_SPANS];
}

/* The newest open span of that kind and run; run 0: of any run. */
static struct sb_model_span *find_open(struct sb_model_spans *spans, unsigned kind, uint64_t run)
{
    for (uint64_t back = 0; back < spans->total && back < SB_MODEL_SPANS; back++) {
        struct sb_model_span *const span = &spans->ring[(spans->total - 1 - back) % SB_MODEL_SPANS];
        if (span->end == SB_SPAN_OPEN && span->kind == kind && (run == 0 || span->run == (uint32_t)run))
            return span;
    }
    return NULL;
}

/* A wait too short to be seen at any range; most are. */
static bool is_nothing(const struct sb_model_span *span)
{
    return span->kind == SB_SPAN_WAIT && span->end != SB_SPAN_OPEN && span->to - span->from < SB_S(1);
}

/* In the place of the newest one when that is nothing: the ring is for what can be shown. */
static struct sb_model_span *open_span(struct sb_model_spans *spans, unsigned kind, uint64_t run, uint16_t job, sb_ns now)
{
    const struct sb_model_span *const newest = sb_model_span_at(spans, 0);
    if (newest == NULL || !is_nothing(newest))
        spans->total++;
    struct sb_model_span *const span = &spans->ring[(spans->total - 1) % SB_MODEL_SPANS];
    memset(span, 0, sizeof *span); /* its padding is hashed */
    span->from = now;
    span->run = (uint32_t)run;
    span->job = job;
    span->kind = (uint8_t)kind;
    return span;
}

static bool close_span(struct sb_model_spans *spans, unsigned kind, uint64_t run, enum sb_span_end end, sb_ns now)
{
    struct sb_model_span *const span = find_open(spans, kind, run);
    if (span == NULL)
        return false;
    span->to = now;
    span->end = (uint8_t)end;
    return true;
}

static struct sb_model_spans *of_job(struct sb_model *model, uint16_t job)
{
    return sb_model_job_mutable(model, job) == NULL ? NULL : &model->job_spans[job];
}

static struct sb_model_spans *of_ctx(struct sb_model *model, uint16_t ctx)
{
    return ctx < SB_CONTEXTS_MAX ? &model->ctx_spans[ctx] : NULL;
}

static void begin_attempt(struct sb_model *model, uint16_t job, uint64_t run, sb_ns now)
{
    struct sb_model_spans *const spans = of_job(model, job);
    if (spans == NULL || run == 0)
        return;
    close_span(spans, SB_SPAN_WAIT, run, SB_SPAN_OK, now);
    if (find_open(spans, SB_SPAN_RUN, run) == NULL)
        open_span(spans, SB_SPAN_RUN, run, job, now);
}

static void end_attempt(struct sb_model *model, uint16_t job, uint64_t run, enum sb_span_end end, sb_ns now)
{
    struct sb_model_spans *const spans = of_job(model, job);
    if (spans == NULL || run == 0)
        return;
    close_span(spans, SB_SPAN_WAIT, run, SB_SPAN_OTHER, now);
    if (close_span(spans, SB_SPAN_RUN, run, end, now) || end != SB_SPAN_FAILED)
        return;
    struct sb_model_span *const span = open_span(spans, SB_SPAN_RUN, run, job, now); /* it failed before it began: a moment, but seen */
    span->to = now;
    span->end = SB_SPAN_FAILED;
}

static enum sb_span_end end_of(unsigned run_state)
{
    if (run_state == SB_RUN_STATE_SUCCEEDED)
        return SB_SPAN_OK;
    return run_state == SB_RUN_STATE_CANCELLED || run_state == SB_RUN_STATE_SKIPPED ? SB_SPAN_OTHER : SB_SPAN_FAILED;
}

static void note_wanted(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_wanted *const ev = &event->as.lease_wanted;
    struct sb_model_spans *const spans = of_job(model, ev->job);
    if (spans != NULL && ev->run != 0 && find_open(spans, SB_SPAN_WAIT, ev->run) == NULL)
        open_span(spans, SB_SPAN_WAIT, ev->run, ev->job, event->now);
}

static void note_granted(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_granted *const ev = &event->as.lease_granted;
    struct sb_model_spans *const waiting = of_job(model, ev->job), *const spans = of_ctx(model, ev->ctx);
    if (waiting != NULL && ev->run != 0)
        close_span(waiting, SB_SPAN_WAIT, ev->run, SB_SPAN_OK, event->now);
    if (spans == NULL)
        return;
    close_span(spans, SB_SPAN_GONE, 0, SB_SPAN_OK, event->now);
    close_span(spans, SB_SPAN_HOLD, 0, SB_SPAN_OTHER, event->now); /* whose end was never told */
    open_span(spans, SB_SPAN_HOLD, ev->run, ev->job, event->now);
}

/* A context that could be used and cannot any more is gone until it can. One that was never ready is not, nor is a burst context that is
 * closed because nobody posts. */
static void note_context(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_context_changed *const ev = &event->as.context_changed;
    struct sb_model_spans *const spans = of_ctx(model, ev->ctx);
    if (spans == NULL || ev->state >= SB_CTX_STATE_COUNT)
        return;
    const struct sb_model_ctx *const ctx = &model->contexts[ev->ctx];
    const bool was_ready = ctx->is_defined && (ctx->state == SB_CTX_STATE_IDLE || ctx->state == SB_CTX_STATE_LEASED);
    const bool is_ready = ev->state == SB_CTX_STATE_IDLE || ev->state == SB_CTX_STATE_LEASED;
    if (ev->state != SB_CTX_STATE_LEASED)
        close_span(spans, SB_SPAN_HOLD, 0, is_ready ? SB_SPAN_OK : SB_SPAN_FAILED, event->now);
    if (is_ready)
        close_span(spans, SB_SPAN_GONE, 0, SB_SPAN_OK, event->now);
    else if (was_ready && !ctx->is_burst_slot)
        open_span(spans, SB_SPAN_GONE, 0, SB_NO_JOB, event->now);
}

/* Another process counts its time from another moment. */
static void note_start(struct sb_model *model, const struct sb_event *event)
{
    if (!model->is_started || model->boot == event->as.runtime_started.boot)
        return;
    memset(model->job_spans, 0, model->job_high * sizeof *model->job_spans);
    memset(model->ctx_spans, 0, SB_CONTEXTS_MAX * sizeof *model->ctx_spans);
    model->known_since = 0;
}

void sb_model_note_spans(struct sb_model *model, const struct sb_event *event)
{
    const sb_ns now = event->now;
    if (event->kind == SB_EVENT_DESCRIBED && model->known_since == 0) {
        model->known_since = now;
    } else if (event->kind == SB_EVENT_RUNTIME_STARTED) {
        note_start(model, event);
    } else if (event->kind == SB_EVENT_RUN_STARTED) {
        begin_attempt(model, event->as.run_started.job, event->as.run_started.run, now);
    } else if (event->kind == SB_EVENT_RUN_RETRYING) {
        end_attempt(model, event->as.run_retrying.job, event->as.run_retrying.run, SB_SPAN_FAILED, now);
    } else if (event->kind == SB_EVENT_RUN_YIELDED) {
        end_attempt(model, event->as.run_yielded.job, event->as.run_yielded.run, SB_SPAN_OTHER, now);
    } else if (event->kind == SB_EVENT_RUN_INTERRUPTED) {
        end_attempt(model, event->as.run_interrupted.job, event->as.run_interrupted.run, SB_SPAN_FAILED, now);
    } else if (event->kind == SB_EVENT_RUN_ENDED) {
        const unsigned state = event->as.run_ended.state;
        if (state > SB_RUN_STATE_BACKOFF && state < SB_RUN_STATE_COUNT)
            end_attempt(model, event->as.run_ended.job, event->as.run_ended.run, end_of(state), now);
    } else if (event->kind == SB_EVENT_LEASE_WANTED) {
        note_wanted(model, event);
    } else if (event->kind == SB_EVENT_LEASE_GRANTED) {
        note_granted(model, event);
    } else if (event->kind == SB_EVENT_LEASE_ENDED) {
        struct sb_model_spans *const spans = of_ctx(model, event->as.lease_ended.ctx);
        if (spans != NULL && event->as.lease_ended.run != 0)
            close_span(spans, SB_SPAN_HOLD, event->as.lease_ended.run, SB_SPAN_OK, now);
    } else if (event->kind == SB_EVENT_CONTEXT_CHANGED) {
        note_context(model, event);
    }
}
