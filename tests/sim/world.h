/* A scripted world around the real core in virtual time: the expected story is the test.
 *
 * Jobs and steps are built by small helpers; steps last as long as their script says and end as it says; contexts open after `open_ns`. Each event
 * kind that the test listens to becomes a line "[ms] text". */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "signalbox/base/text.h"
#include "signalbox/core/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WORLD_JOBS = 80, WORLD_STEPS = 160, WORLD_PENDING = 256, WORLD_STORY = 65536 };

/* How the n-th execution of a step ends. */
struct outcome {
    sb_ns lasts;
    enum sb_step_state state;
    enum sb_class class;
    sb_ns retry_after;
    const char *text;
};

struct pending {
    sb_ns at;
    uint64_t order;
    struct sb_input input;
};

struct world {
    struct sb_job_def jobs[WORLD_JOBS];
    struct sb_step_def steps[WORLD_STEPS];
    struct sb_zone zones[2];
    struct sb_pool_def pool;
    struct sb_budget_def budget;
    struct sb_component_def components[SB_COMPONENT_COUNT];
    struct sb_core_setup setup;
    /* script[step index][execution], the last one repeats */
    struct outcome script[WORLD_STEPS][4];
    uint32_t script_count[WORLD_STEPS], executed[WORLD_STEPS];
    bool ignores_stop[WORLD_STEPS];
    sb_ns open_ns;
    enum sb_component_state component_state[SB_COMPONENT_COUNT];
    bool is_site_down;       /* what probes of the world's sites find */
    bool is_channel_down[SB_CHANNELS_MAX];
    uint32_t messages;       /* that channels took */

    struct sb_core *core;
    void *memory;
    sb_ns now;
    int64_t wall_offset;
    struct pending pending[WORLD_PENDING];
    size_t pending_count;
    uint64_t order_count;
    struct sb_or_start_step in_flight[WORLD_PENDING];
    size_t in_flight_count;
    bool is_finished;
    bool opens_nothing, restart_heals; /* the browser: opens no context; a restart helps */
    unsigned restarts, workers_added;
    uint32_t events_total, steps_total, ends_total;

    struct sb_event *record; /* every event, when the test gives room */
    size_t record_cap, record_count;
    bool listens[SB_EVENT_COUNT];
    char story[WORLD_STORY];
    struct sb_text text;
    uint64_t next_command;
    uint64_t last_run;
};

static const struct sb_wall world_start = { 1764806400000000000 }; /* 2025-12-04T00:00:00Z */

static inline struct world *world_create(void)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    sb_zone_init_utc(&w->zones[0]);
    w->pool = (struct sb_pool_def){
        .lane_contexts = { 1, 1, 1 }, .burst = 0, .workers = 4, .policy = SB_LANE_POLICY_RECLAIM, .ageing = SB_S(60),
        .reclaim_grace = SB_S(5), .stop_grace = SB_S(5), .stuck_grace = SB_S(10), .max_uses = 25, .max_age = SB_MIN(30),
        .saturated_after = SB_S(30),
    };
    w->budget = (struct sb_budget_def){ .limit = { 5000000000 }, .high_above_pm = 800, .medium_above_pm = 400, .low_above_pm = 100 };
    w->components[SB_COMPONENT_STORE] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_REQUIRED, .is_used = true };
    w->components[SB_COMPONENT_BROWSER] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true };
    w->components[SB_COMPONENT_LLM] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true };
    for (int i = 0; i < SB_COMPONENT_COUNT; i++)
        w->component_state[i] = SB_COMPONENT_STATE_OK;
    w->open_ns = SB_MS(100);
    w->wall_offset = world_start.ns;
    w->next_command = 1;
    sb_text_init(&w->text, w->story, sizeof(w->story));
    return w;
}

static inline void world_destroy(struct world *w)
{
    free(w->memory);
    free(w);
}

