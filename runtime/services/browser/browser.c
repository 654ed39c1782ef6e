/* One browser process as a service: creation, the table of calls, check, figures, and the end. Any thread.
 *
 * Every call on a context is bracketed here: it is refused when the context is gone or the op is over, and counted as a user meanwhile, so that
 * closing the context from another thread ends it instead of pulling memory away from under it. */
#include "chromium.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

#define PSS_INTERVAL SB_S(5)
#define GOODBYE_TIMEOUT SB_S(3)
#define ANSWER_TIMEOUT SB_S(5)

static struct sb_chromium *chromium_of(struct sb_browser *browser)
{
    return (struct sb_chromium *)(void *)browser;
}

/* A browser that does not say its version within ANSWER_TIMEOUT hangs: it would hang for every context, so it is killed, and the next one who
 * needs a browser starts another. The number of launches tells whether it is still the one that was asked. */
static void end_hung(struct sb_chromium *chromium, uint64_t launches)
{
    sb_mutex_lock(chromium->mutex);
    if (chromium->cdp != NULL && !chromium->cdp->is_dead && chromium->stats.launches == launches)
        sb_cdp_kill(chromium->cdp, false, "the browser did not answer a check within 5 s and was killed");
    sb_mutex_unlock(chromium->mutex);
}

static enum sb_err op_check(struct sb_browser *browser, const struct sb_op *op, struct sb_error *err)
{
    struct sb_chromium *chromium = chromium_of(browser);
    enum sb_err rc = sb_chromium_ensure(chromium, op, err);

    if (rc != SB_OK)
        return rc;
    const struct sb_op bounded = sb_op_within(op, ANSWER_TIMEOUT);
    sb_mutex_lock(chromium->mutex);
    uint64_t launches = chromium->stats.launches;
    sb_mutex_unlock(chromium->mutex);
    rc = sb_browser_call(chromium, NULL, "Browser.getVersion", NULL, &bounded, NULL, err);
    /* An impatient caller proves nothing. */
    if (rc == SB_ERR_TIMEOUT && sb_op_check(op, "check", NULL) == SB_OK)
        end_hung(chromium, launches);
    return rc;
}

static void op_restart(struct sb_browser *browser)
{
    struct sb_chromium *chromium = chromium_of(browser);

    sb_mutex_lock(chromium->mutex);
    chromium->launch_not_before = 0;
    if (chromium->cdp != NULL && !chromium->cdp->is_dead)
        sb_cdp_kill(chromium->cdp, false, "the browser was ended to be started anew");
    sb_mutex_unlock(chromium->mutex);
}

static void op_set_callback(struct sb_browser *browser, void *arg, void (*on_exit_callback)(void *arg, const char *reason))
{
    struct sb_chromium *chromium = chromium_of(browser);

    sb_mutex_lock(chromium->mutex);
    chromium->callback_arg = arg;
    chromium->on_exit = on_exit_callback;
    sb_mutex_unlock(chromium->mutex);
}

/* Reading the memory of a dozen processes takes milliseconds, so the figure is refreshed only now and then. */
static uint64_t refresh_pss(struct sb_chromium *chromium)
{
    sb_ns now = sb_now();
    pid_t group = 0;

    sb_mutex_lock(chromium->mutex);
    uint64_t bytes = chromium->pss_bytes;
    bool is_running = chromium->cdp != NULL && !chromium->cdp->is_dead;
    if (is_running && (chromium->pss_at == 0 || now - chromium->pss_at >= PSS_INTERVAL)) {
        group = chromium->cdp->group;
        chromium->pss_at = now;
    }
    sb_mutex_unlock(chromium->mutex);
    if (!is_running)
        return 0;
    if (group == 0)
        return bytes;
    bytes = sb_chromium_group_pss(group);
    sb_mutex_lock(chromium->mutex);
    chromium->pss_bytes = bytes;
    sb_mutex_unlock(chromium->mutex);
    return bytes;
}

