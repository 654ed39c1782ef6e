/* What operators, steps and programs ask for. Each command ends in exactly one answer event; a repeated id gets the same answer again without
 * acting twice. Core thread only. */
#include "asked.h"

#include "alerts.h"

static void say_run(struct asked *asked, const char *before, const struct sb_core *core, uint16_t job, uint64_t run)
{
    asked_say(asked, before);
    asked_say(asked, job_def(core, job)->name);
    asked_say(asked, " run ");
    sb_text_add_u64(&asked->outcome, run);
    asked->run = run;
}

/* The job a command names, or SB_NO_JOB after a refusal. */
static uint16_t job_of(struct sb_core *core, struct asked *asked)
{
    uint16_t job = asked->command->job;
    if (job < core->setup.job_count)
        return job;
    asked_refuse(asked, "no such job");
    return SB_NO_JOB;
}

/* The live run a command names: by id when it latched one, else the job's youngest. NULL after a refusal. */
static struct run *run_of(struct sb_core *core, struct asked *asked)
{
    struct run *run = NULL;
    if (asked->command->run != 0) {
        run = sb_run_find(core, asked->command->run);
        if (run == NULL) {
            asked_refuse(asked, "run ");
            sb_text_add_u64(&asked->outcome, asked->command->run);
            asked_say(asked, " is no longer active");
        }
        return run;
    }
    uint16_t job = job_of(core, asked);
    if (job == SB_NO_JOB)
        return NULL;
    run = sb_run_of_job(core, job);
    if (run == NULL)
        asked_refuse(asked, "the job has no active run");
    return run;
}

static void on_pause_job(struct sb_core *core, struct asked *asked)
{
    uint16_t job = job_of(core, asked);
    if (job == SB_NO_JOB)
        return;
    if (core->jobs[job].is_paused) {
        asked_refuse(asked, "already paused");
        return;
    }
    core->jobs[job].is_paused = true;
    sb_pauses_note(core, job, asked->command->actor, asked->command->reason, 0);
    struct sb_event event = sb_event_make(core, SB_EVENT_JOB_PAUSED);
    event.as.job_paused.job = job;
    (void)sb_copy(event.as.job_paused.actor, SB_NAME_MAX, asked->command->actor);
    note_copy(event.as.job_paused.reason, asked->command->reason);
    sb_core_emit(core, &event);
    sb_advance_all(core);
    asked_say(asked, "paused ");
    asked_say(asked, job_def(core, job)->name);
}

static void on_resume_job(struct sb_core *core, struct asked *asked)
{
    uint16_t job = job_of(core, asked);
    if (job == SB_NO_JOB)
        return;
    if (!core->jobs[job].is_paused) {
        asked_refuse(asked, "not paused");
        return;
    }
    core->jobs[job].is_paused = false;
    sb_pauses_forget(core, job);
    struct sb_event event = sb_event_make(core, SB_EVENT_JOB_RESUMED);
    event.as.job_resumed.job = job;
    (void)sb_copy(event.as.job_resumed.actor, SB_NAME_MAX, asked->command->actor);
    sb_core_emit(core, &event);
    sb_advance_all(core);
    asked_say(asked, "resumed ");
    asked_say(asked, job_def(core, job)->name);
}

static void set_category_pause(struct sb_core *core, struct asked *asked, bool is_paused)
{
    uint8_t category = asked->command->category;
    if (category >= SB_CATEGORY_COUNT) {
        asked_refuse(asked, "no such category");
        return;
    }
    if (core->category_paused[category] == is_paused) {
        asked_refuse(asked, is_paused ? "already paused" : "not paused");
        return;
    }
    core->category_paused[category] = is_paused;
    struct sb_event event = sb_event_make(core, is_paused ? SB_EVENT_CATEGORY_PAUSED : SB_EVENT_CATEGORY_RESUMED);
    if (is_paused) {
        sb_pauses_note(core, PAUSE_CATEGORY + category, asked->command->actor, asked->command->reason, 0);
        event.as.category_paused.category = category;
        (void)sb_copy(event.as.category_paused.actor, SB_NAME_MAX, asked->command->actor);
        note_copy(event.as.category_paused.reason, asked->command->reason);
    } else {
        sb_pauses_forget(core, PAUSE_CATEGORY + category);
        event.as.category_resumed.category = category;
        (void)sb_copy(event.as.category_resumed.actor, SB_NAME_MAX, asked->command->actor);
    }
    sb_core_emit(core, &event);
    sb_advance_all(core);
    asked_say(asked, is_paused ? "paused category " : "resumed category ");
    asked_say(asked, sb_category_text(category));
}

