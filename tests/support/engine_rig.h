/* An engine with the real core around a catalogue made in memory, step kinds made by the test, a fake store and a fake browser. The
 * test listens to a feed and waits for events; nothing sleeps. One rig at a time. Header only; the program is one test file. */
#ifndef SIGNALBOX_TEST_ENGINE_RIG_H
#define SIGNALBOX_TEST_ENGINE_RIG_H

#include "signalbox/engine/engine.h"
#include "signalbox/os/os.h"

#include "fake_store.h"
#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

enum { RIG_JOBS_MAX = 8, RIG_STEPS_MAX = 32, RIG_LOG_MAX = 65536 };

/* ---- a browser which opens contexts at once, and dies when told ---- */
struct rig_browser {
    struct sb_browser port; /* first */
    struct sb_mutex *mutex;
    unsigned open, opened, closed; /* guarded */
    bool refuses;                  /* guarded */
    void *arg;
    void (*on_exit)(void *arg, const char *reason);
};
struct sb_context {
    struct rig_browser *browser;
    const char *proxy;
    char memory[128];              /* what recall put in, and remember gives; a step may write into it */
    uint32_t blocked;
    atomic_bool is_gone;
    int gone_fd; /* readable once closed */
    struct sb_context *next;
};

struct rig {
    struct sb_catalogue catalogue;
    struct sb_job_def jobs[RIG_JOBS_MAX];
    struct sb_step_def steps[RIG_STEPS_MAX];
    struct sb_step_params params[RIG_STEPS_MAX];
    struct sb_zone zone;
    struct sb_engine_setup setup;
    struct fake_store *store;
    struct rig_browser browser;
    struct sb_context *all_contexts; /* freed at the end: a closed one still answers "gone" */
    struct sb_engine *engine;
    struct sb_feed *feed;
    struct sb_event *log; /* [RIG_LOG_MAX] */
    size_t log_count, log_seen, gaps;
    /* what the step of a kind does; NULL succeeds */
    void (*on_step[SB_STEP_KIND_COUNT])(const struct sb_step_env *env, struct sb_step_result *result);
    void *arg; /* for those */
};
static struct rig rig;

static inline void rig_run_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    result->state = SB_STEP_STATE_SUCCEEDED;
    if (rig.on_step[env->step->kind] != NULL)
        rig.on_step[env->step->kind](env, result);
}

const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    static const struct sb_step_kind_ops ops = { .name = "rig", .run = rig_run_step };

    (void)kind;
    return &ops;
}

static inline enum sb_err rig_context_open(struct sb_browser *browser, const char *const *hosts, size_t host_count, const struct sb_op *op,
                                           struct sb_context **context, struct sb_error *err)
{
    struct rig_browser *self = (struct rig_browser *)browser;

    (void)hosts;
    (void)host_count;
    enum sb_err rc = sb_op_check(op, "open", err);
    sb_mutex_lock(self->mutex);
    if (rc == SB_OK && self->refuses)
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "no browser here");
    if (rc == SB_OK) {
        struct sb_context *fresh = calloc(1, sizeof(*fresh));
        fresh->browser = self;
        rc = sb_wake_open(&fresh->gone_fd, err);
        fresh->next = rig.all_contexts;
        rig.all_contexts = fresh;
        self->open++;
        self->opened++;
        *context = fresh;
    }
    sb_mutex_unlock(self->mutex);
    return rc;
}

static inline void rig_context_close(struct sb_browser *browser, struct sb_context *context)
{
    struct rig_browser *self = (struct rig_browser *)browser;

    sb_mutex_lock(self->mutex);
    self->open--;
    self->closed++;
    sb_mutex_unlock(self->mutex);
    atomic_store(&context->is_gone, true);
    sb_wake_post(context->gone_fd);
}

static inline enum sb_err rig_context_open_through(struct sb_browser *browser, const char *proxy, const char *const *hosts, size_t host_count,
                                                   const struct sb_op *op, struct sb_context **context, struct sb_error *err)
{
    enum sb_err rc = rig_context_open(browser, hosts, host_count, op, context, err);

    if (rc == SB_OK)
        (*context)->proxy = proxy;
    return rc;
}

