/* The day's money: the ledger's figures, the tier by the pacing policy or an operator, how often generation is planned, the day's end. Amounts are
 * nano-dollars. Core thread only. */
#include "state.h"

static const sb_ns look_every = SB_MIN(5); /* the forecast changes with the hour although nothing happens */

static const struct sb_zone *zone_of(const struct sb_core *core)
{
    return &core->setup.zones[core->setup.budget->zone];
}

/* UTC instant of the local midnight that starts the day `days_ahead` days after the one holding `wall`. */
static int64_t midnight(const struct sb_core *core, int64_t wall_ns, int64_t days_ahead)
{
    int64_t utc_s = wall_ns / 1000000000;
    int64_t local_s = utc_s + sb_zone_offset(zone_of(core), utc_s);
    int64_t day = (local_s >= 0 ? local_s : local_s - 86399) / 86400 + days_ahead;
    struct sb_zone_local local = sb_zone_from_local(zone_of(core), day * 86400);
    return local.utc_s[0] * 1000000000;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t used(const struct sb_core *core)
{
    return add(add(core->spent, core->held), core->uncertain);
}

/* --- the tier --------------------------------------------------------------------------------------------------------------- */

static void say_tier(struct sb_core *core, enum sb_tier from, const char *why)
{
    struct sb_pace_view view = sb_pace_look(&core->pace, wall_believed(core), used(core));
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_TIER);
    struct sb_ev_budget_tier *out = &event.as.budget_tier;
    out->from = (uint8_t)from;
    out->to = core->tier;
    out->remaining = core->setup.budget->limit.nano - used(core);
    out->limit = core->setup.budget->limit.nano;
    out->floor = view.floor;
    out->calls_left = view.calls_left;
    out->q_permille = view.q_permille;
    (void)sb_copy(out->why, sizeof(out->why), why);
    sb_core_emit(core, &event);
}

static uint32_t stretch_of(const struct sb_core *core)
{
    uint8_t stretch = core->setup.budget->stretch[core->tier];
    return stretch > 1 ? stretch : 1;
}

/* The tier in force follows from the policy and from an operator; jobs are told when it changes how often they are planned. */
static void apply_tier(struct sb_core *core, const char *why)
{
    enum sb_tier from = (enum sb_tier)core->tier;
    if (!core->is_tier_forced)
        core->tier = core->pace.tier;
    if (core->tier != (uint8_t)from)
        say_tier(core, from, why);
    if (stretch_of(core) != core->stretch_told) {
        core->stretch_told = (uint8_t)stretch_of(core);
        core->stretch_at = 0;
    }
}

static void decide(struct sb_core *core, const char *why)
{
    (void)sb_pace_decide(&core->pace, wall_believed(core), used(core), core->is_gate_closed);
    apply_tier(core, why);
}

void sb_budget_rearm(struct sb_core *core)
{
    int64_t next = core->day_end, soon = wall_believed(core) + look_every;
    if (core->setup.budget->policy == SB_BUDGET_POLICY_PACED && soon < next)
        next = soon;
    if (core->is_tier_forced && core->tier_forced_until < next)
        next = core->tier_forced_until;
    sb_timer_set(core, timer_single(core, TIMER_BUDGET), next - core->wall_offset);
}

/* --- the day ---------------------------------------------------------------------------------------------------------------- */

static void open_day(struct sb_core *core)
{
    core->day_start = midnight(core, wall_believed(core), 0);
    core->day_end = midnight(core, wall_believed(core), 1);
    int64_t from = core->genesis > core->day_start ? core->genesis : core->day_start;
    sb_pace_open(&core->pace, core->day_start, core->day_end, from, used(core));
    if (!core->is_tier_forced)
        core->tier = core->pace.tier;
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_WINDOW);
    event.as.budget_window.day_start = core->day_start;
    event.as.budget_window.day_end = core->day_end;
    event.as.budget_window.limit = core->setup.budget->limit.nano;
    event.as.budget_window.spent = core->spent;
    event.as.budget_window.tier = core->tier;
    event.as.budget_window.policy = core->setup.budget->policy;
    sb_core_emit(core, &event);
    apply_tier(core, "a new day");
    sb_budget_rearm(core);
}

void sb_budget_restore(struct sb_core *core, const struct sb_in_restore_budget *restored)
{
    core->day_start = restored->day_start;
    core->spent = restored->spent;
}

void sb_budget_restore_hour(struct sb_core *core, const struct sb_in_restore_hour *restored)
{
    if (restored->hour >= SB_PACE_HOURS)
        return;
    if (restored->calls_milli > 0)
        sb_pace_expect(&core->pace, restored->hour, restored->calls_milli);
    core->pace.calls[restored->hour] = restored->today;
}

