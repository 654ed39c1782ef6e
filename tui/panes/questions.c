/* Owns guarded and typed actions on one job, context or everything: what they will cost is said first. How they are answered is in ask.c.
 * Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static const char *job_moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const struct sb_model_job *const job = sb_model_job(screen->live, dialog->command.job);
    if (job == NULL || !sb_streq(job->name, dialog->job_name))
        return "the job is another one by now";
    if (dialog->command.run == 0)
        return NULL;
    if (job->run.id != dialog->command.run)
        return "the job has another run by now";
    if (dialog->action == SB_KEY_ACTION_RETRY_WHOLE)
        return sb_model_run_is_retryable(&job->run) ? NULL : "the run is under way again";
    const bool was_active = dialog->run_state <= SB_RUN_STATE_BACKOFF;
    return was_active == sb_model_run_is_active(&job->run) ? NULL : "the run has ended or started meanwhile";
}

static void title_of_job(struct sb_dialog *dialog, const char *verb, const struct sb_model_job *job, bool has_run)
{
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, verb);
    sb_text_add(&text, " ");
    sb_text_add(&text, job->name);
    if (has_run) {
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, job->run.id);
    }
    sb_copy(dialog->job_name, sizeof dialog->job_name, job->name);
    dialog->run_state = job->run.state;
    dialog->moved = job_moved;
}

static void line_of_why(struct sb_screen *screen, struct sb_dialog *dialog, uint16_t id, struct sb_now now)
{
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "now: ");
    sb_model_why(screen->live, id, now.mono, now.wall, &text);
}

static void line_of_effect(const struct sb_screen *screen, struct sb_dialog *dialog, uint16_t id, const struct sb_model_job *job)
{
    const struct sb_model_step *const step = sb_model_step(screen->live, id, job->run.step);
    if (step != NULL && step->is_effect && step->state == SB_STEP_STATE_RUNNING)
        sb_ask_say(dialog, "its step acts on the outside: whether that happened may stay unknown");
}

/* What acts on the outside and would do so again. */
static void line_of_effects(const struct sb_screen *screen, struct sb_dialog *dialog, uint16_t id, unsigned from, unsigned end)
{
    struct sb_text text = {0};
    for (unsigned i = from; i < end; i++) {
        const struct sb_model_step *const step = sb_model_step(screen->live, id, (uint8_t)i);
        if (step == NULL || !step->is_effect || step->state != SB_STEP_STATE_SUCCEEDED)
            continue;
        const bool is_first = text.len == 0;
        if (is_first)
            text = sb_ask_line(dialog);
        sb_text_add(&text, is_first ? "acts on the outside AGAIN: " : ", ");
        sb_text_add(&text, step->name);
    }
}

/* Where the retry begins, and that everything downstream of it follows. */
static void line_of_course(struct sb_dialog *dialog, const struct sb_model_job *job, const char *name, unsigned from)
{
    const unsigned after = from + 1U < job->step_count ? job->step_count - from - 1U : 0;
    struct sb_text text = sb_ask_line(dialog);
    if (from == 0) {
        sb_text_add(&text, "all ");
        sb_text_add_u64(&text, job->step_count);
        sb_text_add(&text, " steps run again, those that had succeeded too");
        return;
    }
    sb_text_add(&text, "runs ");
    sb_text_add(&text, name);
    if (after > 0) {
        sb_text_add(&text, " and downstream of it ");
        sb_text_add_u64(&text, after);
        sb_text_add(&text, after == 1 ? " step" : " steps");
    }
    sb_text_add(&text, "; what was before it stays");
}