static inline enum sb_err rig_block(struct sb_context *context, uint32_t kinds, const struct sb_op *op, struct sb_error *err)
{
    context->blocked = kinds;
    return sb_op_check(op, "block", err);
}

static inline enum sb_err rig_remember(struct sb_context *context, const char *const *hosts, size_t host_count, const char *before,
                                       const struct sb_op *op, char **memory, struct sb_error *err)
{
    (void)hosts;
    (void)host_count;
    (void)before;
    *memory = strdup(context->memory[0] != '\0' ? context->memory : "{\"cookies\":[],\"storage\":{}}");
    return sb_op_check(op, "remember", err);
}

static inline enum sb_err rig_recall(struct sb_context *context, const char *memory, const struct sb_op *op, struct sb_error *err)
{
    assert_true(sb_copy(context->memory, sizeof(context->memory), memory));
    return sb_op_check(op, "recall", err);
}

static inline void rig_set_callback(struct sb_browser *browser, void *arg, void (*on_exit)(void *arg, const char *reason))
{
    struct rig_browser *self = (struct rig_browser *)browser;

    self->arg = arg;
    self->on_exit = on_exit;
}

static inline enum sb_component_state rig_probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    (void)component;
    return sb_op_check(op, "probe", err) == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

static inline void rig_init(void)
{
    static const struct sb_browser_ops ops = {
        .open = rig_context_open, .close_context = rig_context_close, .set_callback = rig_set_callback, .block = rig_block,
        .remember = rig_remember, .recall = rig_recall, .open_through = rig_context_open_through,
    };
    struct sb_catalogue *catalogue = &rig.catalogue;

    memset(&rig, 0, sizeof(rig));
    rig.log = calloc(RIG_LOG_MAX, sizeof(*rig.log));
    assert_non_null(rig.log);
    rig.browser.port.ops = &ops;
    rig.browser.mutex = sb_mutex_create(SB_RANK_BROWSER);
    assert_non_null(rig.browser.mutex);
    rig.store = fake_store_open();
    sb_zone_init_utc(&rig.zone);
    catalogue->name = "rig";
    catalogue->jobs = rig.jobs;
    catalogue->steps = rig.steps;
    catalogue->params = rig.params;
    catalogue->zones = &rig.zone;
    catalogue->zone_count = 1;
    catalogue->pool = (struct sb_pool_def){
        .lane_contexts = { 0, 0, 0 }, .workers = 2, .policy = SB_LANE_POLICY_RECLAIM, .ageing = SB_S(60), .reclaim_grace = SB_S(5),
        .stop_grace = SB_S(20), .stuck_grace = SB_S(20), .max_uses = 25, .max_age = SB_MIN(30), .saturated_after = SB_S(30),
    };
    catalogue->budget = (struct sb_budget_def){ .limit = { 5 * SB_USD_NANO }, .high_above_pm = 800, .medium_above_pm = 400, .low_above_pm = 100 };
    catalogue->settings.drain = SB_S(20);
    rig.setup = (struct sb_engine_setup){ .catalogue = catalogue, .probe = rig_probe, .checks_core = true, .version = "test", .host = "here" };
}

/* A job without a schedule and without steps yet. */
static inline struct sb_job_def *rig_job(const char *name)
{
    struct sb_job_def *job = &rig.jobs[rig.catalogue.job_count++];

    (void)sb_copy(job->name, sizeof(job->name), name);
    job->is_enabled = true;
    job->schedule = SB_SCHEDULE_NONE;
    job->category = SB_CATEGORY_NONE;
    job->priority = 5;
    job->late_after = SB_HOUR(1);
    job->queue_timeout = SB_S(60);
    job->overlap = SB_OVERLAP_ALLOW;
    job->overlap_max = 255;
    job->misfire = SB_MISFIRE_SKIP;
    job->first_step = rig.catalogue.step_count;
    job->retry = (struct sb_retry){ .attempts = 1, .factor_pct = 200, .base = SB_MS(1), .max = SB_S(1) };
    return job;
}

/* Adds a step to the job made last. */
static inline struct sb_step_def *rig_step(const char *name, enum sb_step_kind kind)
{
    struct sb_step_def *step = &rig.steps[rig.catalogue.step_count++];

    (void)sb_copy(step->name, sizeof(step->name), name);
    step->kind = (uint8_t)kind;
    step->timeout = SB_S(60);
    rig.jobs[rig.catalogue.job_count - 1].step_count++;
    return step;
}

