/* What a run does next: is it held, does it wait, does its step start, and what does the end of a step mean. Core thread only. */
#include "state.h"

static uint32_t needs_of(const struct sb_core *core, const struct run *run)
{
    const struct sb_step_def *step = step_def(core, run->job, run->step);
    return step->needs | (step->needs_context ? 1u << SB_COMPONENT_BROWSER : 0u);
}

/* The first reason that keeps the run from going on, NONE when nothing does. A forced run passes every pause. */
static enum sb_hold hold_of(const struct sb_core *core, const struct run *run, enum sb_component *component)
{
    const struct sb_job_def *def = job_def(core, run->job);

    *component = SB_COMPONENT_COUNT;
    if (core->is_draining)
        return SB_HOLD_DRAINING;
    if (!run->is_forced) {
        if (core->is_all_paused)
            return SB_HOLD_ALL_PAUSED;
        if (core->category_paused[def->category])
            return SB_HOLD_CATEGORY_PAUSED;
        if (core->jobs[run->job].is_paused)
            return SB_HOLD_JOB_PAUSED;
    }
    uint32_t needs = needs_of(core, run);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        if ((needs >> i & 1u) != 0 && !sb_component_is_usable(core, (enum sb_component)i)) {
            *component = (enum sb_component)i;
            return SB_HOLD_DEPENDENCY;
        }
    }
    return sb_breakers_holding(core, step_def(core, run->job, run->step)) == SB_SITES_MAX ? SB_HOLD_NONE : SB_HOLD_BREAKER;
}

static void say_held(struct sb_core *core, const struct run *run)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_HELD);
    struct sb_ev_run_held *held = &event.as.run_held;
    held->run = run->id;
    held->job = run->job;
    held->hold = run->hold;
    held->component = run->hold_component;
    if (run->hold_component < SB_COMPONENT_COUNT) {
        struct sb_text text;
        sb_text_init(&text, held->detail, sizeof(held->detail));
        sb_text_add(&text, sb_component_text(run->hold_component));
        sb_text_add(&text, " is ");
        sb_text_add(&text, sb_component_state_text(core->components[run->hold_component].state));
        if (core->components[run->hold_component].reason[0] != '\0') {
            sb_text_add(&text, ": ");
            sb_text_add(&text, core->components[run->hold_component].reason);
        }
    }
    uint32_t site = sb_breakers_holding(core, step_def(core, run->job, run->step));
    if (run->hold == SB_HOLD_BREAKER && site < SB_SITES_MAX) {
        const struct site_breaker *b = &core->breakers[site];
        struct sb_text text;
        sb_text_init(&text, held->detail, sizeof(held->detail));
        sb_text_add(&text, core->setup.sites[site]);
        sb_text_add(&text, ": breaker ");
        sb_text_add(&text, sb_breaker_state_text(b->breaker.state));
        sb_text_add(&text, ", ");
        sb_text_add(&text, b->reason);
    }
    sb_core_emit(core, &event);
}

static void hold(struct sb_core *core, struct run *run, enum sb_hold why, enum sb_component component)
{
    bool is_new = run->state != SB_RUN_STATE_HELD || run->hold != why || run->hold_component != (uint8_t)component;
    sb_lanes_forget(core, run);
    sb_heap_remove(&core->workers, slot_of(core, run));
    if (run->ctx != SB_NO_CTX)
        sb_lanes_release(core, run);
    sb_run_move(core, run, SB_RUN_STATE_HELD);
    if (is_new) {
        run->hold = (uint8_t)why;
        run->hold_component = (uint8_t)component;
        run->hold_since = core->now;
        say_held(core, run);
    }
}

static void unhold(struct sb_core *core, struct run *run)
{
    if (run->state != SB_RUN_STATE_HELD)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_RELEASED);
    event.as.run_released.run = run->id;
    event.as.run_released.job = run->job;
    event.as.run_released.hold = run->hold;
    sb_run_move(core, run, SB_RUN_STATE_QUEUED);
    run->hold = SB_HOLD_NONE;
    sb_core_emit(core, &event);
}

