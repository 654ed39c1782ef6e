/* The engine under benchmarks whose steps do nothing: dispatch and throughput, and tests/bench/queues. */
#include "noop.h"

#include "bench.h"

#include "signalbox/os/os.h"

#include <stdatomic.h>

enum { JOBS = NOOP_HERALD, AHEAD = 900, TELL_EVERY = 64, PATIENCE_S = 20 };

/* What the workers share with the section. */
static struct {
    int wake_fd;
    atomic_uint_fast64_t begun, done;
    atomic_uint_fast16_t herald;         /* the job whose runs are not counted */
    atomic_bool has_begun;               /* it has run */
    atomic_uint_fast64_t wanted;         /* wakes the section when so many are done, and at every TELL_EVERY-th */
    struct noop_arrival arrivals[NOOP_ARRIVALS_MAX];
} shared;

static void run_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    sb_ns at = sb_now();
    result->state = SB_STEP_STATE_SUCCEEDED;
    if (env->job_id == atomic_load(&shared.herald)) {
        atomic_store(&shared.has_begun, true);
        sb_wake_post(shared.wake_fd);
        return;
    }
    uint64_t number = atomic_fetch_add(&shared.begun, 1);
    if (number < NOOP_ARRIVALS_MAX)
        shared.arrivals[number] = (struct noop_arrival){ at, env->job_id };
    uint64_t done = atomic_fetch_add(&shared.done, 1) + 1;
    if (done == atomic_load(&shared.wanted) || done % TELL_EVERY == 0)
        sb_wake_post(shared.wake_fd);
}

/* The engine asks the steps room for this; here there is one kind. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    static const struct sb_step_kind_ops ops = { .name = "nothing", .run = run_step };
    (void)kind;
    return &ops;
}

static enum sb_component_state probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    (void)component;
    return sb_op_check(op, "probe", err) == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

uint64_t noop_done(void)
{
    return atomic_load(&shared.done);
}

const struct noop_arrival *noop_arrivals(void)
{
    return shared.arrivals;
}

void noop_wait(uint64_t wanted)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(PATIENCE_S) };
    struct sb_error error = { 0 };
    size_t ready;

    atomic_store(&shared.wanted, wanted);
    while (atomic_load(&shared.done) < wanted) {
        must(sb_poll_readable(&shared.wake_fd, 1, &op, &ready, &error), "waiting for steps", &error);
        sb_wake_clear(shared.wake_fd);
    }
}

struct sb_engine *noop_start(const struct jobs *jobs, struct sb_store *store)
{
    const struct sb_engine_setup setup = {
        .catalogue = &jobs->catalogue, .services = { .store = store }, .probe = probe, .version = "bench", .host = "bench",
    };
    struct sb_engine *engine = NULL;
    struct sb_error error = { 0 };

    atomic_store(&shared.herald, SB_NO_JOB);
    atomic_store(&shared.has_begun, false);
    atomic_store(&shared.begun, 0);
    atomic_store(&shared.done, 0);
    must(sb_wake_open(&shared.wake_fd, &error), "wake", &error);
    must(sb_engine_start(&engine, &setup, &error), "engine", &error);
    return engine;
}

void noop_stop(struct sb_engine *engine)
{
    sb_engine_stop(engine, false); /* a step that has told of itself may not have returned yet */
    sb_fd_close(&shared.wake_fd);
}

void noop_ask(struct sb_control *control, uint16_t job)
{
    struct sb_command command = sb_command_make(SB_COMMAND_RUN_JOB, 0, "bench");
    struct sb_error error = { 0 };

    command.job = job;
    command.confirmed = true;
    must(sb_control_command(control, command, NULL, &error), "force-run", &error);
}

void noop_wait_durable(struct sb_store *store, struct sb_engine *engine)
{
    const int none = -1;
    sb_ns patience = sb_now() + SB_S(PATIENCE_S);
    struct sb_engine_stats decided;
    struct sb_store_stats kept;
    size_t ready;

    for (;;) {
        const struct sb_op op = { .deadline = sb_now() + SB_MS(1) };
        sb_engine_stats(engine, &decided);
        store->ops->stats(store, &kept);
        if (kept.events_durable >= decided.events)
            return;
        if (sb_now() > patience)
            give_up("the store does not keep up: %llu of %llu events", (unsigned long long)kept.events_durable, (unsigned long long)decided.events);
        (void)!sb_poll_readable(&none, 1, &op, &ready, NULL);
    }
}

void noop_begin(struct sb_engine *engine, uint16_t herald)
{
    size_t ready;

    atomic_store(&shared.herald, herald);
    for (sb_ns patience = sb_now() + SB_S(PATIENCE_S); !atomic_load(&shared.has_begun);) {
        const struct sb_op op = { .deadline = sb_now() + SB_MS(20) };
        if (sb_now() > patience)
            give_up("the engine carries nothing out");
        noop_ask(sb_engine_control(engine), herald);
        (void)!sb_poll_readable(&shared.wake_fd, 1, &op, &ready, NULL);
    }
}

struct noop_rates noop_throughput(const struct noop_load *load)
{
    struct jobs jobs;
    struct sb_engine_stats stats;

    jobs_init_even(&jobs, JOBS + 1, SB_HOUR(1), 0);
    for (uint32_t i = 0; i <= JOBS; i++) {
        struct sb_job_def *job = &jobs.catalogue.jobs[i];
        job->schedule = SB_SCHEDULE_NONE;
        job->overlap = SB_OVERLAP_ALLOW; /* a worker may be off the processor between its step and the end of its run */
        job->overlap_max = 2;
        jobs.catalogue.steps[i].is_effect = load->is_effect;
    }
    jobs.catalogue.pool.workers = load->workers;
    struct sb_engine *engine = noop_start(&jobs, load->store);
    noop_begin(engine, JOBS);
    if (load->on_begun != NULL)
        load->on_begun();
    sb_ns began = sb_now();
    for (uint64_t sent = 0; sent < load->runs; sent++) {
        if (sent >= AHEAD)
            noop_wait(sent - AHEAD + 1);
        noop_ask(sb_engine_control(engine), (uint16_t)(sent % JOBS));
    }
    noop_wait(load->runs);
    if (load->store != NULL)
        noop_wait_durable(load->store, engine);
    double seconds = (double)(sb_now() - began) / 1e9;
    sb_engine_stats(engine, &stats);
    const struct noop_rates rates = { (double)load->runs / seconds, (double)stats.events / seconds };
    noop_stop(engine);
    jobs_deinit(&jobs);
    return rates;
}
