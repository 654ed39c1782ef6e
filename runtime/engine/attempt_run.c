/* One attempt of one step: what it may use, the call, and its answer. Worker threads. An attempt always answers exactly once,
 * however it went; whether the answer still counts is the core's to say. */
#include "parts.h"

#include <stdlib.h>

enum { OUTPUT_SAVE_S = 10 };

static void fail(struct sb_step_result *result, enum sb_class class, const char *text)
{
    free(result->output);
    *result = (struct sb_step_result){ .state = SB_STEP_STATE_FAILED, .class = class };
    (void)sb_copy(result->text, sizeof(result->text), text); /* cut to the field */
}

static enum sb_class class_of(enum sb_err code)
{
    if (code == SB_ERR_CANCELLED || code == SB_ERR_STALE)
        return SB_CLASS_CANCELLED;
    return sb_err_is_retryable(code) ? SB_CLASS_RETRYABLE : SB_CLASS_FATAL;
}

static void note_begin(struct sb_engine *engine, const struct sb_attempt *attempt, sb_ns now)
{
    sb_mutex_lock(engine->stats.mutex);
    engine->stats.steps_run++;
    /* A durable order waits for the disk on purpose; that is not dispatch. */
    if (attempt->order.durable_seq == 0)
        sb_hist_add(&engine->stats.dispatch, now - attempt->ordered_at);
    sb_mutex_unlock(engine->stats.mutex);
}

/* Whether the step may begin; fills the environment. `*outputs` is the caller's to free. */
static bool prepare(struct sb_engine *engine, const struct sb_attempt *attempt, struct sb_step_env *env, char **outputs,
                    struct sb_step_result *result)
{
    const struct sb_catalogue *catalogue = engine->setup.catalogue;
    const struct sb_or_start_step *order = &attempt->order;
    const struct sb_job_def *job = &catalogue->jobs[order->job];
    struct sb_error error;

    *env = (struct sb_step_env){
        .services = &engine->services, .job = job, .step = &catalogue->steps[job->first_step + order->step],
        .params = &catalogue->params[job->first_step + order->step], .run = order->run, .fence_number = order->fence,
        .job_id = order->job, .step_id = order->step, .attempt = order->attempt, .tier = (enum sb_tier)order->tier,
        .op = { .deadline = order->soft, .cancel = attempt->cancel }, .fence = &attempt->fence,
        .wall_now = sb_wall_now, .now = sb_now,
    };
    if (atomic_load(&engine->is_ending) || sb_cancel_is_asked(attempt->cancel)) {
        fail(result, SB_CLASS_CANCELLED, "stopped before it began");
        return false;
    }
    if (env->step->is_effect && !sb_lease_holds(engine->services.lease)) {
        fail(result, SB_CLASS_DEPENDENCY_DOWN, "the lease of this node is not renewed, so another one may act: nothing is done outside");
        return false;
    }
    if (sb_op_check(&env->op, "waiting for a worker", &error) != SB_OK ||
        sb_outputs_get(engine->outputs, order->run, order->job, order->step, &env->op, outputs, &error) != SB_OK) {
        fail(result, class_of(error.code), error.text);
        return false;
    }
    env->outputs = *outputs;
    if (order->ctx != SB_NO_CTX) {
        const char *proxy = sb_identities_proxy(engine->identities, order->job);
        if (sb_keeper_context_through(engine->keeper, order->ctx, order->generation, proxy, &env->op, &env->context, &error) != SB_OK) {
            fail(result, class_of(error.code), error.text);
            return false;
        }
    }
    return true;
}

static bool is_answer(const struct sb_step_result *result)
{
    return result->state == SB_STEP_STATE_SUCCEEDED || result->state == SB_STEP_STATE_NOTHING_TO_DO || result->state == SB_STEP_STATE_FAILED;
}