static void say_step_ended(struct sb_core *core, const struct run *run, uint8_t step, enum sb_step_state state,
                           enum sb_class class, sb_ns duration, int64_t rows, const char *note)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_STEP_ENDED);
    struct sb_ev_step_ended *ended = &event.as.step_ended;
    ended->run = run->id;
    ended->job = run->job;
    ended->step = step;
    ended->attempt = run->attempt;
    ended->state = (uint8_t)state;
    ended->class = (uint8_t)class;
    ended->duration = duration;
    ended->rows = rows;
    note_copy(ended->text, note);
    ended->is_paced = step_def(core, run->job, step)->every > 0;
    if (ended->is_paced && state == SB_STEP_STATE_SUCCEEDED)
        core->step_done[job_def(core, run->job)->first_step + step] = core->wall.ns;
    sb_core_emit(core, &event);
}

static void finish(struct sb_core *core, struct run *run)
{
    if (run->has_failed_step) {
        char error[SB_NOTE_MAX];
        memcpy(error, run->error, sizeof(error));
        sb_run_end(core, run, SB_RUN_STATE_FAILED, (enum sb_class)run->failed_class, run->failed_step, error);
    } else {
        sb_run_end(core, run, SB_RUN_STATE_SUCCEEDED, SB_CLASS_NONE, SB_NO_STEP, "");
    }
}

static bool generation_is_closed(const struct sb_core *core, const struct run *run)
{
    return sb_budget_skips(core, step_def(core, run->job, run->step));
}

/* How long until a step with its own cadence is due again; 0 = now. A success slightly too young counts as old enough, because the grid of
 * the job and the moment of a success never meet exactly. Force-run passes schedules, this one too. */
static sb_ns not_due_for(const struct sb_core *core, const struct run *run)
{
    const struct sb_job_def *job = job_def(core, run->job);
    const struct sb_step_def *step = step_def(core, run->job, run->step);
    int64_t done = core->step_done[job->first_step + run->step];
    if (step->every == 0 || done == 0 || run->cause == SB_CAUSE_FORCE || done > core->wall.ns)
        return 0;
    sb_ns slack = job->every / 2 < step->every / 10 ? job->every / 2 : step->every / 10;
    sb_ns left = step->every - slack - (core->wall.ns - done);
    return left > 0 ? left : 0;
}

/* Why the run's next step is passed over, as a class and in words; false when it is not. */
static bool is_passed_over(const struct sb_core *core, const struct run *run, enum sb_class *class, struct sb_text *why)
{
    uint32_t missing = step_def(core, run->job, run->step)->uses & run->missing;
    sb_ns left = not_due_for(core, run);

    *class = SB_CLASS_NONE;
    if (missing != 0) {
        uint8_t first = 0;
        while ((missing >> first & 1u) == 0)
            first++;
        sb_text_add(why, "needs ");
        sb_text_add(why, step_def(core, run->job, first)->name);
        sb_text_add(why, ", which has no result in this run");
    } else if (left > 0) {
        sb_text_add(why, "due again in ");
        sb_text_add_duration(why, left);
    } else if (generation_is_closed(core, run)) {
        *class = SB_CLASS_BUDGET;
        sb_text_add(why, "generation skipped: LLM budget is ");
        sb_text_add(why, sb_tier_text(core->tier));
    } else {
        return false;
    }
    return true;
}

/* Steps that are not due, whose input is missing, or that would generate while the day's money is gone are passed over; everything else goes
 * on. Returns whether the run still has a step to do. */
static bool pass_over(struct sb_core *core, struct run *run, enum sb_class class, const char *why)
{
    say_step_ended(core, run, run->step, SB_STEP_STATE_SKIPPED, class, 0, 0, why);
    if (class == SB_CLASS_BUDGET && !step_def(core, run->job, run->step)->goes_on) {
        sb_run_end(core, run, SB_RUN_STATE_SKIPPED, class, run->step, why);
        return false;
    }
    run->missing |= 1u << run->step;
    run->step++;
    if (run->step == job_def(core, run->job)->step_count) {
        finish(core, run);
        return false;
    }
    return true;
}

