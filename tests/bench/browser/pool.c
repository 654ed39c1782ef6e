/* The runtime under saturation: the real engine and core, a store on disk, contexts of a real Chromium. Each background job is asked for
 * again when its run has ended, so 20 always wait; each posting is one step marked as an effect, which therefore never runs on a borrowed
 * context and begins only when the decision is on disk. */
#include "peers.h"

#include "signalbox/engine/engine.h"
#include "signalbox/os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSTING_JOBS = 16, BACKGROUND_JOBS = PEER_WAITING + PEER_CONTEXTS, JOBS = POSTING_JOBS + BACKGROUND_JOBS,
       STEPS = POSTING_JOBS + BACKGROUND_JOBS * PEER_STEPS, TAKE_MAX = 256, POSTINGS_MAX = 4096 };

static struct {
    const char *base;
    struct sb_browser *browser;
    struct sb_job_def jobs[JOBS];
    struct sb_step_def steps[STEPS];
    struct sb_step_params params[STEPS];
    struct sb_zone zone;
    struct sb_catalogue catalogue;
    struct sb_engine *engine;
    struct sb_feed *feed;
    bool is_described, is_measured;
    struct peer_pool pool;
    sb_ns asked[POSTINGS_MAX];
    atomic_size_t begun;
    _Atomic sb_ns began[POSTINGS_MAX];
    unsigned bursts, borrowed, yields, revoked, opened;
    sb_ns granted[POSTINGS_MAX]; /* how long the core made a posting wait for its context */
    size_t granted_count;
} all;

/* ---- the steps ---- */

static void run_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error error = { 0 };

    result->state = SB_STEP_STATE_SUCCEEDED;
    if (env->step->is_effect) {
        size_t number = atomic_fetch_add(&all.begun, 1); /* they begin in the order they were asked for: one lane, one priority */
        if (number < POSTINGS_MAX)
            atomic_store(&all.began[number], sb_now());
        peer_read_rows(all.browser, env->context, all.base);
        return;
    }
    if (peer_background_step(all.browser, env->context, all.base, peer_step_ms(env->run * PEER_STEPS + env->step_id), &env->op, &error) == SB_OK)
        return;
    result->state = SB_STEP_STATE_FAILED;
    result->class = error.code == SB_ERR_CANCELLED ? SB_CLASS_CANCELLED : SB_CLASS_FATAL;
    (void)sb_copy(result->text, sizeof(result->text), error.text);
}

/* The engine asks the steps room for this; here there is one kind. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    static const struct sb_step_kind_ops ops = { .name = "visit", .run = run_step };
    (void)kind;
    return &ops;
}

/* ---- the catalogue ---- */

static void add_job(const char *kind, uint8_t category, uint8_t priority, uint8_t steps, bool is_effect)
{
    struct sb_catalogue *catalogue = &all.catalogue;
    struct sb_job_def *job = &all.jobs[catalogue->job_count];

    (void)snprintf(job->name, sizeof(job->name), "%s_%u", kind, (unsigned)catalogue->job_count++);
    job->is_enabled = true;
    job->schedule = SB_SCHEDULE_NONE;
    job->category = category;
    job->priority = priority;
    job->late_after = job->queue_timeout = SB_HOUR(1);
    job->overlap = SB_OVERLAP_ALLOW;
    job->overlap_max = 255;
    job->first_step = catalogue->step_count;
    job->step_count = steps;
    job->retry = (struct sb_retry){ .attempts = 1, .factor_pct = 200, .base = SB_S(1), .max = SB_S(1) };
    for (unsigned i = 0; i < steps; i++) {
        struct sb_step_def *step = &all.steps[catalogue->step_count++];
        (void)snprintf(step->name, sizeof(step->name), "step_%u", i);
        step->kind = SB_STEP_KIND_NATIVE;
        step->needs_context = true;
        step->is_effect = is_effect;
        step->timeout = SB_S(PEER_PATIENCE_S);
    }
}

