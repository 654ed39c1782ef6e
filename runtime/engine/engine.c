/* The engine's life: start (restore, build, threads), the borrowed control, stop. The owner's thread. */
#include "parts.h"

#include <stdlib.h>

enum { OUTBOX_EVENTS = 256, OUTBOX_ORDERS = 128, STOP_MARGIN_S = 2, FLUSH_LIMIT_S = 10, ID_BITS = 52 };
_Static_assert((int)OUTBOX_EVENTS >= (int)SB_OUTBOX_EVENTS_MIN && (int)OUTBOX_ORDERS >= (int)SB_OUTBOX_ORDERS_MIN, "the core's minimum");
_Static_assert((int)OUTBOX_ORDERS <= (int)SB_INBOX_OWN_MAX, "each order of a step may be answered at once");

static size_t worker_count(const struct sb_pool_def *pool)
{
    size_t count = (size_t)pool->workers + pool->burst;

    for (size_t lane = 0; lane < SB_LANE_COUNT; lane++)
        count += pool->lane_contexts[lane];
    return count > 0 ? count : 1;
}

static enum sb_err stats_init(struct sb_stats *stats, struct sb_error *err)
{
    stats->mutex = sb_mutex_create(SB_RANK_STATS);
    if (stats->mutex == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for statistics");
    sb_hist_init(&stats->step);
    sb_hist_init(&stats->dispatch);
    sb_hist_init(&stats->lateness);
    return SB_OK;
}

static enum sb_err build_core(struct sb_engine *engine, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = engine->setup.catalogue;
    uint32_t site_count = 0;
    for (; sb_catalogue_guarded(catalogue, site_count) != NULL; site_count++)
        engine->site_names[site_count] = sb_catalogue_guarded(catalogue, site_count);
    const struct sb_core_setup setup = {
        .jobs = catalogue->jobs, .job_count = catalogue->job_count, .steps = catalogue->steps, .step_count = catalogue->step_count,
        .zones = catalogue->zones, .zone_count = catalogue->zone_count, .pool = &catalogue->pool, .budget = &catalogue->budget,
        .sites = engine->site_names, .site_count = site_count,
        .alerts = catalogue->alerts.ack_for > 0 ? &catalogue->alerts : NULL, .channels = engine->setup.channels,
        .channel_count = engine->setup.channel_count,
        .components = catalogue->components, .seed = engine->boot, .drain_grace = catalogue->settings.drain,
    };
    size_t size = sb_core_size(&setup);

    engine->core_memory = calloc(1, size);
    engine->outbox.events = calloc(OUTBOX_EVENTS, sizeof(*engine->outbox.events));
    engine->outbox.orders = calloc(OUTBOX_ORDERS, sizeof(*engine->outbox.orders));
    engine->outbox.event_cap = OUTBOX_EVENTS;
    engine->outbox.order_cap = OUTBOX_ORDERS;
    if (engine->core_memory == NULL || engine->outbox.events == NULL || engine->outbox.orders == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the core of %u jobs", catalogue->job_count);
    engine->core = sb_core_init(engine->core_memory, size, &setup);
    return SB_OK;
}

/* Ids stay below 2^53, so that every reader of JSON can hold them. */
static enum sb_err draw_boot(struct sb_engine *engine, struct sb_error *err)
{
    uint64_t chance[2];
    enum sb_err rc = sb_random(chance, sizeof(chance), err);

    if (rc != SB_OK)
        return rc;
    engine->boot = (chance[0] >> (64 - ID_BITS)) | 1;
    atomic_init(&engine->control.next_id, (chance[1] >> (64 - ID_BITS)) | 1);
    return SB_OK;
}

/* Everything that has no thread yet. */
static enum sb_err build_parts(struct sb_engine *engine, struct sb_error *err)
{
    const struct sb_engine_setup *setup = &engine->setup;
    size_t workers = worker_count(&setup->catalogue->pool);
    enum sb_err rc = draw_boot(engine, err);

    if (rc == SB_OK)
        rc = stats_init(&engine->stats, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&engine->finished_fd, err);
    if (rc == SB_OK)
        rc = sb_restore_collect(&engine->restored, setup->services.store, setup->catalogue, err);
    if (rc == SB_OK)
        rc = build_core(engine, err);
    if (rc != SB_OK)
        return rc;
    engine->inbox = sb_inbox_create(err);
    if (engine->inbox == NULL || (engine->feeds = sb_feeds_create(engine->inbox, err)) == NULL ||
        (engine->control.consoles = sb_consoles_create(err)) == NULL ||
        (engine->flight = sb_flight_create(setup->flight_path, err)) == NULL ||
        /* Twice the threads: attempts that hang after their hard stop keep their place, and the core goes on without them. */
        (engine->attempts = sb_attempts_create(2 * workers + 64, err)) == NULL ||
        (engine->outputs = sb_outputs_create(setup->catalogue, setup->services.store, err)) == NULL ||
        (engine->identities = sb_identities_create(setup->catalogue, setup->services.browser, err)) == NULL ||
        (engine->journal = sb_journal_create(setup->services.store, engine->inbox, err)) == NULL ||
        (setup->open_hands != NULL && (engine->lender = sb_lender_create(engine, err)) == NULL))
        return err->code;
    engine->control.inbox = engine->inbox;
    engine->control.feeds = engine->feeds;
    engine->control.engine = engine;
    engine->services = setup->services;
    engine->services.live_fence = sb_restore_live_fence(&engine->restored);
    engine->services.catalogue = setup->catalogue;
    engine->services.control = &engine->control;
    return SB_OK;
}

static enum sb_err start_threads(struct sb_engine *engine, struct sb_error *err)
{
    const struct sb_engine_setup *setup = &engine->setup;
    const struct sb_keeper_setup keeper = {
        .browser = setup->services.browser, .catalogue = setup->catalogue, .probe = setup->probe,
        .probe_site = setup->probe_site, .probe_arg = setup->probe_arg, .inbox = engine->inbox,
    };

    engine->keeper = sb_keeper_create(&keeper, err);
    if (engine->keeper == NULL)
        return err->code;
    engine->workers = sb_workers_create(engine, worker_count(&setup->catalogue->pool), err);
    if (engine->workers == NULL)
        return err->code;
    const struct sb_notifier_setup notifier = { .send = setup->send_notice, .arg = setup->send_arg, .inbox = engine->inbox };
    engine->notifier = sb_notifier_create(&notifier, setup->channel_count, err);
    if (engine->notifier == NULL)
        return err->code;
    sb_journal_attach(engine->journal, engine->workers, engine->notifier);
    return sb_thread_start(&engine->core_thread, "sb-core", sb_core_thread_main, engine, err);
}

/* No thread of the engine runs any more. */
static void destroy(struct sb_engine *engine)
{
    sb_keeper_destroy(engine->keeper);
    sb_journal_destroy(engine->journal); /* it tells the notifier what is on disk */
    sb_notifier_destroy(engine->notifier);
    sb_workers_destroy(engine->workers);
    sb_lender_destroy(engine->lender);
    sb_outputs_destroy(engine->outputs);
    sb_identities_destroy(engine->identities);
    sb_attempts_destroy(engine->attempts);
    sb_flight_destroy(engine->flight);
    sb_feeds_destroy(engine->feeds);
    sb_consoles_destroy(engine->control.consoles);
    sb_inbox_destroy(engine->inbox);
    sb_fd_close(&engine->finished_fd);
    sb_mutex_destroy(engine->stats.mutex);
    free(engine->restored.inputs);
    free(engine->outbox.events);
    free(engine->outbox.orders);
    free(engine->core_memory);
    free(engine);
}

enum sb_err sb_engine_start(struct sb_engine **engine, const struct sb_engine_setup *setup, struct sb_error *err)
{
    struct sb_engine *fresh = calloc(1, sizeof(*fresh));
    struct sb_error unread;

    if (err == NULL)
        err = &unread; /* the parts tell their code in it */
    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the engine");
    fresh->setup = *setup;
    fresh->finished_fd = -1;
    struct sb_feed *first = NULL;
    enum sb_err rc = build_parts(fresh, err);
    if (rc == SB_OK && setup->first_feed != NULL)
        rc = sb_feeds_open_first(fresh->feeds, &first, err);
    if (rc == SB_OK)
        rc = start_threads(fresh, err);
    if (rc != SB_OK) {
        sb_feed_close(first);
        destroy(fresh);
        return rc;
    }
    if (setup->first_feed != NULL)
        *setup->first_feed = first;
    *engine = fresh;
    return SB_OK;
}

struct sb_control *sb_engine_control(struct sb_engine *engine)
{
    return &engine->control;
}

int sb_engine_finished_fd(const struct sb_engine *engine)
{
    return engine->finished_fd;
}

enum sb_err sb_engine_flight_dump(struct sb_engine *engine, const char *path, struct sb_error *err)
{
    return sb_flight_dump(engine->flight, path, err);
}

static void ask_drain(struct sb_engine *engine, bool hurry)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMMAND);