/* At a step boundary a context that somebody else has a right to is given back; the run queues again with its old place. */
static void yield_if_asked(struct sb_core *core, struct run *run)
{
    if (run->ctx == SB_NO_CTX || !sb_lanes_must_yield(core, run))
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_YIELDED);
    event.as.run_yielded.run = run->id;
    event.as.run_yielded.job = run->job;
    event.as.run_yielded.step = run->step;
    event.as.run_yielded.ctx = run->ctx;
    sb_core_emit(core, &event);
    sb_lanes_release(core, run);
}

void sb_advance_place(struct sb_core *core, struct run *run)
{
    enum sb_component component;

    SB_ASSERT(run->state == SB_RUN_STATE_QUEUED || run->state == SB_RUN_STATE_HELD);
    SB_ASSERT(run->fence == 0);
    run->needs_place = false;
    if (run->ctx == SB_NO_CTX) /* a sequence on one context that lost it begins again */
        run->step = sb_lanes_sequence_start(core, run->job, run->step);
    for (;;) {
        enum sb_class class;
        char note[SB_NOTE_MAX];
        struct sb_text why;
        sb_text_init(&why, note, sizeof(note));
        if (!is_passed_over(core, run, &class, &why))
            break;
        unhold(core, run);
        if (!pass_over(core, run, class, note))
            return;
    }
    enum sb_hold why = hold_of(core, run, &component);
    if (why != SB_HOLD_NONE) {
        hold(core, run, why, component);
        sb_run_arm(core, run);
        return;
    }
    unhold(core, run);
    yield_if_asked(core, run);
    if (step_def(core, run->job, run->step)->needs_context) {
        sb_heap_remove(&core->workers, slot_of(core, run));
        if (run->ctx != SB_NO_CTX)
            sb_advance_start(core, run);
        else
            sb_lanes_want(core, run);
    } else {
        sb_lanes_forget(core, run);
        run->hold = SB_HOLD_WORKER;
        if (!sb_heap_has(&core->workers, slot_of(core, run)))
            sb_heap_set(&core->workers, slot_of(core, run), sb_queue_key(core, run), ++core->tie);
    }
    sb_run_arm(core, run);
}

static void wake_for_place(struct sb_core *core, struct run *run)
{
    run->needs_place = true;
    sb_run_arm(core, run);
}

void sb_advance_all(struct sb_core *core)
{
    /* A re-placement may emit, and one unit has room for one: each run is woken by its own timer instead. */
    for (uint32_t i = 0; i < core->run_cap; i++) {
        struct run *run = &core->runs[i];
        if (run->is_used && run->fence == 0 && (run->state == SB_RUN_STATE_HELD || run->state == SB_RUN_STATE_QUEUED))
            wake_for_place(core, run);
    }
}

static sb_ns step_limit(const struct sb_core *core, const struct run *run)
{
    const struct sb_job_def *def = job_def(core, run->job);
    sb_ns soft = sb_ns_add(core->now, step_def(core, run->job, run->step)->timeout);
    sb_ns whole = def->timeout > 0 ? sb_ns_add(run->started_at, def->timeout) : SB_NEVER;
    if (whole < core->now + SB_MS(100)) /* the run's limit is over: the step gets a last moment to say so itself */
        whole = core->now + SB_MS(100);
    return soft < whole ? soft : whole;
}

static void say_started(struct sb_core *core, struct run *run)
{
    if (run->is_started)
        return;
    run->is_started = true;
    run->started_at = core->now;
    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_STARTED);
    event.as.run_started.run = run->id;
    event.as.run_started.job = run->job;
    event.as.run_started.attempt = run->attempt;
    event.as.run_started.waited = core->now - run->queued_at;
    sb_core_emit(core, &event);
}