static void op_stats(struct sb_browser *browser, struct sb_browser_stats *stats)
{
    struct sb_chromium *chromium = chromium_of(browser);
    uint64_t pss_bytes = refresh_pss(chromium);

    sb_mutex_lock(chromium->mutex);
    *stats = chromium->stats;
    stats->pid = chromium->cdp != NULL && !chromium->cdp->is_dead ? (int)chromium->cdp->browser_pid : 0;
    sb_mutex_unlock(chromium->mutex);
    stats->pss_bytes = stats->pid != 0 ? pss_bytes : 0;
}

/* ---- calls on a context ---- */

/* `call` runs between enter and leave; what it gives is the result. */
#define BRACKETED(what, call)                                       \
    do {                                                            \
        enum sb_err rc = sb_context_enter(context, what, op, err);  \
        if (rc != SB_OK)                                            \
            return rc;                                              \
        rc = call;                                                  \
        sb_context_leave(context);                                  \
        return rc;                                                  \
    } while (0)

static enum sb_err op_go(struct sb_context *context, const char *url, const struct sb_op *op, struct sb_navigation *navigation,
                         struct sb_error *err)
{
    BRACKETED("go", sb_page_go(context, url, op, navigation, err));
}

static enum sb_err op_wait(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("wait", sb_page_wait(context, selector, op, err));
}

static enum sb_err op_click(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("click", sb_page_click(context, selector, op, err));
}

static enum sb_err op_type(struct sb_context *context, const char *selector, const char *text, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("type", sb_page_type(context, selector, text, op, err));
}

static enum sb_err op_press(struct sb_context *context, const char *key, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("press", sb_page_press(context, key, op, err));
}

static enum sb_err op_scroll(struct sb_context *context, int pixels, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("scroll", sb_page_scroll(context, pixels, op, err));
}

static enum sb_err op_extract(struct sb_context *context, const char *selector, const struct sb_extract_field *fields, size_t field_count,
                              bool is_many, uint32_t max_items, const struct sb_op *op, char **json, struct sb_error *err)
{
    BRACKETED("extract", sb_page_extract(context, selector, fields, field_count, is_many, max_items, op, json, err));
}

static enum sb_err op_capture(struct sb_context *context, const char *url_part, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("capture", sb_page_capture(context, url_part, op, err));
}

static enum sb_err op_receive(struct sb_context *context, const struct sb_op *op, int *status, char **body, struct sb_error *err)
{
    BRACKETED("receive", sb_page_receive(context, op, status, body, err));
}

static enum sb_err op_screenshot(struct sb_context *context, const struct sb_op *op, unsigned char **png, size_t *size, struct sb_error *err)
{
    BRACKETED("screenshot", sb_page_screenshot(context, op, png, size, err));
}

static enum sb_err op_source(struct sb_context *context, size_t max, const struct sb_op *op, char **html, struct sb_error *err)
{
    BRACKETED("source", sb_page_source(context, max, op, html, err));
}

static enum sb_err op_block(struct sb_context *context, uint32_t kinds, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("block", sb_page_block(context, kinds, op, err));
}

static enum sb_err op_measure(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err)
{
    BRACKETED("measure", sb_page_measure(context, op, usage, err));
}

static enum sb_err op_remember(struct sb_context *context, const char *const *hosts, size_t host_count, const char *before,
                               const struct sb_op *op, char **memory, struct sb_error *err)
{
    BRACKETED("remember", sb_page_remember(context, hosts, host_count, before, op, memory, err));
}

static enum sb_err op_recall(struct sb_context *context, const char *memory, const struct sb_op *op, struct sb_error *err)
{
    BRACKETED("recall", sb_page_recall(context, memory, op, err));
}

static enum sb_err op_console(struct sb_context *context, const struct sb_op *op, char **lines, struct sb_error *err)
{
    BRACKETED("console", sb_page_console(context, op, lines, err));
}

static bool op_is_gone(struct sb_context *context)
{
    sb_mutex_lock(context->chromium->mutex);
    bool is_gone = context->is_gone || context->is_closed;
    sb_mutex_unlock(context->chromium->mutex);
    return is_gone;
}

/* ---- the end ---- */