static void make_catalogue(void)
{
    struct sb_catalogue *catalogue = &all.catalogue;

    sb_zone_init_utc(&all.zone);
    *catalogue = (struct sb_catalogue){ .name = "peers", .jobs = all.jobs, .steps = all.steps, .params = all.params, .zones = &all.zone,
                                        .zone_count = 1 };
    catalogue->pool = (struct sb_pool_def){
        .lane_contexts = { 1, 1, 1 }, .burst = 1, .burst_kept = 1, .workers = 1,
        .policy = SB_LANE_POLICY_RECLAIM, .ageing = SB_S(60), .reclaim_grace = SB_S(5),
        .stop_grace = SB_S(20), .stuck_grace = SB_S(20), .max_uses = 25, .max_age = SB_MIN(30), .saturated_after = SB_HOUR(1),
    };
    catalogue->budget = (struct sb_budget_def){ .limit = { 5 * SB_USD_NANO }, .high_above_pm = 800, .medium_above_pm = 400, .low_above_pm = 100 };
    catalogue->components[SB_COMPONENT_BROWSER] =
        (struct sb_component_def){ .class = SB_COMPONENT_CLASS_IMPORTANT, .is_used = true, .probe_every = SB_S(30) };
    catalogue->settings.drain = SB_S(5);
    for (int i = 0; i < POSTING_JOBS; i++)
        add_job("posting", SB_CATEGORY_POSTING, 0, 1, true);
    for (int i = 0; i < BACKGROUND_JOBS; i++)
        add_job("background", SB_CATEGORY_BACKGROUND, 8, PEER_STEPS, false);
}

static enum sb_component_state probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    enum sb_err rc = component == SB_COMPONENT_BROWSER ? all.browser->ops->check(all.browser, op, err) : sb_op_check(op, "probe", err);
    return rc == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

/* ---- what happens ---- */

static void ask(size_t job)
{
    struct sb_command command = sb_command_make(SB_COMMAND_RUN_JOB, 0, "bench");
    struct sb_error error = { 0 };

    command.job = (uint16_t)job;
    command.confirmed = true;
    must(sb_control_command(sb_engine_control(all.engine), command, NULL, &error), "run", &error);
}

static void look(const struct sb_event *event)
{
    const struct sb_ev_lease_granted *granted = &event->as.lease_granted;

    if (event->kind == SB_EVENT_DESCRIBED)
        all.is_described = true;
    if (event->kind == SB_EVENT_COMMAND_REFUSED)
        give_up("a run was refused: %s", event->as.command_refused.outcome);
    if (event->kind == SB_EVENT_RUN_ENDED && event->as.run_ended.state != SB_RUN_STATE_SUCCEEDED)
        give_up("a run failed: %s", event->as.run_ended.error);
    if (event->kind == SB_EVENT_RUN_ENDED && event->as.run_ended.job >= POSTING_JOBS) {
        all.pool.background += all.is_measured;
        ask(event->as.run_ended.job);
    }
    if (!all.is_measured)
        return;
    all.yields += event->kind == SB_EVENT_LEASE_YIELD_ASKED;
    all.revoked += event->kind == SB_EVENT_LEASE_REVOKED;
    all.opened += event->kind == SB_EVENT_CONTEXT_CHANGED && event->as.context_changed.state == SB_CTX_STATE_OPENING;
    if (event->kind == SB_EVENT_LEASE_GRANTED) {
        all.bursts += granted->is_burst;
        all.borrowed += granted->is_borrowed;
        if (granted->job < POSTING_JOBS && all.granted_count < POSTINGS_MAX)
            all.granted[all.granted_count++] = granted->waited;
    }
}