void sb_advance_start(struct sb_core *core, struct run *run)
{
    const struct sb_step_def *step = step_def(core, run->job, run->step);

    SB_ASSERT(run->fence == 0);
    SB_ASSERT(!step->needs_context || run->ctx != SB_NO_CTX);
    SB_ASSERT(!core->is_draining);
    say_started(core, run);
    run->fence = core->next_fence++ << FENCE_SLOT_BITS | slot_of(core, run);
    run->hold = SB_HOLD_NONE;
    run->needs_place = false;
    run->stop_why = STOP_NONE;
    run->is_hard_stopped = false;
    run->step_at = core->now;
    run->soft = step_limit(core, run);
    run->hard = sb_ns_add(run->soft, core->setup.pool->stop_grace);
    sb_run_move(core, run, SB_RUN_STATE_RUNNING);
    if (run->ctx != SB_NO_CTX)
        core->ctxs[run->ctx].deadline = run->hard;
    if (!step->needs_context)
        core->workers_busy++;

    struct sb_event event = sb_event_make(core, SB_EVENT_STEP_STARTED);
    event.as.step_started.run = run->id;
    event.as.step_started.job = run->job;
    event.as.step_started.step = run->step;
    event.as.step_started.attempt = run->attempt;
    event.as.step_started.ctx = run->ctx;
    event.as.step_started.fence = run->fence;
    event.as.step_started.timeout = run->soft - core->now;
    uint64_t seq = sb_core_emit(core, &event);

    struct sb_order order = sb_order_make(SB_ORDER_START_STEP);
    struct sb_or_start_step *start = &order.as.start_step;
    start->run = run->id;
    start->fence = run->fence;
    start->durable_seq = step->is_effect ? seq : 0;
    start->job = run->job;
    start->step = run->step;
    start->attempt = run->attempt;
    start->tier = (uint8_t)sb_budget_tier_of_call(core);
    start->ctx = run->ctx;
    start->generation = run->ctx != SB_NO_CTX ? core->ctxs[run->ctx].generation : 0;
    start->soft = run->soft;
    start->hard = run->hard;
    sb_core_order(core, &order);
    sb_run_arm(core, run);
}

bool sb_advance_workers(struct sb_core *core)
{
    uint32_t lost = core->workers_lost < core->setup.pool->workers ? core->workers_lost : core->setup.pool->workers;
    const struct sb_heap_item *top = sb_heap_top(&core->workers);
    if (top == NULL || core->workers_busy + lost >= core->setup.pool->workers)
        return false;
    struct run *run = &core->runs[top->id];
    sb_heap_remove(&core->workers, top->id);
    enum sb_component component;
    if (hold_of(core, run, &component) != SB_HOLD_NONE || generation_is_closed(core, run))
        sb_advance_place(core, run); /* something changed while it waited */
    else
        sb_advance_start(core, run);
    return true;
}

static bool class_spends_attempt(const struct run *run, enum sb_class class)
{
    if (class == SB_CLASS_RATE_LIMITED)
        return run->free_waits >= RATE_WAITS_MAX;
    return class != SB_CLASS_DEPENDENCY_DOWN || run->free_waits >= DEPENDENCY_WAITS_MAX;
}

static bool class_is_retried(enum sb_class class)
{
    return class == SB_CLASS_RETRYABLE || class == SB_CLASS_NO_CONTEXT || class == SB_CLASS_RATE_LIMITED ||
           class == SB_CLASS_DEPENDENCY_DOWN;
}

/* Where the run goes on after `step` could not finish: at that step, or from its start. */
static void step_again(const struct sb_core *core, struct run *run, uint8_t step)
{
    run->step = step;
    if (step_def(core, run->job, step)->restarts_job) {
        run->step = 0;
        run->has_failed_step = false;
        run->missing = 0;
    }
}

