/* Opening and closing isolated contexts, each with one page. Any thread.
 *
 *   open --lost (crash, browser dead)--> gone --close--> closed --last user out--> released --many later ones--> freed
 *     \--------------------close-------------------------^
 *
 * A released handle is kept for a while, because the thread that works with a context may learn only from its next call that a watchdog has
 * closed it: that call must find a handle that says "gone", not freed memory. */
#include "chromium.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

static struct sb_chromium *chromium_of(struct sb_browser *browser)
{
    return (struct sb_chromium *)(void *)browser;
}

/* ---- the handle ---- */

static void free_hosts(struct sb_context *context)
{
    for (size_t i = 0; i < context->host_count; i++)
        free(context->hosts[i]);
    free(context->hosts);
    context->hosts = NULL;
    context->host_count = 0;
}

/* Gives back all but the handle. Nobody uses the context and it is in no table any more. */
static void release(struct sb_context *context)
{
    sb_call_drop(&context->capture.call);
    free_hosts(context);
    sb_fd_close(&context->wake_fd);
}

static enum sb_err copy_hosts(struct sb_context *context, const char *const *hosts, size_t count)
{
    if (count == 0)
        return SB_OK;
    context->hosts = calloc(count, sizeof(*context->hosts));
    if (context->hosts == NULL)
        return SB_ERR_NOMEM;
    for (; context->host_count < count; context->host_count++) {
        context->hosts[context->host_count] = strdup(hosts[context->host_count]);
        if (context->hosts[context->host_count] == NULL)
            return SB_ERR_NOMEM;
    }
    return SB_OK;
}

static enum sb_err create(struct sb_chromium *chromium, const char *const *hosts, size_t count, struct sb_context **out, struct sb_error *err)
{
    struct sb_context *context = calloc(1, sizeof(*context));

    if (context == NULL || copy_hosts(context, hosts, count) != SB_OK) {
        if (context != NULL)
            free_hosts(context);
        free(context);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a browser context");
    }
    context->chromium = chromium;
    context->wake_fd = -1;
    enum sb_err rc = sb_wake_open(&context->wake_fd, err);
    if (rc != SB_OK) {
        free_hosts(context);
        free(context);
        return rc;
    }
    *out = context;
    return SB_OK;
}

/* ---- open ---- */

static enum sb_err enlist(struct sb_context *context, struct sb_error *err)
{
    struct sb_chromium *chromium = context->chromium;
    enum sb_err rc = SB_OK;

    sb_mutex_lock(chromium->mutex);
    if (chromium->cdp == NULL || chromium->cdp->is_dead) {
        rc = sb_error_set(err, SB_ERR_GONE, "the browser died while a context was opened; try again");
    } else {
        context->cdp = chromium->cdp;
        context->next = chromium->contexts;
        chromium->contexts = context;
    }
    sb_mutex_unlock(chromium->mutex);
    return rc;
}

static enum sb_err make_browser_context(struct sb_context *context, const char *proxy, const struct sb_op *op, struct sb_error *err)
{
    json_t *params = json_pack("{s:b}", "disposeOnDetach", 1);
    struct sb_call call = { .wake_fd = context->wake_fd, .is_for_browser = true, .makes_context = true };
    char id[SB_CDP_ID_MAX];
    json_t *result = NULL;

    if (proxy != NULL) {
        (void)json_object_set_new(params, "proxyServer", json_string(proxy));
        /* Chromium leaves loopback out unless it is told not to; who names a proxy wants everything to go through it. */
        (void)json_object_set_new(params, "proxyBypassList", json_string("<-loopback>"));
    }
    enum sb_err rc = sb_call_begin(&call, context->chromium, NULL, context, "Target.createBrowserContext", params, err);
    if (rc == SB_OK)
        rc = sb_call_end(&call, op, &result, err);
    if (rc != SB_OK)
        return rc;
    if (sb_cdp_id_copy(id, sb_cdp_text(result, "browserContextId"))) {
        sb_mutex_lock(context->chromium->mutex);
        (void)sb_copy(context->id, sizeof(context->id), id);
        sb_mutex_unlock(context->chromium->mutex);
    } else {
        rc = sb_error_set(err, SB_ERR_PROTOCOL, "the browser made a context without an id");
    }
    json_decref(result);
    return rc;
}

struct command {
    const char *method;
    const char *params; /* JSON, or NULL */
    bool is_guard;      /* only when there is a list of hosts */
};

/* Sends all commands at once and waits for every answer: one round trip instead of one each. */
static enum sb_err run_commands(struct sb_context *context, bool is_for_browser, const struct command *commands, size_t count,
                                const struct sb_op *op, struct sb_error *err)
{
    enum { COMMANDS_MAX = 8 };
    struct sb_call calls[COMMANDS_MAX] = { 0 };
    enum sb_err rc = SB_OK;
    size_t begun = 0;
    json_error_t where;

    SB_ASSERT(count <= COMMANDS_MAX);
    for (size_t i = 0; i < count && rc == SB_OK; i++) {
        if (commands[i].is_guard && context->host_count == 0)
            continue;
        json_t *params = commands[i].params != NULL ? json_loads(commands[i].params, 0, &where) : NULL;
        calls[begun] = (struct sb_call){ .wake_fd = context->wake_fd, .is_for_browser = is_for_browser };
        rc = sb_call_begin(&calls[begun], context->chromium, NULL, context, commands[i].method, params, err);
        begun += rc == SB_OK;
    }
    for (size_t i = 0; i < begun; i++) {
        if (rc == SB_OK)
            rc = sb_call_end(&calls[i], op, NULL, err);
        else
            sb_call_drop(&calls[i]);
    }
    return rc;
}

