/* What is: verdict, contexts, components. All from one fresh picture. */
#include "call.h"

/* A fresh picture, or NULL with the failure as the answer. */
static struct sb_model *take(const struct call *call, struct answer *answer)
{
    struct sb_model *model = NULL;
    struct sb_error err = { 0 };
    if (picture_take(call->setup->control, &call->op, &model, &err) != SB_OK)
        answer_failure(answer, &err);
    return model;
}

void answer_with(const struct call *call, struct answer *answer, document *write)
{
    struct sb_model *model = take(call, answer);
    if (model == NULL)
        return;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL)
        write(model, out);
    answer_json(answer, 200, out);
    sb_model_destroy(model);
}

static void put_jobs_by_state(const struct sb_model *model, struct sb_json_out *out)
{
    const uint32_t *in_state = model->jobs_in_state;
    sb_json_key(out, "jobs");
    sb_json_object_begin(out);
    put_number(out, "running", in_state[SB_JOB_STATE_RUN]);
    put_number(out, "failed", in_state[SB_JOB_STATE_FAIL]);
    put_number(out, "paused", in_state[SB_JOB_STATE_PAUSED]);
    put_number(out, "waiting", in_state[SB_JOB_STATE_WAIT] + in_state[SB_JOB_STATE_HELD]);
    put_number(out, "ok", in_state[SB_JOB_STATE_OK] + in_state[SB_JOB_STATE_NONE]);
    sb_json_object_end(out);
}

static void put_alert_counts(const struct sb_model *model, struct sb_json_out *out)
{
    int worst = -1;
    for (uint32_t i = 0; i < model->alert_count; i++)
        if ((int)model->alerts[i].severity > worst)
            worst = model->alerts[i].severity;
    sb_json_key(out, "alerts");
    sb_json_object_begin(out);
    put_number(out, "firing", model->alert_count);
    put_number(out, "unacked", sb_model_alerts_unacked(model));
    put_text(out, "worst", worst >= 0 ? sb_severity_text((unsigned)worst) : NULL);
    sb_json_object_end(out);
}

static void put_money(const struct sb_model *model, struct sb_json_out *out)
{
    put_text(out, "tier", model->budget.is_known ? sb_tier_text(model->budget.tier) : NULL);
    put_usd(out, "limit_usd", model->budget.limit);
    put_usd(out, "spent_usd", model->budget.spent);
    put_usd(out, "held_usd", model->budget.held);
    put_usd(out, "uncertain_usd", model->budget.uncertain);
}

static void put_status(const struct sb_model *model, struct sb_json_out *out)
{
    put_text(out, "verdict", picture_verdict(model));
    put_text(out, "version", model->version);
    put_text(out, "host", model->host);
    put_text(out, "config", model->config_hash);
    put_flag(out, "practice", model->is_practice);
    put_flag(out, "draining", model->is_draining);
    put_flag(out, "all_paused", model->all_paused.is_on);
    put_money(model, out);
    sb_json_key(out, "contexts");
    sb_json_object_begin(out);
    put_number(out, "total", model->pool_contexts);
    put_number(out, "leased", sb_model_contexts_leased(model));
    put_number(out, "queued", model->waiter_count);
    sb_json_object_end(out);
    put_jobs_by_state(model, out);
    put_alert_counts(model, out);
    unsigned worst = sb_model_worst_component(model);
    put_text(out, "worst_component", worst < SB_COMPONENT_COUNT ? sb_component_text(worst) : NULL);
    put_text(out, "incident", model->incident.is_open ? model->incident.id : NULL);
    put_number(out, "seq", (int64_t)model->seq);
}

void document_status(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_status(model, out);
    sb_json_object_end(out);
}

/* The picture, and where its past is. */
void handle_status(const struct call *call, struct answer *answer)
{
    struct sb_model *model = take(call, answer);
    if (model == NULL)
        return;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        put_status(model, out);
        put_text(out, "recordings", call->peer > 0 ? call->setup->recordings : NULL); /* a path is the business of who may read it */
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
    sb_model_destroy(model);
}