/* Makes a result the core can rely on, and keeps the output before anybody hears of the success. */
static void settle(struct sb_engine *engine, const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error error;

    if (!is_answer(result)) {
        fail(result, SB_CLASS_FATAL, "the step kind gave no result");
        return;
    }
    if (result->state != SB_STEP_STATE_FAILED)
        result->class = SB_CLASS_NONE;
    else if (result->class == SB_CLASS_NONE || (unsigned)result->class >= SB_CLASS_COUNT)
        result->class = SB_CLASS_FATAL;
    if (result->output == NULL || result->state != SB_STEP_STATE_SUCCEEDED || !sb_fence_holds(env->fence)) {
        free(result->output);
        result->output = NULL;
        return;
    }
    char *output = result->output;
    result->output = NULL;
    if (!sb_veil_document(&output)) { /* it is a row of the store from here on */
        fail(result, env->step->is_effect ? SB_CLASS_UNCERTAIN : SB_CLASS_RETRYABLE, "no memory to keep the step's output");
        return;
    }
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(OUTPUT_SAVE_S)) };
    if (sb_outputs_put(engine->outputs, env->run, env->job_id, env->step_id, output, &op, &error) == SB_OK)
        return;
    /* An effect has happened although its trace is lost: trying it again blindly would do it twice. */
    fail(result, env->step->is_effect ? SB_CLASS_UNCERTAIN : class_of(error.code), error.text);
}

static struct sb_input answer(const struct sb_or_start_step *order, const struct sb_step_result *result)
{
    struct sb_input input = sb_input_make(SB_INPUT_STEP_DONE);
    struct sb_in_step_done *done = &input.as.step_done;

    done->run = order->run;
    done->fence = order->fence;
    done->step = order->step;
    done->state = (uint8_t)result->state;
    done->class = (uint8_t)result->class;
    done->retry_after = result->retry_after;
    done->rows = result->rows;
    (void)sb_copy(done->text, sizeof(done->text), result->text); /* same capacity */
    return input;
}

/* The call itself, here or by another node. What belongs to the context happens while the attempt still holds it: its answer lets the next run
 * have it. */
static void carry_out(struct sb_engine *engine, const struct sb_or_start_step *order, const struct sb_step_env *env,
                      struct sb_step_result *result)
{
    const struct sb_step_kind_ops *kind = sb_step_kind_ops((enum sb_step_kind)env->step->kind);

    if (sb_lender_lend(engine->lender, env, result))
        return;
    if (env->context != NULL)
        sb_identities_load(engine->identities, env, order->ctx, order->generation);
    kind->run(env, result);
    if (env->context == NULL)
        return;
    if (result->state == SB_STEP_STATE_FAILED && result->class != SB_CLASS_CANCELLED && kind->explain != NULL)
        kind->explain(env, result);
    sb_identities_save(engine->identities, env, order->ctx, order->generation);
}

void sb_attempt_run(struct sb_engine *engine, struct sb_attempt *attempt)
{
    const struct sb_or_start_step order = attempt->order;
    struct sb_step_result result = { .state = SB_STEP_STATE_PENDING };
    struct sb_step_env env;
    char *outputs = NULL;

    if (prepare(engine, attempt, &env, &outputs, &result)) {
        note_begin(engine, attempt, sb_now());
        carry_out(engine, &order, &env, &result);
        settle(engine, &env, &result);
    }
    free(outputs);
    SB_ASSERT(result.output == NULL);
    const struct sb_input input = answer(&order, &result);
    /* Ended first: the core may start the next step the moment it hears of this one. */
    sb_attempts_end(engine->attempts, attempt);
    sb_inbox_post_result(engine->inbox, &input);
}

void sb_attempt_refuse(struct sb_engine *engine, const struct sb_or_start_step *order, enum sb_class class, const char *text)
{
    struct sb_step_result result = { .state = SB_STEP_STATE_FAILED, .class = class };

    (void)sb_copy(result.text, sizeof(result.text), text); /* cut to the field */
    const struct sb_input input = answer(order, &result);
    sb_inbox_post_own(engine->inbox, &input);
}
