/* Answers "why is this job not running now, and what would start it?" from the model alone. Pure. */
#include "signalbox/base/text.h"
#include "signalbox/tui/model.h"

#include <string.h>

void sb_model_add_age(struct sb_text *out, sb_ns age)
{
    if (age >= SB_S(1)) {
        sb_text_add_duration(out, age);
        return;
    }
    sb_text_add(out, "0.");
    sb_text_add_u64(out, age > 0 ? (uint64_t)(age / SB_MS(100)) : 0);
    sb_text_add(out, "s");
}

void sb_model_add_minutes(struct sb_text *out, sb_ns time)
{
    if (time < SB_MIN(1)) {
        sb_text_add(out, "<1m");
    } else if (time < SB_HOUR(1)) {
        sb_text_add_u64(out, (uint64_t)(time / SB_MIN(1)));
        sb_text_add(out, "m");
    } else {
        sb_model_add_age(out, time);
    }
}

void sb_model_add_until(struct sb_text *out, sb_ns left)
{
    (left < SB_MIN(10) ? sb_model_add_age : sb_model_add_minutes)(out, left);
}

static void add_age(struct sb_text *out, sb_ns now, sb_ns since)
{
    sb_model_add_age(out, now > since ? now - since : 0);
}

static void add_pause(struct sb_text *out, const char *what, const char *actor, struct sb_wall since, const char *reason)
{
    sb_text_add(out, what);
    sb_text_add(out, " paused by ");
    sb_text_add(out, actor[0] == '\0' ? "?" : actor);
    sb_text_add(out, " ");
    sb_text_add_clock(out, since);
    if (reason[0] != '\0') {
        sb_text_add(out, ": ");
        sb_text_add(out, reason);
    }
}

static bool why_paused(const struct sb_model *model, const struct sb_model_job *job, struct sb_text *out)
{
    if (model->all_paused.is_on) {
        add_pause(out, "everything", model->all_paused.actor, model->all_paused.since, model->all_paused.reason);
    } else if (job->category < SB_CATEGORY_COUNT && model->category_paused[job->category].is_on) {
        const struct sb_model_pause *const pause = &model->category_paused[job->category];
        sb_text_add(out, "category ");
        add_pause(out, sb_category_text(job->category), pause->actor, pause->since, pause->reason);
    } else if (job->is_paused) {
        add_pause(out, "job", job->pause_actor, job->paused_at, job->pause_reason);
    } else {
        return false;
    }
    return true;
}

/* Who holds the contexts of the lane the run asked for. */
static void add_holders(const struct sb_model *model, uint8_t lane, sb_ns now, struct sb_text *out)
{
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        const struct sb_model_ctx *const ctx = &model->contexts[i];
        if (!ctx->is_defined || ctx->lane != lane)
            continue;
        sb_text_add(out, "; #");
        sb_text_add_u64(out, i);
        if (ctx->run == 0) {
            sb_text_add(out, " is ");
            sb_text_add(out, sb_ctx_state_text(ctx->state));
            continue;
        }
        sb_text_add(out, " held by ");
        sb_text_add(out, sb_model_job_name(model, ctx->job));
        sb_text_add(out, " for ");
        add_age(out, now, ctx->leased_at);
        if (ctx->deadline > now) {
            sb_text_add(out, ", deadline in ");
            sb_model_add_age(out, ctx->deadline - now);
        } else if (ctx->deadline != 0) {
            sb_text_add(out, ", deadline over");
        }
        if (ctx->yield_for != 0)
            sb_text_add(out, ", asked to yield");
    }
}

static void why_context(const struct sb_model *model, const struct sb_model_run *run, sb_ns now, struct sb_text *out)
{
    sb_text_add(out, "waits ");
    add_age(out, now, run->wanted_since);
    sb_text_add(out, " for a context of lane ");
    sb_text_add(out, sb_lane_text(run->lane));
    sb_text_add(out, ", ");
    sb_text_add_u64(out, run->ahead);
    sb_text_add(out, " ahead when it asked");
    if ((run->lane == SB_LANE_LOW && model->memory_level >= 1) || (run->lane == SB_LANE_HIGH && model->memory_level >= 2)) {
        sb_text_add(out, "; the lane stands still, the browser uses ");
        sb_text_add_u64(out, model->memory_used_mib);
        sb_text_add(out, " of ");
        sb_text_add_u64(out, model->memory_limit_mib);
        sb_text_add(out, " MiB");
    }
    add_holders(model, run->lane, now, out);
}

