/* The keeper: opens and closes browser contexts and probes components, on a few threads of its own, because each of that may take
 * seconds and the core must not wait.
 *
 * There is no queue. Each context has a wanted and an actual state, each component a wish to be probed, and a free thread takes the
 * first difference it finds: orders can neither pile up nor overtake each other. Contexts come before probes, and probes never take
 * the last two threads. */
#include "parts.h"

#include <stdlib.h>

enum { OPEN_LIMIT_S = 30, PROBE_LIMIT_S = 15, PROBES_AT_ONCE = SB_KEEPER_THREADS - 2, HOSTS_MAX = 64 };

/*            order open                 opened: context_up
 *   EMPTY ---------------> (opening) ---------------------> OPEN
 *     ^                        | failed: context_down         | order close, lost, hard stop, end
 *     +------------------------+<-------- (closing) <---------+
 * "opening" and "closing" are is_busy; only the thread that set it touches the slot then. */
struct slot {
    struct sb_context *context;  /* NULL: EMPTY */
    const char *proxy;           /* of `context`: a text of the catalogue, NULL = none */
    uint32_t generation;         /* of `context` */
    uint32_t wanted;             /* generation to be opened */
    bool is_wanted, is_busy;
    bool is_lost;                /* the browser died under it */
    struct sb_cancel *opening;   /* token of the open under way */
};

struct sb_keeper {
    struct sb_keeper_setup setup;
    const char *hosts[HOSTS_MAX];  /* what any site may load, never changes */
    size_t host_count;
    struct sb_relay *relay;        /* what the browser calls */
    struct sb_mutex *mutex;
    struct sb_cond *news;
    struct sb_cancel *ending;      /* calls probes off */
    struct sb_pulse pulse;
    struct sb_thread *threads[SB_KEEPER_THREADS];
    size_t thread_count;
    struct sb_usage_seen seen[SB_CONTEXTS_MAX]; /* of the thread that probes the browser: there is one at a time */
    /* guarded by mutex */
    struct slot slots[SB_CONTEXTS_MAX];
    bool is_probe_wanted[SB_COMPONENT_COUNT], is_probing[SB_COMPONENT_COUNT];
    bool is_restart_wanted;        /* of the browser, with its next probe */
    bool is_site_wanted[SB_SITES_MAX];
    uint32_t site_generation[SB_SITES_MAX]; /* of the probe that is wanted */
    unsigned probing, deaths;      /* deaths of the browser */
    bool is_stopping;
};

enum task_kind { TASK_NONE, TASK_OPEN, TASK_CLOSE, TASK_PROBE, TASK_PROBE_SITE };

struct task {
    enum task_kind kind;
    uint16_t ctx;
    uint32_t generation;
    struct sb_context *context;
    enum sb_component component;
    bool restart;
    uint8_t site;
};

/* ---- choosing, under the mutex ---- */

static bool must_close(const struct slot *slot)
{
    return slot->context != NULL && (!slot->is_wanted || slot->is_lost || slot->wanted != slot->generation);
}

static struct task choose_context(struct sb_keeper *keeper)
{
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        struct slot *slot = &keeper->slots[i];
        if (slot->is_busy)
            continue;
        if (must_close(slot)) {
            struct task task = { .kind = TASK_CLOSE, .ctx = i, .context = slot->context };
            slot->is_busy = true;
            slot->context = NULL; /* nobody is given it any more */
            return task;
        }
        if (slot->context == NULL && slot->is_wanted) {
            slot->is_busy = true;
            return (struct task){ .kind = TASK_OPEN, .ctx = i, .generation = slot->wanted };
        }
    }
    return (struct task){ .kind = TASK_NONE };
}

static struct task choose(struct sb_keeper *keeper)
{
    struct task task = choose_context(keeper);

