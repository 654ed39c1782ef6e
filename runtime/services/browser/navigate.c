/* Navigation: from the command to the load event of the document where it ends. Runs on the thread that uses the context; what happens in the
 * frame is noted by the I/O thread (events.c) and only looked at here.
 *
 * Loaded means: the newest navigation that began in the main frame has had its load event, and that document has not asked for another one.
 * Server redirects keep the loader; redirects by script, meta element or header begin a new one, which is then the newest. */
#include "chromium.h"
#include "hosts.h"

#include "signalbox/base/text.h"

#include <string.h>

#define EVIDENCE_TIMEOUT SB_MS(500)
enum { REPLACED_MAX = 10 /* times that the page may go elsewhere in the middle of our navigation */ };

static enum sb_err refuse(const struct sb_context *context, const char *url, struct sb_error *err)
{
    char list[128];
    struct sb_text text;

    sb_text_init(&text, list, sizeof(list));
    for (size_t i = 0; i < context->host_count; i++) {
        sb_text_add(&text, i > 0 ? ", " : "");
        sb_text_add(&text, context->hosts[i]);
    }
    return sb_error_set(err, SB_ERR_REFUSED, "go %.120s: refused, only %s may be loaded; add the host to allowed_hosts if it belongs to the site",
                        url, context->host_count > 0 ? list : "network addresses");
}

static enum sb_err check_url(const struct sb_context *context, const char *url, struct sb_error *err)
{
    if (strchr(url, ':') == NULL || strncmp(url, "javascript:", 11) == 0)
        return sb_error_set(err, SB_ERR_INVALID, "go %.120s: not an absolute address (http://host/path)", url);
    if (!sb_hosts_allow((const char *const *)context->hosts, context->host_count, url))
        return refuse(context, url, err);
    return SB_OK;
}

/* net::ERR_... of a navigation that failed. */
static enum sb_err read_failure(struct sb_context *context, const char *url, const char *text, bool is_download, struct sb_error *err)
{
    char refused[sizeof(context->frame.refused)];

    if (is_download)
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "go %.120s: this is a download, not a page", url);
    sb_mutex_lock(context->chromium->mutex);
    (void)sb_copy(refused, sizeof(refused), context->frame.refused);
    sb_mutex_unlock(context->chromium->mutex);
    if (strstr(text, "ERR_BLOCKED_BY_CLIENT") != NULL && refused[0] != '\0')
        return refuse(context, refused, err);
    if (strstr(text, "ERR_ABORTED") != NULL)
        return sb_error_set(err, SB_ERR_PROTOCOL, "go %.120s: the answer is no document (empty, a download, or replaced by another navigation)",
                            url);
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "go %.120s: %s", url, text);
}

static void reset_frame(struct sb_context *context)
{
    sb_mutex_lock(context->chromium->mutex);
    struct sb_frame_state *frame = &context->frame;
    frame->newest[0] = frame->refused[0] = '\0';
    frame->is_stopped = frame->is_redirect_due = false;
    sb_mutex_unlock(context->chromium->mutex);
}

/* Ours was given up: either the page itself began to go somewhere and the browser let it win, or the answer is no document. Both are told
 * soon after, by the start of the other navigation or by the end of all loading. */
static bool is_replaced(struct sb_context *context, const json_t *result, const struct sb_op *op)
{
    const struct sb_op bounded = sb_op_within(op, EVIDENCE_TIMEOUT);
    const char *ours = sb_cdp_text(result, "loaderId");
    bool has_other = false, is_stopped = false;

    if (strstr(sb_cdp_text(result, "errorText"), "ERR_ABORTED") == NULL)
        return false;
    do {
        sb_mutex_lock(context->chromium->mutex);
        const struct sb_frame_state *frame = &context->frame;
        has_other = frame->is_redirect_due || (frame->newest[0] != '\0' && !sb_streq(frame->newest, ours));
        is_stopped = frame->is_stopped;
        sb_mutex_unlock(context->chromium->mutex);
    } while (!has_other && !is_stopped && sb_context_wait_news(context, &bounded, NULL) == SB_OK);
    return has_other;
}

