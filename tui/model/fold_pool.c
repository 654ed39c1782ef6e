/* Folds leases, contexts and the queues for them. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static struct sb_model_run *shown_run(struct sb_model *model, uint16_t job_id, uint64_t run)
{
    struct sb_model_job *const job = sb_model_job_mutable(model, job_id);
    return job != NULL && run != 0 && job->run.id == run ? &job->run : NULL;
}

/* Behind everybody who is served before it: higher lanes, and in its own those of a lower or the same rank. */
static void queue(struct sb_model *model, const struct sb_model_waiter *waiter)
{
    uint32_t at = model->waiter_count;
    if (at == SB_MODEL_WAITERS_MAX)
        return;
    while (at > 0 && (model->waiters[at - 1].lane < waiter->lane ||
                      (model->waiters[at - 1].lane == waiter->lane && model->waiters[at - 1].rank > waiter->rank)))
        at--;
    memmove(&model->waiters[at + 1], &model->waiters[at], (model->waiter_count - at) * sizeof *model->waiters);
    model->waiters[at] = *waiter;
    model->waiter_count++;
}

void sb_fold_lease_wanted(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_wanted *const ev = &event->as.lease_wanted;
    struct sb_model_waiter waiter;
    memset(&waiter, 0, sizeof waiter); /* its padding is hashed */
    waiter.run = ev->run;
    waiter.job = ev->job;
    waiter.lane = ev->lane;
    waiter.category = ev->category;
    waiter.rank = ev->rank;
    waiter.since = event->now;
    sb_model_forget_waiter(model, ev->run);
    queue(model, &waiter);
    struct sb_model_run *const run = shown_run(model, ev->job, ev->run);
    if (run == NULL)
        return;
    run->is_waiting_context = true;
    run->wanted_since = event->now;
    run->lane = ev->lane;
    run->ahead = ev->ahead;
}

void sb_fold_lease_granted(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_granted *const ev = &event->as.lease_granted;
    sb_model_forget_waiter(model, ev->run);
    struct sb_model_run *const run = shown_run(model, ev->job, ev->run);
    if (run != NULL) {
        run->is_waiting_context = false;
        run->ctx = ev->ctx;
    }
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL)
        return;
    ctx->is_defined = true;
    if (ctx->state != SB_CTX_STATE_LEASED)
        ctx->since = event->now;
    ctx->state = SB_CTX_STATE_LEASED;
    ctx->run = ev->run;
    ctx->job = ev->job;
    ctx->fence = ev->fence;
    ctx->yield_for = 0;
    ctx->is_borrowed = ev->is_borrowed;
    ctx->is_burst = ev->is_burst;
    ctx->is_revoked = false;
    ctx->leased_at = event->now;
    ctx->deadline = sb_ns_add(event->now, ev->deadline);
}

void sb_fold_lease_yield_asked(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_yield_asked *const ev = &event->as.lease_yield_asked;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx != NULL && ctx->run == ev->run)
        ctx->yield_for = ev->for_run;
}

void sb_fold_lease_revoked(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_revoked *const ev = &event->as.lease_revoked;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL || ctx->run != ev->run)
        return;
    ctx->is_revoked = true;
    sb_copy_n(ctx->reason, sizeof ctx->reason, ev->reason, strnlen(ev->reason, sizeof ev->reason));
}

static void lease_clear(struct sb_model *model, struct sb_model_ctx *ctx)
{
    struct sb_model_run *const run = shown_run(model, ctx->job, ctx->run);
    if (run != NULL)
        run->ctx = SB_NO_CTX;
    ctx->run = 0;
    ctx->job = SB_NO_JOB;
    ctx->fence = 0;
    ctx->yield_for = 0;
    ctx->is_borrowed = false;
    ctx->is_burst = false;
    ctx->is_revoked = false;
    ctx->leased_at = 0;
    ctx->deadline = 0;
}

void sb_fold_lease_ended(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_lease_ended *const ev = &event->as.lease_ended;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL || ctx->run != ev->run)
        return;
    lease_clear(model, ctx);
    if (ctx->state == SB_CTX_STATE_LEASED) {
        ctx->state = SB_CTX_STATE_IDLE;
        ctx->since = event->now;
    }
}

void sb_fold_context_changed(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_context_changed *const ev = &event->as.context_changed;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL || ev->state >= SB_CTX_STATE_COUNT)
        return;
    /* Leases come and go: what is told of a context is that it was opened and closed, and why. */
    if (ev->state != SB_CTX_STATE_LEASED && (ev->state != SB_CTX_STATE_IDLE || ev->generation != ctx->generation))
        sb_history_put(&model->context_history[ev->ctx], event, ev->state, ev->generation, ev->reason);
    ctx->is_defined = true;
    if (ctx->state != ev->state)
        ctx->since = event->now;
    ctx->state = ev->state;
    if (ev->generation != ctx->generation || (ev->state != SB_CTX_STATE_IDLE && ev->state != SB_CTX_STATE_LEASED)) {
        ctx->heap_kib = ctx->cpu_permille = 0; /* of a page that is gone */
        ctx->is_cpu_known = false;
    }
    ctx->generation = ev->generation;
    ctx->uses = ev->uses;
    sb_copy_n(ctx->reason, sizeof ctx->reason, ev->reason, strnlen(ev->reason, sizeof ev->reason));
    /* A context that left LEASED by itself has no holder any more, whether its lease said goodbye or not. */
    if (ev->state != SB_CTX_STATE_LEASED)
        lease_clear(model, ctx);
}

void sb_fold_context_measured(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_context_measured *const ev = &event->as.context_measured;
    struct sb_model_ctx *const ctx = sb_model_ctx_mutable(model, ev->ctx);
    if (ctx == NULL || ctx->generation != ev->generation)
        return;
    ctx->heap_kib = ev->heap_kib;
    ctx->is_cpu_known = ev->is_cpu_known;
    ctx->cpu_permille = ev->cpu_permille;
}

void sb_fold_pool_saturated(struct sb_model *model, const struct sb_event *event)
{
    if (!model->is_saturated)
        model->saturated_since = event->now;
    model->is_saturated = true;
}

void sb_fold_pool_pressure(struct sb_model *model, const struct sb_event *event)
{
    model->memory_level = event->as.pool_pressure.level;
    model->memory_used_mib = event->as.pool_pressure.used_mib;
    model->memory_limit_mib = event->as.pool_pressure.limit_mib;
}

void sb_fold_pool_relieved(struct sb_model *model, const struct sb_event *event)
{
    (void)event;
    model->is_saturated = false;
}