static void write_retry(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    const uint16_t id = dialog->command.job;
    const struct sb_model_job *const job = sb_model_job(screen->live, id);
    if (job == NULL)
        return;
    dialog->command.kind = sb_ask_chosen(dialog);
    const bool is_whole = dialog->command.kind == SB_COMMAND_RETRY_RUN_WHOLE, is_from = dialog->command.kind == SB_COMMAND_RETRY_RUN_FROM;
    const unsigned back = is_from ? 1U + dialog->turn : 0, failed = job->run.step;
    const unsigned from = is_whole || failed < back ? 0 : failed - back;
    const struct sb_model_step *const step = sb_model_step(screen->live, id, (uint8_t)from);
    const char *const name = step == NULL ? "the failed step" : step->name;
    sb_copy(dialog->command.subject, sizeof dialog->command.subject, is_from ? name : ""); /* by name: the catalogue may be another one by then */
    sb_ask_anew(dialog);
    title_of_job(dialog, is_whole ? "Retry from the first step:" : is_from ? "Retry from a step that was passed:" : "Retry from the failed step:",
                 job, true);
    line_of_course(dialog, job, name, from);
    line_of_effects(screen, dialog, id, from, failed);
    line_of_why(screen, dialog, id, now);
    if (is_from && dialog->turn_count > 1)
        sb_ask_say(dialog, "3 goes on to the step before it");
}

void sb_act_retry_whole(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = sb_target(screen, now, &id);
    if (job == NULL)
        return;
    if (!sb_model_run_is_retryable(&job->run)) {
        sb_notice_say(screen, now, true, "nothing to retry: the last run of this job did not fail");
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_RETRY_WHOLE, now, SB_COMMAND_RETRY_RUN_WHOLE);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    dialog->write = write_retry;
    sb_ask_choice(dialog, '1', "whole run", SB_COMMAND_RETRY_RUN_WHOLE);
    sb_ask_choice(dialog, '2', "failed step", SB_COMMAND_RETRY_RUN);
    if (job->run.step > 1 && job->run.step < job->step_count) { /* between the first one and the failed one */
        sb_ask_choice(dialog, '3', "a step before it", SB_COMMAND_RETRY_RUN_FROM);
        dialog->turn_key = '3';
        dialog->turn_count = (uint8_t)(job->run.step - 1U);
    }
    write_retry(screen, dialog, now);
}

/* Everything a forced run goes past, each by its name. */
static void lines_of_overrides(struct sb_screen *screen, struct sb_dialog *dialog, const struct sb_model_job *job, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "overrides the schedule: ");
    if (job->next_due.ns > now.wall.ns) {
        sb_text_add(&text, "next due in ");
        sb_model_add_age(&text, job->next_due.ns - now.wall.ns);
    } else {
        sb_text_add(&text, job->schedule);
    }
    if (sb_model_is_paused(model, job)) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "overrides the pause of ");
        sb_text_add(&text, model->all_paused.is_on ? "everything by " : job->is_paused ? "the job by " : "its category by ");
        sb_text_add(&text, model->all_paused.is_on ? model->all_paused.actor
                           : job->is_paused        ? job->pause_actor
                                                   : model->category_paused[job->category].actor);
    }
    if (sb_model_run_is_active(&job->run)) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "run ");
        sb_text_add_u64(&text, job->run.id);
        sb_text_add(&text, " is ");
        sb_text_add(&text, sb_run_state_text(job->run.state));
        sb_text_add(&text, " already");
    }
    if (job->needs_browser) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "takes a context ahead of ");
        sb_text_add_u64(&text, model->waiter_count);
        sb_text_add(&text, " waiting; leased ");
        sb_text_add_u64(&text, sb_model_contexts_leased(model));
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, model->pool_contexts);
    }
    if (job->needs_llm && model->budget.is_known) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, model->budget.tier >= SB_TIER_CRITICAL ? "overrides the budget: tier " : "may spend LLM budget: tier ");
        sb_text_add(&text, sb_tier_text(model->budget.tier));
        sb_text_add(&text, ", ");
        sb_text_add_usd(&text, model->budget.spent, 2);
        sb_text_add(&text, " of ");
        sb_text_add_usd(&text, model->budget.limit, 2);
        sb_text_add(&text, " USD spent");
    }
    if (model->is_draining)
        sb_ask_say(dialog, "the runtime is shutting down");
}