static void on_pause_category(struct sb_core *core, struct asked *asked)
{
    set_category_pause(core, asked, true);
}

static void on_resume_category(struct sb_core *core, struct asked *asked)
{
    set_category_pause(core, asked, false);
}

static void on_pause_all(struct sb_core *core, struct asked *asked)
{
    if (core->is_all_paused) {
        asked_refuse(asked, "everything is paused already");
        return;
    }
    core->is_all_paused = true;
    sb_pauses_note(core, PAUSE_ALL, asked->command->actor, asked->command->reason, 0);
    struct sb_event event = sb_event_make(core, SB_EVENT_ALL_PAUSED);
    (void)sb_copy(event.as.all_paused.actor, SB_NAME_MAX, asked->command->actor);
    note_copy(event.as.all_paused.reason, asked->command->reason);
    sb_core_emit(core, &event);
    sb_advance_all(core);
    asked_say(asked, "everything paused; running steps finish");
}

static void on_resume_all(struct sb_core *core, struct asked *asked)
{
    if (!core->is_all_paused) {
        asked_refuse(asked, "nothing was paused");
        return;
    }
    core->is_all_paused = false;
    sb_pauses_forget(core, PAUSE_ALL);
    struct sb_event event = sb_event_make(core, SB_EVENT_ALL_RESUMED);
    (void)sb_copy(event.as.all_resumed.actor, SB_NAME_MAX, asked->command->actor);
    sb_core_emit(core, &event);
    sb_advance_all(core);
    asked_say(asked, "everything resumed");
}

static bool budget_skips(const struct sb_core *core, uint16_t job)
{
    for (uint8_t i = 0; i < job_def(core, job)->step_count; i++)
        if (sb_budget_skips(core, step_def(core, job, i)))
            return true;
    return false;
}

/* Force-run passes schedule and pauses, but not a promise: no overlap beyond the job's policy, no generation beyond the budget. */
static void on_run_job(struct sb_core *core, struct asked *asked)
{
    uint16_t job = job_of(core, asked);
    if (job == SB_NO_JOB)
        return;
    const struct sb_job_def *def = job_def(core, job);
    struct run *live = sb_run_of_job(core, job);
    if (core->is_draining) {
        asked_refuse(asked, "shutting down");
    } else if (budget_skips(core, job) && !asked->command->confirmed) {
        asked_refuse(asked, "LLM budget is ");
        asked_say(asked, sb_tier_text(core->tier));
        asked_say(asked, "; it would only be skipped");
    } else if (live != NULL && live->fence == 0 && !live->is_forced) {
        live->is_forced = true;
        if (live->state == SB_RUN_STATE_BACKOFF)
            live->wake = core->now;
        sb_lanes_forget(core, live);
        sb_heap_remove(&core->workers, slot_of(core, live));
        live->needs_place = live->state != SB_RUN_STATE_BACKOFF;
        sb_run_arm(core, live);
        say_run(asked, "forced to the front: ", core, job, live->id);
    } else if (live != NULL && !(def->overlap == SB_OVERLAP_ALLOW && core->jobs[job].live < def->overlap_max)) {
        asked_refuse(asked, "already active: ");
        say_run(asked, "", core, job, live->id);
    } else {
        struct run *run = sb_run_create(core, job, 0, SB_CAUSE_FORCE, 0, 0, 1);
        if (run == NULL) {
            asked_refuse(asked, "run table full");
            return;
        }
        say_run(asked, "started ", core, job, run->id);
        sb_advance_place(core, run);
    }
}

/* SB_NO_STEP: refused, and it is said why. */
static uint8_t step_to_retry(const struct sb_core *core, struct asked *asked, uint16_t job, enum retry_from from, uint8_t last)
{
    const char *why = "";
    const uint8_t step = sb_retry_step(core, job, from, asked->command->subject, last, &why);
    if (step == SB_NO_STEP) {
        asked_refuse(asked, why);
        asked_say(asked, asked->command->subject);
    }
    return step;
}