static void put_age(struct sb_json_out *out, const char *key, sb_ns since)
{
    put_number(out, key, since > 0 ? (picture_now() - since) / SB_MS(1) : 0);
}

static void write_context(const struct sb_model *model, uint16_t number, struct sb_json_out *out)
{
    const struct sb_model_ctx *ctx = &model->contexts[number];
    sb_json_object_begin(out);
    put_number(out, "context", number);
    put_text(out, "lane", sb_lane_text(ctx->lane));
    put_text(out, "state", sb_ctx_state_text(ctx->state));
    put_number(out, "generation", ctx->generation);
    put_number(out, "uses", ctx->uses);
    if (ctx->run != 0) {
        put_number(out, "run", (int64_t)ctx->run);
        put_text(out, "job", sb_model_job_name(model, ctx->job));
        put_flag(out, "borrowed", ctx->is_borrowed);
        put_flag(out, "burst", ctx->is_burst);
        put_flag(out, "asked_to_yield", ctx->yield_for != 0);
        put_age(out, "held_ms", ctx->leased_at);
        put_number(out, "deadline_in_ms", (ctx->deadline - picture_now()) / SB_MS(1));
    }
    if (ctx->heap_kib > 0)
        put_number(out, "heap_kib", ctx->heap_kib);
    else
        put_text(out, "heap_kib", NULL);
    if (ctx->is_cpu_known)
        put_number(out, "cpu_permille", ctx->cpu_permille);
    else
        put_text(out, "cpu_permille", NULL);
    put_text(out, "reason", ctx->reason);
    sb_json_object_end(out);
}

void document_contexts(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_text(out, "policy", sb_lane_policy_text(model->lane_policy));
    sb_json_key(out, "contexts");
    sb_json_array_begin(out);
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (model->contexts[i].is_defined)
            write_context(model, i, out);
    sb_json_array_end(out);
    sb_json_key(out, "waiting");
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < model->waiter_count; i++) {
        const struct sb_model_waiter *waiter = &model->waiters[i];
        sb_json_object_begin(out);
        put_number(out, "run", (int64_t)waiter->run);
        put_text(out, "job", sb_model_job_name(model, waiter->job));
        put_text(out, "lane", sb_lane_text(waiter->lane));
        put_age(out, "waited_ms", waiter->since);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
}

void handle_contexts(const struct call *call, struct answer *answer)
{
    answer_with(call, answer, document_contexts);
}

static void put_breakers(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_key(out, "breakers");
    sb_json_array_begin(out);
    for (unsigned i = 0; i < SB_SITES_MAX; i++) {
        const struct sb_model_breaker *breaker = &model->breakers[i];
        if (!breaker->is_defined)
            continue;
        sb_json_object_begin(out);
        put_text(out, "site", breaker->name);
        put_text(out, "state", sb_breaker_state_text(breaker->state));
        put_age(out, "age_ms", breaker->since);
        if (breaker->until > picture_now())
            put_number(out, "asked_again_in_ms", (breaker->until - picture_now()) / SB_MS(1));
        else
            put_text(out, "asked_again_in_ms", NULL);
        put_text(out, "actor", breaker->actor);
        put_text(out, "reason", breaker->reason);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

void document_components(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_text(out, "verdict", picture_verdict(model));
    sb_json_key(out, "components");
    sb_json_array_begin(out);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_model_component *component = &model->components[i];
        if (!component->is_defined)
            continue;
        sb_json_object_begin(out);
        put_text(out, "name", sb_component_text(i));
        put_text(out, "class", sb_component_class_text(component->class));
        put_text(out, "state", sb_component_state_text(component->state));
        put_number(out, "latency_ms", component->latency / SB_MS(1));
        put_text(out, "reason", component->reason);
        put_age(out, "age_ms", component->since);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    put_breakers(model, out);
    sb_json_object_end(out);
}

void handle_components(const struct call *call, struct answer *answer)
{
    answer_with(call, answer, document_components);
}