    if (task.kind != TASK_NONE || keeper->is_stopping)
        return task;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT && keeper->probing < PROBES_AT_ONCE; i++) {
        if (!keeper->is_probe_wanted[i] || keeper->is_probing[i])
            continue;
        keeper->is_probe_wanted[i] = false;
        keeper->is_probing[i] = true;
        keeper->probing++;
        struct task probe = { .kind = TASK_PROBE, .component = (enum sb_component)i };
        if (i == SB_COMPONENT_BROWSER) {
            probe.restart = keeper->is_restart_wanted;
            keeper->is_restart_wanted = false;
        }
        return probe;
    }
    for (uint8_t i = 0; i < SB_SITES_MAX && keeper->probing < PROBES_AT_ONCE; i++) {
        if (!keeper->is_site_wanted[i])
            continue;
        keeper->is_site_wanted[i] = false;
        keeper->probing++;
        return (struct task){ .kind = TASK_PROBE_SITE, .site = i, .generation = keeper->site_generation[i] };
    }
    return task;
}

/* ---- doing, without the mutex ---- */

static void post_down(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation, const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_CONTEXT_DOWN);

    input.as.context_down.ctx = ctx;
    input.as.context_down.generation = generation;
    (void)sb_copy(input.as.context_down.reason, sizeof(input.as.context_down.reason), reason); /* cut to the field */
    sb_inbox_post_result(keeper->setup.inbox, &input);
}

static void post_up(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation, sb_ns latency)
{
    struct sb_input input = sb_input_make(SB_INPUT_CONTEXT_UP);

    input.as.context_up.ctx = ctx;
    input.as.context_up.generation = generation;
    input.as.context_up.latency = latency;
    sb_inbox_post_result(keeper->setup.inbox, &input);
}

static void post_component(struct sb_keeper *keeper, enum sb_component component, enum sb_component_state state, sb_ns latency,
                           const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);

    input.as.component.component = (uint8_t)component;
    input.as.component.state = (uint8_t)state;
    input.as.component.latency = latency;
    (void)sb_copy(input.as.component.reason, sizeof(input.as.component.reason), reason); /* cut to the field */
    sb_inbox_post_result(keeper->setup.inbox, &input);
}

static enum sb_err open_context(struct sb_keeper *keeper, const char *proxy, const struct sb_op *op, struct sb_context **context,
                                struct sb_error *err)
{
    struct sb_browser *browser = keeper->setup.browser;
    const char *const *hosts = keeper->host_count > 0 ? keeper->hosts : NULL;

    if (browser == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the browser is disabled");
    if (proxy == NULL)
        return browser->ops->open(browser, hosts, keeper->host_count, op, context, err);
    if (browser->ops->open_through == NULL)
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "this browser knows no proxies");
    return browser->ops->open_through(browser, proxy, hosts, keeper->host_count, op, context, err);
}

static void do_open(struct sb_keeper *keeper, const struct task *task)
{
    struct slot *slot = &keeper->slots[task->ctx];
    struct sb_context *context = NULL;
    struct sb_error error = { .text = "" };
    sb_ns begun = sb_now();
    struct sb_cancel *cancel = sb_cancel_create(&error);
    enum sb_err rc = cancel == NULL ? error.code : SB_OK;

    sb_mutex_lock(keeper->mutex);
    slot->opening = cancel;
    unsigned deaths = keeper->deaths;
    bool is_wanted = slot->is_wanted && slot->wanted == task->generation;
    sb_mutex_unlock(keeper->mutex);
    if (!is_wanted)
        rc = sb_error_set(&error, SB_ERR_CANCELLED, "closed before it was open");
    const struct sb_op op = { .deadline = sb_ns_add(begun, SB_S(OPEN_LIMIT_S)), .cancel = cancel };
    if (rc == SB_OK)
        rc = open_context(keeper, NULL, &op, &context, &error);

    sb_mutex_lock(keeper->mutex);
    slot->opening = NULL;
    slot->context = context;
    slot->proxy = NULL;
    slot->generation = task->generation;
    /* The news of a death may come before the context is in its slot; then it is the one that died, or is at worst opened twice. */
    slot->is_lost = rc == SB_OK && deaths != keeper->deaths;
    if (slot->is_lost)
        rc = sb_error_set(&error, SB_ERR_GONE, "the browser died while it was opened");
    if (rc != SB_OK && slot->wanted == task->generation)
        slot->is_wanted = false; /* the core decides when to try again */
    sb_mutex_unlock(keeper->mutex);
    sb_cancel_destroy(cancel);
    if (rc == SB_OK)
        post_up(keeper, task->ctx, task->generation, sb_now() - begun);
    else
        post_down(keeper, task->ctx, task->generation, error.text);
}