/* Takes events until then, or until the catalogue is announced. */
static void listen_until(sb_ns at, bool ends_described)
{
    static struct sb_event events[TAKE_MAX];
    const int fd = sb_feed_fd(all.feed);
    const struct sb_op op = { .deadline = at };

    while (sb_now() < at && !(ends_described && all.is_described)) {
        size_t ready;
        bool is_gap = false;
        if (sb_poll_readable(&fd, 1, &op, &ready, NULL) != SB_OK)
            continue;
        size_t count = sb_feed_take(all.feed, events, TAKE_MAX, &is_gap);
        if (is_gap && all.is_described)
            give_up("the feed lost events");
        for (size_t i = 0; i < count; i++)
            look(&events[i]);
    }
}

static int compare(const void *a, const void *b)
{
    sb_ns left = *(const sb_ns *)a, right = *(const sb_ns *)b;
    return left < right ? -1 : left > right;
}

static void tell(void)
{
    size_t begun = atomic_load(&all.begun);
    struct sb_browser_stats stats;

    for (size_t i = 0; i < begun && i < all.pool.asked; i++)
        all.pool.waits[all.pool.count++] = atomic_load(&all.began[i]) - all.asked[i];
    peer_tell_pool(&all.pool);
    all.browser->ops->stats(all.browser, &stats);
    qsort(all.granted, all.granted_count, sizeof(all.granted[0]), compare);
    (void)printf("{\"part\":\"detail\",\"who\":\"signalbox\",\"burst leases\":%u,\"borrowed leases\":%u,\"yields asked\":%u,\"revoked\":%u,"
                 "\"contexts opened\":%u,\"crashes\":%u,\"wait for the lease alone p50 ms\":%.1f}\n",
                 all.bursts, all.borrowed, all.yields, all.revoked, all.opened, (unsigned)stats.crashes,
                 all.granted_count > 0 ? (double)all.granted[(all.granted_count - 1) / 2] / 1e6 : 0);
}

static void start(struct sb_store **store, char *folder, size_t cap)
{
    const char *root = getenv("TMPDIR");
    char location[320];
    struct sb_error error = { 0 };

    (void)snprintf(folder, cap, "%s/sb-pool-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(folder) == NULL)
        give_up("no folder %s", folder);
    (void)snprintf(location, sizeof(location), "sqlite:%s/store.db", folder);
    must(sb_store_open(store, location, &error), "store", &error);
    const struct sb_engine_setup setup = { .catalogue = &all.catalogue, .services = { .store = *store, .browser = all.browser }, .probe = probe,
                                           .version = "bench", .host = "bench" };
    must(sb_engine_start(&all.engine, &setup, &error), "engine", &error);
    must(sb_feed_open(sb_engine_control(all.engine), &all.feed, &error), "feed", &error);
    listen_until(sb_now() + SB_S(PEER_PATIENCE_S), true);
}

void peer_run_engine(const char *base, unsigned seconds)
{
    struct sb_store *store = NULL;
    char folder[256];
    struct sb_error error = { 0 };

    if (seconds > POSTINGS_MAX)
        give_up("at most %d seconds", POSTINGS_MAX);
    all.base = base;
    all.browser = peer_browser();
    all.pool = (struct peer_pool){ .who = "signalbox", .waits = calloc(seconds, sizeof(sb_ns)), .cap = seconds, .seconds = seconds };
    if (all.pool.waits == NULL)
        give_up("no memory");
    make_catalogue();
    start(&store, folder, sizeof(folder));
    for (size_t i = 0; i < BACKGROUND_JOBS; i++)
        ask(POSTING_JOBS + i);
    sb_ns begun = sb_now() + SB_S(PEER_WARM_UP_S);
    listen_until(begun, false);
    all.is_measured = true;
    for (unsigned i = 0; i < seconds; i++) {
        all.asked[all.pool.asked++] = sb_now();
        ask(i % POSTING_JOBS);
        listen_until(begun + SB_S(i + 1), false);
    }
    all.is_measured = false;
    tell();
    sb_feed_close(all.feed);
    sb_engine_stop(all.engine, true);
    all.browser->ops->close(all.browser);
    store->ops->close(store);
    must(sb_dir_remove(folder, &error), "folder", &error);
    free(all.pool.waits);
}