static enum sb_err navigate(struct sb_context *context, const char *url, const struct sb_op *op, json_t **result, struct sb_error *err)
{
    for (int tries = 1;; tries++) {
        json_t *params = json_pack("{s:s}", "url", url);
        if (params == NULL)
            return sb_error_set(err, SB_ERR_INVALID, "go: the address is not valid UTF-8");
        reset_frame(context);
        enum sb_err rc = sb_context_call(context, "Page.navigate", params, op, result, err);
        if (rc != SB_OK || tries == REPLACED_MAX || !is_replaced(context, *result, op))
            return rc;
        json_decref(*result);
        *result = NULL;
    }
}

/* Sends the command; *loader is empty when the document stays the same (only the part behind # changed). */
static enum sb_err begin(struct sb_context *context, const char *url, const struct sb_op *op, char loader[static SB_CDP_ID_MAX],
                         struct sb_error *err)
{
    json_t *result = NULL;
    enum sb_err rc = navigate(context, url, op, &result, err);

    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "go %.120s", url);
        return rc;
    }
    const char *failure = sb_cdp_text(result, "errorText");
    /* An answer such as 404 without a body: the browser shows a page of its own, and the status is known. */
    bool is_answer = strstr(failure, "ERR_HTTP_RESPONSE_CODE_FAILURE") != NULL;
    if (failure[0] != '\0' && !is_answer)
        rc = read_failure(context, url, failure, json_is_true(json_object_get(result, "isDownload")), err);
    if (rc == SB_OK && !sb_cdp_id_copy(loader, sb_cdp_text(result, "loaderId")))
        loader[0] = '\0';
    json_decref(result);
    return rc;
}

/* Under the mutex. `loader` is ours, which the browser has accepted: its document comes. */
static bool is_settled(struct sb_frame_state *frame, const char *loader)
{
    if (frame->newest[0] == '\0')
        (void)sb_copy(frame->newest, sizeof(frame->newest), loader);
    /* A redirect of the page's own which came to nothing (download, empty answer): the document stays. For our navigation a stop proves
     * nothing before its document is there, because the end of the old document's loading may be announced late. */
    if (frame->is_stopped && !sb_streq(frame->newest, loader) && !sb_streq(frame->newest, frame->committed))
        (void)sb_copy(frame->newest, sizeof(frame->newest), frame->committed);
    /* Stopped without a load event: this is what there is. */
    if (frame->is_stopped && sb_streq(frame->newest, frame->committed))
        (void)sb_copy(frame->loaded, sizeof(frame->loaded), frame->committed);
    /* Still none: the command stayed within the document. */
    return frame->newest[0] == '\0' || sb_streq(frame->loaded, frame->newest);
}

static enum sb_err await_load(struct sb_context *context, const char *loader, const struct sb_op *op, struct sb_error *err)
{
    for (;;) {
        sb_mutex_lock(context->chromium->mutex);
        bool is_loaded = is_settled(&context->frame, loader);
        sb_mutex_unlock(context->chromium->mutex);
        if (is_loaded)
            return SB_OK;
        enum sb_err rc = sb_context_wait_news(context, op, err);
        if (rc != SB_OK)
            return rc;
    }
}

static const char where_script[] =
    "function(){var n=performance.getEntriesByType('navigation')[0];"
    "return [n&&n.responseStatus||0,String(location.href).toWellFormed().slice(0,2048)];}";

static enum sb_err read_where(struct sb_context *context, const struct sb_op *op, struct sb_navigation *where, struct sb_error *err)
{
    json_t *value = NULL;
    enum sb_err rc = sb_page_call(context, where_script, json_array(), op, &value, err);

    if (rc != SB_OK)
        return rc;
    const char *url = json_string_value(json_array_get(value, 1));
    where->status = (int)json_integer_value(json_array_get(value, 0));
    (void)sb_copy(where->url, sizeof(where->url), url != NULL ? url : "");
    json_decref(value);
    return SB_OK;
}

/* True when the document has asked for another one since; its announcements come before the answer to our question. */
static bool has_moved_on(struct sb_context *context)
{
    sb_mutex_lock(context->chromium->mutex);
    const struct sb_frame_state *frame = &context->frame;
    bool has_moved = frame->is_redirect_due || (frame->newest[0] != '\0' && !sb_streq(frame->loaded, frame->newest));
    sb_mutex_unlock(context->chromium->mutex);
    return has_moved;
}