void sb_budget_restore_calls(struct sb_core *core, const struct sb_in_restore_calls *restored)
{
    uint64_t sum = restored->cost > 0 ? (uint64_t)restored->cost : 0;
    *(restored->is_premium ? &core->pace.premium_sum : &core->pace.economy_sum) = sum;
    *(restored->is_premium ? &core->pace.premium_count : &core->pace.economy_count) = restored->count;
}

static void forget_day(struct sb_core *core)
{
    core->spent = core->held = core->uncertain = 0;
    core->ledger_version = 0;
    core->is_gate_closed = false;
    memset(core->failures, 0, sizeof(core->failures));
}

void sb_budget_begin(struct sb_core *core)
{
    if (core->day_start != midnight(core, wall_believed(core), 0)) {
        forget_day(core);
        memset(core->pace.calls, 0, sizeof(core->pace.calls));
    }
    core->stretch_told = 1;
    core->stretch_at = core->setup.job_count;
    open_day(core);
}

void sb_budget_timer(struct sb_core *core)
{
    if (core->is_tier_forced && wall_believed(core) >= core->tier_forced_until)
        sb_budget_free(core, "time over");
    if (wall_believed(core) >= core->day_end) {
        forget_day(core);
        open_day(core);
        return;
    }
    decide(core, "the hour");
    sb_budget_rearm(core);
}

/* --- what happens ------------------------------------------------------------------------------------------------------------ */

struct sb_event sb_budget_ledger_event(const struct sb_core *core)
{
    struct sb_pace_view view = sb_pace_look(&core->pace, wall_believed(core), used(core));
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_LEDGER);
    event.as.budget_ledger.spent = core->spent;
    event.as.budget_ledger.held = core->held;
    event.as.budget_ledger.uncertain = core->uncertain;
    event.as.budget_ledger.floor = view.floor;
    event.as.budget_ledger.forecast = view.forecast;
    event.as.budget_ledger.calls_left = view.calls_left;
    event.as.budget_ledger.q_permille = view.q_permille;
    event.as.budget_ledger.is_closed = core->is_gate_closed;
    return event;
}

void sb_budget_spent(struct sb_core *core, const struct sb_in_spent *spent)
{
    int64_t cost = spent->cost > 0 ? spent->cost : 0;
    if (core->ledger_version == 0)
        core->spent = add(core->spent, cost);
    sb_pace_call(&core->pace, wall_believed(core), sb_streq(spent->alias, "premium"), cost);
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_SPENT);
    struct sb_ev_budget_spent *out = &event.as.budget_spent;
    out->run = spent->run;
    out->job = spent->job;
    out->tokens_in = spent->tokens_in;
    out->tokens_out = spent->tokens_out;
    out->cost = cost;
    out->spent = core->spent;
    (void)sb_copy(out->alias, sizeof(out->alias), spent->alias);
    (void)sb_copy(out->intent, sizeof(out->intent), spent->intent);
    sb_core_emit(core, &event);
    decide(core, "a call was settled");
}

void sb_budget_ledger(struct sb_core *core, const struct sb_in_ledger *ledger)
{
    if (ledger->day_start != core->day_start || ledger->version <= core->ledger_version)
        return;
    core->ledger_version = ledger->version;
    core->spent = ledger->spent;
    core->held = ledger->held;
    core->uncertain = ledger->uncertain;
    core->is_gate_closed = ledger->is_closed;
    struct sb_event event = sb_budget_ledger_event(core);
    sb_core_emit(core, &event);
    decide(core, ledger->is_closed ? "a bill passed its hold" : "the ledger moved");
}

void sb_budget_bill(struct sb_core *core, const struct sb_in_bill *bill)
{
    if (bill->charged < 0 || bill->spent < 0 || bill->uncertain < 0)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_COMPARED);
    event.as.budget_compared.day_start = bill->day_start;
    event.as.budget_compared.provider = bill->charged;
    event.as.budget_compared.spent = bill->spent;
    event.as.budget_compared.uncertain = bill->uncertain;
    (void)sb_copy(event.as.budget_compared.actor, SB_NAME_MAX, bill->actor);
    sb_core_emit(core, &event);
}

struct sb_event sb_budget_failed_event(const struct sb_core *core, enum sb_llm_category category)
{
    const struct llm_failures *failures = &core->failures[category];
    struct sb_event event = sb_event_make(core, SB_EVENT_LLM_FAILED);
    struct sb_ev_llm_failed *out = &event.as.llm_failed;
    event.wall.ns = failures->last;
    out->job = SB_NO_JOB;
    out->category = (uint8_t)category;
    out->status = failures->status;
    out->count = failures->count;
    out->first = failures->first;
    (void)sb_copy(out->alias, sizeof(out->alias), failures->alias);
    note_copy(out->reason, failures->reason);
    return event;
}