/* A job that runs every `every` from `offset` on, with no step yet. */
static inline struct sb_job_def *world_job(struct world *w, const char *name, sb_ns every, sb_ns offset)
{
    struct sb_job_def *job = &w->jobs[w->setup.job_count++];
    (void)sb_copy(job->name, sizeof(job->name), name);
    job->is_enabled = true;
    job->schedule = every > 0 ? SB_SCHEDULE_EVERY : SB_SCHEDULE_NONE;
    job->every = every;
    job->offset = offset;
    job->priority = 5;
    job->misfire = SB_MISFIRE_ONCE;
    job->misfire_window = every;
    job->late_after = SB_MIN(2);
    job->queue_timeout = SB_S(60);
    job->first_step = w->setup.step_count;
    job->retry = (struct sb_retry){ .attempts = 1, .factor_pct = 200, .base = SB_S(1), .max = SB_S(30) };
    return job;
}

/* Adds a step to the job made last: lasts `lasts` and succeeds unless scripted otherwise. */
static inline struct sb_step_def *world_step(struct world *w, const char *name, bool needs_context, sb_ns lasts)
{
    uint32_t index = w->setup.step_count++;
    struct sb_step_def *step = &w->steps[index];
    (void)sb_copy(step->name, sizeof(step->name), name);
    step->kind = needs_context ? SB_STEP_KIND_BROWSE : SB_STEP_KIND_NATIVE;
    step->needs_context = needs_context;
    step->timeout = SB_S(60);
    w->jobs[w->setup.job_count - 1].step_count++;
    w->script[index][0] = (struct outcome){ .lasts = lasts, .state = SB_STEP_STATE_SUCCEEDED };
    w->script_count[index] = 1;
    return step;
}

/* How the execution number `execution` (0 = first) of that step ends. */
static inline void world_outcome(struct world *w, const struct sb_step_def *step, uint32_t execution, struct outcome outcome)
{
    uint32_t index = (uint32_t)(step - w->steps);
    assert_true(execution < SB_LEN(w->script[0]));
    for (uint32_t i = w->script_count[index]; i <= execution; i++)
        w->script[index][i] = w->script[index][w->script_count[index] - 1];
    w->script[index][execution] = outcome;
    if (w->script_count[index] <= execution)
        w->script_count[index] = execution + 1;
}

static inline void world_listen(struct world *w, enum sb_event_kind kind)
{
    w->listens[kind] = true;
}

static inline const char *world_job_name(const void *self, uint16_t job)
{
    return job < WORLD_JOBS ? ((const struct world *)self)->jobs[job].name : NULL;
}

static inline const char *world_step_name(const void *self, uint16_t job, uint8_t step)
{
    const struct world *w = self;
    return job < WORLD_JOBS && step < w->jobs[job].step_count ? w->steps[w->jobs[job].first_step + step].name : NULL;
}

static inline void world_post(struct world *w, sb_ns at, const struct sb_input *input)
{
    assert_true(w->pending_count < WORLD_PENDING);
    w->pending[w->pending_count++] = (struct pending){ at, w->order_count++, *input };
}

static inline void world_start_step(struct world *w, const struct sb_or_start_step *start)
{
    uint32_t index = w->jobs[start->job].first_step + start->step;
    uint32_t execution = w->executed[index]++;
    uint32_t last = w->script_count[index] - 1;
    const struct outcome *outcome = &w->script[index][execution < last ? execution : last];
    struct sb_input done = sb_input_make(SB_INPUT_STEP_DONE);
    done.as.step_done.run = start->run;
    done.as.step_done.fence = start->fence;
    done.as.step_done.step = start->step;
    done.as.step_done.state = (uint8_t)outcome->state;
    done.as.step_done.class = (uint8_t)outcome->class;
    done.as.step_done.retry_after = outcome->retry_after;
    (void)sb_copy(done.as.step_done.text, SB_NOTE_MAX, outcome->text != NULL ? outcome->text : "");
    world_post(w, sb_ns_add(w->now, outcome->lasts), &done);
    w->steps_total++;
    w->last_run = start->run;
}

