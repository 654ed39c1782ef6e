/* Owns guarded and typed actions: what they will cost is said first, the answer is `y` and never Enter or the key that asked, and what was
 * latched when the question came up must still be so when it is answered. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static struct sb_dialog *dialog_open(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, enum sb_command_kind kind)
{
    struct sb_dialog *const dialog = &screen->dialog;
    memset(dialog, 0, sizeof *dialog);
    dialog->is_open = true;
    dialog->action = action;
    dialog->opened = now.mono;
    dialog->command = sb_command_make(kind, 0, screen->actor);
    return dialog;
}

static struct sb_text title_begin(struct sb_dialog *dialog)
{
    struct sb_text text;
    sb_text_init(&text, dialog->title, sizeof dialog->title);
    return text;
}

/* A further line of the preview; the last one collects what has no room. */
static struct sb_text line_begin(struct sb_dialog *dialog)
{
    struct sb_text text;
    const unsigned at = dialog->line_count < SB_DIALOG_LINES ? dialog->line_count++ : SB_DIALOG_LINES - 1;
    sb_text_init(&text, dialog->lines[at], sizeof dialog->lines[at]);
    return text;
}

static void line_say(struct sb_dialog *dialog, const char *line)
{
    struct sb_text text = line_begin(dialog);
    sb_text_add(&text, line);
}

static void title_of_job(struct sb_dialog *dialog, const char *verb, const struct sb_model_job *job, bool has_run)
{
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, verb);
    sb_text_add(&text, " ");
    sb_text_add(&text, job->name);
    if (has_run) {
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, job->run.id);
    }
    sb_copy(dialog->job_name, sizeof dialog->job_name, job->name);
    dialog->run_state = job->run.state;
}

static void line_of_why(struct sb_screen *screen, struct sb_dialog *dialog, uint16_t id, struct sb_now now)
{
    struct sb_text text = line_begin(dialog);
    sb_text_add(&text, "now: ");
    sb_model_why(screen->live, id, now.mono, now.wall, &text);
}

static void line_of_effect(const struct sb_screen *screen, struct sb_dialog *dialog, uint16_t id, const struct sb_model_job *job)
{
    const struct sb_model_step *const step = sb_model_step(screen->live, id, job->run.step);
    if (step != NULL && step->is_effect && step->state == SB_STEP_STATE_RUNNING)
        line_say(dialog, "its step acts on the outside: whether that happened may stay unknown");
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
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_RETRY_WHOLE, now, SB_COMMAND_RETRY_RUN_WHOLE);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    title_of_job(dialog, "Retry from the first step:", job, true);
    struct sb_text text = line_begin(dialog);
    sb_text_add(&text, "all ");
    sb_text_add_u64(&text, job->step_count);
    sb_text_add(&text, " steps run again, those that had succeeded too");
    line_of_why(screen, dialog, id, now);
}

/* Everything a forced run goes past, each by its name. */
static void lines_of_overrides(struct sb_screen *screen, struct sb_dialog *dialog, const struct sb_model_job *job, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    struct sb_text text = line_begin(dialog);
    sb_text_add(&text, "overrides the schedule: ");
    if (job->next_due.ns > now.wall.ns) {
        sb_text_add(&text, "next due in ");
        sb_model_add_age(&text, job->next_due.ns - now.wall.ns);
    } else {
        sb_text_add(&text, job->schedule);
    }
    if (sb_model_is_paused(model, job)) {
        text = line_begin(dialog);
        sb_text_add(&text, "overrides the pause of ");
        sb_text_add(&text, model->all_paused.is_on ? "everything by " : job->is_paused ? "the job by " : "its category by ");
        sb_text_add(&text, model->all_paused.is_on ? model->all_paused.actor
                           : job->is_paused        ? job->pause_actor
                                                   : model->category_paused[job->category].actor);
    }
    if (sb_model_run_is_active(&job->run)) {
        text = line_begin(dialog);
        sb_text_add(&text, "run ");
        sb_text_add_u64(&text, job->run.id);
        sb_text_add(&text, " is ");
        sb_text_add(&text, sb_run_state_text(job->run.state));
        sb_text_add(&text, " already");
    }
    if (job->needs_browser) {
        text = line_begin(dialog);
        sb_text_add(&text, "takes a context ahead of ");
        sb_text_add_u64(&text, model->waiter_count);
        sb_text_add(&text, " waiting; leased ");
        sb_text_add_u64(&text, sb_model_contexts_leased(model));
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, model->pool_contexts);
    }
    if (job->needs_llm && model->budget.is_known) {
        text = line_begin(dialog);
        sb_text_add(&text, model->budget.tier >= SB_TIER_CRITICAL ? "overrides the budget: tier " : "may spend LLM budget: tier ");
        sb_text_add(&text, sb_tier_text(model->budget.tier));
        sb_text_add(&text, ", ");
        sb_text_add_usd(&text, model->budget.spent, 2);
        sb_text_add(&text, " of ");
        sb_text_add_usd(&text, model->budget.limit, 2);
        sb_text_add(&text, " USD spent");
    }
    if (model->is_draining)
        line_say(dialog, "the runtime is shutting down");
}