static void back_off(struct sb_core *core, struct run *run, uint8_t step, enum sb_class class, sb_ns retry_after,
                     const char *error)
{
    const struct sb_job_def *def = job_def(core, run->job);
    bool is_spent = class_spends_attempt(run, class);
    sb_ns delay;

    if (is_spent) {
        run->attempt++;
        run->tries++;
        run->free_waits = 0;
        delay = sb_retry_delay(core, def, run->id, run->tries);
    } else {
        run->free_waits++;
        delay = sb_retry_delay(core, def, run->id, (uint8_t)(run->free_waits + 1));
    }
    if (retry_after > delay)
        delay = retry_after;
    step_again(core, run, step);
    sb_run_move(core, run, SB_RUN_STATE_BACKOFF);
    run->hold = SB_HOLD_BACKOFF;
    run->wake = sb_ns_add(core->now, delay);

    struct sb_event event = sb_event_make(core, SB_EVENT_RUN_RETRYING);
    struct sb_ev_run_retrying *retrying = &event.as.run_retrying;
    retrying->run = run->id;
    retrying->job = run->job;
    retrying->step = run->step;
    retrying->attempt = run->attempt;
    retrying->attempts_max = (uint8_t)(run->attempt - run->tries + def->retry.attempts);
    retrying->class = (uint8_t)class;
    retrying->delay = delay;
    note_copy(retrying->error, error);
    sb_core_emit(core, &event);
    sb_run_arm(core, run);
}

void sb_advance_failed(struct sb_core *core, struct run *run, uint8_t step, enum sb_class class, sb_ns retry_after,
                       const char *error)
{
    const struct sb_job_def *def = job_def(core, run->job);

    if (run->ctx != SB_NO_CTX) /* a waiting retry holds no context */
        sb_lanes_release(core, run);
    if (class == SB_CLASS_CANCELLED)
        sb_run_end(core, run, SB_RUN_STATE_CANCELLED, class, step, error);
    else if (class_is_retried(class) && (!class_spends_attempt(run, class) || run->tries < def->retry.attempts))
        back_off(core, run, step, class, retry_after, error);
    else
        sb_run_end(core, run, SB_RUN_STATE_FAILED, class, step, error);
}

/* The run goes on with its next step: keeps its context when that step needs it too, gives it back otherwise. */
static void next_step(struct sb_core *core, struct run *run)
{
    const struct sb_job_def *def = job_def(core, run->job);
    uint8_t done = run->step;

    sb_run_move(core, run, SB_RUN_STATE_QUEUED);
    run->step++;
    if (run->step > run->furthest) { /* steps done once more are no progress: a failure behind them may not wait for free for ever */
        run->furthest = run->step;
        run->free_waits = 0;
    }
    if (run->step == def->step_count) {
        finish(core, run);
        return;
    }
    bool needs_context = step_def(core, run->job, run->step)->needs_context;
    if (run->ctx != SB_NO_CTX && !needs_context && !step_def(core, run->job, done)->keeps_context)
        sb_lanes_release(core, run);
    sb_advance_place(core, run);
}

/* What the end of a step that was being stopped means: the reason of the stop speaks first. */
static void stopped_step_ended(struct sb_core *core, struct run *run, const struct sb_in_step_done *done,
                               enum stop_why why)
{
    uint8_t step = run->step;

    switch (why) {
    case STOP_CANCEL:
        sb_run_end(core, run, SB_RUN_STATE_CANCELLED, SB_CLASS_CANCELLED, step,
                   done->state == SB_STEP_STATE_SUCCEEDED ? "cancelled; its step had finished before" : "cancelled");
        break;
    case STOP_REVOKE: /* not a failed attempt: back to its queue, at its own step */
        if (run->ctx != SB_NO_CTX)
            sb_lanes_release(core, run);
        sb_run_move(core, run, SB_RUN_STATE_QUEUED);
        step_again(core, run, step);
        sb_advance_place(core, run);
        break;
    case STOP_DRAIN: /* stays unfinished: the next start goes on with it */
        if (run->ctx != SB_NO_CTX)
            sb_lanes_release(core, run);
        core->drain_cancelled++;
        sb_run_move(core, run, SB_RUN_STATE_QUEUED);
        sb_advance_place(core, run);
        break;
    case STOP_TIMEOUT:
        sb_advance_failed(core, run, step,
                          done->class == SB_CLASS_UNCERTAIN || done->class == SB_CLASS_FATAL ? (enum sb_class)done->class
                                                                                             : SB_CLASS_RETRYABLE,
                          0, done->text[0] != '\0' ? done->text : "time limit of the step");
        break;
    case STOP_NONE:
        SB_ASSERT(why != STOP_NONE);
        break;
    }
}