static enum sb_err make_page(struct sb_context *context, const struct sb_op *op, struct sb_error *err)
{
    char deny[SB_CDP_ID_MAX + 64], target[SB_CDP_ID_MAX + 64];
    const struct command commands[] = {
        { "Browser.setDownloadBehavior", deny, false },
        { "Target.createTarget", target, false },
    };
    struct sb_text text;

    sb_text_init(&text, deny, sizeof(deny));
    sb_text_addf(&text, "{\"behavior\":\"deny\",\"browserContextId\":\"%s\"}", context->id);
    sb_text_init(&text, target, sizeof(target));
    sb_text_addf(&text, "{\"url\":\"about:blank\",\"browserContextId\":\"%s\"}", context->id);
    enum sb_err rc = run_commands(context, true, commands, SB_LEN(commands), op, err);
    while (rc == SB_OK) {
        sb_mutex_lock(context->chromium->mutex);
        bool is_attached = context->session[0] != '\0';
        sb_mutex_unlock(context->chromium->mutex);
        if (is_attached)
            break;
        rc = sb_context_wait_news(context, op, err);
    }
    return rc;
}

/* The page waits for the last command; until then nothing in it runs. */
static enum sb_err prepare_page(struct sb_context *context, const struct sb_op *op, struct sb_error *err)
{
    static const struct command commands[] = {
        { "Page.enable", NULL, false },
        { "Page.setLifecycleEventsEnabled", "{\"enabled\":true}", false },
        { "Emulation.setFocusEmulationEnabled", "{\"enabled\":true}", false },
        { "Fetch.enable", SB_DOCUMENTS_ONLY, true },
        { "Target.setAutoAttach", SB_FRAMES_ATTACH, true },
        { "Runtime.runIfWaitingForDebugger", NULL, false },
    };

    return run_commands(context, false, commands, SB_LEN(commands), op, err);
}

enum sb_err sb_context_open(struct sb_browser *browser, const char *const *hosts, size_t host_count, const struct sb_op *op,
                            struct sb_context **context, struct sb_error *err)
{
    return sb_context_open_through(browser, NULL, hosts, host_count, op, context, err);
}

enum sb_err sb_context_open_through(struct sb_browser *browser, const char *proxy, const char *const *hosts, size_t host_count,
                                    const struct sb_op *op, struct sb_context **context, struct sb_error *err)
{
    struct sb_chromium *chromium = chromium_of(browser);
    struct sb_context *fresh = NULL;

    enum sb_err rc = sb_chromium_ensure(chromium, op, err);
    if (rc == SB_OK)
        rc = create(chromium, hosts, host_count, &fresh, err);
    if (rc != SB_OK)
        return rc;
    rc = enlist(fresh, err);
    if (rc != SB_OK) {
        release(fresh);
        free(fresh);
        return rc;
    }
    rc = make_browser_context(fresh, proxy, op, err);
    if (rc == SB_OK)
        rc = make_page(fresh, op, err);
    if (rc == SB_OK)
        rc = prepare_page(fresh, op, err);
    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "cannot open a browser context");
        sb_context_close(browser, fresh);
        return rc;
    }
    sb_mutex_lock(chromium->mutex);
    fresh->is_open = true;
    chromium->stats.contexts_opened++;
    chromium->stats.contexts_open++;
    sb_mutex_unlock(chromium->mutex);
    *context = fresh;
    return SB_OK;
}

/* ---- close ---- */

/* Under the mutex. Stops a script that may run without end, so that the page can be closed, and begins the disposal. False when there is
 * nothing to dispose. */
static bool begin_disposal(struct sb_context *context, struct sb_call *call)
{
    char params[SB_CDP_ID_MAX + 32];
    struct sb_text text;

    sb_context_lose(context, SB_ERR_GONE, "the context was closed");
    if (context->cdp == NULL || context->id[0] == '\0')
        return false;
    if (context->has_unanswered && context->session[0] != '\0')
        sb_cdp_fire(context->cdp, context->session, "Runtime.terminateExecution", "{}", NULL);
    sb_text_init(&text, params, sizeof(params));
    sb_text_addf(&text, "{\"browserContextId\":\"%s\"}", context->id);
    /* Without a descriptor to wait on, the disposal is asked for and not waited for. */
    sb_cdp_fire(context->cdp, NULL, "Target.disposeBrowserContext", params, call->wake_fd >= 0 ? call : NULL);
    return call->wake_fd >= 0;
}