static void retry(struct sb_core *core, struct asked *asked, enum retry_from from)
{
    uint16_t job = job_of(core, asked);
    if (job == SB_NO_JOB)
        return;
    struct job *state = &core->jobs[job];
    struct run *live = sb_run_of_job(core, job);
    if (live != NULL && live->state == SB_RUN_STATE_BACKOFF &&
        (asked->command->run == 0 || asked->command->run == live->id)) {
        const uint8_t step = step_to_retry(core, asked, job, from, live->step);
        if (step == SB_NO_STEP)
            return;
        live->wake = core->now;
        live->step = step;
        sb_run_arm(core, live);
        say_run(asked, "retrying now: ", core, job, live->id);
        return;
    }
    if (core->is_draining) {
        asked_refuse(asked, "shutting down");
    } else if (live != NULL) {
        asked_refuse(asked, "already active: ");
        say_run(asked, "", core, job, live->id);
    } else if (state->last_run == 0 || !sb_retry_is_possible((enum sb_run_state)state->last_state)) {
        asked_refuse(asked, "its last run did not fail");
    } else if (asked->command->run != 0 && asked->command->run != state->last_run) {
        asked_refuse(asked, "a newer run has ended since");
    } else {
        const uint8_t step = step_to_retry(core, asked, job, from, state->last_step);
        if (step == SB_NO_STEP)
            return;
        uint8_t attempt = state->last_attempt < UINT8_MAX ? (uint8_t)(state->last_attempt + 1) : UINT8_MAX;
        struct run *run = sb_run_create(core, job, state->last_run, SB_CAUSE_OPERATOR_RETRY, 0, step, attempt);
        if (run == NULL) {
            asked_refuse(asked, "run table full");
            return;
        }
        run->is_forced = true;
        say_run(asked, "retrying ", core, job, run->id);
        asked_say(asked, " at ");
        asked_say(asked, step_def(core, job, step)->name);
        sb_advance_place(core, run);
    }
}

static void on_retry_run(struct sb_core *core, struct asked *asked)
{
    retry(core, asked, FROM_FAILED);
}

static void on_retry_run_whole(struct sb_core *core, struct asked *asked)
{
    retry(core, asked, FROM_FIRST);
}

static void on_retry_run_from(struct sb_core *core, struct asked *asked)
{
    retry(core, asked, FROM_NAMED);
}

static void stop_run(struct sb_core *core, struct asked *asked, bool is_hard)
{
    struct run *run = run_of(core, asked);
    if (run == NULL)
        return;
    say_run(asked, is_hard ? "killed " : run->fence != 0 ? "cancelling " : "cancelled ", core, run->job, run->id);
    if (run->fence == 0) {
        sb_run_end(core, run, SB_RUN_STATE_CANCELLED, SB_CLASS_CANCELLED, run->step, "cancelled by operator");
        return;
    }
    sb_stop_soft(core, run, STOP_CANCEL, is_hard ? "killed by operator" : "cancelled by operator");
    if (is_hard && !run->is_hard_stopped)
        sb_stop_hard(core, run, "killed by operator");
}

static void on_cancel_run(struct sb_core *core, struct asked *asked)
{
    stop_run(core, asked, false);
}

static void on_kill_run(struct sb_core *core, struct asked *asked)
{
    stop_run(core, asked, true);
}

static void on_recycle_context(struct sb_core *core, struct asked *asked)
{
    uint16_t ctx = asked->command->ctx;
    if (ctx >= core->ctx_count || core->ctxs[ctx].state == SB_CTX_STATE_DOWN) {
        asked_refuse(asked, "that context is not open");
        return;
    }
    if (core->ctxs[ctx].run != NO_RUN && core->runs[core->ctxs[ctx].run].fence != 0 &&
        step_def(core, core->runs[core->ctxs[ctx].run].job, core->runs[core->ctxs[ctx].run].step)->is_effect) {
        asked_refuse(asked, "an outside effect is under way on it; kill the run if you must");
        return;
    }
    sb_lanes_recycle(core, ctx);
    asked_say(asked, "recycling ctx ");
    sb_text_add_u64(&asked->outcome, ctx);
}