static void why_held(const struct sb_model *model, const struct sb_model_job *job, sb_ns now, struct sb_text *out)
{
    const struct sb_model_run *const run = &job->run;
    if (run->hold == SB_HOLD_CONTEXT || run->is_waiting_context) {
        why_context(model, run, now, out);
        return;
    }
    sb_text_add(out, "held: ");
    sb_text_add(out, sb_hold_text(run->hold));
    if (run->hold == SB_HOLD_DEPENDENCY && run->component < SB_COMPONENT_COUNT) {
        const struct sb_model_component *const component = &model->components[run->component];
        sb_text_add(out, ": ");
        sb_text_add(out, sb_component_text(run->component));
        sb_text_add(out, " is ");
        sb_text_add(out, sb_component_state_text(component->state));
        sb_text_add(out, " ");
        sb_text_add(out, component->reason);
    } else if (run->detail[0] != '\0') {
        sb_text_add(out, ", ");
        sb_text_add(out, run->detail);
    }
}

static void why_running(const struct sb_model *model, uint16_t job_id, sb_ns now, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, job_id);
    const struct sb_model_run *const run = &job->run;
    const struct sb_model_step *const step = sb_model_step(model, job_id, run->step);
    sb_text_add(out, run->state == SB_RUN_STATE_STOPPING ? (run->is_hard_stop ? "being killed" : "stopping") : "running");
    sb_text_add(out, " for ");
    add_age(out, now, run->started);
    if (step != NULL) {
        sb_text_add(out, ": step ");
        sb_text_add_u64(out, run->step + 1U);
        sb_text_add(out, "/");
        sb_text_add_u64(out, job->step_count);
        sb_text_add(out, " ");
        sb_text_add(out, step->name);
    }
    if (run->is_stuck)
        sb_text_add(out, ", STUCK: does not stop at its limit");
    if (run->state == SB_RUN_STATE_STOPPING && run->detail[0] != '\0') {
        sb_text_add(out, ", ");
        sb_text_add(out, run->detail);
    }
}

static void why_at_rest(const struct sb_model *model, const struct sb_model_job *job, struct sb_wall wall, struct sb_text *out)
{
    if (sb_model_run_is_retryable(&job->run)) {
        sb_text_add(out, "last run ");
        sb_text_add(out, sb_run_state_text(job->run.state));
        sb_text_add(out, " (");
        sb_text_add(out, sb_class_text(job->run.class));
        sb_text_add(out, "): r retries it; ");
    }
    if (why_paused(model, job, out))
        return;
    if (model->is_draining) {
        sb_text_add(out, "shutting down, nothing new starts");
    } else if (job->next_due.ns == 0) {
        sb_text_add(out, "no due time is planned; ! runs it");
    } else {
        sb_text_add(out, "not due yet: next at ");
        sb_text_add_clock(out, job->next_due);
        if (job->next_due.ns > wall.ns) {
            sb_text_add(out, " in ");
            sb_model_add_until(out, job->next_due.ns - wall.ns);
        }
        if (job->stretched > 0) {
            sb_text_add(out, "; moved ");
            sb_text_add_duration(out, job->every);
            sb_text_add(out, " -> ");
            sb_text_add_duration(out, job->stretched);
            sb_text_add(out, ": budget ");
            sb_text_add(out, sb_tier_text(model->budget.tier));
        }
    }
}

void sb_model_why(const struct sb_model *model, uint16_t job_id, sb_ns now, struct sb_wall wall, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, job_id);
    if (job == NULL) {
        sb_text_add(out, "no such job");
        return;
    }
    const struct sb_model_run *const run = &job->run;
    if (!sb_model_run_is_active(run)) {
        why_at_rest(model, job, wall, out);
    } else if (run->state == SB_RUN_STATE_BACKOFF) {
        sb_text_add(out, "attempt ");
        sb_text_add_u64(out, run->attempt);
        sb_text_add(out, " in ");
        sb_model_add_age(out, run->retry_at > now ? run->retry_at - now : 0);
        sb_text_add(out, ": the last one failed, ");
        sb_text_add(out, sb_class_text(run->class));
    } else if (run->state == SB_RUN_STATE_RUNNING || run->state == SB_RUN_STATE_STOPPING) {
        why_running(model, job_id, now, out);
    } else if (run->state == SB_RUN_STATE_HELD && run->hold != SB_HOLD_CONTEXT) {
        if (run->hold == SB_HOLD_JOB_PAUSED || run->hold == SB_HOLD_CATEGORY_PAUSED || run->hold == SB_HOLD_ALL_PAUSED) {
            if (why_paused(model, job, out))
                return;
        }
        why_held(model, job, now, out);
    } else if (run->is_waiting_context || run->hold == SB_HOLD_CONTEXT) {
        why_context(model, run, now, out);
    } else {
        sb_text_add(out, "queued ");
        add_age(out, now, run->queued);
        sb_text_add(out, " ago by ");
        sb_text_add(out, sb_cause_text(run->cause));
        sb_text_add(out, ", starts when a worker is free");
    }
}