/* A stop makes the step answer at once, cancelled, unless it is scripted to ignore stops. */
static inline void world_stop_step(struct world *w, const struct sb_or_stop_step *stop)
{
    for (size_t i = 0; i < w->pending_count; i++) {
        struct sb_in_step_done *done = &w->pending[i].input.as.step_done;
        if (w->pending[i].input.kind != SB_INPUT_STEP_DONE || done->fence != stop->fence)
            continue;
        for (uint32_t job = 0; job < w->setup.job_count; job++)
            for (uint8_t s = 0; s < w->jobs[job].step_count; s++)
                if (w->ignores_stop[w->jobs[job].first_step + s] && done->step == s)
                    return;
        w->pending[i].at = w->now + SB_MS(1);
        done->state = SB_STEP_STATE_FAILED;
        done->class = SB_CLASS_CANCELLED;
        (void)sb_copy(done->text, SB_NOTE_MAX, "stopped");
    }
}

static inline void world_order(struct world *w, const struct sb_order *order)
{
    struct sb_input input;
    switch ((enum sb_order_kind)order->kind) {
    case SB_ORDER_START_STEP:
        world_start_step(w, &order->as.start_step);
        break;
    case SB_ORDER_STOP_STEP:
        world_stop_step(w, &order->as.stop_step);
        break;
    case SB_ORDER_OPEN_CONTEXT:
        input = sb_input_make(w->opens_nothing ? SB_INPUT_CONTEXT_DOWN : SB_INPUT_CONTEXT_UP);
        if (w->opens_nothing) {
            input.as.context_down.ctx = order->as.open_context.ctx;
            input.as.context_down.generation = order->as.open_context.generation;
            (void)sb_copy(input.as.context_down.reason, SB_NOTE_MAX, "no target");
        } else {
            input.as.context_up.ctx = order->as.open_context.ctx;
            input.as.context_up.generation = order->as.open_context.generation;
        }
        world_post(w, w->now + w->open_ns, &input);
        break;
    case SB_ORDER_PROBE:
        if (order->as.probe.restart) {
            w->restarts++;
            if (w->restart_heals) {
                w->opens_nothing = false;
                w->component_state[order->as.probe.component] = SB_COMPONENT_STATE_OK;
            }
        }
        input = sb_input_make(SB_INPUT_COMPONENT);
        input.as.component.component = order->as.probe.component;
        input.as.component.state = (uint8_t)w->component_state[order->as.probe.component];
        if (input.as.component.state != SB_COMPONENT_STATE_OK)
            (void)sb_copy(input.as.component.reason, SB_NOTE_MAX, "not there");
        world_post(w, w->now + SB_MS(1), &input);
        break;
    case SB_ORDER_PROBE_SITE:
        input = sb_input_make(SB_INPUT_BREAKER_PROBED);
        input.as.breaker_probed.site = order->as.probe_site.site;
        input.as.breaker_probed.generation = order->as.probe_site.generation;
        input.as.breaker_probed.is_ok = !w->is_site_down;
        (void)sb_copy(input.as.breaker_probed.reason, SB_NOTE_MAX, w->is_site_down ? "no answer yet" : "");
        world_post(w, w->now + SB_MS(1), &input);
        break;
    case SB_ORDER_SEND_NOTICE:
        input = sb_input_make(SB_INPUT_NOTICE_DONE);
        input.as.notice_done.id = order->as.send_notice.id;
        input.as.notice_done.channel = order->as.send_notice.channel;
        input.as.notice_done.is_ok = !w->is_channel_down[order->as.send_notice.channel];
        input.as.notice_done.took = SB_MS(20);
        (void)sb_copy(input.as.notice_done.reason, SB_NOTE_MAX, input.as.notice_done.is_ok ? "" : "503");
        w->messages += input.as.notice_done.is_ok;
        world_post(w, w->now + SB_MS(20), &input);
        break;
    case SB_ORDER_ADD_WORKERS:
        w->workers_added += order->as.add_workers.count;
        break;
    case SB_ORDER_FINISH:
        w->is_finished = true;
        break;
    case SB_ORDER_CLOSE_CONTEXT:
    case SB_ORDER_COUNT:
        break;
    }
}