static void on_probe_component(struct sb_core *core, struct asked *asked)
{
    uint8_t component = asked->command->component;
    if (component >= SB_COMPONENT_COUNT || !core->setup.components[component].is_used) {
        asked_refuse(asked, "that component is not in use");
        return;
    }
    if (!core->components[component].is_probing)
        sb_components_probe(core, (enum sb_component)component);
    asked_say(asked, "checking ");
    asked_say(asked, sb_component_text(component));
}

static void on_recover_component(struct sb_core *core, struct asked *asked)
{
    uint8_t component = asked->command->component;
    char said[SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, said, sizeof(said));
    if (component >= SB_COMPONENT_COUNT || !core->setup.components[component].is_used) {
        asked_refuse(asked, "that component is not in use");
        return;
    }
    if (!sb_recover(core, (enum sb_component)component, asked->command->actor, asked->command->confirmed, &text)) {
        asked_refuse(asked, sb_component_text(component));
        asked_say(asked, ": ");
    }
    asked_say(asked, said);
}

static void on_set_lane_policy(struct sb_core *core, struct asked *asked)
{
    if (asked->command->policy >= SB_LANE_POLICY_COUNT) {
        asked_refuse(asked, "no such policy");
        return;
    }
    if (asked->command->lasts < 0 || asked->command->lasts > SB_DAY(7)) {
        asked_refuse(asked, "an override holds for at most 7 days");
        return;
    }
    sb_ns lasts = asked->command->lasts;
    sb_lanes_set_policy(core, asked->command->policy, lasts > 0 ? sb_ns_add(core->now, lasts) : SB_NEVER, asked->command->actor);
    asked_say(asked, "lane policy is ");
    asked_say(asked, sb_lane_policy_text(core->policy));
}

static void on_force_tier(struct sb_core *core, struct asked *asked)
{
    const struct sb_command *command = asked->command;
    if (command->tier >= SB_TIER_COUNT) {
        asked_refuse(asked, "no such tier");
    } else if (command->lasts <= 0 || command->lasts > SB_DAY(7)) {
        asked_refuse(asked, "a forced tier needs an end: up to 7 days");
    } else if (command->reason[0] == '\0') {
        asked_refuse(asked, "a forced tier needs a reason");
    } else {
        sb_budget_force(core, (enum sb_tier)command->tier, command->lasts, command->actor, command->reason);
        asked_say(asked, "tier is ");
        asked_say(asked, sb_tier_text(core->tier));
        asked_say(asked, " for ");
        sb_text_add_duration(&asked->outcome, command->lasts);
        asked_say(asked, "; the cap holds all the same");
    }
}

static void on_free_tier(struct sb_core *core, struct asked *asked)
{
    if (!core->is_tier_forced) {
        asked_refuse(asked, "no tier is forced");
        return;
    }
    sb_budget_free(core, asked->command->actor);
    asked_say(asked, "the policy decides again: tier ");
    asked_say(asked, sb_tier_text(core->tier));
}

static void on_trip_breaker(struct sb_core *core, struct asked *asked)
{
    const struct sb_command *command = asked->command;
    if (command->site >= core->setup.site_count) {
        asked_refuse(asked, "no such site");
    } else if (!sb_breakers_trip(core, command->site, command->actor, command->reason)) {
        asked_refuse(asked, "its breaker is tripped already");
    } else {
        asked_say(asked, "tripped the breaker of ");
        asked_say(asked, core->setup.sites[command->site]);
    }
}

static void on_reset_breaker(struct sb_core *core, struct asked *asked)
{
    const struct sb_command *command = asked->command;
    if (command->site >= core->setup.site_count) {
        asked_refuse(asked, "no such site");
    } else if (!sb_breakers_reset(core, command->site, command->actor, command->reason)) {
        asked_refuse(asked, "its breaker is closed");
    } else {
        asked_say(asked, "reset the breaker of ");
        asked_say(asked, core->setup.sites[command->site]);
    }
}

static void on_incident_open(struct sb_core *core, struct asked *asked)
{
    asked->is_refused = !sb_incident_open(core, asked->command, &asked->outcome);
}