/* Asks the browser to end by itself, so that it may tidy up; the I/O thread kills what does not. */
static void say_goodbye(struct sb_chromium *chromium)
{
    sb_ns deadline = sb_ns_add(sb_now(), GOODBYE_TIMEOUT);

    sb_mutex_lock(chromium->mutex);
    chromium->is_closing = true;
    struct sb_cdp *cdp = chromium->cdp;
    if (cdp != NULL && !cdp->is_dead) {
        cdp->is_expected = true;
        if (cdp->remote == NULL) /* somebody else's goes on; its contexts of ours are closed already */
            sb_cdp_fire(cdp, NULL, "Browser.close", "{}", NULL);
        else
            sb_cdp_kill(cdp, true, "the connection was closed");
        while (chromium->cdp != NULL && !chromium->cdp->is_dead && sb_cond_wait(chromium->news, chromium->mutex, deadline))
            ;
        if (chromium->cdp != NULL && !chromium->cdp->is_dead)
            sb_cdp_kill(chromium->cdp, true, "the browser was closed");
    }
    /* A dead one is buried by its thread, which then puts it among the retired. */
    while (chromium->cdp != NULL)
        (void)sb_cond_wait(chromium->news, chromium->mutex, SB_NEVER);
    sb_mutex_unlock(chromium->mutex);
}

static void destroy(struct sb_chromium *chromium)
{
    while (chromium->retired != NULL) {
        struct sb_cdp *cdp = chromium->retired;
        chromium->retired = cdp->next;
        sb_cdp_close(cdp);
    }
    sb_fd_close(&chromium->launch_fd);
    sb_cond_destroy(chromium->news);
    sb_mutex_destroy(chromium->mutex);
    free(chromium->executable);
    free(chromium->profile_root);
    free(chromium->pid_file);
    free(chromium->remote_url);
    free(chromium);
}

static void op_close(struct sb_browser *browser)
{
    if (browser == NULL)
        return;
    struct sb_chromium *chromium = chromium_of(browser);
    sb_context_free_all(chromium);
    say_goodbye(chromium);
    destroy(chromium);
}

/* ---- creation ---- */

const struct sb_browser_ops sb_chromium_ops = {
    .close = op_close,
    .check = op_check,
    .set_callback = op_set_callback,
    .open = sb_context_open,
    .close_context = sb_context_close,
    .go = op_go,
    .wait = op_wait,
    .click = op_click,
    .type = op_type,
    .press = op_press,
    .scroll = op_scroll,
    .extract = op_extract,
    .capture = op_capture,
    .receive = op_receive,
    .screenshot = op_screenshot,
    .source = op_source,
    .stats = op_stats,
    .block = op_block,
    .remember = op_remember,
    .recall = op_recall,
    .console = op_console,
    .open_through = sb_context_open_through,
    .restart = op_restart,
    .is_gone = op_is_gone,
    .measure = op_measure,
};

static bool copy_setting(char **out, const char *text)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

enum sb_err sb_chromium_create(struct sb_browser **browser, const struct sb_browser_setup *setup, struct sb_error *err)
{
    struct sb_chromium *chromium = calloc(1, sizeof(*chromium));

    if (chromium == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the browser service");
    chromium->port.ops = &sb_chromium_ops;
    chromium->launch_fd = -1;
    atomic_init(&chromium->next_id, 1);
    chromium->mutex = sb_mutex_create(SB_RANK_BROWSER);
    chromium->news = sb_cond_create();
    enum sb_err rc = sb_wake_open(&chromium->launch_fd, err);
    if (chromium->mutex == NULL || chromium->news == NULL || !copy_setting(&chromium->executable, setup->executable) ||
        !copy_setting(&chromium->profile_root, setup->profile_root) || !copy_setting(&chromium->pid_file, setup->pid_file) ||
        !copy_setting(&chromium->remote_url, setup->remote_url))
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the browser service");
    if (rc != SB_OK) {
        destroy(chromium);
        return rc;
    }
    sb_wake_post(chromium->launch_fd);
    sb_chromium_end_orphan(chromium->pid_file);
    *browser = &chromium->port;
    return SB_OK;
}