void sb_act_force(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = sb_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_FORCE, now, SB_COMMAND_RUN_JOB);
    dialog->command.job = id;
    title_of_job(dialog, "Force-run", job, false);
    lines_of_overrides(screen, dialog, job, now);
    if (job->needs_llm && screen->live->budget.is_known && screen->live->budget.tier >= SB_TIER_CRITICAL)
        sb_copy(dialog->word, sizeof dialog->word, job->name); /* the budget says no: the name in full */
}

static const struct sb_model_job *active_target(struct sb_screen *screen, struct sb_now now, uint16_t *id)
{
    const struct sb_model_job *const job = sb_target(screen, now, id);
    if (job != NULL && !sb_model_run_is_active(&job->run)) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, job->name);
        sb_text_add(&text, " has no active run");
        return NULL;
    }
    return job;
}

void sb_act_cancel(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = active_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_CANCEL, now, SB_COMMAND_CANCEL_RUN);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    title_of_job(dialog, "Cancel", job, true);
    line_of_why(screen, dialog, id, now);
    sb_ask_say(dialog, "the running step is asked to stop, then stopped; the run ends as cancelled");
    line_of_effect(screen, dialog, id, job);
}

void sb_act_kill(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = active_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_KILL, now, SB_COMMAND_KILL_RUN);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    title_of_job(dialog, "KILL", job, true);
    line_of_why(screen, dialog, id, now);
    sb_ask_say(dialog, "its context, child processes and requests are ended at once");
    line_of_effect(screen, dialog, id, job);
    sb_copy(dialog->word, sizeof dialog->word, job->name);
}

static const char *context_moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const struct sb_model_ctx *const ctx = &screen->live->contexts[dialog->command.ctx];
    const bool is_same = ctx->generation == dialog->generation && ctx->run == dialog->run;
    return is_same ? NULL : "the context has another holder or generation by now";
}

void sb_act_recycle(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_contexts_shown(screen, list);
    const uint32_t selected = sb_target_context(screen, list, count);
    if (selected >= count) {
        sb_notice_say(screen, now, true, "no context is selected");
        return;
    }
    const struct sb_model_ctx *const ctx = &screen->live->contexts[list[selected]];
    if (ctx->generation != screen->model->contexts[list[selected]].generation || ctx->run != screen->model->contexts[list[selected]].run) {
        sb_ask_refuse(screen, now, "the context changed since the picture was frozen ({FREEZE} shows it)");
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_RECYCLE, now, SB_COMMAND_RECYCLE_CONTEXT);
    dialog->command.ctx = list[selected];
    dialog->run = ctx->run;
    dialog->generation = ctx->generation;
    dialog->moved = context_moved;
    struct sb_text text;
    sb_text_init(&text, dialog->word, sizeof dialog->word);
    sb_text_add(&text, "ctx");
    sb_text_add_u64(&text, list[selected]);
    sb_copy(dialog->job_name, sizeof dialog->job_name, dialog->word);
    text = sb_ask_title(dialog);
    sb_text_add(&text, "Recycle ");
    sb_text_add(&text, dialog->word);
    text = sb_ask_line(dialog);
    if (ctx->run == 0) {
        sb_text_add(&text, "nobody holds it; a fresh one is opened");
    } else {
        sb_text_add(&text, "held by ");
        sb_text_add(&text, sb_model_job_name(screen->live, ctx->job));
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, ctx->run);
        sb_text_add(&text, ": that run is stopped and retried");
    }
}

#define POLICY_LASTS SB_HOUR(1)

static const char *policy_does(unsigned policy)
{
    switch ((enum sb_lane_policy)policy) {
    case SB_LANE_POLICY_STRICT:
        return "idle contexts are not lent; borrowers give back at their next step";
    case SB_LANE_POLICY_LEND:
        return "idle contexts are lent; borrowers keep them to the end";
    case SB_LANE_POLICY_RECLAIM:
        return "idle contexts are lent; borrowers yield when they are wanted back";
    case SB_LANE_POLICY_LEGACY:
    case SB_LANE_POLICY_COUNT:
        break;
    }
    return "";
}