void sb_act_force(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = sb_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_FORCE, now, SB_COMMAND_RUN_JOB);
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
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_CANCEL, now, SB_COMMAND_CANCEL_RUN);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    title_of_job(dialog, "Cancel", job, true);
    line_of_why(screen, dialog, id, now);
    line_say(dialog, "the running step is asked to stop, then stopped; the run ends as cancelled");
    line_of_effect(screen, dialog, id, job);
}

void sb_act_kill(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = active_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_KILL, now, SB_COMMAND_KILL_RUN);
    dialog->command.job = id;
    dialog->command.run = job->run.id;
    title_of_job(dialog, "KILL", job, true);
    line_of_why(screen, dialog, id, now);
    line_say(dialog, "its context, child processes and requests are ended at once");
    line_of_effect(screen, dialog, id, job);
    sb_copy(dialog->word, sizeof dialog->word, job->name);
}

void sb_act_recycle(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_context_list(screen->model, list);
    const uint32_t selected = screen->scrolls[SB_PANE_CONTEXTS].selected;
    if (selected >= count) {
        sb_notice_say(screen, now, true, "no context is selected");
        return;
    }
    const struct sb_model_ctx *const ctx = &screen->live->contexts[list[selected]];
    if (ctx->generation != screen->model->contexts[list[selected]].generation || ctx->run != screen->model->contexts[list[selected]].run) {
        sb_notice_say(screen, now, true, "refused: the context changed since the picture was frozen (F shows it)");
        return;
    }
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_RECYCLE, now, SB_COMMAND_RECYCLE_CONTEXT);
    dialog->command.ctx = list[selected];
    dialog->command.run = ctx->run;
    dialog->generation = ctx->generation;
    struct sb_text text;
    sb_text_init(&text, dialog->word, sizeof dialog->word);
    sb_text_add(&text, "ctx");
    sb_text_add_u64(&text, list[selected]);
    text = title_begin(dialog);
    sb_text_add(&text, "Recycle ");
    sb_text_add(&text, dialog->word);
    text = line_begin(dialog);
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

/* Writes the question for a policy: the one of the catalogue has no end. */
static void ask_policy(const struct sb_screen *screen, struct sb_dialog *dialog, uint8_t policy)
{
    const struct sb_model *const model = screen->live;
    const bool is_defined = policy == model->lane_policy_defined;
    dialog->command.policy = policy;
    dialog->command.lasts = is_defined ? 0 : POLICY_LASTS;
    dialog->line_count = 0;
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, "Lane policy ");
    sb_text_add(&text, sb_lane_policy_text(model->lane_policy));
    sb_text_add(&text, " -> ");
    sb_text_add(&text, sb_lane_policy_text(policy));
    line_say(dialog, policy_does(policy));
    text = line_begin(dialog);
    if (is_defined) {
        sb_text_add(&text, "this is the catalogue's policy: it stays");
    } else {
        sb_text_add(&text, "for ");
        sb_model_add_age(&text, POLICY_LASTS);
        sb_text_add(&text, ", then ");
        sb_text_add(&text, sb_lane_policy_text(model->lane_policy_defined));
        sb_text_add(&text, " returns");
    }
    line_say(dialog, "e offers another one");
}