static void do_close(struct sb_keeper *keeper, const struct task *task)
{
    keeper->setup.browser->ops->close_context(keeper->setup.browser, task->context);
}

/* The browser's memory is looked at as often as the browser itself. */
static void post_memory(struct sb_keeper *keeper)
{
    struct sb_browser *browser = keeper->setup.browser;
    struct sb_input input = sb_input_make(SB_INPUT_MEMORY);
    struct sb_browser_stats stats;

    if (browser == NULL || browser->ops->stats == NULL || keeper->setup.catalogue->pool.memory_max_mib == 0)
        return;
    browser->ops->stats(browser, &stats);
    input.as.memory.used = stats.pss_bytes;
    sb_inbox_post_result(keeper->setup.inbox, &input);
}

/* And so are its pages; they are asked one after the other, for two seconds in all. */
static void post_usage(struct sb_keeper *keeper)
{
    struct sb_browser *browser = keeper->setup.browser;
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(2)), .cancel = keeper->ending };

    if (browser == NULL || browser->ops->measure == NULL)
        return;
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        sb_mutex_lock(keeper->mutex);
        const struct slot *slot = &keeper->slots[i];
        const uint32_t generation = slot->generation;
        struct sb_context *context = slot->is_lost ? NULL : slot->context;
        sb_mutex_unlock(keeper->mutex);
        if (context != NULL)
            sb_usage_look(&keeper->seen[i], browser, context, i, generation, &op, keeper->setup.inbox);
    }
}

static void do_probe(struct sb_keeper *keeper, const struct task *task)
{
    sb_ns begun = sb_now();
    const struct sb_op op = { .deadline = sb_ns_add(begun, SB_S(PROBE_LIMIT_S)), .cancel = keeper->ending };
    struct sb_error error = { .text = "" };
    enum sb_component_state state = SB_COMPONENT_STATE_FAILED;
    struct sb_browser *browser = keeper->setup.browser;

    if (task->restart && browser != NULL && browser->ops->restart != NULL)
        browser->ops->restart(browser);
    if (keeper->setup.probe != NULL)
        state = keeper->setup.probe(keeper->setup.probe_arg, task->component, &op, &error);
    else
        (void)sb_error_set(&error, SB_ERR_UNSUPPORTED, "nothing here can check it");
    post_component(keeper, task->component, state, sb_now() - begun, state == SB_COMPONENT_STATE_OK ? "" : error.text);
    if (task->component == SB_COMPONENT_BROWSER) {
        post_memory(keeper);
        post_usage(keeper);
    }
}

static void do_probe_site(struct sb_keeper *keeper, const struct task *task)
{
    sb_ns begun = sb_now();
    const struct sb_op op = { .deadline = sb_ns_add(begun, SB_S(PROBE_LIMIT_S)), .cancel = keeper->ending };
    const struct sb_catalogue *catalogue = keeper->setup.catalogue;
    struct sb_input input = sb_input_make(SB_INPUT_BREAKER_PROBED);
    struct sb_error error = { .text = "" };
    enum sb_err rc = SB_OK;
    if (task->site == catalogue->site_count && keeper->setup.probe != NULL) /* the LLM endpoints: they list their models */
        rc = keeper->setup.probe(keeper->setup.probe_arg, SB_COMPONENT_LLM, &op, &error) != SB_COMPONENT_STATE_FAILED ? SB_OK : SB_ERR_UNAVAILABLE;
    else if (task->site < catalogue->site_count && keeper->setup.probe_site != NULL)
        rc = keeper->setup.probe_site(keeper->setup.probe_arg, &catalogue->sites[task->site], &op, &error);

    input.as.breaker_probed.site = task->site;
    input.as.breaker_probed.generation = task->generation;
    input.as.breaker_probed.is_ok = rc == SB_OK;
    input.as.breaker_probed.latency = sb_now() - begun;
    (void)sb_copy(input.as.breaker_probed.reason, sizeof(input.as.breaker_probed.reason), rc == SB_OK ? "" : error.text);
    sb_inbox_post_result(keeper->setup.inbox, &input);
}