static void step_failed(struct sb_core *core, struct run *run, const struct sb_in_step_done *done)
{
    const struct sb_step_def *step = step_def(core, run->job, run->step);
    bool stops = !step->goes_on || done->class == SB_CLASS_UNCERTAIN || done->class == SB_CLASS_CANCELLED;

    if (stops) {
        sb_advance_failed(core, run, run->step, (enum sb_class)done->class, done->retry_after, done->text);
        return;
    }
    if (!run->has_failed_step) {
        run->has_failed_step = true;
        run->failed_step = run->step;
        run->failed_class = done->class;
        note_copy(run->error, done->text);
    }
    run->missing |= 1u << run->step;
    next_step(core, run);
}

static void say_stale(struct sb_core *core, const struct sb_in_step_done *done)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_STEP_STALE);
    event.as.step_stale.run = done->run;
    event.as.step_stale.step = done->step;
    event.as.step_stale.fence = done->fence;
    sb_core_emit(core, &event);
    if (core->workers_lost == 0)
        return;
    core->workers_lost--;
    sb_components_engine(core);
}

void sb_advance_step_done(struct sb_core *core, const struct sb_in_step_done *done)
{
    uint32_t slot = (uint32_t)(done->fence & ((1u << FENCE_SLOT_BITS) - 1));
    struct run *run = slot < core->run_cap ? &core->runs[slot] : NULL;

    if (run == NULL || !run->is_used || run->id != done->run || run->fence != done->fence || done->fence == 0) {
        say_stale(core, done);
        return;
    }
    enum stop_why why = run->state == SB_RUN_STATE_STOPPING ? (enum stop_why)run->stop_why : STOP_NONE;
    bool is_yielded = why == STOP_REVOKE && done->state == SB_STEP_STATE_FAILED;
    struct sb_in_step_done copy = *done;
    copy.text[SB_NOTE_MAX - 1] = '\0';
    if (copy.state == SB_STEP_STATE_FAILED && copy.class == SB_CLASS_NONE)
        copy.class = SB_CLASS_FATAL;
    say_step_ended(core, run, run->step, is_yielded ? SB_STEP_STATE_YIELDED : (enum sb_step_state)copy.state,
                   (enum sb_class)copy.class, core->now - run->step_at, copy.rows, copy.text);
    if (why == STOP_NONE || why == STOP_TIMEOUT)
        sb_breakers_step_ended(core, step_def(core, run->job, run->step), &copy, core->now - run->step_at);
    run->fence = 0;
    if (!step_def(core, run->job, run->step)->needs_context)
        core->workers_busy--;
    else if (copy.state == SB_STEP_STATE_FAILED && run->ctx != SB_NO_CTX)
        core->ctxs[run->ctx].is_suspect = true; /* nobody knows what its page looks like now, or whether it is there */
    /* A revocation or time limit that lost the race against success changes nothing. */
    if (copy.state != SB_STEP_STATE_FAILED && (why == STOP_REVOKE || why == STOP_TIMEOUT || why == STOP_DRAIN))
        why = STOP_NONE;
    if (why != STOP_NONE)
        stopped_step_ended(core, run, &copy, why);
    else if (copy.state == SB_STEP_STATE_FAILED)
        step_failed(core, run, &copy);
    else if (copy.state == SB_STEP_STATE_NOTHING_TO_DO)
        finish(core, run);
    else
        next_step(core, run);
}