static uint8_t next_policy(const struct sb_model *model, uint8_t after)
{
    do
        after = (uint8_t)((after + 1U) % SB_LANE_POLICY_LEGACY);
    while (after == model->lane_policy);
    return after;
}

void sb_act_policy(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_POLICY, now, SB_COMMAND_SET_LANE_POLICY);
    dialog->generation = screen->live->lane_policy;
    ask_policy(screen, dialog, next_policy(screen->live, screen->live->lane_policy));
}

static uint32_t count_active(const struct sb_model *model, bool only_running)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_run *const run = &model->jobs[i].run;
        const bool is_running = run->state == SB_RUN_STATE_RUNNING || run->state == SB_RUN_STATE_STOPPING;
        count += model->jobs[i].is_defined && sb_model_run_is_active(run) && (is_running || !only_running);
    }
    return count;
}

static void ask_resume_all(struct sb_screen *screen, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_PAUSE_ALL, now, SB_COMMAND_RESUME_ALL);
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, "Start dispatch again");
    text = line_begin(dialog);
    sb_text_add(&text, "paused by ");
    sb_text_add(&text, model->all_paused.actor);
    sb_text_add(&text, " at ");
    sb_text_add_clock(&text, model->all_paused.since);
    if (model->all_paused.reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, model->all_paused.reason);
    }
    text = line_begin(dialog);
    sb_text_add(&text, "backlog: ");
    sb_text_add_u64(&text, count_active(model, false) - count_active(model, true));
    sb_text_add(&text, " runs wait to start");
    if (model->budget.is_known) {
        text = line_begin(dialog);
        sb_text_add(&text, "budget: tier ");
        sb_text_add(&text, sb_tier_text(model->budget.tier));
        sb_text_add(&text, ", ");
        sb_text_add_usd(&text, model->budget.spent, 2);
        sb_text_add(&text, " of ");
        sb_text_add_usd(&text, model->budget.limit, 2);
        sb_text_add(&text, " USD spent");
    }
    sb_copy(dialog->word, sizeof dialog->word, "resume");
}

void sb_act_pause_all(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    const struct sb_model *const model = screen->live;
    if (screen->model->all_paused.is_on != model->all_paused.is_on) {
        sb_notice_say(screen, now, true, "refused: the pause of everything changed since the picture was frozen (F shows it)");
        return;
    }
    if (model->all_paused.is_on) {
        ask_resume_all(screen, now);
        return;
    }
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_PAUSE_ALL, now, SB_COMMAND_PAUSE_ALL);
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, "Pause everything");
    text = line_begin(dialog);
    sb_text_add(&text, "stops all dispatch: ");
    sb_text_add_u64(&text, model->job_count);
    sb_text_add(&text, " jobs start nothing new");
    text = line_begin(dialog);
    sb_text_add_u64(&text, count_active(model, true));
    sb_text_add(&text, " running runs finish their step; ");
    sb_text_add_u64(&text, count_active(model, false) - count_active(model, true));
    sb_text_add(&text, " wait until P starts dispatch again");
}

void sb_act_leave(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (screen->source.is_attached || screen->is_recording) { /* nothing ends but this console */
        answer->wants_leave = true;
        return;
    }
    const struct sb_model *const model = screen->live;
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_LEAVE, now, SB_COMMAND_DRAIN);
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, "Leave: drain and stop the runtime");
    const uint32_t running = count_active(model, true);
    text = line_begin(dialog);
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
        text = line_begin(dialog);
        sb_text_add(&text, "  ");
        sb_text_add(&text, job->name);
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, job->run.id);
        sb_text_add(&text, " for ");
        sb_model_add_age(&text, now.mono > job->run.started ? now.mono - job->run.started : 0);
        named++;
    }
    if (running > named) {
        text = line_begin(dialog);
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
    struct sb_dialog *const dialog = dialog_open(screen, SB_KEY_ACTION_TAKE_OVER, now, SB_COMMAND_COUNT);
    struct sb_text text = title_begin(dialog);
    sb_text_add(&text, "Write from this console");
    text = line_begin(dialog);
    sb_text_add(&text, "now: ");
    sb_add_writer(screen, &text);
    if (screen->source.writer[0] != '\0')
        line_say(dialog, "that console becomes a viewer and is told so");
}

/* ---- the answer ---- */