    input.as.command = sb_command_make(SB_COMMAND_DRAIN, atomic_fetch_add(&engine->control.next_id, 1), "engine");
    input.as.command.confirmed = hurry;
    sb_inbox_post_result(engine->inbox, &input); /* however full the inbox is of wishes */
}

/* Waits until nothing runs any more, as long as the core's own limits take at most. A hurried core stops everything hard at once. */
static void await_finish(struct sb_engine *engine, bool hurry)
{
    const struct sb_catalogue *catalogue = engine->setup.catalogue;
    sb_ns grace = hurry ? 0 : sb_ns_add(catalogue->settings.drain, catalogue->pool.stop_grace);
    sb_ns limit = sb_ns_add(sb_ns_add(grace, catalogue->pool.stuck_grace), SB_S(STOP_MARGIN_S));
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), limit) };
    struct sb_error error;
    size_t ready = 0;

    if (sb_poll_readable(&engine->finished_fd, 1, &op, &ready, &error) != SB_OK)
        sb_log(SB_LOG_WARN, "engine", "steps are still running after the drain; they are ended now");
}

void sb_engine_stop(struct sb_engine *engine, bool hurry)
{
    if (engine == NULL)
        return;
    if (!atomic_load(&engine->is_finished)) {
        ask_drain(engine, hurry);
        await_finish(engine, hurry);
    }
    /* From here on no step begins, and those which run are cancelled, their fences revoked. */
    atomic_store(&engine->is_ending, true);
    sb_attempts_stop_all(engine->attempts);
    sb_journal_release(engine->journal, 0);
    for (uint16_t ctx = 0; ctx < SB_CONTEXTS_MAX; ctx++)
        sb_keeper_close(engine->keeper, ctx, 0);
    sb_workers_stop(engine->workers);
    sb_keeper_detach(engine->keeper);
    /* The last answers are in the inbox; the core hears them before its thread ends. */
    sb_inbox_stop(engine->inbox);
    sb_thread_join(engine->core_thread);
    engine->core_thread = NULL;
    sb_journal_release(engine->journal, 0);
    if (!sb_journal_flush(engine->journal, sb_ns_add(sb_now(), SB_S(FLUSH_LIMIT_S))))
        sb_log(SB_LOG_ERROR, "engine", "the store did not confirm the last events; closing it will try again");
    sb_journal_detach(engine->journal);
    destroy(engine);
}

void sb_engine_stats(struct sb_engine *engine, struct sb_engine_stats *stats)
{
    sb_mutex_lock(engine->stats.mutex);
    *stats = (struct sb_engine_stats){
        .inputs = engine->stats.inputs,
        .events = engine->stats.events,
        .orders = engine->stats.orders,
        .steps_run = engine->stats.steps_run,
        .step_p50 = sb_hist_permille(&engine->stats.step, 500),
        .step_p99 = sb_hist_permille(&engine->stats.step, 990),
        .dispatch_p50 = sb_hist_permille(&engine->stats.dispatch, 500),
        .dispatch_p99 = sb_hist_permille(&engine->stats.dispatch, 990),
        .lateness_p50 = sb_hist_permille(&engine->stats.lateness, 500),
        .lateness_p99 = sb_hist_permille(&engine->stats.lateness, 990),
    };
    sb_mutex_unlock(engine->stats.mutex);
}