/* A redirect was announced and has not begun: its beginning, or its end without one, is news. */
static enum sb_err await_redirect(struct sb_context *context, const struct sb_op *op, struct sb_error *err)
{
    /* Long: on a crowded machine an announced redirect took over two seconds to begin. */
    const struct sb_op bounded = sb_op_within(op, SB_S(6));

    for (;;) {
        sb_mutex_lock(context->chromium->mutex);
        bool is_due = context->frame.is_redirect_due;
        sb_mutex_unlock(context->chromium->mutex);
        if (!is_due)
            return SB_OK;
        enum sb_err rc = sb_context_wait_news(context, &bounded, err);
        if (rc == SB_ERR_TIMEOUT) {
            sb_mutex_lock(context->chromium->mutex);
            context->frame.is_redirect_due = false; /* announced and never begun: the document stays */
            sb_mutex_unlock(context->chromium->mutex);
            rc = sb_op_check(op, "redirect", err);
        }
        if (rc != SB_OK)
            return rc;
    }
}

/* The page itself had begun to go elsewhere, and that won over ours although the browser had accepted ours. */
static bool is_overtaken(struct sb_context *context, const char *loader)
{
    bool is_lost = false;

    sb_mutex_lock(context->chromium->mutex);
    for (size_t i = 0; i < SB_LOST_MAX && loader[0] != '\0'; i++)
        is_lost = is_lost || sb_streq(context->frame.lost[i], loader);
    sb_mutex_unlock(context->chromium->mutex);
    return is_lost;
}

static enum sb_err load(struct sb_context *context, const char *url, const struct sb_op *op, struct sb_navigation *where, struct sb_error *err)
{
    char loader[SB_CDP_ID_MAX];

    for (int tries = 1;; tries++) {
        enum sb_err rc = begin(context, url, op, loader, err);
        if (rc != SB_OK)
            return rc;
        do {
            rc = await_redirect(context, op, err);
            if (rc == SB_OK)
                rc = await_load(context, loader, op, err);
            if (rc == SB_OK)
                rc = read_where(context, op, where, err);
        } while (rc == SB_OK && has_moved_on(context));
        if (rc != SB_OK)
            (void)sb_error_wrap(err, "go %.120s: the page was not loaded", url);
        if (rc != SB_OK || tries == REPLACED_MAX || !is_overtaken(context, loader))
            return rc;
    }
}

/* The browser's own error page instead of a document: its address means nothing to anybody. */
static enum sb_err judge_error_page(struct sb_context *context, const char *url, struct sb_navigation *where, struct sb_error *err)
{
    char refused[sizeof(context->frame.refused)];

    if (strncmp(where->url, "chrome-error:", 13) != 0)
        return SB_OK;
    sb_mutex_lock(context->chromium->mutex);
    (void)sb_copy(refused, sizeof(refused), context->frame.refused);
    sb_mutex_unlock(context->chromium->mutex);
    if (refused[0] != '\0')
        return refuse(context, refused, err);
    if (where->status == 0)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "go %.120s: it led to an address that cannot be loaded", url);
    (void)sb_copy(where->url, sizeof(where->url), url);
    return SB_OK;
}

enum sb_err sb_page_go(struct sb_context *context, const char *url, const struct sb_op *op, struct sb_navigation *navigation,
                       struct sb_error *err)
{
    struct sb_navigation where = { 0 };

    enum sb_err rc = check_url(context, url, err);
    if (rc != SB_OK)
        return rc;
    sb_mutex_lock(context->chromium->mutex);
    context->chromium->stats.navigations++;
    sb_mutex_unlock(context->chromium->mutex);
    (void)sb_copy(context->url, sizeof(context->url), url);
    rc = load(context, url, op, &where, err);
    if (rc == SB_OK)
        rc = judge_error_page(context, url, &where, err);
    if (rc != SB_OK)
        return rc;
    (void)sb_copy(context->url, sizeof(context->url), where.url);
    if (navigation != NULL)
        *navigation = where;
    return SB_OK;
}