static void on_incident_close(struct sb_core *core, struct asked *asked)
{
    asked->is_refused = !sb_incident_close(core, asked->command, &asked->outcome);
}

static void on_drain(struct sb_core *core, struct asked *asked)
{
    asked_say(asked, core->is_draining ? "stopping at once" : "draining");
    sb_drain_start(core, asked->command->actor, asked->command->confirmed);
}

static command_handler *const handlers[SB_COMMAND_COUNT] = {
#define X(code, name, guard, help) [SB_COMMAND_##code] = on_##name,
#include "signalbox/model/commands.def"
#undef X
};

static const struct remembered_command *remembered(const struct sb_core *core, uint64_t id)
{
    for (size_t i = 0; i < COMMANDS_REMEMBERED; i++)
        if (id != 0 && core->commands[i].id == id)
            return &core->commands[i];
    return NULL;
}

/* The answer has room for its outcome alone; who looks later wants to know what was meant, and why. */
static void tell_reason(struct sb_core *core, const struct sb_command *command)
{
    const bool has_component = command->kind == SB_COMMAND_PROBE_COMPONENT || command->kind == SB_COMMAND_RECOVER_COMPONENT;
    if (command->reason[0] == '\0' && command->subject[0] == '\0' && command->ctx == SB_NO_CTX && command->alert == 0 && !has_component &&
        command->lasts == 0)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_COMMAND_ASKED);
    struct sb_ev_command_asked *asked = &event.as.command_asked;
    asked->command = command->id;
    asked->kind = command->kind;
    asked->ctx = command->ctx;
    asked->component = has_component ? command->component : (uint8_t)SB_COMPONENT_COUNT;
    asked->alert = command->alert;
    asked->lasts = command->lasts;
    memcpy(asked->subject, command->subject, sizeof(asked->subject));
    note_copy(asked->reason, command->reason);
    sb_core_emit(core, &event);
}

void sb_commands_input(struct sb_core *core, const struct sb_command *command)
{
    const struct remembered_command *before = remembered(core, command->id);
    if (before != NULL) {
        struct sb_event again = before->answer;
        again.now = core->now;
        again.wall = core->wall;
        sb_core_emit(core, &again);
        return;
    }
    struct sb_command safe = *command; /* texts from outside are terminated before anybody reads them */
    safe.actor[SB_NAME_MAX - 1] = safe.subject[SB_NAME_MAX - 1] = safe.reason[SB_NOTE_MAX - 1] = '\0';
    char outcome[SB_NOTE_MAX];
    struct asked asked = { .command = &safe, .run = safe.run };
    sb_text_init(&asked.outcome, outcome, sizeof(outcome));
    tell_reason(core, &safe);
    if (safe.kind >= SB_COMMAND_COUNT)
        asked_refuse(&asked, "unknown command");
    else if (!core->is_begun || (core->is_announcing && safe.kind != SB_COMMAND_DRAIN))
        asked_refuse(&asked, "still starting; ask again");
    else
        handlers[safe.kind](core, &asked);
    if (!asked.is_refused && safe.reason[0] != '\0') { /* why somebody did it is part of what was done */
        asked_say(&asked, ": ");
        asked_say(&asked, safe.reason);
    }

    struct sb_event event = sb_event_make(core, asked.is_refused ? SB_EVENT_COMMAND_REFUSED : SB_EVENT_COMMAND_DONE);
    struct sb_ev_command_done *answer = &event.as.command_done; /* both answers have the same fields */
    _Static_assert(sizeof(struct sb_ev_command_done) == sizeof(struct sb_ev_command_refused), "answers are alike");
    answer->command = safe.id;
    answer->kind = safe.kind;
    answer->job = safe.job;
    answer->run = asked.run;
    (void)sb_copy(answer->actor, sizeof(answer->actor), safe.actor);
    note_copy(answer->outcome, outcome);
    core->commands[core->command_at] = (struct remembered_command){ .id = safe.id, .answer = event };
    core->command_at = (core->command_at + 1) % COMMANDS_REMEMBERED;
    sb_core_emit(core, &event);
    if (!asked.is_refused)
        sb_incident_note(core, &safe);
}