/* What was latched must still be so; else the reason why not. */
static const char *moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const struct sb_model *const model = screen->live;
    if (dialog->action == SB_KEY_ACTION_PAUSE_ALL)
        return model->all_paused.is_on == (dialog->command.kind == SB_COMMAND_RESUME_ALL) ? NULL : "somebody else did it first";
    if (dialog->action == SB_KEY_ACTION_POLICY)
        return model->lane_policy == dialog->generation ? NULL : "somebody else changed the policy first";
    if (dialog->action == SB_KEY_ACTION_RECYCLE) {
        const struct sb_model_ctx *const ctx = &model->contexts[dialog->command.ctx];
        const bool is_same = ctx->generation == dialog->generation && ctx->run == dialog->command.run;
        return is_same ? NULL : "the context has another holder or generation by now";
    }
    if (dialog->command.job == SB_NO_JOB)
        return NULL;
    const struct sb_model_job *const job = sb_model_job(model, dialog->command.job);
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

static void confirm(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    const char *const reason = moved(screen, dialog);
    dialog->is_open = false;
    if (reason != NULL) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "refused: ");
        sb_text_add(&text, reason);
        return;
    }
    if (dialog->action == SB_KEY_ACTION_LEAVE) {
        answer->wants_leave = true;
        return;
    }
    if (dialog->action == SB_KEY_ACTION_TAKE_OVER) {
        answer->wants_take_over = true;
        return;
    }
    dialog->command.confirmed = true;
    if (dialog->action == SB_KEY_ACTION_RECYCLE)
        dialog->command.run = 0;
    const char *const target = dialog->job_name[0] != '\0' ? dialog->job_name : dialog->action == SB_KEY_ACTION_RECYCLE ? dialog->word : "";
    sb_emit(screen, now, &dialog->command, target, answer);
}

static void type(struct sb_dialog *dialog, uint32_t key)
{
    const size_t used = strlen(dialog->typed);
    if (key == SB_KEY_BACKSPACE || key == 8) {
        if (used > 0)
            dialog->typed[used - 1] = '\0';
    } else if (key == 21) {
        dialog->typed[0] = '\0';
    } else if (key >= 0x20 && key < 0x7f && used + 1 < sizeof dialog->typed) {
        dialog->typed[used] = (char)key;
        dialog->typed[used + 1] = '\0';
    }
}

void sb_dialog_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (now.mono - dialog->opened < SB_DIALOG_DEAF)
        return; /* meant for what was there before the question came up */
    const bool is_typed = dialog->word[0] != '\0';
    const bool is_complete = !is_typed || sb_streq(dialog->typed, dialog->word);
    if (key == SB_KEY_ESCAPE || key == 7 || (!is_typed && (key == 'q' || key == 'n' || key == 'N'))) {
        dialog->is_open = false;
        sb_notice_say(screen, now, false, "not done");
    } else if (dialog->action == SB_KEY_ACTION_POLICY && key == 'e') {
        ask_policy(screen, dialog, next_policy(screen->live, dialog->command.policy));
    } else if (key == 'y' && is_complete) {
        confirm(screen, now, answer);
    } else if (is_typed) {
        type(dialog, key);
    }
}

void sb_dialog_show(const struct sb_screen *screen, const struct sb_view *view)
{
    const struct sb_dialog *const dialog = &screen->dialog;
    char question[SB_DIALOG_LINE_MAX];
    struct sb_text text;
    sb_text_init(&text, question, sizeof question);
    if (dialog->word[0] == '\0') {
        sb_text_add(&text, "[y] yes   [n] no, default");
    } else if (sb_streq(dialog->typed, dialog->word)) {
        sb_text_add(&text, "now press y   [Esc] no");
    } else {
        sb_text_add(&text, "type ");
        sb_text_add(&text, dialog->word);
        sb_text_add(&text, " in full, then y   [Esc] no");
    }
    struct sb_dialog_text shown = {.title = dialog->title, .line_count = dialog->line_count, .question = question,
                                   .typed = dialog->word[0] == '\0' ? NULL : dialog->typed};
    for (unsigned i = 0; i < dialog->line_count; i++)
        shown.lines[i] = dialog->lines[i];
    sb_dialog_draw(view, &shown);
}