/* A browser that does not even close a context in time serves nobody: it is killed, and the next open starts another. */
static void end_disposal(struct sb_context *context, struct sb_call *call)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_CLOSE_TIMEOUT) };
    struct sb_chromium *chromium = context->chromium;
    enum sb_err rc = sb_call_end(call, &op, NULL, NULL);

    sb_mutex_lock(chromium->mutex);
    if (context->cdp != NULL && rc == SB_OK && context->is_open)
        context->cdp->served++;
    if (context->cdp != NULL && (rc == SB_ERR_TIMEOUT || rc == SB_ERR_UNAVAILABLE))
        sb_cdp_kill(context->cdp, false, "the browser did not close a context within 5 s and was killed");
    sb_mutex_unlock(chromium->mutex);
}

static void delist(struct sb_context *context)
{
    struct sb_context **at = &context->chromium->contexts;

    while (*at != NULL && *at != context)
        at = &(*at)->next;
    SB_ASSERT(*at == context && "an open context is in the table");
    *at = context->next;
}

/* Under the mutex: moves the handle to the closed ones; gives the oldest of them when there are too many, for the caller to free. */
static struct sb_context *retire(struct sb_context *context)
{
    struct sb_chromium *chromium = context->chromium;
    struct sb_context **at = &chromium->closed, **oldest = NULL, *surplus = NULL;
    unsigned count = 0;

    context->next = chromium->closed;
    chromium->closed = context;
    for (; *at != NULL; at = &(*at)->next) {
        count++;
        if ((*at)->is_released)
            oldest = at;
    }
    if (count > SB_CLOSED_KEPT && oldest != NULL) {
        surplus = *oldest;
        *oldest = surplus->next;
    }
    return surplus;
}

/* Under the mutex: one user less; true when the caller has to release what the context holds. */
static bool is_last_out(struct sb_context *context)
{
    SB_ASSERT(context->users > 0);
    context->users--;
    return context->users == 0 && context->is_closed && !context->is_released;
}

static void mark_released(struct sb_context *context)
{
    sb_mutex_lock(context->chromium->mutex);
    context->is_released = true;
    sb_mutex_unlock(context->chromium->mutex);
}

void sb_context_close(struct sb_browser *browser, struct sb_context *context)
{
    struct sb_chromium *chromium = chromium_of(browser);
    struct sb_call call = { .wake_fd = -1, .context = NULL };
    struct sb_context *surplus;

    if (context == NULL)
        return;
    if (sb_wake_open(&call.wake_fd, NULL) != SB_OK)
        call.wake_fd = -1;
    sb_mutex_lock(chromium->mutex);
    bool is_first = !context->is_closed;
    bool has_call = false;
    if (is_first) {
        context->is_closed = true;
        context->users++; /* us, until the end of this function */
        has_call = begin_disposal(context, &call);
    }
    sb_mutex_unlock(chromium->mutex);
    if (has_call)
        end_disposal(context, &call);
    sb_fd_close(&call.wake_fd);
    if (!is_first)
        return;

    sb_mutex_lock(chromium->mutex);
    delist(context);
    context->cdp = NULL;
    if (context->is_open) {
        chromium->stats.contexts_closed++;
        chromium->stats.contexts_open--;
    }
    surplus = retire(context);
    bool must_release = is_last_out(context);
    sb_mutex_unlock(chromium->mutex);
    if (must_release) {
        release(context);
        mark_released(context);
    }
    free(surplus);
}

void sb_context_free_all(struct sb_chromium *chromium)
{
    while (chromium->contexts != NULL)
        sb_context_close(&chromium->port, chromium->contexts);
    while (chromium->closed != NULL) {
        struct sb_context *context = chromium->closed;
        chromium->closed = context->next;
        SB_ASSERT(context->users == 0 && "no call may be under way when the browser service is closed");
        free(context);
    }
}

/* ---- use ---- */

enum sb_err sb_context_enter(struct sb_context *context, const char *what, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err rc = sb_op_check(op, what, err);

    if (rc != SB_OK)
        return rc;
    sb_mutex_lock(context->chromium->mutex);
    if (context->is_gone)
        rc = sb_error_set(err, SB_ERR_GONE, "%s: %s", what, context->reason);
    else
        context->users++;
    sb_mutex_unlock(context->chromium->mutex);
    return rc;
}

void sb_context_leave(struct sb_context *context)
{
    sb_mutex_lock(context->chromium->mutex);
    bool must_release = is_last_out(context);
    sb_mutex_unlock(context->chromium->mutex);
    if (must_release) {
        release(context);
        mark_released(context);
    }
}

enum sb_err sb_context_wait_news(struct sb_context *context, const struct sb_op *op, struct sb_error *err)
{
    size_t ready;
    enum sb_err rc = sb_poll_readable(&context->wake_fd, 1, op, &ready, err);

    if (rc != SB_OK)
        return rc;
    sb_wake_clear(context->wake_fd);
    sb_mutex_lock(context->chromium->mutex);
    if (context->is_gone)
        rc = sb_error_set(err, SB_ERR_GONE, "%s", context->reason);
    sb_mutex_unlock(context->chromium->mutex);
    return rc;
}