typedef void task_function(struct sb_keeper *keeper, const struct task *task);
static task_function *const task_functions[] = { [TASK_OPEN] = do_open, [TASK_CLOSE] = do_close, [TASK_PROBE] = do_probe,
                                                 [TASK_PROBE_SITE] = do_probe_site };

/* Under the mutex. */
static void finish(struct sb_keeper *keeper, const struct task *task)
{
    if (task->kind == TASK_PROBE) {
        keeper->is_probing[task->component] = false;
        keeper->probing--;
    } else if (task->kind == TASK_PROBE_SITE) {
        keeper->probing--;
    } else {
        keeper->slots[task->ctx].is_busy = false;
    }
}

/* Under the mutex: a thread may end only when no slot can need it any more. */
static bool is_over(const struct sb_keeper *keeper)
{
    if (!keeper->is_stopping)
        return false;
    for (size_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (keeper->slots[i].is_busy || keeper->slots[i].context != NULL)
            return false;
    return true;
}

static void keeper_main(void *argument)
{
    struct sb_keeper *keeper = argument;
    bool has_finished = false;

    sb_mutex_lock(keeper->mutex);
    while (!is_over(keeper)) {
        sb_pulse_answer(&keeper->pulse);
        struct task task = choose(keeper);
        if (task.kind == TASK_NONE) {
            sb_pulse_rest(&keeper->pulse);
            (void)sb_cond_wait(keeper->news, keeper->mutex, SB_NEVER); /* the loop looks itself */
            sb_pulse_rise(&keeper->pulse);
            has_finished = false;
            continue;
        }
        if (has_finished && (task.kind == TASK_OPEN || task.kind == TASK_CLOSE))
            sb_cond_signal(keeper->news); /* a probe that had to wait for the finished one is another thread's now */
        sb_mutex_unlock(keeper->mutex);
        task_functions[task.kind](keeper, &task);
        sb_mutex_lock(keeper->mutex);
        finish(keeper, &task);
        has_finished = true;
        if (keeper->is_stopping)
            sb_cond_broadcast(keeper->news); /* else what waited for this is one task: this thread's next */
    }
    sb_mutex_unlock(keeper->mutex);
}

/* ---- the browser's death: its internal thread ---- */

static void lose_contexts(struct sb_keeper *keeper, const char *reason)
{
    uint32_t lost[SB_CONTEXTS_MAX] = { 0 };

    sb_mutex_lock(keeper->mutex);
    keeper->deaths++;
    for (size_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        struct slot *slot = &keeper->slots[i];
        bool (*is_gone)(struct sb_context *) = keeper->setup.browser->ops->is_gone;
        if (slot->context == NULL || slot->is_lost || (is_gone != NULL && !is_gone(slot->context)))
            continue; /* of several browsers another one may hold it */
        slot->is_lost = true;
        lost[i] = slot->generation;
        if (slot->wanted == slot->generation)
            slot->is_wanted = false;
    }
    sb_mutex_unlock(keeper->mutex);
    sb_cond_broadcast(keeper->news);
    /* First that the browser is down, so that nothing new is started on it while its contexts are counted out. */
    post_component(keeper, SB_COMPONENT_BROWSER, SB_COMPONENT_STATE_FAILED, 0, reason);
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (lost[i] != 0)
            post_down(keeper, i, lost[i], reason);
    /* A probe starts the next browser: at once, because jobs wait for it. The browser itself slows down one that keeps dying. */
    if (keeper->setup.probe != NULL)
        sb_keeper_probe(keeper, SB_COMPONENT_BROWSER, false);
}

static void on_browser_exit(void *arg, const char *reason)
{
    struct sb_keeper *keeper = sb_relay_enter(arg);

    if (keeper != NULL)
        lose_contexts(keeper, reason);
    sb_relay_leave(arg);
}

/* ---- the interface ---- */

static bool knows_host(const struct sb_keeper *keeper, const char *host)
{
    for (size_t i = 0; i < keeper->host_count; i++)
        if (sb_streq(keeper->hosts[i], host))
            return true;
    return false;
}

/* A context serves every site of the catalogue, so it may load what any of them needs, and nothing else. */
static enum sb_err collect_hosts(struct sb_keeper *keeper, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = keeper->setup.catalogue;

    for (size_t site = 0; site < catalogue->site_count; site++)
        for (size_t i = 0; i < catalogue->sites[site].allowed_host_count; i++) {
            const char *host = catalogue->sites[site].allowed_hosts[i];
            if (knows_host(keeper, host))
                continue;
            if (keeper->host_count == HOSTS_MAX)
                return sb_error_set(err, SB_ERR_TOO_LARGE, "the sites of the catalogue allow more than %d different hosts", HOSTS_MAX);
            keeper->hosts[keeper->host_count++] = host;
        }
    return SB_OK;
}

struct sb_keeper *sb_keeper_create(const struct sb_keeper_setup *setup, struct sb_error *err)
{
    struct sb_keeper *keeper = calloc(1, sizeof(*keeper));

    if (keeper == NULL)
        goto nomem;
    keeper->setup = *setup;
    if (collect_hosts(keeper, err) != SB_OK)
        goto failed;
    keeper->mutex = sb_mutex_create(SB_RANK_KEEPER);
    keeper->news = sb_cond_create();
    if (keeper->mutex == NULL || keeper->news == NULL)
        goto nomem;
    keeper->ending = sb_cancel_create(err);
    keeper->relay = sb_relay_create(keeper, err);
    if (keeper->ending == NULL || keeper->relay == NULL)
        goto failed;
    if (setup->browser != NULL)
        setup->browser->ops->set_callback(setup->browser, keeper->relay, on_browser_exit);
    for (; keeper->thread_count < SB_KEEPER_THREADS; keeper->thread_count++)
        if (sb_thread_start(&keeper->threads[keeper->thread_count], "sb-keeper", keeper_main, keeper, err) != SB_OK)
            goto failed;
    return keeper;
nomem:
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the keeper of contexts");
failed:
    sb_keeper_destroy(keeper);
    return NULL;
}

/* Calls everything off and waits until all contexts are closed. */
static void stop(struct sb_keeper *keeper)
{
    sb_cancel_ask(keeper->ending);
    sb_mutex_lock(keeper->mutex);
    keeper->is_stopping = true;
    for (size_t i = 0; i < SB_CONTEXTS_MAX; i++) {
        keeper->slots[i].is_wanted = false;
        if (keeper->slots[i].opening != NULL)
            sb_cancel_ask(keeper->slots[i].opening);
    }
    sb_mutex_unlock(keeper->mutex);
    sb_cond_broadcast(keeper->news);
    for (size_t i = 0; i < keeper->thread_count; i++)
        sb_thread_join(keeper->threads[i]);
}

void sb_keeper_detach(struct sb_keeper *keeper)
{
    sb_relay_cut(keeper->relay);
}

void sb_keeper_destroy(struct sb_keeper *keeper)
{
    if (keeper == NULL)
        return;
    sb_keeper_detach(keeper);
    if (keeper->ending != NULL && keeper->mutex != NULL)
        stop(keeper);
    sb_cancel_destroy(keeper->ending);
    sb_cond_destroy(keeper->news);
    sb_mutex_destroy(keeper->mutex);
    free(keeper);
}

void sb_keeper_open(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation)
{
    SB_ASSERT(ctx < SB_CONTEXTS_MAX && generation != 0);
    sb_mutex_lock(keeper->mutex);
    struct slot *slot = &keeper->slots[ctx];
    slot->wanted = generation;
    slot->is_wanted = !keeper->is_stopping;
    sb_mutex_unlock(keeper->mutex);
    sb_cond_broadcast(keeper->news);
}

void sb_keeper_close(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation)
{
    SB_ASSERT(ctx < SB_CONTEXTS_MAX);
    sb_mutex_lock(keeper->mutex);
    struct slot *slot = &keeper->slots[ctx];
    if (generation == 0 || slot->wanted == generation) {
        slot->is_wanted = false;
        if (slot->opening != NULL)
            sb_cancel_ask(slot->opening); /* writes to an eventfd: cannot block */
    }
    sb_mutex_unlock(keeper->mutex);
    sb_cond_broadcast(keeper->news);
}

void sb_keeper_probe(struct sb_keeper *keeper, enum sb_component component, bool restart)
{
    SB_ASSERT((unsigned)component < SB_COMPONENT_COUNT);
    sb_mutex_lock(keeper->mutex);
    keeper->is_probe_wanted[component] = true;
    keeper->is_restart_wanted = keeper->is_restart_wanted || (restart && component == SB_COMPONENT_BROWSER);
    sb_mutex_unlock(keeper->mutex);
    sb_cond_signal(keeper->news); /* one task, one thread */
}

sb_ns sb_keeper_silence(struct sb_keeper *keeper)
{
    bool must_wake;
    sb_ns silence = sb_pulse_ask(&keeper->pulse, &must_wake);

    if (must_wake)
        sb_cond_signal(keeper->news);
    return silence;
}

void sb_keeper_probe_site(struct sb_keeper *keeper, uint8_t site, uint32_t generation)
{
    SB_ASSERT(site < SB_SITES_MAX);
    sb_mutex_lock(keeper->mutex);
    keeper->is_site_wanted[site] = true;
    keeper->site_generation[site] = generation;
    sb_mutex_unlock(keeper->mutex);
    sb_cond_signal(keeper->news);
}

struct sb_context *sb_keeper_context(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation)
{
    SB_ASSERT(ctx < SB_CONTEXTS_MAX);
    sb_mutex_lock(keeper->mutex);
    const struct slot *slot = &keeper->slots[ctx];
    struct sb_context *context = slot->generation == generation && !slot->is_lost ? slot->context : NULL;
    sb_mutex_unlock(keeper->mutex);
    return context;
}

/* Puts another context into the slot, of the same generation. The slot is ours: is_busy was set by us. */
static enum sb_err replace(struct sb_keeper *keeper, struct slot *slot, struct sb_context *old, const char *proxy, const struct sb_op *op,
                           struct sb_error *err)
{
    struct sb_context *fresh = NULL;

    sb_mutex_lock(keeper->mutex);
    unsigned deaths = keeper->deaths;
    sb_mutex_unlock(keeper->mutex);
    keeper->setup.browser->ops->close_context(keeper->setup.browser, old);
    enum sb_err rc = open_context(keeper, proxy, op, &fresh, err);

    sb_mutex_lock(keeper->mutex);
    slot->context = fresh;
    slot->proxy = proxy;
    slot->is_lost = rc == SB_OK && deaths != keeper->deaths;
    if (slot->is_lost)
        rc = sb_error_set(err, SB_ERR_GONE, "the browser died while a context was opened through a proxy");
    else if (rc == SB_OK && (!slot->is_wanted || slot->wanted != slot->generation))
        rc = sb_error_set(err, SB_ERR_GONE, "closed while it was opened through a proxy"); /* a keeper thread closes it */
    if (rc != SB_OK && slot->wanted == slot->generation)
        slot->is_wanted = false;
    slot->is_busy = false;
    sb_mutex_unlock(keeper->mutex);
    sb_cond_broadcast(keeper->news);
    return rc;
}

enum sb_err sb_keeper_context_through(struct sb_keeper *keeper, uint16_t ctx, uint32_t generation, const char *proxy, const struct sb_op *op,
                                      struct sb_context **context, struct sb_error *err)
{
    struct slot *slot = &keeper->slots[ctx];
    struct sb_context *old = NULL;

    SB_ASSERT(ctx < SB_CONTEXTS_MAX);
    sb_mutex_lock(keeper->mutex);
    bool is_there = slot->generation == generation && !slot->is_lost && slot->context != NULL;
    bool fits = slot->proxy == proxy || (slot->proxy != NULL && proxy != NULL && sb_streq(slot->proxy, proxy));
    if (is_there && !fits) {
        old = slot->context;
        slot->context = NULL;
        slot->is_busy = true;
    }
    sb_mutex_unlock(keeper->mutex);
    if (!is_there)
        return sb_error_set(err, SB_ERR_GONE, "its browser context is gone");
    if (old != NULL) {
        enum sb_err rc = replace(keeper, slot, old, proxy, op, err);
        if (rc != SB_OK) {
            post_down(keeper, ctx, generation, rc == SB_ERR_CANCELLED ? "called off while it was opened through a proxy" : err->text);
            return rc;
        }
    }
    *context = sb_keeper_context(keeper, ctx, generation);
    return *context != NULL ? SB_OK : sb_error_set(err, SB_ERR_GONE, "its browser context is gone");
}