static inline void rig_use_browser(void)
{
    rig.setup.services.browser = &rig.browser.port;
    rig.catalogue.pool.lane_contexts[SB_LANE_LOW] = 1;
    rig.catalogue.components[SB_COMPONENT_BROWSER] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true };
}

static inline void rig_start(void)
{
    struct sb_error error = { .text = "" };

    rig.setup.services.store = &rig.store->port;
    if (sb_engine_start(&rig.engine, &rig.setup, &error) != SB_OK)
        fail_msg("engine: %s", error.text);
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &rig.feed, &error), SB_OK);
}

static inline void rig_stop(bool hurry)
{
    sb_feed_close(rig.feed);
    rig.feed = NULL;
    sb_engine_stop(rig.engine, hurry);
    rig.engine = NULL;
}

static inline void rig_deinit(void)
{
    if (rig.engine != NULL)
        rig_stop(true);
    rig.store->port.ops->close(&rig.store->port);
    while (rig.all_contexts != NULL) {
        struct sb_context *next = rig.all_contexts->next;
        sb_fd_close(&rig.all_contexts->gone_fd);
        free(rig.all_contexts);
        rig.all_contexts = next;
    }
    sb_mutex_destroy(rig.browser.mutex);
    free(rig.log);
}

/* Takes what waits in the feed into the log; a gap starts it anew. */
static inline void rig_take(void)
{
    const struct sb_op op = test_op();
    size_t ready = 0;
    bool is_gap = false;
    const int fd = sb_feed_fd(rig.feed);
    enum sb_err rc = sb_poll_readable(&fd, 1, &op, &ready, NULL);

    if (rc != SB_OK)
        fail_msg("no event within the test's patience");
    size_t count = sb_feed_take(rig.feed, rig.log + rig.log_count, RIG_LOG_MAX - rig.log_count, &is_gap);
    if (is_gap) {
        rig.gaps++;
        memmove(rig.log, rig.log + rig.log_count, count * sizeof(*rig.log));
        rig.log_count = rig.log_seen = 0;
    }
    rig.log_count += count;
}

/* The next event of that kind after the last one that was waited for. */
static inline const struct sb_event *rig_wait(enum sb_event_kind kind)
{
    for (;;) {
        while (rig.log_seen < rig.log_count)
            if (rig.log[rig.log_seen++].kind == kind)
                return &rig.log[rig.log_seen - 1];
        rig_take();
    }
}

/* Until that component is in that state, by whatever event; returns the last one about it. */
static inline const struct sb_event *rig_wait_component(enum sb_component component, enum sb_component_state state)
{
    for (;;) {
        const struct sb_event *last = NULL;
        for (size_t i = 0; i < rig.log_count; i++)
            if (rig.log[i].kind == SB_EVENT_COMPONENT_CHANGED && rig.log[i].as.component_changed.component == component)
                last = &rig.log[i];
        if (last != NULL && last->as.component_changed.state == state)
            return last;
        rig_take();
    }
}

/* How many events of that kind the log holds. */
static inline size_t rig_count(enum sb_event_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < rig.log_count; i++)
        count += rig.log[i].kind == kind;
    return count;
}

static inline uint64_t rig_command(enum sb_command_kind kind, uint16_t job, uint64_t run)
{
    struct sb_command command = sb_command_make(kind, 0, "test");
    uint64_t id = 0;

    command.job = job;
    command.run = run;
    command.confirmed = true;
    assert_int_equal(sb_control_command(sb_engine_control(rig.engine), command, &id, NULL), SB_OK);
    return id;
}

/* Has the engine come up? Everything before is the announcement. */
static inline void rig_wait_begun(void)
{
    (void)rig_wait(SB_EVENT_DESCRIBED);
}

/* Starts a run of the job and returns its number. */
static inline uint64_t rig_run_job(uint16_t job)
{
    (void)rig_command(SB_COMMAND_RUN_JOB, job, 0);
    return rig_wait(SB_EVENT_RUN_QUEUED)->as.run_queued.run;
}

#endif
