/* Several browser processes behind one port: a new context goes to the process with the fewest, and what kills one takes only its own contexts
 * along. A context knows its process, so everything that works on one is the single browser's own code. Any thread; nothing here changes after
 * creation. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

struct fleet {
    struct sb_browser port; /* first: the port's pointer is ours */
    struct sb_browser_ops ops;
    struct sb_browser *members[SB_BROWSER_PROCESSES_MAX];
    size_t count;
};

static struct fleet *fleet_of(struct sb_browser *browser)
{
    return (struct fleet *)(void *)browser;
}

static void fleet_close(struct sb_browser *browser)
{
    if (browser == NULL)
        return;
    struct fleet *fleet = fleet_of(browser);
    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i]->ops->close(fleet->members[i]);
    free(fleet);
}

static enum sb_err fleet_check(struct sb_browser *browser, const struct sb_op *op, struct sb_error *err)
{
    struct fleet *fleet = fleet_of(browser);
    struct sb_error first = { 0 };
    size_t good = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        struct sb_error own = { 0 };
        if (fleet->members[i]->ops->check(fleet->members[i], op, &own) == SB_OK) {
            good++;
            continue;
        }
        if (first.code == SB_OK)
            first = own;
        sb_log(SB_LOG_WARN, "browser", "process %zu of %zu: %s", i + 1, fleet->count, own.text);
    }
    return good > 0 ? SB_OK : sb_error_set(err, first.code, "%s", first.text);
}

static void fleet_restart(struct sb_browser *browser)
{
    struct fleet *fleet = fleet_of(browser);

    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i]->ops->restart(fleet->members[i]);
}

static void fleet_set_callback(struct sb_browser *browser, void *arg, void (*on_exit_callback)(void *arg, const char *reason))
{
    struct fleet *fleet = fleet_of(browser);

    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i]->ops->set_callback(fleet->members[i], arg, on_exit_callback);
}

static uint32_t load_of(struct sb_browser *member)
{
    struct sb_chromium *chromium = (struct sb_chromium *)(void *)member;

    sb_mutex_lock(chromium->mutex);
    uint32_t load = chromium->stats.contexts_open;
    sb_mutex_unlock(chromium->mutex);
    return load;
}

/* The member with the fewest contexts that is not in `tried`; two who ask at once may meet at the same one, which only costs balance. */
static size_t least_loaded(const struct fleet *fleet, uint32_t tried)
{
    size_t best = fleet->count;
    uint32_t least = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        uint32_t load = (tried >> i & 1u) != 0 ? UINT32_MAX : load_of(fleet->members[i]);
        if (load != UINT32_MAX && (best == fleet->count || load < least)) {
            best = i;
            least = load;
        }
    }
    return best;
}

/* One that cannot be started, or has just died, leaves the context to the next. */
static enum sb_err fleet_open_through(struct sb_browser *browser, const char *proxy, const char *const *hosts, size_t host_count,
                                      const struct sb_op *op, struct sb_context **context, struct sb_error *err)
{
    struct fleet *fleet = fleet_of(browser);
    enum sb_err rc = SB_ERR_UNAVAILABLE;
    uint32_t tried = 0;

    for (size_t at = least_loaded(fleet, tried); at < fleet->count; at = least_loaded(fleet, tried)) {
        rc = sb_context_open_through(fleet->members[at], proxy, hosts, host_count, op, context, err);
        if (rc != SB_ERR_UNAVAILABLE && rc != SB_ERR_GONE)
            return rc;
        tried |= 1u << at;
    }
    return rc;
}

static enum sb_err fleet_open(struct sb_browser *browser, const char *const *hosts, size_t host_count, const struct sb_op *op,
                              struct sb_context **context, struct sb_error *err)
{
    return fleet_open_through(browser, NULL, hosts, host_count, op, context, err);
}

static void fleet_close_context(struct sb_browser *browser, struct sb_context *context)
{
    (void)browser;
    if (context != NULL)
        sb_context_close(&context->chromium->port, context);
}

static void fleet_stats(struct sb_browser *browser, struct sb_browser_stats *stats)
{
    struct fleet *fleet = fleet_of(browser);
    struct sb_browser_stats sum = { 0 };

    for (size_t i = 0; i < fleet->count; i++) {
        struct sb_browser_stats one;
        fleet->members[i]->ops->stats(fleet->members[i], &one);
        sum.launches += one.launches;
        sum.crashes += one.crashes;
        sum.contexts_opened += one.contexts_opened;
        sum.contexts_closed += one.contexts_closed;
        sum.commands += one.commands;
        sum.navigations += one.navigations;
        sum.contexts_open += one.contexts_open;
        sum.pss_bytes += one.pss_bytes;
        sum.pid = sum.pid == 0 ? one.pid : sum.pid;
    }
    *stats = sum;
}

/* Name of the pid file of process `index`; false when there is none or it does not fit. */
static bool pid_file_of(const char *first, size_t index, char *path, size_t cap)
{
    struct sb_text text;

    if (first == NULL)
        return false;
    sb_text_init(&text, path, cap);
    sb_text_add(&text, first);
    if (index > 0)
        sb_text_addf(&text, ".%zu", index);
    return !text.is_cut;
}

enum sb_err sb_browser_create(struct sb_browser **browser, const struct sb_browser_setup *setup, struct sb_error *err)
{
    size_t count = setup->processes > 1 && setup->remote_url == NULL ? setup->processes : 1;
    char path[1024];

    if (count > SB_BROWSER_PROCESSES_MAX)
        return sb_error_set(err, SB_ERR_INVALID, "%zu browser processes; at most %d", count, SB_BROWSER_PROCESSES_MAX);
    /* An earlier run may have had more of them than this one. */
    for (size_t i = 1; i < SB_BROWSER_PROCESSES_MAX; i++)
        if (pid_file_of(setup->pid_file, i, path, sizeof(path)))
            sb_chromium_end_orphan(path);
    if (count == 1)
        return sb_chromium_create(browser, setup, err);
    struct fleet *fleet = calloc(1, sizeof(*fleet));
    if (fleet == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu browsers", count);
    fleet->ops = sb_chromium_ops;
    fleet->ops.close = fleet_close;
    fleet->ops.check = fleet_check;
    fleet->ops.set_callback = fleet_set_callback;
    fleet->ops.restart = fleet_restart;
    fleet->ops.open = fleet_open;
    fleet->ops.open_through = fleet_open_through;
    fleet->ops.close_context = fleet_close_context;
    fleet->ops.stats = fleet_stats;
    fleet->port.ops = &fleet->ops;
    for (; fleet->count < count; fleet->count++) {
        struct sb_browser_setup own = *setup;
        own.pid_file = pid_file_of(setup->pid_file, fleet->count, path, sizeof(path)) ? path : NULL;
        enum sb_err rc = sb_chromium_create(&fleet->members[fleet->count], &own, err);
        if (rc != SB_OK) {
            fleet_close(&fleet->port);
            return rc;
        }
    }
    *browser = &fleet->port;
    return SB_OK;
}