static uint8_t next_policy(const struct sb_model *model, uint8_t after)
{
    do
        after = (uint8_t)((after + 1U) % SB_LANE_POLICY_LEGACY);
    while (after == model->lane_policy);
    return after;
}

/* Writes the question for a policy: the one of the catalogue has no end. */
static void write_policy(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    (void)now;
    const struct sb_model *const model = screen->live;
    uint8_t policy = model->lane_policy;
    for (unsigned i = 0; i <= dialog->turn; i++) /* never the one that holds */
        policy = next_policy(model, policy);
    const bool is_defined = policy == model->lane_policy_defined;
    dialog->command.policy = policy;
    dialog->command.lasts = is_defined ? 0 : POLICY_LASTS;
    sb_ask_anew(dialog);
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Lane policy ");
    sb_text_add(&text, sb_lane_policy_text(model->lane_policy));
    sb_text_add(&text, " -> ");
    sb_text_add(&text, sb_lane_policy_text(policy));
    sb_ask_say(dialog, policy_does(policy));
    text = sb_ask_line(dialog);
    if (is_defined) {
        sb_text_add(&text, "this is the catalogue's policy: it stays");
    } else {
        sb_text_add(&text, "for ");
        sb_model_add_age(&text, POLICY_LASTS);
        sb_text_add(&text, ", then ");
        sb_text_add(&text, sb_lane_policy_text(model->lane_policy_defined));
        sb_text_add(&text, " returns");
    }
    sb_ask_say(dialog, "e offers another one");
}

static const char *policy_moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    return screen->live->lane_policy == dialog->generation ? NULL : "somebody else changed the policy first";
}

void sb_act_policy(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_POLICY, now, SB_COMMAND_SET_LANE_POLICY);
    dialog->generation = screen->live->lane_policy;
    dialog->moved = policy_moved;
    dialog->write = write_policy;
    dialog->turn_key = 'e';
    dialog->turn_count = SB_LANE_POLICY_LEGACY - 1;
    write_policy(screen, dialog, now);
}

void sb_act_leave(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (screen->source.is_attached || screen->is_recording) { /* nothing ends but this console */
        answer->wants_leave = true;
        return;
    }
    const struct sb_model *const model = screen->live;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_LEAVE, now, SB_COMMAND_DRAIN);
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Leave: drain and stop the runtime");
    const uint32_t running = sb_runs_active(model, true);
    text = sb_ask_line(dialog);
    if (running == 0) {
        sb_text_add(&text, "nothing is running");
    } else {
        sb_text_add_u64(&text, running);
        sb_text_add(&text, " running, their steps may finish first:");
    }
    unsigned named = 0;
    for (uint32_t i = 0; i < model->job_high && named < 5; i++) {
        const struct sb_model_job *const job = &model->jobs[i];
        if (!job->is_defined || job->state != SB_JOB_STATE_RUN)
            continue;
        text = sb_ask_line(dialog);
        sb_text_add(&text, "  ");
        sb_text_add(&text, job->name);
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, job->run.id);
        sb_text_add(&text, " for ");
        sb_model_add_age(&text, now.mono > job->run.started ? now.mono - job->run.started : 0);
        named++;
    }
    if (running > named) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "  and ");
        sb_text_add_u64(&text, running - named);
        sb_text_add(&text, " more");
    }
}

void sb_act_take_over(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (!sb_is_viewer(screen)) {
        sb_notice_say(screen, now, false, "this console writes already");
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_TAKE_OVER, now, SB_COMMAND_COUNT);
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Write from this console");
    text = sb_ask_line(dialog);
    sb_text_add(&text, "now: ");
    sb_add_writer(screen, &text);
    if (screen->source.writer[0] != '\0')
        sb_ask_say(dialog, "that console becomes a viewer and is told so");
}