void sb_budget_llm_failed(struct sb_core *core, const struct sb_in_llm_failed *failed)
{
    enum sb_llm_category category = failed->category < SB_LLM_CATEGORY_COUNT ? (enum sb_llm_category)failed->category : SB_LLM_CATEGORY_API_ERROR;
    struct llm_failures *failures = &core->failures[category];
    if (failures->count++ == 0)
        failures->first = core->wall.ns;
    failures->last = core->wall.ns;
    failures->status = failed->status;
    (void)sb_copy(failures->alias, sizeof(failures->alias), failed->alias);
    note_copy(failures->reason, failed->reason);
    struct sb_event event = sb_budget_failed_event(core, category);
    event.as.llm_failed.run = failed->run;
    event.as.llm_failed.job = failed->job;
    sb_core_emit(core, &event);
}

/* --- an operator's tier ------------------------------------------------------------------------------------------------------- */

struct sb_event sb_budget_forced_event(const struct sb_core *core)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_BUDGET_FORCED);
    event.as.budget_forced.tier = core->tier;
    event.as.budget_forced.is_on = core->is_tier_forced;
    event.as.budget_forced.lasts = core->is_tier_forced ? core->tier_forced_until - wall_believed(core) : 0;
    (void)sb_copy(event.as.budget_forced.actor, SB_NAME_MAX, core->tier_actor);
    note_copy(event.as.budget_forced.reason, core->tier_reason);
    return event;
}

void sb_budget_force(struct sb_core *core, enum sb_tier tier, sb_ns lasts, const char *actor, const char *reason)
{
    enum sb_tier from = (enum sb_tier)core->tier;
    core->is_tier_forced = true;
    core->tier_forced_until = add(wall_believed(core), lasts);
    core->tier = (uint8_t)tier;
    (void)sb_copy(core->tier_actor, sizeof(core->tier_actor), actor);
    note_copy(core->tier_reason, reason);
    struct sb_event event = sb_budget_forced_event(core);
    sb_core_emit(core, &event);
    if (core->tier != (uint8_t)from)
        say_tier(core, from, "forced by an operator");
    apply_tier(core, "");
    sb_budget_rearm(core);
}

void sb_budget_free(struct sb_core *core, const char *actor)
{
    core->is_tier_forced = false;
    (void)sb_copy(core->tier_actor, sizeof(core->tier_actor), actor);
    core->tier_reason[0] = '\0';
    struct sb_event event = sb_budget_forced_event(core);
    sb_core_emit(core, &event);
    apply_tier(core, "the policy decides again");
    sb_budget_rearm(core);
}

/* --- what follows ------------------------------------------------------------------------------------------------------------- */

enum sb_tier sb_budget_tier_of_call(const struct sb_core *core)
{
    return sb_pace_tier_of_call(&core->pace, (enum sb_tier)core->tier, wall_believed(core), used(core));
}

bool sb_budget_skips(const struct sb_core *core, const struct sb_step_def *step)
{
    bool is_paced = core->setup.budget->policy == SB_BUDGET_POLICY_PACED;
    if (!step->uses_llm)
        return false;
    return core->tier == SB_TIER_CLOSED || (core->tier == SB_TIER_CRITICAL && !(is_paced && step->is_generation));
}

static bool generates(const struct sb_core *core, uint16_t job)
{
    for (uint8_t i = 0; i < job_def(core, job)->step_count; i++)
        if (step_def(core, job, i)->is_generation)
            return true;
    return false;
}

uint32_t sb_budget_stretch(const struct sb_core *core, uint16_t job)
{
    return job_def(core, job)->schedule == SB_SCHEDULE_EVERY && generates(core, job) ? stretch_of(core) : 1;
}

struct sb_event sb_budget_stretched_event(const struct sb_core *core, uint16_t job)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_JOB_STRETCHED);
    event.as.job_stretched.job = job;
    event.as.job_stretched.from = job_def(core, job)->every;
    event.as.job_stretched.to = job_def(core, job)->every * sb_budget_stretch(core, job);
    event.as.job_stretched.tier = core->tier;
    return event;
}

bool sb_budget_stretch_unit(struct sb_core *core)
{
    if (core->stretch_at >= core->setup.job_count)
        return false;
    for (int said = 0; said < UNIT_EVENTS_MAX / 2 - 1 && core->stretch_at < core->setup.job_count; core->stretch_at++) {
        uint16_t job = (uint16_t)core->stretch_at;
        if (job_def(core, job)->schedule != SB_SCHEDULE_EVERY || !job_def(core, job)->is_enabled || !generates(core, job))
            continue;
        struct sb_event event = sb_budget_stretched_event(core, job);
        sb_core_emit(core, &event);
        sb_schedule_say(core, job);
        said++;
    }
    return true;
}