static void brief_step(const struct sb_model *model, uint16_t job_id, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, job_id);
    const struct sb_model_step *const step = sb_model_step(model, job_id, job->run.step);
    if (step == NULL)
        return;
    sb_text_add_u64(out, job->run.step + 1U);
    sb_text_add(out, "/");
    sb_text_add_u64(out, job->step_count);
    sb_text_add(out, " ");
    sb_text_add(out, step->name);
}

/* The step first: its name is short, and what follows may be cut. */
static void brief_error(const struct sb_model *model, uint16_t job_id, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, job_id);
    const struct sb_model_run *const run = &job->run;
    const struct sb_model_step *const step = sb_model_step(model, job_id, run->step);
    if (run->is_stuck)
        sb_text_add(out, "STUCK ");
    if (step != NULL) {
        sb_text_add(out, step->name);
        sb_text_add(out, ": ");
    }
    sb_text_add(out, run->error[0] != '\0' ? run->error : sb_class_text(run->class));
}

static void brief_author(struct sb_text *out, const char *what, const char *actor, struct sb_wall since, const char *reason)
{
    sb_text_add(out, what);
    sb_text_add(out, actor[0] == '\0' ? "?" : actor);
    sb_text_add(out, " ");
    sb_text_add_clock(out, since);
    sb_text_add(out, " ");
    sb_text_add(out, reason);
}

static void brief_pause(const struct sb_model *model, const struct sb_model_job *job, struct sb_text *out)
{
    const struct sb_model_pause *const all = &model->all_paused;
    if (all->is_on) {
        brief_author(out, "all: ", all->actor, all->since, all->reason);
    } else if (job->is_paused) {
        brief_author(out, "", job->pause_actor, job->paused_at, job->pause_reason);
    } else if (job->category < SB_CATEGORY_COUNT && model->category_paused[job->category].is_on) {
        const struct sb_model_pause *const category = &model->category_paused[job->category];
        brief_author(out, "category: ", category->actor, category->since, category->reason);
    } else {
        sb_text_add(out, sb_hold_text(job->run.hold)); /* its release is on the way */
    }
}

void sb_model_brief(const struct sb_model *model, uint16_t job_id, sb_ns now, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, job_id);
    if (job == NULL)
        return;
    const struct sb_model_run *const run = &job->run;
    const bool is_active = sb_model_run_is_active(run);
    if (job->state == SB_JOB_STATE_FAIL) {
        brief_error(model, job_id, out);
    } else if (job->state == SB_JOB_STATE_RUN) {
        if (run->state == SB_RUN_STATE_STOPPING)
            sb_text_add(out, run->is_hard_stop ? "killing " : "stopping ");
        brief_step(model, job_id, out);
    } else if (job->state == SB_JOB_STATE_PAUSED) {
        brief_pause(model, job, out);
    } else if (is_active && (run->is_waiting_context || run->hold == SB_HOLD_CONTEXT)) {
        sb_text_add(out, "wants ctx ");
        sb_text_add(out, sb_lane_text(run->lane));
        sb_text_add(out, ", ");
        sb_text_add_u64(out, run->ahead);
        sb_text_add(out, " ahead");
    } else if (is_active && run->state == SB_RUN_STATE_HELD) {
        if (run->hold == SB_HOLD_DEPENDENCY) {
            sb_text_add(out, sb_component_text(run->component));
            sb_text_add(out, " down");
        } else {
            sb_text_add(out, sb_hold_text(run->hold));
        }
        if (run->detail[0] != '\0') {
            sb_text_add(out, ", ");
            sb_text_add(out, run->detail);
        }
    } else if (is_active) {
        sb_text_add(out, "queued by ");
        sb_text_add(out, sb_cause_text(run->cause));
    } else if (job->last_outcome == SB_RUN_STATE_CANCELLED) {
        sb_text_add(out, "cancelled");
    } else if (run->id != 0 && run->state == SB_RUN_STATE_SKIPPED) {
        sb_text_add(out, "skipped");
    }
    if (is_active && job->failures > 0 && job->state != SB_JOB_STATE_FAIL) {
        sb_text_add(out, ", ");
        sb_text_add_u64(out, job->failures);
        sb_text_add(out, " failed before");
    }
    (void)now;
}