static inline void world_event(struct world *w, const struct sb_event *event)
{
    w->events_total++;
    w->ends_total += event->kind == SB_EVENT_RUN_ENDED ? 1u : 0u;
    if (w->record != NULL) {
        assert_true(w->record_count < w->record_cap);
        w->record[w->record_count++] = *event;
    }
    if (!w->listens[event->kind])
        return;
    struct sb_event_names names = { w, world_job_name, world_step_name };
    sb_text_add_char(&w->text, '[');
    char number[24];
    struct sb_text digits;
    sb_text_init(&digits, number, sizeof(number));
    sb_text_add_i64(&digits, event->now / SB_MS(1));
    for (size_t i = digits.len; i < 7; i++)
        sb_text_add_char(&w->text, ' ');
    sb_text_add(&w->text, number);
    sb_text_add(&w->text, "] ");
    sb_event_text(event, &names, &w->text);
    sb_text_add_char(&w->text, '\n');
}

/* Gives one input to the core at the current time, then ticks while it has leftover work. */
static inline void world_input(struct world *w, struct sb_input input)
{
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    for (int guard = 0; guard < 100000; guard++) {
        struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
        input.now = w->now;
        input.wall.ns = w->now + w->wall_offset;
        sb_core_step(w->core, &input, &out);
        sb_core_check(w->core);
        for (uint32_t i = 0; i < out.event_count; i++)
            world_event(w, &events[i]);
        for (uint32_t i = 0; i < out.order_count; i++)
            world_order(w, &orders[i]);
        if (sb_core_next_deadline(w->core) > w->now)
            return;
        input = sb_input_make(SB_INPUT_TICK);
    }
    fail_msg("the core never becomes idle at %lld ms", (long long)(w->now / SB_MS(1)));
}

static inline void world_init_core(struct world *w)
{
    w->setup.jobs = w->jobs;
    w->setup.steps = w->steps;
    w->setup.zones = w->zones;
    w->setup.zone_count = 1;
    w->setup.pool = &w->pool;
    w->setup.budget = &w->budget;
    w->setup.components = w->components;
    w->setup.seed = 1;
    w->setup.drain_grace = SB_S(30);
    size_t size = sb_core_size(&w->setup);
    w->memory = malloc(size);
    assert_non_null(w->memory);
    w->core = sb_core_init(w->memory, size, &w->setup);
}

static inline void world_begin(struct world *w)
{
    struct sb_input begin = sb_input_make(SB_INPUT_BEGIN);
    if (w->core == NULL)
        world_init_core(w);
    world_input(w, begin);
}

static inline size_t world_next(const struct world *w)
{
    size_t best = w->pending_count;
    for (size_t i = 0; i < w->pending_count; i++)
        if (best == w->pending_count || w->pending[i].at < w->pending[best].at ||
            (w->pending[i].at == w->pending[best].at && w->pending[i].order < w->pending[best].order))
            best = i;
    return best;
}

/* Lets virtual time pass until `until`. */
static inline void world_run(struct world *w, sb_ns until)
{
    for (;;) {
        size_t next = world_next(w);
        sb_ns input_at = next < w->pending_count ? w->pending[next].at : SB_NEVER;
        sb_ns deadline = sb_core_next_deadline(w->core);
        sb_ns at = input_at <= deadline ? input_at : deadline;
        if (at > until)
            break;
        w->now = at > w->now ? at : w->now;
        struct sb_input input = sb_input_make(SB_INPUT_TICK);
        if (input_at <= deadline) {
            input = w->pending[next].input;
            w->pending[next] = w->pending[--w->pending_count];
        }
        world_input(w, input);
    }
    w->now = until;
}

static inline struct sb_input world_command_input(struct world *w, enum sb_command_kind kind, uint16_t job)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMMAND);
    input.as.command = sb_command_make(kind, w->next_command++, "ana");
    input.as.command.job = job;
    return input;
}

static inline void world_command(struct world *w, enum sb_command_kind kind, uint16_t job)
{
    world_input(w, world_command_input(w, kind, job));
}

#define world_expect(w, ...) assert_string_equal((w)->story, "" __VA_ARGS__)

#endif
